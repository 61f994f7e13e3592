// Copying wired memory at once, where copy-on-write would make it fault (vm_fault_copy_entry).

import type { Kernel } from '../sys/kernel.js';
import { KASSERT, panic } from '../sys/panic.js';
import { pmap_copy_page, pmap_enter } from './pmap.js';
import { is_anonymous, vm_object_allocate } from './vm_object.js';
import {
  vm_page_activate,
  vm_page_alloc,
  vm_page_dirty,
  vm_page_lookup,
  vm_page_unwire,
  vm_page_wire,
  vm_page_xbusy,
  vm_page_xunbusy,
  vm_wait,
} from './vm_page.js';
import {
  MAP_ENTRY_COW,
  MAP_ENTRY_NEEDS_COPY,
  OBJT_DEFAULT,
  PQ_INACTIVE,
  VM_ALLOC_INTERRUPT,
  VM_ALLOC_SYSTEM,
  VM_PAGE_BITS_ALL,
  VM_PROT_WRITE,
} from './vm_param.js';
import { vm_object_deallocate } from './vm_object.js';
import type { vm_map, vm_map_entry, vm_object, vm_page } from './vm_types.js';

const PAGE_SIZE = 4096;
const PAGES_PER_TABLE = 1024;

/**
 * Sleeps unless `pages` pages, and tables for them, can be had without sleeping: the caller asks before it
 * changes anything, since it will be executed again.
 */
export function vm_fault_copy_wait(k: Kernel, pages: number): void {
  if (pages === 0) return;
  const { v_free_count, v_cache_count, v_free_min, v_free_target } = k.vm.cnt;
  const wanted = v_free_min + pages + Math.ceil(pages / PAGES_PER_TABLE) + 1;
  if (v_free_count + v_cache_count >= wanted) return;
  // The page daemon would stop at its target.
  k.vm.pageout_deficit = Math.max(k.vm.pageout_deficit, wanted - v_free_target);
  vm_wait(k, 'fltcpy');
}

/** The page of `pindex` of a wired entry, wherever in the chain it is. */
function wired_page(object: vm_object, pindex: number): vm_page | null {
  let at = pindex;
  for (let o: vm_object | null = object; o !== null; o = o.backing_object) {
    const m = vm_page_lookup(o, at);
    if (m !== null) return m;
    at += o.backing_object_offset / PAGE_SIZE;
  }
  return null;
}

/**
 * Gives `dst` its own copies of all pages of `src`, which is wired. The same entry twice is an
 * upgrade: its copy-on-write pages become private, wired and writable.
 * => the caller has made sure of the memory (vm_fault_copy_wait).
 */
export function vm_fault_copy_entry(
  k: Kernel,
  dst_map: vm_map,
  dst: vm_map_entry,
  src: vm_map_entry,
): void {
  const upgrade = src === dst;
  const src_object = src.object as vm_object;
  const src_pindex = src.offset / PAGE_SIZE;
  const pages = (dst.end - dst.start) / PAGE_SIZE;
  const in_place = upgrade && (dst.eflags & MAP_ENTRY_NEEDS_COPY) === 0;
  const dst_object = in_place ? src_object : vm_object_allocate(k, OBJT_DEFAULT, pages);
  if (!in_place) {
    dst.object = dst_object;
    dst.offset = 0;
  }
  if (is_anonymous(dst_object) && dst_object.cred < 0 && dst.cred >= 0) {
    dst_object.cred = dst.cred;
    dst_object.charge = dst.end - dst.start;
    dst.cred = -1;
  }
  const access = upgrade ? dst.protection : dst.protection & ~VM_PROT_WRITE;
  for (let i = 0; i < pages; i++) {
    const from = wired_page(src_object, src_pindex + i);
    // The file may have been truncated below its wired mapping.
    if (from === null) continue;
    let to = from;
    if (from.object !== dst_object) {
      to =
        vm_page_alloc(k, dst_object, in_place ? src_pindex + i : i, VM_ALLOC_SYSTEM) ??
        vm_page_alloc(k, dst_object, in_place ? src_pindex + i : i, VM_ALLOC_INTERRUPT) ??
        no_page();
      pmap_copy_page(k, from, to);
      to.valid = VM_PAGE_BITS_ALL;
      vm_page_dirty(to);
    } else vm_page_xbusy(to);
    pmap_enter(k, dst_map.pmap, dst.start + i * PAGE_SIZE, to, dst.protection, access, upgrade);
    if (!upgrade) vm_page_activate(k, to);
    else if (from !== to) {
      KASSERT(from.wire_count > 0, () => 'vm_fault_copy_entry: source page is not wired');
      vm_page_unwire(k, from, PQ_INACTIVE);
      vm_page_wire(k, to);
    }
    vm_page_xunbusy(k, to);
  }
  if (upgrade) {
    dst.eflags &= ~(MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY);
    if (!in_place) vm_object_deallocate(k, src_object);
  }
}

function no_page(): never {
  return panic('vm_fault_copy_entry: no page, though there were enough');
}
