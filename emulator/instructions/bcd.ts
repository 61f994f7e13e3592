// Decimal adjustment, SDM 2A. Flags that Intel leaves undefined follow AMD's results.

import { raiseDE } from '../cpu/fault.js';
import {
  FLAG_AF,
  FLAG_CF,
  FLAG_OF,
  getArithmeticFlags,
  setArithmeticFlags,
  setFlagsLogical,
} from '../cpu/flags.js';
import type { Handler } from '../cpu/op.js';
import { u16, u8 } from '../state/current.js';
import { EAX } from '../state/layout.js';

const AL = EAX * 4;
const AH = AL + 1;
const AX = EAX * 2;

/** ZF, SF, PF from AL; CF and AF as given; OF clear. */
function setDecimalFlags(carry: boolean, adjust: boolean): void {
  setFlagsLogical((u8[AL] << 24) >> 24, 0, 0);
  const flags = getArithmeticFlags() & ~(FLAG_CF | FLAG_AF | FLAG_OF);
  setArithmeticFlags(flags | (carry ? FLAG_CF : 0) | (adjust ? FLAG_AF : 0));
}

export const daa: Handler = (op) => {
  const al = u8[AL];
  const flags = getArithmeticFlags();
  const adjust = (al & 15) > 9 || (flags & FLAG_AF) !== 0;
  const carry = al > 0x99 || (flags & FLAG_CF) !== 0;
  u8[AL] = al + (adjust ? 6 : 0) + (carry ? 0x60 : 0);
  setDecimalFlags(carry, adjust);
  return op.next;
};

export const das: Handler = (op) => {
  const al = u8[AL];
  const flags = getArithmeticFlags();
  const adjust = (al & 15) > 9 || (flags & FLAG_AF) !== 0;
  const high = al > 0x99 || (flags & FLAG_CF) !== 0;
  u8[AL] = al - (adjust ? 6 : 0) - (high ? 0x60 : 0);
  setDecimalFlags(high || (adjust && al < 6), adjust);
  return op.next;
};

export const aaa: Handler = (op) => {
  const adjust = (u8[AL] & 15) > 9 || (getArithmeticFlags() & FLAG_AF) !== 0;
  if (adjust) u16[AX] += 0x106;
  u8[AL] &= 15;
  setDecimalFlags(adjust, adjust);
  return op.next;
};

export const aas: Handler = (op) => {
  const adjust = (u8[AL] & 15) > 9 || (getArithmeticFlags() & FLAG_AF) !== 0;
  if (adjust) {
    u16[AX] -= 6;
    u8[AH] -= 1;
  }
  u8[AL] &= 15;
  setDecimalFlags(adjust, adjust);
  return op.next;
};

export const aam: Handler = (op) => {
  if (op.imm === 0) raiseDE();
  const al = u8[AL];
  u8[AH] = (al / op.imm) | 0;
  u8[AL] = al % op.imm;
  setDecimalFlags(false, false);
  return op.next;
};

export const aad: Handler = (op) => {
  u8[AL] = u8[AL] + u8[AH] * op.imm;
  u8[AH] = 0;
  setDecimalFlags(false, false);
  return op.next;
};
