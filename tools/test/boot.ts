// A machine for one run in which nothing depends on the host: clock, entropy, files and input are the
// run's own. So the same run is the same every time, and can be had again under the debugger.

import { basename } from 'node:path';
import { recordedDirectory, recordedHost } from '../../debugger/index.js';
import type { Recording } from '../../debugger/index.js';
import type { Machine } from '../../emulator/index.js';
import {
  createKernel,
  kernel_mount_root,
  spawn_init,
  stdin_eof,
  stdin_input,
  vfs_mount_host,
  vfs_write_file,
} from '../../kernel/index.js';
import type { EventStream, Host, HostDirectory, Kernel } from '../../kernel/index.js';
import { installUserland } from '../host/embedded_userland.js';
import { nodeDirectory } from '../host/node_directory.js';
import type { GuestRun } from './types.js';

/** The run cannot be had on this kernel, or its program cannot be executed. */
export class BootError extends Error {
  override name = 'BootError';
}

/** Bytes that look random and are the same every time (xorshift32). */
function entropy(): Host['entropy'] {
  let x = 0x9e3779b9;
  return (into) => {
    for (let i = 0; i < into.length; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      into[i] = x;
    }
  };
}

export interface GuestHost {
  write: Host['consoleWrite'];
  log(line: string): void;
}

const binary = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/**
 * Boots `machine`, which has the RAM of the run, up to the first instruction of its program.
 * `ready` is called when the name space stands and the program is still to be loaded.
 * @throws BootError
 */
export function bootGuest(
  run: GuestRun,
  machine: Machine,
  events: EventStream,
  host: GuestHost,
  ready: (k: Kernel) => void = () => {},
  recording: Recording | null = null,
): Kernel {
  if (run.engine !== 'interpreter') throw new BootError(`this build has no engine '${run.engine}'`);
  if (run.seed !== null)
    throw new BootError('this kernel has no fault injection: @seed cannot be heeded');
  const answers = {
    consoleWrite: host.write,
    log: host.log,
    wallClockNs: () => run.clockNs,
    entropy: entropy(),
  };
  const directory = (path: string): HostDirectory =>
    recording === null ? nodeDirectory(path) : recordedDirectory(nodeDirectory(path), recording);
  const k = createKernel(
    machine,
    recording === null ? answers : recordedHost(answers, recording),
    events,
    { swapBytes: run.swapBytes, checkInvariants: true, verboseBoot: false, realtime: false },
  );
  const { root } = run;
  kernel_mount_root(k, root === null ? null : directory(root), root ?? 'tmpfs');
  if (root === null) installUserland(k);
  for (const { host: from, guest } of run.mounts) {
    if (vfs_mount_host(k, binary(guest), directory(from), binary(from)))
      throw new BootError(`${from} cannot be mounted at ${guest}`);
  }
  for (const { path, mode, bytes } of run.files) {
    if (vfs_write_file(k, path, bytes, mode))
      throw new BootError(`the guest cannot have a file ${path}`);
  }
  if (run.program !== null && vfs_write_file(k, run.path, run.program, 0o755))
    throw new BootError(`the guest cannot have its program at ${run.path}`);
  ready(k);
  const refused = spawn_init(k, {
    path: run.path,
    argv: run.argv,
    envp: run.env,
    cwd: run.cwd,
    abi: run.abi,
    console: null,
    streams: ['pipe', 'pipe', 'pipe'],
  });
  if (refused !== null)
    throw new BootError(
      Buffer.from(refused, 'latin1').toString().replace(run.path, basename(run.path)),
    );
  if (run.stdin.length > 0) stdin_input(k, run.stdin);
  stdin_eof(k);
  return k;
}
