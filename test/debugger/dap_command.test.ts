import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { command, faultline, root } from '../helpers/faultline.js';
import { gcc32, wants } from '../helpers/tools.js';
import { DapClient } from './dap_client.js';

const guests = fileURLToPath(new URL('guest/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'faultline-dap-'));
const program = join(directory, 'session');
const source = join(guests, 'session.c');
let child: ChildProcess | null = null;

afterEach(() => {
  child?.kill('SIGKILL');
  child = null;
});
afterAll(() => rmSync(directory, { recursive: true }));

function start(...words: string[]): ChildProcess {
  child = spawn(process.execPath, [command, 'dap', ...words], { stdio: 'pipe' });
  return child;
}

/** A short session over whatever leads to the adapter. */
async function shortSession(client: DapClient): Promise<void> {
  await client.request('initialize', { adapterID: 'faultline' });
  await client.request('launch', { program, abi: 'linux', env: { A: 'b' }, args: ['x'] });
  await client.event('initialized');
  const breakpoints = [{ line: 26 }];
  await client.request('setBreakpoints', { source: { path: source }, breakpoints });
  await client.request('configurationDone');
  expect(await client.event('stopped')).toMatchObject({ reason: 'breakpoint' });
  expect(await client.stack()).toEqual(['sum:26', 'main:35']);
  expect(await client.evaluate('total')).toBe('30');
  const { instructions } = await client.request<{ instructions: object[] }>('disassemble', {
    memoryReference: '0x8049034',
    instructionCount: 5,
  });
  expect(instructions).toHaveLength(5);
  await client.move('stepBack');
  await client.request('setBreakpoints', { source: { path: source }, breakpoints: [] });
  await client.request('setExceptionBreakpoints', { filters: [] });
  await client.request('continue', {});
  expect(await client.event('exited')).toEqual({ exitCode: 139 });
  await client.event('terminated');
  expect(client.output('stdout')).toBe('done\n');
  await client.request('disconnect');
}

describe.runIf(wants(gcc32))('faultline dap', () => {
  beforeAll(() => {
    const options =
      '-m32 -g -O0 -fno-pie -no-pie -static -nostdlib -ffreestanding -fno-stack-protector -fcf-protection=none';
    const words = [...options.split(' '), 'session.c', '-o', program];
    expect(spawnSync('gcc', words, { cwd: guests }).status).toBe(0);
  });

  test('serves a client on standard input and output, and ends with it', async () => {
    const { stdin, stdout, stderr } = start();
    const client = new DapClient((bytes) => void stdin?.write(bytes));
    // Anything but messages would make the client throw.
    stdout?.on('data', (bytes: Buffer) => client.receive(bytes));
    let complaints = '';
    stderr?.on('data', (bytes: Buffer) => (complaints += bytes.toString()));
    await shortSession(client);
    expect(await once(child as ChildProcess, 'exit')).toEqual([0, null]);
    expect(complaints).toBe('');
  });

  test('ends when the client has gone, also while the guest runs', async () => {
    const { stdin, stdout } = start();
    const client = new DapClient((bytes) => void stdin?.write(bytes));
    stdout?.on('data', (bytes: Buffer) => client.receive(bytes));
    await client.request('initialize');
    await client.request('launch', { program, abi: 'linux', stopOnEntry: true });
    await client.request('configurationDone');
    await client.event('stopped');
    await client.move('stepIn', { granularity: 'instruction' });
    // Two bytes of a jump to itself.
    const eip = await client.evaluate('$eip');
    const memoryReference = /0x[0-9a-f]+/.exec(eip)?.[0];
    const data = Buffer.from([0xeb, 0xfe]).toString('base64');
    await client.request('writeMemory', { memoryReference, data });
    await client.request('continue', {});
    stdin?.end();
    expect(await once(child as ChildProcess, 'exit')).toEqual([0, null]);
  });

  test('serves clients on a port, one after another', async () => {
    const { stdout } = start('--port', '0');
    const [line] = (await once(stdout as NonNullable<typeof stdout>, 'data')) as [Buffer];
    const port = Number(/^listening on 127\.0\.0\.1:(\d+)\n$/.exec(line.toString())?.[1]);
    for (let i = 0; i < 2; i++) {
      const socket = connect(port, '127.0.0.1');
      const client = new DapClient((bytes) => void socket.write(bytes));
      socket.on('data', (bytes) => client.receive(bytes));
      await shortSession(client);
      if (!socket.closed) await once(socket, 'close');
    }
  });

  test('runs what docs/debug-adapter.md gives as a launch.json', async () => {
    const text = readFileSync(join(root, 'docs/debug-adapter.md'), 'utf8');
    const json = /```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const [configuration] = (
      JSON.parse(json.replace('${workspaceFolder}/hello', program)) as { configurations: object[] }
    ).configurations;
    const { stdin, stdout } = start();
    const client = new DapClient((bytes) => void stdin?.write(bytes));
    stdout?.on('data', (bytes: Buffer) => client.receive(bytes));
    await client.request('initialize', { clientID: 'vscode', adapterID: 'faultline' });
    await client.request('launch', { ...configuration, abi: 'linux', __sessionId: 'x' });
    await client.request('configurationDone');
    expect(await client.event('stopped')).toMatchObject({ reason: 'entry' });
    expect(await client.stack()).toEqual(['main:35']);
    expect(await client.evaluate('argc')).toBe('3');
    expect(await client.evaluate('argv[2]')).toMatch(/"two"$/);
    await client.request('disconnect');
  });
});

interface Manifest {
  contributes: {
    debuggers: {
      type: string;
      runtime: string;
      args: string[];
      configurationAttributes: { launch: { properties: Record<string, object> } };
      initialConfigurations: Record<string, unknown>[];
      configurationSnippets: { body: Record<string, unknown> }[];
    }[];
  };
}

describe('the extension for VS Code', () => {
  const text = readFileSync(join(root, 'editors/vscode/package.json'), 'utf8');
  const [contribution] = (JSON.parse(text) as Manifest).contributes.debuggers;
  const properties = Object.keys(contribution.configurationAttributes.launch.properties);

  test('starts this command, with attributes that are described', () => {
    expect([contribution.runtime, ...contribution.args]).toEqual(['faultline', 'dap']);
    const docs = readFileSync(join(root, 'docs/debug-adapter.md'), 'utf8');
    const described = [...docs.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
    expect(described.sort()).toEqual([...properties].sort());
    const known = [...properties, 'type', 'request', 'name'];
    const examples = [
      ...contribution.initialConfigurations,
      ...contribution.configurationSnippets.map(({ body }) => body),
    ];
    for (const example of examples) {
      expect(example['type']).toBe(contribution.type);
      for (const name of Object.keys(example)) expect(known).toContain(name);
    }
  });

  test('has the attributes that the adapter reads', () => {
    const reader = readFileSync(join(root, 'tools/dap/launch.ts'), 'utf8');
    for (const name of properties) expect(reader, name).toContain(`'${name}'`);
  });
});

test('faultline dap says what it is, and refuses what it does not know', async () => {
  const help = await faultline(['dap', '--help']);
  expect(help).toMatchObject({ status: 0, stderr: '' });
  expect(help.stdout).toContain('Debug Adapter Protocol');
  expect((await faultline(['help', 'dap'])).stdout).toBe(help.stdout);
  for (const words of [['prog'], ['--what'], ['--port'], ['--port', '70000'], ['--port', 'x']]) {
    const refused = await faultline(['dap', ...words]);
    expect(refused).toMatchObject({ status: 125, stdout: '' });
    expect(refused.stderr).toMatch(/^faultline: .+\n$/);
  }
  // No client at all.
  expect(await faultline(['dap'], { stdin: '' })).toMatchObject({ status: 0, stdout: '' });
});
