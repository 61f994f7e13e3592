// The i386 pmap: real page directories and page tables in the machine's memory (i386/pmap.c,
// freebsd-vm A27). User mappings may vanish at any time and come back by faulting. Reference and
// modified bits are collected from the entries whenever one is changed or removed.

import { EV_PMAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KERNBASE, PAGE_SIZE } from '../sys/param.js';
import { KASSERT } from '../sys/panic.js';
import {
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  OBJ_COLORED,
  PGA_REFERENCED,
  PGA_WRITEABLE,
  VM_ALLOC_NOOBJ,
  VM_ALLOC_SYSTEM,
  VM_ALLOC_WIRED,
  VM_PROT_NONE,
  VM_PROT_WRITE,
  VPO_UNMANAGED,
} from '../vm/vm_param.js';
import { PHYS_TO_VM_PAGE, vm_page_alloc, vm_page_dirty, vm_page_free } from '../vm/vm_page.js';
import type { vm_object, vm_page } from '../vm/vm_types.js';
import {
  KPTDI,
  NPDEPG,
  PG_A,
  PG_FRAME,
  PG_G,
  PG_M,
  PG_MANAGED,
  PG_RW,
  PG_U,
  PG_V,
  PG_W,
  PTDPTDI,
} from './pte.js';
import { _NPCPV, free_pv_chunk, pv_chunk_limit, pv_in_use } from './pmap_chunk.js';
import { pv_detach, pv_insert, pv_move, pv_remove } from './pmap_pv.js';
import type { pmap, pv_chunk } from './pmap_types.js';

export { pmap_check } from './pmap_check.js';
export {
  pmap_clear_modify,
  pmap_is_modified,
  pmap_is_referenced,
  pmap_page_is_mapped,
  pmap_page_wired_mappings,
  pmap_remove_all,
  pmap_remove_write,
  pmap_ts_referenced,
} from './pmap_pv.js';

/** Bytes that one directory entry maps. */
const NBPDR = 1 << 22;

const frame_of = (entry: number): number => (entry & PG_FRAME) >>> 0;

export function kernel_pmap(k: Kernel): pmap {
  return k.pmap.kernel_pmap;
}

/** Word index in ram32 of the PTE for `va`, or -1 when there is no page table. */
export function pmap_pte(k: Kernel, pmap: pmap, va: number): number {
  const pde = k.machine.ram32[(pmap.pm_pdir >>> 2) + (va >>> 22)];
  if ((pde & PG_V) === 0) return -1;
  return (frame_of(pde) >>> 2) + ((va >>> 12) & 0x3ff);
}

/** The PTE itself, 0 when there is none: for events and display. */
export function pmap_pte_value(k: Kernel, pmap: pmap, va: number): number {
  const at = pmap_pte(k, pmap, va);
  return at < 0 ? 0 : k.machine.ram32[at];
}

export function pmap_event(
  k: Kernel,
  pmap: pmap,
  op: 'enter' | 'remove' | 'protect' | 'invalidate' | 'table' | 'load',
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

/** Mappings of shared pages that each process is given room for (vm.pmap.shpgperproc). */
const SHPGPERPROC = 200;

export function pmap_init(k: Kernel): void {
  pmap_growkernel(k, KERNBASE + (4 << 22));
  pv_chunk_limit(k, SHPGPERPROC * k.kern.maxproc + k.vm.cnt.v_page_count);
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

/** The PTE for `va`, with a page table allocated for it. @returns -1 when there is no page. */
function pmap_allocpte(k: Kernel, pmap: pmap, va: number): number {
  const at = pmap_pte(k, pmap, va);
  if (at >= 0) return at;
  KASSERT(va < KERNBASE, () => 'pmap_allocpte: kernel address without a page table');
  const m = vm_page_alloc(k, null, va >>> 22, VM_ALLOC_SYSTEM | VM_ALLOC_NOOBJ | VM_ALLOC_WIRED);
  if (m === null) return -1;
  pmap_zero_page(k, m);
  m.wire_count = 0; // counts the table's valid entries; kept out of the queues by having no object
  k.machine.ram32[(pmap.pm_pdir >>> 2) + (va >>> 22)] =
    m.phys_addr | PG_U | PG_RW | PG_V | PG_A | PG_M;
  pmap.ptp_count++;
  pmap.resident_count++;
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'table', va, 0, m.phys_addr);
  return (m.phys_addr >>> 2) + ((va >>> 12) & 0x3ff);
}

/** One valid entry less in the page table for `va`; frees the table with the last. */
function pmap_unuse_pt(k: Kernel, pmap: pmap, va: number): void {
  if (va >= KERNBASE) return;
  const slot = (pmap.pm_pdir >>> 2) + (va >>> 22);
  const m = PHYS_TO_VM_PAGE(k, frame_of(k.machine.ram32[slot])) as vm_page;
  if (--m.wire_count > 0) return;
  k.machine.ram32[slot] = 0;
  pmap.ptp_count--;
  pmap.resident_count--;
  k.vm.cnt.v_wire_count--;
  // The recursive map shows the table at PTmap: that translation goes as well.
  pmap_invalidate_page(k, pmap, 0xbfc00000 + (va >>> 22) * PAGE_SIZE);
  vm_page_free(k, m);
}

function pte_bits(pmap: pmap, kernel: pmap, prot: number, wired: boolean): number {
  let bits = PG_V;
  if (prot & VM_PROT_WRITE) bits |= PG_RW;
  if (pmap === kernel) bits |= PG_G;
  else bits |= PG_U;
  if (wired) bits |= PG_W;
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
  let entry = m.phys_addr | pte_bits(pmap, k.pmap.kernel_pmap, prot, wired) | PG_A;
  if (managed) entry |= PG_MANAGED;
  if (access & VM_PROT_WRITE && prot & VM_PROT_WRITE) entry |= PG_M;

  if (old & PG_V) {
    if ((old ^ entry) & PG_W) pmap.wired_count += entry & PG_W ? 1 : -1;
    if (frame_of(old) === m.phys_addr) {
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
    if (old & PG_V) pmap_invalidate_page(k, pmap, va);
    if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'enter', va, old, entry);
  }
  return KERN_SUCCESS;
}

/** The page table that has the entry at word `at`. */
function ptp_of(k: Kernel, at: number): vm_page {
  return k.vm.vm_page_array[at >>> 10] as vm_page;
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
  if (from !== null && managed !== null) pv_move(pmap, va, from, managed);
  else if (from !== null) pv_remove(k, pmap, va, from);
  else if (managed !== null) pv_insert(k, pmap, va, managed);
}

/** Saves A and M of an entry that goes away in its page. */
function save_pte(m: vm_page, old: number): void {
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
  let entry = m.phys_addr | pte_bits(pmap, k.pmap.kernel_pmap, prot & ~VM_PROT_WRITE, false);
  if ((m.oflags & VPO_UNMANAGED) === 0) {
    entry |= PG_MANAGED;
    pv_insert(k, pmap, va, m);
  }
  if (va < KERNBASE) ptp_of(k, at).wire_count++;
  pmap.resident_count++;
  ram32[at] = entry;
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'enter', va, 0, entry);
}

/** Removes the entry at word `at`; the page table is freed with its last entry. */
function pmap_remove_pte(k: Kernel, pmap: pmap, va: number, at: number): void {
  const old = k.machine.ram32[at];
  k.machine.ram32[at] = 0;
  if (old & PG_W) pmap.wired_count--;
  if (old & PG_MANAGED) {
    const m = PHYS_TO_VM_PAGE(k, frame_of(old)) as vm_page;
    save_pte(m, old);
    pv_remove(k, pmap, va, m);
  }
  pmap.resident_count--;
  pmap_invalidate_page(k, pmap, va);
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'remove', va, old, 0);
  pmap_unuse_pt(k, pmap, va);
}

/** Calls `visit` with the word index of every valid PTE in [sva, eva). */
function for_each_pte(
  k: Kernel,
  pmap: pmap,
  sva: number,
  eva: number,
  visit: (k: Kernel, pmap: pmap, va: number, at: number) => void,
): void {
  const { ram32 } = k.machine;
  for (let va = sva; va < eva;) {
    const end = Math.min(eva, Math.floor(va / 0x400000 + 1) * 0x400000);
    const table = pmap_pte(k, pmap, va);
    if (table >= 0) {
      for (let at = table; va < end; va += PAGE_SIZE, at++) {
        if ((ram32[at] & PG_V) === 0) continue;
        visit(k, pmap, va, at);
        // The table itself goes with its last entry.
        if (pmap_pte(k, pmap, va) < 0) break;
      }
    }
    va = end;
  }
}

/** Unmaps [sva, eva). */
export function pmap_remove(k: Kernel, pmap: pmap, sva: number, eva: number): void {
  if (pmap.resident_count === 0) return;
  for_each_pte(k, pmap, sva, eva, pmap_remove_pte);
}

/** Unmaps one address through its pv entry. */
export function pmap_remove_page(k: Kernel, pmap: pmap, va: number): void {
  const at = pmap_pte(k, pmap, va);
  if (at >= 0 && k.machine.ram32[at] & PG_V) pmap_remove_pte(k, pmap, va, at);
}

function write_protect_pte(k: Kernel, pmap: pmap, va: number, at: number): void {
  const old = k.machine.ram32[at];
  if ((old & PG_RW) === 0) return;
  if (old & PG_MANAGED && old & PG_M) vm_page_dirty(PHYS_TO_VM_PAGE(k, frame_of(old)) as vm_page);
  k.machine.ram32[at] = old & ~(PG_RW | PG_M);
  pmap_invalidate_page(k, pmap, va);
  if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'protect', va, old, old & ~(PG_RW | PG_M));
}

/** Takes rights away in [sva, eva); rights gained come with the next fault. */
export function pmap_protect(k: Kernel, pmap: pmap, sva: number, eva: number, prot: number): void {
  if (prot === VM_PROT_NONE) pmap_remove(k, pmap, sva, eva);
  else if ((prot & VM_PROT_WRITE) === 0) for_each_pte(k, pmap, sva, eva, write_protect_pte);
}

/** Write-protects one address through its pv entry. */
export function pmap_write_protect_page(k: Kernel, pmap: pmap, va: number): void {
  const at = pmap_pte(k, pmap, va);
  if (at >= 0) write_protect_pte(k, pmap, va, at);
}

/** Drops the wired bit in [sva, eva). */
export function pmap_unwire(k: Kernel, pmap: pmap, sva: number, eva: number): void {
  for_each_pte(k, pmap, sva, eva, (kernel, map, _va, at) => {
    if (kernel.machine.ram32[at] & PG_W) {
      kernel.machine.ram32[at] &= ~PG_W;
      map.wired_count--;
    }
  });
}

/**
 * Copies mappings of a parent to a child at fork: not wired, modified or referenced. Only for the
 * current process, and only as far as there are pages for tables: it is an optimisation.
 */
export function pmap_copy(k: Kernel, dst: pmap, src: pmap, start: number, end: number): void {
  if (!src.pm_active) return;
  const { ram32 } = k.machine;
  for (let va = start; va < end;) {
    const next = Math.min(end, Math.floor(va / NBPDR + 1) * NBPDR);
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
    ptp_of(k, to + at).wire_count++;
    pv_insert(k, dst, va, PHYS_TO_VM_PAGE(k, frame_of(entry)) as vm_page);
    dst.resident_count++;
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
  if (pmap.pm_active) k.machine.flushTlb(false);
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
    const at = pmap_pte(k, pmap, va);
    const old = ram32[at];
    if (old & PG_W) {
      wired = true;
      continue;
    }
    ram32[at] = 0;
    const m = PHYS_TO_VM_PAGE(k, frame_of(old)) as vm_page;
    if ((old & (PG_M | PG_RW)) === (PG_M | PG_RW)) vm_page_dirty(m);
    pv_detach(m, pv);
    pc_map[i >>> 5] |= 1 << (i & 31);
    k.pmap.pv_entry_count--;
    pmap.resident_count--;
    if (k.events.mask & EV_PMAP) pmap_event(k, pmap, 'remove', va, old, 0);
    pmap_unuse_pt(k, pmap, va);
  }
  if (!wired) free_pv_chunk(k, pc);
}

/** Physical address of `va`, or -1. */
export function pmap_extract(k: Kernel, pmap: pmap, va: number): number {
  const entry = pmap_pte_value(k, pmap, va);
  return entry & PG_V ? frame_of(entry) + (va & 0xfff) : -1;
}

/** The page at `va`, held, if the entry permits `prot`. */
export function pmap_extract_and_hold(
  k: Kernel,
  pmap: pmap,
  va: number,
  prot: number,
): vm_page | null {
  const entry = pmap_pte_value(k, pmap, va);
  if ((entry & PG_V) === 0 || (prot & VM_PROT_WRITE && (entry & PG_RW) === 0)) return null;
  const m = PHYS_TO_VM_PAGE(k, frame_of(entry));
  if (m !== null) m.hold_count++;
  return m;
}

/** mincore(2) bits of an address and its physical address; 0 and -1 when it is not mapped. */
export function pmap_mincore(k: Kernel, pmap: pmap, va: number): { bits: number; pa: number } {
  const entry = pmap_pte_value(k, pmap, va);
  if ((entry & PG_V) === 0) return { bits: 0, pa: -1 };
  let bits = 1;
  if ((entry & (PG_M | PG_RW)) === (PG_M | PG_RW)) bits |= 4 | 0x10;
  if (entry & PG_A) bits |= 2 | 8;
  return { bits, pa: frame_of(entry) };
}

/** Wired kernel mappings of pages at `va`. */
export function pmap_qenter(k: Kernel, va: number, pages: readonly vm_page[]): void {
  pages.forEach((m, i) => {
    const at = pmap_pte(k, k.pmap.kernel_pmap, va + i * PAGE_SIZE);
    k.machine.ram32[at] = m.phys_addr | PG_V | PG_RW | PG_G | PG_A | PG_M | PG_W;
    k.machine.invlpg(va + i * PAGE_SIZE);
  });
}

export function pmap_qremove(k: Kernel, va: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const at = pmap_pte(k, k.pmap.kernel_pmap, va + i * PAGE_SIZE);
    k.machine.ram32[at] = 0;
    k.machine.invlpg(va + i * PAGE_SIZE);
  }
}

export function pmap_zero_page(k: Kernel, m: vm_page): void {
  const first = m.phys_addr >>> 2;
  k.machine.ram32.fill(0, first, first + 1024);
  k.machine.physStored(m.phys_addr, PAGE_SIZE);
}

export function pmap_copy_page(k: Kernel, src: vm_page, dst: vm_page): void {
  const first = src.phys_addr >>> 2;
  k.machine.ram32.copyWithin(dst.phys_addr >>> 2, first, first + 1024);
  k.machine.physStored(dst.phys_addr, PAGE_SIZE);
}

/**
 * The lowest address not below `addr` at which a mapping of `object` from `offset` could use 4 MB
 * pages, or `addr` itself when the mapping has no room for a whole one.
 */
export function pmap_align_superpage(
  object: vm_object | null,
  offset: number,
  addr: number,
  size: number,
): number {
  if (size < NBPDR) return addr;
  const colour = object !== null && object.flags & OBJ_COLORED ? object.pg_color * PAGE_SIZE : 0;
  const phase = (offset + colour) % NBPDR;
  if (size - ((NBPDR - phase) % NBPDR) < NBPDR || addr % NBPDR === phase) return addr;
  const base = addr - (addr % NBPDR) + phase;
  return addr % NBPDR < phase ? base : base + NBPDR;
}
