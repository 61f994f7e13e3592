// Debian's i386 bc, gawk, Lua and Python, dynamically linked, on scripts full of numbers: output and status
// are those that the same programs have on the host, under the same loader and libraries.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { execute, faultline, findDebian, root } from '../helpers/faultline.js';
import { debian, i386_host, wants } from '../helpers/tools.js';

/** Program and words; the script comes through standard input. */
const cases: readonly (readonly [script: string, ...words: string[]])[] = [
  ['digits.bc', 'bc', '-l'],
  ['numbers.awk', 'gawk', '-f', '/dev/stdin'],
  ['precise.awk', 'gawk', '-M', '-f', '/dev/stdin'],
  ['numbers.lua', 'lua5.4', '-'],
  ['numbers.py', 'python3.11', '-'],
];

describe.runIf(wants(debian, i386_host))('Debian', () => {
  test.concurrent.each(cases)('%s', { timeout: 120_000 }, async (script, name, ...words) => {
    const dir = findDebian() ?? '';
    const stdin = readFileSync(join(root, 'test/guest/debian', script));
    const env = { LC_ALL: 'C' };
    const libraries = ['lib', 'usr/lib'].map((lib) => join(dir, lib, 'i386-linux-gnu')).join(':');
    const loader = ['--library-path', libraries, join(dir, 'usr/bin', name), ...words];
    const [host, guest] = await Promise.all([
      execute(join(dir, 'lib/ld-linux.so.2'), loader, {
        stdin,
        env: { ...env, PYTHONHOME: join(dir, 'usr') },
      }),
      faultline(['run', '--check', '-E', 'LC_ALL=C', '-L', dir, `/usr/bin/${name}`, ...words], {
        stdin,
        timeout: 120_000,
      }),
    ]);
    expect(host.stdout).not.toBe('');
    expect(guest.stdout).toBe(host.stdout);
    expect(guest.stderr).toBe(host.stderr);
    expect(guest.status).toBe(host.status);
    expect(host.status).toBe(0);
  });
});
