// Structures of the physical map (i386/include/pmap.h).

import type { vm_page } from '../vm/vm_types.js';

/** The page tables of one address space. */
export interface pmap {
  /** Physical address of the page directory: what goes into CR3. */
  pm_pdir: number;
  /** Its page; null for the kernel's, which no process owns. */
  pm_ptdpg: vm_page | null;
  /** Loaded in CR3 now. */
  pm_active: boolean;
  /** Chunks of the pv entries for this map's pages; one with a free entry is first, if any has. */
  pm_pvchunk: pv_chunk | null;
  /** Pages mapped, and those of them wired. */
  resident_count: number;
  wired_count: number;
  /** Page table pages in use. */
  ptp_count: number;
  /** Tables that 4 MB mappings replace, by directory slot: demotion puts them back; null for none. */
  pm_root: Map<number, vm_page> | null;
  /** Process that the map belongs to, for events. */
  pm_pid: number;
}

/** What has mappings: a page, or a frame of 4 MB. */
export interface md_page {
  pv_list: pv_entry | null;
}

/** One mapping of a managed page. The address space is its chunk's. */
export interface pv_entry {
  pv_va: number;
  /** The page's list. The first entry's pv_prev is the last one, whose pv_next is null. */
  pv_next: pv_entry | null;
  pv_prev: pv_entry;
  /** Where the entry is, for ever. */
  pv_chunk: pv_chunk;
  pv_index: number;
}

/** Pv entries that belong to one pmap, allocated together (a page's worth in FreeBSD). */
export interface pv_chunk {
  pc_pmap: pmap;
  /** The pmap's list; pc_next also links the chunks that are free. */
  pc_next: pv_chunk | null;
  pc_prev: pv_chunk | null;
  /** All chunks in use, the least recently made first. */
  pc_lru_next: pv_chunk | null;
  pc_lru_prev: pv_chunk | null;
  /** One bit for each entry: 1 when it is free. */
  pc_map: Int32Array;
  pc_pventry: pv_entry[];
}
