// 8-bit ALU instructions by operand shape: rr register, register; rm register, memory; mr memory,
// register; ri register, immediate; mi memory, immediate; r and m alone for one operand.

import { adc8, add8, and8, dec8, inc8, neg8, or8, sbb8, sub8, xor8 } from '../cpu/alu.js';
import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { load8, rmw8, store8 } from '../mmu/access.js';
import { u8 } from '../state/current.js';

export const add8_rr: Handler = (op) => {
  u8[op.d] = add8(u8[op.d], u8[op.s]);
  return op.next;
};
export const add8_rm: Handler = (op) => {
  u8[op.d] = add8(u8[op.d], load8(ea(op)));
  return op.next;
};
export const add8_mr: Handler = (op) => {
  const la = ea(op);
  store8(la, add8(rmw8(la), u8[op.s]));
  return op.next;
};
export const add8_ri: Handler = (op) => {
  u8[op.d] = add8(u8[op.d], op.imm);
  return op.next;
};
export const add8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, add8(rmw8(la), op.imm));
  return op.next;
};
export const or8_rr: Handler = (op) => {
  u8[op.d] = or8(u8[op.d], u8[op.s]);
  return op.next;
};
export const or8_rm: Handler = (op) => {
  u8[op.d] = or8(u8[op.d], load8(ea(op)));
  return op.next;
};
export const or8_mr: Handler = (op) => {
  const la = ea(op);
  store8(la, or8(rmw8(la), u8[op.s]));
  return op.next;
};
export const or8_ri: Handler = (op) => {
  u8[op.d] = or8(u8[op.d], op.imm);
  return op.next;
};
export const or8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, or8(rmw8(la), op.imm));
  return op.next;
};
export const adc8_rr: Handler = (op) => {
  u8[op.d] = adc8(u8[op.d], u8[op.s]);
  return op.next;
};
export const adc8_rm: Handler = (op) => {
  u8[op.d] = adc8(u8[op.d], load8(ea(op)));
  return op.next;
};
export const adc8_mr: Handler = (op) => {
  const la = ea(op);
  store8(la, adc8(rmw8(la), u8[op.s]));
  return op.next;
};
export const adc8_ri: Handler = (op) => {
  u8[op.d] = adc8(u8[op.d], op.imm);
  return op.next;
};
export const adc8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, adc8(rmw8(la), op.imm));
  return op.next;
};
export const sbb8_rr: Handler = (op) => {
  u8[op.d] = sbb8(u8[op.d], u8[op.s]);
  return op.next;
};
export const sbb8_rm: Handler = (op) => {
  u8[op.d] = sbb8(u8[op.d], load8(ea(op)));
  return op.next;
};
export const sbb8_mr: Handler = (op) => {
  const la = ea(op);
  store8(la, sbb8(rmw8(la), u8[op.s]));
  return op.next;
};
export const sbb8_ri: Handler = (op) => {
  u8[op.d] = sbb8(u8[op.d], op.imm);
  return op.next;
};
export const sbb8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, sbb8(rmw8(la), op.imm));
  return op.next;
};
export const and8_rr: Handler = (op) => {
  u8[op.d] = and8(u8[op.d], u8[op.s]);
  return op.next;
};
export const and8_rm: Handler = (op) => {
  u8[op.d] = and8(u8[op.d], load8(ea(op)));
  return op.next;
};
export const and8_mr: Handler = (op) => {
  const la = ea(op);
  store8(la, and8(rmw8(la), u8[op.s]));
  return op.next;
};
export const and8_ri: Handler = (op) => {
  u8[op.d] = and8(u8[op.d], op.imm);
  return op.next;
};
export const and8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, and8(rmw8(la), op.imm));
  return op.next;
};
export const sub8_rr: Handler = (op) => {
  u8[op.d] = sub8(u8[op.d], u8[op.s]);
  return op.next;
};
export const sub8_rm: Handler = (op) => {
  u8[op.d] = sub8(u8[op.d], load8(ea(op)));
  return op.next;
};
export const sub8_mr: Handler = (op) => {
  const la = ea(op);
  store8(la, sub8(rmw8(la), u8[op.s]));
  return op.next;
};
export const sub8_ri: Handler = (op) => {
  u8[op.d] = sub8(u8[op.d], op.imm);
  return op.next;
};
export const sub8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, sub8(rmw8(la), op.imm));
  return op.next;
};
export const xor8_rr: Handler = (op) => {
  u8[op.d] = xor8(u8[op.d], u8[op.s]);
  return op.next;
};
export const xor8_rm: Handler = (op) => {
  u8[op.d] = xor8(u8[op.d], load8(ea(op)));
  return op.next;
};
export const xor8_mr: Handler = (op) => {
  const la = ea(op);
  store8(la, xor8(rmw8(la), u8[op.s]));
  return op.next;
};
export const xor8_ri: Handler = (op) => {
  u8[op.d] = xor8(u8[op.d], op.imm);
  return op.next;
};
export const xor8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, xor8(rmw8(la), op.imm));
  return op.next;
};
export const cmp8_rr: Handler = (op) => {
  sub8(u8[op.d], u8[op.s]);
  return op.next;
};
export const cmp8_rm: Handler = (op) => {
  sub8(u8[op.d], load8(ea(op)));
  return op.next;
};
export const cmp8_mr: Handler = (op) => {
  sub8(load8(ea(op)), u8[op.s]);
  return op.next;
};
export const cmp8_ri: Handler = (op) => {
  sub8(u8[op.d], op.imm);
  return op.next;
};
export const cmp8_mi: Handler = (op) => {
  sub8(load8(ea(op)), op.imm);
  return op.next;
};
export const test8_rr: Handler = (op) => {
  and8(u8[op.d], u8[op.s]);
  return op.next;
};
export const test8_rm: Handler = (op) => {
  and8(u8[op.d], load8(ea(op)));
  return op.next;
};
export const test8_mr: Handler = (op) => {
  and8(load8(ea(op)), u8[op.s]);
  return op.next;
};
export const test8_ri: Handler = (op) => {
  and8(u8[op.d], op.imm);
  return op.next;
};
export const test8_mi: Handler = (op) => {
  and8(load8(ea(op)), op.imm);
  return op.next;
};
export const inc8_r: Handler = (op) => {
  u8[op.d] = inc8(u8[op.d]);
  return op.next;
};
export const inc8_m: Handler = (op) => {
  const la = ea(op);
  store8(la, inc8(rmw8(la)));
  return op.next;
};
export const dec8_r: Handler = (op) => {
  u8[op.d] = dec8(u8[op.d]);
  return op.next;
};
export const dec8_m: Handler = (op) => {
  const la = ea(op);
  store8(la, dec8(rmw8(la)));
  return op.next;
};
export const neg8_r: Handler = (op) => {
  u8[op.d] = neg8(u8[op.d]);
  return op.next;
};
export const neg8_m: Handler = (op) => {
  const la = ea(op);
  store8(la, neg8(rmw8(la)));
  return op.next;
};
export const not8_r: Handler = (op) => {
  u8[op.d] = ~u8[op.d];
  return op.next;
};
export const not8_m: Handler = (op) => {
  const la = ea(op);
  store8(la, ~rmw8(la));
  return op.next;
};
