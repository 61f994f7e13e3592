// Packed integers: arithmetic, logic, comparison and shifts on MMX (8 bytes) and XMM registers (16).
// A function works on byte indices: destination d, source s, n bytes.

import { i16, i32, i8, u16, u8 } from '../state/current.js';

export type Lanes = (d: number, s: number, n: number) => void;

function bytes(f: (a: number, b: number) => number): Lanes {
  return (d, s, n) => {
    for (let i = 0; i < n; i++) u8[d + i] = f(u8[d + i], u8[s + i]);
  };
}
function signedBytes(f: (a: number, b: number) => number): Lanes {
  return (d, s, n) => {
    for (let i = 0; i < n; i++) i8[d + i] = f(i8[d + i], i8[s + i]);
  };
}
function words(f: (a: number, b: number) => number): Lanes {
  return (d, s, n) => {
    for (let i = 0; i < n >> 1; i++) u16[(d >> 1) + i] = f(u16[(d >> 1) + i], u16[(s >> 1) + i]);
  };
}
function signedWords(f: (a: number, b: number) => number): Lanes {
  return (d, s, n) => {
    for (let i = 0; i < n >> 1; i++) i16[(d >> 1) + i] = f(i16[(d >> 1) + i], i16[(s >> 1) + i]);
  };
}
function dwords(f: (a: number, b: number) => number): Lanes {
  return (d, s, n) => {
    for (let i = 0; i < n >> 2; i++) i32[(d >> 2) + i] = f(i32[(d >> 2) + i], i32[(s >> 2) + i]);
  };
}

const clampU8 = (v: number): number => (v < 0 ? 0 : v > 0xff ? 0xff : v);
const clampI8 = (v: number): number => (v < -0x80 ? -0x80 : v > 0x7f ? 0x7f : v);
const clampU16 = (v: number): number => (v < 0 ? 0 : v > 0xffff ? 0xffff : v);
const clampI16 = (v: number): number => (v < -0x8000 ? -0x8000 : v > 0x7fff ? 0x7fff : v);

// Addition and subtraction: wrapping, with signed saturation, with unsigned saturation.

export const paddb = bytes((a, b) => a + b);
export const paddw = words((a, b) => a + b);
export const paddd = dwords((a, b) => (a + b) | 0);
export const psubb = bytes((a, b) => a - b);
export const psubw = words((a, b) => a - b);
export const psubd = dwords((a, b) => (a - b) | 0);
export const paddsb = signedBytes((a, b) => clampI8(a + b));
export const paddsw = signedWords((a, b) => clampI16(a + b));
export const psubsb = signedBytes((a, b) => clampI8(a - b));
export const psubsw = signedWords((a, b) => clampI16(a - b));
export const paddusb = bytes((a, b) => clampU8(a + b));
export const paddusw = words((a, b) => clampU16(a + b));
export const psubusb = bytes((a, b) => clampU8(a - b));
export const psubusw = words((a, b) => clampU16(a - b));

export const paddq: Lanes = (d, s, n) => {
  for (let i = 0; i < n >> 2; i += 2) {
    const a = i32[(d >> 2) + i];
    const low = (a + i32[(s >> 2) + i]) | 0;
    const carry = low >>> 0 < a >>> 0 ? 1 : 0;
    i32[(d >> 2) + i + 1] = i32[(d >> 2) + i + 1] + i32[(s >> 2) + i + 1] + carry;
    i32[(d >> 2) + i] = low;
  }
};
export const psubq: Lanes = (d, s, n) => {
  for (let i = 0; i < n >> 2; i += 2) {
    const a = i32[(d >> 2) + i];
    const b = i32[(s >> 2) + i];
    const borrow = a >>> 0 < b >>> 0 ? 1 : 0;
    i32[(d >> 2) + i + 1] = i32[(d >> 2) + i + 1] - i32[(s >> 2) + i + 1] - borrow;
    i32[(d >> 2) + i] = a - b;
  }
};

// Multiplication.

export const pmullw = signedWords((a, b) => Math.imul(a, b));
export const pmulhw = signedWords((a, b) => Math.imul(a, b) >> 16);
export const pmulhuw = words((a, b) => Math.imul(a, b) >>> 16);
export const pmulhrsw = signedWords((a, b) => ((Math.imul(a, b) >> 14) + 1) >> 1);

/** The full product of two unsigned 32-bit numbers at word `to`. */
function multiplyWide(to: number, a: number, b: number): void {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const middle = ah * (b & 0xffff) + ((al * (b & 0xffff)) >>> 16);
  const cross = al * (b >>> 16) + (middle % 0x10000);
  i32[to + 1] = ah * (b >>> 16) + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000);
  i32[to] = Math.imul(a, b);
}
export const pmuludq: Lanes = (d, s, n) => {
  for (let i = 0; i < n >> 2; i += 2) {
    multiplyWide((d >> 2) + i, i32[(d >> 2) + i] >>> 0, i32[(s >> 2) + i] >>> 0);
  }
};
export const pmaddwd: Lanes = (d, s, n) => {
  for (let i = 0; i < n >> 1; i += 2) {
    const a = (d >> 1) + i;
    const b = (s >> 1) + i;
    i32[a >> 1] = Math.imul(i16[a], i16[b]) + Math.imul(i16[a + 1], i16[b + 1]);
  }
};
export const pmaddubsw: Lanes = (d, s, n) => {
  for (let i = 0; i < n; i += 2) {
    const sum = u8[d + i] * i8[s + i] + u8[d + i + 1] * i8[s + i + 1];
    i16[(d + i) >> 1] = clampI16(sum);
  }
};
export const psadbw: Lanes = (d, s, n) => {
  for (let q = 0; q < n; q += 8) {
    let sum = 0;
    for (let i = q; i < q + 8; i++) sum += Math.abs(u8[d + i] - u8[s + i]);
    i32[(d + q) >> 2] = sum;
    i32[(d + q + 4) >> 2] = 0;
  }
};

// Average, minimum, maximum, sign.

export const pavgb = bytes((a, b) => (a + b + 1) >> 1);
export const pavgw = words((a, b) => (a + b + 1) >> 1);
export const pminub = bytes((a, b) => (a < b ? a : b));
export const pmaxub = bytes((a, b) => (a > b ? a : b));
export const pminsw = signedWords((a, b) => (a < b ? a : b));
export const pmaxsw = signedWords((a, b) => (a > b ? a : b));
export const pabsb = signedBytes((_, b) => Math.abs(b));
export const pabsw = signedWords((_, b) => Math.abs(b));
export const pabsd = dwords((_, b) => Math.abs(b) | 0);
const signed = (a: number, b: number): number => (b > 0 ? a : b < 0 ? -a : 0);
export const psignb = signedBytes(signed);
export const psignw = signedWords(signed);
export const psignd = dwords((a, b) => signed(a, b) | 0);

// Logic and comparison.

export const pand = dwords((a, b) => a & b);
export const pandn = dwords((a, b) => ~a & b);
export const por = dwords((a, b) => a | b);
export const pxor = dwords((a, b) => a ^ b);
export const pcmpeqb = bytes((a, b) => (a === b ? 0xff : 0));
export const pcmpeqw = words((a, b) => (a === b ? 0xffff : 0));
export const pcmpeqd = dwords((a, b) => (a === b ? -1 : 0));
export const pcmpgtb = signedBytes((a, b) => (a > b ? -1 : 0));
export const pcmpgtw = signedWords((a, b) => (a > b ? -1 : 0));
export const pcmpgtd = dwords((a, b) => (a > b ? -1 : 0));

// Horizontal addition and subtraction (SSSE3): pairs of the destination, then of the source.

function horizontalWords(f: (a: number, b: number) => number): Lanes {
  return (d, s, n) => {
    const half = n >> 2;
    const out: number[] = [];
    for (const from of [d >> 1, s >> 1]) {
      for (let i = 0; i < half; i++) out.push(f(i16[from + 2 * i], i16[from + 2 * i + 1]));
    }
    out.forEach((value, i) => (i16[(d >> 1) + i] = value));
  };
}
function horizontalDwords(f: (a: number, b: number) => number): Lanes {
  return (d, s, n) => {
    const half = n >> 3;
    const out: number[] = [];
    for (const from of [d >> 2, s >> 2]) {
      for (let i = 0; i < half; i++) out.push(f(i32[from + 2 * i], i32[from + 2 * i + 1]));
    }
    out.forEach((value, i) => (i32[(d >> 2) + i] = value));
  };
}
export const phaddw = horizontalWords((a, b) => a + b);
export const phaddd = horizontalDwords((a, b) => (a + b) | 0);
export const phaddsw = horizontalWords((a, b) => clampI16(a + b));
export const phsubw = horizontalWords((a, b) => a - b);
export const phsubd = horizontalDwords((a, b) => (a - b) | 0);
export const phsubsw = horizontalWords((a, b) => clampI16(a - b));

// Shifts. `count` is what the low 64 bits of an operand give, or 255 for all that is too much.

export type Shift = (d: number, count: number, n: number) => void;

function shiftWords(f: (a: number, count: number) => number, last: boolean): Shift {
  return (d, count, n) => {
    const c = count > 15 ? 15 : count;
    const none = count > 15 && !last;
    for (let i = d >> 1; i < (d + n) >> 1; i++) i16[i] = none ? 0 : f(i16[i], c);
  };
}
function shiftDwords(f: (a: number, count: number) => number, last: boolean): Shift {
  return (d, count, n) => {
    const c = count > 31 ? 31 : count;
    const none = count > 31 && !last;
    for (let i = d >> 2; i < (d + n) >> 2; i++) i32[i] = none ? 0 : f(i32[i], c);
  };
}
export const psllw = shiftWords((a, c) => a << c, false);
export const psrlw = shiftWords((a, c) => (a & 0xffff) >> c, false);
export const psraw = shiftWords((a, c) => a >> c, true);
export const pslld = shiftDwords((a, c) => a << c, false);
export const psrld = shiftDwords((a, c) => a >>> c, false);
export const psrad = shiftDwords((a, c) => a >> c, true);

export const psllq: Shift = (d, count, n) => {
  for (let i = d >> 2; i < (d + n) >> 2; i += 2) {
    const low = i32[i];
    if (count > 63) i32[i] = i32[i + 1] = 0;
    else if (count > 31) {
      i32[i + 1] = low << (count - 32);
      i32[i] = 0;
    } else if (count > 0) {
      i32[i + 1] = (i32[i + 1] << count) | (low >>> (32 - count));
      i32[i] = low << count;
    }
  }
};
export const psrlq: Shift = (d, count, n) => {
  for (let i = d >> 2; i < (d + n) >> 2; i += 2) {
    const high = i32[i + 1];
    if (count > 63) i32[i] = i32[i + 1] = 0;
    else if (count > 31) {
      i32[i] = high >>> (count - 32);
      i32[i + 1] = 0;
    } else if (count > 0) {
      i32[i] = (i32[i] >>> count) | (high << (32 - count));
      i32[i + 1] = high >>> count;
    }
  }
};
/** Shifts of the whole register by bytes. */
export const pslldq: Shift = (d, count, n) => {
  const c = Math.min(count, n);
  u8.copyWithin(d + c, d, d + n - c);
  u8.fill(0, d, d + c);
};
export const psrldq: Shift = (d, count, n) => {
  const c = Math.min(count, n);
  u8.copyWithin(d, d + c, d + n);
  u8.fill(0, d + n - c, d + n);
};

/** The count in the 64 bits at byte index `s`. */
export function shiftCount(s: number): number {
  const low = i32[s >> 2];
  return i32[(s >> 2) + 1] !== 0 || low >>> 0 > 255 ? 255 : low;
}
