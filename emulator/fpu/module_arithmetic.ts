// WebAssembly: add, subtract, multiply, divide, square root and comparison. Operands and results are
// addresses of 80-bit values; each helper returns the exception and condition bits for the status
// word, with the summary bits when an exception is not masked, and ABORT when nothing was stored.

import {
  I32,
  I64,
  add,
  and,
  call,
  divu,
  eq,
  f64ofU64,
  f64sqrt,
  func,
  ges,
  geu,
  give,
  gtu,
  i64const,
  load16,
  load64,
  local,
  lts,
  ltu,
  mul,
  ne,
  not,
  or,
  select,
  set,
  shl,
  shr,
  sub,
  u64ofF64,
  when,
  wide,
  xor,
} from './assembler.js';
import type { Func } from './assembler.js';
import {
  ABORT,
  BIAS,
  C0,
  C2,
  C3,
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_QNAN,
  CLASS_SNAN,
  CLASS_ZERO,
  DE,
  IE,
  RC_DOWN,
  RC_MASK,
  SUMMARY,
  ZE,
} from './constants.js';
import {
  INTEGER_BIT,
  abortUnless,
  both,
  control,
  either,
  finishRounded,
  multiply,
  normalise128,
  normaliseOperand,
  put,
} from './module_round.js';
import type { RoundHelpers, X32, X64 } from './module_round.js';

/** Whether both values are normalised and finite. */
const plain = (ma: X64, ea: X32, mb: X64, eb: X32): X32 =>
  both(lts(and(ma, mb), 0), both(ltu(sub(ea, 1), 0x7ffe), ltu(sub(eb, 1), 0x7ffe)));

export function assembleArithmetic(h: RoundHelpers): void {
  /**
   * The cases of a binary operation that do not compute: a function (a, b, sa, sb, rd) that returns
   * status bits, or -1 when the operation has to go on with denormals or one zero.
   */
  const special = (
    before: (ca: X32, cb: X32, sa: X32, sb: X32, rd: X32) => void,
    rest: (ca: X32, cb: X32, sa: X32, sb: X32, rd: X32, flags: X32) => void,
  ): Func<typeof I32> =>
    func('', [I32, I32, I32, I32, I32], I32, (p) => {
      const [a, b, sa, sb, rd] = p as X32[];
      const ca = local(I32);
      const cb = local(I32);
      const flags = local(I32);
      set(ca, call(h.classify, a));
      set(cb, call(h.classify, b));
      when(either(geu(ca, CLASS_QNAN), geu(cb, CLASS_QNAN)), () =>
        give(call(h.propagate, a, b, rd)),
      );
      before(ca, cb, sa, sb, rd);
      when(either(eq(ca, CLASS_DENORMAL), eq(cb, CLASS_DENORMAL)), () => {
        abortUnless(DE, DE);
        set(flags, DE);
      });
      rest(ca, cb, sa, sb, rd, flags);
      give(-1);
    });
  const infinite = (c: X32): X32 => eq(c, CLASS_INFINITY);
  const zero = (c: X32): X32 => eq(c, CLASS_ZERO);
  const signOf = (x: X32): X32 => and(x, 0x8000);

  const nothing = (): void => undefined;

  const addSpecial = special(nothing, (ca, cb, sa, sb, rd, flags) => {
    when(infinite(ca), () => {
      when(both(infinite(cb), ne(signOf(sa), signOf(sb))), () => give(call(h.invalid, rd)));
      put(rd, sa, INTEGER_BIT);
      give(flags);
    });
    when(infinite(cb), () => {
      put(rd, sb, INTEGER_BIT);
      give(flags);
    });
    when(both(zero(ca), zero(cb)), () => {
      const minus = shl(eq(and(control(), RC_MASK), RC_DOWN), 15);
      put(rd, select(sa, minus, eq(sa, sb)), 0n);
      give(flags);
    });
  });

  const multiplySpecial = special(nothing, (ca, cb, sa, sb, rd, flags) => {
    when(either(infinite(ca), infinite(cb)), () => {
      when(either(zero(ca), zero(cb)), () => give(call(h.invalid, rd)));
      put(rd, or(signOf(xor(sa, sb)), 0x7fff), INTEGER_BIT);
      give(flags);
    });
    when(either(zero(ca), zero(cb)), () => {
      put(rd, signOf(xor(sa, sb)), 0n);
      give(flags);
    });
  });

  // A division by zero comes before, and instead of, the exception for a denormal dividend.
  const divideByZero = (ca: X32, cb: X32, sa: X32, sb: X32, rd: X32): void => {
    when(both(zero(cb), not(either(zero(ca), infinite(ca)))), () => {
      abortUnless(ZE, ZE);
      put(rd, or(signOf(xor(sa, sb)), 0x7fff), INTEGER_BIT);
      give(ZE);
    });
  };

  const divideSpecial = special(divideByZero, (ca, cb, sa, sb, rd, flags) => {
    when(both(eq(ca, cb), either(zero(ca), infinite(ca))), () => give(call(h.invalid, rd)));
    when(infinite(ca), () => {
      put(rd, or(signOf(xor(sa, sb)), 0x7fff), INTEGER_BIT);
      give(flags);
    });
    when(either(zero(ca), infinite(cb)), () => {
      put(rd, signOf(xor(sa, sb)), 0n);
      give(flags);
    });
  });

  /** Loads both operands and deals with everything but two plain values. */
  const operands = (
    p: X32[],
    neg: X32 | null,
    other: Func<typeof I32>,
  ): { ma: X64; mb: X64; sa: X32; sb: X32; ea: X32; eb: X32; flags: X32; rd: X32 } => {
    const [a, b, rd] = p;
    const ma = local(I64);
    const mb = local(I64);
    const sa = local(I32);
    const sb = local(I32);
    const ea = local(I32);
    const eb = local(I32);
    const flags = local(I32);
    set(ma, load64(a));
    set(mb, load64(b));
    set(sa, load16(a, 8));
    set(sb, neg === null ? load16(b, 8) : xor(load16(b, 8), neg));
    set(ea, and(sa, 0x7fff));
    set(eb, and(sb, 0x7fff));
    when(not(plain(ma, ea, mb, eb)), () => {
      set(flags, call(other, a, b, sa, sb, rd));
      when(ges(flags, 0), () => give(flags));
      // A zero has exponent field 0 but is no denormal.
      const denormal = (m: X64, e: X32): X32 => both(not(e), ne(m, 0));
      set(flags, shl(either(denormal(ma, ea), denormal(mb, eb)), 1));
      normaliseOperand(ma, ea);
      normaliseOperand(mb, eb);
    });
    return { ma, mb, sa, sb, ea, eb, flags, rd };
  };

  /** add(a, b, rd, neg): a + b, or a - b when neg is 0x8000. */
  func('add', [I32, I32, I32, I32], I32, (p) => {
    const neg = p[3] as X32;
    const { ma, mb, sa, sb, ea, eb, flags, rd } = operands(p as X32[], neg, addSpecial);
    const d = local(I64);
    const lo = local(I64);
    const m = local(I64);
    const t = local(I32);
    // The larger magnitude first.
    when(either(lts(ea, eb), both(eq(ea, eb), ltu(ma, mb))), () => {
      set(m, ma);
      set(ma, mb);
      set(mb, m);
      set(t, ea);
      set(ea, eb);
      set(eb, t);
      set(t, sa);
      set(sa, sb);
      set(sb, t);
    });
    set(d, wide(sub(ea, eb)));
    when(ne(d, 0), () => {
      when(
        ltu(d, 64),
        () => {
          set(lo, shl(mb, sub(64, d)));
          set(mb, shr(mb, d));
        },
        () => {
          set(mb, call(h.shiftRight, mb, i64const(0), d));
          set(lo, h.lowWord);
        },
      );
    });
    const sign = t;
    set(sign, signOf(sa));
    when(
      eq(sign, signOf(sb)),
      () => {
        set(m, add(ma, mb));
        when(ltu(m, ma), () => {
          set(lo, or(or(shr(lo, 1), and(lo, 1)), shl(m, 63)));
          set(m, or(shr(m, 1), INTEGER_BIT));
          set(ea, add(ea, 1));
        });
      },
      () => {
        set(m, sub(sub(ma, mb), wide(ne(lo, 0))));
        set(lo, sub(0, lo));
        when(ges(m, 0), () => {
          when(not(or(m, lo)), () => {
            put(rd, shl(eq(and(control(), RC_MASK), RC_DOWN), 15), 0n);
            give(flags);
          });
          normalise128(m, lo, ea);
        });
      },
    );
    finishRounded(h, rd, sign, ea, m, lo, flags);
  });

  /** mul(a, b, rd) */
  func('mul', [I32, I32, I32], I32, (p) => {
    const { ma, mb, sa, sb, ea, eb, flags, rd } = operands(p as X32[], null, multiplySpecial);
    const hi = local(I64);
    const lo = local(I64);
    set(ea, add(ea, sub(eb, BIAS - 1)));
    multiply(ma, mb, hi, lo);
    when(ges(hi, 0), () => {
      set(hi, or(shl(hi, 1), shr(lo, 63)));
      set(lo, shl(lo, 1));
      set(ea, sub(ea, 1));
    });
    set(sa, signOf(xor(sa, sb)));
    finishRounded(h, rd, sa, ea, hi, lo, flags);
  });

  /** div(a, b, rd): a / b */
  func('div', [I32, I32, I32], I32, (p) => {
    const { ma, mb, sa, sb, ea, eb, flags, rd } = operands(p as X32[], null, divideSpecial);
    const q = local(I64);
    const lo = local(I64);
    const n = local(I64);
    set(ea, add(sub(ea, eb), BIAS - 1));
    when(geu(ma, mb), () => {
      set(n, shl(ma, 63));
      set(ma, shr(ma, 1));
      set(ea, add(ea, 1));
    });
    set(q, call(h.divide, ma, n, mb));
    set(lo, h.lowWord);
    when(ne(lo, 0), () => {
      // The fraction behind q: exactly a half, or a quarter or three quarters standing for the rest.
      set(n, sub(mb, lo));
      set(
        lo,
        select(
          i64const(1n << 62n),
          select(INTEGER_BIT, i64const(3n << 62n), eq(lo, n)),
          ltu(lo, n),
        ),
      );
    });
    set(sa, signOf(xor(sa, sb)));
    finishRounded(h, rd, sa, ea, q, lo, flags);
  });

  /** sqrt(a, rd) */
  func('sqrt', [I32, I32], I32, (p) => {
    const [a, rd] = p as X32[];
    const m = local(I64);
    const lo = local(I64);
    const e = local(I32);
    const s = local(I32);
    const flags = local(I32);
    const c = local(I32);
    const root = local(I64);
    const r = local(I64);
    const q = local(I64);
    const hi2 = local(I64);
    const lo2 = local(I64);
    set(m, load64(a));
    set(s, load16(a, 8));
    set(e, and(s, 0x7fff));
    when(not(both(lts(m, 0), ltu(sub(s, 1), 0x7ffe))), () => {
      set(c, call(h.classify, a));
      when(geu(c, CLASS_QNAN), () => give(call(h.propagateOne, a, rd)));
      when(eq(c, CLASS_ZERO), () => {
        put(rd, s, 0n);
        give(0);
      });
      when(signOf(s), () => give(call(h.invalid, rd)));
      when(eq(c, CLASS_INFINITY), () => {
        put(rd, s, INTEGER_BIT);
        give(0);
      });
      abortUnless(DE, DE);
      set(flags, DE);
      normaliseOperand(m, e);
    });
    // The radicand m:lo in [2^126, 2^128), so that the root has 64 bits.
    when(and(e, 1), () => {
      set(lo, shl(m, 63));
      set(m, shr(m, 1));
    });
    set(e, shr(add(e, BIAS), 1));
    // Square root of the upper half, then one digit of 32 bits by division (Zimmermann).
    set(root, u64ofF64(f64sqrt(f64ofU64(m))));
    when(either(ne(shr(root, 32), 0), gtu(mul(root, root), m)), () => set(root, sub(root, 1)));
    set(r, sub(m, mul(root, root)));
    when(gtu(r, shl(root, 1)), () => {
      set(root, add(root, 1));
      set(r, sub(m, mul(root, root)));
    });
    set(q, divu(or(shl(r, 31), shr(lo, 33)), root));
    when(ne(shr(q, 32), 0), () => set(q, 0xffffffff));
    set(root, or(shl(root, 32), q));
    // Correct the estimate, which is at most one too large, and find the remainder.
    multiply(root, root, hi2, lo2);
    when(either(gtu(hi2, m), both(eq(hi2, m), gtu(lo2, lo))), () => {
      set(root, sub(root, 1));
      multiply(root, root, hi2, lo2);
    });
    set(m, sub(sub(m, hi2), wide(ltu(lo, lo2))));
    set(lo, sub(lo, lo2));
    when(ne(or(m, lo), 0), () => {
      // (root + 1/2)^2 = root^2 + root + 1/4: the remainder tells on which side the root lies.
      set(lo, select(i64const(3n << 62n), i64const(1n << 62n), either(ne(m, 0), gtu(lo, root))));
    });
    set(s, 0);
    finishRounded(h, rd, s, e, root, lo, flags);
  });

  /** Condition bits are delivered even when an exception is not masked; ABORT forbids to pop. */
  const compared = func('', [I32], I32, ([flags]) => {
    const f = flags as X32;
    when(and(and(f, IE | DE), xor(control(), IE | DE)), () => give(or(f, SUMMARY | ABORT)));
    give(f);
  });

  /** compare(a, b, quiet): C3 C2 C0; with `quiet` only signalling NaNs are invalid (FUCOM). */
  func('compare', [I32, I32, I32], I32, (p) => {
    const [a, b, quiet] = p as X32[];
    const ma = local(I64);
    const mb = local(I64);
    const sa = local(I32);
    const sb = local(I32);
    const ea = local(I32);
    const eb = local(I32);
    const flags = local(I32);
    set(ma, load64(a));
    set(mb, load64(b));
    set(sa, load16(a, 8));
    set(sb, load16(b, 8));
    set(ea, and(sa, 0x7fff));
    set(eb, and(sb, 0x7fff));
    when(not(plain(ma, ea, mb, eb)), () => {
      const ca = local(I32);
      const cb = local(I32);
      set(ca, call(h.classify, a));
      set(cb, call(h.classify, b));
      when(either(geu(ca, CLASS_QNAN), geu(cb, CLASS_QNAN)), () => {
        when(either(not(quiet), either(geu(ca, CLASS_SNAN), geu(cb, CLASS_SNAN))), () =>
          set(flags, IE),
        );
        give(call(compared, or(flags, C3 | C2 | C0)));
      });
      when(either(eq(ca, CLASS_DENORMAL), eq(cb, CLASS_DENORMAL)), () => {
        set(flags, DE);
      });
      when(not(or(ma, mb)), () => give(call(compared, or(flags, C3))));
      // A denormal has the exponent of the smallest normal value.
      when(not(ea), () => set(ea, ne(ma, 0)));
      when(not(eb), () => set(eb, ne(mb, 0)));
    });
    when(both(eq(ma, mb), eq(or(ea, signOf(sa)), or(eb, signOf(sb)))), () =>
      give(call(compared, or(flags, C3))),
    );
    when(
      ne(signOf(sa), signOf(sb)),
      () => set(ea, shr(signOf(sa), 15)),
      () => set(ea, xor(either(ltu(ea, eb), both(eq(ea, eb), ltu(ma, mb))), shr(signOf(sa), 15))),
    );
    give(call(compared, or(flags, shl(ea, 8)))); // below, in C0
  });
}
