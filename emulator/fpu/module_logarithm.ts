// WebAssembly: logarithms and the exponential.

import {
  I32,
  I64,
  add,
  and,
  call,
  eq,
  func,
  geu,
  ges,
  give,
  gts,
  gtu,
  i32const,
  i64const,
  load16,
  load64,
  local,
  ltu,
  lts,
  ne,
  not,
  or,
  select,
  set,
  shl,
  shr,
  sub,
  when,
  wide,
  wideSigned,
  xor,
} from './assembler.js';
import {
  BIAS,
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_QNAN,
  CLASS_ZERO,
  DE,
  PE,
  UE,
  ZE,
} from './constants.js';
import {
  fraction,
  ln2,
  reciprocalFactorials,
  reciprocalOdds,
  twoOverLn2,
} from './elementary_constants.js';
import {
  INTEGER_BIT,
  abortUnless,
  both,
  either,
  normalise128,
  normaliseOperand,
  put,
} from './module_round.js';
import type { RoundHelpers, X32, X64 } from './module_round.js';
import type { FractionHelpers } from './module_fraction.js';
import { high, lower } from './module_fraction.js';

/** Significand of sqrt(2), truncated. */
const SQRT2 = 0xb504f333f9de6484n;

export function assembleLogarithms(h: RoundHelpers, f: FractionHelpers): void {
  const {
    outExp,
    outSign,
    product,
    addTo,
    subtractFrom,
    negate,
    horner,
    toFraction,
    deliver,
    quotient,
  } = f;
  // Logarithms.

  /** logRatio(sh, sl, se): 2 atanh(s) / ln 2 for s up to 0.172. */
  const logRatio = func('', [I64, I64, I32], I64, (p) => {
    const sh = p[0] as X64;
    const sl = p[1] as X64;
    const se = p[2] as X32;
    const acc: [X64, X64] = [local(I64), local(I64)];
    const [hi, lo] = acc;
    const z: [X64, X64] = [local(I64), local(I64)];
    toFraction(hi, lo, sh, sl, se);
    product(z[0], z[1], acc, acc);
    horner(acc, z, reciprocalOdds(19), false);
    product(hi, lo, acc, z);
    product(hi, lo, acc, [sh, sl]);
    addTo(hi, lo, sh, sl);
    when(ges(hi, 0), () => {
      // Carried out of the top.
      set(lo, or(shr(lo, 1), shl(hi, 63)));
      set(hi, or(shr(hi, 1), INTEGER_BIT));
      set(se, add(se, 1));
    });
    const c = fraction(twoOverLn2(), -2);
    product(hi, lo, acc, [high(c), lower(c)]);
    set(se, add(se, 2));
    normalise128(hi, lo, se);
    set(outExp, se);
    set(h.lowWord, lo);
    give(hi);
  });

  /** log2(mh, ml, e) of a number in flight other than 1; sign in outSign. */
  const log2 = func('', [I64, I64, I32], I64, (p) => {
    const mh = p[0] as X64;
    const ml = p[1] as X64;
    const e = p[2] as X32;
    const n = local(I32);
    const nh = local(I64);
    const nl = local(I64);
    const dh = local(I64);
    const dl = local(I64);
    const ne_ = local(I32);
    const de = local(I32);
    const hi = local(I64);
    const lo = local(I64);
    const sign = local(I32);
    set(n, sub(e, BIAS));
    set(dl, or(shr(ml, 1), shl(mh, 63)));
    set(dh, shr(mh, 1));
    when(
      gtu(mh, SQRT2),
      () => {
        // m in (sqrt(2), 2): take half of it, (1 - m/2) / (1 + m/2).
        set(n, add(n, 1));
        set(sign, 0x8000);
        set(nh, mh);
        set(nl, ml);
        negate(nh, nl);
        set(dh, or(dh, INTEGER_BIT));
      },
      () => {
        set(nh, and(mh, INTEGER_BIT - 1n));
        set(nl, ml);
        set(dh, add(dh, 1n << 62n));
      },
    );
    set(ne_, BIAS);
    set(de, BIAS + 1);
    when(ne(or(nh, nl), 0), () => {
      normalise128(nh, nl, ne_);
      normalise128(dh, dl, de);
      set(hi, call(quotient, nh, nl, ne_, dh, dl, de));
      set(lo, h.lowWord);
      set(ne_, outExp);
      normalise128(hi, lo, ne_);
      set(hi, call(logRatio, hi, lo, ne_));
      set(lo, h.lowWord);
    });
    set(outSign, sign);
    when(ne(n, 0), () => {
      // 16 bits before the point.
      when(ne(or(hi, lo), 0), () => {
        set(hi, call(h.shiftRight, hi, lo, wide(sub(BIAS + 15, outExp))));
        set(lo, h.lowWord);
      });
      set(outSign, 0);
      when(lts(n, 0), () => {
        set(outSign, 0x8000);
        set(n, sub(0, n));
        set(sign, xor(sign, 0x8000));
      });
      when(sign, () => negate(hi, lo));
      set(hi, add(hi, shl(wideSigned(n), 48)));
      set(ne_, BIAS + 15);
      normalise128(hi, lo, ne_);
      set(outExp, ne_);
    });
    set(h.lowWord, lo);
    give(hi);
  });

  /** y * hi:lo, rounded to rd. `sticky` is 0 when the logarithm is exact. */
  const timesLog = func('', [I32, I32, I32, I64, I64, I32, I32], I32, (p) => {
    const [y, rd, sign, , , flags, sticky] = p as X32[];
    const hi = p[3] as X64;
    const lo = p[4] as X64;
    const m = local(I64);
    const e = local(I32);
    set(m, load64(y));
    set(e, load16(y, 8));
    set(sign, and(xor(sign, e), 0x8000));
    set(e, and(e, 0x7fff));
    normaliseOperand(m, e);
    set(e, add(e, sub(outExp, BIAS - 1)));
    product(hi, lo, [hi, lo], [m, 0n]);
    normalise128(hi, lo, e);
    set(lo, or(lo, wide(sticky)));
    // Hardware calls these results inexact even when they are not.
    set(flags, or(flags, select(i32const(PE), PE | UE, gts(e, 0))));
    give(call(h.roundPrecision, rd, sign, e, hi, lo, flags, i64const(0)));
  });

  interface LogOperands {
    x: X32;
    y: X32;
    rd: X32;
    cx: X32;
    cy: X32;
    sx: X32;
    sy: X32;
    flags: X32;
    m: X64;
    e: X32;
  }
  const logOperands = (p: X32[]): LogOperands => {
    const [x, y, rd] = p;
    const o = {
      x,
      y,
      rd,
      cx: local(I32),
      cy: local(I32),
      sx: local(I32),
      sy: local(I32),
      flags: local(I32),
      m: local(I64),
      e: local(I32),
    };
    set(o.cx, call(h.classify, x));
    set(o.cy, call(h.classify, y));
    when(either(geu(o.cx, CLASS_QNAN), geu(o.cy, CLASS_QNAN)), () =>
      give(call(h.propagate, x, y, rd)),
    );
    set(o.m, load64(x));
    set(o.e, load16(x, 8));
    set(o.sx, and(o.e, 0x8000));
    set(o.e, and(o.e, 0x7fff));
    set(o.sy, and(load16(y, 8), 0x8000));
    return o;
  };
  const denormals = (o: LogOperands): void => {
    when(either(eq(o.cx, CLASS_DENORMAL), eq(o.cy, CLASS_DENORMAL)), () => {
      abortUnless(DE, DE);
      set(o.flags, DE);
    });
  };

  /** yl2x(x, y, rd): y * log2(x) */
  func('yl2x', [I32, I32, I32], I32, (p) => {
    const o = logOperands(p as X32[]);
    const { rd, cx, cy, sx, sy, flags, m, e } = o;
    const hi = local(I64);
    when(eq(cx, CLASS_ZERO), () => {
      when(eq(cy, CLASS_ZERO), () => give(call(h.invalid, rd)));
      when(ne(cy, CLASS_INFINITY), () => {
        abortUnless(ZE, ZE);
        set(flags, ZE);
      });
      put(rd, xor(sy, 0xffff), INTEGER_BIT);
      give(flags);
    });
    when(sx, () => give(call(h.invalid, rd)));
    const one = both(eq(e, BIAS), not(shl(m, 1)));
    when(both(one, eq(cy, CLASS_INFINITY)), () => give(call(h.invalid, rd)));
    when(both(eq(cx, CLASS_INFINITY), eq(cy, CLASS_ZERO)), () => give(call(h.invalid, rd)));
    denormals(o);
    set(sx, shl(ltu(e, BIAS), 15)); // the logarithm's sign
    when(either(eq(cx, CLASS_INFINITY), eq(cy, CLASS_INFINITY)), () => {
      put(rd, or(xor(sx, sy), 0x7fff), INTEGER_BIT);
      give(flags);
    });
    when(either(one, eq(cy, CLASS_ZERO)), () => {
      put(rd, xor(sx, sy), 0n);
      give(flags);
    });
    normaliseOperand(m, e);
    set(hi, call(log2, m, i64const(0), e));
    const sticky = ne(shl(m, 1), 0);
    give(call(timesLog, o.y, rd, outSign, hi, h.lowWord, flags, sticky));
  });

  /** yl2xp1(x, y, rd): y * log2(x + 1) */
  func('yl2xp1', [I32, I32, I32], I32, (p) => {
    const o = logOperands(p as X32[]);
    const { rd, cx, cy, sx, sy, flags, m, e } = o;
    const hi = local(I64);
    const lo = local(I64);
    const dh = local(I64);
    const dl = local(I64);
    const de = local(I32);
    when(eq(cx, CLASS_INFINITY), () => {
      when(either(sx, eq(cy, CLASS_ZERO)), () => give(call(h.invalid, rd)));
    });
    when(both(eq(cx, CLASS_ZERO), eq(cy, CLASS_INFINITY)), () => give(call(h.invalid, rd)));
    denormals(o);
    when(either(eq(cx, CLASS_INFINITY), eq(cy, CLASS_INFINITY)), () => {
      put(rd, or(xor(sx, sy), 0x7fff), INTEGER_BIT);
      give(flags);
    });
    when(either(eq(cx, CLASS_ZERO), eq(cy, CLASS_ZERO)), () => {
      put(rd, xor(sx, sy), 0n);
      give(flags);
    });
    when(both(ne(sx, 0), geu(e, BIAS)), () => {
      // -1 and below are undefined; hardware gives the operand back.
      put(rd, or(sx, e), m);
      give(call(h.fin, or(flags, PE)));
    });
    normaliseOperand(m, e);
    when(lts(e, BIAS - 2), () => {
      // s = x / (2 + x): no digit is lost however small x is.
      set(dh, call(h.shiftRight, m, i64const(0), wide(sub(BIAS + 1, e))));
      set(dl, h.lowWord);
      when(sx, () => negate(dh, dl));
      set(dh, add(dh, INTEGER_BIT));
      set(de, BIAS + 1);
      normalise128(dh, dl, de);
      set(hi, call(quotient, m, i64const(0), e, dh, dl, de));
      set(lo, h.lowWord);
      set(e, outExp);
      normalise128(hi, lo, e);
      set(hi, call(logRatio, hi, lo, e));
      give(call(timesLog, o.y, rd, sx, hi, h.lowWord, flags, i32const(1)));
    });
    when(
      lts(e, BIAS),
      () => {
        set(hi, call(h.shiftRight, m, i64const(0), wide(sub(BIAS, e))));
        set(lo, h.lowWord);
        when(sx, () => negate(hi, lo));
        set(hi, add(hi, INTEGER_BIT));
        set(e, BIAS);
        normalise128(hi, lo, e);
      },
      () => {
        set(dh, call(h.shiftRight, i64const(INTEGER_BIT), i64const(0), wide(sub(e, BIAS))));
        set(lo, h.lowWord);
        set(hi, add(m, dh));
        when(ges(hi, 0), () => {
          set(lo, or(shr(lo, 1), shl(hi, 63)));
          set(hi, or(shr(hi, 1), INTEGER_BIT));
          set(e, add(e, 1));
        });
      },
    );
    set(de, ne(or(shl(hi, 1), lo), 0));
    set(hi, call(log2, hi, lo, e));
    give(call(timesLog, o.y, rd, outSign, hi, h.lowWord, flags, de));
  });

  // Exponential.

  /** f2xm1(a, rd): 2^a - 1 */
  func('f2xm1', [I32, I32], I32, (p) => {
    const [a, rd] = p as X32[];
    const c = local(I32);
    const flags = local(I32);
    const m = local(I64);
    const e = local(I32);
    const sign = local(I32);
    const y: [X64, X64] = [local(I64), local(I64)];
    const f: [X64, X64] = [local(I64), local(I64)];
    const acc: [X64, X64] = [local(I64), local(I64)];
    set(c, call(h.classify, a));
    when(geu(c, CLASS_QNAN), () => give(call(h.propagateOne, a, rd)));
    set(m, load64(a));
    set(e, load16(a, 8));
    set(sign, and(e, 0x8000));
    set(e, and(e, 0x7fff));
    when(both(eq(c, CLASS_INFINITY), ne(sign, 0)), () => {
      put(rd, 0x8000 | BIAS, INTEGER_BIT);
      give(0);
    });
    when(either(eq(c, CLASS_ZERO), eq(c, CLASS_INFINITY)), () => {
      put(rd, or(sign, e), m);
      give(0);
    });
    when(eq(c, CLASS_DENORMAL), () => {
      abortUnless(DE, DE);
      set(flags, DE);
    });
    when(geu(e, BIAS), () => {
      // 2^1 - 1 = 1 and 2^-1 - 1 = -1/2. Beyond them all is undefined, and hardware gives the
      // operand back.
      when(both(eq(e, BIAS), both(not(shl(m, 1)), ne(sign, 0))), () => set(e, BIAS - 1));
      put(rd, or(sign, e), m);
      give(call(h.fin, or(flags, PE)));
    });
    normaliseOperand(m, e);
    const scale = fraction(ln2(), 0);
    product(y[0], y[1], [m, i64const(0)], [high(scale), lower(scale)]);
    normalise128(y[0], y[1], e);
    toFraction(f[0], f[1], y[0], y[1], e);
    const series = reciprocalFactorials(2, 1, 24);
    const tail = (alternate: boolean): void => {
      horner(acc, f, series, alternate);
      product(acc[0], acc[1], acc, f);
      product(acc[0], acc[1], acc, y);
    };
    when(
      sign,
      () => {
        tail(true);
        subtractFrom(y[0], y[1], acc[0], acc[1]);
        normalise128(y[0], y[1], e);
      },
      () => {
        tail(false);
        addTo(y[0], y[1], acc[0], acc[1]);
        when(ges(y[0], 0), () => {
          set(y[1], or(shr(y[1], 1), shl(y[0], 63)));
          set(y[0], or(shr(y[0], 1), INTEGER_BIT));
          set(e, add(e, 1));
        });
      },
    );
    deliver(rd, sign, e, y[0], y[1], flags);
  });
}
