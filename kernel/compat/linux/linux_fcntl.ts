// Opening, duplicating and closing descriptors; fcntl (fs/open.c, fs/fcntl.c, fs/locks.c).

import { vn_fullpath } from '../../fs/vfs_lookup.js';
import { vref } from '../../fs/vfs_subr.js';
import { copyout_words, useracc_touch } from '../../i386/support.js';
import { access_mode, flock_range, kern_fcntl, kern_flock } from '../../kern/file_sysent.js';
import {
  falloc,
  fdunshare,
  fget,
  finstall,
  kern_close,
  kern_dup,
} from '../../kern/kern_descrip.js';
import { F_RDLCK, F_UNLCK, F_WRLCK, lf_advlock, lf_getblock } from '../../kern/kern_lockf.js';
import type { lockf } from '../../kern/kern_lockf.js';
import { copyin_view, copyout_view, get_int64, set_int64 } from '../../kern/subr_buf.js';
import { kern_pipe } from '../../kern/sys_pipe.js';
import { kern_openat } from '../../kern/vfs_kern.js';
import {
  EBADF,
  EBUSY,
  EINVAL,
  ELOOP,
  ENOTDIR,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
} from '../../sys/errno.js';
import {
  AT_FDCWD,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_SETFL,
  O_APPEND,
  O_ASYNC,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECT,
  O_DIRECTORY,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_SYNC,
  O_TRUNC,
} from '../../sys/fcntl.js';
import { DTYPE_PIPE, DTYPE_VNODE } from '../../sys/file.js';
import type { file, filedesc } from '../../sys/file.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { RLIMIT_NOFILE } from '../../sys/resource.js';
import { VDIR, VLNK } from '../../sys/vnode.js';
import { u, with_path } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { LINUX_AT_SYMLINK_NOFOLLOW, linux_is_path, linux_namei } from './linux_namei.js';

// O_* of arch/x86 (include/uapi/asm-generic/fcntl.h).
const LINUX_O_ACCMODE = 0x3;
const LINUX_O_CREAT = 0x40;
const LINUX_O_LARGEFILE = 0x8000;
const LINUX_O_DIRECTORY = 0x10000;
const LINUX_O_NOFOLLOW = 0x20000;
const LINUX_O_CLOEXEC = 0x80000;
const LINUX_O_PATH = 0x200000;
const LINUX_O_TMPFILE = 0x400000;
const LINUX_O_NONBLOCK = 0x800;

const OPEN_FLAGS: readonly [linux: number, bsd: number][] = [
  [LINUX_O_CREAT, O_CREAT],
  [0x80, O_EXCL],
  [0x100, O_NOCTTY],
  [0x200, O_TRUNC],
  [0x400, O_APPEND],
  [LINUX_O_NONBLOCK, O_NONBLOCK],
  [0x2000, O_ASYNC],
  [0x4000, O_DIRECT],
  [LINUX_O_DIRECTORY, O_DIRECTORY],
  [LINUX_O_NOFOLLOW, O_NOFOLLOW],
  [LINUX_O_CLOEXEC, O_CLOEXEC],
  [0x101000, O_SYNC],
];

/** Flags that F_SETFL changes and F_GETFL reports. */
const STATUS_FLAGS = OPEN_FLAGS.filter(([, bsd]) =>
  [O_APPEND, O_NONBLOCK, O_ASYNC, O_DIRECT].includes(bsd),
);

/** In f_flag: opened with O_LARGEFILE, which F_GETFL shows. FreeBSD has no such bit. */
const FLARGEFILE = 0x1000000;

function bsd_open_flags(linux: number): number {
  let flags = linux & LINUX_O_ACCMODE;
  for (const [bit, bsd] of OPEN_FLAGS) if ((linux & bit) === bit) flags |= bsd;
  return flags;
}

/** O_PATH: a descriptor for a place in the tree, without opening what is there. */
function open_path(k: Kernel, td: Thread, dirfd: number, path: string, flags: number): number {
  const lookup = flags & LINUX_O_NOFOLLOW ? LINUX_AT_SYMLINK_NOFOLLOW : 0;
  const target = linux_namei(k, td, dirfd, path, lookup);
  if (typeof target === 'number') return target;
  if (flags & LINUX_O_DIRECTORY && target.vp?.v_type !== VDIR) return ENOTDIR;
  if (target.vp === null) return EOPNOTSUPP;
  const { vp } = target;
  const full = vp.v_type === VDIR ? vn_fullpath(k, td.td_proc.p_fd as filedesc, vp) : path;
  const name = typeof full === 'string' ? full : path;
  const fp = falloc(k, DTYPE_VNODE, 0, vref(vp), null, name);
  return finstall(k, td, fp, (flags & LINUX_O_CLOEXEC) !== 0);
}

/** Opening /proc/self/fd/N of a pipe opens the pipe: there it has no name that a lookup could find. */
function open_proc_fd(k: Kernel, td: Thread, path: string, flags: number): number | null {
  const match = /^\/proc\/(?:self|(\d+))\/fd\/(\d+)$/.exec(path);
  if (match === null || (match[1] !== undefined && Number(match[1]) !== td.td_proc.p_pid)) {
    return null;
  }
  const fp = fget(td, Number(match[2]));
  if (typeof fp === 'number' || fp.f_vnode !== null) return null;
  return kern_dup(k, td, Number(match[2]), -1, 0, (flags & LINUX_O_CLOEXEC) !== 0);
}

/** open and openat with Linux's flags; the descriptor is in td_retval[0]. */
function linux_openat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  uaddr: number,
  flags: number,
  mode: number,
): number {
  return with_path(k, uaddr, (path) => {
    if (flags & LINUX_O_PATH) return open_path(k, td, dirfd, path, flags);
    if (flags & LINUX_O_TMPFILE) {
      const wrong = (flags & LINUX_O_DIRECTORY) === 0 || (flags & LINUX_O_ACCMODE) === 0;
      return wrong ? EINVAL : EOPNOTSUPP;
    }
    const both = LINUX_O_CREAT | LINUX_O_DIRECTORY;
    if ((flags & both) === both) return EINVAL;
    const error =
      open_proc_fd(k, td, path, flags) ??
      kern_openat(k, td, dirfd, path, bsd_open_flags(flags), mode & 0o7777);
    // A link that is not to be followed is, for O_DIRECTORY, no directory.
    if (error === ELOOP && flags & LINUX_O_DIRECTORY && is_link(k, td, dirfd, path)) return ENOTDIR;
    if (error === 0 && flags & LINUX_O_LARGEFILE) {
      const fp = fget(td, td.td_retval[0]);
      if (typeof fp !== 'number') fp.f_flag |= FLARGEFILE;
    }
    return error;
  });
}

function is_link(k: Kernel, td: Thread, dirfd: number, path: string): boolean {
  const target = linux_namei(k, td, dirfd, path, LINUX_AT_SYMLINK_NOFOLLOW);
  return typeof target !== 'number' && target.vp?.v_type === VLNK;
}

function limit(td: Thread): number {
  return td.td_proc.p_limit.pl_rlimit[RLIMIT_NOFILE].rlim_cur;
}

function dup2(k: Kernel, td: Thread, from: number, to: number): number {
  return to < 0 ? EBADF : kern_dup(k, td, from, to, 0, false);
}

function dup3(k: Kernel, td: Thread, a: Int32Array): number {
  const [from, to, flags] = a;
  if (flags & ~LINUX_O_CLOEXEC || from === to) return EINVAL;
  return to < 0 ? EBADF : kern_dup(k, td, from, to, 0, (flags & LINUX_O_CLOEXEC) !== 0);
}

function pipe2(k: Kernel, td: Thread, fds: number, flags: number): number {
  if (flags & ~(LINUX_O_CLOEXEC | LINUX_O_NONBLOCK)) return EINVAL;
  const nonblock = flags & LINUX_O_NONBLOCK ? O_NONBLOCK : 0;
  const error =
    useracc_touch(k, fds, 8, true) || kern_pipe(k, td, nonblock, (flags & LINUX_O_CLOEXEC) !== 0);
  if (error !== 0) return error;
  const words = [td.td_retval[0], td.td_retval[1]];
  td.td_retval[0] = 0;
  return copyout_words(k, words, fds);
}

const CLOSE_RANGE_UNSHARE = 2;
const CLOSE_RANGE_CLOEXEC = 4;

function close_range(k: Kernel, td: Thread, a: Int32Array): number {
  const first = u(a[0]);
  const last = u(a[1]);
  const flags = a[2];
  if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last) return EINVAL;
  if (flags & CLOSE_RANGE_UNSHARE) td.td_proc.p_fd = fdunshare(k, td.td_proc.p_fd);
  const open = (td.td_proc.p_fd as filedesc).fd_ofiles;
  for (let n = first; n <= last && n < open.length; n++) {
    const fde = open[n];
    if (fde === null) continue;
    if (flags & CLOSE_RANGE_CLOEXEC) fde.fde_cloexec = true;
    else kern_close(k, td, n);
  }
  return 0;
}

// fcntl.

const LINUX_F_GETFL = 3;
const LINUX_F_SETFL = 4;
const LINUX_F_GETLK = 5;
const LINUX_F_SETLKW = 7;
const LINUX_F_SETOWN = 8;
const LINUX_F_GETOWN = 9;
const LINUX_F_SETSIG = 10;
const LINUX_F_GETSIG = 11;
const LINUX_F_GETLK64 = 12;
const LINUX_F_SETLKW64 = 14;
const LINUX_F_OFD_GETLK = 36;
const LINUX_F_OFD_SETLKW = 38;
const LINUX_F_GETLEASE = 1025;
const LINUX_F_DUPFD_CLOEXEC = 1030;
const LINUX_F_SETPIPE_SZ = 1031;
const LINUX_F_GETPIPE_SZ = 1032;
const PIPE_SIZE = 65536;

/** F_RDLCK, F_WRLCK, F_UNLCK by Linux's number. */
const LOCK_TYPES = [F_RDLCK, F_WRLCK, F_UNLCK];

/** Where the fields of struct flock and struct flock64 are. */
interface flock_layout {
  bytes: number;
  wide: boolean;
  len: number;
  pid: number;
}
const FLOCK: flock_layout = { bytes: 16, wide: false, len: 8, pid: 12 };
const FLOCK64: flock_layout = { bytes: 24, wide: true, len: 12, pid: 20 };

/** Record locks: `op` 0 asks, 1 sets, 2 sets and waits. */
function record_lock(
  k: Kernel,
  td: Thread,
  fp: file,
  op: number,
  uaddr: number,
  layout: flock_layout,
  ofd: boolean,
): number {
  const view = copyin_view(k, uaddr, layout.bytes);
  if (typeof view === 'number') return view;
  if (ofd && view.getInt32(layout.pid, true) !== 0) return EINVAL;
  const offset = (at: number): number =>
    layout.wide ? get_int64(view, at) : view.getInt32(at, true);
  const type = LOCK_TYPES[view.getInt16(0, true)];
  const whence = view.getInt16(2, true);
  if (type === undefined || (op === 0 && type === F_UNLCK) || whence < 0) return EINVAL;
  if (fp.f_vnode === null) return type === F_UNLCK ? 0 : EINVAL;
  // F_GETLK may ask about locks that the open mode would not allow.
  const opened = op === 0 ? { ...fp, f_flag: fp.f_flag | 3 } : fp;
  const want = flock_range(k, td, opened, offset(4), offset(layout.len), type, whence);
  if (typeof want === 'number') return want;
  if (ofd) {
    want.lf_owner = fp;
    want.lf_pid = -1;
  }
  if (op !== 0) return lf_advlock(k, fp.f_vnode, want, op === 2);
  return give_blocker(k, view, uaddr, layout, lf_getblock(fp.f_vnode, want));
}

function give_blocker(
  k: Kernel,
  view: DataView,
  uaddr: number,
  layout: flock_layout,
  blocker: lockf | null,
): number {
  if (blocker === null) view.setInt16(0, LOCK_TYPES.indexOf(F_UNLCK), true);
  else {
    const put = (at: number, value: number): void => {
      if (layout.wide) set_int64(view, at, value);
      else view.setInt32(at, value, true);
    };
    const { lf_start, lf_end } = blocker;
    if (!layout.wide && lf_start > 0x7fffffff) return EOVERFLOW;
    view.setInt16(0, LOCK_TYPES.indexOf(blocker.lf_type), true);
    view.setInt16(2, 0, true);
    put(4, lf_start);
    put(layout.len, Number.isFinite(lf_end) ? lf_end - lf_start : 0);
    view.setInt32(layout.pid, blocker.lf_pid, true);
  }
  return copyout_view(k, view, uaddr);
}

function getfl(td: Thread, fp: file): number {
  if (linux_is_path(fp)) td.td_retval[0] = LINUX_O_PATH;
  else {
    let flags = access_mode(fp);
    for (const [linux, bsd] of STATUS_FLAGS) if (fp.f_flag & bsd) flags |= linux;
    if (fp.f_flag & FLARGEFILE) flags |= LINUX_O_LARGEFILE;
    td.td_retval[0] = flags;
  }
  return 0;
}

/** A pipe's size: this kernel's pipes hold 65536 bytes, which is what Linux starts with. */
function pipe_size(td: Thread, fp: file, wanted: number): number {
  if (fp.f_type !== DTYPE_PIPE) return EBADF;
  if (wanted > PIPE_SIZE) return u(wanted) > 0x100000 ? EPERM : EBUSY;
  td.td_retval[0] = PIPE_SIZE;
  return 0;
}

function fcntl(k: Kernel, td: Thread, a: Int32Array): number {
  const [n, cmd, arg] = a;
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  if (linux_is_path(fp) && cmd >= LINUX_F_SETFL && cmd !== LINUX_F_DUPFD_CLOEXEC) return EBADF;
  if (cmd >= LINUX_F_GETLK && cmd <= LINUX_F_SETLKW) {
    return record_lock(k, td, fp, cmd - LINUX_F_GETLK, arg, FLOCK, false);
  }
  if (cmd >= LINUX_F_GETLK64 && cmd <= LINUX_F_SETLKW64) {
    return record_lock(k, td, fp, cmd - LINUX_F_GETLK64, arg, FLOCK64, false);
  }
  if (cmd >= LINUX_F_OFD_GETLK && cmd <= LINUX_F_OFD_SETLKW) {
    return record_lock(k, td, fp, cmd - LINUX_F_OFD_GETLK, arg, FLOCK64, true);
  }
  switch (cmd) {
    case F_DUPFD:
    case LINUX_F_DUPFD_CLOEXEC:
      if (arg < 0 || arg >= limit(td)) return EINVAL;
      return kern_fcntl(k, td, n, cmd === F_DUPFD ? F_DUPFD : F_DUPFD_CLOEXEC, arg);
    case 1:
    case 2:
      return kern_fcntl(k, td, n, cmd, arg);
    case LINUX_F_GETFL:
      return getfl(td, fp);
    case LINUX_F_SETFL: {
      let flags = 0;
      for (const [linux, bsd] of STATUS_FLAGS) if (arg & linux) flags |= bsd;
      return kern_fcntl(k, td, n, F_SETFL, flags);
    }
    case LINUX_F_SETPIPE_SZ:
      return pipe_size(td, fp, arg);
    case LINUX_F_GETPIPE_SZ:
      return pipe_size(td, fp, 0);
    case LINUX_F_GETLEASE:
      td.td_retval[0] = LOCK_TYPES.indexOf(F_UNLCK);
      return 0;
    case LINUX_F_SETOWN:
    case LINUX_F_GETOWN:
    case LINUX_F_SETSIG:
    case LINUX_F_GETSIG:
      td.td_retval[0] = 0;
      return 0;
    default:
      return EINVAL;
  }
}

/** LOCK_SH, LOCK_EX and LOCK_UN, with or without LOCK_NB: the numbers of FreeBSD. */
function flock(k: Kernel, td: Thread, n: number, how: number): number {
  const op = how & ~4;
  if (op !== 1 && op !== 2 && op !== 8) return EINVAL;
  const error = kern_flock(k, td, n, how);
  // Files without a name can be locked too: nobody else can have opened them.
  return error === EOPNOTSUPP ? 0 : error;
}

export const linux_fcntl_calls: linux_calls = {
  open: [3, (k, td, a) => linux_openat(k, td, AT_FDCWD, a[0], a[1], a[2])],
  openat: [4, (k, td, a) => linux_openat(k, td, a[0], a[1], a[2], a[3])],
  creat: [2, (k, td, a) => linux_openat(k, td, AT_FDCWD, a[0], 0x241, a[1])],
  close: [1, (k, td, a) => kern_close(k, td, a[0])],
  close_range: [3, close_range],
  dup: [1, (k, td, a) => kern_dup(k, td, a[0], -1, 0, false)],
  dup2: [2, (k, td, a) => dup2(k, td, a[0], a[1])],
  dup3: [3, dup3],
  pipe: [1, (k, td, a) => pipe2(k, td, u(a[0]), 0)],
  pipe2: [2, (k, td, a) => pipe2(k, td, u(a[0]), a[1])],
  fcntl: [3, (k, td, a) => fcntl(k, td, a)],
  fcntl64: [3, (k, td, a) => fcntl(k, td, a)],
  flock: [2, (k, td, a) => flock(k, td, a[0], a[1])],
};
