// The physical allocator: a binary buddy system over the frames (vm_phys.c). A free block of order n
// starts at a multiple of 2^n pages; its first page carries the order.
//
// Frames below 16 MB, which ISA's DMA can reach, have free lists of their own and are taken last.

import type { Kernel } from '../sys/kernel.js';
import { EINVAL } from '../sys/errno.js';
import { KASSERT, panic } from '../sys/panic.js';
import { TAILQ_INSERT_HEAD, TAILQ_INSERT_TAIL, TAILQ_REMOVE } from './vm_pagequeue.js';
import { VM_MEMATTR_DEFAULT } from './pmap.js';
import { PG_FREE, PQ_NONE, VPB_UNBUSIED } from './vm_param.js';
import { VM_NFREEORDER, emptyQueue } from './vm_state.js';
import type { vm_page } from './vm_types.js';

/** Where memory that ISA's DMA cannot reach begins (VM_ISADMA_BOUNDARY). */
const VM_ISADMA_BOUNDARY = 16 << 20;

/** A page of memory as it is before anybody has wanted it; `segind` -1: of no segment. */
export function vm_page_create(phys_addr: number, segind: number): vm_page {
  return {
    phys_addr,
    object: null,
    pindex: 0,
    listq_next: null,
    listq_prev: null,
    q_next: null,
    q_prev: null,
    queue: PQ_NONE,
    wire_count: 0,
    hold_count: 0,
    busy_lock: VPB_UNBUSIED,
    flags: PG_FREE,
    aflags: 0,
    oflags: 0,
    act_count: 0,
    valid: 0,
    dirty: 0,
    order: VM_NFREEORDER,
    psind: 0,
    segind,
    pv_list: null,
    pat_mode: VM_MEMATTR_DEFAULT,
  };
}

/**
 * The page of the frame at `pa`, or null when it is not memory of the kernel's. Pages are made when they
 * are first wanted: what a free block has behind its first page needs none.
 */
export function vm_phys_paddr_to_vm_page(k: Kernel, pa: number): vm_page | null {
  const made = k.vm.vm_page_array[pa >>> 12] ?? null;
  if (made !== null) return made;
  const segind = k.vm.phys_segs.findIndex(({ start, end }) => pa >= start && pa < end);
  if (segind < 0) return null;
  const m = vm_page_create(pa - (pa % 4096), segind);
  k.vm.vm_page_array[pa >>> 12] = m;
  return m;
}

/** The page of frame number `frame`. => the frame is in a segment. */
export function vm_page_of_frame(k: Kernel, frame: number): vm_page {
  return k.vm.vm_page_array[frame] ?? (vm_phys_paddr_to_vm_page(k, frame * 4096) as vm_page);
}

/** The page of physical address `pa`, or null when the kernel does not manage that frame. */
export function PHYS_TO_VM_PAGE(k: Kernel, pa: number): vm_page | null {
  return (
    k.vm.vm_page_array[pa >>> 12] ??
    vm_phys_paddr_to_vm_page(k, pa) ??
    vm_phys_fictitious_to_vm_page(k, pa)
  );
}

/**
 * Splits segments at 16 MB and makes the free lists: the default one first, then that for DMA. Where
 * all memory is below there is just one.
 */
export function vm_phys_init(k: Kernel): void {
  k.vm.phys_segs = k.vm.phys_segs.flatMap(({ start, end }) =>
    start < VM_ISADMA_BOUNDARY && end > VM_ISADMA_BOUNDARY
      ? [
          { start, end: VM_ISADMA_BOUNDARY },
          { start: VM_ISADMA_BOUNDARY, end },
        ]
      : [{ start, end }],
  );
  const high = k.vm.phys_segs.some((seg) => seg.end > VM_ISADMA_BOUNDARY);
  for (const seg of k.vm.phys_segs) seg.freelist = high && seg.end <= VM_ISADMA_BOUNDARY ? 1 : 0;
  k.vm.free_queues = Array.from({ length: high ? 2 * VM_NFREEORDER : VM_NFREEORDER }, emptyQueue);
}

/** Index in free_queues of order 0 of the page's free list. */
function flind(k: Kernel, m: vm_page): number {
  return (k.vm.phys_segs[m.segind].freelist ?? 0) * VM_NFREEORDER;
}

/** Whether there is a free block of exactly `order`. */
export function vm_phys_has_order(k: Kernel, order: number): boolean {
  const { free_queues } = k.vm;
  for (let i = order; i < free_queues.length; i += VM_NFREEORDER)
    if (free_queues[i].head !== null) return true;
  return false;
}

/**
 * Takes 2^order contiguous pages, aligned to their size.
 * @returns the first page, or null when no block is large enough.
 */
export function vm_phys_alloc_pages(k: Kernel, order: number): vm_page | null {
  const { free_queues } = k.vm;
  for (let list = 0; list < free_queues.length; list += VM_NFREEORDER) {
    for (let oind = order; oind < VM_NFREEORDER; oind++) {
      const m = free_queues[list + oind].head;
      if (m === null) continue;
      take(k, m, list, oind, order, 0);
      return m;
    }
  }
  return null;
}

/**
 * Takes the block that `m` heads from its list and gives back all of it but the 2^order pages that
 * contain its page `index`; halves go to the heads of their lists.
 * @returns frame number of what was taken.
 */
function take(
  k: Kernel,
  m: vm_page,
  list: number,
  from: number,
  order: number,
  index: number,
): number {
  TAILQ_REMOVE(k.vm.free_queues[list + from], m);
  m.order = VM_NFREEORDER;
  let frame = m.phys_addr >>> 12;
  for (let oind = from - 1; oind >= order; oind--) {
    const upper = (index & (1 << oind)) !== 0;
    const rest = vm_page_of_frame(k, upper ? frame : frame + (1 << oind));
    if (upper) frame += 1 << oind;
    rest.order = oind;
    TAILQ_INSERT_HEAD(k.vm.free_queues[list + oind], rest);
  }
  return frame;
}

/**
 * Colours of pages: frames whose numbers are equal modulo this fall into the same lines of a cache of
 * 256 KB, four-way set-associative (PQ_L2_SIZE).
 */
export const PQ_L2_SIZE = 16;
/** Blocks of each order that are looked at for the colour. */
const COLOUR_DEPTH = 4;

/**
 * Takes a page of `colour`, if the blocks of at most 64 KB, which are all colours, have one at hand;
 * another one, in the order of the lists, if not: colour is a wish (vm_page_list_find).
 */
export function vm_phys_alloc_colour(k: Kernel, colour: number): vm_page | null {
  const { free_queues } = k.vm;
  for (let list = 0; list < free_queues.length; list += VM_NFREEORDER) {
    let small = false;
    for (let oind = 0; 1 << oind <= PQ_L2_SIZE; oind++) {
      let m = free_queues[list + oind].head;
      if (m !== null) small = true;
      for (let i = 0; m !== null && i < COLOUR_DEPTH; i++, m = m.q_next) {
        const index = (colour - (m.phys_addr >>> 12)) & (PQ_L2_SIZE - 1);
        if (index < 1 << oind) return vm_page_of_frame(k, take(k, m, list, oind, 0, index));
      }
    }
    if (small) break;
    // Only larger blocks: the one that will be split has all colours.
    for (let oind = 5; oind < VM_NFREEORDER; oind++) {
      const m = free_queues[list + oind].head;
      if (m === null) continue;
      const index = (colour - (m.phys_addr >>> 12)) & (PQ_L2_SIZE - 1);
      return vm_page_of_frame(k, take(k, m, list, oind, 0, index));
    }
  }
  return vm_phys_alloc_pages(k, 0);
}

/** Gives back 2^order pages; coalesces with free buddies of the same segment. */
export function vm_phys_free_pages(k: Kernel, m: vm_page, order: number): void {
  if (m.order !== VM_NFREEORDER) panic(`vm_phys_free_pages: page ${m.phys_addr} is free already`);
  const list = flind(k, m);
  let frame = m.phys_addr >>> 12;
  let block = order;
  while (block < VM_NFREEORDER - 1) {
    const buddy = k.vm.vm_page_array[frame ^ (1 << block)];
    if (!buddy || buddy.order !== block || buddy.segind !== m.segind) break;
    TAILQ_REMOVE(k.vm.free_queues[list + block], buddy);
    buddy.order = VM_NFREEORDER;
    block++;
    frame &= -1 << block;
  }
  const first = vm_page_of_frame(k, frame);
  first.order = block;
  TAILQ_INSERT_TAIL(k.vm.free_queues[list + block], first);
}

/** Gives back `npages` pages from frame `first` on, in the largest blocks that are aligned. */
export function vm_phys_free_contig(k: Kernel, first: number, npages: number): void {
  for (let frame = first; frame < first + npages;) {
    let order = VM_NFREEORDER - 1;
    while (frame & ((1 << order) - 1) || frame + (1 << order) > first + npages) order--;
    vm_phys_free_pages(k, vm_page_of_frame(k, frame), order);
    frame += 1 << order;
  }
}

/**
 * Makes fictitious pages for the physical addresses [start, end), which are no memory of the kernel's:
 * PHYS_TO_VM_PAGE finds them from now on. @param create makes the page of an address.
 * @returns 0, or EINVAL when the range overlaps memory or another such range.
 */
export function vm_phys_fictitious_reg_range(
  k: Kernel,
  start: number,
  end: number,
  create: (pa: number) => vm_page,
): number {
  if (start >= end || start % 4096 !== 0 || end % 4096 !== 0) return EINVAL;
  if (k.vm.phys_segs.some((seg) => start < seg.end && seg.start < end)) return EINVAL;
  if (k.vm.fictitious_segs.some((seg) => start < seg.end && seg.start < end)) return EINVAL;
  const first_page: vm_page[] = [];
  for (let pa = start; pa < end; pa += 4096) first_page.push(create(pa));
  k.vm.fictitious_segs.push({ start, end, first_page });
  return 0;
}

/** Takes a range away again. => nothing maps it. */
export function vm_phys_fictitious_unreg_range(k: Kernel, start: number, end: number): void {
  const at = k.vm.fictitious_segs.findIndex((seg) => seg.start === start && seg.end === end);
  KASSERT(at >= 0, () => 'vm_phys_fictitious_unreg_range: no such range');
  k.vm.fictitious_segs.splice(at, 1);
}

/** The page registered for physical address `pa`. */
export function vm_phys_fictitious_to_vm_page(k: Kernel, pa: number): vm_page | null {
  for (const { start, end, first_page } of k.vm.fictitious_segs)
    if (pa >= start && pa < end) return first_page[(pa - start) >>> 12];
  return null;
}

/** vm.phys_free: free blocks by list and order; there is one pool. */
export function sysctl_vm_phys_free(k: Kernel): string {
  const { free_queues } = k.vm;
  let out = '\nDOMAIN 0:\n';
  for (let list = 0; list < free_queues.length; list += VM_NFREEORDER) {
    out += `\nFREE LIST ${list / VM_NFREEORDER}:\n\n  ORDER (SIZE)  |  NUMBER\n              `;
    out += '  |  POOL 0\n--            -- --      --\n';
    for (let oind = VM_NFREEORDER - 1; oind >= 0; oind--) {
      const size = String(4 << oind).padStart(6);
      const count = String(free_queues[list + oind].count).padStart(6);
      out += `  ${String(oind).padStart(2)} (${size}K)  |  ${count}\n`;
    }
  }
  return out;
}

/** vm.phys_segs: segments of physical memory. */
export function sysctl_vm_phys_segs(k: Kernel): string {
  let out = '';
  for (const [i, { start, end, freelist }] of k.vm.phys_segs.entries()) {
    out += `\nSEGMENT ${i}:\n\nstart:     0x${start.toString(16)}\nend:       0x${end.toString(16)}\n`;
    out += `domain:    0\nfree list: ${freelist ?? 0}\n`;
  }
  return out;
}
