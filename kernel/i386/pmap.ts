// The i386 pmap: real page directories and page tables in the machine's memory (i386/pmap.c,
// freebsd-vm A27). User mappings may vanish at any time and come back by faulting. Reference and
// modified bits are collected from the entries whenever one is changed or removed.
//
//   pmap.ts          directories, tables, the TLB        pmap_pde.ts    4 MB mappings
//   pmap_enter.ts    making mappings                     pmap_pv.ts     from a page to its mappings
//   pmap_remove.ts   removing, protecting, unwiring      pmap_chunk.ts  where pv entries come from
//   pmap_copy.ts     fork and exit                       pmap_cache.ts  memory attributes
//   pmap_query.ts    asking, and pages of the kernel     pmap_check.ts  what vm_check() asks

import { EV_PMAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KERNBASE, PAGE_SIZE } from '../sys/param.js';
import { KASSERT } from '../sys/panic.js';
import { VM_ALLOC_NOOBJ, VM_ALLOC_SYSTEM, VM_ALLOC_WIRED } from '../vm/vm_param.js';
import { PHYS_TO_VM_PAGE, vm_page_alloc, vm_page_free } from '../vm/vm_page.js';
import type { vm_page } from '../vm/vm_types.js';
import {
  CADDR1,
  CADDR2,
  KPTDI,
  NPDEPG,
  PG_A,
  PG_FRAME,
  PG_G,
  PG_M,
  PG_PROMOTED,
  PG_PS,
  PG_PS_FRAME,
  PG_RW,
  PG_U,
  PG_V,
  PTDPTDI,
  PTmap,
} from './pte.js';
import { pmap_init_pat } from './pmap_cache.js';
import { pv_chunk_limit } from './pmap_chunk.js';
import { pmap_demote_pde } from './pmap_pde.js';
import { pmap_zero_page } from './pmap_query.js';
import type { pmap } from './pmap_types.js';

export { pmap_check } from './pmap_check.js';
export * from './pmap_cache.js';
export * from './pmap_copy.js';
export * from './pmap_enter.js';
export * from './pmap_query.js';
export { pmap_protect, pmap_remove, pmap_unwire } from './pmap_remove.js';
export {
  pmap_clear_modify,
  pmap_is_modified,
  pmap_is_referenced,
  pmap_page_exists_quick,
  pmap_page_is_mapped,
  pmap_page_wired_mappings,
  pmap_remove_all,
  pmap_remove_write,
  pmap_ts_referenced,
} from './pmap_pv.js';

export const frame_of = (entry: number): number => (entry & PG_FRAME) >>> 0;

export function kernel_pmap(k: Kernel): pmap {
  return k.pmap.kernel_pmap;
}

/** Word index in ram32 of the PDE for `va`. */
export function pmap_pde(pmap: pmap, va: number): number {
  return (pmap.pm_pdir >>> 2) + (va >>> 22);
}

/** Word index in ram32 of the PTE for `va`, or -1 when there is no page table (or a 4 MB page). */
export function pmap_pte(k: Kernel, pmap: pmap, va: number): number {
  const pde = k.machine.ram32[(pmap.pm_pdir >>> 2) + (va >>> 22)];
  if ((pde & (PG_V | PG_PS)) !== PG_V) return -1;
  return (frame_of(pde) >>> 2) + ((va >>> 12) & 0x3ff);
}

/**
 * The entry that maps `va`, 0 when there is none. For a 4 MB mapping: the address of the page inside
 * and the bits of the PDE, with PG_PS.
 */
export function pmap_pte_value(k: Kernel, pmap: pmap, va: number): number {
  const pde = k.machine.ram32[pmap_pde(pmap, va)];
  if ((pde & (PG_V | PG_PS)) === (PG_V | PG_PS))
    return (pde & (PG_PS_FRAME | (0xfff & ~PG_PROMOTED))) | (va & 0x3ff000);
  const at = pmap_pte(k, pmap, va);
  return at < 0 ? 0 : k.machine.ram32[at];
}

export function pmap_event(
  k: Kernel,
  pmap: pmap,
  op:
    | 'enter'
    | 'remove'
    | 'protect'
    | 'invalidate'
    | 'table'
    | 'load'
    | 'promote'
    | 'demote'
    | 'clear',
  va: number,
  before: number,
  after: number,
): void {
  k.events.emit({
    type: 'pmap',
    pid: pmap.pm_pid,
    op,
    va,
    before: before >>> 0,
    after: after >>> 0,
  });
}

/** Drops the translation of `va` from the TLB if the map can be in it. */
export function pmap_invalidate_page(k: Kernel, pmap: pmap, va: number): void {
  if (!pmap.pm_active && pmap !== k.pmap.kernel_pmap) return;
  k.machine.invlpg(va);
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'invalidate', va, 0, 0);
}

/**
 * Drops all translations of the map: a load of CR3, which spares global ones, or, for the kernel's,
 * those too (CR4.PGE off and on). The event names address 0xffffffff.
 */
export function pmap_invalidate_all(k: Kernel, pmap: pmap): void {
  const kernel = pmap === k.pmap.kernel_pmap;
  if (!pmap.pm_active && !kernel) return;
  k.machine.flushTlb(kernel);
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'invalidate', 0xffffffff, 0, 0);
}

/**
 * Drops the translations of a 4 MB mapping. One INVLPG is enough for one that was made at once; one
 * that was promoted may be in the TLB as small pages.
 */
export function pmap_invalidate_pde_page(k: Kernel, pmap: pmap, va: number, pde: number): void {
  if (pde & PG_PROMOTED) pmap_invalidate_all(k, pmap);
  else pmap_invalidate_page(k, pmap, va);
}

/** From this size on a range is not invalidated page by page (PMAP_INVLPG_THRESHOLD), in bytes. */
const PMAP_INVLPG_THRESHOLD = 16 << 20;

/** Drops the translations of [sva, eva). */
export function pmap_invalidate_range(k: Kernel, pmap: pmap, sva: number, eva: number): void {
  if (eva - sva >= PMAP_INVLPG_THRESHOLD) pmap_invalidate_all(k, pmap);
  else for (let va = sva; va < eva; va += PAGE_SIZE) pmap_invalidate_page(k, pmap, va);
}

/**
 * The first directory: the kernel's half is empty until pmap_growkernel, the recursive slot maps
 * the directory onto itself. There are no vm_pages yet: it takes the first frame of memory, which
 * never becomes one.
 */
export function pmap_bootstrap(k: Kernel): void {
  const [seg] = k.vm.phys_segs;
  const pdir = seg.start;
  seg.start += PAGE_SIZE;
  k.pmap.kernel_pmap.pm_pdir = pdir;
  k.machine.ram32.fill(0, pdir >>> 2, (pdir + PAGE_SIZE) >>> 2);
  k.machine.ram32[(pdir >>> 2) + PTDPTDI] = pdir | PG_V | PG_RW | PG_A | PG_M;
  // The CPU has no PAT: the three modes that PWT and PCD choose.
  pmap_init_pat(k, 'none');
}

/** Gives kernel addresses below `end` page tables, in every pmap; they are never freed. */
export function pmap_growkernel(k: Kernel, end: number): void {
  const { kernel_pmap: kernel, allpmaps } = k.pmap;
  const { ram32 } = k.machine;
  while (k.pmap.kernel_vm_end < end) {
    const slot = k.pmap.kernel_vm_end >>> 22;
    const ptp = vm_page_alloc(k, null, slot, VM_ALLOC_SYSTEM | VM_ALLOC_NOOBJ | VM_ALLOC_WIRED);
    KASSERT(ptp !== null, () => 'pmap_growkernel: no memory to grow kernel');
    pmap_zero_page(k, ptp);
    const pde = ptp.phys_addr | PG_V | PG_RW | PG_A | PG_M;
    ram32[(kernel.pm_pdir >>> 2) + slot] = pde;
    for (const pmap of allpmaps) ram32[(pmap.pm_pdir >>> 2) + slot] = pde;
    k.pmap.kernel_vm_end += 1 << 22;
  }
}

export function pmap_init(k: Kernel): void {
  pmap_growkernel(k, KERNBASE + (4 << 22));
  k.pmap.cmap1 = pmap_pte(k, k.pmap.kernel_pmap, CADDR1);
  k.pmap.cmap2 = pmap_pte(k, k.pmap.kernel_pmap, CADDR2);
  k.pmap.pv_entry_max = k.pmap.shpgperproc * k.kern.maxproc + k.vm.cnt.v_page_count;
  pv_chunk_limit(k, k.pmap.pv_entry_max);
}

/**
 * A fresh directory for a process: kernel entries shared, recursive slot set.
 * @returns false when there is no page for it.
 */
export function pmap_pinit(k: Kernel, pmap: pmap): boolean {
  const m = vm_page_alloc(k, null, 0, VM_ALLOC_SYSTEM | VM_ALLOC_NOOBJ | VM_ALLOC_WIRED);
  if (m === null) return false;
  pmap_zero_page(k, m);
  const { ram32 } = k.machine;
  const pdir = m.phys_addr >>> 2;
  const kernel = k.pmap.kernel_pmap.pm_pdir >>> 2;
  for (let slot = KPTDI; slot < NPDEPG; slot++) ram32[pdir + slot] = ram32[kernel + slot];
  ram32[pdir + PTDPTDI] = m.phys_addr | PG_V | PG_RW | PG_A | PG_M;
  pmap.pm_pdir = m.phys_addr;
  pmap.pm_ptdpg = m;
  pmap.pm_root = null;
  pmap.resident_count = pmap.wired_count = pmap.ptp_count = 0;
  k.pmap.allpmaps.add(pmap);
  return true;
}

/** => nothing is mapped any more, and another pmap may have to be loaded. */
export function pmap_release(k: Kernel, pmap: pmap): void {
  KASSERT(
    pmap.resident_count === 0,
    () => `pmap_release: ${pmap.resident_count} pages are still mapped`,
  );
  KASSERT((pmap.pm_root?.size ?? 0) === 0, () => 'pmap_release: spare page tables are left');
  if (pmap.pm_active) pmap_activate(k, k.pmap.kernel_pmap);
  k.pmap.allpmaps.delete(pmap);
  if (pmap.pm_ptdpg !== null) vm_page_free(k, pmap.pm_ptdpg);
  pmap.pm_ptdpg = null;
}

/** Loads the map's directory into CR3; global kernel entries stay in the TLB. */
export function pmap_activate(k: Kernel, pmap: pmap): void {
  if (k.pmap.curpmap === pmap) return;
  if (k.pmap.curpmap !== null) k.pmap.curpmap.pm_active = false;
  k.pmap.curpmap = pmap;
  pmap.pm_active = true;
  k.machine.cpu.cr3 = pmap.pm_pdir;
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'load', pmap.pm_pdir, 0, 0);
}

/**
 * The PTE for `va`, with a page table allocated for it or a 4 MB mapping taken apart.
 * @returns -1 when there is no page.
 */
export function pmap_allocpte(k: Kernel, pmap: pmap, va: number): number {
  const found = pmap_pte(k, pmap, va);
  if (found >= 0) return found;
  const slot = pmap_pde(pmap, va);
  if (k.machine.ram32[slot] & PG_PS && pmap_demote_pde(k, pmap, va)) return pmap_pte(k, pmap, va);
  if (va >= KERNBASE) {
    const at = pmap_pte(k, pmap, va);
    KASSERT(at >= 0, () => 'pmap_allocpte: kernel address without a page table');
    return at;
  }
  const m = vm_page_alloc(k, null, va >>> 22, VM_ALLOC_SYSTEM | VM_ALLOC_NOOBJ | VM_ALLOC_WIRED);
  if (m === null) return -1;
  pmap_zero_page(k, m);
  m.wire_count = 0; // counts the table's valid entries; kept out of the queues by having no object
  k.machine.ram32[slot] = m.phys_addr | PG_U | PG_RW | PG_V | PG_A | PG_M;
  pmap.ptp_count++;
  pmap.resident_count++;
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'table', va, 0, m.phys_addr);
  return (m.phys_addr >>> 2) + ((va >>> 12) & 0x3ff);
}

/** One valid entry less in the page table for `va`; frees the table with the last. */
export function pmap_unuse_pt(k: Kernel, pmap: pmap, va: number): void {
  if (va >= KERNBASE) return;
  const slot = pmap_pde(pmap, va);
  const m = PHYS_TO_VM_PAGE(k, frame_of(k.machine.ram32[slot])) as vm_page;
  if (--m.wire_count > 0) return;
  k.machine.ram32[slot] = 0;
  pmap.ptp_count--;
  pmap.resident_count--;
  k.vm.cnt.v_wire_count--;
  // The recursive map shows the table at PTmap: that translation goes as well.
  pmap_invalidate_page(k, pmap, PTmap + (va >>> 22) * PAGE_SIZE);
  vm_page_free(k, m);
}

/** The page table that has the entry at word `at`. */
export function ptp_of(k: Kernel, at: number): vm_page {
  return k.vm.vm_page_array[at >>> 10] as vm_page;
}

/** Bits of a new kernel mapping: wired, and global so that it outlives a switch. */
export const KERNEL_PTE = PG_V | PG_RW | PG_G | PG_A | PG_M;
