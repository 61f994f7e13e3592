// Threads of a process (kern_thr.c) and the part of _umtx_op that threads need (kern_umtx.c).

import { EBP, GS } from '../../emulator/index.js';
import { EFAULT, EINVAL, EWOULDBLOCK, ETIMEDOUT, ESRCH } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { MAXCOMLEN } from '../sys/param.js';
import { TDF_THRWAKEUP } from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { _ugssel, segments_switch } from '../i386/segments.js';
import { npxdrop } from '../i386/npx.js';
import { copyin, copyinstr, fuword32, suword32, useracc_touch } from '../i386/support.js';
import { exit1, thread_exit, THREAD_EXIT } from './kern_exit.js';
import { thread_create } from './kern_fork.js';
import { nanouptime } from './kern_clock.js';
import { kern_thr_kill } from './kern_sig_calls.js';
import { vm_thread_reserve } from '../vm/vm_kstack.js';
import { vm_map_lookup_entry } from '../vm/vm_map_tree.js';
import { VM_INHERIT_SHARE } from '../vm/vm_param.js';
import type { vmspace } from '../vm/vm_types.js';
import { PCATCH, sleepq_abort, tsleep } from './kern_synch.js';
import { sched_add } from './sched_4bsd.js';
import { copyin_view, get_timespec } from './subr_buf.js';

export function sys_thr_self(k: Kernel, td: Thread, a: Int32Array): number {
  return suword32(k, a[0], td.td_tid) === 0 ? 0 : EFAULT;
}

/** struct thr_param. */
const THR_PARAM_BYTES = 52;

/** thr_new(param, size): a thread with its own stack, entry point and TLS. */
export function sys_thr_new(k: Kernel, td: Thread, a: Int32Array): number {
  vm_thread_reserve(k);
  const [paramp, size] = a;
  if (size < 0 || size > THR_PARAM_BYTES) return EINVAL;
  const bytes = new Uint8Array(THR_PARAM_BYTES);
  if (copyin(k, paramp, bytes.subarray(0, size)) !== 0) return EFAULT;
  const view = new DataView(bytes.buffer);
  const word = (i: number): number => view.getUint32(4 * i, true);
  const [start, arg, stack_base, stack_size, tls_base, , child_tid, parent_tid] = Array.from(
    { length: 8 },
    (_, i) => word(i),
  );
  // The stack: a return address that is never used, and the argument at a multiple of 16.
  const sp = ((stack_base + stack_size - 4) & ~15) >>> 0;
  for (const [at, len] of [
    [sp - 4, 8],
    [child_tid, 4],
    [parent_tid, 4],
  ]) {
    if (at !== 0 && useracc_touch(k, at, len, true) !== 0) return EFAULT;
  }
  suword32(k, sp, arg);
  suword32(k, sp - 4, 0);
  const { cpu } = k.machine;
  const { eip } = cpu;
  const ebp = cpu.getReg(EBP);
  const parentBase = td.td_gsbase;
  const gs = cpu.segment(GS).selector;
  // The child's context is the caller's with these registers.
  cpu.eip = start | 0;
  cpu.setReg(EBP, 0);
  td.td_gsbase = tls_base;
  segments_switch(k, td);
  cpu.setSegment(GS, _ugssel);
  const td2 = thread_create(k, td, (sp - 4) | 0);
  npxdrop(k, td2);
  cpu.eip = eip;
  cpu.setReg(EBP, ebp);
  td.td_gsbase = parentBase;
  segments_switch(k, td);
  cpu.setSegment(GS, gs);
  if (child_tid !== 0) suword32(k, child_tid, td2.td_tid);
  if (parent_tid !== 0) suword32(k, parent_tid, td2.td_tid);
  sched_add(k, td2);
  return 0;
}

/** thr_exit(state): the last thread's end is the process's. */
export function sys_thr_exit(k: Kernel, td: Thread, a: Int32Array): number {
  if (a[0] !== 0) {
    suword32(k, a[0], 1);
    umtx_wake(k, td, a[0] >>> 0, 0x7fffffff);
  }
  if (td.td_proc.p_threads.length === 1) return exit1(k, td, 0);
  thread_exit(k, td);
  throw THREAD_EXIT;
}

export function sys_thr_kill(k: Kernel, td: Thread, a: Int32Array): number {
  return kern_thr_kill(k, td, a[0], a[1]);
}
export function sys_thr_kill2(k: Kernel, td: Thread, a: Int32Array): number {
  const target = k.kern.threads.get(a[1]);
  if (target === undefined || target.td_proc.p_pid !== a[0]) return ESRCH;
  return kern_thr_kill(k, td, a[1], a[2]);
}
export function sys_thr_set_name(k: Kernel, td: Thread, a: Int32Array): number {
  const target = a[0] === -1 ? td : k.kern.threads.get(a[0]);
  if (target === undefined || target.td_proc !== td.td_proc) return ESRCH;
  const name = a[1] === 0 ? '' : copyinstr(k, a[1], 256);
  if (typeof name === 'number') return name;
  target.td_name = name.slice(0, MAXCOMLEN);
  return 0;
}

/** A thread parked by thr_suspend, or a wake that came first. */
interface suspend_progress {
  suspend_until: number;
}

export function sys_thr_suspend(k: Kernel, td: Thread, a: Int32Array): number {
  let ns = -1;
  if (a[0] !== 0) {
    const view = copyin_view(k, a[0], 8);
    if (typeof view === 'number') return view;
    ns = get_timespec(view, 0);
    if (ns < 0) return EINVAL;
  }
  if (td.td_flags & TDF_THRWAKEUP) {
    td.td_flags &= ~TDF_THRWAKEUP;
    return 0;
  }
  const progress = (td.td_progress as suspend_progress | null) ?? {
    suspend_until: ns < 0 ? 0 : nanouptime(k) + ns,
  };
  td.td_progress = progress;
  const error = tsleep(k, progress, PCATCH, 'lthr', progress.suspend_until);
  return error === EWOULDBLOCK ? ETIMEDOUT : error;
}

export function sys_thr_wake(k: Kernel, td: Thread, a: Int32Array): number {
  const target = k.kern.threads.get(a[0]);
  if (target === undefined || target.td_proc !== td.td_proc) return ESRCH;
  target.td_flags |= TDF_THRWAKEUP;
  if (target.td_wmesg === 'lthr' && target.td_wchan !== null) sleepq_abort(k, target);
  return 0;
}

// Waits for words of user memory, for _umtx_op (kern_umtx.ts) and Linux's futex: waiters sleep on an
// object per address and address space, found by key.

/** What waiters of one word sleep on: its address and address space, or its offset in an object. */
interface umtx_q {
  umtx_addr: number;
  umtx_of: object;
}

/**
 * The sleep queue of the word at an address: the object that its first waiter made. Memory that
 * processes share has one queue for all of them (umtx_key_get). => the word has been touched.
 */
export function umtx_key(k: Kernel, td: Thread, addr: number): umtx_q {
  const vm = td.td_proc.p_vmspace as vmspace;
  const entry = vm_map_lookup_entry(vm.vm_map, addr);
  const shared = entry?.inheritance === VM_INHERIT_SHARE ? entry.object : null;
  const umtx_of: object = shared ?? vm;
  const umtx_addr = entry === null || shared === null ? addr : addr - entry.start + entry.offset;
  for (const chan of k.kern.sleepq.keys()) {
    const q = chan as Partial<umtx_q>;
    if (q.umtx_addr === umtx_addr && q.umtx_of === umtx_of) return q as umtx_q;
  }
  return { umtx_addr, umtx_of };
}

/** Wakes at most `n` waiters of an address. @returns how many. */
export function umtx_wake(k: Kernel, td: Thread, addr: number, n: number): number {
  const q = umtx_key(k, td, addr);
  const waiters = k.kern.sleepq.get(q);
  if (waiters === undefined) return 0;
  const woken = waiters.slice(0, n);
  for (const waiter of woken) {
    waiter.td_progress = { ...waiter.td_progress, umtx_woken: true };
    sleepq_abort(k, waiter);
  }
  return woken.length;
}

/** How many wait for the word at an address. */
export function umtx_waiters(k: Kernel, td: Thread, addr: number): number {
  return k.kern.sleepq.get(umtx_key(k, td, addr))?.length ?? 0;
}

/** What a wait for a word keeps between executions of its call. */
export interface umtx_progress {
  umtx_woken?: boolean;
  umtx_until?: number;
  umtx_queue?: umtx_q;
}

/**
 * Sleeps until umtx_wake of the address, if its word still is `value`.
 * @param until uptime of the deadline, 0 for none. @returns 0, EINTR, ERESTART, ETIMEDOUT, EFAULT.
 */
export function umtx_wait(
  k: Kernel,
  td: Thread,
  addr: number,
  value: number,
  until: number,
): number {
  const progress = td.td_progress as umtx_progress | null;
  if (progress?.umtx_woken) return 0;
  const word = fuword32(k, addr);
  if (word < 0) return EFAULT;
  if (progress === null && (word | 0) !== (value | 0)) return 0;
  const kept: umtx_progress = progress ?? {
    umtx_woken: false,
    umtx_until: until,
    umtx_queue: umtx_key(k, td, addr),
  };
  td.td_progress = kept;
  const error = tsleep(k, kept.umtx_queue as umtx_q, PCATCH, 'uwait', kept.umtx_until);
  return error === EWOULDBLOCK ? ETIMEDOUT : error;
}

/**
 * Sleeps until umtx_wake of the address. => td_progress is null, or from an earlier execution.
 * @param until uptime of the deadline, 0 for none. @returns 0, EINTR, ERESTART, ETIMEDOUT.
 */
export function umtx_sleep(
  k: Kernel,
  td: Thread,
  addr: number,
  until: number,
  wmesg: string,
): number {
  const kept: umtx_progress = (td.td_progress as umtx_progress | null) ?? {
    umtx_woken: false,
    umtx_until: until,
    umtx_queue: umtx_key(k, td, addr),
  };
  if (kept.umtx_woken) return 0;
  td.td_progress = kept;
  const error = tsleep(k, kept.umtx_queue as umtx_q, PCATCH, wmesg, kept.umtx_until);
  return error === EWOULDBLOCK ? ETIMEDOUT : error;
}

const UMTX_ABSTIME = 1;
/** CLOCK_REALTIME and its two variants count from 1970, all others from boot. */
const REALTIME_CLOCKS: readonly number[] = [0, 9, 10];

/**
 * Uptime of the deadline that a struct timespec at `uaddr` gives, or a struct _umtx_time (with flags
 * and a clock behind) when `size` is larger; `as` is what a plain timespec means.
 * @returns 0 for none, a negative errno when it is bad.
 */
export function umtx_deadline(
  k: Kernel,
  size: number,
  uaddr: number,
  as = { absolute: false, clock: 0 },
): number {
  if (uaddr === 0) return 0;
  const long = size > 8;
  const view = copyin_view(k, uaddr, long ? 16 : 8);
  if (typeof view === 'number') return -view;
  const ns = get_timespec(view, 0);
  if (ns < 0) return -EINVAL;
  const absolute = long ? (view.getUint32(8, true) & UMTX_ABSTIME) !== 0 : as.absolute;
  if (!absolute) return Math.max(1, nanouptime(k) + ns);
  const clock = long ? view.getUint32(12, true) : as.clock;
  return Math.max(1, REALTIME_CLOCKS.includes(clock) ? ns - k.kern.boottime : ns);
}
