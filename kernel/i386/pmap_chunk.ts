// Where pv entries come from: chunks of 336, each for one pmap, so that a process that exits finds all
// its mappings without asking its addresses, and entries need not name their pmap (i386/pmap.c
// get_pv_entry, free_pv_entry, pmap_pv_reclaim).

import type { Kernel } from '../sys/kernel.js';
import { panic } from '../sys/panic.js';
import { pmap_pde, pmap_pte } from './pmap.js';
import { pmap_remove_page } from './pmap_remove.js';
import { PG_PS, PG_W } from './pte.js';
import type { pmap, pv_chunk, pv_entry } from './pmap_types.js';

/** Entries of a chunk, and words of its bitmap: what fills a page in FreeBSD. */
export const _NPCPV = 336;
export const _NPCM = 11;
const PC_FREEL = 0xffff;
/** Free chunks that are kept for later. */
const FREE_CHUNKS_KEPT = 64;

function pc_reset(pc: pv_chunk): void {
  pc.pc_map.fill(-1);
  pc.pc_map[_NPCM - 1] = PC_FREEL;
}

function pc_is_free(pc: pv_chunk): boolean {
  const { pc_map } = pc;
  for (let field = 0; field < _NPCM - 1; field++) if (pc_map[field] !== -1) return false;
  return pc_map[_NPCM - 1] === PC_FREEL;
}

function pc_is_full(pc: pv_chunk): boolean {
  const { pc_map } = pc;
  for (let field = 0; field < _NPCM; field++) if (pc_map[field] !== 0) return false;
  return true;
}

function pc_create(pmap: pmap): pv_chunk {
  const pc: pv_chunk = {
    pc_pmap: pmap,
    pc_next: null,
    pc_prev: null,
    pc_lru_next: null,
    pc_lru_prev: null,
    pc_map: new Int32Array(_NPCM),
    pc_pventry: [],
  };
  for (let i = 0; i < _NPCPV; i++) {
    const pv = { pv_va: 0, pv_next: null, pv_chunk: pc, pv_index: i } as unknown as pv_entry;
    pv.pv_prev = pv;
    pc.pc_pventry.push(pv);
  }
  return pc;
}

function list_insert_head(pmap: pmap, pc: pv_chunk): void {
  pc.pc_prev = null;
  pc.pc_next = pmap.pm_pvchunk;
  if (pc.pc_next !== null) pc.pc_next.pc_prev = pc;
  pmap.pm_pvchunk = pc;
}

function list_remove(pmap: pmap, pc: pv_chunk): void {
  if (pc.pc_prev === null) pmap.pm_pvchunk = pc.pc_next;
  else pc.pc_prev.pc_next = pc.pc_next;
  if (pc.pc_next !== null) pc.pc_next.pc_prev = pc.pc_prev;
}

/** A full chunk goes behind those that may have room. */
function list_to_tail(pmap: pmap, pc: pv_chunk): void {
  if (pc.pc_next === null) return;
  let last: pv_chunk = pc;
  while (last.pc_next !== null) last = last.pc_next;
  list_remove(pmap, pc);
  last.pc_next = pc;
  pc.pc_prev = last;
  pc.pc_next = null;
}

function new_chunk(k: Kernel, pmap: pmap): pv_chunk {
  const state = k.pmap;
  if (state.pv_chunk_count >= state.pv_maxchunks && state.pv_maxchunks !== 0)
    pmap_pv_reclaim(k, pmap);
  let pc = state.pv_chunks_free;
  if (pc === null) pc = pc_create(pmap);
  else {
    state.pv_chunks_free = pc.pc_next;
    state.pv_chunks_free_count--;
    pc.pc_pmap = pmap;
  }
  pc_reset(pc);
  list_insert_head(pmap, pc);
  pc.pc_lru_next = null;
  pc.pc_lru_prev = state.pv_chunks_last;
  if (state.pv_chunks_last === null) state.pv_chunks = pc;
  else state.pv_chunks_last.pc_lru_next = pc;
  state.pv_chunks_last = pc;
  state.pv_chunk_count++;
  return pc;
}

/** => no entry of the chunk is in use. */
export function free_pv_chunk(k: Kernel, pc: pv_chunk): void {
  const state = k.pmap;
  list_remove(pc.pc_pmap, pc);
  if (pc.pc_lru_prev === null) state.pv_chunks = pc.pc_lru_next;
  else pc.pc_lru_prev.pc_lru_next = pc.pc_lru_next;
  if (pc.pc_lru_next === null) state.pv_chunks_last = pc.pc_lru_prev;
  else pc.pc_lru_next.pc_lru_prev = pc.pc_lru_prev;
  pc.pc_lru_next = pc.pc_lru_prev = pc.pc_prev = pc.pc_next = null;
  state.pv_chunk_count--;
  pc.pc_pmap = state.kernel_pmap;
  if (state.pv_chunks_free_count >= FREE_CHUNKS_KEPT) return;
  pc.pc_next = state.pv_chunks_free;
  state.pv_chunks_free = pc;
  state.pv_chunks_free_count++;
}

/** An entry for a mapping of `pmap`. */
export function get_pv_entry(k: Kernel, pmap: pmap): pv_entry {
  let pc = pmap.pm_pvchunk;
  if (pc === null || pc_is_full(pc)) pc = new_chunk(k, pmap);
  const { pc_map } = pc;
  let field = 0;
  while (pc_map[field] === 0) field++;
  const word = pc_map[field];
  const bit = 31 - Math.clz32(word & -word);
  pc_map[field] = word & (word - 1);
  if (pc_map[field] === 0 && pc_is_full(pc)) list_to_tail(pmap, pc);
  k.pmap.pv_entry_count++;
  return pc.pc_pventry[field * 32 + bit];
}

/** Whether the entry is in use. */
export function pv_in_use(pc: pv_chunk, index: number): boolean {
  return (pc.pc_map[index >>> 5] & (1 << (index & 31))) === 0;
}

/** => the entry is on no page's list. */
export function free_pv_entry(k: Kernel, pv: pv_entry): void {
  const pc = pv.pv_chunk;
  k.pmap.pv_entry_count--;
  pc.pc_map[pv.pv_index >>> 5] |= 1 << (pv.pv_index & 31);
  if (pc_is_free(pc)) {
    free_pv_chunk(k, pc);
    return;
  }
  const pmap = pc.pc_pmap;
  if (pmap.pm_pvchunk === pc) return;
  list_remove(pmap, pc);
  list_insert_head(pmap, pc);
}

/**
 * Throws away the mappings of the oldest chunk that has any that are not wired: they come back by
 * faulting. The chunks of `busy`, which is being changed, are spared.
 */
function pmap_pv_reclaim(k: Kernel, busy: pmap): void {
  for (let pc = k.pmap.pv_chunks; pc !== null; pc = pc.pc_lru_next) {
    const pmap = pc.pc_pmap;
    if (pmap === busy || pmap === k.pmap.kernel_pmap) continue;
    let removed = 0;
    for (let i = 0; i < _NPCPV; i++) {
      if (!pv_in_use(pc, i)) continue;
      const { pv_va } = pc.pc_pventry[i];
      // A 4 MB mapping has one entry for a thousand pages: there is little to gain.
      if (k.machine.ram32[pmap_pde(pmap, pv_va)] & PG_PS) continue;
      if (k.machine.ram32[pmap_pte(k, pmap, pv_va)] & PG_W) continue;
      pmap_remove_page(k, pmap, pv_va);
      removed++;
    }
    if (removed > 0) return;
  }
  // Nothing can be spared: the limit gives way, as an allocation for the kernel would.
}

/** @returns one line for each chunk that its lists or its bitmap contradict. */
export function pv_chunk_check(k: Kernel): string[] {
  const bad: string[] = [];
  let count = 0;
  let entries = 0;
  for (let pc = k.pmap.pv_chunks; pc !== null; pc = pc.pc_lru_next) {
    count++;
    let used = 0;
    for (let i = 0; i < _NPCPV; i++) if (pv_in_use(pc, i)) used++;
    if (used === 0) bad.push(`a pv chunk of pid ${pc.pc_pmap.pm_pid} is empty and not freed`);
    entries += used;
    let listed = false;
    for (let o = pc.pc_pmap.pm_pvchunk; o !== null; o = o.pc_next) listed ||= o === pc;
    if (!listed) bad.push(`a pv chunk is not on the list of pid ${pc.pc_pmap.pm_pid}`);
  }
  if (count !== k.pmap.pv_chunk_count)
    bad.push(`pv_chunk_count is ${k.pmap.pv_chunk_count}, there are ${count}`);
  if (entries !== k.pmap.pv_entry_count)
    bad.push(
      `pv chunks have ${entries} entries in use, pv_entry_count is ${k.pmap.pv_entry_count}`,
    );
  return bad;
}

/** Limit of chunks for `pv_entry_max` entries (pmap_init). */
export function pv_chunk_limit(k: Kernel, pv_entry_max: number): void {
  if (pv_entry_max <= 0) panic('pv_entry_max must be positive');
  k.pmap.pv_maxchunks = Math.max(Math.ceil(pv_entry_max / _NPCPV), 16);
}
