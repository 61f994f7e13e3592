// faultline/testing: guests run from TypeScript, with its matchers.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { BuildError, Guest, matchers, runGuest } from '../../tools/test/testing.js';
import type { GuestOptions } from '../../tools/test/testing.js';
import { command, execute, root } from '../helpers/faultline.js';
import { gcc32, wants } from '../helpers/tools.js';

expect.extend(matchers);

const program = (name: string): string => join(root, 'userland/prebuilt', name);
/** From the sources, the programs are not where the package has them. */
const mounts = { '/bin': join(root, 'userland/prebuilt') };
const shell = (script: string, options: GuestOptions = {}): Promise<Guest> =>
  runGuest(program('sh'), { args: ['-c', script], mounts, ...options });

test('the package has it', async () => {
  const url = JSON.stringify(new URL('testing.js', pathToFileURL(command)));
  const code = `import { runGuest } from ${url};
    const guest = await runGuest(${JSON.stringify(program('sh'))}, { args: ['-c', 'echo hi | cat'] });
    console.log(guest.end, guest.status, guest.stdout.trim(), guest.violations.length);`;
  const { stdout, stderr } = await execute(process.execPath, ['--input-type=module', '-e', code]);
  expect([stdout, stderr]).toEqual(['exited 0 hi 0\n', '']);
});

test('a guest gets what it is given, and is seen', async () => {
  const guest = await shell('echo $0 $V; cat; cat /etc/é; pwd; echo e >&2; exit 3', {
    argv0: 'sh',
    env: { V: 'ü' },
    stdin: 'in\n',
    files: { '/etc/é': 'file\n' },
    cwd: '/tmp',
  });
  expect(guest).toExitWith(3);
  expect(guest).toPrint('sh ü\nin\nfile\n/tmp\n');
  expect(guest).toPrint(/^file$/m);
  expect(guest).toPrintError('e\n');
  expect(guest).toLeaveNothing();
  expect(guest).toCount('forks > 0');
  expect(guest).not.toExitWith(0);
  expect(guest).not.toPrint('');
  expect(guest.metric('faults.cow')).toBeLessThanOrEqual(guest.metric('faults'));
});

test('signals, limits and events', async () => {
  const killed = await shell('kill -s TERM $$');
  expect(killed).toBeKilledBy('SIGTERM');
  expect(killed.status).toBe(143);
  const cut = await shell('while :; do :; done', { limits: { instructions: 100_000 } });
  expect(cut.end).toBe('instruction-limit');
  expect(cut.instructions).toBe(100_000);
  expect(cut).not.toLeaveNothing();
  const counted = await shell('/bin/true; exit 0', { events: ['event.proc.exit'] });
  expect(counted).toCount('event.proc.exit == 2');
  expect(() => counted.metric('event.fault.copied')).toThrow('was not counted');
});

test('the same guest does the same every time', async () => {
  const [a, b] = [await shell('date; ls -l /bin | wc -l'), await shell('date; ls -l /bin | wc -l')];
  expect(a.stdout).toContain('2000');
  expect({ ...a.outcome, seconds: 0 }).toEqual({ ...b.outcome, seconds: 0 });
});

test('what a matcher says when it fails', async () => {
  const guest = await shell('echo a; exit 2');
  expect(() => expect(guest).toExitWith(0)).toThrow('the guest exited with 2, not 0');
  expect(() => expect(guest).toPrint('b\n')).toThrow('- b\n+ a');
  expect(() => expect(guest).toCount('instructions < 10')).toThrow(/instructions is \d+/);
  expect(() => expect(guest).toCount('instrs < 10')).toThrow("nothing is counted as 'instrs'");
  const { outcome } = guest;
  const leaking = new Guest({ ...outcome, violations: ['leaked: 1 page'] });
  expect(() => expect(leaking).toLeaveNothing()).toThrow('leaked: 1 page');
});

describe.runIf(wants(gcc32))('a source', () => {
  test.each([
    ['freebsd', 7],
    ['linux', 7],
  ] as const)('is compiled for %s', async (abi, status) => {
    const guest = await runGuest(join(root, 'examples/tests/exit.S'), { abi });
    expect(guest).toExitWith(status);
    expect(guest).toCount('syscalls == 1');
  });

  test('with an error is not', async () => {
    const path = join(root, 'test/guest/probe.c');
    await expect(
      runGuest(path, { cflags: ['-Werror', '-DNULL=', '-include', 'nowhere.h'] }),
    ).rejects.toThrow(BuildError);
  });
});
