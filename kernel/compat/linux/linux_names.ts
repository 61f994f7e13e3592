// Making, removing and changing names (fs/namei.c, fs/open.c, fs/d_path.c of Linux). A link in the
// last component is not followed for a slash behind it, as FreeBSD's lookup would.

import { namei_vp } from '../../fs/vfs_lookup.js';
import { ops } from '../../fs/vnode_if.js';
import { bytes_of, copyout } from '../../i386/support.js';
import { fget } from '../../kern/kern_descrip.js';
import {
  kern_chdir,
  kern_chroot,
  kern_getcwd,
  kern_linkat,
  kern_mkdirat,
  kern_mknodat,
  kern_renameat,
  kern_symlinkat,
  kern_unlinkat,
} from '../../kern/vfs_kern.js';
import {
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  ERANGE,
} from '../../sys/errno.js';
import { AT_FDCWD, AT_REMOVEDIR } from '../../sys/fcntl.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK } from '../../sys/stat.js';
import { VBLK, VCHR, VDIR, VFIFO, VLNK, VREG, VSOCK } from '../../sys/vnode.js';
import { nosys, u, with_path, with_paths } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import {
  LINUX_AT_EMPTY_PATH,
  LINUX_AT_REMOVEDIR,
  LINUX_AT_SYMLINK_FOLLOW,
  LINUX_AT_SYMLINK_NOFOLLOW,
  last_component,
  linux_namei,
  with_vnode,
} from './linux_namei.js';

/** A path in parts; Linux decides by the last component what a call may do. */
interface last_part {
  /** The path without slashes at its end. */
  path: string;
  /** '' for the root. */
  name: string;
  /** There were slashes at the end. */
  slashes: boolean;
}

function split(path: string): last_part {
  const name = last_component(path);
  const bare = path.replace(/\/+$/, '');
  return { path: name === '' && path !== '' ? '/' : bare, name, slashes: bare !== path };
}

const is_dots = (name: string): boolean => name === '' || name === '.' || name === '..';

/** Whether the directory that `part` lies in can be reached: 0 or an errno. */
function parent_error(k: Kernel, td: Thread, dirfd: number, part: last_part): number {
  const parent = part.path.slice(0, part.path.length - part.name.length);
  const vp = namei_vp(k, td, dirfd, parent === '' ? '.' : parent, true);
  if (typeof vp === 'number') return vp;
  return vp.v_type === VDIR ? 0 : ENOTDIR;
}

/** The path at which a name may be made (filename_create), or an errno. */
function creatable(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
  directory: boolean,
): string | number {
  if (path === '') return ENOENT;
  const part = split(path);
  if (is_dots(part.name)) return parent_error(k, td, dirfd, part) || EEXIST;
  if (part.slashes && !directory) {
    const vp = namei_vp(k, td, dirfd, part.path, false);
    return typeof vp === 'number' ? vp : EEXIST;
  }
  return part.path;
}

function making(
  k: Kernel,
  td: Thread,
  dirfd: number,
  uaddr: number,
  f: (path: string) => number,
  directory = false,
): number {
  return with_path(k, uaddr, (path) => {
    const at = creatable(k, td, dirfd, path, directory);
    return typeof at === 'number' ? at : f(at);
  });
}

function mkdirat(k: Kernel, td: Thread, dirfd: number, uaddr: number, mode: number): number {
  return making(k, td, dirfd, uaddr, (path) => kern_mkdirat(k, td, dirfd, path, mode), true);
}

const NODE_TYPES = new Map([
  [0, VREG],
  [S_IFREG, VREG],
  [S_IFIFO, VFIFO],
  [S_IFSOCK, VSOCK],
  [S_IFCHR, VCHR],
  [S_IFBLK, VBLK],
]);

function mknodat(k: Kernel, td: Thread, dirfd: number, uaddr: number, mode: number): number {
  const type = NODE_TYPES.get(mode & S_IFMT);
  if (type === undefined) return (mode & S_IFMT) === S_IFDIR ? EPERM : EINVAL;
  return making(k, td, dirfd, uaddr, (path) => kern_mknodat(k, td, dirfd, path, type, mode));
}

function symlinkat(k: Kernel, td: Thread, target: number, dirfd: number, uaddr: number): number {
  return with_path(k, target, (text) =>
    text === ''
      ? ENOENT
      : making(k, td, dirfd, uaddr, (path) => kern_symlinkat(k, td, text, dirfd, path)),
  );
}

function linkat(k: Kernel, td: Thread, a: Int32Array): number {
  const [fd1, path1, fd2, path2, flags] = a;
  if (flags & ~(LINUX_AT_SYMLINK_FOLLOW | LINUX_AT_EMPTY_PATH)) return EINVAL;
  return with_path(k, path1, (from) =>
    making(k, td, fd2, path2, (to) =>
      kern_linkat(k, td, fd1, from, fd2, to, flags & LINUX_AT_SYMLINK_FOLLOW),
    ),
  );
}

function rmdir(k: Kernel, td: Thread, dirfd: number, uaddr: number): number {
  return with_path(k, uaddr, (path) => {
    if (path === '') return ENOENT;
    const part = split(path);
    if (is_dots(part.name)) {
      const refusal = part.name === '' ? EBUSY : part.name === '.' ? EINVAL : ENOTEMPTY;
      return parent_error(k, td, dirfd, part) || refusal;
    }
    return kern_unlinkat(k, td, dirfd, part.path, AT_REMOVEDIR);
  });
}

function unlink(k: Kernel, td: Thread, dirfd: number, uaddr: number): number {
  return with_path(k, uaddr, (path) => {
    if (path === '') return ENOENT;
    const part = split(path);
    if (is_dots(part.name)) return parent_error(k, td, dirfd, part) || EISDIR;
    const vp = namei_vp(k, td, dirfd, part.path, false);
    if (typeof vp === 'number') return vp;
    if (vp.v_type === VDIR) return EISDIR;
    return part.slashes ? ENOTDIR : kern_unlinkat(k, td, dirfd, part.path, 0);
  });
}

function unlinkat(k: Kernel, td: Thread, a: Int32Array): number {
  const [dirfd, uaddr, flags] = a;
  if (flags & ~LINUX_AT_REMOVEDIR) return EINVAL;
  return flags === 0 ? unlink(k, td, dirfd, uaddr) : rmdir(k, td, dirfd, uaddr);
}

const RENAME_NOREPLACE = 1;

/** renameat2: this file system, like many, has neither RENAME_EXCHANGE nor RENAME_WHITEOUT. */
function renameat(
  k: Kernel,
  td: Thread,
  fd1: number,
  path1: number,
  fd2: number,
  path2: number,
  flags: number,
): number {
  if (flags & ~RENAME_NOREPLACE) return EINVAL;
  return with_paths(k, path1, path2, (first, second) => {
    if (first === '' || second === '') return ENOENT;
    const from = split(first);
    const to = split(second);
    const unreachable = parent_error(k, td, fd1, from) || parent_error(k, td, fd2, to);
    if (unreachable !== 0) return unreachable;
    if (is_dots(from.name)) return EBUSY;
    if (is_dots(to.name)) return flags & RENAME_NOREPLACE ? EEXIST : EBUSY;
    const vp = namei_vp(k, td, fd1, from.path, false);
    if (typeof vp === 'number') return vp;
    const there = namei_vp(k, td, fd2, to.path, false);
    if (typeof there !== 'number' && flags & RENAME_NOREPLACE) return EEXIST;
    if (vp.v_type !== VDIR && (from.slashes || to.slashes)) return ENOTDIR;
    return kern_renameat(k, td, fd1, from.path, fd2, to.path);
  });
}

function readlinkat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  uaddr: number,
  buf: number,
  size: number,
): number {
  if (size <= 0) return EINVAL;
  return with_path(k, uaddr, (path) => {
    const flags = LINUX_AT_SYMLINK_NOFOLLOW | (dirfd === AT_FDCWD ? 0 : LINUX_AT_EMPTY_PATH);
    const target = linux_namei(k, td, dirfd, path, flags);
    if (typeof target === 'number') return target;
    if (target.vp?.v_type !== VLNK) return path === '' ? ENOENT : EINVAL;
    const bytes = bytes_of(ops(target.vp).vop_readlink(k, target.vp)).subarray(0, size);
    td.td_retval[0] = bytes.length;
    return copyout(k, bytes, u(buf));
  });
}

// Working and root directory.

function chdir(k: Kernel, td: Thread, uaddr: number): number {
  return with_vnode(k, td, AT_FDCWD, uaddr, 0, (vp) => kern_chdir(k, td, vp));
}

/** Works with O_PATH descriptors too. */
function fchdir(k: Kernel, td: Thread, n: number): number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  return fp.f_vnode === null ? ENOTDIR : kern_chdir(k, td, fp.f_vnode);
}

/** getcwd: the length with the NUL is the result. */
function getcwd(k: Kernel, td: Thread, buf: number, size: number): number {
  const path = kern_getcwd(k, td);
  if (typeof path === 'number') return path;
  if (path.length + 1 > size) return ERANGE;
  td.td_retval[0] = path.length + 1;
  return copyout(k, bytes_of(`${path}\0`), buf);
}

export const linux_name_calls: linux_calls = {
  mkdir: [2, (k, td, a) => mkdirat(k, td, AT_FDCWD, a[0], a[1])],
  mkdirat: [3, (k, td, a) => mkdirat(k, td, a[0], a[1], a[2])],
  mknod: [3, (k, td, a) => mknodat(k, td, AT_FDCWD, a[0], a[1])],
  mknodat: [4, (k, td, a) => mknodat(k, td, a[0], a[1], a[2])],
  symlink: [2, (k, td, a) => symlinkat(k, td, a[0], AT_FDCWD, a[1])],
  symlinkat: [3, (k, td, a) => symlinkat(k, td, a[0], a[1], a[2])],
  link: [2, (k, td, a) => linkat(k, td, Int32Array.of(AT_FDCWD, a[0], AT_FDCWD, a[1], 0))],
  linkat: [5, linkat],
  rmdir: [1, (k, td, a) => rmdir(k, td, AT_FDCWD, a[0])],
  unlink: [1, (k, td, a) => unlink(k, td, AT_FDCWD, a[0])],
  unlinkat: [3, unlinkat],
  rename: [2, (k, td, a) => renameat(k, td, AT_FDCWD, a[0], AT_FDCWD, a[1], 0)],
  renameat: [4, (k, td, a) => renameat(k, td, a[0], a[1], a[2], a[3], 0)],
  renameat2: [5, (k, td, a) => renameat(k, td, a[0], a[1], a[2], a[3], a[4])],
  readlink: [3, (k, td, a) => readlinkat(k, td, AT_FDCWD, a[0], a[1], a[2])],
  readlinkat: [4, (k, td, a) => readlinkat(k, td, a[0], a[1], a[2], a[3])],
  chdir: [1, (k, td, a) => chdir(k, td, a[0])],
  fchdir: [1, (k, td, a) => fchdir(k, td, a[0])],
  chroot: [1, (k, td, a) => with_vnode(k, td, AT_FDCWD, a[0], 0, (vp) => kern_chroot(k, td, vp))],
  getcwd: [2, (k, td, a) => getcwd(k, td, u(a[0]), u(a[1]))],
  openat2: nosys,
  name_to_handle_at: nosys,
  open_by_handle_at: nosys,
  open_tree: nosys,
  move_mount: nosys,
  fsopen: nosys,
  fsconfig: nosys,
  fsmount: nosys,
  fspick: nosys,
  mount_setattr: nosys,
  quotactl_fd: nosys,
};
