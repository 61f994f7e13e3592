// The guest's shell against dash, which is Debian's /bin/sh: the same scripts must print the same and
// end with the same status. All scripts of a topic run in one machine, one shell process each.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { execute, faultline, root } from '../helpers/faultline.js';
import { dash, gcc32, wants } from '../helpers/tools.js';
import { scriptsOf, topics } from './shell_scripts.js';

const bin = join(root, 'userland/build/freebsd/bin');
const shell = join(bin, 'sh');
const hostShell = '/bin/dash';
const canBuild = wants(gcc32);
const scratch = mkdtempSync(join(tmpdir(), 'faultline-shell-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** What a script did. */
interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

const separator = '\x1e';

/**
 * Runs numbered scripts one after the other and prints, with separators: number, status, output,
 * error output. Each has an empty directory and is ../script there.
 */
const driver = `
mkdir -p $WORK && cd $WORK || exit 1
i=0
while [ $i -lt $COUNT ]; do
	mkdir $i
	cat $SCRIPTS/$i >script
	cd $i
	$SH ../script >../out 2>../err </dev/null
	status=$?
	cd ..
	printf '\\036%d\\036%d\\036' $i $status
	cat out
	printf '\\036'
	cat err
	i=$((i + 1))
done
`;

const parse = (output: string): Result[] => {
  const results: Result[] = [];
  const parts = output.split(separator).slice(1);
  for (let i = 0; i + 3 < parts.length; i += 4)
    results.push({
      status: Number(parts[i + 1]),
      stdout: parts[i + 2] ?? '',
      stderr: parts[i + 3] ?? '',
    });
  return results;
};

const guest = (words: readonly string[], mounts: readonly string[] = []) =>
  faultline(
    [
      'run',
      '--check',
      '--mount',
      `${bin}:/bin`,
      ...mounts,
      '-E',
      'PATH=/bin',
      '--argv0',
      'sh',
    ].concat(shell, words),
    { timeout: 240_000 },
  );

describe.runIf(wants(gcc32, dash)).each(topics)('shell scripts: %s', (topic) => {
  const scripts = scriptsOf(topic);
  const directory = join(scratch, topic);
  mkdirSync(directory);
  scripts.forEach((script, i) => {
    writeFileSync(join(directory, String(i)), script.text);
  });
  writeFileSync(join(directory, 'driver'), driver);
  const count = String(scripts.length);

  const outcomes = Promise.all([
    guest(
      ['/scripts/driver'],
      [
        ...['--mount', `${directory}:/scripts`, '-E', 'SCRIPTS=/scripts', '-E', 'WORK=/tmp/work'],
        ...['-E', 'SH=/bin/sh', '-E', `COUNT=${count}`, '-E', 'HOME=/'],
      ],
    ),
    execute(hostShell, [join(directory, 'driver')], {
      env: {
        PATH: '/bin:/usr/bin',
        SCRIPTS: directory,
        WORK: join(directory, 'work'),
        SH: hostShell,
        COUNT: count,
        HOME: '/',
        LC_ALL: 'C',
      },
    }),
  ]);

  test('all are run', async () => {
    const [ours, theirs] = await outcomes;
    expect({ status: ours.status, stderr: ours.stderr }).toEqual({ status: 0, stderr: '' });
    expect(parse(ours.stdout).length).toBe(scripts.length);
    expect(parse(theirs.stdout).length).toBe(scripts.length);
  });

  test.each(scripts.map((script, i) => [script.name, i] as const))('%s', async (_, i) => {
    const [ours, theirs] = await outcomes;
    const named = (result: Result | undefined): object | undefined =>
      result && {
        ...result,
        stderr: result.stderr.replaceAll(hostShell, '/bin/sh'),
      };
    expect(named(parse(ours.stdout)[i])).toEqual(named(parse(theirs.stdout)[i]));
  });
});

describe.runIf(canBuild)('the shell', () => {
  test('leaves to a command what follows it on standard input', async () => {
    const script = 'read x\nline\necho "[$x]"\ncat\nrest of\ninput\n';
    const outcome = await faultline(
      ['run', '--check', '--mount', `${bin}:/bin`, '-E', 'PATH=/bin', shell],
      {
        stdin: script,
      },
    );
    expect(outcome).toMatchObject({ status: 0, stdout: '[line]\nrest of\ninput\n', stderr: '' });
  });

  test('counts lines in LINENO', async () => {
    const outcome = await guest([
      '-c',
      'echo $LINENO\n\nf() {\n  echo $LINENO\n}\nf\necho $LINENO',
    ]);
    expect(outcome).toMatchObject({ status: 0, stdout: '1\n4\n7\n', stderr: '' });
  });
});
