// The shell on a terminal: prompts, job control, interrupts. script(1) makes the terminal.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { command as faultline, root } from '../helpers/faultline.js';
import { gcc32, script, wants } from '../helpers/tools.js';

const bin = join(root, 'userland/build/freebsd/bin');

/** A shell on a terminal, and what it has printed since the last look. */
class Session {
  private output = '';
  private seen = 0;
  readonly ended: Promise<number | null>;
  private readonly child;

  constructor() {
    const words = ['run', '--check', '--mount', `${bin}:/bin`, '-E', 'PATH=/bin', '-E', 'PS1=@ '];
    const all = [process.execPath, faultline, ...words, '--argv0', 'sh'];
    const command = [...all, join(bin, 'sh')].map((word) => `'${word}'`).join(' ');
    this.child = spawn('script', ['-qec', command, '/dev/null'], { stdio: 'pipe' });
    this.child.stdout.on('data', (data: Buffer) => {
      this.output += data.toString('latin1').replaceAll('\r', '');
    });
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }

  /** Waits until the text comes; what came up to its end. */
  async until(text: string): Promise<string> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const at = this.output.indexOf(text, this.seen);
      if (at >= 0) {
        const found = this.output.slice(this.seen, at + text.length);
        this.seen = at + text.length;
        return found;
      }
      if (Date.now() > deadline)
        throw new Error(`no ${JSON.stringify(text)} in ${JSON.stringify(this.output)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  /** Types a line; what is printed between it and the next prompt. */
  async line(text: string): Promise<string> {
    this.type(`${text}\n`);
    await this.until(`${text}\n`);
    return (await this.until('@ ')).slice(0, -2);
  }

  /** Types a line whose command goes on, then a control character, once it has begun. */
  async breakOff(text: string, control: string): Promise<string> {
    this.type(`echo begun; ${text}\n`);
    await this.until('\nbegun\n');
    await new Promise((resolve) => setTimeout(resolve, 300));
    this.type(control);
    return (await this.until('@ ')).slice(0, -2);
  }

  close(): void {
    this.child.kill();
  }
}

let session: Session | undefined;
afterEach(() => session?.close());

const start = async (): Promise<Session> => {
  session = new Session();
  await session.until('@ ');
  return session;
};

describe.runIf(wants(gcc32, script))('the shell on a terminal', () => {
  test('prompts for lines and for their continuation', async () => {
    const sh = await start();
    expect(await sh.line('echo $((6 * 7))')).toBe('42\n');
    sh.type('for i in a b; do\n');
    await sh.until('\n> ');
    sh.type('echo $i; done\n');
    await sh.until('done\n');
    expect(await sh.until('@ ')).toBe('a\nb\n@ ');
    sh.type('exit 5\n');
    expect(await sh.ended).toBe(5);
  });

  test('goes on after errors', async () => {
    const sh = await start();
    expect(await sh.line('echo ${x?bad}; echo no')).toMatch(/^sh: \d+: x: bad\n$/);
    expect(await sh.line('f() { if ; }')).toMatch(/Syntax error: ";" unexpected\n$/);
    expect(await sh.line('readonly r=1; { r=2; echo no; } >/dev/null')).toMatch(/is read only\n$/);
    expect(await sh.line('echo $? still here')).toBe('2 still here\n');
  });

  test('^C ends the job and the whole line', async () => {
    const sh = await start();
    expect(await sh.breakOff('sleep 100; echo no', '\x03')).toBe('^C\n');
    expect(await sh.line('echo $?')).toBe('130\n');
    expect(await sh.breakOff('while :; do sleep 1; done', '\x03')).toBe('^C\n');
    expect(await sh.breakOff('while :; do :; done', '\x03')).toBe('^C\n');
    sh.type('echo not run\x03');
    expect(await sh.until('\n@ ')).toBe('echo not run^C\n@ ');
  });

  test('^Z stops a job; jobs, bg, fg and kill work on it', async () => {
    const sh = await start();
    expect(await sh.breakOff('sleep 100', '\x1a')).toMatch(/^\^Z\n\[1\] \+ Stopped +sleep 100\n$/);
    expect(await sh.line('echo $(($? > 128))')).toBe('1\n');
    expect(await sh.line('jobs')).toMatch(/^\[1\] \+ Stopped +sleep 100\n$/);
    expect(await sh.line('bg')).toBe('[1] sleep 100\n');
    expect(await sh.line('jobs')).toMatch(/^\[1\] \+ Running +sleep 100\n$/);
    sh.type('fg %sleep\n');
    await sh.until('\nsleep 100\n');
    sh.type('\x1a');
    await sh.until('@ ');
    expect(await sh.line('kill %1; wait %1; echo $?')).toMatch(
      /^143\n\[1\] \+ Terminated +sleep 100\n$/,
    );
    expect(await sh.line('jobs')).toBe('');
  });

  test('a background pipeline is one job', async () => {
    const sh = await start();
    expect(await sh.line('sleep 50 | cat &')).toMatch(/^\[1\] \d+\n$/);
    expect(await sh.line('jobs')).toMatch(/^\[1\] \+ Running +sleep 50 \| cat\n$/);
    await sh.line('kill %1; wait %1');
    expect(await sh.line('jobs')).toBe('');
  });

  test('a background job that reads the terminal stops', async () => {
    const sh = await start();
    await sh.line('cat &');
    expect(await sh.line('wait %1; jobs')).toMatch(/^\[1\] \+ Stopped.* cat\n/);
    sh.type('fg\n');
    await sh.until('\ncat\n');
    sh.type('typed\n');
    await sh.until('typed\ntyped\n');
    sh.type('\x04');
    await sh.until('@ ');
    expect(await sh.line('echo $?')).toBe('0\n');
  });

  test('stopped jobs keep the shell once', async () => {
    const sh = await start();
    await sh.breakOff('sleep 100', '\x1a');
    expect(await sh.line('exit 4')).toBe('You have stopped jobs.\n');
    sh.type('exit 4\n');
    expect(await sh.ended).toBe(4);
  });
});
