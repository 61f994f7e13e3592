// stepf: to the next fault, told step by step through the kernel; and the kernel debugger's words.

import {
  DbError,
  EV_FAULT,
  EV_MAP,
  EV_OBJECT,
  EV_PAGE,
  EV_PAGER,
  EV_PMAP,
  EV_RESERV,
  EV_SCHED,
  EV_SIGNAL,
  EV_SWAP,
  EV_SYSCALL,
  db_commands,
  db_explain,
  db_show,
  entry_flag_names,
  explanation_text,
  hex,
  object_type_name,
  protection_name,
  pte_text,
} from '../../kernel/index.js';
import type { KernelEvent } from '../../kernel/index.js';
import { formatEvent } from '../trace/format.js';
import { address } from './arguments.js';
import type { Command } from './commands.js';
import { CommandError } from './session.js';
import type { Session } from './session.js';

type FaultEvent = Extract<KernelEvent, { type: 'fault' }>;

const SEEN =
  EV_FAULT | EV_MAP | EV_PMAP | EV_PAGE | EV_PAGER | EV_OBJECT | EV_SWAP | EV_RESERV | EV_SCHED | EV_SIGNAL | EV_SYSCALL; // prettier-ignore
/** Events of one fault that are told, at most. */
const KEPT = 200;

/** SDM 3A 4.7, figure 4-12. */
function errorText(code: number): string {
  const words = [
    code & 1 ? 'the page is there, but not for this access' : 'no page is mapped',
    code & 2 ? 'write' : 'read',
    code & 4 ? 'user mode' : 'the kernel, for the process',
  ];
  return words.join('; ');
}

const OUTCOMES: Record<FaultEvent['outcome'], string> = {
  'zero-filled': 'a page of zeroes was given',
  copied: 'the page was copied for this process (copy-on-write)',
  renamed: 'the page was taken over from the object behind, which nobody else sees',
  'paged-in': 'the page was read in',
  mapped: 'the page was there, and was mapped',
  grown: 'the stack grew',
  sleeping: 'the thread waits, and will fault again',
  failed: 'the access is not allowed',
};

/** A fault, from the access to the page table entry. */
function story(session: Session, steps: readonly KernelEvent[], e: FaultEvent): string[] {
  const lines = [`Fault: process ${e.pid} ${e.access === 'execute' ? 'executes' : `${e.access}s`} ${hex(e.va)}, at ${hex(e.eip)}${session.inspection.symbolic(e.eip)}`]; // prettier-ignore
  const tell = (what: string): void => void lines.push(`  ${lines.length}. ${what}`);
  tell(`The processor raises #PF, error code ${hex(e.error)}: ${errorText(e.error)}.`);
  if (e.entry === null) tell('vm_map_lookup: no map entry is there.');
  else {
    const flags = entry_flag_names(e.entry.eflags);
    tell(
      `vm_map_lookup: map entry ${hex(e.entry.start)}-${hex(e.entry.end)} ${protection_name(e.entry.protection)}${flags.length === 0 ? '' : ` (${flags.join(', ')})`}.`,
    );
  }
  for (const { id, type, pindex, hit } of e.objects)
    tell(
      `vm_fault: object #${id} (${object_type_name(type)}), page ${pindex}: ${hit ? 'found' : 'not there'}.`,
    );
  for (const step of steps) tell(`${formatEvent(step)}.`);
  if (e.pteBefore !== e.pteAfter)
    tell(`The page table entry: ${pte_text(e.pteBefore)} -> ${pte_text(e.pteAfter)}.`);
  else tell(`The page table entry stays ${pte_text(e.pteAfter)}.`);
  const signal = e.signal === 0 ? '' : `; signal ${e.signal} is sent`;
  tell(`${OUTCOMES[e.outcome][0].toUpperCase()}${OUTCOMES[e.outcome].slice(1)}${signal}.`);
  return lines;
}

async function stepf(session: Session): Promise<void> {
  const control = session.live;
  let steps: KernelEvent[] = [];
  let found: FaultEvent | null = null;
  control.witness = {
    mask: SEEN,
    see(event) {
      if (found !== null) return;
      if (event.type === 'fault') {
        if (control.attached(event.pid) === null) {
          steps = [];
          return;
        }
        found = event;
        control.halt();
      } else if (event.type === 'syscall' || event.type === 'sched' || event.type === 'signal')
        steps = [];
      else if (steps.length < KEPT) steps.push(event);
    },
  };
  try {
    await session.resume(() => control.go());
  } finally {
    control.witness = null;
    if (session.control !== null) control.refresh();
  }
  const fault = found as FaultEvent | null;
  if (fault !== null && steps.every(({ type }) => type !== 'boot'))
    for (const line of story(session, steps, fault)) session.print(line);
}

function show(session: Session, args: string): void {
  if (args === '') {
    for (const { name, args: usage, help } of db_commands())
      session.print(`show ${name} ${usage}`.padEnd(22) + help);
    return;
  }
  const { kernel } = session.live;
  // Numbers may be expressions; the process that is meant is the selected one.
  const [name, ...rest] = args.split(/\s+/);
  let line = rest.length === 0 ? name : `${name} ${hex(address(session, rest.join(' ')))}`;
  const { thread } = session.live;
  if ((name === 'map' || name === 'procvm') && rest.length === 0 && thread !== null)
    line = `${name} ${thread.td_proc.p_pid}`;
  try {
    session.print(db_show(kernel, line).text);
  } catch (error) {
    if (!(error instanceof DbError)) throw error;
    throw new CommandError(`${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
  }
}

function explain(session: Session, args: string): void {
  const va = address(session, args);
  const p = session.thread.td_proc;
  const found = db_explain(session.live.kernel, va, p.p_pid);
  if (found === null) throw new CommandError('The process has no address space.');
  const name = session.inspection.symbolic(va).trim();
  session.print(explanation_text(found, name));
}

export const STORIES: readonly Command[] = [
  {
    name: 'stepf',
    usage: '',
    help: 'Run to the next page fault, and tell it step by step through the kernel.',
    repeat: true,
    run: (session) => stepf(session),
  },
  {
    name: 'show',
    usage: '[map|object|page|pageq|pte|pv|swap|reserv|uma ... [N]]',
    help: "The kernel debugger's structures; alone, lists them.",
    completes: 'expression',
    run: (session, args) => show(session, args),
  },
  {
    name: 'explain',
    usage: 'ADDRESS',
    help: 'Everything about an address: tables, page, map entry, objects, and what accesses would do.',
    completes: 'expression',
    run: (session, args) => explain(session, args),
  },
];
