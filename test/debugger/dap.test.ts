import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Adapter } from '../../tools/dap/adapter.js';
import { encodeMessage } from '../../tools/dap/framing.js';
import { gcc32, wants } from '../helpers/tools.js';
import { DapClient } from './dap_client.js';
import type { Body } from './dap_client.js';

const guests = fileURLToPath(new URL('guest/', import.meta.url));
const SOURCE = join(guests, 'session.c');
const directory = mkdtempSync(join(tmpdir(), 'faultline-dap-'));
const session = join(directory, 'session');
const consoleGuest = join(directory, 'console');

function compile(source: string, program: string): void {
  const options =
    '-m32 -g -O0 -fno-pie -no-pie -static -nostdlib -ffreestanding -fno-stack-protector -fcf-protection=none';
  const { status, stderr } = spawnSync('gcc', [...options.split(' '), source, '-o', program], {
    cwd: guests,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}

/** A program's listing by objdump: address, bytes. */
function listing(program: string): Map<number, string> {
  const { stdout } = spawnSync('objdump', ['-d', '-w', program], { encoding: 'utf8' });
  const found = new Map<number, string>();
  for (const [, address, bytes] of stdout.matchAll(/^ +([0-9a-f]+):\t((?:[0-9a-f]{2} )+)/gm))
    found.set(parseInt(address, 16), bytes.trim());
  return found;
}

let client: DapClient;
let ended = true;

function connect(): DapClient {
  ended = false;
  const adapter: Adapter = new Adapter({
    send: (message) => made.receive(encodeMessage(message)),
    drained: () => Promise.resolve(),
    end: () => {
      ended = true;
    },
  });
  const made = new DapClient((bytes) => adapter.receive(bytes));
  client = made;
  return made;
}

/** Launches a guest; it stands in front of its first instruction, not configured. */
async function launch(more: Body = {}): Promise<DapClient> {
  connect();
  await client.request('initialize', { adapterID: 'faultline', supportsInvalidatedEvent: true });
  await client.request('launch', { program: session, abi: 'linux', mem: '16M', ...more });
  await client.event('initialized');
  return client;
}

interface BreakpointsBody extends Body {
  breakpoints: { id: number; verified: boolean; line?: number; message?: string }[];
}

const lines = (...breakpoints: (number | Body)[]): Body => ({
  source: { path: SOURCE },
  breakpoints: breakpoints.map((b) => (typeof b === 'number' ? { line: b } : b)),
});

/** Launches, sets breakpoints at lines of session.c, and runs to the first of them. */
async function runTo(...breakpoints: (number | Body)[]): Promise<Body> {
  await launch();
  await client.request('setBreakpoints', lines(...breakpoints));
  await client.request('configurationDone');
  return client.event('stopped');
}

/** Names and values of variables. */
const pairs = (found: { name: string; value: string }[]): Record<string, string> =>
  Object.fromEntries(found.map(({ name, value }) => [name, value]));

afterEach(async () => {
  if (ended) return;
  await client.request('disconnect');
  expect(client.messages.filter((m) => m.message?.startsWith('internal'))).toEqual([]);
});
afterAll(() => rmSync(directory, { recursive: true }));

describe.runIf(wants(gcc32))('a debug adapter', () => {
  beforeAll(() => {
    compile('session.c', session);
    compile('console.c', consoleGuest);
  });

  test('stops at lines, and shows the stack and its variables', async () => {
    await launch();
    const set = await client.request<BreakpointsBody>('setBreakpoints', lines(26, 1000));
    expect(set.breakpoints).toMatchObject([
      { verified: true, line: 26 },
      { verified: false, message: 'No line 1000 in file "session.c".' },
    ]);
    await client.request('configurationDone');
    const stop = await client.event('stopped');
    expect(stop).toMatchObject({
      reason: 'breakpoint',
      hitBreakpointIds: [set.breakpoints[0].id],
      allThreadsStopped: true,
    });
    expect(await client.stack()).toEqual(['sum:26', 'main:35']);
    expect((await client.frames())[0].source?.path).toBe(SOURCE);
    // 1 + 4 + 9 + 16.
    expect(pairs(await client.variables('Locals'))).toEqual({ total: '30' });
    expect(pairs(await client.variables('Arguments'))).toEqual({ n: '4' });
    expect(pairs(await client.variables('Arguments', 1))).toMatchObject({ argc: '1' });
    expect(pairs(await client.variables('Globals', 0, 'origin'))).toMatchObject({
      x: '3',
      y: '-4',
    });
    expect((await client.variables('Globals', 0, 'table')).map(({ value }) => value)).toEqual(
      ['1', '2', '3', '4', '5'], // prettier-ignore
    );
    expect(await client.evaluate('total * 2 + n')).toBe('64');
    expect(await client.evaluate('origin.name[1]')).toBe("114 'r'");
    expect(await client.evaluate('paint')).toBe('GREEN');
    expect(await client.refused('evaluate', { expression: 'total +' })).toMatch(/syntax/);
    expect(await client.refused('evaluate', { expression: 'nobody' })).toBe(
      'No symbol "nobody" in current context.',
    );
  });

  test('gives the elements of an array in pieces', async () => {
    await runTo(26);
    const buffer = (await client.variables('Globals')).find(({ name }) => name === 'buffer');
    expect(buffer?.indexedVariables).toBe(3 * 4096);
    const some = await client.children(buffer?.variablesReference ?? 0, {
      filter: 'indexed',
      start: 12_286,
      count: 50,
    });
    expect(some.map(({ name }) => name)).toEqual(['[12286]', '[12287]']);
  });

  test('heeds conditions, counts of hits and messages', async () => {
    await launch();
    const square = { line: 18, condition: 'n >= 2', hitCondition: '2' };
    const inLoop = { line: 25, logMessage: 'i is {i}, \\{total\\} {total}, {none}' };
    await client.request('setBreakpoints', lines(square, inLoop));
    await client.request('configurationDone');
    await client.event('stopped');
    expect(await client.evaluate('n')).toBe('3');
    expect(client.output('console')).toBe(
      [1, 2, 3]
        .map(
          (i) => `i is ${i}, {total} ${[0, 1, 5][i - 1]}, <No symbol "none" in current context.>\n`,
        )
        .join(''),
    );
    await client.move('continue');
    expect(await client.evaluate('n')).toBe('4');
    const bad = { line: 18, condition: 'n >', hitCondition: 'often' };
    const set = await client.request<BreakpointsBody>('setBreakpoints', lines(bad));
    expect(set.breakpoints).toMatchObject([{ verified: false }]);
  });

  test('keeps a breakpoint that is asked for again', async () => {
    await launch();
    const [first] = (await client.request<BreakpointsBody>('setBreakpoints', lines(26)))
      .breakpoints;
    const both = (await client.request<BreakpointsBody>('setBreakpoints', lines(18, 26)))
      .breakpoints;
    expect(both[1].id).toBe(first.id);
    await client.request('setBreakpoints', lines());
    await client.request('setFunctionBreakpoints', { breakpoints: [{ name: 'touch' }] });
    await client.request('configurationDone');
    expect(await client.event('stopped')).toMatchObject({ reason: 'function breakpoint' });
    expect(await client.stack()).toEqual(['touch:31', 'main:38']);
  });

  test('steps by lines, into, over and out of calls, and back', async () => {
    await launch({ stopOnEntry: 'main' });
    await client.request('configurationDone');
    expect(await client.event('stopped')).toMatchObject({ reason: 'entry' });
    const stack: string[][] = [await client.stack()];
    for (const command of ['stepIn', 'next', 'next', 'stepIn', 'stepOut', 'next']) {
      expect(await client.move(command)).toMatchObject({ reason: 'step' });
      stack.push(await client.stack());
    }
    expect(stack).toEqual([
      ['main:35'],
      ['sum:23', 'main:35'],
      ['sum:24', 'main:35'],
      ['sum:25', 'main:35'],
      ['square:18', 'sum:25', 'main:35'],
      ['sum:25', 'main:35'],
      ['sum:24', 'main:35'],
    ]);
    // Over the call of square, then over what is in front of the loop.
    const back: string[] = [];
    for (let i = 0; i < 3; i++) {
      await client.move('stepBack');
      back.push((await client.stack())[0]);
    }
    expect(back).toEqual(['sum:25', 'sum:24', 'sum:23']);
    // The line of the function's beginning may lie in between.
    await client.move('stepBack');
    if ((await client.stack()).length > 1) await client.move('stepBack');
    expect(await client.stack()).toEqual(['main:35']);
  });

  test('steps by instructions the same way forwards and back', async () => {
    await launch({ stopOnEntry: true });
    await client.request('configurationDone');
    await client.event('stopped');
    const granularity = { granularity: 'instruction' };
    const pc = async (): Promise<string> => (await client.frames())[0].instructionPointerReference;
    const forwards = [await pc()];
    for (let i = 0; i < 12; i++) {
      await client.move('stepIn', granularity);
      forwards.push(await pc());
    }
    const known = listing(session);
    for (const at of forwards) expect(known.has(Number(at)), at).toBe(true);
    const backwards = [await pc()];
    while (backwards.length < forwards.length) {
      await client.move('stepBack', granularity);
      backwards.push(await pc());
    }
    expect(backwards).toEqual(forwards.reverse());
  });

  test('goes back to breakpoints, and to the beginning', async () => {
    await runTo(18);
    for (let n = 2; n <= 4; n++) await client.move('continue');
    expect(await client.evaluate('n')).toBe('4');
    expect(await client.move('reverseContinue')).toMatchObject({ reason: 'breakpoint' });
    expect(await client.evaluate('n')).toBe('3');
    await client.request('setBreakpoints', lines());
    expect(await client.move('reverseContinue')).toMatchObject({ reason: 'entry' });
    expect(await client.stack()).toEqual(['_start:52']);
    // Output is written once, however often the past is run through.
    await client.request('setExceptionBreakpoints', { filters: ['signals'] });
    await client.move('continue');
    await client.move('reverseContinue');
    await client.move('continue');
    expect(client.output('stdout')).toBe('done\n');
  });

  test('stops where data change, forwards and back', async () => {
    await runTo(18);
    const info = await client.request('dataBreakpointInfo', { name: 'counter' });
    expect(info).toMatchObject({ accessTypes: ['read', 'write', 'readWrite'] });
    await client.request('setBreakpoints', lines());
    const data = { breakpoints: [{ dataId: info['dataId'], accessType: 'write' }] };
    const set = await client.request<BreakpointsBody>('setDataBreakpoints', data);
    expect(set.breakpoints).toMatchObject([{ verified: true }]);
    const stop = await client.move('continue');
    expect(stop).toMatchObject({
      reason: 'data breakpoint',
      hitBreakpointIds: [set.breakpoints[0].id],
    });
    expect(stop['text']).toMatch(/00 00 00 00 -> 1e 00 00 00$/);
    expect(await client.evaluate('counter')).toBe('30');
    expect(await client.move('reverseContinue')).toMatchObject({ reason: 'data breakpoint' });
    expect(await client.evaluate('counter')).toBe('0');
    expect(await client.stack()).toEqual(['sum:26', 'main:35']);
  });

  test('watches a local for as long as it lives', async () => {
    await runTo(24);
    const frameId = (await client.frames())[0].id;
    const { scopes } = await client.request<{
      scopes: { name: string; variablesReference: number }[];
    }>('scopes', { frameId });
    const info = await client.request('dataBreakpointInfo', {
      name: 'total',
      variablesReference: scopes.find(({ name }) => name === 'Locals')?.variablesReference,
    });
    await client.request('setBreakpoints', lines());
    const data = { breakpoints: [{ dataId: info['dataId'], accessType: 'write' }] };
    await client.request('setDataBreakpoints', data);
    const values: string[] = [];
    for (let i = 0; i < 4; i++) {
      expect(await client.move('continue')).toMatchObject({ reason: 'data breakpoint' });
      values.push(await client.evaluate('total'));
    }
    expect(values).toEqual(['1', '5', '14', '30']);
    const stop = await client.move('continue');
    expect(stop).toMatchObject({ description: 'What is watched has gone out of scope' });
    expect(
      client.messages.filter((m) => m.event === 'breakpoint' && m.body?.['reason'] === 'removed'),
    ).toHaveLength(1);
  });

  test('reads and writes memory, registers and variables', async () => {
    await runTo(26);
    const at = await client.evaluate('&table');
    const memoryReference = /0x[0-9a-f]+/.exec(at)?.[0] ?? '';
    const read = await client.request('readMemory', { memoryReference, offset: 4, count: 8 });
    expect(read['address']).toBe(`0x${(Number(memoryReference) + 4).toString(16)}`);
    expect(Buffer.from(String(read['data']), 'base64')).toEqual(
      Buffer.from([2, 0, 0, 0, 3, 0, 0, 0]),
    );
    const data = Buffer.from([7, 1, 0, 0]).toString('base64');
    const written = await client.request('writeMemory', { memoryReference, offset: 8, data });
    expect(written).toEqual({ bytesWritten: 4 });
    expect(await client.evaluate('table')).toBe('{1, 2, 263, 4, 5}');
    expect(client.messages.some((m) => m.event === 'invalidated')).toBe(true);
    expect(await client.refused('writeMemory', { memoryReference: '0x10', data })).toBe(
      'Cannot access memory at address 0x10',
    );
    expect(await client.refused('writeMemory', { memoryReference, data: '*' })).toMatch(/base64/);
    expect(await client.request('readMemory', { memoryReference: '0x10', count: 16 })).toEqual({
      address: '0x10',
      unreadableBytes: 16,
    });
    const frameId = (await client.frames())[0].id;
    const { scopes } = await client.request<{
      scopes: { name: string; variablesReference: number }[];
    }>('scopes', { frameId });
    const locals = scopes.find(({ name }) => name === 'Locals')?.variablesReference;
    const set = { variablesReference: locals, name: 'total', value: 'n + 96' };
    expect(await client.request('setVariable', set)).toMatchObject({ value: '100' });
    expect(await client.evaluate('total')).toBe('100');
    const registers = scopes.find(({ name }) => name === 'Registers')?.variablesReference;
    const eax = { variablesReference: registers, name: 'eax', value: '0x12345678' };
    expect(await client.request('setVariable', eax)).toMatchObject({ value: '0x12345678' });
    expect(await client.evaluate('$ax')).toBe(String(0x5678));
    const expression = { expression: 'origin.y', value: '11', frameId };
    expect(await client.request('setExpression', expression)).toMatchObject({ value: '11' });
    expect(
      await client.refused('evaluate', { expression: 'counter = 1', context: 'hover' }),
    ).toMatch(/^an assignment/);
    expect(await client.evaluate('counter = 9', 'repl')).toBe('9');
    // The program goes on with what was written: line 26 copies total.
    await client.move('next');
    expect(await client.evaluate('counter')).toBe('100');
  });

  test('disassembles as objdump does, also in front of an address', async () => {
    await runTo(26);
    const known = listing(session);
    const addresses = [...known.keys()].sort((a, b) => a - b);
    const pc = Number((await client.frames())[0].instructionPointerReference);
    const here = addresses.indexOf(pc);
    for (const [instructionOffset, instructionCount] of [
      [0, 20],
      [-15, 30],
      [-5, 3],
      [4, 6],
    ]) {
      // prettier-ignore
      const { instructions } = await client.request<{
        instructions: { address: string; instructionBytes: string }[];
      }>('disassemble', {
        memoryReference: `0x${pc.toString(16)}`,
        instructionOffset,
        instructionCount,
      });
      const from = here + instructionOffset;
      const expected = addresses.slice(from, from + instructionCount);
      expect(instructions.map(({ address }) => Number(address))).toEqual(expected);
      expect(instructions.map((i) => i.instructionBytes)).toEqual(
        expected.map((a) => known.get(a)),
      );
    }
    const { instructions } = await client.request<{ instructions: Body[] }>('disassemble', {
      memoryReference: '0x1000',
      instructionOffset: -3,
      instructionCount: 5,
    });
    expect(instructions).toHaveLength(5);
    expect(instructions.every((i) => i['presentationHint'] === 'invalid')).toBe(true);
    // A breakpoint at an instruction, and a jump to one.
    const breakpoints = [{ instructionReference: `0x${addresses[here + 1].toString(16)}` }];
    await client.request('setInstructionBreakpoints', { breakpoints });
    expect(await client.move('continue')).toMatchObject({ reason: 'instruction breakpoint' });
    const { targets } = await client.request<{ targets: { id: number }[] }>('gotoTargets', {
      source: { path: SOURCE },
      line: 23,
    });
    expect(await client.move('goto', { targetId: targets[0].id })).toMatchObject({
      reason: 'goto',
    });
    expect(await client.stack()).toEqual(['sum:23', 'main:35']);
  });

  test("shows the kernel's structures as variables", async () => {
    await runTo(39);
    const buffer = Number(/0x[0-9a-f]+/.exec(await client.evaluate('&buffer'))?.[0]) + 4096;
    const [last] = await client.variables('Last faults');
    expect(last.value).toContain(`write 0x${buffer.toString(16)} `);
    expect(last.value).toContain('zero-filled');
    expect(pairs(await client.variables('Last faults', 0, last.name))).toMatchObject({
      va: `0x${buffer.toString(16)}`,
      access: 'write',
      outcome: 'zero-filled',
    });
    const holds = ({ name }: { name: string }): boolean => {
      const [start, end] = name.split('-').map(Number);
      return buffer >= start && buffer < end;
    };
    const entry = (await client.variables('Address space')).find(holds);
    expect(entry?.value).toMatch(/^rw- *, #\d+ default: \d+ of \d+ pages resident/);
    // After the fork and a write by the child, the parent's page is behind a shadow object.
    await client.request('setBreakpoints', lines(45));
    await client.move('continue');
    const later = (await client.variables('Address space')).find(holds);
    const objects = await client.variables('Address space', 0, later?.name ?? '', 'objects');
    expect(objects.length).toBeGreaterThanOrEqual(1);
    const walks = pairs(await client.variables('Page tables'));
    const pc = (await client.frames())[0].instructionPointerReference;
    expect(walks['eip']).toMatch(
      new RegExp(`^0x0*${pc.slice(2)} -> 0x[0-9a-f]*${pc.slice(-3)}, user, read only$`),
    );
    expect(walks['esp']).toMatch(/, user, read and write$/);
    const write = (await client.variables('Page tables', 0, 'eip')).find((v) => v.name === 'write');
    expect(write?.value).toContain('SIGSEGV (SEGV_ACCERR)');
    expect(pairs(await client.variables('Kernel counters'))['v_forks']).toBe('1');
  });

  test('stops at signals and faults, and says why', async () => {
    await launch();
    const filters = { filters: ['signals'], filterOptions: [] };
    await client.request('setExceptionBreakpoints', filters);
    await client.request('configurationDone');
    expect(await client.event('stopped')).toMatchObject({
      reason: 'exception',
      text: 'SIGSEGV, Segmentation fault',
    });
    expect(await client.stack()).toEqual(['main:47']);
    const info = await client.request('exceptionInfo', { threadId: await client.threadId() });
    expect(info).toMatchObject({ exceptionId: 'SIGSEGV' });
    expect(JSON.stringify(info['details'])).toContain('write of 0x10: #PF 0x6');
    await client.request('continue', {});
    expect(await client.event('exited')).toEqual({ exitCode: 128 + 11 });
    await client.event('terminated');
    expect(client.output('stdout')).toBe('done\n');
  });

  test('stops at the faults that are asked for', async () => {
    await launch();
    const filterOptions = [
      { filterId: 'fault', condition: 'failed' },
      { filterId: 'fork' },
      { filterId: 'signals', condition: 'SIGSEGV' },
      { filterId: 'weather' },
    ];
    const set = await client.request<BreakpointsBody>('setExceptionBreakpoints', {
      filters: [],
      filterOptions,
    });
    expect(set.breakpoints.map(({ verified }) => verified)).toEqual([true, true, true, false]);
    await client.request('configurationDone');
    expect(await client.event('stopped')).toMatchObject({ description: 'Stopped at proc' });
    expect(await client.move('continue')).toMatchObject({ description: 'Stopped at fault' });
    expect(await client.request('exceptionInfo', {})).toMatchObject({ exceptionId: 'fault' });
    const wrong = { filters: [], filterOptions: [{ filterId: 'signals', condition: 'SIGWRONG' }] };
    expect(await client.request('setExceptionBreakpoints', wrong)).toMatchObject({
      breakpoints: [{ verified: false, message: 'no such signal: SIGWRONG' }],
    });
    await client.request('continue', {});
    expect(await client.event('exited')).toEqual({ exitCode: 139 });
  });

  test('follows a fork', async () => {
    await launch({ followFork: 'both' });
    await client.request('setBreakpoints', lines(41));
    await client.request('configurationDone');
    await client.event('stopped');
    const { threads } = await client.request<{ threads: { id: number }[] }>('threads');
    expect(threads).toHaveLength(2);
    const tops: string[] = [];
    for (const { id } of threads) {
      const { stackFrames } = await client.request<{ stackFrames: { name: string }[] }>(
        'stackTrace',
        { threadId: id, levels: 20 },
      );
      tops.push(stackFrames.at(-1)?.name ?? '');
    }
    expect(tops).toEqual(['main', 'main']);
    expect(client.messages.filter((m) => m.event === 'thread')).toHaveLength(2);
  });

  test('gives the program what is typed, and stops it when it spins', async () => {
    await launch({ program: consoleGuest });
    await client.request('configurationDone');
    const typed = async (expression: string): Promise<void> => {
      await client.request('evaluate', { expression, context: 'repl' });
    };
    await client.event('output');
    await typed('hello');
    while (!client.output('stdout').includes('hello\n')) await client.event('output');
    expect(await client.refused('stackTrace', { threadId: 1 })).toBe('notStopped');
    await typed('spin');
    while (!client.output('stdout').includes('spin\n')) await client.event('output');
    await client.request('pause', { threadId: 1 });
    expect(await client.event('stopped')).toMatchObject({ reason: 'pause' });
    expect((await client.stack())[0]).toMatch(/^main:1[56]$/);
    expect(Number(await client.evaluate('spins'))).toBeGreaterThan(0);
    await client.evaluate("line[0] = 'x'", 'repl');
    await client.request('continue', {});
    await typed('<^D');
    expect(await client.event('exited')).toEqual({ exitCode: 3 });
    // A character that came in two writes is one.
    expect(client.output('stderr')).toBe('the \u00e9nd\n');
  });

  test('reads standard input from the launch, anew after a restart', async () => {
    await launch({ program: consoleGuest, stdin: 'one\n', stopOnEntry: 'main' });
    await client.request('configurationDone');
    await client.event('stopped');
    await client.request('continue', {});
    await client.event('exited');
    await client.request('restart', {});
    await client.event('stopped');
    await client.request('continue', {});
    expect(await client.event('exited')).toEqual({ exitCode: 3 });
    expect(client.output('stdout')).toBe('one\none\n');
  });

  test('restarts a program that runs', async () => {
    await launch({ program: consoleGuest });
    await client.request('configurationDone');
    await client.event('output');
    const breakpoints = [{ name: 'main' }];
    await client.request('setFunctionBreakpoints', { breakpoints });
    await client.request('restart', {});
    expect(await client.event('stopped')).toMatchObject({ reason: 'pause' });
    expect(await client.event('continued')).toMatchObject({ allThreadsContinued: true });
    expect(await client.event('stopped')).toMatchObject({ reason: 'function breakpoint' });
  });

  test('executes commands of the debugger in the console', async () => {
    await runTo(26);
    expect(await client.evaluate('`info breakpoints', 'repl')).toContain('session.c:26');
    expect(await client.evaluate('-exec print total', 'repl')).toBe('$1 = 30');
    expect(await client.evaluate('`tbreak touch', 'repl')).toMatch(/^Temporary breakpoint 2/);
    expect(await client.evaluate('`continue', 'repl')).toContain('touch (p=');
    await client.event('stopped');
    expect(await client.stack()).toEqual(['touch:31', 'main:38']);
    const frameId = (await client.frames())[1].id;
    const here = await client.request('evaluate', {
      expression: '`print s',
      context: 'repl',
      frameId,
    });
    expect(here['result']).toBe('$2 = 30');
    expect(await client.refused('evaluate', { expression: '`nonsense', context: 'repl' })).toMatch(
      /^Undefined command/,
    );
    const { targets } = await client.request<{ targets: { label: string }[] }>('completions', {
      text: 'coun',
      column: 5,
    });
    expect(targets).toEqual([{ label: 'counter', start: 1, length: 4 }]);
  });

  test('knows its sources and modules', async () => {
    await launch({ stopOnEntry: true });
    await client.request('configurationDone');
    await client.event('stopped');
    const { sources } = await client.request<{ sources: { path: string }[] }>('loadedSources');
    expect(sources.map(({ path }) => path)).toEqual([SOURCE]);
    const { modules } = await client.request<{ modules: Body[] }>('modules');
    expect(modules).toMatchObject([{ name: 'session', symbolStatus: 'with lines and types' }]);
    const { content } = await client.request('source', { source: { path: SOURCE } });
    expect(content).toContain('struct point origin');
    await client.refused('source', { source: { path: '/etc/passwd' } });
    const { breakpoints } = await client.request<{ breakpoints: { line: number }[] }>(
      'breakpointLocations',
      { source: { path: SOURCE }, line: 17, endLine: 20 },
    );
    expect(breakpoints.map(({ line }) => line)).toEqual([17, 18, 19, 20]);
  });

  test('counts lines from 0 for a client that does', async () => {
    connect();
    await client.request('initialize', { linesStartAt1: false });
    await client.request('launch', { program: session, abi: 'linux' });
    const { breakpoints } = await client.request<BreakpointsBody>('setBreakpoints', lines(25));
    expect(breakpoints).toMatchObject([{ verified: true, line: 25 }]);
    await client.request('configurationDone');
    await client.event('stopped');
    expect(await client.stack()).toEqual(['sum:25', 'main:34']);
  });

  test('runs without stopping when nothing is to be debugged', async () => {
    await launch({ noDebug: true, stopOnEntry: true });
    await client.request('setBreakpoints', lines(26));
    await client.request('configurationDone');
    expect(await client.event('exited')).toEqual({ exitCode: 139 });
  });

  test('finds sources that have moved', async () => {
    const sourceMap = { [guests.replace(/\/$/, '')]: '/elsewhere' };
    await launch({ sourceMap });
    const source = { path: '/elsewhere/session.c' };
    const set = await client.request<BreakpointsBody>('setBreakpoints', {
      source,
      breakpoints: [{ line: 26 }],
    });
    expect(set.breakpoints).toMatchObject([{ verified: true, line: 26 }]);
  });

  test('refuses a launch with the reason', async () => {
    const text = join(directory, 'text');
    writeFileSync(text, 'not a program');
    for (const [attributes, reason] of [
      [{}, /"program" is missing/],
      [{ program: join(directory, 'none') }, /no such file/],
      [{ program: text }, /neither an ELF file nor a script/],
      [{ program: session, mem: '1K' }, /size from 16M/],
      [{ program: session, abi: 'plan9' }, /freebsd or linux/],
      [{ program: session, cwd: 'here' }, /absolute/],
      [{ program: session, args: [1] }, /list of strings/],
      [{ program: session, mounts: [{}] }, /mounts/],
      [{ program: session, followFork: 'none' }, /followFork/],
      [{ program: session, stdinFile: join(directory, 'none') }, /stdinFile/],
    ] as const) {
      connect();
      await client.request('initialize');
      expect(await client.refused('launch', attributes)).toMatch(reason);
    }
    await client.request('launch', { program: session, abi: 'linux' });
    expect(await client.refused('launch', { program: session })).toMatch(/launched before/);
    // A window is opened for that, but not for an expression.
    const shown = (message: { body?: Body }): unknown =>
      (message.body?.['error'] as { showUser: boolean }).showUser;
    expect(shown(await client.answer(client.send('launch', {})))).toBe(true);
    expect(shown(await client.answer(client.send('evaluate', { expression: 'x' })))).toBe(false);
  });

  test('answers what it does not understand with errors', async () => {
    connect();
    expect(await client.refused('threads')).toBe("'threads' before 'initialize'");
    await client.request('initialize');
    expect(await client.refused('initialize')).toBe('initialized before');
    expect(await client.refused('threads')).toBe('no program has been launched');
    expect(await client.refused('toString')).toBe("the request 'toString' is not known");
    expect(await client.refused('attach', {})).toMatch(/launched/);
    await client.request('launch', { program: session, abi: 'linux' });
    expect(await client.refused('threads', [])).toBe('arguments: not an object');
    for (const [command, args] of [
      ['stackTrace', {}],
      ['stackTrace', { threadId: 'one' }],
      ['stackTrace', { threadId: 77 }],
      ['scopes', { frameId: 0 }],
      ['variables', { variablesReference: 5 }],
      ['setBreakpoints', {}],
      ['setBreakpoints', { source: { path: SOURCE }, breakpoints: [null] }],
      ['setBreakpoints', { source: { path: SOURCE }, breakpoints: [{ line: 1.5 }] }],
      ['setDataBreakpoints', { breakpoints: [{ dataId: 'x' }] }],
      ['setInstructionBreakpoints', { breakpoints: [{ instructionReference: 'eip' }] }],
      ['readMemory', { memoryReference: '0xffffffff', offset: 1, count: 1 }],
      ['readMemory', { memoryReference: '0', count: 1e9 }],
      ['disassemble', { memoryReference: '0', instructionCount: 1e9 }],
      ['next', { threadId: 12 }],
    ] as const)
      expect((await client.refused(command, args)).length, command).toBeGreaterThan(5);
    // Nothing of this has hurt it.
    await client.request('configurationDone');
    await client.event('stopped');
    expect(await client.stack()).toEqual(['main:47']);
  });

  test('survives what is no message', async () => {
    connect();
    const before = client.messages.length;
    client.raw('Content-Length: 5\r\n\r\nabcde');
    client.raw('Content-Type: text\r\n\r\n');
    client.raw('Content-Length: 4\r\n\r\nnull');
    client.raw('Content-Length: 999999999\r\n\r\n');
    client.raw('x'.repeat(999_999_999 % 4096));
    expect(client.messages.length - before).toBe(4);
    expect(client.messages.every((m) => m.event === 'output')).toBe(true);
    // The rest of what is too large is passed over.
    const chunk = Buffer.alloc(1 << 20, 'y').toString('latin1');
    let left = 999_999_999 - (999_999_999 % 4096);
    for (; left >= chunk.length; left -= chunk.length) client.raw(chunk);
    client.raw(chunk.slice(0, left));
    const whole = encodeMessage({ seq: 900, type: 'request', command: 'initialize' }).toString();
    for (const byte of whole) client.raw(byte);
    expect((await client.answer(900)).success).toBe(true);
    client.raw('Content-Length: 13\r\n\r\n{"seq": 901 }');
    expect((await client.answer(901)).message).toBe('a message that is no request');
  });
});
