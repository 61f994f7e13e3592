// Pagers: what gives an object its contents, by object type (vm_pager.c).

import type { bio } from '../geom/bio.js';
import type { Kernel } from '../sys/kernel.js';
import { default_pager } from './default_pager.js';
import { device_pager, sg_pager } from './device_pager.js';
import { phys_pager } from './phys_pager.js';
import { swap_pager } from './swap_pager.js';
import { vnode_pager } from './vnode_pager.js';
import {
  OBJT_DEFAULT,
  OBJT_DEVICE,
  OBJT_MGTDEVICE,
  OBJT_PHYS,
  OBJT_SG,
  OBJT_SWAP,
  OBJT_VNODE,
  VM_PAGER_BAD,
  VM_PAGER_FAIL,
  VM_PAGER_PEND,
} from './vm_param.js';
import { vm_page_sbusy, vm_page_sunbusy } from './vm_page.js';
import type { vm_object, vm_page } from './vm_types.js';

/** How many pages around one are on the same backing store, contiguous. */
export interface pager_run {
  before: number;
  after: number;
}

export interface pagerops {
  /**
   * Fills `m` (busy, and around it as it likes).
   * @returns VM_PAGER_*; PEND when the transfer has only begun: the page is busy until it is over, and
   * whoever wants it sleeps on it.
   */
  pgo_getpages(k: Kernel, object: vm_object, m: vm_page, behind: number, ahead: number): number;
  /**
   * Writes pages, consecutive and shared busy; with `sync` waits. Sets a VM_PAGER_* for each: those
   * with PEND are made clean (or dirty, after an error) and let go of when their transfer is over.
   * Transfers of a file are added to `begun`.
   */
  pgo_putpages(
    k: Kernel,
    object: vm_object,
    pages: readonly vm_page[],
    sync: boolean,
    rtvals: number[],
    begun?: bio[],
  ): void;
  /** Whether the backing store has the page, and its neighbours; null when not. */
  pgo_haspage(k: Kernel, object: vm_object, pindex: number): pager_run | null;
  pgo_dealloc(k: Kernel, object: vm_object): void;
}

/** Of an object that has ended: nothing is ever found. */
const dead_pager: pagerops = {
  pgo_getpages: () => VM_PAGER_FAIL,
  pgo_putpages: (_k, _object, pages, _sync, rtvals) =>
    pages.forEach((_, i) => (rtvals[i] = VM_PAGER_FAIL)),
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
    case OBJT_DEVICE:
    case OBJT_MGTDEVICE:
      return device_pager;
    case OBJT_SG:
      return sg_pager;
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

/**
 * Writes pages, consecutive in the object, and waits for it.
 * @returns whether all are on the backing store (or lost, beyond the end of a file).
 */
export function vm_pager_put_pages(
  k: Kernel,
  object: vm_object,
  pages: readonly vm_page[],
): boolean {
  const rtvals: number[] = [];
  for (const m of pages) vm_page_sbusy(m);
  pager_of(object).pgo_putpages(k, object, pages, true, rtvals);
  let all = true;
  rtvals.forEach((status, i) => {
    if (status !== VM_PAGER_PEND) vm_page_sunbusy(k, pages[i]);
    else if (pages[i].dirty !== 0) all = false;
    if (status !== VM_PAGER_PEND && status !== VM_PAGER_BAD) all = false;
  });
  return all;
}

/**
 * Begins to write pages that are shared busy; transfers of a file are added to `begun`.
 * @returns a VM_PAGER_* for each, as pgo_putpages does.
 */
export function vm_pager_put_pages_async(
  k: Kernel,
  object: vm_object,
  pages: readonly vm_page[],
  begun: bio[] = [],
): number[] {
  const rtvals: number[] = [];
  pager_of(object).pgo_putpages(k, object, pages, false, rtvals, begun);
  return rtvals;
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
