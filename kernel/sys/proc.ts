// Processes and threads (sys/proc.h).

import type { pager_wait } from '../vm/vm_pager_read.js';
import type { kstack, vm_map_wiring, vmspace } from '../vm/vm_types.js';
import type { filedesc } from './file.js';
import type { plimit, rusage } from './resource.js';
import type { ksiginfo, sigacts, sigqueue, sigset_t, stack_t } from './signal.js';
import type { sysentvec } from './sysent.js';
import type { itimer } from './time.js';
import type { ucred } from './ucred.js';
import type { vnode } from './vnode.js';

// p_state.
export const PRS_NEW = 0;
export const PRS_NORMAL = 1;
export const PRS_ZOMBIE = 2;

// p_flag.
export const P_ADVLOCK = 0x1;
export const P_CONTROLT = 0x2;
export const P_KPROC = 0x4;
/** Parent waits in vfork until the child execs or exits. */
export const P_PPWAIT = 0x10;
export const P_SUGID = 0x100;
export const P_SYSTEM = 0x200;
export const P_WEXIT = 0x2000;
export const P_EXEC = 0x4000;
export const P_WKILLED = 0x8000;
export const P_CONTINUED = 0x10000;
export const P_STOPPED_SIG = 0x20000;
export const P_PROTECTED = 0x100000;
/** The stop has been reported by wait4(WUNTRACED). */
export const P_WAITED = 0x1000;
export const P_STATCHILD = 0x8000000;
/** Not swapped out as a whole. */
export const P_INMEM = 0x10000000;

// td_state.
export const TDS_INACTIVE = 0;
export const TDS_INHIBITED = 1;
export const TDS_CAN_RUN = 2;
export const TDS_RUNQ = 3;
export const TDS_RUNNING = 4;

// td_flags.
/** A signal may be deliverable: look before returning to user mode. */
export const TDF_NEEDSIGCHK = 0x1;
export const TDF_NEEDRESCHED = 0x2;
/** Its process is not swapped out. */
export const TDF_INMEM = 0x4;
/** The sleep may be interrupted by signals. */
export const TDF_SINTR = 0x8;
/** td_oldsigmask holds the mask to go back to after the next signal is taken (sigsuspend). */
export const TDF_OLDMASK = 0x1000;
/** Woken while its process is swapped out. */
export const TDF_SWAPINREQ = 0x40000;
/** Its time slice is over (TDF_SCHED2). */
export const TDF_SLICEEND = 0x4000000;
/** thr_wake came: the next thr_suspend, or this one, ends at once. */
export const TDF_THRWAKEUP = 0x100000;

/** The thread has x87 and SSE state; without it, its next use of them begins with a new one. */
export const PCB_NPXINITDONE = 0x1;

/** A thread of a process. The registers of the running thread are in the CPU, those of all others
 * in td_frame. */
export interface Thread {
  td_tid: number;
  td_proc: Proc;
  td_state: number;
  td_flags: number;
  /**
   * Saved CPU context (Machine.saveContext) on its kernel stack, valid while the thread does not run;
   * its x87 and SSE part while the thread is not fpcurthread, and there is one (PCB_NPXINITDONE).
   */
  td_frame: Int32Array;
  /** PCB_NPXINITDONE. */
  pcb_flags: number;
  /** Turns, one after the other, in which the state was brought into the CPU, modulo 256. */
  pcb_npx_turns: number;
  /** x87 control word that the thread starts with. */
  pcb_initial_npxcw: number;
  /** Results of the system call being executed: EAX and EDX. */
  td_retval: [number, number];
  /** errno of the last system call. */
  td_errno: number;
  /** What the thread sleeps on, or null. */
  td_wchan: object | null;
  td_wmesg: string;
  /** Uptime in ns at which the sleep ends by itself; 0 for never. */
  td_deadline: number;
  td_slpcallout: callout;
  /**
   * Progress of the system call being executed, kept from one execution to the next until the call
   * completes. Only the call that put it there looks into it.
   */
  td_progress: object | null;
  /** The signal of a trap that is over, while a debugger holds it back. */
  td_trapsig: ksiginfo | null;
  /** System call being executed (its number), -1 outside. */
  td_sa_code: number;
  /** 0 (best) to 255. */
  td_priority: number;
  td_user_pri: number;
  td_base_pri: number;
  td_estcpu: number;
  /** Ticks of the statistics clock that are left of its slice. */
  td_slice: number;
  /** Uptime at which the thread last went to sleep. */
  td_slptime: number;
  /** ns of CPU time used. */
  td_runtime: number;
  td_sigmask: sigset_t;
  td_oldsigmask: sigset_t;
  td_sigqueue: sigqueue;
  /** Signals that sigwait and its kind wait for, or null. */
  td_sigwait: sigset_t | null;
  td_sigstk: stack_t;
  /** Linear bases of the thread's %fs and %gs descriptors. */
  td_fsbase: number;
  td_gsbase: number;
  /** Linux: descriptors of set_thread_area (three slots: two words each). */
  td_tls: Int32Array;
  td_ru: rusage;
  td_name: string;
  /** Kernel threads: name of the step function; null for user threads. */
  td_kfunc: string | null;
  /** Linux: address to clear and wake at exit (CLONE_CHILD_CLEARTID), 0 for none. */
  td_child_clear_tid: number;
  /** Linux: where the thread's id is stored when it first returns to user mode, or 0. */
  td_child_set_tid: number;
  /** Linux: head of the list of robust mutexes that the thread holds, or 0. */
  td_robust_list: number;
  /** Pending fault details for the ABI's signal frame: trap number, error code. */
  td_trapno: number;
  td_trap_error: number;
  /** The page-in that it waits for, or has waited for and not looked at yet. */
  td_pagein: pager_wait | null;
  /** The wiring (mlock) that it has begun and sleeps in. */
  td_wiring: vm_map_wiring | null;
  /** Its kernel stack; null before it has one, and after its end. */
  td_kstack: kstack | null;
}

export interface pgrp {
  pg_id: number;
  pg_members: Set<Proc>;
  pg_session: session;
  /** Members whose parents could continue them: an orphaned group has none. */
  pg_jobc: number;
}

export interface session {
  s_sid: number;
  s_leader: Proc | null;
  s_count: number;
  /** Controlling terminal: its vnode and its tty. */
  s_ttyvp: vnode | null;
  s_ttyp: object | null;
  s_login: string;
}

export interface Proc {
  p_pid: number;
  p_state: number;
  p_flag: number;
  p_pptr: Proc | null;
  p_children: Proc[];
  p_threads: Thread[];
  p_vmspace: vmspace | null;
  p_fd: filedesc | null;
  p_ucred: ucred;
  p_sigacts: sigacts;
  p_limit: plimit;
  p_sysent: sysentvec;
  p_pgrp: pgrp;
  /** Signals for the process as a whole. */
  p_sigqueue: sigqueue;
  /** Signal sent to the parent at exit. */
  p_sigparent: number;
  p_comm: string;
  /** Arguments, for ps; joined with NUL bytes. */
  p_args: string;
  /** Environment and auxv addresses on the stack, for procfs. */
  p_textvp: vnode | null;
  p_textpath: string;
  p_nice: number;
  /** Why and how it ended: wait status word. */
  p_xstat: number;
  /** Signal that stopped it. */
  p_xsig: number;
  /** Uptime in ns. */
  p_start: number;
  p_ru: rusage;
  /** Of children waited for. */
  p_cru: rusage;
  p_realtimer: itimer;
  /** ITIMER_VIRTUAL and ITIMER_PROF: it_value is CPU time at which they fire. */
  p_timer: [itimer, itimer];
  p_realtimer_callout: callout;
  /** Timers of timer_create, by their ids. */
  p_itimers: Map<number, ktimer>;
  /** Local descriptor table, two words an entry; null until the process sets one. */
  p_ldt: Int32Array | null;
  /** __FreeBSD_version that the binary was made for; 0 unknown. */
  p_osrel: number;
  p_nofork: number;
  /** Thread that waits for this vforked child. */
  p_pwait: object;
  /** ns of CPU time of threads that have ended. */
  p_runtime: number;
  /** ABI-private data (Linux: emulation data). */
  p_emuldata: object | null;
  p_pdeathsig: number;
  /** Address of ps_strings, for ps. */
  p_psstrings: number;
  /** Stack pointer that the program began with: argc, argv, envp and auxv lie there. */
  p_initsp: number;
  /** Linear address of the signal trampoline. */
  p_sigcode: number;
  p_acflag: number;
  /** Uptime in ns at which it was last swapped out or in. */
  p_swtick: number;
}

/** A timer (struct callout): a tag into the table of functions, and plain-data argument. */
export interface callout {
  /** Uptime in ns at which it fires; 0 when it is not pending. */
  c_time: number;
  c_func: string;
  c_arg: object | null;
}

/** A timer of timer_create (struct itimer). */
export interface ktimer {
  it_id: number;
  it_proc: Proc;
  /** Thread that made it; its CPU time is what ITC_THREAD counts. */
  it_thread: Thread;
  /** ITC_* of kern_itimer.ts. */
  it_clock: number;
  /** Signal that it sends, 0 for none; the thread that gets it, or null; its value. */
  it_signo: number;
  it_target: Thread | null;
  it_sigvalue: number;
  /** ns; it_value is a time of the clock, 0 when the timer is off. */
  it_interval: number;
  it_value: number;
  /** Expirations beyond the one that the last signal stands for. */
  it_overrun: number;
  it_callout: callout;
}

export type { ksiginfo };
