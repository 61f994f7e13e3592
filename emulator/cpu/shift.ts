// Shifts and rotates. Counts are masked to five bits by the processor (SDM 2B, SAL/SAR/SHL/SHR); a
// count of 0 changes no flag. OF is defined for a count of 1 only; for others it follows what AMD
// and Intel processors do: the same formula applied to the last step.

import { getCarry, setCarryOverflow, setFlagsShift } from './flags.js';

/** Sign-extends the low `bits` of `value`. */
function extend(value: number, bits: number): number {
  const unused = 32 - bits;
  return (value << unused) >> unused;
}

function mask(bits: number): number {
  return bits === 32 ? -1 : (1 << bits) - 1;
}

export function shl(value: number, count: number, bits: number): number {
  const n = count & 31;
  if (n === 0) return value;
  const r = value << n;
  const carry = n <= bits ? (value >>> (bits - n)) & 1 : 0;
  const top = (r >>> (bits - 1)) & 1;
  setFlagsShift(extend(r, bits), carry, carry ^ top);
  return r;
}

export function shr(value: number, count: number, bits: number): number {
  const n = count & 31;
  if (n === 0) return value;
  const v = value & mask(bits);
  const r = v >>> n;
  const carry = (v >>> (n - 1)) & 1;
  // The two top bits of the result differ exactly when the last step changed the sign.
  const overflow = ((r ^ (r << 1)) >>> (bits - 1)) & 1;
  setFlagsShift(extend(r, bits), carry, overflow);
  return r;
}

export function sar(value: number, count: number, bits: number): number {
  const n = count & 31;
  if (n === 0) return value;
  const v = extend(value, bits);
  const r = v >> n;
  setFlagsShift(r, (v >> (n - 1)) & 1, 0);
  return r;
}

export function rol(value: number, count: number, bits: number): number {
  if ((count & 31) === 0) return value;
  const n = count & (bits - 1);
  const v = value & mask(bits);
  const r = n === 0 ? v : (v << n) | (v >>> (bits - n));
  const carry = r & 1;
  setCarryOverflow(carry, carry ^ ((r >>> (bits - 1)) & 1));
  return r;
}

export function ror(value: number, count: number, bits: number): number {
  if ((count & 31) === 0) return value;
  const n = count & (bits - 1);
  const v = value & mask(bits);
  const r = n === 0 ? v : (v >>> n) | (v << (bits - n));
  const carry = (r >>> (bits - 1)) & 1;
  setCarryOverflow(carry, carry ^ ((r >>> (bits - 2)) & 1));
  return r;
}

/** Rotates the `bits`-bit value with CF as bit `bits`, left by `n` (0 to `bits`). */
function rotateThroughCarry(value: number, n: number, bits: number): number {
  let v = value & mask(bits);
  let carry = getCarry();
  for (let i = 0; i < n; i++) {
    const out = (v >>> (bits - 1)) & 1;
    v = ((v << 1) | carry) & mask(bits);
    carry = out;
  }
  carryOut = carry;
  return v;
}

let carryOut = 0;

export function rcl(value: number, count: number, bits: number): number {
  if ((count & 31) === 0) return value;
  const n = (count & 31) % (bits + 1);
  const r = rotateThroughCarry(value, n, bits);
  setCarryOverflow(carryOut, carryOut ^ ((r >>> (bits - 1)) & 1));
  return r;
}

export function rcr(value: number, count: number, bits: number): number {
  if ((count & 31) === 0) return value;
  const n = (count & 31) % (bits + 1);
  const r = rotateThroughCarry(value, n === 0 ? 0 : bits + 1 - n, bits);
  setCarryOverflow(carryOut, ((r ^ (r << 1)) >>> (bits - 1)) & 1);
  return r;
}

/** SHLD: bits of `source` enter from the right. */
export function shld(value: number, source: number, count: number, bits: number): number {
  const n = count & 31;
  if (n === 0) return value;
  if (bits === 16 && n > 16) {
    // Undefined; AMD's processors rotate the source.
    const s = source & 0xffff;
    const rotated = (s << (n - 16)) | (s >>> (32 - n));
    setFlagsShift(extend(rotated, 16), 0, 0);
    return rotated;
  }
  let r: number;
  let carry: number;
  if (bits === 32) {
    r = (value << n) | (source >>> (32 - n));
    carry = (value >>> (32 - n)) & 1;
  } else {
    const wide = ((value & 0xffff) << 16) | (source & 0xffff);
    r = (wide << n) >>> 16;
    carry = (wide >>> (32 - n)) & 1;
  }
  setFlagsShift(extend(r, bits), carry, carry ^ ((r >>> (bits - 1)) & 1));
  return r;
}

/** SHRD: bits of `source` enter from the left. */
export function shrd(value: number, source: number, count: number, bits: number): number {
  const n = count & 31;
  if (n === 0) return value;
  let r: number;
  let carry: number;
  if (bits === 32) {
    r = (value >>> n) | (source << (32 - n));
    carry = (value >>> (n - 1)) & 1;
  } else {
    const wide = (value & 0xffff) | (source << 16);
    // Counts over 16 are undefined; AMD's processors rotate the source then.
    r = n <= 16 ? wide >>> n : (wide >>> n) | (source << (32 - n));
    carry = n <= 16 ? (wide >>> (n - 1)) & 1 : 0;
  }
  // The two top bits of the result differ exactly when the last step changed the sign.
  setFlagsShift(extend(r, bits), carry, ((r ^ (r << 1)) >>> (bits - 1)) & 1);
  return r;
}
