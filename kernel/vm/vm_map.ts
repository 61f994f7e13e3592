// Address spaces: inserting, finding, clipping, merging, protecting, removing (vm_map.c).

import { EV_MAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT } from '../sys/panic.js';
import { pmap_align_superpage, pmap_growkernel, pmap_remove, pmap_unwire } from './pmap.js';
import type { pmap } from './pmap.js';
import { vm_map_prefault } from './vm_map_advice.js';
import { vm_map_lock, vm_map_unlock } from './vm_map_lock.js';
import { vm_map_entry_allocate_object, vm_map_entry_charge_object } from './vm_map_lookup.js';
import { curcred, swap_release_by_cred, swap_reserve_by_cred } from './swap_reserve.js';
import {
  vm_map_entry_link,
  vm_map_entry_resize_free,
  vm_map_entry_unlink,
  vm_map_findspace,
  vm_map_lookup_le,
} from './vm_map_tree.js';
import {
  is_anonymous,
  vm_object_coalesce,
  vm_object_collapse,
  vm_object_deallocate,
  vm_object_page_remove,
  vm_object_reference,
  vm_object_unwire,
  vnode_pager_update_writecount,
} from './vm_object.js';
import { vm_map_wait_transition } from './vm_map_wire.js';
import {
  KERN_INVALID_ADDRESS,
  KERN_NO_SPACE,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  MAP_ACC_CHARGED,
  MAP_ACC_NO_CHARGE,
  MAP_CHECK_EXCL,
  MAP_COPY_ON_WRITE,
  MAP_CREATE_GUARD,
  MAP_CREATE_STACK_GAP_DN,
  MAP_CREATE_STACK_GAP_UP,
  MAP_DISABLE_COREDUMP,
  MAP_DISABLE_SYNCER,
  MAP_ENTRY_COW,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GROWS_UP,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_IS_SUB_MAP,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_NOCOREDUMP,
  MAP_ENTRY_NOFAULT,
  MAP_ENTRY_NOSYNC,
  MAP_ENTRY_STACK_GAP_DN,
  MAP_ENTRY_STACK_GAP_UP,
  MAP_ENTRY_VN_WRITECNT,
  MAP_INHERIT_SHARE,
  MAP_NOFAULT,
  MAP_PREFAULT,
  MAP_PREFAULT_PARTIAL,
  MAP_STACK_GROWS_DOWN,
  MAP_STACK_GROWS_UP,
  MAP_VN_WRITECOUNT,
  OBJT_SWAP,
  OBJ_COLORED,
  OBJ_NOSPLIT,
  OBJ_ONEMAPPING,
  PQ_ACTIVE,
  VMFS_ANY_SPACE,
  VMFS_NO_SPACE,
  VMFS_OPTIMAL_SPACE,
  VMFS_SUPER_SPACE,
  VM_FAULT_READ_INIT,
  VM_INHERIT_DEFAULT,
  VM_INHERIT_SHARE,
  VM_PROT_WRITE,
} from './vm_param.js';
import { swap_pager_freespace } from './swap_pager.js';
import type { vm_map, vm_map_entry, vm_object } from './vm_types.js';

export { vm_map_lookup_entry, vm_map_findspace } from './vm_map_tree.js';
export { vm_map_check_protection, vm_map_protect } from './vm_map_protect.js';
export * from './vm_map_lock.js';

const PAGE_SIZE = 4096;

function vm_map_entry_create(): vm_map_entry {
  const entry = {
    left: null,
    right: null,
    start: 0,
    end: 0,
    next_read: 0,
    adj_free: 0,
    max_free: 0,
    object: null,
    sub_map: null,
    offset: 0,
    eflags: 0,
    protection: 0,
    max_protection: 0,
    inheritance: VM_INHERIT_DEFAULT,
    read_ahead: VM_FAULT_READ_INIT,
    wired_count: 0,
    cred: -1,
    wiring_thread: null,
  } as unknown as vm_map_entry;
  entry.prev = entry.next = entry;
  return entry;
}

/** An empty map of [min, max). */
export function vm_map_create(pmap: pmap, min: number, max: number, system_map = false): vm_map {
  const header = vm_map_entry_create();
  header.start = max;
  header.end = min;
  return {
    header,
    min_offset: min,
    max_offset: max,
    lock: 0,
    nentries: 0,
    size: 0,
    timestamp: 0,
    needs_wakeup: false,
    system_map,
    flags: 0,
    root: null,
    recent: null,
    pmap,
    busy: 0,
  };
}

export function vm_map_event(
  k: Kernel,
  map: vm_map,
  op:
    | 'insert'
    | 'delete'
    | 'protect'
    | 'clip'
    | 'simplify'
    | 'inherit'
    | 'advise'
    | 'wire'
    | 'unwire'
    | 'grow'
    | 'fork',
  start: number,
  end: number,
  detail = '',
): void {
  if (k.events.mask & EV_MAP)
    k.events.emit({ type: 'map', pid: map.pmap.pm_pid, op, start, end, detail });
}

const EFLAGS_OF: readonly (readonly [cow: number, eflags: number])[] = [
  [MAP_COPY_ON_WRITE, MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY],
  [MAP_NOFAULT, MAP_ENTRY_NOFAULT],
  [MAP_DISABLE_SYNCER, MAP_ENTRY_NOSYNC],
  [MAP_DISABLE_COREDUMP, MAP_ENTRY_NOCOREDUMP],
  [MAP_STACK_GROWS_DOWN, MAP_ENTRY_GROWS_DOWN],
  [MAP_STACK_GROWS_UP, MAP_ENTRY_GROWS_UP],
  [MAP_VN_WRITECOUNT, MAP_ENTRY_VN_WRITECNT],
  [MAP_CREATE_GUARD, MAP_ENTRY_GUARD],
  [MAP_CREATE_STACK_GAP_DN, MAP_ENTRY_STACK_GAP_DN | MAP_ENTRY_GUARD],
  [MAP_CREATE_STACK_GAP_UP, MAP_ENTRY_STACK_GAP_UP | MAP_ENTRY_GUARD],
];

function eflags_of(cow: number): number {
  let eflags = 0;
  for (const [bit, flags] of EFLAGS_OF) if (cow & bit) eflags |= flags;
  return eflags;
}

/**
 * Reserves the swap space that a mapping may come to need (A4 step 3). Only what can become private
 * and dirty is charged. @returns the uid to charge the entry to, -1 for nobody, or null when refused.
 */
function charge_entry(
  k: Kernel,
  bytes: number,
  prot: number,
  anonymous: boolean,
  eflags: number,
  cow: number,
): number | null {
  if (cow & (MAP_ACC_NO_CHARGE | MAP_NOFAULT) || eflags & MAP_ENTRY_GUARD) return -1;
  if (cow & MAP_ACC_CHARGED) return curcred(k);
  if ((prot & VM_PROT_WRITE) === 0 || !(anonymous || eflags & MAP_ENTRY_NEEDS_COPY)) return -1;
  const uid = curcred(k);
  return swap_reserve_by_cred(k, bytes, uid) ? uid : null;
}

/**
 * Maps `object` (null: anonymous memory, made when it is needed) at [start, end) (A4).
 * => the map is locked; a reference to the object is passed on success.
 * @returns KERN_INVALID_ADDRESS, KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE (no swap space may be
 * reserved) or KERN_SUCCESS.
 */
export function vm_map_insert(
  k: Kernel,
  map: vm_map,
  object: vm_object | null,
  offset: number,
  start: number,
  end: number,
  prot: number,
  max: number,
  cow: number,
): number {
  if (start < map.min_offset || end > map.max_offset || start >= end) return KERN_INVALID_ADDRESS;
  const prev = vm_map_lookup_le(map, start);
  if (prev !== map.header && start < prev.end) return KERN_NO_SPACE;
  if (prev.next !== map.header && prev.next.start < end) return KERN_NO_SPACE;

  const eflags = eflags_of(cow);
  const inheritance = cow & MAP_INHERIT_SHARE ? VM_INHERIT_SHARE : VM_INHERIT_DEFAULT;
  let cred = charge_entry(k, end - start, prot, object === null, eflags, cow);
  if (cred === null) return KERN_RESOURCE_SHORTAGE;
  if (map === k.vm.kernel_map && end > k.pmap.kernel_vm_end) pmap_growkernel(k, end);
  let useObject = object;
  let useOffset = offset;
  if (object !== null) {
    if (object.ref_count > 1 || object.shadow_count !== 0) object.flags &= ~OBJ_ONEMAPPING;
  } else if (
    prev !== map.header &&
    prev.end === start &&
    prev.eflags === eflags &&
    (eflags & (MAP_ENTRY_GUARD | MAP_ENTRY_GROWS_DOWN | MAP_ENTRY_GROWS_UP)) === 0 &&
    prev.wired_count === 0 &&
    (prev.cred === cred || (prev.object !== null && prev.object.cred === cred)) &&
    vm_object_coalesce(
      k,
      prev.object,
      prev.offset,
      prev.end - prev.start,
      end - start,
      cred >= 0 && (eflags & MAP_ENTRY_NEEDS_COPY) === 0,
    )
  ) {
    if (
      prev.inheritance === inheritance &&
      prev.protection === prot &&
      prev.max_protection === max
    ) {
      // A copy not made yet is charged to its entry: prev's, once it is written; 11.0 leaks this one.
      if (cred >= 0 && prev.cred < 0 && eflags & MAP_ENTRY_NEEDS_COPY)
        swap_release_by_cred(k, end - start, cred);
      map.size += end - prev.end;
      prev.end = end;
      vm_map_entry_resize_free(map, prev);
      vm_map_simplify_entry(k, map, prev);
      vm_map_event(k, map, 'insert', start, end, 'extends its predecessor');
      return KERN_SUCCESS;
    }
    useObject = prev.object;
    useOffset = useObject === null ? 0 : prev.offset + (prev.end - prev.start);
    if (useObject !== null) {
      vm_object_reference(useObject);
      // The object has been charged for the new part already.
      if (useObject.cred >= 0 && (prev.eflags & MAP_ENTRY_NEEDS_COPY) === 0) cred = -1;
    }
  }

  const entry = vm_map_entry_create();
  k.kern.zone_requests.map_entry++;
  entry.start = start;
  entry.end = end;
  entry.object = useObject;
  entry.offset = useOffset;
  entry.eflags = eflags;
  entry.inheritance = inheritance;
  entry.protection = prot;
  entry.max_protection = max;
  entry.next_read = start;
  entry.cred = cred;
  vm_map_entry_link(map, prev, entry);
  map.size += end - start;
  vm_map_simplify_entry(k, map, entry);
  if (k.events.mask & EV_MAP) {
    const detail = `prot ${prot}${useObject ? ` object #${useObject.id}` : ''}`;
    vm_map_event(k, map, 'insert', start, end, detail);
  }
  if (cow & (MAP_PREFAULT | MAP_PREFAULT_PARTIAL) && useObject !== null) {
    vm_map_prefault(k, map, start, prot, useObject, useOffset, end - start, cow);
  }
  return KERN_SUCCESS;
}

/**
 * Finds room for `length` bytes from `hint` on and maps `object` there (A6). `find_space` is one of
 * VMFS_*, or n << 8 to align to 2^n bytes; `max_addr` 0 means no limit below the map's.
 * @returns the KERN_* code and the address.
 */
export function vm_map_find(
  k: Kernel,
  map: vm_map,
  object: vm_object | null,
  offset: number,
  hint: number,
  length: number,
  max_addr: number,
  find_space: number,
  prot: number,
  max: number,
  cow: number,
): { result: number; address: number } {
  let space = find_space;
  if (space === VMFS_OPTIMAL_SPACE && (object === null || (object.flags & OBJ_COLORED) === 0)) {
    space = VMFS_ANY_SPACE;
  }
  const alignment = space >>> 8 === 0 ? 0 : 2 ** (space >>> 8);
  let start = hint;
  vm_map_lock(map);
  try {
    for (;;) {
      if (space !== VMFS_NO_SPACE) {
        const found = vm_map_findspace(map, start, length);
        if (found < 0 || (max_addr !== 0 && found + length > max_addr)) {
          if (space !== VMFS_OPTIMAL_SPACE) return { result: KERN_NO_SPACE, address: 0 };
          space = VMFS_ANY_SPACE;
          start = hint;
          continue;
        }
        start = found;
        if (space === VMFS_OPTIMAL_SPACE || space === VMFS_SUPER_SPACE)
          start = pmap_align_superpage(object, offset, start, length);
        else if (alignment !== 0) start = Math.ceil(start / alignment) * alignment;
      }
      const result = vm_map_insert(k, map, object, offset, start, start + length, prot, max, cow);
      if (result !== KERN_NO_SPACE || space === VMFS_NO_SPACE || space === VMFS_ANY_SPACE) {
        return { result, address: start };
      }
    }
  } finally {
    vm_map_unlock(map);
  }
}

/** Maps at a fixed address, replacing what is there unless MAP_CHECK_EXCL. */
export function vm_map_fixed(
  k: Kernel,
  map: vm_map,
  object: vm_object | null,
  offset: number,
  start: number,
  length: number,
  prot: number,
  max: number,
  cow: number,
): number {
  const end = start + length;
  if ((cow & MAP_CHECK_EXCL) === 0) vm_map_wait_transition(k, map, start, end, true);
  vm_map_lock(map);
  let result = start < map.min_offset || end > map.max_offset ? KERN_INVALID_ADDRESS : KERN_SUCCESS;
  if (result === KERN_SUCCESS && (cow & MAP_CHECK_EXCL) === 0) vm_map_delete(k, map, start, end);
  if (result === KERN_SUCCESS)
    result = vm_map_insert(k, map, object, offset, start, end, prot, max, cow);
  vm_map_unlock(map);
  return result;
}

// Clipping and merging (A5).

function mergeable(prev: vm_map_entry, entry: vm_map_entry): boolean {
  const size = prev.end - prev.start;
  return (
    prev.end === entry.start &&
    prev.object === entry.object &&
    prev.sub_map === entry.sub_map &&
    (prev.object === null || prev.offset + size === entry.offset) &&
    prev.eflags === entry.eflags &&
    prev.protection === entry.protection &&
    prev.max_protection === entry.max_protection &&
    prev.inheritance === entry.inheritance &&
    prev.wired_count === entry.wired_count &&
    prev.cred === entry.cred
  );
}

const NEVER_MERGED =
  MAP_ENTRY_GROWS_DOWN |
  MAP_ENTRY_GROWS_UP |
  MAP_ENTRY_IN_TRANSITION |
  MAP_ENTRY_IS_SUB_MAP |
  MAP_ENTRY_STACK_GAP_DN |
  MAP_ENTRY_STACK_GAP_UP;

/** Merges `entry` with its neighbours where they are alike; `entry` survives. */
export function vm_map_simplify_entry(k: Kernel, map: vm_map, entry: vm_map_entry): void {
  if (entry.eflags & NEVER_MERGED) return;
  const { prev } = entry;
  if (prev !== map.header && mergeable(prev, entry)) {
    vm_map_entry_unlink(map, prev);
    entry.start = prev.start;
    entry.offset = prev.offset;
    if (entry.prev !== map.header) vm_map_entry_resize_free(map, entry.prev);
    if (prev.object !== null) vm_object_deallocate(k, prev.object);
    vm_map_event(k, map, 'simplify', entry.start, entry.end);
  }
  const { next } = entry;
  if (next !== map.header && mergeable(entry, next)) {
    vm_map_entry_unlink(map, next);
    entry.end = next.end;
    vm_map_entry_resize_free(map, entry);
    if (next.object !== null) vm_object_deallocate(k, next.object);
    vm_map_event(k, map, 'simplify', entry.start, entry.end);
  }
}

/** Both halves of a clipped entry must share one object. */
function object_for_clip(k: Kernel, map: vm_map, entry: vm_map_entry): void {
  if (entry.object === null && !map.system_map && (entry.eflags & MAP_ENTRY_GUARD) === 0) {
    vm_map_entry_allocate_object(k, entry);
  } else if ((entry.eflags & MAP_ENTRY_NEEDS_COPY) === 0) vm_map_entry_charge_object(k, entry);
}

function split_off(k: Kernel, map: vm_map, entry: vm_map_entry): vm_map_entry {
  if (entry.object !== null) vm_object_reference(entry.object);
  vm_map_event(k, map, 'clip', entry.start, entry.end);
  k.kern.zone_requests.map_entry++;
  return { ...entry };
}

/** Makes `entry` begin at `start`; what was before it becomes an entry of its own. */
export function vm_map_clip_start(
  k: Kernel,
  map: vm_map,
  entry: vm_map_entry,
  start: number,
): void {
  if (start <= entry.start) return;
  vm_map_simplify_entry(k, map, entry);
  object_for_clip(k, map, entry);
  const before = split_off(k, map, entry);
  before.end = start;
  entry.offset += start - entry.start;
  entry.start = start;
  vm_map_entry_link(map, entry.prev, before);
}

/** Makes `entry` end at `end`; what was behind it becomes an entry of its own. */
export function vm_map_clip_end(k: Kernel, map: vm_map, entry: vm_map_entry, end: number): void {
  if (end >= entry.end) return;
  object_for_clip(k, map, entry);
  const behind = split_off(k, map, entry);
  behind.start = end;
  behind.offset += end - entry.start;
  entry.end = end;
  vm_map_entry_link(map, entry, behind);
}

/** The first entry that ends above `address`, clipped to begin there if it contains it. */
export function vm_map_first_entry(
  k: Kernel,
  map: vm_map,
  address: number,
  clip: boolean,
): vm_map_entry {
  const entry = vm_map_lookup_le(map, address);
  if (entry === map.header || address >= entry.end) return entry.next;
  if (clip) vm_map_clip_start(k, map, entry, address);
  return entry;
}

// Removal (A9).

function vm_map_entry_unwire(k: Kernel, map: vm_map, entry: vm_map_entry): void {
  pmap_unwire(k, map.pmap, entry.start, entry.end);
  if (entry.object !== null)
    vm_object_unwire(k, entry.object, entry.offset, entry.end - entry.start, PQ_ACTIVE);
  entry.wired_count = 0;
}

/** Drops the pages of a range that no other mapping of the object can see. */
function free_range(k: Kernel, entry: vm_map_entry): void {
  const { object } = entry;
  if (object === null || !is_anonymous(object)) return;
  if (object.ref_count === 1 || (object.flags & (OBJ_NOSPLIT | OBJ_ONEMAPPING)) !== OBJ_ONEMAPPING)
    return;
  const first = entry.offset / PAGE_SIZE;
  const end = first + (entry.end - entry.start) / PAGE_SIZE;
  vm_object_collapse(k, object);
  vm_object_page_remove(k, object, first, end, false);
  if (object.type === OBJT_SWAP) swap_pager_freespace(k, object, first, end - first);
  if (end < object.size || first >= object.size) return;
  if (object.cred >= 0) {
    const bytes = (object.size - first) * PAGE_SIZE;
    KASSERT(object.charge >= bytes, () => `object #${object.id}: charge below its size`);
    swap_release_by_cred(k, bytes, object.cred);
    object.charge -= bytes;
  }
  object.size = first;
}

/** Unmaps [start, end). => the map is locked. */
export function vm_map_delete(k: Kernel, map: vm_map, start: number, end: number): void {
  let entry = vm_map_first_entry(k, map, start, true);
  while (entry !== map.header && entry.start < end) {
    vm_map_clip_end(k, map, entry, end);
    const { next } = entry;
    if (entry.wired_count !== 0) vm_map_entry_unwire(k, map, entry);
    pmap_remove(k, map.pmap, entry.start, entry.end);
    vm_map_entry_unlink(map, entry);
    map.size -= entry.end - entry.start;
    free_range(k, entry);
    if (entry.cred >= 0) swap_release_by_cred(k, entry.end - entry.start, entry.cred);
    if (entry.object !== null) {
      if (entry.eflags & MAP_ENTRY_VN_WRITECNT)
        vnode_pager_update_writecount(entry.object, entry.start - entry.end);
      vm_object_deallocate(k, entry.object);
    }
    vm_map_event(k, map, 'delete', entry.start, entry.end);
    entry = next;
  }
}

/** Locks, unmaps, unlocks; first waits for wirings in the range. */
export function vm_map_remove(k: Kernel, map: vm_map, start: number, end: number): void {
  const from = Math.max(start, map.min_offset);
  const to = Math.min(end, map.max_offset);
  if (from >= to) return;
  vm_map_wait_transition(k, map, from, to, true);
  vm_map_lock(map);
  vm_map_delete(k, map, from, to);
  vm_map_unlock(map);
}
