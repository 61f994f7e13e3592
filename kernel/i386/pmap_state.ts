// State of the pmap module as a whole.

import type { md_page, pmap, pv_chunk } from './pmap_types.js';

export interface PmapState {
  kernel_pmap: pmap;
  /** The pmap whose directory is in CR3. */
  curpmap: pmap | null;
  /** All user pmaps: kernel directory entries are copied into each (pm_list). */
  allpmaps: Set<pmap>;
  pv_entry_count: number;
  /** Chunks in use, in the order of their making (pv_chunks), and how many; those that are free. */
  pv_chunks: pv_chunk | null;
  pv_chunks_last: pv_chunk | null;
  pv_chunk_count: number;
  pv_chunks_free: pv_chunk | null;
  pv_chunks_free_count: number;
  /** Most chunks at a time: more mappings throw older ones away (pv_maxchunks). */
  pv_maxchunks: number;
  /** Most pv entries (vm.pmap.pv_entry_max), of which each process has shpgperproc. */
  pv_entry_max: number;
  shpgperproc: number;
  /** 4 MB mappings by frame of 4 MB. */
  pv_table: md_page[];
  /** Whether 4 MB mappings are made (vm.pmap.pg_ps_enabled), and what became of them. */
  pg_ps_enabled: boolean;
  pde_promotions: number;
  pde_demotions: number;
  pde_mappings: number;
  pde_p_failures: number;
  /** Whether all eight PAT entries can be used, and the entry of each VM_MEMATTR_*. */
  pat_works: boolean;
  pat_index: number[];
  /** End of the kernel virtual addresses that have page tables. */
  kernel_vm_end: number;
  /** Words of the entries that map CADDR1 and CADDR2; 0 before their page table is there. */
  cmap1: number;
  cmap2: number;
}

/** A pmap without a directory yet: see pmap_pinit. */
export function pmap_create(): pmap {
  return {
    pm_pdir: 0,
    pm_ptdpg: null,
    pm_active: false,
    pm_pvchunk: null,
    resident_count: 0,
    wired_count: 0,
    ptp_count: 0,
    pm_root: null,
    pm_pid: 0,
  };
}

export function pmap_state_init(): PmapState {
  return {
    kernel_pmap: pmap_create(),
    curpmap: null,
    allpmaps: new Set(),
    pv_entry_count: 0,
    pv_chunks: null,
    pv_chunks_last: null,
    pv_chunk_count: 0,
    pv_chunks_free: null,
    pv_chunks_free_count: 0,
    pv_maxchunks: 0,
    pv_entry_max: 0,
    shpgperproc: 200,
    pv_table: [],
    pg_ps_enabled: true,
    pde_promotions: 0,
    pde_demotions: 0,
    pde_mappings: 0,
    pde_p_failures: 0,
    pat_works: false,
    pat_index: [],
    kernel_vm_end: 0xc0000000,
    cmap1: 0,
    cmap2: 0,
  };
}
