// Which flags an instruction leaves undefined, more exactly than a table by opcode can say: for
// shifts and rotates it depends on the count.

import { Mnemonic, OpKind, Register, RflagsBits } from 'iced-x86';
import type { Instruction } from 'iced-x86';

const CF = 1;
const AF = 0x10;
const OF = 0x800;

const SHIFTS = new Set<number>([
  Mnemonic.Shl,
  Mnemonic.Sal,
  Mnemonic.Shr,
  Mnemonic.Sar,
  Mnemonic.Shld,
  Mnemonic.Shrd,
]);
const ROTATES = new Set<number>([Mnemonic.Rol, Mnemonic.Ror, Mnemonic.Rcl, Mnemonic.Rcr]);

const BITS: readonly (readonly [number, number])[] = [
  [RflagsBits.CF, CF],
  [RflagsBits.PF, 4],
  [RflagsBits.AF, AF],
  [RflagsBits.ZF, 0x40],
  [RflagsBits.SF, 0x80],
  [RflagsBits.OF, OF],
];

/** Masked count of a shift, or -1 when it is not known. */
function shiftCount(i: Instruction, registers: readonly number[] | null): number {
  const last = i.opCount - 1;
  const kind = i.opKind(last);
  if (kind === OpKind.Immediate8) return i.immediate8 & 31;
  if (kind === OpKind.Register && i.opRegister(last) === Register.CL)
    return registers === null ? -1 : registers[1] & 31;
  return 1;
}

function operandBits(i: Instruction): number {
  if (i.op0Kind !== OpKind.Register) return 8; // not known here: the narrowest
  const r = i.op0Register;
  return r < Register.AX ? 8 : r < Register.EAX ? 16 : 32;
}

/**
 * Undefined flags after `i`, at their places in EFLAGS.
 * @param registers GPRs before it; null when they are not known.
 */
export function undefinedFlags(i: Instruction, registers: readonly number[] | null): number {
  const shift = SHIFTS.has(i.mnemonic);
  if (shift || ROTATES.has(i.mnemonic)) {
    const count = shiftCount(i, registers);
    if (count === 0) return 0;
    if (count === 1) return shift ? AF : 0;
    const beyond = shift && (count < 0 || count >= operandBits(i) || i.op0Kind === OpKind.Memory);
    return OF | (shift ? AF : 0) | (beyond && count >= 8 ? CF : 0);
  }
  const missing = i.rflagsUndefined;
  let flags = 0;
  for (const [theirs, ours] of BITS) if (missing & theirs) flags |= ours;
  return flags;
}
