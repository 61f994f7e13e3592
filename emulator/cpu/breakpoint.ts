// Instruction breakpoints. The decoder gives an instruction that has one a handler of its own, so that
// code without breakpoints pays nothing.

import { i32 } from '../state/current.js';
import { EFLAGS_SYSTEM } from '../state/layout.js';
import { raiseBreakpoint } from './fault.js';
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
  if (breakpoints.size === 0 || !breakpoints.has(op.ip)) return;
  const instruction: Handler = op.x;
  op.x = (self) => {
    if ((i32[EFLAGS_SYSTEM] & FLAG_RF) === 0) return raiseBreakpoint();
    i32[EFLAGS_SYSTEM] &= ~FLAG_RF;
    try {
      return instruction(self);
    } catch (thrown) {
      i32[EFLAGS_SYSTEM] |= FLAG_RF;
      throw thrown;
    }
  };
}
