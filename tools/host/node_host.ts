// The host as Node offers it: console output, wall clock, entropy.

import { randomFillSync } from 'node:crypto';
import { writeSync } from 'node:fs';
import type { Host } from '../../kernel/index.js';

/** Thrown when a line of ours cannot be written; `code` is the host's, EPIPE when nobody reads. */
export class OutputError extends Error {
  override name = 'OutputError';
  readonly code: string;
  constructor(fd: number, code: string) {
    super(`cannot write to descriptor ${fd}: ${systemErrorText(code)}`);
    this.code = code;
  }
}

/** What guests get for a write of theirs that fails on the host (FreeBSD's errno). */
const GUEST_ERRNOS: Record<string, number> = { EFBIG: 27, ENOSPC: 28, EPIPE: 32, EDQUOT: 69 };
const EIO = 5;

const ERROR_TEXTS: Record<string, string> = {
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  EPIPE: 'broken pipe',
  EROFS: 'read-only file system',
};

/** A host's error code such as ENOENT in words. */
export function systemErrorText(code: string): string {
  return ERROR_TEXTS[code] ?? code;
}

/** The code of an error that a call of node:fs threw. */
export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

const nap = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of `bytes`, waiting when the descriptor is a full non-blocking pipe.
 * @throws OutputError for instance when the reader has gone.
 */
export function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EAGAIN') Atomics.wait(nap, 0, 0, 1);
      else throw new OutputError(fd, code);
    }
  }
}

const CR = 13;
const LF = 10;

/** Without the CR before each LF: in Node's raw mode the terminal still adds its own (ONLCR). */
function withoutReturns(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte, i) => byte !== CR || bytes[i + 1] !== LF);
}

/**
/** Where the output of a guest's console goes. */
export interface ConsoleOutput {
  /** It is a terminal in raw mode. */
  terminal: boolean;
  /** The descriptor of the guest's standard output; 1 unless told otherwise. */
  stdout?: number;
}

/** A host over this process. `log` receives our own messages, one line each without the newline. */
export function createNodeHost(log: (line: string) => void, console: ConsoleOutput): Host {
  const { terminal, stdout = 1 } = console;
  return {
    consoleWrite(fd, bytes) {
      try {
        writeAll(fd === 1 ? stdout : fd, terminal ? withoutReturns(bytes) : bytes);
      } catch (error) {
        return GUEST_ERRNOS[errorCode(error)] ?? EIO;
      }
      return undefined;
    },
    log,
    wallClockNs() {
      return Date.now() * 1e6;
    },
    entropy(into) {
      randomFillSync(into);
    },
  };
}
