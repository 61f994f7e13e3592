// The guest tests: one program per behaviour (userland/test/*.c), run by `faultline test`. Each says
// nothing and exits 0, or says what it saw. The Linux build also runs on the host, which shows that
// the tests ask for what real hardware and a real kernel do.

import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { execute, faultline, root } from '../helpers/faultline.js';
import { gcc32, i386_host, prebuilt_gcc, wants } from '../helpers/tools.js';

const userland = join(root, 'userland');
const build = join(userland, 'build');
const canBuild = wants(gcc32);
const isNative = wants(gcc32, i386_host);

test.runIf(canBuild)('gcc -m32 builds the userland', () => {
  const make = spawnSync('make', ['-C', userland, '-j2'], { encoding: 'utf8' });
  expect(make.status, make.stderr).toBe(0);
});

interface Report {
  tests: { name: string; verdict: string; failures: string[] }[];
}

/** What `faultline test userland/test` says, asked once. */
let report: Promise<Map<string, Report['tests'][number]>> | null = null;

async function results(): Promise<Map<string, Report['tests'][number]>> {
  const words = ['test', '--reporter', 'json', '--recordings=', 'userland/test'];
  const { stdout, stderr } = await faultline(words, { cwd: root, timeout: 300_000 });
  expect(stderr).toBe('');
  const { tests } = JSON.parse(stdout) as Report;
  return new Map(tests.map((result) => [result.name, result]));
}

const sources = readdirSync(join(userland, 'test'))
  .filter((file) => /\.[cS]$/.test(file))
  .sort();

/** The rows that the first comment of a guest test names (vm#12). */
function rowsOf(file: string): string {
  const source = readFileSync(join(userland, 'test', file), 'utf8');
  const rows = source.slice(0, source.indexOf('*/')).match(/\bvm#\d+/g) ?? [];
  return rows.map((row) => `${row} `).join('');
}

// In order, not at the same time: the first waits for the report of all.
describe.runIf(canBuild)('guest test', () => {
  const cases = sources.flatMap((file) =>
    ['freebsd', 'linux'].map((system) => [rowsOf(file), file, system]),
  );
  test.each(cases)(
    '%s%s for %s',
    async (_rows, file, system) => {
      const result = (await (report ??= results())).get(`userland/test/${file}[system=${system}]`);
      expect([result?.verdict, ...(result?.failures ?? [])]).toEqual(['passed']);
    },
    300_000,
  );
});

describe.runIf(isNative)('guest test on the host', () => {
  const nothing = { status: 0, stdout: '', stderr: '' };
  test.concurrent.each(sources)('%s', async (file) => {
    const { status, stdout, stderr } = await execute(
      join(build, 'linux/test', file.replace(/\.\w+$/, '')),
      [],
    );
    expect({ status, stdout, stderr }).toEqual(nothing);
  });
});

describe.runIf(wants(prebuilt_gcc))('the compiled copies that travel with the package', () => {
  const prebuilt = join(userland, 'prebuilt');
  test.each(readdirSync(prebuilt).sort())('%s is what the sources give', (name) => {
    const ours = readFileSync(join(prebuilt, name));
    const fresh = readFileSync(join(build, 'freebsd/bin', name));
    expect(fresh.equals(ours), `npm run userland renews userland/prebuilt/${name}`).toBe(true);
  });
});
