// Kernel stacks: where they lie, who keeps them, and what becomes of those of a process that is
// swapped out (vm_glue.c).

import { describe, expect, test } from 'vitest';
import { DISK_TIMING, g_disk_poll } from '../../kernel/geom/geom_disk.js';
import { clock_skip } from '../../kernel/kern/kern_clock.js';
import { sleepq_add, wakeup } from '../../kernel/kern/kern_synch.js';
import { P_INMEM, P_SYSTEM, TDF_INMEM } from '../../kernel/sys/proc.js';
import { kernel_pmap, pmap_pte_value } from '../../kernel/vm/pmap.js';
import {
  vm_thread_dispose,
  vm_thread_new,
  vm_thread_reserve,
  vm_thread_stack_lowmem,
} from '../../kernel/vm/vm_kstack.js';
import { vm_page_alloc, vm_page_free, vm_page_lookup } from '../../kernel/vm/vm_page.js';
import { pageout_state_create, vm_pageout_scan } from '../../kernel/vm/vm_pageout.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import { VM_SWAP_NORMAL, faultin, swapout_procs } from '../../kernel/vm/vm_swapout.js';
import type { kstack, vm_page } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';
import type { VmKernelOptions } from '../helpers/vm_kernel.js';

const SECOND = 1e9;
const PG_V = 1;
const PG_G = 0x100;

/** A process whose thread has a stack, in the threads' table as one that fork made. */
function with_stack(options: VmKernelOptions = {}): [VmKernel, kstack] {
  const vm = new VmKernel(options);
  vm.process();
  vm.k.kern.threads.set(vm.td.td_tid, vm.td);
  vm_thread_new(vm.k, vm.td);
  return [vm, vm.td.td_kstack as kstack];
}

const pte = (vm: VmKernel, va: number): number => pmap_pte_value(vm.k, kernel_pmap(vm.k), va);
const pages_of = ({ object }: kstack): (vm_page | null)[] =>
  [0, 1].map((i) => vm_page_lookup(object, i));

describe('kernel stacks', () => {
  test('vm#142 two wired pages of a DEFAULT object, above a page that is not mapped', () => {
    const vm = new VmKernel();
    vm.process();
    const wired = vm.k.vm.cnt.v_wire_count;
    vm.k.kern.threads.set(vm.td.td_tid, vm.td);
    vm_thread_new(vm.k, vm.td);
    const stack = vm.td.td_kstack as kstack;
    expect(vm.k.vm.cnt.v_wire_count).toBe(wired + 2);
    expect(stack.object.type).toBe(vmp.OBJT_DEFAULT);
    expect(stack.object.resident_page_count).toBe(2);
    pages_of(stack).forEach((m, i) => {
      expect(m?.wire_count).toBe(1);
      const entry = pte(vm, stack.va + i * PAGE);
      expect(entry & (PG_V | PG_G)).toBe(PG_V | PG_G);
      expect((entry & ~0xfff) >>> 0).toBe(m?.phys_addr);
    });
    expect(pte(vm, stack.va - PAGE)).toBe(0);
    // The hole is the stack's own: nothing else is put there.
    vm.process();
    vm.k.kern.threads.set(vm.td.td_tid, vm.td);
    vm_thread_new(vm.k, vm.td);
    expect(Math.abs((vm.td.td_kstack as kstack).va - stack.va)).toBeGreaterThanOrEqual(3 * PAGE);
    expect(vm.k.vm.kstacks.count).toBe(2);
    expect(vm.check()).toEqual([]);
  });

  test('vm#142 vm#125 the last one given back is taken first; short of memory they are freed', () => {
    const [vm, stack] = with_stack();
    const { k } = vm;
    vm_thread_dispose(k, vm.td);
    expect(vm.td.td_kstack).toBeNull();
    const wired = k.vm.cnt.v_wire_count;
    vm_thread_reserve(k);
    vm_thread_new(k, vm.td);
    expect(vm.td.td_kstack).toBe(stack);
    expect(k.vm.cnt.v_wire_count).toBe(wired);
    vm_thread_dispose(k, vm.td);
    vm_thread_stack_lowmem(k);
    expect(k.vm.kstacks).toMatchObject({ count: 0, cache: [] });
    expect(k.vm.cnt.v_wire_count).toBe(wired - 2);
    expect(pte(vm, stack.va)).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('vm#142 above vm.kstack_cache_size stacks none is kept', () => {
    const [vm] = with_stack();
    const { k } = vm;
    k.vm.kstacks.cache_size = 1;
    vm_thread_reserve(k);
    const [kept] = k.vm.kstacks.cache;
    const objects = k.vm.object_list.size;
    vm_thread_dispose(k, vm.td);
    expect(k.vm.kstacks).toMatchObject({ count: 1, cache: [kept] });
    expect(k.vm.object_list.size).toBe(objects - 1);
    expect(vm.check()).toEqual([]);
  });

  test('vm#142 without memory for one, who asks waits and nothing is left behind', () => {
    const vm = new VmKernel();
    vm.process();
    const free = vm.k.vm.cnt.v_free_count;
    // The second page is the one that fails.
    vm.k.vm.fail_alloc = 2;
    expect(vm.sleeps(() => vm_thread_reserve(vm.k))).toBe('vmwait');
    expect(vm.k.vm.cnt.v_free_count).toBe(free);
    expect(vm.k.vm.kstacks).toMatchObject({ count: 0, cache: [] });
  });

  test('vm#142 vm#123 swapped out they are pageable, and are read before the process runs', () => {
    const [vm, stack] = with_stack({ ramBytes: 2 << 20, diskTiming: DISK_TIMING });
    const { k, td } = vm;
    const p = td.td_proc;
    td.td_slpcallout = { c_time: 0, c_func: 'endtsleep', c_arg: td };
    pages_of(stack).forEach((m, i) => k.machine.ram8.fill(0x51 + i, m?.phys_addr, (m?.phys_addr ?? 0) + PAGE)); // prettier-ignore
    vm.process();
    vm.td.td_proc.p_flag |= P_SYSTEM;
    const CHANNEL = { name: 'test' };
    sleepq_add(k, td, CHANNEL, 0, 'test', 0);
    clock_skip(k, 3 * SECOND);
    const wired = k.vm.cnt.v_wire_count;
    expect(swapout_procs(k, VM_SWAP_NORMAL)).toBe(1);
    expect(k.vm.cnt.v_wire_count).toBe(wired - 2);
    expect(pte(vm, stack.va)).toBe(0);
    for (const m of pages_of(stack)) expect(m).toMatchObject({ queue: 0, dirty: 0xff });
    expect(vm.check()).toEqual([]);

    // Pressure: the page daemon writes them and takes the frames.
    const [swap] = k.vm.swdevs;
    const state = { ...pageout_state_create(), vmd_pass: 1 };
    vm.map(BASE, 400);
    const cached = (): boolean => pages_of(stack).every((m) => m?.queue === vmp.PQ_CACHE);
    for (let i = 0, page = 0; !cached() && i < 2000; i++) {
      vm.sleeps(() => {
        if (vm.write(BASE + page * PAGE, 1) === 0) page = (page + 1) % 400;
      });
      vm.sleeps(() => vm_pageout_scan(k, state));
      while (g_disk_poll(k));
    }
    const taken: vm_page[] = [];
    while (stack.object.resident_page_count > 0)
      taken.push(vm_page_alloc(k, null, 0, vmp.VM_ALLOC_INTERRUPT | vmp.VM_ALLOC_NOOBJ) as vm_page);
    expect(stack.object.type).toBe(vmp.OBJT_SWAP);
    expect(swap.sw_disk.d_writes).toBeGreaterThan(0);

    // Back: each page sleeps for its read.
    vm.unmap(BASE, 400);
    for (const m of taken) vm_page_free(k, m);
    wakeup(k, CHANNEL);
    const slept: (string | null)[] = [];
    const reads = swap.sw_disk.d_reads;
    while ((p.p_flag & P_INMEM) === 0 && slept.length < 10) {
      slept.push(vm.sleeps(() => faultin(k, p)));
      while (g_disk_poll(k));
    }
    expect(slept).toEqual(['swread', 'swread', null]);
    expect(swap.sw_disk.d_reads).toBe(reads + 2);
    expect(td.td_flags & TDF_INMEM).not.toBe(0);
    pages_of(stack).forEach((m, i) => {
      expect(m?.wire_count).toBe(1);
      expect((pte(vm, stack.va + i * PAGE) & ~0xfff) >>> 0).toBe(m?.phys_addr);
      expect(k.machine.ram8[m?.phys_addr ?? 0]).toBe(0x51 + i);
    });
    expect(vm.check()).toEqual([]);
  });
});
