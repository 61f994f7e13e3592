// The run loop.

import type { Exit } from '../exit.js';
import { i32 } from '../state/current.js';
import { BUDGET, CR2, EFLAGS_SYSTEM, EIP, SEGMENT_BASE } from '../state/layout.js';
import { VECTOR_DB, VECTOR_PF } from '../exit.js';
import { STOP, jumpTo, setStepping } from './block.js';
import { CpuFault, fault } from './fault.js';
import { FLAG_RF, FLAG_TF } from './flags.js';
import type { Op } from './op.js';
import { CS } from './segments.js';

const LARGEST_SLICE = 0x3fffffff;

function stopped(exit: Exit): void {
  exit.kind = 'budget';
  exit.vector = 0;
  exit.hasError = false;
  exit.error = 0;
  exit.cr2 = 0;
}

/** Turns what was thrown at `op` into the exit. Rethrows what is not a fault of the guest. */
function caught(error: unknown, op: Op, exit: Exit): void {
  if (!(error instanceof CpuFault)) throw error;
  exit.kind = error.kind;
  exit.vector = error.vector;
  exit.hasError = error.hasError;
  exit.error = error.error;
  exit.cr2 = error.cr2;
  if (error.kind === 'trap' && error.vector === VECTOR_PF) i32[CR2] = error.cr2;
  if (!error.completed) i32[EIP] = (op.ip - i32[SEGMENT_BASE + CS]) | 0;
}

/** Runs whole blocks. @returns instructions executed; the exit says why it stopped. */
function runBlocks(limit: number, exit: Exit): number {
  i32[BUDGET] = limit;
  stopped(exit);
  let op = STOP;
  try {
    op = jumpTo(i32[EIP]);
    while (op !== STOP) op = op.x(op);
  } catch (error) {
    // The block was charged whole: give back what was not executed.
    i32[BUDGET] += op.block.length - op.order - (fault.completed ? 1 : 0);
    caught(error, op, exit);
  }
  return limit - i32[BUDGET];
}

/** Runs one instruction at a time; used for the last few before a limit, and for TF. */
function runSteps(limit: number, exit: Exit): number {
  setStepping(true);
  i32[BUDGET] = -1;
  stopped(exit);
  let done = 0;
  let op = STOP;
  try {
    op = jumpTo(i32[EIP]);
    for (;;) {
      const trapAfter = (i32[EFLAGS_SYSTEM] & FLAG_TF) !== 0;
      const isInstruction = op.order < op.block.length;
      const before = op;
      op = op.x(op);
      i32[BUDGET] = -1;
      if (!isInstruction) continue; // the seam between two blocks
      done++;
      i32[EFLAGS_SYSTEM] &= ~FLAG_RF;
      const target = op === STOP ? before : op;
      if (op !== STOP) i32[EIP] = (target.ip - i32[SEGMENT_BASE + CS]) | 0;
      if (trapAfter) {
        exit.kind = 'trap';
        exit.vector = VECTOR_DB;
        break;
      }
      if (done >= limit || op === STOP) break;
    }
  } catch (error) {
    if (error instanceof CpuFault && error.completed) done++;
    caught(error, op, exit);
  } finally {
    setStepping(false);
  }
  return done;
}

/**
 * Executes at most `limit` instructions from EIP on.
 * @returns how many were executed; `exit` says why it stopped.
 */
export function runLoop(limit: number, exit: Exit): number {
  let done = 0;
  while (done < limit) {
    if (i32[EFLAGS_SYSTEM] & FLAG_TF) return done + runSteps(limit - done, exit);
    const slice = Math.min(limit - done, LARGEST_SLICE);
    const executed = runBlocks(slice, exit);
    done += executed;
    if (exit.kind !== 'budget') return done;
    if (executed < slice) {
      // A block did not fit into the rest of the budget.
      const rest = i32[EFLAGS_SYSTEM] & FLAG_TF ? 1 : slice - executed;
      done += runSteps(rest, exit);
      if (exit.kind !== 'budget') return done;
    }
  }
  stopped(exit);
  return done;
}
