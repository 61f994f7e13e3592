// Making processes and threads (kern_fork.c, i386/vm_machdep.c cpu_fork).

import { EAX, EDX, FLAG_CF } from '../../emulator/index.js';
import { EAGAIN, EINVAL, ENOMEM, ENOSYS } from '../sys/errno.js';
import { EV_PROC } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { PRS_NORMAL, P_CONTROLT, P_INMEM, P_PPWAIT, P_SUGID, TDF_NEEDSIGCHK } from '../sys/proc.js';
import type { Proc, Thread } from '../sys/proc.js';
import { RLIMIT_NPROC } from '../sys/resource.js';
import { SIGCHLD, SS_DISABLE } from '../sys/signal.js';
import { SV_LINUX } from '../sys/sysent.js';
import { npxfork } from '../i386/npx.js';
import { vmspace_fork, vmspace_unshare } from '../vm/vm_glue.js';
import { vm_thread_new, vm_thread_reserve } from '../vm/vm_kstack.js';
import type { vmspace } from '../vm/vm_types.js';
import { fdcopy, fdescfree, fdinit, fdshare, fdunshare } from './kern_descrip.js';
import { pid_next, proc_alloc, thread_alloc } from './kern_proc.js';
import { sigacts_fork, sigacts_own } from './kern_sig.js';
import { tsleep } from './kern_synch.js';
import { sched_add, sched_fork_thread } from './sched_4bsd.js';

export const RFNAMEG = 1 << 0;
export const RFENVG = 1 << 1;
/** Copy the descriptor table. */
export const RFFDG = 1 << 2;
export const RFNOTEG = 1 << 3;
/** Make a process (otherwise the flags apply to the caller). */
export const RFPROC = 1 << 4;
/** Share the address space. */
export const RFMEM = 1 << 5;
/** The child belongs to init and is not waited for. */
export const RFNOWAIT = 1 << 6;
/** Start with an empty descriptor table. */
export const RFCFDG = 1 << 12;
export const RFTHREAD = 1 << 13;
export const RFSIGSHARE = 1 << 14;
/** The child sends SIGUSR1 at exit. */
export const RFLINUXTHPN = 1 << 16;
export const RFSTOPPED = 1 << 17;
export const RFTSIGZMB = 1 << 19;
export const RFPPWAIT = 1 << 31;
const RFTSIGSHIFT = 20;
const RFFLAGS =
  RFNAMEG | RFENVG | RFFDG | RFNOTEG | RFPROC | RFMEM | RFNOWAIT | RFCFDG | RFTHREAD |
  RFSIGSHARE | RFLINUXTHPN | RFSTOPPED | RFTSIGZMB | (0xff << RFTSIGSHIFT) | RFPPWAIT; // prettier-ignore

/** What LINUX's clone changes in the child before it runs. */
export interface fork_options {
  flags: number;
  /** Stack pointer of the child; 0 keeps the parent's. */
  stack: number;
  /** Signal at exit. */
  exit_signal: number;
}

/** The result of fork1: the new process, or an errno. */
export interface fork_result {
  error: number;
  proc: Proc | null;
}

/**
 * Makes a process that differs from the caller in its id (fork1). The child is not runnable yet:
 * fork_run() starts it. May sleep for memory before anything is done.
 */
export function fork1(k: Kernel, td: Thread, options: fork_options): fork_result {
  const p1 = td.td_proc;
  const { flags } = options;
  const { kern } = k;
  if (kern.allproc.size >= kern.maxproc) return { error: EAGAIN, proc: null };
  if (p1.p_ucred.cr_ruid !== 0) {
    let own = 0;
    for (const p of kern.allproc.values()) if (p.p_ucred.cr_ruid === p1.p_ucred.cr_ruid) own++;
    if (own >= Math.min(p1.p_limit.pl_rlimit[RLIMIT_NPROC].rlim_cur, kern.maxprocperuid)) {
      return { error: EAGAIN, proc: null };
    }
  }
  vm_thread_reserve(k);
  const pid = pid_next(k);
  const vm1 = p1.p_vmspace as vmspace;
  const vm2 = flags & RFMEM ? vm1 : vmspace_fork(k, vm1, pid);
  if (vm2 === null) return { error: ENOMEM, proc: null };
  if (vm2 === vm1) vm1.vm_refcnt++;

  kern.lastpid = pid;
  const p2 = proc_alloc(k, {
    pid,
    parent: flags & RFNOWAIT ? kern.initproc : p1,
    cred: p1.p_ucred,
    sigacts: flags & RFSIGSHARE ? sigacts_own(p1) : sigacts_fork(p1.p_sigacts),
    limit: p1.p_limit,
    sysent: p1.p_sysent,
    pgrp: p1.p_pgrp,
  });
  if (flags & RFSIGSHARE) p1.p_sigacts.ps_refcnt++;
  p1.p_limit.pl_refcnt++;
  p2.p_vmspace = vm2;
  fork_files(k, p1, p2, flags);
  p2.p_flag = (p1.p_flag & (P_CONTROLT | P_SUGID)) | P_INMEM;
  if (flags & RFPPWAIT) p2.p_flag |= P_PPWAIT;
  p2.p_sigparent = options.exit_signal;
  p2.p_comm = p1.p_comm;
  p2.p_args = p1.p_args;
  p2.p_ldt = flags & RFMEM ? p1.p_ldt : (p1.p_ldt?.slice() ?? null);
  p2.p_textvp = p1.p_textvp;
  if (p2.p_textvp !== null) {
    p2.p_textvp.v_usecount++;
    p2.p_textvp.v_textcount++;
  }
  p2.p_textpath = p1.p_textpath;
  p2.p_nice = p1.p_nice;
  p2.p_osrel = p1.p_osrel;
  p2.p_psstrings = p1.p_psstrings;
  p2.p_initsp = p1.p_initsp;
  p2.p_sigcode = p1.p_sigcode;
  p2.p_emuldata = p1.p_emuldata;
  kern.nprocs++;
  fork_pgrp_count(p2);
  cpu_fork(k, td, p2, options.stack);
  fork_statistics(k, flags, vm2);
  if (k.events.mask & EV_PROC) {
    k.events.emit({ type: 'proc', op: 'fork', pid: p1.p_pid, detail: `child ${p2.p_pid}` });
  }
  return { error: 0, proc: p2 };
}

/** The child counts for its group's job control as its parent does. */
function fork_pgrp_count(p2: Proc): void {
  const parent = p2.p_pptr;
  if (parent !== null && parent.p_pgrp !== p2.p_pgrp) {
    if (parent.p_pgrp.pg_session === p2.p_pgrp.pg_session) p2.p_pgrp.pg_jobc++;
  }
}

function fork_files(k: Kernel, p1: Proc, p2: Proc, flags: number): void {
  if (p1.p_fd === null) return;
  if (flags & RFCFDG) p2.p_fd = fdinit(k, p1.p_fd);
  else if (flags & RFFDG) p2.p_fd = fdcopy(k, p1.p_fd);
  else p2.p_fd = fdshare(p1.p_fd);
}

function fork_statistics(k: Kernel, flags: number, vm: vmspace): void {
  const { cnt } = k.vm;
  const pages = vm.vm_dsize + vm.vm_ssize;
  if (flags & RFPPWAIT) {
    cnt.v_vforks++;
    cnt.v_vforkpages += pages;
  } else if (flags & RFMEM) {
    cnt.v_rforks++;
    cnt.v_rforkpages += pages;
  } else {
    cnt.v_forks++;
    cnt.v_forkpages += pages;
  }
}

/** The child's thread: the caller's registers, with the results of the call as the child sees them. */
function cpu_fork(k: Kernel, td1: Thread, p2: Proc, stack: number): void {
  const td2 = thread_alloc(k, p2);
  vm_thread_new(k, td2);
  copy_thread(td1, td2);
  if (stack === 0) {
    // Alternate signal stacks survive a fork, but not a new stack.
    td2.td_sigstk = { ...td1.td_sigstk };
  } else td2.td_sigstk = { ss_sp: 0, ss_size: 0, ss_flags: SS_DISABLE };
  save_child_context(k, td1, td2, stack);
}

function copy_thread(td1: Thread, td2: Thread): void {
  td2.td_sigmask.set(td1.td_sigmask);
  td2.td_fsbase = td1.td_fsbase;
  td2.td_gsbase = td1.td_gsbase;
  td2.td_tls.set(td1.td_tls);
  td2.td_name = td1.td_name;
  sched_fork_thread(td1, td2);
}

/** Saves the CPU's registers as the child's: result 0 (and EDX 1 in the native ABI), no carry. */
export function save_child_context(k: Kernel, td1: Thread, td2: Thread, stack: number): void {
  const { cpu } = k.machine;
  const eax = cpu.getReg(EAX);
  const edx = cpu.getReg(EDX);
  const esp = cpu.getReg(4);
  const { eflags } = cpu;
  cpu.setReg(EAX, 0);
  if ((td1.td_proc.p_sysent.sv_flags & SV_LINUX) === 0) {
    cpu.setReg(EDX, 1);
    cpu.eflags = eflags & ~FLAG_CF;
  }
  if (stack !== 0) cpu.setReg(4, stack);
  k.machine.saveRegisters(td2.td_frame);
  npxfork(k, td1, td2);
  cpu.setReg(EAX, eax);
  cpu.setReg(EDX, edx);
  cpu.setReg(4, esp);
  cpu.eflags = eflags;
}

/** Lets a process that fork1 made run. */
export function fork_run(k: Kernel, p: Proc): void {
  p.p_state = PRS_NORMAL;
  for (const td of p.p_threads) {
    td.td_flags |= TDF_NEEDSIGCHK;
    sched_add(k, td);
  }
}

/**
 * A thread in the caller's process, runnable once its context is right (thr_create, clone).
 * => vm_thread_reserve() has been called.
 */
export function thread_create(k: Kernel, td: Thread, stack: number): Thread {
  const td2 = thread_alloc(k, td.td_proc);
  vm_thread_new(k, td2);
  copy_thread(td, td2);
  save_child_context(k, td, td2, stack);
  return td2;
}

/** The child that a vforking thread waits for, kept in td_progress. */
interface vfork_progress {
  vfork_child: Proc;
}

/**
 * fork, vfork and clone of a process in one: with RFPPWAIT the caller sleeps until the child has its
 * own address space. The child's id is in td_retval[0]. `prepare` may change the child first.
 */
export function kern_fork(
  k: Kernel,
  td: Thread,
  options: fork_options,
  prepare: ((k: Kernel, child: Thread) => void) | null,
): number {
  const progress = td.td_progress as vfork_progress | null;
  let child = progress?.vfork_child ?? null;
  if (child === null) {
    const { error, proc } = fork1(k, td, options);
    if (proc === null) return error;
    child = proc;
    if (prepare !== null) prepare(k, child.p_threads[0]);
    fork_run(k, child);
    if (options.flags & RFPPWAIT) td.td_progress = { vfork_child: child };
  }
  if (child.p_flag & P_PPWAIT) tsleep(k, child.p_pwait, 0, 'ppwait');
  td.td_retval[0] = child.p_pid;
  td.td_retval[1] = 0;
  return 0;
}

export function sys_fork(k: Kernel, td: Thread): number {
  return kern_fork(k, td, { flags: RFFDG | RFPROC, stack: 0, exit_signal: SIGCHLD }, null);
}

export function sys_vfork(k: Kernel, td: Thread): number {
  const flags = RFFDG | RFPROC | RFPPWAIT | RFMEM;
  return kern_fork(k, td, { flags, stack: 0, exit_signal: SIGCHLD }, null);
}

export function sys_rfork(k: Kernel, td: Thread, a: Int32Array): number {
  const flags = a[0];
  if (flags & ~RFFLAGS) return EINVAL;
  if ((flags & (RFFDG | RFCFDG)) === (RFFDG | RFCFDG)) return EINVAL;
  if (flags & RFPPWAIT) return EINVAL;
  if ((flags & RFPROC) === 0) return rfork_self(k, td, flags);
  const tsig = flags & RFTSIGZMB ? (flags >>> RFTSIGSHIFT) & 0xff : 0;
  const exit_signal = flags & RFTSIGZMB ? tsig : flags & RFLINUXTHPN ? 30 : SIGCHLD;
  return kern_fork(k, td, { flags, stack: 0, exit_signal }, null);
}

/** rfork without RFPROC: the caller stops sharing. */
function rfork_self(k: Kernel, td: Thread, flags: number): number {
  const p = td.td_proc;
  if (flags & ~(RFFDG | RFCFDG | RFMEM | RFTHREAD)) return ENOSYS;
  const error = flags & RFMEM ? 0 : vmspace_unshare(k, p);
  if (error !== 0) return error;
  if (p.p_fd !== null) {
    if (flags & RFCFDG) {
      const old = p.p_fd;
      p.p_fd = fdinit(k, old);
      fdescfree(k, td, old);
    } else if (flags & RFFDG) p.p_fd = fdunshare(k, p.p_fd);
  }
  td.td_retval[0] = 0;
  return 0;
}
