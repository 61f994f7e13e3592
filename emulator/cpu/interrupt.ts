// Interrupts and exceptions through the interrupt vector table or the IDT (SDM 3A chapter 6), for
// machines that deliver them inside. A hosted machine hands them to its owner instead (run.ts).

import {
  VECTOR_DB,
  VECTOR_DE,
  VECTOR_DF,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_PF,
  VECTOR_SS,
  VECTOR_TS,
} from '../exit.js';
import { loadSystem32 } from '../mmu/access.js';
import { CR0_PE } from '../mmu/walk.js';
import { i32 } from '../state/current.js';
import {
  CPL,
  CR0,
  CR2,
  EFLAGS_SYSTEM,
  EIP,
  ESP,
  EVENTS,
  IDT_BASE,
  IDT_LIMIT,
  INTERRUPT_SHADOW,
  SEGMENT_LIMIT,
  SELECTOR,
  SHADOW_EIP,
  SHADOW_INTERRUPTS,
  SHADOW_ALL,
  SHADOW_TRAPS,
} from '../state/layout.js';
import { CpuFault, raiseWithError } from './fault.js';
import {
  FLAG_AC,
  FLAG_IF,
  FLAG_NT,
  FLAG_RF,
  FLAG_TF,
  FLAG_VM,
  getEflags,
  setEflags,
} from './flags.js';
import { currentStack, innerStack, isTss32, pushFrame } from './frame.js';
import {
  ATTR_CODE,
  ATTR_EXPAND_DOWN,
  ATTR_PRESENT,
  ATTR_S,
  CS,
  DS,
  ES,
  FS,
  GS,
  SS,
  cacheRealSegment,
  cacheSegment,
  dplOf,
  loadCodeSegment,
  markAccessed,
  readDescriptor,
  updateMode,
} from './segments.js';
import type { Descriptor } from './segments.js';
import { push16, push32 } from './stack.js';
import { enterTask } from './task.js';

// Bits of the EVENTS word.
/** The interrupt controller asks for an interrupt. */
export const EVENT_INTR = 1;
export const EVENT_NMI = 2;
/** The owner wants run() to return. */
export const EVENT_STOP = 4;
/** An NMI is being served: the next one waits for IRET (SDM 3A §6.7.1). */
export const NMI_BLOCKED = 8;

/**
 * Where an event comes from: it decides the EXT bit of error codes, and `software` (INT n, INT3, INTO)
 * is checked against the gate's DPL.
 */
export type Source = 'software' | 'exception' | 'external';

const GATE_TASK = 5;
const GATE_INTERRUPT16 = 6;
const GATE_TRAP16 = 7;
const GATE_INTERRUPT32 = 14;
const GATE_TRAP32 = 15;

/** Marks the instruction at EIP: behind the one that holds something off. */
export function castShadow(kind: number): void {
  i32[INTERRUPT_SHADOW] = kind;
  i32[SHADOW_EIP] = i32[EIP];
}

/** Whether interrupts (and, behind a load of SS, NMIs) have to wait for one instruction. */
export function isShadowed(): boolean {
  return (
    (i32[INTERRUPT_SHADOW] & (SHADOW_ALL | SHADOW_INTERRUPTS)) !== 0 && i32[SHADOW_EIP] === i32[EIP]
  );
}

/** Whether an event is to be taken before the next instruction, shadows apart. */
export function isEventDue(): boolean {
  const events = i32[EVENTS];
  if (events === 0) return false;
  if (events & EVENT_STOP) return true;
  if ((events & (EVENT_NMI | NMI_BLOCKED)) === EVENT_NMI) return true;
  return (events & EVENT_INTR) !== 0 && (i32[EFLAGS_SYSTEM] & FLAG_IF) !== 0;
}

/** Enters the handler in real-address mode (SDM 3A §20.1.4). */
function deliverReal(vector: number, returnEip: number, ext: number): void {
  if (vector * 4 + 3 > i32[IDT_LIMIT] >>> 0) raiseWithError(VECTOR_GP, vector * 8 + 2 + ext);
  const entry = loadSystem32((i32[IDT_BASE] + vector * 4) | 0);
  const flags = getEflags();
  const violation = (): never => raiseWithError(VECTOR_SS, ext);
  const words = [flags, i32[SELECTOR + CS], returnEip];
  const target = entry & 0xffff;
  if (target > i32[SEGMENT_LIMIT + CS] >>> 0) raiseWithError(VECTOR_GP, ext);
  i32[ESP] = pushFrame(currentStack(), 0, 2, words, violation);
  setEflags(flags & ~(FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF));
  cacheRealSegment(CS, entry >>> 16);
  i32[EIP] = target;
  updateMode();
}

/**
 * Enters the handler of `vector`.
 * @param returnEip what IRET goes back to.
 * @param error error code, or null.
 * @param restart the instruction at returnEip is to be executed again: RF is set in the saved flags.
 * Throws what the gate, the segments or the stacks raise, with nothing changed.
 */
export function interrupt(
  vector: number,
  source: Source,
  returnEip: number,
  error: number | null,
  restart = false,
): void {
  const ext = source === 'software' ? 0 : 1;
  if ((i32[CR0] & CR0_PE) === 0) {
    deliverReal(vector, returnEip, ext);
    return;
  }
  const idtError = vector * 8 + 2 + ext;
  if (vector * 8 + 7 > i32[IDT_LIMIT] >>> 0) raiseWithError(VECTOR_GP, idtError);
  const low = loadSystem32((i32[IDT_BASE] + vector * 8) | 0);
  const high = loadSystem32((i32[IDT_BASE] + vector * 8 + 4) | 0);
  const type = (high >> 8) & 31;
  if (
    type !== GATE_TASK &&
    type !== GATE_INTERRUPT16 &&
    type !== GATE_TRAP16 &&
    type !== GATE_INTERRUPT32 &&
    type !== GATE_TRAP32
  )
    raiseWithError(VECTOR_GP, idtError);
  if (source === 'software' && dplOf(high >> 8) < i32[CPL]) raiseWithError(VECTOR_GP, idtError);
  if ((high & 0x8000) === 0) raiseWithError(VECTOR_NP, idtError);
  const selector = low >>> 16;
  if (type === GATE_TASK) {
    enterTask(selector, 'interrupt', returnEip, ext, restart);
    if (error !== null) pushTaskError(error);
    return;
  }
  const wide = type >= GATE_INTERRUPT32;
  const offset = wide ? (low & 0xffff) | (high & 0xffff0000) : low & 0xffff;
  const isTrap = (type & 1) !== 0;
  const bytes = wide ? 4 : 2;
  const saved = getEflags() | (restart ? FLAG_RF : 0);
  const d = handlerSegment(selector, ext);
  const dpl = dplOf(d.attributes);
  const conforming = (d.attributes & ATTR_EXPAND_DOWN) !== 0;
  const words = [saved, i32[SELECTOR + CS], returnEip];
  if (error !== null) words.push(error);
  const checkEip = (): void => {
    if (offset >>> 0 > d.limit >>> 0) raiseWithError(VECTOR_GP, ext);
  };
  if (!conforming && dpl < i32[CPL]) {
    const virtual = (saved & FLAG_VM) !== 0;
    if (virtual && dpl !== 0) raiseWithError(VECTOR_GP, (selector & 0xfffc) | ext);
    const stack = innerStack(dpl, ext);
    words.unshift(i32[SELECTOR + SS], i32[ESP]);
    const segments = [GS, FS, DS, ES];
    if (virtual) words.unshift(...segments.map((seg) => i32[SELECTOR + seg]));
    checkEip();
    const esp = pushFrame(stack, dpl, bytes, words, () =>
      raiseWithError(VECTOR_SS, (stack.selector & 0xfffc) | ext),
    );
    markAccessed(stack.descriptor);
    markAccessed(d);
    if (virtual)
      for (const seg of segments) cacheSegment(seg, 0, { base: 0, limit: 0, attributes: 0 });
    cacheSegment(SS, stack.selector, stack.descriptor);
    i32[ESP] = esp;
    i32[CPL] = dpl;
  } else {
    if (saved & FLAG_VM || (!conforming && dpl !== i32[CPL]))
      raiseWithError(VECTOR_GP, (selector & 0xfffc) | ext);
    checkEip();
    const esp = pushFrame(currentStack(), i32[CPL], bytes, words, () =>
      raiseWithError(VECTOR_SS, ext),
    );
    markAccessed(d);
    i32[ESP] = esp;
  }
  setEflags(saved & ~(FLAG_TF | FLAG_VM | FLAG_RF | FLAG_NT | (isTrap ? 0 : FLAG_IF)));
  loadCodeSegment(selector, d);
  i32[EIP] = offset;
}

function handlerSegment(selector: number, ext: number): Descriptor {
  const code = (selector & 0xfffc) | ext;
  const bad = (): never => raiseWithError(VECTOR_GP, code);
  if ((selector & 0xfffc) === 0) bad();
  const d = readDescriptor(selector) ?? bad();
  if ((d.attributes & (ATTR_S | ATTR_CODE)) !== (ATTR_S | ATTR_CODE)) bad();
  if (dplOf(d.attributes) > i32[CPL]) bad();
  if ((d.attributes & ATTR_PRESENT) === 0) raiseWithError(VECTOR_NP, code);
  return d;
}

/** The error code of an exception that went through a task gate lies on the new task's stack. */
function pushTaskError(error: number): void {
  try {
    if (isTss32()) push32(error);
    else push16(error);
  } catch (fault) {
    if (fault instanceof CpuFault) fault.completed = true;
    throw fault;
  }
}

function isContributory(vector: number): boolean {
  return vector === VECTOR_DE || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

/** What a fault during the delivery of an exception becomes (SDM 3A table 6-5); -1: shutdown. */
function combine(first: number, second: number): number {
  if (first === VECTOR_DF) return isContributory(second) || second === VECTOR_PF ? -1 : second;
  if (isContributory(first) && isContributory(second)) return VECTOR_DF;
  if (first === VECTOR_PF && (isContributory(second) || second === VECTOR_PF)) return VECTOR_DF;
  return second;
}

/**
 * Delivers an exception, or an external interrupt, and the exceptions that this raises.
 * @returns false when the processor shuts down.
 */
export function deliver(
  vector: number,
  source: Source,
  error: number | null,
  isFault: boolean,
): boolean {
  let restart = isFault;
  for (;;) {
    try {
      interrupt(vector, source, i32[EIP], error, restart);
      castShadow(SHADOW_TRAPS);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof CpuFault)) throw thrown;
      if (thrown.vector === VECTOR_PF) i32[CR2] = thrown.cr2;
      // Of an external interrupt, and of a trap of the new task, it is an exception like any other.
      const exception = source === 'exception' && thrown.vector !== VECTOR_DB;
      const next = exception ? combine(vector, thrown.vector) : thrown.vector;
      if (next < 0) return false;
      error = next === VECTOR_DF ? 0 : thrown.hasError ? thrown.error : null;
      vector = next;
      source = 'exception';
      restart = !thrown.completed;
    }
  }
}
