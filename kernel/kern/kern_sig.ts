// Signals: posting, choosing, delivering (kern_sig.c).

import { EV_SIGNAL } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import {
  PRS_ZOMBIE,
  P_CONTINUED,
  P_PPWAIT,
  P_STOPPED_SIG,
  P_SYSTEM,
  P_WAITED,
  P_WEXIT,
  P_WKILLED,
  TDF_NEEDSIGCHK,
  TDF_OLDMASK,
  TDF_SINTR,
  TDS_INHIBITED,
  TDS_RUNNING,
  TDS_RUNQ,
} from '../sys/proc.js';
import type { Proc, Thread, pgrp } from '../sys/proc.js';
import {
  CLD_CONTINUED,
  CLD_STOPPED,
  PS_NOCLDSTOP,
  SI_KERNEL,
  SI_QUEUE,
  SIGABRT,
  SIGADDSET,
  SIGBUS,
  SIGCHLD,
  SIGCONT,
  SIGDELSET,
  SIGEMT,
  SIGFPE,
  SIGILL,
  SIGINFO,
  SIGIO,
  SIGISMEMBER,
  SIGKILL,
  SIGQUIT,
  SIGRTMIN,
  SIGSEGV,
  SIGSETOR,
  SIGSTOP,
  SIGSYS,
  SIGTHR,
  SIGLIBRT,
  SIGTRAP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGURG,
  SIGWINCH,
  SIG_CANTMASK,
  SIG_DFL,
  SIG_IGN,
  _SIG_MAXSIG,
  sig_ffs,
  sigset_empty,
} from '../sys/signal.js';
import type { ksiginfo, sigacts, sigqueue, sigset_t } from '../sys/signal.js';
import { nanouptime } from './kern_clock.js';
import { exit1 } from './kern_exit.js';
import { HOLD, setrunnable, sleepq_abort } from './kern_synch.js';
import { sched_rem } from './sched_4bsd.js';

// What a signal does by default.
export const SIGPROP_KILL = 0x01;
export const SIGPROP_CORE = 0x02;
export const SIGPROP_STOP = 0x04;
export const SIGPROP_TTYSTOP = 0x08;
export const SIGPROP_IGNORE = 0x10;
export const SIGPROP_CONT = 0x20;

const KILL_CORE = SIGPROP_KILL | SIGPROP_CORE;
const sigproptbl: Record<number, number> = {
  [SIGQUIT]: KILL_CORE,
  [SIGILL]: KILL_CORE,
  [SIGTRAP]: KILL_CORE,
  [SIGABRT]: KILL_CORE,
  [SIGEMT]: KILL_CORE,
  [SIGFPE]: KILL_CORE,
  [SIGBUS]: KILL_CORE,
  [SIGSEGV]: KILL_CORE,
  [SIGSYS]: KILL_CORE,
  [SIGURG]: SIGPROP_IGNORE,
  [SIGSTOP]: SIGPROP_STOP,
  [SIGTSTP]: SIGPROP_STOP | SIGPROP_TTYSTOP,
  [SIGCONT]: SIGPROP_IGNORE | SIGPROP_CONT,
  [SIGCHLD]: SIGPROP_IGNORE,
  [SIGTTIN]: SIGPROP_STOP | SIGPROP_TTYSTOP,
  [SIGTTOU]: SIGPROP_STOP | SIGPROP_TTYSTOP,
  [SIGIO]: SIGPROP_IGNORE,
  [SIGWINCH]: SIGPROP_IGNORE,
  [SIGINFO]: SIGPROP_IGNORE,
  [SIGTHR]: SIGPROP_KILL,
  [SIGLIBRT]: SIGPROP_KILL,
};

export function sigprop(sig: number): number {
  return sigproptbl[sig] ?? SIGPROP_KILL;
}

const STOPSIGMASK = [SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU];

export function sigqueue_create(): sigqueue {
  return { sq_signals: sigset_empty(), sq_list: [] };
}

export function sigacts_create(): sigacts {
  const ps: sigacts = {
    ps_sigact: new Float64Array(_SIG_MAXSIG + 1),
    ps_catchmask: Array.from({ length: _SIG_MAXSIG + 1 }, sigset_empty),
    ps_sigonstack: sigset_empty(),
    ps_sigintr: sigset_empty(),
    ps_sigreset: sigset_empty(),
    ps_signodefer: sigset_empty(),
    ps_siginfo: sigset_empty(),
    ps_sigignore: sigset_empty(),
    ps_sigcatch: sigset_empty(),
    ps_flag: 0,
    ps_restorer: new Float64Array(_SIG_MAXSIG + 1),
    ps_refcnt: 1,
    ps_cow: 0,
  };
  for (let sig = 1; sig <= _SIG_MAXSIG; sig++) {
    if (sigprop(sig) & SIGPROP_IGNORE && sig !== SIGCONT) SIGADDSET(ps.ps_sigignore, sig);
  }
  return ps;
}

/** The actions that a forked child has: the same object until one of them changes its own. */
export function sigacts_fork(ps: sigacts): sigacts {
  if (ps.ps_refcnt > 1) return sigacts_copy(ps);
  ps.ps_cow++;
  return ps;
}

/** The actions of `p`, to be changed. */
export function sigacts_own(p: Proc): sigacts {
  const ps = p.p_sigacts;
  if (ps.ps_cow > 0) {
    ps.ps_cow--;
    p.p_sigacts = sigacts_copy(ps);
  }
  return p.p_sigacts;
}

/** The process uses its actions no longer. */
export function sigacts_drop(p: Proc): void {
  if (p.p_sigacts.ps_cow > 0) p.p_sigacts.ps_cow--;
  else p.p_sigacts.ps_refcnt--;
}

/** A private copy. Catch masks are replaced as a whole when they change, so they are shared. */
export function sigacts_copy(src: sigacts): sigacts {
  return {
    ps_sigact: src.ps_sigact.slice(),
    ps_catchmask: src.ps_catchmask.slice(),
    ps_sigonstack: src.ps_sigonstack.slice(),
    ps_sigintr: src.ps_sigintr.slice(),
    ps_sigreset: src.ps_sigreset.slice(),
    ps_signodefer: src.ps_signodefer.slice(),
    ps_siginfo: src.ps_siginfo.slice(),
    ps_sigignore: src.ps_sigignore.slice(),
    ps_sigcatch: src.ps_sigcatch.slice(),
    ps_flag: src.ps_flag,
    ps_restorer: src.ps_restorer.slice(),
    ps_refcnt: 1,
    ps_cow: 0,
  };
}

export function ksiginfo_init(signo: number, code: number): ksiginfo {
  return {
    ksi_signo: signo,
    ksi_code: code,
    ksi_pid: 0,
    ksi_uid: 0,
    ksi_status: 0,
    ksi_addr: 0,
    ksi_value: 0,
    ksi_trapno: 0,
  };
}

function signal_event(
  k: Kernel,
  op: 'post' | 'deliver' | 'return' | 'kill',
  pid: number,
  ksi: ksiginfo,
): void {
  const { ksi_signo: signo, ksi_code: code, ksi_addr: addr } = ksi;
  k.events.emit({ type: 'signal', op, pid, signo, code, addr });
}

/** Adds a signal to a queue. Only real-time and queued signals are kept more than once. */
function sigqueue_add(sq: sigqueue, sig: number, ksi: ksiginfo | null): void {
  const pending = SIGISMEMBER(sq.sq_signals, sig);
  SIGADDSET(sq.sq_signals, sig);
  if (ksi === null) return;
  if (pending && sig < SIGRTMIN && ksi.ksi_code !== SI_QUEUE) return;
  if (sq.sq_list.length < 128) sq.sq_list.push({ ...ksi, ksi_signo: sig });
}

/** Forgets all instances of a signal. */
export function sigqueue_delete(sq: sigqueue, sig: number): void {
  if (!SIGISMEMBER(sq.sq_signals, sig)) return;
  SIGDELSET(sq.sq_signals, sig);
  if (sq.sq_list.length > 0) sq.sq_list = sq.sq_list.filter((ksi) => ksi.ksi_signo !== sig);
}

function sigqueue_delete_proc(p: Proc, sig: number): void {
  sigqueue_delete(p.p_sigqueue, sig);
  for (const td of p.p_threads) sigqueue_delete(td.td_sigqueue, sig);
}

/** Takes one instance of a signal. @returns its information; SI_USER by nobody when none was kept. */
function sigqueue_get(sq: sigqueue, sig: number): ksiginfo {
  const i = sq.sq_list.findIndex((ksi) => ksi.ksi_signo === sig);
  if (i < 0) {
    SIGDELSET(sq.sq_signals, sig);
    return ksiginfo_init(sig, 0x10001);
  }
  const [ksi] = sq.sq_list.splice(i, 1);
  if (!sq.sq_list.some((other) => other.ksi_signo === sig)) SIGDELSET(sq.sq_signals, sig);
  return ksi;
}

function sigqueue_peek(sq: sigqueue, sig: number): ksiginfo {
  return sq.sq_list.find((ksi) => ksi.ksi_signo === sig) ?? ksiginfo_init(sig, 0x10001);
}

/** Sends a signal to a process. */
export function psignal(k: Kernel, p: Proc, sig: number): void {
  tdsendsignal(k, p, null, sig, ksiginfo_init(sig, SI_KERNEL));
}

export function pksignal(k: Kernel, p: Proc, sig: number, ksi: ksiginfo | null): void {
  tdsendsignal(k, p, null, sig, ksi);
}

/** Sends a signal to one thread. */
export function tdksignal(k: Kernel, td: Thread, sig: number, ksi: ksiginfo | null): void {
  tdsendsignal(k, td.td_proc, td, sig, ksi);
}

/** Sends a signal to every member of a group; with `checkctty` only to those with a terminal. */
export function pgsignal(k: Kernel, pgrp: pgrp | null, sig: number): void {
  if (pgrp === null) return;
  for (const p of [...pgrp.pg_members]) psignal(k, p, sig);
}

/** Thread of the process that takes a signal: the running one, or one that does not block it. */
function sigtd(k: Kernel, p: Proc, sig: number): Thread {
  const cur = k.kern.curthread;
  if (cur !== null && cur.td_proc === p && !SIGISMEMBER(cur.td_sigmask, sig)) return cur;
  return p.p_threads.find((td) => !SIGISMEMBER(td.td_sigmask, sig)) ?? p.p_threads[0];
}

type sig_action = 'hold' | 'catch' | 'default';

function tdsendsignal(
  k: Kernel,
  p: Proc,
  target: Thread | null,
  sig: number,
  ksi: ksiginfo | null,
): void {
  if (p.p_state === PRS_ZOMBIE || p.p_flag & (P_SYSTEM | P_WEXIT) || p.p_threads.length === 0)
    return;
  const prop = sigprop(sig);
  const ps = p.p_sigacts;
  if (k.events.mask & EV_SIGNAL) {
    signal_event(k, 'post', p.p_pid, ksi ?? ksiginfo_init(sig, SI_KERNEL));
  }
  if (SIGISMEMBER(ps.ps_sigignore, sig)) return;
  const td = target ?? sigtd(k, p, sig);
  let action: sig_action = 'default';
  if (SIGISMEMBER(td.td_sigmask, sig)) action = 'hold';
  else if (SIGISMEMBER(ps.ps_sigcatch, sig)) action = 'catch';

  if (prop & SIGPROP_CONT) for (const stop of STOPSIGMASK) sigqueue_delete_proc(p, stop);
  else if (prop & SIGPROP_STOP) {
    if (prop & SIGPROP_TTYSTOP && action === 'default' && p.p_pgrp.pg_jobc === 0) return;
    sigqueue_delete_proc(p, SIGCONT);
    if (p.p_flag & P_CONTINUED) p.p_flag &= ~P_CONTINUED;
  }

  sigqueue_add(target === null ? p.p_sigqueue : td.td_sigqueue, sig, ksi);
  if (action !== 'hold') td.td_flags |= TDF_NEEDSIGCHK;
  else if (target === null) {
    // Whoever unblocks it first takes it.
    for (const other of p.p_threads) other.td_flags |= TDF_NEEDSIGCHK;
  }
  if (action === 'hold' && (prop & SIGPROP_CONT) === 0) {
    for (const waiter of target === null ? p.p_threads : [td]) {
      if (waiter.td_sigwait !== null && SIGISMEMBER(waiter.td_sigwait, sig)) {
        sleepq_abort(k, waiter);
        break;
      }
    }
    return;
  }

  if (p.p_flag & P_STOPPED_SIG) {
    stopped_signal(k, p, td, sig, prop, action);
    return;
  }
  if (prop & SIGPROP_STOP && action === 'default') {
    if (p.p_flag & P_PPWAIT) return;
    sigqueue_delete_proc(p, sig);
    proc_stop(k, p, sig);
    return;
  }
  if (prop & SIGPROP_CONT && action === 'default') {
    sigqueue_delete_proc(p, SIGCONT);
    return;
  }
  tdsigwakeup(k, td);
}

/** A signal for a process that is stopped. */
function stopped_signal(
  k: Kernel,
  p: Proc,
  td: Thread,
  sig: number,
  prop: number,
  action: sig_action,
): void {
  if (sig === SIGKILL) {
    p.p_flag |= P_WKILLED;
    p.p_flag &= ~P_STOPPED_SIG;
    thread_unsuspend(k, p);
    tdsigwakeup(k, td);
    return;
  }
  if (prop & SIGPROP_CONT) {
    p.p_flag &= ~(P_STOPPED_SIG | P_WAITED);
    p.p_flag |= P_CONTINUED;
    p.p_xsig = SIGCONT;
    if (action === 'default') sigqueue_delete_proc(p, sig);
    thread_unsuspend(k, p);
    childproc_jobstate(k, p, CLD_CONTINUED, SIGCONT);
    if (action === 'catch') tdsigwakeup(k, td);
    return;
  }
  if (prop & SIGPROP_STOP) {
    sigqueue_delete_proc(p, sig);
    return;
  }
  // Seen when the process is continued; a sleep is over already then.
  if (td.td_wchan !== null && td.td_flags & TDF_SINTR) sleepq_abort(k, td);
}

/** Ends an interruptible sleep of the thread, so that it sees its signal. */
function tdsigwakeup(k: Kernel, td: Thread): void {
  if (td.td_wchan !== null && td.td_flags & TDF_SINTR) sleepq_abort(k, td);
}

/** Stops all threads: nothing is half-done, so they can stop where they are. */
export function proc_stop(k: Kernel, p: Proc, sig: number): void {
  p.p_flag |= P_STOPPED_SIG;
  p.p_flag &= ~(P_WAITED | P_CONTINUED);
  p.p_xsig = sig;
  for (const td of p.p_threads) {
    if (td.td_wchan === null) td.td_slptime = nanouptime(k);
    if (td.td_state === TDS_RUNQ) {
      sched_rem(k, td);
      td.td_state = TDS_INHIBITED;
    } else if (td.td_state === TDS_RUNNING) {
      td.td_state = TDS_INHIBITED;
      k.kern.need_resched = true;
    }
  }
  childproc_jobstate(k, p, CLD_STOPPED, sig);
}

function thread_unsuspend(k: Kernel, p: Proc): void {
  for (const td of p.p_threads) {
    if (td.td_state === TDS_INHIBITED && td.td_wchan === null) setrunnable(k, td);
  }
}

/** Tells the parent that a child stopped or went on. */
function childproc_jobstate(k: Kernel, p: Proc, reason: number, status: number): void {
  const parent = p.p_pptr;
  if (parent === null) return;
  if ((parent.p_sigacts.ps_flag & PS_NOCLDSTOP) === 0) sigparent(k, p, reason, status);
  k_wakeup_parent(k, parent);
}

/** Sends SIGCHLD with what happened to `p` to its parent. */
export function sigparent(k: Kernel, p: Proc, reason: number, status: number): void {
  const parent = p.p_pptr;
  if (parent === null || p.p_sigparent === 0) return;
  const ksi = ksiginfo_init(p.p_sigparent, reason);
  ksi.ksi_pid = p.p_pid;
  ksi.ksi_uid = p.p_ucred.cr_ruid;
  ksi.ksi_status = status;
  pksignal(k, parent, p.p_sigparent, ksi);
}

function k_wakeup_parent(k: Kernel, parent: Proc): void {
  const queue = k.kern.sleepq.get(parent);
  if (queue !== undefined) for (const td of [...queue]) sleepq_abort(k, td);
}

/**
 * The next signal that the running thread must act on, or 0. Ignored ones are dropped; a stop takes
 * effect here. Nothing is dequeued that is returned: postsig() does that.
 */
export function cursig(k: Kernel, td: Thread): number {
  const p = td.td_proc;
  const ps = p.p_sigacts;
  for (;;) {
    let sig = 0;
    if (p.p_flag & P_WKILLED || SIGISMEMBER(p.p_sigqueue.sq_signals, SIGKILL)) {
      sig = SIGKILL;
      SIGADDSET(p.p_sigqueue.sq_signals, SIGKILL);
    } else {
      const next = p.p_sysent.sv_sig_next ?? sig_ffs;
      sig = next(td.td_sigqueue.sq_signals, td.td_sigmask);
      if (sig === 0) sig = next(p.p_sigqueue.sq_signals, td.td_sigmask);
    }
    if (sig === 0) {
      td.td_flags &= ~TDF_NEEDSIGCHK;
      return 0;
    }
    if (SIGISMEMBER(ps.ps_sigcatch, sig)) return sig;
    const prop = sigprop(sig);
    if (SIGISMEMBER(ps.ps_sigignore, sig) || (prop & SIGPROP_IGNORE) !== 0) {
      sigqueue_delete_proc(p, sig);
      continue;
    }
    if (prop & SIGPROP_STOP) {
      sigqueue_delete_proc(p, sig);
      if (p.p_flag & P_PPWAIT || (prop & SIGPROP_TTYSTOP && p.p_pgrp.pg_jobc === 0)) continue;
      proc_stop(k, p, sig);
      return 0;
    }
    return sig;
  }
}

/**
 * Before the thread returns to user mode: acts on its signals (ast()). May end the process or stop
 * it; pushes signal frames, so it may sleep.
 */
export function ast_signals(k: Kernel, td: Thread): void {
  while (td.td_flags & TDF_NEEDSIGCHK) {
    const sig = cursig(k, td);
    if (sig === 0 || td.td_proc.p_flag & P_STOPPED_SIG) break;
    postsig(k, td, sig);
  }
  if (td.td_flags & TDF_OLDMASK && td.td_state === TDS_RUNNING) {
    // sigsuspend and its kind ended without a handler: back to the mask of before.
    td.td_flags = (td.td_flags & ~TDF_OLDMASK) | TDF_NEEDSIGCHK;
    td.td_sigmask.set(td.td_oldsigmask);
    ast_signals(k, td);
  }
}

function sigdflt(ps: sigacts, sig: number): void {
  ps.ps_sigact[sig] = SIG_DFL;
  SIGDELSET(ps.ps_sigcatch, sig);
  SIGDELSET(ps.ps_siginfo, sig);
  if (sig !== SIGCONT && sigprop(sig) & SIGPROP_IGNORE) SIGADDSET(ps.ps_sigignore, sig);
}

/** Takes `sig`: the default action ends the process, a handler gets its frame. */
function postsig(k: Kernel, td: Thread, sig: number): void {
  const p = td.td_proc;
  const ps = p.p_sigacts;
  const sq = SIGISMEMBER(td.td_sigqueue.sq_signals, sig) ? td.td_sigqueue : p.p_sigqueue;
  if (sig !== SIGKILL && k.events.signal !== undefined) {
    const say = k.events.signal(p.p_pid, td.td_tid, sig);
    if (say === 'hold') throw HOLD;
    if (say === 'discard') {
      sigqueue_get(sq, sig);
      return;
    }
  }
  const action = ps.ps_sigact[sig];
  if (action === SIG_DFL || action === SIG_IGN || !SIGISMEMBER(ps.ps_sigcatch, sig)) {
    sigexit(k, td, sig, sigqueue_peek(sq, sig));
  }
  const returnmask = td.td_flags & TDF_OLDMASK ? td.td_oldsigmask : td.td_sigmask;
  deliver(k, td, action, sigqueue_peek(sq, sig), returnmask);
  sigqueue_get(sq, sig);
}

/** Pushes the frame (which may sleep), then does what must be done once. */
function deliver(
  k: Kernel,
  td: Thread,
  catcher: number,
  ksi: ksiginfo,
  returnmask: sigset_t,
): void {
  const sig = ksi.ksi_signo;
  const ps = td.td_proc.p_sigacts;
  td.td_proc.p_sysent.sv_sendsig(k, td, catcher, ksi, returnmask);
  if (k.events.mask & EV_SIGNAL) signal_event(k, 'deliver', td.td_proc.p_pid, ksi);
  td.td_flags &= ~TDF_OLDMASK;
  SIGSETOR(td.td_sigmask, ps.ps_catchmask[sig]);
  if (!SIGISMEMBER(ps.ps_signodefer, sig)) SIGADDSET(td.td_sigmask, sig);
  SIG_CANTMASK(td.td_sigmask);
  if (SIGISMEMBER(ps.ps_sigreset, sig)) sigdflt(sigacts_own(td.td_proc), sig);
  td.td_ru.ru_nsignals++;
}

/**
 * A signal that the running thread caused by a trap. Delivered at once; blocked or ignored it ends
 * the process.
 */
export function trapsignal(k: Kernel, td: Thread, ksi: ksiginfo): void {
  const p = td.td_proc;
  const ps = p.p_sigacts;
  const sig = ksi.ksi_signo;
  if (k.events.signal !== undefined) {
    const say = k.events.signal(p.p_pid, td.td_tid, sig);
    if (say === 'hold') {
      // The trap is over: only its signal waits (kernel_run).
      td.td_trapsig = ksi;
      return;
    }
    if (say === 'discard') return;
  }
  if (k.events.mask & EV_SIGNAL) signal_event(k, 'post', p.p_pid, ksi);
  if (SIGISMEMBER(ps.ps_sigcatch, sig) && !SIGISMEMBER(td.td_sigmask, sig)) {
    deliver(k, td, ps.ps_sigact[sig], ksi, td.td_sigmask);
    return;
  }
  // The trap would only happen again: blocking or ignoring it does not help (kern_forcesigexit).
  if (SIGISMEMBER(td.td_sigmask, sig) || ps.ps_sigact[sig] === SIG_IGN) {
    const own = sigacts_own(p);
    SIGDELSET(td.td_sigmask, sig);
    SIGDELSET(own.ps_sigcatch, sig);
    SIGDELSET(own.ps_sigignore, sig);
    own.ps_sigact[sig] = SIG_DFL;
  }
  sigexit(k, td, sig, ksi);
}

/** Ends the process by a signal. */
export function sigexit(k: Kernel, td: Thread, sig: number, ksi: ksiginfo): never {
  const p = td.td_proc;
  if (k.events.mask & EV_SIGNAL) signal_event(k, 'kill', p.p_pid, ksi);
  if (k.kern.log_sigexit && sigprop(sig) & SIGPROP_CORE) {
    k.host.log(`pid ${p.p_pid} (${p.p_comm}), uid ${p.p_ucred.cr_uid}: exited on signal ${sig}`);
  }
  const core = sigprop(sig) & SIGPROP_CORE && coredump(p) ? 0x80 : 0;
  return exit1(k, td, sig | core);
}

/** Whether a core file would be written: none is, but the wait status says so as FreeBSD's would. */
function coredump(p: Proc): boolean {
  return p.p_limit.pl_rlimit[4].rlim_cur > 0;
}
