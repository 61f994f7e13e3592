// Invariants of pages, paging queues and free lists, for vm_check().

import type { Kernel } from '../sys/kernel.js';
import { PG_FREE, PQ_ACTIVE, PQ_CACHE, PQ_INACTIVE, PQ_NONE } from './vm_param.js';
import { vm_reserv_check, vm_reserv_partpop } from './vm_reserv.js';
import { VM_NFREEORDER } from './vm_state.js';
import type { vm_page } from './vm_types.js';
import { vm_page_lookup } from './vm_page.js';

/** Invariants of pages and queues. @returns one line per violation. */
export function vm_page_check(k: Kernel): string[] {
  const bad: string[] = [];
  const { cnt, pagequeues, free_queues } = k.vm;
  const where = (m: vm_page): string => `page 0x${m.phys_addr.toString(16)}`;
  for (let queue = 0; queue < pagequeues.length; queue++) {
    let n = 0;
    for (let m = pagequeues[queue].head; m !== null; m = m.q_next) {
      n++;
      if (m.queue !== queue) bad.push(`${where(m)} is on queue ${queue} but says ${m.queue}`);
      if (m.wire_count > 0) bad.push(`${where(m)} is wired and on queue ${queue}`);
      if (m.object === null) bad.push(`${where(m)} is on queue ${queue} without an object`);
    }
    if (n !== pagequeues[queue].count)
      bad.push(`queue ${queue} counts ${pagequeues[queue].count}, has ${n}`);
  }
  if (pagequeues[PQ_ACTIVE].count !== cnt.v_active_count) bad.push('v_active_count is wrong');
  if (pagequeues[PQ_INACTIVE].count !== cnt.v_inactive_count) bad.push('v_inactive_count is wrong');
  if (pagequeues[PQ_CACHE].count !== cnt.v_cache_count) bad.push('v_cache_count is wrong');
  let free = 0;
  free_queues.forEach((q, index) => {
    const order = index % VM_NFREEORDER;
    for (let m = q.head; m !== null; m = m.q_next) {
      free += 1 << order;
      if (m.order !== order) bad.push(`${where(m)} heads order ${order} but says ${m.order}`);
    }
  });
  free += vm_reserv_partpop(k).unused;
  if (free !== cnt.v_free_count)
    bad.push(`v_free_count is ${cnt.v_free_count}, free lists and reservations have ${free}`);
  bad.push(...vm_reserv_check(k));
  let wired = 0;
  for (const m of k.vm.vm_page_array) {
    if (!m) continue;
    if (m.wire_count > 0) wired++;
    if (m.object !== null && vm_page_lookup(m.object, m.pindex) !== m) {
      bad.push(`${where(m)} is not in object #${m.object.id} at ${m.pindex}`);
    }
    if (m.flags & PG_FREE && (m.object !== null || m.pv_list !== null || m.queue !== PQ_NONE)) {
      bad.push(`${where(m)} is free but in use`);
    }
  }
  if (wired !== cnt.v_wire_count)
    bad.push(`v_wire_count is ${cnt.v_wire_count}, ${wired} pages are wired`);
  return bad;
}
