// Page faults: what each of the cases drawn in vm_fault.ts does to objects, pages and page tables.

import { describe, expect, test } from 'vitest';
import { P_WKILLED } from '../../kernel/sys/proc.js';
import { pmap_remove, pmap_remove_all } from '../../kernel/vm/pmap.js';
import { vm_fault } from '../../kernel/vm/vm_fault.js';
import { vm_fault_quick_hold_pages } from '../../kernel/vm/vm_fault_hold.js';
import { vm_map_inherit, vm_map_madvise } from '../../kernel/vm/vm_map_advice.js';
import {
  vm_page_alloc,
  vm_page_free,
  vm_page_lookup,
  vm_page_xbusy,
  vm_page_xunbusy,
} from '../../kernel/vm/vm_page.js';
import {
  vm_object_allocate,
  vm_object_deallocate,
  vm_object_pages,
} from '../../kernel/vm/vm_object.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import type { vm_object, vm_page } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;

/** A file of `pages` pages, each filled with its number plus one. */
function contents(pages: number, tail = 0): Uint8Array {
  const bytes = new Uint8Array(pages * PAGE + tail);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(i / PAGE) + 1;
  return bytes;
}

function booted(options?: ConstructorParameters<typeof VmKernel>[0]): VmKernel {
  const vm = new VmKernel(options);
  vm.process();
  return vm;
}

/** A process with a private or shared mapping of file f at page 0. */
function with_file(pages: number, cow = 0, bytes = contents(pages)): [VmKernel, vm_object] {
  const vm = booted({ files: { f: bytes } });
  const object = vm.file('f').v_object as vm_object;
  vm.map(at(0), pages, { object, cow });
  return [vm, object];
}

/** Takes pages until `left` are free. @returns how to give them back. */
function hoard(vm: VmKernel, left: number): () => void {
  const pages: vm_page[] = [];
  while (vm.k.vm.cnt.v_free_count > left) {
    const m = vm_page_alloc(vm.k, null, 0, vmp.VM_ALLOC_SYSTEM | vmp.VM_ALLOC_NOOBJ);
    if (m === null) throw new Error('the allocator gives no more');
    pages.push(m);
  }
  return () => {
    for (const m of pages) vm_page_free(vm.k, m);
  };
}

describe('anonymous memory', () => {
  test('A#10 vm#29 vm#92 the first touch makes the object and a zero page', () => {
    const vm = booted();
    vm.map(at(0), 3);
    expect(vm.entry(at(0)).object).toBeNull();
    const free = vm.k.vm.cnt.v_free_count;
    expect(vm.read(at(1))).toBe(0);
    const object = vm.object(at(0));
    expect(object).toMatchObject({ type: vmp.OBJT_DEFAULT, size: 3, resident_page_count: 1 });
    // The page and its page table.
    expect(vm.k.vm.cnt.v_free_count).toBe(free - 2);
    expect(vm.k.vm.cnt.v_zfod).toBe(1);
    expect(vm.td.td_ru).toMatchObject({ ru_minflt: 1, ru_majflt: 0 });
    expect(vm.page(at(1))).toMatchObject({
      object,
      pindex: 1,
      valid: 0xff,
      dirty: 0,
      queue: vmp.PQ_ACTIVE,
      act_count: vmp.ACT_INIT,
    });
    expect(vm.check()).toEqual([]);
  });

  test('A#10 vm#112 only a write makes the page dirty, at once for the one that faults', () => {
    const vm = booted();
    vm.map(at(0), 2);
    vm.read(at(0));
    expect(vm.page(at(0)).dirty).toBe(0);
    vm.write(at(1), 1);
    expect(vm.page(at(1)).dirty).toBe(0xff);
  });

  test('A#10 A#28 no entry, no right, a guard: nothing is made', () => {
    const vm = booted();
    vm.map(at(0), 1, { prot: 1 });
    vm.map(at(1), 1, { prot: 0 });
    vm.map(at(2), 1, { prot: 0, cow: vmp.MAP_CREATE_GUARD });
    const free = vm.k.vm.cnt.v_free_count;
    expect(vm.touch(at(0), true)).toBe(vmp.KERN_PROTECTION_FAILURE);
    expect(vm.touch(at(1), false)).toBe(vmp.KERN_PROTECTION_FAILURE);
    expect(vm.touch(at(2), false)).toBe(vmp.KERN_INVALID_ADDRESS);
    expect(vm.touch(at(3), false)).toBe(vmp.KERN_INVALID_ADDRESS);
    expect(vm.k.vm.cnt.v_free_count).toBe(free);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 vm#43 a fault in a NOFAULT entry is the kernel’s own mistake', () => {
    const vm = booted();
    vm.map(at(0), 1, { cow: vmp.MAP_NOFAULT });
    expect(() => vm.touch(at(0), true)).toThrow('nofault entry');
  });

  test('A#10 vm#118 vm#162 a page that lost its mapping comes back without a copy', () => {
    const vm = booted();
    vm.map(at(0), 1);
    vm.write(at(0), 5);
    const m = vm.page(at(0));
    pmap_remove(vm.k, vm.vm.vm_pmap, at(0), at(1));
    expect(vm.pte(at(0))).toBe(0);
    expect(vm.read(at(0))).toBe(5);
    expect(vm.page(at(0))).toBe(m);
    expect(vm.k.vm.cnt.v_zfod).toBe(1);
    expect(vm.td.td_ru.ru_minflt).toBe(2);
  });
});

describe('copy on write', () => {
  test('A#10 A#11 A#14 vm#42 a read maps the shared page read-only, a write copies it', () => {
    const [vm, file] = with_file(2, vmp.MAP_COPY_ON_WRITE);
    expect(vm.read(at(1))).toBe(2);
    const shared = vm.page(at(1));
    expect(shared.object).toBe(file);
    expect(vm.pte(at(1)) & 2).toBe(0);
    expect(vm.entry(at(0)).eflags & vmp.MAP_ENTRY_NEEDS_COPY).toBeTruthy();
    vm.write(at(1), 9);
    const copy = vm.page(at(1));
    expect(copy).not.toBe(shared);
    expect(copy.dirty).toBe(0xff);
    const shadow = vm.object(at(0));
    expect(shadow).toMatchObject({ backing_object: file, backing_object_offset: 0, size: 2 });
    expect(file.shadow_head.has(shadow)).toBe(true);
    expect(vm.entry(at(0)).eflags & vmp.MAP_ENTRY_NEEDS_COPY).toBe(0);
    expect(vm.k.machine.ram8[shared.phys_addr]).toBe(2);
    expect(vm.k.vm.cnt.v_cow_faults).toBe(1);
    // What is still below is mapped read-only, though the entry has its own object now.
    pmap_remove(vm.k, vm.vm.vm_pmap, at(0), at(2));
    expect(vm.read(at(0))).toBe(1);
    expect(vm.pte(at(0)) & 3).toBe(1);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 vm#90 the last user of a page takes it over instead of copying', () => {
    const vm = booted();
    const parent = vm.td.td_proc;
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    vm.write(at(1), 2);
    const first = vm.page(at(0));
    const child = vm.fork(parent);
    vm.write(at(0), 3); // the parent shadows
    vm.run(child);
    vm.write(at(0), 4); // so does the child: the original object has two shadows
    expect(vm.k.vm.cnt).toMatchObject({ v_cow_faults: 2, v_cow_optim: 0 });
    expect(vm.page(at(0))).not.toBe(first);
    vm.exit(child);
    vm.run(parent);
    expect(vm.object(at(0)).backing_object).toBeNull();
    expect([vm.read(at(0)), vm.read(at(1))]).toEqual([3, 2]);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 v_cow_optim: a page directly below that nobody else sees is moved up', () => {
    const vm = booted();
    const parent = vm.td.td_proc;
    vm.map(at(0), 2);
    vm.write(at(0), 7);
    vm.write(at(1), 8);
    const m = vm.page(at(1));
    const original = vm.object(at(0));
    const child = vm.fork(parent);
    vm.write(at(0), 1);
    // The child goes while there is I/O on the object, so that it is not collapsed.
    vm.run(child);
    original.paging_in_progress++;
    vm.exit(child);
    original.paging_in_progress--;
    vm.run(parent);
    expect(vm.object(at(0)).backing_object).toBe(original);
    vm.write(at(1), 9);
    expect(vm.k.vm.cnt.v_cow_optim).toBe(1);
    expect(vm.page(at(1))).toBe(m);
    expect(m.object).toBe(vm.object(at(0)));
    expect(vm.check()).toEqual([]);
  });

  test('A#10 a sharer’s mapping of the old page does not outlive the copy (CVE-2021-29626)', () => {
    const [vm, file] = with_file(1, vmp.MAP_COPY_ON_WRITE);
    const parent = vm.td.td_proc;
    vm_map_inherit(vm.k, vm.vm.vm_map, at(0), at(1), vmp.VM_INHERIT_SHARE);
    const child = vm.fork(parent);
    expect(vm.object(at(0), child)).toBe(vm.object(at(0)));
    expect(vm.read(at(0))).toBe(1);
    vm.run(child);
    expect(vm.read(at(0))).toBe(1);
    expect(vm.page(at(0)).object).toBe(file);
    vm.write(at(0), 6);
    vm.run(parent);
    expect(vm.read(at(0))).toBe(6);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 A#11 vm#54 a debugger writes to what its process may only read', () => {
    const [vm, file] = with_file(1, vmp.MAP_COPY_ON_WRITE);
    vm.entry(at(0)).protection = 5;
    const { vm_map } = vm.vm;
    expect(vm_fault(vm.k, vm_map, at(0), vmp.VM_PROT_WRITE | vmp.VM_PROT_COPY, 0)).toBe(0);
    const copy = vm_page_lookup(vm.object(at(0)), 0);
    expect(copy?.object).not.toBe(file);
    expect(copy?.dirty).toBe(0xff);
    expect(vm.pte(at(0)) & 2).toBe(0);
    expect(vm.write(at(0), 1)).toBe(-vmp.KERN_PROTECTION_FAILURE);
  });

  test('A#11 vm#37 the copy is charged; refused, the write fails and nothing has changed', () => {
    const [vm] = with_file(4, vmp.MAP_COPY_ON_WRITE);
    vm.unmap(at(0), 4);
    const object = vm.file('f').v_object;
    vm.map(at(0), 4, { object, prot: 1, cow: vmp.MAP_COPY_ON_WRITE });
    expect(vm.k.vm.swap_reserved).toBe(0);
    vm.k.vm.overcommit = 1;
    vm.k.vm.swap_total = 0;
    const { vm_map } = vm.vm;
    const write = vmp.VM_PROT_WRITE | vmp.VM_PROT_COPY;
    expect(vm_fault(vm.k, vm_map, at(0), write, 0)).toBe(vmp.KERN_RESOURCE_SHORTAGE);
    expect(vm.object(at(0))).toBe(object);
    expect(vm.check()).toEqual([]);
    vm.k.vm.overcommit = 0;
    expect(vm_fault(vm.k, vm_map, at(0), write, 0)).toBe(0);
    expect(vm.k.vm.swap_reserved).toBe(4 * PAGE);
    expect(vm.object(at(0)).charge).toBe(4 * PAGE);
    expect(vm.check()).toEqual([]);
  });
});

describe('files', () => {
  test('A#10 A#24 vm#94 the first touch reads the aligned cluster and counts one hard fault', () => {
    const [vm, file] = with_file(40);
    expect(vm.read(at(20))).toBe(21);
    expect(vm_object_pages(file, 0, 0).map((m) => m.pindex)).toEqual(
      Array.from({ length: 16 }, (_, i) => 16 + i),
    );
    expect(vm.td.td_ru.ru_majflt).toBe(1);
    expect(vm.k.vm.cnt).toMatchObject({ v_vnodein: 1, v_vnodepgsin: 16, v_io_faults: 1 });
    // Neighbours are mapped, as far as they were read, without faults.
    const { v_vm_faults } = vm.k.vm.cnt;
    expect(vm.read(at(31))).toBe(32);
    expect(vm.read(at(16))).toBe(17);
    expect(vm.k.vm.cnt.v_vm_faults).toBe(v_vm_faults);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 vm#26 vm#35 vm#45 windows: sequential grows to 32 pages, random is one', () => {
    const [vm, file] = with_file(120);
    const reads = (page: number): number => {
      const { v_vnodepgsin } = vm.k.vm.cnt;
      expect(vm.read(at(page))).toBe(page + 1);
      return vm.k.vm.cnt.v_vnodepgsin - v_vnodepgsin;
    };
    // The entry starts as if page 0 were the next in sequence, with a window of 15: 7 + 15 + 1.
    expect(reads(0)).toBe(24);
    expect(vm.entry(at(0)).next_read).toBe(at(24));
    expect(reads(24)).toBe(32);
    expect(vm.entry(at(0)).read_ahead).toBe(vmp.VM_FAULT_READ_MAX);
    expect(reads(80)).toBe(16);
    expect(vm.entry(at(0)).read_ahead).toBe(0);
    vm_map_madvise(vm.k, vm.vm.vm_map, at(0), at(120), 1);
    expect(reads(100)).toBe(1);
    expect(file.resident_page_count).toBe(24 + 32 + 16 + 1);
  });

  test('A#10 A#24 beyond the end: SIGBUS for whole pages, zeros in the last', () => {
    const [vm] = with_file(3, 0, contents(1, 100));
    expect(vm.read(at(1) + 99)).toBe(2);
    expect(vm.read(at(1) + 100)).toBe(0);
    expect(vm.touch(at(2), false)).toBe(vmp.KERN_OUT_OF_BOUNDS);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 a private mapping beyond the end of its file fails in the shadow too', () => {
    const [vm] = with_file(3, vmp.MAP_COPY_ON_WRITE, contents(1));
    vm.write(at(0), 4);
    expect(vm.touch(at(2), true)).toBe(vmp.KERN_OUT_OF_BOUNDS);
    expect(vm.object(at(0)).resident_page_count).toBe(1);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 a read error is KERN_FAILURE and leaves no page', () => {
    const files: Record<string, Uint8Array> = { f: contents(2) };
    const vm = booted({ files });
    const object = vm.file('f').v_object as vm_object;
    vm.map(at(0), 2, { object });
    delete files['f'];
    expect(vm.touch(at(0), false)).toBe(vmp.KERN_FAILURE);
    expect(object.resident_page_count).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 vm#39 vm#79 vm#108 NOSYNC and MIGHTBEDIRTY are set by writable mappings', () => {
    const [vm, file] = with_file(2, vmp.MAP_DISABLE_SYNCER);
    vm.entry(at(0)).protection = 1;
    vm.read(at(0));
    expect(file.flags & vmp.OBJ_MIGHTBEDIRTY).toBe(0);
    vm.entry(at(0)).protection = 3;
    const { generation } = file;
    vm.write(at(0), 1);
    expect(file.flags & vmp.OBJ_MIGHTBEDIRTY).toBeTruthy();
    expect(file.generation).toBeGreaterThan(generation);
    expect(vm.page(at(0)).oflags & vmp.VPO_NOSYNC).toBeTruthy();
    // A writer without the flag clears it.
    vm.map(at(10), 1, { object: file });
    vm.write(at(10), 2);
    expect(vm.page(at(0)).oflags & vmp.VPO_NOSYNC).toBe(0);
  });
});

describe('waiting', () => {
  test('A#10 vm#104 vm#107 a busy page: the fault sleeps, marks it wanted, and succeeds afterwards', () => {
    const vm = booted();
    vm.map(at(0), 1);
    vm.write(at(0), 3);
    const m = vm.page(at(0));
    pmap_remove_all(vm.k, m);
    m.aflags = 0;
    vm_page_xbusy(m);
    const { ref_count } = vm.object(at(0));
    expect(vm.sleeps(() => vm.read(at(0)))).toBe('vmpfw');
    expect(m.aflags & vmp.PGA_REFERENCED).toBeTruthy();
    expect(vm.k.vm.cnt.v_intrans).toBe(1);
    expect(vm.object(at(0))).toMatchObject({ ref_count, paging_in_progress: 0 });
    expect(vm.vm.vm_map.lock).toBe(0);
    vm_page_xunbusy(vm.k, m);
    expect(vm.read(at(0))).toBe(3);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 A#19 vm#122 without pages the fault sleeps and has changed nothing', () => {
    const vm = booted({ ramBytes: 2 << 20 });
    vm.map(at(0), 4);
    vm.write(at(0), 1);
    const give = hoard(vm, vm.k.vm.cnt.v_free_severe - 1);
    const { resident_page_count } = vm.object(at(0));
    const wakeups = vm.k.vm.cnt.v_pdwakeups;
    expect(vm.sleeps(() => vm.write(at(1), 1))).toBe('pfault');
    expect(vm.object(at(0)).resident_page_count).toBe(resident_page_count);
    expect(vm.k.vm.free_wait.waiters).toBe(1);
    expect(vm.k.vm.pageout_wanted || vm.k.vm.cnt.v_pdwakeups > wakeups).toBe(true);
    give();
    expect(vm.k.vm.free_wait.waiters).toBe(0);
    expect(vm.write(at(1), 1)).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 who is to die may take what is left', () => {
    const vm = booted({ ramBytes: 2 << 20 });
    vm.map(at(0), 4);
    vm.write(at(0), 1);
    hoard(vm, vm.k.vm.cnt.v_free_reserved - 10);
    expect(vm.sleeps(() => vm.write(at(1), 1))).toBe('pfault');
    vm.td.td_proc.p_flag |= P_WKILLED;
    expect(vm.write(at(1), 1)).toBe(0);
  });

  test('A#10 vm#46 vm#47 an entry that another thread wires', () => {
    const vm = booted();
    vm.map(at(0), 1);
    const entry = vm.entry(at(0));
    entry.eflags |= vmp.MAP_ENTRY_IN_TRANSITION;
    entry.wiring_thread = {};
    expect(vm.sleeps(() => vm.touch(at(0), false))).toBe('vmmaps');
    expect(entry.eflags & vmp.MAP_ENTRY_NEEDS_WAKEUP).toBeTruthy();
    expect(vm.vm.vm_map.lock).toBe(0);
    entry.wiring_thread = vm.td;
    expect(vm.touch(at(0), false)).toBe(0);
  });
});

describe('neighbours', () => {
  test('A#10 A#27 four on each side, read-only, not referenced, where there is a page table', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 20);
    vm.map(at(0), 20, { object });
    vm_object_deallocate(vm.k, object);
    for (let i = 0; i < 20; i++) vm.write(at(i), i + 1);
    pmap_remove(vm.k, vm.vm.vm_pmap, at(0), at(20));
    expect(vm.write(at(10), 1)).toBe(0);
    const mapped = Array.from({ length: 20 }, (_, i) => i).filter((i) => vm.pte(at(i)) !== 0);
    expect(mapped).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14]);
    for (const i of mapped.filter((n) => n !== 10)) expect(vm.pte(at(i)) & (2 | 0x20)).toBe(0);
    expect(vm.pte(at(10)) & (2 | 0x20 | 0x40)).toBe(2 | 0x20 | 0x40);
    expect(vm.check()).toEqual([]);
  });

  test('A#10 not beyond the entry, and not past a page that is missing', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 20);
    vm.map(at(0), 20, { object });
    for (const i of [3, 4, 5, 7, 8]) vm.write(at(i), 1);
    vm.unmap(at(0), 4);
    pmap_remove(vm.k, vm.vm.vm_pmap, at(0), at(20));
    vm.read(at(5));
    const mapped = Array.from({ length: 9 }, (_, i) => i).filter((i) => vm.pte(at(i)) !== 0);
    expect(mapped).toEqual([4, 5]);
  });
});

test('vm#105 held pages stay what they are until they are let go', () => {
  const vm = booted();
  vm.map(at(0), 2);
  vm.write(at(0), 1);
  vm.write(at(1), 2);
  const { vm_map } = vm.vm;
  const held = vm_fault_quick_hold_pages(vm.k, vm_map, at(0) + 5, PAGE, vmp.VM_PROT_WRITE) ?? [];
  expect(held.map((m) => m.hold_count)).toEqual([1, 1]);
  expect(vm_fault_quick_hold_pages(vm.k, vm_map, at(1), 2 * PAGE, 1)).toBeNull();
  expect(held.map((m) => m.hold_count)).toEqual([1, 1]);
  const free = vm.k.vm.cnt.v_free_count;
  vm.unmap(at(0), 2);
  expect(held[0]).toMatchObject({ object: null, flags: vmp.PG_UNHOLDFREE });
  expect(vm.k.vm.cnt.v_free_count).toBe(free + 1); // the page table
});
