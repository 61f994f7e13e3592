// Programs of Debian's C library: what they print and how they end here is what they do on the host.
// They are static and for an i686 without SSE, as the machine is.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { execute, faultline, findBusybox, root } from '../helpers/faultline.js';
import type { Outcome } from '../helpers/faultline.js';
import { gcc32, glibc32, i386_host, wants } from '../helpers/tools.js';

const sources = join(root, 'test/guest/glibc');
const base = mkdtempSync(join(tmpdir(), 'faultline-glibc-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const FLAGS = ['-m32', '-static', '-O2', '-w', '-march=i686', '-mfpmath=387', '-pthread'];
const compile = (name: string): Promise<Outcome> =>
  execute('gcc', [...FLAGS, '-o', join(base, name), join(sources, `${name}.c`), '-lm']);

/** A root with the program and, when there is a busybox, a shell. */
function guestRoot(name: string): string {
  const dir = join(base, `${name}.root`);
  for (const sub of ['bin', 'tmp']) mkdirSync(join(dir, sub), { recursive: true });
  copyFileSync(join(base, name), join(dir, name));
  const busybox = findBusybox();
  if (busybox !== null) copyFileSync(busybox, join(dir, 'bin/sh'));
  return dir;
}

const names = readdirSync(sources)
  .filter((file) => file.endsWith('.c'))
  .map((file) => file.slice(0, -2))
  .sort();

/** The environment of both: the host's PATH finds its shell. */
const environment = { LC_ALL: 'C', TZ: 'UTC', PATH: '/bin:/usr/bin' };
const words = Object.entries(environment).flatMap(([name, value]) => ['-E', `${name}=${value}`]);

describe.runIf(wants(gcc32, glibc32, i386_host))('glibc', () => {
  test.concurrent.each(names)('%s', { timeout: 60_000 }, async (name) => {
    const compiled = await compile(name);
    expect(compiled.status, compiled.stderr).toBe(0);
    const [host, guest] = await Promise.all([
      execute(join(base, name), [], { cwd: base, env: environment }),
      faultline(['run', '--check', ...words, '-L', guestRoot(name), `/${name}`]),
    ]);
    // The command ends with 128 and the number of the signal that ended the guest.
    const ended =
      host.signal === null ? host.status : 128 + constants.signals[host.signal as NodeJS.Signals];
    expect(guest.stdout).toBe(host.stdout);
    expect(guest.stderr).toBe(host.stderr);
    expect(guest.status).toBe(ended);
  });
});
