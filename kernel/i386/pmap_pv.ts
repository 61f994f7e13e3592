// From a page to all its mappings: pv entries, and the operations that need them.

import type { Kernel } from '../sys/kernel.js';
import { panic } from '../sys/panic.js';
import { PGA_WRITEABLE, VPO_UNMANAGED } from '../vm/vm_param.js';
import { vm_page_dirty } from '../vm/vm_page.js';
import type { vm_page } from '../vm/vm_types.js';
import {
  pmap_invalidate_page,
  pmap_pte,
  pmap_remove_page,
  pmap_write_protect_page,
} from './pmap.js';
import { free_pv_entry, get_pv_entry } from './pmap_chunk.js';
import type { pmap, pv_entry } from './pmap_types.js';
import { PG_A, PG_M, PG_RW, PG_W } from './pte.js';

/** Mappings of which the page daemon asks at a time (PMAP_TS_REFERENCED_MAX). */
const PMAP_TS_REFERENCED_MAX = 5;

/** At the end of the page's list. */
function pv_link(m: vm_page, pv: pv_entry): void {
  const first = m.pv_list;
  pv.pv_next = null;
  if (first === null) {
    m.pv_list = pv;
    pv.pv_prev = pv;
    return;
  }
  const last = first.pv_prev;
  last.pv_next = pv;
  pv.pv_prev = last;
  first.pv_prev = pv;
}

function pv_unlink(m: vm_page, pv: pv_entry): void {
  const first = m.pv_list as pv_entry;
  const next = pv.pv_next;
  if (pv === first) {
    m.pv_list = next;
    if (next !== null) next.pv_prev = pv.pv_prev;
  } else {
    pv.pv_prev.pv_next = next;
    (next ?? first).pv_prev = pv.pv_prev;
  }
  pv.pv_next = null;
  pv.pv_prev = pv;
}

export function pv_insert(k: Kernel, pmap: pmap, va: number, m: vm_page): void {
  const pv = get_pv_entry(k, pmap);
  pv.pv_va = va;
  pv_link(m, pv);
}

function pv_find(pmap: pmap, va: number, m: vm_page): pv_entry {
  for (let pv = m.pv_list; pv !== null; pv = pv.pv_next) {
    if (pv.pv_va === va && pv.pv_chunk.pc_pmap === pmap) return pv;
  }
  return panic(
    `pv_find: page 0x${m.phys_addr.toString(16)} has no pv entry for 0x${va.toString(16)}`,
  );
}

export function pv_remove(k: Kernel, pmap: pmap, va: number, m: vm_page): void {
  const pv = pv_find(pmap, va, m);
  pv_unlink(m, pv);
  free_pv_entry(k, pv);
  if (m.pv_list === null) m.aflags &= ~PGA_WRITEABLE;
}

/** The entry for `va` serves page `to` instead of `from`. */
export function pv_move(pmap: pmap, va: number, from: vm_page, to: vm_page): void {
  const pv = pv_find(pmap, va, from);
  pv_unlink(from, pv);
  if (from.pv_list === null) from.aflags &= ~PGA_WRITEABLE;
  pv_link(to, pv);
}

/** Takes an entry off its page's list; the caller frees it, alone or with its chunk. */
export function pv_detach(m: vm_page, pv: pv_entry): void {
  pv_unlink(m, pv);
  if (m.pv_list === null) m.aflags &= ~PGA_WRITEABLE;
}

function pte_of(k: Kernel, pv: pv_entry): number {
  return pmap_pte(k, pv.pv_chunk.pc_pmap, pv.pv_va);
}

export function pmap_is_modified(k: Kernel, m: vm_page): boolean {
  if ((m.aflags & PGA_WRITEABLE) === 0) return false;
  for (let pv = m.pv_list; pv !== null; pv = pv.pv_next) {
    const entry = k.machine.ram32[pte_of(k, pv)];
    if ((entry & (PG_M | PG_RW)) === (PG_M | PG_RW)) return true;
  }
  return false;
}

export function pmap_is_referenced(k: Kernel, m: vm_page): boolean {
  for (let pv = m.pv_list; pv !== null; pv = pv.pv_next) {
    if (k.machine.ram32[pte_of(k, pv)] & PG_A) return true;
  }
  return false;
}

export function pmap_page_is_mapped(m: vm_page): boolean {
  return m.pv_list !== null;
}

export function pmap_page_wired_mappings(k: Kernel, m: vm_page): number {
  let count = 0;
  for (let pv = m.pv_list; pv !== null; pv = pv.pv_next) {
    if (k.machine.ram32[pte_of(k, pv)] & PG_W) count++;
  }
  return count;
}

/** Unmaps the page everywhere. */
export function pmap_remove_all(k: Kernel, m: vm_page): void {
  for (let pv = m.pv_list; pv !== null; pv = m.pv_list) {
    pmap_remove_page(k, pv.pv_chunk.pc_pmap, pv.pv_va);
  }
  m.aflags &= ~PGA_WRITEABLE;
}

/** Write-protects the page everywhere; what was modified is dirty. */
export function pmap_remove_write(k: Kernel, m: vm_page): void {
  if (m.oflags & VPO_UNMANAGED || (m.aflags & PGA_WRITEABLE) === 0) return;
  for (let pv = m.pv_list; pv !== null; pv = pv.pv_next)
    pmap_write_protect_page(k, pv.pv_chunk.pc_pmap, pv.pv_va);
  m.aflags &= ~PGA_WRITEABLE;
}

/**
 * Clears the accessed bits of mappings until five were set. Those that were asked go to the end of
 * the page's list, so that the next call asks the others. @returns how many were set.
 */
export function pmap_ts_referenced(k: Kernel, m: vm_page): number {
  const { ram32 } = k.machine;
  let count = 0;
  const last = m.pv_list?.pv_prev ?? null;
  for (let pv = m.pv_list; pv !== null;) {
    const next = pv.pv_next;
    const at = pte_of(k, pv);
    const entry = ram32[at];
    if ((entry & (PG_M | PG_RW)) === (PG_M | PG_RW)) vm_page_dirty(m);
    if (entry & PG_A) {
      ram32[at] = entry & ~PG_A;
      pmap_invalidate_page(k, pv.pv_chunk.pc_pmap, pv.pv_va);
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

/** Clears the modified bits: the next write sets them again. */
export function pmap_clear_modify(k: Kernel, m: vm_page): void {
  if ((m.aflags & PGA_WRITEABLE) === 0) return;
  for (let pv = m.pv_list; pv !== null; pv = pv.pv_next) {
    const at = pte_of(k, pv);
    const entry = k.machine.ram32[at];
    if ((entry & (PG_M | PG_RW)) === (PG_M | PG_RW)) {
      k.machine.ram32[at] = entry & ~PG_M;
      pmap_invalidate_page(k, pv.pv_chunk.pc_pmap, pv.pv_va);
    }
  }
}
