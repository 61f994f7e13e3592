// Advice about memory, writing back, locking (mm/madvise.c, mm/msync.c, mm/mincore.c, mm/mlock.c of
// Linux).

import { copyout, useracc_touch } from '../../i386/support.js';
import { EAGAIN, EBUSY, EFAULT, EINVAL, EIO, ENOMEM, EPERM } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import { PAGE_SIZE, VM_MAXUSER_ADDRESS, round_page, trunc_page } from '../../sys/param.js';
import type { Thread } from '../../sys/proc.js';
import { RLIMIT_MEMLOCK } from '../../sys/resource.js';
import { pmap_remove } from '../../vm/pmap.js';
import { swap_pager_freespace } from '../../vm/swap_pager.js';
import {
  vm_map_clip_end,
  vm_map_clip_start,
  vm_map_lock,
  vm_map_simplify_entry,
  vm_map_unlock,
} from '../../vm/vm_map.js';
import {
  MADV_CORE,
  MADV_FREE,
  MADV_NOCORE,
  MADV_WILLNEED,
  vm_map_inherit,
  vm_map_madvise,
  vm_map_mincore,
  vm_map_sync,
} from '../../vm/vm_map_advice.js';
import { vm_map_unwire, vm_map_wire } from '../../vm/vm_map_wire.js';
import { kern_mlockall, kern_munlockall } from '../../vm/vm_mmap.js';
import {
  is_anonymous,
  vm_object_deallocate,
  vm_object_page_remove,
  vm_object_reference,
} from '../../vm/vm_object.js';
import {
  KERN_SUCCESS,
  MAP_ENTRY_COW,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_USER_WIRED,
  OBJT_SWAP,
  OBJ_NOSPLIT,
  OBJ_TMPFS_NODE,
  OBJ_ONEMAPPING,
  VM_INHERIT_COPY,
  VM_INHERIT_NONE,
  VM_INHERIT_SHARE,
  VM_INHERIT_ZERO,
  VM_MAP_WIRE_HOLESOK,
  VM_MAP_WIRE_USER,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../../vm/vm_param.js';
import { vm_map_entry_allocate_object } from '../../vm/vm_map_lookup.js';
import type { vm_map, vm_map_entry, vm_object } from '../../vm/vm_types.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { linux_populate, mapped_ranges, vm_of, without_holes } from './linux_mmap.js';
import type { mapped_range } from './linux_mmap.js';

const LINUX_MADV_NORMAL = 0;
const LINUX_MADV_WILLNEED = 3;
const LINUX_MADV_DONTNEED = 4;
const LINUX_MADV_FREE = 8;
const LINUX_MADV_REMOVE = 9;
const LINUX_MADV_DONTFORK = 10;
const LINUX_MADV_DOFORK = 11;
const LINUX_MADV_MERGEABLE = 12;
const LINUX_MADV_DODUMP = 17;
const LINUX_MADV_DONTDUMP = 16;
const LINUX_MADV_WIPEONFORK = 18;
const LINUX_MADV_KEEPONFORK = 19;
const LINUX_MADV_POPULATE_READ = 22;
const LINUX_MADV_POPULATE_WRITE = 23;
const LINUX_MADV_DONTNEED_LOCKED = 24;
const LINUX_MADV_COLLAPSE = 25;

/** The object at the bottom of an entry's chain, and where the entry begins in it. */
export function bottom_object(e: vm_map_entry): { object: vm_object | null; offset: number } {
  let { object, offset } = e;
  while (object !== null && object.backing_object !== null) {
    offset += object.backing_object_offset;
    object = object.backing_object;
  }
  return { object, offset };
}

/** A file's pages, those of the memory file system too, which swap backs. */
function is_file(object: vm_object | null): boolean {
  return object !== null && (!is_anonymous(object) || (object.flags & OBJ_TMPFS_NODE) !== 0);
}

/** Whether the entry shows a file (privately or not). */
export function is_file_entry(e: vm_map_entry): boolean {
  return is_file(bottom_object(e).object);
}

/** MAP_SHARED. A shared anonymous entry that forks do not inherit is told by its object. */
export function is_shared_entry(e: vm_map_entry): boolean {
  if (e.inheritance === VM_INHERIT_SHARE) return true;
  if (is_file_entry(e)) return (e.eflags & MAP_ENTRY_COW) === 0;
  return e.object !== null && (e.object.flags & OBJ_NOSPLIT) !== 0;
}

// MADV_DONTNEED.

/** Drops what a process has changed in a private mapping: it reads zero, or the file, afterwards. */
function discard_private(k: Kernel, map: vm_map, start: number, end: number): void {
  vm_map_lock(map);
  try {
    for (const range of mapped_ranges(map, start, end)) {
      const e = range.entry;
      const { object } = e;
      if (object === null) continue;
      pmap_remove(k, map.pmap, range.start, range.end);
      const bottom = bottom_object(e);
      const file = is_file(bottom.object);
      const alone =
        object.backing_object === null &&
        (object.ref_count === 1 ||
          (object.flags & (OBJ_ONEMAPPING | OBJ_NOSPLIT)) === OBJ_ONEMAPPING);
      if (file && object === bottom.object) continue;
      if (alone) {
        const first = (range.start - e.start + e.offset) / PAGE_SIZE;
        const count = (range.end - range.start) / PAGE_SIZE;
        vm_object_page_remove(k, object, first, first + count, false);
        if (object.type === OBJT_SWAP) swap_pager_freespace(k, object, first, count);
        continue;
      }
      vm_map_clip_start(k, map, e, range.start);
      vm_map_clip_end(k, map, e, range.end);
      const below = bottom_object(e);
      if (file && below.object !== null) {
        vm_object_reference(below.object);
        e.eflags |= MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY;
      } else e.eflags &= ~(MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY);
      const old = e.object;
      e.object = file ? below.object : null;
      e.offset = file ? below.offset : 0;
      vm_object_deallocate(k, old);
      vm_map_simplify_entry(k, map, e);
    }
  } finally {
    vm_map_unlock(map);
  }
}

function dontneed(k: Kernel, map: vm_map, range: mapped_range): number {
  if (range.entry.eflags & MAP_ENTRY_USER_WIRED) return EINVAL;
  if (is_shared_entry(range.entry)) pmap_remove(k, map.pmap, range.start, range.end);
  else discard_private(k, map, range.start, range.end);
  return 0;
}

/** MADV_REMOVE: shared memory reads zero afterwards. */
function remove(k: Kernel, range: mapped_range): number {
  const e = range.entry;
  if (e.eflags & MAP_ENTRY_USER_WIRED || !is_shared_entry(e) || is_file_entry(e)) return EINVAL;
  if (e.object === null) return 0;
  const first = (range.start - e.start + e.offset) / PAGE_SIZE;
  const count = (range.end - range.start) / PAGE_SIZE;
  vm_object_page_remove(k, e.object, first, first + count, false);
  if (e.object.type === OBJT_SWAP) swap_pager_freespace(k, e.object, first, count);
  return 0;
}

// Inheritance.

function set_inherit(k: Kernel, map: vm_map, range: mapped_range, behaviour: number): number {
  const e = range.entry;
  const shared = is_shared_entry(e);
  let inherit = shared ? VM_INHERIT_SHARE : VM_INHERIT_COPY;
  if (behaviour === LINUX_MADV_WIPEONFORK) {
    if (shared || is_file_entry(e)) return EINVAL;
    inherit = VM_INHERIT_ZERO;
  } else if (behaviour === LINUX_MADV_DONTFORK) {
    inherit = VM_INHERIT_NONE;
    if (shared && !is_file_entry(e)) {
      if (e.object === null) vm_map_entry_allocate_object(k, e);
      if (e.object !== null) e.object.flags |= OBJ_NOSPLIT;
    }
  }
  vm_map_inherit(k, map, range.start, range.end, inherit);
  return 0;
}

function populate(k: Kernel, td: Thread, range: mapped_range, write: boolean): number {
  const { protection } = range.entry;
  if ((protection & (write ? VM_PROT_WRITE : VM_PROT_READ)) === 0) return EINVAL;
  return linux_populate(k, td, range.start, range.end, write);
}

function advise(k: Kernel, td: Thread, range: mapped_range, behaviour: number): number {
  const { vm_map: map } = vm_of(td);
  const bsd = (b: number): number =>
    vm_map_madvise(k, map, range.start, range.end, b) === KERN_SUCCESS ? 0 : EINVAL;
  switch (behaviour) {
    case LINUX_MADV_NORMAL:
    case 1:
    case 2:
      return bsd(behaviour);
    case LINUX_MADV_WILLNEED:
      return bsd(MADV_WILLNEED);
    case LINUX_MADV_DONTNEED:
      return dontneed(k, map, range);
    case LINUX_MADV_DONTNEED_LOCKED:
      if (is_shared_entry(range.entry)) pmap_remove(k, map.pmap, range.start, range.end);
      else discard_private(k, map, range.start, range.end);
      return 0;
    case LINUX_MADV_FREE:
      if (is_shared_entry(range.entry) || is_file_entry(range.entry)) return EINVAL;
      return bsd(MADV_FREE);
    case LINUX_MADV_REMOVE:
      return remove(k, range);
    case LINUX_MADV_DONTFORK:
    case LINUX_MADV_DOFORK:
    case LINUX_MADV_WIPEONFORK:
    case LINUX_MADV_KEEPONFORK:
      return set_inherit(k, map, range, behaviour);
    case LINUX_MADV_DONTDUMP:
      return bsd(MADV_NOCORE);
    case LINUX_MADV_DODUMP:
      return bsd(MADV_CORE);
    case LINUX_MADV_POPULATE_READ:
    case LINUX_MADV_POPULATE_WRITE:
      return populate(k, td, range, behaviour === LINUX_MADV_POPULATE_WRITE);
    default:
      // Merging, huge pages, ageing: hints that may be ignored.
      return 0;
  }
}

/** Whether Linux knows the advice. */
function is_behaviour(behaviour: number): boolean {
  if (behaviour >= LINUX_MADV_NORMAL && behaviour <= LINUX_MADV_DONTNEED) return true;
  if (behaviour >= LINUX_MADV_FREE && behaviour <= LINUX_MADV_MERGEABLE) return true;
  return behaviour > LINUX_MADV_MERGEABLE && behaviour < LINUX_MADV_COLLAPSE;
}

/** Holes are passed over: the rest is advised, and ENOMEM the result. */
function madvise(k: Kernel, td: Thread, a: Int32Array): number {
  const start = u(a[0]);
  const behaviour = a[2];
  if (!is_behaviour(behaviour) || start % PAGE_SIZE !== 0) return EINVAL;
  const end = start + round_page(u(a[1]));
  if (end > 0xffffffff) return EINVAL;
  if (end === start) return 0;
  const { vm_map: map } = vm_of(td);
  const ranges = mapped_ranges(map, start, end);
  const holes = !without_holes(ranges, start, end);
  // The ranges are looked up one by one: advice may merge entries.
  for (const { start: from, end: to } of ranges) {
    for (const range of mapped_ranges(map, from, to)) {
      const error = advise(k, td, range, behaviour);
      if (error !== 0) return error;
    }
  }
  return holes ? ENOMEM : 0;
}

// msync, mincore.

const MS_ASYNC = 1;
const MS_INVALIDATE = 2;
const MS_SYNC = 4;

function msync(k: Kernel, td: Thread, a: Int32Array): number {
  const start = u(a[0]);
  const flags = a[2];
  if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || start % PAGE_SIZE !== 0) return EINVAL;
  if (flags & MS_ASYNC && flags & MS_SYNC) return EINVAL;
  const end = start + round_page(u(a[1]));
  if (end > 0xffffffff) return ENOMEM;
  if (end === start) return 0;
  const { vm_map: map } = vm_of(td);
  const ranges = mapped_ranges(map, start, end);
  for (const range of ranges) {
    if (flags & MS_INVALIDATE && range.entry.eflags & MAP_ENTRY_USER_WIRED) return EBUSY;
    if ((flags & MS_SYNC) === 0 || !is_shared_entry(range.entry)) continue;
    // Caches are coherent, so there is nothing to invalidate.
    if (vm_map_sync(k, map, range.start, range.end, true, false) !== KERN_SUCCESS) return EIO;
  }
  return without_holes(ranges, start, end) ? 0 : ENOMEM;
}

function mincore(k: Kernel, td: Thread, a: Int32Array): number {
  const start = u(a[0]);
  if (start % PAGE_SIZE !== 0) return EINVAL;
  const len = u(a[1]);
  if (start + len > VM_MAXUSER_ADDRESS) return ENOMEM;
  const end = start + round_page(len);
  if (end === start) return 0;
  const { vm_map: map } = vm_of(td);
  const ranges = mapped_ranges(map, start, end);
  const touched = useracc_touch(k, u(a[2]), (end - start) / PAGE_SIZE, true);
  if (touched !== 0) return EFAULT;
  if (!without_holes(ranges, start, end)) return ENOMEM;
  const bits = vm_map_mincore(k, map, start, end);
  return bits === null
    ? ENOMEM
    : copyout(
        k,
        bits.map((b) => b & 1),
        a[2],
      );
}

// Locking.

const MLOCK_ONFAULT = 1;
const MCL_ONFAULT = 4;
const MCL_ALL = 7;

/** Locks, or with `on` false unlocks, the pages that [addr, addr + len) touches. */
function lock_range(k: Kernel, td: Thread, addr: number, len: number, on: boolean): number {
  const start = trunc_page(addr);
  const end = start + round_page(len + (addr - start));
  if (end > 0xffffffff) return EINVAL;
  if (end === start) return 0;
  const { vm_map: map, vm_pmap } = vm_of(td);
  if (on && td.td_proc.p_ucred.cr_uid !== 0) {
    const limit = td.td_proc.p_limit.pl_rlimit[RLIMIT_MEMLOCK].rlim_cur;
    if (limit === 0) return EPERM;
    if (end - start + vm_pmap.wired_count * PAGE_SIZE > limit) return ENOMEM;
  }
  const ranges = mapped_ranges(map, start, end);
  for (const range of ranges) {
    if (!on) vm_map_unwire(k, map, range.start, range.end, VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK);
    else if (
      k.vm.cnt.v_wire_count + (range.end - range.start) / PAGE_SIZE >
      k.vm.cnt.v_page_count / 2
    )
      return EAGAIN;
    else vm_map_wire(k, map, range.start, range.end, VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK);
  }
  return without_holes(ranges, start, end) ? 0 : ENOMEM;
}

function mlockall(k: Kernel, td: Thread, a: Int32Array): number {
  const how = a[0];
  if (how === 0 || how & ~MCL_ALL || how === MCL_ONFAULT) return EINVAL;
  if (td.td_proc.p_ucred.cr_uid !== 0) {
    const limit = td.td_proc.p_limit.pl_rlimit[RLIMIT_MEMLOCK].rlim_cur;
    if (limit === 0) return EPERM;
    if (how & 1 && vm_of(td).vm_map.size > limit) return ENOMEM;
  }
  return kern_mlockall(k, td, how & ~MCL_ONFAULT);
}

export const linux_madvise_calls: linux_calls = {
  madvise: [3, madvise],
  msync: [3, msync],
  mincore: [3, mincore],
  mlock: [2, (k, td, a) => lock_range(k, td, u(a[0]), u(a[1]), true)],
  mlock2: [
    3,
    (k, td, a) => (a[2] & ~MLOCK_ONFAULT ? EINVAL : lock_range(k, td, u(a[0]), u(a[1]), true)),
  ],
  munlock: [2, (k, td, a) => lock_range(k, td, u(a[0]), u(a[1]), false)],
  mlockall: [1, mlockall],
  munlockall: [0, (k, td) => kern_munlockall(k, td)],
};
