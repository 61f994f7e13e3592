// faultline run, shell and tour: a fresh machine with one first process.

import { closeSync, openSync, realpathSync, statSync } from 'node:fs';
import { basename, join, posix, resolve } from 'node:path';
import { Machine } from '../../emulator/index.js';
import {
  createKernel,
  kernel_mount_root,
  spawn_init,
  tty_create,
  vfs_host_file,
  vfs_mount_host,
} from '../../kernel/index.js';
import type { EventStream, HostDirectory, Kernel, init_params } from '../../kernel/index.js';
import { installUserland } from '../host/embedded_userland.js';
import { nodeDirectory, nodeSingleFile } from '../host/node_directory.js';
import { createNodeHost, errorCode, systemErrorText, writeAll } from '../host/node_host.js';
import { streamKind } from '../host/node_stdin.js';
import { createListener } from '../trace/listener.js';
import { traceMask } from '../trace/select.js';
import { runHelp } from './help.js';
import { explainInspection, showInspection } from './inspect.js';
import { EXPLAIN_OPTIONS, MACHINE_OPTIONS } from './machine_options.js';
import {
  UsageError,
  parseCount,
  parseNumber,
  parseOptions,
  parseSize,
  valueOf,
} from './options.js';
import type { ParsedOptions } from './options.js';
import { explainRefusal } from './refusal.js';
import { runToEnd } from './session.js';
import type { SessionLimits } from './session.js';
import { statistics } from './stats.js';
import { swapDevices } from './swap_options.js';
import { readSymbols } from './symbols.js';
import type { Symbols } from './symbols.js';

type streams = NonNullable<init_params['streams']>;

const MB = 1 << 20;
const DEFAULT_PATH = 'PATH=/bin:/usr/bin:/sbin:/usr/sbin';

/** Where our own lines go: stderr, or the file of -D. */
function openLog(path: string | undefined): { write(line: string): void; close(): void } {
  if (path === undefined)
    return { write: (line) => writeAll(2, Buffer.from(`${line}\n`)), close() {} };
  let fd: number;
  try {
    fd = openSync(path, 'w');
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${systemErrorText(errorCode(error))}`);
  }
  return { write: (line) => writeAll(fd, Buffer.from(`${line}\n`)), close: () => closeSync(fd) };
}

export function environment(options: ParsedOptions, home: string, interactive: boolean): string[] {
  const env = new Map<string, string>();
  const add = (text: string): void => {
    const equals = text.indexOf('=');
    if (equals <= 0) throw new UsageError(`--env wants VAR=VALUE, not '${text}'`);
    env.set(text.slice(0, equals), text);
  };
  add(DEFAULT_PATH);
  add(`HOME=${home}`);
  add('USER=root');
  if (interactive) add(`TERM=${process.env['TERM'] ?? 'dumb'}`);
  for (const text of options.values.get('env') ?? []) add(text);
  return [...env.values()].map(binary);
}

/** A host string as the guest's bytes. */
export function binary(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function directory(option: string, path: string): string {
  if (path === '') throw new UsageError(`${option} wants a directory, not ''`);
  const full = resolve(path);
  if (statSync(full, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`${option}: ${path} is not a directory`);
  }
  return full;
}

/** What a guest finds in its name space; host paths are absolute. */
export interface NameSpace {
  root: string | null;
  mounts: { host: string; point: string; text: string }[];
  /** The program's own file, shown without --root. */
  program: { path: string; name: string; host: string } | null;
}

/** The name space that the options ask for. @throws UsageError */
export function nameSpace(options: ParsedOptions, program: string | null): NameSpace {
  const root = valueOf(options, 'root');
  const space: NameSpace = {
    root: root === undefined ? null : directory('--root', root),
    mounts: [],
    program: null,
  };
  for (const text of options.values.get('mount') ?? []) {
    const colon = text.lastIndexOf(':');
    const from = colon > 0 ? text.slice(0, colon) : text;
    const host = directory('--mount', from);
    const to = colon > 0 ? text.slice(colon + 1) : host;
    if (!to.startsWith('/'))
      throw new UsageError(`--mount ${text}: '${to}' is not an absolute guest path`);
    const point = posix.normalize(to).replace(/\/$/, '');
    if (point === '') throw new UsageError(`--mount ${text}: / is for --root`);
    space.mounts.push({ host, point, text });
  }
  if (program !== null && space.root === null) {
    const full = resolve(program);
    const name = binary(basename(full));
    space.program = { path: binary(full), name, host: realpathSync(full) };
  }
  return space;
}

/** Opens a name space; `open` shows a directory or file of the host. @throws UsageError */
export function openNameSpace(
  k: Kernel,
  space: NameSpace,
  open: (host: string, file: string | null) => HostDirectory,
): void {
  const { root, mounts, program } = space;
  kernel_mount_root(k, root === null ? null : open(root, null), root ?? 'tmpfs');
  if (root === null) installUserland(k);
  for (const { host, point, text } of mounts)
    if (vfs_mount_host(k, binary(point), open(host, null), binary(host)))
      throw new UsageError(`--mount ${text}: cannot mount at ${point}`);
  if (program !== null && vfs_host_file(k, program.path, open(program.host, program.name)))
    throw new UsageError(`cannot show ${program.host} to the guest`);
}

/** Opens the guest's name space: root, mounts, our userland, and the program itself. */
export function populate(
  k: Kernel,
  options: ParsedOptions,
  program: string | null,
  wrap: (directory: HostDirectory) => HostDirectory = (directory) => directory,
): string {
  const space = nameSpace(options, program);
  openNameSpace(k, space, (host, file) =>
    wrap(file === null ? nodeDirectory(host) : nodeSingleFile(file, host)),
  );
  return space.program?.path ?? (program === null ? '' : binary(program));
}

/** The program must be a file that can be read before a machine is built for it. */
export function checkProgram(program: string): void {
  try {
    const s = statSync(program);
    if (s.isDirectory()) throw new UsageError(`${program}: is a directory`);
    if (!s.isFile()) throw new UsageError(`${program}: not a regular file`);
    closeSync(openSync(program, 'r'));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${program}: ${systemErrorText(errorCode(error))}`);
  }
}

/** Options of explain may also stand behind the address; -- ends them. */
function explainOptions(words: readonly string[]): ParsedOptions {
  const first = parseOptions(EXPLAIN_OPTIONS, words);
  const [program, address, ...rest] = first.rest;
  if (address === undefined) return first;
  const second = parseOptions(EXPLAIN_OPTIONS, rest);
  for (const [key, values] of second.values)
    first.values.set(key, [...(first.values.get(key) ?? []), ...values]);
  for (const flag of second.flags) first.flags.add(flag);
  first.rest = [program, address, ...second.rest];
  return first;
}

/** Symbols of the program, which with --root is a guest path. */
function symbolsOf(options: ParsedOptions, program: string | null): Symbols {
  const root = valueOf(options, 'root');
  return readSymbols(root === undefined ? (program ?? '') : join(root, program ?? ''));
}

/** Runs a machine in another way than to its end: a debugger's server. */
export interface Driver {
  /** The stream for the kernel's events; those that `inner` listens to are handed on to it. */
  events(inner: EventStream): EventStream;
  /** @returns the exit status of the faultline command. */
  run(k: Kernel, limits: SessionLimits, where: string): Promise<number>;
}

/**
 * Runs one of run, shell, tour, explain with its words; `driver`: what --gdb asks for.
 * @returns the exit status.
 */
export async function runCommand(
  command: string,
  words: string[],
  driver: Driver | null = null,
): Promise<number> {
  const explains = command === 'explain';
  const options = explains ? explainOptions(words) : parseOptions(MACHINE_OPTIONS, words);
  if (options.flags.has('help')) {
    process.stdout.write(runHelp(command));
    return 0;
  }
  const gdb = valueOf(options, 'gdb');
  if (gdb !== undefined && driver === null) {
    // Another bundle, with a machine and kernel of its own: it does all of it.
    const { runWithGdb } = await import('./debug.js');
    return runWithGdb(command, words);
  }
  const [program = null, ...rest] = options.rest;
  const [address, ...args] = explains ? rest : ['', ...rest];
  const rooted = valueOf(options, 'root') !== undefined;
  const runs = command === 'run' || explains;
  if (runs && (program === null || program === ''))
    throw new UsageError(`${command} wants a PROGRAM; see faultline ${command} --help`);
  if (explains && address === undefined)
    throw new UsageError('explain wants an ADDRESS; see faultline explain --help');
  if (program !== null && !runs)
    throw new UsageError(`${command} takes no arguments, but '${program}' is one`);
  if (program !== null && !rooted) checkProgram(program);
  const home = command === 'shell' && !rooted ? '/root' : '/';
  const cwd = valueOf(options, 'cwd') ?? home;
  if (!cwd.startsWith('/'))
    throw new UsageError(`--cwd wants an absolute guest path, not '${cwd}'`);
  const abi = valueOf(options, 'abi') ?? null;
  if (abi !== null && abi !== 'freebsd' && abi !== 'linux')
    throw new UsageError(`--abi wants freebsd or linux, not '${abi}'`);
  const ramBytes = parseSize('--mem', valueOf(options, 'mem') ?? '64M', 16 * MB, 1024 * MB);
  const limit = valueOf(options, 'limit-instructions');
  const timeout = valueOf(options, 'timeout');
  const instructions = limit === undefined ? Infinity : parseCount('--limit-instructions', limit);
  const seconds = timeout === undefined ? Infinity : parseNumber('--timeout', timeout);
  const interactive = !explains && Boolean(process.stdin.isTTY && process.stdout.isTTY);

  const json = options.flags.has('json');
  const trace = valueOf(options, 'trace');
  const mask = trace === undefined ? 0 : traceMask(trace);
  const envp = environment(options, home, interactive);
  const log = openLog(valueOf(options, 'log'));
  // What explain is asked for is on stdout alone.
  const inspection = explains
    ? explainInspection(options, address, symbolsOf(options, program), (text) =>
        writeAll(1, Buffer.from(`${text}\n`)),
      )
    : showInspection(options, log.write);
  const listener = createListener({
    mask,
    strace: options.flags.has('strace'),
    bootLog: options.flags.has('boot-log'),
    json,
    write: log.write,
  });
  const listened = inspection?.listen(listener) ?? listener;
  const events = driver?.events(listened) ?? listened;
  const file = valueOf(options, 'record');
  if (file !== undefined && options.values.has('swap-file'))
    throw new UsageError('--record cannot record what is in a --swap-file; use --swap');
  if (file !== undefined && driver !== null)
    throw new UsageError('--record and --gdb do not go together: gdb may change anything');
  // Only who records pays for it.
  const recorder = file === undefined ? null : new (await import('./record.js')).Recorder(file);
  const machine = new Machine({ ramBytes: ramBytes - (ramBytes % 65536) });
  const host = createNodeHost((line) => log.write(`faultline: ${line}`), {
    terminal: interactive,
    stdout: explains ? 2 : 1,
  });
  const k = createKernel(machine, recorder === null ? host : recorder.host(host), events, {
    swapBytes: 0,
    swapDevices: swapDevices(options),
    checkInvariants: options.flags.has('check'),
    verboseBoot: options.flags.has('boot-log'),
    realtime: options.flags.has('realtime') || interactive,
  });
  const path = populate(k, options, runs ? program : null, (directory) =>
    recorder === null ? directory : recorder.directory(directory),
  );
  const guest = program !== null ? path : command === 'shell' ? '/bin/sh' : '/bin/tour';
  // A shell called -sh is a login shell: it reads /etc/profile.
  const argv0 = valueOf(options, 'argv0') ?? program ?? (command === 'shell' ? '-sh' : guest);
  const size = {
    ws_row: process.stdout.rows ?? 24,
    ws_col: process.stdout.columns ?? 80,
    ws_xpixel: 0,
    ws_ypixel: 0,
  };
  const init = {
    path: guest,
    argv: [argv0, ...args].map(binary),
    envp,
    cwd: binary(cwd),
    abi,
    streams: interactive ? null : ([streamKind(0), streamKind(1), streamKind(2)] as streams),
  };
  const error = spawn_init(k, { ...init, console: interactive ? tty_create(size) : null });
  if (error !== null) {
    const unclear = [`${guest}: no such file or directory`, `${guest}: exec format error`];
    const why =
      program !== null && !rooted && unclear.includes(error) ? explainRefusal(program, abi) : null;
    const text = Buffer.from(error, 'latin1').toString();
    throw new UsageError(why === null ? text : `${text}: ${why}`);
  }
  inspection?.attach(k);
  const started = process.hrtime.bigint();
  recorder?.begin(k, {
    ramBytes: machine.ramBytes,
    swap: options.values.get('swap') ?? null,
    checkInvariants: k.opts.checkInvariants,
    verboseBoot: k.opts.verboseBoot,
    realtime: k.opts.realtime,
    space: nameSpace(options, runs ? program : null),
    init,
    size: interactive ? size : null,
  });
  const limits = { recorder, instructions, seconds, interactive, inspection, log: log.write };
  const status =
    driver === null ? await runToEnd(k, limits) : await driver.run(k, limits, gdb ?? '');
  recorder?.finish(k);
  inspection?.finish(k);
  if (options.flags.has('stats')) {
    const taken = Number(process.hrtime.bigint() - started) / 1e9;
    log.write(statistics(k, taken, json));
  }
  log.close();
  return status;
}
