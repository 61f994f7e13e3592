// mremap (mm/mremap.c of Linux): map entries are moved as they are, with the objects behind them.

import type { Kernel } from '../../sys/kernel.js';
import { EAGAIN, EFAULT, EINVAL, ENOMEM } from '../../sys/errno.js';
import { PAGE_SIZE, VM_MAXUSER_ADDRESS, round_page } from '../../sys/param.js';
import type { Thread } from '../../sys/proc.js';
import { RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_VMEM } from '../../sys/resource.js';
import { pmap_remove } from '../../vm/pmap.js';
import {
  vm_map_clip_end,
  vm_map_clip_start,
  vm_map_delete,
  vm_map_findspace,
  vm_map_insert,
  vm_map_lock,
  vm_map_remove,
  vm_map_simplify_entry,
  vm_map_unlock,
} from '../../vm/vm_map.js';
import { vm_map_inherit } from '../../vm/vm_map_advice.js';
import { vm_map_entry_allocate_object } from '../../vm/vm_map_lookup.js';
import { vm_map_entry_link, vm_map_entry_unlink, vm_map_lookup_le } from '../../vm/vm_map_tree.js';
import { vm_map_unwire, vm_map_wire } from '../../vm/vm_map_wire.js';
import {
  vm_object_deallocate,
  vm_object_reference,
  vnode_pager_update_writecount,
} from '../../vm/vm_object.js';
import {
  KERN_SUCCESS,
  MAP_COPY_ON_WRITE,
  MAP_DISABLE_COREDUMP,
  MAP_ENTRY_NOCOREDUMP,
  MAP_ENTRY_USER_WIRED,
  MAP_ENTRY_VN_WRITECNT,
  MAP_INHERIT_SHARE,
  MAP_VN_WRITECOUNT,
  VM_INHERIT_COPY,
  VM_INHERIT_SHARE,
  VM_MAP_WIRE_HOLESOK,
  VM_MAP_WIRE_USER,
} from '../../vm/vm_param.js';
import type { vm_map, vm_map_entry } from '../../vm/vm_types.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { bottom_object, is_file_entry, is_shared_entry } from './linux_madvise.js';
import { MMAP_MIN_ADDR, is_free, mapped_ranges, vm_of, without_holes } from './linux_mmap.js';
import type { mapped_range } from './linux_mmap.js';

const MREMAP_MAYMOVE = 1;
const MREMAP_FIXED = 2;
const MREMAP_DONTUNMAP = 4;

/** Whether Linux would have both in one vm_area: entries are finer than those. */
function same_area(a: vm_map_entry, b: vm_map_entry): boolean {
  const unlike =
    a.protection !== b.protection ||
    a.inheritance !== b.inheritance ||
    ((a.eflags ^ b.eflags) & MAP_ENTRY_USER_WIRED) !== 0 ||
    is_shared_entry(a) !== is_shared_entry(b) ||
    is_file_entry(a) !== is_file_entry(b);
  if (unlike) return false;
  if (!is_file_entry(a) && !is_shared_entry(a)) return true;
  const first = bottom_object(a);
  const second = bottom_object(b);
  return first.object === second.object && first.offset + (a.end - a.start) === second.offset;
}

/** The ranges of [start, end), if they are one area; else null. */
function one_area(map: vm_map, start: number, end: number): mapped_range[] | null {
  const ranges = mapped_ranges(map, start, end);
  if (ranges.length === 0 || !without_holes(ranges, start, end)) return null;
  for (let i = 1; i < ranges.length; i++)
    if (!same_area(ranges[i - 1].entry, ranges[i].entry)) return null;
  return ranges;
}

/** Maps what follows `e` for `bytes` more, at `at`: more of its file or shared object, or new memory. */
function map_more(k: Kernel, map: vm_map, e: vm_map_entry, at: number, bytes: number): number {
  const size = e.end - e.start;
  const shared = is_shared_entry(e);
  const file = is_file_entry(e);
  let cow = e.eflags & MAP_ENTRY_NOCOREDUMP ? MAP_DISABLE_COREDUMP : 0;
  if (e.inheritance === VM_INHERIT_SHARE) cow |= MAP_INHERIT_SHARE;
  let object = null;
  let offset = 0;
  if (shared) {
    if (e.object === null) vm_map_entry_allocate_object(k, e);
    ({ object } = e);
    offset = e.offset + size;
    if (e.eflags & MAP_ENTRY_VN_WRITECNT) cow |= MAP_VN_WRITECOUNT;
  } else if (file) {
    const bottom = bottom_object(e);
    ({ object } = bottom);
    offset = bottom.offset + size;
    cow |= MAP_COPY_ON_WRITE;
  }
  if (object !== null) vm_object_reference(object);
  const { inheritance, max_protection, protection } = e;
  const result = vm_map_insert(
    k, map, object, offset, at, at + bytes, protection, max_protection, cow,
  ); // prettier-ignore
  if (result !== KERN_SUCCESS) {
    if (object !== null) vm_object_deallocate(k, object);
    return ENOMEM;
  }
  if (object !== null && cow & MAP_VN_WRITECOUNT) vnode_pager_update_writecount(object, bytes);
  if (inheritance !== VM_INHERIT_SHARE && inheritance !== VM_INHERIT_COPY) {
    vm_map_unlock(map);
    vm_map_inherit(k, map, at, at + bytes, inheritance);
    vm_map_lock(map);
  }
  return 0;
}

/**
 * Moves the entries of [start, end) to `to`. With `keep` the old place stays mapped: it shows the same
 * shared memory or file, or reads zero. => the map is locked; nothing is mapped at the new place, and
 * nothing is wired.
 */
function move_entries(
  k: Kernel,
  map: vm_map,
  start: number,
  end: number,
  to: number,
  keep: boolean,
): void {
  for (const { entry } of mapped_ranges(map, start, end)) {
    vm_map_clip_start(k, map, entry, start);
    vm_map_clip_end(k, map, entry, end);
  }
  pmap_remove(k, map.pmap, start, end);
  const entries = mapped_ranges(map, start, end).map((range) => range.entry);
  for (const e of entries) vm_map_entry_unlink(map, e);
  for (const e of entries) {
    e.start += to - start;
    e.end += to - start;
    e.next_read = e.start;
    vm_map_entry_link(map, vm_map_lookup_le(map, e.start), e);
    if (!keep) continue;
    // The same bytes again where they were, except what was changed privately.
    const size = e.end - e.start;
    if (e.object === null && is_shared_entry(e)) vm_map_entry_allocate_object(k, e);
    const back = is_file_entry(e) && !is_shared_entry(e) ? bottom_object(e) : null;
    const before: vm_map_entry = {
      ...e,
      start: e.start - size,
      end: e.start,
      offset: (back === null ? e.offset : back.offset) - size,
    };
    map_more(k, map, before, e.start - (to - start), size);
  }
  for (const e of entries) vm_map_simplify_entry(k, map, e);
}

/** The result of a move while what it made is still to be wired. */
interface mremap_progress {
  mremap_address: number;
}

const HOLESOK = VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK;

function mremap(k: Kernel, td: Thread, a: Int32Array): number {
  const progress = td.td_progress as mremap_progress | null;
  const new_len = round_page(u(a[2]));
  if (progress === null) {
    const wired = { wired: false };
    const error = remap(k, td, u(a[0]), round_page(u(a[1])), new_len, a[3], u(a[4]), wired);
    if (error !== 0 || !wired.wired) return error;
    td.td_progress = { mremap_address: u(td.td_retval[0]) } satisfies mremap_progress;
  } else td.td_retval[0] = progress.mremap_address | 0;
  const at = u(td.td_retval[0]);
  vm_map_wire(k, vm_of(td).vm_map, at, at + new_len, HOLESOK);
  return 0;
}

/** `wired.wired`: the result is to be wired. Lengths are in whole pages. */
function remap(
  k: Kernel,
  td: Thread,
  addr: number,
  old_len: number,
  new_len: number,
  flags: number,
  new_addr: number,
  wired: { wired: boolean },
): number {
  if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) return EINVAL;
  const may_move = (flags & MREMAP_MAYMOVE) !== 0;
  const fixed = (flags & MREMAP_FIXED) !== 0;
  const keep = (flags & MREMAP_DONTUNMAP) !== 0;
  if ((fixed || keep) && !may_move) return EINVAL;
  if (keep && old_len !== new_len) return EINVAL;
  if (addr % PAGE_SIZE !== 0 || new_len === 0) return EINVAL;
  const { vm_map: map } = vm_of(td);
  const [first] = mapped_ranges(map, addr, addr + PAGE_SIZE);
  if (first === undefined || first.start !== addr) return EFAULT;
  if (fixed) {
    if (new_addr % PAGE_SIZE !== 0 || new_len > VM_MAXUSER_ADDRESS - new_addr) return EINVAL;
    if (addr + old_len > new_addr && new_addr + new_len > addr) return EINVAL;
    if (new_addr < map.min_offset) return EINVAL;
  }
  if (old_len === 0 && !is_shared_entry(first.entry)) return EINVAL;
  if (old_len > VM_MAXUSER_ADDRESS - addr) return EFAULT;
  if (!fixed && !keep && new_len <= old_len && old_len !== 0) {
    vm_map_remove(k, map, addr + new_len, addr + old_len);
    td.td_retval[0] = addr | 0;
    return 0;
  }
  const moved = Math.min(old_len, new_len);
  const ranges = one_area(map, addr, addr + Math.max(moved, PAGE_SIZE));
  if (ranges === null) return EFAULT;
  const more = keep ? new_len : new_len - moved;
  const user_wired = (first.entry.eflags & MAP_ENTRY_USER_WIRED) !== 0;
  const limits = td.td_proc.p_limit.pl_rlimit;
  if (user_wired && td.td_proc.p_ucred.cr_uid !== 0) {
    const wire_bytes = vm_of(td).vm_pmap.wired_count * PAGE_SIZE + more;
    if (wire_bytes > limits[RLIMIT_MEMLOCK].rlim_cur) return EAGAIN;
  }
  if (map.size + more > limits[RLIMIT_VMEM].rlim_cur) return ENOMEM;
  wired.wired = user_wired;

  const end = addr + old_len;
  if (!fixed && !keep && old_len !== 0 && end + more <= VM_MAXUSER_ADDRESS) {
    if (is_free(map, end, end + more)) {
      vm_map_lock(map);
      const error = map_more(k, map, last_entry(map, end), end, more);
      vm_map_unlock(map);
      td.td_retval[0] = addr | 0;
      return error;
    }
  }
  if (!may_move) return ENOMEM;
  const to = fixed ? new_addr : find_room(td, map, new_len);
  if (to < 0) return ENOMEM;
  if (fixed) vm_map_remove(k, map, to, to + new_len);
  if (fixed && old_len > new_len) vm_map_remove(k, map, addr + new_len, end);
  if (user_wired && moved !== 0) vm_map_unwire(k, map, addr, addr + moved, HOLESOK);
  vm_map_lock(map);
  let error = 0;
  if (moved !== 0) move_entries(k, map, addr, addr + moved, to, keep);
  if (new_len > moved) {
    // Without a length to move, shared memory gets a second place.
    const e = moved !== 0 ? last_entry(map, to + moved) : { ...first.entry };
    if (moved === 0) {
      if (first.entry.object === null) vm_map_entry_allocate_object(k, first.entry);
      e.object = first.entry.object;
      e.offset = first.entry.offset + (addr - first.entry.start);
      e.end = e.start;
    }
    error = map_more(k, map, e, to + moved, new_len - moved);
    if (error !== 0 && moved !== 0) {
      vm_map_delete(k, map, to + moved, to + new_len);
      move_entries(k, map, to, to + moved, addr, false);
    }
  }
  vm_map_unlock(map);
  td.td_retval[0] = to | 0;
  return error;
}

/** The entry that ends at `end`. */
function last_entry(map: vm_map, end: number): vm_map_entry {
  return vm_map_lookup_le(map, end - PAGE_SIZE);
}

/** Room above what the heap may take, or below it; -1 when there is none. */
function find_room(td: Thread, map: vm_map, length: number): number {
  const { vm_daddr } = vm_of(td);
  const above = round_page(vm_daddr + td.td_proc.p_limit.pl_rlimit[RLIMIT_DATA].rlim_max);
  const found = vm_map_findspace(map, above, length);
  return found >= 0 ? found : vm_map_findspace(map, MMAP_MIN_ADDR, length);
}

export const linux_mremap_calls: linux_calls = {
  mremap: [5, mremap],
};
