// CMPccPS and its kin, COMISS UCOMISS COMISD UCOMISD.

import { setArithmeticFlags } from '../cpu/flags.js';
import type { Op } from '../cpu/op.js';
import { f32, f64, i32 } from '../state/current.js';
import { bits32, bits64 } from './arithmetic.js';
import {
  DOUBLE,
  EQUAL,
  GREATER,
  LESS,
  SINGLE,
  UNORDERED,
  clearRaised,
  compare,
  raised,
} from './exact.js';
import { RESULT, alignedOperand, copyWords, operand, readySse, report } from './state.js';
import type { Pair } from './state.js';

const MIN_DOUBLE = 2.2250738585072014e-308;
const MIN_SINGLE = 1.1754943508222875e-38;

/** How two numbers compare when that raises nothing; -1 when exact.ts must look. */
function quickOrder(a: number, b: number, smallest: number): number {
  const x = Math.abs(a);
  const y = Math.abs(b);
  if ((x < smallest && x !== 0) || (y < smallest && y !== 0)) return -1;
  return a < b ? LESS : a > b ? GREATER : a === b ? EQUAL : -1;
}

/** Predicates 1, 2, 5 and 6 (LT LE NLT NLE) refuse quiet NaNs too. */
const SIGNALS = 0b01100110;

/** By predicate, a bit for each order it holds for: EQ LT LE UNORD NEQ NLT NLE ORD. */
const HOLDS = [
  1 << EQUAL,
  1 << LESS,
  (1 << LESS) | (1 << EQUAL),
  1 << UNORDERED,
  (1 << LESS) | (1 << GREATER) | (1 << UNORDERED),
  (1 << EQUAL) | (1 << GREATER) | (1 << UNORDERED),
  (1 << GREATER) | (1 << UNORDERED),
  (1 << EQUAL) | (1 << LESS) | (1 << GREATER),
];

function compareDouble(d: number, s: number, signals: boolean): number {
  const order = quickOrder(f64[d >> 3], f64[s >> 3], MIN_DOUBLE);
  return order >= 0 ? order : compare(DOUBLE, bits64(d), bits64(s), signals);
}
function compareSingle(d: number, s: number, signals: boolean): number {
  const order = quickOrder(f32[d >> 2], f32[s >> 2], MIN_SINGLE);
  return order >= 0 ? order : compare(SINGLE, bits32(d), bits32(s), signals);
}

function lanes64(op: Op, s: number, lanes: number): Op {
  const predicate = op.imm & 7;
  const signals = ((SIGNALS >> predicate) & 1) !== 0;
  clearRaised();
  for (let i = 0; i < lanes; i++) {
    const order = compareDouble(op.d + 8 * i, s + 8 * i, signals);
    const at = (RESULT >> 2) + 2 * i;
    i32[at] = i32[at + 1] = -((HOLDS[predicate] >> order) & 1);
  }
  if (raised.before) report(raised.before, 0);
  copyWords(op.d, RESULT, 2 * lanes);
  return op.next;
}
function lanes32(op: Op, s: number, lanes: number): Op {
  const predicate = op.imm & 7;
  const signals = ((SIGNALS >> predicate) & 1) !== 0;
  clearRaised();
  for (let i = 0; i < lanes; i++) {
    const order = compareSingle(op.d + 4 * i, s + 4 * i, signals);
    i32[(RESULT >> 2) + i] = -((HOLDS[predicate] >> order) & 1);
  }
  if (raised.before) report(raised.before, 0);
  copyWords(op.d, RESULT, lanes);
  return op.next;
}

export const cmpps: Pair = {
  r: (op) => {
    readySse();
    return lanes32(op, op.s, 4);
  },
  m: (op) => {
    readySse();
    return lanes32(op, alignedOperand(op), 4);
  },
};
export const cmppd: Pair = {
  r: (op) => {
    readySse();
    return lanes64(op, op.s, 2);
  },
  m: (op) => {
    readySse();
    return lanes64(op, alignedOperand(op), 2);
  },
};
export const cmpss: Pair = {
  r: (op) => {
    readySse();
    return lanes32(op, op.s, 1);
  },
  m: (op) => {
    readySse();
    return lanes32(op, operand(op, 4), 1);
  },
};
export const cmpsd: Pair = {
  r: (op) => {
    readySse();
    return lanes64(op, op.s, 1);
  },
  m: (op) => {
    readySse();
    return lanes64(op, operand(op, 8), 1);
  },
};

/** ZF PF CF by order: equal, less, greater, unordered. */
const FLAGS = [0x40, 0x01, 0, 0x45];

function toFlags(op: Op, order: number): Op {
  if (raised.before) report(raised.before, 0);
  setArithmeticFlags(FLAGS[order]);
  return op.next;
}
function flags64(op: Op, s: number, signals: boolean): Op {
  clearRaised();
  return toFlags(op, compareDouble(op.d, s, signals));
}
function flags32(op: Op, s: number, signals: boolean): Op {
  clearRaised();
  return toFlags(op, compareSingle(op.d, s, signals));
}
const comi64 = (signals: boolean): Pair => ({
  r: (op) => {
    readySse();
    return flags64(op, op.s, signals);
  },
  m: (op) => {
    readySse();
    return flags64(op, operand(op, 8), signals);
  },
});
const comi32 = (signals: boolean): Pair => ({
  r: (op) => {
    readySse();
    return flags32(op, op.s, signals);
  },
  m: (op) => {
    readySse();
    return flags32(op, operand(op, 4), signals);
  },
});
export const comisd = comi64(true);
export const ucomisd = comi64(false);
export const comiss = comi32(true);
export const ucomiss = comi32(false);
