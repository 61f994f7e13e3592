// What a debugger hears of the kernel: the last faults, and the events that somebody waits for.

import { EVENT_CLASSES, EV_FAULT, EV_PROC } from '../kernel/index.js';
import type { EventStream, KernelEvent } from '../kernel/index.js';

export type FaultEvent = Extract<KernelEvent, { type: 'fault' }>;

const FAULTS_KEPT = 64;

/** A fault, and the instruction count at which it happened. */
export interface FaultRecord {
  number: number;
  instructions: number;
  event: FaultEvent;
}

/** The event stream of a machine that is debugged: hands on to `inner` what that listens to. */
export class DebugEvents implements EventStream {
  mask: number;
  stop = false;
  /** Threads, by td_tid, that do not get the CPU. */
  readonly held = new Set<number>();
  /** The last faults, oldest first. */
  readonly faults: FaultRecord[] = [];
  /** Called for every event of the classes asked for; sets `stop` to stop the guest. */
  handler: ((event: KernelEvent) => void) | null = null;
  signalHandler: ((pid: number, tid: number, signo: number) => 'pass' | 'hold' | 'discard') | null =
    null;
  /** Instruction count of the machine. */
  now: () => number = () => 0;
  readonly #inner: EventStream | null;
  #count = 0;

  constructor(inner: EventStream | null) {
    this.#inner = inner;
    this.mask = 0;
    this.listen(0);
  }

  /** Asks for the EV_* classes in `mask` besides faults and processes, which are always heard. */
  listen(mask: number): void {
    this.mask = (this.#inner?.mask ?? 0) | mask | EV_FAULT | EV_PROC;
  }

  /** After a step back in time: forgets what is now in the future. */
  rewind(): void {
    const now = this.now();
    while (this.faults.length > 0 && this.faults[this.faults.length - 1].instructions > now)
      this.#count = (this.faults.pop() as FaultRecord).number - 1;
  }

  emit(event: KernelEvent): void {
    if (this.#inner !== null && this.#inner.mask & EVENT_CLASSES[event.type])
      this.#inner.emit(event);
    if (event.type === 'fault') {
      const last = this.faults[this.faults.length - 1] as FaultRecord | undefined;
      // What is run through again was heard of before.
      if (last !== undefined && this.now() < last.instructions) return;
      const number = ++this.#count;
      this.faults.push({ number, instructions: this.now(), event });
      if (this.faults.length > FAULTS_KEPT) this.faults.shift();
    }
    this.handler?.(event);
  }

  signal(pid: number, tid: number, signo: number): 'pass' | 'hold' | 'discard' {
    return this.signalHandler?.(pid, tid, signo) ?? 'pass';
  }
}
