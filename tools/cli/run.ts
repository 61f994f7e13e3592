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
import type { EventStream, Kernel } from '../../kernel/index.js';
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

/** Opens the guest's name space: root, mounts, our userland, and the program itself. */
export function populate(k: Kernel, options: ParsedOptions, program: string | null): string {
  const root = valueOf(options, 'root');
  const rootPath = root === undefined ? null : directory('--root', root);
  kernel_mount_root(k, rootPath === null ? null : nodeDirectory(rootPath), rootPath ?? 'tmpfs');
  if (rootPath === null) installUserland(k);
  for (const text of options.values.get('mount') ?? []) {
    const colon = text.lastIndexOf(':');
    const from = colon > 0 ? text.slice(0, colon) : text;
    const host = directory('--mount', from);
    const to = colon > 0 ? text.slice(colon + 1) : host;
    if (!to.startsWith('/'))
      throw new UsageError(`--mount ${text}: '${to}' is not an absolute guest path`);
    const point = posix.normalize(to).replace(/\/$/, '');
    if (point === '') throw new UsageError(`--mount ${text}: / is for --root`);
    if (vfs_mount_host(k, binary(point), nodeDirectory(host), binary(host)))
      throw new UsageError(`--mount ${text}: cannot mount at ${to}`);
  }
  if (program === null) return '';
  if (rootPath !== null) return binary(program);
  const full = resolve(program);
  const guestPath = binary(full);
  const name = binary(basename(full));
  if (vfs_host_file(k, guestPath, nodeSingleFile(name, realpathSync(full))))
    throw new UsageError(`cannot show ${program} to the guest`);
  return guestPath;
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
  const machine = new Machine({ ramBytes: ramBytes - (ramBytes % 65536) });
  const k = createKernel(
    machine,
    createNodeHost((line) => log.write(`faultline: ${line}`), {
      terminal: interactive,
      stdout: explains ? 2 : 1,
    }),
    events,
    {
      swapBytes: 0,
      swapDevices: swapDevices(options),
      checkInvariants: options.flags.has('check'),
      verboseBoot: options.flags.has('boot-log'),
      realtime: options.flags.has('realtime') || interactive,
    },
  );
  const path = populate(k, options, runs ? program : null);
  const guest = program !== null ? path : command === 'shell' ? '/bin/sh' : '/bin/tour';
  // A shell called -sh is a login shell: it reads /etc/profile.
  const argv0 = valueOf(options, 'argv0') ?? program ?? (command === 'shell' ? '-sh' : guest);
  const size = {
    ws_row: process.stdout.rows ?? 24,
    ws_col: process.stdout.columns ?? 80,
    ws_xpixel: 0,
    ws_ypixel: 0,
  };
  const error = spawn_init(k, {
    path: guest,
    argv: [argv0, ...args].map(binary),
    envp,
    cwd: binary(cwd),
    abi,
    console: interactive ? tty_create(size) : null,
    streams: interactive ? null : [streamKind(0), streamKind(1), streamKind(2)],
  });
  if (error !== null) {
    const unclear = [`${guest}: no such file or directory`, `${guest}: exec format error`];
    const why =
      program !== null && !rooted && unclear.includes(error) ? explainRefusal(program, abi) : null;
    const text = Buffer.from(error, 'latin1').toString();
    throw new UsageError(why === null ? text : `${text}: ${why}`);
  }
  inspection?.attach(k);
  const started = process.hrtime.bigint();
  const limits = { instructions, seconds, interactive, inspection, log: log.write };
  const status =
    driver === null ? await runToEnd(k, limits) : await driver.run(k, limits, gdb ?? '');
  inspection?.finish(k);
  if (options.flags.has('stats')) {
    const taken = Number(process.hrtime.bigint() - started) / 1e9;
    log.write(statistics(k, taken, json));
  }
  log.close();
  return status;
}
