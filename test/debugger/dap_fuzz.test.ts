import { mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Adapter } from '../../tools/dap/adapter.js';
import type { Connection } from '../../tools/dap/adapter.js';
import { LOOKING } from '../../tools/dap/debuggee.js';
import { encodeMessage } from '../../tools/dap/framing.js';
import { random } from '../helpers/random.js';
import { gcc32, wants } from '../helpers/tools.js';
import { DapClient } from './dap_client.js';

const guests = fileURLToPath(new URL('guest/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'faultline-dap-'));
const program = join(directory, 'session');
afterAll(() => rmSync(directory, { recursive: true }));

const MOVES = ['continue', 'next', 'stepIn', 'stepOut', 'stepBack', 'reverseContinue', 'pause', 'goto', 'restart', 'exceptionInfo', 'configurationDone', 'launch', 'initialize', 'attach', 'nonsense']; // prettier-ignore
const NAMES = ['threadId', 'frameId', 'variablesReference', 'name', 'value', 'expression', 'context', 'source', 'path', 'breakpoints', 'line', 'endLine', 'condition', 'hitCondition', 'logMessage', 'filters', 'filterOptions', 'filterId', 'memoryReference', 'offset', 'count', 'start', 'filter', 'data', 'allowPartial', 'instructionOffset', 'instructionCount', 'instructionReference', 'granularity', 'targetId', 'text', 'column', 'dataId', 'accessType', 'startFrame', 'levels', 'format', 'hex', 'bytes', 'asAddress']; // prettier-ignore
const TEXTS = ['', 'total', 'n', 'counter', 'origin', 'table', 'buffer', 'main', 'sum', 'square', '$eip', '$esp', '$nothing', 'origin.name', '*argv', '&table[2]', 'table[1] = 7', '(', '1/0', '"', '0x0', '0x8049000', '0x804b000', '0xbfbfe000', '0xffffffff', '0x804b010/4', '0xbfbfee74/4@0xbfbfee80:0x804909a', 'write', 'read', 'readWrite', 'instruction', 'line', 'repl', 'hover', 'watch', 'signals', 'fault', 'syscall', 'fork', 'SIGSEGV', '%2', '>= 3', '{total} {', 'AAAA', 'AQIDBA==', '`info registers', '`bt', '`faults', '`vmmap', '`stepi', '`delete', '`up', '-exec list', '<text', '[0]', 'eax', 'indexed', 'named', '\u{1f600}', '__proto__', 'constructor']; // prettier-ignore

/** Random requests: of the right shape by half, with values that mean something by half. */
function generator(seed: number, source: string, live: readonly number[]): () => object {
  const next = random(seed);
  const below = (n: number): number => next() % n;
  const pick = <T>(from: readonly T[]): T => from[below(from.length)];
  const value = (depth: number): unknown => {
    switch (below(depth > 2 ? 6 : 10)) {
      case 0:
        return below(60);
      case 1:
        return pick([-1, 1.5, 1e18, -(2 ** 31), 2 ** 32, 100004, 100005, 0x8049064, 0x804b010]);
      case 2:
        return pick([true, false, null]);
      case 3:
      case 4:
      case 5:
        return pick(TEXTS);
      case 6:
        return Array.from({ length: below(4) }, () => value(depth + 1));
      default:
        return fields(depth + 1);
    }
  };
  const reference = (): number => (live.length > 0 && below(3) > 0 ? pick(live) : below(400));
  const usual = (name: string, depth: number): unknown => {
    if (/Id$/.test(name) && !/^(data|filter)/.test(name))
      return name === 'threadId' ? pick([100004, 100005, 1]) : reference();
    if (/Reference$/.test(name) && name.startsWith('variables')) return reference();
    if (/line|column|count|start|levels|bytes|Count/i.test(name)) return below(64);
    if (/offset/i.test(name)) return below(64) - 32;
    if (/Reference/.test(name)) return pick(['0x8049064', '0x804b010', '0xbfbfee74', '0x8049000']);
    if (name === 'source') return { path: source };
    if (name === 'breakpoints' || name === 'filterOptions')
      return Array.from({ length: below(4) }, () => fields(depth + 1));
    if (name === 'filters') return Array.from({ length: below(3) }, () => pick(TEXTS));
    if (/allowPartial|hex|asAddress/.test(name)) return below(2) === 1;
    return pick(TEXTS);
  };
  const fields = (depth: number): object => {
    const made: Record<string, unknown> = {};
    const wild = below(4) === 0;
    for (const name of NAMES)
      if (below(3) !== 0) made[name] = wild || depth > 2 ? value(depth) : usual(name, depth);
    return made;
  };
  const commands = [...Object.keys(LOOKING), ...Object.keys(LOOKING), ...MOVES];
  return () => ({
    type: 'request',
    command: pick(commands),
    arguments: below(50) === 0 ? value(0) : fields(0),
  });
}

const SEED = Number(process.env['SEED'] ?? 1);
const COUNT = Number(process.env['MESSAGES'] ?? 1000);
/** A machine is used for so many messages. */
const ROUND = 500;

describe.runIf(wants(gcc32))('a debug adapter', () => {
  test(`answers ${COUNT} random requests, each once, and lives`, { timeout: 600_000 }, async () => {
    const options =
      '-m32 -g -O0 -fno-pie -no-pie -static -nostdlib -ffreestanding -fno-stack-protector -fcf-protection=none';
    const words = [...options.split(' '), 'session.c', '-o', program];
    expect(spawnSync('gcc', words, { cwd: guests }).status).toBe(0);
    let worked = 0;
    const source = join(guests, 'session.c');
    for (let round = 0; round * ROUND < COUNT; round++) {
      // References that came lately.
      const live: number[] = [];
      const make = generator(SEED * 1000 + round, source, live);
      const connection: Connection = {
        send: (message) => client.receive(encodeMessage(message)),
        drained: () => Promise.resolve(),
        end() {},
      };
      const adapter = new Adapter(connection);
      const client: DapClient = new DapClient((bytes) => adapter.receive(bytes));
      await client.request('initialize', { supportsInvalidatedEvent: true });
      await client.request('launch', { program, abi: 'linux', mem: '16M', swap: '1M' });
      const breakpoints = [{ line: 18 }, { line: 26 }];
      await client.request('setBreakpoints', { source: { path: source }, breakpoints });
      await client.request('configurationDone');
      const asked: object[] = [];
      for (let i = 0; i < ROUND; i++) {
        const request = { seq: 1000 + i, ...make() };
        asked.push(request);
        const lately = JSON.stringify(client.messages.slice(-4));
        for (const [, n] of lately.matchAll(/"(?:variablesReference|id)":(\d+)/g))
          live.push(Number(n));
        live.splice(0, live.length - 40);
        adapter.receive(encodeMessage(request));
        // Moves of the guest go on between the messages.
        if (i % 4 === 0) await new Promise((done) => setImmediate(done));
      }
      // Whatever the guest does now, it can be stopped and made to begin anew.
      await client.request('restart');
      await client.request('setBreakpoints', { source: { path: source }, breakpoints });
      const answers = client.messages.filter((m) => (m.request_seq ?? 0) >= 1000);
      const numbers = answers.map((m) => m.request_seq).sort((a, b) => Number(a) - Number(b));
      expect(numbers).toEqual(asked.map((_, i) => 1000 + i));
      const internal = client.messages.filter((m) =>
        /internal error/.test(JSON.stringify([m.message, m.body?.['output']])),
      );
      const told = internal.map((m) => [m, asked[Number(m.request_seq) - 1000]]);
      expect(told, `round ${round} of seed ${SEED}`).toEqual([]);
      worked += answers.filter(({ success }) => success === true).length;
      await client.request('disconnect');
    }
    // Most that are not understood test nothing.
    expect(worked).toBeGreaterThan(COUNT / 6);
  });

  test('survives random bytes between its messages', async () => {
    const next = random(SEED);
    const pieces = ['Content-Length: ', '\r\n', '\r\n\r\n', '{"seq":1', '3\r\n', '}', '\0', '{', 'é', '-5', '7\r\n\r\n{"a":1}']; // prettier-ignore
    const client: DapClient = new DapClient((bytes) => adapter.receive(bytes));
    const adapter: Adapter = new Adapter({
      send: (message) => client.receive(encodeMessage(message)),
      drained: () => Promise.resolve(),
      end() {},
    });
    for (let i = 0; i < 20_000; i++) client.raw(pieces[next() % pieces.length]);
    // A header may have announced more than came.
    const whole = encodeMessage({ seq: 5, type: 'request', command: 'initialize' });
    for (let i = 0; i < 10 && !client.messages.some((m) => m.request_seq === 5); i++) {
      adapter.receive(whole);
      await new Promise((done) => setImmediate(done));
    }
    expect((await client.answer(5)).success).toBe(true);
  });
});
