// F2XM1 FSIN FCOS FSINCOS FPTAN FPATAN FYL2X FYL2XP1. Results are correctly rounded, which those of
// processors are not quite. Trigonometric arguments are reduced as a 387 and its successors do it,
// by 66 bits of pi (SDM 1 §8.3.8): near multiples of pi that is far from the truth.

import type { Handler, Op } from '../cpu/op.js';
import { ABORT, C1, C2, CLASS_QNAN } from './constants.js';
import { elementary } from './core.js';
import type { ElementaryCore } from './core.js';
import { core } from './core.js';
import {
  RESULT,
  isEmpty,
  markUsed,
  moveTop,
  putIndefinite,
  putValue,
  ready,
  register,
  settle,
  settleAndPop,
  stackFault,
  topOf,
  track,
} from './state.js';

/** ST(0) = f(ST(0)); C2 is set instead when the operand is too large. */
function one(op: Op, name: 'sin' | 'cos' | 'f2xm1'): Op {
  const status = ready();
  const a = topOf(status);
  const rd = register(a);
  track(op);
  const flags = isEmpty(a) ? stackFault(rd, 0) : elementary()[name](rd, rd);
  settle(name === 'f2xm1' ? status : status & ~C2, flags);
  return op.next;
}
export const f2xm1: Handler = (op) => one(op, 'f2xm1');
export const fsin: Handler = (op) => one(op, 'sin');
export const fcos: Handler = (op) => one(op, 'cos');

/** ST(1) = f(ST(0), ST(1)), then ST(0) is popped. */
function two(op: Op, name: keyof Pick<ElementaryCore, 'atan2' | 'yl2x' | 'yl2xp1'>): Op {
  const status = ready();
  const a = topOf(status);
  const b = (a + 1) & 7;
  const rd = register(b);
  track(op);
  const flags =
    isEmpty(a) || isEmpty(b) ? stackFault(rd, 0) : elementary()[name](register(a), rd, rd);
  settleAndPop(status, flags, 1);
  return op.next;
}
export const fpatan: Handler = (op) => two(op, 'atan2');
export const fyl2x: Handler = (op) => two(op, 'yl2x');
export const fyl2xp1: Handler = (op) => two(op, 'yl2xp1');

/** Instructions that replace ST(0) and push: `push` writes the second result and returns flags. */
function replaceAndPush(
  op: Op,
  replace: (a: number, rd: number) => number,
  push: (a: number, rd: number) => number,
): Op {
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
    flags = replace(rd, RESULT);
    if ((flags & (ABORT | C2)) === 0) {
      flags |= push(rd, register(below));
      if ((flags & ABORT) === 0) core.copy(RESULT, rd);
    }
  }
  const stays = (flags & (ABORT | C2)) !== 0;
  if (!stays) markUsed(below);
  settle((stays ? status : moveTop(status, -1)) & ~C2, flags);
  return op.next;
}

export const fsincos: Handler = (op) => {
  const { sin, cos } = elementary();
  return replaceAndPush(op, sin, cos);
};

/** Pushes 1, or the NaN that the tangent is. */
function pushOne(_a: number, rd: number): number {
  if (core.classify(RESULT) >= CLASS_QNAN) core.copy(RESULT, rd);
  else putValue(rd, 0x3fff, 0x80000000 | 0, 0);
  return 0;
}

export const fptan: Handler = (op) => replaceAndPush(op, elementary().tan, pushOne);
