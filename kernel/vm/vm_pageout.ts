// The page daemon: keeps pages free (vm_pageout.c; freebsd-vm A20).
//
//   active --(act_count ages to 0)--> inactive --+-- referenced ----> active
//                                                +-- clean ---------> cache: named, allocatable at once
//                                                +-- dirty, 1st time > tail of inactive (WINATCFLS)
//                                                +-- dirty, 2nd time > written in a cluster; clean, it
//                                                                     goes round once more
//
// Pass 0 only ages, 1 frees what is needed, from 2 on it writes without limit.

import type { Kernel } from '../sys/kernel.js';
import { NSEC_PER_SEC, hz } from '../sys/time.js';
import { nanouptime } from '../kern/kern_clock.js';
import { tsleep } from '../kern/kern_synch.js';
import { EV_PAGE } from '../sys/event.js';
import { pmap_remove_all, pmap_ts_referenced } from './pmap.js';
import { vm_pageout_cluster, vm_pageout_flush } from './vm_pageout_cluster.js';
import { vm_pageout_oom } from './vm_pageout_oom.js';
import { VM_SWAP_IDLE, VM_SWAP_NORMAL, vm_req_vmdaemon } from './vm_swapout.js';
import {
  vm_page_activate,
  vm_page_busied,
  vm_page_cache,
  vm_page_count_min,
  vm_page_deactivate,
  vm_page_free,
  vm_page_free_wakeup,
  vm_page_requeue,
  vm_page_test_dirty,
  vm_paging_needed,
  vm_paging_target,
} from './vm_page.js';
import {
  ACT_ADVANCE,
  ACT_DECLINE,
  ACT_MAX,
  OBJT_DEFAULT,
  OBJT_SWAP,
  OBJ_DEAD,
  PGA_REFERENCED,
  PG_MARKER,
  PG_WINATCFLS,
  PQ_ACTIVE,
  PQ_INACTIVE,
} from './vm_param.js';
import { vm_thread_stack_lowmem } from './vm_kstack.js';
import type { vm_object, vm_page } from './vm_types.js';

/** Dirty pages written in a scan that is in need. */
const MAX_LAUNDER_URGENT = 10000;

/** Where the daemon is between two scans (struct vm_domain). */
export interface pageout_state {
  vmd_pass: number;
  vmd_oom_seq: number;
  /** Uptime in ns of the last scan of the active queue. */
  vmd_last_active_scan: number;
  /** Second in which idle processes were last looked for. */
  lsec: number;
  /** What it slept for. */
  slept: 'wait' | 'pause' | 'swbuf';
}

export function pageout_state_create(): pageout_state {
  return { vmd_pass: 0, vmd_oom_seq: 0, vmd_last_active_scan: 0, lsec: 0, slept: 'wait' };
}

/** How a scan of the inactive queue went. */
interface inactive_scan {
  /** Pages that are still missing. */
  page_shortage: number;
  /** Pages that cannot be freed now though inactive. */
  addl_page_shortage: number;
  /** All buffers for writing are in use. */
  no_buffers: boolean;
}

/**
 * One turn of the page daemon: scans until there is nothing to do or to wait for.
 * => called by the scheduler as the thread's whole body; ends in tsleep.
 */
export function vm_pageout(k: Kernel): void {
  const td = k.kern.curthread;
  if (td === null) return;
  const state = (td.td_progress ??= pageout_state_create()) as pageout_state;
  // Woken: pages are needed. Timed out: only reference statistics are.
  if (state.slept === 'wait') state.vmd_pass = k.vm.pageout_wanted ? 1 : 0;
  else if (state.slept === 'pause') state.vmd_pass++;
  for (;;) {
    const done = vm_pageout_scan(k, state);
    if (k.vm.free_wait.waiters > 0 && !vm_page_count_min(k)) vm_page_free_wakeup(k);
    if (!done) {
      state.slept = 'swbuf';
      tsleep(k, k.vm.swdevs, 0, 'swbuf');
    }
    // Not before the target is reached, lest it is woken over and over again.
    if (k.vm.pageout_wanted && !vm_paging_needed(k)) k.vm.pageout_wanted = false;
    if (!k.vm.pageout_wanted) {
      state.slept = 'wait';
      tsleep(k, k.vm.pagequeues, 0, 'psleep', nanouptime(k) + NSEC_PER_SEC);
    }
    if (state.vmd_pass > 1) {
      state.slept = 'pause';
      // Nobody wakes it: not the channel of pagedaemon_wakeup().
      tsleep(k, state, 0, 'psleep', nanouptime(k) + NSEC_PER_SEC / 2);
    }
    state.vmd_pass++;
  }
}

/** A scan of both queues, as urgent as the pass says. @returns false when it has to be resumed. */
export function vm_pageout_scan(k: Kernel, state: pageout_state): boolean {
  const { vm } = k;
  const pass = state.vmd_pass;
  if (pass > 0) vm_lowmem(k);
  const deficit = pass > 0 ? vm.pageout_deficit : 0;
  if (pass > 0) vm.pageout_deficit = 0;
  const wanted = pass > 0 ? vm_paging_target(k) + deficit : 0;
  const scan = scan_inactive(k, wanted, pass);
  if (scan.no_buffers) return false;
  if (vm.tunables.swap_enabled !== 0 && scan.page_shortage > 0) vm_req_vmdaemon(k, VM_SWAP_NORMAL);
  vm_pageout_mightbe_oom(k, state, scan.page_shortage, wanted);
  const inactive = vm.cnt.v_inactive_target - vm.cnt.v_inactive_count;
  scan_active(k, state, inactive + vm_paging_target(k) + deficit + scan.addl_page_shortage);
  if (vm.tunables.swap_idle_enabled !== 0) {
    const second = Math.floor(nanouptime(k) / NSEC_PER_SEC);
    if (second !== state.lsec) vm_req_vmdaemon(k, VM_SWAP_IDLE);
    state.lsec = second;
  }
  return true;
}

/** Every lowmem_period seconds, those who keep memory for later are asked for it. */
function vm_lowmem(k: Kernel): void {
  const second = nanouptime(k) / NSEC_PER_SEC;
  if (k.vm.lowmem_events > 0 && second - k.vm.lowmem_uptime < k.vm.tunables.lowmem_period) return;
  k.vm.lowmem_uptime = second;
  k.vm.lowmem_events++;
  vm_thread_stack_lowmem(k);
}

/** References since the last look, by the page's own flag or through any mapping. */
function references(k: Kernel, m: vm_page): number {
  let refs = 0;
  if (m.aflags & PGA_REFERENCED) {
    m.aflags &= ~PGA_REFERENCED;
    refs = 1;
  }
  return (m.object as vm_object).ref_count > 0 ? refs + pmap_ts_referenced(k, m) : refs;
}

/** Whether dirty pages of the object may be written now. */
function pageout_ok(k: Kernel, object: vm_object): boolean {
  if (object.type !== OBJT_SWAP && object.type !== OBJT_DEFAULT) return true;
  const { disable_swapspace_pageouts, defer_swapspace_pageouts } = k.vm.tunables;
  if (disable_swapspace_pageouts !== 0) return false;
  return defer_swapspace_pageouts === 0 || vm_page_count_min(k);
}

/** Makes pages of the inactive queue available, or clean, until `shortage` of them are. */
function scan_inactive(k: Kernel, shortage: number, pass: number): inactive_scan {
  const queue = k.vm.pagequeues[PQ_INACTIVE];
  const scan: inactive_scan = { page_shortage: shortage, addl_page_shortage: 0, no_buffers: false };
  let launders = pass > 1 ? MAX_LAUNDER_URGENT : Math.max(1, k.vm.tunables.max_launder);
  let maxscan = queue.count;
  let next: vm_page | null;
  for (let m = queue.head; m !== null && maxscan-- > 0 && scan.page_shortage > 0; m = next) {
    k.vm.cnt.v_pdpages++;
    next = m.q_next;
    if (m.flags & PG_MARKER) continue;
    const object = m.object as vm_object;
    // Most likely on its way to the disk: left where it is.
    if (m.hold_count > 0 || vm_page_busied(m)) {
      scan.addl_page_shortage++;
      continue;
    }
    if (m.valid === 0) {
      reclaim(k, m);
      scan.page_shortage--;
      continue;
    }
    const refs = references(k, m);
    if (refs > 0) {
      if (object.ref_count > 0) {
        vm_page_activate(k, m);
        m.act_count = Math.min(ACT_MAX, m.act_count + refs + ACT_ADVANCE);
      } else vm_page_requeue(k, m);
      continue;
    }
    vm_page_test_dirty(k, m);
    if (m.dirty === 0) {
      reclaim(k, m);
      scan.page_shortage--;
    } else if (object.flags & OBJ_DEAD) scan.addl_page_shortage++;
    else if ((m.flags & PG_WINATCFLS) === 0 && pass < 2) {
      // Seen dirty once: clean pages have a chance first.
      m.flags |= PG_WINATCFLS;
      vm_page_requeue(k, m);
    } else if (launders > 0) {
      if (!pageout_ok(k, object)) {
        vm_page_requeue(k, m);
        continue;
      }
      if (is_swap(object) && k.vm.nsw_wcount_async <= 0) {
        scan.no_buffers = true;
        return scan;
      }
      const cluster = vm_pageout_cluster(k, m);
      // What is written with it may leave the queue: the scan goes on behind them.
      while (next !== null && cluster.includes(next)) next = next.q_next;
      if (vm_pageout_flush(k, cluster) > 0) {
        scan.page_shortage--;
        launders--;
      }
    }
  }
  return scan;
}

function is_swap(object: vm_object): boolean {
  return object.type === OBJT_SWAP || object.type === OBJT_DEFAULT;
}

/** A clean page becomes available: still named if it has contents, and free otherwise. */
function reclaim(k: Kernel, m: vm_page): void {
  pmap_remove_all(k, m);
  if (k.events.mask & EV_PAGE) {
    k.events.emit({
      type: 'page',
      op: 'reclaim',
      pa: m.phys_addr,
      object: m.object?.id ?? 0,
      pindex: m.pindex,
    });
  }
  k.vm.cnt.v_dfree++;
  if (m.valid === 0) vm_page_free(k, m);
  else {
    vm_page_cache(k, m);
    if (k.vm.free_wait.waiters > 0 && !vm_page_count_min(k)) vm_page_free_wakeup(k);
  }
}

/**
 * Ages the active queue: unreferenced pages sink, and those at 0 become inactive. Visits as many as it
 * takes for `shortage` of them, but at least so many that all are seen in pageout_update_period.
 */
function scan_active(k: Kernel, state: pageout_state, shortage: number): void {
  const queue = k.vm.pagequeues[PQ_ACTIVE];
  const maxscan = queue.count;
  const now = nanouptime(k);
  const ticks = Math.floor(((now - state.vmd_last_active_scan) * hz) / NSEC_PER_SEC);
  const period = k.vm.tunables.pageout_update_period;
  const min_scan = period === 0 ? 0 : Math.floor((maxscan * ticks) / (hz * period));
  if (min_scan > 0 || (shortage > 0 && maxscan > 0)) state.vmd_last_active_scan = now;
  let left = shortage;
  let next: vm_page | null;
  let scanned = 0;
  for (
    let m = queue.head;
    m !== null && scanned < maxscan && (scanned < min_scan || left > 0);
    m = next, scanned++
  ) {
    next = m.q_next;
    if (m.flags & PG_MARKER) continue;
    k.vm.cnt.v_pdpages++;
    const refs = references(k, m);
    if (refs > 0) m.act_count = Math.min(ACT_MAX, m.act_count + ACT_ADVANCE + refs);
    else m.act_count -= Math.min(m.act_count, ACT_DECLINE);
    if (m.act_count === 0) {
      vm_page_deactivate(k, m);
      left--;
    } else vm_page_requeue(k, m);
  }
}

/** Kills the largest process after pageout_oom_seq scans in a row that came to nothing. */
function vm_pageout_mightbe_oom(
  k: Kernel,
  state: pageout_state,
  page_shortage: number,
  starting_page_shortage: number,
): void {
  if (starting_page_shortage <= 0 || starting_page_shortage !== page_shortage) {
    state.vmd_oom_seq = 0;
    return;
  }
  if (++state.vmd_oom_seq < k.vm.tunables.pageout_oom_seq) return;
  state.vmd_oom_seq = 0;
  vm_pageout_oom(k, 'mem');
}
