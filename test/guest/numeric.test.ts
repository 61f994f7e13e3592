// Numeric programs of Debian's C library, made for the x87 and for SSE: what they compute here is what the
// host's processor computes, to the last bit, in all rounding modes.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { execute, faultline, root } from '../helpers/faultline.js';
import { gcc32, glibc32, i386_host, wants } from '../helpers/tools.js';

const sources = join(root, 'test/guest/numeric');
const base = mkdtempSync(join(tmpdir(), 'faultline-numeric-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const FLAGS = ['-m32', '-static', '-O2', '-w', '-march=i686', '-pthread'];
const units: Record<string, string[]> = {
  x87: ['-mfpmath=387'],
  sse: ['-msse2', '-mfpmath=sse'],
};

const cases = readdirSync(sources)
  .filter((file) => file.endsWith('.c'))
  .sort()
  .flatMap((file) => Object.keys(units).map((unit) => ({ name: file.slice(0, -2), unit })));

describe.runIf(wants(gcc32, glibc32, i386_host))('numbers', () => {
  test.concurrent.each(cases)('$name, $unit', { timeout: 120_000 }, async ({ name, unit }) => {
    const program = join(base, `${name}.${unit}`);
    const source = join(sources, `${name}.c`);
    const compiled = await execute('gcc', [...FLAGS, ...units[unit], '-o', program, source, '-lm']);
    expect(compiled.status, compiled.stderr).toBe(0);
    const [host, guest] = await Promise.all([
      execute(program, [], { cwd: base }),
      faultline(['run', '--check', program], { timeout: 120_000 }),
    ]);
    const ended =
      host.signal === null ? host.status : 128 + constants.signals[host.signal as NodeJS.Signals];
    expect(host.stdout).not.toBe('');
    expect(guest.stdout).toBe(host.stdout);
    expect(guest.status).toBe(ended);
  });
});
