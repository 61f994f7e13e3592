// What a fork gives the child, entry by entry, and what it costs in swap.

import { describe, expect, test } from 'vitest';
import { vmspace_fork, vmspace_exec, vmspace_unshare } from '../../kernel/vm/vm_glue.js';
import { vm_map_inherit } from '../../kernel/vm/vm_map_advice.js';
import { vm_map_stack } from '../../kernel/vm/vm_map_stack.js';
import { vm_map_wire } from '../../kernel/vm/vm_map_wire.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import type { vm_object, vmspace } from '../../kernel/vm/vm_types.js';
import { ENOMEM } from '../../kernel/sys/errno.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';
import { vm_page_lookup } from '../../kernel/vm/vm_page.js';

const at = (page: number): number => BASE + page * PAGE;
const COW = vmp.MAP_ENTRY_COW | vmp.MAP_ENTRY_NEEDS_COPY;

function booted(options?: ConstructorParameters<typeof VmKernel>[0]): VmKernel {
  const vm = new VmKernel(options);
  vm.process();
  return vm;
}

describe('VM_INHERIT_COPY', () => {
  test('A#12 vm#41 vm#42 vm#53 neither is shadowed at fork; who writes first is', () => {
    const vm = booted();
    const parent = vm.td.td_proc;
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    vm.write(at(1), 2);
    const object = vm.object(at(0));
    const child = vm.fork(parent);
    expect(vm.object(at(0))).toBe(object);
    expect(vm.object(at(0), child)).toBe(object);
    expect(vm.entry(at(0)).eflags & COW).toBe(COW);
    expect(vm.entry(at(0), child).eflags & COW).toBe(COW);
    expect(object).toMatchObject({ ref_count: 2, shadow_count: 0 });
    expect(object.flags & vmp.OBJ_ONEMAPPING).toBe(0);
    expect(vm.pte(at(0)) & 2).toBe(0);
    vm.run(child);
    // pmap_copy has mapped them: no fault, not referenced, not writable.
    expect(vm.pte(at(0)) & (1 | 2 | 0x20 | 0x40)).toBe(1);
    vm.write(at(0), 5);
    expect(vm.object(at(0)).backing_object).toBe(object);
    expect(vm.read(at(1))).toBe(2);
    vm.run(parent);
    expect(vm.read(at(0))).toBe(1);
    // The lone survivor keeps the object.
    vm.exit(child);
    vm.write(at(0), 3);
    expect(vm.object(at(0))).toBe(object);
    expect(vm.check()).toEqual([]);
  });

  test('A#12 A#17 a part of a larger object is split off', () => {
    const vm = booted();
    const parent = vm.td.td_proc;
    vm.map(at(0), 6);
    for (let i = 0; i < 6; i++) vm.write(at(i), i);
    const whole = vm.object(at(0));
    vm_map_inherit(vm.k, vm.vm.vm_map, at(0), at(2), vmp.VM_INHERIT_NONE);
    vm_map_inherit(vm.k, vm.vm.vm_map, at(4), at(6), vmp.VM_INHERIT_NONE);
    whole.flags |= vmp.OBJ_ONEMAPPING;
    const child = vm.fork(parent);
    expect(vm.entries(child)).toEqual([[2, 4]]);
    const part = vm.object(at(2));
    expect(part).not.toBe(whole);
    expect(part).toMatchObject({ size: 2, resident_page_count: 2, ref_count: 2 });
    expect(whole.resident_page_count).toBe(4);
    expect(vm.entry(at(2)).offset).toBe(0);
    expect([0, 2, 3, 5].map((i) => vm.read(at(i)))).toEqual([0, 2, 3, 5]);
    vm.run(child);
    expect([vm.read(at(2)), vm.read(at(3))]).toEqual([2, 3]);
    expect(vm.check()).toEqual([]);
  });

  test('A#12 what was never touched has no object and stays so', () => {
    const vm = booted();
    vm.map(at(0), 2);
    const child = vm.fork(vm.td.td_proc);
    expect(vm.entry(at(0)).object).toBeNull();
    expect(vm.entry(at(0), child).object).toBeNull();
    vm.write(at(0), 1);
    vm.run(child);
    expect(vm.read(at(0))).toBe(0);
  });

  test('A#12 vm#36 wired and writable memory is copied at once, the copy is pageable', () => {
    const vm = booted();
    const parent = vm.td.td_proc;
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    vm_map_wire(vm.k, vm.vm.vm_map, at(0), at(2), vmp.VM_MAP_WIRE_USER);
    const m = vm.page(at(0));
    const child = vm.fork(parent);
    expect(vm.page(at(0))).toBe(m);
    expect(vm.pte(at(0)) & 2).toBe(2);
    expect(vm.entry(at(0), child)).toMatchObject({ wired_count: 0, eflags: 0 });
    vm.run(child);
    expect(vm.page(at(0))).not.toBe(m);
    expect(vm.page(at(0))).toMatchObject({ wire_count: 0, dirty: 0xff, queue: vmp.PQ_ACTIVE });
    expect(vm.read(at(0))).toBe(1);
    expect(vm.check()).toEqual([]);
  });

  test('A#12 vm#20 wired pages that there is no memory for: the fork waits and has done nothing', () => {
    const vm = booted({ ramBytes: 2 << 20 });
    vm.map(at(0), 220);
    vm_map_wire(vm.k, vm.vm.vm_map, at(0), at(220), vmp.VM_MAP_WIRE_USER);
    const { v_free_count, v_free_target } = vm.k.vm.cnt;
    expect(v_free_count).toBeGreaterThan(v_free_target);
    const reserved = vm.k.vm.swap_reserved;
    expect(vm.sleeps(() => vmspace_fork(vm.k, vm.vm))).toBe('fltcpy');
    expect(vm.k.vm.cnt.v_free_count).toBe(v_free_count);
    expect(vm.k.vm.swap_reserved).toBe(reserved);
    // The page daemon is told: by itself it would stop at its target.
    expect(vm.k.vm.pageout_deficit).toBeGreaterThanOrEqual(220 - v_free_target);
    expect(vm.check()).toEqual([]);
  });
});

describe('the other inheritances', () => {
  test('A#12 vm#53 SHARE: one object, made if need be', () => {
    const vm = booted();
    const parent = vm.td.td_proc;
    vm.map(at(0), 2, { cow: vmp.MAP_INHERIT_SHARE });
    const child = vm.fork(parent);
    expect(vm.object(at(0), child)).toBe(vm.object(at(0)));
    expect(vm.entry(at(0)).eflags & COW).toBe(0);
    vm.write(at(0), 1);
    vm.run(child);
    expect(vm.read(at(0))).toBe(1);
    vm.write(at(1), 2);
    vm.run(parent);
    expect(vm.read(at(1))).toBe(2);
    expect(vm.k.vm.swap_reserved).toBe(2 * PAGE);
    expect(vm.check()).toEqual([]);
  });

  test('A#12 SHARE of a private copy not made yet: it is made now, for both', () => {
    const vm = booted({ files: { f: new Uint8Array(PAGE).fill(4) } });
    const parent = vm.process();
    const file = vm.file('f').v_object as vm_object;
    vm.map(at(0), 1, { object: file, cow: vmp.MAP_COPY_ON_WRITE | vmp.MAP_INHERIT_SHARE });
    vm.read(at(0));
    const child = vm.fork(parent);
    const shadow = vm.object(at(0));
    expect(shadow).toMatchObject({ backing_object: file, ref_count: 2 });
    expect(vm.object(at(0), child)).toBe(shadow);
    vm.write(at(0), 8);
    vm.run(child);
    expect(vm.read(at(0))).toBe(8);
    expect(vm.k.machine.ram8[(vm_page_lookup(file, 0)?.phys_addr ?? 0) + 1]).toBe(4);
    expect(vm.check()).toEqual([]);
  });

  test('A#12 vm#53 NONE: a hole', () => {
    const vm = booted();
    vm.map(at(0), 3);
    vm.write(at(1), 1);
    vm_map_inherit(vm.k, vm.vm.vm_map, at(1), at(2), vmp.VM_INHERIT_NONE);
    const child = vm.fork(vm.td.td_proc);
    expect(vm.entries(child)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(vm.check()).toEqual([]);
  });

  test('A#12 vm#53 ZERO: the same range, rights and inheritance, fresh memory', () => {
    const vm = booted();
    const parent = vm.td.td_proc;
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    vm_map_inherit(vm.k, vm.vm.vm_map, at(0), at(2), vmp.VM_INHERIT_ZERO);
    const child = vm.fork(parent);
    expect(vm.entry(at(0), child)).toMatchObject({
      object: null,
      protection: 3,
      inheritance: vmp.VM_INHERIT_ZERO,
    });
    expect(vm.pte(at(0)) & 2).toBe(2);
    vm.run(child);
    expect(vm.read(at(0))).toBe(0);
    expect(vm.k.vm.swap_reserved).toBe(4 * PAGE);
    expect(vm.check()).toEqual([]);
  });

  test('A#12 A#22 vm#52 guards and growing stacks', () => {
    const vm = booted();
    vm_map_stack(vm.k, vm.vm.vm_map, at(0), 100 * PAGE, 3, 7, false);
    const child = vm.fork(vm.td.td_proc);
    expect(vm.entries(child)).toEqual(vm.entries());
    vm.run(child);
    expect(vm.write(at(40), 1)).toBe(0);
    expect(vm.check()).toEqual([]);
  });
});

describe('swap', () => {
  test('A#12 vm#37 what both may write is charged to both; what nobody may write, to nobody', () => {
    const vm = booted({ files: { f: new Uint8Array(4 * PAGE) } });
    vm.process();
    const reserved = (): number => vm.k.vm.swap_reserved / PAGE;
    vm.map(at(0), 3);
    vm.write(at(0), 1);
    vm.map(at(10), 4, { object: vm.file('f').v_object, prot: 5, cow: vmp.MAP_COPY_ON_WRITE });
    expect(reserved()).toBe(3);
    const child = vm.fork(vm.td.td_proc);
    // The original object, and a shadow for each of the two.
    expect(reserved()).toBe(9);
    vm.write(at(0), 2);
    expect(reserved()).toBe(9);
    vm.exit(child);
    expect(vm.check()).toEqual([]);
    vm.unmap(at(0), 20);
    expect(reserved()).toBe(0);
  });

  test('A#12 vm#128 refused by vm.overcommit: no child, and nothing is left of it', () => {
    const vm = booted({ swapBytes: 16 * PAGE });
    vm.k.vm.overcommit = 1;
    vm.map(at(0), 6);
    vm.write(at(0), 1);
    const { swap_reserved, cnt } = vm.k.vm;
    const free = cnt.v_free_count;
    expect(vmspace_fork(vm.k, vm.vm)).toBeNull();
    expect(cnt.v_free_count).toBe(free);
    expect(vm.check()).toEqual([]);
    expect(vm.write(at(0), 2)).toBe(0);
    vm.k.vm.swap_total = 64 * PAGE;
    const child = vm.fork(vm.td.td_proc);
    vm.exit(child);
    vm.unmap(at(0), 6);
    expect(swap_reserved).toBe(6 * PAGE);
    expect(vm.k.vm.swap_reserved).toBe(0);
    expect(vm.check()).toEqual([]);
  });
});

describe('sharing and replacing an address space', () => {
  test('A#13 vm#8 a shared one is unshared by copy', () => {
    const vm = booted();
    const first = vm.td.td_proc;
    vm.map(at(0), 1);
    vm.write(at(0), 1);
    const shared = vm.vm;
    shared.vm_refcnt++;
    const second = vm.process(shared);
    vm.write(at(0), 2);
    expect(vmspace_unshare(vm.k, second)).toBe(0);
    expect(second.p_vmspace).not.toBe(shared);
    vm.write(at(0), 3);
    vm.run(first);
    expect(vm.read(at(0))).toBe(2);
    expect(shared.vm_refcnt).toBe(1);
    expect(vm.check()).toEqual([]);
  });

  test('A#13 refused, it stays shared', () => {
    const vm = booted({ swapBytes: 4 * PAGE });
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    vm.k.vm.overcommit = 1;
    vm.vm.vm_refcnt++;
    expect(vmspace_unshare(vm.k, vm.td.td_proc)).toBe(ENOMEM);
    expect(vm.vm.vm_refcnt).toBe(2);
  });

  test('A#13 vm#1 vm#17 exec empties its own, and leaves a shared one to the others', () => {
    const vm = booted();
    const p = vm.td.td_proc;
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    vm.vm.vm_map.flags |= vmp.MAP_WIREFUTURE;
    const own = vm.vm;
    const object = vm.object(at(0));
    expect(vmspace_exec(vm.k, p)).toBe(true);
    expect(vm.vm).toBe(own);
    expect(own.vm_map).toMatchObject({ nentries: 0, size: 0, flags: 0 });
    expect(object.type).toBe(vmp.OBJT_DEAD);
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    own.vm_refcnt++;
    const other = vm.process(own);
    expect(vmspace_exec(vm.k, other)).toBe(true);
    expect(other.p_vmspace).not.toBe(own);
    expect((other.p_vmspace as vmspace).vm_map.nentries).toBe(0);
    expect(own.vm_map.nentries).toBe(1);
    expect(vm.check()).toEqual([]);
  });
});

test('A#12 A#16 forks of forks that write, and exit in any order, leave nothing', () => {
  const vm = booted();
  const free = vm.k.vm.cnt.v_free_count;
  const root = vm.td.td_proc;
  vm.map(at(0), 8);
  for (let i = 0; i < 8; i++) vm.write(at(i), 100 + i);
  const family = [root];
  for (let n = 0; n < 6; n++) {
    vm.run(family[n]);
    const child = vm.fork(family[n]);
    vm.run(child);
    vm.write(at(n), n);
    family.push(child);
  }
  family.forEach((p, n) => {
    vm.run(p);
    const seen = Array.from({ length: 8 }, (_, i) => vm.read(at(i)));
    expect(seen).toEqual(seen.map((_, i) => (i < n ? i : 100 + i)));
  });
  expect(vm.check()).toEqual([]);
  for (const n of [3, 0, 5, 1, 2, 4]) {
    vm.exit(family[n]);
    expect(vm.check()).toEqual([]);
  }
  vm.run(family[6]);
  expect(vm.read(at(6))).toBe(106);
  // Whoever is left has all pages in one object.
  expect(vm.object(at(0)).backing_object?.id).toBeUndefined();
  vm.unmap(at(0), 8);
  expect(vm.k.vm.cnt.v_free_count).toBe(free);
  expect(vm.k.vm.object_list.size).toBe(1);
});
