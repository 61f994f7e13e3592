// Segment register loads, far transfers, through gates too, and IRET.

import { advance, jumpTo, nextEip, resumeAt } from '../cpu/block.js';
import { raiseGP, raiseNP, raiseSS } from '../cpu/fault.js';
import {
  FLAG_NT,
  FLAG_RF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  getEflags,
  setEflags,
} from '../cpu/flags.js';
import { currentStack, innerStack, pushFrame } from '../cpu/frame.js';
import { NMI_BLOCKED, castShadow } from '../cpu/interrupt.js';
import { ea, eaPlus } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import {
  ATTR_CODE,
  ATTR_EXPAND_DOWN,
  ATTR_PRESENT,
  ATTR_S,
  ATTR_WRITABLE,
  CS,
  DS,
  ES,
  FS,
  GS,
  SS,
  cacheRealSegment,
  cacheSegment,
  checkCodeSegment,
  dplOf,
  isProtectedMode,
  isVirtual8086,
  loadCodeSegment,
  loadSegment,
  markAccessed,
  readDescriptor,
  readRawDescriptor,
  updateMode,
} from '../cpu/segments.js';
import type { Descriptor, RawDescriptor } from '../cpu/segments.js';
import {
  addStackPointer,
  peek16,
  peek32,
  probePush,
  push16,
  push32,
  setStackPointer,
} from '../cpu/stack.js';
import { enterTask, isTss, returnFromTask } from '../cpu/task.js';
import { load16, load32, store16 } from '../mmu/access.js';
import { i32, u16 } from '../state/current.js';
import {
  CPL,
  EFLAGS_SYSTEM,
  EIP,
  ESP,
  EVENTS,
  INTERRUPT_SHADOW,
  SEGMENT_ATTRIBUTES,
  SEGMENT_LIMIT,
  SELECTOR,
  SHADOW_ALL,
  SHADOW_RESUME,
} from '../state/layout.js';
import { popVirtualFlags, requireVirtualIopl } from '../cpu/virtual8086.js';
import { changeableFlags } from './stack.js';

// The segment register is in op.imm.

/** Behind an instruction that loads a segment register; SS holds off traps and interrupts. */
function loaded(op: Op): Op {
  if (op.imm === SS) {
    i32[EIP] = nextEip(op);
    castShadow(SHADOW_ALL);
  }
  return advance(op);
}

export const mov_sreg_r: Handler = (op) => {
  loadSegment(op.imm, u16[op.s]);
  return loaded(op);
};
export const mov_sreg_m: Handler = (op) => {
  loadSegment(op.imm, load16(ea(op)));
  return loaded(op);
};
export const mov32_r_sreg: Handler = (op) => {
  i32[op.d] = i32[SELECTOR + op.imm];
  return op.next;
};
export const mov16_r_sreg: Handler = (op) => {
  u16[op.d] = i32[SELECTOR + op.imm];
  return op.next;
};
export const mov_m_sreg: Handler = (op) => {
  store16(ea(op), i32[SELECTOR + op.imm]);
  return op.next;
};

export const push32_sreg: Handler = (op) => {
  push32(i32[SELECTOR + op.imm]);
  return op.next;
};
export const push16_sreg: Handler = (op) => {
  push16(i32[SELECTOR + op.imm]);
  return op.next;
};
/** The stack pointer moves as the stack was before POP SS changed its size. */
function popSegment(seg: number, selector: number, bytes: number): void {
  const before = i32[ESP];
  addStackPointer(bytes);
  try {
    loadSegment(seg, selector);
  } catch (fault) {
    i32[ESP] = before;
    throw fault;
  }
}

export const pop32_sreg: Handler = (op) => {
  popSegment(op.imm, peek32(0) & 0xffff, 4);
  return loaded(op);
};
export const pop16_sreg: Handler = (op) => {
  popSegment(op.imm, peek16(0), 2);
  return loaded(op);
};

/** LDS, LES, LFS, LGS, LSS: the offset, then the selector behind it. LSS casts no shadow. */
export const lxs32: Handler = (op) => {
  const offset = load32(ea(op));
  loadSegment(op.imm, load16(eaPlus(op, 4)));
  i32[op.d] = offset;
  return advance(op);
};
export const lxs16: Handler = (op) => {
  const offset = load16(ea(op));
  loadSegment(op.imm, load16(eaPlus(op, 2)));
  u16[op.d] = offset;
  return advance(op);
};

function checkTarget(offset: number, limit: number): void {
  if (offset >>> 0 > limit >>> 0) raiseGP(0);
}

// Real-address and virtual-8086 mode: segments are paragraphs.

function loadRealCode(selector: number, offset: number): Op {
  cacheRealSegment(CS, selector);
  updateMode();
  return jumpTo(offset);
}

// Protected mode. A selector may name a code segment, a call gate, a task gate or a TSS.

const TYPE_TSS16 = 1;
const TYPE_CALL_GATE16 = 4;
const TYPE_TASK_GATE = 5;
const TYPE_TSS32 = 9;
const TYPE_CALL_GATE32 = 12;

/** The system descriptor that `selector` names, or null: a code segment, or nothing at all. */
function systemDescriptor(selector: number): RawDescriptor | null {
  if ((selector & 0xfffc) === 0) return null;
  const raw = readRawDescriptor(selector);
  return raw !== null && (raw.high & 0x1000) === 0 ? raw : null;
}

/** The target of a call gate. */
interface GateTarget {
  selector: number;
  offset: number;
  descriptor: Descriptor;
  bytes: 2 | 4;
  parameters: number;
}

function checkGateAccess(selector: number, raw: RawDescriptor): void {
  const dpl = dplOf(raw.high >> 8);
  if (dpl < i32[CPL] || dpl < (selector & 3)) raiseGP(selector);
}

function throughGate(raw: RawDescriptor, selector: number): GateTarget {
  if ((raw.high & 0x8000) === 0) raiseNP(selector);
  const wide = ((raw.high >> 8) & 15) === TYPE_CALL_GATE32;
  const target = raw.low >>> 16;
  if ((target & 0xfffc) === 0) raiseGP(0);
  const d = readDescriptor(target) ?? raiseGP(target);
  if ((d.attributes & (ATTR_S | ATTR_CODE)) !== (ATTR_S | ATTR_CODE)) raiseGP(target);
  if (dplOf(d.attributes) > i32[CPL]) raiseGP(target);
  return {
    selector: target,
    offset: wide ? (raw.low & 0xffff) | (raw.high & 0xffff0000) : raw.low & 0xffff,
    descriptor: d,
    bytes: wide ? 4 : 2,
    parameters: raw.high & 31,
  };
}

/** A far jump or call to a system descriptor: everything but call gates, which differ. */
function toTask(op: Op, selector: number, raw: RawDescriptor, how: 'jump' | 'call'): Op {
  const type = (raw.high >> 8) & 15;
  if (type === TYPE_TASK_GATE) {
    if ((raw.high & 0x8000) === 0) raiseNP(selector);
    enterTask(raw.low >>> 16, how, nextEip(op), 0);
  } else if (type === TYPE_TSS16 || type === TYPE_TSS32) {
    if (!isTss(raw, false)) raiseGP(selector);
    enterTask(selector, how, nextEip(op), 0);
  } else raiseGP(selector);
  return resumeAt(i32[EIP]);
}

function isCallGate(raw: RawDescriptor): boolean {
  const type = (raw.high >> 8) & 15;
  return type === TYPE_CALL_GATE16 || type === TYPE_CALL_GATE32;
}

function farJump(op: Op, selector: number, offset: number): Op {
  if (!isProtectedMode()) {
    checkTarget(offset, i32[SEGMENT_LIMIT + CS]);
    return loadRealCode(selector, offset);
  }
  const raw = systemDescriptor(selector);
  if (raw !== null) {
    checkGateAccess(selector, raw);
    if (!isCallGate(raw)) return toTask(op, selector, raw, 'jump');
    const gate = throughGate(raw, selector);
    const { attributes } = gate.descriptor;
    if ((attributes & ATTR_EXPAND_DOWN) === 0 && dplOf(attributes) !== i32[CPL])
      raiseGP(gate.selector);
    if ((attributes & ATTR_PRESENT) === 0) raiseNP(gate.selector);
    checkTarget(gate.offset, gate.descriptor.limit);
    loadCodeSegment(gate.selector, gate.descriptor);
    return jumpTo(gate.offset);
  }
  const d = checkCodeSegment(selector, false);
  checkTarget(offset, d.limit);
  loadCodeSegment(selector, d);
  return jumpTo(offset);
}

function callGate(op: Op, selector: number, raw: RawDescriptor): Op {
  const gate = throughGate(raw, selector);
  const { descriptor: d, bytes } = gate;
  if ((d.attributes & ATTR_PRESENT) === 0) raiseNP(gate.selector);
  const level = dplOf(d.attributes);
  const words = [i32[SELECTOR + CS], nextEip(op)];
  if ((d.attributes & ATTR_EXPAND_DOWN) === 0 && level < i32[CPL]) {
    const stack = innerStack(level, 0);
    const parameters: number[] = [];
    for (let n = gate.parameters - 1; n >= 0; n--)
      parameters.push(bytes === 4 ? peek32(4 * n) : peek16(2 * n));
    checkTarget(gate.offset, d.limit);
    const frame = [i32[SELECTOR + SS], i32[ESP], ...parameters, ...words];
    const esp = pushFrame(stack, level, bytes, frame, () => raiseSS(stack.selector));
    markAccessed(stack.descriptor);
    cacheSegment(SS, stack.selector, stack.descriptor);
    i32[ESP] = esp;
    i32[CPL] = level;
  } else {
    checkTarget(gate.offset, d.limit);
    i32[ESP] = pushFrame(currentStack(), i32[CPL], bytes, words, () => raiseSS(0));
  }
  loadCodeSegment(gate.selector, d);
  return jumpTo(gate.offset);
}

function farCall(op: Op, selector: number, offset: number, bytes: 2 | 4): Op {
  const push = bytes === 4 ? push32 : push16;
  if (!isProtectedMode()) {
    probePush(2 * bytes, bytes);
    checkTarget(offset, i32[SEGMENT_LIMIT + CS]);
    push(i32[SELECTOR + CS]);
    push(nextEip(op));
    return loadRealCode(selector, offset);
  }
  const raw = systemDescriptor(selector);
  if (raw !== null) {
    checkGateAccess(selector, raw);
    return isCallGate(raw) ? callGate(op, selector, raw) : toTask(op, selector, raw, 'call');
  }
  const d = checkCodeSegment(selector, false);
  probePush(2 * bytes, bytes);
  checkTarget(offset, d.limit);
  push(i32[SELECTOR + CS]);
  push(nextEip(op));
  loadCodeSegment(selector, d);
  return jumpTo(offset);
}

// Immediate far pointers: offset in op.disp, selector in op.imm.
export const jmpf: Handler = (op) => farJump(op, op.imm, op.disp);
export const callf32: Handler = (op) => farCall(op, op.imm, op.disp, 4);
export const callf16: Handler = (op) => farCall(op, op.imm, op.disp, 2);

export const jmpf32_m: Handler = (op) => {
  const offset = load32(ea(op));
  return farJump(op, load16(eaPlus(op, 4)), offset);
};
export const jmpf16_m: Handler = (op) => {
  const offset = load16(ea(op));
  return farJump(op, load16(eaPlus(op, 2)), offset);
};
export const callf32_m: Handler = (op) => {
  const offset = load32(ea(op));
  return farCall(op, load16(eaPlus(op, 4)), offset, 4);
};
export const callf16_m: Handler = (op) => {
  const offset = load16(ea(op));
  return farCall(op, load16(eaPlus(op, 2)), offset, 2);
};

// Returns to an outer level.

/** Code and stack segment of a less privileged caller. */
interface OuterReturn {
  selector: number;
  code: Descriptor;
  stackSelector: number;
  stack: Descriptor;
  esp: number;
}

function checkOuterCode(selector: number): Descriptor {
  const d = readDescriptor(selector) ?? raiseGP(selector);
  if ((d.attributes & (ATTR_S | ATTR_CODE)) !== (ATTR_S | ATTR_CODE)) raiseGP(selector);
  const rpl = selector & 3;
  const dpl = dplOf(d.attributes);
  if (d.attributes & ATTR_EXPAND_DOWN ? dpl > rpl : dpl !== rpl) raiseGP(selector);
  if ((d.attributes & ATTR_PRESENT) === 0) raiseNP(selector);
  return d;
}

/** Reads and checks what lies on the stack behind CS at `at`: ESP and SS. */
function checkOuterStack(selector: number, at: number, bytes: 2 | 4): OuterReturn {
  const code = checkOuterCode(selector);
  const stackSelector = (bytes === 4 ? peek32(at + 4) : peek16(at + 2)) & 0xffff;
  const esp = bytes === 4 ? peek32(at) : peek16(at);
  const level = selector & 3;
  if ((stackSelector & 0xfffc) === 0) raiseGP(0);
  const stack = readDescriptor(stackSelector) ?? raiseGP(stackSelector);
  const { attributes } = stack;
  if ((stackSelector & 3) !== level || dplOf(attributes) !== level) raiseGP(stackSelector);
  if ((attributes & (ATTR_S | ATTR_CODE | ATTR_WRITABLE)) !== (ATTR_S | ATTR_WRITABLE))
    raiseGP(stackSelector);
  if ((attributes & ATTR_PRESENT) === 0) raiseSS(stackSelector);
  return { selector, code, stackSelector, stack, esp };
}

/** Completes a return to an outer level; `release` more bytes of its stack go. */
function returnOutward(to: OuterReturn, release: number, bytes: 2 | 4): void {
  i32[CPL] = to.selector & 3;
  markAccessed(to.stack);
  cacheSegment(SS, to.stackSelector, to.stack);
  loadCodeSegment(to.selector, to.code);
  if (bytes === 4) setStackPointer(to.esp);
  else u16[ESP * 2] = to.esp;
  addStackPointer(release);
  // Segments that the outer level may not use are made null (SDM 2B, RET).
  for (const seg of [ES, DS, FS, GS]) {
    const attributes = i32[SEGMENT_ATTRIBUTES + seg];
    if ((attributes & ATTR_PRESENT) === 0) continue;
    const conforming =
      (attributes & (ATTR_CODE | ATTR_EXPAND_DOWN)) === (ATTR_CODE | ATTR_EXPAND_DOWN);
    if (!conforming && dplOf(attributes) < i32[CPL])
      cacheSegment(seg, 0, { base: 0, limit: 0, attributes: 0 });
  }
  updateMode();
}

const isOutward = (selector: number): boolean =>
  (selector & 3) > i32[CPL] && (selector & 0xfffc) !== 0;

function farReturn(bytes: 2 | 4, release: number): Op {
  const selector = (bytes === 4 ? peek32(4) : peek16(2)) & 0xffff;
  const offset = bytes === 4 ? peek32(0) : peek16(0);
  if (!isProtectedMode()) {
    checkTarget(offset, i32[SEGMENT_LIMIT + CS]);
    addStackPointer(2 * bytes + release);
    return loadRealCode(selector, offset);
  }
  if (isOutward(selector)) {
    const to = checkOuterStack(selector, 2 * bytes + release, bytes);
    checkTarget(offset, to.code.limit);
    returnOutward(to, release, bytes);
    return jumpTo(offset);
  }
  const d = checkCodeSegment(selector, true);
  checkTarget(offset, d.limit);
  addStackPointer(2 * bytes + release);
  loadCodeSegment(selector, d);
  return jumpTo(offset);
}

export const retf32: Handler = () => farReturn(4, 0);
export const retf16: Handler = () => farReturn(2, 0);
export const retf32_i: Handler = (op) => farReturn(4, op.imm);
export const retf16_i: Handler = (op) => farReturn(2, op.imm);

function realInterruptReturn(bytes: 2 | 4): Op {
  const virtual = isVirtual8086();
  if (virtual) requireVirtualIopl(bytes);
  const peek = bytes === 4 ? peek32 : peek16;
  const flags = peek(2 * bytes);
  const selector = peek(bytes) & 0xffff;
  const offset = peek(0);
  checkTarget(offset, i32[SEGMENT_LIMIT + CS]);
  if (virtual) popVirtualFlags(flags, bytes);
  else {
    // VM, VIF and VIP stay what they are (SDM 2A, IRET).
    const mask = bytes === 4 ? ~(FLAG_VM | FLAG_VIF | FLAG_VIP) : 0xffff;
    setEflags((getEflags() & ~mask) | (flags & mask));
  }
  addStackPointer(3 * bytes);
  cacheRealSegment(CS, selector);
  updateMode();
  return resume(offset);
}

/** IRET at CPL 0 to a frame with VM set (SDM 3B §20.2.2). */
function returnToVirtual8086(flags: number, selector: number, offset: number): Op {
  const esp = peek32(12);
  const segments = [ES, DS, FS, GS].map((seg, n) => [seg, peek32(20 + 4 * n)] as const);
  const stack = peek32(16);
  checkTarget(offset & 0xffff, 0xffff);
  setEflags(flags);
  i32[CPL] = 3;
  cacheRealSegment(CS, selector);
  cacheRealSegment(SS, stack);
  for (const [seg, value] of segments) cacheRealSegment(seg, value);
  i32[ESP] = esp;
  updateMode();
  return resume(offset & 0xffff);
}

/** Flags that an IRET in protected mode may change, at the level that it leaves. */
function returnedFlags(bytes: 2 | 4): number {
  let mask = changeableFlags();
  if (bytes === 2) return mask & 0xffff;
  mask |= FLAG_RF;
  if (i32[CPL] === 0) mask |= FLAG_VIF | FLAG_VIP;
  return mask;
}

/** Behind IRET: RF, if it is set now, is for the next instruction. */
function resume(offset: number): Op {
  if (i32[EFLAGS_SYSTEM] & FLAG_RF) i32[INTERRUPT_SHADOW] = SHADOW_RESUME;
  return resumeAt(offset);
}

function interruptReturn(op: Op, bytes: 2 | 4): Op {
  i32[EVENTS] &= ~NMI_BLOCKED;
  if (!isProtectedMode()) return realInterruptReturn(bytes);
  if (getEflags() & FLAG_NT) {
    returnFromTask(nextEip(op));
    return resumeAt(i32[EIP]);
  }
  const peek = bytes === 4 ? peek32 : peek16;
  // The processor reads the farthest word first, which shows in CR2.
  const flags = peek(2 * bytes);
  const selector = peek(bytes) & 0xffff;
  const offset = peek(0);
  if (bytes === 4 && flags & FLAG_VM && i32[CPL] === 0)
    return returnToVirtual8086(flags, selector, offset);
  const mask = returnedFlags(bytes);
  if (isOutward(selector)) {
    const to = checkOuterStack(selector, 3 * bytes, bytes);
    checkTarget(offset, to.code.limit);
    setEflags((getEflags() & ~mask) | (flags & mask));
    returnOutward(to, 0, bytes);
    return resume(offset);
  }
  const d = checkCodeSegment(selector, true);
  checkTarget(offset, d.limit);
  addStackPointer(3 * bytes);
  setEflags((getEflags() & ~mask) | (flags & mask));
  loadCodeSegment(selector, d);
  return resume(offset); // TF may be set now
}

export const iret32: Handler = (op) => interruptReturn(op, 4);
export const iret16: Handler = (op) => interruptReturn(op, 2);
