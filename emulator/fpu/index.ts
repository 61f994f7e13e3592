// x87 instructions by opcode and ModRM byte. The decoder puts the opcode in op.d, ModRM in op.s and
// its low three bits in op.imm.

import { raiseUD } from '../cpu/fault.js';
import type { Handler } from '../cpu/op.js';
import * as arithmetic from './arithmetic.js';
import * as compare from './compare.js';
import { needArithmetic } from './core.js';
import * as elementary from './elementary.js';
import * as environment from './environment.js';
import * as transfer from './transfer.js';

export { setFpuMemory } from './core.js';

const undefinedOpcode: Handler = () => raiseUD();
const __ = undefinedOpcode;

/** Handler, bytes of the memory operand (0: environment, -1: state) and whether it is written. */
type MemoryRow = readonly [Handler, number, boolean];
const ENVIRONMENT = 0;
const STATE = -1;
const none: MemoryRow = [undefinedOpcode, 1, false];

/** Eight instructions that differ in bits 5-3: six computations and two comparisons. */
function eight(compute: Handler, comparison: Handler, bytes: number): MemoryRow[] {
  const c: MemoryRow = [compute, bytes, false];
  const f: MemoryRow = [comparison, bytes, false];
  return [c, c, f, f, c, c, c, c];
}

// By opcode - D8 and bits 5-3 of ModRM.
const MEMORY: readonly (readonly MemoryRow[])[] = [
  eight(arithmetic.arithmetic_m32, compare.fcom_m32, 4),
  [
    [transfer.fld_m32, 4, false],
    none,
    [transfer.fst_m32, 4, true],
    [transfer.fstp_m32, 4, true],
    [environment.fldenv, ENVIRONMENT, false],
    [environment.fldcw, 2, false],
    [environment.fnstenv, ENVIRONMENT, true],
    [environment.fnstcw, 2, true],
  ],
  eight(arithmetic.arithmetic_i32, compare.ficom_i32, 4),
  [
    [transfer.fild_i32, 4, false],
    [transfer.fisttp_i32, 4, true],
    [transfer.fist_i32, 4, true],
    [transfer.fistp_i32, 4, true],
    none,
    [transfer.fld_m80, 10, false],
    none,
    [transfer.fstp_m80, 10, true],
  ],
  eight(arithmetic.arithmetic_m64, compare.fcom_m64, 8),
  [
    [transfer.fld_m64, 8, false],
    [transfer.fisttp_i64, 8, true],
    [transfer.fst_m64, 8, true],
    [transfer.fstp_m64, 8, true],
    [environment.frstor, STATE, false],
    none,
    [environment.fnsave, STATE, true],
    [environment.fnstsw_m16, 2, true],
  ],
  eight(arithmetic.arithmetic_i16, compare.ficom_i16, 2),
  [
    [transfer.fild_i16, 2, false],
    [transfer.fisttp_i16, 2, true],
    [transfer.fist_i16, 2, true],
    [transfer.fistp_i16, 2, true],
    [transfer.fbld, 10, false],
    [transfer.fild_i64, 8, false],
    [transfer.fbstp, 10, true],
    [transfer.fistp_i64, 8, true],
  ],
];

const { arithmetic_st, arithmetic_sti, arithmetic_sti_pop } = arithmetic;
const { fcom, fcomp, fcmov } = compare;

// Register forms by opcode - D8 and bits 5-3; an array has one handler for each of bits 2-0. The
// undocumented aliases (FSTP1, FCOM2, FXCH4 ...) do what all processors make of them.
type RegisterRow = Handler | readonly Handler[];
const only = (at: number, handler: Handler): Handler[] => {
  const row = new Array<Handler>(8).fill(undefinedOpcode);
  row[at] = handler;
  return row;
};
const REGISTER: readonly (readonly RegisterRow[])[] = [
  [
    arithmetic_st,
    arithmetic_st,
    fcom,
    fcomp,
    arithmetic_st,
    arithmetic_st,
    arithmetic_st,
    arithmetic_st,
  ],
  [
    transfer.fld_sti,
    transfer.fxch,
    only(0, environment.fnop),
    transfer.fstp1,
    [arithmetic.fchs, arithmetic.fabs, __, __, compare.ftst, compare.fxam, __, __],
    [...new Array<Handler>(7).fill(transfer.fld_constant), __],
    [
      elementary.f2xm1,
      elementary.fyl2x,
      elementary.fptan,
      elementary.fpatan,
      arithmetic.fxtract,
      arithmetic.fprem1,
      environment.fdecstp,
      environment.fincstp,
    ],
    [
      arithmetic.fprem,
      elementary.fyl2xp1,
      arithmetic.fsqrt,
      elementary.fsincos,
      arithmetic.frndint,
      arithmetic.fscale,
      elementary.fsin,
      elementary.fcos,
    ],
  ],
  [fcmov, fcmov, fcmov, fcmov, __, only(1, compare.fucompp), __, __],
  [
    fcmov,
    fcmov,
    fcmov,
    fcmov,
    [
      environment.fnop_nowait,
      environment.fnop_nowait,
      environment.fnclex,
      environment.fninit,
      environment.fnop_nowait,
      __,
      __,
      __,
    ],
    compare.fucomi,
    compare.fcomi,
    __,
  ],
  [
    arithmetic_sti,
    arithmetic_sti,
    fcom,
    fcomp,
    arithmetic_sti,
    arithmetic_sti,
    arithmetic_sti,
    arithmetic_sti,
  ],
  [
    environment.ffree,
    transfer.fxch,
    transfer.fst_sti,
    transfer.fstp_sti,
    compare.fucom,
    compare.fucomp,
    __,
    __,
  ],
  [
    arithmetic_sti_pop,
    arithmetic_sti_pop,
    fcomp,
    only(1, compare.fcompp),
    arithmetic_sti_pop,
    arithmetic_sti_pop,
    arithmetic_sti_pop,
    arithmetic_sti_pop,
  ],
  [
    environment.ffreep,
    transfer.fxch,
    transfer.fstp_sti,
    transfer.fstp_sti,
    only(0, environment.fnstsw_ax),
    compare.fucomip,
    compare.fcomip,
    __,
  ],
];

/** Handlers that compute nothing, so that a program that only sets the control word costs nothing. */
const WITHOUT_ARITHMETIC = new Set<unknown>([...Object.values(environment), undefinedOpcode]);

function lookUp(opcode: number, modrm: number): Handler {
  const digit = (modrm >> 3) & 7;
  if (modrm < 0xc0) return MEMORY[opcode - 0xd8][digit][0];
  const row = REGISTER[opcode - 0xd8][digit];
  return typeof row === 'function' ? row : row[modrm & 7];
}

/** The handler of opcode D8-DF with `modrm`, or of 9B (FWAIT). */
export function x87Handler(opcode: number, modrm: number): Handler {
  if (opcode === 0x9b) return environment.fwait;
  const handler = lookUp(opcode, modrm);
  if (!WITHOUT_ARITHMETIC.has(handler)) needArithmetic();
  return handler;
}

/** Whether opcode D8-DF with `modrm` is an instruction. */
export function x87IsDefined(opcode: number, modrm: number): boolean {
  return lookUp(opcode, modrm) !== undefinedOpcode;
}

/** Bytes of the memory operand of opcode D8-DF with `modrm`. */
export function x87OperandBytes(opcode: number, modrm: number, size16: boolean): number {
  const bytes = MEMORY[opcode - 0xd8][(modrm >> 3) & 7][1];
  if (bytes > 0) return bytes;
  return (size16 ? 14 : 28) + (bytes === STATE ? 80 : 0);
}

/** Whether opcode D8-DF with `modrm` writes its memory operand. */
export function x87Writes(opcode: number, modrm: number): boolean {
  return MEMORY[opcode - 0xd8][(modrm >> 3) & 7][2];
}
