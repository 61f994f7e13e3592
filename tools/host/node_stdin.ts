// Standard input when it is no terminal of the guest's: read when a guest waits for it, in such a way
// that limits and signals are heeded meanwhile.

import { fstatSync, readSync } from 'node:fs';

const CHUNK = 65536;

/** What descriptor `fd` of this process leads to. */
export function streamKind(fd: number): 'pipe' | 'file' | 'device' {
  try {
    const s = fstatSync(fd);
    if (s.isFIFO() || s.isSocket()) return 'pipe';
    return s.isFile() ? 'file' : 'device';
  } catch {
    return 'device';
  }
}

export class StandardInput {
  #pending: Promise<Uint8Array> | null = null;

  /**
   * What comes next; an empty array at the end. Asking again before it has come gives the same
   * promise.
   */
  read(): Promise<Uint8Array> {
    this.#pending ??= this.#next().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  /** A file never keeps anybody waiting; a stream of Node's would read ahead of the guest. */
  async #next(): Promise<Uint8Array> {
    return streamKind(0) === 'file' ? readFile() : readStream();
  }
}

function readFile(): Uint8Array {
  const buffer = new Uint8Array(CHUNK);
  try {
    return buffer.subarray(0, readSync(0, buffer));
  } catch {
    return new Uint8Array(0);
  }
}

/** A pending read of a pipe or terminal would keep process.exit() waiting; one of a stream does not. */
function readStream(): Promise<Uint8Array> {
  const { stdin } = process;
  const ended = new Uint8Array(0);
  return new Promise((resolve) => {
    const settle = (bytes: Uint8Array): void => {
      stdin.off('readable', readable).off('end', end).off('error', end).off('close', end);
      resolve(bytes);
    };
    const end = (): void => settle(ended);
    const readable = (): void => {
      const bytes = stdin.read() as Buffer | null;
      if (bytes !== null) settle(bytes);
    };
    if (stdin.readableEnded || stdin.destroyed) {
      resolve(ended);
      return;
    }
    stdin.on('readable', readable).on('end', end).on('error', end).on('close', end);
    readable();
  });
}
