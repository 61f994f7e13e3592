// Going back in time: sessions whose places are compared with what stepping forward found.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gcc32, wants } from '../helpers/tools.js';
import { digestOf } from '../guest/checkpoint_system.js';
import { ScriptedSession, compileSource, removeGuest } from './debug_session.js';

const INPUT = 'hello\n';

describe.runIf(wants(gcc32))('back in time', () => {
  let program: string;
  beforeAll(() => {
    program = compileSource('reverse.c', '-O0');
  });
  afterAll(() => removeGuest(program));

  const open = (): ScriptedSession => new ScriptedSession(program, INPUT);
  const now = (d: ScriptedSession): number => d.session.control?.instructions ?? -1;
  const pc = (d: ScriptedSession): number => d.session.inspection.frame(0)?.pc ?? -1;
  const digest = (d: ScriptedSession): string => {
    if (d.session.control === null) throw new Error('no machine');
    return digestOf(d.session.control.kernel);
  };
  const value = async (d: ScriptedSession, expression: string): Promise<string> =>
    (await d.run(`output ${expression}`)).trim();

  /** Where each instruction of a stretch began, forwards. */
  async function steps(d: ScriptedSession, count: number): Promise<{ at: number; pc: number }[]> {
    const places = [];
    for (let i = 0; i < count; i++) {
      places.push({ at: now(d), pc: pc(d) });
      await d.run('stepi');
    }
    return places;
  }

  test('reverse-stepi retraces what stepi did, over a call of the kernel too', async () => {
    const d = open();
    await d.run('break main', 'run');
    const forward = await steps(d, 60);
    for (const place of forward.reverse()) {
      await d.run('reverse-stepi');
      expect({ at: now(d), pc: pc(d) }).toEqual(place);
    }
  });

  test('the state at a moment is the same from either side', async () => {
    const d = open();
    await d.run('break main', 'run');
    const moments = new Map<number, string>();
    for (let i = 0; i < 12; i++) {
      moments.set(now(d), digest(d));
      await d.run('stepi 37');
    }
    await d.run('delete', 'continue');
    const shuffled = [...moments].sort(([a], [b]) => (a % 7) - (b % 7));
    for (const [at, expected] of shuffled) {
      await d.run(`goto ${at}`);
      expect(now(d)).toBe(at);
      expect(digest(d)).toBe(expected);
    }
  });

  test('reverse-nexti goes over a call, reverse-stepi into its end', async () => {
    const d = open();
    await d.run('break square', 'run', 'delete', 'finish', 'nexti');
    const after = pc(d);
    await d.run('reverse-nexti');
    expect(await d.run('frame')).toContain('in sum (n=4)');
    const returned = pc(d);
    expect(after).toBeGreaterThan(returned);
    const instruction = async (): Promise<string> => d.run('x/i $pc');
    await d.run('reverse-nexti');
    expect(await instruction()).toContain('call');
    expect(await d.run('frame')).toContain('in sum (n=4)');
    expect(pc(d)).toBeLessThan(returned);
    await d.run('nexti');
    expect(pc(d)).toBe(returned);
    await d.run('reverse-stepi');
    expect(await instruction()).toContain('ret');
    expect(await d.run('frame')).toContain('square (n=1)');
  });

  test('reverse-step and reverse-next undo step and next', async () => {
    const d = open();
    await d.run('break sum', 'run', 'delete');
    const forward: [string, number][] = [];
    const lineOf = async (): Promise<string> => (await d.run('frame')).split('\n')[0];
    for (let i = 0; i < 12; i++) {
      forward.push([await lineOf(), now(d)]);
      await d.run('step');
    }
    for (const [line, at] of forward.slice(1).reverse()) {
      await d.run('reverse-step');
      // Into a function, step goes behind its prologue; back from it, to its call's line.
      const here = await lineOf();
      if (now(d) === at) expect(here).toBe(line);
    }
    await d.run('goto end', 'goto start', 'break sum', 'continue', 'delete', 'next 3');
    const [third, at] = [await lineOf(), now(d)];
    await d.run('next');
    const back = await d.run('reverse-next');
    expect([await lineOf(), now(d)]).toEqual([third, at]);
    expect(back).toMatch(/^\d+\t/);
  });

  test('reverse-finish goes to the call', async () => {
    const d = open();
    await d.run('break square', 'run', 'delete', 'next');
    expect(await d.run('reverse-finish')).toContain('Run back to call of #0');
    expect(await d.run('x/i $pc')).toContain('call');
    const at = now(d);
    await d.run('stepi');
    expect(await d.run('frame')).toContain('square (n=1)');
    expect(now(d)).toBe(at + 1);
  });

  test('watch and reverse-continue find the writing instruction', async () => {
    const d = open();
    await d.run('handle SIGUSR1 nostop noprint', 'break main', 'run', 'delete', 'break handler');
    await d.run('tbreak sum', 'continue');
    const start = now(d);
    // Found by single steps: the instructions behind which table[3] is another.
    const writes: { at: number; pc: number; old: string; new: string }[] = [];
    let old = await value(d, 'table[3]');
    while (old !== '129') {
      const place = { at: now(d), pc: pc(d) };
      await d.run('stepi');
      const next = await value(d, 'table[3]');
      if (next !== old) writes.push({ ...place, old, new: next });
      old = next;
    }
    expect(writes.map((w) => w.new)).toEqual(['9', '33', '57', '81', '105', '129']);
    await d.run('continue');
    expect(await d.run('frame')).toContain('handler (signo=10)');
    await d.run('delete', 'watch table[3]');
    for (const write of writes.reverse()) {
      const told = await d.run('reverse-continue');
      expect({ at: now(d), pc: pc(d) }).toEqual({ at: write.at, pc: write.pc });
      expect(told).toContain(`Old value = ${write.new}\nNew value = ${write.old}\n`);
      expect(await value(d, 'table[3]')).toBe(write.old);
    }
    const told = await d.run('reverse-continue');
    expect(told).toContain('No more reverse-execution history.');
    expect(now(d)).toBeLessThan(start);
    expect(await value(d, 'table[3]')).toBe('0');
    // Forwards again the same watchpoint stops behind each write.
    for (const write of [...writes].reverse()) {
      expect(await d.run('continue')).toContain(
        `Old value = ${write.old}\nNew value = ${write.new}\n`,
      );
      expect(now(d)).toBe(write.at + 1);
    }
  });

  test('who wrote tells the same, and stays', async () => {
    const d = open();
    await d.run('break handler', 'run');
    const before = [now(d), digest(d)];
    const told = await d.run('who wrote table[3]');
    expect([now(d), digest(d)]).toEqual(before);
    const found = /^Instruction (\d+), at (0x[0-9a-f]+) in main \(\) at reverse.c:40/.exec(told);
    expect(found, told).not.toBeNull();
    expect(told).toContain('129');
    const [, at, address] = found ?? [];
    await d.run(`goto ${at}`);
    expect(pc(d)).toBe(Number(address));
    expect(await value(d, 'table[3]')).toBe('105');
    await d.run('stepi');
    expect(await value(d, 'table[3]')).toBe('129');
    // The kernel wrote the line that read(2) gave.
    await d.run('goto end');
    expect(await d.run('who wrote line 4')).toContain('call4');
    expect(await d.run('who wrote &table 4')).toContain('144');
    expect(await d.run('who wrote 16 4')).toContain('Nothing');
  });

  test('breakpoints are met backwards', async () => {
    const d = open();
    await d.run('break square', 'run');
    const hits = [now(d)];
    for (let i = 0; i < 3; i++) {
      await d.run('continue');
      hits.push(now(d));
    }
    for (const at of hits.slice(0, 3).reverse()) {
      expect(await d.run('reverse-continue')).toContain('Breakpoint 1, square');
      expect(now(d)).toBe(at);
    }
    await d.run('condition 1 n == 3', 'goto end');
    expect(await d.run('reverse-continue')).toContain('square (n=3)');
    expect(now(d)).toBe(hits[2]);
  });

  test('the past has an end', async () => {
    const d = open();
    await d.run('break main', 'run', 'delete');
    expect(await d.run('reverse-continue')).toContain('No more reverse-execution history.');
    const first = now(d);
    for (const command of ['reverse-stepi', 'reverse-step', 'reverse-next', 'reverse-nexti']) {
      expect(await d.run(command), command).toContain('No more reverse-execution history.');
      expect(now(d)).toBe(first);
    }
    expect(await d.run('goto 99999999')).toMatch(/has not been executed/);
    expect(await d.run('goto -1')).toMatch(/has not been executed/);
    expect(await d.run('goto')).toContain('Argument required');
  });

  test('after the end there is still a way back', async () => {
    const d = open();
    expect(await d.run('handle SIGUSR1 nostop noprint', 'run')).toMatch(
      /hello\n[^]*exited with code 12/,
    );
    await d.run('break handler');
    expect(await d.run('reverse-continue')).toContain('handler (signo=10)');
    expect(await d.run('continue')).toMatch(
      /^Continuing\.\n\[Detaching[^\n]*\n\[Inferior 1 \(process \d+\) exited with code 12\]\n$/,
    );
  });

  test('output is written once, and input comes again', async () => {
    const d = open();
    await d.run('handle SIGUSR1 nostop noprint');
    expect(await d.run('tbreak sum', 'run', 'output line')).toContain('hello');
    expect(await d.run('continue')).toContain('hello\n');
    await d.run('goto start');
    expect(await value(d, 'line[0]')).toContain('0');
    const again = await d.run('tbreak sum', 'continue');
    expect(again).not.toContain('hello');
    expect(await d.run('output line')).toContain('hello');
    expect(await d.run('delete', 'continue')).not.toContain('hello\n');
  });

  test('a change in the past makes another future', async () => {
    const d = open();
    await d.run('handle SIGUSR1 nostop noprint', 'break sum', 'run', 'delete');
    const at = now(d);
    await d.run('continue');
    const end = d.session.control?.timeline?.present ?? 0;
    await d.run(`goto ${at}`, 'set var n = 2');
    expect(d.session.control?.timeline?.present).toBe(at);
    await d.run('finish');
    expect(await value(d, 'counter')).toBe('5');
    expect(now(d)).toBeLessThan(end);
    // The change is part of what is gone through again, from before it and from behind.
    const behind = now(d);
    await d.run('goto start', `goto ${behind}`);
    expect(await value(d, 'counter')).toBe('5');
    await d.run('goto start', 'watch counter', 'continue');
    expect(await value(d, 'counter')).toBe('5');
    expect(await d.run('delete', 'continue')).toContain('hello');
  });

  test('a signal that was passed is passed again, and one that was not is not', async () => {
    const d = open();
    await d.run('break child', 'tbreak main', 'run');
    expect(await d.run('continue')).toContain('received signal SIGUSR1');
    const at = now(d);
    expect(await d.run('signal 0')).toContain('exited normally');
    await d.run(`goto ${at}`);
    expect(await d.run('handle SIGUSR1 nostop noprint', 'continue')).toContain('exited normally');

    const e = open();
    await e.run('tbreak main', 'run', 'continue');
    const posted = now(e);
    await e.run('tbreak handler', 'continue', 'continue');
    await e.run(`goto ${posted}`, 'handle SIGUSR1 nostop noprint nopass', 'tbreak handler');
    expect(await e.run('continue')).toContain('handler (signo=10)');
  });

  test('back over a fork, to either side of it', async () => {
    const d = open();
    await d.run('set follow-fork-mode child', 'handle SIGUSR1 nostop noprint', 'break child');
    expect(await d.run('run')).toContain('child ()');
    const child = await d.run('info inferiors');
    await d.run('watch counter', 'continue');
    expect(await value(d, 'counter')).toBe('99');
    expect(await d.run('reverse-continue')).toContain('Old value = 99\nNew value = 30');
    expect(await value(d, 'counter')).toBe('30');
    expect(await d.run('info inferiors')).toBe(child);
    // Written by the parent, before there was a child.
    expect(await d.run('reverse-continue')).toContain('Old value = 30\nNew value = 0');
    expect(await d.run('info inferiors')).toMatch(/\* 1 +process[^]* 2 +<null>/);
    await d.run('delete', 'tbreak square');
    expect(await d.run('reverse-continue')).toContain('square (n=4)');
    await d.run('set follow-fork-mode parent', 'watch counter');
    await d.run('continue');
    expect(await value(d, 'counter')).toBe('30');
  });

  test('checkpoints are numbered places to return to', async () => {
    const d = open();
    expect(await d.run('checkpoint')).toContain('The program is not being run.');
    await d.run('break square', 'run');
    expect(await d.run('info checkpoints')).toBe('No checkpoints.\n');
    expect(await d.run('checkpoint')).toMatch(
      /^Checkpoint 1: instruction \d+, at 0x[0-9a-f]+, file reverse.c, line 12\.?\n/,
    );
    const first = [now(d), digest(d)];
    await d.run('continue', 'checkpoint');
    const second = [now(d), digest(d)];
    expect((await d.run('info checkpoints')).split('\n')).toHaveLength(3);
    expect(await d.run('restart 1')).toContain('square (n=1)');
    expect([now(d), digest(d)]).toEqual(first);
    expect(await d.run('restart 2')).toContain('square (n=2)');
    expect([now(d), digest(d)]).toEqual(second);
    await d.run('delete checkpoint 2');
    expect(await d.run('restart 2')).toContain('No checkpoint number 2.');
    await d.run('continue', 'checkpoint', 'restart 1', 'set var n = 9');
    expect(await d.run('restart 3')).toContain('a change in its past');
  });
});
