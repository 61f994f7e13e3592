// What is in use, without what names lead to: after the last process has gone, whatever is more than
// after the boot has leaked.

import type { tmpfs_mount, tmpfs_node } from '../fs/tmpfs.js';
import type { Kernel } from '../sys/kernel.js';
import { VV_ROOT } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { swap_pager_swapped } from '../vm/swap_pager_meta.js';
import { swap_pager_used } from '../vm/swap_pager_space.js';
import { KSTACK_PAGES } from '../vm/vm_kstack.js';
import type { vm_object } from '../vm/vm_types.js';

/** Counts of one moment; compare two of them. */
export interface kernel_usage_counts {
  /** Pages that are neither free nor cached, nor pages of files that have a name. */
  pages: number;
  /** Swap blocks (pages) without those of files that have a name. */
  swap: number;
  /** Objects without those of files that have a name. */
  objects: number;
  /** References to vnodes that have a name, and vnodes in use that have none. */
  vnodes: number;
  /** Processes, zombies too, and the threads of all. */
  procs: number;
  threads: number;
  /** Open files. */
  files: number;
}

interface named {
  vnodes: Set<vnode>;
  objects: Set<vm_object>;
}

function walk(node: tmpfs_node, found: named): void {
  const { tn_vnode, tn_dir } = node;
  if (tn_vnode !== null) {
    found.vnodes.add(tn_vnode);
    for (let o = tn_vnode.v_object; o !== null; o = o.backing_object) found.objects.add(o);
  }
  if (tn_dir !== null) for (const child of tn_dir.values()) walk(child, found);
}

/** Counts what is in use. It looks only; the time is proportional to files and objects. */
export function kernel_usage(k: Kernel): kernel_usage_counts {
  const found: named = { vnodes: new Set(), objects: new Set() };
  for (const mp of k.vfs.mounts) {
    if (mp.mnt_root?.v_tag === 'tmpfs') walk((mp.mnt_data as tmpfs_mount).tm_root, found);
  }
  const { cnt } = k.vm;
  // Kernel stacks are kept for the threads to come.
  const stacks = k.vm.kstacks.cache.length;
  let pages = cnt.v_page_count - cnt.v_free_count - cnt.v_cache_count - stacks * KSTACK_PAGES;
  let swap = swap_pager_used(k);
  let objects = -stacks;
  let vnodes = 0;
  for (const object of k.vm.object_list) {
    if (!found.objects.has(object)) {
      objects++;
      if (object.handle !== null && !found.vnodes.has(object.handle)) vnodes++;
      continue;
    }
    pages -= object.resident_page_count;
    swap -= swap_pager_swapped(object);
  }
  // A mount holds its own root; /dev/shm is mounted when the first Linux program starts.
  for (const vp of found.vnodes) vnodes += vp.v_usecount - (vp.v_vflag & VV_ROOT ? 1 : 0);
  return {
    pages,
    swap,
    objects,
    vnodes,
    procs: k.kern.allproc.size,
    threads: k.kern.threads.size,
    files: k.vfs.open_files,
  };
}
