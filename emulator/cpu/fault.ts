// Faults and other ways out of the run loop. One preallocated object is thrown: no allocation, no
// stack trace. The loop that catches it knows which instruction was executing.

import type { ExitKind } from '../exit.js';
import {
  VECTOR_AC,
  VECTOR_DE,
  VECTOR_GP,
  VECTOR_NM,
  VECTOR_NP,
  VECTOR_PF,
  VECTOR_SS,
  VECTOR_UD,
} from '../exit.js';

/** What is being thrown. `completed` tells whether the instruction counts as executed. */
export class CpuFault {
  kind: ExitKind = 'trap';
  vector = 0;
  hasError = false;
  error = 0;
  cr2 = 0;
  completed = false;
}

export const fault = new CpuFault();

function fill(
  kind: ExitKind,
  vector: number,
  hasError: boolean,
  error: number,
  completed: boolean,
): void {
  fault.kind = kind;
  fault.vector = vector;
  fault.hasError = hasError;
  fault.error = error;
  fault.completed = completed;
}

function raise(vector: number): never {
  fill('trap', vector, false, 0, false);
  throw fault;
}

/** A fault with an error code as it is, its EXT and IDT bits included (SDM 3A §6.13). */
export function raiseWithError(vector: number, error: number): never {
  fill('trap', vector, true, error, false);
  throw fault;
}

export function raiseDE(): never {
  raise(VECTOR_DE);
}
export function raiseUD(): never {
  raise(VECTOR_UD);
}
export function raiseNM(): never {
  raise(VECTOR_NM);
}
/** A fault without an error code (#BR, #MF ...). */
export function raiseFault(vector: number): never {
  raise(vector);
}
export function raiseNP(selector: number): never {
  raiseWithError(VECTOR_NP, selector & 0xfffc);
}
/** Error code 0, or a selector whose RPL bits are cleared. */
export function raiseSS(selector: number): never {
  raiseWithError(VECTOR_SS, selector & 0xfffc);
}
/** Error code 0, or a selector whose RPL bits are cleared. */
export function raiseGP(selector: number): never {
  raiseWithError(VECTOR_GP, selector & 0xfffc);
}
/** #GP with an IDT error code: `int n` that the guest may not execute, SDM 3A §6.13. */
export function raiseGPVector(vector: number): never {
  raiseWithError(VECTOR_GP, vector * 8 + 2);
}
export function raiseAC(): never {
  raiseWithError(VECTOR_AC, 0);
}
/** #PF at linear address `la` with the error code of SDM 3A §4.7. */
export function raisePF(la: number, error: number): never {
  fill('trap', VECTOR_PF, true, error, false);
  fault.cr2 = la | 0;
  throw fault;
}

/** A trap: reported after an instruction that has completed, with EIP already behind it. */
export function raiseTrap(vector: number): never {
  fill('trap', vector, false, 0, true);
  throw fault;
}

/** Leaves run() in front of an instruction with a breakpoint. */
export function raiseBreakpoint(): never {
  fill('breakpoint', 0, false, 0, false);
  throw fault;
}

/** Stops in front of an instruction as HLT does behind itself. */
export function raiseHalt(): never {
  fill('halt', 0, false, 0, false);
  throw fault;
}

/** Leaves run() after an instruction that has completed, with EIP already behind it. */
export function leave(kind: ExitKind, vector: number): never {
  fill(kind, vector, false, 0, true);
  throw fault;
}
