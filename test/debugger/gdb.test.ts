// The gdb of the system drives guests through --gdb. What it prints was compared with what it prints
// of the same programs run natively.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command } from '../helpers/faultline.js';
import { gcc32, gdb, wants } from '../helpers/tools.js';

const sources = fileURLToPath(new URL('guest', import.meta.url));
const GUEST = '-m32 -g -fno-pie -no-pie -static -nostdlib -ffreestanding -fno-stack-protector -fcf-protection=none'; // prettier-ignore

let dir: string;

interface Debugged {
  /** What gdb said. */
  text: string;
  /** Exit status of faultline. */
  status: number | null;
  stdout: string;
  stderr: string;
}

interface Running {
  /** Exit status. */
  ended: Promise<number | null>;
  stdout(): string;
  stderr(): string;
  stop(): void;
}

/** Starts `faultline run --gdb SOCKET` and waits for the socket. */
async function serve(socket: string, words: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, [command, 'run', '--check', '--gdb', socket, ...words]);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('latin1')));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  for (let i = 0; i < 200 && !existsSync(socket); i++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    ended,
    stdout: () => out,
    stderr: () => err,
    stop: () => void child.kill('SIGKILL'),
  };
}

/** Runs gdb's commands in batch mode. @returns what it printed, both streams. */
function batch(socket: string, commands: readonly string[]): Promise<string> {
  const first = ['set confirm off', 'set pagination off', 'set width 0', 'set debuginfod enabled off', `target remote ${socket}`]; // prettier-ignore
  const words = [...first, ...commands].flatMap((line) => ['-ex', line]);
  const child = spawn('gdb', ['-nx', '-q', '-batch', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  let text = '';
  const add = (chunk: Buffer): void => void (text += chunk.toString('latin1'));
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  const timer = setTimeout(() => child.kill('SIGKILL'), 50_000);
  return new Promise((resolve) =>
    child.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    }),
  );
}

let sockets = 0;

/** A guest under gdb, from its first instruction to the end of both. */
async function debug(words: readonly string[], ...commands: string[]): Promise<Debugged> {
  const socket = join(dir, `gdb${sockets++}`);
  const faultline = await serve(socket, words);
  try {
    const text = await batch(socket, commands);
    const status = await faultline.ended;
    return { text, status, stdout: faultline.stdout(), stderr: faultline.stderr() };
  } finally {
    faultline.stop();
  }
}

/** All of these stand in the text, in this order. */
function inOrder(text: string, ...pieces: (string | RegExp)[]): void {
  let at = 0;
  for (const piece of pieces) {
    const rest = text.slice(at);
    const match = typeof piece === 'string' ? null : piece.exec(rest);
    const found = typeof piece === 'string' ? rest.indexOf(piece) : (match?.index ?? -1);
    expect(found, `${String(piece)}\nbehind\n${text.slice(0, at)}\nin\n${rest}`).toBeGreaterThanOrEqual(0); // prettier-ignore
    at += found + (match?.[0].length ?? (typeof piece === 'string' ? piece.length : 0));
  }
}

describe.runIf(wants(gcc32, gdb))('gdb', () => {
  let session: string;
  let threads: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'faultline-gdb-'));
    [session, threads] = ['session', 'threads'].map((name) => {
      const program = join(dir, name);
      const words = [...GUEST.split(' '), `${name}.c`, '-o', program];
      const { status, stderr } = spawnSync('gcc', words, { cwd: sources, encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return program;
    });
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test('breaks, looks, watches, steps and finishes', async () => {
    const { text, status, stderr } = await debug(
      [session],
      'break sum',
      'continue',
      'backtrace',
      'info registers eip esp gs_base',
      'x/2i $pc',
      'watch counter',
      'rwatch table[0]',
      'continue',
      'stepi',
      'finish',
      'next',
      'next',
      'print here',
      'print square(7)',
      'set var here.x = 1',
      'print here.x',
      'print $st0 = 1.5',
      'info float',
      'info auxv',
      'compare-sections .text',
      'hbreak 44',
      'delete 2-3',
      'continue',
      'detach',
    );
    inOrder(
      text,
      'Breakpoint 1, sum (n=4) at session.c:23',
      '#0  sum (n=4) at session.c:23',
      /#1 {2}0x\w+ in main \(argc=1, argv=0x\w+\) at session.c:35/,
      /eip +0x\w+ +0x\w+ <sum\+6>/,
      /esp +0xbf\w+ +0xbf\w+/,
      'gs_base        0x0',
      /=> 0x\w+ <sum\+6>:\tmovl +\$0x0,-0x4\(%ebp\)/,
      'Hardware watchpoint 2: counter\n\nOld value = 0\nNew value = 30\nsum (n=4) at session.c:27',
      /main \(argc=1, argv=0x\w+\) at session.c:35\n35\t.*\nValue returned is \$1 = 30/,
      '36\t',
      '37\t',
      /\$2 = \{x = 3, y = -4, name = 0x\w+ "origin"\}/,
      '$3 = 49',
      '$4 = 1',
      '$5 = 1.5',
      'R0: Empty   0x3fffc000000000000000',
      /AT_PAGESZ +System page size +4096/,
      'matched',
      'Breakpoint 4, main',
      '[Inferior 1 (process 5) detached]',
    );
    expect(text).not.toMatch(
      /internal-error|not supported|Remote failure|Protocol error|Ignoring/i,
    );
    // On its own it goes on to its end.
    expect(stderr).toContain('waiting for gdb: target remote ');
    expect(status).toBe(139);
  });

  test('tells of signals, the end, and the address space', async () => {
    const { text, status, stdout } = await debug(
      [session],
      'stepi',
      'info proc mappings',
      'info proc exe',
      'info os processes',
      'info mem',
      'monitor vmmap',
      'monitor pagewalk $pc',
      'monitor info tlb',
      'monitor faults 1',
      'monitor continue',
      'continue',
      'print/x $eip == (int)$pc',
      'continue',
    );
    inOrder(
      text,
      /0x8049000 +0x804a000 +0x1000 +0x1000 +r-xp +\/.*\/session\n/,
      /exe = '\/.*\/session'/,
      /5 +0 +\/?.*session +0/,
      'Using memory regions provided by the target.',
      /0x08049000 0x0804a000 r-x +\d+ +COW,NEEDS_COPY object \d+ \(vnode\)/,
      /-> physical 0x\w+, user, read only/,
      '"continue" is gdb\'s own here',
      'Program received signal SIGSEGV, Segmentation fault.',
      '$1 = 0x1',
      'Program terminated with signal SIGSEGV, Segmentation fault.',
    );
    expect(stdout).toBe('done\n');
    expect(status).toBe(139);
  });

  test('follows the child of a fork, or both', async () => {
    const child = await debug(
      [session],
      'set follow-fork-mode child',
      'break 42',
      'continue',
      'print buffer[4096]',
      'continue',
    );
    inOrder(
      child.text,
      /\[Attaching after .* fork to child .*\]/,
      '[Inferior 1 (process 5) detached]',
      /hit Breakpoint 1, main .* at session.c:42/,
      "$1 = 7 '\\a'",
      '[Inferior 2 (process 6) exited with code 05]',
    );
    const both = await debug(
      [session],
      'set detach-on-fork off',
      'catch fork',
      'break 45',
      'break 42',
      'continue',
      'continue',
      'info inferiors',
      'inferior 2',
      'continue',
      'print buffer[4096]',
      'inferior 1',
      'print buffer[4096]',
      'kill inferiors 1 2',
    );
    inOrder(
      both.text,
      'Catchpoint 1 (forked process 6)',
      '[New inferior 2 (process 6)]',
      /hit Breakpoint 2\.1, main .* at session.c:45/,
      /\* 1 +process 5/,
      /2 +process 6/,
      /hit Breakpoint 3\.2, main .* at session.c:42/,
      "$1 = 7 '\\a'",
      // The parent kept its own copy.
      "$2 = 1 '\\001'",
    );
    expect(both.status).toBe(137);
  });

  test('stops and steps threads one by one, and interrupts them', async () => {
    const { text, status } = await debug(
      [threads],
      'break spin',
      'continue',
      'info threads',
      'delete',
      'set scheduler-locking on',
      'next',
      'next',
      'print counter',
      'set scheduler-locking off',
      'thread 1',
      'tbreak 32',
      'continue',
      'shell (sleep 2; kill -INT $PPID) &',
      'continue',
      'info threads',
      'set var stop = 1',
      'print stop',
      'kill',
    );
    inOrder(
      text,
      'hit Breakpoint 1, spin ()',
      /1 +Thread 5\.\w+ .*\(asleep: nanslp\).* call5 \(/,
      /\* 2 +Thread 5\.\w+ .* spin \(\)/,
      '16\t    counter++;',
      '15\t  while (!stop)',
      '$1 = 1\n',
      'hit Temporary breakpoint 2, main ()',
      'received signal SIGINT, Interrupt.',
      /asleep|runnable/,
      '$2 = 1',
      '[Inferior 1 (process 5) killed]',
    );
    expect(status).toBe(137);
  });

  test('may come again, after it has let go', async () => {
    const socket = join(dir, 'again');
    const faultline = await serve(socket, [threads]);
    try {
      expect(await batch(socket, ['tbreak 32', 'continue', 'detach'])).toContain('detached');
      const text = await batch(socket, ['print counter > 0', 'print stop', 'kill']);
      inOrder(text, '$1 = 1', '$2 = 0', 'killed');
      expect(await faultline.ended).toBe(137);
    } finally {
      faultline.stop();
    }
    expect(existsSync(socket)).toBe(false);
  });

  test('is refused an address that is none', () => {
    for (const where of ['99999', 'x:y', join(dir, 'no/such/place')]) {
      const run = spawnSync(process.execPath, [command, 'run', '--gdb', where, session], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect(run.status, where).toBe(125);
      expect(run.stderr).toMatch(/^faultline: --gdb.*\n$/);
    }
  });
});
