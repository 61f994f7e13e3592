// WebAssembly: sine, cosine, tangent.

import {
  I32,
  I64,
  add,
  and,
  call,
  clz,
  eq,
  func,
  geu,
  give,
  global,
  gts,
  gtu,
  i32const,
  i64const,
  load16,
  load64,
  local,
  low,
  ltu,
  lts,
  ne,
  not,
  or,
  set,
  shl,
  shr,
  sub,
  when,
  wide,
  xor,
} from './assembler.js';
import {
  BIAS,
  C2,
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_QNAN,
  CLASS_ZERO,
  DE,
} from './constants.js';
import { PI_66, fraction, reciprocalFactorials, twoOverPi66 } from './elementary_constants.js';
import {
  INTEGER_BIT,
  abortUnless,
  both,
  either,
  multiply,
  normalise128,
  normaliseOperand,
  put,
} from './module_round.js';
import type { RoundHelpers, X32, X64 } from './module_round.js';
import type { FractionHelpers } from './module_fraction.js';
import { high, lower } from './module_fraction.js';

/** Significand of PI_66/4, truncated. */
const PI_4 = 0xc90fdaa22168c234n;

export function assembleTrigonometric(h: RoundHelpers, f: FractionHelpers): void {
  const { outExp, outSign, product, horner, fromOne, toFraction, deliver, quotient } = f;
  // The reduced argument of sine and cosine: in [0, pi/4], with its square as a fraction.
  const rHi = global(I64);
  const rLo = global(I64);
  const rExp = global(I32);
  const rSign = global(I32);
  const quadrant = global(I32);
  const zHi = global(I64);
  const zLo = global(I64);

  // Sine, cosine, tangent.

  /**
   * reduce(m, e): m * 2^(e-BIAS-63) modulo PI_66/2, for exponents up to 62. The product with 256
   * bits of 2/PI_66 is exact enough: arguments and multiples of PI_66/2 are multiples of 2^-65, and
   * PI_66 has more bits than a significand, so that none is nearer to a multiple than that.
   */
  const reduce = func('', [I64, I32], I32, (p) => {
    const m = p[0] as X64;
    const e = p[1] as X32;
    const v = [0, 1, 2, 3, 4].map(() => local(I64));
    const n = local(I64);
    const hi = local(I64);
    const lo = local(I64);
    const words = twoOverPi66(256);
    set(rHi, m);
    set(rLo, 0);
    set(rExp, e);
    set(rSign, 0);
    set(quadrant, 0);
    when(either(gts(e, BIAS - 1), both(eq(e, BIAS - 1), gtu(m, PI_4))), () => {
      for (let i = 0; i < 4; i++) {
        multiply(m, i64const((words >> BigInt(64 * i)) & 0xffffffffffffffffn), hi, lo);
        set(v[i], add(v[i], lo));
        set(v[i + 1], add(hi, wide(ltu(v[i], lo))));
      }
      set(n, wide(sub(e, BIAS - 1)));
      when(ne(n, 0), () => {
        set(quadrant, low(shr(v[4], sub(64, n))));
        for (let i = 4; i >= 1; i--) set(v[i], or(shl(v[i], n), shr(v[i - 1], sub(64, n))));
      });
      when(lts(v[4], 0), () => {
        for (let i = 1; i <= 4; i++) set(v[i], xor(v[i], -1));
        set(quadrant, add(quadrant, 1));
        set(rSign, 0x8000);
      });
      set(rExp, BIAS);
      when(not(v[4]), () => {
        for (let i = 4; i >= 2; i--) set(v[i], v[i - 1]);
        set(rExp, BIAS - 64);
      });
      set(n, clz(v[4]));
      set(rExp, sub(rExp, low(n)));
      when(ne(n, 0), () => {
        for (let i = 4; i >= 3; i--) set(v[i], or(shl(v[i], n), shr(v[i - 1], sub(64, n))));
      });
      product(hi, lo, [v[4], v[3]], [high(fraction(PI_66, -2)), lower(fraction(PI_66, -2))]);
      normalise128(hi, lo, rExp);
      set(rHi, hi);
      set(rLo, lo);
    });
    toFraction(hi, lo, rHi, rLo, rExp);
    product(zHi, zLo, [hi, lo], [hi, lo]);
    give(0);
  });

  /** sinCore(): sin(r) */
  const sinCore = func('', [], I64, () => {
    const acc: [X64, X64] = [local(I64), local(I64)];
    const e = local(I32);
    const [hi, lo] = acc;
    horner(acc, [zHi, zLo], reciprocalFactorials(3, 2, 13), true);
    product(hi, lo, acc, [zHi, zLo]);
    fromOne(hi, lo);
    product(hi, lo, acc, [rHi, rLo]);
    set(e, rExp);
    normalise128(hi, lo, e);
    set(outExp, e);
    set(h.lowWord, lo);
    give(hi);
  });

  /** cosCore(): cos(r) */
  const cosCore = func('', [], I64, () => {
    const acc: [X64, X64] = [local(I64), local(I64)];
    const [hi, lo] = acc;
    horner(acc, [zHi, zLo], reciprocalFactorials(2, 2, 13), true);
    product(hi, lo, acc, [zHi, zLo]);
    fromOne(hi, lo);
    set(outExp, BIAS - 1);
    set(h.lowWord, lo);
    give(hi);
  });

  /** evaluate(turn, sign): sin of the reduced argument `turn` quadrants on; sign in outSign. */
  const evaluate = func('', [I32, I32], I64, (p) => {
    const [turn, sign] = p as X32[];
    set(turn, add(turn, quadrant));
    set(outSign, xor(sign, shl(and(turn, 2), 14)));
    when(and(turn, 1), () => give(call(cosCore)));
    set(outSign, xor(outSign, rSign));
    give(call(sinCore));
  });

  /** Loads a trigonometric operand and reduces it; NaN, infinity and large ones end here. */
  const trigonometric = (a: X32, rd: X32, sign: X32, flags: X32, ifZero: () => void): void => {
    const c = local(I32);
    const m = local(I64);
    const e = local(I32);
    set(c, call(h.classify, a));
    when(geu(c, CLASS_QNAN), () => give(call(h.propagateOne, a, rd)));
    when(eq(c, CLASS_INFINITY), () => give(call(h.invalid, rd)));
    set(m, load64(a));
    set(e, load16(a, 8));
    set(sign, and(e, 0x8000));
    set(e, and(e, 0x7fff));
    when(eq(c, CLASS_ZERO), ifZero);
    when(geu(e, BIAS + 63), () => give(C2));
    when(eq(c, CLASS_DENORMAL), () => {
      abortUnless(DE, DE);
      set(flags, DE);
    });
    normaliseOperand(m, e);
    set(c, call(reduce, m, e));
  };

  /** sin(a, rd), cos(a, rd): C2 when the operand is 2^63 or more. */
  for (const [name, turn] of [
    ['sin', 0],
    ['cos', 1],
  ] as const) {
    func(name, [I32, I32], I32, (p) => {
      const [a, rd] = p as X32[];
      const sign = local(I32);
      const flags = local(I32);
      const hi = local(I64);
      trigonometric(a, rd, sign, flags, () => {
        if (turn === 0) put(rd, sign, 0n);
        else put(rd, BIAS, INTEGER_BIT);
        give(0);
      });
      // cos(-x) = cos(x): only the reduction's own sign counts, and that not in odd quadrants.
      set(hi, call(evaluate, i32const(turn), turn === 0 ? sign : i32const(0)));
      deliver(rd, outSign, outExp, hi, h.lowWord, flags);
    });
  }

  /** tan(a, rd) */
  func('tan', [I32, I32], I32, (p) => {
    const [a, rd] = p as X32[];
    const sign = local(I32);
    const flags = local(I32);
    const sh = local(I64);
    const sl = local(I64);
    const se = local(I32);
    const hi = local(I64);
    trigonometric(a, rd, sign, flags, () => {
      put(rd, sign, 0n);
      give(0);
    });
    // tan(x) is above x, by less than the quotient would tell.
    when(lts(rExp, BIAS - 70), () => deliver(rd, sign, rExp, rHi, rLo, flags));
    set(sh, call(evaluate, i32const(0), sign));
    set(sl, h.lowWord);
    set(se, outExp);
    set(sign, outSign);
    set(hi, call(evaluate, i32const(1), i32const(0)));
    set(sign, xor(sign, outSign));
    set(hi, call(quotient, sh, sl, se, hi, h.lowWord, outExp));
    set(sl, h.lowWord);
    set(se, outExp);
    normalise128(hi, sl, se);
    deliver(rd, sign, se, hi, sl, flags);
  });
}
