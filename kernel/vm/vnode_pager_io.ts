// Transfers between memory and files (vnode_pager.c, vfs_bio.c): the disk behind a host directory asks
// the file system for the bytes when a transfer ends.

import { VOP_GETBYTES, VOP_PUTBYTES } from '../fs/vnode_if.js';
import { BIO_ENTERING, BIO_READ } from '../geom/bio.js';
import type { bio } from '../geom/bio.js';
import { g_disk_strategy } from '../geom/geom_disk.js';
import { EV_PAGER } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import type { vnode } from '../sys/vnode.js';
import { vm_object_pip_add, vm_object_pip_wakeup } from './vm_object.js';
import { pager_read_done } from './vm_pager_read.js';
import type { pager_wait } from './vm_pager_read.js';
import {
  vm_page_activate,
  vm_page_count_min,
  vm_page_dirty,
  vm_page_free_wakeup,
  vm_page_sunbusy,
  vm_page_undirty,
} from './vm_page.js';
import { OBJ_MIGHTBEDIRTY, VM_PAGE_BITS_ALL } from './vm_param.js';
import type { vm_object, vm_page } from './vm_types.js';

const PAGE_SIZE = 4096;
/** Files lie behind one another on the disk, each with room for 4 GB. */
const FILE_BLOCKS = 1 << 20;

/** Begins a transfer of busy pages of a file, consecutive in it. */
export function vnode_pager_strategy(
  k: Kernel,
  cmd: number,
  pages: vm_page[],
  wait: pager_wait | null,
): bio {
  const object = pages[0].object as vm_object;
  for (let i = 0; i < pages.length; i++) vm_object_pip_add(object);
  const bp: bio = {
    bio_cmd: cmd,
    bio_flags: 0,
    bio_offset: (object.handle as vnode).v_id * FILE_BLOCKS + pages[0].pindex,
    bio_pages: pages,
    bio_error: 0,
    bio_done: 'vnode',
    bio_caller1: wait,
    bio_t0: 0,
  };
  g_disk_strategy(k, k.vm.disks[0], bp);
  return bp;
}

/** Moves the bytes of a transfer. Beyond the end of the file a page is zero. @returns success. */
export function vnode_pager_iomove(k: Kernel, bp: bio): boolean {
  const object = bp.bio_pages[0].object as vm_object;
  const vp = object.handle as vnode;
  for (const m of bp.bio_pages) {
    const offset = m.pindex * PAGE_SIZE;
    const bytes = Math.max(0, Math.min(PAGE_SIZE, object.vnp_size - offset));
    const page = k.machine.ram8.subarray(m.phys_addr, m.phys_addr + PAGE_SIZE);
    if (bp.bio_cmd === BIO_READ) {
      const got = bytes === 0 ? 0 : VOP_GETBYTES(k, vp, offset, page.subarray(0, bytes));
      if (got < 0) return false;
      page.fill(0, got);
      k.machine.physStored(m.phys_addr, PAGE_SIZE);
    } else if (bytes > 0 && !VOP_PUTBYTES(k, vp, offset, page.subarray(0, bytes))) return false;
  }
  return true;
}

/** A transfer is over: settles its pages. */
export function vnode_pager_iodone(k: Kernel, bp: bio): void {
  const object = bp.bio_pages[0].object as vm_object;
  const failed = bp.bio_error !== 0;
  if (failed && k.events.mask & EV_PAGER) {
    k.events.emit({
      type: 'pager',
      op: 'error',
      object: object.id,
      objectType: object.type,
      pindex: bp.bio_pages[0].pindex,
      count: bp.bio_pages.length,
    });
  }
  if (bp.bio_cmd === BIO_READ) {
    if (!failed) {
      for (const m of bp.bio_pages) {
        m.valid = VM_PAGE_BITS_ALL;
        m.dirty = 0;
      }
    }
    pager_read_done(
      k,
      bp,
      bp.bio_caller1 as pager_wait | null,
      (bp.bio_flags & BIO_ENTERING) !== 0,
    );
  } else {
    if (failed) object.flags |= OBJ_MIGHTBEDIRTY;
    for (const m of bp.bio_pages) {
      if (failed) {
        vm_page_dirty(m);
        vm_page_activate(k, m);
      } else vm_page_undirty(k, m);
      vm_page_sunbusy(k, m);
    }
  }
  for (let i = 0; i < bp.bio_pages.length; i++) vm_object_pip_wakeup(k, object);
  if (!vm_page_count_min(k) && k.vm.free_wait.waiters > 0) vm_page_free_wakeup(k);
}
