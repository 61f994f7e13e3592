// Instruction breakpoints, the owner's and those of the debug registers. The decoder gives an instruction that has one a handler of its own, so that
// code without breakpoints pays nothing.

import { i32 } from '../state/current.js';
import { DR, EFLAGS_SYSTEM } from '../state/layout.js';
import { VECTOR_DB } from '../exit.js';
import { executionHits } from './debug_registers.js';
import { fault, raiseBreakpoint, raiseFault } from './fault.js';
import { FLAG_RF } from './flags.js';
import type { Handler, Op } from './op.js';

/** Linear addresses (int32) of a machine's breakpoints. */
export type Breakpoints = ReadonlySet<number>;

let breakpoints: Breakpoints;

export function setBreakpoints(set: Breakpoints): void {
  breakpoints = set;
}

/**
 * Guards a decoded instruction if it has a breakpoint. EFLAGS.RF lets it execute once, as with the
 * debug registers (SDM 3B §17.3.1.1); a fault of it keeps RF, so that the restart does not stop again.
 */
export function guardBreakpoint(op: Op): void {
  const hits = executionHits(op.ip);
  const owned = breakpoints.size !== 0 && breakpoints.has(op.ip);
  if (hits === 0 && !owned) return;
  const instruction: Handler = op.x;
  op.x = (self) => {
    if ((i32[EFLAGS_SYSTEM] & FLAG_RF) === 0) {
      if (owned) return raiseBreakpoint();
      i32[DR + 6] |= hits;
      return raiseFault(VECTOR_DB);
    }
    i32[EFLAGS_SYSTEM] &= ~FLAG_RF;
    try {
      return instruction(self);
    } catch (thrown) {
      // A trap comes behind the instruction: RF must not reach the next one.
      if (thrown !== fault || !fault.completed) i32[EFLAGS_SYSTEM] |= FLAG_RF;
      throw thrown;
    }
  };
}
