// 4 MB mappings: made from full page tables (promotion) or at once, and taken apart again (demotion)
// when a single page of theirs changes (i386/pmap.c pmap_promote_pde, pmap_demote_pde; A27).
//
//   PDE -> page table -> 1024 PTEs, each with a pv entry on its page's list
//    |  promote: all contiguous, aligned, accessed, alike     ^  demote: a table comes back, from
//    v                                                        |  pm_root if it was saved there
//   PDE with PG_PS, one pv entry on the frame's pv_table list; the table waits in pm_root

import { EV_PMAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KERNBASE, PAGE_SIZE } from '../sys/param.js';
import { KASSERT } from '../sys/panic.js';
import {
  PGA_REFERENCED,
  PGA_WRITEABLE,
  VM_ALLOC_NOOBJ,
  VM_ALLOC_NORMAL,
  VM_ALLOC_WIRED,
  VM_PROT_WRITE,
  VPO_UNMANAGED,
} from '../vm/vm_param.js';
import { PHYS_TO_VM_PAGE, vm_page_alloc, vm_page_dirty, vm_page_free } from '../vm/vm_page.js';
import type { vm_page } from '../vm/vm_types.js';
import { pmap_event, pmap_invalidate_page, pmap_invalidate_pde_page, pmap_pde } from './pmap.js';
import { pmap_cache_bits } from './pmap_cache.js';
import { pv_insert, pv_link, pv_remove, pv_unlink_of } from './pmap_pv.js';
import type { md_page, pmap } from './pmap_types.js';
import {
  NBPDR,
  NPTEPG,
  PG_A,
  PG_FRAME,
  PG_G,
  PG_M,
  PG_MANAGED,
  PG_PDE_PAT,
  PG_PROMOTED,
  PG_PS,
  PG_PS_FRAME,
  PG_PTE_PAT,
  PG_PTE_PROMOTE,
  PG_RW,
  PG_U,
  PG_V,
  PG_W,
  PTmap,
} from './pte.js';

const trunc_4mpage = (va: number): number => va - (va % NBPDR);

/** The list of 4 MB mappings of the frame that `pa` is in. */
export function pa_to_pvh(k: Kernel, pa: number): md_page {
  return (k.pmap.pv_table[pa >>> 22] ??= { pv_list: null });
}

/** Keeps the page table that a 4 MB mapping replaces. */
function pmap_insert_pt_page(pmap: pmap, mpte: vm_page): void {
  (pmap.pm_root ??= new Map()).set(mpte.pindex, mpte);
}

/** Takes the page table back that was kept for `va`, if any was. */
export function pmap_remove_pt_page(pmap: pmap, va: number): vm_page | null {
  const mpte = pmap.pm_root?.get(va >>> 22) ?? null;
  if (mpte !== null) pmap.pm_root?.delete(va >>> 22);
  return mpte;
}

/** Frees a page table that was kept: its mapping is gone as a whole. */
export function pmap_free_pt_page(k: Kernel, pmap: pmap, mpte: vm_page): void {
  pmap.resident_count--;
  pmap.ptp_count--;
  mpte.wire_count = 0;
  k.vm.cnt.v_wire_count--;
  vm_page_free(k, mpte);
}

/** Stores a directory entry: one of the kernel's goes into every directory (pmap_kenter_pde). */
function pde_store(k: Kernel, pmap: pmap, va: number, pde: number): void {
  const { ram32 } = k.machine;
  ram32[pmap_pde(pmap, va)] = pde;
  if (pmap !== k.pmap.kernel_pmap) return;
  for (const other of k.pmap.allpmaps) ram32[pmap_pde(other, va)] = pde;
}

/** 1024 entries for consecutive frames, alike but for the frame. */
function pmap_fill_ptp(k: Kernel, firstpte: number, newpte: number): void {
  const { ram32 } = k.machine;
  for (let i = 0; i < NPTEPG; i++) ram32[firstpte + i] = newpte + i * PAGE_SIZE;
}

/** The first page's pv entry stands for all; the others are freed. */
function pmap_pv_promote_pde(k: Kernel, pmap: pmap, va: number, pa: number): void {
  const first = PHYS_TO_VM_PAGE(k, pa) as vm_page;
  pv_link(pa_to_pvh(k, pa), pv_unlink_of(pmap, va, first));
  for (let i = 1; i < NPTEPG; i++) {
    pv_remove(k, pmap, va + i * PAGE_SIZE, PHYS_TO_VM_PAGE(k, pa + i * PAGE_SIZE) as vm_page);
  }
}

/** Each page gets its pv entry back. */
function pmap_pv_demote_pde(k: Kernel, pmap: pmap, va: number, pa: number): void {
  const first = PHYS_TO_VM_PAGE(k, pa) as vm_page;
  pv_link(first, pv_unlink_of(pmap, va, pa_to_pvh(k, pa)));
  for (let i = 1; i < NPTEPG; i++) {
    pv_insert(k, pmap, va + i * PAGE_SIZE, PHYS_TO_VM_PAGE(k, pa + i * PAGE_SIZE) as vm_page);
  }
}

/**
 * Makes the 1024 mappings of the table for `va` one, if they are of consecutive frames from a
 * multiple of 4 MB, all accessed, and alike. A writable entry that was not written through is made
 * read-only on the way: the next write says whether it shall be writable as a whole.
 * => the table is full.
 */
export function pmap_promote_pde(k: Kernel, pmap: pmap, addr: number): void {
  const { ram32 } = k.machine;
  const va = trunc_4mpage(addr);
  const pde = ram32[pmap_pde(pmap, va)];
  const table = (pde & PG_FRAME) >>> 2;
  let newpde = ram32[table];
  if (
    (newpde & ((PG_FRAME & ~PG_PS_FRAME) | PG_A | PG_V)) !== (PG_A | PG_V) ||
    (newpde & PG_MANAGED && pmap === k.pmap.kernel_pmap)
  ) {
    k.pmap.pde_p_failures++;
    return;
  }
  // With PG_M clear PG_RW can be taken away without an invalidation: no TLB entry permits writing.
  if ((newpde & (PG_M | PG_RW)) === PG_RW) ram32[table] = newpde &= ~PG_RW;
  let pa = ((newpde & (PG_PS_FRAME | PG_A | PG_V)) + NBPDR - PAGE_SIZE) | 0;
  for (let pte = table + NPTEPG - 1; pte > table; pte--) {
    let entry = ram32[pte];
    if ((entry & (PG_FRAME | PG_A | PG_V)) !== pa) {
      k.pmap.pde_p_failures++;
      return;
    }
    if ((entry & (PG_M | PG_RW)) === PG_RW) ram32[pte] = entry &= ~PG_RW;
    if ((entry & PG_PTE_PROMOTE) !== (newpde & PG_PTE_PROMOTE)) {
      k.pmap.pde_p_failures++;
      return;
    }
    pa = (pa - PAGE_SIZE) | 0;
  }
  const mpte = PHYS_TO_VM_PAGE(k, (pde & PG_FRAME) >>> 0) as vm_page;
  KASSERT(mpte.pindex === va >>> 22, () => 'pmap_promote_pde: page table page has a wrong pindex');
  pmap_insert_pt_page(pmap, mpte);
  if (newpde & PG_MANAGED) pmap_pv_promote_pde(k, pmap, va, (newpde & PG_PS_FRAME) >>> 0);
  if (newpde & PG_PTE_PAT) newpde ^= PG_PTE_PAT | PG_PDE_PAT;
  // Entries for the small pages may stay in the TLB: they say the same. PG_PROMOTED remembers them.
  pde_store(k, pmap, va, newpde | PG_PS | PG_PROMOTED);
  // The recursive map no longer shows the table.
  pmap_invalidate_page(k, pmap, PTmap + (va >>> 22) * PAGE_SIZE);
  k.pmap.pde_promotions++;
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'promote', va, pde, newpde | PG_PS);
}

/**
 * Replaces the 4 MB mapping of `addr` by a page table. One that was never accessed, or for which no
 * table can be had, is removed instead. @returns whether there is a table now.
 */
export function pmap_demote_pde(k: Kernel, pmap: pmap, addr: number): boolean {
  const { ram32 } = k.machine;
  const va = trunc_4mpage(addr);
  const oldpde = ram32[pmap_pde(pmap, va)];
  KASSERT(
    (oldpde & (PG_PS | PG_V)) === (PG_PS | PG_V),
    () => 'pmap_demote_pde: not a 4 MB mapping',
  );
  let mpte = oldpde & PG_A ? pmap_remove_pt_page(pmap, va) : null;
  let fresh = false;
  if (mpte === null) {
    KASSERT(
      (oldpde & PG_W) === 0,
      () => 'pmap_demote_pde: page table of a wired mapping is missing',
    );
    if (oldpde & PG_A) {
      const req = VM_ALLOC_NOOBJ | VM_ALLOC_NORMAL | VM_ALLOC_WIRED;
      mpte = vm_page_alloc(k, null, va >>> 22, req);
    }
    if (mpte === null) {
      pmap_remove_pde(k, pmap, va);
      pmap_invalidate_pde_page(k, pmap, va, oldpde);
      return false;
    }
    fresh = true;
    mpte.wire_count = NPTEPG;
    pmap.resident_count++;
    pmap.ptp_count++;
  }
  const newpde = mpte.phys_addr | PG_M | PG_A | (oldpde & PG_U) | PG_RW | PG_V;
  KASSERT((oldpde & (PG_M | PG_RW)) !== PG_RW, () => 'pmap_demote_pde: writable and not modified');
  let newpte = oldpde & ~(PG_PS | PG_PROMOTED);
  if (newpte & PG_PDE_PAT) newpte ^= PG_PDE_PAT | PG_PTE_PAT;
  const firstpte = mpte.phys_addr >>> 2;
  if (fresh || (ram32[firstpte] & PG_PTE_PROMOTE) !== (newpte & PG_PTE_PROMOTE))
    pmap_fill_ptp(k, firstpte, newpte);
  pde_store(k, pmap, va, newpde);
  pmap_invalidate_pde_page(k, pmap, va, oldpde);
  pmap_invalidate_page(k, pmap, PTmap + (va >>> 22) * PAGE_SIZE);
  if (oldpde & PG_MANAGED) pmap_pv_demote_pde(k, pmap, va, (oldpde & PG_PS_FRAME) >>> 0);
  k.pmap.pde_demotions++;
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'demote', va, oldpde, newpde);
  return true;
}

/** Saves A and M of a 4 MB entry that goes away in its pages. */
function save_pde(k: Kernel, oldpde: number): void {
  const pa = (oldpde & PG_PS_FRAME) >>> 0;
  const modified = (oldpde & (PG_M | PG_RW)) === (PG_M | PG_RW);
  const unmapped = pa_to_pvh(k, pa).pv_list === null;
  for (let i = 0; i < NPTEPG; i++) {
    const m = PHYS_TO_VM_PAGE(k, pa + i * PAGE_SIZE) as vm_page;
    if (modified) vm_page_dirty(m);
    if (oldpde & PG_A) m.aflags |= PGA_REFERENCED;
    if (unmapped && m.pv_list === null) m.aflags &= ~PGA_WRITEABLE;
  }
}

/** Removes a 4 MB mapping whole; only a global one is invalidated here. */
export function pmap_remove_pde(k: Kernel, pmap: pmap, va: number): void {
  const oldpde = k.machine.ram32[pmap_pde(pmap, va)];
  if (oldpde & PG_W) pmap.wired_count -= NPTEPG;
  pde_store(k, pmap, va, 0);
  if (oldpde & PG_G) pmap_invalidate_pde_page(k, pmap, va, oldpde);
  pmap.resident_count -= NPTEPG;
  if (oldpde & PG_MANAGED) {
    pv_remove(k, pmap, va, pa_to_pvh(k, (oldpde & PG_PS_FRAME) >>> 0));
    save_pde(k, oldpde);
  }
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'remove', va, oldpde, 0);
  const mpte = pmap_remove_pt_page(pmap, va);
  if (mpte === null) return;
  if (pmap === k.pmap.kernel_pmap) {
    // The kernel's tables are never freed: an empty one takes the mapping's place.
    k.machine.ram32.fill(0, mpte.phys_addr >>> 2, (mpte.phys_addr >>> 2) + NPTEPG);
    pde_store(k, pmap, va, mpte.phys_addr | PG_M | PG_A | PG_RW | PG_V);
  } else pmap_free_pt_page(k, pmap, mpte);
}

/** Takes writing away from a 4 MB mapping. @returns whether an invalidation is still to be done. */
export function pmap_protect_pde(k: Kernel, pmap: pmap, va: number): boolean {
  const oldpde = k.machine.ram32[pmap_pde(pmap, va)];
  if (oldpde & PG_MANAGED && (oldpde & (PG_M | PG_RW)) === (PG_M | PG_RW)) {
    const pa = (oldpde & PG_PS_FRAME) >>> 0;
    for (let i = 0; i < NPTEPG; i++)
      vm_page_dirty(PHYS_TO_VM_PAGE(k, pa + i * PAGE_SIZE) as vm_page);
  }
  const newpde = oldpde & ~(PG_RW | PG_M);
  if (newpde === oldpde) return false;
  pde_store(k, pmap, va, newpde);
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'protect', va, oldpde, newpde);
  if ((oldpde & PG_G) === 0) return true;
  pmap_invalidate_pde_page(k, pmap, va, oldpde);
  return false;
}

/**
 * Maps 4 MB of fully populated pages from `m` on at `va`, read-only. Only into an empty directory
 * slot, and without allocating: @returns whether it could.
 */
export function pmap_enter_pde(
  k: Kernel,
  pmap: pmap,
  va: number,
  m: vm_page,
  prot: number,
): boolean {
  const { ram32 } = k.machine;
  const at = pmap_pde(pmap, va);
  if (ram32[at] !== 0) return false;
  let pde = m.phys_addr | pmap_cache_bits(k, m.pat_mode, true) | PG_PS | PG_V;
  KASSERT((prot & VM_PROT_WRITE) === 0, () => 'pmap_enter_pde: mapping is writable');
  if ((m.oflags & VPO_UNMANAGED) === 0) {
    pde |= PG_MANAGED;
    pv_insert(k, pmap, va, pa_to_pvh(k, m.phys_addr));
  }
  if (va < KERNBASE) pde |= PG_U;
  pmap.resident_count += NPTEPG;
  pde_store(k, pmap, va, pde);
  k.pmap.pde_mappings++;
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'enter', va, 0, pde);
  return true;
}

/** Shares a parent's 4 MB mapping with a child whose directory slot is empty. */
export function pmap_copy_pde(k: Kernel, dst: pmap, va: number, srcpde: number): void {
  const { ram32 } = k.machine;
  if (ram32[pmap_pde(dst, va)] !== 0) return;
  if (srcpde & PG_MANAGED) pv_insert(k, dst, va, pa_to_pvh(k, (srcpde & PG_PS_FRAME) >>> 0));
  ram32[pmap_pde(dst, va)] = srcpde & ~(PG_W | PG_PROMOTED);
  dst.resident_count += NPTEPG;
  k.pmap.pde_mappings++;
  if (k.events.mask & EV_PMAP) pmap_event(k, dst, 'enter', va, 0, srcpde & ~PG_W);
}
