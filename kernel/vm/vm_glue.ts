// Address spaces of processes: made, forked, replaced by exec, freed (vm_map.c vmspace_*, vm_glue.c;
// freebsd-vm A12, A13).

import type { Kernel } from '../sys/kernel.js';
import { VM_MAXUSER_ADDRESS } from '../sys/param.js';
import type { Proc } from '../sys/proc.js';
import { ENOMEM } from '../sys/errno.js';
import { EV_MAP } from '../sys/event.js';
import { shmexit, shmfork } from '../kern/sysv_shm.js';
import { curcred, swap_reserve_by_cred, swap_reserve_force } from './swap_reserve.js';
import {
  pmap_activate,
  pmap_copy,
  pmap_create,
  pmap_pinit,
  pmap_protect,
  pmap_release,
  pmap_remove_pages,
} from './pmap.js';
import { vm_fault_copy_entry, vm_fault_copy_wait } from './vm_fault_copy.js';
import {
  vm_map_create,
  vm_map_delete,
  vm_map_event,
  vm_map_lock,
  vm_map_unlock,
  vm_map_wait_busy,
} from './vm_map.js';
import {
  vm_map_entry_allocate_object,
  vm_map_entry_charge_object,
  vm_map_entry_shadow,
} from './vm_map_lookup.js';
import { entry_charged } from './vm_map_protect.js';
import { vm_map_entry_link } from './vm_map_tree.js';
import {
  is_anonymous,
  vm_object_collapse,
  vm_object_deallocate,
  vm_object_reference,
  vm_object_split,
  vnode_pager_update_writecount,
} from './vm_object.js';
import { vm_wait } from './vm_page.js';
import {
  MAP_ENTRY_COW,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_NEEDS_WAKEUP,
  MAP_ENTRY_USER_WIRED,
  MAP_ENTRY_VN_WRITECNT,
  OBJ_ONEMAPPING,
  VM_INHERIT_COPY,
  VM_INHERIT_NONE,
  VM_INHERIT_SHARE,
  VM_INHERIT_ZERO,
  VM_PROT_WRITE,
} from './vm_param.js';
import type { vm_map, vm_map_entry, vm_object, vmspace } from './vm_types.js';

const PAGE_SIZE = 4096;
/** Below this nothing is ever mapped for a user (security.bsd.map_at_zero is off). */
export const VM_MINUSER_ADDRESS = PAGE_SIZE;

/** A fresh, empty address space of [min, max), or null when there is no page for its directory. */
export function vmspace_alloc(
  k: Kernel,
  min = VM_MINUSER_ADDRESS,
  max = VM_MAXUSER_ADDRESS,
): vmspace | null {
  const map = pmap_create();
  if (!pmap_pinit(k, map)) return null;
  k.kern.zone_requests.vmspace++;
  return {
    vm_map: vm_map_create(map, min, max),
    vm_tsize: 0,
    vm_dsize: 0,
    vm_ssize: 0,
    vm_taddr: 0,
    vm_daddr: 0,
    vm_maxsaddr: 0,
    vm_stacktop: 0,
    vm_shm: null,
    vm_swrss: 0,
    vm_refcnt: 1,
    vm_pmap: map,
  };
}

/** Drops a reference; the last one unmaps everything and frees the page tables. */
export function vmspace_free(k: Kernel, vm: vmspace): void {
  if (--vm.vm_refcnt > 0) return;
  unmap_all(k, vm);
  pmap_release(k, vm.vm_pmap);
}

function unmap_all(k: Kernel, vm: vmspace): void {
  shmexit(k, vm);
  const map = vm.vm_map;
  pmap_remove_pages(k, vm.vm_pmap);
  vm_map_lock(map);
  vm_map_delete(k, map, map.min_offset, map.max_offset);
  vm_map_unlock(map);
}

/**
 * Gives `p` an empty address space for a new image: its own, emptied, when nobody shares it.
 * => the caller loads the new page directory if p is running.
 * @returns false when memory is short.
 */
export function vmspace_exec(k: Kernel, p: Proc): boolean {
  const old = p.p_vmspace;
  if (old !== null && old.vm_refcnt === 1) {
    unmap_all(k, old);
    Object.assign(old, {
      vm_tsize: 0,
      vm_dsize: 0,
      vm_ssize: 0,
      vm_taddr: 0,
      vm_daddr: 0,
      vm_maxsaddr: 0,
      vm_stacktop: 0,
    });
    old.vm_map.flags = 0;
    return true;
  }
  const fresh = vmspace_alloc(k);
  if (fresh === null) return false;
  fresh.vm_pmap.pm_pid = p.p_pid;
  p.p_vmspace = fresh;
  if (old !== null) vmspace_free(k, old);
  return true;
}

/**
 * Gives `p` a private copy of an address space that it shares; sleeps when memory is short.
 * @returns 0 or ENOMEM.
 */
export function vmspace_unshare(k: Kernel, p: Proc): number {
  const old = p.p_vmspace as vmspace;
  if (old.vm_refcnt === 1) return 0;
  const copy = vmspace_fork(k, old, p.p_pid);
  if (copy === null) return ENOMEM;
  p.p_vmspace = copy;
  if (p === k.kern.curthread?.td_proc) pmap_activate(k, copy.vm_pmap);
  vmspace_free(k, old);
  return 0;
}

/**
 * The child's address space of a fork: each entry by its inheritance. Private memory becomes
 * copy-on-write in both; neither is shadowed before somebody writes. Sleeps when memory is short.
 * @param pid of the child, for events.
 * @returns null when no swap space may be reserved for what the two will not share.
 */
export function vmspace_fork(k: Kernel, vm1: vmspace, pid = vm1.vm_pmap.pm_pid): vmspace | null {
  const old_map = vm1.vm_map;
  vm_map_wait_busy(k, old_map);
  vm_fault_copy_wait(k, wired_pages(old_map));
  const vm2 = vmspace_alloc(k, old_map.min_offset, old_map.max_offset) ?? vm_wait(k, 'fork');
  vm2.vm_pmap.pm_pid = pid;
  const { vm_taddr, vm_daddr, vm_maxsaddr, vm_stacktop, vm_tsize, vm_dsize, vm_ssize } = vm1;
  Object.assign(vm2, {
    vm_taddr,
    vm_daddr,
    vm_maxsaddr,
    vm_stacktop,
    vm_tsize,
    vm_dsize,
    vm_ssize,
  });
  shmfork(k, vm1, vm2);
  const new_map = vm2.vm_map;
  let charge = 0;
  vm_map_lock(old_map);
  vm_map_lock(new_map);
  for (let e = old_map.header.next; e !== old_map.header; e = e.next)
    charge += fork_entry(k, old_map, new_map, e);
  vm_map_unlock(new_map);
  vm_map_unlock(old_map);
  k.kern.zone_requests.map_entry += new_map.nentries;
  if (!swap_reserve_by_cred(k, charge, curcred(k))) {
    // The entries of the copy are charged: their release needs something to take from.
    swap_reserve_force(k, charge, curcred(k));
    vmspace_free(k, vm2);
    return null;
  }
  if (k.events.mask & EV_MAP) {
    const { min_offset, max_offset, nentries } = new_map;
    vm_map_event(k, new_map, 'fork', min_offset, max_offset, `${nentries} entries`);
  }
  return vm2;
}

/** How many pages a fork will copy at once, because they are wired. */
function wired_pages(map: vm_map): number {
  let pages = 0;
  for (let e = map.header.next; e !== map.header; e = e.next)
    if (copied_at_once(e) && e.inheritance === VM_INHERIT_COPY) pages += entry_size(e) / PAGE_SIZE;
  return pages;
}

/** Wired memory must not fault for its copy later. */
function copied_at_once(e: vm_map_entry): boolean {
  return e.wired_count !== 0 && (e.protection & VM_PROT_WRITE) !== 0;
}

function entry_size(e: vm_map_entry): number {
  return e.end - e.start;
}

function append(new_map: vm_map, entry: vm_map_entry): vm_map_entry {
  vm_map_entry_link(new_map, new_map.header.prev, entry);
  new_map.size += entry_size(entry);
  return entry;
}

/** A copy of an entry for the child: unwired, in no transition. */
function clone(e: vm_map_entry): vm_map_entry {
  return {
    ...e,
    eflags: e.eflags & ~(MAP_ENTRY_USER_WIRED | MAP_ENTRY_IN_TRANSITION | MAP_ENTRY_NEEDS_WAKEUP),
    wired_count: 0,
    wiring_thread: null,
  };
}

/** @returns the bytes of swap space that parent and child are charged beyond what there was. */
function fork_entry(k: Kernel, old_map: vm_map, new_map: vm_map, e: vm_map_entry): number {
  if (e.eflags & MAP_ENTRY_GUARD) {
    if (e.inheritance !== VM_INHERIT_NONE) append(new_map, clone(e));
    return 0;
  }
  switch (e.inheritance) {
    case VM_INHERIT_SHARE:
      fork_share(k, old_map, new_map, e);
      return 0;
    case VM_INHERIT_COPY:
      return vm_map_copy_entry(k, old_map, new_map, e);
    case VM_INHERIT_ZERO: {
      const child = append(new_map, clone(e));
      child.object = null;
      child.offset = 0;
      child.eflags &= MAP_ENTRY_GROWS_DOWN;
      child.cred = curcred(k);
      return entry_size(child);
    }
    default:
      return 0;
  }
}

function fork_share(k: Kernel, old_map: vm_map, new_map: vm_map, e: vm_map_entry): void {
  if (e.object === null) vm_map_entry_allocate_object(k, e);
  vm_object_reference(e.object as vm_object);
  if (e.eflags & MAP_ENTRY_NEEDS_COPY) {
    // Both must share the private copy: make it now. The reference just taken keeps the source shared.
    vm_map_entry_shadow(k, e);
    const { backing_object } = e.object as vm_object;
    vm_object_reference(e.object as vm_object);
    if (backing_object !== null) vm_object_deallocate(k, backing_object);
  }
  vm_map_entry_charge_object(k, e);
  const object = e.object as vm_object;
  object.flags &= ~OBJ_ONEMAPPING;
  const child = append(new_map, clone(e));
  if (child.eflags & MAP_ENTRY_VN_WRITECNT)
    vnode_pager_update_writecount(object, entry_size(child));
  pmap_copy(k, new_map.pmap, old_map.pmap, e.start, e.end);
}

/** One entry of copy semantics (vm_map_copy_entry). @returns the bytes charged. */
function vm_map_copy_entry(k: Kernel, old_map: vm_map, new_map: vm_map, e: vm_map_entry): number {
  const size = entry_size(e);
  const child = append(new_map, clone(e));
  if (copied_at_once(e)) {
    child.cred = curcred(k);
    vm_fault_copy_entry(k, new_map, child, e);
    child.eflags &= ~(MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY | MAP_ENTRY_VN_WRITECNT);
    return size;
  }
  if (e.object === null) {
    if (e.cred < 0) return 0;
    child.cred = curcred(k);
    return size;
  }
  const first_copy = (e.eflags & MAP_ENTRY_NEEDS_COPY) === 0;
  // What nobody can write now is charged when it is copied.
  const charged = entry_charged(e);
  if (first_copy && e.protection & VM_PROT_WRITE)
    pmap_protect(k, old_map.pmap, e.start, e.end, e.protection & ~VM_PROT_WRITE);
  if (is_anonymous(e.object) && e.object.handle === null) {
    vm_object_collapse(k, e.object);
    if (e.object.flags & OBJ_ONEMAPPING) vm_object_split(k, e);
  }
  if (first_copy) vm_map_entry_charge_object(k, e);
  vm_object_reference(e.object);
  e.object.flags &= ~OBJ_ONEMAPPING;
  child.object = e.object;
  child.offset = e.offset;
  if (charged) {
    child.cred = curcred(k);
    if (first_copy) e.cred = child.cred;
  }
  e.eflags |= MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY;
  child.eflags |= MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY;
  child.eflags &= ~MAP_ENTRY_VN_WRITECNT;
  pmap_copy(k, new_map.pmap, old_map.pmap, e.start, e.end);
  if (!charged) return 0;
  return first_copy ? 2 * size : size;
}
