// The model test: random programs in several processes over several files, with so little memory that
// everything is paged, against a naive model (model.ts). MODEL_OPERATIONS says how many operations
// (`npm run model -- --operations 1000000`); a failing program is shrunk and printed with its seed.

import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { World, step } from './model_steps.js';

const USUAL = 30_000;
const operations = Number(process.env['MODEL_OPERATIONS'] ?? USUAL);
const seed = Number(process.env['MODEL_SEED'] ?? (operations > USUAL ? Date.now() % 1e9 : 1));
/** Every how many operations all invariants are checked. */
const CHECK_EVERY = operations > USUAL ? 25 : 1;
const STEPS = 250;
/** Pages of memory for programs, of which the page daemon keeps some 50. */
const PAGES = 76;

const seen = { done: 0, swapped: 0, cow: 0 };

afterAll(() => {
  console.log(
    `model: seed ${seed}, ${seen.done} operations, ${seen.swapped} pages from swap, ${seen.cow} copies`,
  );
});

test(
  'A#1 A#7 A#10 A#14 A#16 A#20 A#23 A#24 vm#1 everybody sees the memory that the manual promises',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: STEPS, size: 'max' }),
        async (steps) => {
          if (seen.done >= operations) return;
          // The runner wants to hear of its worker once a minute.
          await new Promise(setImmediate);
          const world = new World(PAGES);
          steps.forEach((s, i) => {
            world.do(s);
            if (i % CHECK_EVERY === 0) expect(world.driver.check()).toEqual([]);
          });
          world.look();
          expect(world.driver.check()).toEqual([]);
          expect(world.driver.log).toEqual([]);
          const { cnt } = world.driver.k.vm;
          seen.done += world.done;
          seen.swapped += cnt.v_swappgsin;
          seen.cow += cnt.v_cow_faults;
        },
      ),
      { numRuns: Math.ceil(operations / 20), seed },
    );
    expect(seen.done).toBeGreaterThanOrEqual(operations);
    // It really did page.
    expect(seen.swapped).toBeGreaterThan(operations / 50);
  },
  Math.max(300_000, operations * 5),
);
