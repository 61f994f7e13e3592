// FreeBSD's file calls: unpacking arguments, packing structures of FreeBSD 11.0/i386.

import { EBADF, EFAULT, EINVAL, EOPNOTSUPP, ERANGE } from '../sys/errno.js';
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  FD_CLOEXEC,
  F_DUP2FD,
  F_DUP2FD_CLOEXEC,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_GETLK,
  F_GETOWN,
  F_SETFD,
  F_SETFL,
  F_SETLK,
  F_SETLKW,
  F_SETOWN,
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_NONBLOCK,
  O_TRUNC,
  O_WRONLY,
} from '../sys/fcntl.js';
import { FREAD, FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { MAXPATHLEN } from '../sys/param.js';
import type { Thread } from '../sys/proc.js';
import type { stat } from '../sys/stat.js';
import type { sy_call, sysent } from '../sys/sysent.js';
import { VDIR, VFIFO } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { namei_vp } from '../fs/vfs_lookup.js';
import { VOP_GETATTR, ops } from '../fs/vnode_if.js';
import {
  bytes_of,
  copyin,
  copyinstr,
  copyout,
  copyout_words,
  useracc_touch,
} from '../i386/support.js';
import { fget, kern_close, kern_dup } from './kern_descrip.js';
import { F_UNLCK, lf_advlock, lf_getblock } from './kern_lockf.js';
import type { lockf } from './kern_lockf.js';
import { int64, set_int64 } from './subr_buf.js';
import { copyiniov, uio_user } from './subr_uio.js';
import { kern_pipe } from './sys_pipe.js';
import { kern_ioctl, kern_readv, kern_writev } from './sys_generic.js';
import { kern_socketpair } from './uipc_socketpair.js';
import {
  kern_accessat,
  kern_chdir,
  kern_chroot,
  kern_fstat,
  kern_ftruncate,
  kern_getcwd,
  kern_linkat,
  kern_lseek,
  kern_mkdirat,
  kern_mknodat,
  kern_openat,
  kern_fsync,
  kern_readlinkat,
  kern_renameat,
  kern_statat,
  kern_symlinkat,
  kern_truncate,
  kern_unlinkat,
  setfmode,
  setfown,
} from './vfs_kern.js';
import { vfs_msync } from '../vm/vm_object_clean.js';

const u = (word: number): number => word >>> 0;

/** A path of the user: the string, or an errno. */
export function copyinpath(k: Kernel, uaddr: number): string | number {
  const path = copyinstr(k, uaddr >>> 0, MAXPATHLEN);
  return path;
}

/** Calls `f` with the path at `uaddr`. */
export function with_path(k: Kernel, uaddr: number, f: (path: string) => number): number {
  const path = copyinpath(k, uaddr);
  return typeof path === 'number' ? path : f(path);
}

function with_paths(k: Kernel, a: number, b: number, f: (a: string, b: string) => number): number {
  return with_path(k, a, (first) => with_path(k, b, (second) => f(first, second)));
}

export function with_vnode(
  k: Kernel,
  td: Thread,
  dirfd: number,
  uaddr: number,
  follow: boolean,
  f: (vp: vnode) => number,
): number {
  return with_path(k, uaddr, (path) => {
    const vp = namei_vp(k, td, dirfd, path, follow);
    return typeof vp === 'number' ? vp : f(vp);
  });
}

export function with_fd_vnode(td: Thread, n: number, f: (vp: vnode) => number): number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  return fp.f_vnode === null ? EINVAL : f(fp.f_vnode);
}

export const follows = (flag: number): boolean => (flag & AT_SYMLINK_NOFOLLOW) === 0;

// struct stat of FreeBSD 11 (before 64-bit inodes): 96 bytes.

function timespec(view: DataView, at: number, ns: number): void {
  view.setInt32(at, Math.floor(ns / 1e9), true);
  view.setInt32(at + 4, Math.floor(ns % 1e9), true);
}

export function pack_stat(s: stat): Uint8Array {
  const bytes = new Uint8Array(96);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, s.st_dev, true);
  view.setUint32(4, s.st_ino, true);
  view.setUint16(8, s.st_mode, true);
  view.setUint16(10, s.st_nlink, true);
  view.setUint32(12, s.st_uid, true);
  view.setUint32(16, s.st_gid, true);
  view.setUint32(20, s.st_rdev, true);
  timespec(view, 24, s.st_atim);
  timespec(view, 32, s.st_mtim);
  timespec(view, 40, s.st_ctim);
  set_int64(view, 48, s.st_size);
  set_int64(view, 56, s.st_blocks);
  view.setUint32(64, s.st_blksize, true);
  timespec(view, 80, s.st_birthtim);
  return bytes;
}

function give_stat(k: Kernel, s: stat | number, uaddr: number): number {
  return typeof s === 'number' ? s : copyout(k, pack_stat(s), uaddr >>> 0);
}

// struct dirent of FreeBSD 11: fileno, reclen, type, namlen, name and a NUL, padded to 4.

/** Entries of a directory from `index` on that fit into `room` bytes, and the index behind them. */
function pack_dirents(
  k: Kernel,
  vp: vnode,
  index: number,
  room: number,
): { bytes: Uint8Array; next: number } {
  const bytes = new Uint8Array(Math.min(room, 65536));
  const view = new DataView(bytes.buffer);
  const list = ops(vp).vop_readdir(k, vp);
  let at = 0;
  let next = index;
  for (; next < list.length; next++) {
    const { d_fileno, d_type, d_name } = list[next];
    const reclen = (8 + d_name.length + 1 + 3) & ~3;
    if (at + reclen > bytes.length) break;
    view.setUint32(at, d_fileno, true);
    view.setUint16(at + 4, reclen, true);
    bytes[at + 6] = d_type;
    bytes[at + 7] = d_name.length;
    bytes.set(bytes_of(d_name), at + 8);
    at += reclen;
  }
  return { bytes: bytes.subarray(0, at), next };
}

function getdirentries(
  k: Kernel,
  td: Thread,
  n: number,
  buf: number,
  count: number,
  basep: number,
): number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  if ((fp.f_flag & FREAD) === 0) return EBADF;
  if (fp.f_vnode === null || fp.f_vnode.v_type !== VDIR) return EINVAL;
  const { bytes, next } = pack_dirents(k, fp.f_vnode, fp.f_offset, count);
  if (bytes.length === 0 && next < ops(fp.f_vnode).vop_readdir(k, fp.f_vnode).length) return EINVAL;
  const error = copyout(k, bytes, buf) || (basep ? copyout_words(k, [fp.f_offset], basep) : 0);
  if (error) return error;
  fp.f_offset = next;
  td.td_retval[0] = bytes.length;
  return 0;
}

// fcntl.

const SETFL = O_APPEND | O_NONBLOCK | 0x40 | 0x10000;

/** FreeBSD's FREAD and FWRITE as the O_* access mode. */
export function access_mode(fp: file): number {
  return (fp.f_flag & (FREAD | FWRITE)) === 0
    ? 0
    : ((fp.f_flag & (FREAD | FWRITE)) - 1) & O_ACCMODE;
}

/** A struct flock (28 bytes: start, len, pid, type, whence, sysid) at `arg`. */
function fcntl_lock(k: Kernel, td: Thread, fp: file, cmd: number, arg: number): number {
  const raw = new Uint8Array(28);
  const error = copyin(k, arg >>> 0, raw);
  if (error) return error;
  const view = new DataView(raw.buffer);
  if (fp.f_vnode === null) return EINVAL;
  const want = flock_range(
    k,
    td,
    fp,
    int64(view.getInt32(0, true), view.getInt32(4, true)),
    int64(view.getInt32(8, true), view.getInt32(12, true)),
    view.getInt16(20, true),
    view.getInt16(22, true),
  );
  if (typeof want === 'number') return want;
  if (cmd !== F_GETLK) return lf_advlock(k, fp.f_vnode, want, cmd === F_SETLKW);
  const blocker = lf_getblock(fp.f_vnode, want);
  if (blocker === null) view.setInt16(20, F_UNLCK, true);
  else {
    set_int64(view, 0, blocker.lf_start);
    set_int64(view, 8, Number.isFinite(blocker.lf_end) ? blocker.lf_end - blocker.lf_start : 0);
    view.setInt32(16, blocker.lf_pid, true);
    view.setInt16(20, blocker.lf_type, true);
    view.setInt16(22, 0, true);
    view.setInt32(24, 0, true);
  }
  return copyout(k, raw, arg >>> 0);
}

/** A lock request in absolute bytes. */
export function flock_range(
  k: Kernel,
  td: Thread,
  fp: file,
  start0: number,
  len: number,
  type: number,
  whence: number,
): lockf | number {
  const base =
    whence === 0 ? 0 : whence === 1 ? fp.f_offset : VOP_GETATTR(k, fp.f_vnode as vnode).va_size;
  let start = base + start0;
  let end = len === 0 ? Infinity : start + len;
  if (len < 0) [start, end] = [end, start];
  if (start < 0 || whence > 2) return EINVAL;
  if (type === 1 && (fp.f_flag & FREAD) === 0) return EBADF;
  if (type === 3 && (fp.f_flag & FWRITE) === 0) return EBADF;
  return {
    lf_owner: td.td_proc,
    lf_pid: td.td_proc.p_pid,
    lf_type: type,
    lf_start: start,
    lf_end: end,
    lf_flock: false,
  };
}

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

export function kern_flock(k: Kernel, td: Thread, n: number, how: number): number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  if (fp.f_vnode === null) return EOPNOTSUPP;
  const type = how & LOCK_UN ? F_UNLCK : how & LOCK_EX ? 3 : how & LOCK_SH ? 1 : 0;
  if (type === 0) return EBADF;
  const want: lockf = {
    lf_owner: fp,
    lf_pid: td.td_proc.p_pid,
    lf_type: type,
    lf_start: 0,
    lf_end: Infinity,
    lf_flock: true,
  };
  return lf_advlock(k, fp.f_vnode, want, (how & LOCK_NB) === 0);
}

/** fcntl(2) but for record locks, which each ABI packs its own way. */
export function kern_fcntl(k: Kernel, td: Thread, n: number, cmd: number, arg: number): number {
  const fde = td.td_proc.p_fd?.fd_ofiles[n] ?? null;
  if (fde === null) return EBADF;
  const fp = fde.fde_file;
  switch (cmd) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return arg < 0 || arg >= 65536
        ? EINVAL
        : kern_dup(k, td, n, -1, arg, cmd === F_DUPFD_CLOEXEC);
    case F_DUP2FD:
    case F_DUP2FD_CLOEXEC:
      return kern_dup(k, td, n, arg, 0, cmd === F_DUP2FD_CLOEXEC);
    case F_GETFD:
      td.td_retval[0] = fde.fde_cloexec ? FD_CLOEXEC : 0;
      return 0;
    case F_SETFD:
      fde.fde_cloexec = (arg & FD_CLOEXEC) !== 0;
      return 0;
    case F_GETFL:
      td.td_retval[0] = access_mode(fp) | (fp.f_flag & SETFL);
      return 0;
    case F_SETFL:
      fp.f_flag = (fp.f_flag & ~SETFL) | (arg & SETFL);
      return 0;
    case F_GETOWN:
      td.td_retval[0] = 0;
      return 0;
    case F_SETOWN:
      return 0;
    default:
      return EINVAL;
  }
}

function fcntl(k: Kernel, td: Thread, n: number, cmd: number, arg: number): number {
  if (cmd === F_GETLK || cmd === F_SETLK || cmd === F_SETLKW) {
    const fp = fget(td, n);
    return typeof fp === 'number' ? fp : fcntl_lock(k, td, fp, cmd, arg);
  }
  return kern_fcntl(k, td, n, cmd, arg);
}

const call = (sy_name: string, sy_narg: number, sy_call: sy_call): sysent => ({
  sy_name,
  sy_narg,
  sy_call,
});

/** One user buffer. */
const one = (base: number, len: number, offset = 0) =>
  uio_user([{ iov_base: base >>> 0, iov_len: len >>> 0 }], offset);

function vector(
  k: Kernel,
  iovp: number,
  count: number,
  f: (v: ReturnType<typeof uio_user>) => number,
): number {
  const iov = copyiniov(k, iovp, count);
  return typeof iov === 'number' ? iov : f(uio_user(iov, 0));
}

function positioned(offset: number, f: () => number): number {
  return offset < 0 ? EINVAL : f();
}

function lseek(k: Kernel, td: Thread, n: number, offset: number, whence: number): number {
  const to = kern_lseek(k, td, n, offset, whence);
  if (typeof to !== 'number') return to.error;
  td.td_retval[0] = to | 0;
  td.td_retval[1] = Math.floor(to / 0x100000000) | 0;
  return 0;
}

function getcwd(k: Kernel, td: Thread, buf: number, size: number): number {
  const path = kern_getcwd(k, td);
  if (typeof path === 'number') return path;
  return path.length + 1 > size ? ERANGE : copyout(k, bytes_of(`${path}\0`), buf);
}

function readlink(
  k: Kernel,
  td: Thread,
  dirfd: number,
  uaddr: number,
  buf: number,
  size: number,
): number {
  return with_path(k, uaddr, (path) => {
    const target = kern_readlinkat(k, td, dirfd, path);
    if (typeof target === 'number') return target;
    const bytes = bytes_of(target).subarray(0, size);
    td.td_retval[0] = bytes.length;
    return copyout(k, bytes, buf);
  });
}

function pipe2(k: Kernel, td: Thread, fds: number, flags: number): number {
  if (flags & ~(O_CLOEXEC | O_NONBLOCK)) return EINVAL;
  const error =
    useracc_touch(k, fds, 8, true) ||
    kern_pipe(k, td, flags & O_NONBLOCK, (flags & O_CLOEXEC) !== 0);
  if (error) return error;
  const words = [td.td_retval[0], td.td_retval[1]];
  td.td_retval[0] = td.td_retval[1] = 0;
  return copyout_words(k, words, fds);
}

function sync_fd(td: Thread, n: number): number {
  const fp = fget(td, n);
  return typeof fp === 'number' ? fp : fp.f_vnode === null ? EINVAL : 0;
}

/** Calls by number (sys/kern/syscalls.master). */
export const file_sysent: Record<number, sysent> = {
  3: call('read', 3, (k, td, a) => kern_readv(k, td, a[0], one(a[1], a[2]))),
  4: call('write', 3, (k, td, a) => kern_writev(k, td, a[0], one(a[1], a[2]))),
  5: call('open', 3, (k, td, a) =>
    with_path(k, a[0], (p) => kern_openat(k, td, AT_FDCWD, p, a[1], a[2])),
  ),
  6: call('close', 1, (k, td, a) => kern_close(k, td, a[0])),
  8: call('creat', 2, (k, td, a) =>
    with_path(k, a[0], (p) => kern_openat(k, td, AT_FDCWD, p, O_WRONLY | O_CREAT | O_TRUNC, a[1])),
  ),
  9: call('link', 2, (k, td, a) =>
    with_paths(k, a[0], a[1], (p, q) => kern_linkat(k, td, AT_FDCWD, p, AT_FDCWD, q, 0x400)),
  ),
  10: call('unlink', 1, (k, td, a) =>
    with_path(k, a[0], (p) => kern_unlinkat(k, td, AT_FDCWD, p, 0)),
  ),
  12: call('chdir', 1, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], true, (vp) => kern_chdir(k, td, vp)),
  ),
  13: call('fchdir', 1, (k, td, a) => with_fd_vnode(td, a[0], (vp) => kern_chdir(k, td, vp))),
  14: call('mknod', 3, (k, td, a) =>
    with_path(k, a[0], (p) =>
      kern_mknodat(k, td, AT_FDCWD, p, (a[1] & 0o170000) === 0o010000 ? VFIFO : 4, a[1]),
    ),
  ),
  15: call('chmod', 2, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], true, (vp) => setfmode(k, td, vp, a[1])),
  ),
  16: call('chown', 3, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], true, (vp) => setfown(k, td, vp, a[1], a[2])),
  ),
  33: call('access', 2, (k, td, a) =>
    with_path(k, a[0], (p) => kern_accessat(k, td, AT_FDCWD, p, 0, a[1])),
  ),
  36: call('sync', 0, (k) => {
    vfs_msync(k);
    return 0;
  }),
  41: call('dup', 1, (k, td, a) => kern_dup(k, td, a[0], -1, 0, false)),
  42: call('pipe', 0, (k, td) => kern_pipe(k, td, 0, false)),
  54: call('ioctl', 3, (k, td, a) => kern_ioctl(k, td, a[0], a[1], a[2])),
  57: call('symlink', 2, (k, td, a) =>
    with_paths(k, a[0], a[1], (t, p) => kern_symlinkat(k, td, t, AT_FDCWD, p)),
  ),
  58: call('readlink', 3, (k, td, a) => readlink(k, td, AT_FDCWD, a[0], u(a[1]), u(a[2]))),
  60: call('umask', 1, (_k, td, a) => {
    const fd = td.td_proc.p_fd;
    if (fd === null) return EFAULT;
    td.td_retval[0] = fd.fd_cmask;
    fd.fd_cmask = a[0] & 0o777;
    return 0;
  }),
  61: call('chroot', 1, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], true, (vp) => kern_chroot(k, td, vp)),
  ),
  90: call('dup2', 2, (k, td, a) => (a[1] < 0 ? EBADF : kern_dup(k, td, a[0], a[1], 0, false))),
  92: call('fcntl', 3, (k, td, a) => fcntl(k, td, a[0], a[1], a[2])),
  95: call('fsync', 1, (k, td, a) => with_fd_vnode(td, a[0], (vp) => kern_fsync(k, vp))),
  120: call('readv', 3, (k, td, a) => vector(k, a[1], a[2], (v) => kern_readv(k, td, a[0], v))),
  121: call('writev', 3, (k, td, a) => vector(k, a[1], a[2], (v) => kern_writev(k, td, a[0], v))),
  123: call('fchown', 3, (k, td, a) =>
    with_fd_vnode(td, a[0], (vp) => setfown(k, td, vp, a[1], a[2])),
  ),
  124: call('fchmod', 2, (k, td, a) => with_fd_vnode(td, a[0], (vp) => setfmode(k, td, vp, a[1]))),
  128: call('rename', 2, (k, td, a) =>
    with_paths(k, a[0], a[1], (p, q) => kern_renameat(k, td, AT_FDCWD, p, AT_FDCWD, q)),
  ),
  131: call('flock', 2, (k, td, a) => kern_flock(k, td, a[0], a[1])),
  132: call('mkfifo', 2, (k, td, a) =>
    with_path(k, a[0], (p) => kern_mknodat(k, td, AT_FDCWD, p, VFIFO, a[1])),
  ),
  135: call('socketpair', 4, (k, td, a) => {
    const error = useracc_touch(k, u(a[3]), 8, true) || kern_socketpair(k, td, 0, false);
    return error || copyout_words(k, [td.td_retval[0], td.td_retval[1]], a[3]);
  }),
  136: call('mkdir', 2, (k, td, a) =>
    with_path(k, a[0], (p) => kern_mkdirat(k, td, AT_FDCWD, p, a[1])),
  ),
  137: call('rmdir', 1, (k, td, a) =>
    with_path(k, a[0], (p) => kern_unlinkat(k, td, AT_FDCWD, p, 0x800)),
  ),
  188: call('stat', 2, (k, td, a) =>
    with_path(k, a[0], (p) => give_stat(k, kern_statat(k, td, 0, AT_FDCWD, p), a[1])),
  ),
  189: call('fstat', 2, (k, td, a) => give_stat(k, kern_fstat(k, td, a[0]), a[1])),
  190: call('lstat', 2, (k, td, a) =>
    with_path(k, a[0], (p) =>
      give_stat(k, kern_statat(k, td, AT_SYMLINK_NOFOLLOW, AT_FDCWD, p), a[1]),
    ),
  ),
  196: call('getdirentries', 4, (k, td, a) =>
    getdirentries(k, td, a[0], u(a[1]), u(a[2]), u(a[3])),
  ),
  254: call('lchown', 3, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], false, (vp) => setfown(k, td, vp, a[1], a[2])),
  ),
  272: call('getdents', 3, (k, td, a) => getdirentries(k, td, a[0], u(a[1]), u(a[2]), 0)),
  289: call('preadv', 5, (k, td, a) =>
    positioned(int64(a[3], a[4]), () =>
      vector(k, a[1], a[2], (v) => kern_readv(k, td, a[0], v, int64(a[3], a[4]))),
    ),
  ),
  290: call('pwritev', 5, (k, td, a) =>
    positioned(int64(a[3], a[4]), () =>
      vector(k, a[1], a[2], (v) => kern_writev(k, td, a[0], v, int64(a[3], a[4]))),
    ),
  ),
  326: call('__getcwd', 2, (k, td, a) => getcwd(k, td, u(a[0]), u(a[1]))),
  475: call('pread', 5, (k, td, a) =>
    positioned(int64(a[3], a[4]), () =>
      kern_readv(k, td, a[0], one(a[1], a[2]), int64(a[3], a[4])),
    ),
  ),
  476: call('pwrite', 5, (k, td, a) =>
    positioned(int64(a[3], a[4]), () =>
      kern_writev(k, td, a[0], one(a[1], a[2]), int64(a[3], a[4])),
    ),
  ),
  478: call('lseek', 4, (k, td, a) => lseek(k, td, a[0], int64(a[1], a[2]), a[3])),
  479: call('truncate', 3, (k, td, a) =>
    with_path(k, a[0], (p) => kern_truncate(k, td, p, int64(a[1], a[2]), AT_FDCWD)),
  ),
  480: call('ftruncate', 3, (k, td, a) => kern_ftruncate(k, td, a[0], int64(a[1], a[2]))),
  489: call('faccessat', 4, (k, td, a) =>
    with_path(k, a[1], (p) => kern_accessat(k, td, a[0], p, a[3], a[2])),
  ),
  490: call('fchmodat', 4, (k, td, a) =>
    with_vnode(k, td, a[0], a[1], follows(a[3]), (vp) => setfmode(k, td, vp, a[2])),
  ),
  491: call('fchownat', 5, (k, td, a) =>
    with_vnode(k, td, a[0], a[1], follows(a[4]), (vp) => setfown(k, td, vp, a[2], a[3])),
  ),
  493: call('fstatat', 4, (k, td, a) =>
    with_path(k, a[1], (p) => give_stat(k, kern_statat(k, td, a[3], a[0], p), a[2])),
  ),
  495: call('linkat', 5, (k, td, a) =>
    with_paths(k, a[1], a[3], (p, q) => kern_linkat(k, td, a[0], p, a[2], q, a[4])),
  ),
  496: call('mkdirat', 3, (k, td, a) =>
    with_path(k, a[1], (p) => kern_mkdirat(k, td, a[0], p, a[2])),
  ),
  497: call('mkfifoat', 3, (k, td, a) =>
    with_path(k, a[1], (p) => kern_mknodat(k, td, a[0], p, VFIFO, a[2])),
  ),
  499: call('openat', 4, (k, td, a) =>
    with_path(k, a[1], (p) => kern_openat(k, td, a[0], p, a[2], a[3])),
  ),
  500: call('readlinkat', 4, (k, td, a) => readlink(k, td, a[0], a[1], u(a[2]), u(a[3]))),
  501: call('renameat', 4, (k, td, a) =>
    with_paths(k, a[1], a[3], (p, q) => kern_renameat(k, td, a[0], p, a[2], q)),
  ),
  502: call('symlinkat', 3, (k, td, a) =>
    with_paths(k, a[0], a[2], (t, p) => kern_symlinkat(k, td, t, a[1], p)),
  ),
  503: call('unlinkat', 3, (k, td, a) =>
    with_path(k, a[1], (p) => kern_unlinkat(k, td, a[0], p, a[2])),
  ),
  509: call('closefrom', 1, (k, td, a) => {
    const open = td.td_proc.p_fd?.fd_ofiles.length ?? 0;
    for (let n = Math.max(a[0], 0); n < open; n++) kern_close(k, td, n);
    return 0;
  }),
  530: call('posix_fallocate', 5, (_k, td, a) => sync_fd(td, a[0])),
  531: call('posix_fadvise', 6, () => 0),
  542: call('pipe2', 2, (k, td, a) => pipe2(k, td, u(a[0]), a[1])),
};
