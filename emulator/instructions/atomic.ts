// cmpxchg, cmpxchg8b, xadd. On one CPU every instruction is atomic; LOCK only restricts encodings.

import { add16, add32, add8, sub16, sub32, sub8 } from '../cpu/alu.js';
import { setZero } from '../cpu/flags.js';
import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { load32, probeWrite, rmw16, rmw32, rmw8, store16, store32, store8 } from '../mmu/access.js';
import { i32, u16, u8 } from '../state/current.js';
import { EAX, EBX, ECX, EDX } from '../state/layout.js';

export const cmpxchg8_rr: Handler = (op) => {
  const value = u8[op.d];
  sub8(u8[EAX * 4], value);
  if (value === u8[EAX * 4]) u8[op.d] = u8[op.s];
  else u8[EAX * 4] = value;
  return op.next;
};
/** Memory is written either way: with its own value when the comparison fails (SDM 2A, CMPXCHG). */
export const cmpxchg8_mr: Handler = (op) => {
  const la = ea(op);
  const value = rmw8(la);
  sub8(u8[EAX * 4], value);
  if (value === u8[EAX * 4]) store8(la, u8[op.s]);
  else {
    store8(la, value);
    u8[EAX * 4] = value;
  }
  return op.next;
};
export const xadd8_rr: Handler = (op) => {
  const value = u8[op.d];
  const sum = add8(value, u8[op.s]);
  u8[op.s] = value;
  u8[op.d] = sum;
  return op.next;
};
export const xadd8_mr: Handler = (op) => {
  const la = ea(op);
  const value = rmw8(la);
  store8(la, add8(value, u8[op.s]));
  u8[op.s] = value;
  return op.next;
};
export const cmpxchg16_rr: Handler = (op) => {
  const value = u16[op.d];
  sub16(u16[EAX * 2], value);
  if (value === u16[EAX * 2]) u16[op.d] = u16[op.s];
  else u16[EAX * 2] = value;
  return op.next;
};
export const cmpxchg16_mr: Handler = (op) => {
  const la = ea(op);
  const value = rmw16(la);
  sub16(u16[EAX * 2], value);
  if (value === u16[EAX * 2]) store16(la, u16[op.s]);
  else {
    store16(la, value);
    u16[EAX * 2] = value;
  }
  return op.next;
};
export const xadd16_rr: Handler = (op) => {
  const value = u16[op.d];
  const sum = add16(value, u16[op.s]);
  u16[op.s] = value;
  u16[op.d] = sum;
  return op.next;
};
export const xadd16_mr: Handler = (op) => {
  const la = ea(op);
  const value = rmw16(la);
  store16(la, add16(value, u16[op.s]));
  u16[op.s] = value;
  return op.next;
};
export const cmpxchg32_rr: Handler = (op) => {
  const value = i32[op.d];
  sub32(i32[EAX], value);
  if (value === i32[EAX]) i32[op.d] = i32[op.s];
  else i32[EAX] = value;
  return op.next;
};
export const cmpxchg32_mr: Handler = (op) => {
  const la = ea(op);
  const value = rmw32(la);
  sub32(i32[EAX], value);
  if (value === i32[EAX]) store32(la, i32[op.s]);
  else {
    store32(la, value);
    i32[EAX] = value;
  }
  return op.next;
};
export const xadd32_rr: Handler = (op) => {
  const value = i32[op.d];
  const sum = add32(value, i32[op.s]);
  i32[op.s] = value;
  i32[op.d] = sum;
  return op.next;
};
export const xadd32_mr: Handler = (op) => {
  const la = ea(op);
  const value = rmw32(la);
  store32(la, add32(value, i32[op.s]));
  i32[op.s] = value;
  return op.next;
};
export const cmpxchg8b: Handler = (op) => {
  const la = ea(op);
  probeWrite(la, 8);
  const low = load32(la);
  const high = load32((la + 4) | 0);
  const equal = low === i32[EAX] && high === i32[EDX];
  setZero(equal);
  if (equal) {
    store32(la, i32[EBX]);
    store32((la + 4) | 0, i32[ECX]);
  } else {
    store32(la, low);
    store32((la + 4) | 0, high);
    i32[EAX] = low;
    i32[EDX] = high;
  }
  return op.next;
};
