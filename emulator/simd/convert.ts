// Conversions between singles, doubles and 32-bit integers, and the approximations RCP and RSQRT.

import type { Op } from '../cpu/op.js';
import { load32 } from '../mmu/access.js';
import { ea } from '../cpu/op.js';
import { f32, f64, i32 } from '../state/current.js';
import { MXCSR } from '../state/layout.js';
import { bits32, bits64, directed32, put32, put64 } from './arithmetic.js';
import { DOUBLE, SINGLE, clearRaised, convertLane, raised } from './exact.js';
import {
  DAZ,
  IE,
  PE,
  RC_DOWN,
  RC_MASK,
  RC_UP,
  RC_ZERO,
  RESULT,
  alignedOperand,
  copyWords,
  enterMmx,
  operand,
  readyMmx,
  readySse,
  report,
  wroteMmx,
} from './state.js';
import type { Pair } from './state.js';

/** What a conversion gives that cannot be represented. */
const INDEFINITE = 0x80000000 | 0;
const MIN_DOUBLE = 2.2250738585072014e-308;
const MIN_SINGLE = 1.1754943508222875e-38;
const MAX_SINGLE = 3.4028234663852886e38;

function nearestEven(v: number): number {
  const down = Math.floor(v);
  const rest = v - down;
  if (rest < 0.5) return down;
  if (rest > 0.5) return down + 1;
  return down % 2 === 0 ? down : down + 1;
}

/** v as an integer by rounding control `rc`; flags go to `raised`. */
function toInteger(v: number, rc: number, smallest: number): number {
  let rounded: number;
  const denormal = Math.abs(v) < smallest && v !== 0;
  if (denormal && i32[MXCSR] & DAZ) return 0;
  switch (rc) {
    case RC_ZERO:
      rounded = Math.trunc(v);
      break;
    case RC_DOWN:
      rounded = Math.floor(v);
      break;
    case RC_UP:
      rounded = Math.ceil(v);
      break;
    default:
      rounded = nearestEven(v);
  }
  if (!(rounded >= -0x80000000 && rounded <= 0x7fffffff)) {
    raised.before |= IE;
    return INDEFINITE;
  }
  if (rounded !== v) raised.after |= PE;
  return rounded | 0;
}

const singleToInteger = (s: number, rc: number): number => toInteger(f32[s >> 2], rc, MIN_SINGLE);
const doubleToInteger = (s: number, rc: number): number => toInteger(f64[s >> 3], rc, MIN_DOUBLE);

function reportRaised(): void {
  if (raised.before | raised.after) report(raised.before, raised.after);
}

/** The rounding control that counts: MXCSR's, or chopping. */
function rounding(chop: boolean): number {
  return chop ? RC_ZERO : i32[MXCSR] & RC_MASK;
}

// One lane, results at RESULT.

function singleOfDouble(to: number, s: number): void {
  const v = f64[s >> 3];
  const r = Math.fround(v);
  const z = Math.abs(r);
  if (v === 0 || (z > MIN_SINGLE && z < MAX_SINGLE)) {
    if (r !== v) raised.after |= PE;
    f32[to >> 2] = r === v ? r : directed32(r, v - r, i32[MXCSR] & RC_MASK);
    return;
  }
  put32(to, convertLane(DOUBLE, SINGLE, bits64(s)));
}
function doubleOfSingle(to: number, s: number): void {
  const v = f32[s >> 2];
  const z = Math.abs(v);
  if (z >= MIN_SINGLE || z === 0) f64[to >> 3] = v;
  else put64(to, convertLane(SINGLE, DOUBLE, bits32(s)));
}
function singleOfInteger(to: number, n: number): void {
  const r = Math.fround(n);
  if (r !== n) raised.after |= PE;
  f32[to >> 2] = r === n ? r : directed32(r, n - r, i32[MXCSR] & RC_MASK);
}

// Packed, on XMM registers.

function packed(work: (s: number) => void, bytes: number): Pair {
  const finish = (op: Op, s: number): Op => {
    clearRaised();
    work(s);
    reportRaised();
    copyWords(op.d, RESULT, 4);
    return op.next;
  };
  return {
    r: (op) => {
      readySse();
      return finish(op, op.s);
    },
    m: (op) => {
      readySse();
      return finish(op, bytes === 16 ? alignedOperand(op) : operand(op, bytes));
    },
  };
}

function clearHigh(): void {
  i32[(RESULT >> 2) + 2] = 0;
  i32[(RESULT >> 2) + 3] = 0;
}

export const cvtps2pd = packed((s) => {
  doubleOfSingle(RESULT, s);
  doubleOfSingle(RESULT + 8, s + 4);
}, 8);
export const cvtpd2ps = packed((s) => {
  singleOfDouble(RESULT, s);
  singleOfDouble(RESULT + 4, s + 8);
  clearHigh();
}, 16);
export const cvtdq2ps = packed((s) => {
  for (let i = 0; i < 4; i++) singleOfInteger(RESULT + 4 * i, i32[(s >> 2) + i]);
}, 16);
export const cvtdq2pd: Pair = {
  r: (op) => {
    readySse();
    return doublesOfIntegers(op, op.s);
  },
  m: (op) => {
    readySse();
    return doublesOfIntegers(op, operand(op, 8));
  },
};
function doublesOfIntegers(op: Op, s: number): Op {
  const high = i32[(s >> 2) + 1];
  f64[op.d >> 3] = i32[s >> 2];
  f64[(op.d >> 3) + 1] = high;
  return op.next;
}

const singlesToIntegers = (chop: boolean): Pair =>
  packed((s) => {
    const rc = rounding(chop);
    for (let i = 0; i < 4; i++) i32[(RESULT >> 2) + i] = singleToInteger(s + 4 * i, rc);
  }, 16);
const doublesToIntegers = (chop: boolean): Pair =>
  packed((s) => {
    const rc = rounding(chop);
    i32[RESULT >> 2] = doubleToInteger(s, rc);
    i32[(RESULT >> 2) + 1] = doubleToInteger(s + 8, rc);
    clearHigh();
  }, 16);
export const cvtps2dq = singlesToIntegers(false);
export const cvttps2dq = singlesToIntegers(true);
export const cvtpd2dq = doublesToIntegers(false);
export const cvttpd2dq = doublesToIntegers(true);

// Scalar.

function scalar(work: (s: number) => void, bytes: number, words: number): Pair {
  const finish = (op: Op, s: number): Op => {
    clearRaised();
    work(s);
    reportRaised();
    copyWords(op.d, RESULT, words);
    return op.next;
  };
  return {
    r: (op) => {
      readySse();
      return finish(op, op.s);
    },
    m: (op) => {
      readySse();
      return finish(op, operand(op, bytes));
    },
  };
}
export const cvtsd2ss = scalar((s) => singleOfDouble(RESULT, s), 8, 1);
export const cvtss2sd = scalar((s) => doubleOfSingle(RESULT, s), 4, 2);

function doubleFromInteger(op: Op, n: number): Op {
  f64[op.d >> 3] = n;
  return op.next;
}
/** The source is a general register. */
export const cvtsi2sd: Pair = {
  r: (op) => {
    readySse();
    return doubleFromInteger(op, i32[op.s]);
  },
  m: (op) => {
    readySse();
    return doubleFromInteger(op, load32(ea(op)));
  },
};
function singleFromInteger(op: Op, n: number): Op {
  clearRaised();
  singleOfInteger(RESULT, n);
  reportRaised();
  copyWords(op.d, RESULT, 1);
  return op.next;
}
export const cvtsi2ss: Pair = {
  r: (op) => {
    readySse();
    return singleFromInteger(op, i32[op.s]);
  },
  m: (op) => {
    readySse();
    return singleFromInteger(op, load32(ea(op)));
  },
};

/** The destination is a general register. */
function toGeneral(convert: (s: number, rc: number) => number, bytes: number, chop: boolean): Pair {
  const finish = (op: Op, s: number): Op => {
    clearRaised();
    const n = convert(s, rounding(chop));
    reportRaised();
    i32[op.d] = n;
    return op.next;
  };
  return {
    r: (op) => {
      readySse();
      return finish(op, op.s);
    },
    m: (op) => {
      readySse();
      return finish(op, operand(op, bytes));
    },
  };
}
export const cvtss2si = toGeneral(singleToInteger, 4, false);
export const cvttss2si = toGeneral(singleToInteger, 4, true);
export const cvtsd2si = toGeneral(doubleToInteger, 8, false);
export const cvttsd2si = toGeneral(doubleToInteger, 8, true);

// Between MMX and XMM registers: x87 exceptions that are pending come first.

/** To an MMX register; of the operand two lanes count. */
function toMmx(convert: (s: number, rc: number) => number, step: number, chop: boolean): Pair {
  const finish = (op: Op, s: number): Op => {
    clearRaised();
    const rc = rounding(chop);
    const low = convert(s, rc);
    const high = convert(s + step, rc);
    reportRaised();
    enterMmx();
    i32[op.d >> 2] = low;
    i32[(op.d >> 2) + 1] = high;
    wroteMmx(op.d);
    return op.next;
  };
  return {
    r: (op) => {
      readySse();
      readyMmx();
      return finish(op, op.s);
    },
    m: (op) => {
      readySse();
      readyMmx();
      return finish(op, step === 8 ? alignedOperand(op) : operand(op, 8));
    },
  };
}
export const cvtps2pi = toMmx(singleToInteger, 4, false);
export const cvttps2pi = toMmx(singleToInteger, 4, true);
export const cvtpd2pi = toMmx(doubleToInteger, 8, false);
export const cvttpd2pi = toMmx(doubleToInteger, 8, true);

function singlesOfMmx(op: Op, s: number): Op {
  clearRaised();
  singleOfInteger(RESULT, i32[s >> 2]);
  singleOfInteger(RESULT + 4, i32[(s >> 2) + 1]);
  reportRaised();
  copyWords(op.d, RESULT, 2);
  return op.next;
}
/** From memory these two leave the x87 alone. */
export const cvtpi2ps: Pair = {
  r: (op) => {
    readySse();
    readyMmx();
    enterMmx();
    return singlesOfMmx(op, op.s);
  },
  m: (op) => {
    readySse();
    return singlesOfMmx(op, operand(op, 8));
  },
};
export const cvtpi2pd: Pair = {
  r: (op) => {
    readySse();
    readyMmx();
    enterMmx();
    return doublesOfIntegers(op, op.s);
  },
  m: (op) => {
    readySse();
    return doublesOfIntegers(op, operand(op, 8));
  },
};

// RCP and RSQRT raise nothing and take no notice of MXCSR. Here they give the correctly rounded
// result cut to 12 bits behind the point: a relative error of at most 2^-13, where Intel allows 1.5 *
// 2^-12. Denormal operands count as zero, results that would be denormal are zero.

/** v to 13 significant bits, to nearest. */
function coarse(v: number): number {
  f32[RESULT >> 2] = v;
  i32[RESULT >> 2] = (i32[RESULT >> 2] + 0x400) & ~0x7ff;
  return f32[RESULT >> 2];
}
const isTiny = (v: number): boolean => Math.abs(v) < MIN_SINGLE;

function reciprocal(s: number): void {
  const v = f32[s >> 2];
  if (v !== v) return quieted(s);
  if (isTiny(v)) i32[RESULT >> 2] = (i32[s >> 2] & INDEFINITE) | 0x7f800000;
  else {
    const r = 1 / v;
    if (isTiny(r)) i32[RESULT >> 2] = i32[s >> 2] & INDEFINITE;
    else coarse(r);
  }
}
function reciprocalRoot(s: number): void {
  const v = f32[s >> 2];
  if (v !== v) return quieted(s);
  if (isTiny(v)) i32[RESULT >> 2] = (i32[s >> 2] & INDEFINITE) | 0x7f800000;
  else if (v < 0) i32[RESULT >> 2] = 0xffc00000 | 0;
  else if (v === Infinity) i32[RESULT >> 2] = 0;
  else coarse(1 / Math.sqrt(v));
}
function quieted(s: number): void {
  i32[RESULT >> 2] = i32[s >> 2] | 0x400000;
}

function approximation(lane: (s: number) => void, lanes: number): Pair {
  const finish = (op: Op, s: number): Op => {
    for (let i = 0; i < lanes; i++) {
      lane(s + 4 * i);
      i32[(op.d >> 2) + i] = i32[RESULT >> 2];
    }
    return op.next;
  };
  return {
    r: (op) => {
      readySse();
      return finish(op, op.s);
    },
    m: (op) => {
      readySse();
      return finish(op, lanes === 4 ? alignedOperand(op) : operand(op, 4));
    },
  };
}
export const rcpps = approximation(reciprocal, 4);
export const rcpss = approximation(reciprocal, 1);
export const rsqrtps = approximation(reciprocalRoot, 4);
export const rsqrtss = approximation(reciprocalRoot, 1);
