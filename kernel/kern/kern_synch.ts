// Sleeping and waking (kern_synch.c, subr_sleepqueue.c). Nothing runs on kernel stacks: a
// thread that must wait records what it waits for and gives up the CPU by an exception; when it is
// woken the same instruction is executed again.

import { EINTR, ERESTART, EWOULDBLOCK } from '../sys/errno.js';
import { EV_SCHED } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT } from '../sys/panic.js';
import {
  P_INMEM,
  P_STOPPED_SIG,
  TDF_NEEDSIGCHK,
  TDF_SINTR,
  TDF_SWAPINREQ,
  TDS_INHIBITED,
  TDS_RUNNING,
} from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { SIGISMEMBER } from '../sys/signal.js';
import { nanouptime } from './kern_clock.js';
import { cursig } from './kern_sig.js';
import { callout_reset_at, callout_stop } from './kern_timeout.js';
import { sched_add, sched_wakeup } from './sched_4bsd.js';

/** The sleep ends early when a signal arrives. */
export const PCATCH = 0x100;

/** Thrown by tsleep; trap() and syscall() catch it. Carries nothing. */
export const SLEEP = { name: 'SLEEP' } as const;

/** Thrown for a debugger: the thread goes on here as if nothing had happened, once that lets it. */
export const HOLD = { name: 'HOLD' } as const;

/**
 * Waits for wakeup(chan). Never returns 0:
 * => with PCATCH and a signal to deliver: EINTR, or ERESTART when its action says SA_RESTART;
 * => past `deadline_ns` (uptime, 0 = none; the caller keeps it in td_progress): EWOULDBLOCK;
 * => otherwise throws SLEEP: the instruction is executed again after the wakeup, so the caller must
 *    have changed nothing visible.
 */
export function tsleep(
  k: Kernel,
  chan: object,
  flags: number,
  wmesg: string,
  deadline_ns = 0,
): number {
  const td = k.kern.curthread;
  KASSERT(td !== null, () => `tsleep(${wmesg}) without a thread`);
  if (flags & PCATCH && td.td_flags & TDF_NEEDSIGCHK) {
    const sig = cursig(k, td);
    if (sig !== 0) return SIGISMEMBER(td.td_proc.p_sigacts.ps_sigintr, sig) ? EINTR : ERESTART;
    if (td.td_proc.p_flag & P_STOPPED_SIG) throw SLEEP;
  }
  if (deadline_ns !== 0 && nanouptime(k) >= deadline_ns) return EWOULDBLOCK;
  sleepq_add(k, td, chan, flags, wmesg, deadline_ns);
  throw SLEEP;
}

/** Puts a thread to sleep without leaving the caller: for the step functions of kernel threads. */
export function sleepq_add(
  k: Kernel,
  td: Thread,
  chan: object,
  flags: number,
  wmesg: string,
  deadline_ns: number,
): void {
  td.td_wchan = chan;
  td.td_wmesg = wmesg;
  td.td_state = TDS_INHIBITED;
  td.td_flags = flags & PCATCH ? td.td_flags | TDF_SINTR : td.td_flags & ~TDF_SINTR;
  td.td_slptime = nanouptime(k);
  const { sleepq } = k.kern;
  const queue = sleepq.get(chan);
  if (queue === undefined) sleepq.set(chan, [td]);
  else queue.push(td);
  td.td_deadline = deadline_ns;
  if (deadline_ns !== 0) callout_reset_at(k, td.td_slpcallout, deadline_ns);
  if (k.events.mask & EV_SCHED) sched_event(k, 'sleep', td, wmesg);
}

export function sched_event(
  k: Kernel,
  op: 'switch' | 'sleep' | 'wakeup' | 'preempt' | 'idle',
  td: Thread,
  detail: string,
): void {
  k.events.emit({ type: 'sched', op, pid: td.td_proc.p_pid, tid: td.td_tid, detail });
}

/** The thread waits no longer; => it is off its sleep queue already. */
function resume(k: Kernel, td: Thread): void {
  td.td_wchan = null;
  td.td_flags &= ~TDF_SINTR;
  if (td.td_deadline !== 0) {
    td.td_deadline = 0;
    callout_stop(k, td.td_slpcallout);
  }
  if (k.events.mask & EV_SCHED) sched_event(k, 'wakeup', td, td.td_wmesg);
  setrunnable(k, td);
}

/** Wakes everyone who sleeps on `chan`. */
export function wakeup(k: Kernel, chan: object): void {
  const { sleepq } = k.kern;
  if (sleepq.size === 0) return;
  const queue = sleepq.get(chan);
  if (queue === undefined) return;
  sleepq.delete(chan);
  for (const td of queue) resume(k, td);
}

/** Takes one thread out of its sleep, whatever it waits for; it looks again and may sleep again. */
export function sleepq_abort(k: Kernel, td: Thread): void {
  const chan = td.td_wchan;
  if (chan === null) return;
  const queue = k.kern.sleepq.get(chan) as Thread[];
  const i = queue.indexOf(td);
  queue.splice(i, 1);
  if (queue.length === 0) k.kern.sleepq.delete(chan);
  resume(k, td);
}

/** Takes a thread that ends off its sleep queue without running it. */
export function sleepq_remove(k: Kernel, td: Thread): void {
  const chan = td.td_wchan;
  if (chan === null) return;
  const queue = k.kern.sleepq.get(chan) as Thread[];
  queue.splice(queue.indexOf(td), 1);
  if (queue.length === 0) k.kern.sleepq.delete(chan);
  td.td_wchan = null;
  if (td.td_deadline !== 0) callout_stop(k, td.td_slpcallout);
  td.td_deadline = 0;
}

/** Puts a thread on the run queue, or leaves it inhibited while its process is stopped. */
export function setrunnable(k: Kernel, td: Thread): void {
  if (td.td_proc.p_flag & P_STOPPED_SIG || td.td_state === TDS_RUNNING) return;
  if ((td.td_proc.p_flag & P_INMEM) === 0) {
    // Swapped out: the swapper brings the process back first (kick_proc0).
    td.td_flags |= TDF_SWAPINREQ;
    wakeup(k, k.vm.swapper_wait);
    return;
  }
  sched_wakeup(k, td);
  sched_add(k, td);
}
