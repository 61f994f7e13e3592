// Swap space as the backing store of anonymous memory (swap_pager.c; freebsd-vm A23).
//
//   putpages: pages --(runs of up to 16, devices in turn)--> blocks; metadata says which. A page stays
//             dirty until its write is over; a new write goes to a new place and frees the old one.
//   getpages: the page and what lies beside it both in the object and on the device. Its block stays
//             with it until the page is dirtied.

import { BIO_DONE, BIO_READ, BIO_WRITE } from '../geom/bio.js';
import { biowait, disk_read, disk_write } from '../geom/geom_disk.js';
import { SWAPBLK_NONE } from '../kern/subr_blist.js';
import { EV_PAGER } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { swp_pager_strategy } from './swap_pager_io.js';
import {
  swap_pager_blocks,
  swp_pager_meta_build,
  swp_pager_meta_convert,
  swp_pager_meta_free,
  swp_pager_meta_free_all,
  swp_pager_meta_lookup,
  swp_pager_meta_pop,
  swp_pager_meta_room,
} from './swap_pager_meta.js';
import {
  swp_pager_device,
  swp_pager_freeswapspace,
  swp_pager_getswapspace,
} from './swap_pager_space.js';
import type { pagerops } from './vm_pager.js';
import { pager_run_alloc, pager_wait_create } from './vm_pager_read.js';
import { vm_pageout_oom } from './vm_pageout_oom.js';
import { vm_page_dirty, vm_page_lookup } from './vm_page.js';
import {
  OBJT_SWAP,
  VM_PAGER_AGAIN,
  VM_PAGER_ERROR,
  VM_PAGER_FAIL,
  VM_PAGER_OK,
  VM_PAGER_PEND,
} from './vm_param.js';
import type { vm_object, vm_page } from './vm_types.js';

const SWB_NPAGES = 16;
/** Most pages in one transfer to swap (nsw_cluster_max), and the least a run is halved to. */
const NSW_CLUSTER_MAX = 16;
const NSW_CLUSTER_MIN = 4;

/** Frees the blocks of `count` pages from `start`. */
export function swap_pager_freespace(
  k: Kernel,
  object: vm_object,
  start: number,
  count: number,
): void {
  swp_pager_meta_free(k, object, start, count);
}

/** A page is about to differ from its block. */
export function swap_pager_unswapped(k: Kernel, m: vm_page): void {
  if (m.object?.type === OBJT_SWAP) swp_pager_meta_free(k, m.object, m.pindex, 1);
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
  for (const [pindex, block] of swap_pager_blocks(src)) {
    const to = pindex - offset;
    const inside = to >= 0 && to < dst.size;
    if (!inside && !destroy) continue;
    swp_pager_meta_pop(k, src, pindex);
    const taken =
      vm_page_lookup(dst, to) !== null || swp_pager_meta_lookup(dst, to) !== SWAPBLK_NONE;
    if (inside && !taken) swp_pager_meta_build(k, dst, to, block);
    else swp_pager_freeswapspace(k, block, 1);
  }
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

/** Zeroes a page on swap from byte `base` on, where it lies (a file was cut off within it). */
export function swap_pager_zero_tail(
  k: Kernel,
  object: vm_object,
  pindex: number,
  base: number,
): void {
  const block = swp_pager_meta_lookup(object, pindex);
  if (block === SWAPBLK_NONE) return;
  const sp = swp_pager_device(k, block);
  const bytes = new Uint8Array(4096);
  disk_read(sp.sw_disk, block - sp.sw_first, bytes);
  disk_write(sp.sw_disk, block - sp.sw_first, bytes.fill(0, base));
}

/** How many blocks beside that of `pindex` are those of the pages beside it. */
function run_length(object: vm_object, pindex: number, block: number, step: 1 | -1): number {
  let n = 0;
  while (n + 1 < SWB_NPAGES / 2 && pindex + step * (n + 1) >= 0) {
    if (swp_pager_meta_lookup(object, pindex + step * (n + 1)) !== block + step * (n + 1)) break;
    n++;
  }
  return n;
}

/** Whether a run of that length can be written now; otherwise how it fails. */
function refusal(k: Kernel, object: vm_object, pages: readonly vm_page[], sync: boolean): number {
  if (!sync && k.vm.nsw_wcount_async <= 0) return VM_PAGER_AGAIN;
  const last = pages[pages.length - 1];
  if (
    !swp_pager_meta_room(k, object, pages[0].pindex) ||
    !swp_pager_meta_room(k, object, last.pindex)
  ) {
    const { swzone } = k.vm;
    if (swzone.failures++ === 0) k.host.log('swap zone exhausted, increase kern.maxswzone');
    vm_pageout_oom(k, 'swapz');
    return VM_PAGER_FAIL;
  }
  return VM_PAGER_OK;
}

export const swap_pager: pagerops = {
  pgo_getpages(k, object, m, behind, ahead) {
    const block = swp_pager_meta_lookup(object, m.pindex);
    if (block === SWAPBLK_NONE) return VM_PAGER_FAIL;
    const before = Math.min(behind, run_length(object, m.pindex, block, -1));
    const after = Math.min(ahead, run_length(object, m.pindex, block, 1));
    const pages = pager_run_alloc(k, object, m, before, after);
    const first = block - (m.pindex - pages[0].pindex);
    const wait = pager_wait_create(k.kern.curthread, m, pages);
    k.vm.cnt.v_swapin++;
    k.vm.cnt.v_swappgsin += pages.length;
    emit(k, 'pagein', object, pages[0].pindex, pages.length);
    const bp = swp_pager_strategy(k, BIO_READ, first, pages, {
      wait,
      late: null,
      async: false,
    });
    if ((bp.bio_flags & BIO_DONE) === 0) return VM_PAGER_PEND;
    return bp.bio_error === 0 ? VM_PAGER_OK : VM_PAGER_ERROR;
  },

  pgo_putpages(k, object, pages, sync, rtvals) {
    swp_pager_meta_convert(object);
    for (let i = 0; i < pages.length;) {
      let n = Math.min(NSW_CLUSTER_MAX, pages.length - i);
      const refused = refusal(k, object, pages.slice(i, i + n), sync);
      let block = SWAPBLK_NONE;
      if (refused === VM_PAGER_OK) {
        while ((block = swp_pager_getswapspace(k, n)) === SWAPBLK_NONE && n > NSW_CLUSTER_MIN)
          n >>= 1;
      }
      if (block === SWAPBLK_NONE) {
        for (let j = 0; j < n; j++)
          rtvals[i + j] = refused === VM_PAGER_OK ? VM_PAGER_FAIL : refused;
        emit(k, 'error', object, pages[i].pindex, n);
        i += n;
        continue;
      }
      const run = pages.slice(i, i + n);
      run.forEach((m, j) => {
        swp_pager_meta_build(k, object, m.pindex, block + j);
        vm_page_dirty(m);
        rtvals[i + j] = VM_PAGER_PEND;
      });
      k.vm.cnt.v_swapout++;
      k.vm.cnt.v_swappgsout += n;
      emit(k, 'pageout', object, run[0].pindex, n);
      const bp = swp_pager_strategy(k, BIO_WRITE, block, run, {
        wait: null,
        late: null,
        async: !sync,
      });
      if (sync) biowait(k, bp);
      i += n;
    }
  },

  pgo_haspage(_k, object, pindex) {
    const block = swp_pager_meta_lookup(object, pindex);
    if (block === SWAPBLK_NONE) return null;
    return {
      before: run_length(object, pindex, block, -1),
      after: run_length(object, pindex, block, 1),
    };
  },

  pgo_dealloc(k, object) {
    swp_pager_meta_free_all(k, object);
  },
};

/** Reads a block of swap space for a debugger: no time passes. @returns whether it could be read. */
export function swap_pager_peek(k: Kernel, block: number, into: Uint8Array): boolean {
  const sp = swp_pager_device(k, block);
  return disk_read(sp.sw_disk, block - sp.sw_first, into);
}
