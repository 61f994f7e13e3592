// Data movement: mov, movzx, movsx, lea, xchg, cmovcc, setcc, bswap, cbw and friends, xlat, moffs.

import { conditionHolds } from '../cpu/flags.js';
import { ea, offsetOf } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { FLAT, ADDRESS_16 } from '../cpu/op.js';
import { segmentedAddress } from '../cpu/segments.js';
import {
  load16,
  load32,
  load8,
  rmw16,
  rmw32,
  rmw8,
  store16,
  store32,
  store8,
} from '../mmu/access.js';
import { i16, i32, i8, u16, u8 } from '../state/current.js';
import { EAX, EBX, EDX } from '../state/layout.js';

export const mov8_rr: Handler = (op) => {
  u8[op.d] = u8[op.s];
  return op.next;
};
export const mov8_rm: Handler = (op) => {
  u8[op.d] = load8(ea(op));
  return op.next;
};
export const mov8_mr: Handler = (op) => {
  store8(ea(op), u8[op.s]);
  return op.next;
};
export const mov8_ri: Handler = (op) => {
  u8[op.d] = op.imm;
  return op.next;
};
export const mov8_mi: Handler = (op) => {
  store8(ea(op), op.imm);
  return op.next;
};
export const xchg8_rr: Handler = (op) => {
  const value = u8[op.d];
  u8[op.d] = u8[op.s];
  u8[op.s] = value;
  return op.next;
};
export const xchg8_mr: Handler = (op) => {
  const la = ea(op);
  const value = rmw8(la);
  store8(la, u8[op.s]);
  u8[op.s] = value;
  return op.next;
};
export const mov16_rr: Handler = (op) => {
  u16[op.d] = u16[op.s];
  return op.next;
};
export const mov16_rm: Handler = (op) => {
  u16[op.d] = load16(ea(op));
  return op.next;
};
export const mov16_mr: Handler = (op) => {
  store16(ea(op), u16[op.s]);
  return op.next;
};
export const mov16_ri: Handler = (op) => {
  u16[op.d] = op.imm;
  return op.next;
};
export const mov16_mi: Handler = (op) => {
  store16(ea(op), op.imm);
  return op.next;
};
export const xchg16_rr: Handler = (op) => {
  const value = u16[op.d];
  u16[op.d] = u16[op.s];
  u16[op.s] = value;
  return op.next;
};
export const xchg16_mr: Handler = (op) => {
  const la = ea(op);
  const value = rmw16(la);
  store16(la, u16[op.s]);
  u16[op.s] = value;
  return op.next;
};
export const mov32_rr: Handler = (op) => {
  i32[op.d] = i32[op.s];
  return op.next;
};
export const mov32_rm: Handler = (op) => {
  i32[op.d] = load32(ea(op));
  return op.next;
};
export const mov32_mr: Handler = (op) => {
  store32(ea(op), i32[op.s]);
  return op.next;
};
export const mov32_ri: Handler = (op) => {
  i32[op.d] = op.imm;
  return op.next;
};
export const mov32_mi: Handler = (op) => {
  store32(ea(op), op.imm);
  return op.next;
};
export const xchg32_rr: Handler = (op) => {
  const value = i32[op.d];
  i32[op.d] = i32[op.s];
  i32[op.s] = value;
  return op.next;
};
export const xchg32_mr: Handler = (op) => {
  const la = ea(op);
  const value = rmw32(la);
  store32(la, i32[op.s]);
  i32[op.s] = value;
  return op.next;
};
export const movzx16_8_rr: Handler = (op) => {
  u16[op.d] = u8[op.s];
  return op.next;
};
export const movzx16_8_rm: Handler = (op) => {
  u16[op.d] = load8(ea(op));
  return op.next;
};
export const movsx16_8_rr: Handler = (op) => {
  u16[op.d] = i8[op.s];
  return op.next;
};
export const movsx16_8_rm: Handler = (op) => {
  u16[op.d] = (load8(ea(op)) << 24) >> 24;
  return op.next;
};
export const movzx16_16_rr: Handler = (op) => {
  u16[op.d] = u16[op.s];
  return op.next;
};
export const movzx16_16_rm: Handler = (op) => {
  u16[op.d] = load16(ea(op));
  return op.next;
};
export const movsx16_16_rr: Handler = (op) => {
  u16[op.d] = i16[op.s];
  return op.next;
};
export const movsx16_16_rm: Handler = (op) => {
  u16[op.d] = (load16(ea(op)) << 16) >> 16;
  return op.next;
};
export const lea16: Handler = (op) => {
  u16[op.d] = offsetOf(op);
  return op.next;
};
export const cmov16_rr: Handler = (op) => {
  if (conditionHolds(op.imm)) u16[op.d] = u16[op.s];
  return op.next;
};
export const cmov16_rm: Handler = (op) => {
  const value = load16(ea(op));
  if (conditionHolds(op.imm)) u16[op.d] = value;
  return op.next;
};
export const movzx32_8_rr: Handler = (op) => {
  i32[op.d] = u8[op.s];
  return op.next;
};
export const movzx32_8_rm: Handler = (op) => {
  i32[op.d] = load8(ea(op));
  return op.next;
};
export const movsx32_8_rr: Handler = (op) => {
  i32[op.d] = i8[op.s];
  return op.next;
};
export const movsx32_8_rm: Handler = (op) => {
  i32[op.d] = (load8(ea(op)) << 24) >> 24;
  return op.next;
};
export const movzx32_16_rr: Handler = (op) => {
  i32[op.d] = u16[op.s];
  return op.next;
};
export const movzx32_16_rm: Handler = (op) => {
  i32[op.d] = load16(ea(op));
  return op.next;
};
export const movsx32_16_rr: Handler = (op) => {
  i32[op.d] = i16[op.s];
  return op.next;
};
export const movsx32_16_rm: Handler = (op) => {
  i32[op.d] = (load16(ea(op)) << 16) >> 16;
  return op.next;
};
export const lea32: Handler = (op) => {
  i32[op.d] = offsetOf(op);
  return op.next;
};
export const cmov32_rr: Handler = (op) => {
  if (conditionHolds(op.imm)) i32[op.d] = i32[op.s];
  return op.next;
};
export const cmov32_rm: Handler = (op) => {
  const value = load32(ea(op));
  if (conditionHolds(op.imm)) i32[op.d] = value;
  return op.next;
};
export const setcc_r: Handler = (op) => {
  u8[op.d] = conditionHolds(op.imm) ? 1 : 0;
  return op.next;
};
export const setcc_m: Handler = (op) => {
  store8(ea(op), conditionHolds(op.imm) ? 1 : 0);
  return op.next;
};

/** BSWAP of a 16-bit register gives 0 on the hardware at hand. */
export const bswap16: Handler = (op) => {
  u16[op.d] = 0;
  return op.next;
};
export const bswap32: Handler = (op) => {
  const v = i32[op.d];
  i32[op.d] = (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
  return op.next;
};

export const cbw: Handler = (op) => {
  i16[EAX * 2] = i8[EAX * 4];
  return op.next;
};
export const cwde: Handler = (op) => {
  i32[EAX] = i16[EAX * 2];
  return op.next;
};
export const cwd: Handler = (op) => {
  i16[EDX * 2] = i16[EAX * 2] >> 15;
  return op.next;
};
export const cdq: Handler = (op) => {
  i32[EDX] = i32[EAX] >> 31;
  return op.next;
};

/** Linear address of the byte at EBX + AL (BX + AL) in the operand's segment. */
function tableEntry(op: Op): number {
  const offset = (i32[EBX] + u8[EAX * 4]) | 0;
  if (op.seg === FLAT) return offset;
  return segmentedAddress(op.seg & 7, op.seg & ADDRESS_16 ? offset & 0xffff : offset, 1, false);
}

export const xlat: Handler = (op) => {
  u8[EAX * 4] = load8(tableEntry(op));
  return op.next;
};

export const nop: Handler = (op) => op.next;
