// ddb's page table commands: show pte, pv (amd64's show pte; i386/pmap.c). Entries are read from the
// machine's memory; no accessed bit is set.

import type { Kernel } from '../sys/kernel.js';
import {
  NBPDR,
  NPTEPG,
  PG_FRAME,
  PG_MANAGED,
  PG_PS,
  PG_PS_FRAME,
  PG_RW,
  PG_U,
  PG_V,
} from '../i386/pte.js';
import type { pmap } from '../i386/pmap_types.js';
import { PHYS_TO_VM_PAGE } from '../vm/vm_phys.js';
import { hex, pte_bit_names, pte_text } from './db_names.js';
import { process_of } from './db_vm_map.js';
import { pv_entries } from './db_vm_page.js';

/** What the page tables say of an address. Addresses are physical unless they are called va. */
export interface db_pte {
  va: number;
  /** Page directory: CR3. */
  pm_pdir: number;
  pdi: number;
  pde_address: number;
  pde: number;
  pde_bits: string[];
  /** -1 where there is no page table. */
  pti: number;
  pte_address: number;
  pte: number;
  pte_bits: string[];
  valid: boolean;
  large: boolean;
  /** Rights of both levels together. */
  writable: boolean;
  user: boolean;
  managed: boolean;
  /** Of the byte; -1 when it is not mapped. */
  pa: number;
  /** Of the 4 KB frame; -1 when it is not mapped. */
  frame: number;
}

/** A mapping of a page: `pte` is the directory entry when it is one of 4 MB. */
export interface db_pv {
  pid: number;
  va: number;
  large: boolean;
  pte: number;
  pte_bits: string[];
}

/** show pv: all mappings of one page. */
export interface db_pv_list {
  phys_addr: number;
  object: number;
  pindex: number;
  mappings: db_pv[];
}

/** What `pmap` says of `va`. */
export function db_pte_of(k: Kernel, pmap: pmap, va: number): db_pte {
  const { ram32 } = k.machine;
  const pdi = va >>> 22;
  const pde_address = pmap.pm_pdir + pdi * 4;
  const pde = (ram32[pde_address >>> 2] ?? 0) >>> 0;
  const result: db_pte = {
    va,
    pm_pdir: pmap.pm_pdir,
    pdi,
    pde_address,
    pde,
    pde_bits: pte_bit_names(pde, true),
    pti: -1,
    pte_address: -1,
    pte: 0,
    pte_bits: [],
    valid: false,
    large: false,
    writable: false,
    user: false,
    managed: false,
    pa: -1,
    frame: -1,
  };
  if ((pde & PG_V) === 0) return result;
  let rights = pde;
  if (pde & PG_PS) {
    result.large = true;
    result.managed = (pde & PG_MANAGED) !== 0;
    result.pa = ((pde & PG_PS_FRAME) | (va & ~PG_PS_FRAME)) >>> 0;
  } else {
    result.pti = (va >>> 12) & (NPTEPG - 1);
    result.pte_address = ((pde & PG_FRAME) >>> 0) + result.pti * 4;
    result.pte = (ram32[result.pte_address >>> 2] ?? 0) >>> 0;
    result.pte_bits = pte_bit_names(result.pte);
    if ((result.pte & PG_V) === 0) return result;
    rights &= result.pte;
    result.managed = (result.pte & PG_MANAGED) !== 0;
    result.pa = ((result.pte & PG_FRAME) | (va & 0xfff)) >>> 0;
  }
  result.valid = true;
  result.frame = result.pa - (result.pa % 4096);
  result.writable = (rights & PG_RW) !== 0;
  result.user = (rights & PG_U) !== 0;
  return result;
}

/** The page tables of a process, of the current or first one (null), or the kernel's (0). */
export function pmap_of(k: Kernel, pid: number | null): pmap | null {
  if (pid === 0) return k.pmap.kernel_pmap;
  return process_of(k, pid)?.p_vmspace?.vm_pmap ?? null;
}

/** show pte. @returns null when there is no such process. */
export function db_show_pte(k: Kernel, va: number, pid: number | null): db_pte | null {
  const pmap = pmap_of(k, pid);
  return pmap === null ? null : db_pte_of(k, pmap, va);
}

/** show pv: mappings of the page at physical address `pa`; null when the kernel manages none there. */
export function db_show_pv(k: Kernel, pa: number): db_pv_list | null {
  const m = PHYS_TO_VM_PAGE(k, pa);
  if (m === null) return null;
  const mappings: db_pv[] = [];
  for (const { pv_chunk, pv_va } of pv_entries(k, m)) {
    const { pc_pmap } = pv_chunk;
    const { pde, pte, large } = db_pte_of(k, pc_pmap, pv_va);
    const entry = large ? pde : pte;
    // A 4 MB mapping is listed by where it begins.
    const va = large ? pv_va + (m.phys_addr % NBPDR) : pv_va;
    mappings.push({
      pid: pc_pmap.pm_pid,
      va,
      large,
      pte: entry,
      pte_bits: pte_bit_names(entry, large),
    });
  }
  return { phys_addr: m.phys_addr, object: m.object?.id ?? 0, pindex: m.pindex, mappings };
}

/** The walk as one line a level. */
export function pte_lines(p: db_pte): string[] {
  const lines = [
    `CR3 ${hex(p.pm_pdir)}`,
    `PDE[${p.pdi}] at ${hex(p.pde_address)} = ${pte_text(p.pde, true)}`,
  ];
  if (p.pti >= 0) lines.push(`PTE[${p.pti}] at ${hex(p.pte_address)} = ${pte_text(p.pte)}`);
  return lines;
}

export function show_pte_text(p: db_pte): string {
  const end = p.valid ? `frame ${hex(p.frame)}, byte ${hex(p.pa)}` : 'not mapped';
  return `VA ${hex(p.va)}: ${[...pte_lines(p), end].join(' -> ')}`;
}

export function show_pv_text(list: db_pv_list): string {
  const name = list.object === 0 ? 'no object' : `object #${list.object}[${hex(list.pindex)}]`;
  return [
    `page ${hex(list.phys_addr)}: ${name}, ${list.mappings.length} mappings`,
    ...list.mappings.map(
      ({ pid, va, pte, large }) =>
        `  pid ${pid} va ${hex(va)} ${large ? 'pde' : 'pte'} ${pte_text(pte, large)}`,
    ),
  ].join('\n');
}
