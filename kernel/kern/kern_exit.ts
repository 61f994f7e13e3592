// Ends of processes, and waiting for them (kern_exit.c).

import { ECHILD, EINVAL } from '../sys/errno.js';
import { EV_PROC } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT } from '../sys/panic.js';
import {
  PRS_ZOMBIE,
  P_CONTINUED,
  P_PPWAIT,
  P_STOPPED_SIG,
  P_WAITED,
  P_WEXIT,
  TDS_INACTIVE,
  TDS_RUNQ,
} from '../sys/proc.js';
import type { Proc, Thread } from '../sys/proc.js';
import { rusage_zero } from '../sys/resource.js';
import type { rusage } from '../sys/resource.js';
import {
  CLD_CONTINUED,
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  PS_CLDSIGIGN,
  PS_NOCLDWAIT,
  SIGCHLD,
  SIGCONT,
} from '../sys/signal.js';
import { npxdrop } from '../i386/npx.js';
import { pmap_activate, kernel_pmap } from '../vm/pmap.js';
import { vmspace_free } from '../vm/vm_glue.js';
import { vm_thread_dispose } from '../vm/vm_kstack.js';
import { vm_map_wire_abandon } from '../vm/vm_map_wire.js';
import { vrele } from '../fs/vfs_subr.js';
import { fdescfree } from './kern_descrip.js';
import { itimers_release } from './kern_itimer.js';
import { fixjobc, leavepgrp } from './kern_proc.js';
import { calcru, ruadd, rufetch } from './kern_resource.js';
import { psignal, sigacts_drop, sigparent } from './kern_sig.js';
import { PCATCH, sleepq_remove, tsleep, wakeup } from './kern_synch.js';
import { selwakeup } from './sys_generic.js';
import { callout_stop } from './kern_timeout.js';
import { sched_charge, sched_exit_thread, sched_rem } from './sched_4bsd.js';
import { tty_session_leader_exit } from './tty.js';

/** Thrown when the running thread is no more; the scheduler catches it. */
export const THREAD_EXIT = { name: 'THREAD_EXIT' } as const;

export const WNOHANG = 1;
export const WUNTRACED = 2;
export const WCONTINUED = 4;
export const WNOWAIT = 8;
export const WEXITED = 16;
export const WTRAPPED = 32;
/** Linux: children with another exit signal than SIGCHLD alone; these and the others. */
export const WLINUXCLONE = 0x80000000 | 0;
export const WLINUXANY = 0x40000000;

export const P_PID = 0;
export const P_PGID = 2;
export const P_SID = 3;
export const P_UID = 5;
export const P_GID = 6;
export const P_ALL = 7;

export const W_EXITCODE = (status: number, sig: number): number => ((status & 0xff) << 8) | sig;
export const WIFEXITED = (w: number): boolean => (w & 0x7f) === 0;
export const WTERMSIG = (w: number): number => w & 0x7f;
export const WEXITSTATUS = (w: number): number => (w >> 8) & 0xff;
const WCOREFLAG = 0x80;
const W_STOPCODE = (sig: number): number => (sig << 8) | 0x7f;

/** Takes a thread away from everything that could run it. */
export function thread_exit(k: Kernel, td: Thread): void {
  const p = td.td_proc;
  if (td === k.kern.curthread) sched_charge(k, td);
  if (td.td_wiring !== null) vm_map_wire_abandon(k, td);
  if (td.td_wchan !== null) sleepq_remove(k, td);
  if (td.td_state === TDS_RUNQ) sched_rem(k, td);
  td.td_state = TDS_INACTIVE;
  td.td_progress = null;
  npxdrop(k, td);
  p.p_runtime += td.td_runtime;
  ruadd(p.p_ru, td.td_ru);
  p.p_threads.splice(p.p_threads.indexOf(td), 1);
  k.kern.threads.delete(td.td_tid);
  if (p.p_threads.length > 0) sched_exit_thread(p.p_threads[0], td);
  vm_thread_dispose(k, td);
}

/** exec and exit: the process goes on with one thread. */
export function thread_single(k: Kernel, td: Thread): void {
  for (const other of [...td.td_proc.p_threads]) if (other !== td) thread_exit(k, other);
}

/**
 * Ends the process of the running thread. `status` is a wait status word. What may sleep comes
 * first, so that it can be done again.
 */
export function exit1(k: Kernel, td: Thread, status: number): never {
  const p = td.td_proc;
  KASSERT(td === k.kern.curthread, () => 'exit1: not the running thread');
  const { sv_thread_exit } = p.p_sysent;
  if (sv_thread_exit !== null) for (const thread of p.p_threads) sv_thread_exit(k, thread);
  p.p_flag |= P_WEXIT;
  thread_single(k, td);
  if (td.td_wiring !== null) vm_map_wire_abandon(k, td);
  callout_stop(k, p.p_realtimer_callout);
  itimers_release(k, p);
  // While it still has its memory, as FreeBSD's process_exit handlers are called.
  if (k.events.mask & EV_PROC) {
    const detail = WIFEXITED(status)
      ? `status ${WEXITSTATUS(status)}`
      : `signal ${WTERMSIG(status)}`;
    k.events.emit({ type: 'proc', op: 'exit', pid: p.p_pid, detail });
  }
  if (p.p_fd !== null) {
    const fdp = p.p_fd;
    p.p_fd = null;
    fdescfree(k, td, fdp);
  }
  exit_session(k, p);
  if (p.p_textvp !== null) {
    p.p_textvp.v_textcount--;
    vrele(k, p.p_textvp);
    p.p_textvp = null;
  }
  exit_vmspace(k, p);
  p.p_xstat = status;
  thread_exit(k, td);
  calcru(k, p, p.p_ru);
  p.p_state = PRS_ZOMBIE;
  k.kern.nprocs--;
  p.p_flag &= ~P_STOPPED_SIG;
  exit_family(k, p);
  const heir = p.p_pptr?.p_threads[0];
  if (heir !== undefined) sched_exit_thread(heir, td);
  throw THREAD_EXIT;
}

/** The controlling terminal of a session whose leader exits is nobody's any more. */
function exit_session(k: Kernel, p: Proc): void {
  const session = p.p_pgrp.pg_session;
  if (session.s_leader !== p) return;
  if (session.s_ttyp !== null) tty_session_leader_exit(k, session);
  session.s_leader = null;
}

function exit_vmspace(k: Kernel, p: Proc): void {
  const vm = p.p_vmspace;
  if (vm === null) return;
  p.p_ru.ru_maxrss = Math.max(p.p_ru.ru_maxrss, vm.vm_pmap.resident_count * 4);
  p.p_vmspace = null;
  if (k.pmap.curpmap === vm.vm_pmap) pmap_activate(k, kernel_pmap(k));
  vmspace_free(k, vm);
  vfork_done(k, p);
}

/** The vfork parent gets its address space back. */
export function vfork_done(k: Kernel, p: Proc): void {
  if ((p.p_flag & P_PPWAIT) === 0) return;
  p.p_flag &= ~P_PPWAIT;
  wakeup(k, p.p_pwait);
  selwakeup(k); // EVFILT_PROC
}

/** Children go to init, the parent learns of the death. */
function exit_family(k: Kernel, p: Proc): void {
  const init = k.kern.initproc as Proc;
  fixjobc(k, p);
  for (const child of [...p.p_children]) {
    if (child.p_pdeathsig !== 0) psignal(k, child, child.p_pdeathsig);
    proc_reparent(child, init);
    fixjobc(k, child);
    if (child.p_state === PRS_ZOMBIE) proc_reap(k, child, rusage_zero());
  }
  if (p === k.kern.mainproc) k.kern.main_status = p.p_xstat;
  const parent = p.p_pptr as Proc;
  const ps = parent.p_sigacts;
  const unwanted =
    (ps.ps_flag & PS_NOCLDWAIT) !== 0 ||
    ((ps.ps_flag & PS_CLDSIGIGN) !== 0 && p.p_sigparent === SIGCHLD);
  if (parent === init) {
    proc_reap(k, p, rusage_zero());
    return;
  }
  if (unwanted) {
    sigparent_exit(k, p);
    proc_reparent(p, init);
    proc_reap(k, p, rusage_zero());
    wakeup(k, parent);
    return;
  }
  sigparent_exit(k, p);
  wakeup(k, parent);
}

function sigparent_exit(k: Kernel, p: Proc): void {
  const w = p.p_xstat;
  const reason = WIFEXITED(w) ? CLD_EXITED : w & WCOREFLAG ? CLD_DUMPED : CLD_KILLED;
  sigparent(k, p, reason, WIFEXITED(w) ? WEXITSTATUS(w) : WTERMSIG(w));
}

export function proc_reparent(child: Proc, parent: Proc): void {
  const old = child.p_pptr;
  if (old === parent) return;
  if (old !== null) old.p_children.splice(old.p_children.indexOf(child), 1);
  child.p_pptr = parent;
  child.p_sigparent = SIGCHLD;
  parent.p_children.push(child);
}

/** A zombie that has been waited for disappears; `into` gets what it used. */
export function proc_reap(k: Kernel, p: Proc, into: rusage): void {
  const parent = p.p_pptr as Proc;
  Object.assign(into, p.p_ru);
  ruadd(parent.p_cru, p.p_ru);
  ruadd(parent.p_cru, p.p_cru);
  parent.p_children.splice(parent.p_children.indexOf(p), 1);
  leavepgrp(k, p);
  sigacts_drop(p);
  p.p_limit.pl_refcnt--;
  k.kern.allproc.delete(p.p_pid);
  if (k.events.mask & EV_PROC) {
    k.events.emit({ type: 'proc', op: 'reap', pid: p.p_pid, detail: '' });
  }
}

/** What kern_wait6 found. */
export interface wait_result {
  /** 0 when WNOHANG found nothing. */
  pid: number;
  /** Wait status word. */
  status: number;
  /** CLD_*. */
  code: number;
  uid: number;
  ru: rusage;
  cru: rusage;
}

export function wait_result(): wait_result {
  return { pid: 0, status: 0, code: 0, uid: 0, ru: rusage_zero(), cru: rusage_zero() };
}

function wait_matches(p: Proc, idtype: number, id: number): boolean {
  switch (idtype) {
    case P_ALL:
      return true;
    case P_PID:
      return p.p_pid === id;
    case P_PGID:
      return p.p_pgrp.pg_id === id;
    case P_SID:
      return p.p_pgrp.pg_session.s_sid === id;
    case P_UID:
      return p.p_ucred.cr_uid === id;
    case P_GID:
      return p.p_ucred.cr_groups[0] === id;
    default:
      return false;
  }
}

/**
 * Waits for a child. => user buffers for the result have been touched already.
 * Errors: ECHILD, EINVAL, EINTR.
 */
export function kern_wait6(
  k: Kernel,
  td: Thread,
  idtype: number,
  id: number,
  options: number,
  found: wait_result,
): number {
  const known =
    WNOHANG | WUNTRACED | WCONTINUED | WNOWAIT | WEXITED | WTRAPPED | WLINUXCLONE | WLINUXANY;
  if (options & ~known) return EINVAL;
  if ((options & (WEXITED | WUNTRACED | WCONTINUED | WTRAPPED)) === 0) return EINVAL;
  const q = td.td_proc;
  let type = idtype;
  let want = id;
  if (type === P_PID && id === -1) type = P_ALL;
  else if (type === P_PID && id < 0) {
    type = P_PGID;
    want = -id;
  } else if (type === P_PID && id === 0) {
    type = P_PGID;
    want = q.p_pgrp.pg_id;
  } else if (type === P_PGID && id === 0) want = q.p_pgrp.pg_id;

  const kind = options & (WLINUXCLONE | WLINUXANY);
  let children = 0;
  for (const p of q.p_children) {
    if (!wait_matches(p, type, want)) continue;
    // Children that end with another signal are Linux's clones: WLINUXCLONE waits for them.
    if (kind !== WLINUXANY && (p.p_sigparent === SIGCHLD) === (kind === WLINUXCLONE)) continue;
    children++;
    if (wait_one(k, p, options, found)) {
      td.td_retval[0] = found.pid;
      return 0;
    }
  }
  if (children === 0) return ECHILD;
  if (options & WNOHANG) {
    found.pid = 0;
    td.td_retval[0] = 0;
    return 0;
  }
  return tsleep(k, q, PCATCH, 'wait');
}

/** Whether the child has something to report; reports it. */
function wait_one(k: Kernel, p: Proc, options: number, found: wait_result): boolean {
  found.pid = p.p_pid;
  found.uid = p.p_ucred.cr_uid;
  if (p.p_state === PRS_ZOMBIE) {
    if ((options & WEXITED) === 0) return false;
    const w = p.p_xstat;
    found.status = w;
    found.code = WIFEXITED(w) ? CLD_EXITED : w & WCOREFLAG ? CLD_DUMPED : CLD_KILLED;
    Object.assign(found.cru, p.p_cru);
    if (options & WNOWAIT) Object.assign(found.ru, p.p_ru);
    else proc_reap(k, p, found.ru);
    return true;
  }
  if (options & WUNTRACED && p.p_flag & P_STOPPED_SIG && (p.p_flag & P_WAITED) === 0) {
    if ((options & WNOWAIT) === 0) p.p_flag |= P_WAITED;
    found.status = W_STOPCODE(p.p_xsig);
    found.code = CLD_STOPPED;
    rufetch(k, p, found.ru);
    return true;
  }
  if (options & WCONTINUED && p.p_flag & P_CONTINUED) {
    if ((options & WNOWAIT) === 0) p.p_flag &= ~P_CONTINUED;
    found.status = SIGCONT;
    found.code = CLD_CONTINUED;
    rufetch(k, p, found.ru);
    return true;
  }
  return false;
}
