// The opcode table. Each row names the instruction, its operands and the handlers that execute it;
// decoder, tests and tools all read this table.
//
// Operands, destination first:
//   E register or memory by ModRM   G register by ModRM.reg      M memory only   R register only
//   Z register in the opcode        A accumulator                S segment register by ModRM.reg
//   C, D control, debug register    I immediate   J relative target   O absolute offset   P far pointer
// Sizes: b 8 bits, w 16, d 32, v by operand size, s 8 bits sign-extended to the operand size.
// `!` behind an operand: if it is memory, it is written.

import type { Handler } from '../cpu/op.js';
import type { Plan } from './plan.js';

/** Handlers by operand size in bits and by where E is: r register (or no E), m memory. */
export interface Forms {
  r8?: Handler;
  m8?: Handler;
  r16?: Handler;
  m16?: Handler;
  r32?: Handler;
  m32?: Handler;
}

export interface Row {
  name: string;
  operands: string;
  forms: Forms;
  /** LOCK is allowed on the memory form. */
  lock: boolean;
  /** The instruction ends a block. */
  ends: boolean;
  /** A string instruction: REP prefixes are its affair. */
  repeats: boolean;
  /** Fixed value for op.imm (condition code, register number ...). */
  imm?: number;
  /** Bytes of the memory operand where its size letter does not tell. */
  width?: number;
  /** How to decode it, once it has been met. */
  plan: Plan | null;
}

export type Entry = Row | readonly (Row | null)[] | null;

export interface RowOptions {
  lock?: boolean;
  ends?: boolean;
  repeats?: boolean;
  imm?: number;
  width?: number;
}

export function row(name: string, operands: string, forms: Forms, options: RowOptions = {}): Row {
  return {
    name,
    operands,
    forms,
    lock: options.lock ?? false,
    ends: options.ends ?? false,
    repeats: options.repeats ?? false,
    ...(options.imm === undefined ? {} : { imm: options.imm }),
    ...(options.width === undefined ? {} : { width: options.width }),
    plan: null,
  };
}

/** The same handler for every size and place. */
export function any(x: Handler): Forms {
  return { r8: x, m8: x, r16: x, m16: x, r32: x, m32: x };
}

/** The same handler for both places, by operand size. */
export function sized(x16: Handler, x32: Handler): Forms {
  return { r16: x16, m16: x16, r32: x32, m32: x32 };
}
