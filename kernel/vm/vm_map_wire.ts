// Wiring: keeping a range in memory (vm_map_wire, vm_map_unwire; freebsd-vm A9).

import type { Kernel } from '../sys/kernel.js';
import { wakeup } from '../kern/kern_synch.js';
import { pmap_unwire } from './pmap.js';
import { vm_fault } from './vm_fault.js';
import { vm_map_clip_end, vm_map_first_entry, vm_map_simplify_entry } from './vm_map.js';
import { vm_map_lock, vm_map_unlock } from './vm_map_lock.js';
import { vm_object_unwire } from './vm_object.js';
import {
  KERN_FAILURE,
  KERN_INVALID_ADDRESS,
  KERN_SUCCESS,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_NEEDS_WAKEUP,
  MAP_ENTRY_USER_WIRED,
  PQ_ACTIVE,
  VM_FAULT_WIRE,
  VM_MAP_WIRE_HOLESOK,
  VM_MAP_WIRE_USER,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from './vm_param.js';
import type { vm_map, vm_map_entry } from './vm_types.js';

const PAGE_SIZE = 4096;

/**
 * Wires [start, end). Faults pages in, so it may sleep; executed again it finds the pages resident.
 * @returns KERN_INVALID_ADDRESS for a hole or an unreadable entry unless HOLESOK, or why a page
 * cannot be had; nothing is wired then.
 */
export function vm_map_wire(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  flags: number,
): number {
  const user = (flags & VM_MAP_WIRE_USER) !== 0;
  // First make everything resident: this may sleep, and nothing has been changed when it does.
  const resident = fault_in(k, map, start, end, (flags & VM_MAP_WIRE_HOLESOK) !== 0);
  if (resident !== KERN_SUCCESS) return resident;
  vm_map_lock(map);
  const counted: vm_map_entry[] = [];
  const first = vm_map_first_entry(k, map, start, true);
  for (let e = first; e !== map.header && e.start < end; e = e.next) {
    vm_map_clip_end(k, map, e, end);
    if (!wirable(e)) continue;
    if (user && e.eflags & MAP_ENTRY_USER_WIRED) continue;
    if (user) e.eflags |= MAP_ENTRY_USER_WIRED;
    e.wired_count++;
    e.eflags |= MAP_ENTRY_IN_TRANSITION;
    e.wiring_thread = k.kern.curthread;
    counted.push(e);
  }
  map.busy++;
  vm_map_unlock(map);
  let result = KERN_FAILURE;
  let wired = start;
  try {
    result = KERN_SUCCESS;
    for (const e of counted) {
      if (e.wired_count > 1) continue;
      for (wired = e.start; wired < e.end && result === KERN_SUCCESS; wired += PAGE_SIZE) {
        result = KERN_FAILURE; // unless the fault returns: it may have to sleep
        result = vm_fault(k, map, wired, access_of(e), VM_FAULT_WIRE);
      }
      if (result !== KERN_SUCCESS) {
        wired -= PAGE_SIZE;
        break;
      }
    }
  } finally {
    if (result !== KERN_SUCCESS) for (const e of counted) undo_wiring(k, map, e, wired, user);
    map.busy--;
    for (const e of counted) end_transition(k, map, e);
    simplify_range(k, map, start, end);
  }
  return result;
}

/** Whether there is anything in the entry to be wired. */
function wirable(e: vm_map_entry): boolean {
  return e.protection !== VM_PROT_NONE && (e.eflags & MAP_ENTRY_GUARD) === 0;
}

/** The access that makes an entry's pages the ones it will have while it is wired. */
function access_of(e: vm_map_entry): number {
  return e.protection & VM_PROT_WRITE ? VM_PROT_WRITE : VM_PROT_READ;
}

/** Makes [start, end) resident. @returns KERN_*; sleeps. */
function fault_in(k: Kernel, map: vm_map, start: number, end: number, holes: boolean): number {
  let va = start;
  for (let e = vm_map_first_entry(k, map, start, false); va < end; e = e.next) {
    if (e === map.header || e.start > va || !wirable(e)) {
      if (!holes) return KERN_INVALID_ADDRESS;
      if (e === map.header) break;
      if (!wirable(e)) continue;
    }
    for (va = Math.max(va, e.start); va < Math.min(e.end, end); va += PAGE_SIZE) {
      const result = vm_fault(k, map, va, access_of(e), 0);
      if (result !== KERN_SUCCESS) return result;
    }
  }
  return KERN_SUCCESS;
}

/** Takes back what wiring did to an entry, of which the pages below `wired` are wired. */
function undo_wiring(k: Kernel, map: vm_map, e: vm_map_entry, wired: number, user: boolean): void {
  if (user) e.eflags &= ~MAP_ENTRY_USER_WIRED;
  if (--e.wired_count > 0 || wired <= e.start) return;
  const end = Math.min(wired, e.end);
  pmap_unwire(k, map.pmap, e.start, end);
  if (e.object !== null) vm_object_unwire(k, e.object, e.offset, end - e.start, PQ_ACTIVE);
}

function end_transition(k: Kernel, map: vm_map, e: vm_map_entry): void {
  const waiting = e.eflags & MAP_ENTRY_NEEDS_WAKEUP;
  e.eflags &= ~(MAP_ENTRY_IN_TRANSITION | MAP_ENTRY_NEEDS_WAKEUP);
  e.wiring_thread = null;
  if (waiting) wakeup(k, map);
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

/** Undoes vm_map_wire; a user unwiring of what no user wired is accepted. */
export function vm_map_unwire(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  flags: number,
): number {
  const user = (flags & VM_MAP_WIRE_USER) !== 0;
  vm_map_lock(map);
  try {
    const first = vm_map_first_entry(k, map, start, true);
    if ((flags & VM_MAP_WIRE_HOLESOK) === 0) {
      let at = start;
      for (let e = first; at < end; e = e.next) {
        if (e === map.header || e.start > at) return KERN_INVALID_ADDRESS;
        at = e.end;
      }
    }
    for (let e = first; e !== map.header && e.start < end; e = e.next) {
      vm_map_clip_end(k, map, e, end);
      if (user && (e.eflags & MAP_ENTRY_USER_WIRED) === 0) continue;
      if (user) e.eflags &= ~MAP_ENTRY_USER_WIRED;
      if (e.wired_count > 0 && --e.wired_count === 0) {
        pmap_unwire(k, map.pmap, e.start, e.end);
        if (e.object !== null) vm_object_unwire(k, e.object, e.offset, e.end - e.start, PQ_ACTIVE);
      }
    }
  } finally {
    vm_map_unlock(map);
  }
  simplify_range(k, map, start, end);
  return KERN_SUCCESS;
}
