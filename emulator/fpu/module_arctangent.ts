// WebAssembly: the arc tangent.

import {
  I32,
  I64,
  add,
  and,
  call,
  divu,
  eq,
  func,
  geu,
  give,
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
  mul,
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
} from './assembler.js';
import { BIAS, CLASS_DENORMAL, CLASS_INFINITY, CLASS_QNAN, CLASS_ZERO, DE } from './constants.js';
import { atanTable, fraction, pi, reciprocalOdds } from './elementary_constants.js';
import { abortUnless, both, either, normalise128, normaliseOperand, put } from './module_round.js';
import type { RoundHelpers, X32, X64 } from './module_round.js';
import type { FractionHelpers } from './module_fraction.js';
import { high, lower } from './module_fraction.js';

export function assembleArcTangent(h: RoundHelpers, f: FractionHelpers): void {
  const {
    outExp,
    product,
    addTo,
    subtractFrom,
    negate,
    horner,
    fromOne,
    toFraction,
    deliver,
    quotient,
  } = f;
  // Arc tangent.

  /** atanCore(th, tl, te): atan(t) for t up to 1/64 and a little. */
  const atanCore = func('', [I64, I64, I32], I64, (p) => {
    const th = p[0] as X64;
    const tl = p[1] as X64;
    const te = p[2] as X32;
    const acc: [X64, X64] = [local(I64), local(I64)];
    const [hi, lo] = acc;
    const z: [X64, X64] = [local(I64), local(I64)];
    toFraction(hi, lo, th, tl, te);
    product(z[0], z[1], acc, acc);
    horner(acc, z, reciprocalOdds(8), true);
    product(hi, lo, acc, z);
    fromOne(hi, lo);
    product(hi, lo, acc, [th, tl]);
    normalise128(hi, lo, te);
    set(outExp, te);
    set(h.lowWord, lo);
    give(hi);
  });

  /** atanOf(k): atan(k/32) as a fraction, for k from 0 to 32. */
  const atanOf = func('', [I32], I64, (p) => {
    const k = p[0] as X32;
    const table = atanTable(32);
    const choose = (from: number, to: number): void => {
      if (from === to) {
        set(h.lowWord, lower(table[from]));
        give(i64const(high(table[from])));
        return;
      }
      const middle = (from + to + 1) >> 1;
      when(
        ltu(k, middle),
        () => choose(from, middle - 1),
        () => choose(middle, to),
      );
    };
    choose(0, 32);
  });

  /** hi:lo times a small number. */
  const scaled = (rh: X64, rl: X64, hi: X64, lo: X64, by: X64): void => {
    const carry = add(mul(shr(lo, 32), by), shr(mul(and(lo, 0xffffffff), by), 32));
    set(rh, add(mul(hi, by), shr(carry, 32)));
    set(rl, mul(lo, by));
  };

  /** atan2(x, y, rd): the angle of the point (x, y), as FPATAN wants it: x is ST(0). */
  func('atan2', [I32, I32, I32], I32, (p) => {
    const [x, y, rd] = p as X32[];
    const cx = local(I32);
    const cy = local(I32);
    const sx = local(I32);
    const sy = local(I32);
    const flags = local(I32);
    const mx = local(I64);
    const my = local(I64);
    const ex = local(I32);
    const ey = local(I32);
    const swapped = local(I32);
    const d = local(I64);
    const k = local(I64);
    const hi = local(I64);
    const lo = local(I64);
    const e = local(I32);
    const nh = local(I64);
    const nl = local(I64);
    const dh = local(I64);
    const dl = local(I64);
    const t1 = local(I64);
    const t2 = local(I64);
    const minus = local(I32);
    const t = local(I32);
    set(cx, call(h.classify, x));
    set(cy, call(h.classify, y));
    when(either(geu(cx, CLASS_QNAN), geu(cy, CLASS_QNAN)), () => give(call(h.propagate, x, y, rd)));
    when(either(eq(cx, CLASS_DENORMAL), eq(cy, CLASS_DENORMAL)), () => {
      abortUnless(DE, DE);
      set(flags, DE);
    });
    set(sx, and(load16(x, 8), 0x8000));
    set(sy, and(load16(y, 8), 0x8000));
    const constant = (value: bigint, exponent: number): void => {
      deliver(rd, sy, i32const(exponent), i64const(high(value)), lower(value), flags);
    };
    const zero = (): void => {
      put(rd, sy, 0n);
      give(flags);
    };
    const quarterPi = fraction(pi(), -2);
    when(eq(cx, CLASS_INFINITY), () => {
      when(eq(cy, CLASS_INFINITY), () => {
        when(sx, () => constant((quarterPi * 3n) >> 2n, BIAS + 1));
        constant(quarterPi, BIAS - 1);
      });
      when(sx, () => constant(quarterPi, BIAS + 1));
      zero();
    });
    when(eq(cy, CLASS_ZERO), () => {
      when(sx, () => constant(quarterPi, BIAS + 1));
      zero();
    });
    when(either(eq(cy, CLASS_INFINITY), eq(cx, CLASS_ZERO)), () => constant(quarterPi, BIAS));
    set(mx, load64(x));
    set(my, load64(y));
    set(ex, and(load16(x, 8), 0x7fff));
    set(ey, and(load16(y, 8), 0x7fff));
    normaliseOperand(mx, ex);
    normaliseOperand(my, ey);
    // The larger of the two becomes x: the ratio is at most 1.
    when(either(gts(ey, ex), both(eq(ex, ey), gtu(my, mx))), () => {
      set(swapped, 1);
      set(hi, mx);
      set(mx, my);
      set(my, hi);
      set(t, ex);
      set(ex, ey);
      set(ey, t);
    });
    set(d, wide(sub(ex, ey)));
    // k/32 is the nearest tabulated ratio.
    when(ltu(d, 7), () => {
      set(k, divu(shl(shr(my, add(d, 27)), 6), shr(mx, 27)));
      set(k, shr(add(k, 1), 1));
    });
    when(
      not(k),
      () => {
        set(hi, call(quotient, my, i64const(0), ey, mx, i64const(0), ex));
        set(lo, h.lowWord);
        set(e, outExp);
        normalise128(hi, lo, e);
        set(hi, call(atanCore, hi, lo, e));
        set(lo, h.lowWord);
        set(e, outExp);
        when(not(either(swapped, sx)), () => deliver(rd, sy, e, hi, lo, flags));
        toFraction(t1, t2, hi, lo, e);
      },
      () => {
        // atan(y/x) = atan(k/32) + atan((32 y - k x) / (32 x + k y)), all exact but the last.
        set(dh, shr(mx, 7));
        set(dl, shl(mx, 57));
        set(nh, shr(my, add(d, 7)));
        set(nl, shl(my, sub(57, d)));
        scaled(hi, lo, dh, dl, k);
        scaled(t1, t2, nh, nl, k);
        scaled(nh, nl, nh, nl, i64const(32));
        scaled(dh, dl, dh, dl, i64const(32));
        addTo(dh, dl, t1, t2);
        subtractFrom(nh, nl, hi, lo);
        when(lts(nh, 0), () => {
          set(minus, 1);
          negate(nh, nl);
        });
        set(t1, call(atanOf, low(k)));
        set(t2, h.lowWord);
        when(ne(or(nh, nl), 0), () => {
          set(e, BIAS);
          normalise128(nh, nl, e);
          set(t, BIAS);
          normalise128(dh, dl, t);
          set(hi, call(quotient, nh, nl, e, dh, dl, t));
          set(lo, h.lowWord);
          set(e, outExp);
          normalise128(hi, lo, e);
          set(hi, call(atanCore, hi, lo, e));
          toFraction(nh, nl, hi, h.lowWord, outExp);
          when(
            minus,
            () => subtractFrom(t1, t2, nh, nl),
            () => addTo(t1, t2, nh, nl),
          );
        });
        when(not(either(swapped, sx)), () => {
          set(e, BIAS - 1);
          normalise128(t1, t2, e);
          deliver(rd, sy, e, t1, t2, flags);
        });
      },
    );
    // The other octants, with two bits before the point.
    set(lo, or(shr(t2, 2), shl(t1, 62)));
    set(hi, shr(t1, 2));
    const half = fraction(pi(), -3);
    const whole = fraction(pi(), -2);
    set(t1, select(i64const(high(half)), i64const(high(whole)), swapped));
    set(t2, select(i64const(lower(half)), i64const(lower(whole)), swapped));
    when(
      both(swapped, ne(sx, 0)),
      () => addTo(t1, t2, hi, lo),
      () => subtractFrom(t1, t2, hi, lo),
    );
    set(e, BIAS + 1);
    normalise128(t1, t2, e);
    deliver(rd, sy, e, t1, t2, flags);
  });
}
