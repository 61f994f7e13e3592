// FADD FMUL FSUB FSUBR FDIV FDIVR with register, float and integer operands, FCHS FABS FSQRT, and
// what takes a value apart: FRNDINT FSCALE FXTRACT FPREM FPREM1.

import { ea } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { i32, u16 } from '../state/current.js';
import { FPU_CONTROL, FPU_STATUS, FPU_TAG } from '../state/layout.js';
import {
  ABORT,
  C1,
  C2,
  CLASS_DENORMAL,
  CLASS_QNAN,
  CLASS_ZERO,
  CONDITIONS,
  DE,
  IE,
  NO_QUOTIENT,
  SUMMARY,
} from './constants.js';
import { core } from './core.js';
import { source } from './memory.js';
import {
  OPERAND,
  RESULT,
  isEmpty,
  markUsed,
  moveTop,
  putIndefinite,
  ready,
  register,
  settle,
  stackFault,
  topOf,
  track,
  trackMemory,
} from './state.js';

const REVERSE_DIVIDE = 7;

/** The operation that bits 5-3 of ModRM name, on two addresses. */
function compute(operation: number, a: number, b: number, rd: number): number {
  switch (operation) {
    case 0:
      return core.add(a, b, rd, 0);
    case 1:
      return core.mul(a, b, rd);
    case 4:
      return core.add(a, b, rd, 0x8000);
    case 5:
      return core.add(b, a, rd, 0x8000);
    case 6:
      return core.div(a, b, rd);
    default:
      return core.div(b, a, rd);
  }
}

function anyEmpty(a: number, b: number): boolean {
  const tag = i32[FPU_TAG];
  return (((tag >> (a << 1)) | (tag >> (b << 1))) & 2) !== 0;
}

/** D8: ST(0) = ST(0) op ST(i) */
export const arithmetic_st: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const b = (a + op.imm) & 7;
  track(op);
  const rd = register(a);
  const flags = anyEmpty(a, b) ? stackFault(rd, 0) : compute((op.s >> 3) & 7, rd, register(b), rd);
  settle(status, flags);
  return op.next;
};

/** DC: ST(i) = ST(0) op ST(i), the subtractions and divisions with that order of operands. */
export const arithmetic_sti: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const b = (a + op.imm) & 7;
  track(op);
  const rd = register(b);
  const flags = anyEmpty(a, b) ? stackFault(rd, 0) : compute((op.s >> 3) & 7, register(a), rd, rd);
  settle(status, flags);
  return op.next;
};

/** DE: the same, then ST(0) is popped. */
export const arithmetic_sti_pop: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const b = (a + op.imm) & 7;
  track(op);
  const rd = register(b);
  const flags = anyEmpty(a, b) ? stackFault(rd, 0) : compute((op.s >> 3) & 7, register(a), rd, rd);
  i32[FPU_STATUS] = (moveTop(status, 1) & ~C1) | (flags & 0xffff);
  if (flags & ABORT) settle(status, flags);
  else i32[FPU_TAG] |= 3 << (a << 1);
  return op.next;
};

/** DE may be raised by a memory operand, unless something else already decides the result. */
function withDenormal(operation: number, st: number): number {
  const kind = core.classify(st);
  if (kind >= CLASS_QNAN || (kind === CLASS_ZERO && operation === REVERSE_DIVIDE)) {
    return compute(operation, st, OPERAND, st);
  }
  if ((i32[FPU_CONTROL] & DE) === 0) return DE | SUMMARY | ABORT;
  const flags = compute(operation, st, OPERAND, st);
  return flags & IE ? flags : flags | DE;
}

/** ST(0) = ST(0) op the converted operand, whose class is given. */
function arithmeticMemory(op: Op, la: number, status: number, kind: number): Op {
  const a = topOf(status);
  const rd = register(a);
  const operation = (op.s >> 3) & 7;
  trackMemory(op, la);
  let flags: number;
  if (isEmpty(a)) flags = stackFault(rd, 0);
  else if (kind === CLASS_DENORMAL) flags = withDenormal(operation, rd);
  else flags = compute(operation, rd, OPERAND, rd);
  settle(status, flags);
  return op.next;
}

export const arithmetic_m32: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  return arithmeticMemory(op, la, status, core.fromFloat(source(la, 4), 0, OPERAND));
};
export const arithmetic_m64: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  return arithmeticMemory(op, la, status, core.fromFloat(source(la, 8), 1, OPERAND));
};
export const arithmetic_i32: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  return arithmeticMemory(op, la, status, core.fromInteger(source(la, 4), 32, OPERAND));
};
export const arithmetic_i16: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  return arithmeticMemory(op, la, status, core.fromInteger(source(la, 2), 16, OPERAND));
};

/** FCHS and FABS change the sign bit of anything. */
function sign(op: Op, keep: number, flip: number): Op {
  const status = ready();
  const a = topOf(status);
  const rd = register(a);
  track(op);
  if (isEmpty(a)) settle(status, stackFault(rd, 0));
  else {
    const at = (rd + 8) >> 1;
    u16[at] = (u16[at] & keep) ^ flip;
    settle(status, 0);
  }
  return op.next;
}
export const fchs: Handler = (op) => sign(op, 0xffff, 0x8000);
export const fabs: Handler = (op) => sign(op, 0x7fff, 0);

export const fsqrt: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const rd = register(a);
  track(op);
  settle(status, isEmpty(a) ? stackFault(rd, 0) : core.sqrt(rd, rd));
  return op.next;
};

export const frndint: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const rd = register(a);
  track(op);
  settle(status, isEmpty(a) ? stackFault(rd, 0) : core.roundInteger(rd, rd));
  return op.next;
};

export const fscale: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const b = (a + 1) & 7;
  const rd = register(a);
  track(op);
  settle(status, anyEmpty(a, b) ? stackFault(rd, 0) : core.scale(rd, register(b), rd));
  return op.next;
};

function remainder(op: Op, nearest: number): Op {
  const status = ready();
  const a = topOf(status);
  const b = (a + 1) & 7;
  const rd = register(a);
  track(op);
  const flags = anyEmpty(a, b)
    ? stackFault(rd, 0) | NO_QUOTIENT
    : core.remainder(rd, register(b), rd, nearest);
  settle(status & (flags & NO_QUOTIENT ? ~C2 : ~CONDITIONS), flags);
  return op.next;
}
export const fprem: Handler = (op) => remainder(op, 0);
export const fprem1: Handler = (op) => remainder(op, 1);

/** The exponent replaces ST(0) and the significand is pushed. */
export const fxtract: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const below = (a + 7) & 7;
  const rd = register(a);
  track(op);
  let flags: number;
  if (isEmpty(a) || !isEmpty(below)) {
    flags = stackFault(rd, isEmpty(a) ? 0 : C1);
    if ((flags & ABORT) === 0) putIndefinite(register(below));
  } else {
    flags = core.extract(rd, OPERAND, RESULT);
    if ((flags & ABORT) === 0) {
      core.copy(OPERAND, rd);
      core.copy(RESULT, register(below));
    }
  }
  if ((flags & ABORT) === 0) {
    markUsed(below);
    settle(moveTop(status, -1), flags);
  } else settle(status, flags);
  return op.next;
};
