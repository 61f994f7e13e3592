// WebAssembly: the transcendental instructions. Everything is computed with 128-bit fractions, about
// 2^-110 relative, and rounded once, so that results are correctly rounded but for a few in 2^40.
//
// A number in flight is hi:lo / 2^127 * 2^(e - BIAS), top bit set; a fraction is hi:lo / 2^128.

import {
  I32,
  I64,
  add,
  call,
  eq,
  func,
  geu,
  give,
  global,
  gtu,
  i64const,
  local,
  ltu,
  ne,
  not,
  or,
  set,
  shl,
  shr,
  sub,
  when,
  wide,
} from './assembler.js';
import type { Func } from './assembler.js';
import { BIAS } from './constants.js';
import { both, either, multiply } from './module_round.js';
import type { RoundHelpers, X32, X64 } from './module_round.js';

export const high = (x: bigint): bigint => x >> 64n;
export const lower = (x: bigint): bigint => x & 0xffffffffffffffffn;

type Fraction = [X64, X64];

/** The helpers of this file, once assembled into the current module. */
export interface FractionHelpers {
  /** Exponent and sign that a helper returns besides hi (result) and lo (lowWord). */
  outExp: X32;
  outSign: X32;
  product: (hi: X64, lo: X64, a: Fraction, b: [X64 | bigint, X64 | bigint]) => void;
  addTo: (hi: X64, lo: X64, bh: X64, bl: X64) => void;
  subtractFrom: (hi: X64, lo: X64, bh: X64, bl: X64) => void;
  negate: (hi: X64, lo: X64) => void;
  horner: (acc: Fraction, z: Fraction, coefficients: readonly bigint[], alternate: boolean) => void;
  fromOne: (hi: X64, lo: X64) => void;
  toFraction: (fh: X64, fl: X64, hi: X64, lo: X64, e: X32) => void;
  deliver: (rd: X32, sign: X32, e: X32, hi: X64, lo: X64 | bigint, flags: X32) => void;
  quotient: Func<I64>;
}

export function assembleFractions(h: RoundHelpers): FractionHelpers {
  /** Exponent and sign that a helper returns besides hi (result) and lo (h.lowWord). */
  const outExp = global(I32);
  const outSign = global(I32);
  /** mulFraction(ah, al, bh, bl): the upper half of the product. */
  const mulFraction = func('', [I64, I64, I64, I64], I64, (p) => {
    const [ah, al, bh, bl] = p as X64[];
    const hi = local(I64);
    const lo = local(I64);
    const h1 = local(I64);
    const ignored = local(I64);
    multiply(ah, bh, hi, lo);
    for (const [x, y] of [
      [ah, bl],
      [al, bh],
    ]) {
      multiply(x, y, h1, ignored);
      set(lo, add(lo, h1));
      set(hi, add(hi, wide(ltu(lo, h1))));
    }
    set(h.lowWord, lo);
    give(hi);
  });

  /** hi:lo = fraction * fraction */
  const product = (hi: X64, lo: X64, a: [X64, X64], b: [X64 | bigint, X64 | bigint]): void => {
    const operand = (x: X64 | bigint): X64 => (typeof x === 'bigint' ? i64const(x) : x);
    set(hi, call(mulFraction, a[0], a[1], operand(b[0]), operand(b[1])));
    set(lo, h.lowWord);
  };

  /** hi:lo += or -= bh:bl */
  const addTo = (hi: X64, lo: X64, bh: X64, bl: X64): void => {
    set(lo, add(lo, bl));
    set(hi, add(add(hi, bh), wide(ltu(lo, bl))));
  };
  const subtractFrom = (hi: X64, lo: X64, bh: X64, bl: X64): void => {
    set(hi, sub(sub(hi, bh), wide(ltu(lo, bl))));
    set(lo, sub(lo, bl));
  };
  const negate = (hi: X64, lo: X64): void => {
    set(hi, sub(sub(0, hi), wide(ne(lo, 0))));
    set(lo, sub(0, lo));
  };

  /** acc = c0 - z*(c1 - z*(c2 - ...)), or with plus signs; all fractions. */
  const horner = (
    acc: [X64, X64],
    z: [X64, X64],
    coefficients: readonly bigint[],
    alternate: boolean,
  ): void => {
    const th = local(I64);
    const tl = local(I64);
    const last = coefficients.length - 1;
    set(acc[0], high(coefficients[last]));
    set(acc[1], lower(coefficients[last]));
    for (let k = last - 1; k >= 0; k--) {
      product(th, tl, acc, z);
      set(acc[0], high(coefficients[k]));
      set(acc[1], lower(coefficients[k]));
      if (alternate) subtractFrom(acc[0], acc[1], th, tl);
      else addTo(acc[0], acc[1], th, tl);
    }
  };

  /** hi:lo = 1 - hi:lo for a fraction; the largest fraction when it is 0. */
  const fromOne = (hi: X64, lo: X64): void => {
    when(
      not(or(hi, lo)),
      () => {
        set(hi, -1);
        set(lo, -1);
      },
      () => negate(hi, lo),
    );
  };

  /** The fraction of a number below 1. */
  const toFraction = (fh: X64, fl: X64, hi: X64, lo: X64, e: X32): void => {
    set(fh, call(h.shiftRight, hi, lo, wide(sub(BIAS - 1, e))));
    set(fl, h.lowWord);
  };

  /** Rounds a number in flight that is not exact. */
  const deliver = (rd: X32, sign: X32, e: X32, hi: X64, lo: X64 | bigint, flags: X32): void => {
    const sticky = typeof lo === 'bigint' ? i64const(lo | 1n) : or(lo, 1);
    give(call(h.roundPrecision, rd, sign, e, hi, sticky, flags, i64const(0)));
  };

  /** quotient(ah, al, ae, bh, bl, be) of two numbers in flight; exponent in outExp. */
  const quotient = func('', [I64, I64, I32, I64, I64, I32], I64, (p) => {
    const [ah, al, , bh, bl] = p as X64[];
    const ae = p[2] as X32;
    const be = p[5] as X32;
    const q = local(I64);
    const q2 = local(I64);
    const ph = local(I64);
    const pm = local(I64);
    const pl = local(I64);
    const t = local(I64);
    set(outExp, add(sub(ae, be), BIAS - 1));
    when(either(gtu(ah, bh), both(eq(ah, bh), geu(al, bl))), () => {
      set(al, or(shr(al, 1), shl(ah, 63)));
      set(ah, shr(ah, 1));
      set(outExp, add(outExp, 1));
    });
    set(q, -1);
    when(ltu(ah, bh), () => set(q, call(h.divide, ah, al, bh)));
    // q * b as ph:pm:pl; q is at most 2 too large.
    multiply(q, bl, pm, pl);
    multiply(q, bh, ph, t);
    set(pm, add(pm, t));
    set(ph, add(ph, wide(ltu(pm, t))));
    for (let i = 0; i < 2; i++) {
      const over = either(
        gtu(ph, ah),
        both(eq(ph, ah), either(gtu(pm, al), both(eq(pm, al), ne(pl, 0)))),
      );
      when(over, () => {
        set(q, sub(q, 1));
        set(ph, sub(ph, wide(ltu(pm, bh))));
        set(pm, sub(pm, bh));
        set(ph, sub(ph, wide(both(ltu(pl, bl), not(pm)))));
        set(pm, sub(pm, wide(ltu(pl, bl))));
        set(pl, sub(pl, bl));
      });
    }
    // The remainder al:0 - pm:pl gives the second digit, a little too large at worst.
    set(ph, sub(sub(al, pm), wide(ne(pl, 0))));
    set(pl, sub(0, pl));
    set(q2, -1);
    when(ltu(ph, bh), () => set(q2, call(h.divide, ph, pl, bh)));
    set(h.lowWord, q2);
    give(q);
  });

  return {
    outExp,
    outSign,
    product,
    addTo,
    subtractFrom,
    negate,
    horner,
    fromOne,
    toFraction,
    deliver,
    quotient,
  };
}
