// Wiring that has to wait for pages: what everybody else finds meanwhile.

import { describe, expect, test } from 'vitest';
import { kern_mlock, kern_mlockall, kern_munlock, kern_mmap } from '../../kernel/vm/vm_mmap.js';
import { MAP_ANON, MAP_PRIVATE } from '../../kernel/vm/vm_mmap.js';
import { RLIMIT_MEMLOCK } from '../../kernel/sys/resource.js';
import type { Thread } from '../../kernel/sys/proc.js';
import { vm_map_entry_system_wired_count } from '../../kernel/vm/vm_map_wire.js';
import { vm_map_unwire, vm_map_wire, vm_map_wire_abandon } from '../../kernel/vm/vm_map_wire.js';
import { vm_map_remove } from '../../kernel/vm/vm_map.js';
import { vmspace_fork } from '../../kernel/vm/vm_glue.js';
import { vm_page_alloc, vm_page_free } from '../../kernel/vm/vm_page.js';
import type { vm_page } from '../../kernel/vm/vm_types.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;
const USER = vmp.VM_MAP_WIRE_USER;

/** A second thread of the current process. */
function thread(vm: VmKernel): Thread {
  const td = { ...vm.td, td_tid: vm.td.td_tid + 5000, td_wiring: null };
  vm.td.td_proc.p_threads.push(td);
  return td;
}

/** Ten pages of which a wiring gets but a few, and sleeps. */
function half_wired(): { vm: VmKernel; first: Thread; give: () => void; wire: () => number } {
  const vm = new VmKernel({ ramBytes: 2 << 20 });
  vm.process();
  vm.map(at(0), 10);
  vm.write(at(9), 7); // the object and the page table are there
  const taken: vm_page[] = [];
  while (vm.k.vm.cnt.v_free_count > vm.k.vm.cnt.v_free_severe + 3)
    taken.push(vm_page_alloc(vm.k, null, 0, vmp.VM_ALLOC_NOOBJ) as vm_page);
  const wire = (): number => vm_map_wire(vm.k, vm.vm.vm_map, at(0), at(10), USER);
  expect(vm.sleeps(wire)).toBe('pfault');
  const give = (): void => {
    for (const m of taken) vm_page_free(vm.k, m);
  };
  return { vm, first: vm.td, give, wire };
}

describe('in transition', () => {
  test('A#9 vm#20 vm#38 vm#46 the entry is marked, the map busy, the pages so far are wired', () => {
    const { vm, first, give, wire } = half_wired();
    const entry = vm.entry(at(0));
    expect(entry.eflags & vmp.MAP_ENTRY_IN_TRANSITION).toBeTruthy();
    expect(entry).toMatchObject({ wiring_thread: first, wired_count: 1 });
    expect(vm.vm.vm_map.busy).toBe(1);
    const so_far = vm.vm.vm_pmap.wired_count;
    expect(so_far).toBeGreaterThan(0);
    expect(so_far).toBeLessThan(10);
    expect(vm.check()).toEqual([]);
    give();
    expect(wire()).toBe(vmp.KERN_SUCCESS);
    expect(vm.vm.vm_pmap.wired_count).toBe(10);
    for (let i = 0; i < 10; i++) expect(vm.page(at(i)).wire_count).toBe(1);
    expect(vm.entry(at(0))).toMatchObject({ wiring_thread: null, wired_count: 1 });
    expect(vm.entry(at(0)).eflags & vmp.MAP_ENTRY_IN_TRANSITION).toBe(0);
    expect(vm.vm.vm_map.busy).toBe(0);
    expect(vm.read(at(9))).toBe(7);
    expect(vm.check()).toEqual([]);
  });

  test('A#9 A#10 vm#46 vm#47 others who fault, unmap or unwire wait and are woken', () => {
    const { vm, first, give, wire } = half_wired();
    const { vm_map } = vm.vm;
    const second = thread(vm);
    vm.k.kern.curthread = second;
    expect(vm.sleeps(() => vm.touch(at(8), true))).toBe('vmmaps');
    expect(vm.entry(at(0)).eflags & vmp.MAP_ENTRY_NEEDS_WAKEUP).toBeTruthy();
    expect(vm.sleeps(() => vm_map_remove(vm.k, vm_map, at(8), at(9)))).toBe('vmmaps');
    expect(vm.sleeps(() => vm_map_unwire(vm.k, vm_map, at(0), at(1), USER))).toBe('vmmaps');
    expect(vm.sleeps(() => vm_map_wire(vm.k, vm_map, at(0), at(1), USER))).toBe('vmmaps');
    expect(vm.entries()).toEqual([[0, 10]]);
    // What lies beside it may go.
    vm.map(at(20), 1);
    vm.unmap(at(20), 1);
    vm.k.kern.curthread = first;
    give();
    let woken = false;
    const waits = (): void => vm_map_remove(vm.k, vm_map, at(8), at(9));
    vm.k.kern.curthread = second;
    try {
      waits();
    } catch {
      vm.k.kern.curthread = first;
      wire();
      woken = second.td_wchan === null;
    }
    expect(woken).toBe(true);
    expect(vm.entry(at(0)).eflags & vmp.MAP_ENTRY_NEEDS_WAKEUP).toBe(0);
    waits();
    expect(vm.entries()).toEqual([
      [0, 8],
      [9, 10],
    ]);
    expect(vm.check()).toEqual([]);
  });

  test('A#12 vm#17 vm#20 fork waits for a busy map', () => {
    const { vm, first, give, wire } = half_wired();
    vm.k.kern.curthread = thread(vm);
    expect(vm.sleeps(() => vmspace_fork(vm.k, vm.vm))).toBe('mbusy');
    expect(vm.vm.vm_map.flags & vmp.MAP_BUSY_WAKEUP).toBeTruthy();
    vm.k.kern.curthread = first;
    give();
    wire();
    expect(vm.vm.vm_map.flags & vmp.MAP_BUSY_WAKEUP).toBe(0);
    const child = vm.fork(vm.td.td_proc);
    expect(vm.entry(at(0), child).wired_count).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#9 a thread that dies half way leaves nothing wired', () => {
    const { vm, first } = half_wired();
    vm_map_wire_abandon(vm.k, first);
    expect(vm.entry(at(0))).toMatchObject({ wired_count: 0, wiring_thread: null });
    expect(vm.entry(at(0)).eflags & (vmp.MAP_ENTRY_USER_WIRED | vmp.MAP_ENTRY_IN_TRANSITION)).toBe(
      0,
    );
    expect(vm.vm.vm_pmap.wired_count).toBe(0);
    expect(vm.vm.vm_map.busy).toBe(0);
    expect(vm.page(at(0)).wire_count).toBe(0);
    expect(vm.check()).toEqual([]);
  });
});

test('A#9 vm#50 what was passed over is not wired, nor marked afterwards', () => {
  const vm = new VmKernel();
  vm.process();
  vm.map(at(0), 1);
  vm.map(at(1), 1, { prot: 0 });
  vm.map(at(2), 1, { prot: vmp.VM_PROT_WRITE });
  vm.map(at(3), 1, { prot: 1 });
  const { vm_map } = vm.vm;
  const all = USER | vmp.VM_MAP_WIRE_HOLESOK;
  expect(vm_map_wire(vm.k, vm_map, at(0), at(4), all)).toBe(0);
  expect([0, 1, 2, 3].map((i) => vm.entry(at(i)).wired_count)).toEqual([1, 0, 0, 1]);
  for (let i = 0; i < 4; i++) expect(vm.entry(at(i)).eflags & vmp.MAP_ENTRY_WIRE_SKIPPED).toBe(0);
  vm_map_unwire(vm.k, vm_map, at(0), at(4), all);
  // VM_MAP_WIRE_WRITE: only what can be written.
  const write = vmp.VM_MAP_WIRE_SYSTEM | vmp.VM_MAP_WIRE_WRITE;
  expect(vm_map_wire(vm.k, vm_map, at(3), at(4), write)).toBe(vmp.KERN_INVALID_ADDRESS);
  expect(vm_map_wire(vm.k, vm_map, at(0), at(1), write)).toBe(0);
  expect(vm.check()).toEqual([]);
});

test('A#9 vm#36 vm#67 what the kernel has wired is not unmapped before it is let go', () => {
  const vm = new VmKernel();
  vm.process();
  vm.map(at(0), 2);
  const { vm_map } = vm.vm;
  vm_map_wire(vm.k, vm_map, at(0), at(2), vmp.VM_MAP_WIRE_SYSTEM);
  vm_map_wire(vm.k, vm_map, at(0), at(2), vmp.VM_MAP_WIRE_SYSTEM);
  vm_map_wire(vm.k, vm_map, at(0), at(2), USER);
  expect(vm.entry(at(0)).wired_count).toBe(3);
  expect(vm_map_entry_system_wired_count(vm.entry(at(0)))).toBe(2);
  expect(vm.sleeps(() => vm.unmap(at(0), 1))).toBe('vmmaps');
  for (let i = 0; i < 2; i++) vm_map_unwire(vm.k, vm_map, at(0), at(2), vmp.VM_MAP_WIRE_SYSTEM);
  vm.unmap(at(0), 1);
  expect(vm.entries()).toEqual([[1, 2]]);
  expect(vm.vm.vm_pmap.wired_count).toBe(1);
  expect(vm.check()).toEqual([]);
});

describe('limits', () => {
  test('vm#44 vm#68 RLIMIT_MEMLOCK counts what is wired; a page twice wired counts once', () => {
    const vm = new VmKernel();
    vm.process();
    vm.map(at(0), 8);
    vm.td.td_proc.p_limit.pl_rlimit[RLIMIT_MEMLOCK].rlim_cur = 4 * PAGE;
    expect(kern_mlock(vm.k, vm.td, at(0), 5 * PAGE)).toBe(12);
    expect(kern_mlock(vm.k, vm.td, at(0) + 5, PAGE)).toBe(0);
    expect(vm.vm.vm_pmap.wired_count).toBe(2);
    expect(kern_mlock(vm.k, vm.td, at(2), 3 * PAGE)).toBe(12);
    expect(kern_mlock(vm.k, vm.td, at(2), 2 * PAGE)).toBe(0);
    expect(kern_munlock(vm.k, vm.td, at(1), PAGE)).toBe(0);
    expect([0, 1, 2].map((i) => vm.page(at(i)).wire_count)).toEqual([1, 0, 1]);
    expect(kern_mlock(vm.k, vm.td, at(20), PAGE)).toBe(12);
    expect(vm.check()).toEqual([]);
  });

  test('vm#17 MCL_FUTURE wires what is mapped later, and is not inherited', () => {
    const vm = new VmKernel();
    const p = vm.process();
    expect(kern_mlockall(vm.k, vm.td, 2)).toBe(0);
    expect(vm.vm.vm_map.flags & vmp.MAP_WIREFUTURE).toBeTruthy();
    expect(kern_mmap(vm.k, vm.td, 0, 3 * PAGE, 3, MAP_ANON | MAP_PRIVATE, -1, 0)).toBe(0);
    const va = vm.td.td_retval[0] >>> 0;
    expect(vm.vm.vm_pmap.wired_count).toBe(3);
    expect(vm.page(va + PAGE).wire_count).toBe(1);
    vm.td.td_proc.p_limit.pl_rlimit[RLIMIT_MEMLOCK].rlim_cur = 4 * PAGE;
    expect(kern_mmap(vm.k, vm.td, 0, 2 * PAGE, 3, MAP_ANON | MAP_PRIVATE, -1, 0)).toBe(12);
    const child = vm.fork(p);
    expect(child.p_vmspace?.vm_map.flags).toBe(0);
    expect(child.p_vmspace?.vm_pmap.wired_count).toBe(0);
    expect(vm.check()).toEqual([]);
  });
});
