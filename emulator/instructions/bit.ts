// Bit tests and scans. BT and its kin leave all flags but CF unchanged. BSF and BSR define ZF only;
// AMD's processors take PF from the index, clear the others, and leave the destination alone when the
// source is 0.

import { setCarry, setFlagsLogical } from '../cpu/flags.js';
import { ADDRESS_16, ea, eaPlus, offsetOf } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { segmentedAddress } from '../cpu/segments.js';
import { load16, load32, rmw16, rmw32, store16, store32 } from '../mmu/access.js';
import { i16, i32, u16 } from '../state/current.js';

// A register bit offset reaches beyond the operand: signed, in units of the operand size.

/** Linear address of the operand `bytes` away; a 16-bit address wraps within the segment. */
function displaced(op: Op, bytes: number): number {
  if (op.seg < 0 || (op.seg & ADDRESS_16) === 0) return eaPlus(op, bytes);
  const offset = (offsetOf(op) + bytes) & 0xffff;
  return segmentedAddress(op.seg & 7, offset, op.width, op.writes);
}

function bitString16(op: Op): number {
  return displaced(op, (i16[op.s] >> 4) * 2);
}

function bitString32(op: Op): number {
  return displaced(op, (i32[op.s] >> 5) * 4);
}

export const bt16_rr: Handler = (op) => {
  setCarry((u16[op.d] >>> (u16[op.s] & 15)) & 1);
  return op.next;
};
export const bt16_mr: Handler = (op) => {
  setCarry((load16(bitString16(op)) >>> (u16[op.s] & 15)) & 1);
  return op.next;
};
export const bt16_ri: Handler = (op) => {
  setCarry((u16[op.d] >>> (op.imm & 15)) & 1);
  return op.next;
};
export const bt16_mi: Handler = (op) => {
  setCarry((load16(ea(op)) >>> (op.imm & 15)) & 1);
  return op.next;
};
export const bts16_rr: Handler = (op) => {
  const value = u16[op.d];
  const bit = u16[op.s] & 15;
  u16[op.d] = value | (1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const bts16_ri: Handler = (op) => {
  const value = u16[op.d];
  const bit = op.imm & 15;
  u16[op.d] = value | (1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const bts16_mr: Handler = (op) => {
  const la = bitString16(op);
  const value = rmw16(la);
  const bit = u16[op.s] & 15;
  store16(la, value | (1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const bts16_mi: Handler = (op) => {
  const la = ea(op);
  const value = rmw16(la);
  const bit = op.imm & 15;
  store16(la, value | (1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btr16_rr: Handler = (op) => {
  const value = u16[op.d];
  const bit = u16[op.s] & 15;
  u16[op.d] = value & ~(1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btr16_ri: Handler = (op) => {
  const value = u16[op.d];
  const bit = op.imm & 15;
  u16[op.d] = value & ~(1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btr16_mr: Handler = (op) => {
  const la = bitString16(op);
  const value = rmw16(la);
  const bit = u16[op.s] & 15;
  store16(la, value & ~(1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btr16_mi: Handler = (op) => {
  const la = ea(op);
  const value = rmw16(la);
  const bit = op.imm & 15;
  store16(la, value & ~(1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btc16_rr: Handler = (op) => {
  const value = u16[op.d];
  const bit = u16[op.s] & 15;
  u16[op.d] = value ^ (1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btc16_ri: Handler = (op) => {
  const value = u16[op.d];
  const bit = op.imm & 15;
  u16[op.d] = value ^ (1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btc16_mr: Handler = (op) => {
  const la = bitString16(op);
  const value = rmw16(la);
  const bit = u16[op.s] & 15;
  store16(la, value ^ (1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btc16_mi: Handler = (op) => {
  const la = ea(op);
  const value = rmw16(la);
  const bit = op.imm & 15;
  store16(la, value ^ (1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
/** ZF says that `value` is 0. Bit 8 keeps the result word of index 0 from being 0. */
function setFlagsOfScan(value: number, index: number): void {
  setFlagsLogical(value === 0 ? 0 : index | 0x100, 0, 0);
}

/** Index of the lowest bit of `value`. */
function scanForward(value: number): number {
  const index = 31 - Math.clz32(value & -value);
  setFlagsOfScan(value, index);
  return index;
}

/** Index of the highest bit of `value`. */
function scanReverse(value: number): number {
  const index = 31 - Math.clz32(value);
  setFlagsOfScan(value, index);
  return index;
}

export const bsf16_rr: Handler = (op) => {
  const value = u16[op.s];
  const index = scanForward(value);
  if (value !== 0) u16[op.d] = index;
  return op.next;
};
export const bsf16_rm: Handler = (op) => {
  const value = load16(ea(op));
  const index = scanForward(value);
  if (value !== 0) u16[op.d] = index;
  return op.next;
};
export const bsr16_rr: Handler = (op) => {
  const value = u16[op.s];
  const index = scanReverse(value);
  if (value !== 0) u16[op.d] = index;
  return op.next;
};
export const bsr16_rm: Handler = (op) => {
  const value = load16(ea(op));
  const index = scanReverse(value);
  if (value !== 0) u16[op.d] = index;
  return op.next;
};
export const bt32_rr: Handler = (op) => {
  setCarry((i32[op.d] >>> (i32[op.s] & 31)) & 1);
  return op.next;
};
export const bt32_mr: Handler = (op) => {
  setCarry((load32(bitString32(op)) >>> (i32[op.s] & 31)) & 1);
  return op.next;
};
export const bt32_ri: Handler = (op) => {
  setCarry((i32[op.d] >>> (op.imm & 31)) & 1);
  return op.next;
};
export const bt32_mi: Handler = (op) => {
  setCarry((load32(ea(op)) >>> (op.imm & 31)) & 1);
  return op.next;
};
export const bts32_rr: Handler = (op) => {
  const value = i32[op.d];
  const bit = i32[op.s] & 31;
  i32[op.d] = value | (1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const bts32_ri: Handler = (op) => {
  const value = i32[op.d];
  const bit = op.imm & 31;
  i32[op.d] = value | (1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const bts32_mr: Handler = (op) => {
  const la = bitString32(op);
  const value = rmw32(la);
  const bit = i32[op.s] & 31;
  store32(la, value | (1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const bts32_mi: Handler = (op) => {
  const la = ea(op);
  const value = rmw32(la);
  const bit = op.imm & 31;
  store32(la, value | (1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btr32_rr: Handler = (op) => {
  const value = i32[op.d];
  const bit = i32[op.s] & 31;
  i32[op.d] = value & ~(1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btr32_ri: Handler = (op) => {
  const value = i32[op.d];
  const bit = op.imm & 31;
  i32[op.d] = value & ~(1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btr32_mr: Handler = (op) => {
  const la = bitString32(op);
  const value = rmw32(la);
  const bit = i32[op.s] & 31;
  store32(la, value & ~(1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btr32_mi: Handler = (op) => {
  const la = ea(op);
  const value = rmw32(la);
  const bit = op.imm & 31;
  store32(la, value & ~(1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btc32_rr: Handler = (op) => {
  const value = i32[op.d];
  const bit = i32[op.s] & 31;
  i32[op.d] = value ^ (1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btc32_ri: Handler = (op) => {
  const value = i32[op.d];
  const bit = op.imm & 31;
  i32[op.d] = value ^ (1 << bit);
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btc32_mr: Handler = (op) => {
  const la = bitString32(op);
  const value = rmw32(la);
  const bit = i32[op.s] & 31;
  store32(la, value ^ (1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const btc32_mi: Handler = (op) => {
  const la = ea(op);
  const value = rmw32(la);
  const bit = op.imm & 31;
  store32(la, value ^ (1 << bit));
  setCarry((value >>> bit) & 1);
  return op.next;
};
export const bsf32_rr: Handler = (op) => {
  const value = i32[op.s];
  const index = scanForward(value);
  if (value !== 0) i32[op.d] = index;
  return op.next;
};
export const bsf32_rm: Handler = (op) => {
  const value = load32(ea(op));
  const index = scanForward(value);
  if (value !== 0) i32[op.d] = index;
  return op.next;
};
export const bsr32_rr: Handler = (op) => {
  const value = i32[op.s];
  const index = scanReverse(value);
  if (value !== 0) i32[op.d] = index;
  return op.next;
};
export const bsr32_rm: Handler = (op) => {
  const value = load32(ea(op));
  const index = scanReverse(value);
  if (value !== 0) i32[op.d] = index;
  return op.next;
};
