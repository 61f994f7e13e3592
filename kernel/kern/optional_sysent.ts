// FreeBSD's calls of facilities that a kernel can be built without, answered as such a kernel does,
// and those about login classes and timers.

import {
  EAFNOSUPPORT,
  EFAULT,
  EINVAL,
  ENAMETOOLONG,
  ENOENT,
  ENOSYS,
  EPERM,
  ERANGE,
  ESRCH,
} from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread, ktimer } from '../sys/proc.js';
import { SIGALRM } from '../sys/signal.js';
import type { sy_call, sysent } from '../sys/sysent.js';
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from '../sys/time.js';
import { bytes_of, copyinstr, copyout, copyout_words, useracc_touch } from '../i386/support.js';
import {
  ITC_REALTIME,
  ITC_UPTIME,
  kern_ktimer_create,
  kern_ktimer_delete,
  kern_ktimer_gettime,
  kern_ktimer_settime,
} from './kern_itimer.js';
import { nanouptime } from './kern_clock.js';
import { copyin_view, copyout_view, get_timespec, get_timeval, put_timespec } from './subr_buf.js';

const call = (sy_name: string, sy_narg: number, sy_call: sy_call): sysent => ({
  sy_name,
  sy_narg,
  sy_call,
});
const not_configured: sy_call = () => ENOSYS;

function sys_settimeofday(k: Kernel, td: Thread, a: Int32Array): number {
  if (td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
  if (a[0] === 0) return 0;
  const view = copyin_view(k, a[0], 8);
  if (typeof view === 'number') return view;
  const ns = get_timeval(view, 0);
  if (ns < 0) return EINVAL;
  k.kern.boottime = ns - nanouptime(k);
  return 0;
}

// Timers: struct sigevent has notify, signo, value, thread; struct itimerspec interval and value.

const SIGEV_NONE = 0;
const SIGEV_SIGNAL = 1;
const SIGEV_THREAD_ID = 4;
const SIGEV_BYTES = 16;
const ITIMERSPEC_BYTES = 16;
const SIG_MAX = 128;
const TIMER_ABSTIME = 1;

function sys_ktimer_create(k: Kernel, td: Thread, a: Int32Array): number {
  const [clock, evp, idp] = a;
  if (clock !== CLOCK_REALTIME && clock !== CLOCK_MONOTONIC) return EINVAL;
  if (useracc_touch(k, idp, 4, true) !== 0) return EFAULT;
  let signo = SIGALRM;
  let value: number | null = null;
  let target: Thread | null = null;
  if (evp !== 0) {
    const view = copyin_view(k, evp, SIGEV_BYTES);
    if (typeof view === 'number') return view;
    const notify = view.getInt32(0, true);
    if (notify !== SIGEV_NONE && notify !== SIGEV_SIGNAL && notify !== SIGEV_THREAD_ID)
      return EINVAL;
    signo = notify === SIGEV_NONE ? 0 : view.getInt32(4, true);
    if (notify !== SIGEV_NONE && (signo <= 0 || signo > SIG_MAX)) return EINVAL;
    value = view.getInt32(8, true);
    if (notify === SIGEV_THREAD_ID) {
      target = k.kern.threads.get(view.getInt32(12, true)) ?? null;
      if (target === null || target.td_proc !== td.td_proc) return EINVAL;
    }
  }
  const itc = clock === CLOCK_REALTIME ? ITC_REALTIME : ITC_UPTIME;
  const timer = kern_ktimer_create(td, itc, signo, target, value);
  return typeof timer === 'number' ? timer : copyout_words(k, [timer.it_id], idp);
}

function with_timer(td: Thread, id: number, f: (t: ktimer) => number): number {
  const timer = td.td_proc.p_itimers.get(id);
  return timer === undefined ? EINVAL : f(timer);
}

function give_timer(k: Kernel, t: ktimer, uaddr: number): number {
  const { it_interval, it_value } = kern_ktimer_gettime(k, t);
  const view = new DataView(new ArrayBuffer(ITIMERSPEC_BYTES));
  put_timespec(view, 0, it_interval);
  put_timespec(view, 8, it_value);
  return copyout_view(k, view, uaddr);
}

/** ktimer_settime(id, flags, value, ovalue). */
function sys_ktimer_settime(k: Kernel, td: Thread, a: Int32Array): number {
  const [id, flags, valuep, ovaluep] = a;
  const view = copyin_view(k, valuep, ITIMERSPEC_BYTES);
  if (typeof view === 'number') return view;
  const period = get_timespec(view, 0);
  const it_value = get_timespec(view, 8);
  return with_timer(td, id, (t) => {
    if (it_value < 0 || period < 0) return EINVAL;
    const error = ovaluep === 0 ? 0 : give_timer(k, t, ovaluep);
    if (error !== 0) return error;
    const it_interval = it_value === 0 ? 0 : period;
    kern_ktimer_settime(k, t, { it_interval, it_value }, (flags & TIMER_ABSTIME) !== 0);
    return 0;
  });
}

// CPU-time clocks of a process or thread: the number with a mark (kern_time.c).

const CPUCLOCK_BIT = 0x80000000;
const CPUCLOCK_PROCESS_BIT = 0x40000000;

/** clock_getcpuclockid2(id (64 bits), which, clock_id); id 0 is the caller. */
function sys_clock_getcpuclockid2(k: Kernel, td: Thread, a: Int32Array): number {
  const [id, , which, clockp] = a;
  if (which === 0) {
    const pid = id === 0 ? td.td_proc.p_pid : id;
    if (!k.kern.allproc.has(pid)) return ESRCH;
    return copyout_words(k, [CPUCLOCK_BIT | CPUCLOCK_PROCESS_BIT | pid], clockp);
  }
  if (which !== 1) return EINVAL;
  const tid = id === 0 ? td.td_tid : id;
  return k.kern.threads.has(tid) ? copyout_words(k, [CPUCLOCK_BIT | tid], clockp) : ESRCH;
}

const LOGIN_CLASS = 'default';
const MAXLOGNAME = 33;

function sys_getloginclass(k: Kernel, _td: Thread, a: Int32Array): number {
  const bytes = bytes_of(`${LOGIN_CLASS}\0`);
  return bytes.length > a[1] >>> 0 ? ERANGE : copyout(k, bytes, a[0]);
}

/** There is one login class. */
function sys_setloginclass(k: Kernel, td: Thread, a: Int32Array): number {
  if (td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
  const name = copyinstr(k, a[0], MAXLOGNAME);
  if (typeof name === 'number') return name;
  if (name.length >= MAXLOGNAME) return ENAMETOOLONG;
  return name === LOGIN_CLASS ? 0 : EINVAL;
}

/** Calls by number (sys/kern/syscalls.master). */
export const optional_sysent: Record<number, sysent> = {
  45: call('ktrace', 4, not_configured),
  97: call('socket', 3, () => EAFNOSUPPORT),
  122: call('settimeofday', 2, sys_settimeofday),
  235: call('ktimer_create', 3, sys_ktimer_create),
  236: call('ktimer_delete', 1, (k, td, a) =>
    with_timer(td, a[0], (t) => {
      kern_ktimer_delete(k, t);
      return 0;
    }),
  ),
  237: call('ktimer_settime', 4, sys_ktimer_settime),
  238: call('ktimer_gettime', 2, (k, td, a) => with_timer(td, a[0], (t) => give_timer(k, t, a[1]))),
  239: call('ktimer_getoverrun', 1, (_k, td, a) =>
    with_timer(td, a[0], (t) => {
      td.td_retval[0] = t.it_overrun;
      return 0;
    }),
  ),
  247: call('clock_getcpuclockid2', 4, sys_clock_getcpuclockid2),
  303: call('modfind', 1, () => ENOENT),
  306: call('kldfind', 1, () => ENOENT),
  335: call('utrace', 2, not_configured),
  515: call('__cap_rights_get', 3, not_configured),
  516: call('cap_enter', 0, not_configured),
  517: call('cap_getmode', 1, not_configured),
  523: call('getloginclass', 2, sys_getloginclass),
  524: call('setloginclass', 1, sys_setloginclass),
  533: call('cap_rights_limit', 2, not_configured),
  534: call('cap_ioctls_limit', 3, not_configured),
  535: call('cap_ioctls_get', 3, not_configured),
  536: call('cap_fcntls_limit', 2, not_configured),
  537: call('cap_fcntls_get', 2, not_configured),
};
