// Limits, priorities, scheduling (kernel/sys.c, kernel/sched/syscalls.c of Linux).

import { copyin, copyout, copyout_words } from '../../i386/support.js';
import { kern_getpriority, kern_setpriority, kern_setrlimit } from '../../kern/kern_resource.js';
import { sched_relinquish } from '../../kern/sched_4bsd.js';
import { copyin_view, copyout_view, get_int64, set_int64 } from '../../kern/subr_buf.js';
import { EACCES, E2BIG, EFAULT, EINVAL, EPERM, ESRCH } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Proc, Thread } from '../../sys/proc.js';
import {
  PRIO_MIN,
  PRIO_PROCESS,
  RLIMIT_CORE,
  RLIMIT_CPU,
  RLIMIT_DATA,
  RLIMIT_FSIZE,
  RLIMIT_MEMLOCK,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_RSS,
  RLIMIT_STACK,
  RLIMIT_VMEM,
  RLIM_INFINITY,
} from '../../sys/resource.js';
import type { rlimit } from '../../sys/resource.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import type { linux_emuldata } from './linux_emul.js';
import { linux_find_thread } from './linux_threads.js';
import { copyout_linux_timespec } from './linux_time.js';

/** FreeBSD's resource by Linux's number. */
const RESOURCES = [
  RLIMIT_CPU,
  RLIMIT_FSIZE,
  RLIMIT_DATA,
  RLIMIT_STACK,
  RLIMIT_CORE,
  RLIMIT_RSS,
  RLIMIT_NPROC,
  RLIMIT_NOFILE,
  RLIMIT_MEMLOCK,
  RLIMIT_VMEM,
];
/** Limits of what does not exist here: locks, pending signals, message queues, nice, rt priority, rt time. */
const FIXED_LIMITS = [RLIM_INFINITY, RLIM_INFINITY, 819200, 0, 0, RLIM_INFINITY];
const RLIM_NLIMITS = RESOURCES.length + FIXED_LIMITS.length;

/** A limit of `p`, or null for an unknown resource. */
function limit_of(p: Proc, resource: number): rlimit | null {
  if (resource < 0 || resource >= RLIM_NLIMITS) return null;
  if (resource < RESOURCES.length) return p.p_limit.pl_rlimit[RESOURCES[resource]];
  const fixed = FIXED_LIMITS[resource - RESOURCES.length];
  return { rlim_cur: fixed, rlim_max: fixed };
}

function set_limit(k: Kernel, td: Thread, p: Proc, resource: number, to: rlimit): number {
  const old = limit_of(p, resource);
  if (old === null || to.rlim_cur > to.rlim_max) return EINVAL;
  const root = td.td_proc.p_ucred.cr_uid === 0;
  if (to.rlim_max > old.rlim_max && !root) return EPERM;
  if (resource >= RESOURCES.length) return 0;
  const which = RESOURCES[resource];
  // fs.nr_open.
  if (which === RLIMIT_NOFILE && to.rlim_max > k.kern.maxfilesperproc) return EPERM;
  return kern_setrlimit(k, p.p_threads[0], which, to);
}

/** getrlimit: `infinity` is how this call writes a limit that is none or does not fit. */
function getrlimit(k: Kernel, td: Thread, a: Int32Array, infinity: number): number {
  const limit = limit_of(td.td_proc, a[0]);
  if (limit === null) return EINVAL;
  const word = (n: number): number => Math.min(n, infinity) | 0;
  return copyout_words(k, [word(limit.rlim_cur), word(limit.rlim_max)], a[1]);
}

function setrlimit(k: Kernel, td: Thread, a: Int32Array): number {
  const view = copyin_view(k, a[1], 8);
  if (typeof view === 'number') return view;
  const at = (offset: number): number => {
    const word = view.getUint32(offset, true);
    return word === 0xffffffff ? RLIM_INFINITY : word;
  };
  return set_limit(k, td, td.td_proc, a[0], { rlim_cur: at(0), rlim_max: at(4) });
}

/** prlimit64(pid, resource, new, old). */
function prlimit64(k: Kernel, td: Thread, a: Int32Array): number {
  const [pid, resource, newp, oldp] = a;
  let to: rlimit | null = null;
  if (newp !== 0) {
    const view = copyin_view(k, newp, 16);
    if (typeof view === 'number') return view;
    // 2^63 and above, which includes infinity, read as negative.
    const at = (offset: number): number => {
      const n = get_int64(view, offset);
      return n < 0 ? RLIM_INFINITY : n;
    };
    to = { rlim_cur: at(0), rlim_max: at(8) };
  }
  const p = pid === 0 ? td.td_proc : (linux_find_thread(k, pid)?.td_proc ?? null);
  if (p === null) return ESRCH;
  const own = td.td_proc.p_ucred;
  if (p !== td.td_proc && own.cr_uid !== 0) {
    const other = p.p_ucred;
    const uids = [other.cr_uid, other.cr_ruid, other.cr_svuid];
    if (uids.some((id) => id !== own.cr_ruid)) return EPERM;
  }
  const limit = limit_of(p, resource);
  if (limit === null) return EINVAL;
  const old = { ...limit };
  const error = to === null ? 0 : set_limit(k, td, p, resource, to);
  if (error !== 0 || oldp === 0) return error;
  const view = new DataView(new ArrayBuffer(16));
  for (const [i, n] of [old.rlim_cur, old.rlim_max].entries()) {
    if (n === RLIM_INFINITY) view.setBigUint64(8 * i, 0xffffffffffffffffn, true);
    else set_int64(view, 8 * i, n);
  }
  return copyout_view(k, view, oldp);
}

// Priorities.

const NICE_MAX = 19;

/** The result is 20 - nice, so that it is never negative. */
function getpriority(k: Kernel, td: Thread, a: Int32Array): number {
  const error = kern_getpriority(k, td, a[0], a[1]);
  if (error === 0) td.td_retval[0] = 20 - td.td_retval[0];
  return error;
}

const clamp_nice = (nice: number): number => Math.min(Math.max(nice, PRIO_MIN), NICE_MAX);

function nice(k: Kernel, td: Thread, a: Int32Array): number {
  const to = clamp_nice(td.td_proc.p_nice + Math.min(Math.max(a[0], -40), 40));
  const error = kern_setpriority(k, td, PRIO_PROCESS, 0, to);
  return error === EACCES ? EPERM : error;
}

// Scheduling: one CPU, everything is timesharing.

const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
const SCHED_RR = 2;
const SCHED_BATCH = 3;
const SCHED_IDLE = 5;
const SCHED_DEADLINE = 6;
const SCHED_RESET_ON_FORK = 0x40000000;
const SCHED_ATTR_SIZE_VER0 = 48;
const SLICE_NS = 100_000_000;

const known = (k: Kernel, tid: number): boolean => tid === 0 || linux_find_thread(k, tid) !== null;

function is_timesharing(policy: number): boolean {
  return policy === SCHED_OTHER || policy === SCHED_BATCH || policy === SCHED_IDLE;
}

/** Without real-time classes, asking for one is refused as it is to who lacks CAP_SYS_NICE. */
function check_policy(policy: number, priority: number): number {
  if (policy === SCHED_FIFO || policy === SCHED_RR)
    return priority >= 1 && priority <= 99 ? EPERM : EINVAL;
  if (!is_timesharing(policy)) return EINVAL;
  return priority === 0 ? 0 : EINVAL;
}

/** The process of a thread id, 0 for the caller's; null when there is none. */
function process_of(k: Kernel, td: Thread, tid: number): Proc | null {
  return tid === 0 ? td.td_proc : (linux_find_thread(k, tid)?.td_proc ?? null);
}

function policy_of(p: Proc): number {
  return (p.p_emuldata as linux_emuldata | null)?.policy ?? SCHED_OTHER;
}

/** @param policy -1 to leave it. */
function set_scheduler(k: Kernel, td: Thread, tid: number, policy: number, uaddr: number): number {
  if (tid < 0 || uaddr === 0) return EINVAL;
  const view = copyin_view(k, uaddr, 4);
  if (typeof view === 'number') return view;
  const p = process_of(k, td, tid);
  if (p === null) return ESRCH;
  const to = policy === -1 ? policy_of(p) : policy & ~SCHED_RESET_ON_FORK;
  const error = check_policy(to, view.getInt32(0, true));
  if (error === 0 && p.p_emuldata !== null) p.p_emuldata = { ...p.p_emuldata, policy: to };
  return error;
}

function getaffinity(k: Kernel, td: Thread, a: Int32Array): number {
  const [tid, len, mask] = a;
  if (u(len) < 4 || len & 3) return EINVAL;
  if (!known(k, tid)) return ESRCH;
  td.td_retval[0] = 4;
  return copyout_words(k, [1], mask);
}

function setaffinity(k: Kernel, _td: Thread, a: Int32Array): number {
  const [tid, len, mask] = a;
  const bytes = new Uint8Array(Math.min(u(len), 4));
  if (copyin(k, mask, bytes) !== 0) return EFAULT;
  if (!known(k, tid)) return ESRCH;
  return bytes.length > 0 && bytes[0] & 1 ? 0 : EINVAL;
}

/** struct sched_attr: size, policy, flags (64 bits), nice, priority, three deadline times. */
function sched_getattr(k: Kernel, td: Thread, a: Int32Array): number {
  const [tid, uaddr, size, flags] = a;
  if (uaddr === 0 || tid < 0 || flags !== 0) return EINVAL;
  if (u(size) < SCHED_ATTR_SIZE_VER0 || u(size) > 4096) return EINVAL;
  const p = process_of(k, td, tid);
  if (p === null) return ESRCH;
  const view = new DataView(new ArrayBuffer(SCHED_ATTR_SIZE_VER0));
  view.setUint32(0, SCHED_ATTR_SIZE_VER0, true);
  view.setInt32(4, policy_of(p), true);
  view.setInt32(16, p.p_nice, true);
  return copyout_view(k, view, uaddr);
}

function sched_setattr(k: Kernel, td: Thread, a: Int32Array): number {
  const [tid, uaddr, flags] = a;
  if (uaddr === 0 || tid < 0 || flags !== 0) return EINVAL;
  const head = copyin_view(k, uaddr, 4);
  if (typeof head === 'number') return head;
  const size = head.getUint32(0, true) || SCHED_ATTR_SIZE_VER0;
  if (size < SCHED_ATTR_SIZE_VER0 || size > 4096) return E2BIG;
  const view = copyin_view(k, uaddr, SCHED_ATTR_SIZE_VER0);
  if (typeof view === 'number') return view;
  if (!known(k, tid)) return ESRCH;
  const error = check_policy(view.getUint32(4, true), view.getInt32(20, true));
  if (error !== 0) return error;
  const to = clamp_nice(view.getInt32(16, true));
  const failed = kern_setpriority(k, td, PRIO_PROCESS, tid, to);
  return failed === EACCES ? EPERM : failed;
}

function sched_yield(k: Kernel): number {
  sched_relinquish(k);
  return 0;
}

function priority_range(td: Thread, policy: number, realtime: number): number {
  if (policy === SCHED_FIFO || policy === SCHED_RR) td.td_retval[0] = realtime;
  else if (is_timesharing(policy) || policy === SCHED_DEADLINE) td.td_retval[0] = 0;
  else return EINVAL;
  return 0;
}

function rr_get_interval(k: Kernel, a: Int32Array, wide: boolean): number {
  if (a[0] < 0) return EINVAL;
  return known(k, a[0]) ? copyout_linux_timespec(k, SLICE_NS, a[1], wide) : ESRCH;
}

export const linux_resource_calls: linux_calls = {
  getrlimit: [2, (k, td, a) => getrlimit(k, td, a, 0x7fffffff)],
  ugetrlimit: [2, (k, td, a) => getrlimit(k, td, a, 0xffffffff)],
  setrlimit: [2, setrlimit],
  prlimit64: [4, prlimit64],
  getpriority: [2, getpriority],
  setpriority: [3, (k, td, a) => kern_setpriority(k, td, a[0], a[1], clamp_nice(a[2]))],
  nice: [1, nice],
  sched_yield: [0, sched_yield],
  sched_getaffinity: [3, getaffinity],
  sched_setaffinity: [3, setaffinity],
  sched_getparam: [
    2,
    (k, _td, a) => {
      if (a[0] < 0 || a[1] === 0) return EINVAL;
      return known(k, a[0]) ? copyout(k, new Uint8Array(4), a[1]) : ESRCH;
    },
  ],
  sched_setparam: [2, (k, td, a) => set_scheduler(k, td, a[0], -1, a[1])],
  sched_getscheduler: [
    1,
    (k, td, a) => {
      if (a[0] < 0) return EINVAL;
      const p = process_of(k, td, a[0]);
      if (p === null) return ESRCH;
      td.td_retval[0] = policy_of(p);
      return 0;
    },
  ],
  sched_setscheduler: [
    3,
    (k, td, a) => (a[1] < 0 ? EINVAL : set_scheduler(k, td, a[0], a[1], a[2])),
  ],
  sched_get_priority_max: [1, (_k, td, a) => priority_range(td, a[0], 99)],
  sched_get_priority_min: [1, (_k, td, a) => priority_range(td, a[0], 1)],
  sched_rr_get_interval: [2, (k, _td, a) => rr_get_interval(k, a, false)],
  sched_rr_get_interval_time64: [2, (k, _td, a) => rr_get_interval(k, a, true)],
  sched_getattr: [4, sched_getattr],
  sched_setattr: [3, sched_setattr],
};
