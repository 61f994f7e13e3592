// Shifts and rotates by operand shape: ri register, immediate; rc register, CL; mi and mc likewise.

import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { rcl, rcr, rol, ror, sar, shl, shld, shr, shrd } from '../cpu/shift.js';
import { rmw16, rmw32, rmw8, store16, store32, store8 } from '../mmu/access.js';
import { i32, u16, u8 } from '../state/current.js';
import { ECX } from '../state/layout.js';

export const rol8_ri: Handler = (op) => {
  u8[op.d] = rol(u8[op.d], op.imm, 8);
  return op.next;
};
export const rol8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, rol(rmw8(la), op.imm, 8));
  return op.next;
};
export const rol8_rc: Handler = (op) => {
  u8[op.d] = rol(u8[op.d], i32[ECX], 8);
  return op.next;
};
export const rol8_mc: Handler = (op) => {
  const la = ea(op);
  store8(la, rol(rmw8(la), i32[ECX], 8));
  return op.next;
};
export const ror8_ri: Handler = (op) => {
  u8[op.d] = ror(u8[op.d], op.imm, 8);
  return op.next;
};
export const ror8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, ror(rmw8(la), op.imm, 8));
  return op.next;
};
export const ror8_rc: Handler = (op) => {
  u8[op.d] = ror(u8[op.d], i32[ECX], 8);
  return op.next;
};
export const ror8_mc: Handler = (op) => {
  const la = ea(op);
  store8(la, ror(rmw8(la), i32[ECX], 8));
  return op.next;
};
export const rcl8_ri: Handler = (op) => {
  u8[op.d] = rcl(u8[op.d], op.imm, 8);
  return op.next;
};
export const rcl8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, rcl(rmw8(la), op.imm, 8));
  return op.next;
};
export const rcl8_rc: Handler = (op) => {
  u8[op.d] = rcl(u8[op.d], i32[ECX], 8);
  return op.next;
};
export const rcl8_mc: Handler = (op) => {
  const la = ea(op);
  store8(la, rcl(rmw8(la), i32[ECX], 8));
  return op.next;
};
export const rcr8_ri: Handler = (op) => {
  u8[op.d] = rcr(u8[op.d], op.imm, 8);
  return op.next;
};
export const rcr8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, rcr(rmw8(la), op.imm, 8));
  return op.next;
};
export const rcr8_rc: Handler = (op) => {
  u8[op.d] = rcr(u8[op.d], i32[ECX], 8);
  return op.next;
};
export const rcr8_mc: Handler = (op) => {
  const la = ea(op);
  store8(la, rcr(rmw8(la), i32[ECX], 8));
  return op.next;
};
export const shl8_ri: Handler = (op) => {
  u8[op.d] = shl(u8[op.d], op.imm, 8);
  return op.next;
};
export const shl8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, shl(rmw8(la), op.imm, 8));
  return op.next;
};
export const shl8_rc: Handler = (op) => {
  u8[op.d] = shl(u8[op.d], i32[ECX], 8);
  return op.next;
};
export const shl8_mc: Handler = (op) => {
  const la = ea(op);
  store8(la, shl(rmw8(la), i32[ECX], 8));
  return op.next;
};
export const shr8_ri: Handler = (op) => {
  u8[op.d] = shr(u8[op.d], op.imm, 8);
  return op.next;
};
export const shr8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, shr(rmw8(la), op.imm, 8));
  return op.next;
};
export const shr8_rc: Handler = (op) => {
  u8[op.d] = shr(u8[op.d], i32[ECX], 8);
  return op.next;
};
export const shr8_mc: Handler = (op) => {
  const la = ea(op);
  store8(la, shr(rmw8(la), i32[ECX], 8));
  return op.next;
};
export const sar8_ri: Handler = (op) => {
  u8[op.d] = sar(u8[op.d], op.imm, 8);
  return op.next;
};
export const sar8_mi: Handler = (op) => {
  const la = ea(op);
  store8(la, sar(rmw8(la), op.imm, 8));
  return op.next;
};
export const sar8_rc: Handler = (op) => {
  u8[op.d] = sar(u8[op.d], i32[ECX], 8);
  return op.next;
};
export const sar8_mc: Handler = (op) => {
  const la = ea(op);
  store8(la, sar(rmw8(la), i32[ECX], 8));
  return op.next;
};
export const rol16_ri: Handler = (op) => {
  u16[op.d] = rol(u16[op.d], op.imm, 16);
  return op.next;
};
export const rol16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, rol(rmw16(la), op.imm, 16));
  return op.next;
};
export const rol16_rc: Handler = (op) => {
  u16[op.d] = rol(u16[op.d], i32[ECX], 16);
  return op.next;
};
export const rol16_mc: Handler = (op) => {
  const la = ea(op);
  store16(la, rol(rmw16(la), i32[ECX], 16));
  return op.next;
};
export const ror16_ri: Handler = (op) => {
  u16[op.d] = ror(u16[op.d], op.imm, 16);
  return op.next;
};
export const ror16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, ror(rmw16(la), op.imm, 16));
  return op.next;
};
export const ror16_rc: Handler = (op) => {
  u16[op.d] = ror(u16[op.d], i32[ECX], 16);
  return op.next;
};
export const ror16_mc: Handler = (op) => {
  const la = ea(op);
  store16(la, ror(rmw16(la), i32[ECX], 16));
  return op.next;
};
export const rcl16_ri: Handler = (op) => {
  u16[op.d] = rcl(u16[op.d], op.imm, 16);
  return op.next;
};
export const rcl16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, rcl(rmw16(la), op.imm, 16));
  return op.next;
};
export const rcl16_rc: Handler = (op) => {
  u16[op.d] = rcl(u16[op.d], i32[ECX], 16);
  return op.next;
};
export const rcl16_mc: Handler = (op) => {
  const la = ea(op);
  store16(la, rcl(rmw16(la), i32[ECX], 16));
  return op.next;
};
export const rcr16_ri: Handler = (op) => {
  u16[op.d] = rcr(u16[op.d], op.imm, 16);
  return op.next;
};
export const rcr16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, rcr(rmw16(la), op.imm, 16));
  return op.next;
};
export const rcr16_rc: Handler = (op) => {
  u16[op.d] = rcr(u16[op.d], i32[ECX], 16);
  return op.next;
};
export const rcr16_mc: Handler = (op) => {
  const la = ea(op);
  store16(la, rcr(rmw16(la), i32[ECX], 16));
  return op.next;
};
export const shl16_ri: Handler = (op) => {
  u16[op.d] = shl(u16[op.d], op.imm, 16);
  return op.next;
};
export const shl16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, shl(rmw16(la), op.imm, 16));
  return op.next;
};
export const shl16_rc: Handler = (op) => {
  u16[op.d] = shl(u16[op.d], i32[ECX], 16);
  return op.next;
};
export const shl16_mc: Handler = (op) => {
  const la = ea(op);
  store16(la, shl(rmw16(la), i32[ECX], 16));
  return op.next;
};
export const shr16_ri: Handler = (op) => {
  u16[op.d] = shr(u16[op.d], op.imm, 16);
  return op.next;
};
export const shr16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, shr(rmw16(la), op.imm, 16));
  return op.next;
};
export const shr16_rc: Handler = (op) => {
  u16[op.d] = shr(u16[op.d], i32[ECX], 16);
  return op.next;
};
export const shr16_mc: Handler = (op) => {
  const la = ea(op);
  store16(la, shr(rmw16(la), i32[ECX], 16));
  return op.next;
};
export const sar16_ri: Handler = (op) => {
  u16[op.d] = sar(u16[op.d], op.imm, 16);
  return op.next;
};
export const sar16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, sar(rmw16(la), op.imm, 16));
  return op.next;
};
export const sar16_rc: Handler = (op) => {
  u16[op.d] = sar(u16[op.d], i32[ECX], 16);
  return op.next;
};
export const sar16_mc: Handler = (op) => {
  const la = ea(op);
  store16(la, sar(rmw16(la), i32[ECX], 16));
  return op.next;
};
export const rol32_ri: Handler = (op) => {
  i32[op.d] = rol(i32[op.d], op.imm, 32);
  return op.next;
};
export const rol32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, rol(rmw32(la), op.imm, 32));
  return op.next;
};
export const rol32_rc: Handler = (op) => {
  i32[op.d] = rol(i32[op.d], i32[ECX], 32);
  return op.next;
};
export const rol32_mc: Handler = (op) => {
  const la = ea(op);
  store32(la, rol(rmw32(la), i32[ECX], 32));
  return op.next;
};
export const ror32_ri: Handler = (op) => {
  i32[op.d] = ror(i32[op.d], op.imm, 32);
  return op.next;
};
export const ror32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, ror(rmw32(la), op.imm, 32));
  return op.next;
};
export const ror32_rc: Handler = (op) => {
  i32[op.d] = ror(i32[op.d], i32[ECX], 32);
  return op.next;
};
export const ror32_mc: Handler = (op) => {
  const la = ea(op);
  store32(la, ror(rmw32(la), i32[ECX], 32));
  return op.next;
};
export const rcl32_ri: Handler = (op) => {
  i32[op.d] = rcl(i32[op.d], op.imm, 32);
  return op.next;
};
export const rcl32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, rcl(rmw32(la), op.imm, 32));
  return op.next;
};
export const rcl32_rc: Handler = (op) => {
  i32[op.d] = rcl(i32[op.d], i32[ECX], 32);
  return op.next;
};
export const rcl32_mc: Handler = (op) => {
  const la = ea(op);
  store32(la, rcl(rmw32(la), i32[ECX], 32));
  return op.next;
};
export const rcr32_ri: Handler = (op) => {
  i32[op.d] = rcr(i32[op.d], op.imm, 32);
  return op.next;
};
export const rcr32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, rcr(rmw32(la), op.imm, 32));
  return op.next;
};
export const rcr32_rc: Handler = (op) => {
  i32[op.d] = rcr(i32[op.d], i32[ECX], 32);
  return op.next;
};
export const rcr32_mc: Handler = (op) => {
  const la = ea(op);
  store32(la, rcr(rmw32(la), i32[ECX], 32));
  return op.next;
};
export const shl32_ri: Handler = (op) => {
  i32[op.d] = shl(i32[op.d], op.imm, 32);
  return op.next;
};
export const shl32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, shl(rmw32(la), op.imm, 32));
  return op.next;
};
export const shl32_rc: Handler = (op) => {
  i32[op.d] = shl(i32[op.d], i32[ECX], 32);
  return op.next;
};
export const shl32_mc: Handler = (op) => {
  const la = ea(op);
  store32(la, shl(rmw32(la), i32[ECX], 32));
  return op.next;
};
export const shr32_ri: Handler = (op) => {
  i32[op.d] = shr(i32[op.d], op.imm, 32);
  return op.next;
};
export const shr32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, shr(rmw32(la), op.imm, 32));
  return op.next;
};
export const shr32_rc: Handler = (op) => {
  i32[op.d] = shr(i32[op.d], i32[ECX], 32);
  return op.next;
};
export const shr32_mc: Handler = (op) => {
  const la = ea(op);
  store32(la, shr(rmw32(la), i32[ECX], 32));
  return op.next;
};
export const sar32_ri: Handler = (op) => {
  i32[op.d] = sar(i32[op.d], op.imm, 32);
  return op.next;
};
export const sar32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, sar(rmw32(la), op.imm, 32));
  return op.next;
};
export const sar32_rc: Handler = (op) => {
  i32[op.d] = sar(i32[op.d], i32[ECX], 32);
  return op.next;
};
export const sar32_mc: Handler = (op) => {
  const la = ea(op);
  store32(la, sar(rmw32(la), i32[ECX], 32));
  return op.next;
};
export const shld16_ri: Handler = (op) => {
  u16[op.d] = shld(u16[op.d], u16[op.s], op.imm, 16);
  return op.next;
};
export const shld16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, shld(rmw16(la), u16[op.s], op.imm, 16));
  return op.next;
};
export const shld16_rc: Handler = (op) => {
  u16[op.d] = shld(u16[op.d], u16[op.s], i32[ECX], 16);
  return op.next;
};
export const shld16_mc: Handler = (op) => {
  const la = ea(op);
  store16(la, shld(rmw16(la), u16[op.s], i32[ECX], 16));
  return op.next;
};
export const shrd16_ri: Handler = (op) => {
  u16[op.d] = shrd(u16[op.d], u16[op.s], op.imm, 16);
  return op.next;
};
export const shrd16_mi: Handler = (op) => {
  const la = ea(op);
  store16(la, shrd(rmw16(la), u16[op.s], op.imm, 16));
  return op.next;
};
export const shrd16_rc: Handler = (op) => {
  u16[op.d] = shrd(u16[op.d], u16[op.s], i32[ECX], 16);
  return op.next;
};
export const shrd16_mc: Handler = (op) => {
  const la = ea(op);
  store16(la, shrd(rmw16(la), u16[op.s], i32[ECX], 16));
  return op.next;
};
export const shld32_ri: Handler = (op) => {
  i32[op.d] = shld(i32[op.d], i32[op.s], op.imm, 32);
  return op.next;
};
export const shld32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, shld(rmw32(la), i32[op.s], op.imm, 32));
  return op.next;
};
export const shld32_rc: Handler = (op) => {
  i32[op.d] = shld(i32[op.d], i32[op.s], i32[ECX], 32);
  return op.next;
};
export const shld32_mc: Handler = (op) => {
  const la = ea(op);
  store32(la, shld(rmw32(la), i32[op.s], i32[ECX], 32));
  return op.next;
};
export const shrd32_ri: Handler = (op) => {
  i32[op.d] = shrd(i32[op.d], i32[op.s], op.imm, 32);
  return op.next;
};
export const shrd32_mi: Handler = (op) => {
  const la = ea(op);
  store32(la, shrd(rmw32(la), i32[op.s], op.imm, 32));
  return op.next;
};
export const shrd32_rc: Handler = (op) => {
  i32[op.d] = shrd(i32[op.d], i32[op.s], i32[ECX], 32);
  return op.next;
};
export const shrd32_mc: Handler = (op) => {
  const la = ea(op);
  store32(la, shrd(rmw32(la), i32[op.s], i32[ECX], 32));
  return op.next;
};
