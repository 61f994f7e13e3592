// Systems in this process that are alike when they are made, and what two of them are compared by.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Machine } from '../../emulator/index.js';
import {
  createKernel,
  digestSystem,
  kernel_mount_root,
  spawn_init,
  stdin_eof,
  vfs_host_file,
} from '../../kernel/index.js';
import type { EventStream, HostDirectory, Kernel } from '../../kernel/index.js';

/** A file that never changes: not even the time of its last access, as one of the host does. */
export function constantFile(bytes: Uint8Array): HostDirectory {
  const times = { mtimeNs: 1e18, atimeNs: 1e18, ctimeNs: 1e18 };
  const stat = { kind: 'file' as const, size: bytes.length, mode: 0o755, uid: 0, gid: 0, ino: 7, nlink: 1, ...times }; // prettier-ignore
  return {
    lstat: () => stat,
    readdir: () => null,
    readlink: () => null,
    read(_path, offset, into) {
      const found = bytes.subarray(offset, offset + into.length);
      into.set(found);
      return found.length;
    },
  };
}

/** A kernel with a program of the host as its first process, whose output goes to `out`. */
export function systemWith(
  program: string,
  ramBytes: number,
  out: (text: string) => void = () => {},
  events: EventStream = { mask: 0, emit: () => {} },
): Kernel {
  const host = {
    consoleWrite: (_fd: number, bytes: Uint8Array) => void out(Buffer.from(bytes).toString()),
    log() {},
    wallClockNs: () => 1e18,
    entropy: (into: Uint8Array) => void into.fill(1),
  };
  const k = createKernel(new Machine({ ramBytes }), host, events, {
    swapBytes: 64 << 20,
    checkInvariants: false,
    verboseBoot: false,
    realtime: false,
  });
  kernel_mount_root(k, null, 'tmpfs');
  vfs_host_file(k, '/program', constantFile(readFileSync(program)));
  const refused = spawn_init(k, {
    path: '/program',
    argv: ['/program'],
    envp: [],
    cwd: '/',
    abi: null,
    console: null,
    streams: ['file', 'pipe', 'pipe'],
  });
  if (refused !== null) throw new Error(refused);
  stdin_eof(k);
  return k;
}

/** A hash of all that machine and kernel are. */
export function digestOf(k: Kernel): string {
  const hash = createHash('md5');
  const words = new Int32Array(65536);
  let used = 0;
  const flush = (): void => {
    hash.update(words.subarray(0, used));
    used = 0;
  };
  const word = (value: number): void => {
    if (used === words.length) flush();
    words[used++] = value;
  };
  digestSystem(k, {
    word,
    text(value) {
      word(value.length);
      for (let i = 0; i < value.length; i++) word(value.charCodeAt(i));
    },
  });
  flush();
  return hash.digest('hex');
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
