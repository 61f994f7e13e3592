// Protection of address ranges (vm_map_protect, vm_map_check_protection; freebsd-vm A7).

import { EV_MAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { pmap_protect } from './pmap.js';
import { vm_fault_copy_entry, vm_fault_copy_wait } from './vm_fault_copy.js';
import {
  vm_map_clip_end,
  vm_map_event,
  vm_map_first_entry,
  vm_map_simplify_entry,
} from './vm_map.js';
import { vm_map_lock, vm_map_unlock } from './vm_map_lock.js';
import { vm_map_lookup_le } from './vm_map_tree.js';
import {
  KERN_INVALID_ARGUMENT,
  KERN_PROTECTION_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  MAP_ENTRY_COW,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IS_SUB_MAP,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_USER_WIRED,
  VM_PROT_ALL,
  VM_PROT_WRITE,
} from './vm_param.js';
import { is_anonymous } from './vm_object.js';
import { curcred, swap_reserve_by_cred } from './swap_reserve.js';
import type { vm_map, vm_map_entry } from './vm_types.js';

const PAGE_SIZE = 4096;

/** Whether the swap space of an entry's private pages is reserved already (ENTRY_CHARGED). */
export function entry_charged(e: vm_map_entry): boolean {
  if (e.cred >= 0) return true;
  return e.object !== null && e.object.cred >= 0 && (e.eflags & MAP_ENTRY_NEEDS_COPY) === 0;
}

/** Charges an entry that becomes writable. @returns false when refused. */
function charge_for_write(k: Kernel, e: vm_map_entry): boolean {
  const uid = curcred(k);
  const { object } = e;
  if (object === null || e.eflags & MAP_ENTRY_NEEDS_COPY) {
    if (!swap_reserve_by_cred(k, e.end - e.start, uid)) return false;
    e.cred = uid;
    return true;
  }
  if (!is_anonymous(object)) return true;
  // The whole object: charged and uncharged parts could not be told apart later.
  if (!swap_reserve_by_cred(k, object.size * PAGE_SIZE, uid)) return false;
  object.cred = uid;
  object.charge = object.size * PAGE_SIZE;
  return true;
}

/**
 * Changes protection, or with `set_max` the ceiling. Holes and guards are passed over.
 * @returns KERN_INVALID_ARGUMENT for a submap, KERN_PROTECTION_FAILURE above a ceiling,
 * KERN_RESOURCE_SHORTAGE when no swap space may be reserved; protections are unchanged then.
 */
export function vm_map_protect(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  new_prot: number,
  set_max: boolean,
): number {
  if (start >= end) return KERN_SUCCESS;
  vm_map_lock(map);
  try {
    const first = vm_map_first_entry(k, map, start, true);
    for (let e = first; e !== map.header && e.start < end; e = e.next) {
      if (e.eflags & MAP_ENTRY_IS_SUB_MAP) return KERN_INVALID_ARGUMENT;
      if (e.eflags & MAP_ENTRY_GUARD) continue;
      if ((new_prot & e.max_protection) !== new_prot) return KERN_PROTECTION_FAILURE;
    }
    let copies = 0;
    for (let e = first; e !== map.header && e.start < end; e = e.next) {
      vm_map_clip_end(k, map, e, end);
      if (set_max || (new_prot & ~e.protection & VM_PROT_WRITE) === 0) continue;
      if (e.eflags & MAP_ENTRY_USER_WIRED) copies += (e.end - e.start) / PAGE_SIZE;
      if (e.eflags & MAP_ENTRY_GUARD || entry_charged(e)) continue;
      if (!charge_for_write(k, e)) return KERN_RESOURCE_SHORTAGE;
    }
    if (copies > 0) vm_fault_copy_wait(k, copies);
    for (let e = first; e !== map.header && e.start < end; e = e.next) {
      if ((e.eflags & MAP_ENTRY_GUARD) === 0) set_protection(k, map, e, new_prot, set_max);
      vm_map_simplify_entry(k, map, e);
    }
    return KERN_SUCCESS;
  } finally {
    vm_map_unlock(map);
  }
}

function set_protection(
  k: Kernel,
  map: vm_map,
  e: vm_map_entry,
  new_prot: number,
  set_max: boolean,
): void {
  const old = e.protection;
  if (set_max) {
    e.max_protection = new_prot;
    e.protection = old & new_prot;
  } else e.protection = new_prot;
  // Wired memory must not fault for its copies later.
  if (e.eflags & MAP_ENTRY_USER_WIRED && e.protection & ~old & VM_PROT_WRITE)
    vm_fault_copy_entry(k, map, e, e);
  if (old & ~e.protection) {
    const mask = e.eflags & MAP_ENTRY_COW ? ~VM_PROT_WRITE : VM_PROT_ALL;
    pmap_protect(k, map.pmap, e.start, e.end, e.protection & mask);
  }
  if (k.events.mask & EV_MAP)
    vm_map_event(k, map, 'protect', e.start, e.end, `${old} -> ${e.protection}`);
}

/** Whether every byte of [start, end) is mapped with at least `protection`. */
export function vm_map_check_protection(
  map: vm_map,
  start: number,
  end: number,
  protection: number,
): boolean {
  let at = start;
  for (let e = vm_map_lookup_le(map, start); at < end; e = e.next) {
    if (e === map.header || at < e.start || at >= e.end) return false;
    if ((e.protection & protection) !== protection) return false;
    at = e.end;
  }
  return true;
}
