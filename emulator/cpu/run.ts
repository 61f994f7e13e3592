// The run loop.

import type { Exit, ExitKind } from '../exit.js';
import { i32 } from '../state/current.js';
import {
  BUDGET,
  CR2,
  DEBUG_HITS,
  DR,
  EFLAGS_SYSTEM,
  EIP,
  INTERRUPT_SHADOW,
  SHADOW_ALL,
  SHADOW_RESUME,
  SHADOW_TRAPS,
  SEGMENT_BASE,
} from '../state/layout.js';
import { VECTOR_DB, VECTOR_PF } from '../exit.js';
import { STOP, continueAt, isStale, setStepping } from './block.js';
import { DR6_BS, isWatching } from './debug_registers.js';
import { CpuFault, fault, leave } from './fault.js';
import { FLAG_RF, FLAG_TF } from './flags.js';
import { isEventDue } from './interrupt.js';
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

/** What the time-stamp counter of the running instruction is counted from. */
const slice = {
  /** Instructions of this run() before the slice; while stepping, before this instruction. */
  before: 0,
  /** Budget that the slice began with; -1 while stepping. */
  limit: 0,
  /** What run() will return, while blocks are running. */
  exit: null as Exit | null,
};

/**
 * Leaves run() behind `op`, which has completed, with EIP already set. System calls come this way:
 * throwing would cost more than all else that a short one does.
 */
export function leaveBehind(op: Op, kind: ExitKind, vector: number): Op {
  const { exit } = slice;
  if (slice.limit < 0 || exit === null) return leave(kind, vector);
  i32[BUDGET] += op.block.length - op.order - 1;
  exit.kind = kind;
  exit.vector = vector;
  return STOP;
}

/** Instructions that this run() has executed before `op`, which is executing. */
export function executedBefore(op: Op): number {
  if (slice.limit < 0) return slice.before;
  return slice.before + slice.limit - i32[BUDGET] - (op.block.length - op.order);
}

/** Runs whole blocks. @returns instructions executed; the exit says why it stopped. */
function runBlocks(limit: number, exit: Exit, before: number): number {
  slice.before = before;
  slice.limit = limit;
  slice.exit = exit;
  i32[BUDGET] = limit;
  stopped(exit);
  let op = STOP;
  try {
    op = continueAt(i32[EIP]);
    // STOP stays where it is, which pays for asking for it less often.
    while (op !== STOP) {
      op = op.x(op);
      op = op.x(op);
      op = op.x(op);
      op = op.x(op);
    }
  } catch (error) {
    // The block was charged whole: give back what was not executed.
    i32[BUDGET] += op.block.length - op.order - (fault.completed ? 1 : 0);
    caught(error, op, exit);
  }
  return limit - i32[BUDGET];
}

/** Runs one instruction at a time; used for the last few before a limit, and for TF. */
function runSteps(limit: number, exit: Exit, before: number): number {
  setStepping(true);
  slice.limit = -1;
  i32[BUDGET] = -1;
  stopped(exit);
  let done = 0;
  let op = STOP;
  try {
    op = continueAt(i32[EIP]);
    for (;;) {
      const trapAfter = (i32[EFLAGS_SYSTEM] & FLAG_TF) !== 0;
      const isInstruction = op.order < op.block.length && !isStale(op);
      slice.before = before + done;
      const current = op;
      i32[INTERRUPT_SHADOW] = 0;
      op = (op.alone ?? op.x)(op);
      i32[BUDGET] = -1;
      if (!isInstruction) continue; // the seam between two blocks
      done++;
      if ((i32[INTERRUPT_SHADOW] & SHADOW_RESUME) === 0) i32[EFLAGS_SYSTEM] &= ~FLAG_RF;
      const target = op === STOP ? current : op;
      if (op !== STOP) i32[EIP] = (target.ip - i32[SEGMENT_BASE + CS]) | 0;
      const held = i32[INTERRUPT_SHADOW] & (SHADOW_ALL | SHADOW_TRAPS);
      if ((trapAfter && held === 0) || (i32[DEBUG_HITS] !== 0 && held !== SHADOW_ALL)) {
        i32[DR + 6] |= i32[DEBUG_HITS] | (trapAfter && held === 0 ? DR6_BS : 0);
        i32[DEBUG_HITS] = 0;
        exit.kind = 'trap';
        exit.vector = VECTOR_DB;
        break;
      }
      if (done >= limit || op === STOP || isEventDue()) break;
    }
  } catch (error) {
    if (error instanceof CpuFault && error.completed) done++;
    caught(error, op, exit);
  } finally {
    setStepping(false);
  }
  return done;
}

/** Executes one instruction, whatever waits. @returns 0 when it faulted. */
export function runOne(exit: Exit): number {
  return runSteps(1, exit, 0);
}

/** What has been executed is counted elsewhere now. */
export function forgetSlice(): void {
  slice.before = 0;
  slice.limit = -1;
}

/** Instructions that this run() has executed, the one that ends a block and is executing included. */
export function executedSoFar(): number {
  return slice.limit < 0 ? slice.before : slice.before + slice.limit - i32[BUDGET];
}

/**
 * Executes at most `limit` instructions from EIP on.
 * @returns how many were executed; `exit` says why it stopped.
 */
export function runLoop(limit: number, exit: Exit): number {
  let done = 0;
  while (done < limit) {
    if (i32[EFLAGS_SYSTEM] & FLAG_TF || isWatching())
      return done + runSteps(limit - done, exit, done);
    if (i32[EFLAGS_SYSTEM] & FLAG_RF) {
      // One instruction is free of breakpoints; it clears RF.
      done += runSteps(1, exit, done);
      if (exit.kind !== 'budget' || isEventDue()) return done;
      continue;
    }
    const budget = Math.min(limit - done, LARGEST_SLICE);
    const executed = runBlocks(budget, exit, done);
    done += executed;
    if (exit.kind !== 'budget') return done;
    if (isEventDue()) return done;
    if (executed < budget) {
      // A block did not fit into the rest of the budget.
      const rest = i32[EFLAGS_SYSTEM] & FLAG_TF ? 1 : budget - executed;
      done += runSteps(rest, exit, done);
      if (exit.kind !== 'budget') return done;
    }
  }
  stopped(exit);
  return done;
}
