// --record, replay and debug --replay: the same run again, without the host that it had.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { faultline, root } from '../helpers/faultline.js';

const base = mkdtempSync(join(tmpdir(), 'faultline-record-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const shell = join(root, 'userland/prebuilt/sh');
const at = (name: string): string => join(base, name);

/** Reads input and a file, sleeps, forks, draws random numbers and looks at the clock. */
const SCRIPT = `read a; echo "got $a"; cat /here/file; (echo child; exit 3); echo $?; date +%s
head -c 8 /dev/random | hexdump; sleep 0.01; cat; exit 5`;

test('a replay writes what the run wrote, when the files it read are gone', async () => {
  const here = mkdtempSync(join(base, 'here-'));
  writeFileSync(join(here, 'file'), 'from the host\n');
  const words = ['run', '--record', at('a'), '--mount', `${here}:/here`, shell, '-c', SCRIPT];
  const run = await faultline(words, { stdin: 'one\ntwo\nthree\n' });
  expect(run.stderr).toBe('');
  expect(run.stdout).toMatch(
    /^got one\nfrom the host\nchild\n3\n\d+\n0000000.*\n0000008\ntwo\nthree\n$/,
  );
  expect(run.status).toBe(5);
  rmSync(here, { recursive: true });
  const again = await faultline(['replay', at('a')], { stdin: 'other\n' });
  expect(again).toEqual(run);
  expect(statSync(at('a')).size).toBeLessThan(2_000_000);
});

test('a run that was ended by its limit is replayed to there', async () => {
  const words = ['run', '--record', at('l'), '--limit-instructions', '300000', shell];
  const run = await faultline([...words, '-c', 'while :; do :; done']);
  expect(run.status).toBe(124);
  const again = await faultline(['replay', at('l')]);
  expect([again.status, again.stderr]).toEqual([0, '']);
});

test('what does not fit is refused in a line', async () => {
  await faultline(['run', '--record', at('b'), shell, '-c', 'echo hello']);
  const text = readFileSync(at('b'), 'utf8');
  const refused = async (contents: string, words: RegExp): Promise<void> => {
    writeFileSync(at('c'), contents);
    for (const command of [
      ['replay', at('c')],
      ['debug', '--batch', '--replay', at('c')],
    ]) {
      const { status, stderr } = await faultline(command);
      expect(stderr).toMatch(words);
      expect(stderr.split('\n')).toHaveLength(2);
      expect(status).toBe(125);
    }
  };
  await refused(text.replace(/"version":"[^"]*"/, '"version":"0.0.0-other"'), /recorded by faultline 0.0.0-other/); // prettier-ignore
  await refused(text.replace('"format":1', '"format":99'), /format 99/);
  await refused(text.slice(0, -100), /damaged/);
  await refused(text.replace(/("clock","ns":)1/, '$12'), /damaged/);
  await refused('', /not a recording/);
  await refused('\x7fELF\n', /not a recording/);
  expect((await faultline(['replay', at('missing')])).stderr).toContain('cannot read');
  expect((await faultline(['replay'])).stderr).toContain('replay wants one FILE');
  const swap = ['run', '--record', at('d'), '--swap-file', `${at('swap')}:1M`, shell];
  expect((await faultline(swap)).stderr).toContain('--record cannot record');
});

test('the debugger opens a recording, at both ends of it', async () => {
  await faultline(['run', '--record', at('e'), shell, '-c', 'read a; echo "$a"; exit 3'], {
    stdin: 'typed\n',
  });
  const commands = ['catch syscall write', 'run', 'when', 'delete', 'goto end', 'goto start', 'when', 'continue']; // prettier-ignore
  const words = commands.flatMap((line) => ['-ex', line]);
  const { stdout } = await faultline(['debug', '--batch', '--replay', at('e'), ...words]);
  expect(stdout).toMatch(/Catchpoint 1 \(call to syscall write\)[^]*Instruction [1-9]\d*,/);
  expect(stdout).toMatch(/Instruction 0,[^]*exited with code 03/);
  expect(stdout.match(/^typed$/gm)).toHaveLength(1);
});
