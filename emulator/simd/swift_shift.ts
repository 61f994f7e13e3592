// Shifts by an immediate and shuffles of XMM registers, like swift.ts: a word at a time, each form
// with handlers of its own.

import type { Handler } from '../cpu/op.js';
import { i32 } from '../state/current.js';
import { alignedOperand, readySse } from './state.js';
import type { Pair } from './state.js';

// Shifts: of the word at an index by `count`, from 0 to 255.

function clear(d: number): void {
  i32[d] = 0;
  i32[d + 1] = 0;
  i32[d + 2] = 0;
  i32[d + 3] = 0;
}

function leftDwords(d: number, count: number): void {
  if (count > 31) return clear(d);
  i32[d] = i32[d] << count;
  i32[d + 1] = i32[d + 1] << count;
  i32[d + 2] = i32[d + 2] << count;
  i32[d + 3] = i32[d + 3] << count;
}
export const pslld: Handler = (op) => {
  readySse();
  leftDwords(op.d >> 2, op.imm);
  return op.next;
};
function rightDwords(d: number, count: number): void {
  if (count > 31) return clear(d);
  i32[d] = i32[d] >>> count;
  i32[d + 1] = i32[d + 1] >>> count;
  i32[d + 2] = i32[d + 2] >>> count;
  i32[d + 3] = i32[d + 3] >>> count;
}
export const psrld: Handler = (op) => {
  readySse();
  rightDwords(op.d >> 2, op.imm);
  return op.next;
};
function arithmeticDwords(d: number, count: number): void {
  if (count > 31) count = 31;
  i32[d] = i32[d] >> count;
  i32[d + 1] = i32[d + 1] >> count;
  i32[d + 2] = i32[d + 2] >> count;
  i32[d + 3] = i32[d + 3] >> count;
}
export const psrad: Handler = (op) => {
  readySse();
  arithmeticDwords(op.d >> 2, op.imm);
  return op.next;
};
function leftWords(d: number, count: number): void {
  if (count > 15) return clear(d);
  const kept = Math.imul((0xffff << count) & 0xffff, 0x10001);
  i32[d] = (i32[d] << count) & kept;
  i32[d + 1] = (i32[d + 1] << count) & kept;
  i32[d + 2] = (i32[d + 2] << count) & kept;
  i32[d + 3] = (i32[d + 3] << count) & kept;
}
export const psllw: Handler = (op) => {
  readySse();
  leftWords(op.d >> 2, op.imm);
  return op.next;
};
function rightWords(d: number, count: number): void {
  if (count > 15) return clear(d);
  const kept = Math.imul(0xffff >>> count, 0x10001);
  i32[d] = (i32[d] >>> count) & kept;
  i32[d + 1] = (i32[d + 1] >>> count) & kept;
  i32[d + 2] = (i32[d + 2] >>> count) & kept;
  i32[d + 3] = (i32[d + 3] >>> count) & kept;
}
export const psrlw: Handler = (op) => {
  readySse();
  rightWords(op.d >> 2, op.imm);
  return op.next;
};
function arithmeticWords(d: number, count: number): void {
  if (count > 15) count = 15;
  i32[d] = ((i32[d] >> count) & ~0xffff) | (((i32[d] << 16) >> count) >>> 16);
  i32[d + 1] = ((i32[d + 1] >> count) & ~0xffff) | (((i32[d + 1] << 16) >> count) >>> 16);
  i32[d + 2] = ((i32[d + 2] >> count) & ~0xffff) | (((i32[d + 2] << 16) >> count) >>> 16);
  i32[d + 3] = ((i32[d + 3] >> count) & ~0xffff) | (((i32[d + 3] << 16) >> count) >>> 16);
}
export const psraw: Handler = (op) => {
  readySse();
  arithmeticWords(op.d >> 2, op.imm);
  return op.next;
};

function leftQuad(d: number, count: number): void {
  const low = i32[d];
  if (count > 63) i32[d] = i32[d + 1] = 0;
  else if (count > 31) {
    i32[d + 1] = low << (count - 32);
    i32[d] = 0;
  } else if (count > 0) {
    i32[d + 1] = (i32[d + 1] << count) | (low >>> (32 - count));
    i32[d] = low << count;
  }
}
function rightQuad(d: number, count: number): void {
  const high = i32[d + 1];
  if (count > 63) i32[d] = i32[d + 1] = 0;
  else if (count > 31) {
    i32[d] = high >>> (count - 32);
    i32[d + 1] = 0;
  } else if (count > 0) {
    i32[d] = (i32[d] >>> count) | (high << (32 - count));
    i32[d + 1] = high >>> count;
  }
}
export const psllq: Handler = (op) => {
  readySse();
  leftQuad(op.d >> 2, op.imm);
  leftQuad((op.d >> 2) + 2, op.imm);
  return op.next;
};
export const psrlq: Handler = (op) => {
  readySse();
  rightQuad(op.d >> 2, op.imm);
  rightQuad((op.d >> 2) + 2, op.imm);
  return op.next;
};

// Shuffles. All of the source is read before any of the destination is written: they may be one.

function write(d: number, w0: number, w1: number, w2: number, w3: number): void {
  i32[d] = w0;
  i32[d + 1] = w1;
  i32[d + 2] = w2;
  i32[d + 3] = w3;
}

function shuffleDwords(d: number, s: number, order: number): void {
  write(
    d,
    i32[s + (order & 3)],
    i32[s + ((order >> 2) & 3)],
    i32[s + ((order >> 4) & 3)],
    i32[s + ((order >> 6) & 3)],
  );
}
export const pshufd: Pair = {
  r: (op) => {
    readySse();
    shuffleDwords(op.d >> 2, op.s >> 2, op.imm);
    return op.next;
  },
  m: (op) => {
    readySse();
    shuffleDwords(op.d >> 2, alignedOperand(op) >> 2, op.imm);
    return op.next;
  },
};

function shuffleSingles(d: number, s: number, order: number): void {
  write(
    d,
    i32[d + (order & 3)],
    i32[d + ((order >> 2) & 3)],
    i32[s + ((order >> 4) & 3)],
    i32[s + ((order >> 6) & 3)],
  );
}
export const shufps: Pair = {
  r: (op) => {
    readySse();
    shuffleSingles(op.d >> 2, op.s >> 2, op.imm);
    return op.next;
  },
  m: (op) => {
    readySse();
    shuffleSingles(op.d >> 2, alignedOperand(op) >> 2, op.imm);
    return op.next;
  },
};

// Unpack: lanes of both operands in turn.

/** Four bytes of two words in turn: those of the low halves. */
const lowBytes = (a: number, b: number): number =>
  (a & 0xff) | ((b & 0xff) << 8) | ((a & 0xff00) << 8) | ((b & 0xff00) << 16);
const highBytes = (a: number, b: number): number => lowBytes(a >>> 16, b >>> 16);
const lowHalves = (a: number, b: number): number => (a & 0xffff) | (b << 16);
const highHalves = (a: number, b: number): number => (a >>> 16) | (b & ~0xffff);

function unpackBytes(d: number, a: number, b: number, x: number, y: number): void {
  write(d, lowBytes(a, x), highBytes(a, x), lowBytes(b, y), highBytes(b, y));
}
function unpackWords(d: number, a: number, b: number, x: number, y: number): void {
  write(d, lowHalves(a, x), highHalves(a, x), lowHalves(b, y), highHalves(b, y));
}

function lowerBytes(d: number, s: number): void {
  unpackBytes(d, i32[d], i32[d + 1], i32[s], i32[s + 1]);
}
export const punpcklbw: Pair = {
  r: (op) => {
    readySse();
    lowerBytes(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    lowerBytes(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function upperBytes(d: number, s: number): void {
  unpackBytes(d, i32[d + 2], i32[d + 3], i32[s + 2], i32[s + 3]);
}
export const punpckhbw: Pair = {
  r: (op) => {
    readySse();
    upperBytes(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    upperBytes(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function lowerWords(d: number, s: number): void {
  unpackWords(d, i32[d], i32[d + 1], i32[s], i32[s + 1]);
}
export const punpcklwd: Pair = {
  r: (op) => {
    readySse();
    lowerWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    lowerWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function upperWords(d: number, s: number): void {
  unpackWords(d, i32[d + 2], i32[d + 3], i32[s + 2], i32[s + 3]);
}
export const punpckhwd: Pair = {
  r: (op) => {
    readySse();
    upperWords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    upperWords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function lowerDwords(d: number, s: number): void {
  write(d, i32[d], i32[s], i32[d + 1], i32[s + 1]);
}
export const punpckldq: Pair = {
  r: (op) => {
    readySse();
    lowerDwords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    lowerDwords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function upperDwords(d: number, s: number): void {
  write(d, i32[d + 2], i32[s + 2], i32[d + 3], i32[s + 3]);
}
export const punpckhdq: Pair = {
  r: (op) => {
    readySse();
    upperDwords(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    upperDwords(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function lowerQuads(d: number, s: number): void {
  write(d, i32[d], i32[d + 1], i32[s], i32[s + 1]);
}
export const punpcklqdq: Pair = {
  r: (op) => {
    readySse();
    lowerQuads(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    lowerQuads(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

function upperQuads(d: number, s: number): void {
  write(d, i32[d + 2], i32[d + 3], i32[s + 2], i32[s + 3]);
}
export const punpckhqdq: Pair = {
  r: (op) => {
    readySse();
    upperQuads(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    upperQuads(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};

/** The signed halves of two words as unsigned bytes. */
function saturated(a: number, b: number): number {
  return (
    saturate((a << 16) >> 16) |
    (saturate(a >> 16) << 8) |
    (saturate((b << 16) >> 16) << 16) |
    (saturate(b >> 16) << 24)
  );
}
const saturate = (v: number): number => (v < 0 ? 0 : v > 0xff ? 0xff : v);
function packToBytes(d: number, s: number): void {
  write(
    d,
    saturated(i32[d], i32[d + 1]),
    saturated(i32[d + 2], i32[d + 3]),
    saturated(i32[s], i32[s + 1]),
    saturated(i32[s + 2], i32[s + 3]),
  );
}
export const packuswb: Pair = {
  r: (op) => {
    readySse();
    packToBytes(op.d >> 2, op.s >> 2);
    return op.next;
  },
  m: (op) => {
    readySse();
    packToBytes(op.d >> 2, alignedOperand(op) >> 2);
    return op.next;
  },
};
