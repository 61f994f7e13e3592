// Clocks, sleeping and interval timers (kern_time.c).

import { EINTR, EINVAL, EPERM, EWOULDBLOCK, ERESTART } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { Proc, Thread } from '../sys/proc.js';
import { PRS_ZOMBIE } from '../sys/proc.js';
import { SIGALRM, SIGPROF, SIGVTALRM } from '../sys/signal.js';
import {
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_FAST,
  CLOCK_MONOTONIC_PRECISE,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_PROF,
  CLOCK_REALTIME,
  CLOCK_REALTIME_FAST,
  CLOCK_REALTIME_PRECISE,
  CLOCK_SECOND,
  CLOCK_THREAD_CPUTIME_ID,
  CLOCK_UPTIME,
  CLOCK_UPTIME_FAST,
  CLOCK_UPTIME_PRECISE,
  CLOCK_VIRTUAL,
  ITIMER_PROF,
  ITIMER_REAL,
  NSEC_PER_SEC,
} from '../sys/time.js';
import type { itimer } from '../sys/time.js';
import { useracc_touch } from '../i386/support.js';
import { nanotime, nanouptime } from './kern_clock.js';
import { proc_cputime, thread_cputime } from './kern_resource.js';
import { psignal } from './kern_sig.js';
import { PCATCH, tsleep } from './kern_synch.js';
import { callout_reset_at, callout_stop } from './kern_timeout.js';
import {
  copyin_view,
  copyout_timespec,
  copyout_view,
  get_timespec,
  get_timeval,
  put_timeval,
} from './subr_buf.js';

/** Time of a clock in ns, or -1 for an unknown one. */
export function kern_clock_ns(k: Kernel, td: Thread, clock: number): number {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_PRECISE:
    case CLOCK_REALTIME_FAST:
      return nanotime(k);
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_PRECISE:
    case CLOCK_MONOTONIC_FAST:
    case CLOCK_UPTIME:
    case CLOCK_UPTIME_PRECISE:
    case CLOCK_UPTIME_FAST:
      return nanouptime(k);
    case CLOCK_SECOND:
      return Math.floor(nanotime(k) / NSEC_PER_SEC) * NSEC_PER_SEC;
    case CLOCK_THREAD_CPUTIME_ID:
      return thread_cputime(k, td);
    case CLOCK_VIRTUAL:
    case CLOCK_PROF:
    case CLOCK_PROCESS_CPUTIME_ID:
      return proc_cputime(k, td.td_proc);
    default:
      return clock < 0 ? cpu_clock_ns(k, td, clock) : -1;
  }
}

/** A clock of clock_getcpuclockid2: CPU time of a process, or of a thread of the caller's. */
function cpu_clock_ns(k: Kernel, td: Thread, clock: number): number {
  const id = clock & 0x3fffffff;
  if (clock & 0x40000000) {
    const p = k.kern.allproc.get(id);
    return p === undefined ? -1 : proc_cputime(k, p);
  }
  const target = k.kern.threads.get(id);
  return target?.td_proc === td.td_proc ? thread_cputime(k, target) : -1;
}

export function sys_clock_gettime(k: Kernel, td: Thread, a: Int32Array): number {
  const ns = kern_clock_ns(k, td, a[0]);
  return ns < 0 ? EINVAL : copyout_timespec(k, ns, a[1]);
}

/** Nobody may set the clock: it is the machine's. */
export function sys_clock_settime(k: Kernel, td: Thread, a: Int32Array): number {
  if (td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
  if (a[0] !== CLOCK_REALTIME) return EINVAL;
  const view = copyin_view(k, a[1], 8);
  if (typeof view === 'number') return view;
  const ns = get_timespec(view, 0);
  if (ns < 0) return EINVAL;
  k.kern.boottime = ns - nanouptime(k);
  return 0;
}

export function sys_clock_getres(k: Kernel, td: Thread, a: Int32Array): number {
  if (kern_clock_ns(k, td, a[0]) < 0) return EINVAL;
  if (a[1] === 0) return 0;
  return copyout_timespec(k, a[0] === CLOCK_SECOND ? NSEC_PER_SEC : 10, a[1]);
}

export function sys_gettimeofday(k: Kernel, _td: Thread, a: Int32Array): number {
  const view = new DataView(new ArrayBuffer(8));
  if (a[0] !== 0) {
    put_timeval(view, 0, nanotime(k));
    const error = copyout_view(k, view, a[0]);
    if (error !== 0) return error;
  }
  if (a[1] === 0) return 0;
  view.setInt32(0, 0, true);
  view.setInt32(4, 0, true);
  return copyout_view(k, view, a[1]);
}

/** The moment a sleep ends, kept between executions of the call. */
interface sleep_progress {
  sleep_until: number;
}

/**
 * Sleeps until uptime `begin + ns`. @returns 0, or EINTR with the ns left in `left`.
 * The deadline is kept from the first execution of the call on.
 */
export function kern_nanosleep(k: Kernel, td: Thread, ns: number, left: { ns: number }): number {
  if (ns === 0) return 0;
  const progress = (td.td_progress as sleep_progress | null) ?? {
    sleep_until: nanouptime(k) + ns,
  };
  td.td_progress = progress;
  const error = tsleep(k, progress, PCATCH, 'nanslp', progress.sleep_until);
  if (error === EWOULDBLOCK) return 0;
  left.ns = Math.max(0, progress.sleep_until - nanouptime(k));
  return error === ERESTART ? EINTR : error;
}

function user_nanosleep(k: Kernel, td: Thread, rqtp: number, rmtp: number): number {
  const view = copyin_view(k, rqtp, 8);
  if (typeof view === 'number') return view;
  const ns = get_timespec(view, 0);
  if (ns < 0) return EINVAL;
  if (rmtp !== 0) {
    const error = useracc_touch(k, rmtp, 8, true);
    if (error !== 0) return error;
  }
  const left = { ns: 0 };
  const error = kern_nanosleep(k, td, ns, left);
  if (error === EINTR && rmtp !== 0) copyout_timespec(k, left.ns, rmtp);
  return error;
}

export function sys_nanosleep(k: Kernel, td: Thread, a: Int32Array): number {
  return user_nanosleep(k, td, a[0], a[1]);
}

/** clock_nanosleep(clock, flags, rqtp, rmtp); flags 1 is TIMER_ABSTIME. The errno is the result. */
export function sys_clock_nanosleep(k: Kernel, td: Thread, a: Int32Array): number {
  const [clock, flags, rqtp, rmtp] = a;
  if (flags & ~1) return EINVAL;
  const now = kern_clock_ns(k, td, clock);
  if (now < 0 || clock === CLOCK_THREAD_CPUTIME_ID) return EINVAL;
  if ((flags & 1) === 0) return user_nanosleep(k, td, rqtp, rmtp);
  const view = copyin_view(k, rqtp, 8);
  if (typeof view === 'number') return view;
  const until = get_timespec(view, 0);
  if (until < 0) return EINVAL;
  return until <= now ? 0 : kern_nanosleep(k, td, until - now, { ns: 0 });
}

// Interval timers.

/** ITIMER_REAL fires: SIGALRM, and the next period without drift. */
export function realitexpire(k: Kernel, arg: object | null): void {
  const p = arg as Proc;
  if (p.p_state === PRS_ZOMBIE) return;
  const timer = p.p_realtimer;
  psignal(k, p, SIGALRM);
  if (timer.it_interval === 0) {
    timer.it_value = 0;
    return;
  }
  const now = nanouptime(k);
  do timer.it_value += timer.it_interval;
  while (timer.it_value <= now);
  callout_reset_at(k, p.p_realtimer_callout, timer.it_value);
}

/** What is left and the period, both in ns. */
export function kern_getitimer(k: Kernel, td: Thread, which: number, into: itimer): number {
  const p = td.td_proc;
  if (which < ITIMER_REAL || which > ITIMER_PROF) return EINVAL;
  const timer = which === ITIMER_REAL ? p.p_realtimer : p.p_timer[which - 1];
  const now = which === ITIMER_REAL ? nanouptime(k) : proc_cputime(k, p);
  into.it_interval = timer.it_interval;
  into.it_value = timer.it_value === 0 ? 0 : Math.max(timer.it_value - now, 1000);
  return 0;
}

export function kern_setitimer(k: Kernel, td: Thread, which: number, to: itimer): number {
  const p = td.td_proc;
  if (which < ITIMER_REAL || which > ITIMER_PROF) return EINVAL;
  if (which === ITIMER_REAL) {
    callout_stop(k, p.p_realtimer_callout);
    p.p_realtimer.it_interval = to.it_interval;
    p.p_realtimer.it_value = to.it_value === 0 ? 0 : nanouptime(k) + to.it_value;
    if (to.it_value !== 0) callout_reset_at(k, p.p_realtimer_callout, p.p_realtimer.it_value);
    return 0;
  }
  const timer = p.p_timer[which - 1];
  timer.it_interval = to.it_interval;
  timer.it_value = to.it_value === 0 ? 0 : proc_cputime(k, p) + to.it_value;
  k.kern.need_resched = true; // the slice is computed anew
  return 0;
}

/** Fires the virtual timers that are due: called at the end of a slice. */
export function itimer_check(k: Kernel, p: Proc): void {
  for (let i = 0; i < 2; i++) {
    const timer = p.p_timer[i];
    if (timer.it_value === 0) continue;
    const now = proc_cputime(k, p);
    if (now < timer.it_value) continue;
    if (timer.it_interval === 0) timer.it_value = 0;
    else do timer.it_value += timer.it_interval; while (timer.it_value <= now); // prettier-ignore
    psignal(k, p, i === 0 ? SIGVTALRM : SIGPROF);
  }
}

/** ns of CPU time until the next virtual timer of `p`, Infinity for none. */
export function itimer_next(k: Kernel, p: Proc): number {
  let next = Infinity;
  for (const timer of p.p_timer) {
    if (timer.it_value !== 0) next = Math.min(next, timer.it_value - proc_cputime(k, p));
  }
  return next;
}

function put_itimer(k: Kernel, timer: itimer, uaddr: number): number {
  const view = new DataView(new ArrayBuffer(16));
  put_timeval(view, 0, timer.it_interval);
  put_timeval(view, 8, timer.it_value);
  return copyout_view(k, view, uaddr);
}

export function sys_getitimer(k: Kernel, td: Thread, a: Int32Array): number {
  const timer: itimer = { it_interval: 0, it_value: 0 };
  const error = kern_getitimer(k, td, a[0], timer);
  return error !== 0 ? error : put_itimer(k, timer, a[1]);
}

export function sys_setitimer(k: Kernel, td: Thread, a: Int32Array): number {
  const [which, itv, oitv] = a;
  if (itv === 0) return sys_getitimer(k, td, new Int32Array([which, oitv]));
  const view = copyin_view(k, itv, 16);
  if (typeof view === 'number') return view;
  const it_interval = get_timeval(view, 0);
  const it_value = get_timeval(view, 8);
  if (it_interval < 0 || it_value < 0) return EINVAL;
  const old: itimer = { it_interval: 0, it_value: 0 };
  const error = kern_getitimer(k, td, which, old);
  if (error !== 0) return error;
  if (oitv !== 0) {
    const copied = put_itimer(k, old, oitv);
    if (copied !== 0) return copied;
  }
  return kern_setitimer(k, td, which, { it_interval: it_value === 0 ? 0 : it_interval, it_value });
}
