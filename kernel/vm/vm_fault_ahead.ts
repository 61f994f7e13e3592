// What a fault does for its neighbours: how much to read around it, which pages it maps besides its
// own, and which it lets go behind a sequential reader (vm_fault.c; freebsd-vm A10).

import type { Kernel } from '../sys/kernel.js';
import { vm_object_pages } from './vm_object.js';
import { pmap_enter_quick, pmap_is_prefaultable } from './pmap.js';
import { vm_page_busied, vm_page_deactivate, vm_page_lookup } from './vm_page.js';
import { vm_pager_haspage_run } from './vm_pager.js';
import {
  MAP_ENTRY_BEHAV_MASK,
  MAP_ENTRY_BEHAV_RANDOM,
  MAP_ENTRY_BEHAV_SEQUENTIAL,
  OBJT_DEFAULT,
  PG_CACHED,
  VM_FAULT_READ_MAX,
  VM_FAULT_READ_MIN,
  VM_PAGE_BITS_ALL,
} from './vm_param.js';
import type { vm_map, vm_map_entry, vm_object } from './vm_types.js';

const PAGE_SIZE = 4096;
/** Pages of an aligned cluster, read when there is no pattern. */
const CLUSTER_PAGES = 16;
/** Sequential readers let go of what they have read in blocks of this many bytes: a superpage. */
const DROP_BEHIND_BLOCK = 1 << 22;

/** A window around one page, in pages. */
export interface read_window {
  behind: number;
  ahead: number;
}

/**
 * The window to read around `vaddr`, from the entry's advice and from whether the fault is where the
 * last read left off; remembers the new window in the entry. Clipped to the entry and to what the
 * pager can read in one run.
 */
export function vm_fault_read_window(
  k: Kernel,
  entry: vm_map_entry,
  vaddr: number,
  first_object: vm_object,
  object: vm_object,
  pindex: number,
): read_window {
  const behavior = entry.eflags & MAP_ENTRY_BEHAV_MASK;
  const era = entry.read_ahead;
  const sequential = vaddr === entry.next_read;
  let nera = 0;
  if (behavior === MAP_ENTRY_BEHAV_SEQUENTIAL) {
    nera = VM_FAULT_READ_MAX;
    if (sequential) vm_fault_dontneed(k, entry, vaddr, nera, first_object);
  } else if (behavior !== MAP_ENTRY_BEHAV_RANDOM && sequential) {
    nera = era > 0 ? Math.min(VM_FAULT_READ_MAX, VM_FAULT_READ_MIN + era + 1) : VM_FAULT_READ_MIN;
    if (era === VM_FAULT_READ_MAX) vm_fault_dontneed(k, entry, vaddr, nera, first_object);
  }
  entry.read_ahead = nera;
  let behind = 0;
  let ahead = nera;
  if (nera === 0 && behavior !== MAP_ENTRY_BEHAV_RANDOM) {
    behind = pindex % CLUSTER_PAGES;
    ahead = CLUSTER_PAGES - 1 - behind;
  }
  const run = vm_pager_haspage_run(k, object, pindex);
  return {
    behind: Math.min(behind, (vaddr - entry.start) / PAGE_SIZE, run?.before ?? 0),
    ahead: Math.min(ahead, (entry.end - vaddr) / PAGE_SIZE - 1, run?.after ?? 0),
  };
}

/**
 * Sequential reading at `vaddr`, with a window of `ahead` pages, comes to the end of a block: what it
 * has read of the block before is not wanted again (vm_fault_dontneed). Most of that was prefaulted and
 * is inactive still; what faulted is deactivated. References of other processes are left to count.
 */
function vm_fault_dontneed(
  k: Kernel,
  entry: vm_map_entry,
  vaddr: number,
  ahead: number,
  first_object: vm_object,
): void {
  const end = vaddr - (vaddr % DROP_BEHIND_BLOCK);
  if (vaddr - end < DROP_BEHIND_BLOCK - (ahead + 1) * PAGE_SIZE || entry.start >= end) return;
  const start = Math.max(entry.start, end - DROP_BEHIND_BLOCK);
  const first = (start - entry.start + entry.offset) / PAGE_SIZE;
  for (const m of vm_object_pages(first_object, first, first + (end - start) / PAGE_SIZE)) {
    if (m.valid === VM_PAGE_BITS_ALL && !vm_page_busied(m)) vm_page_deactivate(k, m);
  }
}

/**
 * Maps resident neighbours of `vaddr` read-only, nearest first, where there is a page table and the
 * entry in it is empty. Looks down the chain through anonymous objects only, and stops at the first
 * page that is not there. => `map` belongs to the current process, or nothing is done.
 */
export function vm_fault_prefault(
  k: Kernel,
  map: vm_map,
  vaddr: number,
  entry: vm_map_entry,
  prot: number,
  backward: number,
  forward: number,
): void {
  const td = k.kern.curthread;
  if (td === null || td.td_proc.p_vmspace?.vm_pmap !== map.pmap) return;
  const most = Math.max(backward, forward);
  for (let i = 1; i <= most; i++) {
    if (i <= backward && !prefault_one(k, map, vaddr - i * PAGE_SIZE, entry, prot)) return;
    if (i <= forward && !prefault_one(k, map, vaddr + i * PAGE_SIZE, entry, prot)) return;
  }
}

/** @returns false when the page is not resident. */
function prefault_one(
  k: Kernel,
  map: vm_map,
  va: number,
  entry: vm_map_entry,
  prot: number,
): boolean {
  if (va < entry.start || va >= entry.end || !pmap_is_prefaultable(k, map.pmap, va)) return true;
  let object = entry.object as vm_object;
  let pindex = (va - entry.start + entry.offset) / PAGE_SIZE;
  let m = vm_page_lookup(object, pindex);
  while (m === null && object.type === OBJT_DEFAULT && object.backing_object !== null) {
    pindex += object.backing_object_offset / PAGE_SIZE;
    object = object.backing_object;
    m = vm_page_lookup(object, pindex);
  }
  if (m === null) return false;
  if (m.valid === VM_PAGE_BITS_ALL && !vm_page_busied(m) && (m.flags & PG_CACHED) === 0) {
    pmap_enter_quick(k, map.pmap, va, m, prot);
  }
  return true;
}
