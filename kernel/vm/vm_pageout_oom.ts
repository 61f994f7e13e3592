// Killing a process when there is neither memory nor swap (vm_pageout.c vm_pageout_oom; freebsd-vm
// A21).

import type { Kernel } from '../sys/kernel.js';
import { panic } from '../sys/panic.js';
import { P_KPROC, P_PROTECTED, P_SYSTEM, P_WEXIT, P_WKILLED, PRS_NORMAL } from '../sys/proc.js';
import type { Proc } from '../sys/proc.js';
import { PRIO_MIN } from '../sys/resource.js';
import { SIGKILL } from '../sys/signal.js';
import { psignal } from '../kern/kern_sig.js';
import { sched_prio } from '../kern/sched_4bsd.js';
import { SWAP_META_PAGES } from './swap_pager_meta.js';
import { vm_page_free_wakeup } from './vm_page.js';
import {
  MAP_ENTRY_IS_SUB_MAP,
  MAP_ENTRY_NEEDS_COPY,
  OBJT_DEFAULT,
  OBJT_PHYS,
  OBJT_SWAP,
  OBJT_VNODE,
} from './vm_param.js';
import type { vm_map } from './vm_types.js';

/** Pages of an address space on swap, estimated from the metadata (vmspace_swap_count). */
export function vmspace_swap_count(map: vm_map): number {
  let count = 0;
  for (let e = map.header.next; e !== map.header; e = e.next) {
    const { object } = e;
    if (e.eflags & MAP_ENTRY_IS_SUB_MAP || object === null || object.type !== OBJT_SWAP) continue;
    const bcount = object.swp_swblks?.size ?? 0;
    if (bcount === 0) continue;
    const n = (e.end - e.start) / 4096;
    count += Math.floor((bcount * SWAP_META_PAGES * n) / object.size) + 1;
  }
  return count;
}

/** Resident pages that an end of the address space would give back (vm_pageout_oom_pagecount). */
function vm_pageout_oom_pagecount(map: vm_map): number {
  let pages = 0;
  for (let e = map.header.next; e !== map.header; e = e.next) {
    const { object } = e;
    if (e.eflags & MAP_ENTRY_IS_SUB_MAP || object === null) continue;
    // Pages shared with others are unlikely to be freed.
    if (e.eflags & MAP_ENTRY_NEEDS_COPY && object.ref_count !== 1) continue;
    const { type } = object;
    if (type === OBJT_DEFAULT || type === OBJT_SWAP || type === OBJT_PHYS || type === OBJT_VNODE)
      pages += object.resident_page_count;
  }
  return pages;
}

/** Processes that are never chosen: the system's, protected ones, those that end already. */
function spared(k: Kernel, p: Proc): boolean {
  if (p.p_state !== PRS_NORMAL || p.p_pid <= 1) return true;
  if (p.p_flag & (P_SYSTEM | P_KPROC | P_PROTECTED | P_WEXIT | P_WKILLED)) return true;
  // In FreeBSD the first daemons have pids below 48; here the first of all processes is a user's.
  return p === k.kern.initproc;
}

/** The process that the kill would take, and the pages it is charged with; null when there is none. */
export function vm_pageout_oom_victim(
  k: Kernel,
  shortage: 'mem' | 'swapz',
): { victim: Proc; size: number } | null {
  let victim: Proc | null = null;
  let size = 0;
  for (const p of k.kern.allproc.values()) {
    const map = p.p_vmspace?.vm_map;
    if (!map || spared(k, p)) continue;
    let pages = vmspace_swap_count(map);
    if (shortage === 'mem') pages += vm_pageout_oom_pagecount(map);
    if (pages <= size) continue;
    victim = p;
    size = pages;
  }
  return victim === null ? null : { victim, size };
}

/**
 * Kills the process that frees most. @param shortage what there is too little of: memory, or swap
 * metadata, with which only what is on swap counts. @returns whether there was one.
 */
export function vm_pageout_oom(k: Kernel, shortage: 'mem' | 'swapz'): boolean {
  const found = vm_pageout_oom_victim(k, shortage);
  if (found === null) return false;
  const { victim } = found;
  if (k.vm.tunables.panic_on_oom !== 0) panic('out of swap space');
  k.host.log(
    `pid ${victim.p_pid} (${victim.p_comm}), uid ${victim.p_ucred.cr_uid}, was killed: out of swap space`,
  );
  // As killproc() has it: at once, so that the next shortage takes another.
  victim.p_flag |= P_WKILLED;
  psignal(k, victim, SIGKILL);
  // It shall run soon, and may be waiting for pages itself: what is left is for it to die with.
  victim.p_nice = PRIO_MIN;
  for (const td of victim.p_threads) sched_prio(k, td);
  vm_page_free_wakeup(k);
  return true;
}
