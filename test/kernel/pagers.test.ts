// Where pages come from and go to: swap space and files.

import { describe, expect, test } from 'vitest';
import { vm_object_collapse, vm_object_depth, vm_object_pages } from '../../kernel/vm/vm_object.js';
import { vm_map_madvise } from '../../kernel/vm/vm_map_advice.js';
import { vnode_pager_setsize } from '../../kernel/vm/vnode_pager.js';
import {
  vm_pager_get_pages,
  vm_pager_has_page,
  vm_pager_put_pages,
} from '../../kernel/vm/vm_pager.js';
import { vm_page_alloc, vm_page_test_dirty, vm_page_lookup } from '../../kernel/vm/vm_page.js';
import { vm_map_wire } from '../../kernel/vm/vm_map_wire.js';
import { swap_pager_used } from '../../kernel/vm/swap_pager_space.js';
import { swap_pager_blocks } from '../../kernel/vm/swap_pager_meta.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import type { vm_object, vm_page } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;

function booted(options?: ConstructorParameters<typeof VmKernel>[0]): VmKernel {
  const vm = new VmKernel(options);
  vm.process();
  return vm;
}

describe('swap', () => {
  test('A#23 vm#92 vm#93 the first pageout makes the object swap-backed; what comes back is what went', () => {
    const vm = booted();
    vm.map(at(0), 3);
    for (let i = 0; i < 3; i++) vm.write(at(i), 10 + i);
    const object = vm.object(at(0));
    vm.evict(at(1));
    expect(object.type).toBe(vmp.OBJT_SWAP);
    expect(swap_pager_blocks(object).map(([pindex]) => pindex)).toEqual([1]);
    expect(object.resident_page_count).toBe(2);
    expect(vm.read(at(1))).toBe(11);
    expect(vm.td.td_ru.ru_majflt).toBe(1);
    expect(vm.k.vm.cnt).toMatchObject({ v_swappgsout: 1, v_swappgsin: 1 });
    // A read keeps the block, a write frees it.
    expect(swap_pager_used(vm.k)).toBe(1);
    expect(vm.page(at(1)).dirty).toBe(0);
    vm.evict(at(1));
    expect(vm.k.vm.cnt.v_swappgsout).toBe(1);
    vm.write(at(1), 20);
    expect(swap_pager_used(vm.k)).toBe(0);
    vm.evict(at(1));
    expect(vm.read(at(1))).toBe(20);
    expect(vm.check()).toEqual([]);
  });

  test('A#23 the first two blocks of the device are never used; exhausted, pageout fails', () => {
    const vm = booted({ swapBytes: 4 * PAGE });
    vm.map(at(0), 3);
    for (let i = 0; i < 3; i++) vm.write(at(i), i);
    vm.evict(at(0));
    vm.evict(at(1));
    expect(swap_pager_blocks(vm.object(at(0))).map(([, block]) => block)).toEqual([2, 3]);
    const m = vm.page(at(2));
    const object = m.object as vm_object;
    expect(vm_pager_put_pages(vm.k, object, [m])).toBe(false);
    expect(m.dirty).toBe(0xff);
    // A block that becomes free can be used again.
    vm.write(at(0), 7);
    expect(vm_pager_put_pages(vm.k, object, [m])).toBe(true);
    expect([vm.read(at(0)), vm.read(at(1)), vm.read(at(2))]).toEqual([7, 1, 2]);
    expect(vm.check()).toEqual([]);
  });

  test('A#16 A#23 a collapse moves swap blocks up; the upper object’s own win', () => {
    const vm = booted();
    const parent = vm.td.td_proc;
    vm.map(at(0), 4);
    for (let i = 0; i < 4; i++) vm.write(at(i), 10 + i);
    // Pages come in one by one.
    vm.entry(at(0)).eflags |= vmp.MAP_ENTRY_BEHAV_RANDOM;
    const child = vm.fork(parent);
    for (const i of [0, 1, 2, 3]) {
      vm.read(at(i));
      vm.evict(at(i));
    }
    // The parent's own: page 0 resident, page 1 in swap.
    vm.write(at(0), 20);
    vm.write(at(1), 21);
    vm.evict(at(1));
    // Below, page 1 is in swap alone.
    vm.run(child);
    vm.read(at(1));
    vm.evict(at(1));
    vm.run(parent);
    expect(swap_pager_used(vm.k)).toBe(5);
    vm.exit(child);
    const object = vm.object(at(0));
    vm_object_collapse(vm.k, object);
    expect(vm_object_depth(object)).toBe(0);
    expect(object.type).toBe(vmp.OBJT_SWAP);
    expect(
      swap_pager_blocks(object)
        .map(([pindex]) => pindex)
        .sort(),
    ).toEqual([1, 2, 3]);
    expect(swap_pager_used(vm.k)).toBe(3);
    expect([0, 1, 2, 3].map((i) => vm.read(at(i)))).toEqual([20, 21, 12, 13]);
    expect(vm.check()).toEqual([]);
  });

  test('A#17 A#23 a split moves the blocks of its range', () => {
    const vm = booted();
    vm.map(at(0), 6);
    for (let i = 0; i < 6; i++) vm.write(at(i), 10 + i);
    for (const i of [1, 2, 4]) vm.evict(at(i));
    const whole = vm.object(at(0));
    vm.unmap(at(3), 1);
    whole.flags |= vmp.OBJ_ONEMAPPING;
    const child = vm.fork(vm.td.td_proc);
    expect(vm.object(at(4))).not.toBe(vm.object(at(0)));
    vm.run(child);
    expect([0, 1, 2, 4, 5].map((i) => vm.read(at(i)))).toEqual([10, 11, 12, 14, 15]);
    expect(vm.check()).toEqual([]);
  });

  test('A#9 unmapping the middle of an object frees its swap', () => {
    const vm = booted();
    vm.map(at(0), 6);
    for (let i = 0; i < 6; i++) vm.write(at(i), i);
    for (const i of [1, 2, 3]) vm.evict(at(i));
    vm.unmap(at(2), 2);
    expect(swap_pager_used(vm.k)).toBe(1);
    expect(vm.check()).toEqual([]);
  });

  test('A#8 MADV_FREE gives up contents and swap', () => {
    const vm = booted();
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    vm.write(at(1), 1);
    vm.evict(at(1));
    vm_map_madvise(vm.k, vm.vm.vm_map, at(0), at(2), 5);
    expect(swap_pager_used(vm.k)).toBe(0);
    expect(vm.page(at(0))).toMatchObject({ dirty: 0, queue: vmp.PQ_INACTIVE });
    vm.evict(at(0));
    expect([vm.read(at(0)), vm.read(at(1))]).toEqual([0, 0]);
    expect(vm.check()).toEqual([]);
  });
});

describe('files', () => {
  /** A file of three pages and 100 bytes, byte n of page p being p + 1, mapped shared at 0. */
  function mapped(): [VmKernel, vm_object] {
    const f = new Uint8Array(3 * PAGE + 100).map((_, i) => Math.floor(i / PAGE) + 1);
    const vm = booted({ files: { f } });
    const object = vm.file('f').v_object as vm_object;
    vm.map(at(0), 6, { object });
    return [vm, object];
  }

  test('A#24 vm#74 vm#88 the object has the size of the file, and knows which pages it has', () => {
    const [vm, object] = mapped();
    expect(object).toMatchObject({ size: 4, vnp_size: 3 * PAGE + 100, type: vmp.OBJT_VNODE });
    expect([3, 4].map((i) => vm_pager_has_page(vm.k, object, i))).toEqual([true, false]);
    const m = vm_page_alloc(vm.k, object, 4, vmp.VM_ALLOC_NORMAL) as vm_page;
    expect(vm_pager_get_pages(vm.k, object, m, 0, 0)).toBe(vmp.VM_PAGER_BAD);
  });

  test('A#24 a page written back comes back; what was stored past the end is gone', () => {
    const [vm, object] = mapped();
    expect(vm.read(at(3) + 99)).toBe(4);
    vm.write(at(3) + 99, 50);
    vm.write(at(3) + 200, 60);
    expect(vm.read(at(3) + 200)).toBe(60);
    vm.evict(at(3));
    expect(vm_page_lookup(object, 3)).toBeNull();
    expect(vm.read(at(3) + 99)).toBe(50);
    expect(vm.read(at(3) + 200)).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#24 read-ahead stops at a page that is there', () => {
    const [vm, object] = mapped();
    const m = vm_page_alloc(vm.k, object, 2, vmp.VM_ALLOC_NORMAL | vmp.VM_ALLOC_NOBUSY) as vm_page;
    m.valid = 0xff;
    vm.read(at(0));
    expect(vm_object_pages(object, 0, 0).map((m) => m.pindex)).toEqual([0, 1, 2]);
    expect(vm.k.vm.cnt.v_vnodepgsin).toBe(2);
    // What nobody asked for is the first to go.
    expect(vm_page_lookup(object, 1)).toMatchObject({ queue: vmp.PQ_INACTIVE, busy_lock: 1 });
  });

  test('A#24 shrinking unmaps pages, zeroes the rest of the last one, keeps wired frames', () => {
    const [vm, object] = mapped();
    for (let i = 0; i < 4; i++) vm.write(at(i) + 600, 9);
    const wired = vm.page(at(3));
    vm.unmap(at(3), 3);
    vm.map(at(3), 1, { object, offset: 3 * PAGE });
    expect(vm_map_wire(vm.k, vm.vm.vm_map, at(3), at(4), vmp.VM_MAP_WIRE_USER)).toBe(0);
    vnode_pager_setsize(vm.k, vm.file('f'), PAGE + 512);
    expect(object).toMatchObject({ size: 2, vnp_size: PAGE + 512 });
    expect(vm_object_pages(object, 0, 0).map((m) => m.pindex)).toEqual([0, 1, 3]);
    expect(wired).toMatchObject({ valid: 0, wire_count: 1 });
    const last = vm_page_lookup(object, 1) as vm_page;
    expect(last.valid).toBe(0xff);
    expect(last.dirty).toBe(0x01);
    expect(vm.read(at(1) + 511)).toBe(2);
    expect(vm.read(at(1) + 600)).toBe(0);
    expect(vm.touch(at(2), false)).toBe(vmp.KERN_OUT_OF_BOUNDS);
    expect(vm.touch(at(3), false)).toBe(vmp.KERN_OUT_OF_BOUNDS);
  });

  test('A#24 growing changes the size only: the new part is zeros', () => {
    const [vm, object] = mapped();
    vm.write(at(0), 7);
    const { resident_page_count } = object;
    vnode_pager_setsize(vm.k, vm.file('f'), 6 * PAGE);
    expect(object).toMatchObject({ size: 6, resident_page_count });
    expect(vm.read(at(5))).toBe(0);
    expect(vm.read(at(3) + 99)).toBe(4);
    expect(vm.read(at(3) + 100)).toBe(0);
    expect(vm.read(at(0))).toBe(7);
    expect(vm.check()).toEqual([]);
  });

  test('A#24 vm#111 putpages clips to the end and loses what is wholly beyond', () => {
    const [vm, object] = mapped();
    vm.write(at(3), 9);
    const m = vm.page(at(3));
    object.vnp_size = 2 * PAGE;
    const before = vm.k.vm.cnt.v_vnodeout;
    expect(vm_pager_put_pages(vm.k, object, [m])).toBe(true);
    // Nothing is left to be written.
    expect(vm.k.vm.cnt.v_vnodeout).toBe(before);
    vm_page_test_dirty(vm.k, m);
    expect(m.object).toBe(object);
  });
});

test('vm#96 physical objects are zero-filled and cannot be paged out', () => {
  const vm = booted();
  vm.map(at(0), 1);
  vm.write(at(0), 1);
  const m = vm.page(at(0));
  (m.object as vm_object).type = vmp.OBJT_PHYS;
  expect(() => vm_pager_put_pages(vm.k, m.object as vm_object, [m])).toThrow('phys_pager');
});
