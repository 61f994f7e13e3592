// The 4BSD scheduler: the statistics clock, priorities, slices, run queues (sched_4bsd.c).

import { beforeEach, expect, test } from 'vitest';
import { clock_skip } from '../../kernel/kern/kern_clock.js';
import { proc_alloc, thread_alloc } from '../../kernel/kern/kern_proc.js';
import { sleepq_add, wakeup } from '../../kernel/kern/kern_synch.js';
import {
  PUSER,
  sched_add,
  sched_choose,
  sched_exit_thread,
  sched_fork_thread,
  sched_others,
  sched_prio,
  sched_rem,
  sched_userret,
  sched_yield_all,
  schedcpu,
  statclock,
} from '../../kernel/kern/sched_4bsd.js';
import type { Kernel } from '../../kernel/index.js';
import { PRS_NORMAL, P_INMEM, TDS_RUNNING, TDS_RUNQ } from '../../kernel/sys/proc.js';
import type { Proc, Thread } from '../../kernel/sys/proc.js';
import { GuestKernel } from '../helpers/guest_kernel.js';

/** PUSER + (p_nice - PRIO_MIN). */
const FRESH = PUSER + 20;
const SLICE = 12;

let k: Kernel;
let td: Thread;

function thread(): Thread {
  const proc0 = k.kern.proc0 as Proc;
  const p = proc_alloc(k, {
    pid: 100 + k.kern.threads.size,
    parent: null,
    cred: proc0.p_ucred,
    sigacts: proc0.p_sigacts,
    limit: proc0.p_limit,
    sysent: proc0.p_sysent,
    pgrp: proc0.p_pgrp,
  });
  p.p_state = PRS_NORMAL;
  p.p_flag = P_INMEM;
  const created = thread_alloc(k, p);
  sched_prio(k, created);
  return created;
}

beforeEach(() => {
  ({ k } = new GuestKernel({ ramBytes: 4 << 20, swapBytes: 0 }));
  // The kernel's own threads run and sleep elsewhere.
  for (const other of k.kern.threads.values()) sched_rem(k, other);
  td = thread();
  k.kern.curthread = td;
  td.td_state = TDS_RUNNING;
  k.kern.need_resched = false;
});

/** Lets the statistics clock tick in the running thread. */
function tick(times: number): void {
  for (let i = 0; i < times; i++) {
    k.kern.statclock_next = k.machine.instructions;
    statclock(k, td);
  }
}

test('every eighth tick makes the priority of the running thread worse by one, at once', () => {
  const seen: number[] = [];
  for (let i = 0; i < 24; i++) {
    tick(1);
    seen.push(td.td_priority - FRESH);
  }
  expect(seen).toEqual(Array.from({ length: 24 }, (_, i) => Math.floor((i + 1) / 8)));
  // As far as 36 priorities: INVERSE_ESTCPU_WEIGHT * (NICE_WEIGHT * 40 - RQ_PPQ) + 7.
  tick(1000);
  expect(td.td_estcpu).toBe(8 * 36 + 7);
  expect(td.td_priority).toBe(FRESH + 36);
});

test('a slice is stathz / 10 ticks; nobody is rescheduled before it is over', () => {
  tick(SLICE - 1);
  expect(k.kern.need_resched).toBe(false);
  tick(1);
  expect(k.kern.need_resched).toBe(true);
  expect(td.td_slice).toBe(SLICE);
});

test('who is preempted stays the first of its queue; who yields or has used its slice is the last', () => {
  const other = thread();
  sched_add(k, other);
  expect(other.td_priority >> 2).toBe(td.td_priority >> 2);
  expect(sched_others(k, td, true)).toBe(false);
  expect(sched_others(k, td, false)).toBe(true);
  td.td_state = 0;
  sched_add(k, td, true);
  expect(sched_choose(k)).toBe(td);
  td.td_state = 0;
  sched_add(k, td, false);
  expect(sched_choose(k)).toBe(other);
});

test('yield(2) goes behind everybody else, sched_yield(2) behind its equals', () => {
  const worse = thread();
  worse.td_estcpu = 200;
  sched_prio(k, worse);
  sched_add(k, worse);
  expect(sched_others(k, td, false)).toBe(false);
  sched_yield_all(k, td);
  expect(k.kern).toMatchObject({ relinquish: true, need_resched: true });
  expect(sched_others(k, td, false)).toBe(true);
  sched_userret(td);
  expect(td.td_priority).toBe(FRESH);
});

test('a child starts as its parent is, with one tick; what it used becomes its parent’s', () => {
  tick(20);
  const child = thread();
  sched_fork_thread(td, child);
  expect(child).toMatchObject({ td_estcpu: 20, td_priority: FRESH + 2, td_slice: 1 });
  child.td_estcpu = 25;
  sched_exit_thread(td, child);
  expect(td.td_estcpu).toBe(45);
});

test('each second takes a third at a load of 1; of a long sleep two seconds count until the wakeup', () => {
  k.kern.loadavg = [2048, 2048, 2048];
  td.td_estcpu = 90;
  const sleeper = thread();
  sleeper.td_estcpu = 90;
  clock_skip(k, 5e8);
  sleepq_add(k, sleeper, sleeper, 0, 'test', 0);
  const second = (): void => {
    clock_skip(k, 1e9);
    schedcpu(k);
  };
  second();
  expect([td.td_estcpu, sleeper.td_estcpu]).toEqual([60, 60]);
  expect(td.td_priority).toBe(FRESH + 7);
  second();
  second();
  // 2/3 of 40 is 26.
  expect([td.td_estcpu, sleeper.td_estcpu]).toEqual([26, 40]);
  for (let i = 0; i < 7; i++) second();
  expect(sleeper.td_estcpu).toBe(40);
  wakeup(k, sleeper);
  // updatepri: 9 whole seconds slept, two of which were charged: 26 17 11 7 4 2 1.
  expect(sleeper).toMatchObject({ td_estcpu: 1, td_state: TDS_RUNQ, td_slice: SLICE });
});
