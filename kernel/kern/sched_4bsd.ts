// The 4BSD scheduler (sched_4bsd.c): 64 queues of four priorities each, round robin within a queue,
// priority falls with recent CPU use and recovers with time.

import { EV_SCHED } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { TDS_RUNNING, TDS_RUNQ } from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { NSEC_PER_INSTRUCTION, NSEC_PER_SEC, stathz } from '../sys/time.js';
import { PRIO_MAX, PRIO_MIN } from '../sys/resource.js';
import { RQ_NQS } from './kern_state.js';
import { nanouptime } from './kern_clock.js';
import { sched_event } from './kern_synch.js';

export const PRI_MIN_KERN = 80;
export const PVM = PRI_MIN_KERN + 4;
export const PUSER = 120;
export const PRI_MAX_TIMESHARE = 223;
export const PRI_MAX_IDLE = 255;
const RQ_PPQ = 4;
const INVERSE_ESTCPU_WEIGHT = 8;
const ESTCPU_MAX =
  INVERSE_ESTCPU_WEIGHT * (PRIO_MAX - PRIO_MIN - RQ_PPQ) + INVERSE_ESTCPU_WEIGHT - 1;
const FSCALE = 2048;

/** Instructions that a thread runs before the next of its priority gets the CPU: 10 ms. */
export const SCHED_SLICE = 1_000_000;
const INSTRUCTIONS_PER_STATCLOCK = NSEC_PER_SEC / NSEC_PER_INSTRUCTION / stathz;

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

/** Makes a thread a candidate for the CPU. */
export function sched_add(k: Kernel, td: Thread): void {
  if (td.td_state === TDS_RUNQ || td.td_state === TDS_RUNNING) return;
  td.td_state = TDS_RUNQ;
  const queue = td.td_priority >> 2;
  k.kern.runq[queue].push(td);
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

/** Whether somebody waits who is at least as good as `td`: asked when its slice is over. */
export function sched_others(k: Kernel, td: Thread): boolean {
  const queue = runq_findbit(k);
  return queue >= 0 && queue <= td.td_priority >> 2;
}

/** Computes the user priority from recent CPU use and nice. */
export function resetpriority(td: Thread): void {
  if (td.td_base_pri !== PUSER) return;
  const pri =
    PUSER + Math.floor(td.td_estcpu / INVERSE_ESTCPU_WEIGHT) + (td.td_proc.p_nice - PRIO_MIN);
  td.td_user_pri = Math.min(Math.max(pri, PUSER), PRI_MAX_TIMESHARE);
  td.td_priority = td.td_user_pri;
}

/** Moves a thread to the queue of its new priority if it waits on another. */
export function sched_prio(k: Kernel, td: Thread): void {
  if (td.td_state !== TDS_RUNQ) {
    resetpriority(td);
    return;
  }
  sched_rem(k, td);
  resetpriority(td);
  td.td_state = 0;
  sched_add(k, td);
}

/** Charges the running thread for what it executed since it was charged last. */
export function sched_charge(k: Kernel, td: Thread): void {
  const used = k.machine.instructions - k.kern.switch_instructions;
  if (used <= 0) return;
  k.kern.switch_instructions = k.machine.instructions;
  td.td_runtime += used * NSEC_PER_INSTRUCTION;
  td.td_ru.ru_utime += used * NSEC_PER_INSTRUCTION;
  k.kern.cp_time[td.td_proc.p_nice > 0 ? 1 : 0] += used * NSEC_PER_INSTRUCTION;
  td.td_estcpu = Math.min(td.td_estcpu + used / INSTRUCTIONS_PER_STATCLOCK, ESTCPU_MAX);
}

/** The slice of the running thread begins anew. */
export function sched_slice(k: Kernel): void {
  k.kern.slice_end = k.machine.instructions + SCHED_SLICE;
}

/** What a thread slept counts as decay. */
export function sched_wakeup(k: Kernel, td: Thread): void {
  const slept = Math.floor((nanouptime(k) - td.td_slptime) / NSEC_PER_SEC);
  if (slept > 0 && td.td_estcpu > 0) {
    const loadfac = 2 * (k.kern.loadavg[0] / FSCALE);
    td.td_estcpu *= Math.pow(loadfac / (loadfac + 1), slept);
  }
  resetpriority(td);
}

const CEXP = [0.9200444146293232, 0.983471453821617, 0.9944598480048967];

/**
 * Once a second of machine time: decays the CPU use of all threads and computes the load.
 * Called between slices, so that an idle machine has no timer to wait for.
 */
export function schedcpu(k: Kernel): void {
  const now = nanouptime(k);
  if (now - k.kern.last_schedcpu < NSEC_PER_SEC) return;
  const seconds = Math.floor((now - k.kern.last_schedcpu) / NSEC_PER_SEC);
  k.kern.last_schedcpu = now;
  let running = 0;
  for (const queue of k.kern.runq) running += queue.length;
  if (k.kern.curthread !== null) running++;
  for (let i = 0; i < 3; i++) {
    // Every five seconds one step; seconds that were skipped idle decay as well.
    const decay = Math.pow(CEXP[i], Math.min(seconds, 3600) / 5);
    k.kern.loadavg[i] = k.kern.loadavg[i] * decay + FSCALE * running * (1 - decay);
  }
  const loadfac = 2 * (k.kern.loadavg[0] / FSCALE);
  for (const td of k.kern.threads.values()) {
    if (td.td_estcpu === 0) continue;
    td.td_estcpu = (loadfac / (loadfac + 1)) * td.td_estcpu;
    sched_prio(k, td);
  }
}

/** Says who gets the CPU. */
export function sched_switched(k: Kernel, td: Thread): void {
  k.vm.cnt.v_swtch++;
  if (k.events.mask & EV_SCHED) sched_event(k, 'switch', td, td.td_proc.p_comm);
}
