// The file calls on unpacked arguments: what both ABIs' system calls come down to (vfs_syscalls.c).
// All return an errno.

import {
  EACCES,
  EBUSY,
  EEXIST,
  EINVAL,
  EIO,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOTDIR,
  ENXIO,
  EPERM,
  EROFS,
  ESPIPE,
  ETXTBSY,
  EXDEV,
} from '../sys/errno.js';
import {
  AT_EACCESS,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_EXEC,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
} from '../sys/fcntl.js';
import { DTYPE_PIPE, DTYPE_VNODE, FREAD, FWRITE } from '../sys/file.js';
import type { file, filedesc } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import type { stat } from '../sys/stat.js';
import { crcopy } from '../sys/ucred.js';
import { VBLK, VCHR, VDIR, VFIFO, VLNK, VREG, VSOCK, VV_ROOT } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { DEV_FD } from '../fs/devfs.js';
import { namei, namei_vp, vn_fullpath } from '../fs/vfs_lookup.js';
import type { nameidata } from '../fs/vfs_lookup.js';
import { VEXEC, VREAD, VWRITE, vaccess, vaccess_delete, vref, vrele } from '../fs/vfs_subr.js';
import { VOP_GETATTR, ops } from '../fs/vnode_if.js';
import type { vattr_change } from '../fs/vnode_if.js';
import { vm_object_fsync } from '../vm/vm_object_clean.js';
import { cdev_open, cdev_tty } from './cdev.js';
import { falloc, fdrop, fget, finstall, kern_dup } from './kern_descrip.js';
import { fileops_of } from './fileops.js';
import { nanotime } from './kern_clock.js';
import { PCATCH, tsleep } from './kern_synch.js';
import { pipe_create, pipe_open } from './sys_pipe.js';
import type { pipe } from './sys_pipe.js';
import { tty_set_session } from './tty.js';
import { vn_stat } from './vfs_vnops.js';

const cred_of = (td: Thread) => td.td_proc.p_ucred;
const fd_of = (td: Thread): filedesc => td.td_proc.p_fd as filedesc;

/** Creates `type` at where `nd` leads. @returns the vnode or an errno. */
function create(
  k: Kernel,
  td: Thread,
  nd: nameidata,
  type: number,
  mode: number,
  target = '',
  rdev = 0,
): vnode | number {
  if (nd.ni_vp !== null || nd.ni_name === '') return EEXIST;
  const error = vaccess(k, nd.ni_dvp, VWRITE | VEXEC, cred_of(td));
  if (error) return error;
  const cred = cred_of(td);
  const gid = VOP_GETATTR(k, nd.ni_dvp).va_gid;
  return ops(nd.ni_dvp).vop_create(
    k,
    nd.ni_dvp,
    nd.ni_name,
    type,
    mode,
    cred.cr_uid,
    gid,
    target,
    rdev,
  );
}

/** open(2) and openat(2); the descriptor is in td_retval[0]. `flags` are FreeBSD's O_*. */
export function kern_openat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
  flags: number,
  mode: number,
): number {
  const waiting = td.td_progress as fifo_progress | null;
  if (waiting !== null) return fifo_wait(k, td, waiting, flags);
  const access = flags & O_ACCMODE;
  if (access === O_ACCMODE && (flags & O_EXEC) === 0) return EINVAL;
  const fflags =
    flags & O_EXEC
      ? 0
      : access === O_RDONLY
        ? FREAD
        : access === O_WRONLY
          ? FWRITE
          : FREAD | FWRITE;
  const follow = (flags & O_NOFOLLOW) === 0 && (flags & (O_CREAT | O_EXCL)) !== (O_CREAT | O_EXCL);
  const nd = namei(k, td, dirfd, path, follow);
  if (typeof nd === 'number') return nd;
  let vp = nd.ni_vp;
  let made = false;
  if (vp === null) {
    if ((flags & O_CREAT) === 0) return ENOENT;
    if (nd.ni_isdir) return EISDIR;
    const created = create(k, td, nd, VREG, mode & ~fd_of(td).fd_cmask & 0o7777);
    if (typeof created === 'number') return created;
    vp = created;
    made = true;
  } else if ((flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)) return EEXIST;
  if (vp.v_type === VCHR && vp.v_rdev >= DEV_FD)
    return kern_dup(k, td, vp.v_rdev - DEV_FD, -1, 0, (flags & O_CLOEXEC) !== 0);
  const error = made ? 0 : check_open(k, td, vp, flags, fflags);
  if (error) return error;
  if (vp.v_type === VFIFO) return fifo_open(k, td, vp, flags, fflags, path);
  if (flags & O_TRUNC && fflags & FWRITE && vp.v_type === VREG) {
    const truncated = ops(vp).vop_setattr(k, vp, { va_size: 0 });
    if (truncated) return truncated;
  }
  const fp = falloc(
    k,
    DTYPE_VNODE,
    fflags | (flags & (O_APPEND | O_NONBLOCK)),
    vref(vp),
    null,
    absolute(k, td, nd, vp, path),
  );
  if (fflags & FWRITE) vp.v_writecount++;
  const installed = finstall(k, td, fp, (flags & O_CLOEXEC) !== 0);
  if (installed === 0) controlling_terminal(k, td, vp, flags);
  return installed;
}

/** Path for /proc/self/fd and the like. */
function absolute(k: Kernel, td: Thread, nd: nameidata, vp: vnode, path: string): string {
  if (vp.v_type === VDIR) {
    const full = vn_fullpath(k, fd_of(td), vp);
    return typeof full === 'string' ? full : path;
  }
  const dir = vn_fullpath(k, fd_of(td), nd.ni_dvp);
  return typeof dir === 'string' && nd.ni_name !== ''
    ? `${dir === '/' ? '' : dir}/${nd.ni_name}`
    : path;
}

function check_open(k: Kernel, td: Thread, vp: vnode, flags: number, fflags: number): number {
  if (vp.v_type === VLNK) return ELOOP;
  if (vp.v_type === VSOCK) return ENXIO;
  if (flags & O_DIRECTORY && vp.v_type !== VDIR) return ENOTDIR;
  if (vp.v_type === VDIR && (fflags & FWRITE || flags & (O_CREAT | O_TRUNC))) return EISDIR;
  if (fflags & FWRITE && vp.v_textcount > 0) return ETXTBSY;
  let mode = 0;
  if (fflags & FREAD) mode |= VREAD;
  if (fflags & FWRITE || flags & O_TRUNC) mode |= VWRITE;
  const error = vaccess(k, vp, mode, cred_of(td));
  if (error) return error;
  return vp.v_type === VCHR ? cdev_open(k, td, vp) : 0;
}

/** A session leader without a terminal gets the one it opens. */
function controlling_terminal(k: Kernel, td: Thread, vp: vnode, flags: number): void {
  const tp = vp.v_type === VCHR ? cdev_tty(k, vp) : null;
  if (tp !== null && (flags & O_NOCTTY) === 0 && tp.t_session === null) tty_set_session(td, tp);
}

/** An open of a fifo that waits: its file, and how often each end had been opened before. */
interface fifo_progress {
  fp: file;
  ropens: number;
  wopens: number;
}

/** Opening a fifo waits for the other end. */
function fifo_open(
  k: Kernel,
  td: Thread,
  vp: vnode,
  flags: number,
  fflags: number,
  path: string,
): number {
  const open = vp.v_fifoinfo as pipe | null;
  if (fflags === FWRITE && flags & O_NONBLOCK && (open?.pipe_readers ?? 0) === 0) return ENXIO;
  const p = open ?? pipe_create(k);
  vp.v_fifoinfo = p;
  const fp = falloc(k, DTYPE_PIPE, fflags | (flags & O_NONBLOCK), vref(vp), p, path);
  const progress = { fp, ropens: p.pipe_ropens, wopens: p.pipe_wopens };
  pipe_open(k, p, fflags);
  td.td_progress = progress;
  return fifo_wait(k, td, progress, flags);
}

/** The rest of fifo_open: the name is not looked up again, it may be gone by now. */
function fifo_wait(k: Kernel, td: Thread, progress: fifo_progress, flags: number): number {
  const { fp, ropens, wopens } = progress;
  const p = fp.f_data as pipe;
  const fflags = fp.f_flag & (FREAD | FWRITE);
  const alone =
    (fflags === FREAD && p.pipe_writers === 0 && p.pipe_wopens === wopens) ||
    (fflags === FWRITE && p.pipe_readers === 0 && p.pipe_ropens === ropens);
  if (alone && (flags & O_NONBLOCK) === 0) {
    const error = tsleep(k, p, PCATCH, 'fifoor');
    fp.f_count++;
    fdrop(k, fp);
    return error;
  }
  return finstall(k, td, fp, (flags & O_CLOEXEC) !== 0);
}

export function kern_statat(
  k: Kernel,
  td: Thread,
  flag: number,
  dirfd: number,
  path: string,
): stat | number {
  const vp = namei_vp(k, td, dirfd, path, (flag & AT_SYMLINK_NOFOLLOW) === 0);
  return typeof vp === 'number' ? vp : vn_stat(k, vp);
}

export function kern_fstat(k: Kernel, td: Thread, n: number): stat | number {
  const fp = fget(td, n);
  return typeof fp === 'number' ? fp : fileops_of(fp).fo_stat(k, fp);
}

/** Whether the caller may access a file (R_OK ...), by the real ids unless `effective`: 0 or an errno. */
export function vn_access(
  k: Kernel,
  td: Thread,
  vp: vnode,
  mode: number,
  effective: boolean,
): number {
  let cred = cred_of(td);
  if (!effective && cred.cr_uid !== cred.cr_ruid) {
    cred = crcopy(cred);
    cred.cr_uid = cred.cr_ruid;
    cred.cr_groups[0] = cred.cr_rgid;
  }
  return mode === 0 ? 0 : vaccess(k, vp, mode, cred);
}

/** access(2): with the real ids unless AT_EACCESS. */
export function kern_accessat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
  flag: number,
  mode: number,
): number {
  if (mode & ~7) return EINVAL;
  const vp = namei_vp(k, td, dirfd, path, (flag & AT_SYMLINK_NOFOLLOW) === 0);
  if (typeof vp === 'number') return vp;
  return vn_access(k, td, vp, mode, (flag & AT_EACCESS) !== 0);
}

export function kern_mkdirat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
  mode: number,
): number {
  const nd = namei(k, td, dirfd, path, false);
  if (typeof nd === 'number') return nd;
  const vp = create(k, td, nd, VDIR, mode & ~fd_of(td).fd_cmask & 0o1777);
  return typeof vp === 'number' ? vp : 0;
}

/** mknod(2) and mkfifo(2): fifos for all, devices refused. */
export function kern_mknodat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
  type: number,
  mode: number,
): number {
  if (type === VCHR || type === VBLK) return EPERM;
  const nd = namei(k, td, dirfd, path, false);
  if (typeof nd === 'number') return nd;
  const vp = create(k, td, nd, type, mode & ~fd_of(td).fd_cmask & 0o7777);
  return typeof vp === 'number' ? vp : 0;
}

export function kern_symlinkat(
  k: Kernel,
  td: Thread,
  target: string,
  dirfd: number,
  path: string,
): number {
  const nd = namei(k, td, dirfd, path, false);
  if (typeof nd === 'number') return nd;
  const vp = create(k, td, nd, VLNK, 0o777 & ~fd_of(td).fd_cmask, target);
  return typeof vp === 'number' ? vp : 0;
}

export function kern_readlinkat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
): string | number {
  const vp = namei_vp(k, td, dirfd, path, false);
  if (typeof vp === 'number') return vp;
  return vp.v_type === VLNK ? ops(vp).vop_readlink(k, vp) : EINVAL;
}

export function kern_linkat(
  k: Kernel,
  td: Thread,
  fd1: number,
  path1: string,
  fd2: number,
  path2: string,
  flag: number,
): number {
  const vp = namei_vp(k, td, fd1, path1, (flag & AT_SYMLINK_FOLLOW) !== 0);
  if (typeof vp === 'number') return vp;
  if (vp.v_type === VDIR) return EPERM;
  const nd = namei(k, td, fd2, path2, false);
  if (typeof nd === 'number') return nd;
  if (nd.ni_vp !== null) return EEXIST;
  if (nd.ni_isdir) return ENOENT;
  if (nd.ni_dvp.v_mount !== vp.v_mount) return EXDEV;
  const error = vaccess(k, nd.ni_dvp, VWRITE | VEXEC, cred_of(td));
  return error || ops(nd.ni_dvp).vop_link(k, nd.ni_dvp, vp, nd.ni_name);
}

/** unlink(2) and rmdir(2) (AT_REMOVEDIR). */
export function kern_unlinkat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
  flag: number,
): number {
  const nd = namei(k, td, dirfd, path, false);
  if (typeof nd === 'number') return nd;
  const { ni_vp: vp, ni_dvp: dvp, ni_name: name } = nd;
  if (vp === null) return ENOENT;
  const rmdir = (flag & AT_REMOVEDIR) !== 0;
  if (rmdir && vp.v_type !== VDIR) return ENOTDIR;
  if (vp.v_vflag & VV_ROOT) return EBUSY;
  if (name === '') return EINVAL;
  if (!rmdir && vp.v_type === VDIR) return EPERM;
  const error = vaccess_delete(k, dvp, vp, cred_of(td));
  if (error) return error;
  return rmdir ? ops(dvp).vop_rmdir(k, dvp, vp, name) : ops(dvp).vop_remove(k, dvp, vp, name);
}

export function kern_renameat(
  k: Kernel,
  td: Thread,
  fd1: number,
  from: string,
  fd2: number,
  to: string,
): number {
  const f = namei(k, td, fd1, from, false);
  if (typeof f === 'number') return f;
  if (f.ni_vp === null) return ENOENT;
  const t = namei(k, td, fd2, to, false);
  if (typeof t === 'number') return t;
  if (f.ni_name === '' || t.ni_name === '') return EINVAL;
  if (t.ni_isdir && t.ni_vp === null && f.ni_vp.v_type !== VDIR) return ENOENT;
  if (f.ni_vp.v_vflag & VV_ROOT || (t.ni_vp !== null && t.ni_vp.v_vflag & VV_ROOT)) return EBUSY;
  const error =
    vaccess_delete(k, f.ni_dvp, f.ni_vp, cred_of(td)) ||
    (t.ni_vp !== null
      ? vaccess_delete(k, t.ni_dvp, t.ni_vp, cred_of(td))
      : vaccess(k, t.ni_dvp, VWRITE | VEXEC, cred_of(td)));
  if (error) return error;
  return ops(f.ni_dvp).vop_rename(k, f.ni_dvp, f.ni_vp, f.ni_name, t.ni_dvp, t.ni_vp, t.ni_name);
}

export function kern_chdir(k: Kernel, td: Thread, vp: vnode): number {
  if (vp.v_type !== VDIR) return ENOTDIR;
  const error = vaccess(k, vp, VEXEC, cred_of(td));
  if (error) return error;
  const fd = fd_of(td);
  vref(vp);
  vrele(k, fd.fd_cdir);
  fd.fd_cdir = vp;
  return 0;
}

export function kern_chroot(k: Kernel, td: Thread, vp: vnode): number {
  if (cred_of(td).cr_uid !== 0) return EPERM;
  if (vp.v_type !== VDIR) return ENOTDIR;
  const fd = fd_of(td);
  vref(vp);
  vrele(k, fd.fd_rdir);
  fd.fd_rdir = vp;
  return 0;
}

/** Changes attributes that only the owner may change: mode, owner, times. */
function owner_setattr(k: Kernel, td: Thread, vp: vnode, change: vattr_change): number {
  const cred = cred_of(td);
  if (vp.v_mount.mnt_flag & 1) return EROFS;
  if (cred.cr_uid !== 0 && cred.cr_uid !== VOP_GETATTR(k, vp).va_uid) return EPERM;
  return ops(vp).vop_setattr(k, vp, change);
}

export function setfmode(k: Kernel, td: Thread, vp: vnode, mode: number): number {
  return owner_setattr(k, td, vp, { va_mode: mode & 0o7777 });
}

export function setfown(k: Kernel, td: Thread, vp: vnode, uid: number, gid: number): number {
  const cred = cred_of(td);
  if (cred.cr_uid !== 0 && uid !== -1 && uid !== VOP_GETATTR(k, vp).va_uid) return EPERM;
  const change: vattr_change = {};
  if (uid !== -1) change.va_uid = uid;
  if (gid !== -1) change.va_gid = gid;
  return owner_setattr(k, td, vp, change);
}

/** Times in ns; null means now. Setting them to now needs write permission only. */
export function setutimes(
  k: Kernel,
  td: Thread,
  vp: vnode,
  atime: number | null,
  mtime: number | null,
): number {
  const now = nanotime(k);
  const change = { va_atime: atime ?? now, va_mtime: mtime ?? now };
  if (atime === null && mtime === null && vaccess(k, vp, VWRITE, cred_of(td)) === 0)
    return ops(vp).vop_setattr(k, vp, change);
  const error = owner_setattr(k, td, vp, change);
  return error === EPERM && atime === null && mtime === null ? EACCES : error;
}

export function kern_truncate(
  k: Kernel,
  td: Thread,
  path: string,
  length: number,
  dirfd: number,
): number {
  if (length < 0) return EINVAL;
  const vp = namei_vp(k, td, dirfd, path, true);
  if (typeof vp === 'number') return vp;
  if (vp.v_type === VDIR) return EISDIR;
  const error = vaccess(k, vp, VWRITE, cred_of(td));
  if (error) return error;
  if (vp.v_textcount > 0) return ETXTBSY;
  return vp.v_type === VREG ? ops(vp).vop_setattr(k, vp, { va_size: length }) : EINVAL;
}

export function kern_ftruncate(k: Kernel, td: Thread, n: number, length: number): number {
  if (length < 0) return EINVAL;
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  return fp.f_flag & FWRITE ? fileops_of(fp).fo_truncate(k, td, fp, length) : EINVAL;
}

/** Path of the working directory, or an errno. */
export function kern_getcwd(k: Kernel, td: Thread): string | number {
  return vn_fullpath(k, fd_of(td), fd_of(td).fd_cdir);
}

/** lseek(2); the offset is a number, the caller splits it. `whence` 0 SET, 1 CUR, 2 END, 3 DATA, 4 HOLE. */
export function kern_lseek(
  k: Kernel,
  td: Thread,
  n: number,
  offset: number,
  whence: number,
): number | { error: number } {
  const fp = fget(td, n);
  if (typeof fp === 'number') return { error: fp };
  if (!fileops_of(fp).fo_seekable(fp)) return { error: ESPIPE };
  const size = fp.f_vnode === null ? 0 : VOP_GETATTR(k, fp.f_vnode).va_size;
  let to: number;
  switch (whence) {
    case 0:
      to = offset;
      break;
    case 1:
      to = fp.f_offset + offset;
      break;
    case 2:
      to = size + offset;
      break;
    case 3:
    case 4:
      if (offset < 0 || offset >= size) return { error: ENXIO };
      to = whence === 3 ? offset : size;
      break;
    default:
      return { error: EINVAL };
  }
  if (to < 0) return { error: EINVAL };
  fp.f_offset = to;
  return to;
}

/** fsync(2): sleeps until what has changed in the file is on its disk. Errors: EIO. */
export function kern_fsync(k: Kernel, vp: vnode): number {
  return vp.v_object === null || vm_object_fsync(k, vp.v_object) ? 0 : EIO;
}
