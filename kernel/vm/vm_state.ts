// All state of the virtual memory system that does not hang off a process.

import type { disk } from '../geom/bio.js';
import { IMMEDIATE, disk_alloc } from '../geom/geom_disk.js';
import type { blist } from '../kern/subr_blist.js';
import type {
  fault_story,
  kstack,
  vm_map,
  vm_map_lookup_result,
  vm_object,
  vm_page,
  vm_reserv,
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
  /** Index of the free list that its pages are on (flind), set by vm_phys_init. */
  freelist?: number;
}

/** A swap device (struct swdevt). */
export interface swdevt {
  sw_dev: number;
  sw_disk: disk;
  sw_flags: number;
  sw_nblks: number;
  sw_used: number;
  /** Its part of the block numbers of all swap space: [sw_first, sw_end). */
  sw_first: number;
  sw_end: number;
  sw_blist: blist;
}

/** Knobs of the page daemon and of swapping (vm.* in sysctl). */
export interface pageout_tunables {
  max_launder: number;
  pageout_oom_seq: number;
  pageout_update_period: number;
  /** s between two calls to give back memory kept for later (vm_lowmem). */
  lowmem_period: number;
  disable_swapspace_pageouts: number;
  defer_swapspace_pageouts: number;
  panic_on_oom: number;
  /** Whole processes may be swapped out under pressure; when idle; after so many seconds. */
  swap_enabled: number;
  swap_idle_enabled: number;
  swap_idle_threshold1: number;
  swap_idle_threshold2: number;
  swap_async_max: number;
}

/** Pages that stand for device memory (vm_phys_fictitious_reg_range). Addresses in bytes. */
export interface vm_phys_fictitious_seg {
  start: number;
  end: number;
  first_page: vm_page[];
}

export interface vm_reserv_state {
  /** By frame of 4 MB. */
  array: (vm_reserv | undefined)[];
  /** Partially populated ones, the least recently changed first (vm_rvq_partpop). */
  partpop_head: vm_reserv | null;
  partpop_tail: vm_reserv | null;
  /** vm.reserv.broken, freed, reclaimed. */
  broken: number;
  freed: number;
  reclaimed: number;
}

export interface VmState {
  cnt: vmmeter;
  /** By frame number; null where there is no RAM that the kernel manages. */
  vm_page_array: (vm_page | null)[];
  phys_segs: vm_phys_seg[];
  fictitious_segs: vm_phys_fictitious_seg[];
  reserv: vm_reserv_state;
  /**
   * Heads of the buddy lists by order; behind those of the first free list, orders 0 to 10, those of
   * the second, if there is memory both above and below 16 MB.
   */
  free_queues: vm_pagequeue[];
  pagequeues: vm_pagequeue[];
  object_list: Set<vm_object>;
  next_object_id: number;
  kernel_map: vm_map | null;
  exec_map: vm_map | null;
  pipe_map: vm_map | null;
  kernel_object: vm_object | null;
  /** Free kernel addresses that have been imported from kernel_map, ascending (kernel_arena). */
  kernel_arena: { start: number; end: number }[];
  /** Address of ZERO_REGION_SIZE bytes that read zero: one frame, mapped 16 times. */
  zero_region: number;
  /** What kmem_malloc has given out. */
  kmem: { in_use: number; bytes: number; requests: number };
  /** Kernel stacks: how many there are (vm.kstacks), and those that are kept for later. */
  kstacks: { count: number; cache_size: number; cache: kstack[] };
  /** Zone of fictitious pages: in use, and ever made. */
  fakepg: { used: number; requests: number };
  /** Objects of mapped devices by device number (dev_pager_object_list). */
  dev_pager_objects: Map<number, vm_object>;
  /** All block devices; the first is behind the files of host directories. */
  disks: disk[];
  swdevs: swdevt[];
  /** Index of the swap device whose turn it is. */
  swdevhd: number;
  /** Free blocks on all swap devices. */
  swap_pager_avail: number;
  /** 0, 1 (nearly), 2 (an allocation failed). */
  swap_pager_full: number;
  swap_pager_almost_full: number;
  /** The zone of swap metadata, in swblocks. */
  swzone: { limit: number; used: number; requests: number; failures: number };
  /** Writes to swap that the page daemon may still have in flight. */
  nsw_wcount_async: number;
  tunables: pageout_tunables;
  /** What the vmdaemon was asked for: VM_SWAP_*. */
  vm_pageout_req_swapout: number;
  /** The vmdaemon and the swapper wait on these. */
  vm_daemon_needed: { requests: number; lastrun: number };
  swapper_wait: { requests: number };
  /** Uptime in s of the last vm_lowmem event. */
  lowmem_uptime: number;
  lowmem_events: number;
  /** Bytes of swap space, and bytes reserved. */
  swap_total: number;
  swap_reserved: number;
  /** Bytes reserved by uid. */
  swap_reserved_by: Map<number, number>;
  overcommit: number;
  pageout_deficit: number;
  /**
   * Threads wait for free pages on this. `returned`: pages they gave back on the way to sleep and will
   * ask for again; a thread of FreeBSD keeps them while it waits.
   */
  free_wait: { waiters: number; returned: number };
  pageout_wanted: boolean;
  /** So many page allocations from now, one fails (fail(9), for tests); 0: none. */
  fail_alloc: number;
  collapses: number;
  bypasses: number;
  lookup: vm_map_lookup_result;
  fault_story: fault_story;
}

/** Counters before anything has happened. */
export function vmmeter_zero(): vmmeter {
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

export const emptyQueue = (): vm_pagequeue => ({ head: null, tail: null, count: 0 });

/** Buddy orders: a free block has 2^0 to 2^10 pages (4 MB). */
export const VM_NFREEORDER = 11;

export function vm_state_init(): VmState {
  return {
    cnt: vmmeter_zero(),
    vm_page_array: [],
    phys_segs: [],
    fictitious_segs: [],
    reserv: {
      array: [],
      partpop_head: null,
      partpop_tail: null,
      broken: 0,
      freed: 0,
      reclaimed: 0,
    },
    free_queues: [],
    pagequeues: Array.from({ length: 3 }, emptyQueue),
    object_list: new Set(),
    next_object_id: 1,
    kernel_map: null,
    exec_map: null,
    pipe_map: null,
    kernel_object: null,
    kernel_arena: [],
    zero_region: 0,
    kmem: { in_use: 0, bytes: 0, requests: 0 },
    kstacks: { count: 0, cache_size: 128, cache: [] },
    fakepg: { used: 0, requests: 0 },
    dev_pager_objects: new Map(),
    disks: [disk_alloc('host', 0, 0, 'vnode', IMMEDIATE)],
    swdevs: [],
    swdevhd: 0,
    swap_pager_avail: 0,
    swap_pager_full: 2,
    swap_pager_almost_full: 1,
    swzone: { limit: Infinity, used: 0, requests: 0, failures: 0 },
    nsw_wcount_async: 4,
    tunables: {
      max_launder: 32,
      pageout_oom_seq: 12,
      pageout_update_period: 600,
      lowmem_period: 10,
      disable_swapspace_pageouts: 0,
      defer_swapspace_pageouts: 0,
      panic_on_oom: 0,
      swap_enabled: 1,
      swap_idle_enabled: 0,
      swap_idle_threshold1: 2,
      swap_idle_threshold2: 10,
      swap_async_max: 4,
    },
    vm_pageout_req_swapout: 0,
    vm_daemon_needed: { requests: 0, lastrun: 0 },
    swapper_wait: { requests: 0 },
    lowmem_uptime: 0,
    lowmem_events: 0,
    swap_total: 0,
    swap_reserved: 0,
    swap_reserved_by: new Map(),
    overcommit: 0,
    pageout_deficit: 0,
    free_wait: { waiters: 0, returned: 0 },
    pageout_wanted: false,
    fail_alloc: 0,
    collapses: 0,
    bypasses: 0,
    lookup: { map: null, entry: null, object: null, pindex: 0, prot: 0, wired: false },
    fault_story: { visited: [], outcome: 'failed', entry: null },
  };
}
