// The run loop of a machine that delivers interrupts and exceptions itself: between stretches of
// instructions it takes what devices and faults have brought (SDM 3A §6.9).

import type { Exit } from '../exit.js';
import { VECTOR_DB, VECTOR_NMI } from '../exit.js';
import type { Platform } from '../platform.js';
import { i32 } from '../state/current.js';
import { EFLAGS_SYSTEM, EVENTS } from '../state/layout.js';
import { FLAG_IF } from './flags.js';
import {
  EVENT_NMI,
  EVENT_STOP,
  NMI_BLOCKED,
  deliver,
  isEventDue,
  isShadowed,
} from './interrupt.js';
import { forgetSlice, runLoop, runOne } from './run.js';

/** What the loop needs of its machine. */
export interface EventHost {
  readonly platform: Platform;
  instructions: number;
  /** HLT has been executed and nothing has ended it. */
  halted: boolean;
  /** Executed instructions and idle time. */
  readonly clock: number;
  /** Lets idle time pass. */
  idle(time: number): void;
}

/** Takes the most urgent event. @returns false on shutdown. */
function takeEvent(platform: Platform): boolean {
  if ((i32[EVENTS] & (EVENT_NMI | NMI_BLOCKED)) === EVENT_NMI) {
    i32[EVENTS] = (i32[EVENTS] & ~EVENT_NMI) | NMI_BLOCKED;
    return deliver(VECTOR_NMI, 'external', null, false);
  }
  return deliver(platform.acknowledge(), 'external', null, false);
}

function leave(exit: Exit, kind: Exit['kind']): void {
  exit.kind = kind;
  exit.vector = 0;
  exit.hasError = false;
  exit.error = 0;
}

/** Executes at most `limit` instructions; attempts that fault, and waits, count as one each. */
export function runDelivering(limit: number, exit: Exit, host: EventHost): void {
  const { platform } = host;
  let left = limit;
  leave(exit, 'budget');
  forgetSlice();
  while (left > 0) {
    if (platform.nextEvent <= host.clock) platform.advance(host.clock);
    if (i32[EVENTS] & EVENT_STOP) {
      i32[EVENTS] &= ~EVENT_STOP;
      return leave(exit, 'stopped');
    }
    const shadowed = isShadowed();
    if (!shadowed && isEventDue()) {
      host.halted = false;
      if (!takeEvent(platform)) return leave(exit, 'shutdown');
    }
    if (host.halted) {
      const { nextEvent } = platform;
      if (nextEvent === Infinity || (i32[EFLAGS_SYSTEM] & FLAG_IF) === 0)
        return leave(exit, 'halt');
      host.idle(Math.max(1, Math.ceil(nextEvent - host.clock)));
      left--;
      continue;
    }
    const untilEvent = Math.max(1, Math.ceil(platform.nextEvent - host.clock));
    const executed = shadowed ? runOne(exit) : runLoop(Math.min(left, untilEvent), exit);
    forgetSlice();
    host.instructions += executed;
    left -= executed;
    if (exit.kind === 'halt') host.halted = true;
    else if (exit.kind === 'trap') {
      left--;
      const error = exit.hasError ? exit.error : null;
      if (!deliver(exit.vector, 'exception', error, exit.vector !== VECTOR_DB))
        return leave(exit, 'shutdown');
    } else if (exit.kind !== 'budget') return;
  }
  leave(exit, 'budget');
}
