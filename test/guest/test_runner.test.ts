// `faultline test`: what it runs, what it says of what goes wrong, and what it leaves behind. The
// programs are the guest's own or scripts, except where a compiler is what matters.

import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { command, faultline, root } from '../helpers/faultline.js';
import type { Outcome } from '../helpers/faultline.js';
import { gcc32, glibc32, wants } from '../helpers/tools.js';
import type { Tool } from '../helpers/tools.js';

const base = mkdtempSync(join(tmpdir(), 'faultline-runner-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

let directories = 0;

/** A directory with these files. */
function tree(files: Record<string, string>): string {
  const dir = join(base, String(++directories));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

const run = (cwd: string, ...words: string[]): Promise<Outcome> =>
  faultline(['test', ...words], { cwd });

interface Report {
  counts: Record<string, number>;
  notRun: number;
  tests: {
    name: string;
    verdict: string;
    failures: string[];
    retries: number;
    recording: string | null;
    outcome: {
      end: string;
      status: number;
      stdout: string;
      instructions: number;
      metrics: Record<string, number>;
    } | null;
  }[];
}

/** Runs tests and reads what --reporter json says. */
async function report(cwd: string, ...words: string[]): Promise<Report> {
  const { stdout, stderr } = await run(cwd, '-r', 'json', ...words);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Report;
}

const sh = (script: string): string => `@program guest:/bin/sh\n@args -c '${script}'\n`;

describe('what is expected', () => {
  test('and happens, passes', async () => {
    const dir = tree({
      'words.test': `${sh('echo $0 "$1" $V; cat; cat /etc/x; echo e >&2; exit 3')}@args a "b\\tc"\n@env V=v\n@stdin "in\\xff\\n"\n@file /etc/x 0600 <<END\nfile\nEND\n@status 3\n@stdout "a b\\tc v\\nin\\xff\\nfile\\n"\n@stderr <<END\ne\nEND\n`,
      'signal.test': `${sh('kill -s SEGV $$')}@signal SEGV\n`,
      'any.test': `${sh('echo abc; exit 9')}@status any\n@stdout ~ /^b|c$/\n@stdout !~ /xyz/\n`,
      'kernel.test': `${sh('/bin/true; /bin/true')}@expect forks >= 1\n@expect faults.cow <= faults\n@expect pages.leaked == 0\n@expect procs.leaked == 0\n@expect swap.leaked == 0\n@expect shadow.depth >= 1\n@expect event.proc.exit >= 1\n@expect v_zfod > 0\n@expect memory.peak < 2M\n`,
    });
    const { status, stdout } = await run(dir, '.');
    expect(stdout).toMatch(/4 passed, 0 failed/);
    expect(status).toBe(0);
  });

  test('and does not happen, fails with what happened', async () => {
    const cases: [name: string, text: string, failure: RegExp][] = [
      ['status', sh('exit 4'), /^exit status 4, not exit status 0$/],
      ['signal', `${sh('exit 4')}@signal SIGSEGV`, /^exit status 4, not ended by SIGSEGV$/],
      ['killed', sh('kill -9 $$'), /^ended by SIGKILL, not exit status 0$/],
      [
        'exact',
        `${sh('echo a; echo b; echo c')}@stdout "a\\nB\\nc\\n"`,
        /^stdout is not what was expected:\n {2}a\n- B\n\+ b\n {2}c$/,
      ],
      ['newline', `${sh('echo -n a')}@stdout "a\\n"`, /\+ a \(no newline\)$/],
      ['empty', `${sh('echo a >&2')}@stderr empty`, /^stderr is not what was expected:\n\+ a$/],
      [
        'pattern',
        `${sh('echo abc')}@stdout ~ /^b/`,
        /^stdout does not match \/\^b\/; it is:\n {2}abc$/,
      ],
      ['not', `${sh('echo abc')}@stdout !~ /b/`, /^stdout matches \/b\//],
      [
        'golden',
        `${sh('echo abc')}@stdout golden`,
        /golden\.stdout is not there; --update writes it$/,
      ],
      ['forks', `${sh('/bin/true; /bin/true')}@expect forks == 0`, /^forks == 0: forks is [12]$/],
      [
        'instructions',
        `${sh('while :; do :; done')}@limit instructions 1e6`,
        /^it executed more than 1000000 instructions$/,
      ],
      ['time', `${sh('while :; do :; done')}@limit time 300ms`, /^it took longer than 0.3 s$/],
      ['memory', `${sh('true')}@limit memory 16K`, /^it used more than 16384 bytes of memory$/],
      ['asleep', sh('kill -STOP $$ & wait; kill -STOP $$'), /^every process sleeps for ever: /],
      [
        'refused',
        '@program guest:/bin/nobody',
        /^the program was not executed: nobody: no such file or directory$/,
      ],
      [
        'seed',
        `${sh('true')}@seed 1`,
        /^the program was not executed: this kernel has no fault injection/,
      ],
    ];
    const dir = tree(
      Object.fromEntries(cases.map(([name, text]) => [`${name}.test`, `${text}\n`])),
    );
    const { tests, counts } = await report(dir, '.');
    expect(counts).toMatchObject({ passed: 0, failed: cases.length });
    for (const [name, , failure] of cases) {
      const result = tests.find((t) => t.name === name);
      expect(result?.verdict, name).toBe('failed');
      expect(result?.failures.join('\n'), name).toMatch(failure);
    }
    const { status } = await run(dir, '.', '-k', '^status$');
    expect(status).toBe(1);
  });

  test('to fail, is told apart from failing', async () => {
    const dir = tree({
      'a.test': `${sh('exit 1')}@xfail not yet\n`,
      'b.test': `${sh('exit 0')}@xfail not yet\n`,
      'c.test': `${sh('exit 1')}@skip no time\n`,
    });
    const { tests } = await report(dir, '.');
    expect(tests.map(({ verdict }) => verdict)).toEqual(['xfailed', 'xpassed', 'skipped']);
    expect(tests[1].failures).toEqual(['it passed, but is expected to fail: not yet']);
    expect(tests[2].failures).toEqual(['no time']);
    expect((await run(dir, 'a.test', 'c.test')).status).toBe(0);
    expect((await run(dir, 'b.test')).status).toBe(1);
  });

  test('in each cell of a matrix', async () => {
    const dir = tree({
      'm.test': `${sh('echo $1 $V; sysctl -n hw.physmem')}@matrix args = "-c 'echo $1 $V' x a" | "-c 'echo $1 $V' x b"\n`,
      'n.test': `@program guest:/bin/{tool}\n@matrix tool = true | false\n@matrix env.V = 1 | 2\n@matrix ram = 16M | 32M\n@status[tool=false] 1\n@skip[tool=true,ram!=16M] no\n`,
    });
    const { tests } = await report(dir, '.', '-k', '^n');
    expect(tests.map(({ name, verdict }) => [name, verdict])).toEqual(
      ['true', 'false'].flatMap((tool) =>
        [1, 2].flatMap((v) =>
          [16, 32].map((ram) => [
            `n[tool=${tool},env.V=${v},ram=${ram}M]`,
            tool === 'true' && ram === 32 ? 'skipped' : 'passed',
          ]),
        ),
      ),
    );
  });
});

describe('a test that cannot be understood', () => {
  const cases: [name: string, text: string, message: RegExp][] = [
    [
      'unknown',
      '@program guest:/bin/true\n@stats 3',
      /^unknown\.test:2: unknown directive @stats; did you mean @status\?$/,
    ],
    ['text', 'hello', /^text\.test:1: neither a directive/],
    ['open', '@stdout <<END\nabc', /^open\.test:1: no line 'END' ends <<END$/],
    ['quote', '@program guest:/bin/true\n@args "abc', /^quote\.test:2: a " that is not closed$/],
    [
      'metric',
      '@program guest:/bin/true\n@expect faults.cov <= 3',
      /^metric\.test:2: nothing is counted as 'faults\.cov'; did you mean faults\.cow\?$/,
    ],
    [
      'event',
      '@program guest:/bin/true\n@expect event.fault.copy <= 3',
      /'fault' has no event 'copy' \(zero-filled, copied/,
    ],
    ['op', '@program guest:/bin/true\n@expect faults = 3', /a comparison is wanted: faults == 3$/],
    [
      'engine',
      '@program guest:/bin/true\n@engine translator',
      /this build has no engine 'translator' \(interpreter\)$/,
    ],
    ['signal', '@program guest:/bin/true\n@signal SIGFOO', /there is no signal 'SIGFOO'$/],
    ['regexp', '@program guest:/bin/true\n@stdout ~ /(/', /not a regular expression/],
    [
      'variable',
      '@program guest:/bin/true\n@matrix rum = 1 | 2',
      /@matrix rum varies nothing: no directive has \{rum\}/,
    ],
    [
      'condition',
      '@program guest:/bin/true\n@status[ram=1] 3',
      /^condition\.test:2: the test has no @matrix ram to ask for$/,
    ],
    ['ram', '@program guest:/bin/true\n@ram 1M', /@ram wants a size from 16M to 1024M, not '1M'$/],
    [
      'input',
      '@program guest:/bin/true\n@stdin file nowhere',
      /^input\.test:2: nowhere cannot be read$/,
    ],
  ];
  test('fails by itself, with file and line', async () => {
    const dir = tree({
      ...Object.fromEntries(cases.map(([name, text]) => [`${name}.test`, text])),
      'fine.test': '@program guest:/bin/true\n',
    });
    const { tests, counts } = await report(dir, '.');
    expect(counts).toMatchObject({ passed: 1, failed: cases.length });
    for (const [name, , message] of cases)
      expect(
        tests.find((t) => t.name === `${name}` || t.name === `${name}.test`)?.failures.join('\n'),
        name,
      ).toMatch(message);
  });
});

describe('wrong usage is one line and status 125', () => {
  const dir = tree({ 'a.test': '@program guest:/bin/true\n', 'empty/x': '' });
  test.each([
    [[], /^faultline: test wants a PATH; see faultline test --help\n$/],
    [['nowhere'], /^faultline: nowhere: no such file or directory\n$/],
    [['empty'], /^faultline: no tests in empty; see faultline test --help\n$/],
    [['--shard', '3/2', '.'], /^faultline: --shard wants I\/N with 1 <= I <= N, not '3\/2'\n$/],
    [
      ['--reporter', 'xml', '.'],
      /^faultline: --reporter knows human, tap, junit, json, not 'xml'\n$/,
    ],
    [['-r', 'tap', '-r', 'json', '.'], /^faultline: only one --reporter can have stdout/],
    [['-k', '(', '.'], /^faultline: --filter wants a regular expression, not '\('\n$/],
    [['-k', 'nothing', '.'], /^faultline: no test is selected\n$/],
    [['--jobs', '0', '.'], /^faultline: --jobs wants a whole number from 1 on, not '0'\n$/],
    [['--covrage', 'x', '.'], /^faultline: unknown option --covrage/],
    [
      ['-r', 'json=/nowhere/x', '.'],
      /^faultline: cannot write \/nowhere\/x: no such file or directory\n$/,
    ],
  ])('%j', async (words, line) => {
    const { status, stdout, stderr } = await run(dir, ...words);
    expect(stderr).toMatch(line);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  });
});

test('golden files are written by --update, but not from a run that failed', async () => {
  const dir = tree({
    'g.test': `${sh('echo one; echo \\\\0377')}@stdout golden\n@stderr golden err.txt\n`,
    'bad.test': `${sh('echo x; exit 1')}@stdout golden\n`,
  });
  expect((await run(dir, 'g.test')).status).toBe(1);
  const { status, stdout } = await run(dir, '-u', '.');
  expect(status).toBe(1);
  expect(stdout).toContain('updated g.stdout');
  expect(readFileSync(join(dir, 'g.stdout'), 'latin1')).toMatch(/^one\n/);
  expect(readFileSync(join(dir, 'err.txt'), 'latin1')).toBe('');
  expect(existsSync(join(dir, 'bad.stdout'))).toBe(false);
  expect((await run(dir, 'g.test')).status).toBe(0);
  writeFileSync(join(dir, 'g.stdout'), 'two\n');
  const after = await run(dir, 'g.test');
  expect(after.status).toBe(1);
  expect(after.stdout).toMatch(/\(--update renews it\):\n +- two\n +\+ one\n/);
});

describe('a selection', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const dir = tree(
    Object.fromEntries(
      names.map((name, i) => [
        `${name}.test`,
        `@program guest:/bin/${i % 2 ? 'false' : 'true'}\n@tags ${i % 2 ? 'odd' : 'even'}\n`,
      ]),
    ),
  );
  const list = async (...words: string[]): Promise<string[]> =>
    (await run(dir, '--list', ...words, '.')).stdout.trim().split('\n');

  test('by name, tag and shard', async () => {
    expect(await list()).toEqual(names);
    expect(await list('-k', '[ab]', '-k', 'g')).toEqual(['a', 'b', 'g']);
    expect(await list('--tag', 'odd')).toEqual(['b', 'd', 'f']);
    expect(await list('--tag', '!odd', '-k', '[a-d]')).toEqual(['a', 'c']);
    const shards = await Promise.all([1, 2, 3].map((i) => list('--shard', `${i}/3`)));
    expect(shards.flat().sort()).toEqual(names);
    expect(Math.max(...shards.map(({ length }) => length))).toBe(3);
  });

  test('--bail begins no more, and results stay in order with several threads', async () => {
    const some = await report(dir, '.', '-j', '1', '--bail', '2');
    expect(some.tests.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
    expect(some.notRun).toBe(3);
    const all = await report(dir, '.', '-j', '3', '--retry', '2');
    expect(all.tests.map(({ name }) => name)).toEqual(names);
    expect(all.tests.map(({ retries }) => retries)).toEqual([0, 2, 0, 2, 0, 2, 0]);
  });
});

describe('reports', () => {
  const dir = tree({
    'a.test': `${sh('echo "<&>"')}@name a # & \\ "title"\n`,
    'b.test': `${sh('echo out; echo -e "err\\\\001" >&2; exit 3')}`,
    'c.test': `${sh('exit 1')}@xfail known\n`,
    'd.test': `${sh('exit 1')}@skip later\n`,
  });

  test('TAP 14', async () => {
    const { stdout, status } = await run(dir, '-r', 'tap', '.');
    expect(status).toBe(1);
    expect(stdout.split('\n').filter((line) => /^\S/.test(line))).toEqual([
      'TAP version 14',
      '1..4',
      'ok 1 - a \\# & \\\\ "title"',
      'not ok 2 - b',
      'not ok 3 - c # TODO known',
      'ok 4 - d # SKIP later',
    ]);
    expect(stdout).toMatch(
      /\n {2}---\n {2}message: \|\n {4}exit status 3, not exit status 0\n {2}duration_ms: [\d.]+\n {2}exit: 3\n/,
    );
  });

  test('JUnit XML, to a file beside the human one', async () => {
    const { stdout } = await run(dir, '-r', 'junit=out.xml', '-r', 'human', '.');
    expect(stdout).toMatch(/\n1 passed, 1 failed, 1 failed as expected, 1 skipped \([\d.]+ s\)\n$/);
    const xml = readFileSync(join(dir, 'out.xml'), 'utf8');
    expect(xml).toContain(
      '<testsuites name="faultline test" tests="4" failures="1" errors="0" skipped="2"',
    );
    expect(xml).toContain('name="a # &amp; \\ &quot;title&quot;"');
    expect(xml).toContain('<system-out>&lt;&amp;&gt;\n</system-out>');
    expect(xml).toContain('<failure message="exit status 3, not exit status 0">');
    const open: string[] = [];
    for (const [, close, name, empty] of xml.matchAll(/<(\/?)([a-z-]+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name);
    }
    expect(open).toEqual([]);
    // eslint-disable-next-line no-control-regex -- XML may not have them
    expect(xml).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f]/);
  });
});

test('a failing test leaves a recording, which the debugger opens; --recordings= leaves none', async () => {
  const dir = tree({ 'f.test': `${sh('echo $V; exit 5')}@env V=recorded\n` });
  const { tests } = await report(dir, '.');
  const { recording, outcome } = tests[0];
  expect(recording).toBe('faultline-recordings/f.recording.json');
  const replay = await faultline(
    ['debug', '--batch', '-ex', 'run', '--replay', recording as string],
    { cwd: dir },
  );
  expect(replay.stdout).toContain(`Recording of f, ${outcome?.instructions} instructions:`);
  expect(replay.stdout).toContain('recorded\n');
  expect(replay.stdout).toMatch(/exited with code 05/);
  rmSync(join(dir, 'faultline-recordings'), { recursive: true });
  expect((await report(dir, '--recordings=', '.')).tests[0].recording).toBeNull();
  expect(readdirSync(dir)).toEqual(['f.test']);
  writeFileSync(join(dir, 'x'), '{}');
  const wrong = await faultline(['debug', '--replay', join(dir, 'x')]);
  expect([wrong.status, wrong.stderr]).toEqual([
    125,
    `faultline: ${join(dir, 'x')}: it is not a recording of faultline\n`,
  ]);
});

test('--watch runs again what has changed', async () => {
  const dir = tree({
    'a.test': '@program guest:/bin/true\n',
    'b.test': '@program guest:/bin/true\n',
  });
  const child = spawn(process.execPath, [command, 'test', '--watch', '.'], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const until = (pattern: RegExp): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!pattern.test(text)) return;
        child.stdout.off('data', look);
        resolve();
      };
      child.stdout.on('data', look);
      look();
    });
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  try {
    await until(/2 passed, 0 failed/);
    text = '';
    await new Promise((resolve) => setTimeout(resolve, 200));
    writeFileSync(join(dir, 'b.test'), '@program guest:/bin/false\n');
    await until(/0 passed, 1 failed/);
    expect(text).toContain('exit status 1, not exit status 0');
    expect(text).not.toMatch(/pass +a/);
  } finally {
    child.kill('SIGKILL');
  }
});

const gcov: Tool = {
  name: 'gcov',
  remedy: "Debian's gcc",
  present: () => spawnSync('gcov', ['--version'], { stdio: 'ignore' }).status === 0,
};

describe.runIf(wants(gcc32))('with a compiler', () => {
  test('assembly is made for both ABIs', async () => {
    const { stdout, status } = await run(root, '--recordings=', 'examples/tests/exit.S');
    expect(stdout).toMatch(/exit\.S\[abi=freebsd\].*\n.*exit\.S\[abi=linux\].*\n\n2 passed/);
    expect(status).toBe(0);
  });

  test('what it says is shown; without it, that is', async () => {
    const dir = tree({
      'bad.c': '// @libc none\nint main(void) { return x; }\n',
      'none.c': '// @cc no-such-compiler -m32\nint main;\n',
      'link.S': '# @status 0\n call nowhere\n',
    });
    const { tests } = await report(dir, '.');
    expect(tests[0].failures[0]).toMatch(
      /^the compiler failed with status 1: gcc .*\n(.*\n)*.*bad\.c:2:\d+: error: .*x.* undeclared/,
    );
    expect(tests[1].failures[0]).toMatch(/undefined reference to .nowhere/);
    expect(tests[2].failures).toEqual([
      "'no-such-compiler' is not there: it is wanted to make the program",
    ]);
  });
});

describe.runIf(wants(gcc32, glibc32))("with the host's C library", () => {
  test('the examples pass', async () => {
    const { stdout, status } = await run(root, '--recordings=', 'examples/tests');
    expect(stdout).toMatch(/\n10 passed, 0 failed, 1 failed as expected/);
    expect(status).toBe(0);
  });

  test.runIf(wants(gcov))(
    '--coverage counts what gcov counts, and --profile every instruction',
    async () => {
      const source = `/* @cflags -O0
 * @stdout "45 55 2\\n"
 */
#include <stdio.h>
static int add(int a, int b)
{
	return a + b;
}
static int fib(int n)
{
	if (n < 2)
		return n;
	return fib(n - 1) + fib(n - 2);
}
int main(void)
{
	int sum = 0, i = 0;
	for (int k = 0; k < 10; k++)
		sum = add(sum, k);
	if (sum == 99)
		puts("never");
	while (i < 2) {
		i++;
	}
	printf("%d %d %d\\n", sum, fib(10), i);
	return 0;
}
`;
      const dir = tree({ 'c.c': source });
      const { tests } = await report(dir, '.', '--coverage', 'cov', '--profile', 'prof');
      expect(tests[0].verdict).toBe('passed');
      const ours = new Map<number, number>();
      for (const [, line, count] of readFileSync(join(dir, 'cov'), 'utf8').matchAll(
        /^DA:(\d+),(\d+)$/gm,
      ))
        ours.set(Number(line), Number(count));
      spawnSync('gcc', ['--coverage', '-O0', '-o', 'native', 'c.c'], { cwd: dir });
      spawnSync(join(dir, 'native'), { cwd: dir });
      const theirs = spawnSync('gcov', ['-t', 'native-c.gcda'], {
        cwd: dir,
        encoding: 'utf8',
      }).stdout;
      const lines = [...theirs.matchAll(/^ *(\d+|#####): *(\d+):/gm)];
      expect(lines.length).toBeGreaterThan(15);
      // For the head of a function the two name different lines.
      const text = source.split('\n');
      for (const [, count, line] of lines.filter(([, , n]) => text[Number(n) - 1].startsWith('\t')))
        expect(ours.get(Number(line)), `line ${line}`).toBe(count === '#####' ? 0 : Number(count));
      const stacks = readFileSync(join(dir, 'prof'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      expect(stacks.reduce((sum, [, n]) => sum + Number(n), 0)).toBe(
        tests[0].outcome?.instructions,
      );
      // fib(10) is nine calls deep.
      const deepest = Math.max(
        ...stacks.map(([stack]) => stack.split(';').filter((f) => f === 'fib').length),
      );
      expect(deepest).toBe(10);
      expect(stacks.some(([stack]) => /;main;add$/.test(stack))).toBe(true);
    },
  );
});
