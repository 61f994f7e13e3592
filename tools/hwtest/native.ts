// Builds and runs the native harness.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeResults, encodeCases } from './layout.js';
import type { Case, Result } from './layout.js';

const FLAGS =
  '-m32 -O2 -static -nostdlib -ffreestanding -fno-pic -fno-stack-protector -mno-sse ' +
  '-fno-tree-loop-distribute-patterns -Wl,-Ttext-segment=0x60000000';

/** Compiles native.c. @returns the path of the program. Throws when there is no gcc. */
export function buildNative(source: string): string {
  if (!existsSync(source)) throw new Error(`${source} is not there; run from the project's root`);
  const program = join(mkdtempSync(join(tmpdir(), 'hwtest-')), 'native');
  execFileSync('gcc', [...FLAGS.split(' '), '-o', program, source], { stdio: 'inherit' });
  return program;
}

/** Runs cases on this machine's processor. */
export function runNative(program: string, cases: readonly Case[]): Result[] {
  const run = spawnSync(program, [], { input: encodeCases(cases), maxBuffer: 1 << 30 });
  if (run.status !== 0) {
    const done = decodeResults(run.stdout).length;
    throw new Error(
      `the native harness ended with ${run.signal ?? run.status} after ${done} cases`,
    );
  }
  return decodeResults(run.stdout);
}
