// show uma and show malloc: how many of each structure there are. The kernel's structures are
// JavaScript's; what is counted is what FreeBSD's zones would hold, with the sizes of its structures
// on i386 (11.0).

import type { Kernel } from '../sys/kernel.js';
import { SWBLOCK_BYTES } from '../vm/swap_pager_meta.js';
import type { vm_map } from '../vm/vm_types.js';

/** One zone. Size in bytes; limit in items, 0 for none; pages are those of its slabs, of ipers items. */
export interface db_zone {
  name: string;
  size: number;
  ipers: number;
  pages: number;
  limit: number;
  used: number;
  free: number;
  requests: number;
  failures: number;
  sleeps: number;
}

/** One malloc type: items and bytes in use. */
export interface db_malloc {
  type: string;
  in_use: number;
  mem_use: number;
  requests: number;
}

/** Bytes of 11.0's structures on i386, from their declarations. */
const SIZEOF = { vm_object: 152, map: 140, map_entry: 72, vmspace: 232, vm_page: 72 };

/** All maps, each once: those of processes, and the kernel's with its submaps. */
export function all_maps(k: Kernel): Set<vm_map> {
  const maps = new Set<vm_map>();
  const add = (map: vm_map | null): void => {
    if (map === null || maps.has(map)) return;
    maps.add(map);
    for (let e = map.header.next; e !== map.header; e = e.next) add(e.sub_map);
  };
  for (const p of k.kern.allproc.values()) add(p.p_vmspace?.vm_map ?? null);
  for (const map of [k.vm.kernel_map, k.vm.exec_map, k.vm.pipe_map]) add(map);
  return maps;
}

/** struct uma_slab at the end of a slab, with one bit for each 16 bytes; the part that may be wasted. */
const SIZEOF_SLAB = 56;
const UMA_SLAB_SIZE = 4096;
const UMA_MAX_WASTE = 10;

/** Items of a slab, whose header is elsewhere when too much would be left over (keg_small_init). */
export function keg_ipers(size: number): number {
  const rsize = Math.ceil(Math.max(size, UMA_SLAB_SIZE / 256) / 4) * 4;
  const inside = Math.floor((UMA_SLAB_SIZE - SIZEOF_SLAB) / rsize);
  const wasted = UMA_SLAB_SIZE - SIZEOF_SLAB - inside * rsize;
  const outside = Math.floor(UMA_SLAB_SIZE / rsize);
  return wasted >= Math.floor(UMA_SLAB_SIZE / UMA_MAX_WASTE) ? outside : inside;
}

/**
 * show uma. The slabs are as many as what is in use fills: what is given back goes to the host's garbage
 * collector, as whole slabs go back when UMA is asked for memory.
 */
export function db_show_uma(k: Kernel): db_zone[] {
  const { map_entry, vmspace } = k.kern.zone_requests;
  let entries = 0;
  let kernel_entries = 0;
  let system_maps = 0;
  let maps = 0;
  for (const map of all_maps(k)) {
    if (map.system_map) {
      kernel_entries += map.nentries;
      system_maps++;
    } else {
      entries += map.nentries;
      maps++;
    }
  }
  const zone = (name: string, size: number, used: number, requests: number): db_zone => {
    const ipers = keg_ipers(size);
    const pages = Math.ceil(used / ipers);
    const free = pages * ipers - used;
    return { name, size, ipers, pages, limit: 0, used, free, requests, failures: 0, sleeps: 0 };
  };
  const { swzone } = k.vm;
  const swapmeta = zone('SWAPMETA', SWBLOCK_BYTES, swzone.used, swzone.requests);
  return [
    zone('VM OBJECT', SIZEOF.vm_object, k.vm.object_list.size, k.vm.next_object_id - 1),
    zone('MAP', SIZEOF.map, system_maps, system_maps),
    // Kernel entries are made by the same function; few of them ever go.
    zone('KMAP ENTRY', SIZEOF.map_entry, kernel_entries, kernel_entries),
    zone('MAP ENTRY', SIZEOF.map_entry, entries, map_entry - kernel_entries),
    zone('VMSPACE', SIZEOF.vmspace, maps, vmspace),
    zone('fakepg', SIZEOF.vm_page, k.vm.fakepg.used, k.vm.fakepg.requests),
    {
      ...swapmeta,
      // Whole slabs (uma_zone_set_max).
      limit: Number.isFinite(swzone.limit)
        ? Math.ceil(swzone.limit / swapmeta.ipers) * swapmeta.ipers
        : 0,
      failures: swzone.failures,
    },
  ];
}

/** show malloc: what kmem_malloc has given out. */
export function db_show_malloc(k: Kernel): db_malloc[] {
  const { in_use, bytes, requests } = k.vm.kmem;
  return [{ type: 'kmem', in_use, mem_use: bytes, requests }];
}

const right = (value: string | number, width: number): string => String(value).padStart(width);

/** The text of DB_SHOW_COMMAND(uma). */
export function uma_text(zones: readonly db_zone[]): string {
  const line = (...cells: readonly (string | number)[]): string =>
    cells.map((cell, i) => right(cell, [18, 8, 8, 8, 12, 8, 8][i])).join(' ');
  return [
    line('Zone', 'Size', 'Used', 'Free', 'Requests', 'Fails', 'Sleeps'),
    ...zones.map((z) => line(z.name, z.size, z.used, z.free, z.requests, z.failures, z.sleeps)),
  ].join('\n');
}

/** The text of DB_SHOW_COMMAND(malloc). */
export function malloc_text(types: readonly db_malloc[]): string {
  const line = (type: string, inUse: string | number, memory: string, n: string | number): string =>
    `${right(type, 18)} ${right(inUse, 12)}  ${right(memory, 12)} ${right(n, 12)}`;
  return [
    line('Type', 'InUse', 'MemUse', 'Requests'),
    ...types.map((t) => line(t.type, t.in_use, `${Math.ceil(t.mem_use / 1024)}K`, t.requests)),
  ].join('\n');
}
