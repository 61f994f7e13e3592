// A decoded instruction. The run loop is `op = op.x(op)`: each handler does its work and returns the
// operation to execute next.

import { i32 } from '../state/current.js';
import type { Block } from './block.js';
import { segmentedAddress } from './segments.js';

export type Handler = (op: Op) => Op;

/** `seg` of an operand whose segment is flat and whose address is 32 bits wide. */
export const FLAT = -1;
/** Added to `seg`: 16-bit address arithmetic. */
export const ADDRESS_16 = 8;

export class Op {
  /** Executes the instruction. */
  x: Handler;
  /** The same without the branch that `x` executes too, if it does (instructions/fused.ts). */
  alone: Handler | null = null;
  /** The operation behind this one in the block. */
  next: Op;
  /** Destination: word index of a 32-bit register, half-word index of a 16-bit one, byte index. */
  d = 0;
  /** Source register, likewise. */
  s = 0;
  /** Memory operand: i32[base] + (i32[index] << scale) + disp, in segment `seg`. */
  base = 8;
  index = 8;
  scale = 0;
  disp = 0;
  /** FLAT, or the number of a segment register, plus ADDRESS_16. */
  seg = FLAT;
  /** Bytes of the memory operand, and whether it is written: for segment limits. */
  width = 4;
  writes = false;
  imm = 0;
  /** Linear address, and offset in CS, of the instruction. They differ when CS has a base. */
  ip = 0;
  length = 0;
  /** Instructions before this one in its block. */
  order = 0;
  block: Block;
  /** Where a direct branch goes, once it has been taken. */
  target: Block | null = null;
  /** The block behind a conditional branch, once it has fallen through. */
  fall: Block | null = null;
  /** The operand size is 16 bits; set for x87 environment instructions, which ask. */
  size16 = false;

  constructor(x: Handler, block: Block) {
    this.x = x;
    this.next = this;
    this.block = block;
  }
}

/** Linear address of the memory operand. Throws #GP, #SS or #AC as its segment demands. */
export function ea(op: Op): number {
  if (op.seg < 0) return (i32[op.base] + (i32[op.index] << op.scale) + op.disp) | 0;
  return segmentedAddress(op.seg & 7, offsetOf(op), op.width, op.writes);
}

/** Effective address of the memory operand: its offset in the segment (LEA). */
export function offsetOf(op: Op): number {
  const offset = (i32[op.base] + (i32[op.index] << op.scale) + op.disp) | 0;
  return op.seg >= 0 && op.seg & ADDRESS_16 ? offset & 0xffff : offset;
}

/** The address `bytes` behind the start of the memory operand, as part of the same operand. */
export function eaPlus(op: Op, bytes: number): number {
  if (op.seg < 0) return (i32[op.base] + (i32[op.index] << op.scale) + op.disp + bytes) | 0;
  return segmentedAddress(op.seg & 7, offsetOf(op) + bytes, op.width, op.writes);
}
