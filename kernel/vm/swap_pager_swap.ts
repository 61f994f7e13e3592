// Swap devices come and go (swap_pager.c sys_swapon, sys_swapoff).

import { IMMEDIATE, disk_create } from '../geom/geom_disk.js';
import type { HostBlockFile, disk, disk_timing } from '../geom/bio.js';
import { SWAPBLK_NONE, blist_fill } from '../kern/subr_blist.js';
import { EBUSY, EINVAL, ENOMEM } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { panic } from '../sys/panic.js';
import { swap_pager_unswapped } from './swap_pager.js';
import { SWBLOCK_BYTES, swap_pager_blocks } from './swap_pager_meta.js';
import { NSWAP_LOWAT, SW_CLOSING, swaponsomething } from './swap_pager_space.js';
import { vm_object_pip_add, vm_object_pip_wakeup } from './vm_object.js';
import {
  vm_page_activate,
  vm_page_alloc,
  vm_page_busied,
  vm_page_busy_sleep,
  vm_page_deactivate,
  vm_page_dirty,
  vm_page_free,
  vm_page_lookup,
  vm_page_xunbusy,
  vm_wait,
} from './vm_page.js';
import { vm_pager_get_pages } from './vm_pager.js';
import { pager_waited } from './vm_pager_read.js';
import {
  OBJT_SWAP,
  PG_CACHED,
  VM_ALLOC_NORMAL,
  VM_PAGER_OK,
  VM_PAGER_PEND,
  VM_PAGE_BITS_ALL,
} from './vm_param.js';
import type { vm_object } from './vm_types.js';
import type { swdevt } from './vm_state.js';

/** Device number of the first disk for swap (devfs DEV_SWAP); the others follow. */
const DEV_SWAP = 0x100;
/** kern.maxswzone: VM_SWZONE_SIZE_MAX of i386 (i386/include/param.h). */
export const VM_SWZONE_SIZE_MAX = 276 * 128 * 1024;

const SWZONE_MIN = 1024;

/** A disk to swap to: in memory, or in a file of the host. */
export interface swap_device {
  /** Bytes, whole pages. */
  bytes: number;
  file: HostBlockFile | null;
}

/** The disks that the machine was given, all of them used for swap (swap_pager_swap_init). */
export function swap_pager_swap_init(
  k: Kernel,
  devices: readonly swap_device[],
  timing: disk_timing | undefined,
): void {
  const { vm } = k;
  const usual = Math.floor(VM_SWZONE_SIZE_MAX / SWBLOCK_BYTES);
  // FreeBSD's v_page_count / 2, but machines of a megabyte or two need some, too.
  vm.swzone.limit = Math.min(usual, Math.max(SWZONE_MIN, Math.floor(vm.cnt.v_page_count / 2)));
  if (timing !== undefined) vm.disks[0].d_timing = { ...timing, d_stroke: 0 };
  for (const { bytes, file } of devices) swap_disk_add(k, bytes, file, timing ?? IMMEDIATE);
}

/** One more disk, and swapping to it begins. */
export function swap_disk_add(
  k: Kernel,
  bytes: number,
  file: HostBlockFile | null,
  timing: disk_timing,
): swdevt | null {
  const blocks = Math.floor(bytes / 4096);
  if (blocks === 0) return null;
  const n = k.vm.disks.length - 1;
  const name = n === 0 ? 'swap' : `swap${n}`;
  return swaponsomething(k, disk_create(k, name, DEV_SWAP + n, blocks, file, timing));
}

/** The disk with a device number. */
export function disk_find(k: Kernel, rdev: number): disk | null {
  return k.vm.disks.find((d, i) => i > 0 && d.d_rdev === rdev) ?? null;
}

/** Begins to swap to a disk. @returns 0, EBUSY (it is swapped to already) or EINVAL (too small). */
export function swapon(k: Kernel, d: disk): number {
  if (k.vm.swdevs.some((sp) => sp.sw_disk === d)) return EBUSY;
  if (d.d_blocks <= 2) return EINVAL;
  swaponsomething(k, d);
  return 0;
}

/**
 * Stops swapping to a disk; everything on it is paged in first. Sleeps: executed again it goes on
 * where it was, since the device is marked.
 * @returns 0, EINVAL (not swapped to) or ENOMEM (what is on it has no room elsewhere).
 */
export function swapoff(k: Kernel, d: disk): number {
  const { vm } = k;
  const sp = vm.swdevs.find((s) => s.sw_disk === d);
  if (sp === undefined) return EINVAL;
  if ((sp.sw_flags & SW_CLOSING) === 0) {
    const { v_free_count, v_cache_count } = vm.cnt;
    if (v_free_count + v_cache_count + vm.swap_pager_avail < sp.sw_nblks + NSWAP_LOWAT)
      return ENOMEM;
    sp.sw_flags |= SW_CLOSING;
    vm.swap_pager_avail -= blist_fill(sp.sw_blist, 0, sp.sw_nblks);
    vm.swap_total -= sp.sw_nblks * 4096;
  }
  swap_pager_swapoff(k, sp);
  if (sp.sw_used > 0) panic(`swapoff: failed to locate ${sp.sw_used} swap blocks`);
  vm.swdevs.splice(vm.swdevs.indexOf(sp), 1);
  vm.swdevhd = 0;
  if (vm.swdevs.length === 0) {
    vm.swap_pager_full = 2;
    vm.swap_pager_almost_full = 1;
  }
  return 0;
}

/** Pages in everything that is on the device. */
function swap_pager_swapoff(k: Kernel, sp: swdevt): void {
  for (const object of k.vm.object_list) {
    if (object.type !== OBJT_SWAP || object.swp_swblks === null) continue;
    for (const [pindex, block] of swap_pager_blocks(object)) {
      if (block < sp.sw_first || block >= sp.sw_end || block === SWAPBLK_NONE) continue;
      swp_pager_force_pagein(k, object, pindex);
    }
  }
}

/** Makes a page resident and dirty, and frees its block. Sleeps while it is read. */
function swp_pager_force_pagein(k: Kernel, object: vm_object, pindex: number): void {
  const resident = vm_page_lookup(object, pindex);
  const waited = pager_waited(k, object, pindex);
  if (resident !== null) {
    if (vm_page_busied(resident)) vm_page_busy_sleep(k, resident, 'swpoff');
    if (resident.flags & PG_CACHED) vm_page_deactivate(k, resident);
    if (resident.valid === VM_PAGE_BITS_ALL) {
      vm_page_dirty(resident);
      vm_page_activate(k, resident);
      swap_pager_unswapped(k, resident);
      return;
    }
    vm_page_free(k, resident);
  }
  if (waited !== null && waited.error !== 0)
    panic('swap_pager_force_pagein: read from swap failed');
  const m = vm_page_alloc(k, object, pindex, VM_ALLOC_NORMAL) ?? vm_wait(k, 'swpoff');
  vm_object_pip_add(object);
  const result = vm_pager_get_pages(k, object, m, 0, 0);
  vm_object_pip_wakeup(k, object);
  if (result === VM_PAGER_PEND) vm_page_busy_sleep(k, m, 'swread');
  if (result !== VM_PAGER_OK) panic('swap_pager_force_pagein: read from swap failed');
  vm_page_dirty(m);
  vm_page_deactivate(k, m);
  vm_page_xunbusy(k, m);
  swap_pager_unswapped(k, m);
}
