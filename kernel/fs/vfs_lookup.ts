// From a path to a vnode (vfs_lookup.c): component by component, through mounts and symbolic links.

import { EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from '../sys/errno.js';
import type { filedesc } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { MAXPATHLEN, NAME_MAX } from '../sys/param.js';
import type { Thread } from '../sys/proc.js';
import { AT_FDCWD } from '../sys/fcntl.js';
import { SV_LINUX } from '../sys/sysent.js';
import { VDIR, VLNK, VV_ROOT } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { fgetvp_dir } from '../kern/kern_descrip.js';
import { VEXEC, vaccess } from './vfs_subr.js';
import { ops } from './vnode_if.js';

const MAXSYMLINKS = 32;

/** Where a path leads. */
export interface nameidata {
  /** The file, or null when only its directory exists. */
  ni_vp: vnode | null;
  /** Directory of the last component. */
  ni_dvp: vnode;
  /** Last component; '' when the path is a root or ends in dots. */
  ni_name: string;
  /** The path ended in a slash. */
  ni_isdir: boolean;
}

/** PATH_MAX of Linux programs is 4096. */
function path_max(td: Thread): number {
  return td.td_proc.p_sysent.sv_flags & SV_LINUX ? 4096 : MAXPATHLEN;
}

function mounted(vp: vnode): vnode {
  let at = vp;
  while (at.v_mountedhere !== null && at.v_mountedhere.mnt_root !== null)
    at = at.v_mountedhere.mnt_root;
  return at;
}

/** Parents of vnodes are found through the file systems; above a mount's root lies what it covers. */
function parent_of(k: Kernel, vp: vnode, fd: filedesc): vnode {
  let at = vp;
  if (at === fd.fd_rdir) return at;
  while (at.v_vflag & VV_ROOT && at.v_mount.mnt_vnodecovered !== null)
    at = at.v_mount.mnt_vnodecovered;
  if (at.v_vflag & VV_ROOT) return at;
  return dotdot(k, at);
}

function dotdot(k: Kernel, vp: vnode): vnode {
  return vp.v_dd ?? (k.vfs.rootvnode as vnode);
}

/**
 * Looks `path` up from directory `dirfd`. Follows a link in the last component when `follow`.
 * @returns where it leads, or an errno; a missing last component is not an error.
 */
export function namei(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
  follow: boolean,
): nameidata | number {
  const fd = td.td_proc.p_fd as filedesc;
  if (path === '') return ENOENT;
  if (path.length >= path_max(td)) return ENAMETOOLONG;
  let start: vnode;
  if (path.startsWith('/')) start = fd.fd_rdir;
  else if (dirfd === AT_FDCWD) start = fd.fd_cdir;
  else {
    const dir = fgetvp_dir(td, dirfd);
    if (typeof dir === 'number') return dir;
    start = dir;
  }
  return walk(k, td, fd, start, path, follow, { links: 0 });
}

function walk(
  k: Kernel,
  td: Thread,
  fd: filedesc,
  start: vnode,
  path: string,
  follow: boolean,
  seen: { links: number },
): nameidata | number {
  const isdir = path.endsWith('/');
  const parts = path.split('/').filter((p) => p !== '' && p !== '.');
  let dvp = mounted(start);
  if (parts.length === 0)
    return dvp.v_type === VDIR || !isdir
      ? { ni_vp: dvp, ni_dvp: dvp, ni_name: '', ni_isdir: isdir }
      : ENOTDIR;
  for (let i = 0; ; i++) {
    const name = parts[i];
    const last = i === parts.length - 1;
    if (dvp.v_type !== VDIR) return ENOTDIR;
    if (name.length > NAME_MAX) return ENAMETOOLONG;
    if (vaccess(k, dvp, VEXEC, td.td_proc.p_ucred)) return EACCES;
    let vp: vnode | null;
    if (name === '..') vp = mounted(parent_of(k, dvp, fd));
    else {
      vp = ops(dvp).vop_lookup(k, dvp, name);
      if (vp !== null) {
        vp.v_dd = dvp;
        vp.v_ddname = name;
      }
      if (vp !== null) vp = mounted(vp);
    }
    if (vp === null)
      return last ? { ni_vp: null, ni_dvp: dvp, ni_name: name, ni_isdir: isdir } : ENOENT;
    if (vp.v_type === VLNK && (!last || follow || isdir)) {
      if (++seen.links > MAXSYMLINKS) return ELOOP;
      const target = ops(vp).vop_readlink(k, vp);
      if (target === '') return ENOENT;
      const rest = parts.slice(i + 1).join('/');
      const next =
        rest === '' ? target + (isdir ? '/' : '') : `${target}/${rest}${isdir ? '/' : ''}`;
      if (next.length >= path_max(td)) return ENAMETOOLONG;
      return walk(k, td, fd, target.startsWith('/') ? fd.fd_rdir : dvp, next, follow, seen);
    }
    if (last) {
      if (isdir && vp.v_type !== VDIR) return ENOTDIR;
      return { ni_vp: vp, ni_dvp: dvp, ni_name: name === '..' ? '' : name, ni_isdir: isdir };
    }
    dvp = vp;
  }
}

/** The vnode at `path`, or an errno: for calls that need the file to exist. */
export function namei_vp(
  k: Kernel,
  td: Thread,
  dirfd: number,
  path: string,
  follow: boolean,
): vnode | number {
  const nd = namei(k, td, dirfd, path, follow);
  if (typeof nd === 'number') return nd;
  return nd.ni_vp ?? ENOENT;
}

/** Absolute path of a directory as seen from the process's root, or an errno (vn_fullpath). */
export function vn_fullpath(k: Kernel, fd: filedesc, vp: vnode): string | number {
  let path = '';
  let at = vp;
  for (let depth = 0; depth < 256; depth++) {
    if (at === fd.fd_rdir || at === mounted(fd.fd_rdir)) return path === '' ? '/' : path;
    while (at.v_vflag & VV_ROOT && at.v_mount.mnt_vnodecovered !== null)
      at = at.v_mount.mnt_vnodecovered;
    if (at.v_vflag & VV_ROOT) return path === '' ? '/' : path;
    const parent = dotdot(k, at);
    const name = name_in(k, parent, at);
    if (name === null) return ENOENT;
    path = `/${name}${path}`;
    at = mounted(parent);
  }
  return EINVAL;
}

function name_in(k: Kernel, dir: vnode, child: vnode): string | null {
  if (ops(dir).vop_lookup(k, dir, child.v_ddname) === child) return child.v_ddname;
  for (const { d_name } of ops(dir).vop_readdir(k, dir)) {
    if (d_name !== '.' && d_name !== '..' && ops(dir).vop_lookup(k, dir, d_name) === child)
      return d_name;
  }
  return null;
}
