// The physical allocator: a binary buddy system over the frames (vm_phys.c). A free block of order n
// starts at a multiple of 2^n pages; its first page carries the order.

import type { Kernel } from '../sys/kernel.js';
import { KASSERT } from '../sys/panic.js';
import { TAILQ_INSERT_HEAD, TAILQ_INSERT_TAIL, TAILQ_REMOVE } from './vm_pagequeue.js';
import { VM_NFREEORDER } from './vm_state.js';
import type { vm_page } from './vm_types.js';

/** The page of physical address `pa`, or null when the kernel does not manage that frame. */
export function PHYS_TO_VM_PAGE(k: Kernel, pa: number): vm_page | null {
  return k.vm.vm_page_array[pa >>> 12] ?? null;
}

/**
 * Takes 2^order contiguous pages, aligned to their size.
 * @returns the first page, or null when no block is large enough.
 */
export function vm_phys_alloc_pages(k: Kernel, order: number): vm_page | null {
  for (let oind = order; oind < VM_NFREEORDER; oind++) {
    const m = k.vm.free_queues[oind].head;
    if (m === null) continue;
    TAILQ_REMOVE(k.vm.free_queues[oind], m);
    m.order = VM_NFREEORDER;
    // Give back the upper halves.
    while (oind > order) {
      oind--;
      const buddy = k.vm.vm_page_array[(m.phys_addr >>> 12) + (1 << oind)] as vm_page;
      buddy.order = oind;
      TAILQ_INSERT_HEAD(k.vm.free_queues[oind], buddy);
    }
    return m;
  }
  return null;
}

/** Gives back 2^order pages; coalesces with free buddies. */
export function vm_phys_free_pages(k: Kernel, m: vm_page, order: number): void {
  KASSERT(
    m.order === VM_NFREEORDER,
    () => `vm_phys_free_pages: page ${m.phys_addr} is free already`,
  );
  let frame = m.phys_addr >>> 12;
  let block = order;
  while (block < VM_NFREEORDER - 1) {
    const buddy = k.vm.vm_page_array[frame ^ (1 << block)];
    if (!buddy || buddy.order !== block) break;
    TAILQ_REMOVE(k.vm.free_queues[block], buddy);
    buddy.order = VM_NFREEORDER;
    block++;
    frame &= -1 << block;
  }
  const first = k.vm.vm_page_array[frame] as vm_page;
  first.order = block;
  TAILQ_INSERT_TAIL(k.vm.free_queues[block], first);
}
