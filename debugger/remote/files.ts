// The vFile packets: the guest's files for gdb, to be read only (gdb/fileio.h has the layouts).

import { vfs_peek } from '../../kernel/index.js';
import type { Kernel, peeked_file } from '../../kernel/index.js';
import { PACKET_SIZE, bytesOf, escapeBinary, fromHex, hexNumber, textOf } from './packets.js';

// gdb's numbers.
const FILEIO_ENOENT = 2;
const FILEIO_EIO = 5;
const FILEIO_EBADF = 9;
const FILEIO_EINVAL = 22;
const FILEIO_EMFILE = 24;
const FILEIO_EROFS = 30;
const FILEIO_ELOOP = 40;
const FILEIO_EUNKNOWN = 9999;
const O_ACCMODE = 3;
const O_CREAT = 0x200;

/** By the kernel's errno; the others are the same in gdb. */
const ERRNO: Record<number, number> = { 62: FILEIO_ELOOP };
const KNOWN = [1, 2, 4, 5, 9, 13, 14, 16, 17, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30];

const S_IFMT: Record<number, number> = { 1: 0o100000, 2: 0o040000, 5: 0o120000 };
const VREG = 1;
const VLNK = 5;
const OPEN_MAX = 64;
const STAT_BYTES = 64;

const failure = (errno: number): string => `F-1,${errno.toString(16)}`;

function refused(errno: number): string {
  return failure(ERRNO[errno] ?? (KNOWN.includes(errno) ? errno : FILEIO_EUNKNOWN));
}

/** struct fio_stat: big-endian. */
function status(file: peeked_file): string {
  const view = new DataView(new ArrayBuffer(STAT_BYTES));
  const mtime = Math.max(0, Math.floor(file.mtime / 1e9));
  view.setUint32(4, file.ino);
  view.setUint32(8, (S_IFMT[file.type] ?? 0) | file.mode);
  view.setUint32(12, 1);
  view.setBigUint64(28, BigInt(file.size));
  view.setBigUint64(36, 4096n);
  view.setBigUint64(44, BigInt(Math.ceil(file.size / 512)));
  for (const at of [52, 56, 60]) view.setUint32(at, mtime);
  return textOf(new Uint8Array(view.buffer));
}

const attachment = (count: number, data: string): string =>
  `F${count.toString(16)};${escapeBinary(data)}`;

export class RemoteFiles {
  readonly #kernel: Kernel;
  readonly #open = new Map<number, peeked_file>();
  /** Process whose /proc/self is meant; 0 for none. */
  #pid = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  closeAll(): void {
    this.#open.clear();
  }

  /** Answers what follows `vFile:`; null for an operation that is not known. */
  answer(request: string, selectedPid: number): string | null {
    const colon = request.indexOf(':');
    if (colon < 0) return null;
    const words = request.slice(colon + 1).split(',');
    switch (request.slice(0, colon)) {
      case 'setfs': {
        const pid = hexNumber(words[0]);
        if (pid === null) return failure(FILEIO_EINVAL);
        this.#pid = pid;
        return 'F0';
      }
      case 'open':
        return this.#openFile(words, selectedPid);
      case 'pread':
        return this.#pread(words);
      case 'fstat': {
        const file = this.#file(words[0]);
        return file === null ? failure(FILEIO_EBADF) : attachment(STAT_BYTES, status(file));
      }
      case 'close': {
        const number = hexNumber(words[0]);
        return number !== null && this.#open.delete(number) ? 'F0' : failure(FILEIO_EBADF);
      }
      case 'readlink':
        return this.#readlink(words, selectedPid);
      case 'pwrite':
      case 'unlink':
        return failure(FILEIO_EROFS);
      default:
        return null;
    }
  }

  #path(hex: string, selectedPid: number): string | null {
    const bytes = fromHex(hex);
    if (bytes === null) return null;
    const pid = this.#pid === 0 ? selectedPid : this.#pid;
    return textOf(bytes).replace(/^\/proc\/self(?=\/|$)/, `/proc/${pid}`);
  }

  #openFile([hex, flags, mode]: string[], selectedPid: number): string {
    const path = this.#path(hex, selectedPid);
    const how = hexNumber(flags);
    if (path === null || how === null || hexNumber(mode) === null) return failure(FILEIO_EINVAL);
    if (how & (O_ACCMODE | O_CREAT)) return failure(FILEIO_EROFS);
    if (this.#open.size >= OPEN_MAX) return failure(FILEIO_EMFILE);
    const file = vfs_peek(this.#kernel, path, true);
    if (typeof file === 'number') return refused(file);
    let number = 3;
    while (this.#open.has(number)) number++;
    this.#open.set(number, file);
    return `F${number.toString(16)}`;
  }

  #file(number: string): peeked_file | null {
    return this.#open.get(hexNumber(number) ?? -1) ?? null;
  }

  #pread([number, length, offset]: string[]): string {
    const file = this.#file(number);
    const count = hexNumber(length);
    const at = hexNumber(offset, 13);
    if (file === null) return failure(FILEIO_EBADF);
    if (count === null || at === null || file.type !== VREG) return failure(FILEIO_EINVAL);
    // Every byte may need two.
    const bytes = new Uint8Array(Math.min(count, PACKET_SIZE / 2 - 64));
    const got = file.read(at, bytes);
    return got < 0 ? failure(FILEIO_EIO) : attachment(got, textOf(bytes.subarray(0, got)));
  }

  #readlink([hex]: string[], selectedPid: number): string {
    const path = this.#path(hex, selectedPid);
    if (path === null) return failure(FILEIO_EINVAL);
    const file = vfs_peek(this.#kernel, path, false);
    if (typeof file === 'number') return refused(file);
    if (file.type !== VLNK) return failure(FILEIO_EINVAL);
    if (file.link === '') return failure(FILEIO_ENOENT);
    return attachment(file.link.length, textOf(bytesOf(file.link)));
  }
}
