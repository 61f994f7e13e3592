// Commands for breakpoints, watchpoints and catchpoints.

import {
  CATCH_EVENTS,
  ExpressionError,
  KERNEL_STEPS,
  hex,
  kernelStep,
  sizeOf,
} from '../../debugger/index.js';
import type { BreakpointKind, BreakpointLocation, UserBreakpoint } from '../../debugger/index.js';
import { address, count, numbers, words } from './arguments.js';
import type { Command } from './commands.js';
import { CommandError, signalNames } from './session.js';
import type { Session } from './session.js';

function locationAt(session: Session, at: number): BreakpointLocation {
  const { symbols } = session;
  const line = symbols?.lineAt(at) ?? null;
  const f = symbols?.functionAt(at)?.name;
  if (line !== null && line.line !== 0) {
    const file = session.shortName(line.file);
    return {
      address: at,
      what: `${f === undefined ? '' : `in ${f} `}at ${file}:${line.line}`,
      file,
      line: line.line,
    };
  }
  return { address: at, what: session.inspection.symbolic(at).trim(), file: null, line: 0 };
}

/** The addresses that a location names. @throws CommandError. */
export function resolve(session: Session, spec: string): BreakpointLocation[] {
  const { symbols, inspection } = session;
  const at = (found: number): BreakpointLocation => locationAt(session, found);
  if (spec.startsWith('*')) return [at(address(session, spec.slice(1)))];
  if (spec === '') {
    const frame = inspection.selected;
    if (frame === null) throw new CommandError('No default breakpoint location now.');
    return [at(frame.pc)];
  }
  const fileLine = /^(.+):(\d+)$/.exec(spec);
  const plain = /^([-+]?)(\d+)$/.exec(spec);
  if (fileLine !== null || plain !== null) {
    let files: string[];
    let line: number;
    if (fileLine !== null) {
      files = symbols?.filesNamed(fileLine[1]) ?? [];
      if (files.length === 0) throw new CommandError(`No source file named ${fileLine[1]}.`);
      line = Number(fileLine[2]);
    } else {
      const here = currentLine(session);
      if (here === null || plain === null)
        throw new CommandError('No symbol table is loaded.  Use the "file" command.');
      files = [here.file];
      const n = Number(plain[2]);
      line = plain[1] === '+' ? here.line + n : plain[1] === '-' ? here.line - n : n;
    }
    const found = symbols?.addressesOfLine(files, line) ?? [];
    if (found.length === 0)
      throw new CommandError(`No line ${line} in file "${session.shortName(files[0])}".`);
    return found.map(at);
  }
  const inFile = /^(.+):([A-Za-z_]\w*)$/.exec(spec);
  const name = inFile === null ? spec : inFile[2];
  const functions = (symbols?.functions() ?? []).filter(
    (f) => f.name === name && (inFile === null || f.file.endsWith(inFile[1])),
  );
  if (functions.length > 0) return functions.map((f) => at(symbols?.afterPrologue(f.low) ?? f.low));
  const elf = (symbols?.lookup(name) ?? []).filter(({ kind }) => kind === 'function');
  if (elf.length > 0 && symbols)
    return elf.map((s) => at(symbols.afterPrologue(symbols.addressOf(s))));
  if (symbols === null || symbols.elf.symbols.length === 0)
    throw new CommandError('No symbol table is loaded.  Use the "file" command.');
  throw new CommandError(`Function "${name}" not defined.`);
}

function currentLine(session: Session): { file: string; line: number } | null {
  const frame = session.inspection.selected;
  const line = frame === null ? null : session.symbols?.lineAt(frame.pc);
  if (line) return line;
  if (session.listed !== null) return { file: session.listed.file, line: session.listed.first };
  const main = session.symbols?.functions().find((f) => f.name === 'main');
  return main === undefined ? null : (session.symbols?.lineAt(main.low) ?? null);
}

function add(
  session: Session,
  kind: BreakpointKind,
  more: Partial<UserBreakpoint>,
): UserBreakpoint {
  const b: UserBreakpoint = {
    number: session.nextBreakpoint++,
    kind,
    spec: '',
    temporary: false,
    hardware: false,
    enabled: true,
    condition: null,
    ignore: 0,
    hits: 0,
    commands: [],
    locations: [],
    watch: null,
    catch: null,
    tid: null,
    ...more,
  };
  session.breakpoints.push(b);
  session.control?.refresh();
  return b;
}

/** LOCATION [thread TID] [if CONDITION] */
function splitCondition(args: string): {
  spec: string;
  condition: string | null;
  tid: number | null;
} {
  const cut = /^([\s\S]*?)(?:^|\s)if\b\s*([\s\S]*)$/.exec(args);
  let spec = (cut === null ? args : cut[1]).trim();
  const condition = cut === null ? null : cut[2].trim();
  if (condition === '') throw new CommandError('Argument required (an expression).');
  const thread = /^([\s\S]*?)\s*\bthread\s+(\d+)$/.exec(spec);
  if (thread !== null) spec = thread[1];
  return { spec, condition, tid: thread === null ? null : Number(thread[2]) };
}

function breakAt(session: Session, args: string, temporary: boolean, hardware = false): void {
  const { spec, condition, tid } = splitCondition(args);
  const locations = resolve(session, spec);
  if (condition !== null && session.symbols === null) session.evaluate(condition);
  const fixed = spec === '' ? `*${hex(locations[0].address)}` : spec;
  const b = add(session, 'breakpoint', {
    spec: fixed,
    temporary,
    hardware,
    condition,
    tid,
    locations,
  });
  const word = temporary
    ? 'Temporary breakpoint'
    : hardware
      ? 'Hardware assisted breakpoint'
      : 'Breakpoint';
  const [first] = locations;
  const place = first.file === null ? '' : `: file ${first.file}, line ${first.line}.`;
  session.print(
    locations.length > 1
      ? `${word} ${b.number} at ${hex(first.address)}: ${spec}. (${locations.length} locations)`
      : `${word} ${b.number} at ${hex(first.address)}${place}`,
  );
}

export function temporaryBreak(session: Session, spec: string): void {
  breakAt(session, spec, true);
}

function watch(session: Session, kind: 'watch' | 'rwatch' | 'awatch', args: string): void {
  const { spec, condition } = splitCondition(args);
  const location = /^-l(?:ocation)?\s+([\s\S]*)$/.exec(spec);
  const expression = location === null ? spec : location[1];
  const value = session.evaluate(expression);
  if (value.place.kind !== 'memory')
    throw new CommandError(
      value.place.kind === 'register'
        ? 'Cannot watch a register: only memory can be watched.'
        : 'Cannot watch constant value `' + expression + "'.",
    );
  const { inspection } = session;
  const frame = inspection.selected;
  const isLocal =
    frame !== null &&
    inspection.locals(frame).some(({ name }) => new RegExp(`\\b${name}\\b`).test(expression));
  const up = frame !== null && isLocal && location === null ? inspection.callerOf(frame) : null;
  const scope = up === null || frame === null ? null : { cfa: frame.cfa, returnAddress: up.pc };
  const length = sizeOf(value.type);
  if (length > 1 << 20) throw new CommandError('That is too much to be watched.');
  const old = inspection.read(value.place.address, length);
  const text = location === null ? expression : `-location ${expression}`;
  const b = add(session, kind, {
    spec: text,
    condition,
    hardware: true,
    watch: {
      expression: text,
      address: value.place.address,
      length,
      old: old.length === length ? old.slice() : null,
      scope,
    },
  });
  session.watchTypes.set(b.number, value.type);
  const word = {
    watch: 'Hardware watchpoint',
    rwatch: 'Hardware read watchpoint',
    awatch: 'Hardware access (read/write) watchpoint',
  }[kind];
  session.print(`${word} ${b.number}: ${text}`);
}

function catchEvent(session: Session, args: string, temporary: boolean): void {
  const { spec, condition } = splitCondition(args);
  const [word = '', ...filter] = words(spec);
  const event =
    CATCH_EVENTS.find((name) => name === word || (word === 'vfork' && name === 'fork')) ??
    kernelStep(word);
  if (event === null)
    throw new CommandError(
      `catch knows ${[...CATCH_EVENTS, ...Object.keys(KERNEL_STEPS)].join(', ')}; not "${word}".`,
    );
  if (Object.hasOwn(KERNEL_STEPS, event) && filter.length > 0)
    throw new CommandError(`"${filter[0]}" is too much: catch ${event} [if CONDITION].`);
  const names = event === 'signal' ? filter.map(signalNumber) : filter;
  const b = add(session, 'catch', { spec, temporary, condition, catch: { event, filter: names } });
  const which = filter.length === 0 ? '' : ` ${filter.join(' ')}`;
  session.print(
    `${temporary ? 'Temporary catchpoint' : 'Catchpoint'} ${b.number} (${catchName(event)}${which})`,
  );
}

const catchName = (event: string): string => (event === 'syscall' ? 'any syscall' : event);

function signalNumber(word: string): string {
  const found = signalNames().find(([n, name]) => name === word || String(n) === word);
  if (found === undefined) throw new CommandError(`Only signals 1-31 are known; not "${word}".`);
  return String(found[0]);
}

function numbered(session: Session, args: string): UserBreakpoint[] {
  return numbers(args).map((n) => {
    const b = session.breakpoints.find(({ number }) => number === n);
    if (b === undefined) throw new CommandError(`No breakpoint number ${n}.`);
    return b;
  });
}

function enable(session: Session, args: string, enabled: boolean): void {
  const [first, ...rest] = words(args);
  if (first === 'display') {
    const chosen = numbers(rest.join(' '));
    for (const d of session.displays)
      if (chosen.length === 0 || chosen.includes(d.number)) d.enabled = enabled;
    return;
  }
  const chosen =
    args === '' ? session.breakpoints : numbered(session, args.replace(/^breakpoints\s*/, ''));
  for (const b of chosen) b.enabled = enabled;
  session.control?.refresh();
}

function deleteCheckpoints(session: Session, chosen: readonly number[]): void {
  if (chosen.length === 0) throw new CommandError('Argument required (checkpoint number).');
  for (const n of chosen) {
    const at = session.checkpoints.findIndex(({ number }) => number === n);
    if (at < 0) throw new CommandError(`No checkpoint number ${n}.`);
    const [{ checkpoint }] = session.checkpoints.splice(at, 1);
    session.control?.timeline?.unmark(checkpoint);
    session.print(`Checkpoint ${n} is forgotten.`);
  }
}

/** break-kernel: a catchpoint by the name of a step, or of the function that does it. */
function breakKernel(session: Session, args: string): void {
  if (args === '') {
    for (const [name, { functions, help }] of Object.entries(KERNEL_STEPS))
      session.print(`${name.padEnd(11)}${help} (${functions.join(', ')})`);
    return;
  }
  const [word] = words(splitCondition(args).spec);
  if (word === undefined || kernelStep(word) === null)
    throw new CommandError(`No step of the kernel is called "${word ?? ''}"; break-kernel lists them.`); // prettier-ignore
  catchEvent(session, args, false);
}

export const POINTS: readonly Command[] = [
  {
    name: 'break-kernel',
    aliases: ['bk'],
    usage: '[FUNCTION [if CONDITION]]',
    help:
      'Stop when the kernel has done a step such as cow, collapse or pageout; alone, lists them.\n' +
      'The numbers of the event are $_va, $_object, $_pindex, $_pa, $_pid ... in the condition.',
    run: (session, args) => breakKernel(session, args),
  },
  {
    name: 'break',
    aliases: ['b', 'br', 'brea'],
    usage: '[LOCATION] [thread TID] [if CONDITION]',
    help: 'Stop in front of a location: FUNCTION, FILE:LINE, LINE, *ADDRESS.',
    completes: 'location',
    run: (session, args) => breakAt(session, args, false),
  },
  {
    name: 'tbreak',
    aliases: ['tb'],
    usage: '[LOCATION] [if CONDITION]',
    help: 'The same, once.',
    completes: 'location',
    run: (session, args) => breakAt(session, args, true),
  },
  {
    name: 'hbreak',
    usage: '[LOCATION] [if CONDITION]',
    help: 'The same as break: every breakpoint of this machine is one of hardware.',
    completes: 'location',
    run: (session, args) => breakAt(session, args, false, true),
  },
  {
    name: 'watch',
    usage: '[-l] EXPRESSION [if CONDITION]',
    help: 'Stop when the value of something in memory has changed.',
    completes: 'expression',
    run: (session, args) => watch(session, 'watch', args),
  },
  {
    name: 'rwatch',
    usage: '[-l] EXPRESSION',
    help: 'Stop when it is read.',
    completes: 'expression',
    run: (session, args) => watch(session, 'rwatch', args),
  },
  {
    name: 'awatch',
    usage: '[-l] EXPRESSION',
    help: 'Stop when it is read or written.',
    completes: 'expression',
    run: (session, args) => watch(session, 'awatch', args),
  },
  {
    name: 'catch',
    usage:
      'fault [read|write|execute|OUTCOME] | syscall [NAME] | signal [NAME] | fork | exec | exit',
    help: 'Stop when something happens in the kernel.',
    run: (session, args) => catchEvent(session, args, false),
  },
  {
    name: 'tcatch',
    usage: 'EVENT',
    help: 'The same, once.',
    run: (session, args) => catchEvent(session, args, true),
  },
  {
    name: 'delete',
    aliases: ['d'],
    usage: '[NUMBER...]',
    help: 'Delete breakpoints; without numbers, all.',
    run(session, args) {
      const displays = /^display\s*(.*)$/.exec(args);
      if (displays !== null) {
        const chosen = numbers(displays[1]);
        const kept = session.displays.filter(
          (d) => chosen.length > 0 && !chosen.includes(d.number),
        );
        session.displays.splice(0, session.displays.length, ...kept);
        return;
      }
      const checkpoint = /^checkpoints?\b\s*(.*)$/.exec(args);
      if (checkpoint !== null) {
        deleteCheckpoints(session, numbers(checkpoint[1]));
        return;
      }
      const plain = args.replace(/^breakpoints\s*/, '');
      for (const b of plain === '' ? [...session.breakpoints] : numbered(session, plain))
        session.deleteBreakpoint(b);
    },
  },
  {
    name: 'clear',
    usage: 'LOCATION',
    help: 'Delete the breakpoints at a location.',
    completes: 'location',
    run(session, args) {
      const at = resolve(session, args).map(({ address: a }) => a);
      const hit = session.breakpoints.filter((b) =>
        b.locations.some((l) => at.includes(l.address)),
      );
      if (hit.length === 0) throw new CommandError(`No breakpoint at ${args}.`);
      for (const b of hit) session.deleteBreakpoint(b);
      session.print(
        `Deleted breakpoint${hit.length > 1 ? 's' : ''} ${hit.map((b) => b.number).join(' ')} `,
      );
    },
  },
  {
    name: 'enable',
    aliases: ['en'],
    usage: '[display] [NUMBER...]',
    help: 'Make breakpoints count again.',
    run: (session, args) => enable(session, args, true),
  },
  {
    name: 'disable',
    aliases: ['dis', 'disa'],
    usage: '[display] [NUMBER...]',
    help: 'Let breakpoints be passed.',
    run: (session, args) => enable(session, args, false),
  },
  {
    name: 'condition',
    usage: 'NUMBER [EXPRESSION]',
    help: 'Stop only where the expression is not 0.',
    run(session, args) {
      const match = /^(\d+)\s*([\s\S]*)$/.exec(args);
      if (match === null) throw new CommandError('Argument required (breakpoint number).');
      const [b] = numbered(session, match[1]);
      b.condition = match[2] === '' ? null : match[2];
      if (b.condition === null) session.print(`Breakpoint ${b.number} now unconditional.`);
    },
  },
  {
    name: 'ignore',
    usage: 'NUMBER COUNT',
    help: 'Pass a breakpoint that many times.',
    run(session, args) {
      const match = /^(\d+)\s+(\S[\s\S]*)$/.exec(args);
      if (match === null)
        throw new CommandError('Second argument (specified ignore-count) is missing.');
      const [b] = numbered(session, match[1]);
      b.ignore = count(session, match[2]);
      session.print(
        b.ignore === 0
          ? `Will stop next time breakpoint ${b.number} is reached.`
          : `Will ignore next ${b.ignore} crossing${b.ignore === 1 ? '' : 's'} of breakpoint ${b.number}.`,
      );
    },
  },
  {
    name: 'commands',
    usage: '[NUMBER]',
    help: 'Execute the following lines, up to `end`, when a breakpoint is hit.',
    run(session, args) {
      const number = args === '' ? session.breakpoints.at(-1)?.number : undefined;
      const [b] = numbered(session, number === undefined ? args : String(number));
      if (b === undefined) throw new CommandError('No breakpoints specified.');
      b.commands = [];
      session.collecting = b.commands;
    },
  },
];

/** Finds the locations of breakpoints again in the program that runs now. */
export function relocateIn(session: Session): (b: UserBreakpoint) => void {
  return (b) => {
    try {
      b.locations = resolve(session, b.spec);
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof ExpressionError)) throw error;
      b.locations = [];
    }
  };
}
