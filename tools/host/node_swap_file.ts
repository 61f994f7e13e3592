// A file of the host as the disk that a guest kernel swaps to.

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { HostBlockFile } from '../../kernel/index.js';
import { errorCode, systemErrorText } from './node_host.js';

const PAGE_SIZE = 4096;

/** Why a file cannot be swapped to, as a line for people. */
export class SwapFileError extends Error {
  override name = 'SwapFileError';
}

function fail(path: string, why: unknown): never {
  throw new SwapFileError(
    `cannot swap to ${path}: ${typeof why === 'string' ? why : systemErrorText(errorCode(why))}`,
  );
}

/** Whether a process of that number is there. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

/** Takes PATH.lock, which holds our process number; one of a process that is gone is taken over. */
function lock(path: string): string {
  const lockPath = `${path}.lock`;
  for (let tries = 0; tries < 2; tries++) {
    try {
      writeFileSync(lockPath, `${process.pid}\n`, { flag: 'wx' });
      return lockPath;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') fail(path, error);
    }
    const owner = Number(readFileSync(lockPath, 'latin1'));
    if (owner > 0 && alive(owner)) fail(path, `it is in use by process ${owner} (${lockPath})`);
    unlinkSync(lockPath);
  }
  return fail(path, 'it is in use');
}

/**
 * Opens (or creates, sparse) the file and locks it until this process ends or close() is called.
 * @param bytes wanted size, or null for the size that the file has.
 * @throws SwapFileError
 */
export function openSwapFile(
  path: string,
  bytes: number | null,
): HostBlockFile & { close(): void } {
  let fd: number;
  try {
    fd = openSync(path, bytes === null ? 'r+' : 'a+');
    if (bytes !== null) {
      closeSync(fd);
      fd = openSync(path, 'r+');
    }
  } catch (error) {
    if (bytes === null && errorCode(error) === 'ENOENT')
      fail(path, 'there is no such file; give a size to have it made (FILE:SIZE)');
    return fail(path, error);
  }
  const before = fstatSync(fd);
  if (!before.isFile()) {
    closeSync(fd);
    fail(path, 'not a regular file');
  }
  let lockPath: string;
  try {
    lockPath = lock(path);
    if (bytes !== null && before.size < bytes) ftruncateSync(fd, bytes);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  const size = bytes ?? before.size - (before.size % PAGE_SIZE);
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    closeSync(fd);
    unlinkSync(lockPath);
    process.removeListener('exit', close);
  };
  process.once('exit', close);
  return {
    name: path,
    size,
    read(offset, into) {
      try {
        let done = 0;
        while (done < into.length) {
          const n = readSync(fd, into, done, into.length - done, offset + done);
          // Never written, or cut off by somebody.
          if (n === 0) into.fill(0, done);
          done = n === 0 ? into.length : done + n;
        }
        return true;
      } catch {
        return false;
      }
    },
    write(offset, from) {
      try {
        for (let done = 0; done < from.length;)
          done += writeSync(fd, from, done, from.length - done, offset + done);
        return true;
      } catch {
        return false;
      }
    },
    close,
  };
}
