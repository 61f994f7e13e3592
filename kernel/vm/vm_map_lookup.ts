// From an address to the object and index that hold its page (vm_map_lookup; freebsd-vm A11).

import type { Kernel } from '../sys/kernel.js';
import {
  vm_map_lock_downgrade,
  vm_map_lock_read,
  vm_map_lock_upgrade,
  vm_map_unlock_read,
} from './vm_map_lock.js';
import { vm_map_lookup_entry } from './vm_map_tree.js';
import { vm_object_allocate, vm_object_shadow } from './vm_object.js';
import {
  KERN_INVALID_ADDRESS,
  KERN_PROTECTION_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  MAP_ENTRY_COW,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IS_SUB_MAP,
  MAP_ENTRY_NEEDS_COPY,
  OBJT_DEFAULT,
  VM_PROT_COPY,
  VM_PROT_NONE,
  VM_PROT_WRITE,
} from './vm_param.js';
import { curcred, swap_release_by_cred, swap_reserve_by_cred } from './swap_reserve.js';
import type { vm_map, vm_map_entry } from './vm_types.js';

const PAGE_SIZE = 4096;

/** Whether an access of `fault_type` (VM_PROT_*) to the entry is allowed. */
function access_allowed(entry: vm_map_entry, fault_type: number): boolean {
  // A debugger's write needs only that a private copy can be made.
  if (fault_type & VM_PROT_COPY) {
    return (entry.max_protection & VM_PROT_WRITE) !== 0 || (entry.eflags & MAP_ENTRY_COW) !== 0;
  }
  return entry.protection !== VM_PROT_NONE && (fault_type & ~entry.protection) === 0;
}

/**
 * Finds the entry, object and index of `vaddr` and checks the access. Submaps are descended into.
 * The first write to a NEEDS_COPY entry puts a shadow object in front; an entry without an object
 * gets one.
 * => on success the map is read-locked and k.vm.lookup is filled; otherwise nothing is held.
 * @returns KERN_SUCCESS, INVALID_ADDRESS, PROTECTION_FAILURE, or RESOURCE_SHORTAGE when no swap
 * space may be reserved for the copy.
 */
export function vm_map_lookup(k: Kernel, top: vm_map, vaddr: number, fault_type: number): number {
  let map = top;
  vm_map_lock_read(map);
  for (;;) {
    const entry = vm_map_lookup_entry(map, vaddr);
    if (entry === null || entry.eflags & MAP_ENTRY_GUARD) {
      vm_map_unlock_read(map);
      return KERN_INVALID_ADDRESS;
    }
    if (entry.eflags & MAP_ENTRY_IS_SUB_MAP) {
      vm_map_unlock_read(map);
      map = entry.sub_map as vm_map;
      vm_map_lock_read(map);
      continue;
    }
    if (!access_allowed(entry, fault_type)) {
      vm_map_unlock_read(map);
      return KERN_PROTECTION_FAILURE;
    }
    const wired = entry.wired_count !== 0;
    let prot = entry.protection;
    if (entry.eflags & MAP_ENTRY_NEEDS_COPY) {
      const access = wired ? prot | fault_type : fault_type;
      if ((access & (VM_PROT_WRITE | VM_PROT_COPY)) === 0) prot &= ~VM_PROT_WRITE;
      else {
        if (!reserve_copy(k, entry)) {
          vm_map_unlock_read(map);
          return KERN_RESOURCE_SHORTAGE;
        }
        if (!vm_map_lock_upgrade(map)) {
          vm_map_lock_read(map);
          continue;
        }
        vm_map_entry_shadow(k, entry);
        vm_map_lock_downgrade(map);
      }
    }
    if (entry.object === null) {
      if (!vm_map_lock_upgrade(map)) {
        vm_map_lock_read(map);
        continue;
      }
      vm_map_entry_allocate_object(k, entry);
      vm_map_lock_downgrade(map);
    }
    const { lookup } = k.vm;
    lookup.map = map;
    lookup.entry = entry;
    lookup.object = entry.object;
    lookup.pindex = (vaddr - entry.start + entry.offset) / PAGE_SIZE;
    lookup.prot = prot;
    lookup.wired = wired;
    return KERN_SUCCESS;
  }
}

/** Charges the entry for the copy that a write is about to make. @returns false when refused. */
function reserve_copy(k: Kernel, entry: vm_map_entry): boolean {
  if (entry.cred >= 0) return true;
  const uid = curcred(k);
  if (!swap_reserve_by_cred(k, entry.end - entry.start, uid)) return false;
  entry.cred = uid;
  return true;
}

/** Puts the private copy of a NEEDS_COPY entry in front of what it shares. */
export function vm_map_entry_shadow(k: Kernel, entry: vm_map_entry): void {
  const { object, offset } = vm_object_shadow(
    k,
    entry.object,
    entry.offset,
    entry.end - entry.start,
  );
  entry.object = object;
  entry.offset = offset;
  entry.eflags &= ~MAP_ENTRY_NEEDS_COPY;
  vm_map_entry_charge_object(k, entry);
}

/** Gives an entry the anonymous object that it did without so far. */
export function vm_map_entry_allocate_object(k: Kernel, entry: vm_map_entry): void {
  entry.object = vm_object_allocate(k, OBJT_DEFAULT, (entry.end - entry.start) / PAGE_SIZE);
  entry.offset = 0;
  vm_map_entry_charge_object(k, entry);
}

/** Moves the charge of an entry to its own object; an object that is charged already keeps its own. */
export function vm_map_entry_charge_object(k: Kernel, entry: vm_map_entry): void {
  const { object } = entry;
  if (entry.cred < 0 || object === null) return;
  const bytes = entry.end - entry.start;
  if (object.cred >= 0) swap_release_by_cred(k, bytes, entry.cred);
  else {
    object.cred = entry.cred;
    object.charge = bytes;
  }
  entry.cred = -1;
}
