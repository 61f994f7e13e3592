// The kernel as its owner sees it: made, given a first process, and run until nothing is left to do.

import type { Exit, Machine } from '../emulator/index.js';
import { linux_state_init } from './compat/linux/linux_state.js';
import { vfs_state_init } from './fs/vfs_state.js';
import { pmap_state_init } from './i386/pmap_state.js';
import { segments_switch } from './i386/segments.js';
import { npxleave, npxswitch } from './i386/npx.js';
import { syscall, trap } from './i386/trap.js';
import { mi_startup } from './kern/init_main.js';
import { clock_skip, nanouptime } from './kern/kern_clock.js';
import { THREAD_EXIT, WEXITSTATUS, WIFEXITED, WTERMSIG } from './kern/kern_exit.js';
import { stdin_wanted } from './kern/host_stream.js';
import { kthread_step } from './kern/kern_kthread.js';
import { ast_signals, psignal, trapsignal } from './kern/kern_sig.js';
import { kern_state_init } from './kern/kern_state.js';
import { HOLD, SLEEP, sched_event } from './kern/kern_synch.js';
import { itimer_check, itimer_next } from './kern/kern_time.js';
import { callout_process } from './kern/kern_timeout.js';
import {
  sched_add,
  sched_charge,
  sched_choose,
  sched_others,
  sched_switched,
  sched_userret,
  schedcpu,
  statclock,
} from './kern/sched_4bsd.js';
import { EV_SCHED } from './sys/event.js';
import type { EventStream } from './sys/event.js';
import type { Host } from './sys/host.js';
import type { Kernel, KernelOptions } from './sys/kernel.js';
import { panic } from './sys/panic.js';
import { TDF_NEEDSIGCHK, TDF_OLDMASK, TDF_SLICEEND, TDS_CAN_RUN, TDS_RUNNING } from './sys/proc.js';
import type { Proc, Thread, callout, ksiginfo } from './sys/proc.js';
import { NSEC_PER_INSTRUCTION } from './sys/time.js';
import { pmap_activate } from './vm/pmap.js';
import { vm_check } from './vm/vm_check.js';
import { vm_state_init } from './vm/vm_state.js';

/** How much one kernel_run() may do. */
export interface KernelLimits {
  /** Instructions; Infinity for no limit. */
  instructions: number;
}

/**
 * Why kernel_run() returned.
 *
 * exited: all user processes have ended; `status` is that of the first, 128 + n after signal n.
 * idle: all sleep; until a timer in `untilNs` (null: none), or input, or a signal from outside.
 * limit: there is more to do.
 * breakpoint: the running thread is in front of an instruction with a breakpoint of the machine.
 */
export type KernelExit =
  | { kind: 'exited'; status: number }
  | { kind: 'idle'; untilNs: number | null }
  | { kind: 'limit' }
  | { kind: 'breakpoint' };

/** Boots a kernel on a fresh machine. It has no file systems yet (kernel_mount_root). */
export function createKernel(
  machine: Machine,
  host: Host,
  events: EventStream,
  opts: KernelOptions,
): Kernel {
  const k: Kernel = {
    machine,
    host,
    opts,
    events,
    vm: vm_state_init(),
    pmap: pmap_state_init(),
    kern: kern_state_init(),
    vfs: vfs_state_init(),
    linux: linux_state_init(),
  };
  mi_startup(k);
  return k;
}

/** Every violated invariant as a line; none when all is well. */
export function kernel_check(k: Kernel): string[] {
  return vm_check(k);
}

/** Sends a signal to the first process (its group when it has one in the foreground). */
export function kernel_signal(k: Kernel, sig: number): void {
  const p = k.kern.mainproc;
  if (p === null) return;
  for (const member of [...p.p_pgrp.pg_members]) psignal(k, member, sig);
}

/** Gives the CPU to another thread, or keeps it. @returns the running thread, or null. */
function mi_switch(k: Kernel): Thread | null {
  const { kern, machine } = k;
  const old = kern.curthread;
  const { relinquish } = kern;
  kern.need_resched = kern.relinquish = false;
  if (old !== null) {
    sched_charge(k, old);
    if (old.td_state === TDS_RUNNING) {
      const preempted = !relinquish && (old.td_flags & TDF_SLICEEND) === 0;
      const others = sched_others(k, old, preempted);
      old.td_flags &= ~TDF_SLICEEND;
      if (relinquish) old.td_ru.ru_nvcsw++;
      else if (others || !preempted) old.td_ru.ru_nivcsw++;
      if (!others && !k.events.held?.has(old.td_tid)) {
        if (!preempted) k.vm.cnt.v_swtch++;
        sched_userret(old);
        return old;
      }
      old.td_state = TDS_CAN_RUN;
      if (k.events.mask & EV_SCHED) sched_event(k, 'preempt', old, '');
      sched_add(k, old, preempted);
    } else old.td_ru.ru_nvcsw++;
    if (old.td_kfunc === null) {
      machine.saveRegisters(old.td_frame);
      npxleave(k, old);
    }
    kern.curthread = null;
    kern.need_resched = false;
  }
  const td = sched_choose(k);
  if (td === null) return null;
  switch_to(k, td);
  return td;
}

function switch_to(k: Kernel, td: Thread): void {
  const { kern, machine } = k;
  kern.curthread = td;
  td.td_state = TDS_RUNNING;
  kern.switch_instructions = machine.instructions;
  sched_switched(k, td);
  if (td.td_kfunc !== null) return;
  sched_userret(td);
  const vm = td.td_proc.p_vmspace;
  if (vm === null) panic('switch_to: user thread without an address space');
  pmap_activate(k, vm.vm_pmap);
  machine.loadRegisters(td.td_frame);
  npxswitch(k, td);
  segments_switch(k, td);
}

/** The running thread is gone: nothing of it is saved. */
function thread_gone(k: Kernel): void {
  k.kern.curthread = null;
  if (k.opts.checkInvariants) {
    const violations = vm_check(k);
    if (violations.length > 0) panic(`vm_check: ${violations.join('; ')}`);
  }
}

/** Handles what a kernel function threw: sleeping and exiting threads are no errors. */
function unwound(k: Kernel, thrown: unknown, rewind: boolean): void {
  if (thrown === THREAD_EXIT) {
    thread_gone(k);
    return;
  }
  if (thrown === HOLD) {
    // Nothing of it is to be seen afterwards: the call is executed, and counted, later.
    if (rewind) {
      k.machine.cpu.eip = (k.machine.cpu.eip - 2) | 0;
      k.machine.instructions--;
    }
    return;
  }
  if (thrown !== SLEEP) throw thrown;
  // The same instruction is executed again after the wakeup; int 0x80 is two bytes long.
  if (rewind) k.machine.cpu.eip = (k.machine.cpu.eip - 2) | 0;
  k.kern.need_resched = true;
}

/** Serves one exit of user code. */
function serve(k: Kernel, td: Thread, exit: Exit): void {
  // `int 3` and `int 4` are traps like those of int3 and into.
  const isCall = exit.kind === 'softint' && exit.vector === td.td_proc.p_sysent.sv_syscall_vector;
  try {
    if (isCall) syscall(k, td);
    else trap(k, td, exit);
  } catch (thrown) {
    unwound(k, thrown, isCall);
  }
}

/** The signal of a trap, at which a debugger had the thread held. */
function trap_signal(k: Kernel, td: Thread, ksi: ksiginfo): void {
  td.td_trapsig = null;
  try {
    trapsignal(k, td, ksi);
  } catch (thrown) {
    unwound(k, thrown, false);
  }
}

/** Signals before the return to user mode. @returns whether the thread may go on. */
function userret(k: Kernel, td: Thread): boolean {
  try {
    if (td.td_child_set_tid !== 0) td.td_proc.p_sysent.sv_schedtail?.(k, td);
    ast_signals(k, td);
  } catch (thrown) {
    unwound(k, thrown, false);
  }
  return k.kern.curthread === td && td.td_state === TDS_RUNNING && !k.events.stop;
}

function run_kthread(k: Kernel, td: Thread): void {
  try {
    kthread_step(k, td);
    if (td.td_state === TDS_RUNNING) panic(`kernel thread ${td.td_name} did not sleep`);
  } catch (thrown) {
    if (thrown !== SLEEP) throw thrown;
  }
  k.kern.need_resched = true;
}

/** Instructions until something other than user code has to happen. */
function budget(k: Kernel, td: Thread, stop: number): number {
  const { kern, machine } = k;
  const now = machine.instructions;
  let n = Math.min(kern.statclock_next, stop) - now;
  if (kern.callouts.length > 0) {
    const ns = kern.callouts[0].c_time - nanouptime(k);
    n = Math.min(n, Math.ceil(ns / NSEC_PER_INSTRUCTION));
  }
  const [virtual, prof] = td.td_proc.p_timer;
  if (virtual.it_value !== 0 || prof.it_value !== 0) {
    n = Math.min(n, Math.ceil(itimer_next(k, td.td_proc) / NSEC_PER_INSTRUCTION));
  }
  return Math.max(1, n);
}

/** Time has passed: timers fire, clocks tick. */
function clock_intr(k: Kernel, td: Thread): void {
  const { kern, machine } = k;
  if (kern.callouts.length > 0 && kern.callouts[0].c_time <= nanouptime(k)) callout_process(k);
  const [virtual, prof] = td.td_proc.p_timer;
  if (virtual.it_value !== 0 || prof.it_value !== 0) itimer_check(k, td.td_proc);
  if (machine.instructions >= kern.statclock_next) statclock(k, td);
}

/**
 * The next timer that somebody waits for. The kernel's own threads do not count, unless a process
 * waits for the page daemon, which pauses between scans.
 */
function next_timer(k: Kernel): callout | null {
  if (k.vm.free_wait.waiters > 0) return k.kern.callouts[0] ?? null;
  for (const c of k.kern.callouts) {
    const td = c.c_func === 'endtsleep' ? (c.c_arg as Thread) : null;
    if (td === null || td.td_kfunc === null) return c;
  }
  return null;
}

/** Nobody can run. @returns why kernel_run returns, or null when time was skipped to a timer. */
function idle(k: Kernel): KernelExit | null {
  const { kern } = k;
  if (kern.nprocs === 0) return exited(k);
  const c = next_timer(k);
  if (c === null) {
    kern.idle_since = k.opts.realtime ? k.host.wallClockNs() : 0;
    return { kind: 'idle', untilNs: null };
  }
  const ns = c.c_time - nanouptime(k);
  // Time is not skipped while a guest waits for input: it comes in the host's time.
  if ((k.opts.realtime || stdin_wanted(k)) && ns > 0) {
    kern.idle_since = k.host.wallClockNs();
    return { kind: 'idle', untilNs: ns };
  }
  if (ns > 0) clock_skip(k, ns);
  schedcpu(k);
  callout_process(k);
  return null;
}

function exited(k: Kernel): KernelExit {
  const w = k.kern.main_status;
  if (WIFEXITED(w)) return { kind: 'exited', status: WEXITSTATUS(w) };
  const sig = WTERMSIG(w);
  const { sv_sigtbl } = (k.kern.mainproc as Proc).p_sysent;
  return { kind: 'exited', status: 128 + (sv_sigtbl?.(sig) ?? sig) };
}

/** With real time: the time that the host waited has passed for the guest too. */
function waited(k: Kernel): void {
  const { kern } = k;
  if (kern.idle_since === 0) return;
  const ns = k.host.wallClockNs() - kern.idle_since;
  kern.idle_since = 0;
  if (ns > 0) clock_skip(k, ns);
  schedcpu(k);
  callout_process(k);
}

/** Kernel entries after which kernel_run returns although few instructions were executed. */
const ENTRIES_MAX = 200_000;
/** The same for page faults, of which one system call can take many. */
const FAULTS_MAX = 200_000;

/** Runs threads until all have ended or sleep, or the limit is reached. */
export function kernel_run(k: Kernel, limits: KernelLimits): KernelExit {
  const { kern, machine } = k;
  waited(k);
  const stop = machine.instructions + limits.instructions;
  const faults_max = k.vm.cnt.v_vm_faults + FAULTS_MAX;
  for (let entries = 0; ;) {
    if (k.events.stop) return { kind: 'limit' };
    let td = kern.curthread;
    if (td === null || kern.need_resched) td = mi_switch(k);
    if (td === null) {
      const exit = idle(k);
      if (exit !== null) return exit;
      // Timers alone must not keep the host from its own events.
      if (++entries >= ENTRIES_MAX) return { kind: 'limit' };
      continue;
    }
    if (td.td_kfunc !== null) {
      run_kthread(k, td);
      continue;
    }
    if (td.td_trapsig !== null) {
      trap_signal(k, td, td.td_trapsig);
      if (kern.nprocs === 0) return exited(k);
      continue;
    }
    // A call that is being executed again comes first: it decides what a signal does to it.
    if (td.td_flags & (TDF_NEEDSIGCHK | TDF_OLDMASK) && td.td_sa_code < 0) {
      if (!userret(k, td)) {
        const held = k.events.stop && kern.curthread === td && td.td_state === TDS_RUNNING;
        if (!held) kern.need_resched = true;
        continue;
      }
    }
    if (machine.instructions >= stop || entries >= ENTRIES_MAX) return { kind: 'limit' };
    if (k.vm.cnt.v_vm_faults >= faults_max) return { kind: 'limit' };
    const exit = machine.run(budget(k, td, stop));
    if (exit.kind === 'trap' || exit.kind === 'softint') {
      entries++;
      serve(k, td, exit);
      if (kern.nprocs === 0) return exited(k);
      if (kern.curthread !== td) continue;
    } else if (exit.kind === 'breakpoint') return { kind: 'breakpoint' };
    else if (exit.kind !== 'budget') panic(`user code ended a run with '${exit.kind}'`);
    clock_intr(k, td);
  }
}
