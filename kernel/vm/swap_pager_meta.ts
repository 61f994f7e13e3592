// Where on swap the pages of an object are (swap_pager.c swp_pager_meta_*): blocks of 32 slots, kept
// with the object here, where FreeBSD hashes (object, index) globally. A swblock without slots in use
// does not exist.

import { EV_SWAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { OBJT_SWAP } from './vm_param.js';
import { SWAPBLK_NONE } from '../kern/subr_blist.js';
import { swp_pager_freeswapspace } from './swap_pager_space.js';
import type { swblock, vm_object } from './vm_types.js';

/** Slots of a swblock (SWAP_META_PAGES). */
export const SWAP_META_PAGES = 32;
/**
 * sizeof(struct swblock) on i386, what kern.maxswzone is divided by: two pointers, a 64-bit index, the
 * count, and a 64-bit block number for each slot.
 */
export const SWBLOCK_BYTES = 4 + 4 + 8 + 4 + 8 * SWAP_META_PAGES;

const index_of = (pindex: number): number => Math.floor(pindex / SWAP_META_PAGES);

function swap_event(
  k: Kernel,
  op: 'assign' | 'forget',
  object: vm_object,
  pindex: number,
  block: number,
): void {
  if (k.events.mask & EV_SWAP)
    k.events.emit({ type: 'swap', op, object: object.id, pindex, block });
}

/** Makes the object swap-backed. */
export function swp_pager_meta_convert(object: vm_object): Map<number, swblock> {
  object.type = OBJT_SWAP;
  return (object.swp_swblks ??= new Map());
}

/** Whether there is metadata for `pindex` or room for it ("SWAPMETA" in vmstat -z). */
export function swp_pager_meta_room(k: Kernel, object: vm_object, pindex: number): boolean {
  const { swzone } = k.vm;
  return swzone.used < swzone.limit || object.swp_swblks?.has(index_of(pindex)) === true;
}

/**
 * Sets the block of a page, converting the object; the one it had is freed.
 * => swp_pager_meta_room() holds.
 */
export function swp_pager_meta_build(
  k: Kernel,
  object: vm_object,
  pindex: number,
  block: number,
): void {
  const swblks = swp_pager_meta_convert(object);
  const index = index_of(pindex);
  let swap = swblks.get(index);
  if (swap === undefined) {
    swap = { swb_count: 0, swb_pages: new Int32Array(SWAP_META_PAGES).fill(SWAPBLK_NONE) };
    swblks.set(index, swap);
    k.vm.swzone.used++;
    k.vm.swzone.requests++;
  }
  const slot = pindex % SWAP_META_PAGES;
  const old = swap.swb_pages[slot];
  if (old === SWAPBLK_NONE) swap.swb_count++;
  else {
    swap_event(k, 'forget', object, pindex, old);
    swp_pager_freeswapspace(k, old, 1);
  }
  swap.swb_pages[slot] = block;
  swap_event(k, 'assign', object, pindex, block);
}

/** The block of a page, or SWAPBLK_NONE. */
export function swp_pager_meta_lookup(object: vm_object, pindex: number): number {
  const swap = object.swp_swblks?.get(index_of(pindex));
  return swap === undefined ? SWAPBLK_NONE : swap.swb_pages[pindex % SWAP_META_PAGES];
}

/** Forgets the block of a page without freeing it (SWM_POP). @returns it, or SWAPBLK_NONE. */
export function swp_pager_meta_pop(k: Kernel, object: vm_object, pindex: number): number {
  const index = index_of(pindex);
  const swap = object.swp_swblks?.get(index);
  if (swap === undefined) return SWAPBLK_NONE;
  const slot = pindex % SWAP_META_PAGES;
  const block = swap.swb_pages[slot];
  if (block === SWAPBLK_NONE) return block;
  swap.swb_pages[slot] = SWAPBLK_NONE;
  swap_event(k, 'forget', object, pindex, block);
  if (--swap.swb_count === 0) {
    object.swp_swblks?.delete(index);
    k.vm.swzone.used--;
  }
  return block;
}

/** Frees the blocks of pages [start, start + count). */
export function swp_pager_meta_free(
  k: Kernel,
  object: vm_object,
  start: number,
  count: number,
): void {
  const swblks = object.swp_swblks;
  if (swblks === null || swblks.size === 0 || count <= 0) return;
  const first = index_of(start);
  const last = index_of(start + count - 1);
  const free = (index: number): void => {
    const base = index * SWAP_META_PAGES;
    const end = Math.min(base + SWAP_META_PAGES, start + count);
    for (let i = Math.max(base, start); i < end && swblks.has(index); i++) {
      const block = swp_pager_meta_pop(k, object, i);
      if (block !== SWAPBLK_NONE) swp_pager_freeswapspace(k, block, 1);
    }
  };
  if (last - first < swblks.size) for (let index = first; index <= last; index++) free(index);
  else for (const index of [...swblks.keys()]) if (index >= first && index <= last) free(index);
}

/** Frees everything (swp_pager_meta_free_all). */
export function swp_pager_meta_free_all(k: Kernel, object: vm_object): void {
  for (const [pindex, block] of swap_pager_blocks(object)) {
    swap_event(k, 'forget', object, pindex, block);
    swp_pager_freeswapspace(k, block, 1);
  }
  k.vm.swzone.used -= object.swp_swblks?.size ?? 0;
  object.swp_swblks = null;
}

/** Pages that are on swap with their blocks, in order of their index. */
export function swap_pager_blocks(object: vm_object): [pindex: number, block: number][] {
  const out: [number, number][] = [];
  for (const [index, swap] of object.swp_swblks ?? []) {
    swap.swb_pages.forEach((block, slot) => {
      if (block !== SWAPBLK_NONE) out.push([index * SWAP_META_PAGES + slot, block]);
    });
  }
  return out.sort((a, b) => a[0] - b[0]);
}

/** How many pages of the object are on swap. */
export function swap_pager_swapped(object: vm_object): number {
  let n = 0;
  for (const swap of object.swp_swblks?.values() ?? []) n += swap.swb_count;
  return n;
}
