// Who a process is: ids, groups, sessions, capabilities (kernel/sys.c, kernel/groups.c,
// kernel/uid16.c, kernel/capability.c of Linux).

import { copyin, copyout, copyout_words } from '../../i386/support.js';
import {
  kern_setgroups,
  kern_setresgid,
  kern_setresuid,
  suser,
  sys_getpgid,
  sys_getpgrp,
  sys_getppid,
  sys_getsid,
  sys_setpgid,
  sys_setsid,
} from '../../kern/kern_prot.js';
import { pfind } from '../../kern/kern_proc.js';
import { copyin_view, copyout_view } from '../../kern/subr_buf.js';
import { EINVAL, EPERM, ESRCH } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Proc, Thread } from '../../sys/proc.js';
import type { sy_call } from '../../sys/sysent.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';

/** NGROUPS_MAX of Linux. */
const LINUX_NGROUPS_MAX = 65536;
/** What a 16-bit call says of an id that does not fit (kernel.overflowuid). */
const OVERFLOW_ID = 65534;

const to_16 = (id: number): number => (id > 0xffff || id < 0 ? OVERFLOW_ID : id);
/** 16-bit -1 means "leave it" as 32-bit -1 does. */
export const linux_from_16 = (id: number): number => ((id & 0xffff) === 0xffff ? -1 : id & 0xffff);

/** A call with the result `of` the caller. */
function value(of: (td: Thread) => number): sy_call {
  return (_k, td) => {
    td.td_retval[0] = of(td) | 0;
    return 0;
  };
}

const ruid = (td: Thread): number => td.td_proc.p_ucred.cr_ruid;
const euid = (td: Thread): number => td.td_proc.p_ucred.cr_uid;
const rgid = (td: Thread): number => td.td_proc.p_ucred.cr_rgid;
const egid = (td: Thread): number => td.td_proc.p_ucred.cr_groups[0];

function setuid(td: Thread, uid: number): number {
  const cred = td.td_proc.p_ucred;
  if (uid === -1) return EINVAL;
  if (suser(cred)) return kern_setresuid(td, uid, uid, uid);
  if (uid !== cred.cr_ruid && uid !== cred.cr_svuid) return EPERM;
  return kern_setresuid(td, -1, uid, -1);
}

function setgid(td: Thread, gid: number): number {
  const cred = td.td_proc.p_ucred;
  if (gid === -1) return EINVAL;
  if (suser(cred)) return kern_setresgid(td, gid, gid, gid);
  if (gid !== cred.cr_rgid && gid !== cred.cr_svgid) return EPERM;
  return kern_setresgid(td, -1, gid, -1);
}

/** The saved id follows the effective one when the real id is set, or becomes another than it. */
function setreuid(td: Thread, r: number, e: number): number {
  const cred = td.td_proc.p_ucred;
  const old = [cred.cr_ruid, cred.cr_uid];
  if (!suser(cred)) {
    if (r !== -1 && !old.includes(r)) return EPERM;
    if (e !== -1 && !old.includes(e) && e !== cred.cr_svuid) return EPERM;
  }
  const follows = r !== -1 || (e !== -1 && e !== cred.cr_ruid);
  return kern_setresuid(td, r, e, follows ? (e === -1 ? cred.cr_uid : e) : -1);
}

function setregid(td: Thread, r: number, e: number): number {
  const cred = td.td_proc.p_ucred;
  const old = [cred.cr_rgid, cred.cr_groups[0]];
  if (!suser(cred)) {
    if (r !== -1 && !old.includes(r)) return EPERM;
    if (e !== -1 && !old.includes(e) && e !== cred.cr_svgid) return EPERM;
  }
  const follows = r !== -1 || (e !== -1 && e !== cred.cr_rgid);
  return kern_setresgid(td, r, e, follows ? (e === -1 ? cred.cr_groups[0] : e) : -1);
}

function put_ids(k: Kernel, a: Int32Array, ids: readonly number[], wide: boolean): number {
  for (let i = 0; i < 3; i++) {
    const id = to_16(ids[i]);
    const error = wide
      ? copyout_words(k, [ids[i]], a[i])
      : copyout(k, new Uint8Array([id, id >> 8]), a[i]);
    if (error !== 0) return error;
  }
  return 0;
}

const res_uids = (td: Thread): number[] => {
  const { cr_ruid, cr_svuid, cr_uid } = td.td_proc.p_ucred;
  return [cr_ruid, cr_uid, cr_svuid];
};
const res_gids = (td: Thread): number[] => {
  const { cr_groups, cr_rgid, cr_svgid } = td.td_proc.p_ucred;
  return [cr_rgid, cr_groups[0], cr_svgid];
};

/** The supplementary groups; the effective one, which the kernel keeps with them, is not one. */
function getgroups(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  const groups = td.td_proc.p_ucred.cr_groups.slice(1);
  if (a[0] < 0) return EINVAL;
  td.td_retval[0] = groups.length;
  if (a[0] === 0) return 0;
  if (groups.length > a[0]) return EINVAL;
  if (wide) return copyout_words(k, groups, a[1]);
  return copyout(k, new Uint8Array(Uint16Array.from(groups, to_16).buffer), a[1]);
}

function setgroups(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  if (!suser(td.td_proc.p_ucred)) return EPERM;
  const count = u(a[0]);
  if (count > LINUX_NGROUPS_MAX) return EINVAL;
  const bytes = new Uint8Array(count * (wide ? 4 : 2));
  const error = copyin(k, a[1], bytes);
  if (error !== 0) return error;
  const groups = wide
    ? Array.from(new Int32Array(bytes.buffer))
    : Array.from(new Uint16Array(bytes.buffer), linux_from_16);
  return kern_setgroups(td, [egid(td), ...groups]);
}

// Capabilities: root has all of them, others none.

const CAP_VERSION_1 = 0x19980330;
const CAP_VERSION_2 = 0x20071026;
const CAP_VERSION_3 = 0x20080522;
/** CAP_CHECKPOINT_RESTORE. */
export const CAP_LAST_CAP = 40;
const ALL_CAPS = [0xffffffff, 0x1ff] as const;

/** The header at `uaddr`: how many words each set has and the process, or an errno. */
function cap_header(k: Kernel, td: Thread, uaddr: number): { words: number; p: Proc } | number {
  const view = copyin_view(k, uaddr, 8);
  if (typeof view === 'number') return view;
  const version = view.getUint32(0, true);
  const pid = view.getInt32(4, true);
  if (version !== CAP_VERSION_1 && version !== CAP_VERSION_2 && version !== CAP_VERSION_3) {
    return copyout_words(k, [CAP_VERSION_3], uaddr) || EINVAL;
  }
  if (pid < 0) return EINVAL;
  const p = pid === 0 ? td.td_proc : pfind(k, pid);
  return p === null ? ESRCH : { words: version === CAP_VERSION_1 ? 1 : 2, p };
}

function capget(k: Kernel, td: Thread, a: Int32Array): number {
  const header = cap_header(k, td, a[0]);
  // A caller who only asks for the version has no room for the sets.
  if (typeof header === 'number') return header === EINVAL && a[1] === 0 ? 0 : header;
  if (a[1] === 0) return 0;
  const view = new DataView(new ArrayBuffer(header.words * 12));
  const root = header.p.p_ucred.cr_uid === 0;
  for (let i = 0; i < header.words; i++) {
    view.setUint32(12 * i, root ? ALL_CAPS[i] : 0, true);
    view.setUint32(12 * i + 4, root ? ALL_CAPS[i] : 0, true);
  }
  return copyout_view(k, view, a[1]);
}

/** The sets that a process has are the only ones that it may set. */
function capset(k: Kernel, td: Thread, a: Int32Array): number {
  const header = cap_header(k, td, a[0]);
  if (typeof header === 'number') return header;
  if (header.p !== td.td_proc) return EPERM;
  const view = copyin_view(k, a[1], header.words * 12);
  if (typeof view === 'number') return view;
  if (suser(td.td_proc.p_ucred)) return 0;
  for (let at = 0; at < view.byteLength; at += 4) if (view.getUint32(at, true) !== 0) return EPERM;
  return 0;
}

export const linux_id_calls: linux_calls = {
  getpid: [0, value((td) => td.td_proc.p_pid)],
  getppid: [0, sys_getppid],
  getpgrp: [0, sys_getpgrp],
  getpgid: [1, sys_getpgid],
  setpgid: [2, sys_setpgid],
  getsid: [1, sys_getsid],
  setsid: [0, sys_setsid],
  getuid: [0, value((td) => to_16(ruid(td)))],
  geteuid: [0, value((td) => to_16(euid(td)))],
  getgid: [0, value((td) => to_16(rgid(td)))],
  getegid: [0, value((td) => to_16(egid(td)))],
  getuid32: [0, value(ruid)],
  geteuid32: [0, value(euid)],
  getgid32: [0, value(rgid)],
  getegid32: [0, value(egid)],
  setuid: [1, (_k, td, a) => setuid(td, linux_from_16(a[0]))],
  setuid32: [1, (_k, td, a) => setuid(td, a[0])],
  setgid: [1, (_k, td, a) => setgid(td, linux_from_16(a[0]))],
  setgid32: [1, (_k, td, a) => setgid(td, a[0])],
  setreuid: [2, (_k, td, a) => setreuid(td, linux_from_16(a[0]), linux_from_16(a[1]))],
  setreuid32: [2, (_k, td, a) => setreuid(td, a[0], a[1])],
  setregid: [2, (_k, td, a) => setregid(td, linux_from_16(a[0]), linux_from_16(a[1]))],
  setregid32: [2, (_k, td, a) => setregid(td, a[0], a[1])],
  setresuid: [
    3,
    (_k, td, a) =>
      kern_setresuid(td, linux_from_16(a[0]), linux_from_16(a[1]), linux_from_16(a[2])),
  ],
  setresuid32: [3, (_k, td, a) => kern_setresuid(td, a[0], a[1], a[2])],
  setresgid: [
    3,
    (_k, td, a) =>
      kern_setresgid(td, linux_from_16(a[0]), linux_from_16(a[1]), linux_from_16(a[2])),
  ],
  setresgid32: [3, (_k, td, a) => kern_setresgid(td, a[0], a[1], a[2])],
  getresuid: [3, (k, td, a) => put_ids(k, a, res_uids(td), false)],
  getresuid32: [3, (k, td, a) => put_ids(k, a, res_uids(td), true)],
  getresgid: [3, (k, td, a) => put_ids(k, a, res_gids(td), false)],
  getresgid32: [3, (k, td, a) => put_ids(k, a, res_gids(td), true)],
  // The file system ids are the effective ones; the result is the id before.
  setfsuid: [1, value((td) => to_16(euid(td)))],
  setfsuid32: [1, value(euid)],
  setfsgid: [1, value((td) => to_16(egid(td)))],
  setfsgid32: [1, value(egid)],
  getgroups: [2, (k, td, a) => getgroups(k, td, a, false)],
  getgroups32: [2, (k, td, a) => getgroups(k, td, a, true)],
  setgroups: [2, (k, td, a) => setgroups(k, td, a, false)],
  setgroups32: [2, (k, td, a) => setgroups(k, td, a, true)],
  capget: [2, capget],
  capset: [2, capset],
};
