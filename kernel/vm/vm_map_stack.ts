// Stacks that grow: the mapped part, and below it a guard entry that reserves where it may grow to
// (vm_map_stack, vm_map_growstack; freebsd-vm A22, the later form).

import type { Kernel } from '../sys/kernel.js';
import { SGROWSIZ } from '../sys/param.js';
import { RLIMIT_MEMLOCK, RLIMIT_STACK, RLIMIT_VMEM } from '../sys/resource.js';
import { vm_map_event, vm_map_insert } from './vm_map.js';
import { vm_map_lock, vm_map_unlock } from './vm_map_lock.js';
import {
  vm_map_entry_link,
  vm_map_entry_resize_free,
  vm_map_entry_unlink,
  vm_map_lookup_entry,
} from './vm_map_tree.js';
import {
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_NO_SPACE,
  KERN_SUCCESS,
  MAP_CREATE_GUARD,
  MAP_CREATE_STACK_GAP_DN,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_STACK_GAP_DN,
  MAP_STACK_GROWS_DOWN,
  MAP_WIREFUTURE,
  VM_MAP_WIRE_NOHOLES,
  VM_MAP_WIRE_USER,
} from './vm_param.js';
import { vm_fault_copy_wait } from './vm_fault_copy.js';
import { vm_map_delete } from './vm_map.js';
import { vm_map_wire } from './vm_map_wire.js';
import type { vm_map } from './vm_types.js';

const PAGE_SIZE = 4096;

function guard_bytes(k: Kernel): number {
  return k.kern.stack_guard_page * PAGE_SIZE;
}

/**
 * Maps a stack that may fill [bottom, bottom + max_ssize): the top `sgrowsiz` bytes now, the rest as
 * faults ask for it.
 */
export function vm_map_stack(
  k: Kernel,
  map: vm_map,
  bottom: number,
  max_ssize: number,
  prot: number,
  max: number,
  fixed: boolean,
): number {
  if (bottom < map.min_offset || bottom + max_ssize > map.max_offset) return KERN_INVALID_ADDRESS;
  if (max_ssize <= guard_bytes(k)) return KERN_INVALID_ARGUMENT;
  const init_ssize = Math.min(SGROWSIZ, max_ssize - guard_bytes(k));
  const top = bottom + max_ssize;
  vm_map_lock(map);
  try {
    if (fixed) vm_map_delete(k, map, bottom, top);
    if (vm_map_lookup_entry(map, bottom) !== null) return KERN_NO_SPACE;
    const result = vm_map_insert(
      k,
      map,
      null,
      0,
      top - init_ssize,
      top,
      prot,
      max,
      MAP_STACK_GROWS_DOWN,
    );
    if (result !== KERN_SUCCESS || init_ssize === max_ssize) return result;
    const gap = vm_map_insert(
      k,
      map,
      null,
      0,
      bottom,
      top - init_ssize,
      0,
      max,
      MAP_CREATE_GUARD | MAP_CREATE_STACK_GAP_DN,
    );
    if (gap !== KERN_SUCCESS) vm_map_delete(k, map, top - init_ssize, top);
    return gap;
  } finally {
    vm_map_unlock(map);
  }
}

/** Grows the stack above the gap that contains `addr`. @returns whether `addr` is mapped now. */
export function vm_map_growstack(k: Kernel, map: vm_map, addr: number): boolean {
  const gap = vm_map_lookup_entry(map, addr);
  if (gap === null || (gap.eflags & MAP_ENTRY_STACK_GAP_DN) === 0) return false;
  const stack = gap.next;
  if (
    stack === map.header ||
    stack.start !== gap.end ||
    (stack.eflags & MAP_ENTRY_GROWS_DOWN) === 0
  )
    return false;
  const room = gap.end - gap.start - guard_bytes(k);
  const needed = gap.end - addr;
  if (needed > room) return false;

  // A debugger's access does not grow the stack of the process that it looks at.
  const td = k.kern.curthread;
  const vm = td?.td_proc.p_vmspace ?? null;
  if (td === null || vm === null || vm.vm_map !== map) return false;
  let amount = Math.min(Math.ceil(needed / SGROWSIZ) * SGROWSIZ, room);
  const limits = td.td_proc.p_limit.pl_rlimit;
  const is_procstack = addr >= vm.vm_maxsaddr && gap.end <= vm.vm_stacktop;
  if (is_procstack) {
    const left = limits[RLIMIT_STACK].rlim_cur - vm.vm_ssize * PAGE_SIZE;
    if (needed > left) return false;
    amount = Math.min(amount, left - (left % PAGE_SIZE));
  }
  if (map.size + amount > limits[RLIMIT_VMEM].rlim_cur) return false;
  const wire = (map.flags & MAP_WIREFUTURE) !== 0;
  if (wire) {
    const locked = map.pmap.wired_count * PAGE_SIZE + amount;
    if (locked > limits[RLIMIT_MEMLOCK].rlim_cur) return false;
    vm_fault_copy_wait(k, amount / PAGE_SIZE);
  }
  vm_map_lock(map);
  const { end } = gap;
  const start = end - amount;
  const all = start === gap.start;
  if (all) vm_map_entry_unlink(map, gap);
  else {
    gap.end = start;
    vm_map_entry_resize_free(map, gap);
  }
  map.size -= amount;
  const result = vm_map_insert(
    k,
    map,
    null,
    0,
    start,
    end,
    stack.protection,
    stack.max_protection,
    MAP_STACK_GROWS_DOWN,
  );
  if (result === KERN_SUCCESS) {
    stack.eflags &= ~MAP_ENTRY_GROWS_DOWN;
    if (is_procstack) vm.vm_ssize += amount / PAGE_SIZE;
    vm_map_event(k, map, 'grow', start, end);
  } else {
    // No swap space may be reserved: the gap is what it was.
    gap.end = end;
    if (all) vm_map_entry_link(map, stack.prev, gap);
    else vm_map_entry_resize_free(map, gap);
    map.size += amount;
  }
  vm_map_unlock(map);
  if (wire && result === KERN_SUCCESS)
    vm_map_wire(k, map, start, end, VM_MAP_WIRE_USER | VM_MAP_WIRE_NOHOLES);
  return result === KERN_SUCCESS;
}
