// Pages: the buddy allocator, allocation classes, queues, wiring, and the page daemon's thresholds.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SLEEP } from '../../kernel/kern/kern_synch.js';
import { P_SYSTEM, P_WKILLED } from '../../kernel/sys/proc.js';
import type { Thread } from '../../kernel/sys/proc.js';
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
  vm_page_xbusy,
  vm_page_xunbusy,
  vm_page_bits,
  vm_paging_needed,
  vm_paging_target,
} from '../../kernel/vm/vm_page.js';
import { vm_pageout, vm_pageout_oom } from '../../kernel/vm/vm_pageout.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import { vm_phys_alloc_pages, vm_phys_free_pages } from '../../kernel/vm/vm_phys.js';
import type { vm_object, vm_page } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;
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
    expect(object.memq.get(0)).toBe(m);
    expect(alloc(next)).toBe(m);
    expect(object.memq.has(0)).toBe(false);
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

describe('the page daemon', () => {
  /** A kernel with its daemon, and one process that has `pages` pages of anonymous memory. */
  function pressed(pages: number, swapBytes = 16 * MB): [VmKernel, Thread] {
    const vm = booted({ ramBytes: 2 * MB, swapBytes });
    const p = vm.td.td_proc;
    const daemon = vm.process().p_threads[0];
    daemon.td_proc.p_flag |= P_SYSTEM;
    daemon.td_progress = null;
    daemon.td_slpcallout = { c_time: 0 } as Thread['td_slpcallout'];
    vm.run(p);
    vm.map(at(0), pages);
    for (let i = 0; i < pages; i++) {
      const result = vm.write(at(i), i);
      if (result !== 0) throw new Error(`page ${i}: ${result}`);
    }
    return [vm, daemon];
  }

  /** One step of the daemon. @returns what it sleeps on afterwards. */
  function step(vm: VmKernel, daemon: Thread): string {
    const td = vm.k.kern.curthread;
    vm.k.kern.curthread = daemon;
    const slept = vm.sleeps(() => {
      vm_pageout(vm.k);
    });
    vm.k.kern.curthread = td;
    return slept ?? '';
  }

  const progress = (daemon: Thread): { pass: number; oom_seq: number } =>
    daemon.td_progress as { pass: number; oom_seq: number };

  /** Takes pages until the system is short of them. */
  function squeeze(vm: VmKernel): vm_page[] {
    const taken: vm_page[] = [];
    while (vm.k.vm.cnt.v_free_count >= vm.k.vm.cnt.v_free_severe) {
      const m = vm_page_alloc(vm.k, null, 0, vmp.VM_ALLOC_SYSTEM | vmp.VM_ALLOC_NOOBJ);
      if (m !== null) taken.push(m);
    }
    return taken;
  }

  test('A#20 vm#111 vm#120 ages active pages: 3 up for a reference, 1 down without, at 0 inactive', () => {
    const [vm, daemon] = pressed(100);
    squeeze(vm);
    const m = vm.page(at(5));
    for (let i = 0; i < 100; i++) vm.page(at(i)).act_count = 20;
    step(vm, daemon); // all have been referenced since
    expect(m).toMatchObject({ queue: vmp.PQ_ACTIVE, act_count: 24 });
    step(vm, daemon);
    expect(m.act_count).toBe(23);
    vm.read(at(5));
    step(vm, daemon);
    expect(m.act_count).toBe(27);
    expect(vm.page(at(6)).act_count).toBe(22);
    m.act_count = 63;
    vm.read(at(5));
    step(vm, daemon);
    expect(m.act_count).toBe(vmp.ACT_MAX);
    vm.page(at(7)).act_count = 1;
    step(vm, daemon);
    expect(vm.page(at(7)).queue).toBe(vmp.PQ_INACTIVE);
    expect(vm.check()).toEqual([]);
  });

  test('A#20 vm#106 vm#121 a dirty page is passed over once, then written and freed', () => {
    const [vm, daemon] = pressed(100);
    for (let i = 0; i < 100; i++) {
      const m = vm.page(at(i));
      m.aflags &= ~vmp.PGA_REFERENCED;
      vm_page_deactivate(vm.k, m);
    }
    squeeze(vm);
    step(vm, daemon); // referenced: all become active again
    expect(vm.k.vm.cnt.v_inactive_count).toBe(0);
    for (let i = 0; i < 100; i++) vm_page_deactivate(vm.k, vm.page(at(i)));
    progress(daemon).pass = 0;
    const { cnt } = vm.k.vm;
    step(vm, daemon);
    expect(cnt.v_swappgsout).toBe(0);
    expect(vm.page(at(0)).flags & vmp.PG_WINATCFLS).toBeTruthy();
    progress(daemon).pass = 0;
    step(vm, daemon);
    // As many as are missing, but no more than vm.max_launder.
    expect(cnt.v_swappgsout).toBeGreaterThan(0);
    expect(cnt.v_swappgsout).toBeLessThanOrEqual(32);
    expect(cnt.v_dfree).toBe(cnt.v_swappgsout);
    for (let n = 0; n < 5; n++) step(vm, daemon);
    expect(vm_paging_target(vm.k)).toBeLessThanOrEqual(0);
    for (let i = 0; i < 100; i++) expect(vm.read(at(i))).toBe(i);
    expect(vm.check()).toEqual([]);
  });

  test('A#20 clean pages go without being written, unmapped first', () => {
    const [vm, daemon] = pressed(1);
    vm.map(at(200), 60);
    for (let i = 200; i < 260; i++) vm.read(at(i));
    for (let i = 200; i < 260; i++) {
      const m = vm.page(at(i));
      vm_page_deactivate(vm.k, m);
    }
    squeeze(vm);
    step(vm, daemon); // clears the reference bits
    for (let i = 200; i < 260; i++) vm_page_deactivate(vm.k, vm.page(at(i)));
    const { v_free_target, v_free_count } = vm.k.vm.cnt;
    step(vm, daemon);
    expect(vm.k.vm.cnt.v_dfree).toBe(v_free_target - v_free_count);
    expect(vm.k.vm.cnt.v_swappgsout).toBe(0);
    expect(vm.pte(at(200))).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#20 busy, held and wired pages stay', () => {
    const [vm, daemon] = pressed(40);
    const held = vm.page(at(0));
    held.hold_count++;
    const busy = vm.page(at(1));
    vm_page_xbusy(busy);
    const wired = vm.page(at(2));
    vm_page_wire(vm.k, wired);
    squeeze(vm);
    for (let n = 0; n < 20; n++) step(vm, daemon);
    for (const m of [held, busy, wired]) expect(m.object).not.toBeNull();
    expect(vm.pte(at(3))).toBe(0);
  });

  test('A#20 sleeps a second when there is enough, half a second between urgent scans', () => {
    const [vm, daemon] = pressed(1);
    expect(step(vm, daemon)).toBe('psleep');
    squeeze(vm);
    step(vm, daemon);
    expect(step(vm, daemon)).toBe('pdpause');
  });

  test('A#20 who waits is woken when there are pages again', () => {
    const [vm, daemon] = pressed(100);
    squeeze(vm);
    expect(
      vm.sleeps(() => {
        vm.map(at(500), 1);
        vm.write(at(500), 1);
      }),
    ).toBe('pfault');
    for (let n = 0; n < 12 && vm.k.vm.free_wait.waiters > 0; n++) step(vm, daemon);
    expect(vm.k.vm.free_wait.waiters).toBe(0);
    expect(vm.write(at(500), 1)).toBe(0);
  });

  test('A#21 vm#126 twelve scans without progress kill the largest process, and wake it to die', () => {
    const [vm, daemon] = pressed(60, 0);
    const large = vm.td.td_proc;
    large.p_comm = 'large';
    const killed: number[] = [];
    squeeze(vm);
    vm.k.vm.free_wait.waiters = 1;
    for (let n = 0; n < 14 && killed.length === 0; n++) {
      try {
        step(vm, daemon);
      } catch (thrown) {
        // Signals need more of a process than these have: reaching them is what counts.
        if (thrown === SLEEP) throw thrown;
        killed.push(n);
      }
      if (large.p_flag & P_WKILLED) killed.push(n);
    }
    expect(killed[0]).toBeGreaterThanOrEqual(11);
  });

  test('A#21 vm#127 system and protected processes are never victims', () => {
    const [vm] = pressed(60, 0);
    vm.td.td_proc.p_flag |= P_SYSTEM;
    expect(vm_pageout_oom(vm.k)).toBe(false);
  });
});
