// The page daemon: keeps pages free (vm_pageout.c; freebsd-vm A20, A21). It launders dirty pages
// itself, ages the active queue, and kills the largest process when nothing else helps.

import type { Kernel } from '../sys/kernel.js';
import { P_KPROC, P_PROTECTED, P_SYSTEM, P_WEXIT, P_WKILLED, PRS_NORMAL } from '../sys/proc.js';
import type { Proc } from '../sys/proc.js';
import { SIGKILL } from '../sys/signal.js';
import { psignal } from '../kern/kern_sig.js';
import { nanouptime } from '../kern/kern_clock.js';
import { tsleep } from '../kern/kern_synch.js';
import { EV_PAGE } from '../sys/event.js';
import { pmap_remove_all, pmap_remove_write, pmap_ts_referenced } from './pmap.js';
import { vm_object_pip_add, vm_object_pip_wakeup } from './vm_object.js';
import {
  vm_page_activate,
  vm_page_busied,
  vm_page_deactivate,
  vm_page_free,
  vm_page_free_wakeup,
  vm_page_requeue,
  vm_page_sbusy,
  vm_page_sunbusy,
  vm_page_test_dirty,
  vm_page_undirty,
  vm_paging_needed,
  vm_paging_target,
  vm_page_count_min,
} from './vm_page.js';
import { vm_pager_put_pages } from './vm_pager.js';
import {
  ACT_ADVANCE,
  ACT_DECLINE,
  ACT_MAX,
  MAP_ENTRY_NEEDS_COPY,
  OBJT_DEFAULT,
  OBJT_PHYS,
  OBJT_SWAP,
  OBJT_VNODE,
  OBJ_DEAD,
  PGA_REFERENCED,
  PG_WINATCFLS,
  PQ_ACTIVE,
  PQ_INACTIVE,
} from './vm_param.js';
import type { vm_object, vm_page } from './vm_types.js';

/** Dirty pages written in one scan, and in one that is in need (vm.max_launder). */
const MAX_LAUNDER = 32;
const MAX_LAUNDER_URGENT = 10000;
/** Scans without progress before a process is killed (vm.pageout_oom_seq). */
const OOM_SEQ = 12;
/** ns between scans that only age. */
const AGE_INTERVAL = 1e9;
const PAUSE = 5e8;

/** References since the last look, by the daemon's own flag or through any mapping. */
function references(k: Kernel, m: vm_page): number {
  let refs = pmap_ts_referenced(k, m);
  if (m.aflags & PGA_REFERENCED) {
    m.aflags &= ~PGA_REFERENCED;
    refs++;
  }
  return refs;
}

/** Writes a page to its backing store. @returns whether it is clean now. */
function launder(k: Kernel, m: vm_page): boolean {
  const object = m.object as vm_object;
  pmap_remove_write(k, m);
  vm_object_pip_add(object);
  vm_page_sbusy(m);
  const written = vm_pager_put_pages(k, object, [m]);
  vm_page_sunbusy(k, m);
  vm_object_pip_wakeup(k, object);
  if (written) vm_page_undirty(k, m);
  return written;
}

/** Frees or launders pages of the inactive queue. @returns how many were freed. */
function scan_inactive(k: Kernel, shortage: number, pass: number): number {
  let left = k.vm.pagequeues[PQ_INACTIVE].count;
  let launders = pass >= 2 ? MAX_LAUNDER_URGENT : MAX_LAUNDER;
  let freed = 0;
  while (left-- > 0 && freed < shortage) {
    const m = k.vm.pagequeues[PQ_INACTIVE].head;
    if (m === null) break;
    k.vm.cnt.v_pdpages++;
    const object = m.object as vm_object;
    if (vm_page_busied(m) || m.hold_count > 0 || object.flags & OBJ_DEAD) {
      vm_page_requeue(k, m);
      continue;
    }
    if (m.valid === 0) {
      free_page(k, m);
      freed++;
      continue;
    }
    const refs = object.ref_count > 0 ? references(k, m) : 0;
    if (refs > 0) {
      vm_page_activate(k, m);
      m.act_count = Math.min(ACT_MAX, m.act_count + refs + ACT_ADVANCE);
      continue;
    }
    vm_page_test_dirty(k, m);
    if (m.dirty === 0) {
      free_page(k, m);
      freed++;
    } else if ((m.flags & PG_WINATCFLS) === 0 && pass < 2) {
      // Seen dirty once: give cleaner pages a chance first.
      m.flags |= PG_WINATCFLS;
      vm_page_requeue(k, m);
    } else if (launders > 0) {
      launders--;
      if (launder(k, m)) {
        pmap_remove_all(k, m);
        vm_page_test_dirty(k, m);
        if (m.dirty === 0) {
          free_page(k, m);
          freed++;
        } else vm_page_requeue(k, m);
      } else vm_page_activate(k, m);
    } else vm_page_requeue(k, m);
  }
  return freed;
}

function free_page(k: Kernel, m: vm_page): void {
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
  vm_page_free(k, m);
  k.vm.cnt.v_dfree++;
}

/** Ages the active queue: unreferenced pages sink, and those at 0 become inactive. */
function scan_active(k: Kernel, shortage: number): void {
  let left = k.vm.pagequeues[PQ_ACTIVE].count;
  let wanted = shortage;
  while (left-- > 0 && wanted > 0) {
    const m = k.vm.pagequeues[PQ_ACTIVE].head;
    if (m === null) break;
    k.vm.cnt.v_pdpages++;
    const object = m.object as vm_object;
    const refs = object.ref_count > 0 ? references(k, m) : 0;
    if (refs > 0) m.act_count = Math.min(ACT_MAX, m.act_count + ACT_ADVANCE + refs);
    else m.act_count = Math.max(0, m.act_count - ACT_DECLINE);
    if (m.act_count === 0 || object.ref_count === 0) {
      vm_page_deactivate(k, m);
      wanted--;
    } else vm_page_requeue(k, m);
  }
}

/** Swap and resident pages that killing `p` would give back (vm_pageout_oom_pagecount). */
function vm_pageout_oom_pagecount(p: Proc): number {
  const map = p.p_vmspace?.vm_map;
  if (!map) return 0;
  let pages = 0;
  for (let e = map.header.next; e !== map.header; e = e.next) {
    const { object } = e;
    if (object === null || (e.eflags & MAP_ENTRY_NEEDS_COPY && object.ref_count !== 1)) continue;
    if (![OBJT_DEFAULT, OBJT_SWAP, OBJT_PHYS, OBJT_VNODE].includes(object.type)) continue;
    pages += object.resident_page_count + (object.swp_blocks?.size ?? 0);
  }
  return pages;
}

/** Kills the process that frees most. @returns whether there was one. */
export function vm_pageout_oom(k: Kernel): boolean {
  let biggest: Proc | null = null;
  let size = 0;
  for (const p of k.kern.allproc.values()) {
    if (
      p.p_state !== PRS_NORMAL ||
      p.p_pid === 0 ||
      p.p_flag & (P_SYSTEM | P_KPROC | P_PROTECTED | P_WEXIT | P_WKILLED)
    )
      continue;
    const pages = vm_pageout_oom_pagecount(p);
    if (pages > size) {
      biggest = p;
      size = pages;
    }
  }
  if (biggest === null) return false;
  k.host.log(
    `pid ${biggest.p_pid} (${biggest.p_comm}), uid ${biggest.p_ucred.cr_uid}, was killed: out of swap space`,
  );
  psignal(k, biggest, SIGKILL);
  // It may be waiting for pages itself: what is left is for it to die with.
  vm_page_free_wakeup(k);
  return true;
}

/** Where the daemon is between two steps. */
interface pageout_state {
  pass: number;
  oom_seq: number;
}

/**
 * One step of the page daemon: a scan, then sleep until somebody needs pages or a second has gone.
 * => called by the scheduler as the thread's whole body.
 */
export function vm_pageout(k: Kernel): void {
  const td = k.kern.curthread;
  if (td === null) return;
  const state = (td.td_progress ??= { pass: 0, oom_seq: 0 }) as pageout_state;
  k.vm.pageout_wanted = false;
  vm_pageout_scan(k, state);
  const again = vm_paging_needed(k) && state.pass > 1;
  tsleep(
    k,
    k.vm.pagequeues,
    0,
    again ? 'pdpause' : 'psleep',
    nanouptime(k) + (again ? PAUSE : AGE_INTERVAL),
  );
}

/** A scan of both queues, as urgent as the state says. */
function vm_pageout_scan(k: Kernel, state: pageout_state): void {
  const deficit = k.vm.pageout_deficit;
  const shortage = vm_paging_target(k) + deficit;
  const needed = vm_paging_needed(k) || vm_page_count_min(k) || (deficit > 0 && shortage > 0);
  state.pass = needed ? state.pass + 1 : 0;
  k.vm.pageout_deficit = 0;
  let freed = 0;
  if (needed && shortage > 0) {
    freed = scan_inactive(k, shortage, state.pass);
    const inactive = k.vm.cnt.v_inactive_target - k.vm.cnt.v_inactive_count;
    scan_active(k, inactive + vm_paging_target(k) + deficit);
  } else scan_active(k, Math.ceil(k.vm.pagequeues[PQ_ACTIVE].count / 600));
  if (needed && freed === 0) {
    if (++state.oom_seq >= OOM_SEQ) {
      state.oom_seq = 0;
      vm_pageout_oom(k);
    }
  } else state.oom_seq = 0;
  if (k.vm.free_wait.waiters > 0 && !vm_page_count_min(k)) vm_page_free_wakeup(k);
}
