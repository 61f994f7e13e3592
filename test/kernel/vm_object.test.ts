// Objects and shadow chains: shadow, collapse, bypass, split, coalesce, terminate, page_remove.

import { describe, expect, test } from 'vitest';
import {
  vm_object_allocate,
  vm_object_coalesce,
  vm_object_collapse,
  vm_object_depth,
  vm_object_page_remove,
  vm_object_pip_add,
  vm_object_pip_wakeup,
  vm_object_reference,
  vm_object_shadow,
  vm_object_pages,
} from '../../kernel/vm/vm_object.js';
import { vm_object_page_clean } from '../../kernel/vm/vm_object_clean.js';
import { vm_page_alloc, vm_page_xbusy, vm_page_xunbusy } from '../../kernel/vm/vm_page.js';
import { swap_pager_used } from '../../kernel/vm/swap_pager_space.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import type { vm_object } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;

function booted(options?: ConstructorParameters<typeof VmKernel>[0]): VmKernel {
  const vm = new VmKernel(options);
  vm.process();
  return vm;
}

/** Gives an object valid pages at these indices. */
function fill(vm: VmKernel, object: vm_object, ...indices: number[]): void {
  for (const pindex of indices) {
    const m = vm_page_alloc(vm.k, object, pindex, vmp.VM_ALLOC_NORMAL | vmp.VM_ALLOC_NOBUSY);
    if (m === null) throw new Error('no page');
    m.valid = 0xff;
  }
}

/** An anonymous object that shadows `backing`, taking the caller's reference to it. */
function shadow_of(vm: VmKernel, backing: vm_object, offset = 0, pages = 4): vm_object {
  vm_object_reference(backing); // so that it is not the only one, and a shadow is made
  const { object } = vm_object_shadow(vm.k, backing, offset * PAGE, pages * PAGE);
  backing.ref_count--; // and not deallocated, which would collapse it
  return object as vm_object;
}

const resident = (object: vm_object): number[] =>
  vm_object_pages(object, 0, 0).map((m) => m.pindex);

describe('vm_object_shadow', () => {
  test('A#14 vm#71 vm#76 vm#80 vm#83 vm#90 puts an object in front, with colour and offset', () => {
    const vm = booted();
    const source = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 8);
    source.pg_color = 1020;
    vm_object_reference(source);
    const { object, offset } = vm_object_shadow(vm.k, source, 6 * PAGE, 2 * PAGE);
    expect(offset).toBe(0);
    expect(object).toMatchObject({
      type: vmp.OBJT_DEFAULT,
      size: 2,
      ref_count: 1,
      backing_object_offset: 6 * PAGE,
      pg_color: 2,
    });
    expect(object?.backing_object).toBe(source);
    // The reference of the map is the shadow's now.
    expect(source).toMatchObject({ ref_count: 2, shadow_count: 1 });
    expect([...source.shadow_head]).toEqual([object]);
  });

  test('A#14 is nothing when nobody else has the source', () => {
    const vm = booted();
    const source = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 8);
    const same = vm_object_shadow(vm.k, source, 3 * PAGE, PAGE);
    expect(same).toEqual({ object: source, offset: 3 * PAGE });
    const phys = vm_object_allocate(vm.k, vmp.OBJT_PHYS, 8);
    expect(vm_object_shadow(vm.k, phys, 0, PAGE).object).not.toBe(phys);
  });
});

describe('vm_object_collapse', () => {
  test('A#16 vm#82 vm#100 takes over what nobody else uses: hidden pages go, the others move up', () => {
    const vm = booted();
    const bottom = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 6);
    fill(vm, bottom, 0, 1, 2, 5);
    const free = vm.k.vm.cnt.v_free_count;
    const top = shadow_of(vm, bottom, 1, 4);
    fill(vm, top, 0);
    vm_object_collapse(vm.k, top);
    expect(top.backing_object).toBeNull();
    // Bottom 1 is hidden by top 0; bottom 0 lies before the window; 2 and 5 become 1 and 4.
    expect(resident(top)).toEqual([0, 1]);
    expect(bottom).toMatchObject({ type: vmp.OBJT_DEAD, resident_page_count: 0 });
    expect(vm.k.vm.cnt.v_free_count).toBe(free + 3 - 1);
    expect(vm.k.vm.collapses).toBe(1);
    expect(vm.k.vm.object_list.has(bottom)).toBe(false);
  });

  test('A#16 inherits the grand-backing object with the sum of the offsets', () => {
    const vm = booted();
    const grand = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 9);
    vm_object_reference(grand);
    const middle = shadow_of(vm, grand, 2, 6);
    const top = shadow_of(vm, middle, 1, 4);
    expect(vm_object_depth(top)).toBe(2);
    fill(vm, grand, 3);
    vm_object_collapse(vm.k, top);
    expect(top).toMatchObject({ backing_object: grand, backing_object_offset: 3 * PAGE });
    expect(grand).toMatchObject({ ref_count: 2, shadow_count: 1 });
  });

  test('A#16 bypasses what cannot show through, and only that', () => {
    const vm = booted();
    const bottom = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 4);
    fill(vm, bottom, 1, 2);
    vm_object_reference(bottom);
    const top = shadow_of(vm, bottom);
    fill(vm, top, 1);
    vm_object_collapse(vm.k, top);
    expect(top.backing_object).toBe(bottom);
    fill(vm, top, 2);
    vm_object_collapse(vm.k, top);
    expect(top.backing_object).toBeNull();
    expect(bottom).toMatchObject({ ref_count: 1, shadow_count: 0, resident_page_count: 2 });
    expect(vm.k.vm).toMatchObject({ bypasses: 1, collapses: 0 });
  });

  test('A#16 a fully resident object needs nothing below it', () => {
    const vm = booted();
    const bottom = vm_object_allocate(vm.k, vmp.OBJT_SWAP, 2);
    vm_object_reference(bottom);
    const top = shadow_of(vm, bottom, 0, 2);
    fill(vm, top, 0, 1);
    vm_object_collapse(vm.k, top);
    expect(top.backing_object).toBeNull();
  });

  test.each<[string, (o: vm_object) => void]>([
    ['vm#87 a handle', (o) => (o.handle = {} as vm_object['handle'])],
    ['vm#78 another type', (o) => (o.type = vmp.OBJT_PHYS)],
    ['vm#81 I/O in progress', (o) => o.paging_in_progress++],
  ])('A#16 %s forbids it', (_what, mark) => {
    const vm = booted();
    const bottom = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 4);
    fill(vm, bottom, 1);
    const top = shadow_of(vm, bottom);
    mark(bottom);
    vm_object_collapse(vm.k, top);
    expect(top.backing_object).toBe(bottom);
  });

  test('A#16 vm#104 a busy page below forbids it until it is idle', () => {
    const vm = booted();
    const bottom = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 4);
    fill(vm, bottom, 1);
    const [m] = vm_object_pages(bottom, 0, 0);
    vm_page_xbusy(m);
    const top = shadow_of(vm, bottom);
    vm_object_collapse(vm.k, top);
    expect(top.backing_object).toBe(bottom);
    vm_page_xunbusy(vm.k, m);
    vm_object_collapse(vm.k, top);
    expect(m.object).toBe(top);
  });

  test('A#16 the last but one reference collapses the shadow that is left', () => {
    const vm = booted();
    const parent = vm.td.td_proc;
    vm.map(at(0), 2);
    vm.write(at(0), 1);
    vm.write(at(1), 2);
    const child = vm.fork(parent);
    vm.write(at(0), 3);
    expect(vm_object_depth(vm.object(at(0)))).toBe(1);
    vm.exit(child);
    expect(vm_object_depth(vm.object(at(0)))).toBe(0);
    expect(vm.k.vm.collapses).toBe(1);
    expect(vm.check()).toEqual([]);
  });
});

describe('vm_object_coalesce', () => {
  test('A#15 vm#74 vm#89 extends the object and its charge', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 4);
    object.cred = 7;
    object.charge = 4 * PAGE;
    vm.k.vm.swap_reserved = 4 * PAGE;
    vm.k.vm.swap_reserved_by.set(7, 4 * PAGE);
    expect(vm_object_coalesce(vm.k, object, 0, 4 * PAGE, 2 * PAGE, false)).toBe(true);
    expect(object).toMatchObject({ size: 6, charge: 6 * PAGE });
    expect(vm.k.vm.swap_reserved).toBe(6 * PAGE);
    expect(vm_object_coalesce(vm.k, object, 0, 6 * PAGE, PAGE, true)).toBe(true);
    expect(object).toMatchObject({ size: 7, charge: 7 * PAGE });
    expect(vm.k.vm.swap_reserved).toBe(6 * PAGE);
    vm.k.vm.overcommit = 1;
    vm.k.vm.swap_total = 0;
    expect(vm_object_coalesce(vm.k, object, 0, 7 * PAGE, PAGE, false)).toBe(false);
    expect(object.size).toBe(7);
  });

  test('A#15 purges pages left where the new part will be', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 6);
    fill(vm, object, 1, 4, 5);
    expect(vm_object_coalesce(vm.k, object, 0, 4 * PAGE, 2 * PAGE, false)).toBe(true);
    expect(resident(object)).toEqual([1]);
  });

  test('A#15 refuses a backing object, a second user whose end is elsewhere, another type', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 6);
    vm_object_reference(object);
    const coalesce = (o: vm_object, end: number): boolean =>
      vm_object_coalesce(vm.k, o, 0, end * PAGE, PAGE, false);
    expect(coalesce(object, 4)).toBe(false);
    expect(coalesce(object, 6)).toBe(true);
    vm_object_reference(object);
    fill(vm, object, 0);
    expect(coalesce(shadow_of(vm, object), 4)).toBe(false);
    expect(coalesce(vm_object_allocate(vm.k, vmp.OBJT_PHYS, 4), 4)).toBe(false);
    expect(vm_object_coalesce(vm.k, null, 0, PAGE, PAGE, false)).toBe(true);
  });
});

describe('removing and ending', () => {
  test('A#17 vm#112 page_remove: the range, sparing dirty pages when asked, invalidating wired ones', () => {
    const vm = booted();
    vm.map(at(0), 6);
    for (let i = 0; i < 6; i++) vm.read(at(i));
    const object = vm.object(at(0));
    vm.write(at(1), 1);
    const wired = vm.page(at(2));
    wired.wire_count = 1;
    vm_object_page_remove(vm.k, object, 0, 4, true);
    expect(resident(object)).toEqual([1, 2, 4, 5]);
    expect(vm.pte(at(2))).toBe(0);
    expect(wired.valid).toBe(0xff);
    vm_object_page_remove(vm.k, object, 0, 4, false);
    expect(resident(object)).toEqual([2, 4, 5]);
    expect(wired).toMatchObject({ valid: 0, dirty: 0 });
    vm_object_page_remove(vm.k, object, 5, 0, false);
    expect(resident(object)).toEqual([2, 4]);
  });

  test('A#17 vm#104 page_remove waits for a busy page', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 2);
    fill(vm, object, 0, 1);
    vm_page_xbusy(vm_object_pages(object, 0, 0)[1]);
    const remove = (): void => {
      vm_object_page_remove(vm.k, object, 0, 0, false);
    };
    // It has left things half-done when it comes to the page: time goes on instead. Nobody transfers
    // this one.
    expect(remove).toThrow('is busy for ever');
    for (const m of vm_object_pages(object, 0, 0)) vm_page_xunbusy(vm.k, m);
    remove();
    expect(object.resident_page_count).toBe(0);
  });

  test('A#17 vm#70 vm#98 terminate frees pages, swap and charge, and detaches wired pages', () => {
    const vm = booted();
    const free = vm.k.vm.cnt.v_free_count;
    vm.map(at(0), 3);
    for (let i = 0; i < 3; i++) vm.write(at(i), 1);
    vm.evict(at(1));
    const object = vm.object(at(0));
    expect(swap_pager_used(vm.k)).toBe(1);
    vm.unmap(at(0), 3);
    expect(object).toMatchObject({ type: vmp.OBJT_DEAD, ref_count: 0, charge: 0 });
    expect(object.flags & vmp.OBJ_DEAD).toBeTruthy();
    expect(() => {
      vm_object_reference(object);
    }).toThrow('dead');
    expect(swap_pager_used(vm.k)).toBe(0);
    expect(vm.k.vm.cnt.v_free_count).toBe(free);
    expect(vm.k.vm.swap_reserved).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('vm#75 vm#134 page_clean writes what was modified through any mapping, and only that', () => {
    const vm = booted({ files: { f: new Uint8Array(4 * PAGE) } });
    vm.process();
    const object = vm.file('f').v_object as vm_object;
    vm.map(at(0), 4, { object });
    vm.write(at(0), 1);
    vm.read(at(1));
    vm.write(at(2), 1);
    const out = (): number => vm.k.vm.cnt.v_vnodepgsout;
    expect(vm_object_page_clean(vm.k, object)).toBe(true);
    expect(out()).toBe(2);
    expect(object.flags & vmp.OBJ_MIGHTBEDIRTY).toBe(0);
    expect(vm.pte(at(0)) & (2 | 0x40)).toBe(0);
    vm_object_page_clean(vm.k, object);
    expect(out()).toBe(2);
    // A store that comes after is noticed.
    vm.write(at(0), 2);
    vm_object_page_clean(vm.k, object);
    expect(out()).toBe(3);
    expect(vm.check()).toEqual([]);
  });

  test('vm#81 paging_in_progress cannot go below 0', () => {
    const vm = booted();
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 1);
    vm_object_pip_add(object);
    vm_object_pip_wakeup(vm.k, object);
    expect(() => {
      vm_object_pip_wakeup(vm.k, object);
    }).toThrow('underflow');
  });
});
