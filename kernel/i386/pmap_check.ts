// Invariants of page tables and pv entries, both ways.

import type { Kernel } from '../sys/kernel.js';
import { PHYS_TO_VM_PAGE } from '../vm/vm_page.js';
import type { pmap } from './pmap_types.js';
import { PG_FRAME, PG_MANAGED, PG_RW, PG_V, PG_W, PTDPTDI } from './pte.js';
import { pmap_pte } from './pmap.js';
import { pv_chunk_check } from './pmap_chunk.js';
import { PGA_WRITEABLE } from '../vm/vm_param.js';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

function check_pmap(k: Kernel, pmap: pmap, bad: string[]): number {
  const { ram32 } = k.machine;
  let resident = 0;
  let wired = 0;
  let managed = 0;
  for (let slot = 0; slot < PTDPTDI; slot++) {
    const pde = ram32[(pmap.pm_pdir >>> 2) + slot];
    if ((pde & PG_V) === 0) continue;
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
      let found = false;
      for (let pv = m?.pv_list ?? null; pv !== null && !found; pv = pv.pv_next) {
        found = pv.pv_va === va && pv.pv_chunk.pc_pmap === pmap;
      }
      if (!found) bad.push(`PTE of ${hex(va)} (pid ${pmap.pm_pid}) has no pv entry`);
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

/** @returns one line per violation. */
export function pmap_check(k: Kernel): string[] {
  const bad: string[] = [];
  let managed = 0;
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
  if (entries !== managed) bad.push(`${entries} pv entries for ${managed} managed mappings`);
  if (entries !== k.pmap.pv_entry_count)
    bad.push(`pv_entry_count is ${k.pmap.pv_entry_count}, there are ${entries}`);
  bad.push(...pv_chunk_check(k));
  return bad;
}
