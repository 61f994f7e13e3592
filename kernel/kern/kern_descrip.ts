// Descriptor tables (kern_descrip.c).

import { EBADF, EMFILE, ENOTDIR } from '../sys/errno.js';
import { DTYPE_KQUEUE, FREAD, FWRITE } from '../sys/file.js';
import type { file, filedesc } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { RLIMIT_NOFILE } from '../sys/resource.js';
import { VDIR } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { vref, vrele } from '../fs/vfs_subr.js';
import { fileops_of } from './fileops.js';
import { lf_release } from './kern_lockf.js';

export function falloc(
  k: Kernel,
  type: string,
  flag: number,
  vp: vnode | null,
  data: object | null,
  path: string,
): file {
  k.vfs.open_files++;
  return {
    f_type: type,
    f_flag: flag,
    f_count: 0,
    f_offset: 0,
    f_vnode: vp,
    f_data: data,
    f_path: path,
  };
}

/** An empty table with the directories of `from`, or of the root. */
export function fdinit(k: Kernel, from: filedesc | null): filedesc {
  const root = k.vfs.rootvnode as vnode;
  return {
    fd_ofiles: [],
    fd_cdir: vref(from?.fd_cdir ?? root),
    fd_rdir: vref(from?.fd_rdir ?? root),
    fd_cmask: from?.fd_cmask ?? 0o022,
    fd_refcnt: 1,
  };
}

/** The child's copy at fork: the same files. */
export function fdcopy(k: Kernel, from: filedesc | null): filedesc {
  const fd = fdinit(k, from);
  fd.fd_ofiles = (from?.fd_ofiles ?? []).map((fde) => {
    // A kqueue is its process's own.
    if (fde === null || fde.fde_file.f_type === DTYPE_KQUEUE) return null;
    fde.fde_file.f_count++;
    return { fde_file: fde.fde_file, fde_cloexec: fde.fde_cloexec };
  });
  return fd;
}

export function fdshare(fd: filedesc | null): filedesc | null {
  if (fd !== null) fd.fd_refcnt++;
  return fd;
}

/** A table of one's own. */
export function fdunshare(k: Kernel, fd: filedesc | null): filedesc | null {
  if (fd === null || fd.fd_refcnt === 1) return fd;
  fd.fd_refcnt--;
  return fdcopy(k, fd);
}

export function fdrop(k: Kernel, fp: file): void {
  if (--fp.f_count > 0) return;
  k.vfs.open_files--;
  fileops_of(fp).fo_close(k, fp);
}

/** At exit: closes everything unless the table is shared. */
export function fdescfree(k: Kernel, td: Thread, fd: filedesc | null): void {
  if (fd === null) return;
  if (--fd.fd_refcnt > 0) return;
  for (let i = 0; i < fd.fd_ofiles.length; i++) if (fd.fd_ofiles[i] !== null) closef(k, td, fd, i);
  vrele(k, fd.fd_cdir);
  vrele(k, fd.fd_rdir);
}

/** At exec: closes what is marked close-on-exec. */
export function fdcloseexec(k: Kernel, td: Thread): void {
  const fd = td.td_proc.p_fd as filedesc;
  for (let i = 0; i < fd.fd_ofiles.length; i++)
    if (fd.fd_ofiles[i]?.fde_cloexec) closef(k, td, fd, i);
}

function closef(k: Kernel, td: Thread, fd: filedesc, n: number): void {
  const fde = fd.fd_ofiles[n];
  fd.fd_ofiles[n] = null;
  if (fde === null) return;
  // POSIX: closing any descriptor of a file drops the process's record locks on it.
  if (fde.fde_file.f_vnode !== null) lf_release(k, fde.fde_file.f_vnode, td.td_proc);
  fdrop(k, fde.fde_file);
}

export function kern_close(k: Kernel, td: Thread, n: number): number {
  const fd = td.td_proc.p_fd as filedesc;
  if ((fd.fd_ofiles[n] ?? null) === null) return EBADF;
  closef(k, td, fd, n);
  return 0;
}

/** The open file of a descriptor, or EBADF. */
export function fget(td: Thread, n: number): file | number {
  return td.td_proc.p_fd?.fd_ofiles[n]?.fde_file ?? EBADF;
}

export function fget_read(td: Thread, n: number): file | number {
  const fp = fget(td, n);
  return typeof fp === 'number' || fp.f_flag & FREAD ? fp : EBADF;
}

export function fget_write(td: Thread, n: number): file | number {
  const fp = fget(td, n);
  return typeof fp === 'number' || fp.f_flag & FWRITE ? fp : EBADF;
}

/** The directory of a descriptor, for the *at calls. */
export function fgetvp_dir(td: Thread, n: number): vnode | number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  return fp.f_vnode !== null && fp.f_vnode.v_type === VDIR ? fp.f_vnode : ENOTDIR;
}

/** Lowest free descriptor from `min` on, or EMFILE as a negative number. */
export function fdalloc(td: Thread, min: number): number {
  const fd = td.td_proc.p_fd as filedesc;
  const limit = td.td_proc.p_limit.pl_rlimit[RLIMIT_NOFILE].rlim_cur;
  let n = min;
  while ((fd.fd_ofiles[n] ?? null) !== null) n++;
  if (n >= limit) return -EMFILE;
  while (fd.fd_ofiles.length <= n) fd.fd_ofiles.push(null);
  return n;
}

/** Installs an open file at the lowest free descriptor. @returns an errno; the number is in td_retval. */
export function finstall(k: Kernel, td: Thread, fp: file, cloexec: boolean): number {
  const n = fdalloc(td, 0);
  if (n < 0) {
    fp.f_count++;
    fdrop(k, fp);
    return -n;
  }
  fp.f_count++;
  (td.td_proc.p_fd as filedesc).fd_ofiles[n] = { fde_file: fp, fde_cloexec: cloexec };
  td.td_retval[0] = n;
  return 0;
}

/** Puts file `fp` at descriptor `n`, closing what was there. */
export function fdinstall_at(k: Kernel, td: Thread, n: number, fp: file, cloexec: boolean): void {
  const fd = td.td_proc.p_fd as filedesc;
  while (fd.fd_ofiles.length <= n) fd.fd_ofiles.push(null);
  fp.f_count++;
  if (fd.fd_ofiles[n] !== null) closef(k, td, fd, n);
  fd.fd_ofiles[n] = { fde_file: fp, fde_cloexec: cloexec };
}

/** dup2(2), and dup(2) with `to` < 0: the lowest free descriptor from `min`. */
export function kern_dup(
  k: Kernel,
  td: Thread,
  from: number,
  to: number,
  min: number,
  cloexec: boolean,
): number {
  const fp = fget(td, from);
  if (typeof fp === 'number') return fp;
  if (to < 0) {
    const n = fdalloc(td, min);
    if (n < 0) return -n;
    fdinstall_at(k, td, n, fp, cloexec);
    td.td_retval[0] = n;
    return 0;
  }
  if (to >= td.td_proc.p_limit.pl_rlimit[RLIMIT_NOFILE].rlim_cur) return EBADF;
  if (to !== from) fdinstall_at(k, td, to, fp, cloexec);
  td.td_retval[0] = to;
  return 0;
}
