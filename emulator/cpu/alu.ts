// Integer arithmetic with flags: pure but for the lazy flag words. Operands of the 8- and 16-bit
// forms may carry any bits above their size; results are not truncated, stores do that.

import { i32 } from '../state/current.js';
import { FLAG_AUX, FLAG_RESULT } from '../state/layout.js';
import { getCarry, setFlags16, setFlags32, setFlags8, setFlagsKeepCarry } from './flags.js';

export function add8(a: number, b: number): number {
  const r = (a + b) | 0;
  setFlags8(r, (a & b) | ((a | b) & ~r));
  return r;
}

export function adc8(a: number, b: number): number {
  const r = (a + b + getCarry()) | 0;
  setFlags8(r, (a & b) | ((a | b) & ~r));
  return r;
}

export function sub8(a: number, b: number): number {
  const r = (a - b) | 0;
  setFlags8(r, (~a & b) | (~(a ^ b) & r));
  return r;
}

export function sbb8(a: number, b: number): number {
  const r = (a - b - getCarry()) | 0;
  setFlags8(r, (~a & b) | (~(a ^ b) & r));
  return r;
}

export function and8(a: number, b: number): number {
  const r = a & b;
  i32[FLAG_RESULT] = (r << 24) >> 24;
  i32[FLAG_AUX] = 0;
  return r;
}

export function or8(a: number, b: number): number {
  const r = a | b;
  i32[FLAG_RESULT] = (r << 24) >> 24;
  i32[FLAG_AUX] = 0;
  return r;
}

export function xor8(a: number, b: number): number {
  const r = a ^ b;
  i32[FLAG_RESULT] = (r << 24) >> 24;
  i32[FLAG_AUX] = 0;
  return r;
}

export function inc8(a: number): number {
  const r = (a + 1) | 0;
  setFlagsKeepCarry(r, a & ~r, 24);
  return r;
}

export function dec8(a: number): number {
  const r = (a - 1) | 0;
  setFlagsKeepCarry(r, ~a & r, 24);
  return r;
}

export function neg8(a: number): number {
  return sub8(0, a);
}

export function add16(a: number, b: number): number {
  const r = (a + b) | 0;
  setFlags16(r, (a & b) | ((a | b) & ~r));
  return r;
}

export function adc16(a: number, b: number): number {
  const r = (a + b + getCarry()) | 0;
  setFlags16(r, (a & b) | ((a | b) & ~r));
  return r;
}

export function sub16(a: number, b: number): number {
  const r = (a - b) | 0;
  setFlags16(r, (~a & b) | (~(a ^ b) & r));
  return r;
}

export function sbb16(a: number, b: number): number {
  const r = (a - b - getCarry()) | 0;
  setFlags16(r, (~a & b) | (~(a ^ b) & r));
  return r;
}

export function and16(a: number, b: number): number {
  const r = a & b;
  i32[FLAG_RESULT] = (r << 16) >> 16;
  i32[FLAG_AUX] = 0;
  return r;
}

export function or16(a: number, b: number): number {
  const r = a | b;
  i32[FLAG_RESULT] = (r << 16) >> 16;
  i32[FLAG_AUX] = 0;
  return r;
}

export function xor16(a: number, b: number): number {
  const r = a ^ b;
  i32[FLAG_RESULT] = (r << 16) >> 16;
  i32[FLAG_AUX] = 0;
  return r;
}

export function inc16(a: number): number {
  const r = (a + 1) | 0;
  setFlagsKeepCarry(r, a & ~r, 16);
  return r;
}

export function dec16(a: number): number {
  const r = (a - 1) | 0;
  setFlagsKeepCarry(r, ~a & r, 16);
  return r;
}

export function neg16(a: number): number {
  return sub16(0, a);
}

export function add32(a: number, b: number): number {
  const r = (a + b) | 0;
  setFlags32(r, (a & b) | ((a | b) & ~r));
  return r;
}

export function adc32(a: number, b: number): number {
  const r = (a + b + getCarry()) | 0;
  setFlags32(r, (a & b) | ((a | b) & ~r));
  return r;
}

export function sub32(a: number, b: number): number {
  const r = (a - b) | 0;
  setFlags32(r, (~a & b) | (~(a ^ b) & r));
  return r;
}

export function sbb32(a: number, b: number): number {
  const r = (a - b - getCarry()) | 0;
  setFlags32(r, (~a & b) | (~(a ^ b) & r));
  return r;
}

export function and32(a: number, b: number): number {
  const r = a & b;
  i32[FLAG_RESULT] = r;
  i32[FLAG_AUX] = 0;
  return r;
}

export function or32(a: number, b: number): number {
  const r = a | b;
  i32[FLAG_RESULT] = r;
  i32[FLAG_AUX] = 0;
  return r;
}

export function xor32(a: number, b: number): number {
  const r = a ^ b;
  i32[FLAG_RESULT] = r;
  i32[FLAG_AUX] = 0;
  return r;
}

export function inc32(a: number): number {
  const r = (a + 1) | 0;
  setFlagsKeepCarry(r, a & ~r, 0);
  return r;
}

export function dec32(a: number): number {
  const r = (a - 1) | 0;
  setFlagsKeepCarry(r, ~a & r, 0);
  return r;
}

export function neg32(a: number): number {
  return sub32(0, a);
}
