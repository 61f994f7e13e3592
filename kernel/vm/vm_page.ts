// Pages: identity, allocation, queues, busy and wired states (vm_page.c).
//
//   free -> (alloc) -> busy, in an object -> active <-> inactive -> (cache) -> free
//                                   \-> wired (on no queue)

import { EV_PAGE } from '../sys/event.js';
import type { KernelEvent } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT, panic } from '../sys/panic.js';
import { P_WEXIT, P_WKILLED } from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { SLEEP, tsleep, wakeup } from '../kern/kern_synch.js';
import {
  VM_MEMATTR_DEFAULT,
  pmap_clear_modify,
  pmap_is_modified,
  pmap_page_is_mapped,
  pmap_remove_all,
  pmap_zero_page,
} from './pmap.js';
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
  OBJ_COLORED,
  OBJ_FICTITIOUS,
  OBJ_UNMANAGED,
  PG_FICTITIOUS,
  VPO_UNMANAGED,
} from './vm_param.js';
import { TAILQ_INSERT_HEAD, TAILQ_INSERT_TAIL, TAILQ_REMOVE } from './vm_pagequeue.js';
import {
  vm_page_create,
  vm_phys_alloc_colour,
  vm_phys_alloc_pages,
  vm_phys_free_contig,
  vm_phys_free_pages,
  vm_phys_init,
} from './vm_phys.js';
import {
  vm_reserv_alloc_page,
  vm_reserv_free_page,
  vm_reserv_init,
  vm_reserv_reclaim_inactive,
} from './vm_reserv.js';
import type { vm_object, vm_page } from './vm_types.js';
import { vm_object_memq_insert, vm_object_memq_remove, vm_radix_lookup } from './vm_radix.js';

export { vm_page_check } from './vm_page_check.js';
export { PHYS_TO_VM_PAGE } from './vm_phys.js';

/**
 * Makes the page array and the free lists from the physical segments, and the thresholds from the
 * number of pages (vm_page_startup, vm_pageout_init; freebsd-vm A19).
 */
export function vm_page_startup(k: Kernel): void {
  const { vm } = k;
  vm_phys_init(k);
  vm.vm_page_array = new Array<vm_page | null>(k.machine.ramBytes / 4096).fill(null);
  for (const seg of vm.phys_segs) vm.cnt.v_page_count += (seg.end - seg.start) / 4096;
  // The largest aligned blocks first: what freeing page by page would coalesce to.
  for (const seg of vm.phys_segs)
    vm_phys_free_contig(k, seg.start >>> 12, (seg.end - seg.start) >>> 12);
  vm_reserv_init(k);
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
  // On the smallest machines the division would take it below what waiting processes want.
  const { v_free_min } = k.vm.cnt;
  return available(k) < Math.max(v_free_min, Math.floor(v_free_min / 10) * 11);
}

/** How many pages are missing to the target; negative when there are more. */
export function vm_paging_target(k: Kernel): number {
  return k.vm.cnt.v_free_target - available(k);
}

/** Free and cached pages, without those that waiting threads have only lent. */
function available(k: Kernel): number {
  return k.vm.cnt.v_free_count + k.vm.cnt.v_cache_count - k.vm.free_wait.returned;
}

function event(k: Kernel, op: Extract<KernelEvent, { type: 'page' }>['op'], m: vm_page): void {
  k.events.emit({ type: 'page', op, pa: m.phys_addr, object: m.object?.id ?? 0, pindex: m.pindex });
}

/**
 * A frame for a page: from the object's reservation when the object is coloured, else one of the
 * colour that its index asks for; then by breaking a reservation, and last a cached page's.
 */
function vm_page_frame(k: Kernel, object: vm_object | null, pindex: number): vm_page | null {
  if (object !== null && (object.flags & (OBJ_COLORED | OBJ_FICTITIOUS)) === OBJ_COLORED) {
    const m = vm_reserv_alloc_page(k, object, pindex);
    if (m !== null) return m;
  }
  for (;;) {
    const m =
      object === null
        ? vm_phys_alloc_pages(k, 0)
        : vm_phys_alloc_colour(k, object.pg_color + pindex);
    if (m !== null) return m;
    if (vm_reserv_reclaim_inactive(k)) continue;
    const cached = k.vm.pagequeues[PQ_CACHE].head;
    if (cached === null) return null;
    vm_page_free(k, cached);
  }
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
  if (!permitted || (k.vm.fail_alloc > 0 && --k.vm.fail_alloc === 0)) {
    k.vm.pageout_deficit++;
    pagedaemon_wakeup(k);
    return null;
  }
  const m = vm_page_frame(k, object, pindex);
  if (m === null) return null;
  cnt.v_free_count--;
  m.flags &= ~(PG_FREE | PG_ZERO);
  m.aflags = 0;
  m.oflags = object === null || object.flags & OBJ_UNMANAGED ? VPO_UNMANAGED : 0;
  m.act_count = 0;
  m.valid = m.dirty = 0;
  m.busy_lock = req & (VM_ALLOC_NOBUSY | VM_ALLOC_NOOBJ) ? VPB_UNBUSIED : VPB_EXCLUSIVE;
  if (req & VM_ALLOC_WIRED) {
    m.wire_count = 1;
    cnt.v_wire_count++;
  }
  if (object !== null) {
    vm_page_insert(m, object, pindex);
    m.pat_mode = object.memattr;
  } else m.pindex = pindex;
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
  // A debugger writes while all sleep: nobody can wait for it.
  if (td === null) throw SLEEP;
  if (is_dying(td)) {
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
  k.vm.free_wait.waiters = k.vm.free_wait.returned = 0;
  wakeup(k, k.vm.free_wait);
}

/** The page at `pindex`, if it is resident. */
export function vm_page_lookup(object: vm_object, pindex: number): vm_page | null {
  return vm_radix_lookup(object.rtree, pindex);
}

/** => the page belongs to no object. */
export function vm_page_insert(m: vm_page, object: vm_object, pindex: number): void {
  if (m.object !== null) panic('vm_page_insert: page already inserted');
  if (object.lock > 0) panic(`vm_page_insert: object #${object.id} is being read`);
  m.object = object;
  m.pindex = pindex;
  vm_object_memq_insert(object, m);
  if (m.aflags & PGA_WRITEABLE) object.generation++;
}

/** Takes the page out of its object. => its mappings are gone or the caller sees to them. */
export function vm_page_remove(m: vm_page): void {
  const { object } = m;
  if (object === null) return;
  vm_object_memq_remove(object, m);
  m.object = null;
}

/** Moves a page to another object or index. => the new place is empty, the page unmapped or kept. */
export function vm_page_rename(k: Kernel, m: vm_page, object: vm_object, pindex: number): void {
  vm_page_remove(m);
  vm_page_insert(m, object, pindex);
  // What is dirty cannot be taken from the cache queue.
  if (m.queue === PQ_CACHE) vm_page_deactivate(k, m);
  vm_page_dirty(m);
  if (k.events.mask & EV_PAGE) event(k, 'rename', m);
}

/**
 * A page that stands for device memory at `pa`: wired, valid, on no queue, never free
 * (vm_page_initfake). @param memattr VM_MEMATTR_* of its mappings.
 */
export function vm_page_getfake(k: Kernel, pa: number, memattr: number): vm_page {
  const m = vm_page_create(pa, -1);
  k.vm.fakepg.used++;
  k.vm.fakepg.requests++;
  m.flags = PG_FICTITIOUS;
  m.oflags = VPO_UNMANAGED;
  m.busy_lock = VPB_EXCLUSIVE;
  m.wire_count = 1;
  m.valid = VM_PAGE_BITS_ALL;
  m.pat_mode = memattr;
  return m;
}

/** => the page is in no object and not mapped. */
export function vm_page_putfake(k: Kernel, m: vm_page): void {
  KASSERT((m.flags & PG_FICTITIOUS) !== 0, () => 'vm_page_putfake: bad page');
  k.vm.fakepg.used--;
}

/** Frees the page: out of its object and queue, to the buddy lists. => unmapped, unwired. */
export function vm_page_free(k: Kernel, m: vm_page): void {
  if (m.flags & PG_FREE) panic(`vm_page_free: page 0x${m.phys_addr.toString(16)} is free`);
  if (pmap_page_is_mapped(k, m))
    panic(`vm_page_free: page 0x${m.phys_addr.toString(16)} is mapped`);
  // A cached page can be taken whatever is done with its object.
  if (m.object !== null && m.object.lock > 0 && (m.flags & PG_CACHED) === 0)
    panic(`vm_page_free: object #${m.object.id} is being read`);
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
  m.pat_mode = VM_MEMATTR_DEFAULT;
  m.flags = (m.flags & ~(PG_CACHED | PG_WINATCFLS | PG_UNHOLDFREE)) | PG_FREE;
  m.oflags = 0;
  k.vm.cnt.v_free_count++;
  k.vm.cnt.v_tfree++;
  if (!vm_reserv_free_page(k, m)) vm_phys_free_pages(k, m, 0);
  const { free_wait } = k.vm;
  if (free_wait.waiters === 0) return;
  // On its way to sleep: were it woken by its own pages, it would try for ever with no time passing.
  if (k.kern.curthread?.td_wchan === free_wait) free_wait.returned++;
  else if (available(k) >= k.vm.cnt.v_free_min) vm_page_free_wakeup(k);
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
  if (m.queue === PQ_NONE) return;
  vm_page_enqueue(k, m, m.queue);
  if (k.events.mask & EV_PAGE) event(k, 'requeue', m);
}

export function vm_page_activate(k: Kernel, m: vm_page): void {
  if (m.queue === PQ_ACTIVE) {
    if (m.act_count < ACT_INIT) m.act_count = ACT_INIT;
    return;
  }
  if (m.wire_count > 0 || m.oflags & VPO_UNMANAGED) return;
  if (m.act_count < ACT_INIT) m.act_count = ACT_INIT;
  if (m.queue === PQ_CACHE) k.vm.cnt.v_reactivated++;
  vm_page_enqueue(k, m, PQ_ACTIVE);
  if (k.events.mask & EV_PAGE) event(k, 'activate', m);
}

/** To the inactive queue; clean pages that are not wanted again go to its head. */
export function vm_page_deactivate(k: Kernel, m: vm_page, atHead = false): void {
  if (m.wire_count > 0 || m.oflags & VPO_UNMANAGED) return;
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
  if (queue !== PQ_NONE && m.object !== null && (m.oflags & VPO_UNMANAGED) === 0)
    vm_page_enqueue(k, m, queue);
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
