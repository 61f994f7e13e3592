// Removing, protecting and unwiring mappings. A single page is invalidated by INVLPG; a range by one
// flush at the end, except for global entries, which that would spare (i386/pmap.c; A27).

import { EV_PMAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { PAGE_SIZE } from '../sys/param.js';
import { VM_PROT_NONE, VM_PROT_WRITE } from '../vm/vm_param.js';
import { PHYS_TO_VM_PAGE, vm_page_dirty } from '../vm/vm_page.js';
import type { vm_page } from '../vm/vm_types.js';
import {
  frame_of,
  pmap_event,
  pmap_invalidate_all,
  pmap_invalidate_page,
  pmap_pde,
  pmap_pte,
  pmap_unuse_pt,
} from './pmap.js';
import { save_pte } from './pmap_enter.js';
import { pmap_demote_pde, pmap_protect_pde, pmap_remove_pde } from './pmap_pde.js';
import { pv_remove_page } from './pmap_pv.js';
import type { pmap } from './pmap_types.js';
import { NBPDR, NPTEPG, PG_G, PG_M, PG_MANAGED, PG_PS, PG_RW, PG_V, PG_W } from './pte.js';

/** Removes the entry at word `at`; the page table is freed with its last entry. */
function pmap_remove_pte(k: Kernel, pmap: pmap, va: number, at: number): void {
  const old = k.machine.ram32[at];
  k.machine.ram32[at] = 0;
  if (old & PG_W) pmap.wired_count--;
  if (old & PG_MANAGED) {
    const m = PHYS_TO_VM_PAGE(k, frame_of(old)) as vm_page;
    save_pte(m, old);
    pv_remove_page(k, pmap, va, m);
  }
  pmap.resident_count--;
  if (old & PG_G) pmap_invalidate_page(k, pmap, va);
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'remove', va, old, 0);
  pmap_unuse_pt(k, pmap, va);
}

/** End of the directory slot of `va`, or `eva` if that comes first. */
const slot_end = (va: number, eva: number): number =>
  Math.min(eva, Math.floor(va / NBPDR + 1) * NBPDR);

/** Unmaps [sva, eva). */
export function pmap_remove(k: Kernel, pmap: pmap, sva: number, eva: number): void {
  if (pmap.resident_count === 0) return;
  const { ram32 } = k.machine;
  if (eva - sva === PAGE_SIZE && (ram32[pmap_pde(pmap, sva)] & PG_PS) === 0) {
    pmap_remove_page(k, pmap, sva);
    return;
  }
  let anyvalid = false;
  for (let va = sva; va < eva && pmap.resident_count > 0;) {
    const end = slot_end(va, eva);
    const pde = ram32[pmap_pde(pmap, va)];
    if (pde & PG_PS) {
      if (end - va === NBPDR) {
        if ((pde & PG_G) === 0) anyvalid = true;
        pmap_remove_pde(k, pmap, va);
        va = end;
        continue;
      }
      pmap_demote_pde(k, pmap, va);
    }
    const table = pmap_pte(k, pmap, va);
    if (table >= 0) {
      for (let at = table; va < end; va += PAGE_SIZE, at++) {
        const old = ram32[at];
        if ((old & PG_V) === 0) continue;
        if ((old & PG_G) === 0) anyvalid = true;
        pmap_remove_pte(k, pmap, va, at);
        // The table itself goes with its last entry.
        if (ram32[pmap_pde(pmap, va)] === 0) break;
      }
    }
    va = end;
  }
  if (anyvalid) pmap_invalidate_all(k, pmap);
}

/** Unmaps one small page. */
export function pmap_remove_page(k: Kernel, pmap: pmap, va: number): void {
  const at = pmap_pte(k, pmap, va);
  if (at < 0 || (k.machine.ram32[at] & PG_V) === 0) return;
  pmap_remove_pte(k, pmap, va, at);
  pmap_invalidate_page(k, pmap, va);
}

/** @returns whether the entry has changed. */
function write_protect_pte(k: Kernel, pmap: pmap, va: number, at: number): boolean {
  const old = k.machine.ram32[at];
  if ((old & (PG_RW | PG_V)) !== (PG_RW | PG_V)) return false;
  if (old & PG_MANAGED && old & PG_M) vm_page_dirty(PHYS_TO_VM_PAGE(k, frame_of(old)) as vm_page);
  k.machine.ram32[at] = old & ~(PG_RW | PG_M);
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'protect', va, old, old & ~(PG_RW | PG_M));
  return true;
}

/** Takes rights away in [sva, eva); rights gained come with the next fault. */
export function pmap_protect(k: Kernel, pmap: pmap, sva: number, eva: number, prot: number): void {
  if (prot === VM_PROT_NONE) {
    pmap_remove(k, pmap, sva, eva);
    return;
  }
  // Only mappings that can fault are counted, of which the kernel has few.
  if (prot & VM_PROT_WRITE) return;
  if (pmap.resident_count === 0 && pmap !== k.pmap.kernel_pmap) return;
  const { ram32 } = k.machine;
  let anychanged = false;
  for (let va = sva; va < eva;) {
    const end = slot_end(va, eva);
    if (ram32[pmap_pde(pmap, va)] & PG_PS) {
      if (end - va === NBPDR) {
        if (pmap_protect_pde(k, pmap, va)) anychanged = true;
        va = end;
        continue;
      }
      pmap_demote_pde(k, pmap, va);
    }
    const table = pmap_pte(k, pmap, va);
    if (table >= 0) {
      for (let at = table; va < end; va += PAGE_SIZE, at++) {
        const global = ram32[at] & PG_G;
        if (!write_protect_pte(k, pmap, va, at)) continue;
        if (global) pmap_invalidate_page(k, pmap, va);
        else anychanged = true;
      }
    }
    va = end;
  }
  if (anychanged) pmap_invalidate_all(k, pmap);
}

/** Write-protects one small page. */
export function pmap_write_protect_page(k: Kernel, pmap: pmap, va: number): void {
  const at = pmap_pte(k, pmap, va);
  if (at >= 0 && write_protect_pte(k, pmap, va, at)) pmap_invalidate_page(k, pmap, va);
}

/** Drops the wired bit in [sva, eva): the CPU does not know it. */
export function pmap_unwire(k: Kernel, pmap: pmap, sva: number, eva: number): void {
  const { ram32 } = k.machine;
  for (let va = sva; va < eva;) {
    const end = slot_end(va, eva);
    const slot = pmap_pde(pmap, va);
    if (ram32[slot] & PG_PS && ram32[slot] & PG_W) {
      if (end - va === NBPDR) {
        ram32[slot] &= ~PG_W;
        pmap.wired_count -= NPTEPG;
      } else pmap_demote_pde(k, pmap, va);
    }
    const table = pmap_pte(k, pmap, va);
    if (table >= 0) {
      for (let at = table; va < end; va += PAGE_SIZE, at++) {
        if ((ram32[at] & (PG_V | PG_W)) !== (PG_V | PG_W)) continue;
        ram32[at] &= ~PG_W;
        pmap.wired_count--;
      }
    }
    va = end;
  }
}
