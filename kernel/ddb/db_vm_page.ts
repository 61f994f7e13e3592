// ddb's page commands: show page, pageq, pginfo, freepages (vm_page.c, vm_phys.c).

import type { pv_entry } from '../i386/pmap_types.js';
import type { Kernel } from '../sys/kernel.js';
import { VM_NFREEORDER } from '../vm/vm_state.js';
import { PG_FREE, VPB_EXCLUSIVE, VPB_UNBUSIED } from '../vm/vm_param.js';
import { PHYS_TO_VM_PAGE } from '../vm/vm_phys.js';
import type { vm_page } from '../vm/vm_types.js';
import { VM_LEVEL_0_NPAGES } from '../vm/vm_reserv.js';
import { hex, queue_name } from './db_names.js';
import { db_show_reserv } from './db_reserv.js';

/** One vm_page. Addresses in bytes, indices in pages. */
export interface db_page {
  phys_addr: number;
  /** Object number, 0 for none. */
  object: number;
  pindex: number;
  /** PQ_*, and its name. */
  queue: number;
  queue_name: string;
  /** What the page is: free, wired, or the name of its queue. */
  state: string;
  hold_count: number;
  wire_count: number;
  busy: 'no' | 'exclusive' | 'shared';
  busy_lock: number;
  flags: number;
  aflags: number;
  oflags: number;
  act_count: number;
  valid: number;
  dirty: number;
  /** Order of the free block that it heads, -1 for none. */
  order: number;
  psind: number;
  /** Mappings. */
  mappings: number;
}

/** show page: the counters by which the page daemon lives. */
export interface db_page_counts {
  v_page_count: number;
  v_free_count: number;
  v_cache_count: number;
  v_inactive_count: number;
  v_active_count: number;
  v_wire_count: number;
  v_free_reserved: number;
  v_free_min: number;
  v_free_target: number;
  v_free_severe: number;
  v_inactive_target: number;
}

/** show pageq: lengths as the queues have them, counted by walking. */
export interface db_pageq {
  page_count: number;
  free: number;
  cache: number;
  active: number;
  inactive: number;
  wired: number;
  /** Dirty pages by what the vm_page says; mappings may know more. */
  dirty: number;
}

/** show freepages: blocks of the buddy lists, by free list and order. */
export interface db_freepages {
  orders: { list: number; order: number; kilobytes: number; blocks: number }[];
  /** Free pages in these lists, and those that only their reservation may give out. */
  pages: number;
  reserved: number;
}

function busy_of(m: vm_page): db_page['busy'] {
  if (m.busy_lock === VPB_UNBUSIED) return 'no';
  return m.busy_lock & VPB_EXCLUSIVE ? 'exclusive' : 'shared';
}

/** Mappings of the page: its own pv entries, and the 4 MB mappings of the frame it is in. */
export function pv_entries(k: Kernel, m: vm_page): pv_entry[] {
  const all: pv_entry[] = [];
  for (let pv = m.pv_list; pv !== null; pv = pv.pv_next) all.push(pv);
  const large = k.pmap.pv_table[m.phys_addr >>> 22]?.pv_list ?? null;
  for (let pv = large; pv !== null; pv = pv.pv_next) all.push(pv);
  return all;
}

export function db_page_of(k: Kernel, m: vm_page): db_page {
  const { queue, hold_count, wire_count, busy_lock, flags, aflags, oflags } = m;
  const name = queue_name(queue);
  const state = flags & PG_FREE ? 'free' : wire_count > 0 ? 'wired' : name;
  return {
    phys_addr: m.phys_addr,
    object: m.object?.id ?? 0,
    pindex: m.pindex,
    queue,
    queue_name: name,
    state: state === 'none' ? 'unqueued' : state,
    hold_count,
    wire_count,
    busy: busy_of(m),
    busy_lock,
    flags,
    aflags,
    oflags,
    act_count: m.act_count,
    valid: m.valid,
    dirty: m.dirty,
    order: m.order >= VM_NFREEORDER ? -1 : m.order,
    psind: m.psind,
    mappings: pv_entries(k, m).length,
  };
}

/** show pginfo: the page of physical address `pa`; null when the kernel manages no such frame. */
export function db_show_pginfo(k: Kernel, pa: number): db_page | null {
  const m = PHYS_TO_VM_PAGE(k, pa);
  return m === null ? null : db_page_of(k, m);
}

export function db_show_page(k: Kernel): db_page_counts {
  const { cnt } = k.vm;
  return {
    v_page_count: cnt.v_page_count,
    v_free_count: cnt.v_free_count,
    v_cache_count: cnt.v_cache_count,
    v_inactive_count: cnt.v_inactive_count,
    v_active_count: cnt.v_active_count,
    v_wire_count: cnt.v_wire_count,
    v_free_reserved: cnt.v_free_reserved,
    v_free_min: cnt.v_free_min,
    v_free_target: cnt.v_free_target,
    v_free_severe: cnt.v_free_severe,
    v_inactive_target: cnt.v_inactive_target,
  };
}

export function db_show_pageq(k: Kernel): db_pageq {
  const q: db_pageq = {
    page_count: k.vm.cnt.v_page_count,
    free: 0,
    cache: 0,
    active: 0,
    inactive: 0,
    wired: 0,
    dirty: 0,
  };
  let made = 0;
  for (const m of k.vm.vm_page_array) {
    if (m === null) continue;
    made++;
    if (m.dirty !== 0) q.dirty++;
    if (m.flags & PG_FREE) q.free++;
    else if (m.wire_count > 0) q.wired++;
    const name = queue_name(m.queue);
    if (name !== 'none') q[name as 'cache' | 'active' | 'inactive']++;
  }
  // Pages that nobody has wanted yet.
  q.free += q.page_count - made;
  return q;
}

export function db_show_freepages(k: Kernel): db_freepages {
  const { free_queues } = k.vm;
  const orders: db_freepages['orders'] = [];
  let pages = 0;
  for (let list = 0; list < free_queues.length / VM_NFREEORDER; list++) {
    for (let order = VM_NFREEORDER - 1; order >= 0; order--) {
      const { count: blocks } = free_queues[list * VM_NFREEORDER + order];
      pages += blocks << order;
      orders.push({ list, order, kilobytes: 4 << order, blocks });
    }
  }
  let reserved = 0;
  for (const { popcnt } of db_show_reserv(k).reservations) reserved += VM_LEVEL_0_NPAGES - popcnt;
  return { orders, pages, reserved };
}

/** The text of DB_SHOW_COMMAND(page). */
export function page_text(counts: db_page_counts): string {
  return Object.entries(counts)
    .map(([name, n]) => `vm_cnt.${name}: ${n}`)
    .join('\n');
}

/** The text of DB_SHOW_COMMAND(pageq); one memory domain. */
export function pageq_text(q: db_pageq): string {
  return [
    `pq_free ${q.free} pq_cache ${q.cache}`,
    `dom 0 page_cnt ${q.page_count} free ${q.free} pq_act ${q.active} pq_inact ${q.inactive} wired ${q.wired} dirty ${q.dirty}`,
  ].join('\n');
}

/** The text of DB_SHOW_COMMAND(pginfo). */
export function pginfo_text(m: db_page): string {
  return [
    `page ${hex(m.phys_addr / 4096)} obj ${m.object === 0 ? '0' : `#${m.object}`} pidx ${hex(m.pindex)} phys ${hex(m.phys_addr)} q ${m.queue} (${m.state}) hold ${m.hold_count} wire ${m.wire_count}`,
    `  af ${hex(m.aflags)} of ${hex(m.oflags)} f ${hex(m.flags)} act ${m.act_count} busy ${m.busy_lock.toString(16)} valid ${hex(m.valid)} dirty ${hex(m.dirty)}`,
    `  mappings ${m.mappings} psind ${m.psind}${m.order < 0 ? '' : ` order ${m.order}`}`,
  ].join('\n');
}

/** The text of DB_SHOW_COMMAND(freepages); each free list has one pool. */
export function freepages_text(free: db_freepages): string {
  const lines = free.orders.flatMap(({ list, order, kilobytes, blocks }, i) => {
    const size = `${String(order).padStart(2, '0')} (${String(kilobytes).padStart(6, '0')}K)`;
    const line = `  ${size}  |  ${String(blocks).padStart(6, '0')}`;
    if (i > 0 && free.orders[i - 1].list === list) return [line];
    return [
      `FREE LIST ${list}:`,
      '',
      '  ORDER (SIZE)  |  NUMBER',
      '                |  POOL 0',
      '--            -- --      --',
      line,
    ];
  });
  return [...lines, `free pages: ${free.pages}, in reservations: ${free.reserved}`].join('\n');
}
