// A directory of the host, shown to guests. Read-only, and no symbolic link is followed here: the
// guest's own name lookup follows links inside the guest's name space, so that none leads out.

import {
  closeSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  constants,
} from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { HostDirectory, HostStat } from '../../kernel/index.js';

const OPEN_FILES_KEPT = 32;

function kindOf(s: BigIntStats): HostStat['kind'] {
  if (s.isFile()) return 'file';
  if (s.isDirectory()) return 'directory';
  if (s.isSymbolicLink()) return 'symlink';
  return 'other';
}

function statOf(path: Buffer): HostStat | null {
  try {
    const s = lstatSync(path, { bigint: true });
    return {
      kind: kindOf(s),
      size: Number(s.size),
      mode: Number(s.mode) & 0o7777,
      uid: Number(s.uid),
      gid: Number(s.gid),
      ino: Number(s.ino),
      nlink: Number(s.nlink),
      mtimeNs: Number(s.mtimeNs),
      atimeNs: Number(s.atimeNs),
      ctimeNs: Number(s.ctimeNs),
    };
  } catch {
    return null;
  }
}

/** Keeps the descriptors of the files read last, so that paging in a file opens it once. */
class DescriptorCache {
  readonly #open = new Map<string, number>();

  /** A descriptor for reading, or -1. Refuses to follow a link and anything but a regular file. */
  get(key: string, path: Buffer): number {
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch {
      return -1;
    }
    if (this.#open.size >= OPEN_FILES_KEPT) {
      const [oldest, oldFd] = this.#open.entries().next().value as [string, number];
      this.#open.delete(oldest);
      closeSync(oldFd);
    }
    this.#open.set(key, fd);
    return fd;
  }
}

function readAt(fd: number, offset: number, into: Uint8Array): number | null {
  let done = 0;
  try {
    while (done < into.length) {
      const n = readSync(fd, into, done, into.length - done, offset + done);
      if (n === 0) break;
      done += n;
    }
  } catch {
    return null;
  }
  return done;
}

/** Shows the host directory `root` (a path of the host). */
export function nodeDirectory(root: string): HostDirectory {
  const files = new DescriptorCache();
  const base = Buffer.from(root.endsWith('/') ? root : `${root}/`);
  const locate = (path: string): Buffer => Buffer.concat([base, Buffer.from(path, 'latin1')]);
  return {
    lstat: (path) => statOf(locate(path)),
    readdir(path) {
      try {
        return readdirSync(locate(path), { encoding: 'buffer' }).map((name) =>
          name.toString('latin1'),
        );
      } catch {
        return null;
      }
    },
    readlink(path) {
      try {
        return readlinkSync(locate(path), { encoding: 'buffer' }).toString('latin1');
      } catch {
        return null;
      }
    },
    read(path, offset, into) {
      const fd = files.get(path, locate(path));
      return fd < 0 ? null : readAt(fd, offset, into);
    },
  };
}

/** Shows one file of the host as the only entry, `name`, of a directory. */
export function nodeSingleFile(name: string, hostPath: string): HostDirectory {
  const files = new DescriptorCache();
  const path = Buffer.from(hostPath);
  const directory: HostStat = {
    kind: 'directory',
    size: 0,
    mode: 0o755,
    uid: 0,
    gid: 0,
    ino: 2,
    nlink: 2,
    mtimeNs: 0,
    atimeNs: 0,
    ctimeNs: 0,
  };
  return {
    lstat: (p) => (p === '' ? directory : p === name ? statOf(path) : null),
    readdir: (p) => (p === '' ? [name] : null),
    readlink: () => null,
    read(p, offset, into) {
      if (p !== name) return null;
      const fd = files.get(p, path);
      return fd < 0 ? null : readAt(fd, offset, into);
    },
  };
}
