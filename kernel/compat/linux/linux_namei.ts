// Paths and descriptors as the arguments of Linux's file calls name them.

import { DEV_FD } from '../../fs/devfs.js';
import { namei_vp } from '../../fs/vfs_lookup.js';
import { fget } from '../../kern/kern_descrip.js';
import { EBADF, EINVAL, ENOENT } from '../../sys/errno.js';
import { AT_FDCWD } from '../../sys/fcntl.js';
import type { file, filedesc } from '../../sys/file.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { VCHR } from '../../sys/vnode.js';
import type { vnode } from '../../sys/vnode.js';
import { with_path } from './linux_calls.js';

// AT_* of include/uapi/linux/fcntl.h.
export const LINUX_AT_SYMLINK_NOFOLLOW = 0x100;
export const LINUX_AT_EACCESS = 0x200;
export const LINUX_AT_REMOVEDIR = 0x200;
export const LINUX_AT_SYMLINK_FOLLOW = 0x400;
export const LINUX_AT_NO_AUTOMOUNT = 0x800;
export const LINUX_AT_EMPTY_PATH = 0x1000;

/** What a path or descriptor leads to: an open file that has no vnode (a pipe), or a vnode. */
export type linux_target = { vp: vnode; fp: file | null } | { vp: null; fp: file };

/** The open file behind /dev/fd/N, which Linux's lookup goes through; null for everything else. */
function behind_fd(td: Thread, vp: vnode): file | number | null {
  return vp.v_type === VCHR && vp.v_rdev >= DEV_FD ? fget(td, vp.v_rdev - DEV_FD) : null;
}

/** What an open file stands for. */
export function target_of(fp: file): linux_target {
  return fp.f_vnode === null ? { vp: null, fp } : { vp: fp.f_vnode, fp };
}

/**
 * Resolves (dirfd, path, AT_* flags); with AT_EMPTY_PATH an empty path is the descriptor itself.
 * @returns the target or an errno.
 */
export function linux_namei(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
  flags: number,
): linux_target | number {
  if (path === '' && flags & LINUX_AT_EMPTY_PATH) {
    if (dirfd === AT_FDCWD) return { vp: (td.td_proc.p_fd as filedesc).fd_cdir, fp: null };
    const fp = fget(td, dirfd);
    return typeof fp === 'number' ? fp : target_of(fp);
  }
  const follow = (flags & LINUX_AT_SYMLINK_NOFOLLOW) === 0;
  const vp = namei_vp(k, td, dirfd, path, follow);
  if (typeof vp === 'number') return vp;
  const fp = follow ? behind_fd(td, vp) : null;
  if (typeof fp === 'number') return ENOENT;
  return fp === null ? { vp, fp: null } : target_of(fp);
}

/** Calls `f` with the vnode at the user's path; files without one are beyond the call's reach: 0. */
export function with_vnode(
  k: Kernel,
  td: Thread,
  dirfd: number,
  uaddr: number,
  flags: number,
  f: (vp: vnode) => number,
): number {
  return with_path(k, uaddr, (path) => {
    const target = linux_namei(k, td, dirfd, path, flags);
    if (typeof target === 'number') return target;
    return target.vp === null ? 0 : f(target.vp);
  });
}

/** Calls `f` with the vnode of descriptor `n`; EINVAL for a file without one. */
export function with_fd_vnode(
  td: Thread,
  n: number,
  f: (vp: vnode, fp: file) => number,
  without = EINVAL,
): number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  // O_PATH descriptors stand for a place, not for an open file.
  if (fp.f_vnode !== null && linux_is_path(fp)) return EBADF;
  return fp.f_vnode === null ? without : f(fp.f_vnode, fp);
}

/** Whether a file was opened with O_PATH: it can be neither read nor written. */
export function linux_is_path(fp: file): boolean {
  return fp.f_vnode !== null && (fp.f_flag & 3) === 0;
}

/** The last component of a path, without trailing slashes; '' for the root. */
export function last_component(path: string): string {
  const end = path.replace(/\/+$/, '');
  return end.slice(end.lastIndexOf('/') + 1);
}
