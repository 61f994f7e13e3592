// Runs one guest to its end, and says what happened.

import { Machine } from '../../emulator/index.js';
import { KernelPanic, kernel_check, kernel_run, kernel_usage } from '../../kernel/index.js';
import type { Kernel, kernel_usage_counts } from '../../kernel/index.js';
import { BootError, bootGuest } from './boot.js';
import { CountingMachine } from './counting.js';
import { RunMeter } from './metrics.js';
import { signalNameOf } from './signals.js';
import type { EndKind, GuestOutcome, GuestRun } from './types.js';

/** Instructions between two looks at the clock. */
const SLICE = 5_000_000;
const SLICE_COUNTING = 500_000;
/** Output beyond this is an error of the test's: an endless loop of print. */
const MOST_OUTPUT = 64 << 20;
const EPIPE = 32;

class Sink {
  readonly chunks: Uint8Array[][] = [[], []];
  #bytes = 0;

  write(fd: 1 | 2, bytes: Uint8Array): number | undefined {
    this.#bytes += bytes.length;
    if (this.#bytes > MOST_OUTPUT) return EPIPE;
    this.chunks[fd - 1].push(bytes.slice());
    return undefined;
  }

  text(fd: 1 | 2): Uint8Array {
    return new Uint8Array(Buffer.concat(this.chunks[fd - 1]));
  }
}

/** What more is in use than at the start. */
function difference(now: kernel_usage_counts, before: kernel_usage_counts): kernel_usage_counts {
  const result = { ...now };
  for (const key of Object.keys(now) as (keyof kernel_usage_counts)[]) result[key] -= before[key];
  return result;
}

const LEAKS: Readonly<Partial<Record<keyof kernel_usage_counts, string>>> = {
  pages: 'page',
  swap: 'swap block',
  vnodes: 'vnode reference',
  procs: 'process',
  objects: 'object',
  files: 'open file',
};

function describeLeaks(leaked: kernel_usage_counts): string[] {
  return Object.entries(LEAKS).flatMap(([key, noun]) => {
    const n = leaked[key as keyof kernel_usage_counts];
    return n > 0 ? [`leaked: ${n} ${noun}${n === 1 ? '' : noun.endsWith('ss') ? 'es' : 's'}`] : [];
  });
}

/** Everything that sleeps for ever, in words. */
function sleepers(k: Kernel): string {
  const names: string[] = [];
  for (const p of k.kern.allproc.values()) {
    for (const td of p.p_threads) {
      if (td.td_kfunc === null && td.td_wchan !== null)
        names.push(`${p.p_pid} ${p.p_comm} (${td.td_wmesg})`);
    }
  }
  return names.join(', ');
}

interface End {
  kind: EndKind;
  reason: string;
}

function runSlices(k: Kernel, run: GuestRun, meter: RunMeter, started: number): End {
  const { machine } = k;
  const first = machine.instructions;
  const deadline = started + run.limits.seconds * 1000;
  const slice = run.coverage || run.profile ? SLICE_COUNTING : SLICE;
  for (;;) {
    const left = run.limits.instructions - (machine.instructions - first);
    if (left <= 0) return { kind: 'instruction-limit', reason: '' };
    const exit = kernel_run(k, { instructions: Math.min(slice, left) });
    if (meter.exceeded) return { kind: 'memory-limit', reason: '' };
    if (exit.kind === 'exited') return { kind: 'exited', reason: '' };
    if (exit.kind === 'idle') return { kind: 'asleep', reason: sleepers(k) };
    if (performance.now() >= deadline) return { kind: 'time-limit', reason: '' };
  }
}

/** The signal in a wait status (FreeBSD's encoding, which the kernel keeps), or 0. */
const signalIn = (status: number): number => status & 0x7f;

/**
 * Runs a guest to its end or a limit, in this thread: it returns when the guest is done.
 * Mistakes of the kernel become the outcome 'panic'; nothing is thrown for what guests do.
 */
export function executeGuest(run: GuestRun): GuestOutcome {
  const started = performance.now();
  const meter = new RunMeter(run.metrics, run.limits.memoryBytes);
  const sink = new Sink();
  const log: string[] = [];
  const outcome: GuestOutcome = {
    end: 'exited',
    status: -1,
    signal: null,
    reason: '',
    stdout: new Uint8Array(0),
    stderr: new Uint8Array(0),
    log,
    violations: [],
    leaked: null,
    instructions: 0,
    seconds: 0,
    metrics: {},
    counts: null,
  };
  const counting = run.coverage || run.profile;
  const machine = counting
    ? new CountingMachine({ ramBytes: run.ramBytes }, run.program, run.path, run.profile)
    : new Machine({ ramBytes: run.ramBytes });
  const events = {
    mask: meter.mask,
    stop: false,
    emit(event: Parameters<RunMeter['event']>[0]): void {
      if (meter.event(event)) this.stop = true;
    },
  };
  let k: Kernel | null = null;
  let first = 0;
  try {
    let before: kernel_usage_counts | null = null;
    const host = { write: sink.write.bind(sink), log: (line: string) => void log.push(line) };
    k = bootGuest(run, machine, events, host, (booted) => {
      before = kernel_usage(booted);
      meter.begin(booted);
    });
    first = machine.instructions;
    if (machine instanceof CountingMachine) machine.kernel = k;
    const end = runSlices(k, run, meter, started);
    outcome.end = end.kind;
    outcome.reason = end.reason;
    outcome.violations.push(...kernel_check(k).map((line) => `vm_check: ${line}`));
    if (end.kind === 'exited') {
      if (before !== null) outcome.leaked = difference(kernel_usage(k), before);
      if (outcome.leaked !== null) outcome.violations.push(...describeLeaks(outcome.leaked));
      const status = k.kern.main_status;
      const sig = signalIn(status);
      outcome.status = sig === 0 ? (status >> 8) & 0xff : 128 + sig;
      outcome.signal = sig === 0 ? null : signalNameOf(sig);
      if (sig !== 0) outcome.end = 'signal';
    }
  } catch (error) {
    outcome.end = error instanceof BootError ? 'refused' : 'panic';
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    outcome.reason =
      outcome.end === 'refused' || error instanceof KernelPanic ? message : (stack ?? message);
  }
  if (k !== null) outcome.metrics = meter.values(k, outcome.leaked);
  outcome.instructions = machine.instructions - first;
  outcome.stdout = sink.text(1);
  outcome.stderr = sink.text(2);
  if (machine instanceof CountingMachine) outcome.counts = machine.counts();
  outcome.seconds = (performance.now() - started) / 1000;
  return outcome;
}
