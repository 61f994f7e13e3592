// Files as backing store (vnode_pager.c; freebsd-vm A24). The pages of a file live in its vnode's
// object and nowhere else; the file system is asked for bytes only here.

import { BIO_DONE, BIO_READ, BIO_WRITE } from '../geom/bio.js';
import { biowait } from '../geom/geom_disk.js';
import { EV_PAGER } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import type { vnode } from '../sys/vnode.js';
import { pmap_remove_all } from './pmap.js';
import { vm_object_allocate, vm_object_page_remove } from './vm_object.js';
import { vm_page_bits } from './vm_page.js';
import type { pagerops } from './vm_pager.js';
import { pager_run_alloc, pager_wait_create, vm_page_lookup_idle } from './vm_pager_read.js';
import {
  OBJT_VNODE,
  VM_PAGER_BAD,
  VM_PAGER_ERROR,
  VM_PAGER_OK,
  VM_PAGER_PEND,
  VM_PAGE_BITS_ALL,
} from './vm_param.js';
import type { vm_object } from './vm_types.js';
import { vnode_pager_strategy } from './vnode_pager_io.js';

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
    const last = base === 0 ? null : vm_page_lookup_idle(k, object, pages - 1);
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

function emit(
  k: Kernel,
  op: 'pagein' | 'pageout',
  object: vm_object,
  pindex: number,
  count: number,
): void {
  if (k.events.mask & EV_PAGER)
    k.events.emit({ type: 'pager', op, object: object.id, objectType: object.type, pindex, count });
}

export const vnode_pager: pagerops = {
  pgo_getpages(k, object, m, behind, ahead) {
    if (m.pindex >= object.size) return VM_PAGER_BAD;
    const before = Math.min(behind, m.pindex, MAX_RUN - 1);
    const after = Math.min(ahead, object.size - 1 - m.pindex, MAX_RUN - 1 - before);
    const pages = pager_run_alloc(k, object, m, before, after);
    const wait = pager_wait_create(k.kern.curthread, m, pages);
    k.vm.cnt.v_vnodein++;
    k.vm.cnt.v_vnodepgsin += pages.length;
    emit(k, 'pagein', object, m.pindex, pages.length);
    const bp = vnode_pager_strategy(k, BIO_READ, pages, wait);
    if ((bp.bio_flags & BIO_DONE) === 0) return VM_PAGER_PEND;
    return bp.bio_error === 0 ? VM_PAGER_OK : VM_PAGER_ERROR;
  },

  pgo_putpages(k, object, pages, sync, rtvals, begun) {
    // Wholly beyond the end: the changes are lost, as they must be.
    const inside = pages.filter((m, i) => {
      const lost = m.pindex * PAGE_SIZE >= object.vnp_size;
      rtvals[i] = lost ? VM_PAGER_BAD : VM_PAGER_PEND;
      return !lost;
    });
    for (let i = 0; i < inside.length; i += MAX_RUN) {
      const run = inside.slice(i, i + MAX_RUN);
      k.vm.cnt.v_vnodeout++;
      k.vm.cnt.v_vnodepgsout += run.length;
      emit(k, 'pageout', object, run[0].pindex, run.length);
      const bp = vnode_pager_strategy(k, BIO_WRITE, run, null);
      begun?.push(bp);
      if (sync) biowait(k, bp);
    }
  },

  pgo_haspage(_k, object, pindex) {
    if (pindex >= object.size) return null;
    return {
      before: Math.min(pindex, MAX_RUN - 1),
      after: Math.min(object.size - 1 - pindex, MAX_RUN - 1),
    };
  },

  pgo_dealloc(k, object) {
    for (let m = object.memq.head; m !== null; m = m.listq_next) pmap_remove_all(k, m);
    if (object.handle !== null) object.handle.v_object = null;
    object.handle = null;
  },
};
