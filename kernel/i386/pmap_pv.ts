// From a page to all its mappings: pv entries on the page's list, and on the list of its frame of 4 MB
// for those that map 4 MB; and the operations that need them.

import { EV_PMAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { panic } from '../sys/panic.js';
import { PGA_WRITEABLE, PG_FICTITIOUS, VPO_UNMANAGED } from '../vm/vm_param.js';
import { vm_page_dirty } from '../vm/vm_page.js';
import type { vm_page } from '../vm/vm_types.js';
import { pmap_event, pmap_invalidate_page, pmap_pde, pmap_pte } from './pmap.js';
import { free_pv_entry, get_pv_entry } from './pmap_chunk.js';
import { pmap_demote_pde } from './pmap_pde.js';
import { pmap_remove_page, pmap_write_protect_page } from './pmap_remove.js';
import type { md_page, pmap, pv_entry } from './pmap_types.js';
import { PG_A, PG_M, PG_PS_FRAME, PG_RW, PG_V, PG_W } from './pte.js';

/** Mappings of which the page daemon asks at a time (PMAP_TS_REFERENCED_MAX). */
const PMAP_TS_REFERENCED_MAX = 5;

/** At the end of the list. */
export function pv_link(md: md_page, pv: pv_entry): void {
  const first = md.pv_list;
  pv.pv_next = null;
  if (first === null) {
    md.pv_list = pv;
    pv.pv_prev = pv;
    return;
  }
  const last = first.pv_prev;
  last.pv_next = pv;
  pv.pv_prev = last;
  first.pv_prev = pv;
}

function pv_unlink(md: md_page, pv: pv_entry): void {
  const first = md.pv_list as pv_entry;
  const next = pv.pv_next;
  if (pv === first) {
    md.pv_list = next;
    if (next !== null) next.pv_prev = pv.pv_prev;
  } else {
    pv.pv_prev.pv_next = next;
    (next ?? first).pv_prev = pv.pv_prev;
  }
  pv.pv_next = null;
  pv.pv_prev = pv;
}

export function pv_insert(k: Kernel, pmap: pmap, va: number, md: md_page): void {
  const pv = get_pv_entry(k, pmap);
  pv.pv_va = va;
  pv_link(md, pv);
}

/** Takes the entry for `va` off the list. */
export function pv_unlink_of(pmap: pmap, va: number, md: md_page): pv_entry {
  for (let pv = md.pv_list; pv !== null; pv = pv.pv_next) {
    if (pv.pv_va !== va || pv.pv_chunk.pc_pmap !== pmap) continue;
    pv_unlink(md, pv);
    return pv;
  }
  return panic(`pmap_pvh_remove: no pv entry for 0x${va.toString(16)}`);
}

/** Frees the entry for `va`. */
export function pv_remove(k: Kernel, pmap: pmap, va: number, md: md_page): void {
  free_pv_entry(k, pv_unlink_of(pmap, va, md));
}

/** The 4 MB mappings that the page is in. */
function pvh_first(k: Kernel, m: vm_page): pv_entry | null {
  if (m.flags & PG_FICTITIOUS) return null;
  return k.pmap.pv_table[m.phys_addr >>> 22]?.pv_list ?? null;
}

/** Without any mapping a page cannot be written through one. */
function settle_writeable(k: Kernel, m: vm_page): void {
  if (m.pv_list === null && pvh_first(k, m) === null) m.aflags &= ~PGA_WRITEABLE;
}

/** Frees the page's entry for `va`. */
export function pv_remove_page(k: Kernel, pmap: pmap, va: number, m: vm_page): void {
  pv_remove(k, pmap, va, m);
  if (m.pv_list === null) settle_writeable(k, m);
}

/** The entry for `va` serves page `to` instead of `from`. */
export function pv_move(k: Kernel, pmap: pmap, va: number, from: vm_page, to: vm_page): void {
  const pv = pv_unlink_of(pmap, va, from);
  settle_writeable(k, from);
  pv_link(to, pv);
}

/** Takes an entry off its list; the caller frees it, alone or with its chunk. */
export function pv_detach(md: md_page, pv: pv_entry): void {
  pv_unlink(md, pv);
}

/** As pv_detach, for a page. */
export function pv_detach_page(k: Kernel, m: vm_page, pv: pv_entry): void {
  pv_unlink(m, pv);
  if (m.pv_list === null) settle_writeable(k, m);
}

/** The PTE of an entry on a page's list. */
function pte_of(k: Kernel, pv: pv_entry): number {
  return pmap_pte(k, pv.pv_chunk.pc_pmap, pv.pv_va);
}

/** The PDE of an entry on the list of a frame of 4 MB. */
function pde_of(pv: pv_entry): number {
  return pmap_pde(pv.pv_chunk.pc_pmap, pv.pv_va);
}

/** How many mappings of the page have all of `bits` set; stops at `most`. */
function count_mappings(k: Kernel, m: vm_page, bits: number, most: number): number {
  const { ram32 } = k.machine;
  let count = 0;
  for (let pv = m.pv_list; pv !== null && count < most; pv = pv.pv_next)
    if ((ram32[pte_of(k, pv)] & bits) === bits) count++;
  for (let pv = pvh_first(k, m); pv !== null && count < most; pv = pv.pv_next)
    if ((ram32[pde_of(pv)] & bits) === bits) count++;
  return count;
}

export function pmap_is_modified(k: Kernel, m: vm_page): boolean {
  if ((m.aflags & PGA_WRITEABLE) === 0) return false;
  return count_mappings(k, m, PG_M | PG_RW, 1) > 0;
}

export function pmap_is_referenced(k: Kernel, m: vm_page): boolean {
  return count_mappings(k, m, PG_A | PG_V, 1) > 0;
}

export function pmap_page_is_mapped(k: Kernel, m: vm_page): boolean {
  return m.pv_list !== null || pvh_first(k, m) !== null;
}

/** Whether one of the first mappings of the page is of `pmap` (a guess, as in FreeBSD: 16 are looked at). */
export function pmap_page_exists_quick(k: Kernel, pmap: pmap, m: vm_page): boolean {
  let loops = 0;
  for (const first of [m.pv_list, pvh_first(k, m)]) {
    for (let pv = first; pv !== null && loops++ < 16; pv = pv.pv_next)
      if (pv.pv_chunk.pc_pmap === pmap) return true;
  }
  return false;
}

export function pmap_page_wired_mappings(k: Kernel, m: vm_page): number {
  return count_mappings(k, m, PG_W, Infinity);
}

/** Unmaps the page everywhere; 4 MB mappings are taken apart and keep the rest. */
export function pmap_remove_all(k: Kernel, m: vm_page): void {
  for (let pv = pvh_first(k, m); pv !== null; pv = pvh_first(k, m))
    pmap_demote_pde(k, pv.pv_chunk.pc_pmap, pv.pv_va);
  for (let pv = m.pv_list; pv !== null; pv = m.pv_list) {
    pmap_remove_page(k, pv.pv_chunk.pc_pmap, pv.pv_va);
  }
  m.aflags &= ~PGA_WRITEABLE;
}

/** Write-protects the page everywhere; what was modified is dirty. */
export function pmap_remove_write(k: Kernel, m: vm_page): void {
  if (m.oflags & VPO_UNMANAGED || (m.aflags & PGA_WRITEABLE) === 0) return;
  for (let pv = pvh_first(k, m); pv !== null;) {
    const next = pv.pv_next;
    if (k.machine.ram32[pde_of(pv)] & PG_RW) pmap_demote_pde(k, pv.pv_chunk.pc_pmap, pv.pv_va);
    pv = next;
  }
  for (let pv = m.pv_list; pv !== null; pv = pv.pv_next)
    pmap_write_protect_page(k, pv.pv_chunk.pc_pmap, pv.pv_va);
  m.aflags &= ~PGA_WRITEABLE;
}

/**
 * Whether the accessed bit of a 4 MB mapping, which 1024 pages share, is cleared when page `m` is
 * asked: for one page of the 1024, chosen by a hash. A wired mapping keeps the bit: without it the
 * mapping could not be demoted.
 */
function clears_pde(m: vm_page, pv: pv_entry, pde: number): boolean {
  const pmap_address = pv.pv_chunk.pc_pmap.pm_pdir >>> 12;
  return (
    (((m.phys_addr >>> 12) ^ (pv.pv_va >>> 22) ^ pmap_address) & 1023) === 0 && (pde & PG_W) === 0
  );
}

/** Counts accessed 4 MB mappings of the page, as pmap_ts_referenced does. */
function ts_referenced_pvh(k: Kernel, m: vm_page): number {
  const { ram32 } = k.machine;
  const pvh = k.pmap.pv_table[m.phys_addr >>> 22];
  const last = pvh.pv_list?.pv_prev ?? null;
  let count = 0;
  for (let pv = pvh.pv_list; pv !== null;) {
    const next = pv.pv_next;
    const at = pde_of(pv);
    const pde = ram32[at];
    if ((pde & (PG_M | PG_RW)) === (PG_M | PG_RW)) vm_page_dirty(m);
    if (pde & PG_A) {
      if (clears_pde(m, pv, pde)) {
        ram32[at] = pde & ~PG_A;
        pmap_invalidate_page(k, pv.pv_chunk.pc_pmap, pv.pv_va);
        if (k.events.mask & EV_PMAP)
          pmap_event(k, pv.pv_chunk.pc_pmap, 'clear', pv.pv_va, pde, ram32[at]);
      }
      count++;
    }
    if (pvh.pv_list?.pv_next) {
      pv_unlink(pvh, pv);
      pv_link(pvh, pv);
    }
    if (pv === last || count >= PMAP_TS_REFERENCED_MAX) break;
    pv = next;
  }
  return count;
}

/**
 * Clears the accessed bits of mappings until five were set. Those that were asked go to the end of
 * their list, so that the next call asks the others. @returns how many were set.
 */
export function pmap_ts_referenced(k: Kernel, m: vm_page): number {
  const { ram32 } = k.machine;
  let count = pvh_first(k, m) === null ? 0 : ts_referenced_pvh(k, m);
  if (count >= PMAP_TS_REFERENCED_MAX) return count;
  const last = m.pv_list?.pv_prev ?? null;
  for (let pv = m.pv_list; pv !== null;) {
    const next = pv.pv_next;
    const at = pte_of(k, pv);
    const entry = ram32[at];
    if ((entry & (PG_M | PG_RW)) === (PG_M | PG_RW)) vm_page_dirty(m);
    if (entry & PG_A) {
      ram32[at] = entry & ~PG_A;
      pmap_invalidate_page(k, pv.pv_chunk.pc_pmap, pv.pv_va);
      if (k.events.mask & EV_PMAP)
        pmap_event(k, pv.pv_chunk.pc_pmap, 'clear', pv.pv_va, entry, ram32[at]);
      count++;
    }
    if (m.pv_list?.pv_next) {
      pv_unlink(m, pv);
      pv_link(m, pv);
    }
    if (pv === last || count >= PMAP_TS_REFERENCED_MAX) break;
    pv = next;
  }
  return count;
}

/**
 * Clears the modified bits: the next write sets them again. A 4 MB mapping is taken apart, and the
 * page's part of it write-protected: the write that comes next may make it one again.
 */
export function pmap_clear_modify(k: Kernel, m: vm_page): void {
  if ((m.aflags & PGA_WRITEABLE) === 0) return;
  const { ram32 } = k.machine;
  for (let pv = pvh_first(k, m); pv !== null;) {
    const next = pv.pv_next;
    const { pc_pmap: pmap } = pv.pv_chunk;
    const oldpde = ram32[pde_of(pv)];
    const va = pv.pv_va + (m.phys_addr - ((oldpde & PG_PS_FRAME) >>> 0));
    if (oldpde & PG_RW && pmap_demote_pde(k, pmap, va) && (oldpde & PG_W) === 0)
      pmap_write_protect_page(k, pmap, va);
    pv = next;
  }
  for (let pv = m.pv_list; pv !== null; pv = pv.pv_next) {
    const at = pte_of(k, pv);
    const entry = ram32[at];
    if ((entry & (PG_M | PG_RW)) === (PG_M | PG_RW)) {
      ram32[at] = entry & ~PG_M;
      pmap_invalidate_page(k, pv.pv_chunk.pc_pmap, pv.pv_va);
      if (k.events.mask & EV_PMAP)
        pmap_event(k, pv.pv_chunk.pc_pmap, 'clear', pv.pv_va, entry, ram32[at]);
    }
  }
}
