// Files as backing store (vnode_pager.c; freebsd-vm A24). The pages of a file live in its vnode's
// object and nowhere else; the file system is asked for bytes only here.

import { EV_PAGER } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import type { vnode } from '../sys/vnode.js';
import { VOP_GETBYTES, VOP_PUTBYTES } from '../fs/vnode_if.js';
import { pmap_remove_all } from './pmap.js';
import { vm_object_allocate, vm_object_page_remove } from './vm_object.js';
import {
  vm_page_alloc,
  vm_page_bits,
  vm_page_deactivate,
  vm_page_lookup,
  vm_page_xunbusy,
} from './vm_page.js';
import type { pagerops } from './vm_pager.js';
import {
  OBJT_VNODE,
  VM_ALLOC_NORMAL,
  VM_PAGER_BAD,
  VM_PAGER_ERROR,
  VM_PAGER_OK,
  VM_PAGE_BITS_ALL,
} from './vm_param.js';
import type { vm_object, vm_page } from './vm_types.js';

const PAGE_SIZE = 4096;
/** Most pages in one transfer: MAXPHYS. */
const MAX_RUN = 32;

/** Gives a regular file its object, `size` bytes long. The vnode keeps the first reference. */
export function vnode_create_vobject(k: Kernel, vp: vnode, size: number): vm_object {
  if (vp.v_object !== null) return vp.v_object;
  const object = vm_object_allocate(k, OBJT_VNODE, Math.ceil(size / PAGE_SIZE));
  object.handle = vp;
  object.vnp_size = size;
  vp.v_object = object;
  return object;
}

/**
 * The file has a new size. Growing changes the size only; shrinking removes pages beyond the end and
 * zeroes the rest of the last one.
 */
export function vnode_pager_setsize(k: Kernel, vp: vnode, size: number): void {
  const object = vp.v_object;
  if (object === null || object.vnp_size === size) return;
  const pages = Math.ceil(size / PAGE_SIZE);
  if (size < object.vnp_size) {
    vm_object_page_remove(k, object, pages, 0, false);
    const base = size % PAGE_SIZE;
    const last = base === 0 ? null : vm_page_lookup(object, pages - 1);
    if (last !== null && last.valid !== 0) {
      k.machine.ram8.fill(0, last.phys_addr + base, last.phys_addr + PAGE_SIZE);
      k.machine.physStored(last.phys_addr + base, PAGE_SIZE - base);
      last.valid = VM_PAGE_BITS_ALL;
      last.dirty &= vm_page_bits(0, base);
    }
  }
  object.size = pages;
  object.vnp_size = size;
}

/** Fills a page from the file; what lies beyond the end is zero. @returns false on a read error. */
function read_page(k: Kernel, object: vm_object, m: vm_page): boolean {
  const vp = object.handle as vnode;
  const offset = m.pindex * PAGE_SIZE;
  const bytes = Math.max(0, Math.min(PAGE_SIZE, object.vnp_size - offset));
  const page = k.machine.ram8.subarray(m.phys_addr, m.phys_addr + PAGE_SIZE);
  const got = bytes === 0 ? 0 : VOP_GETBYTES(k, vp, offset, page.subarray(0, bytes));
  if (got < 0) return false;
  page.fill(0, got);
  k.machine.physStored(m.phys_addr, PAGE_SIZE);
  m.valid = VM_PAGE_BITS_ALL;
  m.dirty = 0;
  return true;
}

/** Pages around `m`, not resident yet: reads them as part of the same transfer. */
function read_around(
  k: Kernel,
  object: vm_object,
  m: vm_page,
  behind: number,
  ahead: number,
): number {
  let read = 0;
  const one = (pindex: number): boolean => {
    if (pindex < 0 || pindex >= object.size || vm_page_lookup(object, pindex) !== null)
      return false;
    const extra = vm_page_alloc(k, object, pindex, VM_ALLOC_NORMAL);
    if (extra === null) return false;
    const ok = read_page(k, object, extra);
    vm_page_deactivate(k, extra);
    vm_page_xunbusy(k, extra);
    read++;
    return ok;
  };
  for (let i = 1; i <= behind && read < MAX_RUN - 1 && one(m.pindex - i); i++);
  for (let i = 1; i <= ahead && read < MAX_RUN - 1 && one(m.pindex + i); i++);
  return read;
}

export const vnode_pager: pagerops = {
  pgo_getpages(k, object, m, behind, ahead) {
    if (m.pindex >= object.size) return VM_PAGER_BAD;
    if (!read_page(k, object, m)) return VM_PAGER_ERROR;
    const around = read_around(k, object, m, behind, ahead);
    k.vm.cnt.v_vnodein++;
    k.vm.cnt.v_vnodepgsin += 1 + around;
    if (k.events.mask & EV_PAGER) {
      k.events.emit({
        type: 'pager',
        op: 'pagein',
        object: object.id,
        objectType: object.type,
        pindex: m.pindex,
        count: 1 + around,
      });
    }
    return VM_PAGER_OK;
  },

  pgo_putpages(k, object, pages) {
    const vp = object.handle as vnode;
    let all = true;
    for (const m of pages) {
      const offset = m.pindex * PAGE_SIZE;
      const bytes = Math.min(PAGE_SIZE, object.vnp_size - offset);
      if (bytes <= 0) continue; // wholly beyond the end: the changes are lost, as they must be
      if (!VOP_PUTBYTES(k, vp, offset, k.machine.ram8.subarray(m.phys_addr, m.phys_addr + bytes)))
        all = false;
    }
    k.vm.cnt.v_vnodeout++;
    k.vm.cnt.v_vnodepgsout += pages.length;
    if (k.events.mask & EV_PAGER) {
      k.events.emit({
        type: 'pager',
        op: all ? 'pageout' : 'error',
        object: object.id,
        objectType: object.type,
        pindex: pages[0].pindex,
        count: pages.length,
      });
    }
    return all;
  },

  pgo_haspage(_k, object, pindex) {
    if (pindex >= object.size) return null;
    return {
      before: Math.min(pindex, MAX_RUN - 1),
      after: Math.min(object.size - 1 - pindex, MAX_RUN - 1),
    };
  },

  pgo_dealloc(k, object) {
    for (const m of object.memq.values()) pmap_remove_all(k, m);
    if (object.handle !== null) object.handle.v_object = null;
    object.handle = null;
  },
};
