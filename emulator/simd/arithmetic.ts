// SSE arithmetic: ADD MUL SUB MIN DIV MAX SQRT, packed and scalar, and SSE3's ADDSUB, HADD, HSUB.
//
// The host's arithmetic rounds to nearest. A lane takes the quick way when all exceptions are masked
// and operands and result are normal numbers (or exact zeros): then only the inexact exception is
// possible, and whether and to which side the result is off is told by an error-free transformation.
// Everything else goes through exact.ts.

import type { Op } from '../cpu/op.js';
import { f32, f64, i32 } from '../state/current.js';
import { MXCSR } from '../state/layout.js';
import {
  ADD,
  DIV,
  DOUBLE,
  MIN,
  MUL,
  SINGLE,
  SQRT,
  SUB,
  clearRaised,
  computeLane,
  raised,
} from './exact.js';
import {
  PE,
  RC_DOWN,
  RC_MASK,
  RC_UP,
  RC_ZERO,
  RESULT,
  alignedOperand,
  copyWords,
  operand,
  readySse,
  report,
} from './state.js';
import type { Pair } from './state.js';

export const MIN_DOUBLE = 2.2250738585072014e-308;
export const MAX_DOUBLE = 1.7976931348623157e308;
export const MIN_SINGLE = 1.1754943508222875e-38;
export const MAX_SINGLE = 3.4028234663852886e38;

/** All exceptions masked: only then is there a quick way. */
const MASKED = 0x1f80;

// Without a possible overflow or underflow in between: where error-free products are error-free.
const SMALL = 1e-145;
const LARGE = 1e145;
const SPLITTER = 134217729;

/** a * b - r, where r is the double nearest to a * b (Dekker's product); NaN where that may fail. */
function productError(r: number, a: number, b: number): number {
  const x = Math.abs(a);
  const y = Math.abs(b);
  if (!(x > SMALL && x < LARGE && y > SMALL && y < LARGE)) return r === 0 ? 0 : NaN;
  const sa = SPLITTER * a;
  const ah = sa - (sa - a);
  const al = a - ah;
  const sb = SPLITTER * b;
  const bh = sb - (sb - b);
  const bl = b - bh;
  return al * bl - (r - ah * bh - al * bh - ah * bl);
}

/** A number with the sign of the exact result minus r; NaN when it is not known. */
function error64(kind: number, r: number, a: number, b: number): number {
  switch (kind) {
    case MUL:
      return productError(r, a, b);
    case DIV: {
      if (a === 0) return 0;
      const p = r * b;
      const rest = a - p - productError(p, r, b);
      return b < 0 ? -rest : rest;
    }
    case SQRT: {
      if (r === 0) return 0;
      const p = r * r;
      return b - p - productError(p, r, r);
    }
    default: {
      const y = kind === SUB ? -b : b;
      const t = r - a;
      return a - (r - t) + (y - t);
    }
  }
}

/** Whether rounding by `rc` goes on from r, rounded to nearest: 1 up, -1 down, 0 not. */
function furtherStep(r: number, error: number, rc: number): number {
  if (error > 0) return rc === RC_UP || (rc === RC_ZERO && r < 0) ? 1 : 0;
  return rc === RC_DOWN || (rc === RC_ZERO && r > 0) ? -1 : 0;
}

const stepped64 = new Float64Array(1);
const stepped64Words = new Int32Array(stepped64.buffer);
const stepped32 = new Float32Array(1);
const stepped32Words = new Int32Array(stepped32.buffer);

/** Rounds r, which is the double nearest to the exact result, on by `rc`. */
function directed64(r: number, error: number, rc: number): number {
  const step = furtherStep(r, error, rc);
  if (step === 0) return r;
  stepped64[0] = r;
  if (r > 0 === step > 0) {
    if (++stepped64Words[0] === 0) stepped64Words[1]++;
  } else if (stepped64Words[0]-- === 0) stepped64Words[1]--;
  return stepped64[0];
}
/** The same for a single. */
export function directed32(r: number, error: number, rc: number): number {
  const step = furtherStep(r, error, rc);
  if (step === 0) return r;
  stepped32[0] = r;
  if (r > 0 === step > 0) stepped32Words[0]++;
  else stepped32Words[0]--;
  return stepped32[0];
}

/** What a double lane gives, PE set as it has to be; NaN when it takes the exact way. */
function quick64(kind: number, a: number, b: number, mxcsr: number): number {
  const x = Math.abs(a);
  const y = Math.abs(b);
  if ((x < MIN_DOUBLE && x !== 0) || (y < MIN_DOUBLE && y !== 0)) return NaN;
  const rc = mxcsr & RC_MASK;
  let r: number;
  let zero = true;
  switch (kind) {
    case ADD:
      r = a + b;
      zero = rc === 0;
      break;
    case SUB:
      r = a - b;
      zero = rc === 0;
      break;
    case MUL:
      r = a * b;
      zero = a === 0 || b === 0;
      break;
    case DIV:
      r = a / b;
      zero = a === 0;
      break;
    case SQRT:
      r = Math.sqrt(b);
      break;
    case MIN:
      return x <= Infinity && y <= Infinity ? (a < b ? a : b) : NaN;
    default:
      return x <= Infinity && y <= Infinity ? (a > b ? a : b) : NaN;
  }
  const z = Math.abs(r);
  if (!(z < MAX_DOUBLE) || (z <= MIN_DOUBLE && !(z === 0 && zero))) return NaN;
  if (mxcsr & PE && rc === 0) return r;
  const error = error64(kind, r, a, b);
  if (error === 0) return r;
  if (error !== error) return NaN;
  i32[MXCSR] |= PE;
  return rc === 0 ? r : directed64(r, error, rc);
}

/** The same for a single lane, whose operands are widened. */
function quick32(kind: number, a: number, b: number, mxcsr: number): number {
  const x = Math.abs(a);
  const y = Math.abs(b);
  if ((x < MIN_SINGLE && x !== 0) || (y < MIN_SINGLE && y !== 0)) return NaN;
  const rc = mxcsr & RC_MASK;
  let wide: number;
  let zero = true;
  switch (kind) {
    case ADD:
      wide = a + b;
      zero = rc === 0;
      break;
    case SUB:
      wide = a - b;
      zero = rc === 0;
      break;
    case MUL:
      wide = a * b;
      zero = a === 0 || b === 0;
      break;
    case DIV:
      wide = a / b;
      zero = a === 0;
      break;
    case SQRT:
      wide = Math.sqrt(b);
      break;
    case MIN:
      return x <= Infinity && y <= Infinity ? (a < b ? a : b) : NaN;
    default:
      return x <= Infinity && y <= Infinity ? (a > b ? a : b) : NaN;
  }
  const r = Math.fround(wide);
  const z = Math.abs(r);
  if (!(z < MAX_SINGLE) || (z <= MIN_SINGLE && !(z === 0 && zero))) return NaN;
  if (mxcsr & PE && rc === 0) return r;
  const error = error32(kind, r, wide, a, b);
  if (error === 0) return r;
  i32[MXCSR] |= PE;
  return rc === 0 ? r : directed32(r, error, rc);
}

/** A number with the sign of the exact result minus r, of which `wide` is the nearest double. */
function error32(kind: number, r: number, wide: number, a: number, b: number): number {
  if (r !== wide) return wide - r;
  switch (kind) {
    case MUL:
      return 0;
    case DIV:
      if (a === 0) return 0;
      return b < 0 ? r * b - a : a - r * b;
    case SQRT:
      return b - r * r;
    default:
      return error64(kind, wide, a, b);
  }
}

/** A double's bits at byte index `at`. */
export function bits64(at: number): bigint {
  return (BigInt(i32[(at >> 2) + 1] >>> 0) << 32n) | BigInt(i32[at >> 2] >>> 0);
}
/** A single's. */
export function bits32(at: number): bigint {
  return BigInt(i32[at >> 2] >>> 0);
}
export function put64(at: number, bits: bigint): void {
  i32[at >> 2] = Number(bits & 0xffffffffn);
  i32[(at >> 2) + 1] = Number(bits >> 32n);
}
export function put32(at: number, bits: bigint): void {
  i32[at >> 2] = Number(bits);
}

/** Double lanes by exact integers: lane i of RESULT from the operands at a[i] and b[i]. */
function exact64(kinds: readonly number[], a: readonly number[], b: readonly number[]): void {
  clearRaised();
  for (let i = 0; i < a.length; i++) {
    put64(RESULT + 8 * i, computeLane(DOUBLE, kinds[i], bits64(a[i]), bits64(b[i])));
  }
  report(raised.before, raised.after);
}
function exact32(kinds: readonly number[], a: readonly number[], b: readonly number[]): void {
  clearRaised();
  for (let i = 0; i < a.length; i++) {
    put32(RESULT + 4 * i, computeLane(SINGLE, kinds[i], bits32(a[i]), bits32(b[i])));
  }
  report(raised.before, raised.after);
}

export function scalar64(op: Op, kind: number, s: number): Op {
  const { d } = op;
  const mxcsr = i32[MXCSR];
  if ((mxcsr & MASKED) === MASKED) {
    const r = quick64(kind, kind === SQRT ? 1 : f64[d >> 3], f64[s >> 3], mxcsr);
    if (r === r) {
      f64[d >> 3] = r;
      return op.next;
    }
  }
  exact64([kind], [d], [s]);
  copyWords(d, RESULT, 2);
  return op.next;
}

export function scalar32(op: Op, kind: number, s: number): Op {
  const { d } = op;
  const mxcsr = i32[MXCSR];
  if ((mxcsr & MASKED) === MASKED) {
    const r = quick32(kind, kind === SQRT ? 1 : f32[d >> 2], f32[s >> 2], mxcsr);
    if (r === r) {
      f32[d >> 2] = r;
      return op.next;
    }
  }
  exact32([kind], [d], [s]);
  copyWords(d, RESULT, 1);
  return op.next;
}

export function packed64(op: Op, kind: number, s: number): Op {
  const { d } = op;
  const mxcsr = i32[MXCSR];
  if ((mxcsr & MASKED) === MASKED) {
    const one = kind === SQRT;
    const r = quick64(kind, one ? 1 : f64[d >> 3], f64[s >> 3], mxcsr);
    const q = quick64(kind, one ? 1 : f64[(d >> 3) + 1], f64[(s >> 3) + 1], mxcsr);
    if (r === r && q === q) {
      f64[d >> 3] = r;
      f64[(d >> 3) + 1] = q;
      return op.next;
    }
  }
  exact64([kind, kind], [d, d + 8], [s, s + 8]);
  copyWords(d, RESULT, 4);
  return op.next;
}

const LANES_32 = [0, 4, 8, 12];

export function packed32(op: Op, kind: number, s: number): Op {
  const { d } = op;
  const mxcsr = i32[MXCSR];
  if ((mxcsr & MASKED) === MASKED) {
    let good = true;
    for (let i = 0; i < 4 && good; i++) {
      const r = quick32(kind, kind === SQRT ? 1 : f32[(d >> 2) + i], f32[(s >> 2) + i], mxcsr);
      good = r === r;
      f32[(RESULT >> 2) + i] = r;
    }
    if (good) {
      copyWords(d, RESULT, 4);
      return op.next;
    }
  }
  exact32(
    [kind, kind, kind, kind],
    LANES_32.map((i) => d + i),
    LANES_32.map((i) => s + i),
  );
  copyWords(d, RESULT, 4);
  return op.next;
}

const scalarDouble = (kind: number): Pair => ({
  r: (op) => {
    readySse();
    return scalar64(op, kind, op.s);
  },
  m: (op) => {
    readySse();
    return scalar64(op, kind, operand(op, 8));
  },
});
const scalarSingle = (kind: number): Pair => ({
  r: (op) => {
    readySse();
    return scalar32(op, kind, op.s);
  },
  m: (op) => {
    readySse();
    return scalar32(op, kind, operand(op, 4));
  },
});
const packedDouble = (kind: number): Pair => ({
  r: (op) => {
    readySse();
    return packed64(op, kind, op.s);
  },
  m: (op) => {
    readySse();
    return packed64(op, kind, alignedOperand(op));
  },
});
const packedSingle = (kind: number): Pair => ({
  r: (op) => {
    readySse();
    return packed32(op, kind, op.s);
  },
  m: (op) => {
    readySse();
    return packed32(op, kind, alignedOperand(op));
  },
});

/** Handlers of one computation: ps, pd, ss, sd. */
export interface Arithmetic {
  ps: Pair;
  pd: Pair;
  ss: Pair;
  sd: Pair;
}

/** The four instructions that do `kind` (ADD ... SQRT of exact.ts). */
export function arithmetic(kind: number): Arithmetic {
  return {
    ps: packedSingle(kind),
    pd: packedDouble(kind),
    ss: scalarSingle(kind),
    sd: scalarDouble(kind),
  };
}

// SSE3: lanes of both operands combined with each other. Few programs use them: the exact way, but
// for plain results.

function combine64(op: Op, kinds: number[], a: number[], b: number[]): Op {
  const mxcsr = i32[MXCSR];
  if ((mxcsr & MASKED) === MASKED) {
    const r = quick64(kinds[0], f64[a[0] >> 3], f64[b[0] >> 3], mxcsr);
    const q = quick64(kinds[1], f64[a[1] >> 3], f64[b[1] >> 3], mxcsr);
    if (r === r && q === q) {
      f64[op.d >> 3] = r;
      f64[(op.d >> 3) + 1] = q;
      return op.next;
    }
  }
  exact64(kinds, a, b);
  copyWords(op.d, RESULT, 4);
  return op.next;
}
function combine32(op: Op, kinds: number[], a: number[], b: number[]): Op {
  const mxcsr = i32[MXCSR];
  if ((mxcsr & MASKED) === MASKED) {
    const r = kinds.map((kind, i) => quick32(kind, f32[a[i] >> 2], f32[b[i] >> 2], mxcsr));
    if (r.every((v) => v === v)) {
      r.forEach((v, i) => (f32[(op.d >> 2) + i] = v));
      return op.next;
    }
  }
  exact32(kinds, a, b);
  copyWords(op.d, RESULT, 4);
  return op.next;
}

function horizontal64(op: Op, s: number, kind: number): Op {
  return combine64(op, [kind, kind], [op.d, s], [op.d + 8, s + 8]);
}
function horizontal32(op: Op, s: number, kind: number): Op {
  const { d } = op;
  return combine32(
    op,
    [kind, kind, kind, kind],
    [d, d + 8, s, s + 8],
    [d + 4, d + 12, s + 4, s + 12],
  );
}
function alternate64(op: Op, s: number): Op {
  return combine64(op, [SUB, ADD], [op.d, op.d + 8], [s, s + 8]);
}
function alternate32(op: Op, s: number): Op {
  const { d } = op;
  return combine32(
    op,
    [SUB, ADD, SUB, ADD],
    LANES_32.map((i) => d + i),
    LANES_32.map((i) => s + i),
  );
}

function combined(work: (op: Op, s: number) => Op): Pair {
  return {
    r: (op) => {
      readySse();
      return work(op, op.s);
    },
    m: (op) => {
      readySse();
      return work(op, alignedOperand(op));
    },
  };
}
export const haddpd = combined((op, s) => horizontal64(op, s, ADD));
export const hsubpd = combined((op, s) => horizontal64(op, s, SUB));
export const haddps = combined((op, s) => horizontal32(op, s, ADD));
export const hsubps = combined((op, s) => horizontal32(op, s, SUB));
export const addsubpd = combined(alternate64);
export const addsubps = combined(alternate32);
