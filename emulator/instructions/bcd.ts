// Decimal adjustment, SDM 2A. Flags that Intel leaves undefined follow AMD's results.

import { add8 } from '../cpu/alu.js';
import { raiseDE } from '../cpu/fault.js';
import {
  FLAG_AF,
  FLAG_CF,
  getArithmeticFlags,
  setFlagsLogical,
  setFlagsShift,
} from '../cpu/flags.js';
import type { Handler } from '../cpu/op.js';
import { u16, u8 } from '../state/current.js';
import { EAX } from '../state/layout.js';

const AL = EAX * 4;
const AH = AL + 1;
const AX = EAX * 2;

/** ZF, SF, PF from AL; CF, AF and OF as given. */
function setDecimalFlags(carry: boolean, adjust: boolean, overflow: boolean): void {
  const set = adjust ? setFlagsShift : setFlagsLogical; // with AF, without
  set((u8[AL] << 24) >> 24, carry ? 1 : 0, overflow ? 1 : 0);
}

export const daa: Handler = (op) => {
  const al = u8[AL];
  const flags = getArithmeticFlags();
  const adjust = (al & 15) > 9 || (flags & FLAG_AF) !== 0;
  const carry = al > 0x99 || (flags & FLAG_CF) !== 0;
  const r = al + (adjust ? 6 : 0) + (carry ? 0x60 : 0);
  u8[AL] = r;
  setDecimalFlags(carry, adjust, (~al & r & 0x80) !== 0);
  return op.next;
};

export const das: Handler = (op) => {
  const al = u8[AL];
  const flags = getArithmeticFlags();
  const adjust = (al & 15) > 9 || (flags & FLAG_AF) !== 0;
  const high = al > 0x99 || (flags & FLAG_CF) !== 0;
  const r = al - (adjust ? 6 : 0) - (high ? 0x60 : 0);
  u8[AL] = r;
  setDecimalFlags(high || (adjust && al < 6), adjust, (al & ~r & 0x80) !== 0);
  return op.next;
};

// AAA and AAS are additions to AX; the flags are those of AX before the upper half of AL is cleared.

function adjustAscii(correction: number): void {
  const adjust = (u8[AL] & 15) > 9 || (getArithmeticFlags() & FLAG_AF) !== 0;
  const before = u16[AX];
  if (adjust) u16[AX] = before + correction;
  const after = u16[AX];
  const overflow = (before ^ after) & (correction > 0 ? after : before) & 0x8000;
  const set = adjust ? setFlagsShift : setFlagsLogical; // with AF, without
  set((after << 16) >> 16, adjust ? 1 : 0, overflow >> 15);
  u8[AL] &= 15;
}

export const aaa: Handler = (op) => {
  adjustAscii(0x106);
  return op.next;
};

export const aas: Handler = (op) => {
  adjustAscii(-0x106);
  return op.next;
};

export const aam: Handler = (op) => {
  if (op.imm === 0) raiseDE();
  const al = u8[AL];
  u8[AH] = (al / op.imm) | 0;
  u8[AL] = al % op.imm;
  setDecimalFlags(false, false, false);
  return op.next;
};

export const aad: Handler = (op) => {
  u8[AL] = add8(u8[AL], (u8[AH] * op.imm) & 0xff);
  u8[AH] = 0;
  return op.next;
};
