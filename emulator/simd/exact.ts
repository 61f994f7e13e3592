// IEEE arithmetic on single and double precision bit patterns in all rounding modes, with every
// flag, by exact integers. For what the host's own arithmetic cannot answer: operands or results that
// are denormal, infinite or NaN, directed rounding, and unmasked exceptions.

import { i32 } from '../state/current.js';
import { MXCSR } from '../state/layout.js';
import {
  DAZ,
  DE,
  FTZ,
  IE,
  MASK_SHIFT,
  OE,
  PE,
  RC_DOWN,
  RC_MASK,
  RC_UP,
  RC_ZERO,
  UE,
  ZE,
} from './state.js';

export interface Format {
  /** Bits of the significand, the hidden one included. */
  precision: number;
  /** Exponents of the smallest normal and the largest number. */
  emin: number;
  emax: number;
  fraction: bigint;
  quiet: bigint;
  sign: bigint;
  infinity: bigint;
  /** What an invalid operation gives. */
  indefinite: bigint;
}

export const SINGLE: Format = {
  precision: 24,
  emin: -126,
  emax: 127,
  fraction: 0x7fffffn,
  quiet: 0x400000n,
  sign: 0x80000000n,
  infinity: 0x7f800000n,
  indefinite: 0xffc00000n,
};
export const DOUBLE: Format = {
  precision: 53,
  emin: -1022,
  emax: 1023,
  fraction: 0xfffffffffffffn,
  quiet: 0x8000000000000n,
  sign: 0x8000000000000000n,
  infinity: 0x7ff0000000000000n,
  indefinite: 0xfff8000000000000n,
};

// Kinds of numbers.
const ZERO = 0;
const FINITE = 1;
const INFINITE = 2;
const QNAN = 3;
const SNAN = 4;

/** A number taken apart: (-1)^negative * significand * 2^exponent. */
interface Parts {
  kind: number;
  negative: boolean;
  significand: bigint;
  exponent: number;
  denormal: boolean;
}

/** Flags of the lanes computed since they were cleared: IE DE ZE, and OE UE PE. */
export const raised = { before: 0, after: 0 };

export function clearRaised(): void {
  raised.before = raised.after = 0;
}

function parts(f: Format, bits: bigint): Parts {
  const negative = (bits & f.sign) !== 0n;
  const fraction = bits & f.fraction;
  const biased = Number((bits & f.infinity) >> BigInt(f.precision - 1));
  if (biased === f.emax * 2 + 1) {
    const kind = fraction === 0n ? INFINITE : fraction & f.quiet ? QNAN : SNAN;
    return { kind, negative, significand: 0n, exponent: 0, denormal: false };
  }
  const exponent = Math.max(biased, 1) + f.emin - f.precision;
  if (biased === 0 && (fraction === 0n || i32[MXCSR] & DAZ)) {
    return { kind: ZERO, negative, significand: 0n, exponent, denormal: false };
  }
  const significand = biased === 0 ? fraction : fraction | (f.fraction + 1n);
  return { kind: FINITE, negative, significand, exponent, denormal: biased === 0 };
}

/** The operand with its exceptions looked at; a denormal that counts as zero has become one. */
function withoutDenormal(f: Format, bits: bigint): bigint {
  return i32[MXCSR] & DAZ && (bits & f.infinity) === 0n ? bits & f.sign : bits;
}

function bitLength(n: bigint): number {
  return n.toString(2).length;
}

/** n / 2^shift rounded to an integer. @returns it, and whether that was inexact. */
function shiftRounded(
  n: bigint,
  shift: number,
  sticky: boolean,
  negative: boolean,
): [value: bigint, inexact: boolean] {
  if (shift <= 0) {
    // Callers give enough bits for what is sticky to lie below them.
    const value = n << BigInt(-shift);
    if (!sticky) return [value, false];
    const up = (i32[MXCSR] & RC_MASK) === (negative ? RC_DOWN : RC_UP);
    return [up ? value + 1n : value, true];
  }
  const value = n >> BigInt(shift);
  const rest = n - (value << BigInt(shift));
  if (rest === 0n && !sticky) return [value, false];
  const half = 1n << BigInt(shift - 1);
  let up: boolean;
  switch (i32[MXCSR] & RC_MASK) {
    case RC_ZERO:
      up = false;
      break;
    case RC_DOWN:
      up = negative;
      break;
    case RC_UP:
      up = !negative;
      break;
    default:
      up = rest > half || (rest === half && (sticky || (value & 1n) !== 0n));
  }
  return [up ? value + 1n : value, true];
}

/** Packs (-1)^negative * (significand, and a little more if sticky) * 2^exponent. */
function round(
  f: Format,
  negative: boolean,
  significand: bigint,
  exponent: number,
  sticky: boolean,
): bigint {
  const sign = negative ? f.sign : 0n;
  const top = exponent + bitLength(significand) - 1;
  const p = f.precision;
  let [value, inexact] = shiftRounded(significand, top - p + 1 - exponent, sticky, negative);
  const rounded = value >> BigInt(p) ? top + 1 : top;
  const mxcsr = i32[MXCSR];
  if (rounded < f.emin) {
    // Tiny: detected after rounding.
    const masked = (mxcsr >> MASK_SHIFT) & UE;
    if (masked && mxcsr & FTZ) {
      raised.after |= UE | PE;
      return sign;
    }
    if (!masked) {
      raised.after |= inexact ? UE | PE : UE;
      return sign;
    }
    [value, inexact] = shiftRounded(significand, f.emin - p + 1 - exponent, sticky, negative);
    if (inexact) raised.after |= UE | PE;
    return sign | value;
  }
  if (rounded > f.emax) {
    const masked = (mxcsr >> MASK_SHIFT) & OE;
    raised.after |= masked || inexact ? OE | PE : OE;
    const rc = mxcsr & RC_MASK;
    const away = rc === 0 || rc === (negative ? RC_DOWN : RC_UP);
    return sign | (away ? f.infinity : f.infinity - 1n);
  }
  if (inexact) raised.after |= PE;
  if (value >> BigInt(p)) value >>= 1n;
  return sign | (BigInt(rounded - f.emin + 1) << BigInt(p - 1)) | (value & f.fraction);
}

/** The result when an operand is a NaN: the first that is, made quiet. */
function propagate(f: Format, a: bigint, ka: number, b: bigint, kb: number): bigint {
  if (ka === SNAN || kb === SNAN) raised.before |= IE;
  return (ka >= QNAN ? a : b) | f.quiet;
}

function invalid(f: Format): bigint {
  raised.before |= IE;
  return f.indefinite;
}

// What lanes compute.
export const ADD = 0;
export const MUL = 1;
export const SUB = 2;
export const MIN = 3;
export const DIV = 4;
export const MAX = 5;
export const SQRT = 6;

/** a + b, or a - b when `subtract`. */
function add(f: Format, x: Parts, y: Parts, subtract: boolean): bigint {
  const negativeY = y.negative !== subtract;
  if (x.kind === INFINITE || y.kind === INFINITE) {
    if (x.kind === y.kind && x.negative !== negativeY) return invalid(f);
    if (x.denormal || y.denormal) raised.before |= DE;
    return ((x.kind === INFINITE ? x.negative : negativeY) ? f.sign : 0n) | f.infinity;
  }
  if (x.denormal || y.denormal) raised.before |= DE;
  const exponent = Math.min(x.exponent, y.exponent);
  const sx = x.significand << BigInt(x.exponent - exponent);
  const sy = y.significand << BigInt(y.exponent - exponent);
  const sum = (x.negative ? -sx : sx) + (negativeY ? -sy : sy);
  if (sum === 0n) {
    const down = (i32[MXCSR] & RC_MASK) === RC_DOWN;
    return (x.negative === negativeY ? x.negative : down) ? f.sign : 0n;
  }
  return round(f, sum < 0n, sum < 0n ? -sum : sum, exponent, false);
}

function multiply(f: Format, x: Parts, y: Parts): bigint {
  const negative = x.negative !== y.negative;
  const sign = negative ? f.sign : 0n;
  if (x.kind === INFINITE || y.kind === INFINITE) {
    if (x.kind === ZERO || y.kind === ZERO) return invalid(f);
    if (x.denormal || y.denormal) raised.before |= DE;
    return sign | f.infinity;
  }
  if (x.denormal || y.denormal) raised.before |= DE;
  if (x.kind === ZERO || y.kind === ZERO) return sign;
  return round(f, negative, x.significand * y.significand, x.exponent + y.exponent, false);
}

function divide(f: Format, x: Parts, y: Parts): bigint {
  const negative = x.negative !== y.negative;
  const sign = negative ? f.sign : 0n;
  if (x.kind === y.kind && x.kind !== FINITE) return invalid(f);
  if (y.kind === ZERO && x.kind === FINITE) {
    raised.before |= ZE;
    return sign | f.infinity;
  }
  if (x.denormal || y.denormal) raised.before |= DE;
  if (x.kind === INFINITE || y.kind === ZERO) return sign | f.infinity;
  if (x.kind === ZERO || y.kind === INFINITE) return sign;
  const shift = f.precision * 2 + 4;
  const dividend = x.significand << BigInt(shift);
  const quotient = dividend / y.significand;
  const sticky = quotient * y.significand !== dividend;
  return round(f, negative, quotient, x.exponent - shift - y.exponent, sticky);
}

function squareRoot(f: Format, y: Parts): bigint {
  if (y.kind === ZERO) return y.negative ? f.sign : 0n;
  if (y.negative) return invalid(f);
  if (y.kind === INFINITE) return f.infinity;
  if (y.denormal) raised.before |= DE;
  let shift = f.precision * 2 + 8;
  if ((y.exponent - shift) & 1) shift++;
  const n = y.significand << BigInt(shift);
  const root = integerRoot(n);
  return round(f, false, root, (y.exponent - shift) / 2, root * root !== n);
}

/** The largest integer whose square is not above n. */
function integerRoot(n: bigint): bigint {
  let root = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** MIN and MAX: the second operand for two zeros and whenever one is a NaN. */
function choose(f: Format, kind: number, a: bigint, b: bigint): bigint {
  const order = compare(f, a, b, true);
  const [x, y] = [withoutDenormal(f, a), withoutDenormal(f, b)];
  return order === (kind === MIN ? LESS : GREATER) ? x : y;
}

/** One lane: `kind` on the bit patterns a and b (SQRT: of b). Flags go to `raised`. */
export function computeLane(f: Format, kind: number, a: bigint, b: bigint): bigint {
  if (kind === MIN || kind === MAX) return choose(f, kind, a, b);
  const y = parts(f, b);
  if (kind === SQRT) {
    return y.kind >= QNAN ? propagate(f, b, y.kind, b, y.kind) : squareRoot(f, y);
  }
  const x = parts(f, a);
  if (x.kind >= QNAN || y.kind >= QNAN) return propagate(f, a, x.kind, b, y.kind);
  switch (kind) {
    case MUL:
      return multiply(f, x, y);
    case DIV:
      return divide(f, x, y);
    default:
      return add(f, x, y, kind === SUB);
  }
}

// How two numbers compare.
export const EQUAL = 0;
export const LESS = 1;
export const GREATER = 2;
export const UNORDERED = 3;

/** Compares; quiet NaNs are invalid when `signals`. */
export function compare(f: Format, a: bigint, b: bigint, signals: boolean): number {
  const x = parts(f, a);
  const y = parts(f, b);
  if (x.kind >= QNAN || y.kind >= QNAN) {
    if (signals || x.kind === SNAN || y.kind === SNAN) raised.before |= IE;
    return UNORDERED;
  }
  if (x.denormal || y.denormal) raised.before |= DE;
  if (x.kind === ZERO && y.kind === ZERO) return EQUAL;
  const order = (bits: bigint, p: Parts): bigint => {
    const magnitude = p.kind === ZERO ? 0n : bits & ~f.sign;
    return p.negative ? -magnitude : magnitude;
  };
  const [u, v] = [order(a, x), order(b, y)];
  return u === v ? EQUAL : u < v ? LESS : GREATER;
}

/** Converts a number of one format to the other. */
export function convertLane(from: Format, to: Format, bits: bigint): bigint {
  const x = parts(from, bits);
  const sign = x.negative ? to.sign : 0n;
  if (x.kind >= QNAN) {
    if (x.kind === SNAN) raised.before |= IE;
    const shift = BigInt(Math.abs(from.precision - to.precision));
    const fraction = bits & from.fraction;
    const moved = from.precision > to.precision ? fraction >> shift : fraction << shift;
    return sign | to.infinity | to.quiet | moved;
  }
  if (x.kind === INFINITE) return sign | to.infinity;
  if (x.kind === ZERO) return sign;
  if (x.denormal) raised.before |= DE;
  return round(to, x.negative, x.significand, x.exponent, false);
}
