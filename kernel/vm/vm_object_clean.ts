// Writing the dirty pages of files: for msync, fsync, sync and the end of an object (vm_object.c
// vm_object_page_clean, vm_object_sync; vfs_subr.c vfs_msync).

import { BIO_DONE } from '../geom/bio.js';
import type { bio } from '../geom/bio.js';
import { biowait } from '../geom/geom_disk.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { tsleep } from '../kern/kern_synch.js';
import { pmap_remove_write } from './pmap.js';
import { vm_object_pages } from './vm_object.js';
import {
  vm_page_busied,
  vm_page_busy_sleep,
  vm_page_lookup,
  vm_page_sbusy,
  vm_page_sunbusy,
  vm_page_test_dirty,
  vm_page_undirty,
} from './vm_page.js';
import { vm_pager_put_pages_async } from './vm_pager.js';
import { vm_page_busy_poll } from './vm_pager_read.js';
import {
  OBJT_VNODE,
  OBJ_MIGHTBEDIRTY,
  VM_PAGER_BAD,
  VM_PAGER_PEND,
  VPO_NOSYNC,
} from './vm_param.js';
import type { vm_object, vm_page } from './vm_types.js';

/** Pages that are not to be written by the clock are left alone. */
export const OBJPC_NOSYNC = 0x4;

/** Most pages of a file written together: MAXPHYS. */
const RUN_MAX = 32;

/** What a thread has begun to write; kept in td_progress while it sleeps. */
export interface clean_progress {
  /** Where to go on: a page index of the file, or an address of the map. */
  clean_at: number;
  /** Transfers that are waited for. */
  clean_bios: bio[];
  clean_failed: boolean;
}

/** The progress of the running thread's call: what it was when it went to sleep, or none yet. */
export function clean_progress(k: Kernel): clean_progress {
  const td = k.kern.curthread as Thread;
  td.td_progress ??= {
    clean_at: 0,
    clean_bios: [],
    clean_failed: false,
  } satisfies clean_progress;
  return td.td_progress as clean_progress;
}

function write_run(k: Kernel, object: vm_object, run: vm_page[], bios: bio[]): void {
  if (run.length === 0) return;
  for (const m of run) vm_page_sbusy(m);
  vm_pager_put_pages_async(k, object, run, bios).forEach((status, i) => {
    if (status === VM_PAGER_PEND) return;
    // Outside the file: the changes are lost, as if it had worked.
    if (status === VM_PAGER_BAD) vm_page_undirty(k, run[i]);
    vm_page_sunbusy(k, run[i]);
  });
}

/**
 * Begins to write dirty pages of a file with start <= pindex < end (0: all), without those of
 * VPO_NOSYNC if `flags` says OBJPC_NOSYNC. The transfers are added to `bios`.
 * @returns -1, or the index of the busy page in front of which it has stopped.
 */
export function vm_object_page_clean_begin(
  k: Kernel,
  object: vm_object,
  start: number,
  end: number,
  flags: number,
  bios: bio[],
): number {
  if (object.type !== OBJT_VNODE || (object.flags & OBJ_MIGHTBEDIRTY) === 0) return -1;
  let clear = start === 0 && end === 0;
  let run: vm_page[] = [];
  for (const m of vm_object_pages(object, start, end)) {
    if (vm_page_busied(m)) {
      write_run(k, object, run, bios);
      return m.pindex;
    }
    if (flags & OBJPC_NOSYNC && m.oflags & VPO_NOSYNC) {
      clear = false;
      continue;
    }
    pmap_remove_write(k, m);
    vm_page_test_dirty(k, m);
    if (m.dirty === 0) continue;
    if (run.length > 0 && (run[run.length - 1].pindex !== m.pindex - 1 || run.length === RUN_MAX)) {
      write_run(k, object, run, bios);
      run = [];
    }
    run.push(m);
  }
  // Before the transfers: one that fails sets it again.
  if (clear) object.flags &= ~OBJ_MIGHTBEDIRTY;
  write_run(k, object, run, bios);
  return -1;
}

/** Sleeps until the page at `pindex` is no longer busy: the call is then executed again. */
export function vm_object_clean_sleep(k: Kernel, object: vm_object, pindex: number): never {
  return vm_page_busy_sleep(k, vm_page_lookup(object, pindex) as vm_page, 'vpcwai');
}

/** Sleeps until all transfers are over. @returns whether all succeeded. */
export function vm_object_clean_wait(k: Kernel, progress: clean_progress): boolean {
  const { clean_bios } = progress;
  for (let bp = clean_bios.at(-1); bp !== undefined; bp = clean_bios.at(-1)) {
    if ((bp.bio_flags & BIO_DONE) === 0) tsleep(k, bp, 0, 'biowr');
    if (bp.bio_error !== 0) progress.clean_failed = true;
    clean_bios.pop();
  }
  return !progress.clean_failed;
}

/** Writes all dirty pages of a file and sleeps for it (fsync). @returns success. */
export function vm_object_fsync(k: Kernel, object: vm_object): boolean {
  const progress = clean_progress(k);
  if (progress.clean_at >= 0) {
    const { clean_at, clean_bios } = progress;
    const busy = vm_object_page_clean_begin(k, object, clean_at, 0, 0, clean_bios);
    progress.clean_at = busy;
    if (busy >= 0) vm_object_clean_sleep(k, object, busy);
  }
  return vm_object_clean_wait(k, progress);
}

/**
 * Writes the dirty pages of a file that nobody can wait for any more, without giving up the CPU.
 * @returns success.
 */
export function vm_object_page_clean(k: Kernel, object: vm_object): boolean {
  const bios: bio[] = [];
  for (let at = 0; ;) {
    at = vm_object_page_clean_begin(k, object, at, 0, 0, bios);
    if (at < 0) break;
    const m = vm_page_lookup(object, at);
    if (m !== null) vm_page_busy_poll(k, m);
  }
  for (const bp of bios) biowait(k, bp);
  return bios.every((bp) => bp.bio_error === 0);
}

/**
 * Begins to write what has changed in all files, but for mappings with MAP_NOSYNC (vfs_msync with
 * MNT_NOWAIT). Busy pages are on their way already.
 * @returns the transfers.
 */
export function vfs_msync(k: Kernel): bio[] {
  const bios: bio[] = [];
  for (const object of [...k.vm.object_list]) {
    let at = 0;
    do at = vm_object_page_clean_begin(k, object, at, 0, OBJPC_NOSYNC, bios) + 1;
    while (at > 0);
  }
  return bios;
}
