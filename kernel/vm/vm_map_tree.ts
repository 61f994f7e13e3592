// The splay tree of map entries, ordered by address, with the free space behind each entry and the
// largest free space of each subtree (vm_map.c; freebsd-vm A1-A3).

import type { vm_map, vm_map_entry } from './vm_types.js';

export function vm_map_entry_set_max_free(entry: vm_map_entry): void {
  let max = entry.adj_free;
  if (entry.left !== null && entry.left.max_free > max) max = entry.left.max_free;
  if (entry.right !== null && entry.right.max_free > max) max = entry.right.max_free;
  entry.max_free = max;
}

/**
 * Top-down splay: brings the entry that contains `addr`, or a neighbour of where it would be, to the
 * root and returns it. max_free is recomputed along the two spines that were taken apart.
 */
export function vm_map_entry_splay(addr: number, start: vm_map_entry): vm_map_entry {
  let root = start;
  let lesser: vm_map_entry | null = null;
  let greater: vm_map_entry | null = null;
  for (;;) {
    if (addr < root.start) {
      const child: vm_map_entry | null = root.left;
      if (child === null) break;
      if (addr < child.start && child.left !== null) {
        root.left = child.right;
        child.right = root;
        vm_map_entry_set_max_free(root);
        root = child.left;
        child.left = greater;
        greater = child;
      } else {
        root.left = greater;
        greater = root;
        root = child;
      }
    } else if (addr >= root.end) {
      const child: vm_map_entry | null = root.right;
      if (child === null) break;
      if (addr >= child.end && child.right !== null) {
        root.right = child.left;
        child.left = root;
        vm_map_entry_set_max_free(root);
        root = child.right;
        child.right = lesser;
        lesser = child;
      } else {
        root.right = lesser;
        lesser = root;
        root = child;
      }
    } else break;
  }
  // Put the spines back under the root; they were linked upwards through their inner children.
  let left = root.left;
  while (lesser !== null) {
    const up: vm_map_entry | null = lesser.right;
    lesser.right = left;
    vm_map_entry_set_max_free(lesser);
    left = lesser;
    lesser = up;
  }
  root.left = left;
  let right = root.right;
  while (greater !== null) {
    const up: vm_map_entry | null = greater.left;
    greater.left = right;
    vm_map_entry_set_max_free(greater);
    right = greater;
    greater = up;
  }
  root.right = right;
  vm_map_entry_set_max_free(root);
  return root;
}

/** Bytes free behind `entry`. */
function free_behind(map: vm_map, entry: vm_map_entry): number {
  return (entry.next === map.header ? map.max_offset : entry.next.start) - entry.end;
}

/** Inserts `entry` behind `after_where` (the header to be the first). */
export function vm_map_entry_link(
  map: vm_map,
  after_where: vm_map_entry,
  entry: vm_map_entry,
): void {
  map.nentries++;
  entry.prev = after_where;
  entry.next = after_where.next;
  entry.next.prev = entry;
  after_where.next = entry;
  if (after_where !== map.header) {
    const root = vm_map_entry_splay(after_where.start, map.root as vm_map_entry);
    entry.right = root.right;
    entry.left = root;
    root.right = null;
    root.adj_free = entry.start - root.end;
    vm_map_entry_set_max_free(root);
  } else {
    entry.right = map.root;
    entry.left = null;
  }
  entry.adj_free = free_behind(map, entry);
  vm_map_entry_set_max_free(entry);
  map.root = entry;
}

/** Takes `entry` out; its space is free behind its predecessor. */
export function vm_map_entry_unlink(map: vm_map, entry: vm_map_entry): void {
  const top = vm_map_entry_splay(entry.start, map.root as vm_map_entry);
  let root: vm_map_entry | null;
  if (top.left === null) root = top.right;
  else {
    root = vm_map_entry_splay(entry.start, top.left);
    root.right = top.right;
    root.adj_free = (entry.next === map.header ? map.max_offset : entry.next.start) - root.end;
    vm_map_entry_set_max_free(root);
  }
  map.root = root;
  if (map.recent === entry) map.recent = null;
  entry.prev.next = entry.next;
  entry.next.prev = entry.prev;
  map.nentries--;
}

/** `entry` has grown or shrunk at its end: its free space is recomputed. */
export function vm_map_entry_resize_free(map: vm_map, entry: vm_map_entry): void {
  map.root = vm_map_entry_splay(entry.start, map.root as vm_map_entry);
  entry.adj_free = free_behind(map, entry);
  vm_map_entry_set_max_free(entry);
}

/** Maps of fewer entries are always splayed. */
const SEARCH_MIN_ENTRIES = 64;

/**
 * A search that changes nothing, as FreeBSD's under a read lock that others share: a splay of a large
 * tree rewrites every entry on its way. Gives up, and lets the splay shorten the path, after twice
 * the height of a balanced tree. @returns as vm_map_lookup_le, or null when it gave up.
 */
function search(map: vm_map, address: number): vm_map_entry | null {
  const { recent } = map;
  if (recent !== null && address >= recent.start && address < recent.end) return recent;
  let le = map.header;
  let entry = map.root;
  for (let left = 2 * (32 - Math.clz32(map.nentries)); entry !== null; left--) {
    if (left === 0) return null;
    if (address < entry.start) entry = entry.left;
    else {
      le = entry;
      if (address < entry.end) break;
      entry = entry.right;
    }
  }
  if (le !== map.header) map.recent = le;
  return le;
}

/**
 * The entry that contains `address`, or else its predecessor (the header when there is none);
 * compare with `end` to tell which.
 */
export function vm_map_lookup_le(map: vm_map, address: number): vm_map_entry {
  const { root } = map;
  if (root === null) return map.header;
  if (address >= root.start && address < root.end) return root;
  if (map.nentries >= SEARCH_MIN_ENTRIES) {
    const found = search(map, address);
    if (found !== null) return found;
  }
  const top = vm_map_entry_splay(address, root);
  map.root = top;
  return top.start <= address ? top : top.prev;
}

/** The entry that contains `address`, or null. */
export function vm_map_lookup_entry(map: vm_map, address: number): vm_map_entry | null {
  const entry = vm_map_lookup_le(map, address);
  return entry !== map.header && address < entry.end ? entry : null;
}

/**
 * Lowest address from `start` on with `length` free bytes (first fit), or -1.
 */
export function vm_map_findspace(map: vm_map, start: number, length: number): number {
  const from = Math.max(start, map.min_offset);
  if (from + length > map.max_offset) return -1;
  if (map.root === null) return from;
  const root = vm_map_entry_splay(from, map.root);
  map.root = root;
  if (from + length <= root.start) return from;
  const st = Math.max(from, root.end);
  if (length <= root.end + root.adj_free - st) return st;
  let entry = root.right;
  if (entry === null || length > entry.max_free) return -1;
  for (;;) {
    if (entry.left !== null && entry.left.max_free >= length) entry = entry.left;
    else if (entry.adj_free >= length) return entry.end;
    else entry = entry.right as vm_map_entry;
  }
}

/** Order, adjacency, and the augmentation of the whole tree. @returns one line per violation. */
export function vm_map_tree_check(map: vm_map): string[] {
  const bad: string[] = [];
  const inOrder: vm_map_entry[] = [];
  const visit = (entry: vm_map_entry | null): number => {
    if (entry === null) return 0;
    const left = visit(entry.left);
    inOrder.push(entry);
    const right = visit(entry.right);
    const max = Math.max(entry.adj_free, left, right);
    if (max !== entry.max_free)
      bad.push(`entry 0x${entry.start.toString(16)}: max_free ${entry.max_free}, is ${max}`);
    return max;
  };
  visit(map.root);
  let size = 0;
  let at = 0;
  for (let e = map.header.next; e !== map.header; e = e.next, at++) {
    if (inOrder[at] !== e) bad.push(`entry 0x${e.start.toString(16)} is not where the tree has it`);
    if (e.start >= e.end) bad.push(`entry 0x${e.start.toString(16)} is empty`);
    if (e.next !== map.header && e.end > e.next.start)
      bad.push(`entry 0x${e.start.toString(16)} overlaps the next`);
    if (e.next.prev !== e) bad.push(`entry 0x${e.start.toString(16)}: next->prev is another`);
    if (e.adj_free !== free_behind(map, e))
      bad.push(
        `entry 0x${e.start.toString(16)}: adj_free ${e.adj_free}, is ${free_behind(map, e)}`,
      );
    size += e.end - e.start;
  }
  if (at !== map.nentries || inOrder.length !== at)
    bad.push(`map has ${at} entries, the tree ${inOrder.length}, nentries says ${map.nentries}`);
  if (size !== map.size) bad.push(`map size is ${map.size}, entries have ${size}`);
  return bad;
}
