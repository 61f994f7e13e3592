// Resource limits, usage and priorities (kern_resource.c).

import { EACCES, EINVAL, EPERM, ESRCH } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { Proc, Thread } from '../sys/proc.js';
import {
  PRIO_MAX,
  PRIO_MIN,
  PRIO_PGRP,
  PRIO_PROCESS,
  PRIO_USER,
  RLIMIT_CORE,
  RLIMIT_DATA,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_STACK,
  RLIM_INFINITY,
  RLIM_NLIMITS,
  RUSAGE_CHILDREN,
  RUSAGE_SELF,
  RUSAGE_THREAD,
  rusage_zero,
} from '../sys/resource.js';
import type { plimit, rlimit, rusage } from '../sys/resource.js';
import { DFLDSIZ, DFLSSIZ, MAXDSIZ, MAXSSIZ, PAGE_SIZE, round_page } from '../sys/param.js';
import { NSEC_PER_INSTRUCTION } from '../sys/time.js';
import { vm_map_protect } from '../vm/vm_map.js';
import { VM_PROT_ALL, VM_PROT_NONE } from '../vm/vm_param.js';
import { pfind, pgfind } from './kern_proc.js';
import { sched_prio } from './sched_4bsd.js';
import { copyin_view, copyout_view, get_int64, put_timeval, set_int64 } from './subr_buf.js';

/** The limits that process 0 hands on. */
export function limits_create(k: Kernel): plimit {
  const unlimited = (): rlimit => ({ rlim_cur: RLIM_INFINITY, rlim_max: RLIM_INFINITY });
  const pl_rlimit = Array.from({ length: RLIM_NLIMITS }, unlimited);
  pl_rlimit[RLIMIT_DATA] = { rlim_cur: DFLDSIZ, rlim_max: MAXDSIZ };
  pl_rlimit[RLIMIT_STACK] = { rlim_cur: DFLSSIZ, rlim_max: MAXSSIZ };
  // No core files are written.
  pl_rlimit[RLIMIT_CORE] = { rlim_cur: 0, rlim_max: RLIM_INFINITY };
  pl_rlimit[RLIMIT_NOFILE] = {
    rlim_cur: Math.min(1024, k.kern.maxfilesperproc),
    rlim_max: k.kern.maxfilesperproc,
  };
  pl_rlimit[RLIMIT_NPROC] = { rlim_cur: k.kern.maxprocperuid, rlim_max: k.kern.maxproc };
  return { pl_rlimit, pl_refcnt: 1 };
}

export function lim_cur(p: Proc, which: number): number {
  return p.p_limit.pl_rlimit[which].rlim_cur;
}
export function lim_max(p: Proc, which: number): number {
  return p.p_limit.pl_rlimit[which].rlim_max;
}

/** Reads a limit. */
export function kern_getrlimit(td: Thread, which: number, into: rlimit): number {
  if (which < 0 || which >= RLIM_NLIMITS) return EINVAL;
  Object.assign(into, td.td_proc.p_limit.pl_rlimit[which]);
  return 0;
}

/** Changes a limit. A smaller or larger stack limit changes what of the stack is accessible. */
export function kern_setrlimit(k: Kernel, td: Thread, which: number, to: rlimit): number {
  if (which < 0 || which >= RLIM_NLIMITS) return EINVAL;
  const p = td.td_proc;
  const old = p.p_limit.pl_rlimit[which];
  let cur = to.rlim_cur < 0 ? RLIM_INFINITY : to.rlim_cur;
  let max = to.rlim_max < 0 ? RLIM_INFINITY : to.rlim_max;
  if ((cur > old.rlim_max || max > old.rlim_max) && p.p_ucred.cr_uid !== 0) return EPERM;
  if (cur > max) cur = max;
  if (which === RLIMIT_DATA) {
    cur = Math.min(cur, MAXDSIZ);
    max = Math.min(max, MAXDSIZ);
  } else if (which === RLIMIT_STACK) {
    cur = Math.min(cur, MAXSSIZ);
    max = Math.min(max, MAXSSIZ);
  } else if (which === RLIMIT_NOFILE) {
    cur = Math.min(cur, k.kern.maxfilesperproc);
    max = Math.min(max, k.kern.maxfilesperproc);
  } else if (which === RLIMIT_NPROC) {
    cur = Math.max(Math.min(cur, k.kern.maxprocperuid), 1);
    max = Math.max(Math.min(max, k.kern.maxprocperuid), 1);
  }
  if (p.p_limit.pl_refcnt > 1) {
    p.p_limit.pl_refcnt--;
    p.p_limit = { pl_rlimit: p.p_limit.pl_rlimit.map((l) => ({ ...l })), pl_refcnt: 1 };
  }
  p.p_limit.pl_rlimit[which] = { rlim_cur: cur, rlim_max: max };
  if (which === RLIMIT_STACK) stack_limit_changed(k, p, old.rlim_cur, cur);
  return 0;
}

/** Stack below a lowered limit becomes inaccessible, and accessible again when it is raised. */
function stack_limit_changed(k: Kernel, p: Proc, old: number, now: number): void {
  const vm = p.p_vmspace;
  if (vm === null || vm.vm_stacktop === 0 || old === now) return;
  const mapped = vm.vm_stacktop - vm.vm_ssize * PAGE_SIZE;
  const low = Math.max(vm.vm_stacktop - round_page(Math.max(old, now)), mapped);
  const high = vm.vm_stacktop - round_page(Math.min(old, now));
  if (low >= high) return;
  vm_map_protect(k, vm.vm_map, low, high, now > old ? VM_PROT_ALL : VM_PROT_NONE, false);
}

/** Adds `from` to `to`. */
export function ruadd(to: rusage, from: rusage): void {
  to.ru_utime += from.ru_utime;
  to.ru_stime += from.ru_stime;
  to.ru_maxrss = Math.max(to.ru_maxrss, from.ru_maxrss);
  to.ru_minflt += from.ru_minflt;
  to.ru_majflt += from.ru_majflt;
  to.ru_inblock += from.ru_inblock;
  to.ru_oublock += from.ru_oublock;
  to.ru_nsignals += from.ru_nsignals;
  to.ru_nvcsw += from.ru_nvcsw;
  to.ru_nivcsw += from.ru_nivcsw;
}

/** ns that the running thread has used since it was charged last. */
function uncharged(k: Kernel, td: Thread): number {
  if (td !== k.kern.curthread) return 0;
  return (k.machine.instructions - k.kern.switch_instructions) * NSEC_PER_INSTRUCTION;
}

/** CPU time of a thread in ns. */
export function thread_cputime(k: Kernel, td: Thread): number {
  return td.td_runtime + uncharged(k, td);
}

/** CPU time of a process in ns. */
export function proc_cputime(k: Kernel, p: Proc): number {
  let ns = p.p_runtime;
  for (const td of p.p_threads) ns += thread_cputime(k, td);
  return ns;
}

/** Kernel code executes no instructions, so all time is user time. */
export function calcru(k: Kernel, p: Proc, into: rusage): void {
  into.ru_utime = proc_cputime(k, p);
  into.ru_stime = 0;
}

/** What a process has used so far, with its living threads. */
export function rufetch(k: Kernel, p: Proc, into: rusage): void {
  Object.assign(into, p.p_ru);
  for (const td of p.p_threads) ruadd(into, td.td_ru);
  if (p.p_vmspace !== null) {
    into.ru_maxrss = Math.max(into.ru_maxrss, p.p_vmspace.vm_pmap.resident_count * 4);
  }
  calcru(k, p, into);
}

export function kern_getrusage(k: Kernel, td: Thread, who: number, into: rusage): number {
  const p = td.td_proc;
  if (who === RUSAGE_SELF) rufetch(k, p, into);
  else if (who === RUSAGE_CHILDREN) Object.assign(into, p.p_cru);
  else if (who === RUSAGE_THREAD) {
    Object.assign(into, td.td_ru);
    into.ru_utime = thread_cputime(k, td);
  } else return EINVAL;
  return 0;
}

export const RUSAGE_BYTES = 72;

/** struct rusage of i386 at `offset`. */
export function put_rusage(view: DataView, offset: number, ru: rusage): void {
  put_timeval(view, offset, ru.ru_utime);
  put_timeval(view, offset + 8, ru.ru_stime);
  const words = [
    ru.ru_maxrss, ru.ru_ixrss, ru.ru_idrss, ru.ru_isrss, ru.ru_minflt, ru.ru_majflt, ru.ru_nswap,
    ru.ru_inblock, ru.ru_oublock, ru.ru_msgsnd, ru.ru_msgrcv, ru.ru_nsignals, ru.ru_nvcsw, ru.ru_nivcsw,
  ]; // prettier-ignore
  words.forEach((word, i) => view.setInt32(offset + 16 + 4 * i, word, true));
}

export function sys_getrusage(k: Kernel, td: Thread, a: Int32Array): number {
  const ru = rusage_zero();
  const error = kern_getrusage(k, td, a[0], ru);
  if (error !== 0) return error;
  const view = new DataView(new ArrayBuffer(RUSAGE_BYTES));
  put_rusage(view, 0, ru);
  return copyout_view(k, view, a[1]);
}

export function sys_getrlimit(k: Kernel, td: Thread, a: Int32Array): number {
  const limit: rlimit = { rlim_cur: 0, rlim_max: 0 };
  const error = kern_getrlimit(td, a[0], limit);
  if (error !== 0) return error;
  const view = new DataView(new ArrayBuffer(16));
  set_int64(view, 0, limit.rlim_cur);
  set_int64(view, 8, limit.rlim_max);
  return copyout_view(k, view, a[1]);
}

function rlim_of(value: number): number {
  return value >= 2 ** 63 ? RLIM_INFINITY : value;
}

export function sys_setrlimit(k: Kernel, td: Thread, a: Int32Array): number {
  const view = copyin_view(k, a[1], 16);
  if (typeof view === 'number') return view;
  const rlim_cur = rlim_of(get_int64(view, 0));
  const rlim_max = rlim_of(get_int64(view, 8));
  return kern_setrlimit(k, td, a[0], { rlim_cur, rlim_max });
}

// Priorities.

/** The processes that `which` and `who` name. */
function prio_targets(k: Kernel, td: Thread, which: number, who: number): Proc[] | number {
  const cur = td.td_proc;
  switch (which) {
    case PRIO_PROCESS: {
      const p = who === 0 ? cur : pfind(k, who);
      return p === null ? [] : [p];
    }
    case PRIO_PGRP: {
      const pgrp = who === 0 ? cur.p_pgrp : pgfind(k, who);
      return pgrp === null ? [] : [...pgrp.pg_members];
    }
    case PRIO_USER: {
      const uid = who === 0 ? cur.p_ucred.cr_uid : who;
      return [...k.kern.allproc.values()].filter((p) => p.p_ucred.cr_uid === uid);
    }
    default:
      return EINVAL;
  }
}

export function kern_getpriority(k: Kernel, td: Thread, which: number, who: number): number {
  const targets = prio_targets(k, td, which, who);
  if (typeof targets === 'number') return targets;
  if (targets.length === 0) return ESRCH;
  td.td_retval[0] = Math.min(...targets.map((p) => p.p_nice));
  return 0;
}

export function kern_setpriority(
  k: Kernel,
  td: Thread,
  which: number,
  who: number,
  prio: number,
): number {
  const targets = prio_targets(k, td, which, who);
  if (typeof targets === 'number') return targets;
  if (targets.length === 0) return ESRCH;
  const nice = Math.min(Math.max(prio, PRIO_MIN), PRIO_MAX);
  const cred = td.td_proc.p_ucred;
  let error = 0;
  for (const p of targets) {
    if (cred.cr_uid !== 0 && cred.cr_uid !== p.p_ucred.cr_uid) error = EPERM;
    else if (nice < p.p_nice && cred.cr_uid !== 0) error = EACCES;
    else {
      p.p_nice = nice;
      for (const thread of p.p_threads) sched_prio(k, thread);
    }
  }
  return error;
}

// rtprio(2): everything is timesharing.

const RTP_PRIO_REALTIME = 2;
const RTP_PRIO_NORMAL = 3;

/** rtprio and rtprio_thread: what it is can be asked; only NORMAL can be set without root. */
export function sys_rtprio(k: Kernel, td: Thread, a: Int32Array): number {
  const [func, pid, where] = a;
  const p = pid === 0 ? td.td_proc : pfind(k, pid);
  if (p === null && !k.kern.threads.has(pid)) return ESRCH;
  const view = copyin_view(k, where, 4);
  if (typeof view === 'number') return view;
  if (func === 0) {
    view.setUint16(0, RTP_PRIO_NORMAL, true);
    view.setUint16(2, 0, true);
    return copyout_view(k, view, where);
  }
  if (func !== 1) return EINVAL;
  const type = view.getUint16(0, true);
  if (type < RTP_PRIO_REALTIME || type > 10) return EINVAL;
  return 0;
}
