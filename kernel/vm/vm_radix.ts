// The resident pages of an object: a path-compressed radix trie by index (vm_radix.c), and a list in
// order of index (memq).
//
//   rtree: node of level 1 (indices / 64 alike)        memq: 3 <-> 9 <-> 17
//            |0          |1        |2
//          page 3      page 9   page 17                A child is a page, or a node of a lower level.

import { panic } from '../sys/panic.js';
import type { vm_object, vm_page, vm_radix_node } from './vm_types.js';

/** Children of a node: three bits of the index. */
const VM_RADIX_COUNT = 8;
/** 8^n, for indices of more than 32 bits. */
const POW: readonly number[] = Array.from({ length: 18 }, (_, i) => 8 ** i);

type radix_child = vm_radix_node | vm_page | null;

const is_node = (child: vm_radix_node | vm_page): child is vm_radix_node =>
  (child as Partial<vm_radix_node>).rn_child !== undefined;

/** The digits of an index from level `level` up. */
function above(index: number, level: number): number {
  return index < 0x80000000 && level <= 10
    ? index >> (3 * level)
    : Math.floor(index / POW[Math.min(level, 17)]);
}

function slot(index: number, level: number): number {
  return index < 0x80000000 && level <= 10
    ? (index >> (3 * level)) & (VM_RADIX_COUNT - 1)
    : above(index, level) % VM_RADIX_COUNT;
}

/** The highest level at which two indices differ. => they differ. */
function diff_level(a: number, b: number): number {
  let level = 0;
  while (above(a, level + 1) !== above(b, level + 1)) level++;
  return level;
}

/** The page at `index`, or null. The page itself tells whether the digits left out on the way agree. */
export function vm_radix_lookup(root: radix_child, index: number): vm_page | null {
  let at = root;
  while (at !== null && is_node(at)) at = at.rn_child[slot(index, at.rn_clev)];
  return at !== null && at.pindex === index ? at : null;
}

/** A node that tells `index` from what lies below `sibling`. */
function vm_radix_node_get(index: number, level: number, sibling: radix_child): vm_radix_node {
  const rn_child: radix_child[] = [null, null, null, null, null, null, null, null];
  const s = sibling as vm_radix_node | vm_page;
  const other = is_node(s) ? s.rn_owner * POW[s.rn_clev + 1] : s.pindex;
  rn_child[slot(other, level)] = s;
  return { rn_owner: above(index, level + 1), rn_clev: level, rn_count: 1, rn_child };
}

/** => no page of the object has the index. */
function vm_radix_insert(object: vm_object, m: vm_page): void {
  const index = m.pindex;
  let parent: vm_radix_node | null = null;
  let at = object.rtree;
  while (at !== null && is_node(at) && at.rn_owner === above(index, at.rn_clev + 1)) {
    parent = at;
    at = at.rn_child[slot(index, at.rn_clev)];
  }
  let entry: vm_radix_node | vm_page = m;
  if (at !== null) {
    const other = is_node(at) ? at.rn_owner * POW[at.rn_clev + 1] : at.pindex;
    if (other === index && !is_node(at)) panic(`vm_radix_insert: index ${index} is taken`);
    const level = other === index ? (at as vm_radix_node).rn_clev + 1 : diff_level(index, other);
    const node = vm_radix_node_get(index, level, at);
    node.rn_child[slot(index, level)] = m;
    node.rn_count++;
    entry = node;
  }
  if (parent === null) object.rtree = entry;
  else {
    parent.rn_child[slot(index, parent.rn_clev)] = entry;
    if (at === null) parent.rn_count++;
  }
}

/** A node that is left with one child is replaced by it. */
function vm_radix_remove(object: vm_object, index: number): void {
  let grand: vm_radix_node | null = null;
  let parent: vm_radix_node | null = null;
  let at = object.rtree;
  while (at !== null && is_node(at)) {
    grand = parent;
    parent = at;
    at = at.rn_child[slot(index, at.rn_clev)];
  }
  if (at?.pindex !== index) panic(`vm_radix_remove: no page ${index}`);
  if (parent === null) {
    object.rtree = null;
    return;
  }
  parent.rn_child[slot(index, parent.rn_clev)] = null;
  if (--parent.rn_count > 1) return;
  let i = 0;
  while (parent.rn_child[i] === null) i++;
  const last = parent.rn_child[i];
  if (grand === null) object.rtree = last;
  else grand.rn_child[slot(index, grand.rn_clev)] = last;
}

/** The page of the lowest (or highest) index below a child. */
function extreme(child: vm_radix_node | vm_page, lowest: boolean): vm_page {
  let at = child;
  while (is_node(at)) {
    let i = lowest ? 0 : VM_RADIX_COUNT - 1;
    while (at.rn_child[i] === null) i += lowest ? 1 : -1;
    at = at.rn_child[i] as vm_radix_node | vm_page;
  }
  return at;
}

/** The page of the lowest index that is at least `index`, or null. */
export function vm_radix_lookup_ge(root: radix_child, index: number): vm_page | null {
  let best: radix_child = null;
  let at = root;
  while (at !== null) {
    if (!is_node(at)) return at.pindex >= index ? at : best && extreme(best, true);
    const prefix = above(index, at.rn_clev + 1);
    if (at.rn_owner !== prefix)
      return at.rn_owner > prefix ? extreme(at, true) : best && extreme(best, true);
    const s = slot(index, at.rn_clev);
    for (let i = s + 1; i < VM_RADIX_COUNT; i++) {
      if (at.rn_child[i] === null) continue;
      best = at.rn_child[i];
      break;
    }
    at = at.rn_child[s];
  }
  return best && extreme(best, true);
}

/** The page of the highest index that is at most `index`, or null. */
export function vm_radix_lookup_le(root: radix_child, index: number): vm_page | null {
  let best: radix_child = null;
  let at = root;
  while (at !== null) {
    if (!is_node(at)) return at.pindex <= index ? at : best && extreme(best, false);
    const prefix = above(index, at.rn_clev + 1);
    if (at.rn_owner !== prefix)
      return at.rn_owner < prefix ? extreme(at, false) : best && extreme(best, false);
    const s = slot(index, at.rn_clev);
    for (let i = s - 1; i >= 0; i--) {
      if (at.rn_child[i] === null) continue;
      best = at.rn_child[i];
      break;
    }
    at = at.rn_child[s];
  }
  return best && extreme(best, false);
}

/** Puts a page whose pindex is set among the pages of `object`. => the index is free. */
export function vm_object_memq_insert(object: vm_object, m: vm_page): void {
  const { memq } = object;
  const { pindex } = m;
  let prev = memq.tail;
  if (prev !== null && prev.pindex > pindex) prev = vm_radix_lookup_le(object.rtree, pindex);
  vm_radix_insert(object, m);
  const next: vm_page | null = prev === null ? memq.head : prev.listq_next;
  m.listq_prev = prev;
  m.listq_next = next;
  if (prev === null) memq.head = m;
  else prev.listq_next = m;
  if (next === null) memq.tail = m;
  else next.listq_prev = m;
  object.resident_page_count++;
}

/** Empties the trie at once: the object ends, and only its list is still gone through. */
export function vm_radix_reclaim_allnodes(object: vm_object): void {
  object.rtree = null;
}

export function vm_object_memq_remove(object: vm_object, m: vm_page): void {
  const { memq } = object;
  if (object.rtree !== null) vm_radix_remove(object, m.pindex);
  const { listq_prev: prev, listq_next: next } = m;
  if (prev === null) memq.head = next;
  else prev.listq_next = next;
  if (next === null) memq.tail = prev;
  else next.listq_prev = prev;
  m.listq_prev = m.listq_next = null;
  object.resident_page_count--;
}

/** Trie and list of an object against each other. @returns one line per violation. */
export function vm_radix_check(object: vm_object): string[] {
  const bad: string[] = [];
  const name = `object #${object.id}`;
  const found: vm_page[] = [];
  const visit = (child: radix_child, level: number, prefix: number): void => {
    if (child === null) return;
    if (!is_node(child)) {
      found.push(child);
      if (level < 18 && above(child.pindex, level) !== prefix)
        bad.push(`${name}: page ${child.pindex} is in the wrong place of the trie`);
      return;
    }
    const count = child.rn_child.filter((c) => c !== null).length;
    if (count !== child.rn_count || count < 2)
      bad.push(`${name}: a trie node says ${child.rn_count} children, has ${count}`);
    child.rn_child.forEach((c, i) => visit(c, child.rn_clev, child.rn_owner * VM_RADIX_COUNT + i));
  };
  visit(object.rtree, 18, 0);
  let at = 0;
  let prev: vm_page | null = null;
  for (let m = object.memq.head; m !== null; prev = m, m = m.listq_next, at++) {
    if (found[at] !== m) bad.push(`${name}: page ${m.pindex} is not where the trie has it`);
    if (m.object !== object) bad.push(`${name} lists a page of another at ${m.pindex}`);
    if (m.listq_prev !== prev || (prev !== null && prev.pindex >= m.pindex))
      bad.push(`${name}: its list is out of order at ${m.pindex}`);
  }
  if (object.memq.tail !== prev) bad.push(`${name}: its list ends elsewhere`);
  if (at !== found.length || at !== object.resident_page_count)
    bad.push(
      `${name}: ${at} pages in the list, ${found.length} in the trie, counts ${object.resident_page_count}`,
    );
  return bad;
}
