// Objects: where pages live, and the shadow chains of copy-on-write (vm_object.c; freebsd-vm A14-A17).
//
//   map entry -> top object (its own copies) -> backing object (shared, older) -> ... -> bottom

import { EV_OBJECT } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT, panic } from '../sys/panic.js';
import { wakeup } from '../kern/kern_synch.js';
import { pmap_remove_all, pmap_remove_write } from './pmap.js';
import {
  KERN_INVALID_ARGUMENT,
  KERN_SUCCESS,
  OBJT_DEAD,
  OBJT_DEFAULT,
  OBJT_DEVICE,
  OBJT_MGTDEVICE,
  OBJT_PHYS,
  OBJT_SG,
  OBJ_FICTITIOUS,
  OBJ_UNMANAGED,
  OBJT_SWAP,
  OBJT_VNODE,
  OBJ_COLORED,
  OBJ_DEAD,
  OBJ_MIGHTBEDIRTY,
  OBJ_NOSPLIT,
  OBJ_ONEMAPPING,
  OBJ_PIPWNT,
  OBJ_TMPFS,
  OBJ_TMPFS_DIRTY,
  OBJ_TMPFS_NODE,
} from './vm_param.js';
import {
  vm_page_busied,
  vm_page_free,
  vm_page_lookup,
  vm_page_remove,
  vm_page_rename,
  vm_page_test_dirty,
  vm_page_unwire,
} from './vm_page.js';
import { vm_reserv_break_all, vm_reserv_rename } from './vm_reserv.js';
import { g_disk_poll } from '../geom/geom_disk.js';
import { vm_page_busy_poll } from './vm_pager_read.js';
import { vm_pager_deallocate, vm_pager_has_page } from './vm_pager.js';
import { swap_pager_copy, swap_pager_freespace } from './swap_pager.js';
import { swap_release_by_cred, swap_reserve_by_cred } from './swap_reserve.js';
import { vm_object_page_clean } from './vm_object_clean.js';
import { VM_OBJECT_WLOCK, VM_OBJECT_WUNLOCK } from './vm_object_lock.js';
import type { vm_map_entry, vm_object, vm_page } from './vm_types.js';
import { vm_radix_check, vm_radix_lookup_ge, vm_radix_reclaim_allnodes } from './vm_radix.js';

const PAGE_SIZE = 4096;
const SUPERPAGE_PAGES = 1024;

function object_flags(type: number): number {
  switch (type) {
    case OBJT_DEFAULT:
    case OBJT_SWAP:
      return OBJ_ONEMAPPING;
    case OBJT_DEVICE:
    case OBJT_SG:
      return OBJ_FICTITIOUS | OBJ_UNMANAGED;
    case OBJT_MGTDEVICE:
      return OBJ_FICTITIOUS;
    case OBJT_PHYS:
      return OBJ_UNMANAGED;
    default:
      return 0;
  }
}

/** A new object of `size` pages with one reference. */
export function vm_object_allocate(k: Kernel, type: number, size: number): vm_object {
  const object: vm_object = {
    id: k.vm.next_object_id++,
    lock: 0,
    type,
    flags: object_flags(type),
    size,
    generation: 1,
    ref_count: 1,
    shadow_count: 0,
    shadow_head: new Set(),
    memq: { head: null, tail: null },
    rtree: null,
    resident_page_count: 0,
    rvq: null,
    backing_object: null,
    backing_object_offset: 0,
    paging_in_progress: 0,
    pg_color: 0,
    memattr: 6,
    handle: null,
    vnp_size: 0,
    writemappings: 0,
    devp: null,
    swp_swblks: null,
    charge: 0,
    cred: -1,
  };
  k.vm.object_list.add(object);
  if (k.events.mask & EV_OBJECT) object_event(k, 'create', object);
  return object;
}

/**
 * Sets the cache mode (VM_MEMATTR_*) of the object's pages to come.
 * @returns KERN_INVALID_ARGUMENT while it has pages, or for an object that has ended.
 */
export function vm_object_set_memattr(object: vm_object, memattr: number): number {
  if (object.type === OBJT_DEAD || object.resident_page_count > 0) return KERN_INVALID_ARGUMENT;
  object.memattr = memattr;
  return KERN_SUCCESS;
}

function object_event(
  k: Kernel,
  op: 'create' | 'shadow' | 'collapse' | 'bypass' | 'split' | 'terminate',
  object: vm_object,
): void {
  k.events.emit({
    type: 'object',
    op,
    object: object.id,
    backing: object.backing_object?.id ?? 0,
    size: object.size,
  });
}

export function vm_object_reference(object: vm_object): void {
  if (object.flags & OBJ_DEAD) panic(`vm_object_reference: object #${object.id} is dead`);
  object.ref_count++;
}

export function vm_object_pip_add(object: vm_object): void {
  object.paging_in_progress++;
}

export function vm_object_pip_wakeup(k: Kernel, object: vm_object): void {
  if (object.paging_in_progress <= 0) panic(`object #${object.id}: paging_in_progress underflow`);
  if (--object.paging_in_progress === 0 && object.flags & OBJ_PIPWNT) {
    object.flags &= ~OBJ_PIPWNT;
    wakeup(k, object);
  }
}

export function is_anonymous(object: vm_object): boolean {
  return object.type === OBJT_DEFAULT || object.type === OBJT_SWAP;
}

/** Pages with start <= pindex < end, in order. `end` 0 means all from `start`. */
export function vm_object_pages(object: vm_object, start: number, end: number): vm_page[] {
  const last = end === 0 ? Infinity : end;
  const pages: vm_page[] = [];
  let m = start === 0 ? object.memq.head : vm_radix_lookup_ge(object.rtree, start);
  for (; m !== null && m.pindex < last; m = m.listq_next) pages.push(m);
  return pages;
}

/** Whether a page with start <= pindex < end is busy. */
function any_busied(object: vm_object, start: number, end: number): boolean {
  let m = start === 0 ? object.memq.head : vm_radix_lookup_ge(object.rtree, start);
  for (; m !== null && m.pindex < end; m = m.listq_next) if (vm_page_busied(m)) return true;
  return false;
}

/**
 * Drops a reference. The last one terminates the object and lets go of its backing object; one that
 * leaves a single shadow collapses that shadow into it.
 */
export function vm_object_deallocate(k: Kernel, object: vm_object | null): void {
  let current = object;
  while (current !== null) {
    if (current.ref_count <= 0)
      panic(`vm_object_deallocate: object #${current.id} has no reference`);
    current.ref_count--;
    if (current.ref_count > 1) return;
    if (current.ref_count === 1) {
      if (current.shadow_count === 0 && current.handle === null && is_anonymous(current)) {
        current.flags |= OBJ_ONEMAPPING;
      } else if (current.shadow_count === 1 && current.handle === null && is_anonymous(current)) {
        const [shadow] = current.shadow_head;
        if (shadow.handle === null && is_anonymous(shadow)) vm_object_collapse(k, shadow);
      }
      return;
    }
    const backing: vm_object | null = current.backing_object;
    if (backing !== null) unlink_backing(current, backing);
    if ((current.flags & OBJ_DEAD) === 0) vm_object_terminate(k, current);
    current = backing;
  }
}

function link_backing(object: vm_object, backing: vm_object, offset: number): void {
  object.backing_object = backing;
  object.backing_object_offset = offset;
  backing.shadow_head.add(object);
  backing.shadow_count++;
}

function unlink_backing(object: vm_object, backing: vm_object): void {
  backing.shadow_head.delete(object);
  backing.shadow_count--;
  object.backing_object = null;
  object.backing_object_offset = 0;
}

/** Writes back a vnode's pages, frees all pages, lets go of the backing store. => no references. */
export function vm_object_terminate(k: Kernel, object: vm_object): void {
  object.flags |= OBJ_DEAD;
  // It cannot be executed again: transfers in flight are waited for here.
  while (object.paging_in_progress > 0) {
    if (!g_disk_poll(k)) panic(`vm_object_terminate: paging in object #${object.id}`);
  }
  if (k.events.mask & EV_OBJECT) object_event(k, 'terminate', object);
  if (object.type === OBJT_VNODE) vm_object_page_clean(k, object);
  vm_radix_reclaim_allnodes(object);
  for (let m = object.memq.head; m !== null;) {
    const next: vm_page | null = m.listq_next;
    pmap_remove_all(k, m);
    if (m.wire_count > 0) vm_page_remove(m);
    else {
      vm_page_free(k, m);
      k.vm.cnt.v_pfree++;
    }
    m = next;
  }
  vm_reserv_break_all(k, object);
  vm_pager_deallocate(k, object);
  if (object.cred >= 0) {
    swap_release_by_cred(k, object.charge, object.cred);
    object.charge = 0;
    object.cred = -1;
  }
  object.type = OBJT_DEAD;
  k.vm.object_list.delete(object);
}

/**
 * Puts a new object in front of `source`, which becomes its backing object with the reference the
 * caller held (A14). @returns the object and offset to use instead; the same when nothing is shared.
 */
export function vm_object_shadow(
  k: Kernel,
  source: vm_object | null,
  offset: number,
  length: number,
): { object: vm_object | null; offset: number } {
  if (source !== null && source.ref_count === 1 && source.handle === null && is_anonymous(source)) {
    return { object: source, offset };
  }
  const result = vm_object_allocate(k, OBJT_DEFAULT, length / PAGE_SIZE);
  if (source !== null) {
    link_backing(result, source, offset);
    result.flags |= source.flags & OBJ_COLORED;
    result.pg_color = (source.pg_color + offset / PAGE_SIZE) % SUPERPAGE_PAGES;
    if (k.events.mask & EV_OBJECT) object_event(k, 'shadow', result);
  }
  return { object: result, offset: 0 };
}

/**
 * Gives an entry of a shared, once unforked object an object of its own with its range of pages, so
 * that the rest can be freed early (A17).
 */
export function vm_object_split(k: Kernel, entry: vm_map_entry): void {
  const orig = entry.object as vm_object;
  if (!is_anonymous(orig) || orig.flags & OBJ_NOSPLIT || orig.ref_count <= 1) return;
  const offset = entry.offset / PAGE_SIZE;
  const size = (entry.end - entry.start) / PAGE_SIZE;
  if (any_busied(orig, offset, offset + size)) return;
  const created = vm_object_allocate(k, OBJT_DEFAULT, size);
  const backing = orig.backing_object;
  if (backing !== null) {
    vm_object_reference(backing);
    link_backing(created, backing, orig.backing_object_offset + entry.offset);
    backing.flags &= ~OBJ_ONEMAPPING;
  }
  if (orig.cred >= 0) {
    KASSERT(orig.charge >= size * PAGE_SIZE, () => `object #${orig.id}: charge below its size`);
    created.cred = orig.cred;
    created.charge = size * PAGE_SIZE;
    orig.charge -= size * PAGE_SIZE;
  }
  VM_OBJECT_WLOCK(orig);
  for (const m of vm_object_pages(orig, offset, offset + size)) {
    const { dirty } = m;
    vm_page_rename(k, m, created, m.pindex - offset);
    vm_reserv_rename(k, m, created, orig, offset);
    m.dirty |= dirty;
  }
  VM_OBJECT_WUNLOCK(orig);
  if (orig.type === OBJT_SWAP) swap_pager_copy(k, orig, created, offset, false);
  if (k.events.mask & EV_OBJECT) object_event(k, 'split', created);
  entry.object = created;
  entry.offset = 0;
  vm_object_deallocate(k, orig);
}

/** Whether `object` has everything that its backing object could give. */
function fully_shadowed(k: Kernel, object: vm_object, backing: vm_object): boolean {
  if (object.resident_page_count === object.size) return true;
  if (backing.type !== OBJT_DEFAULT) return false;
  const shift = object.backing_object_offset / PAGE_SIZE;
  for (let m = backing.memq.head; m !== null; m = m.listq_next) {
    const pindex = m.pindex - shift;
    if (pindex < 0 || pindex >= object.size) continue;
    if (vm_page_busied(m)) return false;
    const mine = vm_page_lookup(object, pindex);
    if (mine !== null ? mine.valid === 0 : !vm_pager_has_page(k, object, pindex)) return false;
  }
  return true;
}

/** Moves the pages of `backing`, whose only reference is `object`'s, up into `object`. */
function collapse_pages(k: Kernel, object: vm_object, backing: vm_object): void {
  const shift = object.backing_object_offset / PAGE_SIZE;
  for (const m of vm_object_pages(backing, 0, 0)) {
    const pindex = m.pindex - shift;
    const hidden =
      pindex < 0 ||
      pindex >= object.size ||
      vm_page_lookup(object, pindex) !== null ||
      vm_pager_has_page(k, object, pindex);
    if (hidden) {
      pmap_remove_all(k, m);
      if (backing.type === OBJT_SWAP) swap_pager_freespace(k, backing, m.pindex, 1);
      if (m.wire_count === 0) vm_page_free(k, m);
      else vm_page_remove(m);
    } else {
      const { dirty } = m;
      if (backing.type === OBJT_SWAP) swap_pager_freespace(k, backing, m.pindex, 1);
      vm_page_rename(k, m, object, pindex);
      vm_reserv_rename(k, m, object, backing, shift);
      m.dirty |= dirty;
    }
  }
}

/**
 * Shortens the chain below `object` as far as it goes (A16): takes over a backing object nobody else
 * uses, or goes around one that cannot show through.
 */
export function vm_object_collapse(k: Kernel, object: vm_object): void {
  for (;;) {
    const backing = object.backing_object;
    if (backing === null || backing.handle !== null || object.handle !== null) return;
    if (
      !is_anonymous(backing) ||
      backing.flags & OBJ_DEAD ||
      !is_anonymous(object) ||
      object.flags & OBJ_DEAD
    )
      return;
    if (object.paging_in_progress > 0 || backing.paging_in_progress > 0) return;
    if (any_busied(backing, 0, Infinity)) return;

    if (backing.ref_count === 1) {
      VM_OBJECT_WLOCK(object);
      VM_OBJECT_WLOCK(backing);
      collapse_pages(k, object, backing);
      VM_OBJECT_WUNLOCK(backing);
      VM_OBJECT_WUNLOCK(object);
      if (backing.type === OBJT_SWAP) {
        swap_pager_copy(k, backing, object, object.backing_object_offset / PAGE_SIZE, true);
      }
      const grand = backing.backing_object;
      const offset = object.backing_object_offset + backing.backing_object_offset;
      unlink_backing(object, backing);
      if (grand !== null) {
        unlink_backing(backing, grand);
        link_backing(object, grand, offset);
      }
      backing.ref_count = 0;
      vm_object_terminate(k, backing);
      k.vm.collapses++;
      if (k.events.mask & EV_OBJECT) object_event(k, 'collapse', object);
    } else {
      if (!fully_shadowed(k, object, backing)) return;
      const grand = backing.backing_object;
      const offset = object.backing_object_offset + backing.backing_object_offset;
      unlink_backing(object, backing);
      if (grand !== null) {
        vm_object_reference(grand);
        link_backing(object, grand, offset);
      }
      backing.ref_count--;
      k.vm.bypasses++;
      if (k.events.mask & EV_OBJECT) object_event(k, 'bypass', object);
    }
  }
}

/**
 * Extends an anonymous object over `next_size` more bytes behind `prev_size`, so that an adjacent
 * mapping can share it (A15). An object that is charged is charged for the new part too, which the
 * caller may have `reserved` already. @returns whether it could.
 */
export function vm_object_coalesce(
  k: Kernel,
  prev: vm_object | null,
  prev_offset: number,
  prev_size: number,
  next_size: number,
  reserved: boolean,
): boolean {
  if (prev === null) return true;
  if (!is_anonymous(prev) || prev.flags & OBJ_TMPFS_NODE) return false;
  vm_object_collapse(k, prev);
  if (prev.backing_object !== null) return false;
  const next_pindex = (prev_offset + prev_size) / PAGE_SIZE;
  if (prev.ref_count > 1 && prev.size !== next_pindex) return false;
  const next_pages = next_size / PAGE_SIZE;
  if (prev.cred >= 0) {
    if (!reserved && !swap_reserve_by_cred(k, next_size, prev.cred)) return false;
    prev.charge += next_size;
  }
  if (next_pindex < prev.size) {
    vm_object_page_remove(k, prev, next_pindex, next_pindex + next_pages, false);
    if (prev.type === OBJT_SWAP) swap_pager_freespace(k, prev, next_pindex, next_pages);
  }
  if (next_pindex + next_pages > prev.size) prev.size = next_pindex + next_pages;
  return true;
}

/**
 * Removes pages with start <= pindex < end (0: to the end). `clean_only` spares dirty ones. Wired
 * pages are unmapped and invalidated instead.
 */
export function vm_object_page_remove(
  k: Kernel,
  object: vm_object,
  start: number,
  end: number,
  clean_only: boolean,
): void {
  if (object.resident_page_count === 0) return;
  for (const m of vm_object_pages(object, start, end)) {
    if (vm_page_busied(m)) {
      vm_page_busy_poll(k, m);
      if (m.object !== object) continue;
    }
    if (m.wire_count > 0) {
      pmap_remove_all(k, m);
      if (!clean_only) {
        m.valid = 0;
        m.dirty = 0;
      }
      continue;
    }
    if (clean_only && m.valid !== 0) {
      pmap_remove_write(k, m);
      vm_page_test_dirty(k, m);
      if (m.dirty) continue;
    }
    pmap_remove_all(k, m);
    vm_page_free(k, m);
  }
}

/** A vnode's object has, or may soon have, a writable page. */
export function vm_object_set_writeable_dirty(object: vm_object): void {
  if (object.type === OBJT_VNODE) {
    object.generation++;
    object.flags |= OBJ_MIGHTBEDIRTY;
  } else if (object.flags & OBJ_TMPFS_NODE) object.flags |= OBJ_TMPFS_DIRTY;
}

/**
 * `bytes` more (or less) of a file are mapped writable and shared: while there are any, the file counts
 * as open for writing, and cannot be executed.
 */
export function vnode_pager_update_writecount(object: vm_object, bytes: number): void {
  if (object.type !== OBJT_VNODE) return;
  const before = object.writemappings;
  object.writemappings += bytes;
  KASSERT(object.writemappings >= 0, () => `object #${object.id}: negative writemappings`);
  const { handle } = object;
  if (handle === null) return;
  if (before === 0 && object.writemappings > 0) handle.v_writecount++;
  else if (before > 0 && object.writemappings === 0) handle.v_writecount--;
}

/** Takes all wirings off the pages that an entry wired through the chain. */
export function vm_object_unwire(
  k: Kernel,
  object: vm_object,
  offset: number,
  length: number,
  queue: number,
): void {
  for (let i = 0; i < length / PAGE_SIZE; i++) {
    let pindex = offset / PAGE_SIZE + i;
    for (let o: vm_object | null = object; o !== null; o = o.backing_object) {
      const m = vm_page_lookup(o, pindex);
      if (m !== null) {
        if (m.wire_count > 0) vm_page_unwire(k, m, queue);
        break;
      }
      pindex += o.backing_object_offset / PAGE_SIZE;
    }
  }
}

/** Length of the chain below an object: 0 when it backs onto nothing. */
export function vm_object_depth(object: vm_object | null): number {
  let depth = 0;
  for (let o = object?.backing_object ?? null; o !== null; o = o.backing_object) depth++;
  return depth;
}

/** Invariants of objects and chains. `mapped` counts the map entries that refer to each. */
export function vm_object_check(k: Kernel, mapped: Map<vm_object, number>): string[] {
  const bad: string[] = [];
  for (const object of k.vm.object_list) {
    const name = `object #${object.id}`;
    bad.push(...vm_radix_check(object));
    if (object.lock !== 0) bad.push(`${name} is locked`);
    if (object.shadow_count !== object.shadow_head.size)
      bad.push(`${name} counts its shadows wrong`);
    for (const shadow of object.shadow_head) {
      if (shadow.backing_object !== object)
        bad.push(`${name} lists #${shadow.id}, which does not shadow it`);
    }
    const { backing_object } = object;
    if (backing_object !== null && !backing_object.shadow_head.has(object))
      bad.push(`${name} is not listed below #${backing_object.id}`);
    for (let o = backing_object, steps = 0; o !== null; o = o.backing_object) {
      if (o === object || ++steps > 1000) {
        bad.push(`${name} is in a loop`);
        break;
      }
    }
    const references = (mapped.get(object) ?? 0) + object.shadow_count;
    if (
      is_anonymous(object) &&
      object.handle === null &&
      (object.flags & (OBJ_TMPFS | OBJ_NOSPLIT)) === 0 &&
      references !== object.ref_count
    ) {
      bad.push(`${name} counts ${object.ref_count} references, has ${references}`);
    }
  }
  return bad;
}
