// Programs that want far more memory than there is (A#20, A#21): they finish, with the right answer,
// or the one that FreeBSD would take dies.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { vm_object_depth } from '../../kernel/vm/vm_object.js';
import { GuestKernel } from '../helpers/guest_kernel.js';
import { root } from '../helpers/faultline.js';

const MB = 1 << 20;
const program = (name: string): string => join(root, 'userland/build/freebsd/test', name);
/** In full size with FULL=1, and where nothing may be left out. */
const full = process.env['FULL'] !== undefined || process.env['FAULTLINE_TESTS'] === 'all';
/** MB of numbers, four times what the machine has; and seconds of thrashing. */
const numbers = full ? 64 : 16;
const seconds = full ? 600 : 60;
const size = full ? 'full size' : 'not in full';

test(`A#20 A#21 vm#120 ${numbers} MB of numbers are sorted in ${numbers / 4} MB (${size})`, async () => {
  const guest = new GuestKernel({
    ramBytes: (numbers / 4) * MB,
    swapBytes: Math.floor(numbers * 2.5) * MB,
  });
  const outcome = await guest.runLong(program('pressure_sort'), [String(numbers)], 2e10);
  expect(outcome).toEqual({ status: 0, output: '', log: [], violations: [] });
  // Everything that does not fit has come back at least once.
  expect(guest.k.vm.cnt.v_swappgsin).toBeGreaterThan(((numbers * 3) / 4 / 4096) * MB);
}, 600_000);

test(`A#20 A#21 vm#120 forty processes thrash for ${seconds} virtual seconds, and all get on (${size})`, async () => {
  const guest = new GuestKernel({ ramBytes: 4 * MB, swapBytes: 64 * MB });
  const outcome = await guest.runLong(
    program('pressure_thrash'),
    ['40', '40', String(seconds)],
    2e10,
  );
  expect(outcome).toEqual({ status: 0, output: '', log: [], violations: [] });
  expect(guest.k.vm.cnt.v_swappgsin).toBeGreaterThan(1000);
}, 600_000);

test('A#21 vm#126 out of memory, the process with most pages in memory and swap dies', () => {
  // 1 + 3 + 2 parts are held; a fourth process wants 2 more and there is room for 1.
  const guest = new GuestKernel({ ramBytes: 2 * MB, swapBytes: 3 * MB });
  // A victim that is swapped out cannot die before swapper() finds memory, and more are killed.
  guest.k.vm.tunables.swap_enabled = 0;
  const outcome = guest.run(program('pressure_oom'), ['150']);
  expect(outcome.violations).toEqual([]);
  expect(outcome.log.filter((line) => line.includes('was killed')).length).toBe(1);
  expect(outcome.output.split('\n').sort()).toEqual(['', '1 killed', 'first lives', 'third lives']);
  expect(outcome.status).toBe(0);
});

test('A#14 A#16 vm#19 a line of 10,000 generations leaves no chain and no memory behind', async () => {
  const guest = new GuestKernel({ ramBytes: 16 * MB, swapBytes: 16 * MB });
  const { k } = guest;
  const free: number[] = [];
  let deepest = 0;
  let generations = 0;
  const stop = 4e9;
  let forks = 0;
  guest.observe = () => {
    if (k.vm.cnt.v_forks - forks < 100) return;
    forks = k.vm.cnt.v_forks;
    generations = forks;
    free.push(k.vm.cnt.v_free_count);
    for (const object of k.vm.object_list) deepest = Math.max(deepest, vm_object_depth(object));
  };
  const outcome = await guest.runLong(program('fork_chain'), ['10000'], stop);
  expect(outcome).toEqual({ status: 0, output: '', log: [], violations: [] });
  expect(generations).toBeGreaterThan(9900);
  expect(deepest).toBeLessThanOrEqual(2);
  // From the first hundred generations on, give or take what lives at the moment.
  expect(Math.max(...free) - Math.min(...free)).toBeLessThan(40);
}, 120_000);
