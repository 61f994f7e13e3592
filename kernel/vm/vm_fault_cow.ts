// Copy on write: what a write fault does with a page that lies below its own object (vm_fault.c;
// freebsd-vm A10 step 4).

import type { Kernel } from '../sys/kernel.js';
import { pmap_copy_page, pmap_remove_all } from './pmap.js';
import { swap_pager_unswapped } from './swap_pager.js';
import { release_page } from './vm_fault.js';
import type { faultstate } from './vm_fault_state.js';
import { is_anonymous, vm_object_pip_wakeup } from './vm_object.js';
import {
  vm_page_free,
  vm_page_remove,
  vm_page_rename,
  vm_page_unwire,
  vm_page_wire,
} from './vm_page.js';
import {
  OBJ_ONEMAPPING,
  PQ_INACTIVE,
  VM_FAULT_WIRE,
  VM_PAGE_BITS_ALL,
  VM_PROT_COPY,
  VM_PROT_WRITE,
} from './vm_param.js';
import { vm_reserv_rename } from './vm_reserv.js';
import type { vm_page } from './vm_types.js';

/** The page was found below the first object: copies or moves it up for a write (step 4). */
export function vm_fault_cow(k: Kernel, fs: faultstate): void {
  if ((fs.fault_type & (VM_PROT_WRITE | VM_PROT_COPY)) === 0) {
    fs.prot &= ~VM_PROT_WRITE;
    return;
  }
  const { object } = fs;
  if (nobody_else_sees(fs)) vm_fault_rename(k, fs);
  else vm_fault_copy(k, fs);
  vm_object_pip_wakeup(k, object);
  fs.object = fs.first_object;
  fs.pindex = fs.first_pindex;
  k.vm.cnt.v_cow_faults++;
}

/** Whether the first object is all that refers to the object of the page, directly above it. */
function nobody_else_sees(fs: faultstate): boolean {
  const { first_object, object } = fs;
  return (
    first_object.backing_object === object &&
    object.ref_count === 1 &&
    object.shadow_count === 1 &&
    object.handle === null &&
    is_anonymous(object) &&
    is_anonymous(first_object) &&
    (fs.m as vm_page).wire_count === 0
  );
}

/** Moves the page into the placeholder's place: no copy (v_cow_optim). */
function vm_fault_rename(k: Kernel, fs: faultstate): void {
  const m = fs.m as vm_page;
  const placeholder = fs.first_m as vm_page;
  vm_page_remove(placeholder);
  swap_pager_unswapped(k, m);
  const shift = m.pindex - fs.first_pindex;
  vm_page_rename(k, m, fs.first_object, fs.first_pindex);
  vm_reserv_rename(k, m, fs.first_object, fs.object, shift);
  fs.first_m = m;
  vm_page_free(k, placeholder);
  k.vm.cnt.v_cow_optim++;
  fs.outcome = 'renamed';
}

function vm_fault_copy(k: Kernel, fs: faultstate): void {
  const m = fs.m as vm_page;
  const copy = fs.first_m as vm_page;
  const { first_object } = fs;
  pmap_copy_page(k, m, copy);
  copy.valid = VM_PAGE_BITS_ALL;
  if (fs.wired && (fs.fault_flags & VM_FAULT_WIRE) === 0 && m.wire_count > 0) {
    vm_page_wire(k, copy);
    vm_page_unwire(k, m, PQ_INACTIVE);
  }
  // Another address space may share the first object read/write (minherit SHARE over a shadow): its
  // mapping of the old page must not outlive the copy.
  if ((first_object.flags & OBJ_ONEMAPPING) === 0 && first_object.ref_count > 2)
    pmap_remove_all(k, m);
  fs.m = copy;
  release_page(k, m);
  fs.outcome = 'copied';
}
