// The end of a page-in, whichever pager began it: the page that was asked for goes to who waits for
// it, the others to the inactive queue.

import type { bio } from '../geom/bio.js';
import { g_disk_poll } from '../geom/geom_disk.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT } from '../sys/panic.js';
import type { Thread } from '../sys/proc.js';
import {
  vm_page_activate,
  vm_page_alloc,
  vm_page_busied,
  vm_page_deactivate,
  vm_page_free,
  vm_page_lookup,
  vm_page_xunbusy,
} from './vm_page.js';
import { VM_ALLOC_NORMAL } from './vm_param.js';
import type { vm_object, vm_page } from './vm_types.js';

/**
 * A thread that waits for a page-in. It executes its instruction again when the page is there; this
 * is how it then learns that it has read (or could not).
 */
export interface pager_wait {
  object: vm_object;
  pindex: number;
  /** The page, busy; null once the transfer is over. */
  m: vm_page | null;
  /** errno of the transfer. */
  error: number;
  /** Pages that were read with it on either side. */
  behind: number;
  ahead: number;
}

/**
 * Settles the pages of a read whose valid bits say what became of them. `entering`: the caller of
 * getpages looks at the page it asked for itself, and still owns it.
 */
export function pager_read_done(
  k: Kernel,
  bp: bio,
  wait: pager_wait | null,
  entering: boolean,
): void {
  for (const m of bp.bio_pages) {
    const asked = wait !== null && m === wait.m;
    if (asked && entering) continue;
    if (m.valid === 0 || bp.bio_error !== 0) {
      m.valid = 0;
      if (m.wire_count > 0) vm_page_xunbusy(k, m);
      else vm_page_free(k, m);
      continue;
    }
    if (asked) vm_page_activate(k, m);
    else vm_page_deactivate(k, m);
    vm_page_xunbusy(k, m);
  }
  if (wait === null) return;
  wait.m = null;
  wait.error = bp.bio_error;
}

/**
 * Busy pages around `m` for one transfer, itself among them, in order: neighbours up to `behind` and
 * `ahead` that are not resident, and for which there is memory.
 */
export function pager_run_alloc(
  k: Kernel,
  object: vm_object,
  m: vm_page,
  behind: number,
  ahead: number,
): vm_page[] {
  const pages = [m];
  const one = (pindex: number): vm_page | null =>
    vm_page_lookup(object, pindex) === null
      ? vm_page_alloc(k, object, pindex, VM_ALLOC_NORMAL)
      : null;
  for (let i = 1; i <= behind; i++) {
    const extra = one(m.pindex - i);
    if (extra === null) break;
    pages.unshift(extra);
  }
  for (let i = 1; i <= ahead; i++) {
    const extra = one(m.pindex + i);
    if (extra === null) break;
    pages.push(extra);
  }
  return pages;
}

/** Who waits for a page-in: to be asked again when the thread runs again. */
export function pager_wait_create(
  td: Thread | null,
  m: vm_page,
  pages: readonly vm_page[],
): pager_wait {
  const behind = m.pindex - pages[0].pindex;
  const wait: pager_wait = {
    object: m.object as vm_object,
    pindex: m.pindex,
    m,
    error: 0,
    behind,
    ahead: pages.length - 1 - behind,
  };
  if (td !== null) td.td_pagein = wait;
  return wait;
}

/**
 * The page-in of this page that the current thread has waited for, with its outcome; null when it has
 * not. Forgets it.
 */
export function pager_waited(k: Kernel, object: vm_object, pindex: number): pager_wait | null {
  const td = k.kern.curthread;
  const wait = td?.td_pagein ?? null;
  if (td === null || wait === null || wait.m !== null) return null;
  if (wait.object !== object || wait.pindex !== pindex) return null;
  td.td_pagein = null;
  return wait;
}

/** Waits for the transfer of a page without giving up the CPU. => it may be in no object afterwards. */
export function vm_page_busy_poll(k: Kernel, m: vm_page): void {
  while (vm_page_busied(m)) {
    KASSERT(g_disk_poll(k), () => `page 0x${m.phys_addr.toString(16)} is busy for ever`);
  }
}

/** The page at `pindex`, if it is resident; one that is being transferred is waited for. */
export function vm_page_lookup_idle(k: Kernel, object: vm_object, pindex: number): vm_page | null {
  const m = vm_page_lookup(object, pindex);
  if (m === null || !vm_page_busied(m)) return m;
  vm_page_busy_poll(k, m);
  return vm_page_lookup(object, pindex);
}
