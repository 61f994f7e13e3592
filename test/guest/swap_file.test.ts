// --swap-file: pages that leave the guest's memory are in a file of the host, which is made, kept, locked
// and refused as asked.

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { faultline, root } from '../helpers/faultline.js';
import type { Outcome } from '../helpers/faultline.js';
import { gcc32, wants } from '../helpers/tools.js';
import { scratchDirectory } from './cli_probe.js';

const MB = 1 << 20;
const PAGE = 4096;
const [scratch, removeScratch] = scratchDirectory();
afterAll(removeScratch);
const at = (name: string): string => join(scratch, name);
const program = (name: string): string => join(root, 'userland/build/freebsd/test', name);
const fl = (...words: string[]): Promise<Outcome> => faultline(words, { cwd: scratch });

/** Pages of a file with something in them, of those that lie in [from, to) bytes. */
function written(path: string, from = 0, to = Infinity): number {
  const bytes = readFileSync(path);
  let pages = 0;
  for (let i = from; i < Math.min(to, bytes.length); i += PAGE)
    if (bytes.subarray(i, i + PAGE).some((byte) => byte !== 0)) pages++;
  return pages;
}

/** Pages of a file that begin with a letter and are zero otherwise. */
function beginning(path: string, letter: string): number {
  const bytes = readFileSync(path);
  let pages = 0;
  for (let i = 0; i < bytes.length; i += PAGE) {
    const page = bytes.subarray(i, i + PAGE);
    if (page[0] === letter.charCodeAt(0) && page.subarray(1).every((byte) => byte === 0)) pages++;
  }
  return pages;
}

describe.runIf(wants(gcc32))('--swap-file', () => {
  test('vm#93 what is paged out is in the file, and comes back from it', async () => {
    // Three processes hold 6000 pages, in a machine that has 4096; --check compares the structures.
    const words = ['--check', '--mem', '16M', '--stats', '--swap-file', 'swap:64M'];
    const { status, stdout, stderr } = await fl('run', ...words, program('pressure_oom'), '1000');
    const lines = stdout.trim().split('\n').sort();
    expect({ status, lines }).toEqual({
      status: 0,
      lines: ['0 killed', 'first lives', 'second lives', 'third lives'],
    });
    expect(statSync(at('swap')).size).toBe(64 * MB);
    expect(Number(/(\d+) +v_swappgsin/.exec(stderr)?.[1])).toBeGreaterThan(1000);
    // Each page begins with its process's letter: f, s or t.
    expect(written(at('swap'))).toBeGreaterThan(1000);
    for (const letter of 'fst')
      expect(beginning(at('swap'), letter), `pages of ${letter}`).toBeGreaterThan(100);
    // The first two blocks of a device are never used: a label may be there.
    expect(written(at('swap'), 0, 2 * PAGE)).toBe(0);
    expect(existsSync(at('swap.lock'))).toBe(false);
  });

  test('a file keeps its size, and nothing is written where nothing is paged out', async () => {
    writeFileSync(at('old'), new Uint8Array(2 * MB));
    expect(await fl('run', '--swap-file', 'old', program('append'))).toMatchObject({ status: 0 });
    expect(statSync(at('old')).size).toBe(2 * MB);
    expect(written(at('old'))).toBe(0);
  });

  test.each([
    ['nothing/swap:2M', 'cannot swap to nothing/swap: no such file or directory'],
    [
      'missing',
      'cannot swap to missing: there is no such file; give a size to have it made (FILE:SIZE)',
    ],
    ['.:2M', 'cannot swap to .: '],
    ['small', 'cannot swap to small: it is smaller than 1M'],
    ['used', `cannot swap to used: it is in use by process ${process.pid} (used.lock)`],
    ['new:12K', '--swap-file wants a size from 1M to 4G'],
  ])('%s is refused with a line', async (words, line) => {
    writeFileSync(at('small'), new Uint8Array(MB / 2));
    writeFileSync(at('used'), new Uint8Array(2 * MB));
    writeFileSync(at('used.lock'), `${process.pid}\n`);
    const { status, stdout, stderr } = await fl('run', '--swap-file', words, program('append'));
    expect(stderr).toMatch(/^faultline: [^\n]+\n$/);
    expect(stderr.toLowerCase()).toContain(line.toLowerCase());
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(existsSync(at('missing'))).toBe(false);
  });

  test('the lock of a process that is gone is taken over', async () => {
    writeFileSync(at('left'), new Uint8Array(2 * MB));
    writeFileSync(at('left.lock'), '4194304\n');
    expect(await fl('run', '--swap-file', 'left', program('append'))).toMatchObject({ status: 0 });
    expect(existsSync(at('left.lock'))).toBe(false);
  });
});
