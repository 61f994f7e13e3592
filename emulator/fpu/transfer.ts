// Loads and stores: FLD FST FSTP of all formats, FILD FIST FISTP FISTTP, FBLD FBSTP, FXCH, constants.

import { ea } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { i32, u8 } from '../state/current.js';
import { FPU_CONTROL } from '../state/layout.js';
import {
  ABORT,
  C1,
  CLASS_DENORMAL,
  CLASS_SNAN,
  DE,
  IE,
  RC_DOWN,
  RC_MASK,
  RC_UP,
  RC_ZERO,
  SUMMARY,
} from './constants.js';
import { core } from './core.js';
import { commit, source, target } from './memory.js';
import {
  OPERAND,
  isEmpty,
  markUsed,
  moveTop,
  putValue,
  ready,
  register,
  settle,
  settleAndPop,
  stackFault,
  topOf,
  track,
  trackMemory,
} from './state.js';

// Loads.

/** The register that a push fills; -1, with everything done, when the stack is full. */
function pushTarget(status: number): number {
  const to = (topOf(status) + 7) & 7;
  if (isEmpty(to)) return to;
  const flags = stackFault(register(to), C1);
  settle(flags & ABORT ? status : moveTop(status, -1), flags);
  return -1;
}

// NaNs and infinities, told by the last bytes of their little-endian images.
const isNan32 = (at: number): boolean => (u8[at + 3] & 0x7f) === 0x7f && u8[at + 2] >= 0x80;
const isNan64 = (at: number): boolean => (u8[at + 7] & 0x7f) === 0x7f && u8[at + 6] >= 0xf0;

/** Pushes an f32 or f64 that may be a NaN, or to a full stack. */
function pushSlowly(op: Op, la: number, status: number, kind: number): Op {
  trackMemory(op, la);
  const to = pushTarget(status);
  if (to < 0) return op.next;
  let flags = 0;
  if (kind === CLASS_SNAN) {
    flags = i32[FPU_CONTROL] & IE ? IE : IE | SUMMARY | ABORT;
    i32[(OPERAND + 4) >> 2] |= 0x40000000;
  }
  if (flags & ABORT) settle(status, flags);
  else {
    core.copy(OPERAND, register(to));
    markUsed(to);
    settle(moveTop(status, -1), flags);
  }
  return op.next;
}

/** Ends a load whose value is in place. */
function pushed(op: Op, la: number, status: number, to: number): Op {
  trackMemory(op, la);
  markUsed(to);
  settle(moveTop(status, -1), 0);
  return op.next;
}

/** Ends the load of a float that is in place; a denormal is loaded even if that is not masked. */
function pushedFloat(op: Op, la: number, status: number, to: number, kind: number): Op {
  if (kind !== CLASS_DENORMAL) return pushed(op, la, status, to);
  trackMemory(op, la);
  markUsed(to);
  settle(moveTop(status, -1), i32[FPU_CONTROL] & DE ? DE : DE | SUMMARY);
  return op.next;
}

export const fld_m32: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  const at = source(la, 4);
  const to = (topOf(status) + 7) & 7;
  if (isEmpty(to) && !isNan32(at)) {
    return pushedFloat(op, la, status, to, core.fromFloat(at, 0, register(to)));
  }
  return pushSlowly(op, la, status, core.fromFloat(at, 0, OPERAND));
};
export const fld_m64: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  const at = source(la, 8);
  const to = (topOf(status) + 7) & 7;
  if (isEmpty(to) && !isNan64(at)) {
    return pushedFloat(op, la, status, to, core.fromFloat(at, 1, register(to)));
  }
  return pushSlowly(op, la, status, core.fromFloat(at, 1, OPERAND));
};

export const fld_m80: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  const at = source(la, 10);
  const to = pushTarget(status);
  if (to < 0) {
    trackMemory(op, la);
    return op.next;
  }
  core.copy(at, register(to));
  return pushed(op, la, status, to);
};

function pushInteger(op: Op, bits: number): Op {
  const status = ready();
  const la = ea(op);
  const at = source(la, bits >> 3);
  const to = pushTarget(status);
  if (to < 0) {
    trackMemory(op, la);
    return op.next;
  }
  core.fromInteger(at, bits, register(to));
  return pushed(op, la, status, to);
}
export const fild_i16: Handler = (op) => pushInteger(op, 16);
export const fild_i32: Handler = (op) => pushInteger(op, 32);
export const fild_i64: Handler = (op) => pushInteger(op, 64);

export const fbld: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  const at = source(la, 10);
  const to = pushTarget(status);
  if (to < 0) {
    trackMemory(op, la);
    return op.next;
  }
  core.fromDecimal(at, register(to));
  return pushed(op, la, status, to);
};

export const fld_sti: Handler = (op) => {
  const status = ready();
  track(op);
  const from = topOf(status) + op.imm;
  const to = (topOf(status) + 7) & 7;
  let flags = 0;
  if (isEmpty(from)) flags = stackFault(register(to), 0);
  else if (!isEmpty(to)) flags = stackFault(register(to), C1);
  else {
    core.copy(register(from), register(to));
    markUsed(to);
  }
  settle(flags & ABORT ? status : moveTop(status, -1), flags);
  return op.next;
};

// 1, log2(10), log2(e), pi, log10(2), ln(2), 0: exponent, significand to nearest, and on which side
// of the constant that lies (+1: it was rounded up).
const CONSTANTS: readonly (readonly [se: number, high: number, low: number, side: number])[] = [
  [0x3fff, 0x80000000, 0, 0],
  [0x4000, 0xd49a784b, 0xcd1b8afe, -1],
  [0x3fff, 0xb8aa3b29, 0x5c17f0bc, 1],
  [0x4000, 0xc90fdaa2, 0x2168c235, 1],
  [0x3ffd, 0x9a209a84, 0xfbcff799, 1],
  [0x3ffe, 0xb17217f7, 0xd1cf79ac, 1],
  [0, 0, 0, 0],
];

export const fld_constant: Handler = (op) => {
  const status = ready();
  track(op);
  const to = pushTarget(status);
  if (to < 0) return op.next;
  const [se, high, low, side] = CONSTANTS[op.imm];
  const rc = i32[FPU_CONTROL] & RC_MASK;
  let adjust = 0;
  if (side > 0 && (rc === RC_DOWN || rc === RC_ZERO)) adjust = -1;
  else if (side < 0 && rc === RC_UP) adjust = 1;
  putValue(register(to), se, high, low + adjust);
  markUsed(to);
  settle(moveTop(status, -1), 0);
  return op.next;
};

// Stores.

function storeFloat(op: Op, double: number, pops: number): Op {
  const status = ready();
  const la = ea(op);
  const bytes = double ? 8 : 4;
  const at = target(la, bytes);
  const a = topOf(status);
  const flags = isEmpty(a)
    ? emptyStored(at, double ? INDEFINITE_F64 : INDEFINITE_F32)
    : core.toFloat(register(a), at, double);
  commit(la, bytes, at, flags);
  trackMemory(op, la);
  settleAndPop(status, flags, pops);
  return op.next;
}

// What a masked stack fault stores in each format.
const INDEFINITE_F32 = [0, 0, 0xc0, 0xff];
const INDEFINITE_F64 = [0, 0, 0, 0, 0, 0, 0xf8, 0xff];
const INDEFINITE_F80 = [0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff];
const INDEFINITE_I16 = [0, 0x80];
const INDEFINITE_I32 = [0, 0, 0, 0x80];
const INDEFINITE_I64 = [0, 0, 0, 0, 0, 0, 0, 0x80];

function emptyStored(at: number, indefinite: readonly number[]): number {
  const flags = stackFault(-1, 0);
  if ((flags & ABORT) === 0) u8.set(indefinite, at);
  return flags;
}

export const fst_m32: Handler = (op) => storeFloat(op, 0, 0);
export const fstp_m32: Handler = (op) => storeFloat(op, 0, 1);
export const fst_m64: Handler = (op) => storeFloat(op, 1, 0);
export const fstp_m64: Handler = (op) => storeFloat(op, 1, 1);

/** Ten bytes: an extended value as it is, or a packed decimal. */
function storeTen(op: Op, decimal: boolean): Op {
  const status = ready();
  const la = ea(op);
  const at = target(la, 10);
  const a = topOf(status);
  let flags: number;
  if (isEmpty(a)) flags = emptyStored(at, INDEFINITE_F80);
  else flags = decimal ? core.toDecimal(register(a), at) : core.copy(register(a), at);
  commit(la, 10, at, flags);
  trackMemory(op, la);
  settleAndPop(status, flags, 1);
  return op.next;
}
export const fstp_m80: Handler = (op) => storeTen(op, false);
export const fbstp: Handler = (op) => storeTen(op, true);

function storeInteger(op: Op, bits: number, chop: number, pops: number): Op {
  const status = ready();
  const la = ea(op);
  const at = target(la, bits >> 3);
  const a = topOf(status);
  let flags: number;
  if (!isEmpty(a)) flags = core.toInteger(register(a), at, bits, chop);
  else if (bits === 16) flags = emptyStored(at, INDEFINITE_I16);
  else flags = emptyStored(at, bits === 32 ? INDEFINITE_I32 : INDEFINITE_I64);
  commit(la, bits >> 3, at, flags);
  trackMemory(op, la);
  settleAndPop(status, flags, pops);
  return op.next;
}

export const fist_i16: Handler = (op) => storeInteger(op, 16, 0, 0);
export const fist_i32: Handler = (op) => storeInteger(op, 32, 0, 0);
export const fistp_i16: Handler = (op) => storeInteger(op, 16, 0, 1);
export const fistp_i32: Handler = (op) => storeInteger(op, 32, 0, 1);
export const fistp_i64: Handler = (op) => storeInteger(op, 64, 0, 1);
export const fisttp_i16: Handler = (op) => storeInteger(op, 16, 1, 1);
export const fisttp_i32: Handler = (op) => storeInteger(op, 32, 1, 1);
export const fisttp_i64: Handler = (op) => storeInteger(op, 64, 1, 1);

function storeRegister(op: Op, pops: number): Op {
  const status = ready();
  const a = topOf(status);
  const to = (a + op.imm) & 7;
  track(op);
  let flags = 0;
  if (isEmpty(a)) flags = stackFault(register(to), 0);
  else {
    core.copy(register(a), register(to));
    markUsed(to);
  }
  settleAndPop(status, flags, pops);
  return op.next;
}
export const fst_sti: Handler = (op) => storeRegister(op, 0);
export const fstp_sti: Handler = (op) => storeRegister(op, 1);

/** D9 D8+i, an undocumented FSTP that does not mind an empty register. */
export const fstp1: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  if (!isEmpty(a)) return storeRegister(op, 1);
  track(op);
  settleAndPop(status, 0, 1);
  return op.next;
};

export const fxch: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const b = (a + op.imm) & 7;
  track(op);
  let flags = 0;
  if (isEmpty(a)) flags |= stackFault(register(a), 0);
  if (isEmpty(b)) flags |= stackFault(register(b), 0);
  if ((flags & ABORT) === 0) core.exchange(register(a), register(b));
  settle(status, flags);
  return op.next;
};
