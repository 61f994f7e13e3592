// Wiring: keeping a range in memory (vm_map_wire, vm_map_unwire; freebsd-vm A9).
//
// Paging in what is wired may take several sleeps. Meanwhile the entries are in transition: others who
// want to fault on, wire or remove them wait, and fork waits for the map not to be busy. The call is
// executed again after each sleep and goes on from td_wiring.

import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { tsleep, wakeup } from '../kern/kern_synch.js';
import { pmap_unwire } from './pmap.js';
import { vm_fault } from './vm_fault.js';
import {
  vm_map_clip_end,
  vm_map_event,
  vm_map_first_entry,
  vm_map_simplify_entry,
} from './vm_map.js';
import { vm_map_busy, vm_map_lock, vm_map_unbusy, vm_map_unlock } from './vm_map_lock.js';
import { vm_map_lookup_le } from './vm_map_tree.js';
import { vm_object_unwire } from './vm_object.js';
import {
  KERN_INVALID_ADDRESS,
  KERN_SUCCESS,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_NEEDS_WAKEUP,
  MAP_ENTRY_USER_WIRED,
  MAP_ENTRY_WIRE_SKIPPED,
  PQ_ACTIVE,
  VM_FAULT_WIRE,
  VM_MAP_WIRE_HOLESOK,
  VM_MAP_WIRE_USER,
  VM_MAP_WIRE_WRITE,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from './vm_param.js';
import type { vm_map, vm_map_entry, vm_map_wiring } from './vm_types.js';

const PAGE_SIZE = 4096;

/** Wirings of an entry by the kernel, beside the user's one. */
export function vm_map_entry_system_wired_count(e: vm_map_entry): number {
  return e.wired_count - (e.eflags & MAP_ENTRY_USER_WIRED ? 1 : 0);
}

/**
 * Sleeps while another thread wires part of [start, end). With `removing`, also while the kernel has
 * part of a user's map wired. => the map is not locked, and the caller has changed nothing yet.
 */
export function vm_map_wait_transition(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  removing: boolean,
): void {
  const le = vm_map_lookup_le(map, start);
  for (let e = le === map.header ? le.next : le; e !== map.header && e.start < end; e = e.next) {
    if (e.end <= start) continue;
    const moving =
      (e.eflags & MAP_ENTRY_IN_TRANSITION) !== 0 && e.wiring_thread !== k.kern.curthread;
    if (!moving && !(removing && !map.system_map && vm_map_entry_system_wired_count(e) > 0))
      continue;
    e.eflags |= MAP_ENTRY_NEEDS_WAKEUP;
    tsleep(k, map, 0, 'vmmaps');
  }
}

/**
 * Wires [start, end). Faults pages in, so it may sleep; executed again it goes on where it was.
 * @returns KERN_INVALID_ADDRESS for a hole or an unreadable entry (with VM_MAP_WIRE_WRITE: one that
 * cannot be written) unless HOLESOK, or why a page cannot be had; nothing is wired then.
 */
export function vm_map_wire(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  flags: number,
): number {
  const td = k.kern.curthread;
  let w = td?.td_wiring ?? null;
  if (td !== null && w !== null && (w.map !== map || w.start !== start || w.end !== end)) {
    vm_map_wire_abandon(k, td);
    w = null;
  }
  if (w === null) {
    vm_map_wait_transition(k, map, start, end, false);
    const begun = wire_begin(k, map, start, end, flags);
    if (begun !== KERN_SUCCESS) return begun;
    w = { map, start, end, flags, at: start };
    if (td !== null) td.td_wiring = w;
    vm_map_busy(map);
  }
  const result = wire_pages(k, w);
  wire_end(k, w, td, result === KERN_SUCCESS);
  return result;
}

/** Goes on with the wiring that a call had to sleep in after all else was done. */
export function vm_map_wire_resume(k: Kernel, td: Thread): void {
  const w = td.td_wiring;
  if (w !== null) vm_map_wire(k, w.map, w.start, w.end, w.flags);
}

/** Undoes a wiring that its thread will not go on with. */
export function vm_map_wire_abandon(k: Kernel, td: Thread): void {
  if (td.td_wiring !== null) wire_end(k, td.td_wiring, td, false);
}

function wirable(e: vm_map_entry, flags: number): boolean {
  if ((e.protection & (VM_PROT_READ | VM_PROT_EXECUTE)) === 0) return false;
  return (flags & VM_MAP_WIRE_WRITE) === 0 || (e.protection & VM_PROT_WRITE) !== 0;
}

/** Whether every byte of [start, end) is mapped, and with `readable` can be wired. */
function without_holes(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  readable: (e: vm_map_entry) => boolean,
): boolean {
  let at = start;
  for (let e = vm_map_first_entry(k, map, start, false); at < end; e = e.next) {
    if (e === map.header || e.start > at || !readable(e)) return false;
    at = e.end;
  }
  return true;
}

/** Puts the entries of the range in transition and counts the wiring in them. */
function wire_begin(k: Kernel, map: vm_map, start: number, end: number, flags: number): number {
  const user = (flags & VM_MAP_WIRE_USER) !== 0;
  const all = (flags & VM_MAP_WIRE_HOLESOK) === 0;
  if (all && !without_holes(k, map, start, end, (e) => wirable(e, flags)))
    return KERN_INVALID_ADDRESS;
  vm_map_lock(map);
  const first = vm_map_first_entry(k, map, start, true);
  for (let e = first; e !== map.header && e.start < end; e = e.next) {
    vm_map_clip_end(k, map, e, end);
    // What a user has wired stays as it is.
    if (user && e.eflags & MAP_ENTRY_USER_WIRED) continue;
    e.eflags |= MAP_ENTRY_IN_TRANSITION;
    e.wiring_thread = k.kern.curthread;
    if (!wirable(e, flags)) {
      e.eflags |= MAP_ENTRY_WIRE_SKIPPED;
      continue;
    }
    if (user) e.eflags |= MAP_ENTRY_USER_WIRED;
    e.wired_count++;
  }
  vm_map_unlock(map);
  return KERN_SUCCESS;
}

/** The entries that a wiring has put in transition. */
function* entries_of(k: Kernel, { map, start, end }: vm_map_wiring): Generator<vm_map_entry> {
  let next: vm_map_entry;
  for (let e = vm_map_first_entry(k, map, start, false); e !== map.header; e = next) {
    ({ next } = e);
    if (e.start >= end) return;
    if (e.eflags & MAP_ENTRY_IN_TRANSITION && e.wiring_thread === k.kern.curthread) yield e;
  }
}

/** Faults in and wires the pages of entries that were not wired before. @returns KERN_*; sleeps. */
function wire_pages(k: Kernel, w: vm_map_wiring): number {
  for (const e of entries_of(k, w)) {
    if (e.eflags & MAP_ENTRY_WIRE_SKIPPED || e.wired_count > 1) continue;
    // The access that makes the pages the ones the entry will have while it is wired.
    const access = e.protection & VM_PROT_WRITE ? VM_PROT_WRITE : VM_PROT_READ;
    for (let va = Math.max(e.start, w.at); va < e.end; va += PAGE_SIZE) {
      const result = vm_fault(k, w.map, va, access, VM_FAULT_WIRE);
      if (result !== KERN_SUCCESS) return result;
      w.at = va + PAGE_SIZE;
    }
  }
  return KERN_SUCCESS;
}

/** Ends the transition; what could not be completed is undone. */
function wire_end(k: Kernel, w: vm_map_wiring, td: Thread | null, complete: boolean): void {
  const { map } = w;
  let wanted = 0;
  for (const e of vm_map_wiring_entries(w, td)) {
    if (!complete && (e.eflags & MAP_ENTRY_WIRE_SKIPPED) === 0) undo_wiring(k, w, e);
    wanted |= e.eflags & MAP_ENTRY_NEEDS_WAKEUP;
    e.eflags &= ~(MAP_ENTRY_IN_TRANSITION | MAP_ENTRY_NEEDS_WAKEUP | MAP_ENTRY_WIRE_SKIPPED);
    e.wiring_thread = null;
  }
  if (td !== null) td.td_wiring = null;
  vm_map_unbusy(k, map);
  if (wanted) wakeup(k, map);
  if (complete) vm_map_event(k, map, 'wire', w.start, w.end);
  simplify_range(k, map, w.start, w.end);
}

/** The entries that `td` has in transition, as a list: ending a transition merges none of them. */
function vm_map_wiring_entries(w: vm_map_wiring, td: Thread | null): vm_map_entry[] {
  const entries: vm_map_entry[] = [];
  for (let e = w.map.header.next; e !== w.map.header && e.start < w.end; e = e.next)
    if (e.end > w.start && e.eflags & MAP_ENTRY_IN_TRANSITION && e.wiring_thread === td)
      entries.push(e);
  return entries;
}

/** Takes back the count, and the wiring of the pages that were reached. */
function undo_wiring(k: Kernel, w: vm_map_wiring, e: vm_map_entry): void {
  if (w.flags & VM_MAP_WIRE_USER) e.eflags &= ~MAP_ENTRY_USER_WIRED;
  if (--e.wired_count > 0 || w.at <= e.start) return;
  const end = Math.min(w.at, e.end);
  pmap_unwire(k, w.map.pmap, e.start, end);
  if (e.object !== null) vm_object_unwire(k, e.object, e.offset, end - e.start, PQ_ACTIVE);
}

function simplify_range(k: Kernel, map: vm_map, start: number, end: number): void {
  vm_map_lock(map);
  for (
    let e = vm_map_first_entry(k, map, start, false);
    e !== map.header && e.start <= end;
    e = e.next
  ) {
    vm_map_simplify_entry(k, map, e);
  }
  vm_map_unlock(map);
}

/**
 * Undoes vm_map_wire; a user unwiring of what no user wired is accepted. Waits for wirings under way.
 * @returns KERN_INVALID_ADDRESS for a hole unless HOLESOK.
 */
export function vm_map_unwire(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  flags: number,
): number {
  const user = (flags & VM_MAP_WIRE_USER) !== 0;
  vm_map_wait_transition(k, map, start, end, false);
  if ((flags & VM_MAP_WIRE_HOLESOK) === 0 && !without_holes(k, map, start, end, () => true))
    return KERN_INVALID_ADDRESS;
  vm_map_lock(map);
  let wanted = 0;
  const first = vm_map_first_entry(k, map, start, true);
  for (let e = first; e !== map.header && e.start < end; e = e.next) {
    vm_map_clip_end(k, map, e, end);
    if (user && (e.eflags & MAP_ENTRY_USER_WIRED) === 0) continue;
    if (user) e.eflags &= ~MAP_ENTRY_USER_WIRED;
    if (e.wired_count === 0 || --e.wired_count > 0) continue;
    pmap_unwire(k, map.pmap, e.start, e.end);
    if (e.object !== null) vm_object_unwire(k, e.object, e.offset, e.end - e.start, PQ_ACTIVE);
    wanted |= e.eflags & MAP_ENTRY_NEEDS_WAKEUP;
    e.eflags &= ~MAP_ENTRY_NEEDS_WAKEUP;
  }
  vm_map_unlock(map);
  if (wanted) wakeup(k, map);
  vm_map_event(k, map, 'unwire', start, end);
  simplify_range(k, map, start, end);
  return KERN_SUCCESS;
}
