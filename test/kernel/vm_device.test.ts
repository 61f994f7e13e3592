// Memory that is not the kernel's: fictitious pages, the device, managed device, sg and phys pagers,
// memory attributes; and the kernel's own: arena, submaps, wired memory.

import { describe, expect, test } from 'vitest';
import { ACCESS_USER, ACCESS_WRITE } from '../../emulator/index.js';
import { fb_attach, mem_mmap, VGA_BASE, VGA_SIZE } from '../../kernel/kern/cdev_mem.js';
import { DEV_FB0, DEV_MEM } from '../../kernel/fs/devfs.js';
import { dev_pager_allocate, sg_pager_allocate } from '../../kernel/vm/device_pager.js';
import {
  VM_MEMATTR_DEFAULT,
  VM_MEMATTR_UNCACHEABLE,
  VM_MEMATTR_WRITE_COMBINING,
  kernel_pmap,
  pmap_cache_bits,
  pmap_change_attr,
  pmap_enter,
  pmap_init_pat,
  pmap_pte_value,
  pmap_remove,
} from '../../kernel/vm/pmap.js';
import { vm_fault } from '../../kernel/vm/vm_fault.js';
import {
  kmap_alloc_wait,
  kmap_free_wakeup,
  kmem_free,
  kmem_malloc,
  kmem_suballoc,
  kva_alloc,
  kva_free,
  vm_ksubmap_init,
} from '../../kernel/vm/vm_kern.js';
import { vm_map_lookup_entry } from '../../kernel/vm/vm_map.js';
import {
  vm_object_allocate,
  vm_object_deallocate,
  vm_object_pages,
} from '../../kernel/vm/vm_object.js';
import {
  PHYS_TO_VM_PAGE,
  vm_page_alloc,
  vm_page_getfake,
  vm_page_unwire,
  vm_page_lookup,
} from '../../kernel/vm/vm_page.js';
import { vm_pager_haspage_run, vm_pager_put_pages } from '../../kernel/vm/vm_pager.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import {
  vm_phys_fictitious_reg_range,
  vm_phys_fictitious_unreg_range,
} from '../../kernel/vm/vm_phys.js';
import type { vm_map, vm_object } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;
const [V, RW, PWT, PCD, PS, G, W, MANAGED] = [1, 2, 8, 0x10, 0x80, 0x100, 0x200, 0x400];
const MB = 1 << 20;

function booted(ramBytes = 16 * MB): VmKernel {
  const vm = new VmKernel({ ramBytes });
  vm.process();
  return vm;
}

const share = (object: vm_object) => ({ object, cow: vmp.MAP_INHERIT_SHARE });

describe('fictitious pages', () => {
  test('vm#119 a range of device memory is found by its physical address, and never free', () => {
    const vm = booted();
    const { v_wire_count, v_page_count } = vm.k.vm.cnt;
    const make = (pa: number) => vm_page_getfake(vm.k, pa, VM_MEMATTR_UNCACHEABLE);
    expect(vm_phys_fictitious_reg_range(vm.k, 0xf0000000, 0xf0004000, make)).toBe(0);
    const m = PHYS_TO_VM_PAGE(vm.k, 0xf0001234);
    expect(m).toMatchObject({
      phys_addr: 0xf0001000,
      wire_count: 1,
      segind: -1,
      queue: vmp.PQ_NONE,
    });
    expect((m?.flags ?? 0) & vmp.PG_FICTITIOUS).toBeTruthy();
    expect(vm.k.vm.fakepg).toEqual({ used: 4, requests: 4 });
    expect(vm.k.vm.cnt).toMatchObject({ v_wire_count, v_page_count });
    // Neither over memory nor over another range.
    expect(vm_phys_fictitious_reg_range(vm.k, 0x200000, 0x201000, make)).not.toBe(0);
    expect(vm_phys_fictitious_reg_range(vm.k, 0xf0003000, 0xf0008000, make)).not.toBe(0);
    vm_phys_fictitious_unreg_range(vm.k, 0xf0000000, 0xf0004000);
    expect(PHYS_TO_VM_PAGE(vm.k, 0xf0001234)).toBeNull();
    expect(vm.check()).toEqual([]);
  });
});

describe('the device pager', () => {
  test('A#25 vm#95 vm#119 a frame buffer: fake pages replace what the fault allocated', () => {
    const vm = booted();
    fb_attach(vm.k);
    const object = mem_mmap(vm.k, DEV_FB0, 0, VGA_SIZE) as vm_object;
    expect(object).toMatchObject({ type: vmp.OBJT_DEVICE, size: 32 });
    expect(object.flags).toBe(vmp.OBJ_FICTITIOUS | vmp.OBJ_UNMANAGED);
    vm.map(at(0), 32, share(object));
    const free = vm.k.vm.cnt.v_free_count;
    expect(vm.write(at(3) + 5, 77)).toBe(0);
    expect(vm.k.machine.ram8[VGA_BASE + 3 * PAGE + 5]).toBe(77);
    // One page table, and no page of memory.
    expect(vm.k.vm.cnt.v_free_count).toBe(free - 1);
    const m = vm_page_lookup(object, 3);
    expect(m).toMatchObject({ phys_addr: VGA_BASE + 3 * PAGE, wire_count: 1, valid: 0xff });
    expect(object.devp?.pglist.size).toBe(1);
    expect(vm.pte(at(3)) & (V | RW | MANAGED)).toBe(V | RW);
    expect(vm.check()).toEqual([]);
    // All who map the device share one object.
    expect(mem_mmap(vm.k, DEV_FB0, 0, PAGE)).toBe(object);
    vm_object_deallocate(vm.k, object);
    const { used } = vm.k.vm.fakepg;
    vm.unmap(at(0), 32);
    vm_object_deallocate(vm.k, object);
    expect(object.type).toBe(vmp.OBJT_DEAD);
    expect(vm.k.vm.fakepg.used).toBe(used - 1);
    expect(vm.k.vm.dev_pager_objects.size).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#25 vm#95 /dev/mem shows the memory of others; beyond a device there is nothing', () => {
    const vm = booted();
    vm.map(at(100), 1);
    vm.write(at(100), 42);
    const { phys_addr } = vm.page(at(100));
    const object = mem_mmap(vm.k, DEV_MEM, phys_addr, PAGE) as vm_object;
    vm.map(at(0), 1, { ...share(object), offset: phys_addr });
    expect(vm.read(at(0))).toBe(42);
    vm.write(at(0), 43);
    expect(vm.read(at(100))).toBe(43);
    expect(vm.page(at(100)).wire_count).toBe(0);
    expect(mem_mmap(vm.k, DEV_FB0, VGA_SIZE - PAGE, 2 * PAGE)).toBeNull();
    expect(vm.check()).toEqual([]);
  });

  test('A#25 vm#95 pages of a device are not written anywhere', () => {
    const vm = booted();
    const object = mem_mmap(vm.k, DEV_FB0, 0, PAGE) as vm_object;
    vm.map(at(0), 1, share(object));
    vm.write(at(0), 1);
    const m = vm_page_lookup(object, 0);
    expect(() => vm_pager_put_pages(vm.k, object, m === null ? [] : [m])).toThrow(
      'dev_pager_putpage',
    );
  });

  test('A#25 A#27 vm#95 vm#160 4 MB of contiguous device memory are mapped when they are mapped', () => {
    const vm = booted(32 * MB);
    const pa = 20 * MB;
    const d_mmap = (_k: unknown, i: number): number => (i < 2048 ? pa + i * PAGE : -1);
    const memattr = VM_MEMATTR_UNCACHEABLE;
    const object = dev_pager_allocate(vm.k, vmp.OBJT_DEVICE, 0x99, d_mmap, 0, 4 * MB, memattr);
    if (object === null) throw new Error('no object');
    const cow = vmp.MAP_INHERIT_SHARE | vmp.MAP_PREFAULT_PARTIAL;
    vm.map(at(0), 1024, { object, cow });
    expect(vm.k.pmap.pde_mappings).toBe(1);
    expect(vm.pte(at(7)) >>> 0).toBe((pa + 7 * PAGE) | 0xe7 | PWT | PCD);
    expect(vm.k.machine.translate(at(7) + 1, ACCESS_USER | ACCESS_WRITE)).toBe(pa + 7 * PAGE + 1);
    expect(vm.check()).toEqual([]);
    // A hole: demoted, with a table that there was not before.
    vm.unmap(at(7), 1);
    expect(vm.pte(at(7))).toBe(0);
    expect(vm.pte(at(8)) & PS).toBe(0);
    expect(vm.pte(at(8)) >>> 12).toBe((pa + 8 * PAGE) >>> 12);
    expect(vm.check()).toEqual([]);
  });

  test('A#25 vm#78 vm#95 a managed device gives its own pages, known by pv entries', () => {
    const vm = booted();
    vm_phys_fictitious_reg_range(vm.k, VGA_BASE, VGA_BASE + 4 * PAGE, (pa) => {
      const m = vm_page_getfake(vm.k, pa, VM_MEMATTR_DEFAULT);
      m.oflags = 0;
      m.busy_lock = vmp.VPB_UNBUSIED;
      return m;
    });
    const object = dev_pager_allocate(
      vm.k,
      vmp.OBJT_MGTDEVICE,
      0x98,
      (_k, i) => (i < 4 ? VGA_BASE + i * PAGE : -1),
      0,
      4 * PAGE,
      VM_MEMATTR_DEFAULT,
    ) as vm_object;
    vm.map(at(0), 4, share(object));
    expect(vm.write(at(2), 9)).toBe(0);
    const m = PHYS_TO_VM_PAGE(vm.k, VGA_BASE + 2 * PAGE);
    expect(m?.object).toBe(object);
    expect(m?.pv_list?.pv_va).toBe(at(2));
    expect(vm.pte(at(2)) & MANAGED).toBe(MANAGED);
    vm.unmap(at(0), 4);
    vm_object_deallocate(vm.k, object);
    expect(m).toMatchObject({ object: null, pv_list: null });
  });
});

describe('the sg and phys pagers', () => {
  test('A#25 vm#97 a scatter list in its order, whole pages, not more than there is', () => {
    const vm = booted();
    const list = [
      { ss_paddr: VGA_BASE + 5 * PAGE, ss_len: 2 * PAGE },
      { ss_paddr: VGA_BASE, ss_len: PAGE },
    ];
    const make = (size: number, l = list): vm_object | null =>
      sg_pager_allocate(vm.k, l, 0, size, VM_MEMATTR_DEFAULT);
    expect(make(4 * PAGE)).toBeNull();
    expect(make(PAGE, [{ ss_paddr: VGA_BASE + 1, ss_len: PAGE }])).toBeNull();
    const object = make(3 * PAGE) as vm_object;
    expect(object).toMatchObject({ type: vmp.OBJT_SG, size: 3 });
    vm.map(at(0), 3, share(object));
    for (let i = 0; i < 3; i++) vm.write(at(i), 10 + i);
    const { ram8 } = vm.k.machine;
    expect([5, 6, 0].map((i) => ram8[VGA_BASE + i * PAGE])).toEqual([10, 11, 12]);
    expect(() => vm_pager_put_pages(vm.k, object, vm_object_pages(object, 0, 0))).toThrow(
      'sg_pager',
    );
  });

  test('A#25 vm#91 vm#96 phys: zero-filled, on no queue, never written out', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_PHYS, 2000);
    vm.map(at(0), 2, share(object));
    expect(vm.read(at(1))).toBe(0);
    vm.write(at(1), 5);
    const m = vm.page(at(1));
    expect(m).toMatchObject({ queue: vmp.PQ_NONE, oflags: vmp.VPO_UNMANAGED });
    m.wire_count++;
    vm.k.vm.cnt.v_wire_count++;
    vm_page_unwire(vm.k, m, vmp.PQ_ACTIVE);
    expect(m.queue).toBe(vmp.PQ_NONE);
    expect(vm_pager_haspage_run(vm.k, object, 1030)).toEqual({ before: 6, after: 1017 });
    expect(() => vm_pager_put_pages(vm.k, object, [m])).toThrow('phys_pager');
    expect(vm.check()).toEqual([]);
  });
});

describe('memory attributes', () => {
  test('A#27 vm#155 vm#159 bits by attribute, for each kind of PAT', () => {
    const { k } = booted();
    const bits = (pde: boolean): number[] =>
      [0, 1, 4, 5, 6, 7].map((mode) => pmap_cache_bits(k, mode, pde));
    // UC, WC, WT, WP, WB, UC-
    expect(k.pmap.pat_works).toBe(false);
    expect(bits(false)).toEqual([0x18, 0x18, 0x08, 0x18, 0, 0x18]);
    pmap_init_pat(k, 'four');
    expect(bits(false)).toEqual([0x18, 0x10, 0x08, 0x18, 0, 0x18]);
    pmap_init_pat(k, 'eight');
    expect(k.pmap.pat_works).toBe(true);
    expect(bits(false)).toEqual([0x18, 0x90, 0x08, 0x88, 0, 0x10]);
    expect(bits(true)).toEqual([0x18, 0x1010, 0x08, 0x1008, 0, 0x10]);
    expect(() => pmap_cache_bits(k, 2, false)).toThrow('caching mode');
  });

  test('A#27 vm#77 vm#102 vm#159 pages take the attribute of their object into their entries', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 4);
    object.memattr = VM_MEMATTR_WRITE_COMBINING;
    vm.map(at(0), 4, share(object));
    vm.write(at(1), 1);
    expect(vm.page(at(1)).pat_mode).toBe(VM_MEMATTR_WRITE_COMBINING);
    expect(vm.pte(at(1)) & (PWT | PCD)).toBe(PWT | PCD);
    vm.map(at(8), 1);
    vm.write(at(8), 1);
    expect(vm.pte(at(8)) & (PWT | PCD)).toBe(0);
  });

  test('A#27 vm#159 pmap_change_attr: kernel addresses that are mapped, all or nothing', () => {
    const vm = booted();
    const { va } = kmem_malloc(vm.k, 3 * PAGE);
    const pte = (i: number): number => pmap_pte_value(vm.k, kernel_pmap(vm.k), va + i * PAGE);
    expect(pmap_change_attr(vm.k, va + PAGE, PAGE, VM_MEMATTR_UNCACHEABLE)).toBe(0);
    expect([0, 1, 2].map((i) => pte(i) & (PWT | PCD))).toEqual([0, PWT | PCD, 0]);
    expect(pmap_change_attr(vm.k, va, 8 * PAGE, VM_MEMATTR_UNCACHEABLE)).not.toBe(0);
    expect(pte(0) & PCD).toBe(0);
    expect(pmap_change_attr(vm.k, at(0), PAGE, VM_MEMATTR_UNCACHEABLE)).not.toBe(0);
    expect(pmap_change_attr(vm.k, va, PAGE, 3)).not.toBe(0);
  });
});

describe('invalidation', () => {
  test('A#27 vm#148 one page by INVLPG, a range by one flush, nothing for a map that is not loaded', () => {
    const vm = new VmKernel({ mask: 0xffffff });
    vm.process();
    const pm = vm.vm.vm_pmap;
    const flushed = (f: () => void): number[] => {
      vm.events.length = 0;
      f();
      return vm.events.flatMap((e) => (e.type === 'pmap' && e.op === 'invalidate' ? [e.va] : []));
    };
    vm.map(at(0), 20);
    for (let i = 0; i < 20; i++) vm.write(at(i), 1);
    expect(flushed(() => { pmap_remove(vm.k, pm, at(3), at(4)); })).toEqual([at(3)]); // prettier-ignore
    expect(flushed(() => { pmap_remove(vm.k, pm, at(4), at(9)); })).toEqual([0xffffffff]); // prettier-ignore
    expect(flushed(() => { pmap_remove(vm.k, pm, at(4), at(9)); })).toEqual([]); // prettier-ignore
    // The same page with more rights: a stale entry costs a fault at most.
    const m = vm.page(at(0));
    const enter = (prot: number): void => {
      pmap_enter(vm.k, pm, at(0), m, prot, vmp.VM_PROT_READ, false);
    };
    expect(flushed(() => { enter(vmp.VM_PROT_READ); })).toEqual([at(0)]); // prettier-ignore
    expect(flushed(() => { enter(vmp.VM_PROT_READ | vmp.VM_PROT_WRITE); })).toEqual([]); // prettier-ignore
    vm.process();
    expect(flushed(() => { pmap_remove(vm.k, pm, at(10), at(15)); })).toEqual([]); // prettier-ignore
  });
});

describe('kernel memory', () => {
  test('vm#138 vm#139 vm#143 addresses come from the map in NOFAULT chunks of 4 MB', () => {
    const vm = booted();
    const map = vm.k.vm.kernel_map as vm_map;
    const a = kva_alloc(vm.k, 3 * PAGE);
    const b = kva_alloc(vm.k, PAGE);
    expect(b).toBe(a + 3 * PAGE);
    const chunk = vm_map_lookup_entry(map, a);
    expect(chunk).toMatchObject({ object: null, eflags: vmp.MAP_ENTRY_NOFAULT });
    expect([(chunk?.start ?? 1) % (4 * MB), (chunk?.end ?? 1) % (4 * MB)]).toEqual([0, 0]);
    kva_free(vm.k, a, 3 * PAGE);
    kva_free(vm.k, b, PAGE);
    expect(vm.k.vm.kernel_arena.length).toBe(1);
    expect(kva_alloc(vm.k, 2 * PAGE)).toBe(a);
    expect(() => kva_free(vm.k, a + 2 * PAGE, PAGE)).toThrow('free already');
    const large = kva_alloc(vm.k, 9 * MB);
    expect(vm_map_lookup_entry(map, large)).not.toBeNull();
    expect(vm.check()).toEqual([]);
    expect(() => vm_fault(vm.k, map, a, vmp.VM_PROT_READ, 0)).toThrow('nofault entry');
  });

  test('vm#91 vm#139 kmem: wired, global, unmanaged pages of the kernel object, by address', () => {
    const vm = booted();
    const { v_free_count, v_wire_count } = vm.k.vm.cnt;
    const { va, pages } = kmem_malloc(vm.k, 2 * PAGE);
    expect(vm.k.vm.cnt).toMatchObject({
      v_free_count: v_free_count - 2,
      v_wire_count: v_wire_count + 2,
    });
    const pindex = (va - (vm.k.vm.kernel_map?.min_offset ?? 0)) / PAGE;
    expect(pages.map((m) => m.pindex)).toEqual([pindex, pindex + 1]);
    expect(pages[0].object).toBe(vm.k.vm.kernel_object);
    expect(pages[0].oflags & vmp.VPO_UNMANAGED).toBeTruthy();
    const pte = pmap_pte_value(vm.k, kernel_pmap(vm.k), va);
    expect(pte & (V | RW | G | W | MANAGED)).toBe(V | RW | G | W);
    expect(vm.k.vm.kmem).toEqual({ in_use: 1, bytes: 2 * PAGE, requests: 1 });
    kmem_free(vm.k, va, 2 * PAGE);
    expect(vm.k.vm.cnt).toMatchObject({ v_free_count, v_wire_count });
    expect(pmap_pte_value(vm.k, kernel_pmap(vm.k), va)).toBe(0);
    expect(vm.k.machine.checkTlb()).toEqual([]);
    expect(vm.check()).toEqual([]);
  });

  test('vm#15 vm#19 vm#21 vm#40 vm#138 a submap shares the pmap; who finds it full waits', () => {
    const vm = booted();
    const parent = vm.k.vm.kernel_map as vm_map;
    const map = kmem_suballoc(vm.k, 4 * PAGE);
    expect(map).toMatchObject({ system_map: true, pmap: parent.pmap });
    const entry = vm_map_lookup_entry(parent, map.min_offset);
    expect(entry?.sub_map).toBe(map);
    expect((entry?.eflags ?? 0) & vmp.MAP_ENTRY_IS_SUB_MAP).toBeTruthy();
    const first = kmap_alloc_wait(vm.k, map, 3 * PAGE);
    expect(first).toBe(map.min_offset);
    expect(kmap_alloc_wait(vm.k, map, 5 * PAGE)).toBe(0);
    expect(map.needs_wakeup).toBe(false);
    expect(vm.sleeps(() => kmap_alloc_wait(vm.k, map, 2 * PAGE))).toBe('kmaw');
    expect(map.needs_wakeup).toBe(true);
    // Pageable: a fault on the parent finds its way down.
    expect(vm_fault(vm.k, parent, first, vmp.VM_PROT_WRITE, 0)).toBe(0);
    kmap_free_wakeup(vm.k, map, first, 3 * PAGE);
    expect(map.needs_wakeup).toBe(false);
    expect(kmap_alloc_wait(vm.k, map, 2 * PAGE)).toBe(first);
  });

  test('vm#138 exec_map has room for the arguments of 16 execs, pipe_map for a 64th of memory', () => {
    const vm = booted(64 * MB);
    vm_ksubmap_init(vm.k);
    const size = (map: vm_map | null): number => (map?.max_offset ?? 0) - (map?.min_offset ?? 0);
    expect(size(vm.k.vm.exec_map)).toBe(16 * (1024 + (256 << 10)));
    expect(size(vm.k.vm.pipe_map)).toBe(
      // Of 16287 pages: not the first, nor the hole below 1 MB.
      Math.floor(16287 / 64) * PAGE,
    );
    expect(vm.check()).toEqual([]);
  });

  test('vm#103 vm#113 page tables are wired pages, and belong to nobody', () => {
    const vm = booted();
    const m = vm_page_alloc(vm.k, null, 0, vmp.VM_ALLOC_NOOBJ | vmp.VM_ALLOC_WIRED);
    expect(m).toMatchObject({ object: null, wire_count: 1, oflags: vmp.VPO_UNMANAGED });
  });
});
