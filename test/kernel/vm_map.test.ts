// Address spaces: the structure of vm_map and the calls that change it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RLIMIT_MEMLOCK, RLIMIT_STACK } from '../../kernel/sys/resource.js';
import {
  vm_map_check_protection,
  vm_map_find,
  vm_map_insert,
  vm_map_lock,
  vm_map_lock_downgrade,
  vm_map_lock_read,
  vm_map_lock_upgrade,
  vm_map_lookup_entry,
  vm_map_protect,
  vm_map_unlock,
  vm_map_unlock_read,
} from '../../kernel/vm/vm_map.js';
import { vm_map_inherit } from '../../kernel/vm/vm_map_advice.js';
import { vm_map_stack } from '../../kernel/vm/vm_map_stack.js';
import { vm_map_findspace, vm_map_tree_check } from '../../kernel/vm/vm_map_tree.js';
import { vm_map_unwire, vm_map_wire } from '../../kernel/vm/vm_map_wire.js';
import { vm_object_allocate, vm_object_deallocate } from '../../kernel/vm/vm_object.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const RW = vmp.VM_PROT_READ | vmp.VM_PROT_WRITE;

function booted(options?: ConstructorParameters<typeof VmKernel>[0]): VmKernel {
  const vm = new VmKernel(options);
  vm.process();
  return vm;
}

const at = (page: number): number => BASE + page * PAGE;

describe('the splay tree', () => {
  test('A#1 vm#18 a lookup brings the entry to the root', () => {
    const vm = booted();
    const map = vm.vm.vm_map;
    for (let i = 0; i < 8; i++) vm.map(at(4 * i), 1);
    for (const i of [5, 0, 7, 3]) {
      const entry = vm_map_lookup_entry(map, at(4 * i));
      expect(entry?.start).toBe(at(4 * i));
      expect(map.root).toBe(entry);
      expect(vm_map_tree_check(map)).toEqual([]);
    }
    expect(vm_map_lookup_entry(map, at(1))).toBeNull();
    expect(map.header.next.start).toBe(at(0));
  });

  test('a large map is searched without a splay, and finds what the list has', () => {
    const vm = booted();
    const map = vm.vm.vm_map;
    for (let i = 0; i < 300; i++) vm.map(at(3 * i), 2);
    const listed = (address: number): unknown => {
      let e = map.header.next;
      while (e !== map.header && e.end <= address) e = e.next;
      return e !== map.header && e.start <= address ? e : null;
    };
    let kept = 0;
    for (let n = 0; n < 2000; n++) {
      const address = at((n * 7919) % 920) + (n % 4096);
      const { root } = map;
      expect(vm_map_lookup_entry(map, address)).toBe(listed(address));
      if (map.root === root) kept++;
      // What was found last may be gone by the next look.
      if (n % 20 === 0) vm.unmap(address - (address % PAGE), 1);
    }
    expect(kept).toBeGreaterThan(1000);
    expect(vm_map_tree_check(map)).toEqual([]);
  });

  test('A#2 A#3 vm#12 vm#13 vm#22 vm#23 vm#24 vm#27 vm#28 order, adj_free and max_free survive any sequence of changes', () => {
    const step = fc.record({
      op: fc.constantFrom('map', 'unmap', 'protect', 'inherit'),
      start: fc.nat(40),
      pages: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.nat(60), (steps, length) => {
        const vm = booted({ ramBytes: 2 << 20 });
        const map = vm.vm.vm_map;
        const mapped = new Set<number>();
        for (const { op, start, pages } of steps) {
          const end = start + pages;
          if (op === 'map') vm.map(at(start), pages);
          else if (op === 'unmap') vm.unmap(at(start), pages);
          else if (op === 'protect') vm_map_protect(vm.k, map, at(start), at(end), 1, false);
          else vm_map_inherit(vm.k, map, at(start), at(end), vmp.VM_INHERIT_NONE);
          for (let i = start; i < end; i++)
            if (op === 'map') mapped.add(i);
            else if (op === 'unmap') mapped.delete(i);
          expect(vm_map_tree_check(map)).toEqual([]);
        }
        expect(map.size).toBe(mapped.size * PAGE);
        const seen = vm
          .entries()
          .flatMap(([s, e]) => Array.from({ length: e - s }, (_, i) => s + i));
        expect(seen).toEqual([...mapped].sort((a, b) => a - b));
        // First fit, against a search page by page.
        let first = 0;
        while (Array.from({ length }, (_, i) => first + i).some((i) => mapped.has(i))) first++;
        expect(vm_map_findspace(map, at(0), length * PAGE)).toBe(at(first));
      }),
      { numRuns: 60 },
    );
  });
});

describe('vm_map_insert', () => {
  test('A#4 vm#68 refuses what is outside, empty or taken', () => {
    const vm = booted();
    const map = vm.vm.vm_map;
    const insert = (start: number, end: number): number => {
      vm_map_lock(map);
      const result = vm_map_insert(vm.k, map, null, 0, start, end, RW, RW, 0);
      vm_map_unlock(map);
      return result;
    };
    expect(insert(0, PAGE)).toBe(vmp.KERN_INVALID_ADDRESS);
    expect(insert(map.max_offset, map.max_offset + PAGE)).toBe(vmp.KERN_INVALID_ADDRESS);
    expect(insert(at(1), at(1))).toBe(vmp.KERN_INVALID_ADDRESS);
    expect(insert(at(2), at(4))).toBe(vmp.KERN_SUCCESS);
    expect(insert(at(3), at(5))).toBe(vmp.KERN_NO_SPACE);
    expect(insert(at(1), at(3))).toBe(vmp.KERN_NO_SPACE);
    expect(insert(at(0), at(9))).toBe(vmp.KERN_NO_SPACE);
    expect(vm.entries()).toEqual([[2, 4]]);
  });

  test.each([
    ['vm#41 vm#42 vm#56', vmp.MAP_COPY_ON_WRITE, vmp.MAP_ENTRY_COW | vmp.MAP_ENTRY_NEEDS_COPY],
    ['vm#39 vm#59', vmp.MAP_DISABLE_SYNCER, vmp.MAP_ENTRY_NOSYNC],
    ['vm#48 vm#59', vmp.MAP_DISABLE_COREDUMP, vmp.MAP_ENTRY_NOCOREDUMP],
    ['vm#43 vm#57', vmp.MAP_NOFAULT, vmp.MAP_ENTRY_NOFAULT],
    ['vm#49 vm#63', vmp.MAP_STACK_GROWS_DOWN, vmp.MAP_ENTRY_GROWS_DOWN],
    ['vm#51 vm#62', vmp.MAP_VN_WRITECOUNT, vmp.MAP_ENTRY_VN_WRITECNT],
    ['vm#52', vmp.MAP_CREATE_GUARD, vmp.MAP_ENTRY_GUARD],
  ])('A#4 %s flags become entry flags', (_rows, cow, eflags) => {
    const vm = booted();
    vm.map(at(0), 1, { cow });
    expect(vm.entry(at(0)).eflags).toBe(eflags);
    expect(vm.entry(at(0)).inheritance).toBe(vmp.VM_INHERIT_COPY);
  });

  test('A#4 vm#26 vm#29 vm#32 vm#33 vm#34 vm#35 vm#55 a new entry', () => {
    const vm = booted();
    vm.map(at(3), 2, { prot: 1, max: RW, cow: vmp.MAP_INHERIT_SHARE });
    const entry = vm.entry(at(3));
    expect(entry).toMatchObject({
      object: null,
      protection: 1,
      max_protection: RW,
      inheritance: vmp.VM_INHERIT_SHARE,
      read_ahead: vmp.VM_FAULT_READ_INIT,
      next_read: at(3),
      wired_count: 0,
    });
  });

  test('A#4 vm#37 vm#64 swap is charged to what may become private and dirty, once', () => {
    const vm = booted();
    const reserved = (): number => vm.k.vm.swap_reserved / PAGE;
    const object = vm_object_allocate(vm.k, vmp.OBJT_PHYS, 4);
    vm.map(at(0), 3);
    expect(reserved()).toBe(3);
    vm.map(at(10), 3, { prot: 1 });
    vm.map(at(20), 3, { prot: 0, cow: vmp.MAP_CREATE_GUARD });
    vm.map(at(30), 3, { cow: vmp.MAP_ACC_NO_CHARGE });
    vm.map(at(40), 3, { object });
    expect(reserved()).toBe(3);
    vm.map(at(50), 2, { object, cow: vmp.MAP_COPY_ON_WRITE });
    expect(reserved()).toBe(5);
    expect(vm.entry(at(50)).cred).toBe(1001);
    expect(vm.k.vm.swap_reserved_by.get(1001)).toBe(5 * PAGE);
    vm.unmap(at(0), 60);
    expect(reserved()).toBe(0);
    vm_object_deallocate(vm.k, object);
  });

  test('A#4 vm#128 vm.overcommit bit 1 refuses what swap cannot back', () => {
    const vm = booted({ swapBytes: 8 * PAGE });
    vm.k.vm.overcommit = 1;
    expect(vm.map(at(0), 6)).toBe(vmp.KERN_SUCCESS);
    expect(vm.map(at(10), 3)).toBe(vmp.KERN_RESOURCE_SHORTAGE);
    expect(vm.map(at(10), 3, { prot: 1 })).toBe(vmp.KERN_SUCCESS);
    expect(vm_map_protect(vm.k, vm.vm.vm_map, at(10), at(13), RW, false)).toBe(
      vmp.KERN_RESOURCE_SHORTAGE,
    );
    expect(vm.entry(at(10)).protection).toBe(1);
    expect(vm.map(at(20), 2)).toBe(vmp.KERN_SUCCESS);
    expect(vm.check()).toEqual([]);
  });

  test('A#4 A#15 a neighbour alike extends its predecessor, with its object and its charge', () => {
    const vm = booted();
    vm.map(at(0), 2);
    vm.write(at(1), 1);
    const object = vm.object(at(0));
    vm.map(at(2), 3);
    expect(vm.entries()).toEqual([[0, 5]]);
    expect(vm.object(at(4))).toBe(object);
    expect(object.size).toBe(5);
    expect(object.charge).toBe(5 * PAGE);
    // Other rights: an entry of its own, on the same object.
    vm.map(at(5), 1, { prot: 1 });
    expect(vm.entries()).toEqual([
      [0, 5],
      [5, 6],
    ]);
    expect(vm.check()).toEqual([]);
  });

  test('A#15 pages left beyond the end are not seen by what is mapped there anew', () => {
    const vm = booted();
    vm.map(at(0), 4);
    for (let i = 0; i < 4; i++) vm.write(at(i), 7);
    const child = vm.fork(vm.td.td_proc);
    vm.exit(child);
    vm.unmap(at(2), 2);
    vm.map(at(2), 2);
    expect(vm.read(at(2))).toBe(0);
    expect(vm.read(at(1))).toBe(7);
    expect(vm.check()).toEqual([]);
  });
});

describe('vm_map_find', () => {
  const find = (
    vm: VmKernel,
    pages: number,
    space: number,
    hint = at(0),
    max_addr = 0,
  ): { result: number; address: number } =>
    vm_map_find(vm.k, vm.vm.vm_map, null, 0, hint, pages * PAGE, max_addr, space, RW, RW, 0);

  test('A#3 A#6 vm#65 takes the lowest gap, an aligned one, or just the address', () => {
    const vm = booted();
    vm.map(at(1), 3);
    vm.map(at(6), 1);
    expect(find(vm, 3, vmp.VMFS_ANY_SPACE)).toEqual({ result: 0, address: at(7) });
    expect(find(vm, 2, vmp.VMFS_ANY_SPACE)).toEqual({ result: 0, address: at(4) });
    expect(find(vm, 1, 16 << 8, at(1)).address).toBe(at(16));
    expect(find(vm, 1, vmp.VMFS_NO_SPACE, at(1)).result).toBe(vmp.KERN_NO_SPACE);
    expect(find(vm, 9, vmp.VMFS_ANY_SPACE, at(1), at(12)).result).toBe(vmp.KERN_NO_SPACE);
    expect(vm.check()).toEqual([]);
  });

  test('A#6 vm#80 a large object is placed where 4 MB pages would fit', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 2048);
    object.flags |= vmp.OBJ_COLORED;
    object.pg_color = 3;
    const { address } = vm_map_find(
      vm.k,
      vm.vm.vm_map,
      object,
      0,
      at(5),
      2048 * PAGE,
      0,
      vmp.VMFS_OPTIMAL_SPACE,
      RW,
      RW,
      0,
    );
    expect((address / PAGE) % 1024).toBe(3);
    // Too small for one: anywhere.
    expect(find(vm, 8, vmp.VMFS_SUPER_SPACE, at(5)).address).toBe(at(5));
  });

  test('A#6 the end of the map', () => {
    const vm = booted();
    const { max_offset } = vm.vm.vm_map;
    expect(find(vm, 2, vmp.VMFS_ANY_SPACE, max_offset - PAGE).result).toBe(vmp.KERN_NO_SPACE);
    expect(find(vm, 1, vmp.VMFS_ANY_SPACE, max_offset - PAGE).address).toBe(max_offset - PAGE);
  });
});

describe('clipping and merging', () => {
  test('A#5 vm#30 vm#38 both halves share one object, at continuing offsets', () => {
    const vm = booted();
    vm.map(at(0), 6);
    vm_map_protect(vm.k, vm.vm.vm_map, at(2), at(4), 1, false);
    expect(vm.entries()).toEqual([
      [0, 2],
      [2, 4],
      [4, 6],
    ]);
    const object = vm.object(at(0));
    expect(object.ref_count).toBe(3);
    expect(object.size).toBe(6);
    expect(object.charge).toBe(6 * PAGE);
    for (const i of [0, 2, 4]) {
      expect(vm.object(at(i))).toBe(object);
      expect(vm.entry(at(i)).offset).toBe(i * PAGE);
      expect(vm.entry(at(i)).cred).toBe(-1);
    }
    vm_map_protect(vm.k, vm.vm.vm_map, at(2), at(4), RW, false);
    expect(vm.entries()).toEqual([[0, 6]]);
    expect(object.ref_count).toBe(1);
    expect(vm.check()).toEqual([]);
  });

  test.each<[string, (vm: VmKernel) => void]>([
    ['inheritance', (vm) => vm_map_inherit(vm.k, vm.vm.vm_map, at(2), at(4), vmp.VM_INHERIT_NONE)],
    [
      'wiring by the system',
      (vm) => vm_map_wire(vm.k, vm.vm.vm_map, at(2), at(4), vmp.VM_MAP_WIRE_SYSTEM),
    ],
    ['wiring', (vm) => vm_map_wire(vm.k, vm.vm.vm_map, at(2), at(4), vmp.VM_MAP_WIRE_USER)],
    ['the ceiling', (vm) => vm_map_protect(vm.k, vm.vm.vm_map, at(2), at(4), RW, true)],
  ])('A#5 %s keeps entries apart', (_what, change) => {
    const vm = booted();
    vm.map(at(0), 6);
    change(vm);
    expect(vm.entries()).toEqual([
      [0, 2],
      [2, 4],
      [4, 6],
    ]);
    expect(vm.check()).toEqual([]);
  });

  test('A#5 next_read and read_ahead are not compared', () => {
    const vm = booted();
    vm.map(at(0), 6);
    vm_map_protect(vm.k, vm.vm.vm_map, at(2), at(4), 1, false);
    vm.entry(at(2)).read_ahead = 3;
    vm.entry(at(2)).next_read = at(1);
    vm_map_protect(vm.k, vm.vm.vm_map, at(2), at(4), RW, false);
    expect(vm.entries()).toEqual([[0, 6]]);
  });
});

describe('vm_map_protect', () => {
  test('A#7 vm#33 above the ceiling nothing changes', () => {
    const vm = booted();
    vm.map(at(0), 2);
    vm.map(at(4), 2, { prot: 1, max: 1 });
    expect(vm_map_protect(vm.k, vm.vm.vm_map, at(0), at(6), RW, false)).toBe(
      vmp.KERN_PROTECTION_FAILURE,
    );
    expect(vm_map_protect(vm.k, vm.vm.vm_map, at(0), at(6), 1, false)).toBe(vmp.KERN_SUCCESS);
    expect(vm_map_check_protection(vm.vm.vm_map, at(0), at(2), 1)).toBe(true);
    expect(vm_map_check_protection(vm.vm.vm_map, at(0), at(6), 1)).toBe(false);
  });

  test('A#7 set_max lowers the ceiling and what is above it, for ever', () => {
    const vm = booted();
    vm.map(at(0), 2);
    vm_map_protect(vm.k, vm.vm.vm_map, at(0), at(2), 1, true);
    expect(vm.entry(at(0))).toMatchObject({ protection: 1, max_protection: 1 });
    expect(vm_map_protect(vm.k, vm.vm.vm_map, at(0), at(2), RW, false)).toBe(
      vmp.KERN_PROTECTION_FAILURE,
    );
  });

  test('A#7 A#27 rights taken leave the page tables at once, rights given come with a fault', () => {
    const vm = booted();
    vm.map(at(0), 1);
    vm.write(at(0), 1);
    vm_map_protect(vm.k, vm.vm.vm_map, at(0), at(1), 1, false);
    expect(vm.write(at(0), 2)).toBe(-vmp.KERN_PROTECTION_FAILURE);
    expect(vm.read(at(0))).toBe(1);
    vm_map_protect(vm.k, vm.vm.vm_map, at(0), at(1), RW, false);
    expect(vm.pte(at(0)) & 2).toBe(0);
    expect(vm.write(at(0), 2)).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#7 vm#44 wired memory gets its copies when it becomes writable', () => {
    const vm = booted({ files: { f: new Uint8Array(2 * PAGE).fill(9) } });
    vm.process();
    const object = vm.file('f').v_object;
    vm.map(at(0), 2, { object, prot: 1, cow: vmp.MAP_COPY_ON_WRITE });
    expect(vm_map_wire(vm.k, vm.vm.vm_map, at(0), at(2), vmp.VM_MAP_WIRE_USER)).toBe(0);
    vm_map_protect(vm.k, vm.vm.vm_map, at(0), at(2), RW, false);
    expect(vm.entry(at(0)).eflags & (vmp.MAP_ENTRY_COW | vmp.MAP_ENTRY_NEEDS_COPY)).toBe(0);
    expect(vm.page(at(0)).wire_count).toBe(1);
    expect(vm.page(at(0)).object).not.toBe(object);
    expect(vm.read(at(1))).toBe(9);
    expect(vm.check()).toEqual([]);
  });
});

describe('stacks', () => {
  const stack = (vm: VmKernel, pages: number): number =>
    vm_map_stack(vm.k, vm.vm.vm_map, at(0), pages * PAGE, RW, vmp.VM_PROT_ALL, false);

  test('A#22 vm#25 vm#49 vm#52 only the top is mapped; a fault in the gap grows it, the guard stays', () => {
    const vm = booted();
    expect(stack(vm, 100)).toBe(vmp.KERN_SUCCESS);
    expect(vm.entries()).toEqual([
      [0, 68],
      [68, 100],
    ]);
    expect(vm.entry(at(0)).eflags).toBe(vmp.MAP_ENTRY_GUARD | vmp.MAP_ENTRY_STACK_GAP_DN);
    expect(vm.write(at(0), 1)).toBe(-vmp.KERN_INVALID_ADDRESS);
    expect(vm.entry(at(68)).start).toBe(at(68));
    expect(vm.write(at(40), 1)).toBe(0);
    expect(vm.entry(at(40)).start).toBe(at(36));
    expect(vm.write(at(1), 1)).toBe(0);
    expect(vm.write(at(0), 1)).toBe(-vmp.KERN_INVALID_ADDRESS);
    expect(vm.entry(at(0)).end).toBe(at(1));
    expect(vm.check()).toEqual([]);
  });

  test('A#22 a stack no larger than its guard is refused', () => {
    const vm = booted();
    expect(stack(vm, 1)).toBe(vmp.KERN_INVALID_ARGUMENT);
    expect(stack(vm, 2)).toBe(vmp.KERN_SUCCESS);
  });

  test('A#22 vm#5 vm#7 the main stack ends at RLIMIT_STACK', () => {
    const vm = booted();
    vm.vm.vm_maxsaddr = at(0);
    vm.vm.vm_stacktop = at(200);
    expect(stack(vm, 200)).toBe(vmp.KERN_SUCCESS);
    vm.vm.vm_ssize = 32;
    vm.td.td_proc.p_limit.pl_rlimit[RLIMIT_STACK].rlim_cur = 72 * PAGE;
    expect(vm.write(at(128), 1)).toBe(0);
    expect(vm.vm.vm_ssize).toBe(72);
    expect(vm.write(at(127), 1)).toBe(-vmp.KERN_INVALID_ADDRESS);
  });

  test('A#22 a stack that may not grow, for want of swap, is what it was', () => {
    const vm = booted({ swapBytes: 48 * PAGE });
    vm.k.vm.overcommit = 1;
    expect(stack(vm, 100)).toBe(vmp.KERN_SUCCESS);
    const before = vm.entries();
    expect(vm.write(at(60), 1)).toBe(-vmp.KERN_INVALID_ADDRESS);
    expect(vm.entries()).toEqual(before);
    expect(vm.write(at(70), 1)).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#22 another process that looks in does not grow it', () => {
    const vm = booted();
    stack(vm, 100);
    const { vm_map } = vm.vm;
    vm.process();
    expect(vm_map_lookup_entry(vm_map, at(40))?.eflags).toBe(
      vmp.MAP_ENTRY_GUARD | vmp.MAP_ENTRY_STACK_GAP_DN,
    );
    expect(vm.touch(at(40), true)).toBe(vmp.KERN_INVALID_ADDRESS);
    expect(vm_map.header.next.end).toBe(at(68));
  });

  test('A#22 vm#17 with MAP_WIREFUTURE what grows is wired, within RLIMIT_MEMLOCK', () => {
    const vm = booted();
    stack(vm, 100);
    vm.vm.vm_map.flags |= vmp.MAP_WIREFUTURE;
    vm.td.td_proc.p_limit.pl_rlimit[RLIMIT_MEMLOCK].rlim_cur = 40 * PAGE;
    expect(vm.write(at(60), 1)).toBe(0);
    expect(vm.page(at(60)).wire_count).toBe(1);
    expect(vm.vm.vm_pmap.wired_count).toBe(32);
    expect(vm.write(at(20), 1)).toBe(-vmp.KERN_INVALID_ADDRESS);
    expect(vm.check()).toEqual([]);
  });
});

describe('removal', () => {
  test('A#9 vm#79 a hole in the middle frees its pages when nobody else sees them', () => {
    const vm = booted();
    const free = vm.k.vm.cnt.v_free_count;
    vm.map(at(0), 6);
    for (let i = 0; i < 6; i++) vm.write(at(i), i);
    const used = vm.k.vm.cnt.v_free_count;
    vm.unmap(at(2), 2);
    expect(vm.entries()).toEqual([
      [0, 2],
      [4, 6],
    ]);
    expect(vm.k.vm.cnt.v_free_count).toBe(used + 2);
    expect(vm.read(at(5))).toBe(5);
    expect(vm.read(at(2))).toBe(-vmp.KERN_INVALID_ADDRESS);
    vm.unmap(at(0), 6);
    expect(vm.k.vm.cnt.v_free_count).toBe(free);
    expect(vm.k.vm.swap_reserved).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#9 a tail shrinks the object and gives its charge back', () => {
    const vm = booted();
    vm.map(at(0), 6);
    vm.write(at(0), 1);
    vm_map_protect(vm.k, vm.vm.vm_map, at(3), at(6), 1, false);
    vm.unmap(at(3), 3);
    expect(vm.object(at(0)).size).toBe(3);
    expect(vm.k.vm.swap_reserved).toBe(3 * PAGE);
    expect(vm.check()).toEqual([]);
  });
});

describe('wiring', () => {
  test('A#9 vm#36 vm#103 a user counts once, pages leave their queues', () => {
    const vm = booted();
    const map = vm.vm.vm_map;
    vm.map(at(0), 3);
    const wired = vm.k.vm.cnt.v_wire_count;
    for (let i = 0; i < 2; i++)
      expect(vm_map_wire(vm.k, map, at(0), at(3), vmp.VM_MAP_WIRE_USER)).toBe(0);
    vm_map_wire(vm.k, map, at(0), at(3), vmp.VM_MAP_WIRE_SYSTEM);
    expect(vm.entry(at(0)).wired_count).toBe(2);
    const m = vm.page(at(1));
    expect(m).toMatchObject({ wire_count: 1, queue: vmp.PQ_NONE });
    // One page table besides.
    expect(vm.k.vm.cnt.v_wire_count).toBe(wired + 4);
    vm_map_unwire(vm.k, map, at(0), at(3), vmp.VM_MAP_WIRE_USER);
    expect(m.wire_count).toBe(1);
    vm_map_unwire(vm.k, map, at(0), at(3), vmp.VM_MAP_WIRE_SYSTEM);
    expect(m).toMatchObject({ wire_count: 0, queue: vmp.PQ_ACTIVE });
    expect(vm.vm.vm_pmap.wired_count).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#9 vm#50 vm#67 holes and unreadable entries', () => {
    const vm = booted();
    const map = vm.vm.vm_map;
    vm.map(at(0), 1);
    vm.map(at(2), 1, { prot: 0 });
    vm.map(at(4), 1);
    const wire = (flags: number): number => vm_map_wire(vm.k, map, at(0), at(5), flags);
    expect(wire(vmp.VM_MAP_WIRE_USER)).toBe(vmp.KERN_INVALID_ADDRESS);
    expect(vm.entry(at(0)).wired_count).toBe(0);
    expect(wire(vmp.VM_MAP_WIRE_USER | vmp.VM_MAP_WIRE_HOLESOK)).toBe(0);
    expect([0, 2, 4].map((i) => vm.entry(at(i)).wired_count)).toEqual([1, 0, 1]);
    expect(vm.check()).toEqual([]);
  });

  test('A#9 what cannot be wired as a whole is not wired at all', () => {
    const vm = booted({ files: { f: new Uint8Array(PAGE) } });
    vm.process();
    vm.map(at(0), 1);
    vm.map(at(1), 2, { object: vm.file('f').v_object, prot: 1 });
    const result = vm_map_wire(vm.k, vm.vm.vm_map, at(0), at(3), vmp.VM_MAP_WIRE_USER);
    expect(result).toBe(vmp.KERN_OUT_OF_BOUNDS);
    expect(vm.entry(at(0)).wired_count).toBe(0);
    expect(vm.vm.vm_pmap.wired_count).toBe(0);
    expect(vm.check()).toEqual([]);
  });
});

test('vm#11 vm#14 locks: a timestamp for each exclusive holder, none for readers', () => {
  const { vm_map: map } = booted().vm;
  const before = map.timestamp;
  vm_map_lock_read(map);
  vm_map_lock_read(map);
  expect(() => {
    vm_map_lock(map);
  }).toThrow('locked');
  expect(vm_map_lock_upgrade(map)).toBe(false);
  expect(map.timestamp).toBe(before);
  expect(vm_map_lock_upgrade(map)).toBe(true);
  expect(map.timestamp).toBe(before + 1);
  vm_map_lock_downgrade(map);
  vm_map_unlock_read(map);
  vm_map_lock(map);
  expect(map.timestamp).toBe(before + 2);
  vm_map_unlock(map);
  expect(() => {
    vm_map_unlock(map);
  }).toThrow('not locked');
});
