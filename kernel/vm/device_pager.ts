// The device and sg pagers: objects whose pages are memory of devices, known to the system through
// fictitious pages (device_pager.c, sg_pager.c; freebsd-vm A25).

import type { Kernel } from '../sys/kernel.js';
import { KASSERT, panic } from '../sys/panic.js';
import {
  PHYS_TO_VM_PAGE,
  vm_page_free,
  vm_page_getfake,
  vm_page_insert,
  vm_page_putfake,
  vm_page_remove,
} from './vm_page.js';
import { pmap_object_init_pt, pmap_remove_all } from './pmap.js';
import type { pmap } from './pmap.js';
import { vm_object_allocate, vm_object_reference } from './vm_object.js';
import {
  OBJT_MGTDEVICE,
  OBJT_SG,
  PG_FICTITIOUS,
  VM_PAGER_FAIL,
  VM_PAGER_OK,
  VM_PAGE_BITS_ALL,
  VPB_EXCLUSIVE,
} from './vm_param.js';
import type { pagerops } from './vm_pager.js';
import { vm_phys_paddr_to_vm_page } from './vm_phys.js';
import type { device_pager_state, vm_object, vm_page } from './vm_types.js';

const PAGE_SIZE = 4096;

/** Physical address of the device's page at `pindex`, or -1 where there is none (d_mmap). */
export type d_mmap_t = (k: Kernel, pindex: number) => number;

/** A piece of physical memory, page-aligned. Bytes. */
export interface sglist_seg {
  ss_paddr: number;
  ss_len: number;
}

function create(
  k: Kernel,
  type: number,
  pages: number,
  memattr: number,
  devp: device_pager_state,
): vm_object {
  const object = vm_object_allocate(k, type, pages);
  object.memattr = memattr;
  object.devp = devp;
  return object;
}

/**
 * The object of device `rdev`, with a reference for the caller: one for all who map the device, large
 * enough for [offset, offset + size) bytes. @returns null when a page of that range cannot be mapped.
 */
export function dev_pager_allocate(
  k: Kernel,
  type: number,
  rdev: number,
  paddr: d_mmap_t,
  offset: number,
  size: number,
  memattr: number,
): vm_object | null {
  if (offset % PAGE_SIZE !== 0) return null;
  const first = offset / PAGE_SIZE;
  const end = first + Math.ceil(size / PAGE_SIZE);
  for (let pindex = first; pindex < end; pindex++) if (paddr(k, pindex) < 0) return null;
  const found = k.vm.dev_pager_objects.get(rdev);
  if (found !== undefined) {
    vm_object_reference(found);
    found.size = Math.max(found.size, end);
    return found;
  }
  const object = create(k, type, end, memattr, { paddr, rdev, pglist: new Set() });
  k.vm.dev_pager_objects.set(rdev, object);
  return object;
}

/** Physical address of page `pindex` of a scatter list, or -1. */
function sg_paddr(list: readonly sglist_seg[], pindex: number): number {
  let offset = pindex * PAGE_SIZE;
  for (const { ss_paddr, ss_len } of list) {
    if (offset < ss_len) return ss_paddr + offset;
    offset -= ss_len;
  }
  return -1;
}

/**
 * An object of the pages of a scatter list, whose segments must begin and end on pages.
 * @returns null when they do not, or when they are less than [offset, offset + size) bytes.
 */
export function sg_pager_allocate(
  k: Kernel,
  list: readonly sglist_seg[],
  offset: number,
  size: number,
  memattr: number,
): vm_object | null {
  if (list.some((seg) => seg.ss_paddr % PAGE_SIZE !== 0 || seg.ss_len % PAGE_SIZE !== 0))
    return null;
  const bytes = list.reduce((sum, seg) => sum + seg.ss_len, 0);
  if (offset + size > bytes) return null;
  return create(k, OBJT_SG, bytes / PAGE_SIZE, memattr, {
    paddr: (_k, pindex) => sg_paddr(list, pindex),
    rdev: 0,
    pglist: new Set(),
  });
}

/** Puts `page` into the object in the place of the empty one that the fault has allocated. */
function replace(k: Kernel, object: vm_object, m: vm_page, page: vm_page): void {
  const { pindex } = m;
  vm_page_free(k, m);
  vm_page_insert(page, object, pindex);
  object.devp?.pglist.add(page);
}

/** One page per get: a fake one, or for a managed device the registered page of the address. */
function dev_pager_getpages(k: Kernel, object: vm_object, m: vm_page): number {
  const devp = object.devp as device_pager_state;
  const pa = devp.paddr(k, m.pindex);
  if (pa < 0) return VM_PAGER_FAIL;
  if (m.flags & PG_FICTITIOUS) {
    m.valid = VM_PAGE_BITS_ALL;
    return VM_PAGER_OK;
  }
  if (object.type === OBJT_MGTDEVICE) {
    const page = PHYS_TO_VM_PAGE(k, pa);
    if (page === null || (page.flags & PG_FICTITIOUS) === 0 || page.object !== null)
      return VM_PAGER_FAIL;
    page.busy_lock = VPB_EXCLUSIVE;
    page.valid = VM_PAGE_BITS_ALL;
    replace(k, object, m, page);
    return VM_PAGER_OK;
  }
  // Real memory keeps its own cache mode: two of them for one frame are undefined.
  const real = vm_phys_paddr_to_vm_page(k, pa);
  replace(k, object, m, vm_page_getfake(k, pa, real?.pat_mode ?? object.memattr));
  return VM_PAGER_OK;
}

/** The object ends: its fake pages are freed, registered ones are nobody's again. */
function dev_pager_dealloc(k: Kernel, object: vm_object): void {
  const devp = object.devp as device_pager_state;
  if (k.vm.dev_pager_objects.get(devp.rdev) === object) k.vm.dev_pager_objects.delete(devp.rdev);
  for (const m of devp.pglist) {
    pmap_remove_all(k, m);
    vm_page_remove(m);
    if (object.type !== OBJT_MGTDEVICE) vm_page_putfake(k, m);
  }
  devp.pglist.clear();
}

/** Device memory is never paged out. */
export const device_pager: pagerops = {
  pgo_getpages: (k, object, m) => dev_pager_getpages(k, object, m),
  pgo_putpages: () => panic('dev_pager_putpage called'),
  pgo_haspage: (k, object, pindex) =>
    (object.devp?.paddr(k, pindex) ?? -1) < 0 ? null : { before: 0, after: 0 },
  pgo_dealloc: dev_pager_dealloc,
};

export const sg_pager: pagerops = {
  ...device_pager,
  pgo_putpages: () => panic('sg_pager_putpage called'),
};

/**
 * Maps the 4 MB frames of a device or sg object that has just been mapped writable at `addr`; other
 * pages come with faults. @param size bytes.
 */
export function dev_pager_map(
  k: Kernel,
  pm: pmap,
  addr: number,
  object: vm_object,
  pindex: number,
  size: number,
): void {
  const { devp } = object;
  KASSERT(devp !== null, () => 'dev_pager_map: not a device object');
  pmap_object_init_pt(k, pm, addr, pindex, size, (i) => devp.paddr(k, i), object.memattr);
}
