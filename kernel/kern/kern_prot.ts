// Who a process is: ids, groups, sessions, credentials (kern_prot.c).

import { EINVAL, ENAMETOOLONG, EPERM, ERANGE, ESRCH } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { NGROUPS_MAX } from '../sys/param.js';
import { P_SUGID } from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { crcopy } from '../sys/ucred.js';
import type { ucred } from '../sys/ucred.js';
import { bytes_of, copyin, copyinstr, copyout, copyout_words } from '../i386/support.js';
import { enter_session, kern_setpgid, pfind } from './kern_proc.js';

export function sys_getpid(_k: Kernel, td: Thread): number {
  td.td_retval[0] = td.td_proc.p_pid;
  td.td_retval[1] = td.td_proc.p_pptr?.p_pid ?? 0;
  return 0;
}
export function sys_getppid(_k: Kernel, td: Thread): number {
  td.td_retval[0] = td.td_proc.p_pptr?.p_pid ?? 0;
  return 0;
}
export function sys_getpgrp(_k: Kernel, td: Thread): number {
  td.td_retval[0] = td.td_proc.p_pgrp.pg_id;
  return 0;
}

/** The process that `pid` names, 0 meaning the caller. */
function target(k: Kernel, td: Thread, pid: number) {
  return pid === 0 ? td.td_proc : pfind(k, pid);
}

export function sys_getpgid(k: Kernel, td: Thread, a: Int32Array): number {
  const p = target(k, td, a[0]);
  if (p === null) return ESRCH;
  td.td_retval[0] = p.p_pgrp.pg_id;
  return 0;
}
export function sys_getsid(k: Kernel, td: Thread, a: Int32Array): number {
  const p = target(k, td, a[0]);
  if (p === null) return ESRCH;
  td.td_retval[0] = p.p_pgrp.pg_session.s_sid;
  return 0;
}
export function sys_setpgid(k: Kernel, td: Thread, a: Int32Array): number {
  if (a[1] < 0) return EINVAL;
  return kern_setpgid(k, td, a[0], a[1]);
}
export function sys_setsid(k: Kernel, td: Thread): number {
  const error = enter_session(k, td.td_proc);
  if (error === 0) td.td_retval[0] = td.td_proc.p_pid;
  return error;
}

export function sys_getuid(_k: Kernel, td: Thread): number {
  const { cr_ruid, cr_uid } = td.td_proc.p_ucred;
  td.td_retval[0] = cr_ruid;
  td.td_retval[1] = cr_uid;
  return 0;
}
export function sys_geteuid(_k: Kernel, td: Thread): number {
  td.td_retval[0] = td.td_proc.p_ucred.cr_uid;
  return 0;
}
export function sys_getgid(_k: Kernel, td: Thread): number {
  const { cr_groups, cr_rgid } = td.td_proc.p_ucred;
  td.td_retval[0] = cr_rgid;
  td.td_retval[1] = cr_groups[0];
  return 0;
}
export function sys_getegid(_k: Kernel, td: Thread): number {
  td.td_retval[0] = td.td_proc.p_ucred.cr_groups[0];
  return 0;
}

/** Whether the credential may do what only root may (priv_check). */
export function suser(cred: ucred): boolean {
  return cred.cr_uid === 0;
}

/** Gives the process a new credential made by `change`. */
function change_cred(td: Thread, change: (cred: ucred) => void): void {
  const p = td.td_proc;
  const cred = crcopy(p.p_ucred);
  change(cred);
  p.p_ucred = cred;
  p.p_flag |= P_SUGID;
}

export function kern_setuid(td: Thread, uid: number): number {
  const cred = td.td_proc.p_ucred;
  if (uid !== cred.cr_ruid && uid !== cred.cr_svuid && uid !== cred.cr_uid && !suser(cred)) {
    return EPERM;
  }
  const all = suser(cred) || uid === cred.cr_uid;
  change_cred(td, (c) => {
    if (all) c.cr_ruid = c.cr_svuid = uid;
    c.cr_uid = uid;
  });
  return 0;
}
export function kern_seteuid(td: Thread, euid: number): number {
  const cred = td.td_proc.p_ucred;
  if (euid !== cred.cr_ruid && euid !== cred.cr_svuid && !suser(cred)) return EPERM;
  change_cred(td, (c) => {
    c.cr_uid = euid;
  });
  return 0;
}
export function kern_setgid(td: Thread, gid: number): number {
  const cred = td.td_proc.p_ucred;
  const egid = cred.cr_groups[0];
  if (gid !== cred.cr_rgid && gid !== cred.cr_svgid && gid !== egid && !suser(cred)) return EPERM;
  const all = suser(cred) || gid === egid;
  change_cred(td, (c) => {
    if (all) c.cr_rgid = c.cr_svgid = gid;
    c.cr_groups[0] = gid;
  });
  return 0;
}
export function kern_setegid(td: Thread, egid: number): number {
  const cred = td.td_proc.p_ucred;
  if (egid !== cred.cr_rgid && egid !== cred.cr_svgid && !suser(cred)) return EPERM;
  change_cred(td, (c) => {
    c.cr_groups[0] = egid;
  });
  return 0;
}

/** -1 leaves an id as it is. */
export function kern_setreuid(td: Thread, ruid: number, euid: number): number {
  const c0 = td.td_proc.p_ucred;
  const ruidOk = ruid === -1 || ruid === c0.cr_ruid || ruid === c0.cr_svuid;
  const euidOk = euid === -1 || euid === c0.cr_uid || euid === c0.cr_ruid || euid === c0.cr_svuid;
  if (!(ruidOk && euidOk) && !suser(c0)) return EPERM;
  change_cred(td, (c) => {
    if (euid !== -1) c.cr_uid = euid;
    if (ruid !== -1) c.cr_ruid = ruid;
    if (ruid !== -1 || c.cr_uid !== c.cr_ruid) c.cr_svuid = c.cr_uid;
  });
  return 0;
}
export function kern_setregid(td: Thread, rgid: number, egid: number): number {
  const c0 = td.td_proc.p_ucred;
  const g0 = c0.cr_groups[0];
  const rgidOk = rgid === -1 || rgid === c0.cr_rgid || rgid === c0.cr_svgid;
  const egidOk = egid === -1 || egid === g0 || egid === c0.cr_rgid || egid === c0.cr_svgid;
  if (!(rgidOk && egidOk) && !suser(c0)) return EPERM;
  change_cred(td, (c) => {
    if (egid !== -1) c.cr_groups[0] = egid;
    if (rgid !== -1) c.cr_rgid = rgid;
    if (rgid !== -1 || c.cr_groups[0] !== c.cr_rgid) c.cr_svgid = c.cr_groups[0];
  });
  return 0;
}
export function kern_setresuid(td: Thread, ruid: number, euid: number, suid: number): number {
  const c0 = td.td_proc.p_ucred;
  const known = [-1, c0.cr_ruid, c0.cr_uid, c0.cr_svuid];
  if (![ruid, euid, suid].every((id) => known.includes(id)) && !suser(c0)) return EPERM;
  change_cred(td, (c) => {
    if (euid !== -1) c.cr_uid = euid;
    if (ruid !== -1) c.cr_ruid = ruid;
    if (suid !== -1) c.cr_svuid = suid;
  });
  return 0;
}
export function kern_setresgid(td: Thread, rgid: number, egid: number, sgid: number): number {
  const c0 = td.td_proc.p_ucred;
  const known = [-1, c0.cr_rgid, c0.cr_groups[0], c0.cr_svgid];
  if (![rgid, egid, sgid].every((id) => known.includes(id)) && !suser(c0)) return EPERM;
  change_cred(td, (c) => {
    if (egid !== -1) c.cr_groups[0] = egid;
    if (rgid !== -1) c.cr_rgid = rgid;
    if (sgid !== -1) c.cr_svgid = sgid;
  });
  return 0;
}

export function sys_getresuid(k: Kernel, td: Thread, a: Int32Array): number {
  const { cr_ruid, cr_svuid, cr_uid } = td.td_proc.p_ucred;
  return put_ids(k, a, [cr_ruid, cr_uid, cr_svuid]);
}
export function sys_getresgid(k: Kernel, td: Thread, a: Int32Array): number {
  const { cr_groups, cr_rgid, cr_svgid } = td.td_proc.p_ucred;
  return put_ids(k, a, [cr_rgid, cr_groups[0], cr_svgid]);
}
function put_ids(k: Kernel, a: Int32Array, ids: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const error = a[i] === 0 ? 0 : copyout_words(k, [ids[i]], a[i]);
    if (error !== 0) return error;
  }
  return 0;
}

export function sys_getgroups(k: Kernel, td: Thread, a: Int32Array): number {
  const { cr_groups } = td.td_proc.p_ucred;
  td.td_retval[0] = cr_groups.length;
  if (a[0] === 0) return 0;
  if (a[0] < cr_groups.length) return EINVAL;
  return copyout_words(k, cr_groups, a[1]);
}

export function kern_setgroups(td: Thread, groups: number[]): number {
  if (!suser(td.td_proc.p_ucred)) return EPERM;
  change_cred(td, (c) => {
    c.cr_groups = groups.length === 0 ? [c.cr_groups[0]] : groups;
  });
  return 0;
}
export function sys_setgroups(k: Kernel, td: Thread, a: Int32Array): number {
  if (a[0] < 0 || a[0] > NGROUPS_MAX + 1) return EINVAL;
  const bytes = new Uint8Array(a[0] * 4);
  const error = copyin(k, a[1], bytes);
  if (error !== 0) return error;
  return kern_setgroups(td, Array.from(new Int32Array(bytes.buffer)));
}

export function sys_issetugid(_k: Kernel, td: Thread): number {
  td.td_retval[0] = td.td_proc.p_flag & P_SUGID ? 1 : 0;
  return 0;
}

const MAXLOGNAME = 33;

export function sys_getlogin(k: Kernel, td: Thread, a: Int32Array): number {
  const login = td.td_proc.p_pgrp.pg_session.s_login;
  const length = Math.min(a[1], MAXLOGNAME);
  if (login.length + 1 > length) return ERANGE;
  return copyout(k, bytes_of(`${login}\0`), a[0]);
}
export function sys_setlogin(k: Kernel, td: Thread, a: Int32Array): number {
  if (!suser(td.td_proc.p_ucred)) return EPERM;
  const name = copyinstr(k, a[0], MAXLOGNAME);
  if (typeof name === 'number') return name === ENAMETOOLONG ? EINVAL : name;
  td.td_proc.p_pgrp.pg_session.s_login = name;
  return 0;
}
