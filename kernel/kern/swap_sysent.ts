// swapon, swapoff (vm/swap_pager.c) and procctl (kern/kern_procctl.c).

import { EINVAL, ENOTBLK, EPERM, ESRCH } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { MAXPATHLEN } from '../sys/param.js';
import { AT_FDCWD } from '../sys/fcntl.js';
import { PRS_ZOMBIE, P_PROTECTED, P_SYSTEM } from '../sys/proc.js';
import type { Proc, Thread } from '../sys/proc.js';
import type { sysent } from '../sys/sysent.js';
import { VCHR } from '../sys/vnode.js';
import { namei_vp } from '../fs/vfs_lookup.js';
import { copyin, copyinstr } from '../i386/support.js';
import type { disk } from '../geom/bio.js';
import { disk_find, swapoff, swapon } from '../vm/swap_pager_swap.js';

/** The disk that a path leads to, or an errno. */
function disk_at(k: Kernel, td: Thread, uaddr: number): disk | number {
  if (td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
  const path = copyinstr(k, uaddr, MAXPATHLEN);
  if (typeof path === 'number') return path;
  const vp = namei_vp(k, td, AT_FDCWD, path, true);
  if (typeof vp === 'number') return vp;
  if (vp.v_type !== VCHR) return ENOTBLK;
  return disk_find(k, vp.v_rdev) ?? ENOTBLK;
}

/** swapon(name) */
export function sys_swapon(k: Kernel, td: Thread, a: Int32Array): number {
  const d = disk_at(k, td, a[0]);
  return typeof d === 'number' ? d : swapon(k, d);
}

/** swapoff(name): returns when everything on the device is back in memory or elsewhere. */
export function sys_swapoff(k: Kernel, td: Thread, a: Int32Array): number {
  const d = disk_at(k, td, a[0]);
  return typeof d === 'number' ? d : swapoff(k, d);
}

const P_PID = 0;
const PROC_SPROTECT = 1;
const PPROT_SET = 1;
const PPROT_CLEAR = 2;
const PPROT_DESCEND = 0x10;
const PPROT_INHERIT = 0x20;

function protect_setchild(p: Proc, set: boolean): void {
  if (p.p_flag & P_SYSTEM) return;
  p.p_flag = set ? p.p_flag | P_PROTECTED : p.p_flag & ~P_PROTECTED;
}

function protect_all(p: Proc, set: boolean): void {
  protect_setchild(p, set);
  for (const child of p.p_children) protect_all(child, set);
}

/** procctl(idtype, id, com, data): PROC_SPROTECT of one process, with its descendants if asked. */
export function sys_procctl(k: Kernel, td: Thread, a: Int32Array): number {
  const [idtype, id, , com, data] = a;
  if (com !== PROC_SPROTECT || idtype !== P_PID) return EINVAL;
  const word = new Uint8Array(4);
  const error = copyin(k, data, word);
  if (error !== 0) return error;
  const flags = new DataView(word.buffer).getInt32(0, true);
  const op = flags & 0xf;
  if (flags & ~(0xf | PPROT_DESCEND | PPROT_INHERIT)) return EINVAL;
  if (op !== PPROT_SET && op !== PPROT_CLEAR) return EINVAL;
  const p = id === 0 ? td.td_proc : k.kern.allproc.get(id);
  if (p === undefined || p.p_state === PRS_ZOMBIE) return ESRCH;
  if (td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
  if (flags & PPROT_DESCEND) protect_all(p, op === PPROT_SET);
  else protect_setchild(p, op === PPROT_SET);
  return 0;
}

export const swap_sysent: Readonly<Record<number, sysent>> = {
  85: { sy_name: 'swapon', sy_narg: 1, sy_call: sys_swapon },
  424: { sy_name: 'swapoff', sy_narg: 1, sy_call: sys_swapoff },
  544: { sy_name: 'procctl', sy_narg: 5, sy_call: sys_procctl },
};
