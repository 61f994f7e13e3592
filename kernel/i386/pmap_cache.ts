// Memory attributes: how a page's cache mode is said in its entries, through the PAT where the CPU has
// one (i386/pmap.c pmap_init_pat, pmap_cache_bits, pmap_change_attr, pmap_page_set_memattr).

import { EV_PMAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KERNBASE, PAGE_SIZE } from '../sys/param.js';
import { EINVAL } from '../sys/errno.js';
import { panic } from '../sys/panic.js';
import type { vm_page } from '../vm/vm_types.js';
import { pmap_event, pmap_invalidate_page, pmap_pde, pmap_pte } from './pmap.js';
import { pmap_demote_pde } from './pmap_pde.js';
import {
  NBPDR,
  PG_NC_PCD,
  PG_NC_PWT,
  PG_PDE_CACHE,
  PG_PDE_PAT,
  PG_PS,
  PG_PTE_CACHE,
  PG_PTE_PAT,
  PG_V,
} from './pte.js';

export const VM_MEMATTR_UNCACHEABLE = 0;
export const VM_MEMATTR_WRITE_COMBINING = 1;
export const VM_MEMATTR_WRITE_THROUGH = 4;
export const VM_MEMATTR_WRITE_PROTECTED = 5;
export const VM_MEMATTR_WRITE_BACK = 6;
export const VM_MEMATTR_WEAK_UNCACHEABLE = 7;
export const VM_MEMATTR_DEFAULT = VM_MEMATTR_WRITE_BACK;

/** How much of a PAT the CPU has: none, four entries that can be relied on, or all eight. */
export type pat_kind = 'none' | 'four' | 'eight';

/**
 * Chooses the entry for each attribute. With eight entries 5 is WP and 6 is WC; with four WC takes
 * the place of UC-; without a PAT there are WB, WT and UC, chosen by PWT and PCD.
 */
export function pmap_init_pat(k: Kernel, kind: pat_kind): void {
  const index: number[] = [];
  index[VM_MEMATTR_WRITE_BACK] = 0;
  index[VM_MEMATTR_WRITE_THROUGH] = 1;
  index[VM_MEMATTR_UNCACHEABLE] = 3;
  index[VM_MEMATTR_WRITE_COMBINING] = 3;
  index[VM_MEMATTR_WRITE_PROTECTED] = 3;
  index[VM_MEMATTR_WEAK_UNCACHEABLE] = 3;
  if (kind === 'eight') {
    index[VM_MEMATTR_WEAK_UNCACHEABLE] = 2;
    index[VM_MEMATTR_WRITE_PROTECTED] = 5;
    index[VM_MEMATTR_WRITE_COMBINING] = 6;
  } else if (kind === 'four') index[VM_MEMATTR_WRITE_COMBINING] = 2;
  k.pmap.pat_index = index;
  k.pmap.pat_works = kind === 'eight';
}

/** Whether `mode` is an attribute (pmap_is_valid_memattr). */
export function pmap_is_valid_memattr(k: Kernel, mode: number): boolean {
  return k.pmap.pat_index[mode] !== undefined;
}

/** The cache bits of an entry for pages of attribute `mode`. */
export function pmap_cache_bits(k: Kernel, mode: number, is_pde: boolean): number {
  if (mode === VM_MEMATTR_WRITE_BACK) return 0;
  if (!pmap_is_valid_memattr(k, mode)) panic(`Unknown caching mode ${mode}`);
  const index = k.pmap.pat_index[mode];
  let bits = 0;
  if (index & 4) bits |= is_pde ? PG_PDE_PAT : PG_PTE_PAT;
  if (index & 2) bits |= PG_NC_PCD;
  if (index & 1) bits |= PG_NC_PWT;
  return bits;
}

/** Attribute of the page's mappings from now on. => it has none yet. */
export function pmap_page_set_memattr(m: vm_page, mode: number): void {
  m.pat_mode = mode;
}

/**
 * Changes the attribute of kernel addresses [va, va + size). A 4 MB mapping of which only a part is
 * meant is taken apart first. @returns 0 or EINVAL, with nothing changed.
 */
export function pmap_change_attr(k: Kernel, va: number, size: number, mode: number): number {
  const { ram32 } = k.machine;
  const kernel = k.pmap.kernel_pmap;
  const start = va - (va % PAGE_SIZE);
  const end = Math.ceil((va + size) / PAGE_SIZE) * PAGE_SIZE;
  if (start < KERNBASE || !pmap_is_valid_memattr(k, mode)) return EINVAL;
  for (let at = start; at < end; at += PAGE_SIZE) {
    const pde = ram32[pmap_pde(kernel, at)];
    const pte = pmap_pte(k, kernel, at);
    if ((pde & PG_PS) === 0 && (pte < 0 || (ram32[pte] & PG_V) === 0)) return EINVAL;
  }
  for (let at = start; at < end;) {
    const slot = pmap_pde(kernel, at);
    if (ram32[slot] & PG_PS) {
      if (at % NBPDR === 0 && end - at >= NBPDR) {
        const pde = (ram32[slot] & ~PG_PDE_CACHE) | pmap_cache_bits(k, mode, true);
        ram32[slot] = pde;
        for (const other of k.pmap.allpmaps) ram32[pmap_pde(other, at)] = pde;
        at += NBPDR;
        continue;
      }
      pmap_demote_pde(k, kernel, at);
    }
    const pte = pmap_pte(k, kernel, at);
    const old = ram32[pte];
    ram32[pte] = (old & ~PG_PTE_CACHE) | pmap_cache_bits(k, mode, false);
    if (k.events.mask & EV_PMAP) pmap_event(k, kernel, 'protect', at, old, ram32[pte]);
    pmap_invalidate_page(k, kernel, at);
    at += PAGE_SIZE;
  }
  k.machine.flushTlb(true);
  return 0;
}
