// The process table, process groups and sessions (kern_proc.c).

import { EACCES, EPERM, ESRCH } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import {
  PRS_NEW,
  PRS_ZOMBIE,
  P_CONTROLT,
  P_EXEC,
  P_STOPPED_SIG,
  TDS_INACTIVE,
} from '../sys/proc.js';
import type { Proc, Thread, pgrp, session } from '../sys/proc.js';
import { rusage_zero } from '../sys/resource.js';
import type { plimit } from '../sys/resource.js';
import { SIGCHLD, SIGCONT, SIGHUP, SS_DISABLE, sigset_empty } from '../sys/signal.js';
import type { sigacts } from '../sys/signal.js';
import type { sysentvec } from '../sys/sysent.js';
import type { ucred } from '../sys/ucred.js';
import { nanouptime } from './kern_clock.js';
import { psignal, sigqueue_create } from './kern_sig.js';
import { callout_create } from './kern_timeout.js';
import { PUSER, SCHED_SLICE } from './sched_4bsd.js';

const PID_MAX = 99999;

/** The next process id that neither a process nor a group nor a session has; it is not taken yet. */
export function pid_next(k: Kernel): number {
  const { allproc, lastpid, pgrps, sessions } = k.kern;
  let pid = lastpid;
  do pid = pid >= PID_MAX ? 100 : pid + 1;
  while (allproc.has(pid) || pgrps.has(pid) || sessions.has(pid));
  return pid;
}

/** Takes the next process id. */
export function pid_alloc(k: Kernel): number {
  k.kern.lastpid = pid_next(k);
  return k.kern.lastpid;
}

/** The process with this id, not a zombie unless asked for; null when there is none. */
export function pfind(k: Kernel, pid: number): Proc | null {
  const p = k.kern.allproc.get(pid);
  return p !== undefined && p.p_state !== PRS_ZOMBIE ? p : null;
}

export function pgfind(k: Kernel, pgid: number): pgrp | null {
  return k.kern.pgrps.get(pgid) ?? null;
}

/** The frame lies on the kernel stack. */
const NO_FRAME = new Int32Array(0);

/** A thread that does not run yet. => vm_thread_new() gives it its stack and frame. */
export function thread_alloc(k: Kernel, p: Proc): Thread {
  const td: Thread = {
    td_tid: ++k.kern.lasttid,
    td_proc: p,
    td_state: TDS_INACTIVE,
    td_flags: 0,
    td_frame: NO_FRAME,
    pcb_flags: 0,
    pcb_npx_turns: 0,
    pcb_initial_npxcw: 0,
    td_retval: [0, 0],
    td_errno: 0,
    td_wchan: null,
    td_wmesg: '',
    td_deadline: 0,
    td_slpcallout: callout_create('endtsleep', null),
    td_progress: null,
    td_trapsig: null,
    td_sa_code: -1,
    td_priority: PUSER,
    td_user_pri: PUSER,
    td_base_pri: PUSER,
    td_estcpu: 0,
    td_slice: SCHED_SLICE,
    td_slptime: 0,
    td_runtime: 0,
    td_sigmask: sigset_empty(),
    td_oldsigmask: sigset_empty(),
    td_sigqueue: sigqueue_create(),
    td_sigwait: null,
    td_sigstk: { ss_sp: 0, ss_size: 0, ss_flags: SS_DISABLE },
    td_fsbase: 0,
    td_gsbase: 0,
    td_tls: new Int32Array(6),
    td_ru: rusage_zero(),
    td_name: '',
    td_kfunc: null,
    td_child_clear_tid: 0,
    td_child_set_tid: 0,
    td_robust_list: 0,
    td_trapno: 0,
    td_trap_error: 0,
    td_pagein: null,
    td_wiring: null,
    td_kstack: null,
  };
  td.td_slpcallout.c_arg = td;
  p.p_threads.push(td);
  k.kern.threads.set(td.td_tid, td);
  return td;
}

/** What a new process starts from; the rest is filled in by fork. */
export interface proc_template {
  pid: number;
  parent: Proc | null;
  cred: ucred;
  sigacts: sigacts;
  limit: plimit;
  sysent: sysentvec;
  pgrp: pgrp;
}

/** A process without threads and address space, in the tables and in its group. */
export function proc_alloc(k: Kernel, t: proc_template): Proc {
  const p: Proc = {
    p_pid: t.pid,
    p_state: PRS_NEW,
    p_flag: 0,
    p_pptr: t.parent,
    p_children: [],
    p_threads: [],
    p_vmspace: null,
    p_fd: null,
    p_ucred: t.cred,
    p_sigacts: t.sigacts,
    p_limit: t.limit,
    p_sysent: t.sysent,
    p_pgrp: t.pgrp,
    p_sigqueue: sigqueue_create(),
    p_sigparent: SIGCHLD,
    p_comm: '',
    p_args: '',
    p_textvp: null,
    p_textpath: '',
    p_nice: 0,
    p_xstat: 0,
    p_xsig: 0,
    p_start: nanouptime(k),
    p_ru: rusage_zero(),
    p_cru: rusage_zero(),
    p_realtimer: { it_interval: 0, it_value: 0 },
    p_timer: [
      { it_interval: 0, it_value: 0 },
      { it_interval: 0, it_value: 0 },
    ],
    p_realtimer_callout: callout_create('realitexpire', null),
    p_itimers: new Map(),
    p_ldt: null,
    p_osrel: 0,
    p_nofork: 0,
    p_pwait: {},
    p_runtime: 0,
    p_emuldata: null,
    p_pdeathsig: 0,
    p_psstrings: 0,
    p_initsp: 0,
    p_sigcode: 0,
    p_acflag: 0,
    p_swtick: nanouptime(k),
  };
  p.p_realtimer_callout.c_arg = p;
  k.kern.allproc.set(p.p_pid, p);
  t.pgrp.pg_members.add(p);
  if (t.parent !== null) t.parent.p_children.push(p);
  return p;
}

/** A session and its first group, both named after the process `pid`. */
export function session_create(k: Kernel, pid: number, leader: Proc | null): pgrp {
  const session: session = {
    s_sid: pid,
    s_leader: leader,
    s_count: 0,
    s_ttyvp: null,
    s_ttyp: null,
    s_login: '',
  };
  k.kern.sessions.set(pid, session);
  return pgrp_create(k, pid, session);
}

export function pgrp_create(k: Kernel, pgid: number, session: session): pgrp {
  const pgrp: pgrp = { pg_id: pgid, pg_members: new Set(), pg_session: session, pg_jobc: 0 };
  session.s_count++;
  k.kern.pgrps.set(pgid, pgrp);
  return pgrp;
}

/** Whether `p` lets its group be controlled: its parent is in another group of the session. */
function counts_for(p: Proc, pgrp: pgrp): boolean {
  const parent = p.p_pptr;
  return (
    parent !== null &&
    parent.p_pgrp !== pgrp &&
    parent.p_pgrp.pg_session === pgrp.pg_session &&
    p.p_state !== PRS_ZOMBIE
  );
}

/** Recomputes pg_jobc. @returns whether the group has become orphaned. */
function fix_jobc(pgrp: pgrp): boolean {
  const before = pgrp.pg_jobc;
  let count = 0;
  for (const p of pgrp.pg_members) if (counts_for(p, pgrp)) count++;
  pgrp.pg_jobc = count;
  return before > 0 && count === 0;
}

/** A group that nobody can continue any more: its stopped members get SIGHUP and SIGCONT. */
function orphanpg(k: Kernel, pgrp: pgrp): void {
  for (const p of pgrp.pg_members) {
    if ((p.p_flag & P_STOPPED_SIG) === 0) continue;
    for (const member of [...pgrp.pg_members]) {
      psignal(k, member, SIGHUP);
      psignal(k, member, SIGCONT);
    }
    return;
  }
}

/** After a change around `p`: counts its group and those of its children again. */
export function fixjobc(k: Kernel, p: Proc): void {
  if (fix_jobc(p.p_pgrp)) orphanpg(k, p.p_pgrp);
  for (const child of p.p_children) {
    if (child.p_pgrp !== p.p_pgrp && fix_jobc(child.p_pgrp)) orphanpg(k, child.p_pgrp);
  }
}

/** Moves `p` into a group. */
export function enterpgrp(k: Kernel, p: Proc, pgrp: pgrp): void {
  const old = p.p_pgrp;
  if (old === pgrp) return;
  old.pg_members.delete(p);
  p.p_pgrp = pgrp;
  pgrp.pg_members.add(p);
  fix_jobc(pgrp);
  fixjobc(k, p);
  if (old.pg_members.size === 0) pgdelete(k, old);
  else if (fix_jobc(old)) orphanpg(k, old);
}

/** Takes `p` out of its group for good (at reaping). */
export function leavepgrp(k: Kernel, p: Proc): void {
  const { p_pgrp } = p;
  p_pgrp.pg_members.delete(p);
  if (p_pgrp.pg_members.size === 0) pgdelete(k, p_pgrp);
}

function pgdelete(k: Kernel, pgrp: pgrp): void {
  if (k.kern.pgrps.get(pgrp.pg_id) === pgrp) k.kern.pgrps.delete(pgrp.pg_id);
  const { pg_session } = pgrp;
  if (--pg_session.s_count === 0) k.kern.sessions.delete(pg_session.s_sid);
}

/** setsid(2): a new session and group for `p`. */
export function enter_session(k: Kernel, p: Proc): number {
  if (k.kern.pgrps.has(p.p_pid)) return EPERM;
  const login = p.p_pgrp.pg_session.s_login;
  const pgrp = session_create(k, p.p_pid, p);
  pgrp.pg_session.s_login = login;
  enterpgrp(k, p, pgrp);
  p.p_flag &= ~P_CONTROLT;
  return 0;
}

/** setpgid(2). @param pid 0 for the caller, @param pgid 0 for the process's own id. */
export function kern_setpgid(k: Kernel, td: Thread, pid: number, pgid: number): number {
  const cur = td.td_proc;
  let target = cur;
  if (pid !== 0 && pid !== cur.p_pid) {
    const p = pfind(k, pid);
    if (p === null || p.p_pptr !== cur) return ESRCH;
    if (p.p_pgrp.pg_session !== cur.p_pgrp.pg_session) return EPERM;
    if (p.p_flag & P_EXEC) return EACCES;
    target = p;
  }
  if (target.p_pgrp.pg_session.s_leader === target) return EPERM;
  const id = pgid === 0 ? target.p_pid : pgid;
  const existing = pgfind(k, id);
  if (existing === null) {
    if (id !== target.p_pid) return EPERM;
    enterpgrp(k, target, pgrp_create(k, id, cur.p_pgrp.pg_session));
  } else {
    if (existing === target.p_pgrp) return 0;
    if (existing.pg_session !== cur.p_pgrp.pg_session) return EPERM;
    enterpgrp(k, target, existing);
  }
  return 0;
}

/** Whether `p` is in the family tree below (or is) `top`. */
export function inferior(p: Proc, top: Proc): boolean {
  for (let q: Proc | null = p; q !== null; q = q.p_pptr) if (q === top) return true;
  return false;
}
