// Time: clocks, sleeping, interval timers, usage (kernel/time, kernel/sys.c of Linux).

import { copyout_words, useracc_touch } from '../../i386/support.js';
import { nanotime, nanouptime } from '../../kern/kern_clock.js';
import { pfind } from '../../kern/kern_proc.js';
import {
  RUSAGE_BYTES,
  kern_getrusage,
  proc_cputime,
  put_rusage,
  thread_cputime,
} from '../../kern/kern_resource.js';
import { kern_getitimer, kern_nanosleep, kern_setitimer } from '../../kern/kern_time.js';
import {
  copyin_view,
  copyout_view,
  get_int64,
  get_timespec,
  get_timeval,
  put_timespec,
  put_timeval,
  set_int64,
} from '../../kern/subr_buf.js';
import { EFAULT, EINTR, EINVAL, EOPNOTSUPP, EPERM } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { rusage_zero } from '../../sys/resource.js';
import { ITIMER_REAL, NSEC_PER_SEC } from '../../sys/time.js';
import type { itimer } from '../../sys/time.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { linux_find_thread } from './linux_threads.js';

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const CLOCK_PROCESS_CPUTIME_ID = 2;
const CLOCK_THREAD_CPUTIME_ID = 3;
const CLOCK_MONOTONIC_RAW = 4;
const CLOCK_REALTIME_COARSE = 5;
const CLOCK_MONOTONIC_COARSE = 6;
const CLOCK_BOOTTIME = 7;
const CLOCK_REALTIME_ALARM = 8;
const CLOCK_BOOTTIME_ALARM = 9;
const CLOCK_TAI = 11;
const TIMER_ABSTIME = 1;
/** A tick of the coarse clocks: HZ is 250. */
const TICK_NS = 4_000_000;
const USER_HZ = 100;

/** The clock of CPU time that a negative id names (posix-cpu-timers.c), in ns, or -1. */
function cpu_clock_ns(k: Kernel, td: Thread, clock: number): number {
  const pid = ~(clock >> 3);
  if ((clock & 3) === 3) return -1;
  if (clock & 4) {
    const thread = pid === 0 ? td : linux_find_thread(k, pid);
    return thread === null || thread.td_proc !== td.td_proc ? -1 : thread_cputime(k, thread);
  }
  const p = pid === 0 ? td.td_proc : pfind(k, pid);
  return p === null ? -1 : proc_cputime(k, p);
}

/** Time of a clock in ns, or -1 for an unknown one. */
export function linux_clock_ns(k: Kernel, td: Thread, clock: number): number {
  if (clock < 0) return cpu_clock_ns(k, td, clock);
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
      return nanotime(k);
    case CLOCK_REALTIME_COARSE: {
      const now = nanotime(k);
      return now - (now % TICK_NS);
    }
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      return nanouptime(k);
    case CLOCK_MONOTONIC_COARSE: {
      const now = nanouptime(k);
      return now - (now % TICK_NS);
    }
    case CLOCK_PROCESS_CPUTIME_ID:
      return proc_cputime(k, td.td_proc);
    case CLOCK_THREAD_CPUTIME_ID:
      return thread_cputime(k, td);
    default:
      return -1;
  }
}

/** Writes a struct timespec, with 64-bit fields when `wide`. */
export function copyout_linux_timespec(
  k: Kernel,
  ns: number,
  uaddr: number,
  wide: boolean,
): number {
  const view = new DataView(new ArrayBuffer(wide ? 16 : 8));
  if (wide) {
    const sec = Math.floor(ns / NSEC_PER_SEC);
    set_int64(view, 0, sec);
    set_int64(view, 8, Math.floor(ns - sec * NSEC_PER_SEC));
  } else put_timespec(view, 0, ns);
  return copyout_view(k, view, uaddr);
}

/** Reads a struct timespec: ns, or a negative errno. */
export function copyin_linux_timespec(k: Kernel, uaddr: number, wide: boolean): number {
  const view = copyin_view(k, uaddr, wide ? 16 : 8);
  if (typeof view === 'number') return -view;
  return timespec_at(view, 0, wide);
}

/** ns of the struct timespec at `offset`, or -EINVAL. */
export function timespec_at(view: DataView, offset: number, wide: boolean): number {
  let ns: number;
  if (wide) {
    const sec = get_int64(view, offset);
    // The upper half of a 32-bit program's nanoseconds is padding.
    const nsec = view.getInt32(offset + 8, true);
    ns = sec < 0 || nsec < 0 || nsec >= NSEC_PER_SEC ? -1 : sec * NSEC_PER_SEC + nsec;
  } else ns = get_timespec(view, offset);
  return ns < 0 ? -EINVAL : ns;
}

function clock_gettime(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  const ns = linux_clock_ns(k, td, a[0]);
  return ns < 0 ? EINVAL : copyout_linux_timespec(k, ns, a[1], wide);
}

function clock_getres(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  if (linux_clock_ns(k, td, a[0]) < 0) return EINVAL;
  if (a[1] === 0) return 0;
  const coarse = a[0] === CLOCK_REALTIME_COARSE || a[0] === CLOCK_MONOTONIC_COARSE;
  return copyout_linux_timespec(k, coarse ? TICK_NS : 1, a[1], wide);
}

/** Only root sets the clock, and only that of the day. */
function clock_settime(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  if (a[0] !== CLOCK_REALTIME) return EINVAL;
  const ns = copyin_linux_timespec(k, a[1], wide);
  return ns < 0 ? -ns : set_time(k, td, ns);
}

function set_time(k: Kernel, td: Thread, ns: number): number {
  if (td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
  k.kern.boottime = ns - nanouptime(k);
  return 0;
}

// Sleeping.

/** Sleeps for `ns`; with a signal, what is left goes to `rmtp` (0: nowhere). */
function sleep_for(k: Kernel, td: Thread, ns: number, rmtp: number, wide: boolean): number {
  const left = { ns: 0 };
  const error = kern_nanosleep(k, td, ns, left);
  if (error === EINTR && rmtp !== 0 && copyout_linux_timespec(k, left.ns, rmtp, wide) !== 0)
    return EFAULT;
  return error;
}

function touch_rmtp(k: Kernel, rmtp: number, wide: boolean): void {
  // So that the copy at the end does not sleep; a bad address is noticed only when it is needed.
  if (rmtp !== 0) useracc_touch(k, u(rmtp), wide ? 16 : 8, true);
}

function nanosleep(k: Kernel, td: Thread, a: Int32Array): number {
  const ns = copyin_linux_timespec(k, a[0], false);
  if (ns < 0) return -ns;
  touch_rmtp(k, a[1], false);
  return sleep_for(k, td, ns, a[1], false);
}

/** clock_nanosleep(clock, flags, rqtp, rmtp). */
function clock_nanosleep(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  const [clock, flags, rqtp, rmtp] = a;
  const now = linux_clock_ns(k, td, clock);
  if (now < 0) return EINVAL;
  switch (clock) {
    case CLOCK_THREAD_CPUTIME_ID:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
      return EOPNOTSUPP;
  }
  const ns = copyin_linux_timespec(k, rqtp, wide);
  if (ns < 0) return -ns;
  if ((flags & TIMER_ABSTIME) === 0) {
    touch_rmtp(k, rmtp, wide);
    return sleep_for(k, td, ns, rmtp, wide);
  }
  if (td.td_progress === null && ns <= now) return 0;
  return kern_nanosleep(k, td, Math.max(ns - now, 1), { ns: 0 });
}

// Time of day.

function time(k: Kernel, td: Thread, a: Int32Array): number {
  const sec = Math.floor(nanotime(k) / NSEC_PER_SEC);
  td.td_retval[0] = sec | 0;
  return a[0] === 0 ? 0 : copyout_words(k, [sec], a[0]);
}

function gettimeofday(k: Kernel, _td: Thread, a: Int32Array): number {
  if (a[0] !== 0) {
    const view = new DataView(new ArrayBuffer(8));
    put_timeval(view, 0, nanotime(k));
    const error = copyout_view(k, view, a[0]);
    if (error !== 0) return error;
  }
  return a[1] === 0 ? 0 : copyout_words(k, [0, 0], a[1]);
}

function settimeofday(k: Kernel, td: Thread, a: Int32Array): number {
  if (a[0] === 0) return td.td_proc.p_ucred.cr_uid === 0 ? 0 : EPERM;
  const view = copyin_view(k, a[0], 8);
  if (typeof view === 'number') return view;
  const ns = get_timeval(view, 0);
  return ns < 0 ? EINVAL : set_time(k, td, ns);
}

function stime(k: Kernel, td: Thread, a: Int32Array): number {
  const view = copyin_view(k, a[0], 4);
  return typeof view === 'number' ? view : set_time(k, td, view.getInt32(0, true) * NSEC_PER_SEC);
}

const clock_t = (ns: number): number => Math.floor(ns / (NSEC_PER_SEC / USER_HZ)) | 0;

function times(k: Kernel, td: Thread, a: Int32Array): number {
  td.td_retval[0] = clock_t(nanouptime(k));
  if (a[0] === 0) return 0;
  const { p_cru } = td.td_proc;
  const own = clock_t(proc_cputime(k, td.td_proc));
  return copyout_words(k, [own, 0, clock_t(p_cru.ru_utime), clock_t(p_cru.ru_stime)], a[0]);
}

function getrusage(k: Kernel, td: Thread, a: Int32Array): number {
  const ru = rusage_zero();
  const error = kern_getrusage(k, td, a[0], ru);
  if (error !== 0) return error;
  // Linux counts neither signals nor anything else that put_rusage has no number for.
  ru.ru_nsignals = 0;
  const view = new DataView(new ArrayBuffer(RUSAGE_BYTES));
  put_rusage(view, 0, ru);
  return copyout_view(k, view, a[1]);
}

// Interval timers.

function getitimer(k: Kernel, td: Thread, which: number, uaddr: number): number {
  const timer: itimer = { it_interval: 0, it_value: 0 };
  const error = kern_getitimer(k, td, which, timer);
  return error !== 0 ? error : copyout_itimer(k, timer, uaddr);
}

function copyout_itimer(k: Kernel, timer: itimer, uaddr: number): number {
  const view = new DataView(new ArrayBuffer(16));
  put_timeval(view, 0, timer.it_interval);
  put_timeval(view, 8, timer.it_value);
  return copyout_view(k, view, uaddr);
}

/** Without a value the timer is stopped. */
function setitimer(k: Kernel, td: Thread, a: Int32Array): number {
  const [which, itv, oitv] = a;
  const to: itimer = { it_interval: 0, it_value: 0 };
  if (itv !== 0) {
    const view = copyin_view(k, itv, 16);
    if (typeof view === 'number') return view;
    to.it_interval = get_timeval(view, 0);
    to.it_value = get_timeval(view, 8);
    if (to.it_interval < 0 || to.it_value < 0) return EINVAL;
    if (to.it_value === 0) to.it_interval = 0;
  }
  const old: itimer = { it_interval: 0, it_value: 0 };
  const error = kern_getitimer(k, td, which, old) || kern_setitimer(k, td, which, to);
  if (error !== 0 || oitv === 0) return error;
  return copyout_itimer(k, old, oitv);
}

function alarm(k: Kernel, td: Thread, a: Int32Array): number {
  const old: itimer = { it_interval: 0, it_value: 0 };
  kern_getitimer(k, td, ITIMER_REAL, old);
  const it_value = Math.min(u(a[0]), 0x7fffffff) * NSEC_PER_SEC;
  kern_setitimer(k, td, ITIMER_REAL, { it_interval: 0, it_value });
  // Rounded, but never to nothing.
  const left = Math.round(old.it_value / NSEC_PER_SEC);
  td.td_retval[0] = old.it_value > 0 ? Math.max(left, 1) : 0;
  return 0;
}

// Clock discipline: there is none, so it can be read only.

const STA_UNSYNC = 0x40;
const TIME_ERROR = 5;
const TIMEX_BYTES = 128;
const MAXERROR_US = 16_000_000;
const MAXFREQ = 32_768_000;

function adjtimex(k: Kernel, td: Thread, uaddr: number): number {
  const view = copyin_view(k, uaddr, TIMEX_BYTES);
  if (typeof view === 'number') return view;
  if (view.getUint32(0, true) !== 0) return EPERM;
  const words = [0, 0, 0, MAXERROR_US, MAXERROR_US, STA_UNSYNC, 2, 1, MAXFREQ];
  words.forEach((word, i) => view.setInt32(4 * i, word, true));
  put_timeval(view, 36, nanotime(k));
  view.setInt32(44, 1e6 / USER_HZ, true);
  for (let at = 48; at < TIMEX_BYTES; at += 4) view.setInt32(at, 0, true);
  td.td_retval[0] = TIME_ERROR;
  return copyout_view(k, view, uaddr);
}

export const linux_time_calls: linux_calls = {
  time: [1, time],
  stime: [1, stime],
  gettimeofday: [2, gettimeofday],
  settimeofday: [2, settimeofday],
  clock_gettime: [2, (k, td, a) => clock_gettime(k, td, a, false)],
  clock_gettime64: [2, (k, td, a) => clock_gettime(k, td, a, true)],
  clock_getres: [2, (k, td, a) => clock_getres(k, td, a, false)],
  clock_getres_time64: [2, (k, td, a) => clock_getres(k, td, a, true)],
  clock_settime: [2, (k, td, a) => clock_settime(k, td, a, false)],
  clock_settime64: [2, (k, td, a) => clock_settime(k, td, a, true)],
  nanosleep: [2, nanosleep],
  clock_nanosleep: [4, (k, td, a) => clock_nanosleep(k, td, a, false)],
  clock_nanosleep_time64: [4, (k, td, a) => clock_nanosleep(k, td, a, true)],
  times: [1, times],
  getrusage: [2, getrusage],
  getitimer: [2, (k, td, a) => getitimer(k, td, a[0], a[1])],
  setitimer: [3, setitimer],
  alarm: [1, alarm],
  adjtimex: [1, (k, td, a) => adjtimex(k, td, a[0])],
  clock_adjtime: [2, (k, td, a) => (a[0] === CLOCK_REALTIME ? adjtimex(k, td, a[1]) : EOPNOTSUPP)],
};
