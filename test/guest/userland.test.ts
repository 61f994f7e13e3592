// The guest tests: one program per behaviour (userland/test/*.c). Each says nothing and exits 0, or
// says what it saw. The FreeBSD build runs here only; the Linux build also runs on the host, which
// shows that the tests ask for what real hardware and a real kernel do.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { execute, faultline, root } from '../helpers/faultline.js';
import type { Outcome } from '../helpers/faultline.js';
import { gcc32, i386_host, prebuilt_gcc, wants } from '../helpers/tools.js';

const userland = join(root, 'userland');
const build = join(userland, 'build');
const canBuild = wants(gcc32);
const isNative = wants(gcc32, i386_host);

test.runIf(canBuild)('gcc -m32 builds the userland', () => {
  const make = spawnSync('make', ['-C', userland, '-j2'], { encoding: 'utf8' });
  expect(make.status, make.stderr).toBe(0);
});

const programs = (abi: string): string[] => {
  const dir = join(build, abi, 'test');
  return existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => !name.includes('.'))
        .sort()
    : [];
};

const nothing = { status: 0, stdout: '', stderr: '' };
const seen = ({ status, stdout, stderr }: Outcome): object => ({ status, stdout, stderr });

describe.runIf(canBuild)('FreeBSD guest test', () => {
  test.concurrent.each(programs('freebsd'))('%s', async (name) => {
    const outcome = await faultline(['run', '--check', join(build, 'freebsd/test', name)]);
    expect(seen(outcome)).toEqual(nothing);
  });
});

describe.runIf(isNative)('Linux guest test', () => {
  test.concurrent.each(programs('linux'))('%s', async (name) => {
    const program = join(build, 'linux/test', name);
    const [guest, host] = await Promise.all([
      faultline(['run', '--check', program]),
      execute(program, []),
    ]);
    expect(seen(host)).toEqual(nothing);
    expect(seen(guest)).toEqual(nothing);
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
