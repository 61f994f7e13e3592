// The attributes of a launch, and the machine that they describe.

import { readFileSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { recordedDirectory, recordedHost } from '../../debugger/index.js';
import { Machine } from '../../emulator/index.js';
import { createKernel, spawn_init } from '../../kernel/index.js';
import { UsageError, parseSize, valueOf } from '../cli/options.js';
import type { ParsedOptions } from '../cli/options.js';
import { explainRefusal } from '../cli/refusal.js';
import { binary, checkProgram, environment, populate } from '../cli/run.js';
import { createNodeHost } from '../host/node_host.js';
import { CommandError } from '../repl/session.js';
import type { SessionHost } from '../repl/session.js';
import { RequestError, isRecord } from './protocol.js';
import type { Arguments } from './protocol.js';

const MB = 1 << 20;

export interface LaunchConfig {
  /** Path as it was given: of the host, or below `root`. */
  program: string;
  args: string[];
  /** The attributes that are options of the command line, too. */
  options: ParsedOptions;
  stopOnEntry: boolean | 'main';
  noDebug: boolean;
  /** What the guest reads from its standard input, up to the end; null: what a person types. */
  stdin: Uint8Array | null;
  syntax: 'att' | 'intel';
  followFork: 'parent' | 'child' | 'both';
  /** Beginnings of paths in the program's lines, and what stands for them here. */
  sourceMap: [from: string, to: string][];
  /** Commands of the debugger that are executed before the program begins. */
  initCommands: string[];
}

function choice<T extends string>(args: Arguments, name: string, words: readonly T[]): T {
  const text = args.text(name) ?? words[0];
  const found = words.find((word) => word === text);
  if (found === undefined)
    throw new RequestError(`${name} is one of ${words.join(', ')}, not '${text}'`, true);
  return found;
}

function pairs(args: Arguments, name: string): [string, string][] {
  return args
    .object(name)
    .entries()
    .map(([key, value]) => {
      if (typeof value !== 'string' && typeof value !== 'number' && value !== null)
        throw new RequestError(`${name}.${key}: a string is wanted`, true);
      return [key, value === null ? '' : String(value)];
    });
}

function mounts(args: Arguments): string[] {
  if (!args.has('mounts')) return [];
  const list: unknown = args.raw('mounts');
  if (!Array.isArray(list)) throw new RequestError('mounts: a list is wanted', true);
  return list.map((item: unknown) => {
    if (typeof item === 'string') return item;
    const { host, guest } = isRecord(item) ? item : { host: null, guest: null };
    if (typeof host === 'string' && typeof guest === 'string') return `${host}:${guest}`;
    throw new RequestError('mounts: "DIR:PATH" or {"host": DIR, "guest": PATH} is wanted', true);
  });
}

function standardInput(args: Arguments): Uint8Array | null {
  const file = args.text('stdinFile');
  const text = args.text('stdin');
  if (file === undefined) return text === undefined ? null : Buffer.from(text);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new RequestError(`cannot read stdinFile: ${(error as Error).message}`, true);
  }
}

/** Reads the arguments of a launch request. @throws RequestError */
export function readLaunch(args: Arguments): LaunchConfig {
  const program = args.text('program') ?? '';
  if (program === '')
    throw new RequestError('"program" is missing: the path of an i386 ELF file', true);
  const options: ParsedOptions = { flags: new Set(), values: new Map(), rest: [] };
  for (const name of ['root', 'cwd', 'mem', 'swap', 'abi', 'argv0']) {
    const value = args.raw(name);
    if (typeof value === 'number') options.values.set(name, [String(value)]);
    else if (value !== undefined) options.values.set(name, [args.needText(name)]);
  }
  options.values.set('mount', mounts(args));
  const env = args.isList('env')
    ? args.texts('env')
    : pairs(args, 'env').map(([name, value]) => `${name}=${value}`);
  options.values.set('env', env);
  for (const name of ['check', 'realtime']) if (args.flag(name)) options.flags.add(name);
  const entry = args.raw('stopOnEntry');
  return {
    program,
    args: args.texts('args'),
    options,
    stopOnEntry: entry === 'main' ? entry : args.flag('stopOnEntry'),
    noDebug: args.flag('noDebug'),
    stdin: standardInput(args),
    syntax: choice(args, 'disassemblySyntax', ['intel', 'att']),
    followFork: choice(args, 'followFork', ['parent', 'child', 'both']),
    sourceMap: pairs(args, 'sourceMap'),
    initCommands: args.texts('initCommands'),
  };
}

/**
 * How the machine of a configuration is made; `output` gets what the guest writes.
 * @throws RequestError for attributes that make no sense.
 */
export function launcher(
  config: LaunchConfig,
  output: (fd: number, text: string) => void,
  log: (line: string) => void,
): SessionHost['launch'] {
  const { options, program } = config;
  const ramBytes = parseSize('mem', valueOf(options, 'mem') ?? '64M', 16 * MB, 1024 * MB);
  const swapBytes = parseSize('swap', valueOf(options, 'swap') ?? '128M', 0, 4096 * MB);
  const abi = valueOf(options, 'abi') ?? null;
  if (abi !== null && abi !== 'freebsd' && abi !== 'linux')
    throw new UsageError(`abi is freebsd or linux, not '${abi}'`);
  const cwd = valueOf(options, 'cwd') ?? '/';
  if (!cwd.startsWith('/')) throw new UsageError(`cwd is an absolute guest path, not '${cwd}'`);
  const envp = environment(options, '/', false);
  if (valueOf(options, 'root') === undefined) checkProgram(program);
  return (events, _args, recording) => {
    const machine = new Machine({ ramBytes: ramBytes - (ramBytes % 65536) });
    // A character may come in several writes.
    const decoders = [new StringDecoder('utf8'), new StringDecoder('utf8')];
    const host = {
      ...createNodeHost(log, { terminal: false }),
      consoleWrite(fd: number, bytes: Uint8Array) {
        const text = decoders[fd === 2 ? 1 : 0].write(Buffer.from(bytes));
        if (text !== '') output(fd, text);
        return undefined;
      },
    };
    const k = createKernel(machine, recordedHost(host, recording), events, {
      swapBytes: swapBytes - (swapBytes % 4096),
      checkInvariants: options.flags.has('check'),
      verboseBoot: false,
      realtime: options.flags.has('realtime'),
    });
    const path = populate(k, options, program, (directory) =>
      recordedDirectory(directory, recording),
    );
    const refused = spawn_init(k, {
      path,
      argv: [valueOf(options, 'argv0') ?? program, ...config.args].map(binary),
      envp,
      cwd: binary(cwd),
      abi,
      console: null,
      streams: ['pipe', 'pipe', 'pipe'],
    });
    if (refused !== null) {
      const why = valueOf(options, 'root') === undefined ? explainRefusal(program, abi) : null;
      throw new CommandError(`${Buffer.from(refused, 'latin1')}${why === null ? '' : `: ${why}`}`);
    }
    return k;
  };
}
