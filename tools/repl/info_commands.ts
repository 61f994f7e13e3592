// info: what is known of the program and of the debugger's own tables.

import {
  FPU_CONTROLS,
  REGISTER_NAMES,
  STACK_REGISTERS,
  VECTOR_REGISTERS,
  formatValue,
  hex,
  lookupPc,
} from '../../debugger/index.js';
import type { UserBreakpoint } from '../../debugger/index.js';
import { address, words } from './arguments.js';
import type { Command } from './commands.js';
import { registerLines } from './data_commands.js';
import { faults, tlb } from './kernel_commands.js';
import { resolve } from './point_commands.js';
import { CommandError, signalNames, signalText } from './session.js';
import type { Session } from './session.js';

const FPU_NAMES = [...STACK_REGISTERS, ...FPU_CONTROLS, ...VECTOR_REGISTERS, 'mxcsr'];

type Topic = (session: Session, args: string) => void;

function registers(session: Session, args: string, all: boolean): void {
  if (session.inspection.registers === null)
    throw new CommandError('The program has no registers now.');
  const names = args === '' ? [...REGISTER_NAMES, ...(all ? FPU_NAMES : [])] : words(args);
  for (const line of registerLines(session, names)) session.print(line);
}

const TYPES: Record<UserBreakpoint['kind'], string> = {
  breakpoint: 'breakpoint',
  watch: 'hw watchpoint',
  rwatch: 'read watchpoint',
  awatch: 'acc watchpoint',
  catch: 'catchpoint',
};

function breakpoints(session: Session): void {
  if (session.breakpoints.length === 0) {
    session.print('No breakpoints or watchpoints.');
    return;
  }
  session.print('Num     Type           Disp Enb Address    What');
  for (const b of session.breakpoints) {
    const head = `${String(b.number).padEnd(8)}${TYPES[b.kind].padEnd(14)} ${b.temporary ? 'del ' : 'keep'} ${b.enabled ? 'y' : 'n'}   `;
    const [first] = b.locations;
    const at = (a: number): string => `0x${a.toString(16).padStart(8, '0')}`;
    if (b.watch !== null) session.print(`${head}${' '.repeat(11)}${b.watch.expression}`);
    else if (b.catch !== null) session.print(`${head}${' '.repeat(11)}${b.spec}`);
    else if (b.locations.length === 1)
      session.print(`${head}${at(first.address)} ${first.what}`.trimEnd());
    else
      session.print(`${head}${b.locations.length === 0 ? '<PENDING>  ' + b.spec : '<MULTIPLE>'}`);
    if (b.condition !== null) session.print(`\tstop only if ${b.condition}`);
    if (b.hits > 0)
      session.print(`\tbreakpoint already hit ${b.hits} time${b.hits === 1 ? '' : 's'}`);
    if (b.ignore > 0) session.print(`\tignore next ${b.ignore} hits`);
    for (const command of b.commands) session.print(`        ${command}`);
    if (b.locations.length > 1)
      b.locations.forEach((l, i) =>
        session.print(`${`${b.number}.${i + 1}`.padEnd(28)}y   ${at(l.address)} ${l.what}`),
      );
  }
}

function checkpoints(session: Session): void {
  const timeline = session.control?.timeline ?? null;
  if (session.checkpoints.length === 0 || timeline === null) {
    session.print('No checkpoints.');
    return;
  }
  for (const { number, checkpoint, place } of session.checkpoints)
    session.print(
      `${timeline.has(checkpoint) ? ' ' : '!'} ${number} instruction ${checkpoint.instructions}, ${place}`,
    );
}

function variables(session: Session, wantArguments: boolean): void {
  const { inspection } = session;
  const frame = inspection.selected;
  if (frame === null) throw new CommandError('No frame selected.');
  const all = inspection.locals(frame).filter((v) => v.isArgument === wantArguments);
  if (all.length === 0) session.print(wantArguments ? 'No arguments.' : 'No locals.');
  for (const { name, die } of all)
    session.print(
      `${name} = ${formatValue(inspection.variableValue(die, frame), session.formatting, null, false)}`,
    );
}

function frameInfo(session: Session): void {
  const { inspection } = session;
  const frame = inspection.selected;
  if (frame === null) throw new CommandError('No stack.');
  const line = session.symbols?.lineAt(lookupPc(frame)) ?? null;
  const place = line === null ? '' : ` (${session.shortName(line.file)}:${line.line})`;
  const up = inspection.callerOf(frame);
  const lines = [
    `Stack ${frame.level === 0 ? 'level 0' : `level ${frame.level}`}, frame at ${hex(frame.cfa)}:`,
    ` eip = ${hex(frame.pc)} in ${frame.name ?? '??'}${place}; saved eip = ${up === null ? '<not saved>' : hex(up.pc)}`,
  ];
  if (up !== null) lines.push(` called by frame at ${hex(up.cfa)}`);
  if (frame.function !== null) {
    lines.push(' source language c.');
    const text = inspection.locals(frame).filter((v) => v.isArgument);
    const args = text.map(
      (v) => `${v.name}=${session.scalarText(inspection.variableValue(v.die, frame))}`,
    );
    const base = frame.cfa - 8;
    lines.push(` Arglist at ${hex(base)}, args: ${args.join(', ')}`);
    lines.push(` Locals at ${hex(base)}, Previous frame's sp is ${hex(frame.cfa)}`);
  }
  const names = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi', 'eip'];
  const saved = [...frame.saved].sort(([a], [b]) => a - b);
  if (saved.length > 0)
    lines.push(
      ` Saved registers:\n  ${saved.map(([r, at]) => `${names[r]} at ${hex(at)}`).join(', ')}`,
    );
  session.print(lines.join('\n'));
}

const PROCESS_STATES = ['new', 'normal', 'zombie'];
const THREAD_STATES = ['inactive', 'sleeping', 'can run', 'in run queue', 'running'];

function processes(session: Session): void {
  const { kernel } = session.live;
  session.print('  Pid   Ppid  State    Threads  Resident  Command');
  for (const p of kernel.kern.allproc.values()) {
    const mark = session.control?.thread?.td_proc === p ? '*' : ' ';
    const resident = p.p_vmspace?.vm_pmap.resident_count ?? 0;
    const ids = `${String(p.p_pid).padEnd(6)}${String(p.p_pptr?.p_pid ?? 0).padEnd(6)}`;
    const state = (PROCESS_STATES[p.p_state] ?? '?').padEnd(9);
    session.print(
      `${mark} ${ids}${state}${String(p.p_threads.length).padEnd(9)}${String(resident).padEnd(10)}${p.p_comm}`,
    );
  }
}

function threads(session: Session): void {
  const control = session.live;
  session.print('  Tid      Pid    State         Where');
  for (const td of control.kernel.kern.threads.values()) {
    if (td.td_kfunc !== null) continue;
    const mark = control.thread === td ? '*' : ' ';
    const wait =
      td.td_wchan === null ? (THREAD_STATES[td.td_state] ?? '?') : `sleeps: ${td.td_wmesg}`;
    const pc = control.pcOf(td);
    session.print(
      `${mark} ${String(td.td_tid).padEnd(9)}${String(td.td_proc.p_pid).padEnd(7)}${wait.padEnd(14)}${hex(pc)}${session.programs.of(td.td_proc) === session.symbols ? session.inspection.symbolic(pc) : ''}`,
    );
  }
}

function signals(session: Session): void {
  session.print('Signal        Stop\tPrint\tPass to program\tDescription\n');
  const yes = (b: boolean): string => (b ? 'Yes' : 'No');
  for (const [n, name] of signalNames()) {
    const { stop, print, pass } = session.signals.get(n);
    session.print(
      `${name.padEnd(14)}${yes(stop)}\t${yes(print)}\t${yes(pass)}\t\t${signalText(n).replace(/^\w+, /, '')}`,
    );
  }
}

function line(session: Session, args: string): void {
  const found = resolve(session, args)[0];
  const info = session.symbols?.lineAt(found.address) ?? null;
  if (info === null)
    throw new CommandError(
      `No line number information available for address ${hex(found.address)}`,
    );
  const { inspection } = session;
  session.print(
    `Line ${info.line} of "${session.shortName(info.file)}" starts at address ${hex(info.start)}${inspection.symbolic(info.start)} and ends at ${hex(info.end)}${inspection.symbolic(info.end)}.`,
  );
}

function symbol(session: Session, args: string): void {
  const at = address(session, args);
  const found = session.symbols?.symbolAt(at) ?? null;
  if (found === null) {
    session.print(`No symbol matches ${args}.`);
    return;
  }
  const section = session.symbols?.elf.sections.find(
    (s) =>
      s.address !== 0 &&
      found.symbol.address >= s.address &&
      found.symbol.address < s.address + s.size,
  );
  const offset = found.offset === 0 ? '' : ` + ${found.offset}`;
  session.print(`${found.name}${offset} in section ${section?.name ?? '?'}`);
}

function files(session: Session): void {
  const { symbols } = session;
  session.print(`Symbols from "${session.path}".`);
  if (symbols === null) return;
  session.print(`\tEntry point: ${hex(symbols.entry)}`);
  for (const s of symbols.elf.sections) {
    if ((s.flags & 2) === 0) continue;
    const at = (s.address + symbols.relocation) >>> 0;
    const word = (n: number): string => `0x${n.toString(16).padStart(8, '0')}`;
    session.print(`\t${word(at)} - ${word(at + s.size)} is ${s.name}`);
  }
}

const TOPICS: Record<string, Topic> = {
  registers: (s, args) => registers(s, args, false),
  'all-registers': (s, args) => registers(s, args, true),
  breakpoints: (s) => breakpoints(s),
  watchpoints: (s) => breakpoints(s),
  checkpoints: (s) => checkpoints(s),
  locals: (s) => variables(s, false),
  args: (s) => variables(s, true),
  frame: (s) => frameInfo(s),
  line,
  symbol,
  source(s) {
    const frame = s.inspection.selected;
    const at = frame === null ? null : s.symbols?.lineAt(lookupPc(frame));
    s.print(
      at
        ? `Current source file is ${s.shortName(at.file)}\nLocated in ${at.file}`
        : 'No current source file.',
    );
  },
  files: (s) => files(s),
  proc: (s) => processes(s),
  inferiors: (s) => inferiors(s),
  threads: (s) => threads(s),
  signals: (s) => signals(s),
  display(s) {
    if (s.displays.length === 0) s.print('There are no auto-display expressions now.');
    for (const d of s.displays)
      s.print(
        `${d.number}:   ${d.enabled ? 'y' : 'n'}  ${d.format === '' ? '' : `/${d.format} `}${d.expression}`,
      );
  },
  program(s) {
    const { instructions } = s.live;
    s.print(`Process ${s.thread.td_proc.p_pid}, instruction ${instructions}.`);
  },
  functions(s, args) {
    for (const f of s.symbols?.functions() ?? [])
      if (f.name.includes(args)) s.print(`${hex(f.low)}  ${f.name}`);
  },
  tlb,
  faults: (s, args) => faults(s, args),
};

function inferiors(session: Session): void {
  session.print('  Num  Description       Executable');
  const all = session.control?.inferiors ?? [];
  if (all.length === 0) session.print(`* 1    <null>            ${session.path}`);
  for (const { number, pid, exited } of all) {
    const p = exited ? null : session.control?.process(pid);
    const mark = p && session.control?.thread?.td_proc === p ? '*' : ' ';
    session.print(
      `${mark} ${String(number).padEnd(5)}${(p ? `process ${pid}` : '<null>').padEnd(18)}${p?.p_textpath ?? session.path}`,
    );
  }
}

/** The topics of info, for completion. */
export const INFO_TOPICS = Object.keys(TOPICS);
const ALIASES: Record<string, string> = {
  b: 'breakpoints',
  r: 'registers',
  s: 'symbol',
  reg: 'registers',
};

export const INFO: readonly Command[] = [
  {
    name: 'info',
    aliases: ['i', 'inf'],
    usage: 'TOPIC [ARGUMENT...]',
    help: `What is known of: ${INFO_TOPICS.join(', ')}.`,
    completes: 'info',
    run(session, args) {
      const [, word, rest] = /^(\S*)\s*([\s\S]*)$/.exec(args) ?? ['', '', ''];
      const name = ALIASES[word] ?? word;
      const close = name in TOPICS ? [name] : INFO_TOPICS.filter((t) => t.startsWith(name));
      if (word === '')
        throw new CommandError(`"info" must be followed by one of: ${INFO_TOPICS.join(', ')}.`);
      if (close.length === 0)
        throw new CommandError(`Undefined info command: "${word}".  Try "help info".`);
      if (close.length > 1)
        throw new CommandError(`Ambiguous info command "${word}": ${close.join(', ')}.`);
      TOPICS[close[0]](session, rest);
    },
  },
  {
    name: 'handle',
    usage: 'SIGNAL... [no]stop [no]print [no]pass',
    help: 'What becomes of signals.',
    run(session, args) {
      const given = words(args);
      const chosen = signalNames().filter(
        ([n, name]) => given.includes(name) || given.includes(String(n)) || given.includes('all'),
      );
      const known = new Set([
        'stop',
        'nostop',
        'print',
        'noprint',
        'pass',
        'nopass',
        'ignore',
        'noignore',
        'all',
      ]);
      const bad = given.find(
        (w) => !known.has(w) && !signalNames().some(([n, name]) => w === name || w === String(n)),
      );
      if (bad !== undefined)
        throw new CommandError(`Unrecognized or ambiguous flag word: "${bad}".`);
      if (chosen.length === 0) throw new CommandError('Argument required (signal to handle).');
      session.print('Signal        Stop\tPrint\tPass to program\tDescription');
      for (const [n, name] of chosen) {
        const action = { ...session.signals.get(n) };
        for (const word of given) {
          if (word === 'stop') action.stop = action.print = true;
          if (word === 'nostop') action.stop = false;
          if (word === 'print') action.print = true;
          if (word === 'noprint') action.stop = action.print = false;
          if (word === 'pass' || word === 'noignore') action.pass = true;
          if (word === 'nopass' || word === 'ignore') action.pass = false;
        }
        session.signals.set(n, action);
        const yes = (b: boolean): string => (b ? 'Yes' : 'No');
        session.print(
          `${name.padEnd(14)}${yes(action.stop)}\t${yes(action.print)}\t${yes(action.pass)}\t\t${signalText(n).replace(/^\w+, /, '')}`,
        );
      }
    },
  },
  {
    name: 'inferior',
    usage: '[NUMBER]',
    help: 'Look at another process of those that are debugged.',
    run(session, args) {
      const control = session.live;
      if (args !== '') {
        const inferior = control.inferiors.find((i) => String(i.number) === args);
        const thread =
          inferior && !inferior.exited ? control.process(inferior.pid)?.p_threads[0] : undefined;
        if (inferior === undefined) throw new CommandError(`Inferior ID ${args} not known.`);
        if (thread === undefined) throw new CommandError(`Inferior ${args} has ended.`);
        control.thread = thread;
        session.moved();
      }
      const p = session.thread.td_proc;
      const number = control.attached(p.p_pid)?.number ?? 0;
      session.print(
        `[${args === '' ? 'Current inferior is' : 'Switching to inferior'} ${number} [process ${p.p_pid}] (${p.p_textpath})]`,
      );
      if (args !== '') session.where('location');
    },
  },
  {
    name: 'thread',
    usage: '[TID]',
    help: 'Look at another thread.',
    run(session, args) {
      const control = session.live;
      if (args !== '') {
        const thread = control.kernel.kern.threads.get(Number(args));
        if (thread === undefined || thread.td_kfunc !== null)
          throw new CommandError(`Unknown thread ${args}.`);
        control.thread = thread;
        session.moved();
      }
      session.print(
        `[Current thread is ${session.thread.td_tid} (process ${session.thread.td_proc.p_pid})]`,
      );
      if (args !== '') session.where('location');
    },
  },
];
