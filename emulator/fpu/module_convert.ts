// WebAssembly: conversions between the extended format and integers, floats and packed decimals.

import {
  I32,
  I64,
  add,
  and,
  call,
  clz,
  divu,
  eq,
  func,
  geu,
  ges,
  give,
  gts,
  gtu,
  i32const,
  i64const,
  leave,
  les,
  load16,
  load32,
  load64,
  load8,
  local,
  loop,
  low,
  ltu,
  lts,
  mul,
  ne,
  not,
  or,
  remu,
  select,
  set,
  shl,
  shr,
  store16,
  store32,
  store64,
  store8,
  sub,
  when,
  wide,
  wideSigned,
  xor,
} from './assembler.js';
import {
  ABORT,
  BIAS,
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_NORMAL,
  CLASS_SNAN,
  CLASS_UNSUPPORTED,
  CLASS_ZERO,
  IE,
  OE,
  PE,
  RC_DOWN,
  RC_MASK,
  RC_UP,
  SUMMARY,
  UE,
} from './constants.js';
import {
  INTEGER_BIT,
  QUIET,
  abortUnless,
  both,
  control,
  either,
  normaliseOperand,
  put,
} from './module_round.js';
import type { RoundHelpers, X32, X64 } from './module_round.js';

const MAX_DECIMAL = 999_999_999_999_999_999n;

/** Splits a magnitude at the binary point: integer part and fraction / 2^64. */
export function splitAtPoint(m: X64, e: X32, whole: X64, rest: X64): void {
  when(
    lts(e, BIAS),
    () => {
      set(whole, 0);
      set(rest, select(m, wide(ne(m, 0)), eq(e, BIAS - 1)));
    },
    () => {
      set(whole, shr(m, wide(sub(BIAS + 63, e))));
      set(rest, shl(m, wide(sub(e, BIAS - 1))));
      when(eq(e, BIAS + 63), () => set(rest, 0));
    },
  );
}

export function assembleConversions(h: RoundHelpers): void {
  /** copy(from, to) */
  func('copy', [I32, I32], I32, (p) => {
    const [from, to] = p as X32[];
    put(to, load16(from, 8), load64(from));
    give(0);
  });

  /** exchange(a, b) */
  func('exchange', [I32, I32], I32, (p) => {
    const [a, b] = p as X32[];
    const m = local(I64);
    const se = local(I32);
    set(m, load64(a));
    set(se, load16(a, 8));
    put(a, load16(b, 8), load64(b));
    put(b, se, m);
    give(0);
  });

  /**
   * integer(p, limit, chop): |value| rounded to an integer in lowWord, for limits up to 2^63. The
   * result is flags, or -1 for an invalid operation. Negative values may reach limit + 1 when
   * the lowest bit of `slack` is set.
   */
  const integer = func('', [I32, I64, I32, I32], I32, (p) => {
    const [a, , chop, slack] = p as X32[];
    const limit = p[1] as X64;
    const m = local(I64);
    const whole = local(I64);
    const rest = local(I64);
    const e = local(I32);
    const s = local(I32);
    const up = local(I32);
    when(geu(call(h.classify, a), CLASS_INFINITY), () => give(-1));
    set(m, load64(a));
    set(s, load16(a, 8));
    set(e, and(s, 0x7fff));
    set(s, and(s, 0x8000));
    when(gts(e, BIAS + 63), () => give(-1));
    splitAtPoint(m, e, whole, rest);
    when(not(chop), () => {
      set(up, call(h.increment, s, rest, low(and(whole, 1))));
      set(whole, add(whole, wide(up)));
    });
    when(gtu(whole, add(limit, wide(and(shr(s, 15), slack)))), () => give(-1));
    set(h.lowWord, whole);
    give(or(select(i32const(PE), 0, ne(rest, 0)), shl(up, 9)));
  });

  const storeInteger = (out: X32, bits: X32, value: X64): void => {
    when(
      eq(bits, 32),
      () => store32(out, low(value)),
      () =>
        when(
          eq(bits, 64),
          () => store64(out, value),
          () => store16(out, low(value)),
        ),
    );
  };
  const storeFloat = (out: X32, double: X32, value: X64): void => {
    when(
      double,
      () => store64(out, value),
      () => store32(out, low(value)),
    );
  };

  /**
   * toInteger(p, out, bits, chop): FIST and FISTTP; stores two's complement of that many bits, or the
   * integer indefinite.
   */
  func('toInteger', [I32, I32, I32, I32], I32, (p) => {
    const [a, out, bits, chop] = p as X32[];
    const flags = local(I32);
    const top = local(I64);
    set(top, shl(i64const(1), wide(sub(bits, 1))));
    set(flags, call(integer, a, sub(top, 1), chop, i32const(1)));
    when(lts(flags, 0), () => {
      abortUnless(IE, IE);
      storeInteger(out, bits, sub(0, top));
      give(IE);
    });
    set(top, select(sub(0, h.lowWord), h.lowWord, and(load16(a, 8), 0x8000)));
    storeInteger(out, bits, top);
    give(call(h.fin, flags));
  });

  /** toDecimal(p, out): FBSTP; stores ten bytes. */
  func('toDecimal', [I32, I32], I32, (p) => {
    const [a, out] = p as X32[];
    const flags = local(I32);
    const v = local(I64);
    const i = local(I32);
    set(flags, call(integer, a, i64const(MAX_DECIMAL), i32const(0), i32const(0)));
    when(lts(flags, 0), () => {
      abortUnless(IE, IE);
      store64(out, QUIET);
      store16(out, 0xffff, 8);
      give(IE);
    });
    set(v, h.lowWord);
    loop((again) => {
      const digits = local(I32);
      set(digits, low(remu(v, 100)));
      set(v, divu(v, 100));
      store8(add(out, i), add(digits, mul(6, divu(digits, 10))));
      set(i, add(i, 1));
      leave(again, ltu(i, 9));
    });
    store8(out, shl(shr(load16(a, 8), 15), 7), 9);
    give(call(h.fin, flags));
  });

  /** fromDecimal(in, rd): FBLD. Digits above 9 count as what they are, as hardware does. */
  func('fromDecimal', [I32, I32], I32, (p) => {
    const [from, rd] = p as X32[];
    const v = local(I64);
    const pair = local(I32);
    const i = local(I32);
    const s = local(I32);
    set(i, 8);
    loop((again) => {
      set(pair, load8(add(from, i)));
      set(v, add(mul(v, 100), wide(sub(pair, mul(6, shr(pair, 4))))));
      set(i, sub(i, 1));
      leave(again, ges(i, 0));
    });
    set(s, shl(shr(load8(from, 9), 7), 15));
    when(not(v), () => {
      put(rd, s, 0n);
      give(0);
    });
    put(rd, or(s, sub(BIAS + 63, low(clz(v)))), shl(v, clz(v)));
    give(0);
  });

  /** fromInteger(in, bits, rd): FILD of 16, 32 or 64 bits. */
  func('fromInteger', [I32, I32, I32], I32, (p) => {
    const [from, bits, rd] = p as X32[];
    const v = local(I64);
    const s = local(I32);
    when(
      eq(bits, 32),
      () => set(v, wideSigned(load32(from))),
      () =>
        when(
          eq(bits, 64),
          () => set(v, load64(from)),
          () => set(v, wideSigned(sub(xor(load16(from), 0x8000), 0x8000))),
        ),
    );
    when(not(v), () => {
      put(rd, 0, 0n);
      give(0);
    });
    when(lts(v, 0), () => {
      set(v, sub(0, v));
      set(s, 0x8000);
    });
    put(rd, or(s, sub(BIAS + 63, low(clz(v)))), shl(v, clz(v)));
    give(0);
  });

  /**
   * fromFloat(in, double, rd): an f32 or f64 as it is, signalling NaNs too. Returns CLASS_DENORMAL
   * for a denormal, else another class.
   */
  func('fromFloat', [I32, I32, I32], I32, (p) => {
    const [from, double, rd] = p as X32[];
    const m = local(I64);
    const e = local(I32);
    const s = local(I32);
    when(
      double,
      () => {
        set(m, load64(from));
        set(e, and(low(shr(m, 52)), 0x7ff));
        set(s, shl(low(shr(m, 63)), 15));
        set(m, shl(m, 11));
        when(ltu(sub(e, 1), 0x7fe), () => {
          put(rd, or(s, add(e, BIAS - 1023)), or(m, INTEGER_BIT));
          give(CLASS_NORMAL);
        });
        when(eq(e, 0x7ff), () => set(e, 0x7fff - (BIAS - 1023)));
        set(e, add(e, BIAS - 1023));
      },
      () => {
        set(e, load32(from));
        set(m, shl(wide(e), 40));
        set(s, shl(shr(e, 31), 15));
        set(e, and(shr(e, 23), 0xff));
        when(ltu(sub(e, 1), 0xfe), () => {
          put(rd, or(s, add(e, BIAS - 127)), or(m, INTEGER_BIT));
          give(CLASS_NORMAL);
        });
        when(eq(e, 0xff), () => set(e, 0x7fff - (BIAS - 127)));
        set(e, add(e, BIAS - 127));
      },
    );
    set(m, and(m, 0x7fffffffffffffffn));
    when(eq(e, select(i32const(BIAS - 1023), BIAS - 127, double)), () => {
      when(not(m), () => {
        put(rd, s, 0n);
        give(CLASS_ZERO);
      });
      put(rd, or(s, add(e, sub(1, low(clz(m))))), shl(m, clz(m)));
      give(CLASS_DENORMAL);
    });
    put(rd, or(s, e), or(m, INTEGER_BIT));
    give(call(h.classify, rd));
  });

  /** toFloat(p, out, double): FST; stores 8 or 4 bytes. */
  func('toFloat', [I32, I32, I32], I32, (p) => {
    const [a, out, double] = p as X32[];
    const m = local(I64);
    const e = local(I32);
    const s = local(I64);
    const c = local(I32);
    const flags = local(I32);
    const shift = local(I64);
    const fraction = local(I64); // bits of the fraction field
    const infinity = local(I64);
    const rest = local(I64);
    const v = local(I64);
    const up = local(I32);
    const tiny = local(I32);
    const rc = local(I32);
    set(shift, select(i64const(11), 40, double));
    set(fraction, sub(63, shift));
    set(infinity, shl(select(i64const(0x7ff), 0xff, double), fraction));
    set(m, load64(a));
    set(e, load16(a, 8));
    set(s, shl(wide(shr(e, 15)), select(i64const(63), 31, double)));
    set(e, and(e, 0x7fff));
    when(either(ges(m, 0), geu(e, 0x7fff)), () => {
      set(c, call(h.classify, a));
      when(eq(c, CLASS_ZERO), () => {
        storeFloat(out, double, s);
        give(0);
      });
      when(eq(c, CLASS_UNSUPPORTED), () => {
        abortUnless(IE, IE);
        const nan = select(i64const(0xfff8000000000000n), i64const(0xffc00000), double);
        storeFloat(out, double, nan);
        give(IE);
      });
      when(geu(c, CLASS_INFINITY), () => {
        when(eq(c, CLASS_SNAN), () => {
          abortUnless(IE, IE);
          set(flags, IE);
        });
        when(ne(c, CLASS_INFINITY), () => set(m, or(m, QUIET)));
        storeFloat(out, double, or(or(s, infinity), shr(shl(m, 1), add(shift, 1))));
        give(flags);
      });
    });
    normaliseOperand(m, e);
    const round = (): void => {
      set(v, shr(m, shift));
      set(up, call(h.increment, low(or(s, shr(s, 32))), rest, low(and(v, 1))));
    };
    set(e, sub(e, select(i32const(BIAS - 1023), BIAS - 127, double)));
    set(rest, shl(m, sub(64, shift)));
    round();
    when(les(e, 0), () => {
      set(tiny, either(ne(e, 0), either(not(up), ne(shr(add(v, 1), add(fraction, 1)), 1))));
      when(both(tiny, not(and(control(), UE))), () => {
        give(UE | SUMMARY | ABORT);
      });
      // Shift the fraction down to the smallest exponent; bits beyond 64 only have to be sticky.
      set(m, call(h.shiftRight, m, i64const(0), wide(sub(1, e))));
      set(rest, or(shl(m, sub(64, shift)), wide(ne(h.lowWord, 0))));
      round();
      when(both(tiny, ne(rest, 0)), () => set(flags, UE));
      storeFloat(out, double, or(s, add(v, wide(up))));
      when(ne(rest, 0), () => set(flags, or(flags, or(shl(up, 9), PE))));
      give(call(h.fin, flags));
    });
    // A carry out of the fraction raises the exponent by itself.
    set(v, add(add(v, wide(up)), shl(wideSigned(sub(e, 1)), fraction)));
    when(ne(rest, 0), () => set(flags, or(shl(up, 9), PE)));
    when(either(gtu(v, sub(infinity, 1)), gts(e, 0x7fe)), () => {
      when(not(and(control(), OE)), () => give(OE | SUMMARY | ABORT));
      set(rc, and(control(), RC_MASK));
      set(up, either(not(rc), eq(rc, select(i32const(RC_DOWN), RC_UP, ne(s, 0)))));
      storeFloat(out, double, or(s, sub(infinity, wide(not(up)))));
      give(call(h.fin, or(shl(up, 9), OE | PE)));
    });
    storeFloat(out, double, or(s, v));
    give(call(h.fin, flags));
  });
}
