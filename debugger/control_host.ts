// What the control of a guest has in common with the programs around it.

import type { KernelEvent } from '../kernel/index.js';
import type { UserBreakpoint } from './breakpoints.js';

/** What the engine asks of the program around it. */
export interface ControlHost {
  /** Lets the host's events be seen. @returns whether the guest is to be stopped. */
  breathe(): Promise<boolean>;
  /**
   * All guests sleep, until `untilNs` from now (null: no timer runs): waits for that, for input, or
   * for the person. @returns 'stop' to stop the guest, 'asleep' when nothing can ever happen.
   */
  wait(untilNs: number | null): Promise<'go' | 'stop' | 'asleep'>;
  /** Whether a breakpoint's condition holds where the current thread is. */
  condition(breakpoint: UserBreakpoint, event?: KernelEvent): boolean;
  /** Something happened that does not stop the guest. */
  notice(line: string): void;
  /** A process that is debugged executes another program. */
  executed(pid: number): void;
}

/** A stop of the engine's own: where a step or `finish` is to end. */
export interface InternalBreakpoint {
  address: number;
  tid: number;
  /** Further condition, looked at when the address is reached. */
  when?: () => boolean;
}
