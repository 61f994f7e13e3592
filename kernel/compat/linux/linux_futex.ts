// Futexes and robust lists (kernel/futex of Linux). The word's address names a futex: that of the
// process's memory, or the place in the object for memory that processes share.

import { fuword32, suword32, useracc_touch } from '../../i386/support.js';
import { nanouptime } from '../../kern/kern_clock.js';
import { umtx_sleep, umtx_wait, umtx_waiters, umtx_wake } from '../../kern/kern_thr.js';
import type { umtx_progress } from '../../kern/kern_thr.js';
import { copyin_view } from '../../kern/subr_buf.js';
import {
  EAGAIN,
  EDEADLK,
  EFAULT,
  EINTR,
  EINVAL,
  ENOSYS,
  EPERM,
  ERESTART,
  ESRCH,
} from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { copyout_words } from '../../i386/support.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { linux_find_thread, linux_tid } from './linux_threads.js';
import { copyin_linux_timespec } from './linux_time.js';

const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const FUTEX_REQUEUE = 3;
const FUTEX_CMP_REQUEUE = 4;
const FUTEX_WAKE_OP = 5;
const FUTEX_LOCK_PI = 6;
const FUTEX_UNLOCK_PI = 7;
const FUTEX_TRYLOCK_PI = 8;
const FUTEX_WAIT_BITSET = 9;
const FUTEX_WAKE_BITSET = 10;
const FUTEX_LOCK_PI2 = 13;
const FUTEX_PRIVATE = 128;
const FUTEX_CLOCK_REALTIME = 256;
const FUTEX_WAITERS = 0x80000000;
const FUTEX_OWNER_DIED = 0x40000000;
const FUTEX_TID_MASK = 0x3fffffff;
const FUTEX_CMD_MASK = ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);

/** Uptime at which a futex wait ends; 0 for never, negative errno. */
function futex_deadline(k: Kernel, op: number, tsp: number, wide: boolean): number {
  if (tsp === 0) return 0;
  const ns = copyin_linux_timespec(k, tsp, wide);
  if (ns < 0) return ns;
  if ((op & FUTEX_CMD_MASK) === FUTEX_WAIT) return nanouptime(k) + Math.max(ns, 1);
  return Math.max(1, op & FUTEX_CLOCK_REALTIME ? ns - k.kern.boottime : ns);
}

/** Restarted after a signal when it may wait for ever; a handler ends one that has a time limit. */
function futex_wait(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  const [uaddr, op, value, tsp] = a;
  const until = td.td_progress === null ? futex_deadline(k, op, tsp, wide) : 0;
  if (until < 0) return -until;
  if (td.td_progress === null) {
    const word = fuword32(k, u(uaddr));
    if (word < 0) return EFAULT;
    if ((word | 0) !== value) return EAGAIN;
  }
  const error = umtx_wait(k, td, u(uaddr), value, until);
  return error === ERESTART && tsp !== 0 ? EINTR : error;
}

const sign12 = (field: number): number => (field << 20) >> 20;

/** FUTEX_WAKE_OP: changes the second word, wakes the first and, if the old value compares, it too. */
function futex_wake_op(k: Kernel, td: Thread, a: Int32Array, op: number): number {
  const [uaddr, , n1, n2, uaddr2] = a;
  const touched = useracc_touch(k, u(uaddr2), 4, true);
  if (touched !== 0) return touched;
  const old = fuword32(k, u(uaddr2)) | 0;
  let oparg = sign12((op >>> 12) & 0xfff);
  if (op & 0x80000000) oparg = 1 << (oparg & 31);
  const cmparg = sign12(op & 0xfff);
  const results = [oparg, old + oparg, old | oparg, old & ~oparg, old ^ oparg];
  const compares = [
    old === cmparg,
    old !== cmparg,
    old < cmparg,
    old <= cmparg,
    old > cmparg,
    old >= cmparg,
  ];
  const which = (op >>> 28) & 7;
  const compare = (op >>> 24) & 15;
  if (which >= results.length || compare >= compares.length) return ENOSYS;
  suword32(k, uaddr2, results[which]);
  let woken = umtx_wake(k, td, u(uaddr), n1);
  if (compares[compare]) woken += umtx_wake(k, td, u(uaddr2), n2);
  td.td_retval[0] = woken;
  return 0;
}

// Futexes with an owner. Its priority is nobody's to inherit here; the rest is as with Linux.

/** Takes the lock, or waits for it; with `wait` false it is only tried. */
function futex_lock_pi(k: Kernel, td: Thread, uaddr: number, until: number, wait: boolean): number {
  const touched = useracc_touch(k, uaddr, 4, true);
  if (touched !== 0) return touched;
  const progress = td.td_progress as umtx_progress | null;
  if (progress?.umtx_woken) td.td_progress = null;
  const word = fuword32(k, uaddr);
  const tid = linux_tid(k, td);
  const owner = word & FUTEX_TID_MASK;
  if (owner === 0) {
    const waiters = umtx_waiters(k, td, uaddr) > 0 ? FUTEX_WAITERS : 0;
    suword32(k, uaddr, (word & FUTEX_OWNER_DIED) | waiters | tid);
    return 0;
  }
  if (owner === tid) return EDEADLK;
  if (!wait) return EAGAIN;
  if (linux_find_thread(k, owner) === null) return ESRCH;
  suword32(k, uaddr, word | FUTEX_WAITERS);
  return umtx_sleep(k, td, uaddr, until, 'futex_pi');
}

/** The next waiter finds the word without an owner; nobody else can take it without the kernel. */
function futex_unlock_pi(k: Kernel, td: Thread, uaddr: number): number {
  const touched = useracc_touch(k, uaddr, 4, true);
  if (touched !== 0) return touched;
  if ((fuword32(k, uaddr) & FUTEX_TID_MASK) !== linux_tid(k, td)) return EPERM;
  suword32(k, uaddr, umtx_waiters(k, td, uaddr) > 0 ? FUTEX_WAITERS : 0);
  umtx_wake(k, td, uaddr, 1);
  return 0;
}

/** futex(uaddr, op, val, timeout or val2, uaddr2, val3). Bit sets are ignored: waking more is allowed. */
function futex(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  const [uaddr, op, value, value2, , value3] = a;
  if (uaddr & 3) return EINVAL;
  const command = op & FUTEX_CMD_MASK;
  switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
      if (command === FUTEX_WAIT_BITSET && value3 === 0) return EINVAL;
      return futex_wait(k, td, a, wide);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
      if (command === FUTEX_WAKE_BITSET && value3 === 0) return EINVAL;
      td.td_retval[0] = umtx_wake(k, td, u(uaddr), Math.max(value, 1));
      return 0;
    case FUTEX_CMP_REQUEUE:
    case FUTEX_REQUEUE: {
      if (value < 0 || value2 < 0) return EINVAL;
      const word = fuword32(k, u(uaddr));
      if (word < 0) return EFAULT;
      if (command === FUTEX_CMP_REQUEUE && (word | 0) !== value3) return EAGAIN;
      // Those that would be moved look again and wait on the other word themselves.
      td.td_retval[0] = umtx_wake(k, td, u(uaddr), value + value2);
      return 0;
    }
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2: {
      // FUTEX_LOCK_PI has always been about the time of day.
      const clock = command === FUTEX_LOCK_PI ? FUTEX_CLOCK_REALTIME : op & FUTEX_CLOCK_REALTIME;
      const until = futex_deadline(k, command | clock, value2, wide);
      return until < 0 ? -until : futex_lock_pi(k, td, u(uaddr), until, true);
    }
    case FUTEX_TRYLOCK_PI:
      return futex_lock_pi(k, td, u(uaddr), 0, false);
    case FUTEX_UNLOCK_PI:
      return futex_unlock_pi(k, td, u(uaddr));
    case FUTEX_WAKE_OP:
      return futex_wake_op(k, td, a, value3);
    default:
      return ENOSYS;
  }
}

// Robust lists: what a thread holds when it ends is marked, and the next to want it woken.

/** struct robust_list_head: first entry, offset of the word from an entry, entry being worked on. */
const ROBUST_HEAD_BYTES = 12;
const ROBUST_LIST_LIMIT = 2048;

function set_robust_list(td: Thread, a: Int32Array): number {
  if (a[1] !== ROBUST_HEAD_BYTES) return EINVAL;
  td.td_robust_list = u(a[0]);
  return 0;
}

function get_robust_list(k: Kernel, td: Thread, a: Int32Array): number {
  const target = a[0] === 0 ? td : linux_find_thread(k, a[0]);
  if (target === null) return ESRCH;
  if (target.td_proc !== td.td_proc && td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
  return (
    copyout_words(k, [ROBUST_HEAD_BYTES], a[2]) || copyout_words(k, [target.td_robust_list], a[1])
  );
}

/** The dead owner's word is marked; without an owner yet, a pending one's waiter is woken anyway. */
function handle_futex_death(
  k: Kernel,
  td: Thread,
  tid: number,
  uaddr: number,
  pi: boolean,
  pending: boolean,
): boolean {
  if (uaddr % 4 !== 0) return false;
  const word = fuword32(k, uaddr);
  if (word < 0) return false;
  if (pending && !pi && word === 0) {
    umtx_wake(k, td, uaddr, 1);
    return true;
  }
  if ((word & FUTEX_TID_MASK) !== tid) return true;
  if (useracc_touch(k, uaddr, 4, true) !== 0) return false;
  suword32(k, uaddr, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
  if (word & FUTEX_WAITERS) umtx_wake(k, td, uaddr, 1);
  return true;
}

/** exit_robust_list of a thread that ends or executes another program. */
export function linux_exit_robust_list(k: Kernel, td: Thread): void {
  const head = td.td_robust_list;
  if (head === 0) return;
  const view = copyin_view(k, head, ROBUST_HEAD_BYTES);
  if (typeof view !== 'number') {
    const tid = linux_tid(k, td);
    const offset = view.getInt32(4, true);
    const pending = view.getUint32(8, true);
    let entry = view.getUint32(0, true);
    // The lowest bit of a link says that the mutex inherits priority.
    for (let n = 0; (entry & ~1) >>> 0 !== head && n < ROBUST_LIST_LIMIT; n++) {
      const at = (entry & ~1) >>> 0;
      const next = fuword32(k, at);
      if (entry !== pending) {
        const word = (at + offset) >>> 0;
        if (!handle_futex_death(k, td, tid, word, (entry & 1) !== 0, false)) break;
      }
      if (next < 0) break;
      entry = next;
    }
    if (pending !== 0) {
      const word = ((pending & ~1) + offset) >>> 0;
      handle_futex_death(k, td, tid, word, (pending & 1) !== 0, true);
    }
  }
  td.td_robust_list = 0;
}

export const linux_futex_calls: linux_calls = {
  set_robust_list: [2, (_k, td, a) => set_robust_list(td, a)],
  get_robust_list: [3, get_robust_list],
  futex: [6, (k, td, a) => futex(k, td, a, false)],
  futex_time64: [6, (k, td, a) => futex(k, td, a, true)],
};
