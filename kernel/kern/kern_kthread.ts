// Kernel processes (kern_kthread.c): a thread whose body is a step function, named by a tag so that
// its state is plain data. A step ends in tsleep.

import type { Kernel } from '../sys/kernel.js';
import { PRS_NORMAL, P_INMEM, P_KPROC, P_SYSTEM } from '../sys/proc.js';
import type { Proc, Thread } from '../sys/proc.js';
import { elf32_freebsd_sysvec } from '../i386/elf_machdep.js';
import { vm_thread_new } from '../vm/vm_kstack.js';
import { vm_pageout } from '../vm/vm_pageout.js';
import { swapper, vm_daemon } from '../vm/vm_swapout.js';
import { pid_alloc, proc_alloc, thread_alloc } from './kern_proc.js';
import { sched_add } from './sched_4bsd.js';
import { sched_sync } from './vfs_syncer.js';

/** Step functions by tag. */
const kthreads: Record<string, (k: Kernel) => void> = {
  pagedaemon: vm_pageout,
  vmdaemon: vm_daemon,
  swapper,
  syncer: sched_sync,
};

/** Runs one step of a kernel thread. */
export function kthread_step(k: Kernel, td: Thread): void {
  kthreads[td.td_kfunc as string](k);
}

/** A process of the kernel's own; with a step function it becomes runnable. */
export function kproc_create(k: Kernel, name: string, tag: string | null, priority: number): Proc {
  const proc0 = k.kern.proc0 as Proc;
  const p = proc_alloc(k, {
    pid: pid_alloc(k),
    parent: proc0,
    cred: proc0.p_ucred,
    sigacts: proc0.p_sigacts,
    limit: proc0.p_limit,
    sysent: elf32_freebsd_sysvec,
    pgrp: proc0.p_pgrp,
  });
  p.p_flag = P_SYSTEM | P_KPROC | P_INMEM;
  p.p_state = PRS_NORMAL;
  p.p_comm = name;
  k.vm.cnt.v_kthreads++;
  if (tag !== null) kthread_start(k, p, name, tag, priority);
  return p;
}

function kthread_start(k: Kernel, p: Proc, name: string, tag: string, priority: number): void {
  const td = thread_alloc(k, p);
  vm_thread_new(k, td);
  td.td_kfunc = tag;
  td.td_name = name;
  td.td_priority = td.td_user_pri = td.td_base_pri = priority;
  sched_add(k, td);
}

/** Process 0 swaps others in. */
export function swapper_start(k: Kernel, priority: number): void {
  kthread_start(k, k.kern.proc0 as Proc, 'swapper', 'swapper', priority);
}
