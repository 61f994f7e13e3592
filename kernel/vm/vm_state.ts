// All state of the virtual memory system that does not hang off a process.

import type {
  fault_story,
  vm_map,
  vm_map_lookup_result,
  vm_object,
  vm_page,
  vmmeter,
} from './vm_types.js';

/** A paging queue: pages in LRU order, linked through q_next and q_prev. */
export interface vm_pagequeue {
  head: vm_page | null;
  tail: vm_page | null;
  count: number;
}

/** A range of physical memory (vm_phys.h). Addresses in bytes. */
export interface vm_phys_seg {
  start: number;
  end: number;
}

/** A swap device: pages by block number, in memory. */
export interface swdevt {
  sw_blocks: (Uint8Array | null)[];
  sw_used: number;
  /** Where the search for a free block begins. */
  sw_hint: number;
}

export interface VmState {
  cnt: vmmeter;
  /** By frame number; null where there is no RAM that the kernel manages. */
  vm_page_array: (vm_page | null)[];
  phys_segs: vm_phys_seg[];
  /** Heads of the buddy lists by order. */
  free_queues: vm_pagequeue[];
  pagequeues: vm_pagequeue[];
  object_list: Set<vm_object>;
  next_object_id: number;
  kernel_map: vm_map | null;
  exec_map: vm_map | null;
  pipe_map: vm_map | null;
  kernel_object: vm_object | null;
  swdev: swdevt;
  /** Bytes of swap space, and bytes reserved. */
  swap_total: number;
  swap_reserved: number;
  /** Bytes reserved by uid. */
  swap_reserved_by: Map<number, number>;
  overcommit: number;
  pageout_deficit: number;
  /** Threads wait for free pages on this. */
  free_wait: { waiters: number };
  pageout_wanted: boolean;
  collapses: number;
  bypasses: number;
  lookup: vm_map_lookup_result;
  fault_story: fault_story;
}

function vmmeter_zero(): vmmeter {
  return {
    v_swtch: 0,
    v_trap: 0,
    v_syscall: 0,
    v_intr: 0,
    v_soft: 0,
    v_vm_faults: 0,
    v_io_faults: 0,
    v_cow_faults: 0,
    v_cow_optim: 0,
    v_zfod: 0,
    v_ozfod: 0,
    v_swapin: 0,
    v_swapout: 0,
    v_swappgsin: 0,
    v_swappgsout: 0,
    v_vnodein: 0,
    v_vnodeout: 0,
    v_vnodepgsin: 0,
    v_vnodepgsout: 0,
    v_intrans: 0,
    v_reactivated: 0,
    v_pdwakeups: 0,
    v_pdpages: 0,
    v_tcached: 0,
    v_dfree: 0,
    v_pfree: 0,
    v_tfree: 0,
    v_page_count: 0,
    v_free_reserved: 0,
    v_free_target: 0,
    v_free_min: 0,
    v_free_severe: 0,
    v_free_count: 0,
    v_wire_count: 0,
    v_active_count: 0,
    v_inactive_target: 0,
    v_inactive_count: 0,
    v_cache_count: 0,
    v_pageout_free_min: 0,
    v_interrupt_free_min: 2,
    v_forks: 0,
    v_vforks: 0,
    v_rforks: 0,
    v_kthreads: 0,
    v_forkpages: 0,
    v_vforkpages: 0,
    v_rforkpages: 0,
    v_kthreadpages: 0,
  };
}

const emptyQueue = (): vm_pagequeue => ({ head: null, tail: null, count: 0 });

/** Buddy orders: a free block has 2^0 to 2^10 pages (4 MB). */
export const VM_NFREEORDER = 11;

export function vm_state_init(swapBytes: number): VmState {
  return {
    cnt: vmmeter_zero(),
    vm_page_array: [],
    phys_segs: [],
    free_queues: Array.from({ length: VM_NFREEORDER }, emptyQueue),
    pagequeues: Array.from({ length: 3 }, emptyQueue),
    object_list: new Set(),
    next_object_id: 1,
    kernel_map: null,
    exec_map: null,
    pipe_map: null,
    kernel_object: null,
    swdev: {
      sw_blocks: new Array<Uint8Array | null>(Math.floor(swapBytes / 4096)).fill(null),
      sw_used: 0,
      sw_hint: 0,
    },
    swap_total: swapBytes,
    swap_reserved: 0,
    swap_reserved_by: new Map(),
    overcommit: 0,
    pageout_deficit: 0,
    free_wait: { waiters: 0 },
    pageout_wanted: false,
    collapses: 0,
    bypasses: 0,
    lookup: { map: null, entry: null, object: null, pindex: 0, prot: 0, wired: false },
    fault_story: { visited: [], outcome: 'failed', entry: null },
  };
}
