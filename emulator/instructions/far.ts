// Segment register loads, far transfers at the same privilege level, and IRET. Gates, privilege
// changes and task switches belong to system mode: in a hosted machine, where all guest code runs at
// one level, they are refused with the #GP that an empty or forbidden descriptor gives.

import { advance, jumpTo, nextEip, resumeAt } from '../cpu/block.js';
import { raiseGP } from '../cpu/fault.js';
import { FLAG_NT, getEflags, setEflags } from '../cpu/flags.js';
import { ea, eaPlus } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import {
  CS,
  SS,
  checkCodeSegment,
  loadCodeSegment,
  loadSegment,
  updateMode,
} from '../cpu/segments.js';
import { addStackPointer, peek16, peek32, probePush, push16, push32 } from '../cpu/stack.js';
import { load16, load32, store16 } from '../mmu/access.js';
import { i32, u16 } from '../state/current.js';
import { INTERRUPT_SHADOW, SELECTOR } from '../state/layout.js';
import { changeableFlags } from './stack.js';

// The segment register is in op.imm.

/** Behind an instruction that loads a segment register; SS holds off a single-step trap. */
function loaded(op: Op): Op {
  if (op.imm === SS) i32[INTERRUPT_SHADOW] = 1;
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
export const pop32_sreg: Handler = (op) => {
  const selector = peek32(0) & 0xffff;
  loadSegment(op.imm, selector);
  addStackPointer(4);
  return loaded(op);
};
export const pop16_sreg: Handler = (op) => {
  loadSegment(op.imm, peek16(0));
  addStackPointer(2);
  return loaded(op);
};

/** LDS, LES, LFS, LGS, LSS: the offset, then the selector behind it. */
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

function farJump(selector: number, offset: number): Op {
  const d = checkCodeSegment(selector, false);
  checkTarget(offset, d.limit);
  loadCodeSegment(selector, d);
  return jumpTo(offset);
}

function farCall(op: Op, selector: number, offset: number, bytes: 2 | 4): Op {
  const d = checkCodeSegment(selector, false);
  probePush(2 * bytes, bytes);
  checkTarget(offset, d.limit);
  const push = bytes === 4 ? push32 : push16;
  push(i32[SELECTOR + CS]);
  push(nextEip(op));
  loadCodeSegment(selector, d);
  return jumpTo(offset);
}

// Immediate far pointers: offset in op.disp, selector in op.imm.
export const jmpf: Handler = (op) => farJump(op.imm, op.disp);
export const callf32: Handler = (op) => farCall(op, op.imm, op.disp, 4);
export const callf16: Handler = (op) => farCall(op, op.imm, op.disp, 2);

export const jmpf32_m: Handler = (op) => {
  const offset = load32(ea(op));
  return farJump(load16(eaPlus(op, 4)), offset);
};
export const jmpf16_m: Handler = (op) => {
  const offset = load16(ea(op));
  return farJump(load16(eaPlus(op, 2)), offset);
};
export const callf32_m: Handler = (op) => {
  const offset = load32(ea(op));
  return farCall(op, load16(eaPlus(op, 4)), offset, 4);
};
export const callf16_m: Handler = (op) => {
  const offset = load16(ea(op));
  return farCall(op, load16(eaPlus(op, 2)), offset, 2);
};

function farReturn(bytes: 2 | 4, release: number): Op {
  const selector = (bytes === 4 ? peek32(4) : peek16(2)) & 0xffff;
  const offset = bytes === 4 ? peek32(0) : peek16(0);
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

function interruptReturn(bytes: 2 | 4): Op {
  if (getEflags() & FLAG_NT) raiseGP(0); // a nested task: there is none to return to
  const peek = bytes === 4 ? peek32 : peek16;
  // The processor reads the farthest word first, which shows in CR2.
  const flags = peek(2 * bytes);
  const selector = peek(bytes) & 0xffff;
  const offset = peek(0);
  const d = checkCodeSegment(selector, true);
  checkTarget(offset, d.limit);
  addStackPointer(3 * bytes);
  const mask = bytes === 4 ? changeableFlags() : changeableFlags() & 0xffff;
  setEflags((getEflags() & ~mask) | (flags & mask));
  loadCodeSegment(selector, d);
  updateMode();
  return resumeAt(offset); // TF may be set now
}

export const iret32: Handler = () => interruptReturn(4);
export const iret16: Handler = () => interruptReturn(2);
