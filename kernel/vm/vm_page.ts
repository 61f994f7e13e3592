// Pages: identity, allocation, queues, busy and wired states (vm_page.c).
//
//   free -> (alloc) -> busy, in an object -> active <-> inactive -> (cache) -> free
//                                   \-> wired (on no queue)

import { EV_PAGE } from '../sys/event.js';
import type { KernelEvent } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT } from '../sys/panic.js';
import { P_WEXIT, P_WKILLED } from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { SLEEP, tsleep, wakeup } from '../kern/kern_synch.js';
import { pmap_clear_modify, pmap_is_modified, pmap_remove_all, pmap_zero_page } from './pmap.js';
import {
  ACT_INIT,
  PGA_REFERENCED,
  PGA_WRITEABLE,
  PG_CACHED,
  PG_FREE,
  PG_UNHOLDFREE,
  PG_WINATCFLS,
  PG_ZERO,
  PQ_ACTIVE,
  PQ_CACHE,
  PQ_INACTIVE,
  PQ_NONE,
  VM_ALLOC_CLASS_MASK,
  VM_ALLOC_INTERRUPT,
  VM_ALLOC_NOBUSY,
  VM_ALLOC_NOOBJ,
  VM_ALLOC_NORMAL,
  VM_ALLOC_SYSTEM,
  VM_ALLOC_WIRED,
  VM_ALLOC_ZERO,
  VM_PAGE_BITS_ALL,
  VPB_EXCLUSIVE,
  VPB_SHARED_ONE,
  VPB_UNBUSIED,
  VPO_NOSYNC,
} from './vm_param.js';
import { TAILQ_INSERT_HEAD, TAILQ_INSERT_TAIL, TAILQ_REMOVE } from './vm_pagequeue.js';
import { vm_phys_alloc_pages, vm_phys_free_pages } from './vm_phys.js';
import { VM_NFREEORDER } from './vm_state.js';
import type { vm_object, vm_page } from './vm_types.js';

export { PHYS_TO_VM_PAGE } from './vm_phys.js';

function vm_page_create(phys_addr: number): vm_page {
  return {
    phys_addr,
    object: null,
    pindex: 0,
    q_next: null,
    q_prev: null,
    queue: PQ_NONE,
    wire_count: 0,
    hold_count: 0,
    busy_lock: VPB_UNBUSIED,
    flags: PG_FREE,
    aflags: 0,
    oflags: 0,
    act_count: 0,
    valid: 0,
    dirty: 0,
    order: VM_NFREEORDER,
    psind: 0,
    pv_list: null,
    pat_mode: 6,
  };
}

/**
 * Makes the page array and the free lists from the physical segments, and the thresholds from the
 * number of pages (vm_page_startup, vm_pageout_init; freebsd-vm A19).
 */
export function vm_page_startup(k: Kernel): void {
  const { vm } = k;
  for (const seg of vm.phys_segs) {
    for (let pa = seg.start; pa < seg.end; pa += 4096) {
      const m = vm_page_create(pa);
      vm.vm_page_array[pa >>> 12] = m;
      vm.cnt.v_page_count++;
    }
  }
  for (const seg of vm.phys_segs) {
    // The largest aligned blocks first: what freeing page by page would coalesce to.
    for (let frame = seg.start >>> 12; frame < seg.end >>> 12;) {
      let order = VM_NFREEORDER - 1;
      while (frame & ((1 << order) - 1) || frame + (1 << order) > seg.end >>> 12) order--;
      vm_phys_free_pages(k, vm.vm_page_array[frame] as vm_page, order);
      frame += 1 << order;
    }
  }
  vm.cnt.v_free_count = vm.cnt.v_page_count;
  vm_pageout_thresholds(k);
}

function vm_pageout_thresholds(k: Kernel): void {
  const { cnt } = k.vm;
  const total = cnt.v_page_count;
  const pageout_page_count = total < 2000 ? 8 : 16;
  const m = total > 1024 ? 4 + Math.floor((total - 1024) / 200) : 4;
  cnt.v_pageout_free_min = 34;
  cnt.v_free_reserved = pageout_page_count + cnt.v_pageout_free_min + Math.floor(total / 768);
  cnt.v_free_target = 4 * m + cnt.v_free_reserved;
  cnt.v_free_min = m + cnt.v_free_reserved;
  cnt.v_free_severe = Math.floor(m / 2) + cnt.v_free_reserved;
  cnt.v_inactive_target = Math.min(Math.floor((3 * cnt.v_free_target) / 2), Math.floor(total / 3));
}

/** Too few free pages for anybody but the system: processes must wait. */
export function vm_page_count_severe(k: Kernel): boolean {
  return available(k) < k.vm.cnt.v_free_severe;
}

export function vm_page_count_min(k: Kernel): boolean {
  return available(k) < k.vm.cnt.v_free_min;
}

/** Whether the page daemon should run. */
export function vm_paging_needed(k: Kernel): boolean {
  return available(k) < Math.floor(k.vm.cnt.v_free_min / 10) * 11;
}

/** How many pages are missing to the target; negative when there are more. */
export function vm_paging_target(k: Kernel): number {
  return k.vm.cnt.v_free_target - available(k);
}

/** Free and cached pages: both can be allocated at once. */
function available(k: Kernel): number {
  return k.vm.cnt.v_free_count + k.vm.cnt.v_cache_count;
}

function event(k: Kernel, op: Extract<KernelEvent, { type: 'page' }>['op'], m: vm_page): void {
  k.events.emit({ type: 'page', op, pa: m.phys_addr, object: m.object?.id ?? 0, pindex: m.pindex });
}

/**
 * Allocates a page for `object` at `pindex` (or for no object, with VM_ALLOC_NOOBJ). The page is
 * exclusively busy unless NOBUSY or NOOBJ is asked for. Contents are undefined without
 * VM_ALLOC_ZERO, which zeroes.
 * @returns null when the class may not take another page; the page daemon has then been woken.
 */
export function vm_page_alloc(
  k: Kernel,
  object: vm_object | null,
  pindex: number,
  req: number,
): vm_page | null {
  const { cnt } = k.vm;
  const klass = req & VM_ALLOC_CLASS_MASK;
  const free = cnt.v_free_count + cnt.v_cache_count;
  const permitted =
    free > cnt.v_free_reserved ||
    (klass === VM_ALLOC_SYSTEM && free > cnt.v_interrupt_free_min) ||
    (klass === VM_ALLOC_INTERRUPT && free > 0);
  if (!permitted) {
    k.vm.pageout_deficit++;
    pagedaemon_wakeup(k);
    return null;
  }
  let m = vm_phys_alloc_pages(k, 0);
  if (m === null) {
    const cached = k.vm.pagequeues[PQ_CACHE].head;
    if (cached === null) return null;
    vm_page_free(k, cached);
    m = vm_phys_alloc_pages(k, 0) as vm_page;
  }
  cnt.v_free_count--;
  m.flags &= ~(PG_FREE | PG_ZERO);
  m.aflags = 0;
  m.oflags = 0;
  m.act_count = 0;
  m.valid = m.dirty = 0;
  m.busy_lock = req & (VM_ALLOC_NOBUSY | VM_ALLOC_NOOBJ) ? VPB_UNBUSIED : VPB_EXCLUSIVE;
  if (req & VM_ALLOC_WIRED) {
    m.wire_count = 1;
    cnt.v_wire_count++;
  }
  if (object !== null) vm_page_insert(m, object, pindex);
  else m.pindex = pindex;
  if (req & VM_ALLOC_ZERO) pmap_zero_page(k, m);
  if (k.events.mask & EV_PAGE) event(k, 'alloc', m);
  if (vm_paging_needed(k)) pagedaemon_wakeup(k);
  return m;
}

export { VM_ALLOC_NORMAL };

/** Asks the page daemon to run. */
export function pagedaemon_wakeup(k: Kernel): void {
  if (k.vm.pageout_wanted) return;
  k.vm.pageout_wanted = true;
  k.vm.cnt.v_pdwakeups++;
  wakeup(k, k.vm.pagequeues);
}

/** Whether SIGKILL waits for the thread, and the call it is in has left nothing to be undone. */
function is_dying(td: Thread): boolean {
  if ((td.td_proc.p_flag & (P_WKILLED | P_WEXIT)) !== P_WKILLED) return false;
  return td.td_progress === null || 'transferred' in td.td_progress;
}

/**
 * Sleeps until there are free pages again; does not return. @param wmesg "pfault" and the like.
 * => a process that is to die does not wait: what it was doing is abandoned.
 */
export function vm_wait(k: Kernel, wmesg: string): never {
  const td = k.kern.curthread;
  if (td !== null && is_dying(td)) {
    td.td_sa_code = -1;
    throw SLEEP;
  }
  k.vm.free_wait.waiters++;
  pagedaemon_wakeup(k);
  tsleep(k, k.vm.free_wait, 0, wmesg);
  throw new Error('unreachable');
}

/** Lets everyone who waits for pages look again. */
export function vm_page_free_wakeup(k: Kernel): void {
  k.vm.free_wait.waiters = 0;
  wakeup(k, k.vm.free_wait);
}

/** The page at `pindex`, if it is resident. */
export function vm_page_lookup(object: vm_object, pindex: number): vm_page | null {
  return object.memq.get(pindex) ?? null;
}

/** => the page belongs to no object. */
export function vm_page_insert(m: vm_page, object: vm_object, pindex: number): void {
  KASSERT(m.object === null, () => 'vm_page_insert: page already inserted');
  KASSERT(!object.memq.has(pindex), () => `vm_page_insert: index ${pindex} is taken`);
  m.object = object;
  m.pindex = pindex;
  object.memq.set(pindex, m);
  object.resident_page_count++;
  if (m.aflags & PGA_WRITEABLE) object.generation++;
}

/** Takes the page out of its object. => its mappings are gone or the caller sees to them. */
export function vm_page_remove(m: vm_page): void {
  const { object } = m;
  if (object === null) return;
  object.memq.delete(m.pindex);
  object.resident_page_count--;
  m.object = null;
}

/** Moves a page to another object or index. => the new place is empty, the page unmapped or kept. */
export function vm_page_rename(k: Kernel, m: vm_page, object: vm_object, pindex: number): void {
  vm_page_remove(m);
  vm_page_insert(m, object, pindex);
  vm_page_dirty(m);
  if (k.events.mask & EV_PAGE) event(k, 'rename', m);
}

/** Frees the page: out of its object and queue, to the buddy lists. => unmapped, unwired. */
export function vm_page_free(k: Kernel, m: vm_page): void {
  KASSERT(
    (m.flags & PG_FREE) === 0,
    () => `vm_page_free: page 0x${m.phys_addr.toString(16)} is free`,
  );
  KASSERT(m.pv_list === null, () => `vm_page_free: page 0x${m.phys_addr.toString(16)} is mapped`);
  if (k.events.mask & EV_PAGE) event(k, 'free', m);
  vm_page_dequeue(k, m);
  vm_page_remove(m);
  m.valid = m.dirty = 0;
  m.aflags = 0;
  if (m.busy_lock !== VPB_UNBUSIED) {
    m.busy_lock = VPB_UNBUSIED;
    wakeup(k, m);
  }
  if (m.wire_count > 0) {
    m.wire_count = 0;
    k.vm.cnt.v_wire_count--;
  }
  if (m.hold_count > 0) {
    m.flags |= PG_UNHOLDFREE;
    return;
  }
  m.flags = (m.flags & ~(PG_CACHED | PG_WINATCFLS | PG_UNHOLDFREE)) | PG_FREE;
  m.oflags = 0;
  k.vm.cnt.v_free_count++;
  k.vm.cnt.v_tfree++;
  vm_phys_free_pages(k, m, 0);
  if (k.vm.free_wait.waiters > 0 && available(k) >= k.vm.cnt.v_free_min) vm_page_free_wakeup(k);
}

// Queues.

function count_queue(k: Kernel, queue: number, delta: number): void {
  const { cnt } = k.vm;
  if (queue === PQ_ACTIVE) cnt.v_active_count += delta;
  else if (queue === PQ_INACTIVE) cnt.v_inactive_count += delta;
  else cnt.v_cache_count += delta;
}

/** Takes the page off its queue, if it is on one. */
export function vm_page_dequeue(k: Kernel, m: vm_page): void {
  if (m.queue === PQ_NONE) return;
  TAILQ_REMOVE(k.vm.pagequeues[m.queue], m);
  count_queue(k, m.queue, -1);
  if (m.queue === PQ_CACHE) m.flags &= ~PG_CACHED;
  m.queue = PQ_NONE;
}

export function vm_page_enqueue(k: Kernel, m: vm_page, queue: number, atHead = false): void {
  vm_page_dequeue(k, m);
  m.queue = queue;
  count_queue(k, queue, 1);
  if (atHead) TAILQ_INSERT_HEAD(k.vm.pagequeues[queue], m);
  else TAILQ_INSERT_TAIL(k.vm.pagequeues[queue], m);
}

/** Moves the page to the end of its queue: used last. */
export function vm_page_requeue(k: Kernel, m: vm_page): void {
  if (m.queue !== PQ_NONE) vm_page_enqueue(k, m, m.queue);
}

export function vm_page_activate(k: Kernel, m: vm_page): void {
  if (m.queue === PQ_ACTIVE) {
    if (m.act_count < ACT_INIT) m.act_count = ACT_INIT;
    return;
  }
  if (m.wire_count > 0) {
    return;
  }
  if (m.act_count < ACT_INIT) m.act_count = ACT_INIT;
  if (m.queue === PQ_CACHE) k.vm.cnt.v_reactivated++;
  vm_page_enqueue(k, m, PQ_ACTIVE);
  if (k.events.mask & EV_PAGE) event(k, 'activate', m);
}

/** To the inactive queue; clean pages that are not wanted again go to its head. */
export function vm_page_deactivate(k: Kernel, m: vm_page, atHead = false): void {
  if (m.wire_count > 0) return;
  if (m.queue === PQ_INACTIVE && !atHead) return;
  m.flags &= ~PG_WINATCFLS;
  vm_page_enqueue(k, m, PQ_INACTIVE, atHead);
  if (k.events.mask & EV_PAGE) event(k, 'deactivate', m);
}

/** To the cache queue: clean, unmapped, still named, and allocatable at once. */
export function vm_page_cache(k: Kernel, m: vm_page): void {
  KASSERT(m.dirty === 0 && m.wire_count === 0, () => 'vm_page_cache: page is dirty or wired');
  pmap_remove_all(k, m);
  vm_page_enqueue(k, m, PQ_CACHE);
  m.flags |= PG_CACHED;
  k.vm.cnt.v_tcached++;
  if (k.events.mask & EV_PAGE) event(k, 'cache', m);
}

// Wired pages are on no queue and stay.

export function vm_page_wire(k: Kernel, m: vm_page): void {
  if (m.wire_count === 0) {
    vm_page_dequeue(k, m);
    k.vm.cnt.v_wire_count++;
    if (k.events.mask & EV_PAGE) event(k, 'wire', m);
  }
  m.wire_count++;
}

/** Drops a wiring; the last one puts the page on `queue` (PQ_NONE: on none). */
export function vm_page_unwire(k: Kernel, m: vm_page, queue: number): void {
  KASSERT(m.wire_count > 0, () => 'vm_page_unwire: page is not wired');
  if (--m.wire_count > 0) return;
  k.vm.cnt.v_wire_count--;
  if (k.events.mask & EV_PAGE) event(k, 'unwire', m);
  if (queue !== PQ_NONE && m.object !== null) vm_page_enqueue(k, m, queue);
}

// Holds: the frame survives, the page's identity need not.

export function vm_page_hold(m: vm_page): void {
  m.hold_count++;
}

export function vm_page_unhold(k: Kernel, m: vm_page): void {
  if (--m.hold_count === 0 && m.flags & PG_UNHOLDFREE) {
    m.flags &= ~PG_UNHOLDFREE;
    vm_page_free(k, m);
  }
}

// Busy: identity or contents are changing (exclusive), or being read by I/O (shared).

export function vm_page_xbusied(m: vm_page): boolean {
  return (m.busy_lock & VPB_EXCLUSIVE) !== 0;
}

export function vm_page_busied(m: vm_page): boolean {
  return m.busy_lock !== VPB_UNBUSIED;
}

export function vm_page_xbusy(m: vm_page): void {
  KASSERT(m.busy_lock === VPB_UNBUSIED, () => 'vm_page_xbusy: page is busy');
  m.busy_lock = VPB_EXCLUSIVE;
}

export function vm_page_xunbusy(k: Kernel, m: vm_page): void {
  KASSERT(vm_page_xbusied(m), () => 'vm_page_xunbusy: page is not exclusively busy');
  m.busy_lock = VPB_UNBUSIED;
  wakeup(k, m);
}

export function vm_page_sbusy(m: vm_page): void {
  KASSERT(!vm_page_xbusied(m), () => 'vm_page_sbusy: page is exclusively busy');
  m.busy_lock += VPB_SHARED_ONE;
}

export function vm_page_sunbusy(k: Kernel, m: vm_page): void {
  m.busy_lock -= VPB_SHARED_ONE;
  if (m.busy_lock === VPB_UNBUSIED) wakeup(k, m);
}

/** Sleeps until the page is no longer busy; does not return. */
export function vm_page_busy_sleep(k: Kernel, m: vm_page, wmesg: string): never {
  tsleep(k, m, 0, wmesg);
  throw new Error('unreachable');
}

/**
 * The page at `pindex`, allocated when it is not there (then `valid` is 0). Exclusively busy unless
 * VM_ALLOC_NOBUSY. Sleeps while it is busy or memory is short.
 */
export function vm_page_grab(k: Kernel, object: vm_object, pindex: number, req: number): vm_page {
  const m = vm_page_lookup(object, pindex);
  if (m !== null) {
    if (vm_page_busied(m)) vm_page_busy_sleep(k, m, 'pgrbwt');
    if (req & VM_ALLOC_WIRED) vm_page_wire(k, m);
    if ((req & VM_ALLOC_NOBUSY) === 0) vm_page_xbusy(m);
    return m;
  }
  return vm_page_alloc(k, object, pindex, req) ?? vm_wait(k, 'pgrbwt');
}

// Valid and dirty.

export function vm_page_dirty(m: vm_page): void {
  m.dirty = VM_PAGE_BITS_ALL;
}

export function vm_page_undirty(k: Kernel, m: vm_page): void {
  pmap_clear_modify(k, m);
  m.dirty = 0;
}

/** Collects the modified bits of the page's mappings into `dirty`. */
export function vm_page_test_dirty(k: Kernel, m: vm_page): void {
  if (m.dirty !== VM_PAGE_BITS_ALL && pmap_is_modified(k, m)) vm_page_dirty(m);
}

/** The bits of `valid` for bytes [base, base + size) of a page, whole 512-byte chunks touched. */
export function vm_page_bits(base: number, size: number): number {
  if (size === 0) return 0;
  const first = base >> 9;
  const last = (base + size - 1) >> 9;
  return (2 << last) - (1 << first);
}

/** Marks the page as referenced: the page daemon will see it. */
export function vm_page_reference(m: vm_page): void {
  m.aflags |= PGA_REFERENCED;
}

/** A write may carry the NOSYNC hint only as long as no other write has come. */
export function vm_page_set_nosync(m: vm_page, nosync: boolean): void {
  if (!nosync) m.oflags &= ~VPO_NOSYNC;
  else if (m.dirty === 0) m.oflags |= VPO_NOSYNC;
}

/** Invariants of pages and queues. @returns one line per violation. */
export function vm_page_check(k: Kernel): string[] {
  const bad: string[] = [];
  const { cnt, pagequeues, free_queues } = k.vm;
  const where = (m: vm_page): string => `page 0x${m.phys_addr.toString(16)}`;
  for (let queue = 0; queue < pagequeues.length; queue++) {
    let n = 0;
    for (let m = pagequeues[queue].head; m !== null; m = m.q_next) {
      n++;
      if (m.queue !== queue) bad.push(`${where(m)} is on queue ${queue} but says ${m.queue}`);
      if (m.wire_count > 0) bad.push(`${where(m)} is wired and on queue ${queue}`);
      if (m.object === null) bad.push(`${where(m)} is on queue ${queue} without an object`);
    }
    if (n !== pagequeues[queue].count)
      bad.push(`queue ${queue} counts ${pagequeues[queue].count}, has ${n}`);
  }
  if (pagequeues[PQ_ACTIVE].count !== cnt.v_active_count) bad.push('v_active_count is wrong');
  if (pagequeues[PQ_INACTIVE].count !== cnt.v_inactive_count) bad.push('v_inactive_count is wrong');
  if (pagequeues[PQ_CACHE].count !== cnt.v_cache_count) bad.push('v_cache_count is wrong');
  let free = 0;
  free_queues.forEach((q, order) => {
    for (let m = q.head; m !== null; m = m.q_next) {
      free += 1 << order;
      if (m.order !== order) bad.push(`${where(m)} heads order ${order} but says ${m.order}`);
    }
  });
  if (free !== cnt.v_free_count)
    bad.push(`v_free_count is ${cnt.v_free_count}, free lists have ${free}`);
  let wired = 0;
  for (const m of k.vm.vm_page_array) {
    if (!m) continue;
    if (m.wire_count > 0) wired++;
    if (m.object !== null && m.object.memq.get(m.pindex) !== m) {
      bad.push(`${where(m)} is not in object #${m.object.id} at ${m.pindex}`);
    }
    if (m.flags & PG_FREE && (m.object !== null || m.pv_list !== null || m.queue !== PQ_NONE)) {
      bad.push(`${where(m)} is free but in use`);
    }
  }
  if (wired !== cnt.v_wire_count)
    bad.push(`v_wire_count is ${cnt.v_wire_count}, ${wired} pages are wired`);
  return bad;
}
