// One readable line per event. Numbers are hexadecimal where the field writes them so: addresses,
// page table entries, error codes.

import {
  entry_flag_names,
  hex,
  object_type_name,
  protection_name,
  pte_text,
} from '../../kernel/index.js';
import type { KernelEvent } from '../../kernel/index.js';

type EventOf<T extends KernelEvent['type']> = Extract<KernelEvent, { type: T }>;

/** Whether the entries of the event are of the page directory. */
function is_pde({ op }: EventOf<'pmap'>): boolean {
  return op === 'promote' || op === 'demote' || op === 'table';
}

function errorCode(code: number): string {
  const words = [
    code & 1 ? 'protection' : 'not present',
    code & 2 ? 'write' : code & 0x10 ? 'fetch' : 'read',
    code & 4 ? 'user' : 'supervisor',
  ];
  if (code & 8) words.push('reserved bit');
  return `${hex(code)} (${words.join(', ')})`;
}

function fault(e: EventOf<'fault'>): string {
  const where = e.entry
    ? `entry ${hex(e.entry.start)}-${hex(e.entry.end)} ${[protection_name(e.entry.protection), ...entry_flag_names(e.entry.eflags)].join(' ')}`
    : 'no entry';
  const chain = e.objects
    .map((o) => `#${o.id} ${object_type_name(o.type)}[${o.pindex}]${o.hit ? ' hit' : ''}`)
    .join(' -> ');
  const walked = chain === '' ? '' : `; ${chain}`;
  const result =
    e.outcome === 'failed'
      ? `failed (KERN ${e.result}${e.signal ? `, signal ${e.signal}` : ''})`
      : e.outcome;
  return `fault pid ${e.pid} ${e.access} ${hex(e.va)} eip ${hex(e.eip)} error ${errorCode(e.error)}: ${where}${walked}; ${result}; pte ${pte_text(e.pteBefore)} -> ${pte_text(e.pteAfter)}`;
}

function syscall(e: EventOf<'syscall'>): string {
  const call = `${e.name}(${e.args.map(hex).join(', ')})`;
  if (e.op === 'enter') return `syscall pid ${e.pid} ${call}`;
  return `syscall pid ${e.pid} ${call} = ${e.error ? `error ${e.error}` : hex(e.result)}`;
}

/** The event as one line without a newline. */
export function formatEvent(e: KernelEvent): string {
  switch (e.type) {
    case 'fault':
      return fault(e);
    case 'map':
      return `map pid ${e.pid} ${e.op} ${hex(e.start)}-${hex(e.end)}${e.detail ? ` ${e.detail}` : ''}`;
    case 'pmap':
      return `pmap pid ${e.pid} ${e.op} ${hex(e.va)} ${pte_text(e.before, is_pde(e))} -> ${pte_text(e.after, is_pde(e))}`;
    case 'page':
      return `page ${e.op} pa ${hex(e.pa)} object #${e.object}[${e.pindex}]`;
    case 'pager':
      return `pager ${e.op} object #${e.object} ${object_type_name(e.objectType)}[${e.pindex}] x${e.count}`;
    case 'swap':
      return `swap ${e.op} object #${e.object}[${e.pindex}] block ${e.block}`;
    case 'charge':
      return `swap ${e.op} uid ${e.uid} ${e.bytes} bytes`;
    case 'reserv':
      return `reserv ${e.op} pa ${hex(e.pa)} object #${e.object}[${e.pindex}] popcnt ${e.popcnt}`;
    case 'object':
      return `object ${e.op} #${e.object}${e.backing ? ` over #${e.backing}` : ''} ${e.size} pages`;
    case 'sched':
      return `sched ${e.op} pid ${e.pid} tid ${e.tid}${e.detail ? ` ${e.detail}` : ''}`;
    case 'signal':
      return `signal ${e.op} pid ${e.pid} signo ${e.signo} code ${e.code} addr ${hex(e.addr)}`;
    case 'syscall':
      return syscall(e);
    case 'proc':
      return `proc ${e.op} pid ${e.pid}${e.detail ? ` ${e.detail}` : ''}`;
    case 'boot':
      return e.line;
  }
}
