// Transfers between memory and swap (swap_pager.c swp_pager_async_iodone, swapgeom_strategy).

import { BIO_DONE, BIO_ENTERING, BIO_READ, BIO_WRITE } from '../geom/bio.js';
import type { bio } from '../geom/bio.js';
import { g_disk_strategy } from '../geom/geom_disk.js';
import { nanouptime } from '../kern/kern_clock.js';
import { wakeup } from '../kern/kern_synch.js';
import { callout_create, callout_reset_at, callout_stop } from '../kern/kern_timeout.js';
import type { callout } from '../sys/proc.js';
import { EV_PAGER } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { vm_object_pip_add, vm_object_pip_wakeup } from './vm_object.js';
import { swp_pager_device } from './swap_pager_space.js';
import { pager_read_done } from './vm_pager_read.js';
import type { pager_wait } from './vm_pager_read.js';
import {
  vm_page_activate,
  vm_page_busied,
  vm_page_cache,
  vm_page_count_min,
  vm_page_count_severe,
  vm_page_dirty,
  vm_page_free_wakeup,
  vm_page_sunbusy,
  vm_page_test_dirty,
  vm_page_undirty,
} from './vm_page.js';
import { VM_PAGE_BITS_ALL, VPO_SWAPINPROG } from './vm_param.js';
import type { vm_object, vm_page } from './vm_types.js';

/** ns that a read is waited for before something is said: 20 s. */
const INDEFINITE = 20e9;

/** What a transfer from or to swap carries. */
export interface swap_transfer {
  /** Of a read: the page that somebody waits for, and who. */
  wait: pager_wait | null;
  /** Of a read that is waited for: fires when it takes long. */
  late: callout | null;
  /** Of a write: it holds one of the buffers of vm.swap_async_max. */
  async: boolean;
}

/** Begins a transfer of busy pages from or to consecutive blocks; each holds the object's pip. */
export function swp_pager_strategy(
  k: Kernel,
  cmd: number,
  block: number,
  pages: vm_page[],
  transfer: swap_transfer,
): bio {
  const sp = swp_pager_device(k, block);
  for (const m of pages) m.oflags |= VPO_SWAPINPROG;
  for (const m of pages) vm_object_pip_add(m.object as vm_object);
  const bp: bio = {
    bio_cmd: cmd,
    bio_flags: 0,
    bio_offset: block - sp.sw_first,
    bio_pages: pages,
    bio_error: 0,
    bio_done: 'swap',
    bio_caller1: transfer,
    bio_t0: 0,
  };
  if (cmd === BIO_WRITE && transfer.async) k.vm.nsw_wcount_async--;
  g_disk_strategy(k, sp.sw_disk, bp);
  if (transfer.wait !== null && (bp.bio_flags & BIO_DONE) === 0) {
    transfer.late = callout_create('swap_indefinite_wait', bp);
    callout_reset_at(k, transfer.late, nanouptime(k) + INDEFINITE);
  }
  return bp;
}

/** Somebody still waits for a read, 20 s later. */
export function swap_indefinite_wait(k: Kernel, arg: object | null): void {
  const bp = arg as bio;
  const { late } = bp.bio_caller1 as swap_transfer;
  k.host.log(
    `swap_pager: indefinite wait buffer: bufobj: 0, blkno: ${bp.bio_offset}, size: ${bp.bio_pages.length * 4096}`,
  );
  if (late !== null) callout_reset_at(k, late, nanouptime(k) + INDEFINITE);
}

/** A transfer is over: settles its pages. */
export function swp_pager_async_iodone(k: Kernel, bp: bio): void {
  const transfer = bp.bio_caller1 as swap_transfer;
  const object = bp.bio_pages[0].object as vm_object;
  const read = bp.bio_cmd === BIO_READ;
  if (transfer.late !== null) callout_stop(k, transfer.late);
  if (bp.bio_error !== 0) {
    k.host.log(
      `swap_pager: I/O error - ${read ? 'pagein' : 'pageout'} failed; blkno ${bp.bio_offset},size ${bp.bio_pages.length * 4096}, error ${bp.bio_error}`,
    );
    if (k.events.mask & EV_PAGER) {
      k.events.emit({
        type: 'pager',
        op: 'error',
        object: object.id,
        objectType: object.type,
        pindex: bp.bio_pages[0].pindex,
        count: bp.bio_pages.length,
      });
    }
  }
  for (const m of bp.bio_pages) m.oflags &= ~VPO_SWAPINPROG;
  if (read) {
    if (bp.bio_error === 0) {
      for (const m of bp.bio_pages) {
        m.valid = VM_PAGE_BITS_ALL;
        m.dirty = 0;
      }
    }
    pager_read_done(k, bp, transfer.wait, (bp.bio_flags & BIO_ENTERING) !== 0);
  } else {
    for (const m of bp.bio_pages) write_done(k, m, bp.bio_error !== 0);
    if (transfer.async && ++k.vm.nsw_wcount_async === 1) wakeup(k, k.vm.swdevs);
  }
  for (let i = 0; i < bp.bio_pages.length; i++) vm_object_pip_wakeup(k, object);
  if (!vm_page_count_min(k) && k.vm.free_wait.waiters > 0) vm_page_free_wakeup(k);
}

function write_done(k: Kernel, m: vm_page, failed: boolean): void {
  if (failed) {
    // Back to the active queue, where it does not clog the inactive one.
    vm_page_dirty(m);
    vm_page_activate(k, m);
    vm_page_sunbusy(k, m);
    return;
  }
  vm_page_undirty(k, m);
  vm_page_sunbusy(k, m);
  if (vm_page_count_severe(k)) vm_page_try_to_cache(k, m);
}

/** Puts a page on the cache queue if nothing keeps it. @returns whether it is there. */
export function vm_page_try_to_cache(k: Kernel, m: vm_page): boolean {
  if (m.wire_count > 0 || m.hold_count > 0 || vm_page_busied(m)) return false;
  vm_page_test_dirty(k, m);
  if (m.dirty !== 0) return false;
  vm_page_cache(k, m);
  return true;
}
