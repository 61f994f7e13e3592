// Reservations: aligned frames of 4 MB that an object's pages are taken from by their place in the
// object, so that a window of it which fills up can be mapped by one directory entry (vm_reserv.c;
// freebsd-vm A18).
//
//   free 4 MB block --alloc--> partial (on vm_rvq_partpop, least recently changed first) --1024--> full
//        ^                        |   \--no free page anywhere: break--> loose pages, buddy lists
//        \------- popcnt 0 -------/                                        (full: psind 1, on no queue)

import { EV_RESERV } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT, panic } from '../sys/panic.js';
import { OBJT_VNODE, PG_FREE } from './vm_param.js';
import {
  vm_page_of_frame,
  vm_phys_alloc_pages,
  vm_phys_free_contig,
  vm_phys_free_pages,
  vm_phys_has_order,
} from './vm_phys.js';
import { VM_NFREEORDER } from './vm_state.js';
import type { vm_object, vm_page, vm_reserv } from './vm_types.js';
import { vm_radix_lookup, vm_radix_lookup_ge } from './vm_radix.js';

/** Pages of a reservation, and its order for the buddy system. */
export const VM_LEVEL_0_NPAGES = 1024;
export const VM_LEVEL_0_ORDER = 10;

/** The reservation array: one for each whole frame of 4 MB in a segment. */
export function vm_reserv_init(k: Kernel): void {
  for (const { start, end } of k.vm.phys_segs) {
    for (let pa = Math.ceil(start / 0x400000) * 0x400000; pa + 0x400000 <= end; pa += 0x400000) {
      k.vm.reserv.array[pa >>> 22] = {
        first: pa >>> 12,
        object: null,
        pindex: 0,
        popcnt: 0,
        inpartpopq: false,
        popmap: new Int32Array(VM_LEVEL_0_NPAGES / 32),
        next: null,
        prev: null,
      };
    }
  }
}

/** The reservation that `m` belongs to, used or not; null when its frame has none. */
export function vm_reserv_from_page(k: Kernel, m: vm_page): vm_reserv | null {
  return k.vm.reserv.array[m.phys_addr >>> 22] ?? null;
}

const popmap_is_set = (rv: vm_reserv, i: number): boolean =>
  (rv.popmap[i >>> 5] & (1 << (i & 31))) !== 0;

function partpop_remove(k: Kernel, rv: vm_reserv): void {
  const { reserv } = k.vm;
  if (rv.prev === null) reserv.partpop_head = rv.next;
  else rv.prev.next = rv.next;
  if (rv.next === null) reserv.partpop_tail = rv.prev;
  else rv.next.prev = rv.prev;
  rv.next = rv.prev = null;
  rv.inpartpopq = false;
}

/** At the end: changed last. */
function partpop_insert(k: Kernel, rv: vm_reserv): void {
  const { reserv } = k.vm;
  rv.prev = reserv.partpop_tail;
  if (rv.prev === null) reserv.partpop_head = rv;
  else rv.prev.next = rv;
  reserv.partpop_tail = rv;
  rv.inpartpopq = true;
}

const first_page = (k: Kernel, rv: vm_reserv): vm_page => vm_page_of_frame(k, rv.first);

function reserv_event(k: Kernel, op: 'alloc' | 'full' | 'free' | 'break', rv: vm_reserv): void {
  const { first, object, pindex, popcnt } = rv;
  k.events.emit({ type: 'reserv', op, pa: first * 4096, object: object?.id ?? 0, pindex, popcnt });
}

function vm_reserv_populate(k: Kernel, rv: vm_reserv, index: number): vm_page {
  if (popmap_is_set(rv, index)) panic(`vm_reserv_populate: page ${index} is populated`);
  rv.popmap[index >>> 5] |= 1 << (index & 31);
  rv.popcnt++;
  if (rv.popcnt === VM_LEVEL_0_NPAGES) {
    if (rv.inpartpopq) partpop_remove(k, rv);
    first_page(k, rv).psind = 1;
    if (k.events.mask & EV_RESERV) reserv_event(k, 'full', rv);
  } else if (rv !== k.vm.reserv.partpop_tail) {
    if (rv.inpartpopq) partpop_remove(k, rv);
    partpop_insert(k, rv);
  }
  return vm_page_of_frame(k, rv.first + index);
}

function set_object(rv: vm_reserv, object: vm_object | null): void {
  rv.object?.rvq?.delete(rv);
  rv.object = object;
  if (object !== null) (object.rvq ??= new Set()).add(rv);
}

const has_pindex = (rv: vm_reserv, pindex: number): boolean =>
  pindex >= rv.pindex && pindex < rv.pindex + VM_LEVEL_0_NPAGES;

/**
 * The object's reservation that has a place for `pindex`: the one changed last or the neighbour's,
 * most often.
 */
function vm_reserv_of_pindex(k: Kernel, object: vm_object, pindex: number): vm_reserv | null {
  if (object.rvq === null) return null;
  const recent = k.vm.reserv.partpop_tail;
  if (recent?.object === object) {
    if (has_pindex(recent, pindex)) return recent;
    if (object.rvq.size === 1) return null;
  }
  const mpred = vm_radix_lookup(object.rtree, pindex - 1);
  if (mpred !== null) {
    const rv = vm_reserv_from_page(k, mpred);
    if (rv?.object === object && has_pindex(rv, pindex)) return rv;
  }
  for (const rv of object.rvq) if (has_pindex(rv, pindex)) return rv;
  return null;
}

/** Whether the object has a page or a reservation in [first, first + 1024). */
function window_taken(object: vm_object, first: number): boolean {
  const { rvq } = object;
  if (rvq !== null)
    for (const rv of rvq)
      if (rv.pindex < first + VM_LEVEL_0_NPAGES && first < rv.pindex + VM_LEVEL_0_NPAGES)
        return true;
  const m = vm_radix_lookup_ge(object.rtree, first);
  return m !== null && m.pindex < first + VM_LEVEL_0_NPAGES;
}

/**
 * A page for `pindex` from the object's reservation, or from a new one when the window of the object
 * is untouched and there is a free frame of 4 MB. => the object is coloured, and has no such page.
 * @returns null when the page must come from elsewhere.
 */
export function vm_reserv_alloc_page(k: Kernel, object: vm_object, pindex: number): vm_page | null {
  const index = (object.pg_color + pindex) & (VM_LEVEL_0_NPAGES - 1);
  const first = pindex - index;
  if (first < 0 || pindex >= object.size) return null;
  const found = vm_reserv_of_pindex(k, object, pindex);
  if (found !== null) {
    // A page that was renamed into another object leaves its place populated.
    const place = pindex - found.pindex;
    return popmap_is_set(found, place) ? null : vm_reserv_populate(k, found, place);
  }
  if (!vm_phys_has_order(k, VM_LEVEL_0_ORDER) || window_taken(object, first)) return null;
  if (first + VM_LEVEL_0_NPAGES > object.size) {
    // Files do not grow for having been read; anonymous memory may.
    if (object.type === OBJT_VNODE || object.backing_object?.type === OBJT_VNODE) return null;
  }
  const m = vm_phys_alloc_pages(k, VM_LEVEL_0_ORDER);
  if (m === null) return null;
  const rv = vm_reserv_from_page(k, m) as vm_reserv;
  KASSERT(rv.object === null && rv.popcnt === 0, () => 'vm_reserv_alloc_page: reserv is in use');
  set_object(rv, object);
  rv.pindex = first;
  if (k.events.mask & EV_RESERV) reserv_event(k, 'alloc', rv);
  return vm_reserv_populate(k, rv, index);
}

/** A page is freed. @returns false when it belongs to no reservation: the buddy system takes it. */
export function vm_reserv_free_page(k: Kernel, m: vm_page): boolean {
  const rv = vm_reserv_from_page(k, m);
  if (rv === null || rv.object === null) return false;
  const index = (m.phys_addr >>> 12) - rv.first;
  if (!popmap_is_set(rv, index)) panic(`vm_reserv_free_page: page ${index} is not populated`);
  if (!rv.inpartpopq) first_page(k, rv).psind = 0;
  rv.popmap[index >>> 5] &= ~(1 << (index & 31));
  rv.popcnt--;
  if (rv.popcnt === 0) {
    if (rv.inpartpopq) partpop_remove(k, rv);
    if (k.events.mask & EV_RESERV) reserv_event(k, 'free', rv);
    set_object(rv, null);
    vm_phys_free_pages(k, first_page(k, rv), VM_LEVEL_0_ORDER);
    k.vm.reserv.freed++;
  } else if (rv !== k.vm.reserv.partpop_tail) {
    if (rv.inpartpopq) partpop_remove(k, rv);
    partpop_insert(k, rv);
  }
  return true;
}

/** Ends the reservation: pages that nobody has taken go to the buddy lists. */
function vm_reserv_break(k: Kernel, rv: vm_reserv): void {
  if (rv.inpartpopq) partpop_remove(k, rv);
  else first_page(k, rv).psind = 0;
  if (k.events.mask & EV_RESERV) reserv_event(k, 'break', rv);
  set_object(rv, null);
  for (let i = 0; i < VM_LEVEL_0_NPAGES;) {
    if (popmap_is_set(rv, i)) {
      i++;
      continue;
    }
    let end = i + 1;
    while (end < VM_LEVEL_0_NPAGES && !popmap_is_set(rv, end)) end++;
    vm_phys_free_contig(k, rv.first + i, end - i);
    i = end;
  }
  rv.popmap.fill(0);
  rv.popcnt = 0;
  k.vm.reserv.broken++;
}

/** Breaks all reservations of an object that goes away. */
export function vm_reserv_break_all(k: Kernel, object: vm_object): void {
  if (object.rvq === null) return;
  for (const rv of [...object.rvq]) vm_reserv_break(k, rv);
}

/** Breaks the partial reservation that has not changed for longest. @returns false without one. */
export function vm_reserv_reclaim_inactive(k: Kernel): boolean {
  const rv = k.vm.reserv.partpop_head;
  if (rv === null) return false;
  vm_reserv_break(k, rv);
  k.vm.reserv.reclaimed++;
  return true;
}

/**
 * `m` moves from `old_object` to `new_object`, `offset` pages further down; its reservation goes with
 * it, whatever other pages do.
 */
export function vm_reserv_rename(
  k: Kernel,
  m: vm_page,
  new_object: vm_object,
  old_object: vm_object,
  offset: number,
): void {
  const rv = vm_reserv_from_page(k, m);
  if (rv?.object !== old_object) return;
  set_object(rv, new_object);
  rv.pindex -= offset;
}

/** 0 when the page's frame of 4 MB is a full reservation, else -1. */
export function vm_reserv_level_iffullpop(k: Kernel, m: vm_page): number {
  return k.vm.reserv.array[m.phys_addr >>> 22]?.popcnt === VM_LEVEL_0_NPAGES ? 0 : -1;
}

/** Reservations that are full (vm.reserv.fullpop). */
export function vm_reserv_fullpop(k: Kernel): number {
  let count = 0;
  for (const rv of k.vm.reserv.array) if (rv?.popcnt === VM_LEVEL_0_NPAGES) count++;
  return count;
}

/** What partial reservations hold back from the buddy lists: how many there are, and free pages. */
export function vm_reserv_partpop(k: Kernel): { count: number; unused: number } {
  let count = 0;
  let unused = 0;
  for (let rv = k.vm.reserv.partpop_head; rv !== null; rv = rv.next) {
    count++;
    unused += VM_LEVEL_0_NPAGES - rv.popcnt;
  }
  return { count, unused };
}

function bits(popmap: Int32Array): number {
  let count = 0;
  for (let word of popmap) for (; word !== 0; word &= word - 1) count++;
  return count;
}

function check_one(k: Kernel, rv: vm_reserv, bad: string[]): void {
  const name = `reservation 0x${(rv.first * 4096).toString(16)}`;
  if (rv.object === null) {
    if (rv.popcnt !== 0 || rv.inpartpopq) bad.push(`${name} belongs to no object and is in use`);
    return;
  }
  if (rv.object.rvq?.has(rv) !== true) bad.push(`${name} is not in the queue of its object`);
  if (bits(rv.popmap) !== rv.popcnt)
    bad.push(`${name} counts ${rv.popcnt} pages, has another number`);
  const full = rv.popcnt === VM_LEVEL_0_NPAGES;
  if (rv.popcnt === 0) bad.push(`${name} is empty and not freed`);
  if (rv.inpartpopq === full) bad.push(`${name}: partpopq and popcnt ${rv.popcnt} contradict`);
  if (first_page(k, rv).psind !== (full ? 1 : 0)) bad.push(`${name}: psind is wrong`);
  for (let i = 0; i < VM_LEVEL_0_NPAGES; i++) {
    const m = vm_page_of_frame(k, rv.first + i);
    if (m.order !== VM_NFREEORDER) bad.push(`${name}: page ${i} is on a buddy list`);
    if (popmap_is_set(rv, i) === ((m.flags & PG_FREE) !== 0))
      bad.push(`${name}: page ${i} and popmap contradict`);
  }
}

/** @returns one line per violation. */
export function vm_reserv_check(k: Kernel): string[] {
  const bad: string[] = [];
  let partial = 0;
  for (const rv of k.vm.reserv.array) {
    if (!rv) continue;
    check_one(k, rv, bad);
    if (rv.inpartpopq) partial++;
  }
  const { count } = vm_reserv_partpop(k);
  if (count !== partial)
    bad.push(`partpopq has ${count} reservations, ${partial} say they are on it`);
  return bad;
}
