// Pages of user memory for the kernel's own use: faulted in and held (vm_fault.c).

import type { Kernel } from '../sys/kernel.js';
import { pmap_extract_and_hold } from './pmap.js';
import { vm_fault } from './vm_fault.js';
import { vm_page_dirty, vm_page_unhold } from './vm_page.js';
import {
  KERN_SUCCESS,
  VM_FAULT_DIRTY,
  VM_FAULT_NORMAL,
  VM_PAGE_BITS_ALL,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from './vm_param.js';
import type { vm_map, vm_page } from './vm_types.js';

const PAGE_SIZE = 4096;

/**
 * Faults the page of `va` in and holds it: the frame stays until vm_page_unhold, whatever becomes of
 * the mapping. @returns the page, or null when the access is not possible. May sleep.
 */
export function vm_fault_hold(
  k: Kernel,
  map: vm_map,
  va: number,
  fault_type: number,
): vm_page | null {
  const vaddr = va - (va % PAGE_SIZE);
  const write = (fault_type & VM_PROT_WRITE) !== 0;
  const m = pmap_extract_and_hold(k, map.pmap, vaddr, fault_type);
  if (m !== null) {
    // The write will not go through the mapping, so the CPU will not set its modified bit.
    if (write && m.dirty !== VM_PAGE_BITS_ALL) vm_page_dirty(m);
    return m;
  }
  const flags = write ? VM_FAULT_DIRTY : VM_FAULT_NORMAL;
  if (vm_fault(k, map, vaddr, fault_type, flags) !== KERN_SUCCESS) return null;
  return pmap_extract_and_hold(k, map.pmap, vaddr, fault_type);
}

/**
 * Holds all pages of [addr, addr + len), for an access of `prot`.
 * @returns them in order, or null, with none held, when one cannot be accessed.
 */
export function vm_fault_quick_hold_pages(
  k: Kernel,
  map: vm_map,
  addr: number,
  len: number,
  prot: number,
): vm_page[] | null {
  const end = addr + len;
  if (addr < map.min_offset || end > map.max_offset) return null;
  const held: vm_page[] = [];
  let complete = false;
  try {
    for (let va = addr - (addr % PAGE_SIZE); va < end; va += PAGE_SIZE) {
      const m = vm_fault_hold(k, map, va, prot | VM_PROT_READ);
      if (m === null) return null;
      held.push(m);
    }
    complete = true;
    return held;
  } finally {
    if (!complete) for (const m of held) vm_page_unhold(k, m);
  }
}
