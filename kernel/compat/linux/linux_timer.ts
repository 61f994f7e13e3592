// POSIX timers (kernel/time/posix-timers.c of Linux).

import { copyout_words, useracc_touch } from '../../i386/support.js';
import {
  ITC_PROCESS,
  ITC_REALTIME,
  ITC_THREAD,
  ITC_UPTIME,
  kern_ktimer_create,
  kern_ktimer_delete,
  kern_ktimer_gettime,
  kern_ktimer_settime,
} from '../../kern/kern_itimer.js';
import { copyin_view, copyout_view, put_timespec, set_int64 } from '../../kern/subr_buf.js';
import { EINVAL, EOPNOTSUPP } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread, ktimer } from '../../sys/proc.js';
import { SIGALRM } from '../../sys/signal.js';
import { NSEC_PER_SEC } from '../../sys/time.js';
import type { itimer } from '../../sys/time.js';
import type { linux_calls } from './linux_calls.js';
import { linux_to_bsd_signal } from './linux_signal_numbers.js';
import { linux_find_thread } from './linux_threads.js';
import { timespec_at } from './linux_time.js';

const SIGEV_SIGNAL = 0;
const SIGEV_NONE = 1;
const SIGEV_THREAD = 2;
const SIGEV_THREAD_ID = 4;
const SIGEV_BYTES = 64;
const TIMER_ABSTIME = 1;

/** Clock of a timer by Linux's number: monotonic ones are uptime. Others have no timers. */
const CLOCKS = [
  ITC_REALTIME,
  ITC_UPTIME,
  ITC_PROCESS,
  ITC_THREAD,
  -EOPNOTSUPP,
  -EOPNOTSUPP,
  -EOPNOTSUPP,
  ITC_UPTIME,
  -EOPNOTSUPP,
  -EOPNOTSUPP,
  -EINVAL,
  ITC_REALTIME,
];

/** The ITC_* of a clock, or a negative errno. */
function timer_clock(clock: number): number {
  if (clock >= 0) return CLOCKS[clock] ?? -EINVAL;
  // The caller's own CPU time, by its negative name.
  if (~(clock >> 3) !== 0 || (clock & 3) === 3) return -EINVAL;
  return clock & 4 ? ITC_THREAD : ITC_PROCESS;
}

function timer_create(k: Kernel, td: Thread, a: Int32Array): number {
  const clock = timer_clock(a[0]);
  if (clock < 0) return -clock;
  let signo = SIGALRM;
  let target: Thread | null = null;
  let value: number | null = null;
  if (a[1] !== 0) {
    const view = copyin_view(k, a[1], SIGEV_BYTES);
    if (typeof view === 'number') return view;
    value = view.getInt32(0, true);
    signo = linux_to_bsd_signal(view.getInt32(4, true));
    const notify = view.getInt32(8, true);
    if (notify === SIGEV_NONE) signo = 0;
    else if (signo <= 0) return EINVAL;
    else if (notify === SIGEV_THREAD_ID) {
      target = linux_find_thread(k, view.getInt32(12, true));
      if (target?.td_proc !== td.td_proc) return EINVAL;
    } else if (notify !== SIGEV_SIGNAL && notify !== SIGEV_THREAD) return EINVAL;
  }
  const touched = useracc_touch(k, a[2] >>> 0, 4, true);
  if (touched !== 0) return touched;
  const timer = kern_ktimer_create(td, clock, signo, target, value);
  return typeof timer === 'number' ? timer : copyout_words(k, [timer.it_id], a[2]);
}

function with_timer(td: Thread, id: number, f: (t: ktimer) => number): number {
  const timer = td.td_proc.p_itimers.get(id);
  return timer === undefined ? EINVAL : f(timer);
}

function copyout_itimerspec(k: Kernel, t: itimer, uaddr: number, wide: boolean): number {
  const view = new DataView(new ArrayBuffer(wide ? 32 : 16));
  [t.it_interval, t.it_value].forEach((ns, i) => {
    if (!wide) put_timespec(view, 8 * i, ns);
    else {
      const sec = Math.floor(ns / NSEC_PER_SEC);
      set_int64(view, 16 * i, sec);
      set_int64(view, 16 * i + 8, Math.floor(ns - sec * NSEC_PER_SEC));
    }
  });
  return copyout_view(k, view, uaddr);
}

/** timer_settime(id, flags, new, old). */
function timer_settime(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  const [id, flags, newp, oldp] = a;
  if (newp === 0) return EINVAL;
  const size = wide ? 16 : 8;
  const view = copyin_view(k, newp, 2 * size);
  if (typeof view === 'number') return view;
  const it_interval = timespec_at(view, 0, wide);
  const it_value = timespec_at(view, size, wide);
  if (it_interval < 0 || it_value < 0) return EINVAL;
  return with_timer(td, id, (t) => {
    const old = kern_ktimer_gettime(k, t);
    const touched = oldp === 0 ? 0 : useracc_touch(k, oldp >>> 0, 2 * size, true);
    if (touched !== 0) return touched;
    kern_ktimer_settime(k, t, { it_interval, it_value }, (flags & TIMER_ABSTIME) !== 0);
    return oldp === 0 ? 0 : copyout_itimerspec(k, old, oldp, wide);
  });
}

function timer_gettime(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  return with_timer(td, a[0], (t) => copyout_itimerspec(k, kern_ktimer_gettime(k, t), a[1], wide));
}

export const linux_timer_calls: linux_calls = {
  timer_create: [3, timer_create],
  timer_settime: [4, (k, td, a) => timer_settime(k, td, a, false)],
  timer_settime64: [4, (k, td, a) => timer_settime(k, td, a, true)],
  timer_gettime: [2, (k, td, a) => timer_gettime(k, td, a, false)],
  timer_gettime64: [2, (k, td, a) => timer_gettime(k, td, a, true)],
  timer_getoverrun: [
    1,
    (_k, td, a) =>
      with_timer(td, a[0], (t) => {
        td.td_retval[0] = t.it_overrun;
        return 0;
      }),
  ],
  timer_delete: [
    1,
    (k, td, a) =>
      with_timer(td, a[0], (t) => {
        kern_ktimer_delete(k, t);
        return 0;
      }),
  ],
};
