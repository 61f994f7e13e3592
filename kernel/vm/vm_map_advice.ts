// Inheritance, madvise, msync, mincore and prefaulting of address ranges (vm_map.c; freebsd-vm A8).

import type { Kernel } from '../sys/kernel.js';
import {
  pmap_clear_modify,
  pmap_enter_object,
  pmap_is_modified,
  pmap_mincore,
  pmap_remove,
  pmap_ts_referenced,
} from './pmap.js';
import { dev_pager_map } from './device_pager.js';
import {
  vm_map_clip_end,
  vm_map_event,
  vm_map_first_entry,
  vm_map_simplify_entry,
} from './vm_map.js';
import { vm_map_lock, vm_map_lock_read, vm_map_unlock, vm_map_unlock_read } from './vm_map_lock.js';
import {
  clean_progress,
  vm_object_clean_sleep,
  vm_object_clean_wait,
  vm_object_page_clean_begin,
} from './vm_object_clean.js';
import { vm_object_page_remove, vm_object_pages } from './vm_object.js';
import {
  PHYS_TO_VM_PAGE,
  vm_page_activate,
  vm_page_busied,
  vm_page_deactivate,
  vm_page_dirty,
  vm_page_lookup,
  vm_page_test_dirty,
} from './vm_page.js';
import { swap_pager_freespace } from './swap_pager.js';
import {
  KERN_FAILURE,
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_SUCCESS,
  MAP_ENTRY_BEHAV_MASK,
  MAP_ENTRY_BEHAV_NORMAL,
  MAP_ENTRY_BEHAV_RANDOM,
  MAP_ENTRY_BEHAV_SEQUENTIAL,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IS_SUB_MAP,
  MAP_ENTRY_NOCOREDUMP,
  MAP_ENTRY_NOSYNC,
  MAP_ENTRY_USER_WIRED,
  MAP_PREFAULT_MADVISE,
  MAP_PREFAULT_PARTIAL,
  OBJT_DEFAULT,
  OBJT_SWAP,
  OBJT_VNODE,
  OBJ_ONEMAPPING,
  PG_CACHED,
  VM_INHERIT_ZERO,
  VM_PAGE_BITS_ALL,
  VM_PROT_NONE,
  VM_PROT_WRITE,
} from './vm_param.js';
import type { vm_map, vm_map_entry, vm_object, vm_page } from './vm_types.js';

const PAGE_SIZE = 4096;
/** MAP_PREFAULT_PARTIAL stops this far in. */
const MAX_INIT_PT = 96;

// madvise(2) behaviours.
export const MADV_NORMAL = 0;
export const MADV_RANDOM = 1;
export const MADV_SEQUENTIAL = 2;
export const MADV_WILLNEED = 3;
export const MADV_DONTNEED = 4;
export const MADV_FREE = 5;
export const MADV_NOSYNC = 6;
export const MADV_AUTOSYNC = 7;
export const MADV_NOCORE = 8;
export const MADV_CORE = 9;
export const MADV_PROTECT = 10;

/** Sets what a fork does with [start, end). */
export function vm_map_inherit(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  inheritance: number,
): number {
  if (inheritance < 0 || inheritance > VM_INHERIT_ZERO) return KERN_INVALID_ARGUMENT;
  if (start >= end) return KERN_SUCCESS;
  vm_map_lock(map);
  for (
    let e = vm_map_first_entry(k, map, start, true);
    e !== map.header && e.start < end;
    e = e.next
  ) {
    vm_map_clip_end(k, map, e, end);
    if ((e.eflags & MAP_ENTRY_GUARD) === 0 || inheritance !== VM_INHERIT_ZERO)
      e.inheritance = inheritance;
    vm_map_simplify_entry(k, map, e);
  }
  vm_map_event(k, map, 'inherit', start, end, String(inheritance));
  vm_map_unlock(map);
  return KERN_SUCCESS;
}

/** Changes of entry flags that an advice stands for: [clear, set], or null when it is about pages. */
function flags_of(behav: number): readonly [clear: number, set: number] | null {
  switch (behav) {
    case MADV_NORMAL:
      return [MAP_ENTRY_BEHAV_MASK, MAP_ENTRY_BEHAV_NORMAL];
    case MADV_SEQUENTIAL:
      return [MAP_ENTRY_BEHAV_MASK, MAP_ENTRY_BEHAV_SEQUENTIAL];
    case MADV_RANDOM:
      return [MAP_ENTRY_BEHAV_MASK, MAP_ENTRY_BEHAV_RANDOM];
    case MADV_NOSYNC:
      return [0, MAP_ENTRY_NOSYNC];
    case MADV_AUTOSYNC:
      return [MAP_ENTRY_NOSYNC, 0];
    case MADV_NOCORE:
      return [0, MAP_ENTRY_NOCOREDUMP];
    case MADV_CORE:
      return [MAP_ENTRY_NOCOREDUMP, 0];
    default:
      return null;
  }
}

export function vm_map_madvise(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  behav: number,
): number {
  if (behav < MADV_NORMAL || behav > MADV_CORE) return KERN_INVALID_ARGUMENT;
  if (start >= end) return KERN_SUCCESS;
  vm_map_event(k, map, 'advise', start, end, String(behav));
  const flags = flags_of(behav);
  if (flags !== null) {
    vm_map_lock(map);
    for (
      let e = vm_map_first_entry(k, map, start, true);
      e !== map.header && e.start < end;
      e = e.next
    ) {
      if (e.eflags & (MAP_ENTRY_IS_SUB_MAP | MAP_ENTRY_GUARD)) continue;
      vm_map_clip_end(k, map, e, end);
      e.eflags = (e.eflags & ~flags[0]) | flags[1];
      vm_map_simplify_entry(k, map, e);
    }
    vm_map_unlock(map);
    return KERN_SUCCESS;
  }
  vm_map_lock_read(map);
  for (
    let e = vm_map_first_entry(k, map, start, false);
    e !== map.header && e.start < end;
    e = e.next
  ) {
    if (e.eflags & (MAP_ENTRY_IS_SUB_MAP | MAP_ENTRY_GUARD) || e.object === null) continue;
    const from = Math.max(start, e.start);
    const to = Math.min(end, e.end);
    vm_object_madvise(k, e, from, to, behav);
    if (behav === MADV_WILLNEED) {
      vm_map_prefault(
        k,
        map,
        from,
        e.protection,
        e.object,
        from - e.start + e.offset,
        to - from,
        MAP_PREFAULT_MADVISE,
      );
    }
  }
  vm_map_unlock_read(map);
  return KERN_SUCCESS;
}

/** WILLNEED, DONTNEED and FREE on the pages of a range, wherever in the chain they are. */
function vm_object_madvise(
  k: Kernel,
  e: vm_map_entry,
  start: number,
  end: number,
  behav: number,
): void {
  const top = e.object as vm_object;
  for (let va = start; va < end; va += PAGE_SIZE) {
    let object: vm_object | null = top;
    let pindex = (va - e.start + e.offset) / PAGE_SIZE;
    let m = vm_page_lookup(top, pindex);
    if (behav === MADV_FREE) {
      if (
        (top.flags & OBJ_ONEMAPPING) === 0 ||
        (top.type !== OBJT_DEFAULT && top.type !== OBJT_SWAP)
      )
        return;
      if (top.type === OBJT_SWAP) swap_pager_freespace(k, top, pindex, 1);
    } else {
      while (m === null && object !== null && object.backing_object !== null) {
        pindex += object.backing_object_offset / PAGE_SIZE;
        object = object.backing_object;
        m = vm_page_lookup(object, pindex);
      }
    }
    if (
      m === null ||
      m.valid !== VM_PAGE_BITS_ALL ||
      m.wire_count > 0 ||
      m.hold_count > 0 ||
      vm_page_busied(m)
    )
      continue;
    advise_page(k, m, behav);
  }
}

function advise_page(k: Kernel, m: vm_page, behav: number): void {
  if (behav === MADV_WILLNEED) {
    vm_page_activate(k, m);
    return;
  }
  if (behav === MADV_FREE) {
    pmap_clear_modify(k, m);
    m.dirty = 0;
    m.act_count = 0;
  } else vm_page_test_dirty(k, m);
  pmap_ts_referenced(k, m);
  if (behav === MADV_DONTNEED && m.dirty === 0 && pmap_is_modified(k, m)) vm_page_dirty(m);
  vm_page_deactivate(k, m, m.dirty === 0);
}

/**
 * Writes back, and with `invalidate` drops, what is cached of files mapped in [start, end). Sleeps until
 * it is written with `syncio` or `invalidate`.
 */
export function vm_map_sync(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  syncio: boolean,
  invalidate: boolean,
): number {
  vm_map_lock_read(map);
  try {
    const first = vm_map_first_entry(k, map, start, false);
    if (first === map.header || first.start > start) return KERN_INVALID_ADDRESS;
    const stop = start === end ? first.end : end;
    for (let e = first; e !== map.header && e.start < stop; e = e.next) {
      if (invalidate && e.eflags & MAP_ENTRY_USER_WIRED) return KERN_INVALID_ARGUMENT;
      if (e.end < stop && (e.next === map.header || e.end !== e.next.start))
        return KERN_INVALID_ADDRESS;
    }
    if (invalidate) pmap_remove(k, map.pmap, start, stop);
    const progress = clean_progress(k);
    for (let e = first; e !== map.header && e.start < stop; e = e.next) {
      const from = Math.max(start, e.start, progress.clean_at);
      const to = Math.min(stop, e.end);
      const found = from < to ? file_below(e, from, to) : null;
      if (found !== null) {
        const { object, pindex, end: limit } = found;
        const { clean_bios } = progress;
        const busy = vm_object_page_clean_begin(k, object, pindex, limit, 0, clean_bios);
        progress.clean_at = busy < 0 ? to : from + (busy - pindex) * PAGE_SIZE;
        if (busy >= 0) vm_object_clean_sleep(k, object, busy);
      }
    }
    const clean = !(syncio || invalidate) || vm_object_clean_wait(k, progress);
    for (let e = first; invalidate && e !== map.header && e.start < stop; e = e.next) {
      const found = file_below(e, Math.max(start, e.start), Math.min(stop, e.end));
      if (found !== null) vm_object_page_remove(k, found.object, found.pindex, found.end, true);
    }
    return clean ? KERN_SUCCESS : KERN_FAILURE;
  } finally {
    vm_map_unlock_read(map);
  }
}

/** The file that [start, end) of an entry shows at the bottom of its chain, and its pages; or null. */
function file_below(
  e: vm_map_entry,
  start: number,
  end: number,
): { object: vm_object; pindex: number; end: number } | null {
  let { object } = e;
  if (object === null) return null;
  let offset = start - e.start + e.offset;
  while (object.backing_object !== null) {
    offset += object.backing_object_offset;
    object = object.backing_object;
  }
  if (object.type !== OBJT_VNODE) return null;
  const pindex = Math.floor(offset / PAGE_SIZE);
  return { object, pindex, end: pindex + (end - start) / PAGE_SIZE };
}

/** mincore(2): one byte a page. @returns null when part of the range is not mapped. */
export function vm_map_mincore(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
): Uint8Array | null {
  const vec = new Uint8Array((end - start) / PAGE_SIZE);
  vm_map_lock_read(map);
  try {
    let at = start;
    for (let e = vm_map_first_entry(k, map, start, false); at < end; e = e.next) {
      if (e === map.header || e.start > at) return null;
      for (; at < Math.min(end, e.end); at += PAGE_SIZE)
        vec[(at - start) / PAGE_SIZE] = mincore_page(k, map, e, at);
    }
    return vec;
  } finally {
    vm_map_unlock_read(map);
  }
}

const MINCORE_INCORE = 1;
const MINCORE_REFERENCED_OTHER = 8;
const MINCORE_MODIFIED_OTHER = 0x10;

function mincore_page(k: Kernel, map: vm_map, e: vm_map_entry, va: number): number {
  const mapped = pmap_mincore(k, map.pmap, va);
  let { bits } = mapped;
  let m: vm_page | null;
  if (mapped.pa >= 0) m = PHYS_TO_VM_PAGE(k, mapped.pa);
  else {
    m = e.object === null ? null : vm_page_lookup(e.object, (va - e.start + e.offset) / PAGE_SIZE);
    if (m === null || m.valid === 0) return 0;
    bits = MINCORE_INCORE;
  }
  if (m === null) return bits;
  if (m.dirty || pmap_is_modified(k, m)) bits |= MINCORE_MODIFIED_OTHER;
  if (m.aflags & 2) bits |= MINCORE_REFERENCED_OTHER;
  return bits;
}

/** Maps resident pages of an object read-only where that costs no page table (vm_map_pmap_enter). */
export function vm_map_prefault(
  k: Kernel,
  map: vm_map,
  addr: number,
  prot: number,
  object: vm_object,
  offset: number,
  size: number,
  flags: number,
): void {
  if (prot === VM_PROT_NONE) return;
  const first = Math.floor(offset / PAGE_SIZE);
  let pages = size / PAGE_SIZE;
  if (object.devp !== null) {
    if (prot & VM_PROT_WRITE) dev_pager_map(k, map.pmap, addr, object, first, size);
    return;
  }
  if (flags & MAP_PREFAULT_PARTIAL && object.resident_page_count > MAX_INIT_PT)
    pages = Math.min(pages, MAX_INIT_PT);
  const found: vm_page[] = [];
  for (const m of vm_object_pages(object, first, first + pages)) {
    if (flags & MAP_PREFAULT_MADVISE && k.vm.cnt.v_free_count < k.vm.cnt.v_free_reserved) break;
    if (m.valid !== VM_PAGE_BITS_ALL || vm_page_busied(m) || m.flags & PG_CACHED) continue;
    found.push(m);
  }
  if (found.length === 0) return;
  const start = addr + (found[0].pindex - first) * PAGE_SIZE;
  pmap_enter_object(k, map.pmap, start, addr + size, found, prot);
}
