// vm_check(): every invariant of the virtual memory system, walked. Runs throughout the tests and on
// demand; slow by nature.

import type { Kernel } from '../sys/kernel.js';
import { pmap_check } from './pmap.js';
import { disk_check } from '../geom/geom_disk.js';
import { swap_pager_check } from './swap_pager_check.js';
import { vm_thread_objects } from './vm_kstack.js';
import { vm_map_tree_check } from './vm_map_tree.js';
import { vm_object_check } from './vm_object.js';
import { vm_page_check } from './vm_page.js';
import type { vm_map, vm_map_wiring, vm_object } from './vm_types.js';

function check_map(
  map: vm_map,
  name: string,
  wirings: readonly vm_map_wiring[],
  mapped: Map<vm_object, number>,
  bad: string[],
): void {
  if (map.lock !== 0) bad.push(`${name}: the map is locked`);
  const busy = wirings.filter((w) => w.map === map).length;
  if (map.busy !== busy) bad.push(`${name}: ${map.busy} make the map busy, ${busy} wire in it`);
  for (const line of vm_map_tree_check(map)) bad.push(`${name}: ${line}`);
  for (let e = map.header.next; e !== map.header; e = e.next) {
    if (e.object !== null) mapped.set(e.object, (mapped.get(e.object) ?? 0) + 1);
  }
}

/** @returns one line per violated invariant; none when all is well. */
export function vm_check(k: Kernel): string[] {
  const bad: string[] = [];
  const mapped = new Map<vm_object, number>();
  const seen = new Set<vm_map>();
  const wirings = [...k.kern.allproc.values()]
    .flatMap((p) => p.p_threads.map((td) => td.td_wiring))
    .filter((w) => w !== null);
  for (const p of k.kern.allproc.values()) {
    const map = p.p_vmspace?.vm_map;
    if (!map || seen.has(map)) continue;
    seen.add(map);
    check_map(map, `pid ${p.p_pid}`, wirings, mapped, bad);
  }
  if (k.vm.kernel_map !== null) {
    seen.add(k.vm.kernel_map);
    check_map(k.vm.kernel_map, 'kernel', wirings, mapped, bad);
  }
  for (const map of [k.vm.exec_map, k.vm.pipe_map]) {
    if (map === null) continue;
    seen.add(map);
    check_map(map, 'kernel submap', wirings, mapped, bad);
  }
  for (const object of vm_thread_objects(k)) mapped.set(object, (mapped.get(object) ?? 0) + 1);
  bad.push(
    ...vm_object_check(k, mapped),
    ...vm_page_check(k),
    ...pmap_check(k),
    ...k.machine.checkTlb(),
  );
  bad.push(...swap_pager_check(k), ...disk_check(k));
  bad.push(...swap_reserve_check(k, seen));
  return bad;
}

/** What is reserved is what entries and objects are charged. */
function swap_reserve_check(k: Kernel, maps: ReadonlySet<vm_map>): string[] {
  let charged = 0;
  for (const map of maps) {
    for (let e = map.header.next; e !== map.header; e = e.next)
      if (e.cred >= 0) charged += e.end - e.start;
  }
  for (const object of k.vm.object_list) charged += object.charge;
  const { swap_reserved } = k.vm;
  return charged === swap_reserved
    ? []
    : [`${swap_reserved} bytes of swap are reserved, ${charged} are charged`];
}
