// The structures of the virtual memory system. Fields carry FreeBSD's names; what is left out of a
// structure has no meaning here (list heads that a Map or Set replaces, locks of a single CPU).

import type { FaultOutcome } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import type { vnode } from '../sys/vnode.js';
import type { shmmap_state } from '../kern/sysv_shm.js';
import type { pmap, pv_entry } from '../i386/pmap_types.js';

/** A page of physical memory (vm_page.h). One exists for each frame, for ever. */
export interface vm_page {
  /** Physical address of the frame. */
  phys_addr: number;
  /** Object that the page belongs to, and its index there. */
  object: vm_object | null;
  pindex: number;
  /** Links of the object's list of pages (memq). */
  listq_next: vm_page | null;
  listq_prev: vm_page | null;
  /** Links of the paging queue, or of the free list. */
  q_next: vm_page | null;
  q_prev: vm_page | null;
  /** PQ_* or PQ_NONE. */
  queue: number;
  /** References that keep the page in memory; for a page table page, its valid entries. */
  wire_count: number;
  /** Short pins: the frame may not be reused, but the page may leave its object. */
  hold_count: number;
  /** VPB_*: exclusive bit, or sharers. */
  busy_lock: number;
  flags: number;
  aflags: number;
  oflags: number;
  act_count: number;
  /** One bit for each 512 bytes. */
  valid: number;
  dirty: number;
  /** Order of the free block that the page heads; VM_NFREEORDER when it heads none. */
  order: number;
  /** 1 for the first page of a full reservation: its frame of 4 MB may be mapped at once. */
  psind: number;
  /** Index of the page's segment in phys_segs; -1 for a fictitious page. */
  segind: number;
  /** md: mappings of the page, and its memory attribute. */
  pv_list: pv_entry | null;
  pat_mode: number;
}

/** A node of the trie of an object's pages (vm_radix.c). */
export interface vm_radix_node {
  /** Digits of the indices below it, above its own. */
  rn_owner: number;
  /** Which digit of the index chooses the child. */
  rn_clev: number;
  rn_count: number;
  rn_child: (vm_radix_node | vm_page | null)[];
}

/** Blocks of swap of 32 consecutive pages; -1 for none (swap_pager.h). */
export interface swblock {
  swb_count: number;
  swb_pages: Int32Array;
}

/** A frame of 4 MB that is kept for a window of an object (vm_reserv.c). */
export interface vm_reserv {
  /** Frame number of the first page. */
  first: number;
  object: vm_object | null;
  /** Index in the object of the first page. */
  pindex: number;
  /** Pages in use, and which. */
  popcnt: number;
  popmap: Int32Array;
  /** Links of the queue of those that are partially populated. */
  inpartpopq: boolean;
  next: vm_reserv | null;
  prev: vm_reserv | null;
}

/** A source of pages (vm_object.h). */
export interface vm_object {
  /** Number for people: stable, never reused. */
  id: number;
  /** -1: held exclusively; otherwise the number of readers. */
  lock: number;
  /** OBJT_*. */
  type: number;
  flags: number;
  /** Pages. */
  size: number;
  generation: number;
  ref_count: number;
  shadow_count: number;
  /** Objects that shadow this one. */
  shadow_head: Set<vm_object>;
  /** Resident pages in order of pindex, and the trie that finds them (vm_radix.ts). */
  memq: { head: vm_page | null; tail: vm_page | null };
  rtree: vm_radix_node | vm_page | null;
  resident_page_count: number;
  /** Reservations that pages of this object come from; null while there has been none. */
  rvq: Set<vm_reserv> | null;
  backing_object: vm_object | null;
  /** Bytes. */
  backing_object_offset: number;
  paging_in_progress: number;
  pg_color: number;
  memattr: number;
  /** A vnode, device ...; an object with a handle is never collapsed. */
  handle: vnode | null;
  /** un_pager.vnp: size of the file in bytes, bytes mapped writable and shared. */
  vnp_size: number;
  writemappings: number;
  /** un_pager.devp, sgp: where a device's pages are, and the fictitious pages made for them. */
  devp: device_pager_state | null;
  /** un_pager.swp: swap metadata by pindex / 32 (swap_pager_meta.ts). */
  swp_swblks: Map<number, swblock> | null;
  /** Swap accounting: bytes charged, and to whom (uid), -1 when nobody. */
  charge: number;
  cred: number;
}

/** What a device or sg object maps. */
export interface device_pager_state {
  /** Physical address of a page of the object, or -1 where there is none (d_mmap). */
  paddr(k: Kernel, pindex: number): number;
  /** Device number; 0 for a scatter list. */
  rdev: number;
  /** Fictitious pages in use (devp_pglist). */
  pglist: Set<vm_page>;
}

/** One stretch of an address space (vm_map.h). */
export interface vm_map_entry {
  prev: vm_map_entry;
  next: vm_map_entry;
  left: vm_map_entry | null;
  right: vm_map_entry | null;
  start: number;
  end: number;
  /** Where the next fault would be sequential. */
  next_read: number;
  /** Free bytes from `end` to the next entry. */
  adj_free: number;
  /** Largest adj_free in the subtree. */
  max_free: number;
  object: vm_object | null;
  sub_map: vm_map | null;
  /** Bytes into the object. */
  offset: number;
  eflags: number;
  protection: number;
  max_protection: number;
  inheritance: number;
  /** Window in pages. */
  read_ahead: number;
  wired_count: number;
  /** uid charged for swap until there is an object, or -1. */
  cred: number;
  wiring_thread: object | null;
}

/** An address space (vm_map.h). */
export interface vm_map {
  header: vm_map_entry;
  min_offset: number;
  max_offset: number;
  /** -1: held exclusively; otherwise the number of readers. */
  lock: number;
  nentries: number;
  /** Bytes mapped. */
  size: number;
  timestamp: number;
  needs_wakeup: boolean;
  system_map: boolean;
  flags: number;
  root: vm_map_entry | null;
  /** The entry that was found last without bringing it to the root. */
  recent: vm_map_entry | null;
  pmap: pmap;
  busy: number;
}

/** A call of vm_map_wire that has to sleep for pages. */
export interface vm_map_wiring {
  map: vm_map;
  start: number;
  end: number;
  /** VM_MAP_WIRE_*. */
  flags: number;
  /** Pages below are wired. */
  at: number;
}

/** The address space of a process (vm_map.h). */
export interface vmspace {
  vm_map: vm_map;
  /** Pages of text, data, stack. */
  vm_tsize: number;
  vm_dsize: number;
  vm_ssize: number;
  vm_taddr: number;
  vm_daddr: number;
  /** Lowest address that the main stack may reach. */
  vm_maxsaddr: number;
  vm_stacktop: number;
  /** Attached segments of System V shared memory; null while there were none. */
  vm_shm: shmmap_state[] | null;
  vm_swrss: number;
  vm_refcnt: number;
  vm_pmap: pmap;
}

/** What vm_map_lookup() found; valid while the map is read-locked. */
export interface vm_map_lookup_result {
  /** The map that has the entry: a submap, or the one that was asked. */
  map: vm_map | null;
  entry: vm_map_entry | null;
  object: vm_object | null;
  pindex: number;
  /** Access that the mapping may give: without WRITE while a copy is still to be made. */
  prot: number;
  wired: boolean;
}

/** An object that a fault looked into. */
export interface fault_visit {
  id: number;
  type: number;
  pindex: number;
  hit: boolean;
}

/** The story of the last fault; only kept up while somebody listens to faults. */
export interface fault_story {
  visited: fault_visit[];
  outcome: FaultOutcome;
  entry: { start: number; end: number; protection: number; eflags: number } | null;
}

/** Memory statistics (sys/vmmeter.h): counters that only grow, and gauges. */
export interface vmmeter {
  v_swtch: number;
  v_trap: number;
  v_syscall: number;
  v_intr: number;
  v_soft: number;
  v_vm_faults: number;
  v_io_faults: number;
  v_cow_faults: number;
  v_cow_optim: number;
  v_zfod: number;
  v_ozfod: number;
  v_swapin: number;
  v_swapout: number;
  v_swappgsin: number;
  v_swappgsout: number;
  v_vnodein: number;
  v_vnodeout: number;
  v_vnodepgsin: number;
  v_vnodepgsout: number;
  v_intrans: number;
  v_reactivated: number;
  v_pdwakeups: number;
  v_pdpages: number;
  v_tcached: number;
  v_dfree: number;
  v_pfree: number;
  v_tfree: number;
  v_page_count: number;
  v_free_reserved: number;
  v_free_target: number;
  v_free_min: number;
  v_free_severe: number;
  v_free_count: number;
  v_wire_count: number;
  v_active_count: number;
  v_inactive_target: number;
  v_inactive_count: number;
  v_cache_count: number;
  v_pageout_free_min: number;
  v_interrupt_free_min: number;
  v_forks: number;
  v_vforks: number;
  v_rforks: number;
  v_kthreads: number;
  v_forkpages: number;
  v_vforkpages: number;
  v_rforkpages: number;
  v_kthreadpages: number;
}

/** A thread's kernel stack: its object, the address of its first page, and the frame at its top. */
export interface kstack {
  object: vm_object;
  va: number;
  /** Registers of the thread that has it (td_frame). */
  frame: Int32Array;
}
