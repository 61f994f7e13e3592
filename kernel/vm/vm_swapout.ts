// Swapping whole processes (vm_glue.c swapout_procs, swapper, faultin; vm_pageout.c vm_daemon). A
// process that is swapped out does not run until the swapper brings it back; its pages are unmapped,
// so that the page daemon takes them first.

import { nanouptime } from '../kern/kern_clock.js';
import { setrunnable, tsleep, wakeup } from '../kern/kern_synch.js';
import type { Kernel } from '../sys/kernel.js';
import {
  PRS_NORMAL,
  P_INMEM,
  P_SYSTEM,
  P_WEXIT,
  TDF_INMEM,
  TDF_SWAPINREQ,
  TDS_INHIBITED,
} from '../sys/proc.js';
import type { Proc, Thread } from '../sys/proc.js';
import { RLIMIT_RSS } from '../sys/resource.js';
import { NSEC_PER_SEC } from '../sys/time.js';
import {
  pmap_page_exists_quick,
  pmap_remove,
  pmap_remove_all,
  pmap_ts_referenced,
} from './pmap.js';
import type { pmap } from '../i386/pmap_types.js';
import {
  vm_page_activate,
  vm_page_busied,
  vm_page_count_min,
  vm_page_deactivate,
  vm_page_requeue,
  vm_wait,
} from './vm_page.js';
import {
  ACT_ADVANCE,
  ACT_DECLINE,
  ACT_MAX,
  MAP_ENTRY_IS_SUB_MAP,
  OBJ_FICTITIOUS,
  OBJ_UNMANAGED,
  PGA_REFERENCED,
  PQ_ACTIVE,
  PQ_INACTIVE,
} from './vm_param.js';
import { vm_thread_swapin, vm_thread_swapout } from './vm_kstack.js';
import type { vm_map, vm_object, vm_page } from './vm_types.js';
import { vm_object_pages } from './vm_object.js';

/** Why processes are swapped out. */
export const VM_SWAP_NORMAL = 1;
export const VM_SWAP_IDLE = 2;
/** s that the swapper sleeps at most with nothing to do: MAXSLP / 2. */
const SWAPPER_SLEEP = 10;

/** Asks the vmdaemon to look for processes to swap out, at most once a second. */
export function vm_req_vmdaemon(k: Kernel, req: number): void {
  const { vm } = k;
  vm.vm_pageout_req_swapout |= req;
  const now = nanouptime(k);
  if (now < vm.vm_daemon_needed.lastrun + NSEC_PER_SEC && vm.vm_daemon_needed.requests > 0) return;
  vm.vm_daemon_needed.requests++;
  vm.vm_daemon_needed.lastrun = now;
  wakeup(k, vm.vm_daemon_needed);
}

/** One turn of the vmdaemon. => called by the scheduler; ends in tsleep. */
export function vm_daemon(k: Kernel): void {
  const flags = k.vm.vm_pageout_req_swapout;
  k.vm.vm_pageout_req_swapout = 0;
  if (flags !== 0) swapout_procs(k, flags);
  if (k.vm.vm_daemon_needed.requests > 0) vm_daemon_limits(k);
  tsleep(k, k.vm.vm_daemon_needed, 0, 'psleep');
}

/** Deactivates what processes have above RLIMIT_RSS, and all of those that are swapped out. */
export function vm_daemon_limits(k: Kernel): void {
  for (const p of k.kern.allproc.values()) {
    if (p.p_state !== PRS_NORMAL || p.p_flag & (P_SYSTEM | P_WEXIT)) continue;
    const map = p.p_vmspace?.vm_map;
    if (!map) continue;
    const { rlim_cur, rlim_max } = p.p_limit.pl_rlimit[RLIMIT_RSS];
    let limit = Math.floor(Math.min(rlim_cur, rlim_max) / 4096);
    if ((p.p_flag & P_INMEM) === 0) limit = 0;
    if (map.pmap.resident_count >= limit) vm_pageout_map_deactivate_pages(k, map, limit);
  }
}

/** Deactivates pages of an address space until `desired` are resident, the largest object's first. */
export function vm_pageout_map_deactivate_pages(k: Kernel, map: vm_map, desired: number): void {
  if (map.lock !== 0) return;
  let bigobj: vm_object | null = null;
  let nothingwired = true;
  for (let e = map.header.next; e !== map.header; e = e.next) {
    const { object } = e;
    if (e.wired_count > 0) nothingwired = false;
    if (e.eflags & MAP_ENTRY_IS_SUB_MAP || object === null || object.shadow_count > 1) continue;
    if (bigobj === null || bigobj.resident_page_count < object.resident_page_count) bigobj = object;
  }
  if (bigobj !== null) vm_pageout_object_deactivate_pages(k, map.pmap, bigobj, desired);
  for (let e = map.header.next; e !== map.header; e = e.next) {
    if (map.pmap.resident_count <= desired) break;
    if (e.eflags & MAP_ENTRY_IS_SUB_MAP || e.object === null) continue;
    vm_pageout_object_deactivate_pages(k, map.pmap, e.object, desired);
  }
  // Of a process that is swapped out the page tables go, too.
  if (desired === 0 && nothingwired) pmap_remove(k, map.pmap, map.min_offset, map.max_offset);
}

/** The same for an object and those it shadows. */
function vm_pageout_object_deactivate_pages(
  k: Kernel,
  map: pmap,
  first_object: vm_object,
  desired: number,
): void {
  if (first_object.flags & OBJ_FICTITIOUS) return;
  for (let o: vm_object | null = first_object; o !== null; o = o.backing_object) {
    if (o.flags & OBJ_UNMANAGED || o.paging_in_progress > 0) return;
    const keep_mapped = o.shadow_count > 1;
    for (const m of vm_object_pages(o, 0, 0)) {
      if (map.resident_count <= desired) return;
      if (vm_page_busied(m)) continue;
      k.vm.cnt.v_pdpages++;
      if (m.wire_count > 0 || m.hold_count > 0 || !pmap_page_exists_quick(k, map, m)) continue;
      deactivate_one(k, m, keep_mapped);
    }
  }
}

function deactivate_one(k: Kernel, m: vm_page, keep_mapped: boolean): void {
  let refs = pmap_ts_referenced(k, m);
  if (m.aflags & PGA_REFERENCED) {
    if (refs === 0) refs = 1;
    m.aflags &= ~PGA_REFERENCED;
  }
  if (m.queue !== PQ_ACTIVE && refs > 0) {
    vm_page_activate(k, m);
    m.act_count = Math.min(ACT_MAX, m.act_count + refs);
  } else if (m.queue === PQ_ACTIVE) {
    if (refs > 0) {
      if (m.act_count < ACT_MAX - ACT_ADVANCE) m.act_count += ACT_ADVANCE;
      vm_page_requeue(k, m);
      return;
    }
    m.act_count -= Math.min(m.act_count, ACT_DECLINE);
    if (!keep_mapped && m.act_count === 0) {
      pmap_remove_all(k, m);
      vm_page_deactivate(k, m);
    } else vm_page_requeue(k, m);
  } else if (m.queue === PQ_INACTIVE) pmap_remove_all(k, m);
}

/** Seconds since the thread went to sleep. */
function slptime(k: Kernel, td: Thread): number {
  return Math.floor((nanouptime(k) - td.td_slptime) / NSEC_PER_SEC);
}

/** Asleep, and not waiting for a page or for memory. */
function thread_safetoswapout(td: Thread): boolean {
  return td.td_state === TDS_INHIBITED && (td.td_pagein === null || td.td_pagein.m === null);
}

/** Swaps out processes that have slept long enough. @returns how many. */
export function swapout_procs(k: Kernel, action: number): number {
  const { swap_idle_threshold1, swap_idle_threshold2 } = k.vm.tunables;
  let didswap = 0;
  for (const p of k.kern.allproc.values()) {
    if (p.p_state !== PRS_NORMAL || p.p_flag & (P_SYSTEM | P_WEXIT)) continue;
    if ((p.p_flag & P_INMEM) === 0 || p.p_vmspace === null || p.p_vmspace.vm_map.lock !== 0)
      continue;
    if (p.p_threads.length === 0) continue;
    const wanted = p.p_threads.every((td) => {
      const slept = slptime(k, td);
      if (slept < swap_idle_threshold1 || !thread_safetoswapout(td)) return false;
      return (action & VM_SWAP_NORMAL) !== 0 || slept > swap_idle_threshold2;
    });
    if (!wanted) continue;
    swapout(k, p);
    didswap++;
  }
  if (didswap > 0) wakeup(k, k.vm.swapper_wait);
  return didswap;
}

/** Takes a process out: its threads do not run until it is back. */
function swapout(k: Kernel, p: Proc): void {
  if (p.p_vmspace !== null) p.p_vmspace.vm_swrss = p.p_vmspace.vm_pmap.resident_count;
  p.p_flag &= ~P_INMEM;
  for (const td of p.p_threads) {
    td.td_flags &= ~TDF_INMEM;
    vm_thread_swapout(k, td);
  }
  p.p_threads[0].td_ru.ru_nswap++;
  p.p_swtick = nanouptime(k);
}

/** Brings a process back: what could run runs. Sleeps while its kernel stacks are read. */
export function faultin(k: Kernel, p: Proc): void {
  if (p.p_flag & P_INMEM) return;
  // May sleep: the flag says which stacks are back when this is done again.
  for (const td of p.p_threads) {
    if ((td.td_flags & TDF_INMEM) === 0) vm_thread_swapin(k, td);
    td.td_flags |= TDF_INMEM;
  }
  p.p_flag |= P_INMEM;
  p.p_swtick = nanouptime(k);
  for (const td of p.p_threads) {
    td.td_flags &= ~TDF_SWAPINREQ;
    if (td.td_state === TDS_INHIBITED && td.td_wchan === null) setrunnable(k, td);
  }
}

/** Of the processes that are out and could run, the one to bring back: highest swtime + slptime - 8 nice. */
export function swapper_choose(k: Kernel): Proc | null {
  let pp: Proc | null = null;
  let ppri = -Infinity;
  for (const p of k.kern.allproc.values()) {
    if (p.p_state !== PRS_NORMAL || p.p_flag & (P_INMEM | P_SYSTEM)) continue;
    const swtime = Math.floor((nanouptime(k) - p.p_swtick) / NSEC_PER_SEC);
    for (const td of p.p_threads) {
      if (td.td_wchan !== null) continue;
      let pri = swtime + slptime(k, td);
      if ((td.td_flags & TDF_SWAPINREQ) === 0) pri -= p.p_nice * 8;
      if (pri <= ppri) continue;
      pp = p;
      ppri = pri;
    }
  }
  return pp;
}

/** One turn of the swapper, process 0. => called by the scheduler; ends in tsleep. */
export function swapper(k: Kernel): void {
  for (;;) {
    if (vm_page_count_min(k)) vm_wait(k, 'vmwait');
    const p = swapper_choose(k);
    if (p === null) {
      tsleep(k, k.vm.swapper_wait, 0, 'swapin', nanouptime(k) + SWAPPER_SLEEP * NSEC_PER_SEC);
      return;
    }
    faultin(k, p);
  }
}
