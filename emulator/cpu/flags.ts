// Lazy arithmetic flags. An instruction leaves two words:
//
//   FLAG_RESULT   the result, sign-extended to 32 bits: ZF, SF and PF are read from it
//   FLAG_AUX      bit 31 CF, bit 30 CF xor OF, bit 3 AF, and corrections for flag images that no
//                 result can have: bits 15-8 are xored into the parity byte, bit 0 into SF
//
// The carry vector of an addition, (a & b) | ((a | b) & ~r), has the carry out of every bit: its
// top bit is CF, top xor next OF, bit 3 AF; a borrow vector likewise. Shifted so that the operand's
// top bit is bit 31, it is the aux word but for AF. (The method is known from Bochs' lazy flags.)

import { i32 } from '../state/current.js';
import { EFLAGS_SYSTEM, FLAG_AUX, FLAG_RESULT } from '../state/layout.js';

export const FLAG_CF = 1;
export const FLAG_PF = 4;
export const FLAG_AF = 0x10;
export const FLAG_ZF = 0x40;
export const FLAG_SF = 0x80;
export const FLAG_TF = 0x100;
export const FLAG_IF = 0x200;
export const FLAG_DF = 0x400;
export const FLAG_OF = 0x800;
export const FLAG_IOPL = 0x3000;
export const FLAG_NT = 0x4000;
export const FLAG_RF = 0x10000;
export const FLAG_VM = 0x20000;
export const FLAG_AC = 0x40000;
export const FLAG_VIF = 0x80000;
export const FLAG_VIP = 0x100000;
export const FLAG_ID = 0x200000;

export const ARITHMETIC_FLAGS = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;

const AUX_CF = 1 << 31;
const AUX_PO = 1 << 30;
const AUX_AF = 8;
const AUX_MASK = AUX_CF | AUX_PO | AUX_AF;

/** Even parity of bytes. */
const PARITY = new Uint8Array(256).map((_, byte) => {
  let bits = byte ^ (byte >> 4);
  bits ^= bits >> 2;
  bits ^= bits >> 1;
  return ~bits & 1;
});

// Setters. `carries` is the carry or borrow vector of an operation of that size.

export function setFlags32(result: number, carries: number): void {
  i32[FLAG_RESULT] = result;
  i32[FLAG_AUX] = carries & AUX_MASK;
}

export function setFlags16(result: number, carries: number): void {
  i32[FLAG_RESULT] = (result << 16) >> 16;
  i32[FLAG_AUX] = (carries & AUX_AF) | ((carries << 16) & (AUX_CF | AUX_PO));
}

export function setFlags8(result: number, carries: number): void {
  i32[FLAG_RESULT] = (result << 24) >> 24;
  i32[FLAG_AUX] = (carries & AUX_AF) | ((carries << 24) & (AUX_CF | AUX_PO));
}

/** INC and DEC: as above, but CF stays what it is. */
export function setFlagsKeepCarry(result: number, carries: number, shift: number): void {
  const aligned = carries << shift;
  const overflow = (aligned ^ (aligned << 1)) & AUX_CF; // OF in bit 31
  const carry = i32[FLAG_AUX] & AUX_CF;
  i32[FLAG_RESULT] = (result << shift) >> shift;
  i32[FLAG_AUX] = carry | (((carry ^ overflow) >>> 1) & AUX_PO) | (carries & AUX_AF);
}

/** ZF, SF, PF from `result` (sign-extended by the caller), CF and OF given (0 or 1), AF clear. */
export function setFlagsLogical(result: number, carry: number, overflow: number): void {
  i32[FLAG_RESULT] = result;
  i32[FLAG_AUX] = (carry << 31) | ((carry ^ overflow) << 30);
}

/** The same for shifts, whose AF is undefined: set, as AMD's processors do. */
export function setFlagsShift(result: number, carry: number, overflow: number): void {
  i32[FLAG_RESULT] = result;
  i32[FLAG_AUX] = (carry << 31) | ((carry ^ overflow) << 30) | AUX_AF;
}

/** After a division, which leaves all six undefined: what AMD's processors make of them. */
export function setFlagsDivided(): void {
  i32[FLAG_RESULT] = 1;
  i32[FLAG_AUX] = (i32[FLAG_AUX] & (AUX_CF | AUX_PO)) | AUX_AF;
}

/** Changes CF and OF (0 or 1) and leaves the others. */
export function setCarryOverflow(carry: number, overflow: number): void {
  i32[FLAG_AUX] = (i32[FLAG_AUX] & ~(AUX_CF | AUX_PO)) | (carry << 31) | ((carry ^ overflow) << 30);
}

/** Changes CF (0 or 1) and leaves the others. */
export function setCarry(carry: number): void {
  setCarryOverflow(carry, getOverflow());
}

/** Changes ZF and leaves the others. */
export function setZero(zero: boolean): void {
  const flags = getArithmeticFlags();
  setArithmeticFlags(zero ? flags | FLAG_ZF : flags & ~FLAG_ZF);
}

// Getters: 0 or 1.

export function getCarry(): number {
  return i32[FLAG_AUX] >>> 31;
}

export function getOverflow(): number {
  return (i32[FLAG_AUX] + AUX_PO) >>> 31;
}

export function getParity(): number {
  return PARITY[(i32[FLAG_RESULT] ^ (i32[FLAG_AUX] >> 8)) & 0xff];
}

export function getSign(): number {
  return (i32[FLAG_RESULT] >>> 31) ^ (i32[FLAG_AUX] & 1);
}

export function getZero(): number {
  return i32[FLAG_RESULT] === 0 ? 1 : 0;
}

/** The six arithmetic flags at their places in EFLAGS. */
export function getArithmeticFlags(): number {
  const aux = i32[FLAG_AUX];
  return (
    (aux >>> 31) |
    (getParity() << 2) |
    ((aux & AUX_AF) << 1) |
    (getZero() << 6) |
    (getSign() << 7) |
    (getOverflow() << 11)
  );
}

/** Takes the six arithmetic flags from their places in EFLAGS. */
export function setArithmeticFlags(flags: number): void {
  const zero = flags & FLAG_ZF;
  const parity = (flags >> 2) & 1;
  const carry = flags & 1;
  const overflow = (flags >> 11) & 1;
  // With ZF the result is 0, whose parity byte is even; otherwise 1, whose parity byte is odd.
  const parityCorrection = zero ? parity ^ 1 : parity;
  i32[FLAG_RESULT] = zero ? 0 : 1;
  i32[FLAG_AUX] =
    (carry << 31) |
    ((carry ^ overflow) << 30) |
    (parityCorrection << 8) |
    ((flags & FLAG_AF) >> 1) |
    ((flags >> 7) & 1);
}

/** The whole EFLAGS register. */
export function getEflags(): number {
  return i32[EFLAGS_SYSTEM] | getArithmeticFlags();
}

const DEFINED_SYSTEM_FLAGS =
  FLAG_TF |
  FLAG_IF |
  FLAG_DF |
  FLAG_IOPL |
  FLAG_NT |
  FLAG_RF |
  FLAG_VM |
  FLAG_AC |
  FLAG_VIF |
  FLAG_VIP |
  FLAG_ID;

/** Sets the whole EFLAGS register; undefined bits stay 0, bit 1 stays 1. */
export function setEflags(flags: number): void {
  i32[EFLAGS_SYSTEM] = (flags & DEFINED_SYSTEM_FLAGS) | 2;
  setArithmeticFlags(flags);
}

// The sixteen conditions of jcc, setcc and cmovcc (SDM 2A, appendix B.1.4.7), by their encoding.

export function conditionHolds(code: number): boolean {
  let holds: boolean;
  switch (code >> 1) {
    case 0:
      holds = getOverflow() !== 0;
      break;
    case 1:
      holds = i32[FLAG_AUX] < 0;
      break;
    case 2:
      holds = i32[FLAG_RESULT] === 0;
      break;
    case 3:
      holds = i32[FLAG_AUX] < 0 || i32[FLAG_RESULT] === 0;
      break;
    case 4:
      holds = getSign() !== 0;
      break;
    case 5:
      holds = getParity() !== 0;
      break;
    case 6:
      holds = getSign() !== getOverflow();
      break;
    default:
      holds = i32[FLAG_RESULT] === 0 || getSign() !== getOverflow();
  }
  return holds !== ((code & 1) !== 0);
}
