// mmap(2) and its relatives on unpacked arguments, and the FreeBSD calls on top (vm_mmap.c,
// vm_unix.c; freebsd-vm A29).

import { EACCES, EAGAIN, EBUSY, EINVAL, EIO, ENODEV, ENOMEM, EPERM } from '../sys/errno.js';
import { FREAD, FWRITE } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { PAGE_SIZE, VM_MAXUSER_ADDRESS, round_page, trunc_page } from '../sys/param.js';
import { P_PROTECTED } from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_VMEM } from '../sys/resource.js';
import type { sysent } from '../sys/sysent.js';
import { VCHR, VREG } from '../sys/vnode.js';
import { DEV_ZERO } from '../fs/devfs.js';
import { copyout } from '../i386/support.js';
import { is_mem_device, mem_mmap } from '../kern/cdev_mem.js';
import { fget } from '../kern/kern_descrip.js';
import {
  vm_map_find,
  vm_map_fixed,
  vm_map_lock,
  vm_map_protect,
  vm_map_remove,
  vm_map_unlock,
} from './vm_map.js';
import {
  MADV_PROTECT,
  vm_map_inherit,
  vm_map_madvise,
  vm_map_mincore,
  vm_map_sync,
} from './vm_map_advice.js';
import { vm_map_stack } from './vm_map_stack.js';
import { vm_fault_copy_wait } from './vm_fault_copy.js';
import {
  vm_map_unwire,
  vm_map_wait_transition,
  vm_map_wire,
  vm_map_wire_resume,
} from './vm_map_wire.js';
import {
  vm_object_deallocate,
  vm_object_reference,
  vnode_pager_update_writecount,
} from './vm_object.js';
import {
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_NO_SPACE,
  KERN_PROTECTION_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  MAP_CHECK_EXCL,
  MAP_COPY_ON_WRITE,
  MAP_CREATE_GUARD,
  MAP_DISABLE_COREDUMP,
  MAP_DISABLE_SYNCER,
  MAP_ENTRY_GUARD,
  MAP_INHERIT_SHARE,
  MAP_PREFAULT,
  MAP_PREFAULT_PARTIAL,
  MAP_VN_WRITECOUNT,
  MAP_WIREFUTURE,
  VMFS_ANY_SPACE,
  VMFS_OPTIMAL_SPACE,
  VMFS_SUPER_SPACE,
  VM_MAP_WIRE_HOLESOK,
  VM_MAP_WIRE_NOHOLES,
  VM_MAP_WIRE_USER,
  VM_PROT_ALL,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from './vm_param.js';
import type { vm_map, vm_object, vmspace } from './vm_types.js';

// mmap flags of FreeBSD (sys/mman.h).
export const MAP_SHARED = 0x1;
export const MAP_PRIVATE = 0x2;
export const MAP_FIXED = 0x10;
export const MAP_HASSEMAPHORE = 0x200;
export const MAP_STACK = 0x400;
export const MAP_NOSYNC = 0x800;
export const MAP_ANON = 0x1000;
export const MAP_GUARD = 0x2000;
export const MAP_EXCL = 0x4000;
export const MAP_NOCORE = 0x20000;
export const MAP_PREFAULT_READ = 0x40000;
export const MAP_32BIT = 0x80000;
const MAP_ALIGNMENT_SHIFT = 24;
const MAP_ALIGNED_SUPER = 1;
const KNOWN_FLAGS =
  MAP_SHARED |
  MAP_PRIVATE |
  MAP_FIXED |
  0x20 |
  0x40 |
  0x80 |
  MAP_HASSEMAPHORE |
  MAP_STACK |
  MAP_NOSYNC |
  MAP_ANON |
  MAP_GUARD |
  MAP_EXCL |
  MAP_NOCORE |
  MAP_PREFAULT_READ |
  MAP_32BIT |
  (0xff << MAP_ALIGNMENT_SHIFT);

const MS_ASYNC = 1;
const MS_INVALIDATE = 2;
const MCL_CURRENT = 1;
const MCL_FUTURE = 2;

function vm_of(td: Thread): vmspace {
  return td.td_proc.p_vmspace as vmspace;
}

/** errno of a KERN_* code of mmap. */
function vm_mmap_to_errno(result: number): number {
  switch (result) {
    case KERN_SUCCESS:
      return 0;
    case KERN_INVALID_ADDRESS:
    case KERN_NO_SPACE:
      return ENOMEM;
    case KERN_PROTECTION_FAILURE:
      return EACCES;
    default:
      return EINVAL;
  }
}

/** What a file gives to map: its object (a reference taken) and highest protection, or an errno. */
function mmap_file(
  k: Kernel,
  td: Thread,
  fd: number,
  prot: number,
  flags: number,
  pos: number,
  size: number,
): { object: vm_object | null; maxprot: number } | number {
  const fp = fget(td, fd);
  if (typeof fp === 'number') return fp;
  const vp = fp.f_vnode;
  if (vp === null) return ENODEV;
  let maxprot = VM_PROT_EXECUTE;
  if (fp.f_flag & FREAD) maxprot |= VM_PROT_READ;
  else if (prot & VM_PROT_READ) return EACCES;
  if (flags & MAP_SHARED) {
    if (fp.f_flag & FWRITE) maxprot |= VM_PROT_WRITE;
    else if (prot & VM_PROT_WRITE) return EACCES;
  } else maxprot |= VM_PROT_WRITE;
  if (vp.v_type === VCHR && vp.v_rdev === DEV_ZERO) return { object: null, maxprot: VM_PROT_ALL };
  if (vp.v_type === VCHR && is_mem_device(vp.v_rdev)) {
    // Devices are only ever shared (vm_mmap_cdev).
    if (flags & MAP_PRIVATE) return EINVAL;
    const object = mem_mmap(k, vp.v_rdev, pos, size);
    return object === null ? EINVAL : { object, maxprot };
  }
  if (vp.v_type !== VREG || vp.v_object === null) return vp.v_type === VCHR ? ENODEV : EINVAL;
  vm_object_reference(vp.v_object);
  return { object: vp.v_object, maxprot };
}

function alignment_ok(flags: number): boolean {
  const align = (flags >>> MAP_ALIGNMENT_SHIFT) & 0xff;
  return align <= 1 || (align >= 12 && align < 32);
}

/** Where mappings without a wish begin: behind all that the heap may become. */
function mmap_floor(td: Thread): number {
  const { pl_rlimit } = td.td_proc.p_limit;
  const heap_end = round_page(vm_of(td).vm_daddr + pl_rlimit[RLIMIT_DATA].rlim_max);
  return Math.min(heap_end, VM_MAXUSER_ADDRESS);
}

/** A mapping that was made and that MAP_WIREFUTURE wires, which has to wait for pages. */
interface mmap_progress {
  mmap_address: number;
  populated: number;
}

/**
 * mmap(2): FreeBSD's flags. The address is in td_retval[0].
 * @param addr hint or fixed address; @param pos file offset in bytes.
 */
export function kern_mmap(
  k: Kernel,
  td: Thread,
  addr0: number,
  size0: number,
  prot: number,
  flags0: number,
  fd: number,
  pos: number,
): number {
  const vms = vm_of(td);
  const map = vms.vm_map;
  let flags = flags0;
  let addr = addr0;
  const progress = td.td_progress as mmap_progress | null;
  if (progress !== null) {
    // Mapped already; it was to be wired.
    vm_map_wire_resume(k, td);
    td.td_retval[0] = progress.mmap_address | 0;
    return 0;
  }
  if (size0 === 0 && td.td_proc.p_osrel >= 800104) return EINVAL;
  if (flags & ~KNOWN_FLAGS || prot & ~7) return EINVAL;
  if (flags & MAP_ANON && (fd !== -1 || pos !== 0)) return EINVAL;
  if (flags & MAP_STACK) {
    if (fd !== -1 || (prot & 3) !== 3) return EINVAL;
    flags |= MAP_ANON;
  }
  if ((flags & (MAP_SHARED | MAP_PRIVATE)) === (MAP_SHARED | MAP_PRIVATE)) return EINVAL;
  if ((flags & (MAP_EXCL | MAP_FIXED)) === MAP_EXCL) return EINVAL;
  if ((flags & (MAP_ANON | MAP_GUARD | MAP_SHARED | MAP_PRIVATE)) === 0) return EINVAL;
  if (
    flags & MAP_GUARD &&
    (prot !== 0 ||
      fd !== -1 ||
      pos !== 0 ||
      flags & (MAP_SHARED | MAP_PRIVATE | MAP_ANON | MAP_STACK))
  )
    return EINVAL;
  if (!alignment_ok(flags)) return EINVAL;
  const pageoff = pos % PAGE_SIZE;
  const size = round_page(size0 + pageoff);
  if (size === 0) return ENOMEM;
  if (flags & MAP_FIXED) {
    addr -= pageoff;
    if (addr % PAGE_SIZE !== 0) return EINVAL;
    if (addr < map.min_offset || addr + size > map.max_offset || addr + size < addr) return EINVAL;
  } else {
    const floor = mmap_floor(td);
    if (addr === 0 || (addr >= round_page(vms.vm_taddr) && addr < floor)) addr = floor;
    addr = trunc_page(addr);
  }
  if (map.size + size > td.td_proc.p_limit.pl_rlimit[RLIMIT_VMEM].rlim_cur) return ENOMEM;

  const refused = wirefuture(k, td, map, flags & MAP_GUARD ? 0 : size);
  if (refused) return refused;

  // Before there is a reference to the object: the call is executed again.
  if ((flags & (MAP_FIXED | MAP_EXCL)) === MAP_FIXED)
    vm_map_wait_transition(k, map, addr, addr + size, true);
  let object: vm_object | null = null;
  let maxprot = VM_PROT_ALL;
  if ((flags & (MAP_ANON | MAP_GUARD)) === 0) {
    const file = mmap_file(k, td, fd, prot, flags, trunc_page(pos), size);
    if (typeof file === 'number') return file;
    ({ object, maxprot } = file);
  }
  const { error, address } = vm_mmap_object(
    k, td, addr, size, prot, maxprot, flags, object, trunc_page(pos),
  ); // prettier-ignore
  if (error !== 0) return error;
  const mmap_address = address + (object === null ? 0 : pageoff);
  td.td_retval[0] = mmap_address | 0;
  if (map.flags & MAP_WIREFUTURE && (flags & MAP_GUARD) === 0) {
    td.td_progress = { mmap_address, populated: mmap_address } satisfies mmap_progress;
    wire_new(k, map, address, address + size);
    td.td_progress = null;
  }
  return 0;
}

function vm_mmap_object(
  k: Kernel,
  td: Thread,
  addr: number,
  size: number,
  prot: number,
  maxprot: number,
  flags: number,
  object: vm_object | null,
  offset: number,
): { error: number; address: number } {
  const { vm_map: map } = vm_of(td);
  let docow = 0;
  if (flags & MAP_GUARD) docow |= MAP_CREATE_GUARD;
  else if (flags & MAP_SHARED) docow |= MAP_INHERIT_SHARE;
  else if (object !== null) docow |= MAP_COPY_ON_WRITE;
  if (object !== null) docow |= MAP_PREFAULT_PARTIAL;
  // Who may write to the file keeps it from being executed, from before there is a mapping.
  const writer = object !== null && (flags & MAP_SHARED) !== 0 && (maxprot & VM_PROT_WRITE) !== 0;
  if (writer) {
    docow |= MAP_VN_WRITECOUNT;
    vnode_pager_update_writecount(object, size);
  }
  if (flags & MAP_NOSYNC) docow |= MAP_DISABLE_SYNCER;
  if (flags & MAP_NOCORE) docow |= MAP_DISABLE_COREDUMP;
  if (flags & MAP_PREFAULT_READ) docow |= MAP_PREFAULT;
  if (flags & MAP_EXCL) docow |= MAP_CHECK_EXCL;
  const use = flags & MAP_GUARD ? 0 : prot;
  let result: number;
  let address = addr;
  if (flags & MAP_FIXED) {
    result =
      flags & MAP_STACK
        ? vm_map_stack(k, map, addr, size, prot, maxprot, true)
        : vm_map_fixed(k, map, object, offset, addr, size, use, maxprot, docow);
  } else {
    const align = (flags >>> MAP_ALIGNMENT_SHIFT) & 0xff;
    let space = object !== null ? VMFS_OPTIMAL_SPACE : VMFS_ANY_SPACE;
    if (align !== 0) space = align === MAP_ALIGNED_SUPER ? VMFS_SUPER_SPACE : align << 8;
    // A stack and its gap are two entries: find the room for both first.
    const stack = (flags & MAP_STACK) !== 0;
    const cow = stack ? MAP_CREATE_GUARD : docow;
    const find = (hint: number): { result: number; address: number } =>
      vm_map_find(k, map, object, offset, hint, size, 0, space, stack ? 0 : use, maxprot, cow);
    ({ result, address } = find(addr));
    // A hint with no room behind it is no reason to fail (vm_map_find_min).
    const lowest = mmap_floor(td);
    if (result !== KERN_SUCCESS && lowest < addr) ({ result, address } = find(lowest));
    if (result === KERN_SUCCESS && stack) {
      result = vm_map_stack(k, map, address, size, prot, maxprot, true);
    }
  }
  if (result !== KERN_SUCCESS && object !== null) {
    if (writer) vnode_pager_update_writecount(object, -size);
    vm_object_deallocate(k, object);
  }
  return { error: vm_mmap_to_errno(result), address };
}

/**
 * With mlockall(MCL_FUTURE): whether `size` more bytes may be wired, and the pages for them. Asked
 * before the mapping is made, since the call is executed again when it has to wait.
 * @returns 0 or ENOMEM.
 */
function wirefuture(k: Kernel, td: Thread, map: vm_map, size: number): number {
  if ((map.flags & MAP_WIREFUTURE) === 0) return 0;
  const limit = td.td_proc.p_limit.pl_rlimit[RLIMIT_MEMLOCK].rlim_cur;
  if (map.pmap.wired_count * PAGE_SIZE + size > limit) return ENOMEM;
  const pages = size / PAGE_SIZE;
  if (pages + k.vm.cnt.v_wire_count <= max_wired(k)) vm_fault_copy_wait(k, pages);
  return 0;
}

/** Wires what has just been mapped; a mapping too large for that stays pageable. */
function wire_new(k: Kernel, map: vm_map, start: number, end: number): void {
  if ((end - start) / PAGE_SIZE + k.vm.cnt.v_wire_count > max_wired(k)) return;
  vm_map_wire(k, map, start, end, VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK);
}

/** Page-aligned range of a call that takes any address, or null when it wraps. */
function page_range(addr: number, len: number): { start: number; end: number } | null {
  const start = trunc_page(addr);
  const end = round_page(addr + len);
  return end < start || end > 0x100000000 ? null : { start, end };
}

export function kern_munmap(k: Kernel, td: Thread, addr: number, size: number): number {
  if (size === 0) return EINVAL;
  const { vm_map: map } = vm_of(td);
  const r = page_range(addr, size);
  if (r === null || r.start < map.min_offset || r.end > map.max_offset) return EINVAL;
  vm_map_remove(k, map, r.start, r.end);
  return 0;
}

export function kern_mprotect(
  k: Kernel,
  td: Thread,
  addr: number,
  size: number,
  prot: number,
): number {
  const r = page_range(addr, size);
  if (r === null) return EINVAL;
  switch (vm_map_protect(k, vm_of(td).vm_map, r.start, r.end, prot & VM_PROT_ALL, false)) {
    case KERN_SUCCESS:
      return 0;
    case KERN_PROTECTION_FAILURE:
      return EACCES;
    case KERN_RESOURCE_SHORTAGE:
      return ENOMEM;
    default:
      return EINVAL;
  }
}

export function kern_madvise(
  k: Kernel,
  td: Thread,
  addr: number,
  len: number,
  behav: number,
): number {
  if (behav === MADV_PROTECT) {
    if (td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
    td.td_proc.p_flag |= P_PROTECTED;
    return 0;
  }
  const { vm_map: map } = vm_of(td);
  const r = page_range(addr, len);
  if (r === null || r.start < map.min_offset || r.end > map.max_offset) return EINVAL;
  return vm_map_madvise(k, map, r.start, r.end, behav) === KERN_SUCCESS ? 0 : EINVAL;
}

export function kern_minherit(
  k: Kernel,
  td: Thread,
  addr: number,
  len: number,
  inherit: number,
): number {
  const r = page_range(addr, len);
  if (r === null) return EINVAL;
  return vm_map_inherit(k, vm_of(td).vm_map, r.start, r.end, inherit) === KERN_SUCCESS ? 0 : EINVAL;
}

export function kern_msync(
  k: Kernel,
  td: Thread,
  addr: number,
  size: number,
  flags: number,
): number {
  const pageoff = addr % PAGE_SIZE;
  const start = addr - pageoff;
  const end = start + round_page(size + pageoff);
  if (end > 0x100000000) return EINVAL;
  if ((flags & (MS_ASYNC | MS_INVALIDATE)) === (MS_ASYNC | MS_INVALIDATE)) return EINVAL;
  switch (
    vm_map_sync(
      k,
      vm_of(td).vm_map,
      start,
      end,
      (flags & MS_ASYNC) === 0,
      (flags & MS_INVALIDATE) !== 0,
    )
  ) {
    case KERN_SUCCESS:
      return 0;
    case KERN_INVALID_ADDRESS:
      return ENOMEM;
    case KERN_INVALID_ARGUMENT:
      return EBUSY;
    default:
      return EIO;
  }
}

export function kern_mincore(
  k: Kernel,
  td: Thread,
  addr: number,
  len: number,
  vec: number,
): number {
  const { vm_map: map } = vm_of(td);
  const start = trunc_page(addr);
  const end = round_page(addr + len);
  if (end > map.max_offset || end < start) return ENOMEM;
  const bits = vm_map_mincore(k, map, start, end);
  return bits === null ? ENOMEM : copyout(k, bits, vec);
}

/** Most pages that may be wired for users (vm.max_wired). */
function max_wired(k: Kernel): number {
  return Math.floor(k.vm.cnt.v_page_count / 3);
}

/** Pages that wiring the whole map would take. */
function wirable_pages(map: vm_map): number {
  let pages = 0;
  for (let e = map.header.next; e !== map.header; e = e.next)
    if ((e.eflags & MAP_ENTRY_GUARD) === 0) pages += (e.end - e.start) / PAGE_SIZE;
  return pages;
}

export function kern_mlock(k: Kernel, td: Thread, addr: number, len: number): number {
  const r = page_range(addr, len);
  if (r === null) return EINVAL;
  const vms = vm_of(td);
  const npages = (r.end - r.start) / PAGE_SIZE;
  const limit = td.td_proc.p_limit.pl_rlimit[RLIMIT_MEMLOCK].rlim_cur;
  if ((npages + vms.vm_pmap.wired_count) * PAGE_SIZE > limit) return ENOMEM;
  if (npages + k.vm.cnt.v_wire_count > max_wired(k)) return EAGAIN;
  const result = vm_map_wire(k, vms.vm_map, r.start, r.end, VM_MAP_WIRE_USER | VM_MAP_WIRE_NOHOLES);
  return result === KERN_SUCCESS ? 0 : ENOMEM;
}

export function kern_munlock(k: Kernel, td: Thread, addr: number, len: number): number {
  const r = page_range(addr, len);
  if (r === null) return EINVAL;
  const result = vm_map_unwire(
    k,
    vm_of(td).vm_map,
    r.start,
    r.end,
    VM_MAP_WIRE_USER | VM_MAP_WIRE_NOHOLES,
  );
  return result === KERN_SUCCESS ? 0 : ENOMEM;
}

export function kern_mlockall(k: Kernel, td: Thread, how: number): number {
  if (how === 0 || how & ~(MCL_CURRENT | MCL_FUTURE)) return EINVAL;
  const { vm_map: map } = vm_of(td);
  if (how & MCL_CURRENT) {
    const pages = wirable_pages(map);
    if (pages * PAGE_SIZE > td.td_proc.p_limit.pl_rlimit[RLIMIT_MEMLOCK].rlim_cur) return ENOMEM;
    // FreeBSD would wait for pages that there are not.
    if (pages > max_wired(k)) return EAGAIN;
  }
  if (how & MCL_FUTURE) {
    vm_map_lock(map);
    map.flags |= MAP_WIREFUTURE;
    vm_map_unlock(map);
  }
  if ((how & MCL_CURRENT) === 0) return 0;
  const result = vm_map_wire(
    k,
    map,
    map.min_offset,
    map.max_offset,
    VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK,
  );
  return result === KERN_SUCCESS ? 0 : EAGAIN;
}

export function kern_munlockall(k: Kernel, td: Thread): number {
  const { vm_map: map } = vm_of(td);
  map.flags &= ~MAP_WIREFUTURE;
  vm_map_unwire(k, map, map.min_offset, map.max_offset, VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK);
  return 0;
}

/** Moves the end of the data segment to `new_end`: break(2) (vm_unix.c). */
export function kern_break(k: Kernel, td: Thread, new_end: number): number {
  const vms = vm_of(td);
  const base = round_page(vms.vm_daddr);
  const limit = td.td_proc.p_limit.pl_rlimit[RLIMIT_DATA].rlim_cur;
  const wanted = round_page(new_end);
  const old = base + vms.vm_dsize * PAGE_SIZE;
  if (wanted > base) {
    if (wanted - base > limit) return ENOMEM;
    if (wanted > VM_MAXUSER_ADDRESS) return ENOMEM;
  } else if (wanted < base) return EINVAL;
  if (wanted > old) {
    if (vms.vm_map.size + (wanted - old) > td.td_proc.p_limit.pl_rlimit[RLIMIT_VMEM].rlim_cur)
      return ENOMEM;
    if (wirefuture(k, td, vms.vm_map, wanted - old) !== 0) return ENOMEM;
    const result = vm_map_fixed(
      k,
      vms.vm_map,
      null,
      0,
      old,
      wanted - old,
      VM_PROT_ALL,
      VM_PROT_ALL,
      MAP_CHECK_EXCL,
    );
    if (result !== KERN_SUCCESS) return ENOMEM;
    vms.vm_dsize += (wanted - old) / PAGE_SIZE;
    if (vms.vm_map.flags & MAP_WIREFUTURE) wire_new(k, vms.vm_map, old, wanted);
  } else if (wanted < old) {
    vm_map_remove(k, vms.vm_map, wanted, old);
    vms.vm_dsize -= (old - wanted) / PAGE_SIZE;
  }
  return 0;
}

const u = (word: number): number => word >>> 0;
/** A 64-bit argument: low word, high word. */
const quad = (low: number, high: number): number => (low >>> 0) + high * 0x100000000;

function call(sy_name: string, sy_narg: number, sy_call: sysent['sy_call']): sysent {
  return { sy_name, sy_narg, sy_call };
}

/** FreeBSD's calls by number (sys/kern/syscalls.master). */
export const vm_sysent: Record<number, sysent> = {
  17: call('break', 1, (k, td, a) => kern_break(k, td, u(a[0]))),
  65: call('msync', 3, (k, td, a) => kern_msync(k, td, u(a[0]), u(a[1]), a[2])),
  69: call('sbrk', 1, () => EINVAL),
  73: call('munmap', 2, (k, td, a) => kern_munmap(k, td, u(a[0]), u(a[1]))),
  74: call('mprotect', 3, (k, td, a) => kern_mprotect(k, td, u(a[0]), u(a[1]), a[2])),
  75: call('madvise', 3, (k, td, a) => kern_madvise(k, td, u(a[0]), u(a[1]), a[2])),
  78: call('mincore', 3, (k, td, a) => kern_mincore(k, td, u(a[0]), u(a[1]), u(a[2]))),
  // FreeBSD 6's mmap has a word of padding before its 64-bit offset.
  197: call('freebsd6_mmap', 8, (k, td, a) =>
    kern_mmap(k, td, u(a[0]), u(a[1]), a[2], a[3], a[4], quad(a[6], a[7])),
  ),
  203: call('mlock', 2, (k, td, a) => kern_mlock(k, td, u(a[0]), u(a[1]))),
  204: call('munlock', 2, (k, td, a) => kern_munlock(k, td, u(a[0]), u(a[1]))),
  250: call('minherit', 3, (k, td, a) => kern_minherit(k, td, u(a[0]), u(a[1]), a[2])),
  324: call('mlockall', 1, (k, td, a) => kern_mlockall(k, td, a[0])),
  325: call('munlockall', 0, (k, td) => kern_munlockall(k, td)),
  477: call('mmap', 7, (k, td, a) =>
    kern_mmap(k, td, u(a[0]), u(a[1]), a[2], a[3], a[4], quad(a[5], a[6])),
  ),
};
