// Multiplication and division. After MUL and IMUL only CF and OF are defined, after DIV and IDIV no
// flag is; the others are as AMD's processors leave them.

import { raiseDE } from '../cpu/fault.js';
import { setCarryOverflow, setFlagsDivided } from '../cpu/flags.js';
import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { load16, load32, load8 } from '../mmu/access.js';
import { i16, i32, i8, u16, u8 } from '../state/current.js';
import { EAX, EDX } from '../state/layout.js';

const AL = EAX * 4;
const AH = AL + 1;
const AX = EAX * 2;
const DX = EDX * 2;

/** High 32 bits of the unsigned product. */
export function umulHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  // Each partial product and sum stays below 2^53.
  const middle = ah * bl + ((al * bl) >>> 16);
  const carry = al * bh + (middle & 0xffff);
  return (ah * bh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) | 0;
}

/** High 32 bits of the signed product. */
export function imulHigh(a: number, b: number): number {
  return (umulHigh(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
}

function mul8(b: number): void {
  const r = u8[AL] * b;
  u16[AX] = r;
  const overflow = r > 0xff ? 1 : 0;
  setCarryOverflow(overflow, overflow);
}

function mul16(b: number): void {
  const r = u16[AX] * b;
  u16[AX] = r;
  u16[DX] = r >>> 16;
  const overflow = r > 0xffff ? 1 : 0;
  setCarryOverflow(overflow, overflow);
}

function mul32(b: number): void {
  const a = i32[EAX];
  const high = umulHigh(a, b);
  i32[EAX] = Math.imul(a, b);
  i32[EDX] = high;
  const overflow = high !== 0 ? 1 : 0;
  setCarryOverflow(overflow, overflow);
}

function imul8(b: number): void {
  const r = i8[AL] * b;
  i16[AX] = r;
  const overflow = r !== (r << 24) >> 24 ? 1 : 0;
  setCarryOverflow(overflow, overflow);
}

/** The two- and three-operand forms: the truncated product, CF and OF. */
function imulShort16(a: number, b: number): number {
  const r = ((a << 16) >> 16) * ((b << 16) >> 16);
  const overflow = r !== (r << 16) >> 16 ? 1 : 0;
  setCarryOverflow(overflow, overflow);
  return r;
}

function imulShort32(a: number, b: number): number {
  const r = Math.imul(a, b);
  const overflow = imulHigh(a, b) !== r >> 31 ? 1 : 0;
  setCarryOverflow(overflow, overflow);
  return r;
}

function imul16(b: number): void {
  const r = i16[AX] * ((b << 16) >> 16);
  i16[AX] = r;
  i16[DX] = r >> 16;
  const overflow = r !== (r << 16) >> 16 ? 1 : 0;
  setCarryOverflow(overflow, overflow);
}

function imul32(b: number): void {
  const a = i32[EAX];
  const high = imulHigh(a, b);
  const low = Math.imul(a, b);
  i32[EAX] = low;
  i32[EDX] = high;
  const overflow = high !== low >> 31 ? 1 : 0;
  setCarryOverflow(overflow, overflow);
}

function div8(b: number): void {
  if (b === 0) raiseDE();
  const a = u16[AX];
  const q = (a / b) | 0;
  if (q > 0xff) raiseDE();
  u8[AL] = q;
  u8[AH] = a % b;
  setFlagsDivided();
}

function div16(b: number): void {
  if (b === 0) raiseDE();
  const a = ((u16[DX] << 16) | u16[AX]) >>> 0;
  const q = Math.floor(a / b);
  if (q > 0xffff) raiseDE();
  u16[AX] = q;
  u16[DX] = a % b;
  setFlagsDivided();
}

function idiv8(b: number): void {
  if (b === 0) raiseDE();
  const a = i16[AX];
  const q = (a / b) | 0;
  if (q !== (q << 24) >> 24) raiseDE();
  i8[AL] = q;
  i8[AH] = a % b;
  setFlagsDivided();
}

function idiv16(b: number): void {
  if (b === 0) raiseDE();
  const a = (u16[DX] << 16) | u16[AX];
  const q = Math.trunc(a / b);
  if (q !== (q << 16) >> 16) raiseDE();
  i16[AX] = q;
  i16[DX] = a % b;
  setFlagsDivided();
}

let remainder = 0;

/**
 * 64 by 32 bits, unsigned, for high < divisor; leaves `remainder`. Schoolbook division in base 2^16:
 * each partial dividend is below 2^48 and exact as a double, and so is its floored quotient.
 */
function divide64(high: number, low: number, divisor: number): number {
  if (high === 0) {
    const q = Math.floor(low / divisor);
    remainder = low - q * divisor;
    return q;
  }
  const first = high * 0x10000 + (low >>> 16);
  const q1 = Math.floor(first / divisor);
  const second = (first - q1 * divisor) * 0x10000 + (low & 0xffff);
  const q2 = Math.floor(second / divisor);
  remainder = second - q2 * divisor;
  return q1 * 0x10000 + q2;
}

function div32(b: number): void {
  const divisor = b >>> 0;
  const high = i32[EDX] >>> 0;
  if (high >= divisor) raiseDE(); // also division by zero
  const q = divide64(high, i32[EAX] >>> 0, divisor);
  i32[EAX] = q | 0;
  i32[EDX] = remainder | 0;
  setFlagsDivided();
}

function idiv32(b: number): void {
  if (b === 0) raiseDE();
  let high = i32[EDX];
  let low = i32[EAX];
  const negative = high < 0;
  if (negative) {
    low = -low | 0;
    high = (~high + (low === 0 ? 1 : 0)) | 0;
  }
  const divisor = Math.abs(b);
  if (high >>> 0 >= divisor) raiseDE();
  const magnitude = divide64(high >>> 0, low >>> 0, divisor);
  const negate = negative !== b < 0;
  if (magnitude > (negate ? 0x80000000 : 0x7fffffff)) raiseDE();
  i32[EAX] = negate ? -magnitude | 0 : magnitude;
  i32[EDX] = negative ? -remainder | 0 : remainder;
  setFlagsDivided();
}

export const mul8_r: Handler = (op) => {
  mul8(u8[op.d]);
  return op.next;
};
export const mul8_m: Handler = (op) => {
  mul8(load8(ea(op)));
  return op.next;
};
export const mul16_r: Handler = (op) => {
  mul16(u16[op.d]);
  return op.next;
};
export const mul16_m: Handler = (op) => {
  mul16(load16(ea(op)));
  return op.next;
};
export const mul32_r: Handler = (op) => {
  mul32(i32[op.d]);
  return op.next;
};
export const mul32_m: Handler = (op) => {
  mul32(load32(ea(op)));
  return op.next;
};
export const imul8_r: Handler = (op) => {
  imul8(i8[op.d]);
  return op.next;
};
export const imul8_m: Handler = (op) => {
  imul8((load8(ea(op)) << 24) >> 24);
  return op.next;
};
export const imul16_r: Handler = (op) => {
  imul16(i16[op.d]);
  return op.next;
};
export const imul16_m: Handler = (op) => {
  imul16((load16(ea(op)) << 16) >> 16);
  return op.next;
};
export const imul32_r: Handler = (op) => {
  imul32(i32[op.d]);
  return op.next;
};
export const imul32_m: Handler = (op) => {
  imul32(load32(ea(op)));
  return op.next;
};
export const div8_r: Handler = (op) => {
  div8(u8[op.d]);
  return op.next;
};
export const div8_m: Handler = (op) => {
  div8(load8(ea(op)));
  return op.next;
};
export const div16_r: Handler = (op) => {
  div16(u16[op.d]);
  return op.next;
};
export const div16_m: Handler = (op) => {
  div16(load16(ea(op)));
  return op.next;
};
export const div32_r: Handler = (op) => {
  div32(i32[op.d]);
  return op.next;
};
export const div32_m: Handler = (op) => {
  div32(load32(ea(op)));
  return op.next;
};
export const idiv8_r: Handler = (op) => {
  idiv8(i8[op.d]);
  return op.next;
};
export const idiv8_m: Handler = (op) => {
  idiv8((load8(ea(op)) << 24) >> 24);
  return op.next;
};
export const idiv16_r: Handler = (op) => {
  idiv16(i16[op.d]);
  return op.next;
};
export const idiv16_m: Handler = (op) => {
  idiv16((load16(ea(op)) << 16) >> 16);
  return op.next;
};
export const idiv32_r: Handler = (op) => {
  idiv32(i32[op.d]);
  return op.next;
};
export const idiv32_m: Handler = (op) => {
  idiv32(load32(ea(op)));
  return op.next;
};
export const imul16_rr: Handler = (op) => {
  u16[op.d] = imulShort16(u16[op.d], u16[op.s]);
  return op.next;
};
export const imul16_rm: Handler = (op) => {
  u16[op.d] = imulShort16(u16[op.d], load16(ea(op)));
  return op.next;
};
export const imul16_rri: Handler = (op) => {
  u16[op.d] = imulShort16(u16[op.s], op.imm);
  return op.next;
};
export const imul16_rmi: Handler = (op) => {
  u16[op.d] = imulShort16(load16(ea(op)), op.imm);
  return op.next;
};
export const imul32_rr: Handler = (op) => {
  i32[op.d] = imulShort32(i32[op.d], i32[op.s]);
  return op.next;
};
export const imul32_rm: Handler = (op) => {
  i32[op.d] = imulShort32(i32[op.d], load32(ea(op)));
  return op.next;
};
export const imul32_rri: Handler = (op) => {
  i32[op.d] = imulShort32(i32[op.s], op.imm);
  return op.next;
};
export const imul32_rmi: Handler = (op) => {
  i32[op.d] = imulShort32(load32(ea(op)), op.imm);
  return op.next;
};
