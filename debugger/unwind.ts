// The call stack: call-frame information where the program has some, frame pointers otherwise, and
// the frames that the kernel pushes for signal handlers.

import { evaluateLocation } from './symbols/location.js';
import type { LocationContext } from './symbols/location.js';
import type { FrameRules, RegisterRule } from './symbols/call_frames.js';
import type { FunctionInfo, SymbolFile } from './symbols/symbol_file.js';

/** DWARF numbers of the registers that are unwound: eax to edi in DWARF's order, then eip. */
export const DWARF_REGISTERS = [
  'eax',
  'ecx',
  'edx',
  'ebx',
  'esp',
  'ebp',
  'esi',
  'edi',
  'eip',
] as const;
const ESP = 4;
const EBP = 5;
const EIP = 8;

export interface Frame {
  level: number;
  pc: number;
  /** Canonical frame address: the value of esp before the call pushed its return address. */
  cfa: number;
  /** By DWARF number; null: not known in this frame. */
  registers: (number | null)[];
  /** Where the values of registers are saved that the frame has stored. */
  saved: Map<number, number>;
  function: FunctionInfo | null;
  /** Name of the function, or of the symbol in front of pc; null when there is none. */
  name: string | null;
  /** Code of a signal trampoline. */
  isSignal: boolean;
  /** The frame below was interrupted, not called: pc is not behind a call. */
  interrupted: boolean;
}

export interface UnwindContext {
  symbols: SymbolFile | null;
  /** Reads a little-endian number of up to four bytes; null when it is not there. */
  read(address: number, size: number): number | null;
  bytes(address: number, length: number): Uint8Array;
}

/** The address by which a frame's function and line are looked up. */
export function lookupPc(frame: Frame): number {
  return frame.level === 0 || frame.interrupted || frame.isSignal ? frame.pc : frame.pc - 1;
}

function nameOf(context: UnwindContext, pc: number): [FunctionInfo | null, string | null] {
  const f = context.symbols?.functionAt(pc) ?? null;
  return [f, f?.name || (context.symbols?.symbolAt(pc)?.name ?? null)];
}

/** The innermost frame, from the registers of a thread. */
export function innermost(context: UnwindContext, registers: number[]): Frame {
  const frame: Frame = {
    level: 0,
    pc: registers[EIP],
    cfa: 0,
    registers: [...registers],
    saved: new Map(),
    function: null,
    name: null,
    isSignal: trampoline(context, registers[EIP]) !== null,
    interrupted: true,
  };
  [frame.function, frame.name] = nameOf(context, frame.pc);
  complete(context, frame);
  return frame;
}

/** The frame's caller; null at the end of the stack. */
export function caller(context: UnwindContext, frame: Frame): Frame | null {
  const registers = frame.isSignal
    ? signalRegisters(context, frame)
    : callerRegisters(context, frame);
  const pc = registers?.[EIP] ?? null;
  const esp = registers?.[ESP] ?? null;
  if (registers === null || pc === null || esp === null || pc === 0) return null;
  // A stack grows downwards: anything else goes round in circles.
  const old = frame.registers[ESP];
  if (!frame.isSignal && old !== null && esp <= old) return null;
  const next: Frame = {
    level: frame.level + 1,
    pc,
    cfa: 0,
    registers,
    saved: new Map(),
    function: null,
    name: null,
    isSignal: trampoline(context, pc) !== null,
    interrupted: frame.isSignal,
  };
  [next.function, next.name] = nameOf(context, lookupPc(next));
  if (next.name === null && context.read(pc, 1) === null) return null;
  complete(context, next);
  return next;
}

/** The stack from the innermost frame on, at most `limit` frames, as far as main. */
export function backtrace(context: UnwindContext, registers: number[], limit: number): Frame[] {
  const frames = [innermost(context, registers)];
  while (frames.length < limit) {
    const last = frames[frames.length - 1];
    if (last.name === 'main') break;
    const next = caller(context, last);
    if (next === null) break;
    frames.push(next);
  }
  return frames;
}

/** Finds the frame's address and what it has saved. */
function complete(context: UnwindContext, frame: Frame): void {
  const rules = context.symbols?.frameRules(lookupPc(frame)) ?? null;
  if (rules !== null) {
    frame.cfa = cfaOf(context, frame, rules) ?? 0;
    for (const [register, rule] of rules.registers)
      if (rule.kind === 'offset') frame.saved.set(register, (frame.cfa + rule.offset) >>> 0);
    return;
  }
  const { cfa, ebp } = framePointer(context, frame);
  frame.cfa = cfa ?? 0;
  if (cfa === null) return;
  frame.saved.set(EIP, (cfa - 4) >>> 0);
  if (ebp !== null) frame.saved.set(EBP, ebp);
}

function locationContext(context: UnwindContext, frame: Frame): LocationContext {
  return {
    register: (n) => frame.registers[n] ?? null,
    read: (address, size) => context.read(address, size),
    frameBase: () => null,
    cfa: () => frame.cfa,
    relocation: context.symbols?.relocation ?? 0,
    indexedAddress: () => null,
  };
}

function cfaOf(context: UnwindContext, frame: Frame, rules: FrameRules): number | null {
  const { cfa } = rules;
  if ('register' in cfa) {
    const base = frame.registers[cfa.register] ?? null;
    return base === null ? null : (base + cfa.offset) >>> 0;
  }
  const location = evaluateLocation(cfa.expression, locationContext(context, frame));
  return location?.kind === 'memory' ? location.address : null;
}

/**
 * Without call-frame information: at the first instructions of a function the frame is not set up
 * yet; behind them %ebp is taken for a frame pointer.
 */
function framePointer(
  context: UnwindContext,
  frame: Frame,
): { cfa: number | null; ebp: number | null } {
  const esp = frame.registers[ESP];
  const ebp = frame.registers[EBP];
  const at = context.symbols?.symbolAt(frame.pc) ?? null;
  const start = at === null ? null : frame.pc - at.offset;
  if (frame.level === 0 && esp !== null) {
    if (context.bytes(frame.pc, 1)[0] === 0xc3) return { cfa: (esp + 4) >>> 0, ebp: null };
    if (start !== null && at !== null && at.offset <= 1 && context.bytes(start, 1)[0] === 0x55)
      return { cfa: (esp + 4 + 4 * at.offset) >>> 0, ebp: at.offset === 1 ? esp : null };
    if (at !== null && at.offset === 0) return { cfa: (esp + 4) >>> 0, ebp: null };
  }
  return ebp === null || ebp === 0 ? { cfa: null, ebp: null } : { cfa: (ebp + 8) >>> 0, ebp };
}

function callerRegisters(context: UnwindContext, frame: Frame): (number | null)[] | null {
  const rules = context.symbols?.frameRules(lookupPc(frame)) ?? null;
  if (frame.cfa === 0) return null;
  // What a call may change is not known in the caller.
  const registers: (number | null)[] = [null, null, null, ...frame.registers.slice(3)];
  registers[ESP] = frame.cfa;
  if (rules === null) {
    for (const [register, address] of frame.saved) registers[register] = context.read(address, 4);
    if (!frame.saved.has(EIP)) return null;
    return registers;
  }
  registers[EIP] = null;
  for (const [register, rule] of rules.registers)
    if (register <= EIP) registers[register] = apply(context, frame, rule);
  return registers;
}

function apply(context: UnwindContext, frame: Frame, rule: RegisterRule): number | null {
  switch (rule.kind) {
    case 'undefined':
      return null;
    case 'same':
      return null;
    case 'offset':
      return context.read((frame.cfa + rule.offset) >>> 0, 4);
    case 'value_offset':
      return (frame.cfa + rule.offset) >>> 0;
    case 'register':
      return frame.registers[rule.register] ?? null;
    case 'expression': {
      const where = locationContext(context, frame);
      const location = evaluateLocation(rule.expression, where, [frame.cfa]);
      if (location?.kind !== 'memory') return null;
      return rule.isValue ? location.address : context.read(location.address, 4);
    }
  }
}

/** Order of registers in FreeBSD's mcontext (from mc_edi on) and Linux's sigcontext (from di on). */
const FREEBSD_MCONTEXT = [null, null, null, null, null, 7, 6, 5, null, 3, 2, 1, 0, null, null, 8, null, null, 4] as const; // prettier-ignore
const LINUX_SIGCONTEXT = [null, null, null, null, 7, 6, 5, 4, 3, 2, 1, 0, null, null, 8] as const;

type Trampoline = 'freebsd' | 'linux' | 'linux_rt';

/** The kind of signal trampoline that `pc` is in, by its code: that is what it is known by. */
function trampoline(context: UnwindContext, pc: number): Trampoline | null {
  const code = context.bytes(pc, 9);
  const is = (...bytes: number[]): boolean => bytes.every((b, i) => code[i] === b);
  if (is(0x8d, 0x44, 0x24, 0x20, 0x50, 0xb8, 0xa1, 0x01)) return 'freebsd';
  if (is(0x58, 0xb8, 0x77, 0, 0, 0, 0xcd, 0x80)) return 'linux';
  if (is(0xb8, 0xad, 0, 0, 0, 0xcd, 0x80)) return 'linux_rt';
  return null;
}

function signalRegisters(context: UnwindContext, frame: Frame): (number | null)[] | null {
  const kind = trampoline(context, frame.pc);
  const esp = frame.registers[ESP];
  if (kind === null || esp === null) return null;
  const registers: (number | null)[] = new Array<number | null>(9).fill(null);
  let at: number;
  if (kind === 'freebsd') at = esp + 32 + 16;
  else if (kind === 'linux') at = esp + 4;
  else at = (context.read(esp + 8, 4) ?? 0) + 20;
  const order = kind === 'freebsd' ? FREEBSD_MCONTEXT : LINUX_SIGCONTEXT;
  order.forEach((register, i) => {
    if (register !== null) registers[register] = context.read(at + 4 * i, 4);
  });
  return registers;
}
