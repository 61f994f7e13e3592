// Making mappings (i386/pmap.c pmap_enter, pmap_enter_object, pmap_enter_quick; A27).

import { EV_PMAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KERNBASE, PAGE_SIZE } from '../sys/param.js';
import {
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  PGA_REFERENCED,
  PGA_WRITEABLE,
  PG_FICTITIOUS,
  VM_PROT_WRITE,
  VPO_UNMANAGED,
} from '../vm/vm_param.js';
import { PHYS_TO_VM_PAGE, vm_page_dirty } from '../vm/vm_page.js';
import { vm_reserv_level_iffullpop } from '../vm/vm_reserv.js';
import type { vm_page } from '../vm/vm_types.js';
import {
  frame_of,
  pmap_allocpte,
  pmap_event,
  pmap_invalidate_page,
  pmap_pde,
  pmap_pte,
  ptp_of,
} from './pmap.js';
import { VM_MEMATTR_DEFAULT, pmap_cache_bits } from './pmap_cache.js';
import { pmap_enter_pde, pmap_promote_pde } from './pmap_pde.js';
import { pv_insert, pv_move, pv_remove_page } from './pmap_pv.js';
import type { pmap } from './pmap_types.js';
import {
  NBPDR,
  NPTEPG,
  PG_A,
  PG_G,
  PG_M,
  PG_MANAGED,
  PG_PS,
  PG_PTE_CACHE,
  PG_RW,
  PG_U,
  PG_V,
  PG_W,
} from './pte.js';

function pte_bits(k: Kernel, pmap: pmap, m: vm_page, prot: number, wired: boolean): number {
  let bits = PG_V;
  if (prot & VM_PROT_WRITE) bits |= PG_RW;
  if (pmap === k.pmap.kernel_pmap) bits |= PG_G;
  else bits |= PG_U;
  if (wired) bits |= PG_W;
  if (m.pat_mode !== VM_MEMATTR_DEFAULT) bits |= pmap_cache_bits(k, m.pat_mode, false);
  return bits;
}

/**
 * Maps page `m` at `va` with protection `prot`. `access` is the kind of access that wants it: a
 * write sets the modified bit at once.
 * @returns KERN_RESOURCE_SHORTAGE when there is no page for a page table.
 */
export function pmap_enter(
  k: Kernel,
  pmap: pmap,
  va: number,
  m: vm_page,
  prot: number,
  access: number,
  wired: boolean,
): number {
  const at = pmap_allocpte(k, pmap, va);
  if (at < 0) return KERN_RESOURCE_SHORTAGE;
  const { ram32 } = k.machine;
  const old = ram32[at];
  const managed = (m.oflags & VPO_UNMANAGED) === 0;
  let entry = m.phys_addr | pte_bits(k, pmap, m, prot, wired) | PG_A;
  if (managed) entry |= PG_MANAGED;
  if (access & VM_PROT_WRITE && prot & VM_PROT_WRITE) entry |= PG_M;

  if (old & PG_V) {
    if ((old ^ entry) & PG_W) pmap.wired_count += entry & PG_W ? 1 : -1;
    if (frame_of(old) === m.phys_addr >>> 0) {
      if ((old & (PG_M | PG_RW)) === (PG_M | PG_RW)) {
        // The bit stays in the entry, or goes to the page with the right to write.
        if (entry & PG_RW) entry |= PG_M;
        else if (managed) vm_page_dirty(m);
      }
    } else enter_other_page(k, pmap, va, old, managed ? m : null);
  } else {
    if (va < KERNBASE) ptp_of(k, at).wire_count++;
    if (managed) pv_insert(k, pmap, va, m);
    pmap.resident_count++;
    if (entry & PG_W) pmap.wired_count++;
  }
  if (managed && entry & PG_RW) m.aflags |= PGA_WRITEABLE;
  if (old !== entry) {
    ram32[at] = entry;
    if (stale(old, entry)) pmap_invalidate_page(k, pmap, va);
    if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'enter', va, old, entry);
  }
  if (
    (va >= KERNBASE || ptp_of(k, at).wire_count === NPTEPG) &&
    k.pmap.pg_ps_enabled &&
    (m.flags & PG_FICTITIOUS) === 0 &&
    vm_reserv_level_iffullpop(k, m) === 0
  )
    pmap_promote_pde(k, pmap, va);
  return KERN_SUCCESS;
}

/**
 * Whether the TLB may hold what `old` said and `entry` does not. It holds only what was accessed, and
 * permits writing only what was modified. What gains rights faults at worst once more.
 */
function stale(old: number, entry: number): boolean {
  if ((old & (PG_V | PG_A)) !== (PG_V | PG_A)) return false;
  if (frame_of(old) !== frame_of(entry) || (old ^ entry) & (PG_PTE_CACHE | PG_G | PG_U))
    return true;
  return (old & (PG_M | PG_RW)) === (PG_M | PG_RW) && (entry & PG_RW) === 0;
}

/** Another page takes the place of the one in `old`, whose A and M are saved; so does its pv entry. */
function enter_other_page(
  k: Kernel,
  pmap: pmap,
  va: number,
  old: number,
  managed: vm_page | null,
): void {
  const from = old & PG_MANAGED ? PHYS_TO_VM_PAGE(k, frame_of(old)) : null;
  if (from !== null) save_pte(from, old);
  if (from !== null && managed !== null) pv_move(k, pmap, va, from, managed);
  else if (from !== null) pv_remove_page(k, pmap, va, from);
  else if (managed !== null) pv_insert(k, pmap, va, managed);
}

/** Saves A and M of an entry that goes away in its page. */
export function save_pte(m: vm_page, old: number): void {
  if ((old & (PG_M | PG_RW)) === (PG_M | PG_RW)) vm_page_dirty(m);
  if (old & PG_A) m.aflags |= PGA_REFERENCED;
}

/** Whether prefaulting `va` is worth it: there is a page table and the entry is empty. */
export function pmap_is_prefaultable(k: Kernel, pmap: pmap, va: number): boolean {
  const at = pmap_pte(k, pmap, va);
  return at >= 0 && k.machine.ram32[at] === 0;
}

/**
 * Maps `m` read-only if that needs neither a page table nor a replacement. Nobody has asked for it
 * yet, so the accessed bit is left for the CPU to set.
 */
export function pmap_enter_quick(
  k: Kernel,
  pmap: pmap,
  va: number,
  m: vm_page,
  prot: number,
): void {
  const at = pmap_pte(k, pmap, va);
  const { ram32 } = k.machine;
  if (at < 0 || ram32[at] !== 0) return;
  let entry = m.phys_addr | pte_bits(k, pmap, m, prot & ~VM_PROT_WRITE, false);
  if ((m.oflags & VPO_UNMANAGED) === 0) {
    entry |= PG_MANAGED;
    pv_insert(k, pmap, va, m);
  }
  if (va < KERNBASE) ptp_of(k, at).wire_count++;
  pmap.resident_count++;
  ram32[at] = entry;
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'enter', va, 0, entry);
}

/**
 * Maps the resident pages of `pages` (in order, the first at `start`), read-only: frames of 4 MB that
 * are full of the object's pages at once, the others where there is a page table.
 */
export function pmap_enter_object(
  k: Kernel,
  pmap: pmap,
  start: number,
  end: number,
  pages: readonly vm_page[],
  prot: number,
): void {
  if (pages.length === 0) return;
  const first = pages[0].pindex;
  for (let i = 0; i < pages.length; i++) {
    const m = pages[i];
    const va = start + (m.pindex - first) * PAGE_SIZE;
    if (va >= end) return;
    if (
      va % NBPDR === 0 &&
      va + NBPDR <= end &&
      m.psind === 1 &&
      k.pmap.pg_ps_enabled &&
      pages[i + NPTEPG - 1]?.phys_addr === m.phys_addr + NBPDR - PAGE_SIZE &&
      pmap_enter_pde(k, pmap, va, m, prot & ~VM_PROT_WRITE)
    )
      i += NPTEPG - 1;
    else pmap_enter_quick(k, pmap, va, m, prot);
  }
}

/**
 * Maps a device's memory by directory entries when it is mapped writable (A25): only if address, size
 * and memory are in multiples of 4 MB and the memory is contiguous, and only into empty slots.
 * @param pa_of physical address of a page of the object, or -1; @param mode its VM_MEMATTR_*.
 */
export function pmap_object_init_pt(
  k: Kernel,
  pmap: pmap,
  addr: number,
  pindex: number,
  size: number,
  pa_of: (pindex: number) => number,
  mode: number,
): void {
  if (!k.pmap.pg_ps_enabled || addr % NBPDR !== 0 || size % NBPDR !== 0) return;
  const ptepa = pa_of(pindex);
  if (ptepa < 0 || ptepa % NBPDR !== 0) return;
  for (let i = 1; i < size / PAGE_SIZE; i++)
    if (pa_of(pindex + i) !== ptepa + i * PAGE_SIZE) return;
  const { ram32 } = k.machine;
  const bits = pmap_cache_bits(k, mode, true) | PG_PS | PG_M | PG_A | PG_U | PG_RW | PG_V;
  for (let done = 0; done < size; done += NBPDR) {
    const at = pmap_pde(pmap, addr + done);
    if (ram32[at] !== 0) continue;
    ram32[at] = (ptepa + done) | bits;
    pmap.resident_count += NPTEPG;
    k.pmap.pde_mappings++;
    if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'enter', addr + done, 0, ram32[at]);
  }
}
