// Asking about mappings, mappings of the kernel's own, and whole pages (i386/pmap.c pmap_extract,
// pmap_mincore, pmap_qenter, pmap_zero_page).

import { EV_PMAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { PAGE_SIZE } from '../sys/param.js';
import { OBJ_COLORED, VM_PROT_WRITE } from '../vm/vm_param.js';
import { PHYS_TO_VM_PAGE } from '../vm/vm_page.js';
import type { vm_object, vm_page } from '../vm/vm_types.js';
import {
  KERNEL_PTE,
  frame_of,
  pmap_allocpte,
  pmap_event,
  pmap_invalidate_range,
  pmap_pde,
  pmap_pte_value,
} from './pmap.js';
import { pmap_cache_bits } from './pmap_cache.js';
import type { pmap } from './pmap_types.js';
import { CADDR1, CADDR2, NBPDR, PG_A, PG_M, PG_PS, PG_RW, PG_V, PG_W } from './pte.js';

/** Physical address of `va`, or -1. */
export function pmap_extract(k: Kernel, pmap: pmap, va: number): number {
  const entry = pmap_pte_value(k, pmap, va);
  return entry & PG_V ? frame_of(entry) + (va & 0xfff) : -1;
}

/** The page at `va`, held, if the entry permits `prot`. */
export function pmap_extract_and_hold(
  k: Kernel,
  pmap: pmap,
  va: number,
  prot: number,
): vm_page | null {
  const entry = pmap_pte_value(k, pmap, va);
  if ((entry & PG_V) === 0 || (prot & VM_PROT_WRITE && (entry & PG_RW) === 0)) return null;
  const m = PHYS_TO_VM_PAGE(k, frame_of(entry));
  if (m !== null) m.hold_count++;
  return m;
}

/** mincore(2) bits of an address and its physical address; 0 and -1 when it is not mapped. */
export function pmap_mincore(k: Kernel, pmap: pmap, va: number): { bits: number; pa: number } {
  const entry = pmap_pte_value(k, pmap, va);
  if ((entry & PG_V) === 0) return { bits: 0, pa: -1 };
  let bits = 1;
  if (k.machine.ram32[pmap_pde(pmap, va)] & PG_PS) bits |= 0x20;
  if ((entry & (PG_M | PG_RW)) === (PG_M | PG_RW)) bits |= 4 | 0x10;
  if (entry & PG_A) bits |= 2 | 8;
  return { bits, pa: frame_of(entry) };
}

/** Wired kernel mappings of pages at `va`. */
export function pmap_qenter(k: Kernel, va: number, pages: readonly vm_page[]): void {
  const { ram32 } = k.machine;
  const kernel = k.pmap.kernel_pmap;
  let replaced = false;
  pages.forEach((m, i) => {
    const at = pmap_allocpte(k, kernel, va + i * PAGE_SIZE);
    replaced ||= (ram32[at] & PG_V) !== 0;
    ram32[at] = m.phys_addr | KERNEL_PTE | PG_W | pmap_cache_bits(k, m.pat_mode, false);
  });
  if (replaced) pmap_invalidate_range(k, kernel, va, va + pages.length * PAGE_SIZE);
}

/** Removes what pmap_qenter mapped. */
export function pmap_qremove(k: Kernel, va: number, count: number): void {
  const kernel = k.pmap.kernel_pmap;
  for (let i = 0; i < count; i++) k.machine.ram32[pmap_allocpte(k, kernel, va + i * PAGE_SIZE)] = 0;
  pmap_invalidate_range(k, kernel, va, va + count * PAGE_SIZE);
}

/** Maps a physical address at a kernel address, without an invalidation (pmap_kenter). */
export function pmap_kenter(k: Kernel, va: number, pa: number, mode: number): void {
  const at = pmap_allocpte(k, k.pmap.kernel_pmap, va);
  k.machine.ram32[at] = pa | KERNEL_PTE | pmap_cache_bits(k, mode, false);
}

/**
 * Opens (`entry` a PTE) or closes (0) a window. The kernel's own accesses go by frame, so no translation
 * of it is ever in the TLB; the first page tables are zeroed before there are windows.
 */
function pmap_window(k: Kernel, at: number, va: number, entry: number): void {
  if (at === 0) return;
  const { ram32 } = k.machine;
  if (k.events.mask & EV_PMAP)
    pmap_event(k, k.pmap.kernel_pmap, entry === 0 ? 'remove' : 'enter', va, ram32[at], entry);
  ram32[at] = entry;
}

/** Zeroes a page, through CADDR2. */
export function pmap_zero_page(k: Kernel, m: vm_page): void {
  const { cmap2 } = k.pmap;
  const { ram32 } = k.machine;
  const first = m.phys_addr >>> 2;
  pmap_window(k, cmap2, CADDR2, m.phys_addr | PG_V | PG_RW | PG_A | PG_M);
  ram32.fill(0, first, first + 1024);
  pmap_window(k, cmap2, CADDR2, 0);
  k.machine.physStored(m.phys_addr, PAGE_SIZE);
}

/** Copies a page, from CADDR1 to CADDR2. */
export function pmap_copy_page(k: Kernel, src: vm_page, dst: vm_page): void {
  const { cmap1, cmap2 } = k.pmap;
  const { ram32 } = k.machine;
  const first = src.phys_addr >>> 2;
  pmap_window(k, cmap1, CADDR1, src.phys_addr | PG_V | PG_A);
  pmap_window(k, cmap2, CADDR2, dst.phys_addr | PG_V | PG_RW | PG_A | PG_M);
  ram32.copyWithin(dst.phys_addr >>> 2, first, first + 1024);
  pmap_window(k, cmap1, CADDR1, 0);
  pmap_window(k, cmap2, CADDR2, 0);
  k.machine.physStored(dst.phys_addr, PAGE_SIZE);
}

/**
 * The lowest address not below `addr` at which a mapping of `object` from `offset` could use 4 MB
 * pages, or `addr` itself when the mapping has no room for a whole one.
 */
export function pmap_align_superpage(
  object: vm_object | null,
  offset: number,
  addr: number,
  size: number,
): number {
  if (size < NBPDR) return addr;
  const colour = object !== null && object.flags & OBJ_COLORED ? object.pg_color * PAGE_SIZE : 0;
  const phase = (offset + colour) % NBPDR;
  if (size - ((NBPDR - phase) % NBPDR) < NBPDR || addr % NBPDR === phase) return addr;
  const base = addr - (addr % NBPDR) + phase;
  return addr % NBPDR < phase ? base : base + NBPDR;
}
