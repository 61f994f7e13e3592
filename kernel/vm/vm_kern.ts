// Kernel virtual memory: the kernel's map, its submaps, the arena of addresses, wired memory
// (vm_kern.c, vm_init.c; freebsd-vm rows 138 and 139).
//
//   kernel_map --submap--> exec_map, pipe_map     pageable, entries of their own
//       \--4 MB chunks, NOFAULT--> kernel_arena --> kva_alloc --> kmem_malloc: wired pages of
//                                                                 kernel_object, index by address

import type { Kernel } from '../sys/kernel.js';
import { ARG_MAX, VM_MAX_KERNEL_ADDRESS } from '../sys/param.js';
import { KASSERT, panic } from '../sys/panic.js';
import { tsleep, wakeup } from '../kern/kern_synch.js';
import { kernel_pmap, pmap_init, pmap_protect, pmap_qenter, pmap_qremove } from './pmap.js';
import {
  vm_map_create,
  vm_map_delete,
  vm_map_find,
  vm_map_insert,
  vm_map_lock,
  vm_map_lookup_entry,
  vm_map_unlock,
} from './vm_map.js';
import { vm_map_findspace } from './vm_map_tree.js';
import { vm_object_allocate } from './vm_object.js';
import { vm_page_alloc, vm_page_free, vm_page_lookup } from './vm_page.js';
import {
  KERN_SUCCESS,
  MAP_ACC_NO_CHARGE,
  MAP_ENTRY_IS_SUB_MAP,
  MAP_NOFAULT,
  OBJT_PHYS,
  VMFS_ANY_SPACE,
  VMFS_SUPER_SPACE,
  VM_ALLOC_NOBUSY,
  VM_ALLOC_NOOBJ,
  VM_ALLOC_SYSTEM,
  VM_ALLOC_WIRED,
  VM_ALLOC_ZERO,
  VM_PAGE_BITS_ALL,
  VM_PROT_ALL,
  VM_PROT_READ,
  VPO_UNMANAGED,
} from './vm_param.js';
import type { vm_map, vm_map_entry, vm_object, vm_page } from './vm_types.js';

const PAGE_SIZE = 4096;
/** First kernel address that is handed out: what lies below would be the kernel's image. */
const KVA_START = 0xc0400000;
/** Addresses are imported from the kernel's map in multiples of this, so aligned (KVA_QUANTUM). */
const KVA_QUANTUM = 4 << 20;
/** Arguments of this many execs at a time, and the longest path name. */
const EXEC_MAP_ENTRIES = 16;
/** Bytes of the zero region. */
const ZERO_REGION_SIZE = 64 << 10;
const PATH_MAX = 1024;

/** The kernel's map and object (kmem_init). */
export function kmem_init(k: Kernel): void {
  const map = vm_map_create(kernel_pmap(k), KVA_START, VM_MAX_KERNEL_ADDRESS, true);
  k.vm.kernel_map = map;
  const pages = (VM_MAX_KERNEL_ADDRESS - KVA_START) / PAGE_SIZE;
  k.vm.kernel_object = vm_object_allocate(k, OBJT_PHYS, pages);
  pmap_init(k);
}

/** Maps one frame of zeros as a region of ZERO_REGION_SIZE, to read (kmem_init_zero_region). */
export function kmem_init_zero_region(k: Kernel): void {
  const addr = kva_alloc(k, ZERO_REGION_SIZE);
  const m = vm_page_alloc(k, null, 0, VM_ALLOC_NOOBJ | VM_ALLOC_WIRED | VM_ALLOC_ZERO);
  if (m === null) panic('kmem_init_zero_region: no memory');
  for (let i = 0; i < ZERO_REGION_SIZE; i += PAGE_SIZE) pmap_qenter(k, addr + i, [m]);
  pmap_protect(k, kernel_pmap(k), addr, addr + ZERO_REGION_SIZE, VM_PROT_READ);
  k.vm.zero_region = addr;
}

/** The pageable submaps: for arguments of exec, and for pipes' buffers (vm_ksubmap_init). */
export function vm_ksubmap_init(k: Kernel): void {
  k.vm.exec_map = kmem_suballoc(k, EXEC_MAP_ENTRIES * (PATH_MAX + ARG_MAX));
  k.vm.pipe_map = kmem_suballoc(k, k.kern.maxpipekva);
}

/** Gives a range of the kernel's map, a multiple of pages, to a map of its own. */
export function kmem_suballoc(k: Kernel, bytes: number): vm_map {
  const parent = k.vm.kernel_map as vm_map;
  const size = Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
  const { result, address } = vm_map_find(
    k,
    parent,
    null,
    0,
    parent.min_offset,
    size,
    0,
    VMFS_ANY_SPACE,
    VM_PROT_ALL,
    VM_PROT_ALL,
    MAP_ACC_NO_CHARGE,
  );
  if (result !== KERN_SUCCESS) panic(`kmem_suballoc: bad status return of ${result}`);
  const submap = vm_map_create(parent.pmap, address, address + size, true);
  const entry = vm_map_lookup_entry(parent, address) as vm_map_entry;
  KASSERT(
    entry.start === address && entry.end === address + size && entry.object === null,
    () => 'kmem_suballoc: unable to change range to submap',
  );
  entry.sub_map = submap;
  entry.eflags |= MAP_ENTRY_IS_SUB_MAP;
  return submap;
}

/**
 * Pageable addresses of a submap; sleeps while there is no room for `bytes`.
 * @returns the address, or 0 when they are more than the whole map.
 */
export function kmap_alloc_wait(k: Kernel, map: vm_map, bytes: number): number {
  const size = Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
  vm_map_lock(map);
  const addr = vm_map_findspace(map, map.min_offset, size);
  if (addr < 0) {
    const hopeless = map.max_offset - map.min_offset < size;
    if (!hopeless) map.needs_wakeup = true;
    vm_map_unlock(map);
    if (hopeless) return 0;
    tsleep(k, map, 0, 'kmaw');
  }
  const result = vm_map_insert(
    k,
    map,
    null,
    0,
    addr,
    addr + size,
    VM_PROT_ALL,
    VM_PROT_ALL,
    MAP_ACC_NO_CHARGE,
  );
  KASSERT(result === KERN_SUCCESS, () => `kmap_alloc_wait: ${result}`);
  vm_map_unlock(map);
  return addr;
}

/** Gives addresses of a submap back and wakes all who wait for some. */
export function kmap_free_wakeup(k: Kernel, map: vm_map, addr: number, bytes: number): void {
  vm_map_lock(map);
  vm_map_delete(k, map, addr, addr + Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE);
  if (map.needs_wakeup) {
    map.needs_wakeup = false;
    wakeup(k, map);
  }
  vm_map_unlock(map);
}

/** More addresses for the arena (kva_import). */
function kva_import(k: Kernel, size: number): void {
  const map = k.vm.kernel_map as vm_map;
  const bytes = Math.ceil(size / KVA_QUANTUM) * KVA_QUANTUM;
  const { result, address } = vm_map_find(
    k,
    map,
    null,
    0,
    map.min_offset,
    bytes,
    0,
    VMFS_SUPER_SPACE,
    VM_PROT_ALL,
    VM_PROT_ALL,
    MAP_NOFAULT,
  );
  if (result !== KERN_SUCCESS) panic('kva_import: the kernel map is full');
  kva_add(k, address, address + bytes);
}

/** Free addresses [start, end): joined with their neighbours. */
function kva_add(k: Kernel, start: number, end: number): void {
  const arena = k.vm.kernel_arena;
  const at = arena.findIndex((r) => r.start >= end);
  const i = at < 0 ? arena.length : at;
  const range = { start, end };
  KASSERT(i === 0 || arena[i - 1].end <= start, () => 'kva_free: addresses are free already');
  arena.splice(i, 0, range);
  if (arena[i + 1]?.start === end) {
    range.end = arena[i + 1].end;
    arena.splice(i + 1, 1);
  }
  if (i > 0 && arena[i - 1].end === start) {
    arena[i - 1].end = range.end;
    arena.splice(i, 1);
  }
}

/** Addresses for `bytes` of the kernel's, with nothing behind them: a fault there is a panic. */
export function kva_alloc(k: Kernel, bytes: number): number {
  const size = Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
  const arena = k.vm.kernel_arena;
  let at = arena.findIndex((r) => r.end - r.start >= size);
  if (at < 0) {
    kva_import(k, size);
    at = arena.findIndex((r) => r.end - r.start >= size);
  }
  const range = arena[at];
  const { start } = range;
  range.start += size;
  if (range.start === range.end) arena.splice(at, 1);
  return start;
}

/** Gives addresses back. => nothing is mapped there. */
export function kva_free(k: Kernel, va: number, bytes: number): void {
  kva_add(k, va, va + Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE);
}

const kernel_pindex = (va: number): number => (va - KVA_START) / PAGE_SIZE;

/** `bytes` of wired, zeroed kernel memory. @returns its virtual address and its pages. */
export function kmem_malloc(k: Kernel, bytes: number): { va: number; pages: vm_page[] } {
  const { kernel_object } = k.vm;
  KASSERT(kernel_object !== null, () => 'kmem_malloc before kmem_init');
  const va = kva_alloc(k, bytes);
  const pages: vm_page[] = [];
  for (let at = va; at < va + bytes; at += PAGE_SIZE) {
    const m = vm_page_alloc(
      k,
      kernel_object,
      kernel_pindex(at),
      VM_ALLOC_SYSTEM | VM_ALLOC_WIRED | VM_ALLOC_ZERO | VM_ALLOC_NOBUSY,
    );
    if (m === null) panic('kmem_malloc: no memory');
    m.valid = VM_PAGE_BITS_ALL;
    m.oflags |= VPO_UNMANAGED;
    pages.push(m);
  }
  pmap_qenter(k, va, pages);
  k.vm.kmem.in_use++;
  k.vm.kmem.requests++;
  k.vm.kmem.bytes += pages.length * PAGE_SIZE;
  return { va, pages };
}

/** Gives memory of kmem_malloc back. */
export function kmem_free(k: Kernel, va: number, bytes: number): void {
  const object = k.vm.kernel_object as vm_object;
  const count = Math.ceil(bytes / PAGE_SIZE);
  pmap_qremove(k, va, count);
  for (let i = 0; i < count; i++) {
    const m = vm_page_lookup(object, kernel_pindex(va) + i);
    KASSERT(m !== null, () => 'kmem_free: not allocated');
    vm_page_free(k, m);
  }
  k.vm.kmem.in_use--;
  k.vm.kmem.bytes -= count * PAGE_SIZE;
  kva_free(k, va, bytes);
}
