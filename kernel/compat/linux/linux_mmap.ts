// Memory: brk, mmap, munmap, mprotect (mm/mmap.c, mm/mprotect.c of Linux).

import { DEV_ZERO } from '../../fs/devfs.js';
import { useracc_touch } from '../../i386/support.js';
import { fget } from '../../kern/kern_descrip.js';
import { copyin_view } from '../../kern/subr_buf.js';
import {
  EACCES,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
} from '../../sys/errno.js';
import { FREAD, FWRITE } from '../../sys/file.js';
import type { Kernel } from '../../sys/kernel.js';
import { PAGE_SIZE, VM_MAXUSER_ADDRESS, round_page } from '../../sys/param.js';
import type { Thread } from '../../sys/proc.js';
import { RLIMIT_DATA, RLIMIT_VMEM } from '../../sys/resource.js';
import { VCHR, VREG } from '../../sys/vnode.js';
import {
  vm_map_findspace,
  vm_map_fixed,
  vm_map_insert,
  vm_map_lock,
  vm_map_protect,
  vm_map_remove,
  vm_map_unlock,
} from '../../vm/vm_map.js';
import { vm_map_lookup_le } from '../../vm/vm_map_tree.js';
import { vm_fault_copy_wait } from '../../vm/vm_fault_copy.js';
import { vm_map_wire, vm_map_wire_resume } from '../../vm/vm_map_wire.js';
import { MAP_ANON, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, kern_mmap } from '../../vm/vm_mmap.js';
import {
  KERN_SUCCESS,
  MAP_CHECK_EXCL,
  MAP_CREATE_GUARD,
  MAP_CREATE_STACK_GAP_DN,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GUARD,
  MAP_STACK_GROWS_DOWN,
  MAP_WIREFUTURE,
  VM_MAP_WIRE_HOLESOK,
  VM_MAP_WIRE_USER,
  VM_PROT_ALL,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../../vm/vm_param.js';
import type { vm_map, vm_map_entry, vmspace } from '../../vm/vm_types.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { READ_IMPLIES_EXEC, em_find } from './linux_emul.js';

const LINUX_MAP_SHARED = 1;
const LINUX_MAP_PRIVATE = 2;
const LINUX_MAP_SHARED_VALIDATE = 3;
const LINUX_MAP_TYPE = 15;
const LINUX_MAP_FIXED = 0x10;
const LINUX_MAP_ANONYMOUS = 0x20;
const LINUX_MAP_GROWSDOWN = 0x100;
const LINUX_MAP_LOCKED = 0x2000;
const LINUX_MAP_POPULATE = 0x8000;
const LINUX_MAP_NONBLOCK = 0x10000;
const LINUX_MAP_HUGETLB = 0x40000;
const LINUX_MAP_FIXED_NOREPLACE = 0x100000;
/** LEGACY_MAP_MASK with FIXED_NOREPLACE: what MAP_SHARED_VALIDATE knows. */
const KNOWN_FLAGS = 0x17ff3f;
/** vm.mmap_min_addr. */
export const MMAP_MIN_ADDR = 0x10000;
/** How far a MAP_GROWSDOWN mapping may grow here: the stack limit's default. */
const GROWSDOWN_ROOM = 8 << 20;
/** stack_guard_gap: a growing stack keeps this far from the mapping below. */
const STACK_GUARD_GAP = 256 * PAGE_SIZE;

const PROT_SEM = 8;
const PROT_GROWSDOWN = 0x01000000;
const PROT_GROWSUP = 0x02000000;

export function vm_of(td: Thread): vmspace {
  return td.td_proc.p_vmspace as vmspace;
}

/** A stretch of mapped memory, inside one entry. */
export interface mapped_range {
  start: number;
  end: number;
  entry: vm_map_entry;
}

/** What of [start, end) is mapped, in order; guards of growing stacks are not. */
export function mapped_ranges(map: vm_map, start: number, end: number): mapped_range[] {
  const ranges: mapped_range[] = [];
  let e = vm_map_lookup_le(map, start);
  if (e === map.header || e.end <= start) e = e.next;
  for (; e !== map.header && e.start < end; e = e.next) {
    if (e.eflags & MAP_ENTRY_GUARD) continue;
    ranges.push({ start: Math.max(start, e.start), end: Math.min(end, e.end), entry: e });
  }
  return ranges;
}

/** Whether the ranges leave nothing of [start, end) out. */
export function without_holes(ranges: mapped_range[], start: number, end: number): boolean {
  let at = start;
  for (const range of ranges) {
    if (range.start !== at) return false;
    at = range.end;
  }
  return at >= end;
}

export function is_free(map: vm_map, start: number, end: number): boolean {
  const e = vm_map_lookup_le(map, start);
  if (e !== map.header && e.end > start) return false;
  return e.next === map.header || e.next.start >= end;
}

/** Whether no mapping is in [start, end); the room that a stack may grow into counts as free. */
function no_mapping(map: vm_map, start: number, end: number): boolean {
  return mapped_ranges(map, start, end).length === 0;
}

// brk.

/** Sets the end of the heap. The result is the end as it is then, whatever happened. */
function brk(k: Kernel, td: Thread, a: Int32Array): number {
  const wanted = u(a[0]);
  const vm = vm_of(td);
  const map = vm.vm_map;
  const em = em_find(td);
  td.td_retval[0] = em.brk | 0;
  const limits = td.td_proc.p_limit.pl_rlimit;
  if (wanted < em.brk_start || wanted > VM_MAXUSER_ADDRESS) return 0;
  if (wanted - em.brk_start > limits[RLIMIT_DATA].rlim_cur) return 0;
  const from = round_page(em.brk);
  const to = round_page(wanted);
  if (to > from) {
    if (map.flags & MAP_WIREFUTURE) vm_fault_copy_wait(k, (to - from) / PAGE_SIZE);
    if (map.size + (to - from) > limits[RLIMIT_VMEM].rlim_cur) return 0;
    // One page must stay free in front of the next mapping.
    if (!is_free(map, from, to + PAGE_SIZE)) return 0;
    const prot = implied(td, VM_PROT_READ | VM_PROT_WRITE);
    const length = to - from;
    const result = vm_map_fixed(k, map, null, 0, from, length, prot, VM_PROT_ALL, MAP_CHECK_EXCL);
    if (result !== KERN_SUCCESS) return 0;
  } else if (to < from) vm_map_remove(k, map, to, from);
  vm.vm_dsize += (to - from) / PAGE_SIZE;
  // A vfork child moves its parent's heap.
  for (const p of vm.vm_refcnt === 1 ? [td.td_proc] : k.kern.allproc.values()) {
    if (p.p_vmspace === vm && p.p_emuldata !== null)
      p.p_emuldata = { ...em, ...p.p_emuldata, brk: wanted };
  }
  td.td_retval[0] = wanted | 0;
  if (to > from && map.flags & MAP_WIREFUTURE) {
    vm_map_wire(k, map, from, to, VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK);
  }
  return 0;
}

// mmap.

/** Protection with what READ_IMPLIES_EXEC adds. */
function implied(td: Thread, prot: number): number {
  const exec = prot & VM_PROT_READ && em_find(td).personality & READ_IMPLIES_EXEC;
  return exec ? prot | VM_PROT_EXECUTE : prot;
}

/** Whether the file may be mapped so. */
function check_file(td: Thread, fd: number, prot: number, shared: boolean): number {
  const fp = fget(td, fd);
  if (typeof fp === 'number') return fp;
  if ((fp.f_flag & FREAD) === 0) return EACCES;
  if (shared && prot & VM_PROT_WRITE && (fp.f_flag & FWRITE) === 0) return EACCES;
  const vp = fp.f_vnode;
  if (vp === null) return ENODEV;
  if (vp.v_type === VREG) return 0;
  return vp.v_type === VCHR && vp.v_rdev === DEV_ZERO ? 0 : ENODEV;
}

/** How far a call has got that makes pages resident: it may be more than there is memory for. */
export interface populate_progress {
  /** Guest virtual address; what lies below has been done. */
  populated: number;
}

/** Makes the pages of [start, end) resident one after the other. @returns 0 or EFAULT. */
export function linux_populate(
  k: Kernel,
  td: Thread,
  start: number,
  end: number,
  write: boolean,
): number {
  const progress = (td.td_progress as populate_progress | null) ?? { populated: start };
  td.td_progress = progress;
  for (let va = Math.max(start, progress.populated); va < end; va += PAGE_SIZE) {
    progress.populated = va;
    const error = useracc_touch(k, va, 1, write);
    if (error !== 0) return error;
  }
  return 0;
}

/** A mapping that was made but is still to be made resident. */
interface mmap_progress extends populate_progress {
  mmap_address: number;
}

/**
 * mmap with Linux's flags; the address is in td_retval[0].
 * @param pos offset in the file in bytes.
 */
function linux_mmap(
  k: Kernel,
  td: Thread,
  addr: number,
  len: number,
  prot0: number,
  flags: number,
  fd: number,
  pos: number,
): number {
  const progress = td.td_progress as mmap_progress | null;
  const prot = implied(td, prot0 & VM_PROT_ALL);
  if (progress === null) {
    const error = make_mapping(k, td, addr, len, prot, flags, fd, pos);
    if (error !== 0) return error;
  } else {
    vm_map_wire_resume(k, td);
    td.td_retval[0] = progress.mmap_address | 0;
  }
  const populate = (flags & (LINUX_MAP_POPULATE | LINUX_MAP_NONBLOCK)) === LINUX_MAP_POPULATE;
  if ((flags & LINUX_MAP_LOCKED) === 0 && !populate) return 0;
  const address = u(td.td_retval[0]);
  td.td_progress = progress ?? { mmap_address: address, populated: address };
  const end = address + round_page(len);
  if (flags & LINUX_MAP_LOCKED) {
    vm_map_wire(k, vm_of(td).vm_map, address, end, VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK);
  } else if (prot !== 0) {
    const write = (prot & VM_PROT_WRITE) !== 0 && (flags & LINUX_MAP_TYPE) === LINUX_MAP_PRIVATE;
    linux_populate(k, td, address, end, write);
  }
  return 0;
}

function make_mapping(
  k: Kernel,
  td: Thread,
  addr: number,
  len: number,
  prot: number,
  flags: number,
  fd: number,
  pos: number,
): number {
  const type = flags & LINUX_MAP_TYPE;
  const anon = (flags & LINUX_MAP_ANONYMOUS) !== 0;
  const shared = type === LINUX_MAP_SHARED || type === LINUX_MAP_SHARED_VALIDATE;
  if (!anon) {
    const fp = fget(td, fd);
    if (typeof fp === 'number') return fp;
  }
  if (flags & LINUX_MAP_HUGETLB) return anon ? ENOMEM : EINVAL;
  if (len === 0) return EINVAL;
  const size = round_page(len);
  if (size > VM_MAXUSER_ADDRESS) return ENOMEM;
  if (!anon && pos / PAGE_SIZE + size / PAGE_SIZE > 0x100000000) return EOVERFLOW;
  const fixed = (flags & (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE)) !== 0;
  const { vm_map: map } = vm_of(td);
  if (fixed) {
    if (addr > VM_MAXUSER_ADDRESS - size) return ENOMEM;
    if (addr % PAGE_SIZE !== 0) return EINVAL;
    if (addr < MMAP_MIN_ADDR && td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
    if (addr < map.min_offset) return EPERM;
    if (flags & LINUX_MAP_FIXED_NOREPLACE && !no_mapping(map, addr, addr + size)) return EEXIST;
  }
  if (type === LINUX_MAP_SHARED_VALIDATE) {
    if (anon) return EINVAL;
    if (flags & ~KNOWN_FLAGS) return EOPNOTSUPP;
  } else if (type !== LINUX_MAP_SHARED && type !== LINUX_MAP_PRIVATE) return EINVAL;
  if (!anon) {
    const error = check_file(td, fd, prot, shared);
    if (error !== 0) return error;
  }
  if (flags & LINUX_MAP_GROWSDOWN) {
    return anon && !shared ? map_growsdown(k, td, addr, size, prot, fixed) : EINVAL;
  }
  const bsd = (shared ? MAP_SHARED : MAP_PRIVATE) | (anon ? MAP_ANON : 0);
  const map_at = (at: number, extra: number): number =>
    kern_mmap(k, td, at, len, prot, bsd | extra, anon ? -1 : fd, anon ? 0 : pos);
  if (fixed) return map_at(addr, MAP_FIXED);
  const hint = round_page(addr);
  if (
    hint >= MMAP_MIN_ADDR &&
    hint <= VM_MAXUSER_ADDRESS - size &&
    is_free(map, hint, hint + size)
  ) {
    return map_at(hint, MAP_FIXED);
  }
  const error = map_at(0, 0);
  // No room above what the heap may take: what is below will do.
  return error === ENOMEM ? map_at(MMAP_MIN_ADDR, 0) : error;
}

/** A mapping that grows down when what is just below it is touched. */
function map_growsdown(
  k: Kernel,
  td: Thread,
  addr: number,
  size: number,
  prot: number,
  fixed: boolean,
): number {
  const vm = vm_of(td);
  const map = vm.vm_map;
  let start = addr;
  if (!fixed) {
    const above = round_page(vm.vm_daddr + td.td_proc.p_limit.pl_rlimit[RLIMIT_DATA].rlim_max);
    const room = vm_map_findspace(map, above, size + GROWSDOWN_ROOM + STACK_GUARD_GAP);
    if (room < 0) return ENOMEM;
    start = room + GROWSDOWN_ROOM + STACK_GUARD_GAP;
  }
  if (map.size + size > td.td_proc.p_limit.pl_rlimit[RLIMIT_VMEM].rlim_cur) return ENOMEM;
  if (fixed) vm_map_remove(k, map, start, start + size);
  const before = vm_map_lookup_le(map, start);
  const lowest = (before === map.header ? map.min_offset : before.end) + STACK_GUARD_GAP;
  const bottom = Math.max(lowest, start - GROWSDOWN_ROOM);
  vm_map_lock(map);
  const end = start + size;
  let result = vm_map_insert(
    k, map, null, 0, start, end, prot, VM_PROT_ALL, MAP_STACK_GROWS_DOWN,
  ); // prettier-ignore
  if (result === KERN_SUCCESS && bottom < start) {
    const gap = MAP_CREATE_GUARD | MAP_CREATE_STACK_GAP_DN;
    result = vm_map_insert(k, map, null, 0, bottom, start, 0, VM_PROT_ALL, gap);
  }
  vm_map_unlock(map);
  td.td_retval[0] = start | 0;
  return result === KERN_SUCCESS ? 0 : ENOMEM;
}

/** mmap of old: a pointer to its six arguments, with the offset in bytes. */
function old_mmap(k: Kernel, td: Thread, a: Int32Array): number {
  const view = copyin_view(k, a[0], 24);
  if (typeof view === 'number') return view;
  const word = (i: number): number => view.getUint32(4 * i, true);
  if (word(5) % PAGE_SIZE !== 0) return EINVAL;
  return linux_mmap(k, td, word(0), word(1), word(2), word(3), word(4) | 0, word(5));
}

function munmap(k: Kernel, td: Thread, a: Int32Array): number {
  const addr = u(a[0]);
  const len = u(a[1]);
  if (addr % PAGE_SIZE !== 0 || addr > VM_MAXUSER_ADDRESS) return EINVAL;
  if (len === 0 || len > VM_MAXUSER_ADDRESS - addr) return EINVAL;
  vm_map_remove(k, vm_of(td).vm_map, addr, addr + round_page(len));
  return 0;
}

// mprotect.

function mprotect(k: Kernel, td: Thread, a: Int32Array): number {
  let start = u(a[0]);
  const grows = a[2] & (PROT_GROWSDOWN | PROT_GROWSUP);
  let prot = a[2] & ~(PROT_GROWSDOWN | PROT_GROWSUP);
  if (grows === (PROT_GROWSDOWN | PROT_GROWSUP) || start % PAGE_SIZE !== 0) return EINVAL;
  if (a[1] === 0) return 0;
  const end = start + round_page(u(a[1]));
  if (end > 0xffffffff) return ENOMEM;
  if (prot & ~(VM_PROT_ALL | PROT_SEM)) return EINVAL;
  prot = implied(td, prot & VM_PROT_ALL);
  const { vm_map: map } = vm_of(td);
  if (grows) {
    const e = vm_map_lookup_le(map, start);
    if (e === map.header || e.end <= start) return ENOMEM;
    if (grows !== PROT_GROWSDOWN || (e.eflags & MAP_ENTRY_GROWS_DOWN) === 0) return EINVAL;
    ({ start } = e);
  }
  // Mappings in front of a hole, or of one that does not allow it, have changed when it is found.
  let at = start;
  for (const range of mapped_ranges(map, start, end)) {
    if (range.start !== at) return ENOMEM;
    if (vm_map_protect(k, map, range.start, range.end, prot, false) !== KERN_SUCCESS) return EACCES;
    at = range.end;
  }
  return at < end ? ENOMEM : 0;
}

export const linux_mmap_calls: linux_calls = {
  brk: [1, brk],
  mmap: [1, old_mmap],
  mmap2: [
    6,
    (k, td, a) => linux_mmap(k, td, u(a[0]), u(a[1]), a[2], a[3], a[4], u(a[5]) * PAGE_SIZE),
  ],
  munmap: [2, munmap],
  mprotect: [3, mprotect],
};
