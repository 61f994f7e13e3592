// What an address space consists of: fields of vmspace, map and entry that nothing else names.

import { describe, expect, test } from 'vitest';
import { DEV_FB0, DEV_MEM } from '../../kernel/fs/devfs.js';
import { fb_attach, mem_mmap } from '../../kernel/kern/cdev_mem.js';
import { RLIMIT_DATA, RLIMIT_VMEM } from '../../kernel/sys/resource.js';
import { P_PROTECTED } from '../../kernel/sys/proc.js';
import type { vnode } from '../../kernel/sys/vnode.js';
import { kernel_pmap, pmap_mincore, pmap_remove, pmap_remove_all } from '../../kernel/vm/pmap.js';
import { vm_fault } from '../../kernel/vm/vm_fault.js';
import { vm_fault_hold } from '../../kernel/vm/vm_fault_hold.js';
import { kmap_alloc_wait, kmap_free_wakeup, vm_ksubmap_init } from '../../kernel/vm/vm_kern.js';
import {
  vm_map_find,
  vm_map_lookup_entry,
  vm_map_protect,
  vm_map_remove,
} from '../../kernel/vm/vm_map.js';
import { vm_map_madvise, vm_map_sync } from '../../kernel/vm/vm_map_advice.js';
import { vm_map_stack } from '../../kernel/vm/vm_map_stack.js';
import { vm_map_wire } from '../../kernel/vm/vm_map_wire.js';
import {
  MAP_ANON,
  MAP_EXCL,
  MAP_FIXED,
  MAP_PRIVATE,
  kern_break,
  kern_madvise,
  kern_mincore,
  kern_mmap,
  kern_mprotect,
  kern_msync,
} from '../../kernel/vm/vm_mmap.js';
import {
  vm_object_allocate,
  vm_object_deallocate,
  vm_object_pages,
  vm_object_set_memattr,
  vnode_pager_update_writecount,
} from '../../kernel/vm/vm_object.js';
import { vm_object_page_clean } from '../../kernel/vm/vm_object_clean.js';
import { VM_OBJECT_RLOCK, VM_OBJECT_RUNLOCK } from '../../kernel/vm/vm_object_lock.js';
import {
  vm_page_alloc,
  vm_page_cache,
  vm_page_free,
  vm_page_lookup,
} from '../../kernel/vm/vm_page.js';
import { vmspace_exec, vmspace_free } from '../../kernel/vm/vm_glue.js';
import type { vm_map, vm_object, vm_page, vmspace } from '../../kernel/vm/vm_types.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;
const ENOMEM = 12;
const EACCES = 13;
const EINVAL = 22;

function booted(options?: ConstructorParameters<typeof VmKernel>[0]): VmKernel {
  const vm = new VmKernel(options);
  vm.process();
  return vm;
}

/** A process with a mapping of a file of `pages` pages at page 0. */
function with_file(pages: number, cow = 0, prot = 3): [VmKernel, vm_object] {
  const bytes = new Uint8Array(pages * PAGE);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(i / PAGE) + 1;
  const vm = booted({ files: { f: bytes } });
  const object = vm.file('f').v_object as vm_object;
  vm.map(at(0), pages, { object, cow, prot });
  return [vm, object];
}

const mmap = (vm: VmKernel, addr: number, len: number, flags = 0): number =>
  kern_mmap(vm.k, vm.td, addr, len, 3, MAP_ANON | MAP_PRIVATE | flags, -1, 0);
const result_of = (vm: VmKernel): number => vm.td.td_retval[0] >>> 0;

describe('vmspace', () => {
  test('vm#2 vm#9 map, pmap and page directory belong together, and go after the mappings', () => {
    const vm = booted();
    const p = vm.td.td_proc;
    const { vm_map, vm_pmap } = vm.vm;
    expect(vm_map.pmap).toBe(vm_pmap);
    const other = vm.process();
    expect(other.p_vmspace?.vm_pmap).not.toBe(vm_pmap);
    expect(vm.k.machine.cpu.cr3 >>> 0).toBe(other.p_vmspace?.vm_pmap.pm_pdir);
    const free = vm.k.vm.cnt.v_free_count;
    vm.run(p);
    expect(vm.k.machine.cpu.cr3 >>> 0).toBe(vm_pmap.pm_pdir);
    vm.map(at(0), 3);
    for (let i = 0; i < 3; i++) vm.write(at(i), 1);
    vm.run(other);
    vm.exit(p);
    // Three pages, their table and the directory: one more than there were before.
    expect(vm.k.vm.cnt.v_free_count).toBe(free + 1);
    expect(vm.check()).toEqual([]);
  });

  test('vm#8 the last sharer removes the mappings, and nobody before', () => {
    const vm = booted();
    vm.map(at(0), 1);
    vm.write(at(0), 3);
    const shared = vm.vm;
    shared.vm_refcnt++;
    vmspace_free(vm.k, shared);
    expect(vm.read(at(0))).toBe(3);
    expect(shared.vm_map.nentries).toBe(1);
    vmspace_free(vm.k, shared);
    expect(shared.vm_map).toMatchObject({ nentries: 0, size: 0 });
    expect(shared.vm_pmap.resident_count).toBe(0);
  });

  test('vm#5 vm#6 the break moves from where the data begin, up to RLIMIT_DATA', () => {
    const vm = booted();
    vm.vm.vm_daddr = at(0) + 100;
    const limit = vm.td.td_proc.p_limit.pl_rlimit[RLIMIT_DATA];
    limit.rlim_cur = 8 * PAGE;
    const brk = (end: number): number => kern_break(vm.k, vm.td, end);
    expect(brk(at(3) + 1)).toBe(0);
    expect(vm.vm.vm_dsize).toBe(3);
    expect(vm.entries()).toEqual([[1, 4]]);
    vm.write(at(3), 9);
    expect(brk(at(2))).toBe(0);
    expect(vm.vm.vm_dsize).toBe(1);
    expect(brk(at(4))).toBe(0);
    expect(vm.read(at(3))).toBe(0);
    expect(brk(at(10))).toBe(ENOMEM);
    expect(brk(at(0))).toBe(EINVAL);
    expect(vm.vm.vm_dsize).toBe(3);
    expect(vm.check()).toEqual([]);
  });

  test('A#29 vm#6 what has no place of its own is mapped behind all that the heap may become', () => {
    const vm = booted();
    vm.vm.vm_taddr = 0x8048000;
    vm.vm.vm_daddr = 0x8050000;
    const limit = vm.td.td_proc.p_limit.pl_rlimit[RLIMIT_DATA];
    limit.rlim_max = 32 << 20;
    const floor = 0x8050000 + (32 << 20);
    mmap(vm, 0, PAGE);
    expect(result_of(vm)).toBe(floor);
    // A hint in the heap's room is moved, one elsewhere is taken.
    mmap(vm, 0x8060000, PAGE);
    expect(result_of(vm)).toBe(floor + PAGE);
    mmap(vm, 0x20000000, PAGE);
    expect(result_of(vm)).toBe(0x20000000);
    mmap(vm, 0x8060000, PAGE, MAP_FIXED);
    expect(result_of(vm)).toBe(0x8060000);
  });

  test('A#13 vm#3 vm#5 exec begins with nothing', () => {
    const vm = booted();
    vm.map(at(0), 2);
    Object.assign(vm.vm, { vm_dsize: 5, vm_ssize: 7, vm_tsize: 2 });
    expect(vmspace_exec(vm.k, vm.td.td_proc)).toBe(true);
    expect(vm.vm).toMatchObject({ vm_dsize: 0, vm_ssize: 0, vm_tsize: 0, vm_shm: null });
    expect(vm.vm.vm_map.nentries).toBe(0);
  });
});

describe('vm_map', () => {
  test('vm#10 the header closes the ring, its end is the lowest address, its start the highest', () => {
    const vm = booted();
    const { vm_map } = vm.vm;
    const { header } = vm_map;
    expect(header.next).toBe(header);
    expect([header.end, header.start]).toEqual([vm_map.min_offset, vm_map.max_offset]);
    vm.map(at(5), 1);
    vm.map(at(1), 1);
    expect(header.next.start).toBe(at(1));
    expect(header.prev.start).toBe(at(5));
    expect(header.prev.next).toBe(header);
    // The free space of the last entry goes to the header's start: nothing is special about it.
    expect(header.prev.adj_free).toBe(header.start - header.prev.end);
    vm.unmap(at(0), 9);
    expect(header.next).toBe(header);
  });

  test('vm#13 RLIMIT_VMEM is for all that is mapped', () => {
    const vm = booted();
    vm.td.td_proc.p_limit.pl_rlimit[RLIMIT_VMEM].rlim_cur = 10 * PAGE;
    vm.map(at(0), 6);
    expect(mmap(vm, 0, 5 * PAGE)).toBe(ENOMEM);
    expect(mmap(vm, 0, 4 * PAGE)).toBe(0);
    vm.vm.vm_daddr = at(100);
    expect(kern_break(vm.k, vm.td, at(101))).toBe(ENOMEM);
    vm.unmap(at(0), 1);
    expect(kern_break(vm.k, vm.td, at(101))).toBe(0);
    expect(vm.vm.vm_map.size).toBe(10 * PAGE);
  });

  test('vm#16 the kernel’s maps are system maps: a fault there grows no stack', () => {
    const vm = booted();
    const kernel_map = vm.k.vm.kernel_map as vm_map;
    expect(kernel_map.system_map).toBe(true);
    expect(vm.vm.vm_map.system_map).toBe(false);
    expect(kernel_map.pmap).toBe(kernel_pmap(vm.k));
    const nothing = kernel_map.max_offset - PAGE;
    expect(vm_fault(vm.k, kernel_map, nothing, 1, 0)).toBe(vmp.KERN_INVALID_ADDRESS);
  });

  test('A#11 vm#19 vm#21 vm#31 vm#40 vm#138 a submap: another map in an entry’s place, on the parent’s pmap', () => {
    const vm = booted();
    vm_ksubmap_init(vm.k);
    const { exec_map, kernel_map, pipe_map } = vm.k.vm;
    for (const map of [exec_map, pipe_map] as vm_map[]) {
      const entry = vm_map_lookup_entry(kernel_map as vm_map, map.min_offset);
      expect(entry).toMatchObject({ sub_map: map, object: null });
      expect(entry?.eflags).toBe(vmp.MAP_ENTRY_IS_SUB_MAP);
      expect([entry?.start, entry?.end]).toEqual([map.min_offset, map.max_offset]);
      expect(map).toMatchObject({ pmap: kernel_map?.pmap, system_map: true, nentries: 0 });
    }
    const map = pipe_map as vm_map;
    const va = kmap_alloc_wait(vm.k, map, 2 * PAGE);
    expect(vm_map_lookup_entry(map, va)?.sub_map).toBeNull();
    // A fault in the kernel's map finds its way to the entry of the submap.
    expect(vm_fault(vm.k, kernel_map as vm_map, va + PAGE, 2, 0)).toBe(0);
    expect(vm_map_lookup_entry(map, va)?.object).toMatchObject({ resident_page_count: 1 });
    expect(pmap_mincore(vm.k, kernel_pmap(vm.k), va + PAGE).pa).toBeGreaterThan(0);
    expect(vm_map_protect(vm.k, kernel_map as vm_map, va, va + PAGE, 1, false)).toBe(
      vmp.KERN_INVALID_ARGUMENT,
    );
    expect(vm.check()).toEqual([]);
    kmap_free_wakeup(vm.k, map, va, 2 * PAGE);
    expect(vm_fault(vm.k, kernel_map as vm_map, va, 1, 0)).toBe(vmp.KERN_INVALID_ADDRESS);
    expect(vm.check()).toEqual([]);
  });

  test('vm#15 vm#138 who finds a submap full waits, and is woken when something is freed', () => {
    const vm = booted();
    vm_ksubmap_init(vm.k);
    const map = vm.k.vm.exec_map as vm_map;
    const bytes = (map.max_offset - map.min_offset) / 2;
    const first = kmap_alloc_wait(vm.k, map, bytes);
    kmap_alloc_wait(vm.k, map, bytes);
    expect(map.needs_wakeup).toBe(false);
    expect(vm.sleeps(() => kmap_alloc_wait(vm.k, map, PAGE))).toBe('kmaw');
    expect(map.needs_wakeup).toBe(true);
    const { td } = vm;
    expect(() => kmap_alloc_wait(vm.k, map, PAGE)).toThrow();
    expect(td.td_wchan).toBe(map);
    kmap_free_wakeup(vm.k, map, first, bytes);
    expect(td.td_wchan).toBeNull();
    expect(map.needs_wakeup).toBe(false);
    expect(kmap_alloc_wait(vm.k, map, PAGE)).toBe(first);
    // What could never fit is not waited for.
    expect(kmap_alloc_wait(vm.k, map, 3 * bytes)).toBe(0);
  });
});

describe('entries', () => {
  test('vm#58 resident pages of a file are mapped with the mapping, read-only', () => {
    const [vm, file] = with_file(200);
    for (let i = 0; i < 200; i += 20) vm.read(at(i));
    const resident = file.resident_page_count;
    expect(resident).toBeGreaterThan(100);
    pmap_remove(vm.k, vm.vm.vm_pmap, at(0), at(200));
    const mapped = (cow: number): number => {
      // The page table must be there.
      vm.map(at(400), 1);
      vm.read(at(400));
      vm.map(at(210), 180, { object: file, cow });
      const pages = Array.from({ length: 180 }, (_, i) => vm.pte(at(210 + i)));
      expect(pages.some((pte) => pte & 2)).toBe(false);
      vm.unmap(at(210), 180);
      return pages.filter((pte) => pte !== 0).length;
    };
    expect(mapped(0)).toBe(0);
    expect(mapped(vmp.MAP_PREFAULT)).toBeGreaterThan(96);
    expect(mapped(vmp.MAP_PREFAULT_PARTIAL)).toBeLessThanOrEqual(96);
    expect(mapped(vmp.MAP_PREFAULT_PARTIAL)).toBeGreaterThan(0);
  });

  test('vm#60 MAP_EXCL: what is taken stays', () => {
    const vm = booted();
    vm.map(at(0), 2);
    vm.write(at(0), 4);
    expect(mmap(vm, at(1), 2 * PAGE, MAP_FIXED | MAP_EXCL)).toBe(ENOMEM);
    expect(vm.read(at(0))).toBe(4);
    expect(mmap(vm, at(2), PAGE, MAP_FIXED | MAP_EXCL)).toBe(0);
    expect(mmap(vm, at(0), PAGE, MAP_FIXED)).toBe(0);
    expect(vm.read(at(0))).toBe(0);
    expect(mmap(vm, at(5), PAGE, MAP_EXCL)).toBe(EINVAL);
  });

  test('A#8 vm#45 vm#61 WILLNEED maps what is resident, unless memory is short', () => {
    const [vm] = with_file(20);
    vm.read(at(0));
    vm.read(at(16));
    const advise = (): number => {
      pmap_remove(vm.k, vm.vm.vm_pmap, at(0), at(19));
      vm_map_madvise(vm.k, vm.vm.vm_map, at(0), at(20), 3);
      return Array.from({ length: 19 }, (_, i) => vm.pte(at(i))).filter((pte) => pte !== 0).length;
    };
    vm.map(at(30), 1);
    vm.read(at(30)); // keeps the page table
    expect(advise()).toBe(19);
    const taken: vm_page[] = [];
    while (vm.k.vm.cnt.v_free_count >= vm.k.vm.cnt.v_free_reserved)
      taken.push(vm_page_alloc(vm.k, null, 0, vmp.VM_ALLOC_SYSTEM | vmp.VM_ALLOC_NOOBJ) as vm_page);
    expect(advise()).toBe(0);
    for (const m of taken) vm_page_free(vm.k, m);
  });

  test('A#8 vm#39 vm#45 vm#48 advice that stays with the entry', () => {
    const vm = booted();
    const flags: [number, number][] = [
      [2, vmp.MAP_ENTRY_BEHAV_SEQUENTIAL],
      [1, vmp.MAP_ENTRY_BEHAV_RANDOM],
      [6, vmp.MAP_ENTRY_BEHAV_RANDOM | vmp.MAP_ENTRY_NOSYNC],
      [0, vmp.MAP_ENTRY_NOSYNC],
      [7, 0],
      [8, vmp.MAP_ENTRY_NOCOREDUMP],
      [9, 0],
    ];
    vm.map(at(0), 3);
    for (const [behav, eflags] of flags) {
      expect(kern_madvise(vm.k, vm.td, at(1), PAGE, behav)).toBe(0);
      expect(vm.entry(at(1)).eflags).toBe(eflags);
      expect(vm.entry(at(0)).eflags).toBe(0);
      expect(vm.vm.vm_map.nentries).toBe(eflags === 0 ? 1 : 3);
    }
    expect(kern_madvise(vm.k, vm.td, at(1), PAGE, 11)).toBe(EINVAL);
  });

  test('vm#127 MADV_PROTECT is the superuser’s', () => {
    const vm = booted();
    const p = vm.td.td_proc;
    expect(kern_madvise(vm.k, vm.td, 0, 0, 10)).toBe(1);
    expect(p.p_flag & P_PROTECTED).toBe(0);
    p.p_ucred.cr_uid = 0;
    expect(kern_madvise(vm.k, vm.td, 0, 0, 10)).toBe(0);
    expect(p.p_flag & P_PROTECTED).toBeTruthy();
  });

  test('vm#51 vm#62 vm#88 who may write through a mapping counts as a writer of the file, once', () => {
    const [vm, file] = with_file(4);
    const vp = file.handle as vnode;
    vm.unmap(at(0), 4);
    const before = vp.v_writecount;
    const map = (page: number): void => {
      vnode_pager_update_writecount(file, 4 * PAGE);
      vm.map(at(page), 4, { object: file, cow: vmp.MAP_VN_WRITECOUNT | vmp.MAP_INHERIT_SHARE });
    };
    map(0);
    expect(file.writemappings).toBe(4 * PAGE);
    expect(vp.v_writecount).toBe(before + 1);
    map(10);
    expect(vp.v_writecount).toBe(before + 1);
    vm.unmap(at(1), 2);
    expect(file.writemappings).toBe(6 * PAGE);
    const child = vm.fork(vm.td.td_proc);
    expect(file.writemappings).toBe(12 * PAGE);
    vm.unmap(at(0), 20);
    expect(vp.v_writecount).toBe(before + 1);
    vm.exit(child);
    expect(file.writemappings).toBe(0);
    expect(vp.v_writecount).toBe(before);
    expect(vm.check()).toEqual([]);
  });

  test('A#22 vm#25 vm#49 vm#52 vm#63 a stack that grows up: the gap and its guard above', () => {
    const vm = booted();
    const size = 1 << 20;
    const step = 128 << 10;
    const { vm_map } = vm.vm;
    expect(vm_map_stack(vm.k, vm_map, at(0), size, 3, 7, false, true)).toBe(0);
    const gap = vm.entry(at(0) + step);
    expect(gap.eflags & vmp.MAP_ENTRY_STACK_GAP_UP).toBeTruthy();
    expect(vm.write(at(0), 1)).toBe(0);
    expect(vm.write(at(0) + 2 * step + 5, 2)).toBe(0);
    expect(gap.start).toBe(at(0) + 3 * step);
    expect(vm.entry(at(0) + 2 * step).eflags & vmp.MAP_ENTRY_GROWS_UP).toBeTruthy();
    expect(vm.entry(at(0)).eflags & vmp.MAP_ENTRY_GROWS_UP).toBe(0);
    expect(vm.write(at(0) + size - 1, 3)).toBe(-vmp.KERN_INVALID_ADDRESS);
    expect(vm.write(at(0) + size - PAGE - 1, 3)).toBe(0);
    expect(vm_map.size).toBe(size);
    expect(vm.read(at(0))).toBe(1);
    expect(vm.check()).toEqual([]);
  });

  test('vm#33 vm#68 a mapping never gets back a right that was taken from its ceiling', () => {
    const vm = booted();
    vm.map(at(0), 1);
    expect(vm_map_protect(vm.k, vm.vm.vm_map, at(0), at(1), 1, true)).toBe(0);
    expect(kern_mprotect(vm.k, vm.td, at(0), PAGE, 3)).toBe(EACCES);
    expect(vm_map_protect(vm.k, vm.vm.vm_map, at(0), at(1), 7, true)).toBe(
      vmp.KERN_PROTECTION_FAILURE,
    );
    expect(kern_mprotect(vm.k, vm.td, at(0), PAGE, 1)).toBe(0);
  });

  test('A#8 vm#44 vm#68 msync: ENOMEM over a hole, EBUSY over wired memory, EINVAL for both ways', () => {
    const [vm, file] = with_file(3);
    const sync = (page: number, pages: number, flags: number): number =>
      kern_msync(vm.k, vm.td, at(page), pages * PAGE, flags);
    expect(sync(0, 4, 0)).toBe(ENOMEM);
    expect(sync(5, 1, 0)).toBe(ENOMEM);
    expect(sync(0, 1, 3)).toBe(EINVAL);
    vm.read(at(1));
    expect(sync(0, 3, 2)).toBe(0);
    expect(file.resident_page_count).toBe(0);
    expect(vm.pte(at(1))).toBe(0);
    vm_map_wire(vm.k, vm.vm.vm_map, at(1), at(2), vmp.VM_MAP_WIRE_USER);
    expect(sync(0, 3, 2)).toBe(16);
    expect(sync(0, 1, 2)).toBe(0);
    expect(sync(0, 3, 0)).toBe(0);
    // No length: the whole entry.
    expect(vm_map_sync(vm.k, vm.vm.vm_map, at(2), at(2), true, false)).toBe(0);
  });
});

describe('faults', () => {
  test('vm#66 NORMAL leaves a page clean, DIRTY marks it, WIRE wires it', () => {
    const vm = booted();
    const { vm_map } = vm.vm;
    vm.map(at(0), 3);
    vm_fault(vm.k, vm_map, at(0), vmp.VM_PROT_READ, vmp.VM_FAULT_NORMAL);
    expect(vm.page(at(0))).toMatchObject({ dirty: 0, wire_count: 0 });
    vm_fault(vm.k, vm_map, at(1), vmp.VM_PROT_READ, vmp.VM_FAULT_DIRTY);
    expect(vm.page(at(1))).toMatchObject({ dirty: 0xff, wire_count: 0 });
    vm_map_wire(vm.k, vm_map, at(2), at(3), vmp.VM_MAP_WIRE_USER);
    expect(vm.page(at(2))).toMatchObject({ dirty: 0, wire_count: 1 });
    // A write by the kernel does not go through the mapping.
    expect(vm_fault_hold(vm.k, vm_map, at(0), vmp.VM_PROT_WRITE)?.dirty).toBe(0xff);
  });

  test('A#10 vm#26 vm#35 vm#45 a sequential reader keeps its window and drops what it has read', () => {
    const pages = 2100;
    const [vm, file] = with_file(pages);
    vm_map_madvise(vm.k, vm.vm.vm_map, at(0), at(pages), 2);
    const active = (): number[] =>
      vm_object_pages(file, 0, 0)
        .filter((m) => m.queue === vmp.PQ_ACTIVE)
        .map((m) => m.pindex);
    for (let i = 0; i < 1100; i++) vm.read(at(i));
    expect(active()[0]).toBe(0);
    expect(active().length).toBeGreaterThan(1100 / 32);
    for (let i = 1100; i < pages; i++) vm.read(at(i));
    expect(vm.entry(at(0)).read_ahead).toBe(vmp.VM_FAULT_READ_MAX);
    expect(vm.k.vm.cnt.v_vnodepgsin).toBe(pages);
    expect(vm.k.vm.cnt.v_vnodein).toBeLessThanOrEqual(Math.ceil(pages / 32) + 1);
    // At the end of the second block of 4 MB the first has been left behind.
    expect(vm.entry(at(0)).start % (4 << 20)).toBe(0);
    expect(active()[0]).toBeGreaterThanOrEqual(1024);
    expect(active()[0]).toBeLessThan(1024 + 32);
    expect(file.resident_page_count).toBe(pages);
  });

  test('vm#65 an object without a colour, or small, is placed anywhere; SUPER at a multiple of 4 MB', () => {
    const vm = booted();
    const place = (pages: number, space: number): number => {
      const { result, address } = vm_map_find(
        vm.k, vm.vm.vm_map, null, 0, at(1), pages * PAGE, 0, space, 3, 7, 0,
      ); // prettier-ignore
      expect(result).toBe(0);
      return address;
    };
    expect(place(1, vmp.VMFS_OPTIMAL_SPACE)).toBe(at(1));
    expect(place(1024, vmp.VMFS_SUPER_SPACE) % (4 << 20)).toBe(0);
    expect(place(1, 16 << 8) % (1 << 16)).toBe(0);
  });
});

describe('objects', () => {
  test('vm#69 while an object is being read no page comes or goes', () => {
    const vm = booted();
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    const object = vm.object(at(0));
    VM_OBJECT_RLOCK(object);
    // A page that is there can be mapped.
    pmap_remove(vm.k, vm.vm.vm_pmap, at(0), at(1));
    expect(vm.read(at(0))).toBe(1);
    expect(object.lock).toBe(1);
    expect(() => vm_page_alloc(vm.k, object, 1, vmp.VM_ALLOC_NORMAL)).toThrow('being read');
    const m = vm.page(at(0));
    pmap_remove(vm.k, vm.vm.vm_pmap, at(0), at(1));
    expect(() => vm_page_free(vm.k, m)).toThrow('being read');
    VM_OBJECT_RUNLOCK(object);
    expect(() => VM_OBJECT_RUNLOCK(object)).toThrow('not read-locked');
  });

  test('vm#77 the cache mode is that of the pages to come', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_PHYS, 2);
    expect(object.memattr).toBe(6);
    expect(vm_object_set_memattr(object, 0)).toBe(vmp.KERN_SUCCESS);
    vm.map(at(0), 2, { object });
    vm.write(at(0), 1);
    expect(vm.page(at(0)).pat_mode).toBe(0);
    // PCD and PWT: uncacheable.
    expect(vm.pte(at(0)) & 0x18).toBe(0x18);
    expect(vm_object_set_memattr(object, 6)).toBe(vmp.KERN_INVALID_ARGUMENT);
    expect(object.memattr).toBe(0);
    vm.unmap(at(0), 2);
    vm_object_deallocate(vm.k, object);
  });

  test('vm#75 a file’s generation moves when one of its pages becomes dirty, and only then', () => {
    const [vm, file] = with_file(3, 0, 3);
    vm.entry(at(0)).protection = 1;
    vm.read(at(0));
    const { generation } = file;
    vm.read(at(1));
    expect(file.generation).toBe(generation);
    vm.entry(at(0)).protection = 3;
    vm.write(at(1), 1);
    expect(file.generation).toBeGreaterThan(generation);
    const after = file.generation;
    vm.write(at(1), 2); // the mapping is writable: no fault
    expect(file.generation).toBe(after);
    expect(vm_object_page_clean(vm.k, file)).toBeTypeOf('boolean');
  });

  test('vm#84 vm#87 objects of devices have names: the same device, the same object, until nobody has it', () => {
    const vm = booted();
    fb_attach(vm.k);
    const first = mem_mmap(vm.k, DEV_FB0, 0, PAGE) as vm_object;
    const second = mem_mmap(vm.k, DEV_FB0, 0, 3 * PAGE) as vm_object;
    expect(second).toBe(first);
    expect(first).toMatchObject({ ref_count: 2, size: 3 });
    expect(mem_mmap(vm.k, DEV_MEM, 0, PAGE)).not.toBe(first);
    expect([...vm.k.vm.dev_pager_objects.values()]).toContain(first);
    vm_object_deallocate(vm.k, first);
    vm_object_deallocate(vm.k, first);
    expect([...vm.k.vm.dev_pager_objects.values()]).not.toContain(first);
  });

  test('vm#100 vm#101 a page knows its frame, its object and its index', () => {
    const vm = booted();
    vm.map(at(0), 3);
    vm.write(at(2) + 7, 0x5a);
    const m = vm.page(at(2));
    expect(m).toMatchObject({ object: vm.object(at(0)), pindex: 2 });
    expect((vm.pte(at(2)) & 0xfffff000) >>> 0).toBe(m.phys_addr);
    expect(vm.k.machine.ram8[m.phys_addr + 7]).toBe(0x5a);
    expect(vm.k.vm.vm_page_array[m.phys_addr >>> 12]).toBe(m);
  });

  test('vm#86 vm#115 a cached page keeps its name: it is taken back by index, or by anyone', () => {
    const [vm, file] = with_file(2);
    vm.read(at(0));
    const m = vm.page(at(0));
    pmap_remove_all(vm.k, m);
    vm_page_cache(vm.k, m);
    expect(m.queue).toBe(vmp.PQ_CACHE);
    expect(vm_page_lookup(file, 0)).toBe(m);
    expect(vm.k.vm.cnt.v_cache_count).toBe(1);
    const { v_vnodein } = vm.k.vm.cnt;
    expect(vm.read(at(0))).toBe(1);
    expect(vm.page(at(0))).toBe(m);
    expect(vm.k.vm.cnt).toMatchObject({ v_cache_count: 0, v_vnodein });
    expect(vm.check()).toEqual([]);
  });

  test('vm#91 kernel memory: an object of its own, the index is the address', () => {
    const vm = booted();
    const { kernel_map, kernel_object } = vm.k.vm;
    const map = kernel_map as vm_map;
    const object = kernel_object as vm_object;
    expect(object.type).toBe(vmp.OBJT_PHYS);
    for (let m = object.memq.head; m !== null; m = m.listq_next) {
      const va = map.min_offset + m.pindex * PAGE;
      expect(pmap_mincore(vm.k, kernel_pmap(vm.k), va).pa).toBe(m.phys_addr);
      expect(m.wire_count).toBeGreaterThan(0);
    }
  });
});

test('A#29 vm#68 mincore: a byte a page, ENOMEM over a hole', () => {
  const vm = booted();
  vm.map(at(0), 4);
  vm.map(at(10), 1);
  vm.read(at(0));
  vm.write(at(1), 1);
  vm.write(at(10), 0); // where the answer goes
  expect(kern_mincore(vm.k, vm.td, at(0), 4 * PAGE, at(10))).toBe(0);
  const bytes = [0, 1, 2, 3].map((i) => vm.read(at(10) + i));
  expect(bytes[0] & 7).toBe(3);
  expect(bytes[1] & 7).toBe(7);
  expect(bytes.slice(2)).toEqual([0, 0]);
  expect(kern_mincore(vm.k, vm.td, at(0), 5 * PAGE, at(10))).toBe(ENOMEM);
  const space = vm.vm as vmspace;
  vm_map_remove(vm.k, space.vm_map, at(1), at(2));
  expect(kern_mincore(vm.k, vm.td, at(0), 2 * PAGE, at(10))).toBe(ENOMEM);
});
