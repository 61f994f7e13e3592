// The command line as its users meet it: every option, every way of getting it wrong, streams,
// signals, limits, directories of the host. What goes wrong is one line on stderr and a status.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultline, root } from '../helpers/faultline.js';
import { gcc32, wants } from '../helpers/tools.js';
import type { Outcome } from '../helpers/faultline.js';
import { compileProbe, interrupted, scratchDirectory, shell, toFiles } from './cli_probe.js';
import { makeElf } from '../helpers/elf.js';

const EXIT_LIMIT = 124;
const EXIT_FAULTLINE = 125;

const [scratch, removeScratch] = scratchDirectory();
afterAll(removeScratch);
const at = (name: string): string => join(scratch, name);
const probe = at('probe');

/** faultline in the scratch directory. */
const fl = (...words: string[]): Promise<Outcome> => faultline(words, { cwd: scratch });

/** mov ebx, status; mov eax, 1; int 0x80: exit(2) of Linux; two pushes make it FreeBSD's too. */
function exits(status: number, osabi: number): Uint8Array {
  const code = [0x6a, status, 0x6a, 0, 0xbb, status, 0, 0, 0, 0xb8, 1, 0, 0, 0, 0xcd, 0x80];
  const text = { vaddr: 0x8048000, bytes: Uint8Array.from(code), flags: 5 };
  return makeElf({ entry: 0x8048000, osabi, segments: [text] });
}

function putProgram(name: string, bytes: Uint8Array | string): void {
  writeFileSync(at(name), bytes);
  chmodSync(at(name), 0o755);
}

/** Expects status 125, nothing on stdout, and one line of ours with `words` in it. */
function expectRefusal({ status, stdout, stderr }: Outcome, words: string | RegExp): void {
  expect(stderr).toMatch(/^faultline: [^\n]+\n$/);
  expect(stderr).not.toMatch(/node:|\.ts:|\.js:|at .*\(/);
  if (typeof words === 'string') expect(stderr).toContain(words);
  else expect(stderr).toMatch(words);
  expect({ status, stdout }).toEqual({ status: EXIT_FAULTLINE, stdout: '' });
}

/** The host's directory that guests are shown, and must not change. */
function makeShared(): void {
  for (const name of ['shared', 'shared/sub', 'shared/empty', 'outside']) mkdirSync(at(name));
  writeFileSync(at('outside/secret'), 'secret\n');
  writeFileSync(at('shared/file'), 'host\n');
  writeFileSync(at('shared/other'), 'other\n');
  writeFileSync(at('shared/sub/inner'), 'inner\n');
  linkSync(at('shared/file'), at('shared/hard-link'));
  symlinkSync('../outside/secret', at('shared/relative'));
  symlinkSync(at('outside'), at('shared/absolute'));
  symlinkSync('sub', at('shared/within'));
}

/** Everything below `directory` that a guest could have changed. */
function snapshot(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      if (entry.isSymbolicLink()) return `${path} -> ${readlinkSync(path)}`;
      const { mode, mtimeMs, size, nlink } = statSync(path);
      const text = entry.isFile() ? readFileSync(path, 'latin1') : '';
      return `${path} ${mode} ${mtimeMs} ${size} ${nlink} ${text}`;
    })
    .sort();
}

beforeAll(() => {
  makeShared();
  const elf = exits(3, 9);
  putProgram('three', elf);
  putProgram('empty', '');
  putProgram('text', 'just text\n');
  putProgram('header', elf.subarray(0, 40));
  putProgram('no-phdrs', elf.subarray(0, 60));
  putProgram('truncated', elf.subarray(0, elf.length - 8));
  putProgram('script', '#!/bin/missing -x\n');
  putProgram('loop', '#!/bin/missing\n');
  writeFileSync(at('not-executable'), elf);
  const changed = (name: string, change: (image: DataView) => void): void => {
    const copy = elf.slice();
    change(new DataView(copy.buffer));
    putProgram(name, copy);
  };
  changed('x86-64', (image) => {
    image.setUint8(4, 2);
    image.setUint16(18, 62, true);
  });
  changed('arm', (image) => image.setUint16(18, 40, true));
  changed('object-file', (image) => image.setUint16(16, 1, true));
  changed('solaris', (image) => image.setUint8(7, 6));
  putProgram(
    'dynamic',
    (() => {
      const interp = Uint8Array.from('/lib/ld-nowhere.so\0', (c) => c.charCodeAt(0));
      const text = { vaddr: 0x8048000, bytes: elf.subarray(4096), flags: 5 };
      const image = makeElf({
        entry: 0x8048000,
        osabi: 3,
        segments: [text, { vaddr: 0x8050000, bytes: interp, flags: 4 }],
      });
      new DataView(image.buffer).setUint32(52 + 32, 3, true);
      return image;
    })(),
  );
  symlinkSync('three', at('link'));
  symlinkSync('circle', at('circle'));
});

describe('help', () => {
  test.concurrent.each([['--help'], ['-h'], ['help']])('%s names the commands', async (word) => {
    const { status, stdout, stderr } = await fl(word);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const name of ['run', 'shell', 'tour', '125', '124', '128+n'])
      expect(stdout).toContain(name);
  });

  test.concurrent('run --help and help run name every option', async () => {
    const outcome = await fl('run', '--help');
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    // prettier-ignore
    const options = [
      '-L', '--root', '--mount', '-E', '--env', '--cwd', '--argv0', '--mem', '--swap', '--abi',
      '-strace', '--trace', '--json', '--stats', '-D', '--log', '--boot-log', '--check',
      '--limit-instructions', '--timeout', '--realtime', '--help',
    ];
    for (const option of options) expect(outcome.stdout).toContain(option);
    for (const line of outcome.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(await fl('help', 'run')).toEqual(outcome);
  });

  test.skipIf(process.env['FAULTLINE_COMMAND'])('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    const { stdout } = await fl('--version');
    expect(stdout).toBe(`faultline ${version}\n`);
  });
});

describe('wrong usage is one line and status 125', () => {
  test.concurrent.each<[string, string[], string | RegExp]>([
    ['no such command', ['bogus'], "'bogus' is not a command"],
    ['an option where a command should be', ['--mem', '16M'], "'--mem' is not an option here"],
    ['an empty command', [''], 'is not a command'],
    ['help about nothing', ['help', 'bogus'], "'bogus' is not a command"],
    ['no program', ['run'], 'wants a PROGRAM'],
    ['an empty program', ['run', ''], 'wants a PROGRAM'],
    ['an unknown option', ['run', '--bogus', 'three'], 'unknown option --bogus'],
    ['a prefix of an option', ['run', '--limit', '5', 'three'], 'did you mean --limit-instr'],
    ['a flag with a value', ['run', '--stats=1', 'three'], '--stats takes no value'],
    ['an option without its value', ['run', '--mem'], '--mem wants a value: --mem SIZE'],
    ['too little memory', ['run', '--mem', '15M', 'three'], '--mem wants a size from 16M to 1G'],
    ['too much memory', ['run', '--mem', '1025M', 'three'], '--mem wants a size from 16M to 1G'],
    ['a negative size', ['run', '--mem', '-16M', 'three'], "not '-16M'"],
    ['no size at all', ['run', '--mem=lots', 'three'], "not 'lots'"],
    ['too much swap', ['run', '--swap', '5G', 'three'], '--swap wants a size from 0 to 4G'],
    ['an unknown ABI', ['run', '--abi', 'windows', 'three'], '--abi wants freebsd or linux'],
    ['a limit of no instruction', ['run', '--limit-instructions', '0', 'three'], 'from 1 on'],
    ['half an instruction', ['run', '--limit-instructions', '1.5', 'three'], 'whole number'],
    ['a negative time', ['run', '--timeout', '-1', 'three'], '--timeout wants a number'],
    ['no time', ['run', '--timeout', 'soon', 'three'], "not 'soon'"],
    ['an unknown event', ['run', '--trace', 'fault,bogus', 'three'], "not 'bogus'"],
    ['the name of a method', ['run', '--trace', 'constructor', 'three'], "not 'constructor'"],
    ['a variable without a value', ['run', '-E', 'NAME', 'three'], '--env wants VAR=VALUE'],
    ['a variable without a name', ['run', '-E', '=x', 'three'], '--env wants VAR=VALUE'],
    ['a relative directory', ['run', '--cwd', 'sub', 'three'], '--cwd wants an absolute'],
    ['a missing directory', ['run', '--cwd', '/missing', 'three'], '/missing: no such file'],
    ['a file as directory', ['run', '--cwd', '/dev/null', 'three'], '/dev/null: not a directory'],
    ['a missing root', ['run', '-L', 'missing', 'three'], '--root: missing is not a directory'],
    ['an empty root', ['run', '-L', '', 'three'], '--root wants a directory'],
    ['a root without the program', ['run', '-L', 'shared', '/three'], '/three: no such file'],
    ['a missing mount', ['run', '--mount', 'missing', 'three'], 'missing is not a directory'],
    ['a file to mount', ['run', '--mount', 'three', 'three'], 'three is not a directory'],
    ['a relative mount point', ['run', '--mount', 'shared:x', 'three'], "'x' is not an absolute"],
    ['an empty mount point', ['run', '--mount', 'shared:', 'three'], "'' is not an absolute"],
    ['a mount over the root', ['run', '--mount', 'shared:/', 'three'], '/ is for --root'],
    ['a mount on a device', ['run', '--mount', 'shared:/dev/null', 'three'], 'cannot mount'],
    ['a log that cannot be', ['run', '-D', 'missing/log', 'three'], 'no such file or directory'],
    ['a log that is a directory', ['run', '-D', 'shared', 'three'], 'is a directory'],
    ['a full log', ['run', '-D', '/dev/full', '-strace', 'three'], 'no space left on device'],
    ['arguments for the tour', ['tour', 'x'], "tour takes no arguments, but 'x' is one"],
  ])('%s', async (_what, words, line) => {
    expectRefusal(await fl(...words), line);
  });
});

describe('what cannot be executed is refused with the reason', () => {
  test.concurrent.each<[string, string]>([
    ['missing', 'missing: no such file or directory'],
    ['shared', 'shared: is a directory'],
    ['/dev/null', '/dev/null: not a regular file'],
    ['three/x', 'three/x: not a directory'],
    ['circle', 'circle: too many levels of symbolic links'],
    ['x'.repeat(300), 'file name too long'],
    ['not-executable', 'not-executable: permission denied'],
    ['empty', 'exec format error: the file is empty'],
    ['text', 'exec format error: neither an ELF file nor a script'],
    ['header', 'exec format error: the ELF header is cut short'],
    ['no-phdrs', 'exec format error: the program headers are missing'],
    ['truncated', 'exec format error: the file is cut short'],
    ['x86-64', 'exec format error: a program for x86-64, not for i386'],
    ['arm', 'exec format error: a program for ARM, not for i386'],
    ['object-file', 'exec format error: an ELF file, but no executable'],
    ['solaris', "ELF brand 6 is neither FreeBSD's nor Linux's; --abi chooses one"],
    ['dynamic', 'dynamically linked; its interpreter /lib/ld-nowhere.so has to be in the guest'],
    ['script', 'a script; its interpreter /bin/missing has to be in the guest'],
  ])('%s', async (program, line) => {
    expectRefusal(await fl('run', program), line);
  });

  test.concurrent('a file that this user cannot read', async () => {
    writeFileSync(at('unreadable'), exits(0, 9));
    chmodSync(at('unreadable'), 0o111);
    const outcome = await fl('run', 'unreadable');
    // Root reads everything; then the program simply runs.
    if (process.getuid?.() === 0) expect(outcome.status).toBe(0);
    else expectRefusal(outcome, 'unreadable: permission denied');
  });

  test.concurrent('more arguments than execve takes', async () => {
    const words = Array.from({ length: 40_000 }, () => 'argument');
    expectRefusal(await fl('run', 'three', ...words), /three: argument list too long/);
    expect((await fl('run', 'three', ...words.slice(0, 20_000))).status).toBe(3);
  });
});

describe('programs without gcc', () => {
  test.concurrent.each([
    ['freebsd', 9],
    ['linux', 3],
    ['unbranded', 0],
  ])('%s exit status', async (name, osabi) => {
    putProgram(`brand-${name}`, exits(77, osabi));
    expect(await fl('run', `brand-${name}`)).toMatchObject({ status: 77, stdout: '', stderr: '' });
  });

  test.concurrent('--abi overrides the brand', async () => {
    expect((await fl('run', '--abi', 'linux', 'solaris')).status).toBe(3);
    expect((await fl('run', '--abi=freebsd', 'solaris')).status).toBe(3);
  });

  test.concurrent('a symbolic link to the program, and -- before it', async () => {
    expect((await fl('run', '--', 'link')).status).toBe(3);
  });

  test.concurrent.each([
    ['--mem', '16M'],
    ['--mem', '16777216'],
    ['--mem', '1g'],
    ['--mem', '20000K'],
    ['--swap', '0'],
    ['--swap', '4G'],
    ['--timeout', '1e9'],
    ['--limit-instructions', '1_000'],
    ['--limit-instructions', '1.5e6'],
  ])('%s %s is accepted', async (...words) => {
    expect(await fl('run', ...words, 'three')).toMatchObject({ status: 3, stderr: '' });
  });
});

const canBuild = wants(gcc32);

describe.runIf(canBuild)('the README', () => {
  test('its first program is compiled and runs', async () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const source = /cat >hello\.c <<'EOF'\n([\s\S]*?) {4}EOF\n {4}(gcc .*)\n/.exec(readme);
    expect(source).not.toBeNull();
    writeFileSync(at('hello.c'), source?.[1] ?? '');
    const gcc = spawnSync('sh', ['-c', source?.[2] ?? ''], { cwd: scratch, encoding: 'utf8' });
    expect(gcc).toMatchObject({ status: 0, stderr: '' });
    expect(await fl('run', './hello')).toMatchObject({ status: 0, stdout: 'hello\n', stderr: '' });
    const traced = await fl('run', '--trace', 'fault', './hello');
    expect(traced.stderr).toMatch(/^fault pid \d+ \w+ 0x[0-9a-f]+ eip .*; pte .* -> /);
    const called = await fl('run', '-strace', '--stats', './hello');
    expect(called.stderr).toMatch(/^\d+ write\(1,0x[0-9a-f]+,6\) = 6\n\d+ exit\(0\)\nstatistics\n/);
  });
});

describe.runIf(canBuild)('with the probe', () => {
  beforeAll(() => {
    compileProbe(scratch);
  });
  const ask = (...words: string[]): Promise<Outcome> => fl('run', 'probe', ...words);
  /** Options before the program. */
  const run = (options: string[], ...words: string[]): Promise<Outcome> =>
    fl('run', ...options, probe, ...words);

  test.concurrent.each([0, 1, 125, 255])('exit status %i', async (status) => {
    expect(await ask('exit', String(status))).toMatchObject({ status, stdout: '', stderr: '' });
  });
  test.concurrent.each([2, 9, 11])('killed by signal %i', async (signal) => {
    expect(await ask('signal', String(signal))).toMatchObject({ status: 128 + signal, stderr: '' });
  });

  test.concurrent('words arrive whole', async () => {
    const words = ['', ' ', '--help', '-x', '\u00e4\u20ac', 'a\nb', '--'];
    const { stdout } = await ask('words', ...words);
    const expected = ['probe', 'words', ...words].map((word) => `[${word}]\n`).join('');
    expect(Buffer.from(stdout, 'latin1').toString()).toBe(expected);
    expect((await run(['--argv0', 'name'], 'words')).stdout).toBe('[name]\n[words]\n');
    expect((await run(['--argv0='], 'words')).stdout).toBe('[]\n[words]\n');
  });

  test.concurrent('the environment is ours and what -E says, not the host\u2019s', async () => {
    const { stdout } = await run(
      ['-E', 'A=b=c', '--env', 'EMPTY=', '--env=HOME=/x', '-E', 'A=d'],
      'environment',
    );
    expect(stdout.trim().split('\n').sort()).toEqual([
      'A=d',
      'EMPTY=',
      'HOME=/x',
      'PATH=/bin:/usr/bin:/sbin:/usr/sbin',
      'USER=root',
    ]);
  });

  test.concurrent('--cwd', async () => {
    expect((await ask('cwd')).stdout).toBe('/\n');
    expect((await run(['--cwd', '/tmp'], 'cwd')).stdout).toBe('/tmp\n');
    const mounted = ['--mount', 'shared:/work/here', '--cwd', '/work/here/within'];
    expect((await run(mounted, 'cwd')).stdout).toBe('/work/here/sub\n');
  });

  describe('streams', () => {
    test('what the host has, the guest sees', async () => {
      expect((await ask('streams')).stdout).toBe('pipe\npipe\npipe\n');
      expect(toFiles(['run', probe, 'streams'], at('out'), at('err'))).toBe(0);
      expect(readFileSync(at('out'), 'latin1')).toBe('device\nfile\nfile\n');
      expect(toFiles(['run', probe, 'say', 'one', 'two'], at('out'), at('err'))).toBe(0);
      expect(readFileSync(at('out'), 'latin1') + readFileSync(at('err'), 'latin1')).toBe('onetwo');
    });
    test('input of every kind', async () => {
      const text = 'line of text\n'.repeat(20_000);
      const options = { cwd: scratch, stdin: text };
      const piped = await faultline(['run', 'probe', 'copy'], options);
      expect(piped).toMatchObject({ status: 0, stderr: '', stdout: text.toUpperCase() });
      writeFileSync(at('input'), text);
      const file = shell('faultline run probe copy <input', scratch);
      expect(file).toMatchObject({ status: 0, stderr: '', stdout: text.toUpperCase() });
      const late = shell('{ sleep 0.3; echo late; } | faultline run probe copy', scratch);
      expect(late).toMatchObject({ status: 0, stderr: '', stdout: 'LATE\n' });
      const directory = shell('faultline run probe copy <shared', scratch);
      expect(directory).toMatchObject({ status: 0, stdout: '', stderr: '' });
    });
    test('a guest that polls waits for input in the time of the host', () => {
      const early = shell('{ sleep 0.3; echo x; } | faultline run probe poll 20000', scratch);
      expect(early).toMatchObject({ status: 0, stdout: '2\n' });
      const late = shell('sleep 1 | faultline run probe poll 100', scratch);
      expect(late).toMatchObject({ status: 0, stdout: '0\n' });
    });
    test('closed streams', () => {
      const line = 'faultline run probe say one two';
      expect(shell(`${line} >&-`, scratch)).toMatchObject({ status: 0, stdout: '', stderr: 'two' });
      expect(shell(`${line} 2>&-`, scratch)).toMatchObject({ status: 0, stdout: 'one' });
      const input = shell('faultline run probe copy <&-', scratch);
      expect(input).toMatchObject({ status: 0, stdout: '', stderr: '' });
    });
    test('a reader that goes: SIGPIPE, or EPIPE when that is ignored', () => {
      const status = '; echo "${PIPESTATUS[0]}" >&2';
      const killed = shell(`faultline run probe yes | head -1${status}`, scratch);
      expect(killed).toMatchObject({ stdout: 'y\n', stderr: '141\n' });
      const told = shell(`faultline run probe deaf 13 | head -1${status}`, scratch);
      expect(told).toMatchObject({ stdout: 'y\n', stderr: '32\n' });
      const ours = shell(
        `faultline run -strace probe yes 2>&1 >/dev/null | head -1${status}`,
        scratch,
      );
      expect(ours.stdout).toMatch(/^\d+ write\(1,.*\) = 2\n$/);
      expect(ours.stderr).toBe('141\n');
      const help = shell(`faultline run --help | head -1${status}`, scratch);
      expect(help.stdout).toContain('Usage');
    });
    test('a full disk is the guest\u2019s affair', () => {
      const full = shell('faultline run probe yes >/dev/full', scratch);
      expect(full).toMatchObject({ status: 28, stderr: '' });
    });
  });

  describe('signals of the host go to the guest', () => {
    test.concurrent.each<[string, NodeJS.Signals, string[], number, string]>([
      ['Ctrl-C ends a loop', 'SIGINT', ['loop'], 130, ''],
      ['Ctrl-C ends a read', 'SIGINT', ['read'], 130, ''],
      ['Ctrl-C can be caught in a loop', 'SIGINT', ['catch', '2', 'busy'], 7, 'caught 02\n'],
      ['Ctrl-C can be caught asleep', 'SIGINT', ['catch', '2', 'asleep'], 7, 'caught 02\n'],
      ['SIGTERM ends a loop', 'SIGTERM', ['loop'], 143, ''],
      ['SIGTERM ends a read', 'SIGTERM', ['read'], 143, ''],
      ['SIGTERM can be caught', 'SIGTERM', ['catch', '15', 'asleep'], 7, 'caught 15\n'],
      ['SIGHUP ends a read', 'SIGHUP', ['read'], 129, ''],
      ['SIGQUIT ends a loop', 'SIGQUIT', ['loop'], 131, ''],
    ])('%s', async (_what, signal, words, status, said) => {
      const outcome = await interrupted(['run', probe, ...words], signal);
      expect(outcome).toEqual({ status, signal: null, stdout: `ready\n${said}`, stderr: '' });
    });
  });

  describe('limits', () => {
    const limit = { status: EXIT_LIMIT, stdout: 'ready\n' };
    test.concurrent('--timeout ends a loop, and a read that gets nothing', async () => {
      const stderr = 'faultline: the time limit was reached\n';
      expect(await run(['--timeout', '0.3'], 'loop')).toMatchObject({ ...limit, stderr });
      const started = Date.now();
      const reading = shell(
        'sleep 10 | { faultline run --timeout 0.3 probe read; kill $!; }; exit',
        scratch,
      );
      expect(reading.stderr).toContain(stderr);
      expect(Date.now() - started).toBeLessThan(15_000);
    });
    test.concurrent('--limit-instructions', async () => {
      const outcome = await run(['--limit-instructions', '1e6', '--stats'], 'loop');
      expect(outcome).toMatchObject(limit);
      expect(outcome.stderr).toMatch(/^faultline: the instruction limit was reached\n/);
      expect(outcome.stderr).toMatch(/^ +1000000 {2}instructions$/m);
    });
    test.concurrent('sleep is skipped, or waited for with --realtime', async () => {
      let started = Date.now();
      expect((await ask('sleep', '1000')).status).toBe(0);
      expect(Date.now() - started).toBeLessThan(20_000);
      started = Date.now();
      expect((await run(['--realtime'], 'sleep', '1')).status).toBe(0);
      expect(Date.now() - started).toBeGreaterThanOrEqual(1000);
    });
  });

  describe('directories of the host', () => {
    const mounted = ['--mount', 'shared:/w'];
    test.concurrent('--mount shows a directory, by default at its own path', async () => {
      const names = readdirSync(at('shared')).sort();
      const list = async (options: string[], path: string): Promise<string[]> =>
        (await run(options, 'list', path)).stdout.trim().split('\n').sort();
      expect(await list(mounted, '/w')).toEqual(names);
      expect(await list(['--mount', 'shared'], at('shared'))).toEqual(names);
      expect(await list(['--mount', 'shared:/a/../b//c/'], '/b/c')).toEqual(names);
      expect(await list(['--mount', 'shared:/a', '--mount', 'outside:/a/sub'], '/a/sub')).toEqual([
        'secret',
      ]);
      expect((await run(mounted, 'show', '/w/within/inner')).stdout).toBe('inner\n');
    });

    test.concurrent('-L makes it the root, with /dev, /proc and /tmp', async () => {
      const { stdout } = await fl('run', '-L', scratch, '/probe', 'list', '/');
      const names = stdout.trim().split('\n');
      for (const name of ['dev', 'proc', 'tmp', 'shared', 'probe']) expect(names).toContain(name);
      const relative = await fl('run', '-L', scratch, '--cwd', '/shared', '../probe', 'cwd');
      expect(relative.stdout).toBe('/shared\n');
    });

    test.concurrent('what a guest writes stays in its memory', async () => {
      const before = snapshot(at('shared'));
      const { status, stdout, stderr } = await run(mounted, 'spoil', '/w');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      // The guest's own view: renamed, cut to three bytes; the host's second name is not seen to
      // be the same file.
      expect(stdout.split('\n').sort()).toEqual(
        [
          'absolute',
          'hard',
          'hard-link',
          'hos',
          'made',
          'relative',
          'renamed',
          'sub',
          'within',
        ].sort(),
      );
      expect(snapshot(at('shared'))).toEqual(before);
      const rooted = await fl('run', '-L', scratch, '/probe', 'spoil', '/shared');
      expect(rooted.status).toBe(0);
      expect(snapshot(at('shared'))).toEqual(before);
    });

    test.concurrent('no path leads out', async () => {
      const secret = at('outside/secret');
      // prettier-ignore
      const paths = [
        '/w/relative', '/w/absolute/secret', '/w/../outside/secret', '/w/sub/../../outside/secret',
        '/proc/self/cwd/../outside/secret', 'relative', '../outside/secret', secret,
        `/w/within/../../../../../../../..${secret}`, `/proc/self/root${secret}`,
        `/proc/curproc/root${secret}`, `/proc/1/root${secret}`, `/proc/self/cwd/../..${secret}`,
      ];
      const { status, stdout } = await run([...mounted, '--cwd', '/w'], 'reach', ...paths);
      expect({ status, stdout }).toEqual({
        status: 0,
        stdout: paths.map((path) => `${path}: -2\n`).join(''),
      });
    });

    test.concurrent(
      'without --mount the guest sees the program and nothing beside it',
      async () => {
        expect((await run([], 'list', scratch)).stdout).toBe('probe\n');
      },
    );

    test.concurrent('a root\u2019s own link out of it stays within', async () => {
      const outcome = await fl(
        'run',
        '-L',
        'shared',
        '--mount',
        '.:/m',
        '/m/probe',
        'show',
        '/relative',
      );
      expect(outcome).toMatchObject({ status: 98, stdout: '' });
    });
  });

  describe('what we print', () => {
    test.concurrent('-strace: one line for each call', async () => {
      const { stdout, stderr } = await run(['-strace'], 'say', 'a', 'b');
      expect(stdout).toBe('a');
      expect(stderr).toMatch(
        /^(\d+) write\(1,0x\w+,1\) = 1\nb\1 write\(2,0x\w+,1\) = 1\n\1 exit\(0\)\n$/,
      );
    });
    test.concurrent('-D keeps it apart from the guest\u2019s', async () => {
      const outcome = await run(['-D', 'log', '-strace', '--stats'], 'say', 'a', 'b');
      expect(outcome).toMatchObject({ status: 0, stdout: 'a', stderr: 'b' });
      expect(readFileSync(at('log'), 'utf8')).toMatch(/^\d+ write\([^]*\nstatistics\n[^]*\n$/);
    });
    test.concurrent('--json: every line is an object', async () => {
      const options = ['--json', '-strace', '--stats', '--trace', 'all', '--boot-log'];
      const { stderr } = await run(options, 'exit', '0');
      const events = stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type?: string; instructions?: number });
      const types = new Set(events.map(({ type }) => type));
      for (const type of ['boot', 'fault', 'map', 'pmap', 'page', 'object', 'syscall', 'proc'])
        expect(types).toContain(type);
      expect(events.at(-1)?.instructions).toBeGreaterThan(0);
    });
    test.concurrent.each(['fault', 'pmap', 'syscall'])(
      '--trace %s prints lines of that class only',
      async (name) => {
        const { status, stderr } = await run(['--trace', name], 'exit', '0');
        expect(status).toBe(0);
        const lines = stderr.trim().split('\n');
        for (const line of lines) expect(line.split(' ')[0]).toBe(name);
      },
    );
    test.concurrent('--boot-log', async () => {
      const { stderr } = await run(['--boot-log', '--mem', '32M'], 'exit', '0');
      expect(stderr).toMatch(/^FreeBSD 11/);
      expect(stderr).toContain('real memory  = 33554432 (32 MB)');
      expect(stderr).toContain('tmpfs on /');
    });
    test.concurrent('--check says nothing when all is well', async () => {
      expect(await run(['--check'], 'exit', '5')).toMatchObject({ status: 5, stderr: '' });
    });
  });

  test('a script runs with its interpreter, when the guest has it', async () => {
    putProgram('with-probe', `#!${probe} words\n`);
    const { stdout } = await fl('run', '--mount', scratch, 'with-probe', 'more');
    expect(stdout).toBe(`[${probe}]\n[words]\n[${at('with-probe')}]\n[more]\n`);
  });
});
