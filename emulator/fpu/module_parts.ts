// WebAssembly: the instructions that take a value apart: frndint, fxtract, fscale, fprem, fprem1.

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
  ges,
  give,
  gtu,
  i32const,
  i64const,
  load16,
  load64,
  local,
  low,
  ltu,
  ne,
  not,
  or,
  sar,
  select,
  set,
  shl,
  shr,
  sub,
  when,
  wide,
  xor,
} from './assembler.js';
import {
  ABORT,
  BIAS,
  C0,
  C1,
  C2,
  C3,
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_QNAN,
  CLASS_ZERO,
  DE,
  NO_QUOTIENT,
  PE,
  ZE,
} from './constants.js';
import { INTEGER_BIT, abortUnless, both, either, normaliseOperand, put } from './module_round.js';
import type { RoundHelpers, X32 } from './module_round.js';
import { splitAtPoint } from './module_convert.js';

export function assembleParts(h: RoundHelpers): void {
  /** NaNs and denormals of a one-operand instruction. Leaves CLASS_* in `c`. */
  const screen = (a: X32, rd: X32, c: X32, flags: X32): void => {
    set(c, call(h.classify, a));
    when(geu(c, CLASS_QNAN), () => give(call(h.propagateOne, a, rd)));
    when(eq(c, CLASS_DENORMAL), () => {
      abortUnless(DE, DE);
      set(flags, DE);
    });
  };

  /** roundInteger(p, rd): FRNDINT */
  func('roundInteger', [I32, I32], I32, (p) => {
    const [a, rd] = p as X32[];
    const c = local(I32);
    const flags = local(I32);
    const m = local(I64);
    const e = local(I32);
    const s = local(I32);
    const whole = local(I64);
    const rest = local(I64);
    const up = local(I32);
    screen(a, rd, c, flags);
    set(m, load64(a));
    set(s, load16(a, 8));
    set(e, and(s, 0x7fff));
    set(s, and(s, 0x8000));
    when(either(not(m), geu(e, BIAS + 63)), () => {
      put(rd, or(s, e), m);
      give(flags);
    });
    splitAtPoint(m, e, whole, rest);
    set(up, call(h.increment, s, rest, low(and(whole, 1))));
    set(whole, add(whole, wide(up)));
    when(ne(rest, 0), () => set(flags, or(or(flags, PE), shl(up, 9))));
    when(
      not(whole),
      () => put(rd, s, 0n),
      () => put(rd, or(s, sub(BIAS + 63, low(clz(whole)))), shl(whole, clz(whole))),
    );
    give(call(h.fin, flags));
  });

  /** extract(p, exponent, significand): FXTRACT; the two results may lie over p. */
  func('extract', [I32, I32, I32], I32, (p) => {
    const [a, exponent, significand] = p as X32[];
    const c = local(I32);
    const flags = local(I32);
    const m = local(I64);
    const e = local(I32);
    const s = local(I32);
    const n = local(I32);
    set(c, call(h.classify, a));
    when(geu(c, CLASS_QNAN), () => {
      set(flags, call(h.propagateOne, a, exponent));
      when(and(flags, ABORT), () => give(flags));
      set(m, load64(exponent));
      set(s, load16(exponent, 8));
      put(significand, s, m);
      give(flags);
    });
    when(eq(c, CLASS_DENORMAL), () => {
      abortUnless(DE, DE);
      set(flags, DE);
    });
    set(m, load64(a));
    set(s, load16(a, 8));
    set(e, and(s, 0x7fff));
    set(s, and(s, 0x8000));
    when(eq(c, CLASS_ZERO), () => {
      abortUnless(ZE, ZE);
      put(exponent, 0xffff, INTEGER_BIT);
      put(significand, s, 0n);
      give(ZE);
    });
    when(eq(c, CLASS_INFINITY), () => {
      put(exponent, 0x7fff, INTEGER_BIT);
      put(significand, or(s, 0x7fff), INTEGER_BIT);
      give(0);
    });
    normaliseOperand(m, e);
    set(n, sub(e, BIAS));
    put(significand, or(s, BIAS), m);
    when(
      not(n),
      () => put(exponent, 0, 0n),
      () => {
        set(s, and(shr(n, 16), 0x8000));
        set(n, sub(xor(n, sar(n, 31)), sar(n, 31)));
        put(exponent, or(s, sub(BIAS + 31, clz(n))), shl(wide(n), wide(add(32, clz(n)))));
      },
    );
    give(flags);
  });

  /** scale(a, b, rd): FSCALE, a * 2^trunc(b) */
  func('scale', [I32, I32, I32], I32, (p) => {
    const [a, b, rd] = p as X32[];
    const ca = local(I32);
    const cb = local(I32);
    const flags = local(I32);
    const m = local(I64);
    const e = local(I32);
    const s = local(I32);
    const n = local(I32);
    const eb = local(I32);
    set(ca, call(h.classify, a));
    set(cb, call(h.classify, b));
    when(either(geu(ca, CLASS_QNAN), geu(cb, CLASS_QNAN)), () => give(call(h.propagate, a, b, rd)));
    set(m, load64(a));
    set(s, load16(a, 8));
    set(e, and(s, 0x7fff));
    set(s, and(s, 0x8000));
    set(eb, load16(b, 8));
    const minus = and(eb, 0x8000);
    when(eq(cb, CLASS_INFINITY), () => {
      // 0 * 2^inf and inf * 2^-inf.
      when(eq(ca, select(i32const(CLASS_INFINITY), CLASS_ZERO, minus)), () =>
        give(call(h.invalid, rd)),
      );
    });
    when(either(eq(ca, CLASS_DENORMAL), eq(cb, CLASS_DENORMAL)), () => {
      abortUnless(DE, DE);
      set(flags, DE);
    });
    when(eq(cb, CLASS_INFINITY), () => {
      when(
        minus,
        () => put(rd, s, 0n),
        () => put(rd, or(s, 0x7fff), INTEGER_BIT),
      );
      give(flags);
    });
    when(either(eq(ca, CLASS_ZERO), eq(ca, CLASS_INFINITY)), () => {
      put(rd, or(s, e), m);
      give(flags);
    });
    normaliseOperand(m, e);
    set(ca, and(eb, 0x7fff));
    when(geu(ca, BIAS), () => {
      set(n, 0x10000);
      when(ltu(ca, BIAS + 16), () => set(n, low(shr(load64(b), wide(sub(BIAS + 63, ca))))));
      set(n, select(sub(0, n), n, minus));
    });
    give(call(h.roundPrecision, rd, s, add(e, n), m, i64const(0), flags, i64const(0)));
  });

  /**
   * remainder(a, b, rd, nearest): FPREM, or FPREM1 with `nearest`. The quotient's low bits come
   * in C0 C3 C1; C2 tells that only a part of the reduction is done.
   */
  func('remainder', [I32, I32, I32, I32], I32, (p) => {
    const [a, b, rd, nearest] = p as X32[];
    const ca = local(I32);
    const cb = local(I32);
    const flags = local(I32);
    const ma = local(I64);
    const mb = local(I64);
    const ea = local(I32);
    const eb = local(I32);
    const s = local(I32);
    const d = local(I32);
    const q = local(I64);
    const n = local(I64);
    set(ca, call(h.classify, a));
    set(cb, call(h.classify, b));
    when(either(geu(ca, CLASS_QNAN), geu(cb, CLASS_QNAN)), () =>
      give(or(call(h.propagate, a, b, rd), NO_QUOTIENT)),
    );
    when(either(eq(ca, CLASS_INFINITY), eq(cb, CLASS_ZERO)), () =>
      give(or(call(h.invalid, rd), NO_QUOTIENT)),
    );
    when(either(eq(ca, CLASS_DENORMAL), eq(cb, CLASS_DENORMAL)), () => {
      abortUnless(DE, DE | NO_QUOTIENT);
      set(flags, DE);
    });
    set(ma, load64(a));
    set(s, load16(a, 8));
    set(ea, and(s, 0x7fff));
    set(s, and(s, 0x8000));
    when(eq(ca, CLASS_ZERO), () => {
      put(rd, s, 0n);
      give(flags);
    });
    set(mb, load64(b));
    set(eb, and(load16(b, 8), 0x7fff));
    when(eq(cb, CLASS_INFINITY), () => set(eb, 0x10000)); // out of reach
    normaliseOperand(ma, ea);
    normaliseOperand(mb, eb);
    set(d, sub(ea, eb));
    const reduce = (): void => {
      // ma * 2^n = q * mb + the remainder, for n up to 63.
      when(geu(ma, mb), () => {
        set(ma, sub(ma, mb));
        set(q, shl(i64const(1), n));
      });
      when(ne(n, 0), () => {
        set(q, add(q, call(h.divide, shr(ma, sub(64, n)), shl(ma, n), mb)));
        set(ma, h.lowWord);
      });
    };
    when(
      ges(d, 64),
      () => {
        set(n, wide(add(and(d, 31), 32)));
        reduce();
        set(eb, sub(ea, low(n)));
        set(flags, or(flags, C2));
      },
      () => {
        when(
          ges(d, 0),
          () => {
            set(n, wide(d));
            reduce();
            when(nearest, () => {
              set(n, sub(mb, ma));
              when(either(gtu(ma, n), both(eq(ma, n), low(and(q, 1)))), () => {
                set(ma, n);
                set(s, xor(s, 0x8000));
                set(q, add(q, 1));
              });
            });
          },
          () => {
            set(eb, ea);
            when(both(nearest, both(eq(d, -1), gtu(ma, mb))), () => {
              set(ma, sub(mb, sub(ma, mb)));
              set(s, xor(s, 0x8000));
              set(q, 1);
            });
          },
        );
        const bit = (from: number, to: number): X32 => select(i32const(to), 0, low(and(q, from)));
        set(flags, or(flags, or(bit(1, C1), or(bit(2, C3), bit(4, C0)))));
      },
    );
    when(not(ma), () => {
      put(rd, s, 0n);
      give(flags);
    });
    set(n, clz(ma));
    give(
      call(h.roundPrecision, rd, s, sub(eb, low(n)), shl(ma, n), i64const(0), flags, i64const(0)),
    );
  });
}
