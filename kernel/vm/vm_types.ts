// The structures of the virtual memory system. Fields carry FreeBSD's names; what is left out of a
// structure has no meaning here (list heads that a Map or Set replaces, locks of a single CPU).

import type { FaultOutcome } from '../sys/event.js';
import type { vnode } from '../sys/vnode.js';
import type { pmap, pv_entry } from '../i386/pmap_types.js';

/** A page of physical memory (vm_page.h). One exists for each frame, for ever. */
export interface vm_page {
  /** Physical address of the frame. */
  phys_addr: number;
  /** Object that the page belongs to, and its index there. */
  object: vm_object | null;
  pindex: number;
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
  psind: number;
  /** md: mappings of the page, and its memory attribute. */
  pv_list: pv_entry | null;
  pat_mode: number;
}

/** A source of pages (vm_object.h). */
export interface vm_object {
  /** Number for people: stable, never reused. */
  id: number;
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
  /** Resident pages by pindex. */
  memq: Map<number, vm_page>;
  resident_page_count: number;
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
  /** un_pager.swp: disk block by pindex. */
  swp_blocks: Map<number, number> | null;
  /** Swap accounting: bytes charged, and to whom (uid), -1 when nobody. */
  charge: number;
  cred: number;
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
  pmap: pmap;
  busy: number;
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
