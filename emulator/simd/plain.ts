// ADD SUB MUL DIV as compiled code uses them: normal numbers, a normal result, and nothing that the
// flags could show (unsettled() of state.ts). Each form is a function of its own, written out, so
// that the host's compiler sees which it is; whatever is not plain goes to arithmetic.ts.

import type { Handler } from '../cpu/op.js';
import { f32, f64 } from '../state/current.js';
import {
  MAX_DOUBLE,
  MAX_SINGLE,
  MIN_DOUBLE,
  MIN_SINGLE,
  arithmetic,
  packed32,
  packed64,
  scalar32,
  scalar64,
} from './arithmetic.js';
import type { Arithmetic } from './arithmetic.js';
import { ADD, DIV, MUL, SUB } from './exact.js';
import { alignedOperand, operand, unsettled } from './state.js';

/** What every form falls back on, complete with its checks. */
const added = arithmetic(ADD);
const subtracted = arithmetic(SUB);
const multiplied = arithmetic(MUL);
const divided = arithmetic(DIV);

// A lane's result, or NaN when it is not plain. An infinity or NaN among the operands shows in the
// result, but for a quotient of 0. The smallest normal number may have been rounded up to.

/** No denormal. */
const whole64 = (v: number): boolean => v >= MIN_DOUBLE || v <= -MIN_DOUBLE || v === 0;
const whole32 = (v: number): boolean => v >= MIN_SINGLE || v <= -MIN_SINGLE || v === 0;
const normal64 = (v: number): boolean => {
  const z = Math.abs(v);
  return z > MIN_DOUBLE && z <= MAX_DOUBLE;
};
const normal32 = (v: number): boolean => {
  const z = Math.abs(v);
  return z > MIN_SINGLE && z <= MAX_SINGLE;
};

function sum64(a: number, b: number): number {
  const r = a + b;
  return (normal64(r) || r === 0) && whole64(a) && whole64(b) ? r : NaN;
}
function difference64(a: number, b: number): number {
  const r = a - b;
  return (normal64(r) || r === 0) && whole64(a) && whole64(b) ? r : NaN;
}
function product64(a: number, b: number): number {
  const r = a * b;
  return (normal64(r) || a === 0 || b === 0) && whole64(a) && whole64(b) ? r : NaN;
}
function quotient64(a: number, b: number): number {
  const r = a / b;
  return (normal64(r) || a === 0) && whole64(a) && whole64(b) ? r : NaN;
}
function sum32(a: number, b: number): number {
  const r = Math.fround(a + b);
  return (normal32(r) || r === 0) && whole32(a) && whole32(b) ? r : NaN;
}
function difference32(a: number, b: number): number {
  const r = Math.fround(a - b);
  return (normal32(r) || r === 0) && whole32(a) && whole32(b) ? r : NaN;
}
function product32(a: number, b: number): number {
  const r = Math.fround(a * b);
  return (normal32(r) || a === 0 || b === 0) && whole32(a) && whole32(b) ? r : NaN;
}
function quotient32(a: number, b: number): number {
  const r = Math.fround(a / b);
  return (normal32(r) || a === 0) && whole32(a) && whole32(b) ? r : NaN;
}

// ADD

const addsd_r: Handler = (op) => {
  if (unsettled() !== 0) return added.sd.r(op);
  const { d } = op;
  const s = op.s;
  const r = sum64(f64[d >> 3], f64[s >> 3]);
  if (r !== r) return scalar64(op, ADD, s);
  f64[d >> 3] = r;
  return op.next;
};

const addsd_m: Handler = (op) => {
  if (unsettled() !== 0) return added.sd.m(op);
  const { d } = op;
  const s = operand(op, 8);
  const r = sum64(f64[d >> 3], f64[s >> 3]);
  if (r !== r) return scalar64(op, ADD, s);
  f64[d >> 3] = r;
  return op.next;
};

const addss_r: Handler = (op) => {
  if (unsettled() !== 0) return added.ss.r(op);
  const { d } = op;
  const s = op.s;
  const r = sum32(f32[d >> 2], f32[s >> 2]);
  if (r !== r) return scalar32(op, ADD, s);
  f32[d >> 2] = r;
  return op.next;
};

const addss_m: Handler = (op) => {
  if (unsettled() !== 0) return added.ss.m(op);
  const { d } = op;
  const s = operand(op, 4);
  const r = sum32(f32[d >> 2], f32[s >> 2]);
  if (r !== r) return scalar32(op, ADD, s);
  f32[d >> 2] = r;
  return op.next;
};

const addpd_r: Handler = (op) => {
  if (unsettled() !== 0) return added.pd.r(op);
  const s = op.s;
  const i = op.d >> 3;
  const j = s >> 3;
  const r = sum64(f64[i], f64[j]);
  const q = sum64(f64[i + 1], f64[j + 1]);
  if (r !== r || q !== q) return packed64(op, ADD, s);
  f64[i] = r;
  f64[i + 1] = q;
  return op.next;
};

const addpd_m: Handler = (op) => {
  if (unsettled() !== 0) return added.pd.m(op);
  const s = alignedOperand(op);
  const i = op.d >> 3;
  const j = s >> 3;
  const r = sum64(f64[i], f64[j]);
  const q = sum64(f64[i + 1], f64[j + 1]);
  if (r !== r || q !== q) return packed64(op, ADD, s);
  f64[i] = r;
  f64[i + 1] = q;
  return op.next;
};

const addps_r: Handler = (op) => {
  if (unsettled() !== 0) return added.ps.r(op);
  const s = op.s;
  const i = op.d >> 2;
  const j = s >> 2;
  const r0 = sum32(f32[i], f32[j]);
  const r1 = sum32(f32[i + 1], f32[j + 1]);
  const r2 = sum32(f32[i + 2], f32[j + 2]);
  const r3 = sum32(f32[i + 3], f32[j + 3]);
  const all = r0 + r1 + r2 + r3; // of finite singles a finite double
  if (all !== all) return packed32(op, ADD, s);
  f32[i] = r0;
  f32[i + 1] = r1;
  f32[i + 2] = r2;
  f32[i + 3] = r3;
  return op.next;
};

const addps_m: Handler = (op) => {
  if (unsettled() !== 0) return added.ps.m(op);
  const s = alignedOperand(op);
  const i = op.d >> 2;
  const j = s >> 2;
  const r0 = sum32(f32[i], f32[j]);
  const r1 = sum32(f32[i + 1], f32[j + 1]);
  const r2 = sum32(f32[i + 2], f32[j + 2]);
  const r3 = sum32(f32[i + 3], f32[j + 3]);
  const all = r0 + r1 + r2 + r3; // of finite singles a finite double
  if (all !== all) return packed32(op, ADD, s);
  f32[i] = r0;
  f32[i + 1] = r1;
  f32[i + 2] = r2;
  f32[i + 3] = r3;
  return op.next;
};

export const add: Arithmetic = {
  ps: { r: addps_r, m: addps_m },
  pd: { r: addpd_r, m: addpd_m },
  ss: { r: addss_r, m: addss_m },
  sd: { r: addsd_r, m: addsd_m },
};

// SUB

const subsd_r: Handler = (op) => {
  if (unsettled() !== 0) return subtracted.sd.r(op);
  const { d } = op;
  const s = op.s;
  const r = difference64(f64[d >> 3], f64[s >> 3]);
  if (r !== r) return scalar64(op, SUB, s);
  f64[d >> 3] = r;
  return op.next;
};

const subsd_m: Handler = (op) => {
  if (unsettled() !== 0) return subtracted.sd.m(op);
  const { d } = op;
  const s = operand(op, 8);
  const r = difference64(f64[d >> 3], f64[s >> 3]);
  if (r !== r) return scalar64(op, SUB, s);
  f64[d >> 3] = r;
  return op.next;
};

const subss_r: Handler = (op) => {
  if (unsettled() !== 0) return subtracted.ss.r(op);
  const { d } = op;
  const s = op.s;
  const r = difference32(f32[d >> 2], f32[s >> 2]);
  if (r !== r) return scalar32(op, SUB, s);
  f32[d >> 2] = r;
  return op.next;
};

const subss_m: Handler = (op) => {
  if (unsettled() !== 0) return subtracted.ss.m(op);
  const { d } = op;
  const s = operand(op, 4);
  const r = difference32(f32[d >> 2], f32[s >> 2]);
  if (r !== r) return scalar32(op, SUB, s);
  f32[d >> 2] = r;
  return op.next;
};

const subpd_r: Handler = (op) => {
  if (unsettled() !== 0) return subtracted.pd.r(op);
  const s = op.s;
  const i = op.d >> 3;
  const j = s >> 3;
  const r = difference64(f64[i], f64[j]);
  const q = difference64(f64[i + 1], f64[j + 1]);
  if (r !== r || q !== q) return packed64(op, SUB, s);
  f64[i] = r;
  f64[i + 1] = q;
  return op.next;
};

const subpd_m: Handler = (op) => {
  if (unsettled() !== 0) return subtracted.pd.m(op);
  const s = alignedOperand(op);
  const i = op.d >> 3;
  const j = s >> 3;
  const r = difference64(f64[i], f64[j]);
  const q = difference64(f64[i + 1], f64[j + 1]);
  if (r !== r || q !== q) return packed64(op, SUB, s);
  f64[i] = r;
  f64[i + 1] = q;
  return op.next;
};

const subps_r: Handler = (op) => {
  if (unsettled() !== 0) return subtracted.ps.r(op);
  const s = op.s;
  const i = op.d >> 2;
  const j = s >> 2;
  const r0 = difference32(f32[i], f32[j]);
  const r1 = difference32(f32[i + 1], f32[j + 1]);
  const r2 = difference32(f32[i + 2], f32[j + 2]);
  const r3 = difference32(f32[i + 3], f32[j + 3]);
  const all = r0 + r1 + r2 + r3; // of finite singles a finite double
  if (all !== all) return packed32(op, SUB, s);
  f32[i] = r0;
  f32[i + 1] = r1;
  f32[i + 2] = r2;
  f32[i + 3] = r3;
  return op.next;
};

const subps_m: Handler = (op) => {
  if (unsettled() !== 0) return subtracted.ps.m(op);
  const s = alignedOperand(op);
  const i = op.d >> 2;
  const j = s >> 2;
  const r0 = difference32(f32[i], f32[j]);
  const r1 = difference32(f32[i + 1], f32[j + 1]);
  const r2 = difference32(f32[i + 2], f32[j + 2]);
  const r3 = difference32(f32[i + 3], f32[j + 3]);
  const all = r0 + r1 + r2 + r3; // of finite singles a finite double
  if (all !== all) return packed32(op, SUB, s);
  f32[i] = r0;
  f32[i + 1] = r1;
  f32[i + 2] = r2;
  f32[i + 3] = r3;
  return op.next;
};

export const sub: Arithmetic = {
  ps: { r: subps_r, m: subps_m },
  pd: { r: subpd_r, m: subpd_m },
  ss: { r: subss_r, m: subss_m },
  sd: { r: subsd_r, m: subsd_m },
};

// MUL

const mulsd_r: Handler = (op) => {
  if (unsettled() !== 0) return multiplied.sd.r(op);
  const { d } = op;
  const s = op.s;
  const r = product64(f64[d >> 3], f64[s >> 3]);
  if (r !== r) return scalar64(op, MUL, s);
  f64[d >> 3] = r;
  return op.next;
};

const mulsd_m: Handler = (op) => {
  if (unsettled() !== 0) return multiplied.sd.m(op);
  const { d } = op;
  const s = operand(op, 8);
  const r = product64(f64[d >> 3], f64[s >> 3]);
  if (r !== r) return scalar64(op, MUL, s);
  f64[d >> 3] = r;
  return op.next;
};

const mulss_r: Handler = (op) => {
  if (unsettled() !== 0) return multiplied.ss.r(op);
  const { d } = op;
  const s = op.s;
  const r = product32(f32[d >> 2], f32[s >> 2]);
  if (r !== r) return scalar32(op, MUL, s);
  f32[d >> 2] = r;
  return op.next;
};

const mulss_m: Handler = (op) => {
  if (unsettled() !== 0) return multiplied.ss.m(op);
  const { d } = op;
  const s = operand(op, 4);
  const r = product32(f32[d >> 2], f32[s >> 2]);
  if (r !== r) return scalar32(op, MUL, s);
  f32[d >> 2] = r;
  return op.next;
};

const mulpd_r: Handler = (op) => {
  if (unsettled() !== 0) return multiplied.pd.r(op);
  const s = op.s;
  const i = op.d >> 3;
  const j = s >> 3;
  const r = product64(f64[i], f64[j]);
  const q = product64(f64[i + 1], f64[j + 1]);
  if (r !== r || q !== q) return packed64(op, MUL, s);
  f64[i] = r;
  f64[i + 1] = q;
  return op.next;
};

const mulpd_m: Handler = (op) => {
  if (unsettled() !== 0) return multiplied.pd.m(op);
  const s = alignedOperand(op);
  const i = op.d >> 3;
  const j = s >> 3;
  const r = product64(f64[i], f64[j]);
  const q = product64(f64[i + 1], f64[j + 1]);
  if (r !== r || q !== q) return packed64(op, MUL, s);
  f64[i] = r;
  f64[i + 1] = q;
  return op.next;
};

const mulps_r: Handler = (op) => {
  if (unsettled() !== 0) return multiplied.ps.r(op);
  const s = op.s;
  const i = op.d >> 2;
  const j = s >> 2;
  const r0 = product32(f32[i], f32[j]);
  const r1 = product32(f32[i + 1], f32[j + 1]);
  const r2 = product32(f32[i + 2], f32[j + 2]);
  const r3 = product32(f32[i + 3], f32[j + 3]);
  const all = r0 + r1 + r2 + r3; // of finite singles a finite double
  if (all !== all) return packed32(op, MUL, s);
  f32[i] = r0;
  f32[i + 1] = r1;
  f32[i + 2] = r2;
  f32[i + 3] = r3;
  return op.next;
};

const mulps_m: Handler = (op) => {
  if (unsettled() !== 0) return multiplied.ps.m(op);
  const s = alignedOperand(op);
  const i = op.d >> 2;
  const j = s >> 2;
  const r0 = product32(f32[i], f32[j]);
  const r1 = product32(f32[i + 1], f32[j + 1]);
  const r2 = product32(f32[i + 2], f32[j + 2]);
  const r3 = product32(f32[i + 3], f32[j + 3]);
  const all = r0 + r1 + r2 + r3; // of finite singles a finite double
  if (all !== all) return packed32(op, MUL, s);
  f32[i] = r0;
  f32[i + 1] = r1;
  f32[i + 2] = r2;
  f32[i + 3] = r3;
  return op.next;
};

export const mul: Arithmetic = {
  ps: { r: mulps_r, m: mulps_m },
  pd: { r: mulpd_r, m: mulpd_m },
  ss: { r: mulss_r, m: mulss_m },
  sd: { r: mulsd_r, m: mulsd_m },
};

// DIV

const divsd_r: Handler = (op) => {
  if (unsettled() !== 0) return divided.sd.r(op);
  const { d } = op;
  const s = op.s;
  const r = quotient64(f64[d >> 3], f64[s >> 3]);
  if (r !== r) return scalar64(op, DIV, s);
  f64[d >> 3] = r;
  return op.next;
};

const divsd_m: Handler = (op) => {
  if (unsettled() !== 0) return divided.sd.m(op);
  const { d } = op;
  const s = operand(op, 8);
  const r = quotient64(f64[d >> 3], f64[s >> 3]);
  if (r !== r) return scalar64(op, DIV, s);
  f64[d >> 3] = r;
  return op.next;
};

const divss_r: Handler = (op) => {
  if (unsettled() !== 0) return divided.ss.r(op);
  const { d } = op;
  const s = op.s;
  const r = quotient32(f32[d >> 2], f32[s >> 2]);
  if (r !== r) return scalar32(op, DIV, s);
  f32[d >> 2] = r;
  return op.next;
};

const divss_m: Handler = (op) => {
  if (unsettled() !== 0) return divided.ss.m(op);
  const { d } = op;
  const s = operand(op, 4);
  const r = quotient32(f32[d >> 2], f32[s >> 2]);
  if (r !== r) return scalar32(op, DIV, s);
  f32[d >> 2] = r;
  return op.next;
};

const divpd_r: Handler = (op) => {
  if (unsettled() !== 0) return divided.pd.r(op);
  const s = op.s;
  const i = op.d >> 3;
  const j = s >> 3;
  const r = quotient64(f64[i], f64[j]);
  const q = quotient64(f64[i + 1], f64[j + 1]);
  if (r !== r || q !== q) return packed64(op, DIV, s);
  f64[i] = r;
  f64[i + 1] = q;
  return op.next;
};

const divpd_m: Handler = (op) => {
  if (unsettled() !== 0) return divided.pd.m(op);
  const s = alignedOperand(op);
  const i = op.d >> 3;
  const j = s >> 3;
  const r = quotient64(f64[i], f64[j]);
  const q = quotient64(f64[i + 1], f64[j + 1]);
  if (r !== r || q !== q) return packed64(op, DIV, s);
  f64[i] = r;
  f64[i + 1] = q;
  return op.next;
};

const divps_r: Handler = (op) => {
  if (unsettled() !== 0) return divided.ps.r(op);
  const s = op.s;
  const i = op.d >> 2;
  const j = s >> 2;
  const r0 = quotient32(f32[i], f32[j]);
  const r1 = quotient32(f32[i + 1], f32[j + 1]);
  const r2 = quotient32(f32[i + 2], f32[j + 2]);
  const r3 = quotient32(f32[i + 3], f32[j + 3]);
  const all = r0 + r1 + r2 + r3; // of finite singles a finite double
  if (all !== all) return packed32(op, DIV, s);
  f32[i] = r0;
  f32[i + 1] = r1;
  f32[i + 2] = r2;
  f32[i + 3] = r3;
  return op.next;
};

const divps_m: Handler = (op) => {
  if (unsettled() !== 0) return divided.ps.m(op);
  const s = alignedOperand(op);
  const i = op.d >> 2;
  const j = s >> 2;
  const r0 = quotient32(f32[i], f32[j]);
  const r1 = quotient32(f32[i + 1], f32[j + 1]);
  const r2 = quotient32(f32[i + 2], f32[j + 2]);
  const r3 = quotient32(f32[i + 3], f32[j + 3]);
  const all = r0 + r1 + r2 + r3; // of finite singles a finite double
  if (all !== all) return packed32(op, DIV, s);
  f32[i] = r0;
  f32[i + 1] = r1;
  f32[i + 2] = r2;
  f32[i + 3] = r3;
  return op.next;
};

export const div: Arithmetic = {
  ps: { r: divps_r, m: divps_m },
  pd: { r: divpd_r, m: divpd_m },
  ss: { r: divss_r, m: divss_m },
  sd: { r: divsd_r, m: divsd_m },
};
