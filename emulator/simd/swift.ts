// The packed integer instructions of compiled code and C libraries' string functions, on XMM
// registers: logic, addition, comparison, multiplication. A word holds four, two or one lane, which
// are computed all at once. Each form has handlers of its own, written out, so that the host's
// compiler sees what they call. Shifts and shuffles are in swift_shift.ts.

import type { Handler } from '../cpu/op.js';
import { i32 } from '../state/current.js';
import { alignedOperand, readySse } from './state.js';
import type { Pair } from './state.js';

// Work on word indices: destination d, source s.

function andWords(d: number, s: number): void {
  i32[d] = i32[d] & i32[s];
  i32[d + 1] = i32[d + 1] & i32[s + 1];
  i32[d + 2] = i32[d + 2] & i32[s + 2];
  i32[d + 3] = i32[d + 3] & i32[s + 3];
}
export const and: Pair = {
  r: (op) => {
    readySse();
    andWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    andWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function andNotWords(d: number, s: number): void {
  i32[d] = ~i32[d] & i32[s];
  i32[d + 1] = ~i32[d + 1] & i32[s + 1];
  i32[d + 2] = ~i32[d + 2] & i32[s + 2];
  i32[d + 3] = ~i32[d + 3] & i32[s + 3];
}
export const andNot: Pair = {
  r: (op) => {
    readySse();
    andNotWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    andNotWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function orWords(d: number, s: number): void {
  i32[d] = i32[d] | i32[s];
  i32[d + 1] = i32[d + 1] | i32[s + 1];
  i32[d + 2] = i32[d + 2] | i32[s + 2];
  i32[d + 3] = i32[d + 3] | i32[s + 3];
}
export const or: Pair = {
  r: (op) => {
    readySse();
    orWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    orWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function xorWords(d: number, s: number): void {
  i32[d] = i32[d] ^ i32[s];
  i32[d + 1] = i32[d + 1] ^ i32[s + 1];
  i32[d + 2] = i32[d + 2] ^ i32[s + 2];
  i32[d + 3] = i32[d + 3] ^ i32[s + 3];
}
export const xor: Pair = {
  r: (op) => {
    readySse();
    xorWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    xorWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

// Lanes of bytes and of 16-bit words: no carry or borrow leaves one.

const TOP_8 = 0x80808080;
const REST_8 = 0x7f7f7f7f;
const TOP_16 = 0x80008000;
const REST_16 = 0x7fff7fff;

const sum8 = (a: number, b: number): number => ((a & REST_8) + (b & REST_8)) ^ ((a ^ b) & TOP_8);
const sum16 = (a: number, b: number): number =>
  ((a & REST_16) + (b & REST_16)) ^ ((a ^ b) & TOP_16);
const difference8 = (a: number, b: number): number =>
  ((a | TOP_8) - (b & REST_8)) ^ ((a ^ ~b) & TOP_8);
const difference16 = (a: number, b: number): number =>
  ((a | TOP_16) - (b & REST_16)) ^ ((a ^ ~b) & TOP_16);

function addBytes(d: number, s: number): void {
  i32[d] = sum8(i32[d], i32[s]);
  i32[d + 1] = sum8(i32[d + 1], i32[s + 1]);
  i32[d + 2] = sum8(i32[d + 2], i32[s + 2]);
  i32[d + 3] = sum8(i32[d + 3], i32[s + 3]);
}
export const paddb: Pair = {
  r: (op) => {
    readySse();
    addBytes(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    addBytes(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function addWords(d: number, s: number): void {
  i32[d] = sum16(i32[d], i32[s]);
  i32[d + 1] = sum16(i32[d + 1], i32[s + 1]);
  i32[d + 2] = sum16(i32[d + 2], i32[s + 2]);
  i32[d + 3] = sum16(i32[d + 3], i32[s + 3]);
}
export const paddw: Pair = {
  r: (op) => {
    readySse();
    addWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    addWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function addDwords(d: number, s: number): void {
  i32[d] = i32[d] + i32[s];
  i32[d + 1] = i32[d + 1] + i32[s + 1];
  i32[d + 2] = i32[d + 2] + i32[s + 2];
  i32[d + 3] = i32[d + 3] + i32[s + 3];
}
export const paddd: Pair = {
  r: (op) => {
    readySse();
    addDwords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    addDwords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function subtractBytes(d: number, s: number): void {
  i32[d] = difference8(i32[d], i32[s]);
  i32[d + 1] = difference8(i32[d + 1], i32[s + 1]);
  i32[d + 2] = difference8(i32[d + 2], i32[s + 2]);
  i32[d + 3] = difference8(i32[d + 3], i32[s + 3]);
}
export const psubb: Pair = {
  r: (op) => {
    readySse();
    subtractBytes(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    subtractBytes(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function subtractWords(d: number, s: number): void {
  i32[d] = difference16(i32[d], i32[s]);
  i32[d + 1] = difference16(i32[d + 1], i32[s + 1]);
  i32[d + 2] = difference16(i32[d + 2], i32[s + 2]);
  i32[d + 3] = difference16(i32[d + 3], i32[s + 3]);
}
export const psubw: Pair = {
  r: (op) => {
    readySse();
    subtractWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    subtractWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function subtractDwords(d: number, s: number): void {
  i32[d] = i32[d] - i32[s];
  i32[d + 1] = i32[d + 1] - i32[s + 1];
  i32[d + 2] = i32[d + 2] - i32[s + 2];
  i32[d + 3] = i32[d + 3] - i32[s + 3];
}
export const psubd: Pair = {
  r: (op) => {
    readySse();
    subtractDwords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    subtractDwords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function addQuad(d: number, s: number): void {
  const a = i32[d];
  const low = (a + i32[s]) | 0;
  i32[d + 1] = i32[d + 1] + i32[s + 1] + (low >>> 0 < a >>> 0 ? 1 : 0);
  i32[d] = low;
}
function addQuads(d: number, s: number): void {
  addQuad(d, s);
  addQuad(d + 2, s + 2);
}
export const paddq: Pair = {
  r: (op) => {
    readySse();
    addQuads(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    addQuads(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

/** 0xff in each byte in which x is 0. */
function zeroBytes(x: number): number {
  const t = ~(((x & REST_8) + REST_8) | x | REST_8);
  return Math.imul(t >>> 7, 255);
}
/** 0xffff in each half in which x is 0. */
function zeroHalves(x: number): number {
  const t = ~(((x & REST_16) + REST_16) | x | REST_16);
  return Math.imul(t >>> 15, 0xffff);
}
/** -1 when x is 0. */
const zeroWord = (x: number): number => ~((x | -x) >> 31);

/** The top bit of each byte in which a >= b, both unsigned. */
const notBelow8 = (a: number, b: number): number =>
  ((a & ~b) | (~(a ^ b) & ((a | TOP_8) - (b & REST_8)))) & TOP_8;
const notBelow16 = (a: number, b: number): number =>
  ((a & ~b) | (~(a ^ b) & ((a | TOP_16) - (b & REST_16)))) & TOP_16;
/** 0xff in each byte in which a > b, both signed. */
const greater8 = (a: number, b: number): number =>
  Math.imul((notBelow8(b ^ TOP_8, a ^ TOP_8) ^ TOP_8) >>> 7, 255);
const greater16 = (a: number, b: number): number =>
  Math.imul((notBelow16(b ^ TOP_16, a ^ TOP_16) ^ TOP_16) >>> 15, 0xffff);
/** -1 when a > b: the sign of b - a, corrected for overflow. */
function greater32(a: number, b: number): number {
  const d = (b - a) | 0;
  return (d ^ ((a ^ b) & (d ^ b))) >> 31;
}

function equalBytes(d: number, s: number): void {
  i32[d] = zeroBytes(i32[d] ^ i32[s]);
  i32[d + 1] = zeroBytes(i32[d + 1] ^ i32[s + 1]);
  i32[d + 2] = zeroBytes(i32[d + 2] ^ i32[s + 2]);
  i32[d + 3] = zeroBytes(i32[d + 3] ^ i32[s + 3]);
}
export const pcmpeqb: Pair = {
  r: (op) => {
    readySse();
    equalBytes(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    equalBytes(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function equalWords(d: number, s: number): void {
  i32[d] = zeroHalves(i32[d] ^ i32[s]);
  i32[d + 1] = zeroHalves(i32[d + 1] ^ i32[s + 1]);
  i32[d + 2] = zeroHalves(i32[d + 2] ^ i32[s + 2]);
  i32[d + 3] = zeroHalves(i32[d + 3] ^ i32[s + 3]);
}
export const pcmpeqw: Pair = {
  r: (op) => {
    readySse();
    equalWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    equalWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function equalDwords(d: number, s: number): void {
  i32[d] = zeroWord(i32[d] ^ i32[s]);
  i32[d + 1] = zeroWord(i32[d + 1] ^ i32[s + 1]);
  i32[d + 2] = zeroWord(i32[d + 2] ^ i32[s + 2]);
  i32[d + 3] = zeroWord(i32[d + 3] ^ i32[s + 3]);
}
export const pcmpeqd: Pair = {
  r: (op) => {
    readySse();
    equalDwords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    equalDwords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function greaterBytes(d: number, s: number): void {
  i32[d] = greater8(i32[d], i32[s]);
  i32[d + 1] = greater8(i32[d + 1], i32[s + 1]);
  i32[d + 2] = greater8(i32[d + 2], i32[s + 2]);
  i32[d + 3] = greater8(i32[d + 3], i32[s + 3]);
}
export const pcmpgtb: Pair = {
  r: (op) => {
    readySse();
    greaterBytes(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    greaterBytes(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function greaterWords(d: number, s: number): void {
  i32[d] = greater16(i32[d], i32[s]);
  i32[d + 1] = greater16(i32[d + 1], i32[s + 1]);
  i32[d + 2] = greater16(i32[d + 2], i32[s + 2]);
  i32[d + 3] = greater16(i32[d + 3], i32[s + 3]);
}
export const pcmpgtw: Pair = {
  r: (op) => {
    readySse();
    greaterWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    greaterWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function greaterDwords(d: number, s: number): void {
  i32[d] = greater32(i32[d], i32[s]);
  i32[d + 1] = greater32(i32[d + 1], i32[s + 1]);
  i32[d + 2] = greater32(i32[d + 2], i32[s + 2]);
  i32[d + 3] = greater32(i32[d + 3], i32[s + 3]);
}
export const pcmpgtd: Pair = {
  r: (op) => {
    readySse();
    greaterDwords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    greaterDwords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

/** The smaller of the unsigned bytes of two words. */
function minimumBytes(a: number, b: number): number {
  const mask = Math.imul(notBelow8(a, b) >>> 7, 255);
  return (b & mask) | (a & ~mask);
}
function maximumBytes(a: number, b: number): number {
  const mask = Math.imul(notBelow8(a, b) >>> 7, 255);
  return (a & mask) | (b & ~mask);
}
function minimaOfBytes(d: number, s: number): void {
  i32[d] = minimumBytes(i32[d], i32[s]);
  i32[d + 1] = minimumBytes(i32[d + 1], i32[s + 1]);
  i32[d + 2] = minimumBytes(i32[d + 2], i32[s + 2]);
  i32[d + 3] = minimumBytes(i32[d + 3], i32[s + 3]);
}
export const pminub: Pair = {
  r: (op) => {
    readySse();
    minimaOfBytes(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    minimaOfBytes(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function maximaOfBytes(d: number, s: number): void {
  i32[d] = maximumBytes(i32[d], i32[s]);
  i32[d + 1] = maximumBytes(i32[d + 1], i32[s + 1]);
  i32[d + 2] = maximumBytes(i32[d + 2], i32[s + 2]);
  i32[d + 3] = maximumBytes(i32[d + 3], i32[s + 3]);
}
export const pmaxub: Pair = {
  r: (op) => {
    readySse();
    maximaOfBytes(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    maximaOfBytes(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

// Products of the signed halves of words.

const lowProducts = (a: number, b: number): number =>
  (Math.imul(a, b) & 0xffff) | (Math.imul(a >> 16, b >> 16) << 16);
const highProducts = (a: number, b: number): number =>
  (Math.imul((a << 16) >> 16, (b << 16) >> 16) >>> 16) | (Math.imul(a >> 16, b >> 16) & ~0xffff);
const sumOfProducts = (a: number, b: number): number =>
  Math.imul((a << 16) >> 16, (b << 16) >> 16) + Math.imul(a >> 16, b >> 16);

function multiplyLow(d: number, s: number): void {
  i32[d] = lowProducts(i32[d], i32[s]);
  i32[d + 1] = lowProducts(i32[d + 1], i32[s + 1]);
  i32[d + 2] = lowProducts(i32[d + 2], i32[s + 2]);
  i32[d + 3] = lowProducts(i32[d + 3], i32[s + 3]);
}
export const pmullw: Pair = {
  r: (op) => {
    readySse();
    multiplyLow(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    multiplyLow(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function multiplyHigh(d: number, s: number): void {
  i32[d] = highProducts(i32[d], i32[s]);
  i32[d + 1] = highProducts(i32[d + 1], i32[s + 1]);
  i32[d + 2] = highProducts(i32[d + 2], i32[s + 2]);
  i32[d + 3] = highProducts(i32[d + 3], i32[s + 3]);
}
export const pmulhw: Pair = {
  r: (op) => {
    readySse();
    multiplyHigh(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    multiplyHigh(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function multiplyAndAdd(d: number, s: number): void {
  i32[d] = sumOfProducts(i32[d], i32[s]);
  i32[d + 1] = sumOfProducts(i32[d + 1], i32[s + 1]);
  i32[d + 2] = sumOfProducts(i32[d + 2], i32[s + 2]);
  i32[d + 3] = sumOfProducts(i32[d + 3], i32[s + 3]);
}
export const pmaddwd: Pair = {
  r: (op) => {
    readySse();
    multiplyAndAdd(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    multiplyAndAdd(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

/** The top bits of the four bytes of a word. */
function topBits(x: number): number {
  return Math.imul((x >>> 7) & 0x01010101, 0x10204080) >>> 28;
}
/** PMOVMSKB of an XMM register. */
export const pmovmskb: Handler = (op) => {
  readySse();
  const s = op.s >> 2;
  i32[op.d] =
    topBits(i32[s]) |
    (topBits(i32[s + 1]) << 4) |
    (topBits(i32[s + 2]) << 8) |
    (topBits(i32[s + 3]) << 12);
  return op.next;
};
