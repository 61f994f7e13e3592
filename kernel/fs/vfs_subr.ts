// Vnodes and mounts in general (vfs_subr.c, vfs_mount.c).

import { EACCES, EPERM } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { mount } from '../sys/mount.js';
import type { ucred } from '../sys/ucred.js';
import { groupmember } from '../sys/ucred.js';
import { VDIR } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { VOP_GETATTR, ops } from './vnode_if.js';

/** A new vnode with one reference. */
export function getnewvnode(k: Kernel, mp: mount, tag: string, type: number, data: object): vnode {
  return {
    v_id: k.vfs.next_vnode_id++,
    v_type: type,
    v_tag: tag,
    v_data: data,
    v_mount: mp,
    v_mountedhere: null,
    v_object: null,
    v_usecount: 0,
    v_writecount: 0,
    v_textcount: 0,
    v_vflag: 0,
    v_dd: null,
    v_ddname: '',
    v_rdev: 0,
    v_lockf: [],
    v_fifoinfo: null,
  };
}

export function vref(vp: vnode): vnode {
  vp.v_usecount++;
  return vp;
}

export function vrele(k: Kernel, vp: vnode): void {
  if (--vp.v_usecount === 0) ops(vp).vop_inactive(k, vp);
}

export function vfs_mount_alloc(
  k: Kernel,
  fstype: string,
  from: string,
  on: string,
  data: object,
): mount {
  const mp: mount = {
    mnt_id: k.vfs.next_mount_id++,
    mnt_fstype: fstype,
    mnt_flag: 0,
    mnt_vnodecovered: null,
    mnt_root: null,
    mnt_from: from,
    mnt_on: on,
    mnt_data: data,
  };
  k.vfs.mounts.push(mp);
  return mp;
}

/** Puts a mount on top of a directory. */
export function vfs_domount(mp: mount, covered: vnode): void {
  mp.mnt_vnodecovered = vref(covered);
  covered.v_mountedhere = mp;
}

export const VEXEC = 1;
export const VWRITE = 2;
export const VREAD = 4;

/** Whether `cred` may access the file as asked (VREAD, VWRITE, VEXEC): 0 or EACCES (vaccess). */
export function vaccess(k: Kernel, vp: vnode, mode: number, cred: ucred): number {
  const { va_mode, va_uid, va_gid } = VOP_GETATTR(k, vp);
  if (cred.cr_uid === 0) {
    if (mode & VEXEC && vp.v_type !== VDIR && (va_mode & 0o111) === 0) return EACCES;
    return 0;
  }
  const granted =
    cred.cr_uid === va_uid ? va_mode >> 6 : groupmember(va_gid, cred) ? va_mode >> 3 : va_mode;
  return (granted & mode) === mode ? 0 : EACCES;
}

/** Whether a name may be removed from a directory: the sticky bit restricts it to owners. */
export function vaccess_delete(k: Kernel, dvp: vnode, vp: vnode, cred: ucred): number {
  const error = vaccess(k, dvp, VWRITE | VEXEC, cred);
  if (error) return error;
  const dir = VOP_GETATTR(k, dvp);
  if (
    dir.va_mode & 0o1000 &&
    cred.cr_uid !== 0 &&
    cred.cr_uid !== dir.va_uid &&
    cred.cr_uid !== VOP_GETATTR(k, vp).va_uid
  ) {
    return EPERM;
  }
  return 0;
}
