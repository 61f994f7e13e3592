// Stacks that grow: the mapped part, and beside it a guard entry that reserves where it may grow to
// (vm_map_stack, vm_map_growstack; freebsd-vm A22, the later form).

import type { Kernel } from '../sys/kernel.js';
import { SGROWSIZ } from '../sys/param.js';
import { RLIMIT_MEMLOCK, RLIMIT_STACK, RLIMIT_VMEM } from '../sys/resource.js';
import { vm_map_event, vm_map_insert } from './vm_map.js';
import { vm_map_lock, vm_map_unlock } from './vm_map_lock.js';
import { vm_map_entry_link, vm_map_entry_unlink, vm_map_lookup_entry } from './vm_map_tree.js';
import {
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_NO_SPACE,
  KERN_SUCCESS,
  MAP_CREATE_GUARD,
  MAP_CREATE_STACK_GAP_DN,
  MAP_CREATE_STACK_GAP_UP,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GROWS_UP,
  MAP_ENTRY_STACK_GAP_DN,
  MAP_ENTRY_STACK_GAP_UP,
  MAP_STACK_GROWS_DOWN,
  MAP_STACK_GROWS_UP,
  MAP_WIREFUTURE,
  VM_MAP_WIRE_NOHOLES,
  VM_MAP_WIRE_USER,
} from './vm_param.js';
import { vm_fault_copy_wait } from './vm_fault_copy.js';
import { vm_map_delete } from './vm_map.js';
import { vm_map_wait_transition, vm_map_wire } from './vm_map_wire.js';
import type { vm_map, vm_map_entry } from './vm_types.js';

const PAGE_SIZE = 4096;

function guard_bytes(k: Kernel): number {
  return k.kern.stack_guard_page * PAGE_SIZE;
}

/**
 * Maps a stack that may fill [bottom, bottom + max_ssize): `sgrowsiz` bytes at its top now (with `up`:
 * at its bottom), the rest as faults ask for it.
 */
export function vm_map_stack(
  k: Kernel,
  map: vm_map,
  bottom: number,
  max_ssize: number,
  prot: number,
  max: number,
  fixed: boolean,
  up = false,
): number {
  if (bottom < map.min_offset || bottom + max_ssize > map.max_offset) return KERN_INVALID_ADDRESS;
  if (max_ssize <= guard_bytes(k)) return KERN_INVALID_ARGUMENT;
  const init_ssize = Math.min(SGROWSIZ, max_ssize - guard_bytes(k));
  const top = bottom + max_ssize;
  const start = up ? bottom : top - init_ssize;
  const end = start + init_ssize;
  const grows = up ? MAP_STACK_GROWS_UP : MAP_STACK_GROWS_DOWN;
  if (fixed) vm_map_wait_transition(k, map, bottom, top, true);
  vm_map_lock(map);
  try {
    if (fixed) vm_map_delete(k, map, bottom, top);
    if (vm_map_lookup_entry(map, bottom) !== null) return KERN_NO_SPACE;
    const result = vm_map_insert(k, map, null, 0, start, end, prot, max, grows);
    if (result !== KERN_SUCCESS || init_ssize === max_ssize) return result;
    const [from, to] = up ? [end, top] : [bottom, start];
    const cow = MAP_CREATE_GUARD | (up ? MAP_CREATE_STACK_GAP_UP : MAP_CREATE_STACK_GAP_DN);
    const gap = vm_map_insert(k, map, null, 0, from, to, 0, max, cow);
    if (gap !== KERN_SUCCESS) vm_map_delete(k, map, start, end);
    return gap;
  } finally {
    vm_map_unlock(map);
  }
}

/** The growing stack that a gap is for, or null. */
function stack_of(map: vm_map, gap: vm_map_entry): vm_map_entry | null {
  const up = (gap.eflags & MAP_ENTRY_STACK_GAP_UP) !== 0;
  const stack = up ? gap.prev : gap.next;
  if (stack === map.header) return null;
  const adjacent = up ? stack.end === gap.start : stack.start === gap.end;
  const grows = up ? MAP_ENTRY_GROWS_UP : MAP_ENTRY_GROWS_DOWN;
  return adjacent && stack.eflags & grows ? stack : null;
}

/** Grows the stack beside the gap that contains `addr`. @returns whether `addr` is mapped now. */
export function vm_map_growstack(k: Kernel, map: vm_map, addr: number): boolean {
  const gap = vm_map_lookup_entry(map, addr);
  if (gap === null || (gap.eflags & (MAP_ENTRY_STACK_GAP_DN | MAP_ENTRY_STACK_GAP_UP)) === 0)
    return false;
  const up = (gap.eflags & MAP_ENTRY_STACK_GAP_UP) !== 0;
  const stack = stack_of(map, gap);
  if (stack === null) return false;
  const room = gap.end - gap.start - guard_bytes(k);
  const needed = up ? addr + PAGE_SIZE - gap.start : gap.end - addr;
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
  const old = { start: gap.start, end: gap.end };
  const [start, end] = up ? [old.start, old.start + amount] : [old.end - amount, old.end];
  // Taken out and put back, for its start may move.
  const before = gap.prev;
  vm_map_entry_unlink(map, gap);
  map.size -= amount;
  const cow = up ? MAP_STACK_GROWS_UP : MAP_STACK_GROWS_DOWN;
  const { protection, max_protection } = stack;
  const result = vm_map_insert(k, map, null, 0, start, end, protection, max_protection, cow);
  if (result === KERN_SUCCESS) {
    stack.eflags &= ~(MAP_ENTRY_GROWS_DOWN | MAP_ENTRY_GROWS_UP);
    if (is_procstack) vm.vm_ssize += amount / PAGE_SIZE;
    if (up) gap.start = end;
    else gap.end = start;
    vm_map_event(k, map, 'grow', start, end);
  } else map.size += amount; // No swap space may be reserved: the gap is what it was.
  if (gap.start < gap.end) {
    const after = up && result === KERN_SUCCESS ? vm_map_lookup_entry(map, start) : before;
    vm_map_entry_link(map, after ?? before, gap);
  }
  vm_map_unlock(map);
  if (wire && result === KERN_SUCCESS)
    vm_map_wire(k, map, start, end, VM_MAP_WIRE_USER | VM_MAP_WIRE_NOHOLES);
  return result === KERN_SUCCESS;
}
