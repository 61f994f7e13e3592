// The kernel's words: address spaces, page tables, the TLB, and the stories of faults.

import { hex, mapEntries, mapEntryAt, pageWalk } from '../../debugger/index.js';
import { protection_name, pte_text } from '../../kernel/index.js';
import { formatEvent } from '../trace/format.js';
import { address, count } from './arguments.js';
import type { Command } from './commands.js';
import { CommandError } from './session.js';
import type { Session } from './session.js';

const word = (n: number): string => `0x${(n >>> 0).toString(16).padStart(8, '0')}`;

function walk(session: Session, args: string): NonNullable<ReturnType<typeof pageWalk>> {
  const found = pageWalk(session.live.kernel, session.thread.td_proc, address(session, args));
  if (found === null) throw new CommandError('The process has no address space.');
  return found;
}

function showWalk(session: Session, args: string): void {
  const va = address(session, args);
  const w = walk(session, args);
  const directory = (w.pdeAddress & ~0xfff) >>> 0;
  session.print(
    `${word(va)}: directory ${va >>> 22}, table ${(va >>> 12) & 0x3ff}, offset ${hex(va & 0xfff)}`,
  );
  session.print(`  directory at ${word(directory)}`);
  session.print(`  PDE at ${word(w.pdeAddress)} = ${pte_text(w.pde)}`);
  if (w.pteAddress >= 0) session.print(`  PTE at ${word(w.pteAddress)} = ${pte_text(w.pte)}`);
  if (w.pa < 0) session.print('  not mapped: an access faults');
  else
    session.print(
      `  -> physical ${word(w.pa)}, ${w.user ? 'user' : 'supervisor'}, ${w.writable ? 'read and write' : 'read only'}${w.pageBytes > 4096 ? ', a page of 4 MB' : ''}`,
    );
}

const FLAGS = [
  [0x4, 'COW'],
  [0x8, 'NEEDS_COPY'],
  [0x1000, 'GROWS_DOWN'],
  [0x10000, 'GUARD'],
  [0x20000, 'STACK_GAP'],
] as const;
const OBJECTS = ['default', 'swap', 'vnode', 'device', 'phys', 'dead', 'sg', 'mgtdevice'];

function vmmap(session: Session, args: string): void {
  const p = session.thread.td_proc;
  const only = args === '' ? null : address(session, args);
  session.print('   Start      End        Prot  Resident  Flags');
  for (const e of mapEntries(p)) {
    if (only !== null && (only < e.start || only >= e.end)) continue;
    const names: string[] = FLAGS.filter(([bit]) => e.eflags & bit).map(([, name]) => name);
    let resident = 0;
    for (let va = e.start; va < e.end && va - e.start < 1 << 28; va += 4096)
      if ((pageWalk(session.live.kernel, p, va)?.pa ?? -1) >= 0) resident++;
    const object =
      e.object === null ? '' : ` object ${e.object.id} (${OBJECTS[e.object.type] ?? '?'})`;
    session.print(
      `   ${word(e.start)} ${word(e.end)} ${protection_name(e.protection)}   ${String(resident).padEnd(9)} ${names.join(',')}${object}`.trimEnd(),
    );
  }
}

function reverse(session: Session, args: string): void {
  const pa = address(session, args);
  const { kernel } = session.live;
  if (pa >= kernel.machine.ramBytes)
    throw new CommandError(`There is no memory at physical ${hex(pa)}.`);
  let found = 0;
  for (const p of kernel.kern.allproc.values()) {
    for (const e of mapEntries(p)) {
      for (let va = e.start; va < e.end && found < 100; va += 4096) {
        const w = pageWalk(kernel, p, va);
        // Whole page tables that are missing are passed over.
        if (w !== null && (w.pde & 1) === 0) va = ((va & ~0x3fffff) >>> 0) + (1 << 22) - 4096;
        if (w === null || w.pa < 0 || w.pa >>> 12 !== pa >>> 12) continue;
        found++;
        session.print(
          `process ${p.p_pid}: ${word(va + (pa & 0xfff))}${w.writable ? '' : ' (read only)'}`,
        );
      }
    }
  }
  if (found === 0) session.print('No process maps it.');
}

/** The TLB's entries for user mode are told by what they say of a page. */
export function tlb(session: Session): void {
  const { machine } = session.live.kernel;
  const entries = machine.tlbEntries();
  if (entries.length === 0) session.print('The TLB is empty.');
  for (const { la, pa, write, user } of entries)
    session.print(`${word(la)} -> ${word(pa)}  ${user ? 'user' : 'system'}  ${write ? 'rw' : 'r'}`);
}

export function faults(session: Session, args: string): void {
  const { events } = session.live;
  const n = args === '' ? 10 : count(session, args);
  if (events.faults.length === 0) session.print('No page fault yet.');
  for (const { number, instructions, event } of n === 0 ? [] : events.faults.slice(-n))
    session.print(`#${number} at instruction ${instructions}: ${formatEvent(event)}`);
}

function telescope(session: Session, args: string): void {
  const [place, lines] = args.split(/\s+(?=\d+$)/);
  const from =
    place === undefined || place === '' ? address(session, '$esp') : address(session, place);
  const n = lines === undefined ? 8 : count(session, lines);
  const { inspection } = session;
  const wordAt = (at: number): number | null => {
    const bytes = inspection.read(at, 4);
    return bytes.length < 4
      ? null
      : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  };
  for (let i = 0; i < Math.min(n, 1024); i++) {
    const at = (from + 4 * i) >>> 0;
    let text = `${word(at)}|+${(4 * i).toString(16).padStart(4, '0')}`;
    let value = wordAt(at);
    if (value === null) {
      session.print(`${text}: not there`);
      return;
    }
    const seen = new Set([at]);
    for (let hops = 0; hops < 6; hops++) {
      text += `: ${hops === 0 ? '' : '-> '}${hex(value)}${inspection.symbolic(value)}`.replace(
        hops === 0 ? '' : ': ',
        hops === 0 ? '' : ' ',
      );
      const next: number | null = seen.has(value) ? null : wordAt(value);
      if (next === null) break;
      seen.add(value);
      const string = asText(inspection.read(value, 32));
      if (string !== null) {
        text += ` ${JSON.stringify(string)}`;
        break;
      }
      value = next;
    }
    session.print(text);
  }
}

/** At least four printable characters; null for anything else. */
function asText(bytes: Uint8Array): string | null {
  const end = bytes.findIndex((b) => b < 32 || b > 126);
  const text = String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end));
  return text.length >= 4 ? text : null;
}

export const KERNEL_WORDS: readonly Command[] = [
  {
    name: 'pagewalk',
    usage: 'ADDRESS',
    help: 'What the page tables say of an address, level by level.',
    completes: 'expression',
    run: (session, args) => showWalk(session, args),
  },
  {
    name: 'vmmap',
    usage: '[ADDRESS]',
    help: 'The address space: its entries, what backs them, and how much is mapped.',
    completes: 'expression',
    run: (session, args) => vmmap(session, args),
  },
  {
    name: 'v2p',
    usage: 'ADDRESS',
    help: 'Physical address of a virtual one.',
    completes: 'expression',
    run(session, args) {
      const { pa } = walk(session, args);
      const va = address(session, args);
      if (pa >= 0) session.print(`${word(va)} -> ${word(pa)}`);
      else {
        const inside = mapEntryAt(session.thread.td_proc, va) !== null;
        session.print(`${word(va)}: ${inside ? 'not resident' : 'not mapped'}`);
      }
    },
  },
  {
    name: 'p2v',
    usage: 'ADDRESS',
    help: 'Who maps a physical address, and where.',
    completes: 'expression',
    run: (session, args) => reverse(session, args),
  },
  {
    name: 'telescope',
    usage: '[ADDRESS [COUNT]]',
    help: 'Words from an address on (the stack), and what they point to.',
    completes: 'expression',
    repeat: true,
    run: (session, args) => telescope(session, args),
  },
  {
    name: 'faults',
    usage: '[COUNT]',
    help: 'The stories of the last page faults.',
    run: (session, args) => faults(session, args),
  },
];
