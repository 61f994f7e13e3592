// Whole address spaces: what a child inherits at fork, and the end of a process (i386/pmap.c pmap_copy,
// pmap_remove_pages).

import { EV_PMAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { PAGE_SIZE } from '../sys/param.js';
import { PGA_WRITEABLE } from '../vm/vm_param.js';
import { PHYS_TO_VM_PAGE, vm_page_dirty } from '../vm/vm_page.js';
import type { vm_page } from '../vm/vm_types.js';
import {
  frame_of,
  pmap_allocpte,
  pmap_event,
  pmap_invalidate_all,
  pmap_pde,
  pmap_pte,
  pmap_unuse_pt,
  ptp_of,
} from './pmap.js';
import { _NPCPV, free_pv_chunk, pv_in_use } from './pmap_chunk.js';
import { pa_to_pvh, pmap_copy_pde, pmap_free_pt_page, pmap_remove_pt_page } from './pmap_pde.js';
import { pv_detach, pv_detach_page, pv_insert } from './pmap_pv.js';
import type { pmap, pv_chunk, pv_entry } from './pmap_types.js';
import {
  NBPDR,
  NPTEPG,
  PG_A,
  PG_M,
  PG_MANAGED,
  PG_PS,
  PG_PS_FRAME,
  PG_RW,
  PG_V,
  PG_W,
} from './pte.js';

/**
 * Copies mappings of a parent to a child at fork: not wired, modified or referenced. Only for the
 * current process, and only as far as there are pages for tables: it is an optimisation.
 */
export function pmap_copy(k: Kernel, dst: pmap, src: pmap, start: number, end: number): void {
  if (!src.pm_active) return;
  const { ram32 } = k.machine;
  for (let va = start; va < end;) {
    const next = Math.min(end, Math.floor(va / NBPDR + 1) * NBPDR);
    const pde = ram32[pmap_pde(src, va)];
    if (pde & PG_PS) {
      if (next - va === NBPDR) pmap_copy_pde(k, dst, va, pde);
      va = next;
      continue;
    }
    const from = pmap_pte(k, src, va);
    if (from >= 0 && !copy_table(k, dst, va, next, from, ram32)) return;
    va = next;
  }
}

/** Entries of one page table. @returns false when there is no page for the child's. */
function copy_table(
  k: Kernel,
  dst: pmap,
  start: number,
  end: number,
  from: number,
  ram32: Int32Array,
): boolean {
  let to = -1;
  let at = from;
  const valid = ptp_of(k, from).wire_count;
  for (let va = start; va < end; va += PAGE_SIZE, at++) {
    const entry = ram32[at];
    if ((entry & (PG_V | PG_MANAGED)) !== (PG_V | PG_MANAGED)) continue;
    if (to < 0) {
      to = pmap_allocpte(k, dst, va);
      if (to < 0) return false;
      to -= at;
    }
    if (ram32[to + at] !== 0) continue;
    ram32[to + at] = entry & ~(PG_W | PG_M | PG_A);
    pv_insert(k, dst, va, PHYS_TO_VM_PAGE(k, frame_of(entry)) as vm_page);
    dst.resident_count++;
    if (k.events.mask & EV_PMAP) pmap_event(k, dst, 'enter', va, 0, ram32[to + at]);
    // The child has all that the parent has.
    if (++ptp_of(k, to + at).wire_count >= valid) break;
  }
  return true;
}

/**
 * Unmaps everything that is not wired, when a process exits: chunk after chunk of its pv entries,
 * with one invalidation at the end.
 */
export function pmap_remove_pages(k: Kernel, pmap: pmap): void {
  for (let pc = pmap.pm_pvchunk; pc !== null;) {
    const next: pv_chunk | null = pc.pc_next;
    remove_chunk(k, pmap, pc);
    pc = next;
  }
  pmap_invalidate_all(k, pmap);
}

function remove_chunk(k: Kernel, pmap: pmap, pc: pv_chunk): void {
  const { ram32 } = k.machine;
  const { pc_map, pc_pventry } = pc;
  let wired = false;
  for (let i = 0; i < _NPCPV; i++) {
    if (pc_map[i >>> 5] === -1) {
      i |= 31;
      continue;
    }
    if (!pv_in_use(pc, i)) continue;
    const pv = pc_pventry[i];
    const va = pv.pv_va;
    const slot = pmap_pde(pmap, va);
    const large = (ram32[slot] & PG_PS) !== 0;
    const at = large ? slot : pmap_pte(k, pmap, va);
    const old = ram32[at];
    if (old & PG_W) {
      wired = true;
      continue;
    }
    ram32[at] = 0;
    pc_map[i >>> 5] |= 1 << (i & 31);
    k.pmap.pv_entry_count--;
    if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'remove', va, old, 0);
    if (large) {
      remove_superpage(k, pmap, old, pv);
      continue;
    }
    const m = PHYS_TO_VM_PAGE(k, frame_of(old)) as vm_page;
    if ((old & (PG_M | PG_RW)) === (PG_M | PG_RW)) vm_page_dirty(m);
    pv_detach_page(k, m, pv);
    pmap.resident_count--;
    pmap_unuse_pt(k, pmap, va);
  }
  if (!wired) free_pv_chunk(k, pc);
}

/** The 4 MB mapping of `pv`, whose PDE was `old`, is gone: its pages, list and spare table. */
function remove_superpage(k: Kernel, pmap: pmap, old: number, pv: pv_entry): void {
  const pa = (old & PG_PS_FRAME) >>> 0;
  const pvh = pa_to_pvh(k, pa);
  const modified = (old & (PG_M | PG_RW)) === (PG_M | PG_RW);
  pv_detach(pvh, pv);
  for (let i = 0; i < NPTEPG; i++) {
    const m = PHYS_TO_VM_PAGE(k, pa + i * PAGE_SIZE) as vm_page;
    if (modified) vm_page_dirty(m);
    if (pvh.pv_list === null && m.pv_list === null) m.aflags &= ~PGA_WRITEABLE;
  }
  pmap.resident_count -= NPTEPG;
  const mpte = pmap_remove_pt_page(pmap, pv.pv_va);
  if (mpte !== null) pmap_free_pt_page(k, pmap, mpte);
}
