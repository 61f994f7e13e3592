// System calls about signals (kernel/signal.c of Linux).

import { ESP } from '../../../emulator/index.js';
import { useracc_touch } from '../../i386/support.js';
import {
  kern_kill,
  kern_sigaction,
  kern_sigaltstack,
  kern_sigprocmask,
  kern_sigsuspend,
  kern_sigtimedwait,
  kern_thr_kill,
  p_cansignal,
  sigonstack,
  sigpending_set,
} from '../../kern/kern_sig_calls.js';
import type { sigaction } from '../../kern/kern_sig_calls.js';
import { ksiginfo_init, pksignal, tdksignal } from '../../kern/kern_sig.js';
import { pfind } from '../../kern/kern_proc.js';
import { copyin_view, copyout_view } from '../../kern/subr_buf.js';
import { EINTR, EINVAL, EPERM, ERESTART, ESRCH } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import { TDF_NEEDSIGCHK, TDF_OLDMASK } from '../../sys/proc.js';
import type { Thread } from '../../sys/proc.js';
import {
  SA_NOCLDSTOP,
  SA_NOCLDWAIT,
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SA_RESTART,
  SA_SIGINFO,
  SIGISMEMBER,
  SIGKILL,
  SIGRTMIN,
  SIGSTOP,
  SIG_BLOCK,
  SIG_CANTMASK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SI_QUEUE,
  SS_DISABLE,
  sigset_empty,
} from '../../sys/signal.js';
import type { ksiginfo, sigset_t, stack_t } from '../../sys/signal.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { linux_rt_sigreturn, linux_sigreturn } from './linux_sendsig.js';
import { bsd_to_linux_signal, linux_to_bsd_signal } from './linux_signal_numbers.js';
import {
  LINUX_SIGINFO_BYTES,
  LINUX_SIGSET_BYTES,
  bsd_to_linux_sigset,
  linux_put_siginfo,
  linux_to_bsd_sigset,
} from './linux_sigset.js';
import { linux_find_thread } from './linux_threads.js';
import { copyin_linux_timespec } from './linux_time.js';

const LINUX_SA_RESTORER = 0x04000000;
const FLAGS: readonly [linux: number, bsd: number][] = [
  [0x1, SA_NOCLDSTOP],
  [0x2, SA_NOCLDWAIT],
  [0x4, SA_SIGINFO],
  [0x08000000, SA_ONSTACK],
  [0x10000000, SA_RESTART],
  [0x40000000, SA_NODEFER],
  [0x80000000 | 0, SA_RESETHAND],
];

function action_of(handler: number, flags: number, restorer: number, sa_mask: sigset_t): sigaction {
  let sa_flags = 0;
  for (const [linux, bsd] of FLAGS) if (flags & linux) sa_flags |= bsd;
  return {
    sa_handler: handler,
    sa_flags,
    sa_mask,
    sa_restorer: flags & LINUX_SA_RESTORER ? restorer : 0,
  };
}

function linux_flags(act: sigaction): number {
  let flags = act.sa_restorer === 0 ? 0 : LINUX_SA_RESTORER;
  for (const [linux, bsd] of FLAGS) if (act.sa_flags & bsd) flags |= linux;
  return flags;
}

function blank_action(): sigaction {
  return { sa_handler: 0, sa_flags: 0, sa_mask: sigset_empty(), sa_restorer: 0 };
}

/** FreeBSD's number of a signal that must exist, or 0 for one it does not have, or -1. */
function checked_signal(sig: number): number {
  return sig === 0 ? -1 : linux_to_bsd_signal(sig);
}

/** Nothing may be set for SIGKILL and SIGSTOP, not even what is. */
function change_action(
  k: Kernel,
  td: Thread,
  sig: number,
  act: sigaction | null,
  old: sigaction,
): number {
  if (sig === 0) return 0;
  if (act !== null && (sig === SIGKILL || sig === SIGSTOP)) return EINVAL;
  return kern_sigaction(k, td, sig, act, old);
}

/** rt_sigaction(sig, act, oact, size): handler, flags, restorer, mask[2]. */
function rt_sigaction(k: Kernel, td: Thread, a: Int32Array): number {
  const [sig, actp, oactp, size] = a;
  if (size !== LINUX_SIGSET_BYTES) return EINVAL;
  const bsd = checked_signal(sig);
  if (bsd < 0) return EINVAL;
  let act: sigaction | null = null;
  if (actp !== 0) {
    const view = copyin_view(k, actp, 20);
    if (typeof view === 'number') return view;
    const mask = linux_to_bsd_sigset(view.getInt32(12, true), view.getInt32(16, true));
    act = action_of(view.getUint32(0, true), view.getInt32(4, true), view.getUint32(8, true), mask);
  }
  const touched = oactp === 0 ? 0 : useracc_touch(k, oactp, 20, true);
  if (touched !== 0) return touched;
  const old = blank_action();
  const error = change_action(k, td, bsd, act, old);
  if (error !== 0 || oactp === 0) return error;
  const view = new DataView(new ArrayBuffer(20));
  const [low, high] = bsd_to_linux_sigset(old.sa_mask);
  view.setUint32(0, old.sa_handler, true);
  view.setInt32(4, linux_flags(old), true);
  view.setUint32(8, old.sa_restorer, true);
  view.setInt32(12, low, true);
  view.setInt32(16, high, true);
  return copyout_view(k, view, oactp);
}

/** sigaction(sig, act, oact): handler, mask, flags, restorer. */
function old_sigaction(k: Kernel, td: Thread, a: Int32Array): number {
  const [sig, actp, oactp] = a;
  const bsd = checked_signal(sig);
  if (bsd < 0) return EINVAL;
  let act: sigaction | null = null;
  if (actp !== 0) {
    const view = copyin_view(k, actp, 16);
    if (typeof view === 'number') return view;
    const mask = linux_to_bsd_sigset(view.getInt32(4, true), 0);
    act = action_of(
      view.getUint32(0, true),
      view.getInt32(8, true),
      view.getUint32(12, true),
      mask,
    );
  }
  const touched = oactp === 0 ? 0 : useracc_touch(k, oactp, 16, true);
  if (touched !== 0) return touched;
  const old = blank_action();
  const error = change_action(k, td, bsd, act, old);
  if (error !== 0 || oactp === 0) return error;
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, old.sa_handler, true);
  view.setInt32(4, bsd_to_linux_sigset(old.sa_mask)[0], true);
  view.setInt32(8, linux_flags(old), true);
  view.setUint32(12, old.sa_restorer, true);
  return copyout_view(k, view, oactp);
}

/** signal(sig, handler): System V's, reset and not deferred. */
function old_signal(k: Kernel, td: Thread, a: Int32Array): number {
  const bsd = checked_signal(a[0]);
  if (bsd < 0) return EINVAL;
  if (bsd === 0) return 0;
  const act: sigaction = { ...blank_action(), sa_handler: u(a[1]) };
  act.sa_flags = SA_RESETHAND | SA_NODEFER;
  const old = blank_action();
  const error = change_action(k, td, bsd, act, old);
  td.td_retval[0] = old.sa_handler | 0;
  return error;
}

/** A set at `uaddr` of 4 or 8 bytes, or an errno. */
function copyin_set(k: Kernel, uaddr: number, bytes: number): sigset_t | number {
  const view = copyin_view(k, uaddr, bytes);
  if (typeof view === 'number') return view;
  return linux_to_bsd_sigset(view.getInt32(0, true), bytes === 8 ? view.getInt32(4, true) : 0);
}

function copyout_set(k: Kernel, set: sigset_t, uaddr: number, bytes: number): number {
  const words = bsd_to_linux_sigset(set);
  const view = new DataView(new ArrayBuffer(bytes));
  for (let i = 0; i < bytes / 4; i++) view.setInt32(4 * i, words[i], true);
  return copyout_view(k, view, uaddr);
}

const HOW = [SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK];

function sigprocmask(k: Kernel, td: Thread, a: Int32Array, bytes: number): number {
  const [how, setp, osetp] = a;
  if (setp !== 0 && (how < 0 || how > 2)) return EINVAL;
  const set = setp === 0 ? null : copyin_set(k, setp, bytes);
  if (typeof set === 'number') return set;
  const touched = osetp === 0 ? 0 : useracc_touch(k, osetp, bytes, true);
  if (touched !== 0) return touched;
  const old = sigset_empty();
  const error = kern_sigprocmask(td, HOW[how] ?? SIG_BLOCK, set, old);
  return error !== 0 || osetp === 0 ? error : copyout_set(k, old, osetp, bytes);
}

function sigpending(k: Kernel, td: Thread, uaddr: number, bytes: number): number {
  const set = sigpending_set(td);
  for (let i = 0; i < set.length; i++) set[i] &= td.td_sigmask[i];
  return copyout_set(k, set, uaddr, bytes);
}

/**
 * Runs a call that waits with another signal mask (null: its own). The mask stays as long as the call
 * has to be executed again, and until a signal that ends it has been delivered.
 */
export function with_sigmask(td: Thread, mask: sigset_t | null, f: () => number): number {
  if (mask === null) return f();
  if ((td.td_flags & TDF_OLDMASK) === 0) {
    td.td_oldsigmask.set(td.td_sigmask);
    td.td_sigmask.set(mask);
    SIG_CANTMASK(td.td_sigmask);
    td.td_flags |= TDF_OLDMASK | TDF_NEEDSIGCHK;
  }
  const error = f();
  if (error === 0) {
    td.td_sigmask.set(td.td_oldsigmask);
    td.td_flags = (td.td_flags & ~TDF_OLDMASK) | TDF_NEEDSIGCHK;
  } else td.td_flags |= TDF_NEEDSIGCHK;
  return error;
}

/** The mask argument of ppoll and pselect: a pointer that may be null. */
export function optional_set(k: Kernel, uaddr: number, size: number): sigset_t | null | number {
  if (uaddr === 0) return null;
  return size === LINUX_SIGSET_BYTES ? copyin_set(k, uaddr, 8) : EINVAL;
}

function sigtimedwait(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  const [setp, infop, tsp, size] = a;
  if (size !== LINUX_SIGSET_BYTES) return EINVAL;
  const set = copyin_set(k, setp, 8);
  if (typeof set === 'number') return set;
  let ns = -1;
  if (tsp !== 0) {
    ns = copyin_linux_timespec(k, tsp, wide);
    if (ns < 0) return -ns;
  }
  const touched = infop === 0 ? 0 : useracc_touch(k, infop, LINUX_SIGINFO_BYTES, true);
  if (touched !== 0) return touched;
  const taken: { ksi: ksiginfo | null } = { ksi: null };
  const error = kern_sigtimedwait(k, td, set, ns, taken);
  if (error === ERESTART) return EINTR;
  if (error !== 0 || taken.ksi === null) return error;
  td.td_retval[0] = bsd_to_linux_signal(taken.ksi.ksi_signo);
  if (infop === 0) return 0;
  const view = new DataView(new ArrayBuffer(LINUX_SIGINFO_BYTES));
  linux_put_siginfo(view, 0, taken.ksi);
  return copyout_view(k, view, infop);
}

/** sigaltstack: sp, flags, size. */
function sigaltstack(k: Kernel, td: Thread, a: Int32Array): number {
  const [ssp, ossp] = a;
  let ss: stack_t | null = null;
  if (ssp !== 0) {
    const view = copyin_view(k, ssp, 12);
    if (typeof view === 'number') return view;
    const flags = view.getInt32(4, true) & 0x7fffffff;
    if (flags > 2) return EINVAL;
    ss = {
      ss_sp: view.getUint32(0, true),
      ss_size: view.getUint32(8, true),
      ss_flags: flags === 2 ? SS_DISABLE : 0,
    };
  }
  const touched = ossp === 0 ? 0 : useracc_touch(k, ossp, 12, true);
  if (touched !== 0) return touched;
  const old: stack_t = { ss_sp: 0, ss_size: 0, ss_flags: 0 };
  const error = kern_sigaltstack(k, td, ss, old);
  if (error !== 0 || ossp === 0) return error;
  const on = sigonstack(td, k.machine.cpu.getReg(ESP) >>> 0);
  const view = new DataView(new ArrayBuffer(12));
  view.setUint32(0, old.ss_sp, true);
  view.setInt32(4, old.ss_flags & SS_DISABLE ? 2 : on ? 1 : 0, true);
  view.setUint32(8, old.ss_size, true);
  return copyout_view(k, view, ossp);
}

function kill(k: Kernel, td: Thread, pid: number, sig: number): number {
  const bsd = linux_to_bsd_signal(sig);
  return bsd < 0 ? EINVAL : kern_kill(k, td, pid, bsd);
}

/** tkill and tgkill (tgid 0: any process). */
function tgkill(k: Kernel, td: Thread, tgid: number, tid: number, sig: number): number {
  const bsd = linux_to_bsd_signal(sig);
  if (bsd < 0 || tid <= 0) return EINVAL;
  const target = linux_find_thread(k, tid);
  if (target === null || (tgid > 0 && target.td_proc.p_pid !== tgid)) return ESRCH;
  return kern_thr_kill(k, td, target.td_tid, bsd);
}

/** rt_sigqueueinfo(pid, sig, info) and rt_tgsigqueueinfo. */
function sigqueueinfo(
  k: Kernel,
  td: Thread,
  pid: number,
  tid: number,
  sig: number,
  infop: number,
): number {
  const view = copyin_view(k, infop, 24);
  if (typeof view === 'number') return view;
  const bsd = linux_to_bsd_signal(sig);
  if (bsd < 0) return EINVAL;
  const p = pfind(k, pid);
  if (p === null) return ESRCH;
  if (view.getInt32(8, true) >= 0 && p !== td.td_proc) return EPERM;
  const error = p_cansignal(td, p, bsd);
  if (error !== 0 || bsd === 0) return error;
  const ksi = ksiginfo_init(bsd, SI_QUEUE);
  ksi.ksi_pid = view.getInt32(12, true);
  ksi.ksi_uid = view.getInt32(16, true);
  ksi.ksi_value = view.getInt32(20, true);
  const target = tid === 0 ? null : linux_find_thread(k, tid);
  if (tid !== 0 && target?.td_proc !== p) return ESRCH;
  // A standard signal is pending once (legacy_queue).
  const queue = target === null ? p.p_sigqueue : target.td_sigqueue;
  if (bsd < SIGRTMIN && SIGISMEMBER(queue.sq_signals, bsd)) return 0;
  if (target === null) pksignal(k, p, bsd, ksi);
  else tdksignal(k, target, bsd, ksi);
  return 0;
}

function sigsuspend(k: Kernel, td: Thread, set: sigset_t | number): number {
  return typeof set === 'number' ? set : kern_sigsuspend(k, td, set);
}

export const linux_signal_calls: linux_calls = {
  rt_sigaction: [4, rt_sigaction],
  sigaction: [3, old_sigaction],
  signal: [2, old_signal],
  rt_sigprocmask: [
    4,
    (k, td, a) => (a[3] === LINUX_SIGSET_BYTES ? sigprocmask(k, td, a, 8) : EINVAL),
  ],
  sigprocmask: [3, (k, td, a) => sigprocmask(k, td, a, 4)],
  rt_sigpending: [2, (k, td, a) => (u(a[1]) > 8 ? EINVAL : sigpending(k, td, a[0], 8))],
  sigpending: [1, (k, td, a) => sigpending(k, td, a[0], 4)],
  rt_sigtimedwait: [4, (k, td, a) => sigtimedwait(k, td, a, false)],
  rt_sigtimedwait_time64: [4, (k, td, a) => sigtimedwait(k, td, a, true)],
  rt_sigsuspend: [
    2,
    (k, td, a) =>
      a[1] === LINUX_SIGSET_BYTES ? sigsuspend(k, td, copyin_set(k, a[0], 8)) : EINVAL,
  ],
  // The mask is the third argument; the first two are history.
  sigsuspend: [3, (k, td, a) => sigsuspend(k, td, linux_to_bsd_sigset(a[2], 0))],
  pause: [0, (k, td) => kern_sigsuspend(k, td, td.td_sigmask)],
  rt_sigqueueinfo: [3, (k, td, a) => sigqueueinfo(k, td, a[0], 0, a[1], a[2])],
  rt_tgsigqueueinfo: [4, (k, td, a) => sigqueueinfo(k, td, a[0], a[1], a[2], a[3])],
  sigaltstack: [2, sigaltstack],
  sigreturn: [0, linux_sigreturn],
  rt_sigreturn: [0, linux_rt_sigreturn],
  kill: [2, (k, td, a) => kill(k, td, a[0], a[1])],
  tkill: [2, (k, td, a) => tgkill(k, td, 0, a[0], a[1])],
  tgkill: [3, (k, td, a) => (a[0] <= 0 ? EINVAL : tgkill(k, td, a[0], a[1], a[2]))],
  // The mask as an integer: the result is the one before.
  ssetmask: [
    1,
    (_k, td, a) => {
      td.td_retval[0] = bsd_to_linux_sigset(td.td_sigmask)[0];
      const set = linux_to_bsd_sigset(a[0], 0);
      SIG_CANTMASK(set);
      return kern_sigprocmask(td, SIG_SETMASK, set, null);
    },
  ],
  sgetmask: [
    0,
    (_k, td) => {
      td.td_retval[0] = bsd_to_linux_sigset(td.td_sigmask)[0];
      return 0;
    },
  ],
};
