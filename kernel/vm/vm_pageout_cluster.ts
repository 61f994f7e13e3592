// Writing dirty pages in clusters (vm_pageout.c vm_pageout_cluster, vm_pageout_flush).

import type { Kernel } from '../sys/kernel.js';
import { pmap_remove_write } from './pmap.js';
import {
  vm_page_activate,
  vm_page_busied,
  vm_page_lookup,
  vm_page_sbusy,
  vm_page_sunbusy,
  vm_page_test_dirty,
  vm_page_undirty,
} from './vm_page.js';
import { vm_pager_put_pages_async } from './vm_pager.js';
import {
  PQ_INACTIVE,
  VM_PAGER_AGAIN,
  VM_PAGER_BAD,
  VM_PAGER_OK,
  VM_PAGER_PEND,
} from './vm_param.js';
import type { vm_object, vm_page } from './vm_types.js';

/** vm_pageout_page_count: most pages written together. */
export function vm_pageout_page_count(k: Kernel): number {
  return k.vm.cnt.v_page_count < 2000 ? 8 : 16;
}

/**
 * Begins to write pages, consecutive in their object: readable but not writable until it is over.
 * @returns how many are on their way or clean.
 */
export function vm_pageout_flush(k: Kernel, pages: readonly vm_page[]): number {
  const object = pages[0].object as vm_object;
  for (const m of pages) {
    vm_page_sbusy(m);
    pmap_remove_write(k, m);
  }
  const status = vm_pager_put_pages_async(k, object, pages);
  let numpagedout = 0;
  pages.forEach((m, i) => {
    switch (status[i]) {
      case VM_PAGER_PEND:
        numpagedout++;
        return;
      case VM_PAGER_OK:
        numpagedout++;
        break;
      case VM_PAGER_BAD:
        // Outside the object: the changes are lost, as if it had worked.
        vm_page_undirty(k, m);
        break;
      case VM_PAGER_AGAIN:
        break;
      default:
        vm_page_activate(k, m);
    }
    vm_page_sunbusy(k, m);
  });
  return numpagedout;
}

/** A neighbour that can be written with the page. */
function clusterable(k: Kernel, object: vm_object, pindex: number): vm_page | null {
  if (pindex < 0 || pindex >= object.size) return null;
  const p = vm_page_lookup(object, pindex);
  if (p === null || vm_page_busied(p)) return null;
  vm_page_test_dirty(k, p);
  return p.dirty !== 0 && p.queue === PQ_INACTIVE && p.hold_count === 0 ? p : null;
}

/**
 * The dirty inactive pages around `m`, itself among them: backwards to the boundary of an aligned
 * cluster first, then forwards, then further back if there is room.
 */
export function vm_pageout_cluster(k: Kernel, m: vm_page): vm_page[] {
  const object = m.object as vm_object;
  const most = vm_pageout_page_count(k);
  const cluster = [m];
  let back = true;
  do {
    while (back && cluster.length < most) {
      const p = clusterable(k, object, cluster[0].pindex - 1);
      if (p === null) back = false;
      else {
        cluster.unshift(p);
        if (p.pindex % most === 0) break;
      }
    }
    while (cluster.length < most) {
      const p = clusterable(k, object, cluster[cluster.length - 1].pindex + 1);
      if (p === null) break;
      cluster.push(p);
    }
  } while (back && cluster.length < most);
  return cluster;
}
