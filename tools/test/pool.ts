// Worker threads, each of which runs one guest at a time. A guest that keeps its thread from looking
// at the clock is ended with its thread.

import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { executeGuest } from './execute.js';
import type { GuestOutcome, GuestRun } from './types.js';

const ROLE = 'faultline test worker';
/** Runs after which a thread makes way for a fresh one, with all that it kept. */
const RUNS_KEPT = 200;
const GRACE_MS = 10_000;

/** Serves runs when this is a thread of a pool. @returns whether it is one. */
export function serveAsWorker(): boolean {
  if (isMainThread || workerData !== ROLE || parentPort === null) return false;
  const port = parentPort;
  port.on('message', (run: GuestRun) => port.postMessage(executeGuest(run)));
  return true;
}

interface Slot {
  worker: Worker;
  runs: number;
}

function unfinished(end: GuestOutcome['end'], reason: string): GuestOutcome {
  return {
    end,
    status: -1,
    signal: null,
    reason,
    stdout: new Uint8Array(0),
    stderr: new Uint8Array(0),
    log: [],
    violations: [],
    leaked: null,
    instructions: 0,
    seconds: 0,
    metrics: {},
    counts: null,
  };
}

export class Pool {
  readonly #script: URL;
  readonly #idle: Slot[] = [];
  readonly #all = new Set<Worker>();

  /** `script` calls serveAsWorker(). */
  constructor(script: URL) {
    this.#script = script;
  }

  #slot(): Slot {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const worker = new Worker(this.#script, { workerData: ROLE, stdout: false });
    worker.unref();
    this.#all.add(worker);
    return { worker, runs: 0 };
  }

  #discard({ worker }: Slot): void {
    this.#all.delete(worker);
    void worker.terminate();
  }

  /** Runs one guest in a thread of its own. */
  run(run: GuestRun): Promise<GuestOutcome> {
    const slot = this.#slot();
    const { worker } = slot;
    worker.ref();
    return new Promise((resolve) => {
      const settle = (outcome: GuestOutcome, usable: boolean): void => {
        clearTimeout(timer);
        worker.off('message', ended).off('error', failed).off('exit', gone);
        worker.unref();
        if (usable && ++slot.runs < RUNS_KEPT) this.#idle.push(slot);
        else this.#discard(slot);
        resolve(outcome);
      };
      const hard = run.limits.seconds * 1000 + GRACE_MS;
      const timer = setTimeout(
        () => settle(unfinished('time-limit', 'its thread did not stop'), false),
        Math.min(hard, 2 ** 31 - 1),
      );
      const ended = (outcome: GuestOutcome): void => settle(outcome, true);
      const failed = (error: Error): void =>
        settle(unfinished('panic', error.stack ?? error.message), false);
      const gone = (code: number): void =>
        settle(unfinished('panic', `its thread ended with ${code}`), false);
      worker.on('message', ended).on('error', failed).on('exit', gone);
      worker.postMessage(run);
    });
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    await Promise.all(all.map((worker) => worker.terminate()));
  }
}
