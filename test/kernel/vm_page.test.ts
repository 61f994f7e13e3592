// Pages: the buddy allocator, allocation classes, queues, wiring, and the page daemon's thresholds.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SLEEP } from '../../kernel/kern/kern_synch.js';
import { vm_object_allocate } from '../../kernel/vm/vm_object.js';
import {
  vm_page_activate,
  vm_page_alloc,
  vm_page_cache,
  vm_page_check,
  vm_page_count_min,
  vm_page_count_severe,
  vm_page_deactivate,
  vm_page_free,
  vm_page_grab,
  vm_page_requeue,
  vm_page_sbusy,
  vm_page_sunbusy,
  vm_page_unwire,
  vm_page_wire,
  vm_wait,
  vm_page_xbusy,
  vm_page_xunbusy,
  vm_page_bits,
  vm_paging_needed,
  vm_paging_target,
  vm_page_lookup,
} from '../../kernel/vm/vm_page.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import { vm_phys_alloc_pages, vm_phys_free_pages } from '../../kernel/vm/vm_phys.js';
import type { vm_object, vm_page } from '../../kernel/vm/vm_types.js';
import { VmKernel } from '../helpers/vm_kernel.js';

const MB = 1 << 20;

function booted(options?: ConstructorParameters<typeof VmKernel>[0]): VmKernel {
  const vm = new VmKernel(options);
  vm.process();
  return vm;
}

/** Free blocks as [frame, order], by frame. */
function free_blocks(vm: VmKernel): [number, number][] {
  const blocks: [number, number][] = [];
  vm.k.vm.free_queues.forEach((queue, order) => {
    for (let m = queue.head; m !== null; m = m.q_next) blocks.push([m.phys_addr >>> 12, order]);
  });
  return blocks.sort((a, b) => a[0] - b[0]);
}

describe('the buddy allocator', () => {
  test('A#18 vm#110 vm#116 blocks never overlap, are aligned, and coalesce to what there was', () => {
    const step = fc.record({ order: fc.nat(10), back: fc.nat() });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.array(fc.nat(), { maxLength: 60 }),
        (steps, order_of_frees) => {
          const vm = new VmKernel({ ramBytes: 6 * MB });
          const before = free_blocks(vm);
          const taken: [vm_page, number][] = [];
          const used = new Set<number>();
          const give = (i: number): void => {
            const [[m, order]] = taken.splice(i % taken.length, 1);
            for (let n = 0; n < 1 << order; n++) used.delete((m.phys_addr >>> 12) + n);
            vm_phys_free_pages(vm.k, m, order);
          };
          for (const { order, back } of steps) {
            if (back % 3 === 0 && taken.length > 0) give(back);
            const m = vm_phys_alloc_pages(vm.k, order);
            if (m === null) {
              expect(free_blocks(vm).every(([, o]) => o < order)).toBe(true);
              continue;
            }
            const frame = m.phys_addr >>> 12;
            expect(frame % (1 << order)).toBe(0);
            for (let n = 0; n < 1 << order; n++) {
              expect(used.has(frame + n)).toBe(false);
              used.add(frame + n);
            }
            taken.push([m, order]);
          }
          for (const i of order_of_frees) if (taken.length > 0) give(i);
          while (taken.length > 0) give(0);
          expect(free_blocks(vm)).toEqual(before);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('A#18 takes from the smallest block that will do', () => {
    const vm = new VmKernel({ ramBytes: 6 * MB });
    const smallest = vm.k.vm.free_queues.findIndex((q) => q.count > 0);
    const larger = vm.k.vm.free_queues.slice(smallest + 1).map((q) => q.count);
    vm_phys_alloc_pages(vm.k, smallest);
    expect(vm.k.vm.free_queues.slice(smallest + 1).map((q) => q.count)).toEqual(larger);
    expect(() => {
      vm_phys_free_pages(
        vm.k,
        vm.k.vm.free_queues.find((q) => q.head !== null)?.head as vm_page,
        0,
      );
    }).toThrow('free already');
  });
});

describe('thresholds', () => {
  test('A#19 vm#122 of 16384 pages', () => {
    const vm = new VmKernel({ ramBytes: 64 * MB + 96 * 4096 + 4096 * 0 + 64 * 1024 });
    const { cnt } = vm.k.vm;
    // 64 MB of pages, with the hole below 1 MB made up for above.
    expect(Math.abs(cnt.v_page_count - 16384)).toBeLessThan(24);
    expect(cnt).toMatchObject({
      v_free_reserved: 71,
      v_free_severe: 111,
      v_free_min: 151,
      v_free_target: 391,
      v_inactive_target: 586,
      v_pageout_free_min: 34,
      v_interrupt_free_min: 2,
    });
  });

  test('A#18 A#19 classes: who may take how much', () => {
    const vm = booted();
    const { cnt } = vm.k.vm;
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 5000);
    let next = 0;
    const take = (klass: number): boolean =>
      vm_page_alloc(vm.k, object, next, klass | vmp.VM_ALLOC_NOBUSY) !== null && ++next > 0;
    const until = (klass: number): number => {
      while (take(klass));
      return cnt.v_free_count;
    };
    while (!vm_paging_needed(vm.k)) take(vmp.VM_ALLOC_NORMAL);
    expect(cnt.v_free_count).toBe(Math.floor(cnt.v_free_min / 10) * 11 - 1);
    expect(vm.k.vm.pageout_wanted).toBe(true);
    expect(vm_paging_target(vm.k)).toBe(cnt.v_free_target - cnt.v_free_count);
    while (!vm_page_count_min(vm.k)) take(vmp.VM_ALLOC_NORMAL);
    expect(cnt.v_free_count).toBe(cnt.v_free_min - 1);
    while (!vm_page_count_severe(vm.k)) take(vmp.VM_ALLOC_NORMAL);
    expect(cnt.v_free_count).toBe(cnt.v_free_severe - 1);
    const deficit = vm.k.vm.pageout_deficit;
    expect(until(vmp.VM_ALLOC_NORMAL)).toBe(cnt.v_free_reserved);
    expect(vm.k.vm.pageout_deficit).toBe(deficit + 1);
    expect(until(vmp.VM_ALLOC_SYSTEM)).toBe(2);
    expect(until(vmp.VM_ALLOC_INTERRUPT)).toBe(0);
    expect(vm.check().filter((line) => !line.includes('references'))).toEqual([]);
  });

  test('A#20 vm#122 what a thread gives back on its way to wait for pages does not wake it', () => {
    const vm = booted({ ramBytes: 2 * MB });
    const awake = vm.td.td_proc;
    vm.process();
    const { cnt, free_wait } = vm.k.vm;
    const taken: vm_page[] = [];
    const klass = vmp.VM_ALLOC_NORMAL | vmp.VM_ALLOC_NOOBJ;
    while (cnt.v_free_count > cnt.v_free_reserved)
      taken.push(vm_page_alloc(vm.k, null, 0, klass) as vm_page);
    const sleeper = vm.td;
    let thrown: unknown = null;
    try {
      vm_wait(vm.k, 'execvm');
    } catch (what) {
      thrown = what;
    }
    expect(thrown).toBe(SLEEP);
    // As an execve does that is going to be executed again.
    for (const m of taken.splice(0, 10)) vm_page_free(vm.k, m);
    expect(cnt.v_free_count).toBeGreaterThanOrEqual(cnt.v_free_min);
    expect(sleeper.td_wmesg).toBe('execvm');
    expect(sleeper.td_wchan).toBe(free_wait);
    expect(vm_page_count_min(vm.k)).toBe(true);
    // Four more than it had, v_free_min - v_free_reserved, and it looks again.
    vm.run(awake);
    for (const m of taken.splice(0, 3)) vm_page_free(vm.k, m);
    expect(sleeper.td_wchan).toBe(free_wait);
    vm_page_free(vm.k, taken[0]);
    expect(sleeper.td_wchan).toBeNull();
    expect(free_wait).toEqual({ waiters: 0, returned: 0 });
    expect(vm.check()).toEqual([]);
  });

  test('vm#115 cache pages count as free, and are taken when nothing else is', () => {
    const vm = booted({ ramBytes: 2 * MB });
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, 1000);
    const { cnt } = vm.k.vm;
    const alloc = (pindex: number): vm_page | null =>
      vm_page_alloc(vm.k, object, pindex, vmp.VM_ALLOC_INTERRUPT | vmp.VM_ALLOC_NOBUSY);
    const m = alloc(0) as vm_page;
    m.valid = 0xff;
    vm_page_cache(vm.k, m);
    expect(m).toMatchObject({ queue: vmp.PQ_CACHE, flags: vmp.PG_CACHED });
    expect(cnt).toMatchObject({ v_cache_count: 1, v_tcached: 1 });
    let next = 1;
    while (cnt.v_free_count > 0) alloc(next++);
    expect(vm_page_lookup(object, 0)).toBe(m);
    expect(alloc(next)).toBe(m);
    expect(vm_page_lookup(object, 0)).toBeNull();
    expect(alloc(++next)).toBeNull();
    expect(cnt.v_cache_count).toBe(0);
  });
});

describe('queues', () => {
  /** Valid, idle pages of one object. */
  function pages(vm: VmKernel, n: number): vm_page[] {
    const object = vm_object_allocate(vm.k, vmp.OBJT_DEFAULT, n);
    return Array.from({ length: n }, (_, i) => {
      const m = vm_page_alloc(vm.k, object, i, vmp.VM_ALLOC_NOBUSY) as vm_page;
      m.valid = 0xff;
      return m;
    });
  }

  const order = (vm: VmKernel, queue: number): number[] => {
    const out: number[] = [];
    for (let m = vm.k.vm.pagequeues[queue].head; m !== null; m = m.q_next) out.push(m.pindex);
    return out;
  };

  test('vm#99 vm#109 vm#111 vm#114 activate, deactivate, requeue', () => {
    const vm = booted();
    const [a, b, c] = pages(vm, 3);
    for (const m of [a, b, c]) vm_page_activate(vm.k, m);
    expect(order(vm, vmp.PQ_ACTIVE)).toEqual([0, 1, 2]);
    expect(a.act_count).toBe(vmp.ACT_INIT);
    vm_page_requeue(vm.k, a);
    expect(order(vm, vmp.PQ_ACTIVE)).toEqual([1, 2, 0]);
    vm_page_deactivate(vm.k, b);
    vm_page_deactivate(vm.k, c, true);
    expect(order(vm, vmp.PQ_INACTIVE)).toEqual([2, 1]);
    // Once more to the tail changes nothing: age counts.
    vm_page_deactivate(vm.k, c);
    expect(order(vm, vmp.PQ_INACTIVE)).toEqual([2, 1]);
    expect(vm.k.vm.cnt).toMatchObject({ v_active_count: 1, v_inactive_count: 2 });
    expect(vm_page_check(vm.k)).toEqual([]);
  });

  test('vm#103 vm#113 wired pages are on no queue; the last unwiring says where they go', () => {
    const vm = booted();
    const [m, other] = pages(vm, 2);
    vm_page_activate(vm.k, m);
    vm_page_wire(vm.k, m);
    vm_page_wire(vm.k, m);
    expect(m).toMatchObject({ queue: vmp.PQ_NONE, wire_count: 2 });
    vm_page_activate(vm.k, m);
    vm_page_deactivate(vm.k, m);
    expect(m.queue).toBe(vmp.PQ_NONE);
    vm_page_unwire(vm.k, m, vmp.PQ_INACTIVE);
    expect(m.queue).toBe(vmp.PQ_NONE);
    vm_page_unwire(vm.k, m, vmp.PQ_INACTIVE);
    expect(m.queue).toBe(vmp.PQ_INACTIVE);
    expect(() => {
      vm_page_unwire(vm.k, other, vmp.PQ_ACTIVE);
    }).toThrow('not wired');
    expect(vm_page_check(vm.k)).toEqual([]);
  });

  test('vm#104 busy: one who changes, or many who read', () => {
    const vm = booted();
    const [m] = pages(vm, 1);
    vm_page_sbusy(m);
    vm_page_sbusy(m);
    expect(() => {
      vm_page_xbusy(m);
    }).toThrow('busy');
    vm_page_sunbusy(vm.k, m);
    vm_page_sunbusy(vm.k, m);
    vm_page_xbusy(m);
    expect(() => {
      vm_page_sbusy(m);
    }).toThrow('exclusively busy');
    expect(vm.sleeps(() => vm_page_grab(vm.k, m.object as vm_object, 0, 0))).toBe('pgrbwt');
    vm_page_xunbusy(vm.k, m);
    expect(vm_page_grab(vm.k, m.object as vm_object, 0, vmp.VM_ALLOC_NOBUSY)).toBe(m);
  });

  test('vm#105 vm#106 a held page is freed when it is let go', () => {
    const vm = booted();
    const [m] = pages(vm, 1);
    m.hold_count = 1;
    const { v_free_count } = vm.k.vm.cnt;
    vm_page_free(vm.k, m);
    expect(vm.k.vm.cnt.v_free_count).toBe(v_free_count);
    expect(m.object).toBeNull();
    expect(() => {
      m.flags |= vmp.PG_FREE;
      vm_page_free(vm.k, m);
    }).toThrow('is free');
  });

  test('vm#112 the bits of 512-byte chunks', () => {
    expect(vm_page_bits(0, 4096)).toBe(0xff);
    expect(vm_page_bits(0, 1)).toBe(0x01);
    expect(vm_page_bits(511, 2)).toBe(0x03);
    expect(vm_page_bits(3584, 512)).toBe(0x80);
    expect(vm_page_bits(100, 0)).toBe(0);
  });
});
