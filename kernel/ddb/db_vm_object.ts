// ddb's object commands: show object, vmopag (vm_object.c).

import type { Kernel } from '../sys/kernel.js';
import { VNON } from '../sys/vnode.js';
import { OBJT_VNODE } from '../vm/vm_param.js';
import type { vm_object, vm_page } from '../vm/vm_types.js';
import { vnode_path } from '../fs/vfs_cache.js';
import { hex, object_type_name } from './db_names.js';
import { swap_blocks_of } from './db_swap.js';
import { vm_object_pages } from '../vm/vm_object.js';

/** One vm_object. Sizes in pages, offsets in bytes. */
export interface db_object {
  id: number;
  type: number;
  type_name: string;
  size: number;
  resident_page_count: number;
  ref_count: number;
  flags: number;
  /** uid that is charged for swap, -1 for none; bytes. */
  ruid: number;
  charge: number;
  shadow_count: number;
  /** Objects that shadow this one. */
  shadows: number[];
  /** Object behind it, 0 for none. */
  backing_object: number;
  backing_ref_count: number;
  backing_object_offset: number;
  paging_in_progress: number;
  generation: number;
  /** Of a vnode's object: the file, when its name is known, and its bytes. */
  path: string;
  file_bytes: number;
  swap_blocks: number;
}

/** An object with its resident pages in order. */
export interface db_object_pages extends db_object {
  pages: { pindex: number; phys_addr: number }[];
}

/** show vmopag: runs of pages that are contiguous in the object and in memory. */
export interface db_object_runs {
  object: number;
  runs: { index: number; run: number; pa: number }[];
}

/** Indices that show vmopag looks at. */
const VMOPAG_LAST_INDEX = 128;

export function db_object_of(object: vm_object): db_object {
  const { backing_object, handle } = object;
  const is_file = object.type === OBJT_VNODE && handle !== null && handle.v_type !== VNON;
  return {
    id: object.id,
    type: object.type,
    type_name: object_type_name(object.type),
    size: object.size,
    resident_page_count: object.resident_page_count,
    ref_count: object.ref_count,
    flags: object.flags,
    ruid: object.cred,
    charge: object.charge,
    shadow_count: object.shadow_count,
    shadows: [...object.shadow_head].map(({ id }) => id),
    backing_object: backing_object?.id ?? 0,
    backing_ref_count: backing_object?.ref_count ?? 0,
    backing_object_offset: object.backing_object_offset,
    paging_in_progress: object.paging_in_progress,
    generation: object.generation,
    path: is_file ? vnode_path(handle) : '',
    file_bytes: is_file ? object.vnp_size : 0,
    swap_blocks: swap_blocks_of(object),
  };
}

/** The object of that number, null when there is none (any more). */
export function object_by_id(k: Kernel, id: number): vm_object | null {
  for (const object of k.vm.object_list) if (object.id === id) return object;
  return null;
}

function pages_in_order(object: vm_object): vm_page[] {
  return vm_object_pages(object, 0, 0);
}

/** show object: null when there is no object of that number. */
export function db_show_object(k: Kernel, id: number): db_object_pages | null {
  const object = object_by_id(k, id);
  if (object === null) return null;
  const pages = pages_in_order(object).map(({ pindex, phys_addr }) => ({ pindex, phys_addr }));
  return { ...db_object_of(object), pages };
}

export function db_show_vmopag(k: Kernel): db_object_runs[] {
  const all: db_object_runs[] = [];
  for (const object of k.vm.object_list) {
    const runs: db_object_runs['runs'] = [];
    for (const { pindex, phys_addr } of pages_in_order(object)) {
      if (pindex > VMOPAG_LAST_INDEX) break;
      const last = runs.at(-1);
      if (
        last !== undefined &&
        last.index + last.run === pindex &&
        last.pa + last.run * 4096 === phys_addr
      )
        last.run++;
      else runs.push({ index: pindex, run: 1, pa: phys_addr });
    }
    all.push({ object: object.id, runs });
  }
  return all;
}

/** The two lines of vm_object_print(), and what else is worth knowing. */
export function object_text(o: db_object, indent = ''): string {
  const lines = [
    `Object #${o.id}: type=${o.type} (${o.type_name}), size=${hex(o.size)}, res=${o.resident_page_count}, ref=${o.ref_count}, flags=${hex(o.flags)} ruid ${o.ruid} charge ${o.charge.toString(16)}`,
    ` sref=${o.shadow_count}, backing_object(${o.backing_ref_count})=(${o.backing_object === 0 ? '0' : `#${o.backing_object}`})+${hex(o.backing_object_offset)}`,
  ];
  if (o.file_bytes > 0 || o.path !== '')
    lines.push(` file=${o.path === '' ? '?' : o.path}, ${o.file_bytes} bytes`);
  if (o.swap_blocks > 0) lines.push(` swap blocks=${o.swap_blocks}`);
  return lines.map((line) => indent + line).join('\n');
}

/** Entries of a line of the page list, as vm_object_print() has them. */
const PAGES_A_LINE = 6;

export function object_pages_text(o: db_object_pages): string {
  const lines = [object_text(o)];
  for (let i = 0; i < o.pages.length; i += PAGES_A_LINE) {
    const row = o.pages
      .slice(i, i + PAGES_A_LINE)
      .map(({ pindex, phys_addr }) => `(off=${hex(pindex)},page=${hex(phys_addr)})`);
    lines.push(`  ${i === 0 ? 'memory:=' : ' ...'}${row.join(',')}`);
  }
  return lines.join('\n');
}

export function vmopag_text(all: readonly db_object_runs[]): string {
  return all
    .flatMap(({ object, runs }) => [
      `new object: #${object}`,
      ...runs.map(({ index, run, pa }) => ` index(${index})run(${run})pa(${hex(pa)})`),
    ])
    .join('\n');
}
