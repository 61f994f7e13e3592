// Swap space as ddb and explain see it: devices, and where an object's pages are.

import type { Kernel } from '../sys/kernel.js';
import { swap_pager_swapped, swp_pager_meta_lookup } from '../vm/swap_pager_meta.js';
import type { vm_object } from '../vm/vm_types.js';

/** A swap device. Blocks are pages; `first` is its first in the numbering of all swap space. */
export interface db_swap_device {
  name: string;
  blocks: number;
  used: number;
  first: number;
  flags: number;
}

/** show swap. Totals in bytes. */
export interface db_swap {
  devices: db_swap_device[];
  swap_total: number;
  swap_reserved: number;
  overcommit: number;
  /** Bytes reserved by uid. */
  reserved_by: { uid: number; bytes: number }[];
  /** Objects with blocks: their number, and how many. */
  objects: { object: number; blocks: number }[];
}

/** The swap block of a page of `object`, -1 when it has none. */
export function swap_block_of(object: vm_object, pindex: number): number {
  return swp_pager_meta_lookup(object, pindex);
}

/** Blocks that the object has on swap devices. */
export function swap_blocks_of(object: vm_object): number {
  return swap_pager_swapped(object);
}

export function swap_devices(k: Kernel): db_swap_device[] {
  return k.vm.swdevs.map(({ sw_disk, sw_nblks, sw_used, sw_first, sw_flags }) => ({
    name: `/dev/${sw_disk.d_name}`,
    blocks: sw_nblks,
    used: sw_used,
    first: sw_first,
    flags: sw_flags,
  }));
}

export function db_show_swap(k: Kernel): db_swap {
  const objects: db_swap['objects'] = [];
  for (const object of k.vm.object_list) {
    const blocks = swap_blocks_of(object);
    if (blocks > 0) objects.push({ object: object.id, blocks });
  }
  return {
    devices: swap_devices(k),
    swap_total: k.vm.swap_total,
    swap_reserved: k.vm.swap_reserved,
    overcommit: k.vm.overcommit,
    reserved_by: [...k.vm.swap_reserved_by].map(([uid, bytes]) => ({ uid, bytes })),
    objects,
  };
}

export function swap_text(swap: db_swap): string {
  return [
    `swap_total ${swap.swap_total} swap_reserved ${swap.swap_reserved} overcommit ${swap.overcommit}`,
    ...swap.reserved_by.map(({ uid, bytes }) => `  ruid ${uid}: ${bytes} reserved`),
    ...swap.devices.map(
      ({ name, blocks, used, first }) =>
        `${name}: ${blocks} blocks from ${first}, ${used} used, ${blocks - used} available`,
    ),
    ...swap.objects.map(({ object, blocks }) => `  object #${object}: ${blocks} blocks`),
  ].join('\n');
}
