// WebAssembly: classification, NaN rules and rounding, which all arithmetic shares.

import { FPU_CONTROL } from '../state/layout.js';
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
  ges,
  give,
  global,
  gts,
  gtu,
  i32const,
  i64const,
  les,
  load16,
  load32,
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
  store16,
  store64,
  sub,
  when,
  wide,
  xor,
} from './assembler.js';
import type { Func, Node } from './assembler.js';
import {
  ABORT,
  C1,
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_NORMAL,
  CLASS_QNAN,
  CLASS_SNAN,
  CLASS_UNSUPPORTED,
  CLASS_ZERO,
  EXCEPTIONS,
  IE,
  OE,
  PC_53,
  PC_MASK,
  PE,
  RC_DOWN,
  RC_MASK,
  RC_UP,
  SUMMARY,
  UE,
  WRAP,
} from './constants.js';

export type X32 = Node<I32>;
export type X64 = Node<I64>;

export const INTEGER_BIT = 1n << 63n;
export const QUIET = 0xc000000000000000n;

/** The control word. */
export const control = (): X32 => load32(0, FPU_CONTROL * 4);
/** Both of two conditions (each 0 or 1). */
export const both = (a: X32, b: X32): X32 => and(a, b);
export const either = (a: X32, b: X32): X32 => or(a, b);

/** The helpers of this file, once assembled into the current module. */
export interface RoundHelpers {
  /** Second result of the helpers that have one. */
  lowWord: X64;
  classify: Func<I32>;
  fin: Func<I32>;
  propagate: Func<I32>;
  propagateOne: Func<I32>;
  invalid: Func<I32>;
  shiftRight: Func<I64>;
  increment: Func<I32>;
  round: Func<I32>;
  roundPrecision: Func<I32>;
  divide: Func<I64>;
}

/** Stores a value: `se` holds sign and exponent. */
export function put(rd: X32, se: X32 | number, significand: X64 | bigint): void {
  store64(rd, significand);
  store16(rd, se, 8);
}

/** Raises unmasked denormal or invalid exceptions before anything is computed. */
export function abortUnless(masked: number, flags: X32 | number): void {
  when(not(and(control(), masked)), () => give(or(i32const(SUMMARY | ABORT), flags)));
}

/** hi:lo = x * y. `lo` may be null when nobody needs it. */
export function multiply(x: X64, y: X64, hi: X64, lo: X64): void {
  const x1 = local(I64);
  const y1 = local(I64);
  const t = local(I64);
  const u = local(I64);
  const x0 = and(x, 0xffffffff);
  const y0 = and(y, 0xffffffff);
  set(x1, shr(x, 32));
  set(y1, shr(y, 32));
  set(t, add(mul(x1, y0), shr(mul(x0, y0), 32)));
  set(u, add(mul(x0, y1), and(t, 0xffffffff)));
  set(lo, mul(x, y));
  set(hi, add(mul(x1, y1), add(shr(t, 32), shr(u, 32))));
}

/** Shifts a nonzero hi:lo left until the top bit is set, lowering `e`. */
export function normalise128(hi: X64, lo: X64, e: X32): void {
  const n = local(I64);
  when(not(hi), () => {
    set(hi, lo);
    set(lo, 0);
    set(e, sub(e, 64));
  });
  set(n, clz(hi));
  when(ne(n, 0), () => {
    set(hi, or(shl(hi, n), shr(lo, sub(64, n))));
    set(lo, shl(lo, n));
    set(e, sub(e, low(n)));
  });
}

/** Makes a denormal (exponent field 0) a normalised value; zeros get a very small exponent. */
export function normaliseOperand(m: X64, e: X32): void {
  when(not(e), () => {
    when(
      not(m),
      () => set(e, -0x40000),
      () => {
        set(e, sub(1, low(clz(m))));
        set(m, shl(m, clz(m)));
      },
    );
  });
}

export function assembleRounding(): RoundHelpers {
  const lowWord = global(I64);

  /** classify(p): CLASS_... of the value at p. */
  const classify = func('classify', [I32], I32, ([p]) => {
    const m = local(I64);
    const e = local(I32);
    set(m, load64(p as X32));
    set(e, and(load16(p as X32, 8), 0x7fff));
    when(not(e), () => give(select(i32const(CLASS_ZERO), CLASS_DENORMAL, not(m))));
    when(ges(m, 0), () => give(CLASS_UNSUPPORTED));
    when(ne(e, 0x7fff), () => give(CLASS_NORMAL));
    set(m, shl(m, 1));
    when(not(m), () => give(CLASS_INFINITY));
    give(select(i32const(CLASS_QNAN), CLASS_SNAN, lts(m, 0)));
  });

  /** fin(flags): adds the summary bits when an exception is not masked. */
  const fin = func('', [I32], I32, ([flags]) => {
    const f = flags as X32;
    when(and(and(f, EXCEPTIONS), xor(control(), EXCEPTIONS)), () => give(or(f, SUMMARY)));
    give(f);
  });

  /** invalid(rd): the masked response to an invalid operation, or the unmasked one. */
  const invalid = func('', [I32], I32, ([rd]) => {
    abortUnless(IE, IE);
    put(rd as X32, 0xffff, QUIET);
    give(IE);
  });

  /**
   * propagate(a, b, rd): the result when one operand is a NaN or unsupported. Of two NaNs the one
   * with the larger significand, but a quiet one before a signalling one (SDM 1 table 4-7).
   */
  const propagate = func('', [I32, I32, I32], I32, (p) => {
    const [a, b, rd] = p as X32[];
    const ca = local(I32);
    const cb = local(I32);
    const flags = local(I32);
    const ma = local(I64);
    const mb = local(I64);
    const from = local(I32);
    set(ca, call(classify, a));
    set(cb, call(classify, b));
    when(either(eq(ca, CLASS_UNSUPPORTED), eq(cb, CLASS_UNSUPPORTED)), () => {
      give(call(invalid, rd));
    });
    when(either(eq(ca, CLASS_SNAN), eq(cb, CLASS_SNAN)), () => {
      abortUnless(IE, IE);
      set(flags, IE);
    });
    set(ma, load64(a));
    set(mb, load64(b));
    set(from, a);
    when(
      lts(ca, CLASS_QNAN),
      () => set(from, b),
      () =>
        when(
          eq(ca, cb),
          () => {
            when(ltu(ma, mb), () => set(from, b));
            when(both(eq(ma, mb), ltu(load16(b, 8), load16(a, 8))), () => set(from, b));
          },
          () => when(both(eq(ca, CLASS_SNAN), eq(cb, CLASS_QNAN)), () => set(from, b)),
        ),
    );
    set(ma, or(load64(from), QUIET));
    set(ca, load16(from, 8));
    put(rd, ca, ma);
    give(flags);
  });

  /** propagateOne(a, rd): the same for a single operand. */
  const propagateOne = func('', [I32, I32], I32, (p) => {
    const [a, rd] = p as X32[];
    give(call(propagate, a, a, rd));
  });

  /** shiftRight(hi, lo, n): hi:lo >> n, lost bits ored into bit 0; the low half in lowWord. */
  const shiftRight = func('', [I64, I64, I64], I64, (p) => {
    const [hi, lo, n] = p as X64[];
    when(not(n), () => {
      set(lowWord, lo);
      give(hi);
    });
    when(ltu(n, 64), () => {
      set(lowWord, or(or(shl(hi, sub(64, n)), shr(lo, n)), wide(ne(shl(lo, sub(64, n)), 0))));
      give(shr(hi, n));
    });
    when(eq(n, 64), () => {
      set(lowWord, or(hi, wide(ne(lo, 0))));
      give(i64const(0));
    });
    when(ltu(n, 128), () => {
      set(lowWord, or(shr(hi, n), wide(ne(or(shl(hi, sub(128, n)), lo), 0))));
      give(i64const(0));
    });
    set(lowWord, wide(ne(or(hi, lo), 0)));
    give(i64const(0));
  });

  /** increment(sign, rest, odd): 1 when a magnitude with fraction `rest` / 2^64 is rounded up. */
  const increment = func('', [I32, I64, I32], I32, (p) => {
    const sign = p[0] as X32;
    const rest = p[1] as X64;
    const odd = p[2] as X32;
    const rc = local(I32);
    when(not(rest), () => give(0));
    set(rc, and(control(), RC_MASK));
    when(not(rc), () => give(both(lts(rest, 0), either(ne(shl(rest, 1), 0), odd))));
    when(eq(rc, RC_DOWN), () => give(ne(sign, 0)));
    when(eq(rc, RC_UP), () => give(eq(sign, 0)));
    give(0);
  });

  /**
   * roundPrecision(rd, sign, e, hi, lo, flags, s): rounds the normalised hi:lo (lo may hold sticky
   * bits) to 64-s bits and stores it. `sign` is 0 or 0x8000; any exponent `e`.
   */
  const roundPrecision = func('', [I32, I32, I32, I64, I64, I32, I64], I32, (p) => {
    const [rd, sign, e] = p as X32[];
    const hi = p[3] as X64;
    const lo = p[4] as X64;
    const flags = p[5] as X32;
    const s = p[6] as X64;
    const lsb = local(I64);
    const rest = local(I64);
    const h = local(I64);
    const up = local(I32);
    const tiny = local(I32);
    const rc = local(I32);
    const split = (): void => {
      set(h, shl(shr(hi, s), s));
      set(rest, lo);
      when(ne(s, 0), () => set(rest, or(shl(hi, sub(64, s)), wide(ne(lo, 0)))));
      set(up, call(increment, sign, rest, ne(and(h, lsb), 0)));
    };
    const inexact = (): void => {
      when(ne(rest, 0), () => set(flags, or(flags, PE)));
      when(up, () => {
        set(flags, or(flags, C1));
        set(h, add(h, lsb));
      });
    };
    set(lsb, shl(i64const(1), s));
    split();
    when(les(e, 0), () => {
      // Tiny when the result, rounded as if the exponent had no lower end, is below 2^-16382.
      set(tiny, either(ne(e, 0), either(not(up), ne(add(h, lsb), 0))));
      when(both(tiny, not(and(control(), UE))), () => {
        inexact();
        when(both(up, not(h)), () => {
          set(h, INTEGER_BIT);
          set(e, add(e, 1));
        });
        set(flags, or(flags, UE));
        // Even the wrapped exponent may be too small after FSCALE.
        when(les(e, -WRAP), () => {
          put(rd, sign, 0n);
          give(call(fin, or(and(flags, ~C1), PE)));
        });
        put(rd, or(sign, add(e, WRAP)), h);
        give(call(fin, flags));
      });
      set(hi, call(shiftRight, hi, lo, wide(sub(1, e))));
      set(lo, lowWord);
      split();
      inexact();
      when(both(tiny, ne(rest, 0)), () => set(flags, or(flags, UE)));
      put(rd, or(sign, lts(h, 0)), h);
      give(call(fin, flags));
    });
    inexact();
    when(both(up, ltu(h, lsb)), () => {
      set(h, INTEGER_BIT);
      set(e, add(e, 1));
    });
    when(gts(e, 0x7ffe), () => {
      when(not(and(control(), OE)), () => {
        set(flags, or(flags, OE));
        when(gts(e, 0x7ffe + WRAP), () => {
          put(rd, or(sign, 0x7fff), INTEGER_BIT);
          give(call(fin, or(flags, PE | C1)));
        });
        put(rd, or(sign, sub(e, WRAP)), h);
        give(call(fin, flags));
      });
      set(rc, and(control(), RC_MASK));
      set(flags, or(and(flags, ~C1), OE | PE));
      when(
        either(not(rc), eq(rc, select(i32const(RC_DOWN), RC_UP, sign))),
        () => {
          put(rd, or(sign, 0x7fff), INTEGER_BIT);
          set(flags, or(flags, C1));
        },
        () => put(rd, or(sign, 0x7ffe), sub(0, lsb)),
      );
      give(call(fin, flags));
    });
    put(rd, or(sign, e), h);
    give(call(fin, flags));
  });

  /** round(rd, sign, e, hi, lo, flags): the same to the precision that PC asks for. */
  const round = func('', [I32, I32, I32, I64, I64, I32], I32, (p) => {
    const pc = local(I32);
    set(pc, and(control(), PC_MASK));
    give(
      call(
        roundPrecision,
        ...p,
        select(i64const(40), select(i64const(11), 0, eq(pc, PC_53)), not(pc)),
      ),
    );
  });

  /**
   * divide(u1, u0, v): u1:u0 / v for u1 < v with the top bit of v set; the remainder in lowWord.
   * Two digits of 32 bits, each estimated from the leading digit of v and corrected (Knuth's D).
   */
  const divide = func('', [I64, I64, I64], I64, (p) => {
    const [u1, u0, v] = p as X64[];
    const v1 = local(I64);
    const v0 = local(I64);
    const q1 = local(I64);
    const q0 = local(I64);
    const r = local(I64);
    const digit = (q: X64, n: X64, next: X64): void => {
      set(q, divu(n, v1));
      set(r, sub(n, mul(q, v1)));
      for (let i = 0; i < 2; i++) {
        const tooLarge = either(ne(shr(q, 32), 0), gtu(mul(q, v0), or(shl(r, 32), next)));
        when(both(not(shr(r, 32)), tooLarge), () => {
          set(q, sub(q, 1));
          set(r, add(r, v1));
        });
      }
    };
    set(v1, shr(v, 32));
    set(v0, and(v, 0xffffffff));
    digit(q1, u1, shr(u0, 32));
    set(u1, sub(or(shl(u1, 32), shr(u0, 32)), mul(q1, v)));
    digit(q0, u1, and(u0, 0xffffffff));
    set(lowWord, sub(or(shl(u1, 32), and(u0, 0xffffffff)), mul(q0, v)));
    give(add(shl(q1, 32), q0));
  });

  return {
    lowWord,
    classify,
    fin,
    propagate,
    propagateOne,
    invalid,
    shiftRight,
    increment,
    round,
    roundPrecision,
    divide,
  };
}

/**
 * Ends an arithmetic helper: rounds hi:lo to nearest inline when everything is masked and 64 bits
 * are asked for, and leaves every other case to `round`.
 */
export function finishRounded(
  h: RoundHelpers,
  rd: X32,
  sign: X32,
  e: X32,
  hi: X64,
  lo: X64,
  flags: X32,
): void {
  const rest = local(I64);
  const cw = local(I32);
  const up = local(I32);
  const nearest = (bits: number): void => {
    when(not(rest), () => {
      put(rd, or(sign, e), hi);
      give(flags);
    });
    const odd = low(and(shr(hi, bits), 1));
    set(up, both(lts(rest, 0), either(ne(shl(rest, 1), 0), odd)));
    set(hi, add(hi, shl(wide(up), bits)));
    when(not(hi), () => {
      set(hi, INTEGER_BIT);
      set(e, add(e, 1));
    });
    put(rd, or(sign, e), hi);
    give(or(flags, or(shl(up, 9), PE))); // up in C1
  };
  set(cw, control());
  when(both(eq(and(cw, RC_MASK | EXCEPTIONS), EXCEPTIONS), ltu(sub(e, 1), 0x7ffd)), () => {
    when(eq(and(cw, PC_MASK), PC_MASK), () => {
      set(rest, lo);
      nearest(0);
    });
    when(eq(and(cw, PC_MASK), PC_53), () => {
      set(rest, or(shl(hi, 53), wide(ne(lo, 0))));
      set(hi, and(hi, -0x800));
      nearest(11);
    });
  });
  give(call(h.round, rd, sign, e, hi, lo, flags));
}
