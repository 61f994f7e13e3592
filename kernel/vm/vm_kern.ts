// Kernel virtual memory (vm_kern.c): the kernel's map, its submaps, wired memory.

import type { Kernel } from '../sys/kernel.js';
import { VM_MAX_KERNEL_ADDRESS } from '../sys/param.js';
import { KASSERT, panic } from '../sys/panic.js';
import { kernel_pmap, pmap_init, pmap_qenter } from './pmap.js';
import { vm_map_create, vm_map_find } from './vm_map.js';
import { vm_object_allocate } from './vm_object.js';
import { vm_page_alloc } from './vm_page.js';
import {
  KERN_SUCCESS,
  MAP_NOFAULT,
  OBJT_PHYS,
  OBJ_UNMANAGED,
  VMFS_ANY_SPACE,
  VM_ALLOC_NOBUSY,
  VM_ALLOC_SYSTEM,
  VM_ALLOC_WIRED,
  VM_ALLOC_ZERO,
  VM_PAGE_BITS_ALL,
  VM_PROT_ALL,
  VPO_UNMANAGED,
} from './vm_param.js';
import type { vm_map, vm_page } from './vm_types.js';

const PAGE_SIZE = 4096;
/** First kernel address that is handed out: what lies below would be the kernel's image. */
const KVA_START = 0xc0400000;

/** The kernel's map and object (kmem_init). */
export function kmem_init(k: Kernel): void {
  const map = vm_map_create(kernel_pmap(k), KVA_START, VM_MAX_KERNEL_ADDRESS, true);
  k.vm.kernel_map = map;
  const object = vm_object_allocate(k, OBJT_PHYS, (VM_MAX_KERNEL_ADDRESS - KVA_START) / PAGE_SIZE);
  object.flags |= OBJ_UNMANAGED;
  k.vm.kernel_object = object;
  pmap_init(k);
}

/** `bytes` of wired, zeroed kernel memory. @returns its virtual address and its pages. */
export function kmem_malloc(k: Kernel, bytes: number): { va: number; pages: vm_page[] } {
  const map = k.vm.kernel_map as vm_map;
  const { kernel_object } = k.vm;
  KASSERT(kernel_object !== null, () => 'kmem_malloc before kmem_init');
  const size = Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
  kernel_object.ref_count++;
  const { result, address } = vm_map_find(
    k,
    map,
    kernel_object,
    0,
    map.min_offset,
    size,
    0,
    VMFS_ANY_SPACE,
    VM_PROT_ALL,
    VM_PROT_ALL,
    MAP_NOFAULT,
  );
  if (result !== KERN_SUCCESS) panic('kmem_malloc: kernel map is full');
  const pages: vm_page[] = [];
  for (let va = address; va < address + size; va += PAGE_SIZE) {
    const pindex = (va - map.min_offset) / PAGE_SIZE;
    const m = vm_page_alloc(
      k,
      kernel_object,
      pindex,
      VM_ALLOC_SYSTEM | VM_ALLOC_WIRED | VM_ALLOC_ZERO | VM_ALLOC_NOBUSY,
    );
    if (m === null) panic('kmem_malloc: no memory');
    m.valid = VM_PAGE_BITS_ALL;
    m.oflags |= VPO_UNMANAGED;
    pages.push(m);
  }
  pmap_qenter(k, address, pages);
  return { va: address, pages };
}
