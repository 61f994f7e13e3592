// Pagers: what gives an object its contents, by object type (vm_pager.c).

import type { Kernel } from '../sys/kernel.js';
import { panic } from '../sys/panic.js';
import { default_pager } from './default_pager.js';
import { swap_pager } from './swap_pager.js';
import { vnode_pager } from './vnode_pager.js';
import {
  OBJT_DEFAULT,
  OBJT_PHYS,
  OBJT_SWAP,
  OBJT_VNODE,
  VM_PAGER_FAIL,
  VM_PAGER_OK,
  VM_PAGE_BITS_ALL,
} from './vm_param.js';
import { pmap_zero_page } from './pmap.js';
import type { vm_object, vm_page } from './vm_types.js';

/** How many pages around one are on the same backing store, contiguous. */
export interface pager_run {
  before: number;
  after: number;
}

export interface pagerops {
  /** Fills `m` (busy, and around it as it likes). @returns VM_PAGER_*. */
  pgo_getpages(k: Kernel, object: vm_object, m: vm_page, behind: number, ahead: number): number;
  /** Writes pages. @returns whether all are on the backing store. */
  pgo_putpages(k: Kernel, object: vm_object, pages: readonly vm_page[]): boolean;
  /** Whether the backing store has the page, and its neighbours; null when not. */
  pgo_haspage(k: Kernel, object: vm_object, pindex: number): pager_run | null;
  pgo_dealloc(k: Kernel, object: vm_object): void;
}

/** Zero-filled pages that are never paged out (phys_pager.c). */
const phys_pager: pagerops = {
  pgo_getpages(k, _object, m) {
    pmap_zero_page(k, m);
    m.valid = VM_PAGE_BITS_ALL;
    return VM_PAGER_OK;
  },
  pgo_putpages: () => panic('phys_pager_putpages called'),
  pgo_haspage: () => ({ before: 0, after: 0 }),
  pgo_dealloc() {},
};

/** For types that have no pager yet: nothing is ever found. */
const dead_pager: pagerops = {
  pgo_getpages: () => VM_PAGER_FAIL,
  pgo_putpages: () => false,
  pgo_haspage: () => null,
  pgo_dealloc() {},
};

function pager_of(object: vm_object): pagerops {
  switch (object.type) {
    case OBJT_DEFAULT:
      return default_pager;
    case OBJT_SWAP:
      return swap_pager;
    case OBJT_VNODE:
      return vnode_pager;
    case OBJT_PHYS:
      return phys_pager;
    default:
      return dead_pager;
  }
}

export function vm_pager_get_pages(
  k: Kernel,
  object: vm_object,
  m: vm_page,
  behind: number,
  ahead: number,
): number {
  return pager_of(object).pgo_getpages(k, object, m, behind, ahead);
}

export function vm_pager_put_pages(
  k: Kernel,
  object: vm_object,
  pages: readonly vm_page[],
): boolean {
  return pager_of(object).pgo_putpages(k, object, pages);
}

export function vm_pager_has_page(k: Kernel, object: vm_object, pindex: number): boolean {
  return pager_of(object).pgo_haspage(k, object, pindex) !== null;
}

export function vm_pager_haspage_run(
  k: Kernel,
  object: vm_object,
  pindex: number,
): pager_run | null {
  return pager_of(object).pgo_haspage(k, object, pindex);
}

export function vm_pager_deallocate(k: Kernel, object: vm_object): void {
  pager_of(object).pgo_dealloc(k, object);
}
