// The guest tests in a machine that has hardly more memory than the kernel needs: programs page to
// swap all the time, the page daemon runs, and what waits for memory has to get it in the end.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { VM_ALLOC_NOOBJ, VM_ALLOC_SYSTEM, VM_ALLOC_WIRED } from '../../kernel/vm/vm_param.js';
import { vm_page_alloc } from '../../kernel/vm/vm_page.js';
import { GuestKernel } from '../helpers/guest_kernel.js';
import type { GuestOutcome } from '../helpers/guest_kernel.js';
import { root } from '../helpers/faultline.js';
import { gcc32, wants } from '../helpers/tools.js';

const programs = join(root, 'userland/build/freebsd/test');
const MB = 1 << 20;
/** Pages for programs and the page daemon's reserves, of which some 50 are never given to users. */
const PAGES = 80;

/** These ask for pages that stay, for more wired memory than there is, or only for time. */
const NOT_HERE = new Set(['rusage_faults', 'mlock', 'fpu_fork', 'fairness', 'pipe_blocking']);

const names = existsSync(programs)
  ? readdirSync(programs).filter((name) => !name.includes('.') && !NOT_HERE.has(name))
  : [];

/** A machine of which only `pages` pages are free once the kernel is up. */
function small(pages: number, swapBytes = 64 * MB): GuestKernel {
  const guest = new GuestKernel({ ramBytes: MB + 64 * 1024, swapBytes });
  const { k } = guest;
  while (k.vm.cnt.v_free_count > pages)
    vm_page_alloc(k, null, 0, VM_ALLOC_SYSTEM | VM_ALLOC_NOOBJ | VM_ALLOC_WIRED);
  return guest;
}

const well: GuestOutcome = { status: 0, output: '', log: [], violations: [] };

const canBuild = wants(gcc32);

test.runIf(canBuild)('the guest tests have been built', () => {
  expect(names.length).toBeGreaterThan(50);
});

describe.runIf(canBuild)(`vm#120 with ${PAGES} pages`, () => {
  let paged = 0;

  beforeAll(() => () => {
    // They really did page.
    expect(paged).toBeGreaterThan(100);
  });

  test.each(names)('%s', (name) => {
    const guest = small(PAGES);
    expect(guest.run(join(programs, name))).toEqual(well);
    paged += guest.k.vm.cnt.v_swappgsin;
  });
});

describe.runIf(canBuild)('A#21 vm#126 without swap', () => {
  test('what fits still runs', () => {
    expect(small(160, 0).run(join(programs, 'fork_tree'))).toEqual(well);
  });

  test('what does not is killed, with a line, and leaves a kernel in order', () => {
    const guest = small(PAGES, 0);
    const outcome = guest.run(join(programs, 'stack_limit'));
    expect(outcome.violations).toEqual([]);
    expect(outcome.log.join()).toContain('was killed: out of swap space');
    expect(outcome.status).not.toBe('asleep');
    expect(guest.k.vm.cnt.v_free_count).toBeGreaterThan(PAGES - 8);
    // And the next program finds its memory.
    expect(guest.run(join(programs, 'append'))).toEqual(well);
  });
});
