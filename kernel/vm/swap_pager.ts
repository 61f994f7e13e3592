// Swap space as the backing store of anonymous memory (swap_pager.c; freebsd-vm A23).

import { EV_PAGER } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import type { pagerops } from './vm_pager.js';
import {
  OBJT_DEFAULT,
  OBJT_SWAP,
  VM_PAGER_FAIL,
  VM_PAGER_OK,
  VM_PAGE_BITS_ALL,
} from './vm_param.js';
import type { vm_object, vm_page } from './vm_types.js';

/** The first blocks of a device hold its label. */
const RESERVED_BLOCKS = 2;

/** A free block, or -1 when swap space is exhausted. */
function swp_pager_getswapspace(k: Kernel): number {
  const { swdev } = k.vm;
  const size = swdev.sw_blocks.length;
  for (let i = 0; i < size; i++) {
    const block = (swdev.sw_hint + i) % size;
    if (block < RESERVED_BLOCKS || swdev.sw_blocks[block] !== null) continue;
    swdev.sw_hint = block + 1;
    swdev.sw_used++;
    return block;
  }
  return -1;
}

function swp_pager_freeswapspace(k: Kernel, block: number): void {
  k.vm.swdev.sw_blocks[block] = null;
  k.vm.swdev.sw_used--;
}

/** Frees the blocks of `count` pages from `start`. */
export function swap_pager_freespace(
  k: Kernel,
  object: vm_object,
  start: number,
  count: number,
): void {
  const blocks = object.swp_blocks;
  if (blocks === null || blocks.size === 0) return;
  if (count <= blocks.size) {
    for (let i = start; i < start + count; i++) {
      const block = blocks.get(i);
      if (block === undefined) continue;
      swp_pager_freeswapspace(k, block);
      blocks.delete(i);
    }
    return;
  }
  for (const [pindex, block] of blocks) {
    if (pindex < start || pindex >= start + count) continue;
    swp_pager_freeswapspace(k, block);
    blocks.delete(pindex);
  }
}

/** A page is about to differ from its block. */
export function swap_pager_unswapped(k: Kernel, m: vm_page): void {
  if (m.object?.type === OBJT_SWAP) swap_pager_freespace(k, m.object, m.pindex, 1);
}

/**
 * Moves swap blocks of `src` from index `offset` on to `dst`, which keeps its own where both have
 * one. With `destroy` nothing is left in `src`.
 */
export function swap_pager_copy(
  k: Kernel,
  src: vm_object,
  dst: vm_object,
  offset: number,
  destroy: boolean,
): void {
  if (src.swp_blocks === null) return;
  for (const [pindex, block] of [...src.swp_blocks]) {
    const to = pindex - offset;
    const inside = to >= 0 && to < dst.size;
    if (inside && !dst.swp_blocks?.has(to) && !dst.memq.has(to)) {
      swap_pager_convert(dst);
      dst.swp_blocks?.set(to, block);
      src.swp_blocks.delete(pindex);
    } else if (destroy || inside) {
      swp_pager_freeswapspace(k, block);
      src.swp_blocks.delete(pindex);
    }
  }
}

function swap_pager_convert(object: vm_object): void {
  if (object.type !== OBJT_DEFAULT && object.swp_blocks !== null) return;
  object.type = OBJT_SWAP;
  object.swp_blocks ??= new Map();
}

function emit(
  k: Kernel,
  op: 'pagein' | 'pageout' | 'error',
  object: vm_object,
  pindex: number,
  count: number,
): void {
  if (k.events.mask & EV_PAGER)
    k.events.emit({ type: 'pager', op, object: object.id, objectType: object.type, pindex, count });
}

export const swap_pager: pagerops = {
  pgo_getpages(k, object, m) {
    const block = object.swp_blocks?.get(m.pindex);
    if (block === undefined) return VM_PAGER_FAIL;
    const contents = k.vm.swdev.sw_blocks[block] as Uint8Array;
    k.machine.ram8.set(contents, m.phys_addr);
    k.machine.physStored(m.phys_addr, 4096);
    m.valid = VM_PAGE_BITS_ALL;
    m.dirty = 0;
    k.vm.cnt.v_swapin++;
    k.vm.cnt.v_swappgsin++;
    emit(k, 'pagein', object, m.pindex, 1);
    return VM_PAGER_OK;
  },

  pgo_putpages(k, object, pages) {
    swap_pager_convert(object);
    let all = true;
    for (const m of pages) {
      let block = object.swp_blocks?.get(m.pindex) ?? -1;
      if (block < 0) block = swp_pager_getswapspace(k);
      if (block < 0) {
        all = false;
        emit(k, 'error', object, m.pindex, 1);
        continue;
      }
      k.vm.swdev.sw_blocks[block] = k.machine.ram8.slice(m.phys_addr, m.phys_addr + 4096);
      object.swp_blocks?.set(m.pindex, block);
      k.vm.cnt.v_swappgsout++;
    }
    k.vm.cnt.v_swapout++;
    emit(k, 'pageout', object, pages[0].pindex, pages.length);
    return all;
  },

  pgo_haspage(_k, object, pindex) {
    return object.swp_blocks?.has(pindex) ? { before: 0, after: 0 } : null;
  },

  pgo_dealloc(k, object) {
    for (const block of object.swp_blocks?.values() ?? []) swp_pager_freeswapspace(k, block);
    object.swp_blocks = null;
  },
};
