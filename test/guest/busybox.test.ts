// Debian's busybox-static for i386, unmodified: what it prints here is what it prints on the host.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { execute, faultline, findBusybox } from '../helpers/faultline.js';
import type { Outcome } from '../helpers/faultline.js';
import { busybox, i386_host, wants } from '../helpers/tools.js';
import { BUSYBOX_CASES } from './busybox_commands.js';

/** Milliseconds: the longest cases take ten seconds where nothing else runs. */
const LONG = 300_000;

describe.runIf(wants(busybox, i386_host))('busybox sh -c', () => {
  const base = mkdtempSync(join(tmpdir(), 'faultline-busybox-'));
  const program = findBusybox() ?? '';
  const environment: Record<string, string> = {
    LANG: 'C',
    LC_ALL: 'C',
    TZ: 'UTC',
    PATH: dirname(program),
    BB: program,
  };
  const options = Object.entries(environment).flatMap(([name, value]) => [
    '-E',
    `${name}=${value}`,
  ]);

  mkdirSync(join(base, 'empty'));
  const here = ['--mount', `${join(base, 'empty')}:/here`, '--cwd', '/here'];

  afterAll(() => rmSync(base, { recursive: true, force: true }));

  test.concurrent.each(BUSYBOX_CASES)(
    '$name',
    async ({ name, script, stdin }) => {
      const cwd = join(base, name);
      mkdirSync(cwd);
      const host = await execute(program, ['sh', '-c', script], { cwd, stdin, env: environment });
      const words = ['run', '--check', ...options, ...here, program, 'sh', '-c', script];
      const guest = await faultline(words, { stdin, timeout: LONG });
      const seen = ({ status, stdout, stderr }: Outcome): object => ({ status, stdout, stderr });
      expect(seen(guest)).toEqual(seen(host));
    },
    2 * LONG,
  );
});
