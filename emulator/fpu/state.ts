// What every x87 instruction does around its arithmetic: may it run at all, where are its registers,
// what is remembered about it, stack faults, and popping.
//
// Between instructions FPU_TAG holds 3 for an empty register and 0 for any other; the kinds that
// the tag word of an environment shows are made when it is stored (environment.ts).

import { raiseFault, raiseHalt, raiseNM } from '../cpu/fault.js';
import { offsetOf } from '../cpu/op.js';
import type { Op } from '../cpu/op.js';
import { VECTOR_MF } from '../exit.js';
import { hosted } from '../instructions/system.js';
import { CR0_EM, CR0_NE, CR0_TS } from '../mmu/walk.js';
import { i32, u16 } from '../state/current.js';
import {
  CR0,
  FPU_CONTROL,
  FPU_DATA_OFFSET,
  FPU_DATA_SELECTOR,
  FPU_INSTRUCTION_OFFSET,
  FPU_INSTRUCTION_SELECTOR,
  FPU_OPCODE,
  FPU_REGISTERS_BYTES,
  FPU_STATUS,
  FPU_TAG,
  SCRATCH_BYTES,
  SEGMENT_BASE,
  SELECTOR,
} from '../state/layout.js';
import { ABORT, C1, IE, SF, SUMMARY } from './constants.js';

const CS = 1;
const DS = 3;

/** Where memory operands are converted, and results on their way to memory. */
export const OPERAND = SCRATCH_BYTES;
export const RESULT = SCRATCH_BYTES + 16;
export const STAGING = SCRATCH_BYTES + 32;

export const TOP_SHIFT = 11;
const TOP_MASK = 7 << TOP_SHIFT;

/**
 * An x87 exception is pending: #MF. With CR0.NE clear the processor asserts FERR# instead and waits in
 * front of the instruction for an interrupt (SDM 3A §2.5); there is no IGNNE# to let it go on.
 */
export function raisePending(): never {
  if ((i32[CR0] & CR0_NE) === 0 && hosted().deliversInside) {
    hosted().platform.floatingPointError?.();
    raiseHalt();
  }
  return raiseFault(VECTOR_MF);
}

function notReady(): void {
  if (i32[CR0] & (CR0_EM | CR0_TS)) raiseNM();
  raisePending();
}

/** Starts a waiting instruction: #NM, or #MF for an exception that is pending. @returns status. */
export function ready(): number {
  const status = i32[FPU_STATUS];
  if ((i32[CR0] & (CR0_EM | CR0_TS)) | (status & 0x80)) notReady();
  return status;
}

/** Starts an instruction that does not wait (FNSTSW ...): only #NM. @returns status. */
export function readyNoWait(): number {
  if (i32[CR0] & (CR0_EM | CR0_TS)) raiseNM();
  return i32[FPU_STATUS];
}

/** Byte address of physical register n. */
export function register(n: number): number {
  return FPU_REGISTERS_BYTES + ((n & 7) << 4);
}

/** Physical number of ST(0). */
export function topOf(status: number): number {
  return (status >> TOP_SHIFT) & 7;
}

/** `status` with TOP changed by `by`. */
export function moveTop(status: number, by: number): number {
  return (status & ~TOP_MASK) | ((status + (by << TOP_SHIFT)) & TOP_MASK);
}

export function isEmpty(n: number): boolean {
  return ((i32[FPU_TAG] >> ((n & 7) << 1)) & 3) === 3;
}

export function markEmpty(n: number): void {
  i32[FPU_TAG] |= 3 << ((n & 7) << 1);
}

export function markUsed(n: number): void {
  i32[FPU_TAG] &= ~(3 << ((n & 7) << 1));
}

/** Remembers a register instruction for the environment. */
export function track(op: Op): void {
  i32[FPU_INSTRUCTION_OFFSET] = op.ip - i32[SEGMENT_BASE + CS];
  i32[FPU_INSTRUCTION_SELECTOR] = i32[SELECTOR + CS];
  i32[FPU_OPCODE] = ((op.d & 7) << 8) | op.s;
}

/** Remembers an instruction with its memory operand at linear address `la`. */
export function trackMemory(op: Op, la: number): void {
  track(op);
  if (op.seg < 0) {
    i32[FPU_DATA_OFFSET] = la;
    i32[FPU_DATA_SELECTOR] = i32[SELECTOR + DS];
  } else {
    i32[FPU_DATA_OFFSET] = offsetOf(op);
    i32[FPU_DATA_SELECTOR] = i32[SELECTOR + (op.seg & 7)];
  }
}

/** Ends an instruction: C1 and exceptions from what a helper returned. */
export function settle(status: number, flags: number): void {
  i32[FPU_STATUS] = (status & ~C1) | (flags & 0xffff);
}

/** The same, then pops `count` registers, unless an unmasked exception forbids it. */
export function settleAndPop(status: number, flags: number, count: number): void {
  settle(status, flags);
  if (flags & ABORT) return;
  for (let i = 0; i < count; i++) pop();
}

export function pop(): void {
  const status = i32[FPU_STATUS];
  markEmpty(topOf(status));
  i32[FPU_STATUS] = moveTop(status, 1);
}

/** Writes a value given in three pieces. */
export function putValue(address: number, se: number, high: number, low: number): void {
  i32[address >> 2] = low;
  i32[(address >> 2) + 1] = high;
  u16[(address + 8) >> 1] = se;
}

/** The real indefinite: what a masked invalid operation gives. */
export function putIndefinite(address: number): void {
  putValue(address, 0xffff, 0xc0000000 | 0, 0);
}

/**
 * A register that is read is empty, or (C1) one that is pushed to is not: flags for `settle`. When
 * the exception is masked, `to` (a byte address, or -1) gets the indefinite and becomes used.
 */
export function stackFault(to: number, c1: number): number {
  if ((i32[FPU_CONTROL] & IE) === 0) return IE | SF | c1 | SUMMARY | ABORT;
  if (to >= 0) {
    putIndefinite(to);
    if (to < SCRATCH_BYTES) markUsed((to - FPU_REGISTERS_BYTES) >> 4);
  }
  return IE | SF | c1;
}
