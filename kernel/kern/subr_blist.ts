// Allocation of runs of blocks from a bitmap (kern/subr_blist.c): leaves of 32 blocks, one bit each,
// 1 for free; above them, the longest run that a group of 16 leaves may have.

export const SWAPBLK_NONE = -1;
const LEAF = 32;
const META = 16;
const META_BLOCKS = LEAF * META;

export interface blist {
  bl_blocks: number;
  bl_free: number;
  bl_leaf: Int32Array;
  /** Longest run below: exact or too high, never too low. */
  bl_bighint: Uint8Array;
}

/** A list of `blocks` blocks, none of them free. */
export function blist_create(blocks: number): blist {
  return {
    bl_blocks: blocks,
    bl_free: 0,
    bl_leaf: new Int32Array(Math.ceil(blocks / LEAF)),
    bl_bighint: new Uint8Array(Math.ceil(blocks / META_BLOCKS)),
  };
}

/** Lowest bit at which `count` ones begin, or -1. */
function find_run(bitmap: number, count: number): number {
  let runs = bitmap;
  for (let have = 1; have < count;) {
    const step = Math.min(have, count - have);
    runs &= runs >>> step;
    have += step;
  }
  return runs === 0 ? -1 : 31 - Math.clz32(runs & -runs);
}

const run_mask = (bit: number, count: number): number =>
  count === LEAF ? -1 : ((1 << count) - 1) << bit;

/** Takes `count` (1 to 32) consecutive blocks, the lowest there are. @returns the first or SWAPBLK_NONE. */
export function blist_alloc(bl: blist, count: number): number {
  if (bl.bl_free < count) return SWAPBLK_NONE;
  for (let meta = 0; meta < bl.bl_bighint.length; meta++) {
    if (bl.bl_bighint[meta] < count) continue;
    const end = Math.min((meta + 1) * META, bl.bl_leaf.length);
    for (let leaf = meta * META; leaf < end; leaf++) {
      const bitmap = bl.bl_leaf[leaf];
      if (bitmap === 0) continue;
      const bit = find_run(bitmap, count);
      if (bit < 0) continue;
      bl.bl_leaf[leaf] &= ~run_mask(bit, count);
      bl.bl_free -= count;
      return leaf * LEAF + bit;
    }
    bl.bl_bighint[meta] = count - 1;
  }
  return SWAPBLK_NONE;
}

/** Gives back [block, block + count). => none of them is free. */
export function blist_free(bl: blist, block: number, count: number): void {
  for (let at = block; at < block + count;) {
    const leaf = Math.floor(at / LEAF);
    const bit = at % LEAF;
    const n = Math.min(LEAF - bit, block + count - at);
    const mask = run_mask(bit, n);
    if (bl.bl_leaf[leaf] & mask) throw new Error(`blist_free: block ${at} is free`);
    bl.bl_leaf[leaf] |= mask;
    bl.bl_bighint[Math.floor(leaf / META)] = LEAF;
    bl.bl_free += n;
    at += n;
  }
}

/** Takes [block, block + count), free or not (blist_fill). @returns how many were free. */
export function blist_fill(bl: blist, block: number, count: number): number {
  let filled = 0;
  for (let at = block; at < block + count; at++) {
    const leaf = Math.floor(at / LEAF);
    const mask = 1 << (at % LEAF);
    if ((bl.bl_leaf[leaf] & mask) === 0) continue;
    bl.bl_leaf[leaf] &= ~mask;
    filled++;
  }
  bl.bl_free -= filled;
  return filled;
}

/** Free blocks, counted one by one. */
export function blist_count(bl: blist): number {
  let n = 0;
  for (const leaf of bl.bl_leaf) for (let rest = leaf; rest !== 0; rest &= rest - 1) n++;
  return n;
}
