// Breakpoints, watchpoints and catchpoints as a person sets them, with gdb's numbers and rules.

import {
  EVENT_CLASSES,
  EV_SYSCALL,
  SIGALRM,
  SIGCHLD,
  SIGINT,
  SIGIO,
  SIGPROF,
  SIGTRAP,
  SIGURG,
  SIGVTALRM,
  SIGWINCH,
} from '../kernel/index.js';
import type { KernelEvent, Thread } from '../kernel/index.js';
import { KERNEL_STEPS } from './kernel_steps.js';

export type BreakpointKind = 'breakpoint' | 'watch' | 'rwatch' | 'awatch' | 'catch';

export const CATCH_EVENTS = ['fault', 'syscall', 'signal', 'fork', 'exec', 'exit'] as const;
export type CatchEvent = (typeof CATCH_EVENTS)[number];

/** One place in the code. */
export interface BreakpointLocation {
  /** Guest virtual address, uint32. */
  address: number;
  /** What is there, as `info breakpoints` says it. */
  what: string;
  file: string | null;
  line: number;
}

export interface Watch {
  expression: string;
  address: number;
  /** Bytes. */
  length: number;
  /** The value when it was last looked at; null while it cannot be read. */
  old: Uint8Array | null;
  /** Of a local: the frame that it lives in, and where that returns to. */
  scope: { cfa: number; returnAddress: number } | null;
  /** The address space that it is in; absent: of whatever process is debugged. */
  space?: object | null;
}

export interface UserBreakpoint {
  readonly number: number;
  readonly kind: BreakpointKind;
  /** As it was written, to be looked up again in another program. */
  spec: string;
  temporary: boolean;
  hardware: boolean;
  enabled: boolean;
  /** Stops only where this is not 0; null: always. */
  condition: string | null;
  /** Hits that are still to be passed. */
  ignore: number;
  hits: number;
  commands: string[];
  locations: BreakpointLocation[];
  watch: Watch | null;
  /** `event` is one of CATCH_EVENTS, or names one of KERNEL_STEPS. */
  catch: { event: CatchEvent | string; filter: readonly string[] } | null;
  /** Only this thread, by td_tid; null: all. */
  tid: number | null;
  /** Only this address space (a vmspace); absent: all. */
  space?: object | null;
}

export interface WatchHit {
  breakpoint: UserBreakpoint;
  old: Uint8Array | null;
  value: Uint8Array | null;
  /** The instruction wrote, or read. */
  write: boolean;
}

/** A process that is debugged. */
export interface Inferior {
  number: number;
  pid: number;
  exited: boolean;
  /** Instructions executed when it was let go at a fork; Infinity while it is not. */
  detachedAt: number;
}

/** Why the guest stands still. */
export type StopEvent =
  | { reason: 'step' }
  | { reason: 'internal' }
  | { reason: 'breakpoint'; breakpoints: UserBreakpoint[] }
  | { reason: 'watch'; hits: WatchHit[] }
  | { reason: 'scope'; breakpoint: UserBreakpoint }
  | { reason: 'catch'; breakpoint: UserBreakpoint; event: KernelEvent }
  | { reason: 'signal'; signo: number; pid: number }
  | { reason: 'interrupt' }
  /** There is no earlier moment. */
  | { reason: 'history' }
  | { reason: 'exited'; pid: number; code: number; signo: number }
  /** What only a remote debugger asks for: `child` of a fork, `path` of an exec. */
  | {
      reason: 'process';
      what: 'fork' | 'vfork' | 'vforkdone' | 'exec';
      thread: Thread;
      child: Thread | null;
      path: string;
    }
  | { reason: 'asleep' };

export type WhatToDo = { stop: boolean; print: boolean; pass: boolean };

/** The table of `handle`: SIGALRM, SIGCHLD and their kind neither stop nor are mentioned. */
export class SignalTable {
  readonly #actions = new Map<number, WhatToDo>();

  constructor(quiet: readonly number[], traps: readonly number[]) {
    for (const signo of quiet) this.#actions.set(signo, { stop: false, print: false, pass: true });
    for (const signo of traps) this.#actions.set(signo, { stop: true, print: true, pass: false });
  }

  get(signo: number): WhatToDo {
    return this.#actions.get(signo) ?? { stop: true, print: true, pass: true };
  }

  set(signo: number, action: WhatToDo): void {
    this.#actions.set(signo, action);
  }
}

/** The EV_* classes that a catchpoint wants to hear of, besides those that are always heard. */
export function catchClasses({ event }: NonNullable<UserBreakpoint['catch']>): number {
  if (event === 'syscall') return EV_SYSCALL;
  return Object.hasOwn(KERNEL_STEPS, event) ? EVENT_CLASSES[KERNEL_STEPS[event].type] : 0;
}

/** Whether a catchpoint's words name this event; no words: all of the kind. */
export function catches(
  catchpoint: NonNullable<UserBreakpoint['catch']>,
  event: KernelEvent,
): boolean {
  const { event: kind, filter } = catchpoint;
  if (Object.hasOwn(KERNEL_STEPS, kind)) return KERNEL_STEPS[kind].is(event);
  const named = (...names: (string | number)[]): boolean =>
    filter.length === 0 || names.some((name) => filter.includes(String(name)));
  switch (event.type) {
    case 'fault':
      return kind === 'fault' && named(event.access, event.outcome);
    case 'syscall':
      return kind === 'syscall' && named(event.name, event.number);
    case 'proc':
      return kind === event.op;
    default:
      return false;
  }
}

const QUIET = [SIGALRM, SIGCHLD, SIGIO, SIGPROF, SIGURG, SIGVTALRM, SIGWINCH];
const TRAPS = [SIGTRAP, SIGINT];

export function defaultSignals(): SignalTable {
  return new SignalTable(QUIET, TRAPS);
}
