// The self-test of checkpoints: a run that saves itself, runs on, goes back and runs on again ends as
// one that does not, for every guest test.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { History, kernel_run } from '../../kernel/index.js';
import type { Kernel, KernelExit } from '../../kernel/index.js';
import { root } from '../helpers/faultline.js';
import { gcc32, wants } from '../helpers/tools.js';
import { digestOf, sameBytes, systemWith } from './checkpoint_system.js';

const RAM = 16 << 20;
const CHECKPOINTS = 3;
/** Instructions run in vain before going back, at most. */
const IN_VAIN = 400_000;

const build = join(root, 'userland/build');
const programs = ['freebsd', 'linux'].flatMap((abi) => {
  const dir = join(build, abi, 'test');
  return existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => !name.includes('.'))
        .sort()
        .map((name) => `${abi}/test/${name}`)
    : [];
});

function run(k: Kernel, instructions: number): KernelExit {
  const stop = k.machine.instructions + instructions;
  for (;;) {
    const exit = kernel_run(k, { instructions: stop - k.machine.instructions });
    if (exit.kind !== 'limit' || k.machine.instructions >= stop) return exit;
  }
}

describe.runIf(wants(gcc32))(
  'a run that saves and restores itself ends as one that does not',
  () => {
    test.each(programs)('%s', async (name) => {
      // Lets vitest tell of the test before.
      await new Promise((resolve) => setImmediate(resolve));
      const program = join(build, name);
      let output = '';
      const straight = systemWith(program, RAM, (text) => (output += text));
      const end = run(straight, 1e9);
      expect(end.kind).toBe('exited');
      const total = straight.machine.instructions;
      const digest = digestOf(straight);

      const k = systemWith(program, RAM);
      const history = new History(k, sameBytes);
      const interval = Math.ceil(total / CHECKPOINTS);
      let exit: KernelExit;
      do {
        const checkpoint = history.take();
        run(k, Math.min(2 * interval, IN_VAIN));
        history.restore(checkpoint);
        exit = run(k, interval);
      } while (exit.kind === 'limit');
      expect(exit).toEqual(end);
      expect(k.machine.instructions).toBe(total);
      expect(digestOf(k)).toBe(digest);
      // And from the very beginning once more.
      if (total < 2e6) {
        history.restore(history.checkpoints[0]);
        expect(run(k, 1e9)).toEqual(end);
        expect(digestOf(k)).toBe(digest);
      }
      expect(output).toBe('');
    });
  },
);
