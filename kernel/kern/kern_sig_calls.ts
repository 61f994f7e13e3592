// The system calls about signals (kern_sig.c).

import {
  EAGAIN,
  EINTR,
  EINVAL,
  ENOMEM,
  EPERM,
  ERESTART,
  ESRCH,
  EWOULDBLOCK,
} from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { P_SUGID, P_SYSTEM, PRS_ZOMBIE, TDF_NEEDSIGCHK, TDF_OLDMASK } from '../sys/proc.js';
import type { Proc, Thread, pgrp } from '../sys/proc.js';
import {
  MINSIGSTKSZ,
  PS_CLDSIGIGN,
  PS_NOCLDSTOP,
  PS_NOCLDWAIT,
  SA_NOCLDSTOP,
  SA_NOCLDWAIT,
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SA_RESTART,
  SA_SIGINFO,
  SIGADDSET,
  SIGCHLD,
  SIGCONT,
  SIGDELSET,
  SIGISMEMBER,
  SIGKILL,
  SIGSETNAND,
  SIGSETOR,
  SIGSTOP,
  SIG_BLOCK,
  SIG_CANTMASK,
  SIG_DFL,
  SIG_IGN,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SI_LWP,
  SI_QUEUE,
  SI_TIMER,
  SI_USER,
  SS_DISABLE,
  SS_ONSTACK,
  _SIG_MAXSIG,
  sig_ffs,
  sigset_empty,
} from '../sys/signal.js';
import type { ksiginfo, sigacts, sigset_t, stack_t } from '../sys/signal.js';
import { ESP } from '../../emulator/index.js';
import { copyout, useracc_touch } from '../i386/support.js';
import { nanouptime } from './kern_clock.js';
import { pfind, pgfind } from './kern_proc.js';
import {
  SIGPROP_IGNORE,
  ksiginfo_init,
  pksignal,
  sigacts_own,
  sigprop,
  sigqueue_delete,
  tdksignal,
} from './kern_sig.js';
import { PCATCH, tsleep } from './kern_synch.js';
import { copyin_view, copyout_view, get_timespec } from './subr_buf.js';

/** An action as sigaction(2) has it; flags are SA_*. */
export interface sigaction {
  sa_handler: number;
  sa_flags: number;
  sa_mask: sigset_t;
  /** Linux only. */
  sa_restorer: number;
}

function flag_if(set: sigset_t, sig: number, flag: number): number {
  return SIGISMEMBER(set, sig) ? flag : 0;
}

function current_action(ps: sigacts, sig: number): sigaction {
  let sa_flags =
    flag_if(ps.ps_sigonstack, sig, SA_ONSTACK) |
    flag_if(ps.ps_sigreset, sig, SA_RESETHAND) |
    flag_if(ps.ps_signodefer, sig, SA_NODEFER) |
    flag_if(ps.ps_siginfo, sig, SA_SIGINFO);
  if (!SIGISMEMBER(ps.ps_sigintr, sig)) sa_flags |= SA_RESTART;
  if (sig === SIGCHLD && ps.ps_flag & PS_NOCLDSTOP) sa_flags |= SA_NOCLDSTOP;
  if (sig === SIGCHLD && ps.ps_flag & PS_NOCLDWAIT) sa_flags |= SA_NOCLDWAIT;
  return {
    sa_handler: ps.ps_sigact[sig],
    sa_flags,
    sa_mask: ps.ps_catchmask[sig].slice(),
    sa_restorer: ps.ps_restorer[sig],
  };
}

function set_if(set: sigset_t, sig: number, on: boolean): void {
  if (on) SIGADDSET(set, sig);
  else SIGDELSET(set, sig);
}

/** Reads the action of `sig` into `old` and sets it to `act`, either may be null. */
export function kern_sigaction(
  _k: Kernel,
  td: Thread,
  sig: number,
  act: sigaction | null,
  old: sigaction | null,
): number {
  if (sig <= 0 || sig > _SIG_MAXSIG) return EINVAL;
  const p = td.td_proc;
  if (old !== null) Object.assign(old, current_action(p.p_sigacts, sig));
  if (act === null) return 0;
  if ((sig === SIGKILL || sig === SIGSTOP) && act.sa_handler !== SIG_DFL) return EINVAL;
  const ps = sigacts_own(p);
  const { sa_flags, sa_handler } = act;
  const mask = act.sa_mask.slice();
  SIG_CANTMASK(mask);
  ps.ps_catchmask[sig] = mask;
  ps.ps_sigact[sig] = sa_handler;
  ps.ps_restorer[sig] = act.sa_restorer;
  set_if(ps.ps_siginfo, sig, (sa_flags & SA_SIGINFO) !== 0);
  set_if(ps.ps_sigintr, sig, (sa_flags & SA_RESTART) === 0);
  set_if(ps.ps_sigonstack, sig, (sa_flags & SA_ONSTACK) !== 0);
  set_if(ps.ps_sigreset, sig, (sa_flags & SA_RESETHAND) !== 0);
  set_if(ps.ps_signodefer, sig, (sa_flags & SA_NODEFER) !== 0);
  if (sig === SIGCHLD) {
    const set = (flag: number, on: boolean): void => {
      ps.ps_flag = on ? ps.ps_flag | flag : ps.ps_flag & ~flag;
    };
    set(PS_NOCLDSTOP, (sa_flags & SA_NOCLDSTOP) !== 0);
    set(PS_NOCLDWAIT, (sa_flags & SA_NOCLDWAIT) !== 0);
    set(PS_CLDSIGIGN, sa_handler === SIG_IGN);
  }
  const ignored =
    sa_handler === SIG_IGN || (sa_handler === SIG_DFL && (sigprop(sig) & SIGPROP_IGNORE) !== 0);
  if (ignored) {
    sigqueue_delete(p.p_sigqueue, sig);
    for (const thread of p.p_threads) sigqueue_delete(thread.td_sigqueue, sig);
    // SIGCONT must reach a stopped process even so.
    set_if(ps.ps_sigignore, sig, sig !== SIGCONT);
    SIGDELSET(ps.ps_sigcatch, sig);
  } else {
    SIGDELSET(ps.ps_sigignore, sig);
    set_if(ps.ps_sigcatch, sig, sa_handler !== SIG_DFL);
  }
  return 0;
}

// struct sigaction: handler, flags, mask[4].
export function sys_sigaction(k: Kernel, td: Thread, a: Int32Array): number {
  const [sig, actp, oactp] = a;
  let act: sigaction | null = null;
  if (actp !== 0) {
    const view = copyin_view(k, actp, 24);
    if (typeof view === 'number') return view;
    act = {
      sa_handler: view.getUint32(0, true),
      sa_flags: view.getInt32(4, true),
      sa_mask: Int32Array.of(
        view.getInt32(8, true),
        view.getInt32(12, true),
        view.getInt32(16, true),
        view.getInt32(20, true),
      ),
      sa_restorer: 0,
    };
  }
  if (oactp !== 0) {
    const error = useracc_touch(k, oactp, 24, true);
    if (error !== 0) return error;
  }
  const old: sigaction = {
    sa_handler: 0,
    sa_flags: 0,
    sa_mask: sigset_empty(),
    sa_restorer: 0,
  };
  const error = kern_sigaction(k, td, sig, act, old);
  if (error !== 0 || oactp === 0) return error;
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, old.sa_handler, true);
  view.setInt32(4, old.sa_flags, true);
  for (let i = 0; i < 4; i++) view.setInt32(8 + 4 * i, old.sa_mask[i], true);
  return copyout_view(k, view, oactp);
}

/** Changes the thread's mask; `old` gets what it was. */
export function kern_sigprocmask(
  td: Thread,
  how: number,
  set: sigset_t | null,
  old: sigset_t | null,
): number {
  if (old !== null) old.set(td.td_sigmask);
  if (set === null) return 0;
  const wanted = set.slice();
  SIG_CANTMASK(wanted);
  if (how === SIG_BLOCK) SIGSETOR(td.td_sigmask, wanted);
  else if (how === SIG_UNBLOCK) SIGSETNAND(td.td_sigmask, wanted);
  else if (how === SIG_SETMASK) td.td_sigmask.set(wanted);
  else return EINVAL;
  td.td_flags |= TDF_NEEDSIGCHK;
  return 0;
}

function copyin_sigset(k: Kernel, uaddr: number): sigset_t | number {
  const view = copyin_view(k, uaddr, 16);
  if (typeof view === 'number') return view;
  const set = sigset_empty();
  for (let i = 0; i < 4; i++) set[i] = view.getInt32(4 * i, true);
  return set;
}

function copyout_sigset(k: Kernel, set: sigset_t, uaddr: number): number {
  return copyout(k, new Uint8Array(set.slice().buffer), uaddr);
}

export function sys_sigprocmask(k: Kernel, td: Thread, a: Int32Array): number {
  const [how, setp, osetp] = a;
  const set = setp === 0 ? null : copyin_sigset(k, setp);
  if (typeof set === 'number') return set;
  if (osetp !== 0) {
    const error = useracc_touch(k, osetp, 16, true);
    if (error !== 0) return error;
  }
  const old = sigset_empty();
  const error = kern_sigprocmask(td, how, set, old);
  return error !== 0 || osetp === 0 ? error : copyout_sigset(k, old, osetp);
}

/** What is pending for the thread and its process. */
export function sigpending_set(td: Thread): sigset_t {
  const set = td.td_sigqueue.sq_signals.slice();
  SIGSETOR(set, td.td_proc.p_sigqueue.sq_signals);
  return set;
}

export function sys_sigpending(k: Kernel, td: Thread, a: Int32Array): number {
  return copyout_sigset(k, sigpending_set(td), a[0]);
}

/**
 * Waits for a signal with another mask; the handler runs with it, then the old mask returns.
 * Always EINTR.
 */
export function kern_sigsuspend(k: Kernel, td: Thread, mask: sigset_t): number {
  if ((td.td_flags & TDF_OLDMASK) === 0) {
    td.td_oldsigmask.set(td.td_sigmask);
    td.td_sigmask.set(mask);
    SIG_CANTMASK(td.td_sigmask);
    td.td_flags |= TDF_OLDMASK | TDF_NEEDSIGCHK;
  }
  tsleep(k, td.td_sigqueue, PCATCH, 'pause');
  return EINTR;
}

export function sys_sigsuspend(k: Kernel, td: Thread, a: Int32Array): number {
  const set = copyin_sigset(k, a[0]);
  return typeof set === 'number' ? set : kern_sigsuspend(k, td, set);
}

/** Whether the thread is on its alternate signal stack. */
export function sigonstack(td: Thread, sp: number): boolean {
  const { ss_sp, ss_size, ss_flags } = td.td_sigstk;
  return (ss_flags & SS_DISABLE) === 0 && sp >= ss_sp && sp - ss_sp < ss_size;
}

export function kern_sigaltstack(
  k: Kernel,
  td: Thread,
  ss: stack_t | null,
  old: stack_t | null,
  minsize = MINSIGSTKSZ,
): number {
  const onstack = sigonstack(td, k.machine.cpu.getReg(ESP) >>> 0);
  if (old !== null) {
    Object.assign(old, td.td_sigstk);
    if ((old.ss_flags & SS_DISABLE) === 0) old.ss_flags = onstack ? SS_ONSTACK : 0;
  }
  if (ss === null) return 0;
  if (onstack) return EPERM;
  if (ss.ss_flags & ~SS_DISABLE) return EINVAL;
  if (ss.ss_flags & SS_DISABLE) td.td_sigstk = { ss_sp: 0, ss_size: 0, ss_flags: SS_DISABLE };
  else if (ss.ss_size < minsize) return ENOMEM;
  else td.td_sigstk = { ...ss };
  return 0;
}

export function sys_sigaltstack(k: Kernel, td: Thread, a: Int32Array): number {
  const [ssp, ossp] = a;
  let ss: stack_t | null = null;
  if (ssp !== 0) {
    const view = copyin_view(k, ssp, 12);
    if (typeof view === 'number') return view;
    ss = {
      ss_sp: view.getUint32(0, true),
      ss_size: view.getUint32(4, true),
      ss_flags: view.getInt32(8, true),
    };
  }
  if (ossp !== 0) {
    const error = useracc_touch(k, ossp, 12, true);
    if (error !== 0) return error;
  }
  const old: stack_t = { ss_sp: 0, ss_size: 0, ss_flags: 0 };
  const error = kern_sigaltstack(k, td, ss, old);
  if (error !== 0 || ossp === 0) return error;
  const view = new DataView(new ArrayBuffer(12));
  view.setUint32(0, old.ss_sp, true);
  view.setUint32(4, old.ss_size, true);
  view.setInt32(8, old.ss_flags, true);
  return copyout_view(k, view, ossp);
}

/** Whether the caller may send `sig` to `p`. */
export function p_cansignal(td: Thread, p: Proc, sig: number): number {
  const from = td.td_proc.p_ucred;
  const to = p.p_ucred;
  if (from.cr_uid === 0 || td.td_proc === p) return 0;
  if (sig === SIGCONT && td.td_proc.p_pgrp.pg_session === p.p_pgrp.pg_session) return 0;
  if (p.p_flag & P_SUGID) return EPERM;
  const allowed =
    from.cr_ruid === to.cr_ruid ||
    from.cr_uid === to.cr_ruid ||
    from.cr_ruid === to.cr_svuid ||
    from.cr_uid === to.cr_svuid;
  return allowed ? 0 : EPERM;
}

function sender(td: Thread, sig: number, code: number): ksiginfo {
  const ksi = ksiginfo_init(sig, code);
  ksi.ksi_pid = td.td_proc.p_pid;
  ksi.ksi_uid = td.td_proc.p_ucred.cr_ruid;
  return ksi;
}

function killpg1(
  k: Kernel,
  td: Thread,
  sig: number,
  targets: Iterable<Proc>,
  all: boolean,
): number {
  let found = 0;
  let error: number = ESRCH;
  for (const p of [...targets]) {
    if (p.p_pid <= 1 || p.p_flag & P_SYSTEM || (all && p === td.td_proc)) continue;
    if (p.p_state === PRS_ZOMBIE && !all) {
      found++;
      continue;
    }
    const denied = p_cansignal(td, p, sig);
    if (denied !== 0) {
      if (error === ESRCH) error = denied;
      continue;
    }
    found++;
    if (sig !== 0) pksignal(k, p, sig, sender(td, sig, SI_USER));
  }
  return found > 0 ? 0 : error;
}

/** kill(2): pid > 0 a process, 0 the caller's group, -1 everybody, < -1 a group. */
export function kern_kill(k: Kernel, td: Thread, pid: number, sig: number): number {
  if (sig < 0 || sig > _SIG_MAXSIG) return EINVAL;
  if (pid > 0) {
    const p = k.kern.allproc.get(pid);
    if (p === undefined) return ESRCH;
    const error = p_cansignal(td, p, sig);
    if (error !== 0) return error;
    if (sig !== 0) pksignal(k, p, sig, sender(td, sig, SI_USER));
    return 0;
  }
  if (pid === -1) return killpg1(k, td, sig, k.kern.allproc.values(), true);
  const pgrp: pgrp | null = pid === 0 ? td.td_proc.p_pgrp : pgfind(k, -pid);
  return pgrp === null ? ESRCH : killpg1(k, td, sig, pgrp.pg_members, false);
}

export function sys_kill(k: Kernel, td: Thread, a: Int32Array): number {
  return kern_kill(k, td, a[0], a[1]);
}

/** killpg of FreeBSD 4 (146): the group as a positive number. */
export function sys_killpg(k: Kernel, td: Thread, a: Int32Array): number {
  return kern_kill(k, td, a[0] === 0 ? 0 : -a[0], a[1]);
}

export function sys_sigqueue(k: Kernel, td: Thread, a: Int32Array): number {
  const [pid, sig, value] = a;
  if (sig < 0 || sig > _SIG_MAXSIG) return EINVAL;
  if (pid <= 0) return EINVAL;
  const p = pfind(k, pid);
  if (p === null) return ESRCH;
  const error = p_cansignal(td, p, sig);
  if (error !== 0 || sig === 0) return error;
  if (p.p_sigqueue.sq_list.length >= 128) return EAGAIN;
  const ksi = sender(td, sig, SI_QUEUE);
  ksi.ksi_value = value;
  pksignal(k, p, sig, ksi);
  return 0;
}

/** Signals one thread of the process. */
export function kern_thr_kill(k: Kernel, td: Thread, tid: number, sig: number): number {
  if (sig < 0 || sig > _SIG_MAXSIG) return EINVAL;
  const target = k.kern.threads.get(tid);
  if (target === undefined) return ESRCH;
  const error = p_cansignal(td, target.td_proc, sig);
  if (error !== 0) return error;
  if (sig !== 0) tdksignal(k, target, sig, sender(td, sig, SI_LWP));
  return 0;
}

// sigwait and its kind.

interface sigwait_progress {
  /** Uptime; 0 for no deadline. */
  wait_until: number;
}

/** Takes a pending signal out of `set`; null when none is pending. */
function take_pending(td: Thread, set: sigset_t): ksiginfo | null {
  const none = sigset_empty();
  const next = td.td_proc.p_sysent.sv_sig_next ?? sig_ffs;
  for (const sq of [td.td_sigqueue, td.td_proc.p_sigqueue]) {
    const among = sq.sq_signals.map((word, i) => word & set[i]);
    const sig = next(among, none);
    if (sig === 0) continue;
    const i = sq.sq_list.findIndex((ksi) => ksi.ksi_signo === sig);
    const ksi = i < 0 ? ksiginfo_init(sig, SI_USER) : sq.sq_list.splice(i, 1)[0];
    if (!sq.sq_list.some((other) => other.ksi_signo === sig)) SIGDELSET(sq.sq_signals, sig);
    return ksi;
  }
  return null;
}

/** Waits for a signal of `set`. @param ns how long, -1 for ever. The signal is in `taken`. */
export function kern_sigtimedwait(
  k: Kernel,
  td: Thread,
  set: sigset_t,
  ns: number,
  taken: { ksi: ksiginfo | null },
): number {
  const wanted = set.slice();
  SIG_CANTMASK(wanted);
  td.td_sigwait = null;
  taken.ksi = take_pending(td, wanted);
  if (taken.ksi !== null) {
    td.td_retval[0] = taken.ksi.ksi_signo;
    return 0;
  }
  if (ns === 0) return EAGAIN;
  const progress = (td.td_progress as sigwait_progress | null) ?? {
    wait_until: ns < 0 ? 0 : nanouptime(k) + ns,
  };
  td.td_progress = progress;
  td.td_sigwait = wanted;
  const error = tsleep(k, progress, PCATCH, 'sigwait', progress.wait_until);
  td.td_sigwait = null;
  if (error === EWOULDBLOCK) return EAGAIN;
  return error;
}

/** siginfo_t of FreeBSD/i386. */
export const SIGINFO_BYTES = 64;
export function put_siginfo(view: DataView, offset: number, ksi: ksiginfo): void {
  const words = [
    ksi.ksi_signo, 0, ksi.ksi_code, ksi.ksi_pid, ksi.ksi_uid, ksi.ksi_status, ksi.ksi_addr, ksi.ksi_value,
    ksi.ksi_trapno,
  ]; // prettier-ignore
  if (ksi.ksi_code === SI_TIMER) {
    // A timer's id and overruns have places of their own; there is no sender.
    words.push(ksi.ksi_uid);
    words[8] = ksi.ksi_pid;
    words[3] = words[4] = 0;
  }
  words.forEach((word, i) => view.setInt32(offset + 4 * i, word | 0, true));
}

function user_sigwait(k: Kernel, td: Thread, setp: number, infop: number, ns: number): number {
  const set = copyin_sigset(k, setp);
  if (typeof set === 'number') return set;
  if (infop !== 0) {
    const error = useracc_touch(k, infop, SIGINFO_BYTES, true);
    if (error !== 0) return error;
  }
  const taken: { ksi: ksiginfo | null } = { ksi: null };
  const error = kern_sigtimedwait(k, td, set, ns, taken);
  if (error !== 0 || taken.ksi === null || infop === 0) return error;
  const view = new DataView(new ArrayBuffer(SIGINFO_BYTES));
  put_siginfo(view, 0, taken.ksi);
  return copyout_view(k, view, infop);
}

export function sys_sigwaitinfo(k: Kernel, td: Thread, a: Int32Array): number {
  return user_sigwait(k, td, a[0], a[1], -1);
}

export function sys_sigtimedwait(k: Kernel, td: Thread, a: Int32Array): number {
  let ns = -1;
  if (a[2] !== 0) {
    const view = copyin_view(k, a[2], 8);
    if (typeof view === 'number') return view;
    ns = get_timespec(view, 0);
    if (ns < 0) return EINVAL;
  }
  return user_sigwait(k, td, a[0], a[1], ns);
}

/** sigwait(set, sig): the error is the result, and an interruption starts it again. */
export function sys_sigwait(k: Kernel, td: Thread, a: Int32Array): number {
  const set = copyin_sigset(k, a[0]);
  if (typeof set === 'number') {
    td.td_retval[0] = set;
    return 0;
  }
  const touched = useracc_touch(k, a[1], 4, true);
  if (touched !== 0) {
    td.td_retval[0] = touched;
    return 0;
  }
  const taken: { ksi: ksiginfo | null } = { ksi: null };
  const error = kern_sigtimedwait(k, td, set, -1, taken);
  if (error === EINTR || error === ERESTART) return ERESTART;
  td.td_retval[0] = error;
  if (taken.ksi === null) return 0;
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, taken.ksi.ksi_signo, true);
  copyout_view(k, view, a[1]);
  td.td_retval[0] = 0;
  return 0;
}
