// _umtx_op(2): mutexes, condition variables, read-write locks and semaphores in user memory
// (kern_umtx.c). The library takes what is free by itself; the kernel is asked to wait and to wake.
//
// A call that waits is executed again after the wakeup, with td_progress from the first time: what
// it changed before it slept is not changed twice. Priorities are not inherited: all threads run
// under one time-sharing class.

import {
  EAGAIN,
  EBUSY,
  EFAULT,
  EINTR,
  EINVAL,
  ENOSYS,
  ENOTRECOVERABLE,
  EOWNERDEAD,
  EPERM,
  ERESTART,
} from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { fuword32, suword32, useracc_touch } from '../i386/support.js';
import { umtx_deadline, umtx_key, umtx_sleep, umtx_wait, umtx_wake } from './kern_thr.js';
import type { umtx_progress } from './kern_thr.js';

const UMTX_OP_WAIT = 2;
const UMTX_OP_WAKE = 3;
const UMTX_OP_MUTEX_TRYLOCK = 4;
const UMTX_OP_MUTEX_LOCK = 5;
const UMTX_OP_MUTEX_UNLOCK = 6;
const UMTX_OP_SET_CEILING = 7;
const UMTX_OP_CV_WAIT = 8;
const UMTX_OP_CV_SIGNAL = 9;
const UMTX_OP_CV_BROADCAST = 10;
const UMTX_OP_WAIT_UINT = 11;
const UMTX_OP_RW_RDLOCK = 12;
const UMTX_OP_RW_WRLOCK = 13;
const UMTX_OP_RW_UNLOCK = 14;
const UMTX_OP_WAIT_UINT_PRIVATE = 15;
const UMTX_OP_WAKE_PRIVATE = 16;
const UMTX_OP_MUTEX_WAIT = 17;
const UMTX_OP_MUTEX_WAKE = 18;
const UMTX_OP_SEM_WAIT = 19;
const UMTX_OP_SEM_WAKE = 20;
const UMTX_OP_NWAKE_PRIVATE = 21;
const UMTX_OP_MUTEX_WAKE2 = 22;
const UMTX_OP_SEM2_WAIT = 23;
const UMTX_OP_SEM2_WAKE = 24;
const EVERYONE = 0x7fffffff;

// struct umutex: owner, flags, two ceilings.
const M_FLAGS = 4;
const M_CEILING = 8;
const UMUTEX_BYTES = 16;
const UMUTEX_UNOWNED = 0;
const UMUTEX_CONTESTED = 0x80000000;
const UMUTEX_RB_OWNERDEAD = 0x80000010;
const UMUTEX_RB_NOTRECOV = 0x80000011;
const UMUTEX_PRIO_PROTECT = 0x8;
const UMUTEX_NONCONSISTENT = 0x20;
const RTP_PRIO_MAX = 31;

// struct ucond: has_waiters, flags, clockid.
const C_CLOCKID = 8;
const UCOND_BYTES = 12;
const CVWAIT_ABSTIME = 0x2;
const CVWAIT_CLOCKID = 0x4;
const CLOCK_THREAD_CPUTIME_ID = 14;

// struct urwlock: state, flags, blocked readers, blocked writers. Readers sleep on the third word,
// writers on the fourth.
const RW_FLAGS = 4;
const RW_READERS = 8;
const RW_WRITERS = 12;
const URWLOCK_BYTES = 16;
const URWLOCK_PREFER_READER = 0x2;
const URWLOCK_WRITE_OWNER = 0x80000000;
const URWLOCK_WRITE_WAITERS = 0x40000000;
const URWLOCK_READ_WAITERS = 0x20000000;
const URWLOCK_MAX_READERS = 0x1fffffff;

const USEM_HAS_WAITERS = 0x80000000;

const progress_of = (td: Thread): umtx_progress | null => td.td_progress as umtx_progress | null;
/** `bits` of an unsigned word, as an unsigned number. */
const and = (word: number, bits: number): number => (word & bits) >>> 0;

/** How many threads wait for the word at `addr`. */
function umtxq_count(k: Kernel, td: Thread, addr: number): number {
  return k.kern.sleepq.get(umtx_key(k, td, addr))?.length ?? 0;
}

/** The deadline of a call: that of its first execution. Negative: an errno. */
function deadline_of(k: Kernel, td: Thread, size: number, uaddr: number): number {
  return progress_of(td)?.umtx_until ?? umtx_deadline(k, size, uaddr);
}

const owner_bits = (owner: number): number => and(owner, ~UMUTEX_CONTESTED);

/** Takes a mutex that nobody holds. @returns 0, EOWNERDEAD, ENOTRECOVERABLE, or -1: it is held. */
function umutex_take(k: Kernel, td: Thread, m: number, owner: number): number {
  if (owner === UMUTEX_RB_NOTRECOV) return ENOTRECOVERABLE;
  if (owner === UMUTEX_RB_OWNERDEAD) {
    suword32(k, m, td.td_tid | UMUTEX_CONTESTED);
    return EOWNERDEAD;
  }
  if (owner_bits(owner) !== 0) return -1;
  suword32(k, m, td.td_tid | owner);
  return 0;
}

const is_free = (owner: number): boolean =>
  owner_bits(owner) === 0 || owner === UMUTEX_RB_OWNERDEAD || owner === UMUTEX_RB_NOTRECOV;

/** Locks a mutex, tries to, or waits until it is free. */
function do_lock_umutex(
  k: Kernel,
  td: Thread,
  m: number,
  op: number,
  size: number,
  timeout: number,
): number {
  if (useracc_touch(k, m, UMUTEX_BYTES, true) !== 0) return EFAULT;
  const until = deadline_of(k, td, size, timeout);
  if (until < 0) return -until;
  let error = 0;
  if (progress_of(td) !== null) {
    error = umtx_sleep(k, td, m, until, 'umtxn');
    td.td_progress = null;
  }
  const owner = fuword32(k, m);
  if (op === UMTX_OP_MUTEX_WAIT) {
    if (is_free(owner)) return 0;
  } else {
    const taken = umutex_take(k, td, m, owner);
    if (taken >= 0) return taken;
    if (op === UMTX_OP_MUTEX_TRYLOCK) return EBUSY;
  }
  if (error === 0) {
    suword32(k, m, owner | UMUTEX_CONTESTED);
    error = umtx_sleep(k, td, m, until, 'umtxn');
  }
  if (timeout === 0 && op !== UMTX_OP_MUTEX_WAIT) return error === EINTR ? ERESTART : error;
  return error === ERESTART ? EINTR : error;
}

/** Unlocks the caller's mutex and wakes one who waits for it. */
function do_unlock_umutex(k: Kernel, td: Thread, m: number): number {
  if (useracc_touch(k, m, UMUTEX_BYTES, true) !== 0) return EFAULT;
  if (owner_bits(fuword32(k, m)) !== td.td_tid) return EPERM;
  const flags = fuword32(k, m + M_FLAGS);
  let owner = flags & UMUTEX_NONCONSISTENT ? UMUTEX_RB_NOTRECOV : UMUTEX_UNOWNED;
  if (flags & UMUTEX_PRIO_PROTECT || umtxq_count(k, td, m) > 1) owner |= UMUTEX_CONTESTED;
  suword32(k, m, owner);
  umtx_wake(k, td, m, 1);
  return 0;
}

/** After an unlock by the library: the contested bit says whether there are more to come. */
function do_wake_umutex(k: Kernel, td: Thread, m: number): number {
  if (useracc_touch(k, m, UMUTEX_BYTES, true) !== 0) return EFAULT;
  const owner = fuword32(k, m);
  if (owner_bits(owner) !== 0) return 0;
  if (umtxq_count(k, td, m) <= 1) suword32(k, m, UMUTEX_UNOWNED);
  umtx_wake(k, td, m, 1);
  return 0;
}

function do_wake2_umutex(k: Kernel, td: Thread, m: number): number {
  const count = umtxq_count(k, td, m);
  if (count === 0) return 0;
  if (useracc_touch(k, m, UMUTEX_BYTES, true) !== 0) return EFAULT;
  const owner = fuword32(k, m);
  if (count > 1 || owner_bits(owner) !== 0) suword32(k, m, owner | UMUTEX_CONTESTED);
  if (is_free(owner)) umtx_wake(k, td, m, 1);
  return 0;
}

function do_set_ceiling(
  k: Kernel,
  td: Thread,
  m: number,
  ceiling: number,
  old_ceiling: number,
): number {
  if (useracc_touch(k, m, UMUTEX_BYTES, true) !== 0) return EFAULT;
  if ((fuword32(k, m + M_FLAGS) & UMUTEX_PRIO_PROTECT) === 0) return EINVAL;
  if (ceiling >>> 0 > RTP_PRIO_MAX) return EINVAL;
  let error = 0;
  if (progress_of(td) !== null) {
    error = umtx_sleep(k, td, m, 0, 'umtxpp');
    td.td_progress = null;
  }
  const owner = fuword32(k, m);
  if (owner === UMUTEX_RB_OWNERDEAD) return EOWNERDEAD;
  if (owner === UMUTEX_RB_NOTRECOV) return ENOTRECOVERABLE;
  if (owner !== UMUTEX_CONTESTED && owner_bits(owner) !== td.td_tid) {
    return error === 0 ? umtx_sleep(k, td, m, 0, 'umtxpp') : error;
  }
  const before = fuword32(k, m + M_CEILING);
  suword32(k, m + M_CEILING, ceiling);
  umtx_wake(k, td, m, EVERYONE);
  return old_ceiling === 0 || suword32(k, old_ceiling, before) === 0 ? 0 : EFAULT;
}

/** Deadline of a wait for a condition variable: its flags say which clock. */
function cv_deadline(k: Kernel, td: Thread, cv: number, wflags: number, timeout: number): number {
  const kept = progress_of(td)?.umtx_until;
  if (kept !== undefined) return kept;
  const clock = wflags & CVWAIT_CLOCKID ? fuword32(k, cv + C_CLOCKID) : 0;
  if (clock < 0 || clock >= CLOCK_THREAD_CPUTIME_ID) return -EINVAL;
  return umtx_deadline(k, 0, timeout, { absolute: (wflags & CVWAIT_ABSTIME) !== 0, clock });
}

/** Gives the mutex up and waits for the condition variable. */
function do_cv_wait(
  k: Kernel,
  td: Thread,
  cv: number,
  m: number,
  wflags: number,
  timeout: number,
): number {
  if (useracc_touch(k, cv, UCOND_BYTES, true) !== 0) return EFAULT;
  const until = cv_deadline(k, td, cv, wflags, timeout);
  if (until < 0) return -until;
  if (progress_of(td) === null) {
    if (useracc_touch(k, m, UMUTEX_BYTES, true) !== 0) return EFAULT;
    suword32(k, cv, 1);
    const error = do_unlock_umutex(k, td, m);
    if (error !== 0) {
      if (umtxq_count(k, td, cv) === 0) suword32(k, cv, 0);
      return error;
    }
  }
  const error = umtx_sleep(k, td, cv, until, 'ucond');
  if (error === 0) return 0;
  if (umtxq_count(k, td, cv) === 0) suword32(k, cv, 0);
  return error === ERESTART ? EINTR : error;
}

function do_cv_wake(k: Kernel, td: Thread, cv: number, n: number): number {
  if (useracc_touch(k, cv, UCOND_BYTES, true) !== 0) return EFAULT;
  umtx_wake(k, td, cv, n);
  if (umtxq_count(k, td, cv) === 0) suword32(k, cv, 0);
  return 0;
}

/** One who waited for a lock goes: with the last one goes the bit that says that some wait. */
function rw_leave(k: Kernel, rw: number, at: number, bit: number): void {
  const blocked = fuword32(k, rw + at) - 1;
  suword32(k, rw + at, blocked);
  if (blocked === 0) suword32(k, rw, fuword32(k, rw) & ~bit);
}

/** Waits as one more reader or writer; throws to sleep. @returns an errno at once. */
function rw_enter(
  k: Kernel,
  td: Thread,
  rw: number,
  at: number,
  bit: number,
  until: number,
): number {
  suword32(k, rw, fuword32(k, rw) | bit);
  suword32(k, rw + at, fuword32(k, rw + at) + 1);
  const error = umtx_sleep(k, td, rw + at, until, at === RW_READERS ? 'urdlck' : 'uwrlck');
  rw_leave(k, rw, at, bit);
  td.td_progress = null;
  return error;
}

/** Locks a read-write lock for reading (`at` RW_READERS) or writing. */
function do_rw_lock(
  k: Kernel,
  td: Thread,
  rw: number,
  at: number,
  fflag: number,
  size: number,
  timeout: number,
): number {
  if (useracc_touch(k, rw, URWLOCK_BYTES, true) !== 0) return EFAULT;
  const until = deadline_of(k, td, size, timeout);
  if (until < 0) return -until;
  const reading = at === RW_READERS;
  const bit = reading ? URWLOCK_READ_WAITERS : URWLOCK_WRITE_WAITERS;
  let busy = URWLOCK_WRITE_OWNER | (reading ? 0 : URWLOCK_MAX_READERS);
  if (reading && ((fflag | fuword32(k, rw + RW_FLAGS)) & URWLOCK_PREFER_READER) === 0) {
    busy |= URWLOCK_WRITE_WAITERS;
  }
  let error = 0;
  if (progress_of(td) !== null) {
    error = umtx_sleep(k, td, rw + at, until, 'urwlck');
    if (error === 0 && fuword32(k, rw) & busy) {
      td.td_progress = null;
      error = umtx_sleep(k, td, rw + at, until, 'urwlck');
    }
    rw_leave(k, rw, at, bit);
    td.td_progress = null;
  }
  let state = fuword32(k, rw);
  if ((state & busy) !== 0 && error === 0) {
    error = rw_enter(k, td, rw, at, bit, until);
    state = fuword32(k, rw);
  }
  if ((state & busy) !== 0) {
    // A writer that gives up no longer keeps the readers off.
    if (!reading && (state & (URWLOCK_WRITE_OWNER | URWLOCK_WRITE_WAITERS)) === 0) {
      umtx_wake(k, td, rw + RW_READERS, EVERYONE);
    }
    return error === ERESTART ? EINTR : error;
  }
  if (reading && and(state, URWLOCK_MAX_READERS) === URWLOCK_MAX_READERS) return EAGAIN;
  suword32(k, rw, reading ? state + 1 : state | URWLOCK_WRITE_OWNER);
  return 0;
}

function do_rw_unlock(k: Kernel, td: Thread, rw: number): number {
  if (useracc_touch(k, rw, URWLOCK_BYTES, true) !== 0) return EFAULT;
  const state = fuword32(k, rw);
  if (state & URWLOCK_WRITE_OWNER) suword32(k, rw, state & ~URWLOCK_WRITE_OWNER);
  else if (state & URWLOCK_MAX_READERS) suword32(k, rw, state - 1);
  else return EPERM;
  const writers = (state & URWLOCK_WRITE_WAITERS) !== 0;
  const readers = (state & URWLOCK_READ_WAITERS) !== 0;
  const reader_first = (fuword32(k, rw + RW_FLAGS) & URWLOCK_PREFER_READER) !== 0;
  if (writers && !(readers && reader_first)) umtx_wake(k, td, rw + RW_WRITERS, 1);
  else if (readers) umtx_wake(k, td, rw + RW_READERS, EVERYONE);
  return 0;
}

/**
 * Waits for a semaphore with its count at `count` and the note that somebody waits as bit `note` of
 * the word at `mark`. The library takes the count itself.
 */
function do_sem_wait(
  k: Kernel,
  td: Thread,
  count: number,
  mark: number,
  note: number,
  size: number,
  timeout: number,
): number {
  if (useracc_touch(k, count, 4, true) !== 0 || useracc_touch(k, mark, 4, true) !== 0)
    return EFAULT;
  const until = deadline_of(k, td, size, timeout);
  if (until < 0) return -until;
  if (progress_of(td) === null) {
    if (fuword32(k, count) & ~USEM_HAS_WAITERS) return 0;
    suword32(k, mark, fuword32(k, mark) | note);
  }
  const error = umtx_sleep(k, td, count, until, 'usem');
  return error === ERESTART && timeout !== 0 ? EINTR : error;
}

function do_sem_wake(k: Kernel, td: Thread, count: number, mark: number, note: number): number {
  if (useracc_touch(k, mark, 4, true) !== 0) return EFAULT;
  const waiting = umtxq_count(k, td, count);
  umtx_wake(k, td, count, 1);
  if (waiting === 1) suword32(k, mark, fuword32(k, mark) & ~note);
  return 0;
}

/** Waits until the word changes; a signal ends the call. */
function do_wait(
  k: Kernel,
  td: Thread,
  addr: number,
  value: number,
  size: number,
  timeout: number,
): number {
  const until = deadline_of(k, td, size, timeout);
  if (until < 0) return -until;
  const error = umtx_wait(k, td, addr, value, until);
  return error === ERESTART ? EINTR : error;
}

/** Wakes everyone at each of `count` addresses in an array. */
function do_nwake(k: Kernel, td: Thread, array: number, count: number): number {
  if (count > 0 && useracc_touch(k, array, 4 * count, false) !== 0) return EFAULT;
  for (let i = 0; i < count; i++) umtx_wake(k, td, fuword32(k, array + 4 * i), EVERYONE);
  return 0;
}

/** _umtx_op(obj, op, val, uaddr1, uaddr2); with a time in uaddr2, uaddr1 is its size. */
export function sys__umtx_op(k: Kernel, td: Thread, a: Int32Array): number {
  const [, op, val] = a;
  const obj = a[0] >>> 0;
  const uaddr1 = a[3] >>> 0;
  const uaddr2 = a[4] >>> 0;
  switch (op) {
    case UMTX_OP_WAIT:
    case UMTX_OP_WAIT_UINT:
    case UMTX_OP_WAIT_UINT_PRIVATE:
      return do_wait(k, td, obj, val, uaddr1, uaddr2);
    case UMTX_OP_WAKE:
    case UMTX_OP_WAKE_PRIVATE:
      umtx_wake(k, td, obj, val);
      return 0;
    case UMTX_OP_NWAKE_PRIVATE:
      return do_nwake(k, td, obj, val);
    case UMTX_OP_MUTEX_TRYLOCK:
    case UMTX_OP_MUTEX_LOCK:
    case UMTX_OP_MUTEX_WAIT:
      return do_lock_umutex(k, td, obj, op, uaddr1, uaddr2);
    case UMTX_OP_MUTEX_UNLOCK:
      return do_unlock_umutex(k, td, obj);
    case UMTX_OP_MUTEX_WAKE:
      return do_wake_umutex(k, td, obj);
    case UMTX_OP_MUTEX_WAKE2:
      return do_wake2_umutex(k, td, obj);
    case UMTX_OP_SET_CEILING:
      return do_set_ceiling(k, td, obj, val, uaddr1);
    case UMTX_OP_CV_WAIT:
      return do_cv_wait(k, td, obj, uaddr1, val, uaddr2);
    case UMTX_OP_CV_SIGNAL:
      return do_cv_wake(k, td, obj, 1);
    case UMTX_OP_CV_BROADCAST:
      return do_cv_wake(k, td, obj, EVERYONE);
    case UMTX_OP_RW_RDLOCK:
      return do_rw_lock(k, td, obj, RW_READERS, val, uaddr1, uaddr2);
    case UMTX_OP_RW_WRLOCK:
      return do_rw_lock(k, td, obj, RW_WRITERS, 0, uaddr1, uaddr2);
    case UMTX_OP_RW_UNLOCK:
      return do_rw_unlock(k, td, obj);
    // struct _usem of FreeBSD 10: has_waiters, count, flags.
    case UMTX_OP_SEM_WAIT:
      return do_sem_wait(k, td, obj + 4, obj, 1, uaddr1, uaddr2);
    case UMTX_OP_SEM_WAKE:
      return do_sem_wake(k, td, obj + 4, obj, 1);
    // struct _usem2: count with the note in it, flags.
    case UMTX_OP_SEM2_WAIT:
      return do_sem_wait(k, td, obj, obj, USEM_HAS_WAITERS, uaddr1, uaddr2);
    case UMTX_OP_SEM2_WAKE:
      return do_sem_wake(k, td, obj, obj, USEM_HAS_WAITERS);
    default:
      return ENOSYS;
  }
}
