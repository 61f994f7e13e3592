// Space on the swap devices (swap_pager.c swp_pager_getswapspace). All devices share one range of
// block numbers; runs are taken from them in turn, so that the load is spread.

import type { Kernel } from '../sys/kernel.js';
import { KASSERT, panic } from '../sys/panic.js';
import { SWAPBLK_NONE, blist_alloc, blist_create, blist_free } from '../kern/subr_blist.js';
import { disk_delete } from '../geom/geom_disk.js';
import type { disk } from '../geom/bio.js';
import type { swdevt } from './vm_state.js';

/** The first blocks of a device hold its label. */
export const SW_LABEL_BLOCKS = 2;
/** sw_flags. */
export const SW_CLOSING = 0x04;
/** Free blocks below which swap is almost full, and above which it is not any more. */
export const NSWAP_LOWAT = 128;
export const NSWAP_HIWAT = 512;

/** Adds a device to the swap space (swaponsomething). */
export function swaponsomething(k: Kernel, d: disk): swdevt {
  const { vm } = k;
  const last = vm.swdevs.reduce((end, sp) => Math.max(end, sp.sw_end + 1), 0);
  const sp: swdevt = {
    sw_dev: d.d_rdev,
    sw_disk: d,
    sw_flags: 0,
    sw_nblks: d.d_blocks,
    sw_used: 0,
    // One block is left between devices, so that no run crosses from one to the next.
    sw_first: last,
    sw_end: last + d.d_blocks,
    sw_blist: blist_create(d.d_blocks),
  };
  const usable = Math.max(0, d.d_blocks - SW_LABEL_BLOCKS);
  blist_free(sp.sw_blist, SW_LABEL_BLOCKS, usable);
  vm.swdevs.push(sp);
  vm.swap_pager_avail += usable;
  vm.swap_total += d.d_blocks * 4096;
  swp_sizecheck(k);
  return sp;
}

/** Says once when swap gets short, and again only after it has recovered (hysteresis). */
export function swp_sizecheck(k: Kernel): void {
  const { vm } = k;
  if (vm.swap_pager_avail < NSWAP_LOWAT) {
    if (vm.swdevs.length > 0 && vm.swap_pager_almost_full === 0) {
      // A device smaller than the mark is never anything else.
      if (vm.swap_total / 4096 > NSWAP_HIWAT) k.host.log('swap_pager: out of swap space');
      vm.swap_pager_almost_full = 1;
    }
  } else {
    vm.swap_pager_full = 0;
    if (vm.swap_pager_avail > NSWAP_HIWAT) vm.swap_pager_almost_full = 0;
  }
}

/** Takes `npages` consecutive blocks of the device whose turn it is, else of the next. */
export function swp_pager_getswapspace(k: Kernel, npages: number): number {
  const { vm } = k;
  const { swdevs } = vm;
  for (let i = 0; i < swdevs.length; i++) {
    const turn = (vm.swdevhd + i) % swdevs.length;
    const sp = swdevs[turn];
    if (sp.sw_flags & SW_CLOSING) continue;
    const block = blist_alloc(sp.sw_blist, npages);
    if (block === SWAPBLK_NONE) continue;
    vm.swap_pager_avail -= npages;
    sp.sw_used += npages;
    vm.swdevhd = (turn + 1) % swdevs.length;
    swp_sizecheck(k);
    return sp.sw_first + block;
  }
  if (vm.swap_pager_full !== 2 && swdevs.length > 0) {
    k.host.log('swap_pager_getswapspace(' + String(npages) + '): failed');
    vm.swap_pager_full = 2;
    vm.swap_pager_almost_full = 1;
  }
  return SWAPBLK_NONE;
}

/** The device that has a block. */
export function swp_pager_device(k: Kernel, block: number): swdevt {
  for (const sp of k.vm.swdevs) if (block >= sp.sw_first && block < sp.sw_end) return sp;
  return panic(`swap block ${block} is on no device`);
}

export function swp_pager_freeswapspace(k: Kernel, block: number, npages: number): void {
  const sp = swp_pager_device(k, block);
  KASSERT(sp.sw_used >= npages, () => 'swp_pager_freeswapspace: more than was used');
  sp.sw_used -= npages;
  for (let i = 0; i < npages; i++) disk_delete(sp.sw_disk, block - sp.sw_first + i);
  // Blocks of a device that is being closed are not handed out again.
  if (sp.sw_flags & SW_CLOSING) return;
  blist_free(sp.sw_blist, block - sp.sw_first, npages);
  k.vm.swap_pager_avail += npages;
  swp_sizecheck(k);
}

/** Blocks in use on all devices. */
export function swap_pager_used(k: Kernel): number {
  return k.vm.swdevs.reduce((n, sp) => n + sp.sw_used, 0);
}
