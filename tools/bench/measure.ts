// Timing one program natively, under qemu-i386 and here.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The least of `rounds` measurements, NaN when none succeeded: what disturbs only ever adds. */
function least(rounds: number, measure: () => number): number {
  let best = NaN;
  for (let i = 0; i < rounds; i++) {
    const t = measure();
    if (!(t >= best)) best = t;
  }
  return best;
}

/** Seconds that a command takes; NaN when it cannot be run or fails. */
export function seconds(command: string, args: readonly string[]): number {
  const start = process.hrtime.bigint();
  const { status } = spawnSync(command, args, { stdio: 'ignore' });
  return status === 0 ? Number(process.hrtime.bigint() - start) / 1e9 : NaN;
}

/** How a command's time depends on the rounds it is told to do. */
export interface Cost {
  /** Of all its rounds, without what a run of no rounds takes. */
  seconds: number;
  perRound: number;
}

/**
 * The cost of `count` rounds of a host command that takes their number as its last argument, from a
 * run of `measured` rounds.
 */
export function hostCost(
  command: string,
  args: string[],
  count: number,
  measured: number,
  rounds: number,
): Cost {
  const time = (n: number): number => least(rounds, () => seconds(command, [...args, String(n)]));
  const perRound = Math.max(time(measured) - time(0), 1e-6) / measured;
  return { seconds: perRound * count, perRound };
}

export interface GuestCost extends Cost {
  /** Instructions per second once warm. */
  rate: number;
  /** Seconds of a run that do not grow with its length: what compiling and caching cost. */
  warmup: number;
}

interface Statistics {
  seconds: number;
  instructions: number;
}

/** One run here; its own account of time leaves out the start of the command. */
function guestRun(
  faultline: string,
  command: readonly string[],
  n: number,
  log: string,
): Statistics | null {
  const args = [faultline, 'run', '--stats', '--json', '-D', log, ...command, String(n)];
  if (spawnSync(process.execPath, args, { stdio: 'ignore' }).status !== 0) return null;
  const last = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
  return JSON.parse(last) as Statistics;
}

/**
 * The cost here: from a run of a quarter of the rounds and one of all, the difference being what
 * rounds cost when everything is warm.
 */
export function guestCost(
  faultline: string,
  command: readonly string[],
  count: number,
  rounds: number,
  log: string,
): GuestCost | null {
  const some = Math.ceil(count / 4);
  const best = (n: number): Statistics | null => {
    let found: Statistics | null = null;
    for (let i = 0; i < rounds; i++) {
      const run = guestRun(faultline, command, n, log);
      if (run !== null && (found === null || run.seconds < found.seconds)) found = run;
    }
    return found;
  };
  const short = best(some);
  const long = best(count);
  if (short === null || long === null) return null;
  const perRound = (long.seconds - short.seconds) / (count - some);
  return {
    seconds: long.seconds,
    perRound,
    rate: (long.instructions - short.instructions) / (long.seconds - short.seconds),
    warmup: Math.max(0, short.seconds - perRound * some),
  };
}
