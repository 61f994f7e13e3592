// 32-bit ALU instructions by operand shape: rr register, register; rm register, memory; mr memory,
// register; ri register, immediate; mi memory, immediate; r and m alone for one operand.

import { adc32, add32, and32, dec32, inc32, neg32, or32, sbb32, sub32, xor32 } from '../cpu/alu.js';
import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { load32, rmw32, store32 } from '../mmu/access.js';
import { i32 } from '../state/current.js';

export const add32_rr: Handler = (op) => {
  i32[op.d] = add32(i32[op.d], i32[op.s]);
  return op.next;
};
export const add32_rm: Handler = (op) => {
  i32[op.d] = add32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const add32_mr: Handler = (op) => {
  const la = ea(op);
  store32(la, add32(rmw32(la), i32[op.s]));
  return op.next;
};
export const add32_ri: Handler = (op) => {
  i32[op.d] = add32(i32[op.d], op.imm);
  return op.next;
};
export const add32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, add32(rmw32(la), op.imm));
  return op.next;
};
export const or32_rr: Handler = (op) => {
  i32[op.d] = or32(i32[op.d], i32[op.s]);
  return op.next;
};
export const or32_rm: Handler = (op) => {
  i32[op.d] = or32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const or32_mr: Handler = (op) => {
  const la = ea(op);
  store32(la, or32(rmw32(la), i32[op.s]));
  return op.next;
};
export const or32_ri: Handler = (op) => {
  i32[op.d] = or32(i32[op.d], op.imm);
  return op.next;
};
export const or32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, or32(rmw32(la), op.imm));
  return op.next;
};
export const adc32_rr: Handler = (op) => {
  i32[op.d] = adc32(i32[op.d], i32[op.s]);
  return op.next;
};
export const adc32_rm: Handler = (op) => {
  i32[op.d] = adc32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const adc32_mr: Handler = (op) => {
  const la = ea(op);
  store32(la, adc32(rmw32(la), i32[op.s]));
  return op.next;
};
export const adc32_ri: Handler = (op) => {
  i32[op.d] = adc32(i32[op.d], op.imm);
  return op.next;
};
export const adc32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, adc32(rmw32(la), op.imm));
  return op.next;
};
export const sbb32_rr: Handler = (op) => {
  i32[op.d] = sbb32(i32[op.d], i32[op.s]);
  return op.next;
};
export const sbb32_rm: Handler = (op) => {
  i32[op.d] = sbb32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const sbb32_mr: Handler = (op) => {
  const la = ea(op);
  store32(la, sbb32(rmw32(la), i32[op.s]));
  return op.next;
};
export const sbb32_ri: Handler = (op) => {
  i32[op.d] = sbb32(i32[op.d], op.imm);
  return op.next;
};
export const sbb32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, sbb32(rmw32(la), op.imm));
  return op.next;
};
export const and32_rr: Handler = (op) => {
  i32[op.d] = and32(i32[op.d], i32[op.s]);
  return op.next;
};
export const and32_rm: Handler = (op) => {
  i32[op.d] = and32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const and32_mr: Handler = (op) => {
  const la = ea(op);
  store32(la, and32(rmw32(la), i32[op.s]));
  return op.next;
};
export const and32_ri: Handler = (op) => {
  i32[op.d] = and32(i32[op.d], op.imm);
  return op.next;
};
export const and32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, and32(rmw32(la), op.imm));
  return op.next;
};
export const sub32_rr: Handler = (op) => {
  i32[op.d] = sub32(i32[op.d], i32[op.s]);
  return op.next;
};
export const sub32_rm: Handler = (op) => {
  i32[op.d] = sub32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const sub32_mr: Handler = (op) => {
  const la = ea(op);
  store32(la, sub32(rmw32(la), i32[op.s]));
  return op.next;
};
export const sub32_ri: Handler = (op) => {
  i32[op.d] = sub32(i32[op.d], op.imm);
  return op.next;
};
export const sub32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, sub32(rmw32(la), op.imm));
  return op.next;
};
export const xor32_rr: Handler = (op) => {
  i32[op.d] = xor32(i32[op.d], i32[op.s]);
  return op.next;
};
export const xor32_rm: Handler = (op) => {
  i32[op.d] = xor32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const xor32_mr: Handler = (op) => {
  const la = ea(op);
  store32(la, xor32(rmw32(la), i32[op.s]));
  return op.next;
};
export const xor32_ri: Handler = (op) => {
  i32[op.d] = xor32(i32[op.d], op.imm);
  return op.next;
};
export const xor32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, xor32(rmw32(la), op.imm));
  return op.next;
};
export const cmp32_rr: Handler = (op) => {
  sub32(i32[op.d], i32[op.s]);
  return op.next;
};
export const cmp32_rm: Handler = (op) => {
  sub32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const cmp32_mr: Handler = (op) => {
  sub32(load32(ea(op)), i32[op.s]);
  return op.next;
};
export const cmp32_ri: Handler = (op) => {
  sub32(i32[op.d], op.imm);
  return op.next;
};
export const cmp32_mi: Handler = (op) => {
  sub32(load32(ea(op)), op.imm);
  return op.next;
};
export const test32_rr: Handler = (op) => {
  and32(i32[op.d], i32[op.s]);
  return op.next;
};
export const test32_rm: Handler = (op) => {
  and32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const test32_mr: Handler = (op) => {
  and32(load32(ea(op)), i32[op.s]);
  return op.next;
};
export const test32_ri: Handler = (op) => {
  and32(i32[op.d], op.imm);
  return op.next;
};
export const test32_mi: Handler = (op) => {
  and32(load32(ea(op)), op.imm);
  return op.next;
};
export const inc32_r: Handler = (op) => {
  i32[op.d] = inc32(i32[op.d]);
  return op.next;
};
export const inc32_m: Handler = (op) => {
  const la = ea(op);
  store32(la, inc32(rmw32(la)));
  return op.next;
};
export const dec32_r: Handler = (op) => {
  i32[op.d] = dec32(i32[op.d]);
  return op.next;
};
export const dec32_m: Handler = (op) => {
  const la = ea(op);
  store32(la, dec32(rmw32(la)));
  return op.next;
};
export const neg32_r: Handler = (op) => {
  i32[op.d] = neg32(i32[op.d]);
  return op.next;
};
export const neg32_m: Handler = (op) => {
  const la = ea(op);
  store32(la, neg32(rmw32(la)));
  return op.next;
};
export const not32_r: Handler = (op) => {
  i32[op.d] = ~i32[op.d];
  return op.next;
};
export const not32_m: Handler = (op) => {
  const la = ea(op);
  store32(la, ~rmw32(la));
  return op.next;
};
