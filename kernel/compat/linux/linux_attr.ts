// Changing and checking a file's attributes: mode, owner, times (fs/open.c, fs/attr.c, fs/utimes.c,
// fs/xattr.c of Linux).

import { VOP_GETATTR } from '../../fs/vnode_if.js';
import { fget } from '../../kern/kern_descrip.js';
import { copyin_view, get_int64 } from '../../kern/subr_buf.js';
import { setfmode, setfown, setutimes, vn_access } from '../../kern/vfs_kern.js';
import { EBADF, EINVAL, EOPNOTSUPP, EPERM } from '../../sys/errno.js';
import { AT_FDCWD } from '../../sys/fcntl.js';
import type { filedesc } from '../../sys/file.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { groupmember } from '../../sys/ucred.js';
import { VDIR } from '../../sys/vnode.js';
import type { vnode } from '../../sys/vnode.js';
import type { linux_call, linux_calls } from './linux_calls.js';
import { linux_from_16 } from './linux_ids.js';
import {
  LINUX_AT_EACCESS,
  LINUX_AT_EMPTY_PATH,
  LINUX_AT_SYMLINK_NOFOLLOW,
  linux_is_path,
  with_fd_vnode,
  with_vnode,
} from './linux_namei.js';

const S_ISUID = 0o4000;
const S_ISGID = 0o2000;
const S_IXGRP = 0o010;

// Mode.

function chmod(k: Kernel, td: Thread, vp: vnode, mode: number): number {
  const cred = td.td_proc.p_ucred;
  // A group that the owner is not in cannot be lent to others.
  const lends = cred.cr_uid === 0 || groupmember(VOP_GETATTR(k, vp).va_gid, cred);
  return setfmode(k, td, vp, lends ? mode : mode & ~S_ISGID);
}

function fchmodat(k: Kernel, td: Thread, dirfd: number, uaddr: number, mode: number): number {
  return with_vnode(k, td, dirfd, uaddr, 0, (vp) => chmod(k, td, vp, mode));
}

function umask(td: Thread, mask: number): number {
  const fd = td.td_proc.p_fd as filedesc;
  td.td_retval[0] = fd.fd_cmask;
  fd.fd_cmask = mask & 0o777;
  return 0;
}

// Owner.

function chown(k: Kernel, td: Thread, vp: vnode, uid: number, gid: number): number {
  const cred = td.td_proc.p_ucred;
  const { va_gid, va_mode } = VOP_GETATTR(k, vp);
  if (cred.cr_uid !== 0 && gid !== -1 && gid !== va_gid && !groupmember(gid, cred)) return EPERM;
  const error = setfown(k, td, vp, uid, gid);
  if (error !== 0 || vp.v_type === VDIR) return error;
  // What ran with the old owner's rights must not run with the new one's.
  const kill = S_ISUID | (va_mode & S_IXGRP ? S_ISGID : 0);
  return va_mode & kill ? setfmode(k, td, vp, va_mode & ~kill) : 0;
}

function fchownat(k: Kernel, td: Thread, a: Int32Array): number {
  const [dirfd, uaddr, uid, gid, flags] = a;
  if (flags & ~(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH)) return EINVAL;
  return with_vnode(k, td, dirfd, uaddr, flags, (vp) => chown(k, td, vp, uid, gid));
}

/** chown and lchown, with 16-bit ids or not. */
const chown_call = (flags: number, id: (word: number) => number): linux_call => [
  3,
  (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], flags, (vp) => chown(k, td, vp, id(a[1]), id(a[2]))),
];

const fchown_call = (id: (word: number) => number): linux_call => [
  3,
  (k, td, a) => with_fd_vnode(td, a[0], (vp) => chown(k, td, vp, id(a[1]), id(a[2])), 0),
];

const id32 = (word: number): number => word;

// Access.

function faccessat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  uaddr: number,
  mode: number,
  flags: number,
): number {
  if (mode & ~7) return EINVAL;
  if (flags & ~(LINUX_AT_EACCESS | LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH)) return EINVAL;
  const effective = (flags & LINUX_AT_EACCESS) !== 0;
  return with_vnode(k, td, dirfd, uaddr, flags, (vp) => vn_access(k, td, vp, mode, effective));
}

// Times.

const LINUX_UTIME_NOW = 0x3fffffff;
const LINUX_UTIME_OMIT = 0x3ffffffe;

/** A time to set: ns since 1970, or the current time, or none. */
type new_time = number | 'now' | 'omit';
type new_times = readonly [access: new_time, modification: new_time];

const NOW: new_times = ['now', 'now'];

function set_times(k: Kernel, td: Thread, vp: vnode, [access, modification]: new_times): number {
  if (access === 'omit' && modification === 'omit') return 0;
  const { va_atime, va_mtime } = VOP_GETATTR(k, vp);
  const value = (time: new_time, before: number): number | null =>
    time === 'now' ? null : time === 'omit' ? before : time;
  return setutimes(k, td, vp, value(access, va_atime), value(modification, va_mtime));
}

/** How a pair of times lies in user memory. */
type times_format = 'utimbuf' | 'timeval' | 'timespec' | 'timespec64';

function field(view: DataView, index: number, format: times_format): new_time | null {
  if (format === 'utimbuf') return view.getInt32(4 * index, true) * 1e9;
  const wide = format === 'timespec64';
  const at = index * (wide ? 16 : 8);
  const sec = wide ? get_int64(view, at) : view.getInt32(at, true);
  const fraction = view.getInt32(at + (wide ? 8 : 4), true);
  if (format === 'timeval') {
    return fraction < 0 || fraction >= 1e6 ? null : sec * 1e9 + fraction * 1000;
  }
  if (fraction === LINUX_UTIME_NOW) return 'now';
  if (fraction === LINUX_UTIME_OMIT) return 'omit';
  return fraction < 0 || fraction >= 1e9 ? null : sec * 1e9 + fraction;
}

const PAIR_BYTES: Record<times_format, number> = {
  utimbuf: 8,
  timeval: 16,
  timespec: 16,
  timespec64: 32,
};

/** The two times at `uaddr`, or an errno; a null pointer is now. */
function copyin_times(k: Kernel, uaddr: number, format: times_format): new_times | number {
  if (uaddr === 0) return NOW;
  const view = copyin_view(k, uaddr, PAIR_BYTES[format]);
  if (typeof view === 'number') return view;
  const access = field(view, 0, format);
  const modification = field(view, 1, format);
  return access === null || modification === null ? EINVAL : [access, modification];
}

/** The calls by path; without a path, those of utimensat, the descriptor itself is meant. */
function utimes(
  k: Kernel,
  td: Thread,
  dirfd: number,
  uaddr: number,
  timesp: number,
  flags: number,
  format: times_format,
): number {
  const times = copyin_times(k, timesp, format);
  if (typeof times === 'number') return times;
  if (times[0] === 'omit' && times[1] === 'omit') return 0;
  if (flags & ~(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH)) return EINVAL;
  if (uaddr === 0 && dirfd !== AT_FDCWD) {
    return flags !== 0 ? EINVAL : with_fd_vnode(td, dirfd, (vp) => set_times(k, td, vp, times), 0);
  }
  return with_vnode(k, td, dirfd, uaddr, flags, (vp) => set_times(k, td, vp, times));
}

const utimensat = (format: times_format): linux_call => [
  4,
  (k, td, a) => utimes(k, td, a[0], a[1], a[2], a[3], format),
];

// Extended attributes: no file system here has any.

function xattr(flags: number, error: number): linux_call {
  return [1, (k, td, a) => with_vnode(k, td, AT_FDCWD, a[0], flags, () => error)];
}

function fxattr(error: number): linux_call {
  return [
    1,
    (_k, td, a) => {
      const fp = fget(td, a[0]);
      if (typeof fp === 'number') return fp;
      return linux_is_path(fp) ? EBADF : error;
    },
  ];
}

export const linux_attr_calls: linux_calls = {
  chmod: [2, (k, td, a) => fchmodat(k, td, AT_FDCWD, a[0], a[1])],
  fchmod: [2, (k, td, a) => with_fd_vnode(td, a[0], (vp) => chmod(k, td, vp, a[1]), 0)],
  fchmodat: [3, (k, td, a) => fchmodat(k, td, a[0], a[1], a[2])],
  umask: [1, (_k, td, a) => umask(td, a[0])],
  chown: chown_call(0, linux_from_16),
  lchown: chown_call(LINUX_AT_SYMLINK_NOFOLLOW, linux_from_16),
  fchown: fchown_call(linux_from_16),
  chown32: chown_call(0, id32),
  lchown32: chown_call(LINUX_AT_SYMLINK_NOFOLLOW, id32),
  fchown32: fchown_call(id32),
  fchownat: [5, fchownat],
  access: [2, (k, td, a) => faccessat(k, td, AT_FDCWD, a[0], a[1], 0)],
  faccessat: [3, (k, td, a) => faccessat(k, td, a[0], a[1], a[2], 0)],
  faccessat2: [4, (k, td, a) => faccessat(k, td, a[0], a[1], a[2], a[3])],
  utime: [2, (k, td, a) => utimes(k, td, AT_FDCWD, a[0], a[1], 0, 'utimbuf')],
  utimes: [2, (k, td, a) => utimes(k, td, AT_FDCWD, a[0], a[1], 0, 'timeval')],
  futimesat: [3, (k, td, a) => utimes(k, td, a[0], a[1], a[2], 0, 'timeval')],
  utimensat: utimensat('timespec'),
  utimensat_time64: utimensat('timespec64'),
  getxattr: xattr(0, EOPNOTSUPP),
  lgetxattr: xattr(LINUX_AT_SYMLINK_NOFOLLOW, EOPNOTSUPP),
  fgetxattr: fxattr(EOPNOTSUPP),
  setxattr: xattr(0, EOPNOTSUPP),
  lsetxattr: xattr(LINUX_AT_SYMLINK_NOFOLLOW, EOPNOTSUPP),
  fsetxattr: fxattr(EOPNOTSUPP),
  removexattr: xattr(0, EOPNOTSUPP),
  lremovexattr: xattr(LINUX_AT_SYMLINK_NOFOLLOW, EOPNOTSUPP),
  fremovexattr: fxattr(EOPNOTSUPP),
  listxattr: xattr(0, 0),
  llistxattr: xattr(LINUX_AT_SYMLINK_NOFOLLOW, 0),
  flistxattr: fxattr(0),
};
