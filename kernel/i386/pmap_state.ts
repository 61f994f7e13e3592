// State of the pmap module as a whole.

import type { pmap, pv_chunk } from './pmap_types.js';

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
  /** End of the kernel virtual addresses that have page tables. */
  kernel_vm_end: number;
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
    kernel_vm_end: 0xc0000000,
  };
}
