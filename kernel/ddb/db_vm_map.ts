// ddb's map commands: show map, procvm (vm_map.c). Entries are found along the list: a lookup would
// splay the tree.

import type { Kernel } from '../sys/kernel.js';
import type { Proc } from '../sys/proc.js';
import { MAP_ENTRY_COW, MAP_ENTRY_IS_SUB_MAP, MAP_ENTRY_NEEDS_COPY } from '../vm/vm_param.js';
import type { vm_map, vm_map_entry } from '../vm/vm_types.js';
import { entry_flag_names, hex, inheritance_name, protection_name } from './db_names.js';
import { db_object_of, object_text } from './db_vm_object.js';
import type { db_object } from './db_vm_object.js';

/** One vm_map_entry. Addresses and offset in bytes. */
export interface db_map_entry {
  start: number;
  end: number;
  eflags: number;
  flag_names: string[];
  protection: number;
  max_protection: number;
  protection_name: string;
  max_protection_name: string;
  inheritance: string;
  wired_count: number;
  /** uid charged until there is an object, -1 for none. */
  ruid: number;
  offset: number;
  /** null for memory that was never touched. */
  object: db_object | null;
  /** Bytes that are free behind it. */
  adj_free: number;
  next_read: number;
  read_ahead: number;
  copy: 'needed' | 'done' | null;
  sub_map: db_map | null;
}

/** A vm_map with its entries in order. */
export interface db_map {
  min_offset: number;
  max_offset: number;
  /** Physical address of the page directory: what CR3 holds. */
  pm_pdir: number;
  /** Pages mapped by the page tables, those of them wired, page table pages. */
  resident_count: number;
  wired_count: number;
  ptp_count: number;
  nentries: number;
  timestamp: number;
  /** Bytes mapped. */
  size: number;
  system_map: boolean;
  flags: number;
  entries: db_map_entry[];
}

/** show procvm. Sizes in pages. */
export interface db_procvm {
  pid: number;
  comm: string;
  vm_tsize: number;
  vm_dsize: number;
  vm_ssize: number;
  vm_taddr: number;
  vm_daddr: number;
  vm_maxsaddr: number;
  vm_refcnt: number;
  map: db_map;
}

/** The entry that contains `va`, found without changing the tree. */
export function entry_at(map: vm_map, va: number): vm_map_entry | null {
  for (let e = map.header.next; e !== map.header && e.start <= va; e = e.next)
    if (va < e.end) return e;
  return null;
}

/** The process of that number with an address space, or the one that a debugger means by none. */
export function process_of(k: Kernel, pid: number | null): Proc | null {
  const p =
    pid !== null
      ? k.kern.allproc.get(pid)
      : (k.kern.curthread?.td_proc ?? k.kern.mainproc ?? undefined);
  if (p !== undefined && p.p_vmspace !== null) return p;
  if (pid !== null) return null;
  const { mainproc } = k.kern;
  return mainproc !== null && mainproc.p_vmspace !== null ? mainproc : null;
}

export function db_entry_of(e: vm_map_entry): db_map_entry {
  const cow = (e.eflags & MAP_ENTRY_COW) !== 0;
  const needed = (e.eflags & MAP_ENTRY_NEEDS_COPY) !== 0;
  return {
    start: e.start,
    end: e.end,
    eflags: e.eflags,
    flag_names: entry_flag_names(e.eflags),
    protection: e.protection,
    max_protection: e.max_protection,
    protection_name: protection_name(e.protection),
    max_protection_name: protection_name(e.max_protection),
    inheritance: inheritance_name(e.inheritance),
    wired_count: e.wired_count,
    ruid: e.cred,
    offset: e.offset,
    object: e.object === null ? null : db_object_of(e.object),
    adj_free: e.adj_free,
    next_read: e.next_read,
    read_ahead: e.read_ahead,
    copy: cow ? (needed ? 'needed' : 'done') : null,
    sub_map: e.eflags & MAP_ENTRY_IS_SUB_MAP && e.sub_map !== null ? db_map_of(e.sub_map) : null,
  };
}

export function db_map_of(map: vm_map): db_map {
  const entries: db_map_entry[] = [];
  for (let e = map.header.next; e !== map.header; e = e.next) entries.push(db_entry_of(e));
  const { pmap } = map;
  return {
    min_offset: map.min_offset,
    max_offset: map.max_offset,
    pm_pdir: pmap.pm_pdir,
    resident_count: pmap.resident_count,
    wired_count: pmap.wired_count,
    ptp_count: pmap.ptp_count,
    nentries: map.nentries,
    timestamp: map.timestamp,
    size: map.size,
    system_map: map.system_map,
    flags: map.flags,
    entries,
  };
}

/**
 * show map: the map of process `pid`, of the current or first one (null), or the kernel's (0).
 * @returns null when there is no such map.
 */
export function db_show_map(k: Kernel, pid: number | null): db_map | null {
  if (pid === 0) return k.vm.kernel_map === null ? null : db_map_of(k.vm.kernel_map);
  const vm = process_of(k, pid)?.p_vmspace;
  return vm ? db_map_of(vm.vm_map) : null;
}

/** show procvm. @returns null when the process does not exist or has no address space. */
export function db_show_procvm(k: Kernel, pid: number | null): db_procvm | null {
  const p = process_of(k, pid);
  const vm = p?.p_vmspace;
  if (!p || !vm) return null;
  return {
    pid: p.p_pid,
    comm: p.p_comm,
    vm_tsize: vm.vm_tsize,
    vm_dsize: vm.vm_dsize,
    vm_ssize: vm.vm_ssize,
    vm_taddr: vm.vm_taddr,
    vm_daddr: vm.vm_daddr,
    vm_maxsaddr: vm.vm_maxsaddr,
    vm_refcnt: vm.vm_refcnt,
    map: db_map_of(vm.vm_map),
  };
}

function entry_text(e: db_map_entry, before: db_map_entry | undefined, pad: string): string[] {
  const wired = e.wired_count === 0 ? '' : ', wired';
  let line = ` prot=${e.protection}/${e.max_protection}/${e.inheritance}${wired}`;
  const under: string[] = [];
  if (e.sub_map !== null) {
    line += `, share map, offset=${hex(e.offset)}`;
    under.push(map_text(e.sub_map, `${pad}    `));
  } else {
    if (e.ruid !== -1) line += `, ruid ${e.ruid}`;
    line += `, object=${e.object === null ? '0' : `#${e.object.id}`}, offset=${hex(e.offset)}`;
    if (e.object !== null && e.object.ruid !== -1)
      line += `, obj ruid ${e.object.ruid} charge ${e.object.charge.toString(16)}`;
    if (e.copy !== null) line += `, copy (${e.copy})`;
    if (e.object !== null && before?.object?.id !== e.object.id)
      under.push(object_text(e.object, `${pad}    `));
  }
  const flags = e.flag_names.length === 0 ? '' : ` <${e.flag_names.join(',')}>`;
  return [
    `${pad}  map entry ${hex(e.start)}: start=${hex(e.start)}, end=${hex(e.end)}, eflags=${hex(e.eflags)}${flags},`,
    `${pad}  ${line}`,
    ...under,
  ];
}

/** The text of vm_map_print(); maps are named by their page directory. */
export function map_text(map: db_map, pad = ''): string {
  return [
    `${pad}Task map ${hex(map.min_offset)}-${hex(map.max_offset)}: pmap=${hex(map.pm_pdir)}, nentries=${map.nentries}, version=${map.timestamp}, size=${hex(map.size)}, resident=${map.resident_count}`,
    ...map.entries.flatMap((e, i) => entry_text(e, map.entries[i - 1], pad)),
  ].join('\n');
}

export function procvm_text(p: db_procvm): string {
  return [
    `p = ${p.pid} (${p.comm}), text ${p.vm_tsize} pages at ${hex(p.vm_taddr)}, data ${p.vm_dsize} at ${hex(p.vm_daddr)}, stack ${p.vm_ssize} down to ${hex(p.vm_maxsaddr)}, refcnt ${p.vm_refcnt}`,
    map_text(p.map),
  ].join('\n');
}
