// One readable line per event. Numbers are hexadecimal where the field writes them so: addresses,
// page table entries, error codes.

import type { KernelEvent } from '../../kernel/index.js';

type EventOf<T extends KernelEvent['type']> = Extract<KernelEvent, { type: T }>;

export function hex(n: number): string {
  return `0x${(n >>> 0).toString(16)}`;
}

const OBJECT_TYPES = ['default', 'swap', 'vnode', 'device', 'phys', 'dead', 'sg', 'mgtdevice'];

function objectType(type: number): string {
  return OBJECT_TYPES[type] ?? `type${type}`;
}

/** rwx, as procstat -v writes it. */
export function protection(prot: number): string {
  return `${prot & 1 ? 'r' : '-'}${prot & 2 ? 'w' : '-'}${prot & 4 ? 'x' : '-'}`;
}

/** The bits of a PTE by name: SDM 3A §4.3, and pmap's own in the AVL bits. */
export function pte(value: number): string {
  if ((value & 1) === 0) return value === 0 ? 'none' : `${hex(value)} (not valid)`;
  const names = [
    [2, 'W'],
    [4, 'U'],
    [8, 'PWT'],
    [0x10, 'PCD'],
    [0x20, 'A'],
    [0x40, 'D'],
    [0x80, 'PS'],
    [0x100, 'G'],
    [0x200, 'wired'],
    [0x400, 'managed'],
  ] as const;
  const bits = names.filter(([bit]) => value & bit).map(([, name]) => name);
  return `${hex(value & ~0xfff)}[${['V', ...bits].join(' ')}]`;
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

function entryFlags(eflags: number): string {
  const names = [
    [4, 'COW'],
    [8, 'NEEDS_COPY'],
    [0x1000, 'GROWS_DOWN'],
    [0x10000, 'GUARD'],
    [0x20000, 'STACK_GAP'],
  ] as const;
  return names
    .filter(([bit]) => eflags & bit)
    .map(([, name]) => ` ${name}`)
    .join('');
}

function fault(e: EventOf<'fault'>): string {
  const where = e.entry
    ? `entry ${hex(e.entry.start)}-${hex(e.entry.end)} ${protection(e.entry.protection)}${entryFlags(e.entry.eflags)}`
    : 'no entry';
  const chain = e.objects
    .map((o) => `#${o.id} ${objectType(o.type)}[${o.pindex}]${o.hit ? ' hit' : ''}`)
    .join(' -> ');
  const walked = chain === '' ? '' : `; ${chain}`;
  const result =
    e.outcome === 'failed'
      ? `failed (KERN ${e.result}${e.signal ? `, signal ${e.signal}` : ''})`
      : e.outcome;
  return `fault pid ${e.pid} ${e.access} ${hex(e.va)} eip ${hex(e.eip)} error ${errorCode(e.error)}: ${where}${walked}; ${result}; pte ${pte(e.pteBefore)} -> ${pte(e.pteAfter)}`;
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
      return `pmap pid ${e.pid} ${e.op} ${hex(e.va)} ${pte(e.before)} -> ${pte(e.after)}`;
    case 'page':
      return `page ${e.op} pa ${hex(e.pa)} object #${e.object}[${e.pindex}]`;
    case 'pager':
      return `pager ${e.op} object #${e.object} ${objectType(e.objectType)}[${e.pindex}] x${e.count}`;
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
