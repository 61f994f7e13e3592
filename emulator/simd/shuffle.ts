// Moving lanes about: pack, unpack, shuffle, insert, extract, masks.

import { i16, i32, i8, u16, u8 } from '../state/current.js';
import type { Lanes } from './integer.js';
import type { Work } from './state.js';

/** Eight words of a vector that is being written while it is read. */
const old = new Int32Array(8);

function keep(at: number, words: number): void {
  for (let i = 0; i < words; i++) old[i] = i32[(at >> 2) + i];
}

// Pack: narrower lanes with saturation, those of the destination first.

const saved16 = new Int16Array(16);
const saved32 = new Int32Array(8);

export const packsswb: Lanes = (d, s, n) => {
  const half = n >> 1;
  for (let i = 0; i < half; i++) {
    saved16[i] = i16[(d >> 1) + i];
    saved16[half + i] = i16[(s >> 1) + i];
  }
  for (let i = 0; i < n; i++) {
    const v = saved16[i];
    i8[d + i] = v < -0x80 ? -0x80 : v > 0x7f ? 0x7f : v;
  }
};
export const packuswb: Lanes = (d, s, n) => {
  const half = n >> 1;
  for (let i = 0; i < half; i++) {
    saved16[i] = i16[(d >> 1) + i];
    saved16[half + i] = i16[(s >> 1) + i];
  }
  for (let i = 0; i < n; i++) {
    const v = saved16[i];
    u8[d + i] = v < 0 ? 0 : v > 0xff ? 0xff : v;
  }
};
export const packssdw: Lanes = (d, s, n) => {
  const half = n >> 2;
  for (let i = 0; i < half; i++) {
    saved32[i] = i32[(d >> 2) + i];
    saved32[half + i] = i32[(s >> 2) + i];
  }
  for (let i = 0; i < n >> 1; i++) {
    const v = saved32[i];
    i16[(d >> 1) + i] = v < -0x8000 ? -0x8000 : v > 0x7fff ? 0x7fff : v;
  }
};

// Unpack: lanes of both operands in turn, from the low or the high half.

const first = new Uint8Array(16);
const second = new Uint8Array(16);

function interleave(size: number, high: boolean): Lanes {
  return (d, s, n) => {
    const from = high ? n >> 1 : 0;
    for (let i = 0; i < n >> 1; i++) {
      first[i] = u8[d + from + i];
      second[i] = u8[s + from + i];
    }
    for (let i = 0, to = d; i < n >> 1; i += size, to += 2 * size) {
      for (let b = 0; b < size; b++) {
        u8[to + b] = first[i + b];
        u8[to + size + b] = second[i + b];
      }
    }
  };
}
export const punpcklbw = interleave(1, false);
export const punpcklwd = interleave(2, false);
export const punpckldq = interleave(4, false);
export const punpckhbw = interleave(1, true);
export const punpckhwd = interleave(2, true);
export const punpckhdq = interleave(4, true);
export const punpcklqdq = interleave(8, false);
export const punpckhqdq = interleave(8, true);

// Shuffles by an immediate, two bits a lane.

export const pshufd: Work = (d, s, op) => {
  keep(s, 4);
  for (let i = 0; i < 4; i++) i32[(d >> 2) + i] = old[(op.imm >> (2 * i)) & 3];
};

function shuffleWords(d: number, s: number, order: number): void {
  for (let i = 0; i < 4; i++) saved16[i] = i16[(s >> 1) + i];
  for (let i = 0; i < 4; i++) i16[(d >> 1) + i] = saved16[(order >> (2 * i)) & 3];
}
export const pshufw: Work = (d, s, op) => shuffleWords(d, s, op.imm);
export const pshuflw: Work = (d, s, op) => {
  shuffleWords(d, s, op.imm);
  i32[(d >> 2) + 2] = i32[(s >> 2) + 2];
  i32[(d >> 2) + 3] = i32[(s >> 2) + 3];
};
export const pshufhw: Work = (d, s, op) => {
  shuffleWords(d + 8, s + 8, op.imm);
  i32[d >> 2] = i32[s >> 2];
  i32[(d >> 2) + 1] = i32[(s >> 2) + 1];
};
export const shufps: Work = (d, s, op) => {
  for (let i = 0; i < 4; i++) {
    old[i] = i32[(d >> 2) + i];
    old[4 + i] = i32[(s >> 2) + i];
  }
  for (let i = 0; i < 4; i++) i32[(d >> 2) + i] = old[((op.imm >> (2 * i)) & 3) + (i & 2 ? 4 : 0)];
};
export const shufpd: Work = (d, s, op) => {
  const a = (d >> 2) + (op.imm & 1) * 2;
  const b = (s >> 2) + (op.imm & 2);
  const [w0, w1, w2, w3] = [i32[a], i32[a + 1], i32[b], i32[b + 1]];
  const to = d >> 2;
  i32[to] = w0;
  i32[to + 1] = w1;
  i32[to + 2] = w2;
  i32[to + 3] = w3;
};

/** PSHUFB: bytes by number, 0 where bit 7 of the number is set. */
export const pshufb: Lanes = (d, s, n) => {
  for (let i = 0; i < n; i++) {
    first[i] = u8[d + i];
    second[i] = u8[s + i];
  }
  for (let i = 0; i < n; i++) u8[d + i] = second[i] & 0x80 ? 0 : first[second[i] & (n - 1)];
};

const joined = new Int32Array(16);
/** PALIGNR: both operands, the source below, shifted right by bytes. */
export function palignr(d: number, s: number, n: number, count: number): void {
  const words = n >> 2;
  for (let i = 0; i < words; i++) {
    joined[i] = i32[(s >> 2) + i];
    joined[words + i] = i32[(d >> 2) + i];
  }
  joined.fill(0, 2 * words);
  const bytes = Math.min(count, 2 * n);
  const from = bytes >> 2;
  const right = (bytes & 3) * 8;
  for (let i = 0; i < words; i++) {
    const low = joined[from + i];
    i32[(d >> 2) + i] =
      right === 0 ? low : (low >>> right) | (joined[from + i + 1] << (32 - right));
  }
}

// Duplicates (SSE3).

function dwordsFrom(order: readonly [number, number, number, number]): Work {
  return (d, s) => {
    keep(s, 4);
    for (let i = 0; i < 4; i++) i32[(d >> 2) + i] = old[order[i]];
  };
}
export const movsldup = dwordsFrom([0, 0, 2, 2]);
export const movshdup = dwordsFrom([1, 1, 3, 3]);
export const movddup: Work = (d, s) => {
  keep(s, 2);
  for (let i = 0; i < 4; i++) i32[(d >> 2) + i] = old[i & 1];
};

// Sign bits of lanes as an integer.

export function byteMask(s: number, n: number): number {
  let mask = 0;
  for (let i = 0; i < n; i++) mask |= (u8[s + i] >> 7) << i;
  return mask;
}
/** Of 32-bit lanes (`step` 1) or the high halves of 64-bit ones (2). */
export function signMask(s: number, step: number): number {
  let mask = 0;
  for (let i = 0; i < 4 / step; i++) mask |= (i32[(s >> 2) + (i + 1) * step - 1] >>> 31) << i;
  return mask;
}

/** Word `n` of a vector. */
export function extractWord(s: number, n: number): number {
  return u16[(s >> 1) + n];
}
export function insertWord(d: number, n: number, value: number): void {
  u16[(d >> 1) + n] = value;
}
