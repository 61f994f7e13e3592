// Memory of a process as a debugger sees it: what the page tables map, and what a page fault would
// bring in, without one. Nothing here changes anything.

import type { PageWalk } from '../emulator/index.js';
import {
  swap_pager_peek,
  swp_pager_meta_lookup,
  vm_page_lookup,
  vnode_peek,
} from '../kernel/index.js';
import type { Kernel, Proc, vm_map_entry, vm_object } from '../kernel/index.js';

const PAGE = 4096;
const PTE_P = 1;
const PTE_W = 2;
const PTE_U = 4;
const PDE_PS = 0x80;
const MAP_ENTRY_GUARD = 0x10000;
const OBJT_DEFAULT = 0;
const OBJT_SWAP = 1;

/** Walks the page tables of a process, loaded or not; A and D stay as they are. */
export function pageWalk(k: Kernel, p: Proc, va: number): PageWalk | null {
  const directory = p.p_vmspace?.vm_pmap.pm_pdir;
  if (directory === undefined) return null;
  const { ram32 } = k.machine;
  const at = (pa: number): number => ram32[pa >>> 2] ?? 0;
  const pdeAddress = ((directory & ~0xfff) >>> 0) + ((va >>> 22) << 2);
  const pde = at(pdeAddress);
  const walk: PageWalk = {
    pdeAddress,
    pde,
    pteAddress: -1,
    pte: 0,
    pa: -1,
    pageBytes: PAGE,
    writable: false,
    user: false,
  };
  if ((pde & PTE_P) === 0) return walk;
  let rights = pde;
  if (pde & PDE_PS) {
    walk.pageBytes = 1 << 22;
    walk.pa = ((pde & 0xffc00000) | (va & 0x3fffff)) >>> 0;
  } else {
    walk.pteAddress = ((pde & ~0xfff) >>> 0) + (((va >>> 12) & 0x3ff) << 2);
    walk.pte = at(walk.pteAddress);
    if ((walk.pte & PTE_P) === 0) return walk;
    rights &= walk.pte;
    walk.pa = ((walk.pte & ~0xfff) | (va & 0xfff)) >>> 0;
  }
  walk.writable = (rights & PTE_W) !== 0;
  walk.user = (rights & PTE_U) !== 0;
  return walk;
}

/** The stretches of an address space, lowest first. */
export function mapEntries(p: Proc): vm_map_entry[] {
  const map = p.p_vmspace?.vm_map;
  const entries: vm_map_entry[] = [];
  if (map === undefined) return entries;
  for (let e = map.header.next; e !== map.header; e = e.next) entries.push(e);
  return entries;
}

export function mapEntryAt(p: Proc, va: number): vm_map_entry | null {
  return mapEntries(p).find((e) => va >= e.start && va < e.end) ?? null;
}

/** What a program's file has at an address; for pages that nobody has read in yet. */
export type FileBytes = (address: number, count: number) => Uint8Array;

/** Where the contents of a page are that is not mapped. */
type Backing =
  | { kind: 'frame'; pa: number }
  | { kind: 'swap'; block: number }
  | { kind: 'zero' }
  | { kind: 'file' }
  | null;

function backing(entry: vm_map_entry, va: number): Backing {
  if (entry.eflags & MAP_ENTRY_GUARD || (entry.protection & 7) === 0) return null;
  let offset = entry.offset + (va - (va % PAGE)) - entry.start;
  let object: vm_object | null = entry.object;
  if (object === null) return { kind: 'zero' };
  for (;;) {
    const pindex = Math.floor(offset / PAGE);
    const page = vm_page_lookup(object, pindex);
    if (page !== null) return page.valid === 0xff ? { kind: 'frame', pa: page.phys_addr } : null;
    const block = swp_pager_meta_lookup(object, pindex);
    if (block >= 0) return { kind: 'swap', block };
    if (object.backing_object === null) break;
    offset += object.backing_object_offset;
    object = object.backing_object;
  }
  if (object.handle !== null) return { kind: 'file' };
  return object.type === OBJT_DEFAULT || object.type === OBJT_SWAP ? { kind: 'zero' } : null;
}

/** Reads what a process has mapped of files from the files themselves. */
export function mappedFileBytes(k: Kernel, p: Proc): FileBytes {
  return (address, count) => {
    const entry = mapEntryAt(p, address);
    let offset = entry === null ? 0 : entry.offset + (address - entry.start);
    let object = entry?.object ?? null;
    while (object !== null && object.backing_object !== null) {
      offset += object.backing_object_offset;
      object = object.backing_object;
    }
    const bytes = new Uint8Array(count);
    const vp = object?.handle ?? null;
    return vp !== null && vnode_peek(k, vp, offset, bytes) > 0 ? bytes : new Uint8Array(0);
  };
}

/**
 * Reads memory of a process. @returns fewer bytes than asked for in front of what is not there, or
 * lies in a file that `file` does not read.
 */
export function readMemory(
  k: Kernel,
  p: Proc,
  address: number,
  length: number,
  file: FileBytes | null,
): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const va = address + done;
    if (va > 0xffffffff) break;
    const count = Math.min(length - done, PAGE - (va % PAGE));
    const into = bytes.subarray(done, done + count);
    if (!readPage(k, p, va, into, file)) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

function readPage(
  k: Kernel,
  p: Proc,
  va: number,
  into: Uint8Array,
  file: FileBytes | null,
): boolean {
  const { ram8, ramBytes } = k.machine;
  const walk = pageWalk(k, p, va);
  if (walk === null) return false;
  if (walk.pa >= 0) {
    if (!walk.user || walk.pa >= ramBytes) return false;
    into.set(ram8.subarray(walk.pa, walk.pa + into.length));
    return true;
  }
  const entry = mapEntryAt(p, va);
  const where = entry === null ? null : backing(entry, va);
  if (where === null) return false;
  if (where.kind === 'zero') return true;
  if (where.kind === 'frame') {
    const pa = where.pa + (va % PAGE);
    into.set(ram8.subarray(pa, pa + into.length));
    return true;
  }
  if (where.kind === 'swap') {
    const page = new Uint8Array(PAGE);
    if (!swap_pager_peek(k, where.block, page)) return false;
    into.set(page.subarray(va % PAGE, (va % PAGE) + into.length));
    return true;
  }
  const contents = file?.(va, into.length);
  if (contents === undefined || contents.length < into.length) return false;
  into.set(contents);
  return true;
}
