// Invariants of swap: every block in use is some page's and nobody else's.

import { blist_count } from '../kern/subr_blist.js';
import type { Kernel } from '../sys/kernel.js';
import { SW_CLOSING, SW_LABEL_BLOCKS, swap_pager_used } from './swap_pager_space.js';
import { swap_pager_blocks } from './swap_pager_meta.js';
import { OBJT_SWAP } from './vm_param.js';

/** @returns one line per violation. */
export function swap_pager_check(k: Kernel): string[] {
  const bad: string[] = [];
  const owner = new Map<number, number>();
  let swblks = 0;
  for (const object of k.vm.object_list) {
    if (object.swp_swblks === null) continue;
    if (object.type !== OBJT_SWAP)
      bad.push(`object #${object.id} has swap but type ${object.type}`);
    for (const [index, swap] of object.swp_swblks) {
      swblks++;
      const used = swap.swb_pages.reduce((n, block) => n + (block >= 0 ? 1 : 0), 0);
      if (used !== swap.swb_count || used === 0)
        bad.push(`object #${object.id}: swblock ${index} counts ${swap.swb_count}, has ${used}`);
    }
    for (const [pindex, block] of swap_pager_blocks(object)) {
      if (pindex >= object.size)
        bad.push(`object #${object.id} has swap beyond its end at ${pindex}`);
      const other = owner.get(block);
      if (other !== undefined) bad.push(`swap block ${block} is of #${other} and #${object.id}`);
      owner.set(block, object.id);
    }
  }
  const used = swap_pager_used(k);
  if (owner.size !== used) bad.push(`${used} swap blocks are in use, objects have ${owner.size}`);
  if (swblks !== k.vm.swzone.used)
    bad.push(`${k.vm.swzone.used} swblocks are allocated, objects have ${swblks}`);
  let avail = 0;
  for (const sp of k.vm.swdevs) {
    const free = blist_count(sp.sw_blist);
    avail += free;
    if (free !== sp.sw_blist.bl_free) bad.push(`${sp.sw_disk.d_name} counts its free blocks wrong`);
    const usable = Math.max(0, sp.sw_nblks - SW_LABEL_BLOCKS);
    if ((sp.sw_flags & SW_CLOSING) === 0 && free + sp.sw_used !== usable)
      bad.push(`${sp.sw_disk.d_name}: ${free} free and ${sp.sw_used} used of ${usable} blocks`);
    for (const [block, id] of owner) {
      const at = block - sp.sw_first;
      if (at < 0 || at >= sp.sw_nblks) continue;
      if ((sp.sw_blist.bl_leaf[at >>> 5] >>> (at & 31)) & 1)
        bad.push(`swap block ${block} of #${id} is free on ${sp.sw_disk.d_name}`);
    }
  }
  if (avail !== k.vm.swap_pager_avail)
    bad.push(`swap_pager_avail is ${k.vm.swap_pager_avail}, devices have ${avail}`);
  const writing = k.vm.disks.flatMap((d) => [...d.d_queue, ...(d.d_active ? [d.d_active] : [])]);
  const asynchronous = writing.filter(
    (bp) => bp.bio_done === 'swap' && (bp.bio_caller1 as { async: boolean }).async,
  ).length;
  if (asynchronous + k.vm.nsw_wcount_async !== k.vm.tunables.swap_async_max)
    bad.push(`${asynchronous} writes to swap in flight, ${k.vm.nsw_wcount_async} buffers are left`);
  return bad;
}
