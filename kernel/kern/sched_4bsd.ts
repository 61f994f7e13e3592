// The 4BSD scheduler (sched_4bsd.c): 64 queues of four priorities each, round robin within a queue,
// priority falls with recent CPU use and recovers with time. The statistics clock (stathz) charges who
// it finds running, as FreeBSD's does; it stands still while nobody runs.

import { EV_SCHED } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { TDF_SLICEEND, TDS_INHIBITED, TDS_RUNNING, TDS_RUNQ } from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { NSEC_PER_INSTRUCTION, NSEC_PER_SEC, stathz } from '../sys/time.js';
import { PRIO_MAX, PRIO_MIN } from '../sys/resource.js';
import { RQ_NQS } from './kern_state.js';
import { nanouptime, statclock_after } from './kern_clock.js';
import { sched_event } from './kern_synch.js';

export const PRI_MIN_KERN = 80;
export const PVM = PRI_MIN_KERN + 4;
export const PPAUSE = PRI_MIN_KERN + 36;
export const PUSER = 120;
export const PRI_MAX_TIMESHARE = 223;
export const PRI_MAX_IDLE = 255;
const RQ_PPQ = 4;
const INVERSE_ESTCPU_WEIGHT = 8;
const ESTCPU_MAX =
  INVERSE_ESTCPU_WEIGHT * (PRIO_MAX - PRIO_MIN - RQ_PPQ) + INVERSE_ESTCPU_WEIGHT - 1;
const FSCALE = 2048;

/** Ticks of the statistics clock that a thread runs before the next of its priority: 94 ms. */
export const SCHED_SLICE = Math.floor(stathz / 10);

const ESTCPULIM = (estcpu: number): number => Math.min(estcpu, ESTCPU_MAX);

function runq_setbit(k: Kernel, pri: number): void {
  k.kern.runq_status[pri >> 5] |= 1 << (pri & 31);
}

/** Number of the best queue that is not empty, or -1. */
function runq_findbit(k: Kernel): number {
  const [low, high] = k.kern.runq_status;
  if (low !== 0) return 31 - Math.clz32(low & -low);
  if (high !== 0) return 63 - Math.clz32(high & -high);
  return -1;
}

/** Makes a thread a candidate for the CPU: the next of its queue if it was `preempted`, or the last. */
export function sched_add(k: Kernel, td: Thread, preempted = false): void {
  if (td.td_state === TDS_RUNQ || td.td_state === TDS_RUNNING) return;
  td.td_state = TDS_RUNQ;
  const queue = td.td_priority >> 2;
  if (preempted) k.kern.runq[queue].unshift(td);
  else k.kern.runq[queue].push(td);
  runq_setbit(k, queue);
  const cur = k.kern.curthread;
  if (cur === null || td.td_priority < cur.td_priority) k.kern.need_resched = true;
}

/** Takes a thread off the run queue. */
export function sched_rem(k: Kernel, td: Thread): void {
  for (let queue = 0; queue < RQ_NQS; queue++) {
    const list = k.kern.runq[queue];
    const i = list.indexOf(td);
    if (i < 0) continue;
    list.splice(i, 1);
    if (list.length === 0) k.kern.runq_status[queue >> 5] &= ~(1 << (queue & 31));
    return;
  }
}

/** Takes the best thread off the run queue; null when there is none. */
export function sched_choose(k: Kernel): Thread | null {
  const { held } = k.events;
  if (held !== undefined && held.size > 0) return choose_free(k, held);
  const queue = runq_findbit(k);
  if (queue < 0) return null;
  const list = k.kern.runq[queue];
  const td = list.shift() as Thread;
  if (list.length === 0) k.kern.runq_status[queue >> 5] &= ~(1 << (queue & 31));
  return td;
}

/** The same, past threads that a debugger holds. */
function choose_free(k: Kernel, held: ReadonlySet<number>): Thread | null {
  for (const list of k.kern.runq) {
    const td = list.find(({ td_tid }) => !held.has(td_tid));
    if (td === undefined) continue;
    sched_rem(k, td);
    return td;
  }
  return null;
}

/**
 * Whether the running thread has to make room: for a better one when it is `preempted`, also for one
 * as good when its slice is over or it gives up the CPU.
 */
export function sched_others(k: Kernel, td: Thread, preempted: boolean): boolean {
  const queue = runq_findbit(k);
  const own = td.td_priority >> 2;
  return queue >= 0 && (preempted ? queue < own : queue <= own);
}

/** Computes the user priority from recent CPU use and nice. @returns whether it is a user thread's. */
function resetpriority(td: Thread): boolean {
  if (td.td_base_pri !== PUSER) return false;
  const pri =
    PUSER + Math.floor(td.td_estcpu / INVERSE_ESTCPU_WEIGHT) + (td.td_proc.p_nice - PRIO_MIN);
  td.td_user_pri = Math.min(Math.max(pri, PUSER), PRI_MAX_TIMESHARE);
  return true;
}

/** Computes a thread's user priority, and moves it to the queue of that (resetpriority_thread). */
export function sched_prio(k: Kernel, td: Thread): void {
  if (!resetpriority(td)) return;
  const cur = k.kern.curthread;
  if (cur !== null && td.td_priority < cur.td_priority) k.kern.need_resched = true;
  const moves = td.td_state === TDS_RUNQ && td.td_priority >> 2 !== td.td_user_pri >> 2;
  if (moves) sched_rem(k, td);
  td.td_priority = td.td_user_pri;
  if (!moves) return;
  td.td_state = 0;
  sched_add(k, td);
}

/** A new thread starts with what its parent has used, and a short slice (sched_fork_thread). */
export function sched_fork_thread(td: Thread, child: Thread): void {
  child.td_estcpu = td.td_estcpu;
  child.td_base_pri = td.td_base_pri;
  child.td_user_pri = child.td_priority = td.td_user_pri;
  child.td_slice = 1;
}

/** What a thread that ends has used is charged to `td` (sched_exit_thread). */
export function sched_exit_thread(td: Thread, child: Thread): void {
  td.td_estcpu = ESTCPULIM(td.td_estcpu + child.td_estcpu);
}

/** The running thread gives up the CPU: it is the last of its queue (sched_relinquish). */
export function sched_relinquish(k: Kernel): void {
  k.kern.relinquish = k.kern.need_resched = true;
}

/** yield(2): behind everybody, until it runs again. */
export function sched_yield_all(k: Kernel, td: Thread): void {
  if (td.td_base_pri === PUSER) td.td_priority = PRI_MAX_TIMESHARE;
  sched_relinquish(k);
}

/** On the way to user mode a thread has its user priority again. */
export function sched_userret(td: Thread): void {
  if (td.td_base_pri === PUSER) td.td_priority = td.td_user_pri;
}

/** Charges the running thread's time for what it executed since it was charged last. */
export function sched_charge(k: Kernel, td: Thread): void {
  const used = k.machine.instructions - k.kern.switch_instructions;
  if (used <= 0) return;
  k.kern.switch_instructions = k.machine.instructions;
  td.td_runtime += used * NSEC_PER_INSTRUCTION;
  td.td_ru.ru_utime += used * NSEC_PER_INSTRUCTION;
  k.kern.cp_time[td.td_proc.p_nice > 0 ? 1 : 0] += used * NSEC_PER_INSTRUCTION;
}

/** A tick of the statistics clock in a running thread. */
function sched_clock(k: Kernel, td: Thread): void {
  td.td_estcpu = ESTCPULIM(td.td_estcpu + 1);
  if (td.td_estcpu % INVERSE_ESTCPU_WEIGHT === 0) sched_prio(k, td);
  if (--td.td_slice > 0) return;
  td.td_slice = SCHED_SLICE;
  td.td_flags |= TDF_SLICEEND;
  k.kern.need_resched = true;
}

/** The ticks that are due hit `td`. => they are (statclock_due), and it runs. */
export function statclock(k: Kernel, td: Thread): void {
  const { kern, machine } = k;
  while (kern.statclock_next <= machine.instructions) {
    sched_clock(k, td);
    kern.statclock_next = statclock_after(k, kern.statclock_next);
  }
  schedcpu(k);
}

/** What a thread slept counts as decay. */
export function sched_wakeup(k: Kernel, td: Thread): void {
  // schedcpu() has let two seconds decay; the second in which it fell asleep does not count.
  let slptime = seconds(nanouptime(k)) - seconds(td.td_slptime) - 1;
  if (slptime > 1) {
    const loadfac = loadfactor(k);
    if (slptime > 5 * loadfac) td.td_estcpu = 0;
    else for (slptime -= 2; slptime > 0; slptime--) td.td_estcpu = decay_cpu(loadfac, td.td_estcpu);
    if (resetpriority(td)) td.td_priority = td.td_user_pri;
  }
  td.td_slice = SCHED_SLICE;
}

const seconds = (ns: number): number => Math.floor(ns / NSEC_PER_SEC);
const loadfactor = (k: Kernel): number => 2 * Math.round(k.kern.loadavg[0]);
const decay_cpu = (loadfac: number, estcpu: number): number =>
  Math.floor((loadfac * estcpu) / (loadfac + FSCALE));

const CEXP = [0.9200444146293232, 0.983471453821617, 0.9944598480048967];

/**
 * At each second of machine time: decays the CPU use of all threads but those that sleep for long, and
 * computes the load. Called when time has passed, so that an idle machine has no timer to wait for.
 */
export function schedcpu(k: Kernel): void {
  const now = seconds(nanouptime(k));
  const last = k.kern.last_schedcpu;
  if (now === last) return;
  k.kern.last_schedcpu = now;
  let running = 0;
  for (const queue of k.kern.runq) running += queue.length;
  if (k.kern.curthread !== null) running++;
  for (let i = 0; i < 3; i++) {
    // Every five seconds one step; seconds that were skipped idle decay as well.
    const decay = Math.pow(CEXP[i], Math.min(now - last, 3600) / 5);
    k.kern.loadavg[i] = k.kern.loadavg[i] * decay + FSCALE * running * (1 - decay);
  }
  const loadfac = loadfactor(k);
  for (const td of k.kern.threads.values()) {
    // Of the seconds that begin in a sleep, two count: after them ts_slptime is more than 1.
    const until = td.td_state !== TDS_INHIBITED ? now : Math.min(now, seconds(td.td_slptime) + 2);
    for (let s = last; s < until && td.td_estcpu > 0; s++)
      td.td_estcpu = decay_cpu(loadfac, td.td_estcpu);
    sched_prio(k, td);
  }
}

/** Says who gets the CPU. */
export function sched_switched(k: Kernel, td: Thread): void {
  k.vm.cnt.v_swtch++;
  if (k.events.mask & EV_SCHED) sched_event(k, 'switch', td, td.td_proc.p_comm);
}
