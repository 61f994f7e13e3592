// 16-bit ALU instructions by operand shape: rr register, register; rm register, memory; mr memory,
// register; ri register, immediate; mi memory, immediate; r and m alone for one operand.

import { adc16, add16, and16, dec16, inc16, neg16, or16, sbb16, sub16, xor16 } from '../cpu/alu.js';
import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { load16, rmw16, store16 } from '../mmu/access.js';
import { u16 } from '../state/current.js';

export const add16_rr: Handler = (op) => {
  u16[op.d] = add16(u16[op.d], u16[op.s]);
  return op.next;
};
export const add16_rm: Handler = (op) => {
  u16[op.d] = add16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const add16_mr: Handler = (op) => {
  const la = ea(op);
  store16(la, add16(rmw16(la), u16[op.s]));
  return op.next;
};
export const add16_ri: Handler = (op) => {
  u16[op.d] = add16(u16[op.d], op.imm);
  return op.next;
};
export const add16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, add16(rmw16(la), op.imm));
  return op.next;
};
export const or16_rr: Handler = (op) => {
  u16[op.d] = or16(u16[op.d], u16[op.s]);
  return op.next;
};
export const or16_rm: Handler = (op) => {
  u16[op.d] = or16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const or16_mr: Handler = (op) => {
  const la = ea(op);
  store16(la, or16(rmw16(la), u16[op.s]));
  return op.next;
};
export const or16_ri: Handler = (op) => {
  u16[op.d] = or16(u16[op.d], op.imm);
  return op.next;
};
export const or16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, or16(rmw16(la), op.imm));
  return op.next;
};
export const adc16_rr: Handler = (op) => {
  u16[op.d] = adc16(u16[op.d], u16[op.s]);
  return op.next;
};
export const adc16_rm: Handler = (op) => {
  u16[op.d] = adc16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const adc16_mr: Handler = (op) => {
  const la = ea(op);
  store16(la, adc16(rmw16(la), u16[op.s]));
  return op.next;
};
export const adc16_ri: Handler = (op) => {
  u16[op.d] = adc16(u16[op.d], op.imm);
  return op.next;
};
export const adc16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, adc16(rmw16(la), op.imm));
  return op.next;
};
export const sbb16_rr: Handler = (op) => {
  u16[op.d] = sbb16(u16[op.d], u16[op.s]);
  return op.next;
};
export const sbb16_rm: Handler = (op) => {
  u16[op.d] = sbb16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const sbb16_mr: Handler = (op) => {
  const la = ea(op);
  store16(la, sbb16(rmw16(la), u16[op.s]));
  return op.next;
};
export const sbb16_ri: Handler = (op) => {
  u16[op.d] = sbb16(u16[op.d], op.imm);
  return op.next;
};
export const sbb16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, sbb16(rmw16(la), op.imm));
  return op.next;
};
export const and16_rr: Handler = (op) => {
  u16[op.d] = and16(u16[op.d], u16[op.s]);
  return op.next;
};
export const and16_rm: Handler = (op) => {
  u16[op.d] = and16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const and16_mr: Handler = (op) => {
  const la = ea(op);
  store16(la, and16(rmw16(la), u16[op.s]));
  return op.next;
};
export const and16_ri: Handler = (op) => {
  u16[op.d] = and16(u16[op.d], op.imm);
  return op.next;
};
export const and16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, and16(rmw16(la), op.imm));
  return op.next;
};
export const sub16_rr: Handler = (op) => {
  u16[op.d] = sub16(u16[op.d], u16[op.s]);
  return op.next;
};
export const sub16_rm: Handler = (op) => {
  u16[op.d] = sub16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const sub16_mr: Handler = (op) => {
  const la = ea(op);
  store16(la, sub16(rmw16(la), u16[op.s]));
  return op.next;
};
export const sub16_ri: Handler = (op) => {
  u16[op.d] = sub16(u16[op.d], op.imm);
  return op.next;
};
export const sub16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, sub16(rmw16(la), op.imm));
  return op.next;
};
export const xor16_rr: Handler = (op) => {
  u16[op.d] = xor16(u16[op.d], u16[op.s]);
  return op.next;
};
export const xor16_rm: Handler = (op) => {
  u16[op.d] = xor16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const xor16_mr: Handler = (op) => {
  const la = ea(op);
  store16(la, xor16(rmw16(la), u16[op.s]));
  return op.next;
};
export const xor16_ri: Handler = (op) => {
  u16[op.d] = xor16(u16[op.d], op.imm);
  return op.next;
};
export const xor16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, xor16(rmw16(la), op.imm));
  return op.next;
};
export const cmp16_rr: Handler = (op) => {
  sub16(u16[op.d], u16[op.s]);
  return op.next;
};
export const cmp16_rm: Handler = (op) => {
  sub16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const cmp16_mr: Handler = (op) => {
  sub16(load16(ea(op)), u16[op.s]);
  return op.next;
};
export const cmp16_ri: Handler = (op) => {
  sub16(u16[op.d], op.imm);
  return op.next;
};
export const cmp16_mi: Handler = (op) => {
  sub16(load16(ea(op)), op.imm);
  return op.next;
};
export const test16_rr: Handler = (op) => {
  and16(u16[op.d], u16[op.s]);
  return op.next;
};
export const test16_rm: Handler = (op) => {
  and16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const test16_mr: Handler = (op) => {
  and16(load16(ea(op)), u16[op.s]);
  return op.next;
};
export const test16_ri: Handler = (op) => {
  and16(u16[op.d], op.imm);
  return op.next;
};
export const test16_mi: Handler = (op) => {
  and16(load16(ea(op)), op.imm);
  return op.next;
};
export const inc16_r: Handler = (op) => {
  u16[op.d] = inc16(u16[op.d]);
  return op.next;
};
export const inc16_m: Handler = (op) => {
  const la = ea(op);
  store16(la, inc16(rmw16(la)));
  return op.next;
};
export const dec16_r: Handler = (op) => {
  u16[op.d] = dec16(u16[op.d]);
  return op.next;
};
export const dec16_m: Handler = (op) => {
  const la = ea(op);
  store16(la, dec16(rmw16(la)));
  return op.next;
};
export const neg16_r: Handler = (op) => {
  u16[op.d] = neg16(u16[op.d]);
  return op.next;
};
export const neg16_m: Handler = (op) => {
  const la = ea(op);
  store16(la, neg16(rmw16(la)));
  return op.next;
};
export const not16_r: Handler = (op) => {
  u16[op.d] = ~u16[op.d];
  return op.next;
};
export const not16_m: Handler = (op) => {
  const la = ea(op);
  store16(la, ~rmw16(la));
  return op.next;
};
