// Page faults (vm_fault.c; freebsd-vm A10).
//
//                    entry.object
//                         |
//   first_object   +------v------+   1 page here, valid ....... map it           soft_fast, search
//   (own copies)   | o   .     o |   2 not here, pager has it .. read it, map it  getpages
//                  +------|------+   3 nowhere ............... zero-fill here    zerofill
//   backing        +------v------+
//   (shared, older)| o   o   .   |   4 here, read ............. map read-only    cow
//                  +------|------+   5 here, write ............ copy up, or move up when nobody
//   bottom         +------v------+                              else can see it  cow
//   (a file, or    | o   o   o   |   6 beyond the end ......... OUT_OF_BOUNDS: SIGBUS
//    nothing)      +-------------+
//
// The steps: vm_fault -> vm_map_lookup -> soft_fast | zero_fast | slow; slow = search (resident ->
// getpages -> next ... -> zerofill) -> cow -> map. Nothing is half-done when the thread has to sleep:
// what was allocated is freed, locks are dropped, and the faulting instruction is executed again.

import { EV_FAULT } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT, panic } from '../sys/panic.js';
import { P_WKILLED } from '../sys/proc.js';
import { tsleep } from '../kern/kern_synch.js';
import { pmap_enter, pmap_zero_page } from './pmap.js';
import { vm_fault_cow } from './vm_fault_cow.js';
import { VM_OBJECT_RLOCK, VM_OBJECT_RUNLOCK } from './vm_object_lock.js';
import { vm_fault_prefault, vm_fault_read_window } from './vm_fault_ahead.js';
import { remember } from './vm_fault_state.js';
import type { faultstate } from './vm_fault_state.js';
import { vm_map_unlock_read } from './vm_map_lock.js';
import { vm_map_lookup } from './vm_map_lookup.js';
import { vm_map_growstack } from './vm_map_stack.js';
import { vm_map_lookup_entry } from './vm_map_tree.js';
import {
  vm_object_deallocate,
  vm_object_pip_add,
  vm_object_pip_wakeup,
  vm_object_reference,
  vm_object_set_writeable_dirty,
} from './vm_object.js';
import {
  vm_page_activate,
  vm_page_alloc,
  vm_page_busied,
  vm_page_busy_sleep,
  vm_page_count_severe,
  vm_page_deactivate,
  vm_page_dirty,
  vm_page_free,
  vm_page_lookup,
  vm_page_reference,
  vm_page_set_nosync,
  vm_page_wire,
  vm_page_xbusy,
  vm_page_xunbusy,
  vm_wait,
} from './vm_page.js';
import { vm_pager_get_pages, vm_pager_has_page } from './vm_pager.js';
import {
  KERN_FAILURE,
  KERN_INVALID_ADDRESS,
  KERN_OUT_OF_BOUNDS,
  KERN_PROTECTION_FAILURE,
  KERN_SUCCESS,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_NEEDS_WAKEUP,
  MAP_ENTRY_NOFAULT,
  MAP_ENTRY_NOSYNC,
  OBJT_DEAD,
  OBJT_DEFAULT,
  OBJT_SWAP,
  OBJT_VNODE,
  OBJ_COLORED,
  OBJ_DEAD,
  OBJ_FICTITIOUS,
  PG_CACHED,
  VM_ALLOC_NORMAL,
  VM_ALLOC_SYSTEM,
  VM_FAULT_DIRTY,
  VM_FAULT_WIRE,
  VM_PAGER_BAD,
  VM_PAGER_ERROR,
  VM_PAGER_FAIL,
  VM_PAGER_OK,
  VM_PAGER_PEND,
  VM_PAGE_BITS_ALL,
  VM_PROT_COPY,
  VM_PROT_WRITE,
} from './vm_param.js';
import { swap_pager_unswapped } from './swap_pager.js';
import { pager_waited } from './vm_pager_read.js';
import type { vm_map, vm_map_entry, vm_object, vm_page } from './vm_types.js';

const PAGE_SIZE = 4096;
export { vm_fault_story } from './vm_fault_state.js';

/** Pages mapped around a soft fault, each side. */
const PREFAULT_PAGES = 4;

/**
 * Resolves a fault at `va` (any byte of the page) for an access of `fault_type` (VM_PROT_*), with
 * `fault_flags` (VM_FAULT_*). Sleeps, by throwing, when a page is busy or memory is short.
 * @returns KERN_SUCCESS, or why the access is not possible: INVALID_ADDRESS (nothing mapped),
 * PROTECTION_FAILURE, OUT_OF_BOUNDS (beyond the end of a file), FAILURE (read error),
 * RESOURCE_SHORTAGE (no swap space may be reserved).
 */
export function vm_fault(
  k: Kernel,
  map: vm_map,
  va: number,
  fault_type: number,
  fault_flags: number,
): number {
  k.vm.cnt.v_vm_faults++;
  const vaddr = va - (va % PAGE_SIZE);
  let result = vm_map_lookup(k, map, vaddr, fault_type);
  if (result === KERN_INVALID_ADDRESS && !map.system_map && vm_map_growstack(k, map, vaddr)) {
    result = vm_map_lookup(k, map, vaddr, fault_type);
  }
  if (result !== KERN_SUCCESS) {
    if (k.events.mask & EV_FAULT) remember(k, null, 'failed', vm_map_lookup_entry(map, vaddr));
    return result;
  }
  const { lookup } = k.vm;
  const entry = lookup.entry as vm_map_entry;
  const found_map = lookup.map as vm_map;
  if (entry.eflags & (MAP_ENTRY_NOFAULT | MAP_ENTRY_IN_TRANSITION)) {
    if (entry.eflags & MAP_ENTRY_NOFAULT)
      panic(`vm_fault: fault on nofault entry, addr: 0x${va.toString(16)}`);
    if (entry.wiring_thread !== k.kern.curthread) {
      entry.eflags |= MAP_ENTRY_NEEDS_WAKEUP;
      vm_map_unlock_read(found_map);
      tsleep(k, map, 0, 'vmmaps');
    }
  }
  if (fault_flags === 0) {
    const object = lookup.object as vm_object;
    const m = vm_page_lookup(object, lookup.pindex);
    const mapped =
      m !== null
        ? vm_fault_soft_fast(k, found_map, vaddr, fault_type, entry, m)
        : vm_fault_zero_fast(k, found_map, vaddr, fault_type, entry, object);
    if (mapped) {
      vm_map_unlock_read(found_map);
      return KERN_SUCCESS;
    }
  }
  return vm_fault_slow(k, found_map, vaddr, fault_type, fault_flags);
}

/** A resident, valid, idle page of the first object: maps it and allocates nothing (step 2). */
function vm_fault_soft_fast(
  k: Kernel,
  map: vm_map,
  vaddr: number,
  fault_type: number,
  entry: vm_map_entry,
  m: vm_page,
): boolean {
  if (m.valid !== VM_PAGE_BITS_ALL || vm_page_busied(m) || m.flags & PG_CACHED) return false;
  const { prot, wired } = k.vm.lookup;
  // A page that was waited for counts as read: the long way sees to it.
  const td = k.kern.curthread;
  if (td !== null && td.td_pagein !== null) return false;
  const object = m.object as vm_object;
  VM_OBJECT_RLOCK(object);
  if (pmap_enter(k, map.pmap, vaddr, m, prot, fault_type, wired) !== KERN_SUCCESS) {
    VM_OBJECT_RUNLOCK(object);
    return false;
  }
  if (prot & VM_PROT_WRITE) vm_fault_dirty(k, entry, m, fault_type, 0);
  vm_page_activate(k, m);
  if (td !== null) td.td_ru.ru_minflt++;
  if (!wired) vm_fault_prefault(k, map, vaddr, entry, prot, PREFAULT_PAGES, PREFAULT_PAGES);
  VM_OBJECT_RUNLOCK(object);
  if (k.events.mask & EV_FAULT) {
    remember(
      k,
      [{ id: object.id, type: object.type, pindex: m.pindex, hit: true }],
      'mapped',
      entry,
    );
  }
  return true;
}

/**
 * The first touch of anonymous memory that backs onto nothing: one page, zeroed and mapped. Nothing
 * here can sleep, so the page needs no protection while it is made.
 */
function vm_fault_zero_fast(
  k: Kernel,
  map: vm_map,
  vaddr: number,
  fault_type: number,
  entry: vm_map_entry,
  object: vm_object,
): boolean {
  const { pindex, prot, wired } = k.vm.lookup;
  if (object.type !== OBJT_DEFAULT || object.backing_object !== null || pindex >= object.size)
    return false;
  if (object.flags & OBJ_DEAD || vm_page_count_severe(k)) return false;
  vm_fault_colour(object, vaddr, pindex);
  const m = vm_page_alloc(k, object, pindex, VM_ALLOC_NORMAL);
  if (m === null) return false;
  pmap_zero_page(k, m);
  m.valid = VM_PAGE_BITS_ALL;
  if (pmap_enter(k, map.pmap, vaddr, m, prot, fault_type, wired) !== KERN_SUCCESS) {
    vm_page_free(k, m);
    return false;
  }
  if (prot & VM_PROT_WRITE) vm_fault_dirty(k, entry, m, fault_type, 0);
  vm_page_activate(k, m);
  vm_page_xunbusy(k, m);
  k.vm.cnt.v_zfod++;
  const td = k.kern.curthread;
  if (td !== null) td.td_ru.ru_minflt++;
  if (k.events.mask & EV_FAULT) {
    remember(k, [{ id: object.id, type: object.type, pindex, hit: false }], 'zero-filled', entry);
  }
  return true;
}

/**
 * Bookkeeping of a mapping that can be written through (step 6): from now on the CPU may modify the
 * page without a fault, so its object may become dirty at any time; the page itself only is when this
 * access writes.
 */
function vm_fault_dirty(
  k: Kernel,
  entry: vm_map_entry,
  m: vm_page,
  fault_type: number,
  fault_flags: number,
): void {
  const object = m.object as vm_object;
  vm_object_set_writeable_dirty(object);
  vm_page_set_nosync(m, (entry.eflags & MAP_ENTRY_NOSYNC) !== 0);
  const writes = (fault_type & VM_PROT_WRITE) !== 0 && (fault_flags & VM_FAULT_WIRE) === 0;
  if (!writes && (fault_flags & VM_FAULT_DIRTY) === 0) return;
  vm_page_dirty(m);
  if (object.type === OBJT_SWAP) swap_pager_unswapped(k, m);
}

function vm_fault_slow(
  k: Kernel,
  map: vm_map,
  vaddr: number,
  fault_type: number,
  fault_flags: number,
): number {
  const { lookup } = k.vm;
  const object = lookup.object as vm_object;
  const fs: faultstate = {
    map,
    entry: lookup.entry as vm_map_entry,
    vaddr,
    fault_type: lookup.wired ? lookup.prot | (fault_type & VM_PROT_COPY) : fault_type,
    fault_flags,
    prot: lookup.prot,
    wired: lookup.wired,
    first_object: object,
    first_pindex: lookup.pindex,
    first_m: null,
    object,
    pindex: lookup.pindex,
    m: null,
    hard: false,
    behind: 0,
    ahead: 0,
    outcome: 'mapped',
    visited: k.events.mask & EV_FAULT ? [] : null,
  };
  vm_object_reference(object);
  vm_object_pip_add(object);
  try {
    const result = vm_fault_search(k, fs);
    if (result !== KERN_SUCCESS) {
      fs.outcome = 'failed';
      return result;
    }
    if (fs.object !== fs.first_object) vm_fault_cow(k, fs);
    vm_fault_map(k, fs);
    return KERN_SUCCESS;
  } finally {
    // Also on the way to sleep: everything that was begun is taken back.
    vm_fault_unwind(k, fs);
    if (fs.visited !== null) remember(k, fs.visited, fs.outcome, fs.entry);
  }
}

/** Frees placeholders that got no contents and drops the locks and references of the fault. */
function vm_fault_unwind(k: Kernel, fs: faultstate): void {
  const { first_m, m } = fs;
  if (m !== null && m !== first_m) release_page(k, m);
  if (first_m !== null) {
    if (first_m.valid === 0 && first_m.wire_count === 0) vm_page_free(k, first_m);
    else release_page(k, first_m);
  }
  if (fs.object !== fs.first_object) vm_object_pip_wakeup(k, fs.object);
  vm_object_pip_wakeup(k, fs.first_object);
  vm_map_unlock_read(fs.map);
  vm_object_deallocate(k, fs.first_object);
}

/** Lets go of a page that is kept: it must be where the page daemon finds it. */
export function release_page(k: Kernel, m: vm_page): void {
  vm_page_xunbusy(k, m);
  vm_page_deactivate(k, m);
}

/** Drops what the fault holds and sleeps until `m` is no longer busy. */
function vm_fault_busy_sleep(k: Kernel, fs: faultstate, m: vm_page, wmesg = 'vmpfw'): never {
  vm_page_reference(m);
  k.vm.cnt.v_intrans++;
  fs.outcome = 'sleeping';
  fs.m = null;
  return vm_page_busy_sleep(k, m, wmesg);
}

/** Drops what the fault holds and sleeps until there is memory. */
function vm_fault_memory_sleep(k: Kernel, fs: faultstate): never {
  fs.outcome = 'sleeping';
  return vm_wait(k, 'pfault');
}

/** Walks down the chain until there is a page, reading or zero-filling it (step 3). */
function vm_fault_search(k: Kernel, fs: faultstate): number {
  for (;;) {
    const { object, pindex } = fs;
    if (object.type === OBJT_DEAD || object.flags & OBJ_DEAD) return KERN_PROTECTION_FAILURE;
    const resident = vm_page_lookup(object, pindex);
    fs.visited?.push({ id: object.id, type: object.type, pindex, hit: resident !== null });
    if (resident !== null) {
      if (vm_page_busied(resident)) vm_fault_busy_sleep(k, fs, resident);
      vm_page_xbusy(resident);
      fs.m = resident;
      if (object === fs.first_object) fs.first_m = resident;
      if (resident.valid === VM_PAGE_BITS_ALL) {
        if (resident.flags & PG_CACHED) vm_page_activate(k, resident);
        vm_fault_waited(k, fs);
        return KERN_SUCCESS;
      }
      // Wired when its file was cut off before it.
      if (object.type === OBJT_VNODE && pindex >= object.size) return KERN_OUT_OF_BOUNDS;
    } else if (pindex >= object.size) {
      // Only files end before what maps them; anonymous objects are as large as their mappings.
      if (object === fs.first_object || object.type !== OBJT_DEFAULT) return KERN_OUT_OF_BOUNDS;
      fs.m = null;
    } else if (object === fs.first_object || vm_pager_has_page(k, object, pindex)) {
      vm_fault_allocate(k, fs);
    } else fs.m = null;

    if (fs.m !== null && object.type !== OBJT_DEFAULT) {
      const result = vm_fault_getpages(k, fs);
      if (result === VM_PAGER_OK) {
        fs.outcome = 'paged-in';
        return KERN_SUCCESS;
      }
      if (result !== VM_PAGER_FAIL) {
        drop_placeholder(k, fs);
        if (result === VM_PAGER_BAD) return KERN_OUT_OF_BOUNDS;
        const p = k.kern.curthread?.td_proc;
        k.host.log(`vm_fault: pager read error, pid ${p?.p_pid ?? 0} (${p?.p_comm ?? ''})`);
        return KERN_FAILURE;
      }
      if (object !== fs.first_object) drop_placeholder(k, fs);
    }
    if (!vm_fault_next(k, fs)) {
      vm_fault_zerofill(k, fs);
      return KERN_SUCCESS;
    }
  }
}

/**
 * Gives an object that has no colour one with which the pages of a 4 MB frame come to lie where the
 * mapping at `vaddr` could use them as one.
 */
function vm_fault_colour(object: vm_object, vaddr: number, pindex: number): void {
  if (object.flags & (OBJ_COLORED | OBJ_FICTITIOUS)) return;
  object.flags |= OBJ_COLORED;
  object.pg_color = ((vaddr / PAGE_SIZE - pindex) & 1023) >>> 0;
}

/** A busy page without contents at the place of the fault; waits while memory is short. */
function vm_fault_allocate(k: Kernel, fs: faultstate): void {
  const { object } = fs;
  const td = k.kern.curthread;
  // Who is to die may take what is left, so that it can.
  const killed = td !== null && (td.td_proc.p_flag & P_WKILLED) !== 0;
  vm_fault_colour(object, fs.vaddr, fs.pindex);
  const m =
    !killed && vm_page_count_severe(k)
      ? null
      : vm_page_alloc(k, object, fs.pindex, killed ? VM_ALLOC_SYSTEM : VM_ALLOC_NORMAL);
  if (m === null) vm_fault_memory_sleep(k, fs);
  fs.m = m;
  if (object === fs.first_object) fs.first_m = m;
}

function drop_placeholder(k: Kernel, fs: faultstate): void {
  const m = fs.m as vm_page;
  fs.m = null;
  if (fs.first_m === m) fs.first_m = null;
  if (m.wire_count > 0) vm_page_xunbusy(k, m);
  else vm_page_free(k, m);
}

/** One object further down. @returns false at the bottom. */
function vm_fault_next(k: Kernel, fs: faultstate): boolean {
  const { object } = fs;
  const next = object.backing_object;
  if (next === null) return false;
  if (fs.m !== null && fs.m !== fs.first_m) release_page(k, fs.m);
  fs.pindex += object.backing_object_offset / PAGE_SIZE;
  vm_object_pip_add(next);
  if (object !== fs.first_object) vm_object_pip_wakeup(k, object);
  fs.object = next;
  fs.m = null;
  return true;
}

function vm_fault_zerofill(k: Kernel, fs: faultstate): void {
  if (fs.object !== fs.first_object) {
    vm_object_pip_wakeup(k, fs.object);
    fs.object = fs.first_object;
    fs.pindex = fs.first_pindex;
  }
  const m = fs.first_m as vm_page;
  fs.m = m;
  pmap_zero_page(k, m);
  m.valid = VM_PAGE_BITS_ALL;
  k.vm.cnt.v_zfod++;
  fs.outcome = 'zero-filled';
}

/**
 * Reads the page and a window around it. A pager that only starts the transfer (PEND) keeps the page
 * busy until it is there; the fault then waits for it and is taken again.
 */
function vm_fault_getpages(k: Kernel, fs: faultstate): number {
  const { entry, object, vaddr } = fs;
  const m = fs.m as vm_page;
  const waited = pager_waited(k, object, fs.pindex);
  if (waited !== null && waited.error !== 0) return VM_PAGER_ERROR;
  if (!vm_pager_has_page(k, object, fs.pindex)) return VM_PAGER_FAIL;
  const { behind, ahead } = vm_fault_read_window(
    k,
    entry,
    vaddr,
    fs.first_object,
    object,
    fs.pindex,
  );
  const result = vm_pager_get_pages(k, object, m, behind, ahead);
  if (result === VM_PAGER_PEND) {
    if (fs.first_m === m) fs.first_m = null;
    entry.next_read = vaddr + (ahead + 1) * PAGE_SIZE;
    k.vm.cnt.v_io_faults++;
    vm_fault_busy_sleep(k, fs, m, object.type === OBJT_VNODE ? 'vnread' : 'swread');
  }
  forget_wait(k);
  if (result !== VM_PAGER_OK) return result;
  // A device's pager puts another page in the place of this one.
  fs.m = vm_page_lookup(object, fs.pindex);
  if (fs.first_m === m) fs.first_m = fs.m;
  fs.hard = true;
  fs.behind = behind;
  fs.ahead = ahead;
  entry.next_read = vaddr + (ahead + 1) * PAGE_SIZE;
  k.vm.cnt.v_io_faults++;
  return result;
}

/** The transfer was over at once: nobody waits for it. */
function forget_wait(k: Kernel): void {
  if (k.kern.curthread !== null) k.kern.curthread.td_pagein = null;
}

/** A resident page that this thread has waited for was read by this fault. */
function vm_fault_waited(k: Kernel, fs: faultstate): void {
  const td = k.kern.curthread;
  if (td === null || td.td_pagein === null) return;
  const waited = pager_waited(k, fs.object, fs.pindex);
  td.td_pagein = null;
  if (waited === null) return;
  fs.hard = true;
  fs.behind = waited.behind;
  fs.ahead = waited.ahead;
  fs.outcome = 'paged-in';
}

/** Maps the page and settles its state (steps 6 and 7). */
function vm_fault_map(k: Kernel, fs: faultstate): void {
  const { entry, map, prot, vaddr } = fs;
  const m = fs.m as vm_page;
  KASSERT(m.valid === VM_PAGE_BITS_ALL, () => 'vm_fault: page is not valid');
  if (prot & VM_PROT_WRITE) vm_fault_dirty(k, entry, m, fs.fault_type, fs.fault_flags);
  // A private copy is dirty whoever made it: nothing below has its contents.
  if (fs.outcome === 'copied') vm_page_dirty(m);
  if (pmap_enter(k, map.pmap, vaddr, m, prot, fs.fault_type, fs.wired) !== KERN_SUCCESS) {
    vm_fault_memory_sleep(k, fs);
  }
  const wire = (fs.fault_flags & VM_FAULT_WIRE) !== 0;
  if (wire) vm_page_wire(k, m);
  else vm_page_activate(k, m);
  vm_page_xunbusy(k, m);
  if (fs.first_m === m) fs.first_m = null;
  fs.m = null;
  if (!wire && fs.hard) vm_fault_prefault(k, map, vaddr, entry, prot, fs.behind, fs.ahead);
  else if (!wire && fs.outcome === 'mapped') {
    vm_fault_prefault(k, map, vaddr, entry, prot, PREFAULT_PAGES, PREFAULT_PAGES);
  }
  const td = k.kern.curthread;
  if (td === null) return;
  if (fs.hard) td.td_ru.ru_majflt++;
  else td.td_ru.ru_minflt++;
}
