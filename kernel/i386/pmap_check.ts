// Invariants of page tables and pv entries, both ways.

import type { Kernel } from '../sys/kernel.js';
import { PHYS_TO_VM_PAGE } from '../vm/vm_page.js';
import type { md_page, pmap } from './pmap_types.js';
import {
  KPTDI,
  NPTEPG,
  PG_FRAME,
  PG_M,
  PG_MANAGED,
  PG_PS,
  PG_PS_FRAME,
  PG_RW,
  PG_V,
  PG_W,
  PTDPTDI,
} from './pte.js';
import { kernel_pmap, pmap_pde, pmap_pte } from './pmap.js';
import { pv_chunk_check } from './pmap_chunk.js';
import { PGA_WRITEABLE } from '../vm/vm_param.js';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

function has_pv(md: md_page | null, pmap: pmap, va: number): boolean {
  for (let pv = md?.pv_list ?? null; pv !== null; pv = pv.pv_next)
    if (pv.pv_va === va && pv.pv_chunk.pc_pmap === pmap) return true;
  return false;
}

/** A 4 MB mapping: writable only when modified, known to its frame's list, its pages writable. */
function check_superpage(k: Kernel, pmap: pmap, va: number, pde: number, bad: string[]): void {
  const name = `4 MB mapping of ${hex(va)} (pid ${pmap.pm_pid})`;
  if ((pde & (PG_M | PG_RW)) === PG_RW) bad.push(`${name} is writable and not modified`);
  if ((pde & PG_MANAGED) === 0) return;
  const pa = (pde & PG_PS_FRAME) >>> 0;
  if (!has_pv(k.pmap.pv_table[pa >>> 22] ?? null, pmap, va)) bad.push(`${name} has no pv entry`);
  for (let i = 0; i < NPTEPG; i++) {
    const m = PHYS_TO_VM_PAGE(k, pa + i * 4096);
    if (m === null) bad.push(`${name}: there is no page ${i}`);
    else if (m.object === null) bad.push(`${name}: page ${i} has no object`);
    else if (pde & PG_RW && (m.aflags & PGA_WRITEABLE) === 0)
      bad.push(`${name} is writable, page ${i} does not say so`);
  }
}

function check_pmap(k: Kernel, pmap: pmap, bad: string[]): number {
  const { ram32 } = k.machine;
  let resident = 0;
  let wired = 0;
  let managed = 0;
  for (let slot = 0; slot < PTDPTDI; slot++) {
    const pde = ram32[(pmap.pm_pdir >>> 2) + slot];
    if ((pde & PG_V) === 0) continue;
    if (pde & PG_PS) {
      check_superpage(k, pmap, slot * 0x400000, pde, bad);
      resident += NPTEPG + (pmap.pm_root?.has(slot) ? 1 : 0);
      if (pde & PG_W) wired += NPTEPG;
      if (pde & PG_MANAGED) managed++;
      continue;
    }
    if (pmap.pm_root?.has(slot))
      bad.push(`pmap of pid ${pmap.pm_pid} keeps a spare page table for ${hex(slot * 0x400000)}`);
    const table = (pde & PG_FRAME) >>> 0;
    let valid = 0;
    for (let i = 0; i < 1024; i++) {
      const entry = ram32[(table >>> 2) + i];
      if ((entry & PG_V) === 0) continue;
      valid++;
      const va = slot * 0x400000 + i * 4096;
      if (entry & PG_W) wired++;
      if ((entry & PG_MANAGED) === 0) continue;
      managed++;
      const m = PHYS_TO_VM_PAGE(k, (entry & PG_FRAME) >>> 0);
      if (!has_pv(m, pmap, va)) bad.push(`PTE of ${hex(va)} (pid ${pmap.pm_pid}) has no pv entry`);
      if (m && entry & PG_RW && (m.aflags & PGA_WRITEABLE) === 0) {
        bad.push(`PTE of ${hex(va)} is writable, its page does not say so`);
      }
    }
    resident += valid + 1;
    const ptp = PHYS_TO_VM_PAGE(k, table);
    if (ptp === null || ptp.wire_count !== valid) {
      bad.push(
        `page table for ${hex(slot * 0x400000)} counts ${ptp?.wire_count ?? -1} entries, has ${valid}`,
      );
    }
  }
  if (resident !== pmap.resident_count) {
    bad.push(
      `pmap of pid ${pmap.pm_pid} counts ${pmap.resident_count} resident pages, has ${resident}`,
    );
  }
  if (wired !== pmap.wired_count)
    bad.push(`pmap of pid ${pmap.pm_pid} counts ${pmap.wired_count} wired, has ${wired}`);
  return managed;
}

/** Pageable memory of the kernel (its submaps). @returns how many of its mappings are managed. */
function check_kernel_pmap(k: Kernel, bad: string[]): number {
  const { ram32 } = k.machine;
  const pmap = kernel_pmap(k);
  let managed = 0;
  for (let slot = KPTDI; slot < 1024; slot++) {
    const pde = ram32[(pmap.pm_pdir >>> 2) + slot];
    if ((pde & (PG_V | PG_PS)) !== PG_V) continue;
    const table = (pde & PG_FRAME) >>> 2;
    for (let i = 0; i < 1024; i++) {
      const entry = ram32[table + i];
      if ((entry & (PG_V | PG_MANAGED)) !== (PG_V | PG_MANAGED)) continue;
      managed++;
      const va = slot * 0x400000 + i * 4096;
      if (!has_pv(PHYS_TO_VM_PAGE(k, (entry & PG_FRAME) >>> 0), pmap, va))
        bad.push(`kernel PTE of ${hex(va)} has no pv entry`);
    }
  }
  return managed;
}

/** @returns one line per violation. */
export function pmap_check(k: Kernel): string[] {
  const bad: string[] = [];
  let managed = check_kernel_pmap(k, bad);
  for (const pmap of k.pmap.allpmaps) managed += check_pmap(k, pmap, bad);
  let entries = 0;
  for (const m of k.vm.vm_page_array) {
    for (let pv = m?.pv_list ?? null; pv !== null; pv = pv.pv_next) {
      entries++;
      const at = pmap_pte(k, pv.pv_chunk.pc_pmap, pv.pv_va);
      const entry = at < 0 ? 0 : k.machine.ram32[at];
      if ((entry & PG_V) === 0 || (entry & PG_FRAME) >>> 0 !== m?.phys_addr) {
        bad.push(`pv entry of page ${hex(m?.phys_addr ?? 0)} at ${hex(pv.pv_va)} has no PTE`);
      }
    }
  }
  for (const [frame, pvh] of k.pmap.pv_table.entries()) {
    for (let pv = (pvh as md_page | undefined)?.pv_list ?? null; pv !== null; pv = pv.pv_next) {
      entries++;
      const pde = k.machine.ram32[pmap_pde(pv.pv_chunk.pc_pmap, pv.pv_va)];
      if ((pde & (PG_PS | PG_V)) !== (PG_PS | PG_V) || pde >>> 22 !== frame)
        bad.push(`pv entry of frame ${hex(frame << 22)} at ${hex(pv.pv_va)} has no 4 MB mapping`);
    }
  }
  if (entries !== managed) bad.push(`${entries} pv entries for ${managed} managed mappings`);
  if (entries !== k.pmap.pv_entry_count)
    bad.push(`pv_entry_count is ${k.pmap.pv_entry_count}, there are ${entries}`);
  bad.push(...pv_chunk_check(k));
  return bad;
}
