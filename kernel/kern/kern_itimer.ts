// Timers of timer_create and its kind (the ktimer part of kern_time.c). A process has them until it
// exits or executes another program; a forked child has none.

import { EAGAIN } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { PRS_ZOMBIE } from '../sys/proc.js';
import type { Proc, Thread, ktimer } from '../sys/proc.js';
import { SI_TIMER } from '../sys/signal.js';
import type { ksiginfo } from '../sys/signal.js';
import type { itimer } from '../sys/time.js';
import { nanouptime } from './kern_clock.js';
import { proc_cputime, thread_cputime } from './kern_resource.js';
import { ksiginfo_init, pksignal, tdksignal } from './kern_sig.js';
import { callout_create, callout_reset_at, callout_stop } from './kern_timeout.js';

/** What a timer counts: uptime, the wall clock, CPU time of the process or of a thread. */
export const ITC_UPTIME = 0;
export const ITC_REALTIME = 1;
export const ITC_PROCESS = 2;
export const ITC_THREAD = 3;

const TIMER_MAX = 32;

/** Time of the timer's clock in ns. */
function clock_now(k: Kernel, t: ktimer): number {
  switch (t.it_clock) {
    case ITC_PROCESS:
      return proc_cputime(k, t.it_proc);
    case ITC_THREAD:
      return thread_cputime(k, t.it_thread);
    case ITC_REALTIME:
      return nanouptime(k) + k.kern.boottime;
    default:
      return nanouptime(k);
  }
}

/** CPU time passes no faster than uptime: a look when it can have passed is early enough. */
function arm(k: Kernel, t: ktimer): void {
  callout_reset_at(k, t.it_callout, nanouptime(k) + Math.max(t.it_value - clock_now(k, t), 1));
}

/**
 * Makes a timer of `td`'s process, which is off.
 * @param signo signal that it sends, 0 for none; @param target thread that gets it, null for any;
 * @param value sigev_value, null for the timer's id.
 * @returns the timer, or EAGAIN.
 */
export function kern_ktimer_create(
  td: Thread,
  clock: number,
  signo: number,
  target: Thread | null,
  value: number | null,
): ktimer | number {
  const { p_itimers } = td.td_proc;
  if (p_itimers.size >= TIMER_MAX) return EAGAIN;
  let id = 0;
  while (p_itimers.has(id)) id++;
  const timer: ktimer = {
    it_id: id,
    it_proc: td.td_proc,
    it_thread: td,
    it_clock: clock,
    it_signo: signo,
    it_target: target,
    it_sigvalue: value ?? id,
    it_interval: 0,
    it_value: 0,
    it_overrun: 0,
    it_callout: callout_create('itimer_expire', null),
  };
  timer.it_callout.c_arg = timer;
  p_itimers.set(id, timer);
  return timer;
}

/** The timer's signal, if it has not been delivered yet. */
function undelivered(t: ktimer): ksiginfo | undefined {
  const { sq_list } = t.it_target === null ? t.it_proc.p_sigqueue : t.it_target.td_sigqueue;
  return sq_list.find((ksi) => ksi.ksi_code === SI_TIMER && ksi.ksi_pid === t.it_id);
}

/** Sends the signal. One that is still pending counts the expirations instead. */
function fire(k: Kernel, t: ktimer, expirations: number): void {
  if (t.it_signo === 0) return;
  const before = undelivered(t);
  t.it_overrun = before === undefined ? expirations - 1 : t.it_overrun + expirations;
  if (before !== undefined) {
    before.ksi_uid = t.it_overrun;
    return;
  }
  // si_timerid and si_overrun are where other signals have the sender.
  const ksi = ksiginfo_init(t.it_signo, SI_TIMER);
  ksi.ksi_pid = t.it_id;
  ksi.ksi_uid = t.it_overrun;
  ksi.ksi_value = t.it_sigvalue;
  if (t.it_target === null) pksignal(k, t.it_proc, t.it_signo, ksi);
  else if (k.kern.threads.get(t.it_target.td_tid) === t.it_target)
    tdksignal(k, t.it_target, t.it_signo, ksi);
}

/** The callout of a timer. */
export function itimer_expire(k: Kernel, arg: object | null): void {
  const t = arg as ktimer;
  if (t.it_proc.p_state === PRS_ZOMBIE || t.it_value === 0) return;
  const now = clock_now(k, t);
  if (now < t.it_value) {
    arm(k, t);
    return;
  }
  let expirations = 1;
  if (t.it_interval === 0) t.it_value = 0;
  else {
    expirations += Math.floor((now - t.it_value) / t.it_interval);
    t.it_value += expirations * t.it_interval;
    arm(k, t);
  }
  fire(k, t, expirations);
}

/** Time to the next expiration (0: off) and the period, in ns. */
export function kern_ktimer_gettime(k: Kernel, t: ktimer): itimer {
  const left = t.it_value === 0 ? 0 : Math.max(t.it_value - clock_now(k, t), 1);
  return { it_interval: t.it_interval, it_value: left };
}

/** Starts the timer, or with it_value 0 stops it. With `absolute` it_value is a time of its clock. */
export function kern_ktimer_settime(k: Kernel, t: ktimer, to: itimer, absolute: boolean): void {
  callout_stop(k, t.it_callout);
  t.it_overrun = 0;
  t.it_interval = to.it_interval;
  t.it_value = to.it_value;
  if (to.it_value === 0) return;
  if (!absolute) t.it_value += clock_now(k, t);
  arm(k, t);
}

export function kern_ktimer_delete(k: Kernel, t: ktimer): void {
  callout_stop(k, t.it_callout);
  t.it_proc.p_itimers.delete(t.it_id);
}

/** exit and exec: the process has no timers any more. */
export function itimers_release(k: Kernel, p: Proc): void {
  for (const t of [...p.p_itimers.values()]) kern_ktimer_delete(k, t);
}
