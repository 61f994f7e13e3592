// Random and damaged programs. Whatever a guest does ends in an exit, a signal, an error line or a
// limit; never in an exception of the host, a failed assertion of the kernel, a hang, or a leak.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errno_text } from '../../kernel/kern/subr_errno.js';
import { random } from '../helpers/random.js';
import { findBusybox, root } from '../helpers/faultline.js';
import { FuzzKernel, callNumbers, watchdog } from './fuzz_kernel.js';
import type { FuzzEnd } from './fuzz_kernel.js';
import { mutate, mutateScript } from './fuzz_mutate.js';
import { plausibleProgram } from './fuzz_plausible.js';
import { randomProgram, syscallProgram } from './fuzz_programs.js';

type Random = () => number;

const seconds = (n: number): number => n * 1000;
/** A kernel serves this many programs; then comes a fresh one. */
const PROGRAMS_PER_KERNEL = 250;
/** FUZZ_SEED=n looks at other programs; FUZZ_ONLY=n at program n of each set alone. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const ONLY = process.env['FUZZ_ONLY'];

const progress = new Int32Array(new SharedArrayBuffer(8));
let unwatch = (): void => {};
beforeAll(() => {
  unwatch = watchdog(progress, 20);
});
afterAll(() => unwatch());

interface FuzzSet {
  set: number;
  count: number;
  instructions: number;
  programsPerKernel: number;
  make(next: Random, kernel: FuzzKernel): Uint8Array;
}

/** Runs the set. @returns how many programs ended in which way; throws at the first that broke something. */
async function fuzz(options: FuzzSet): Promise<Map<string, number>> {
  const { set, count, instructions, programsPerKernel } = options;
  const ends = new Map<string, number>();
  let kernel: FuzzKernel | null = null;
  let fresh = 0;
  progress[1] = set;
  const first = ONLY === undefined ? 0 : Number(ONLY);
  const last = ONLY === undefined ? count : first + 1;
  for (let n = first; n < last; n++) {
    Atomics.store(progress, 0, n);
    // vitest wants to hear from this process now and then.
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (kernel === null || n - fresh === programsPerKernel) {
      kernel = new FuzzKernel();
      fresh = n;
    }
    const next = random(SEED * 1_000_003 + set * 100_003 + n);
    for (let warm = 0; warm < 8; warm++) next();
    let end: FuzzEnd;
    let broken = '';
    try {
      end = kernel.run(options.make(next, kernel), { instructions });
      broken = kernel.leftovers();
      // The check costs more than a program.
      if (broken !== '' || n - fresh === programsPerKernel - 1 || n === last - 1)
        broken = [...kernel.violations(), broken].filter((line) => line !== '').join('; ');
    } catch (error) {
      throw new Error(`program ${n} of set ${set}, seed ${SEED}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    if (broken !== '') throw new Error(`program ${n} of set ${set}, seed ${SEED}: ${broken}`);
    const key = end.kind === 'exited' ? end.kind : `${end.kind} ${end.detail}`;
    ends.set(key, (ends.get(key) ?? 0) + 1);
  }
  return ends;
}

function report(title: string, ends: Map<string, number>): void {
  const lines = [...ends].sort(([, a], [, b]) => b - a).map(([end, n]) => `${n} ${end}`);
  console.log(`${title}: ${lines.join(', ')}`);
}

const build = join(root, 'userland/build');

/** Valid executables to damage: the smallest guest programs, and the first pages of a large one. */
function victims(): Uint8Array[] {
  const files: Uint8Array[] = [];
  for (const abi of ['freebsd', 'linux']) {
    const dir = join(build, abi, 'test');
    if (!existsSync(dir)) continue;
    for (const name of readdirSync(dir).sort()) {
      const bytes = readFileSync(join(dir, name));
      if (bytes.length < 12_000) files.push(new Uint8Array(bytes));
    }
  }
  const busybox = findBusybox();
  if (busybox !== null) files.push(new Uint8Array(readFileSync(busybox).subarray(0, 16_384)));
  return files;
}

function damaged(next: Random, files: Uint8Array[]): Uint8Array {
  if (next() % 16 === 0) return mutateScript(next);
  return mutate(next, next() % 8 ? files[next() % files.length] : randomProgram(next));
}

/** Errors that execve(2) of FreeBSD 11 gives for a file that can be found. */
const EXEC_ERRORS = [2, 7, 8, 12, 13, 14, 20, 22, 26, 40, 62, 63].map((e) => errno_text(e));

describe('a hostile program ends and leaves nothing behind', () => {
  test(
    '10,000 programs of random bytes',
    async () => {
      const ends = await fuzz({
        set: 1,
        count: 10_000,
        instructions: 20_000,
        programsPerKernel: PROGRAMS_PER_KERNEL,
        make: randomProgram,
      });
      report('random bytes', ends);
    },
    seconds(600),
  );

  test(
    '10,000 damaged executables and scripts',
    async () => {
      const files = victims();
      expect(files.length, 'no guest programs: install gcc-multilib').toBeGreaterThan(10);
      const ends = await fuzz({
        set: 2,
        count: 10_000,
        instructions: 20_000,
        programsPerKernel: PROGRAMS_PER_KERNEL,
        make: (next) => damaged(next, files),
      });
      report('damaged files', ends);
      const refused = [...ends.keys()]
        .filter((end) => end.startsWith('refused '))
        .map((end) => end.slice(end.indexOf(': ') + 2));
      for (const error of refused) expect(EXEC_ERRORS).toContain(error);
    },
    seconds(600),
  );

  test.each([
    ['freebsd', 3],
    ['linux', 4],
  ])(
    '1,500 programs of random %s system calls',
    async (abi, set) => {
      const ends = await fuzz({
        set,
        count: 1500,
        instructions: 20_000,
        programsPerKernel: 10,
        make: (next) => syscallProgram(next, abi === 'linux', callNumbers(abi), 50),
      });
      report(`${abi} system calls`, ends);
    },
    seconds(600),
  );

  test.each([
    ['freebsd', 5],
    ['linux', 6],
  ])(
    '300 programs of plausible %s system calls',
    async (abi, set) => {
      const ends = await fuzz({
        set,
        count: 300,
        instructions: 30_000,
        programsPerKernel: 10,
        make: (next, kernel) => {
          kernel.overcommit(next() % 4 === 0 ? 1 : 0);
          return plausibleProgram(next, abi === 'linux', 80);
        },
      });
      report(`plausible ${abi} calls`, ends);
    },
    seconds(600),
  );
});
