// The page daemon: ageing, the cache, laundering in clusters, out of memory; and swapping processes.

import { describe, expect, test } from 'vitest';
import { BIO_WRITE } from '../../kernel/geom/bio.js';
import {
  DISK_TIMING,
  disk_inject,
  disk_pending,
  g_disk_poll,
} from '../../kernel/geom/geom_disk.js';
import { clock_skip } from '../../kernel/kern/kern_clock.js';
import { sleepq_add, wakeup } from '../../kernel/kern/kern_synch.js';
import {
  P_INMEM,
  P_PROTECTED,
  P_SYSTEM,
  TDF_INMEM,
  TDF_SWAPINREQ,
  TDS_INHIBITED,
  TDS_RUNQ,
} from '../../kernel/sys/proc.js';
import type { Proc, Thread } from '../../kernel/sys/proc.js';
import {
  vm_page_alloc,
  vm_page_deactivate,
  vm_page_lookup,
  vm_page_wire,
  vm_page_xbusy,
  vm_paging_target,
} from '../../kernel/vm/vm_page.js';
import { pageout_state_create, vm_pageout, vm_pageout_scan } from '../../kernel/vm/vm_pageout.js';
import type { pageout_state } from '../../kernel/vm/vm_pageout.js';
import { vm_pageout_cluster } from '../../kernel/vm/vm_pageout_cluster.js';
import { vm_pageout_oom, vm_pageout_oom_victim } from '../../kernel/vm/vm_pageout_oom.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import {
  VM_SWAP_IDLE,
  VM_SWAP_NORMAL,
  faultin,
  swapout_procs,
  swapper_choose,
  vm_daemon_limits,
  vm_req_vmdaemon,
} from '../../kernel/vm/vm_swapout.js';
import type { vm_page } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';
import type { VmKernelOptions } from '../helpers/vm_kernel.js';
import { vm_object_pages } from '../../kernel/vm/vm_object.js';

const at = (page: number): number => BASE + page * PAGE;
const MB = 1 << 20;
const SECOND = 1e9;

/** A small kernel with one process that has `pages` dirty pages of anonymous memory. */
function pressed(pages: number, options: VmKernelOptions = {}): [VmKernel, pageout_state] {
  const vm = new VmKernel({ ramBytes: 2 * MB, ...options });
  vm.process();
  vm.map(at(0), pages);
  for (let i = 0; i < pages; i++) expect(vm.write(at(i), i & 0xff)).toBe(0);
  return [vm, pageout_state_create()];
}

function scan(vm: VmKernel, state: pageout_state, pass: number): boolean {
  state.vmd_pass = pass;
  return vm_pageout_scan(vm.k, state);
}

/** Takes pages until the system is short of them. */
function squeeze(vm: VmKernel): void {
  while (vm.k.vm.cnt.v_free_count >= vm.k.vm.cnt.v_free_severe)
    vm_page_alloc(vm.k, null, 0, vmp.VM_ALLOC_SYSTEM | vmp.VM_ALLOC_NOOBJ);
}

/** Puts the pages on the inactive queue, unreferenced. */
function deactivate(vm: VmKernel, first: number, count: number): vm_page[] {
  const object = vm.object(at(first));
  const out: vm_page[] = [];
  for (let i = first; i < first + count; i++) {
    const m = vm_page_lookup(object, i) as vm_page;
    m.aflags &= ~vmp.PGA_REFERENCED;
    vm.unreference(m);
    vm_page_deactivate(vm.k, m);
    out.push(m);
  }
  return out;
}

describe('the page daemon', () => {
  test('A#20 vm#111 ages active pages: 3 up and 1 for each reference, 1 down without, at 0 inactive', () => {
    const [vm, state] = pressed(100);
    squeeze(vm);
    const m = vm.page(at(5));
    for (let i = 0; i < 100; i++) vm.page(at(i)).act_count = 20;
    scan(vm, state, 1); // all have been referenced since
    expect(m).toMatchObject({ queue: vmp.PQ_ACTIVE, act_count: 24 });
    scan(vm, state, 1);
    expect(m.act_count).toBe(23);
    vm.read(at(5));
    scan(vm, state, 1);
    expect(m.act_count).toBe(27);
    expect(vm.page(at(6)).act_count).toBe(22);
    m.act_count = 63;
    vm.read(at(5));
    scan(vm, state, 1);
    expect(m.act_count).toBe(vmp.ACT_MAX);
    const sinking = vm.page(at(7));
    sinking.act_count = 1;
    scan(vm, state, 1);
    expect(sinking.queue).toBe(vmp.PQ_INACTIVE);
    expect(vm.check()).toEqual([]);
  });

  test('A#20 pass 0 visits as much of the active queue as pageout_update_period asks for', () => {
    const [vm, state] = pressed(120);
    for (let i = 0; i < 120; i++) vm.unreference(vm.page(at(i)));
    const count = (): number =>
      vm_object_pages(vm.object(at(0)), 0, 0).filter((m) => m.act_count < 5).length;
    expect(count()).toBe(0);
    clock_skip(vm.k, 60 * SECOND);
    scan(vm, state, 0);
    expect(count()).toBe(12);
    vm.k.vm.tunables.pageout_update_period = 0;
    clock_skip(vm.k, 600 * SECOND);
    scan(vm, state, 0);
    expect(count()).toBe(12);
  });

  test('A#20 vm#106 vm#121 a dirty page goes round once, then it is written with its neighbours', () => {
    const [vm, state] = pressed(100);
    squeeze(vm);
    deactivate(vm, 0, 100);
    const { cnt } = vm.k.vm;
    scan(vm, state, 1);
    expect(cnt.v_swappgsout).toBe(0);
    expect(vm.page(at(0)).flags & vmp.PG_WINATCFLS).toBeTruthy();
    vm.k.vm.tunables.max_launder = 2;
    scan(vm, state, 1);
    // Two clusters; 2 MB of RAM are so few pages that a cluster has 8.
    expect(cnt.v_swapout).toBe(2);
    expect(cnt.v_swappgsout).toBe(16);
    // Clean now, and there until it is needed.
    expect(vm.object(at(0)).type).toBe(vmp.OBJT_SWAP);
    scan(vm, state, 2);
    scan(vm, state, 2);
    expect(vm_paging_target(vm.k)).toBeLessThanOrEqual(0);
    for (let i = 0; i < 100; i++) expect(vm.read(at(i))).toBe(i);
    expect(vm.check()).toEqual([]);
  });

  test('vm#115 vm#118 clean pages become cache: unmapped, named, allocatable; a fault takes them back', () => {
    const [vm, state] = pressed(1);
    vm.map(at(200), 60);
    for (let i = 200; i < 260; i++) vm.read(at(i));
    squeeze(vm);
    const object = vm.object(at(200));
    for (const m of vm_object_pages(object, 0, 0)) {
      m.aflags &= ~vmp.PGA_REFERENCED;
      vm.unreference(m);
      vm_page_deactivate(vm.k, m);
    }
    const { cnt } = vm.k.vm;
    const missing = vm_paging_target(vm.k);
    scan(vm, state, 1);
    expect(cnt).toMatchObject({ v_cache_count: missing, v_dfree: missing, v_swappgsout: 0 });
    const cached = vm_object_pages(object, 0, 0).find((m) => m.queue === vmp.PQ_CACHE) as vm_page;
    expect(cached.pv_list).toBeNull();
    const faults = vm.td.td_ru.ru_majflt;
    expect(vm.read(vm.entry(at(200)).start + cached.pindex * PAGE)).toBe(0);
    expect(cached.queue).toBe(vmp.PQ_ACTIVE);
    expect(cnt.v_reactivated).toBe(1);
    expect(vm.td.td_ru.ru_majflt).toBe(faults);
    expect(vm.check()).toEqual([]);
  });

  test('A#20 vm#104 vm#105 vm#113 busy, held and wired pages stay', () => {
    const [vm, state] = pressed(40);
    squeeze(vm);
    const [held, busy, wired] = deactivate(vm, 0, 40);
    held.hold_count++;
    vm_page_xbusy(busy);
    vm_page_wire(vm.k, wired);
    for (let n = 0; n < 4; n++) scan(vm, state, 2);
    for (const m of [held, busy, wired]) expect(m.object).not.toBeNull();
    expect(held.queue).toBe(vmp.PQ_INACTIVE);
    expect(vm.pte(at(3))).toBe(0);
  });

  test('A#20 a referenced inactive page is active again, 3 and its references up', () => {
    const [vm, state] = pressed(40);
    squeeze(vm);
    const [m] = deactivate(vm, 0, 40);
    m.act_count = 10;
    vm.read(at(0));
    m.aflags |= vmp.PGA_REFERENCED;
    scan(vm, state, 1);
    // Two references; the scan of the active queue that follows finds none any more.
    expect(m).toMatchObject({
      queue: vmp.PQ_ACTIVE,
      act_count: 10 + 2 + vmp.ACT_ADVANCE - vmp.ACT_DECLINE,
    });
  });

  test('A#20 clusters: back to the aligned boundary first, then forward, then further back', () => {
    const [vm] = pressed(64, { ramBytes: 16 * MB });
    deactivate(vm, 0, 64);
    const object = vm.object(at(0));
    const cluster = (pindex: number): [number, number] => {
      const found = vm_pageout_cluster(vm.k, vm_page_lookup(object, pindex) as vm_page);
      return [found[0].pindex, found.length];
    };
    expect(cluster(20)).toEqual([16, 16]);
    (vm_page_lookup(object, 25) as vm_page).hold_count = 1;
    expect(cluster(20)).toEqual([9, 16]);
    (vm_page_lookup(object, 18) as vm_page).wire_count = 0;
    vm_page_wire(vm.k, vm_page_lookup(object, 18) as vm_page);
    expect(cluster(20)).toEqual([19, 6]);
  });

  test('vm#120 it sleeps a second when there is enough, and pauses half a second when writing did not help', () => {
    const [vm] = pressed(1, { swapBytes: 0 });
    const p = vm.td.td_proc;
    const daemon = vm.process().p_threads[0];
    daemon.td_proc.p_flag |= P_SYSTEM;
    daemon.td_slpcallout = { c_time: 0, c_func: 'endtsleep', c_arg: daemon };
    const step = (): number => {
      vm.k.kern.curthread = daemon;
      let deadline = 0;
      expect(
        vm.sleeps(() => {
          try {
            vm_pageout(vm.k);
          } finally {
            deadline = daemon.td_deadline;
          }
        }),
      ).toBe('psleep');
      vm.run(p);
      return deadline;
    };
    expect(step()).toBe(SECOND);
    squeeze(vm);
    vm.k.vm.pageout_wanted = true;
    expect(step()).toBe(SECOND / 2);
    expect(daemon.td_progress).toMatchObject({ vmd_pass: 2, slept: 'pause' });
  });

  test('vm#121 no more writes are in flight than vm.swap_async_max; the rest waits for buffers', () => {
    const [vm, state] = pressed(100, { diskTiming: DISK_TIMING });
    squeeze(vm);
    const pages = deactivate(vm, 0, 100);
    expect(scan(vm, state, 2)).toBe(false);
    const d = vm.k.vm.swdevs[0].sw_disk;
    expect(disk_pending(d)).toBe(4);
    expect(vm.k.vm.nsw_wcount_async).toBe(0);
    // Written pages can be read, but a store has to wait.
    expect(pages[0]).toMatchObject({ oflags: vmp.VPO_SWAPINPROG });
    expect(vm.object(at(0)).paging_in_progress).toBe(32);
    expect(vm.check()).toEqual([]);
    expect(vm.sleeps(() => vm.write(at(0), 1))).toBe('vmpfw');
    while (g_disk_poll(vm.k));
    expect(vm.k.vm.nsw_wcount_async).toBe(4);
    expect(pages[0]).toMatchObject({ oflags: 0, dirty: 0 });
    expect(vm.write(at(0), 1)).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#23 a page that could not be written stays dirty and goes to the active queue', () => {
    const lines: string[] = [];
    const [vm, state] = pressed(30, { log: (line) => lines.push(line) });
    squeeze(vm);
    const [m] = deactivate(vm, 0, 30);
    disk_inject(vm.k.vm.swdevs[0].sw_disk, BIO_WRITE, 1);
    scan(vm, state, 2);
    expect(m).toMatchObject({ queue: vmp.PQ_ACTIVE, dirty: 0xff, busy_lock: vmp.VPB_UNBUSIED });
    expect(lines.join()).toContain('swap_pager: I/O error - pageout failed');
    for (let i = 0; i < 30; i++) expect(vm.read(at(i))).toBe(i);
    expect(vm.check()).toEqual([]);
  });

  test('vm#121 vm.disable_swapspace_pageouts and defer_swapspace_pageouts keep anonymous pages in', () => {
    const [vm, state] = pressed(60);
    deactivate(vm, 0, 60);
    const { tunables } = vm.k.vm;
    vm.k.vm.pageout_deficit = 1000; // wanted, though memory is not short
    tunables.defer_swapspace_pageouts = 1;
    scan(vm, state, 2);
    expect(vm.k.vm.cnt.v_swapout).toBe(0);
    squeeze(vm);
    tunables.disable_swapspace_pageouts = 1;
    scan(vm, state, 2);
    expect(vm.k.vm.cnt.v_swapout).toBe(0);
    tunables.disable_swapspace_pageouts = 0;
    scan(vm, state, 2);
    expect(vm.k.vm.cnt.v_swapout).toBeGreaterThan(0);
  });

  test('vm#125 memory kept for later is asked for at most every vm.lowmem_period seconds', () => {
    const [vm, state] = pressed(1);
    scan(vm, state, 0);
    expect(vm.k.vm.lowmem_events).toBe(0);
    scan(vm, state, 1);
    clock_skip(vm.k, 9 * SECOND);
    scan(vm, state, 1);
    expect(vm.k.vm.lowmem_events).toBe(1);
    clock_skip(vm.k, 2 * SECOND);
    scan(vm, state, 1);
    expect(vm.k.vm.lowmem_events).toBe(2);
  });
});

describe('out of memory', () => {
  test('A#21 vm#126 vm.pageout_oom_seq scans in a row without progress, and not one less', () => {
    const lines: string[] = [];
    const [vm, state] = pressed(60, { swapBytes: 0, log: (line) => lines.push(line) });
    vm.td.td_proc.p_comm = 'large';
    vm.td.td_proc.p_pid = 100;
    squeeze(vm);
    const killed = (): boolean =>
      lines.some((line) => line.includes('was killed: out of swap space'));
    const attempt = (): void => {
      try {
        scan(vm, state, 2);
      } catch (thrown) {
        // Signals need more of a process than these have: reaching them is what counts.
        if (!killed()) throw thrown;
      }
    };
    for (let n = 0; n < 11; n++) attempt();
    expect(killed()).toBe(false);
    attempt();
    expect(lines.filter((line) => line.includes('killed'))).toEqual([
      'pid 100 (large), uid 1001, was killed: out of swap space',
    ]);
  });

  test('A#21 vm#126 size is swap and resident pages, without what is shared until it is copied', () => {
    const [vm] = pressed(50);
    const first = vm.td.td_proc;
    first.p_pid = 100;
    const second = vm.process();
    second.p_pid = 101;
    vm.map(at(0), 40);
    for (let i = 0; i < 40; i++) vm.write(at(i), 1);
    expect(vm_pageout_oom_victim(vm.k, 'mem')).toEqual({ victim: first, size: 50 });
    // With a copy-on-write child the pages of the first are nobody's alone.
    const child = vm.fork(first);
    expect(vm_pageout_oom_victim(vm.k, 'mem')).toEqual({ victim: second, size: 40 });
    vm.exit(child);
    // Only what is on swap counts when there is no room for metadata.
    vm.run(second);
    expect(vm_pageout_oom_victim(vm.k, 'swapz')).toBeNull();
    vm.evict(at(3));
    expect(vm_pageout_oom_victim(vm.k, 'swapz')).toEqual({ victim: second, size: 33 });
  });

  test('A#21 vm#127 system and protected processes and the first are never victims', () => {
    const [vm] = pressed(60);
    const p = vm.td.td_proc;
    p.p_pid = 100;
    expect(vm_pageout_oom_victim(vm.k, 'mem')?.victim).toBe(p);
    for (const flag of [P_SYSTEM, P_PROTECTED]) {
      p.p_flag |= flag;
      expect(vm_pageout_oom(vm.k, 'mem')).toBe(false);
      p.p_flag &= ~flag;
    }
    p.p_pid = 1;
    expect(vm_pageout_oom(vm.k, 'mem')).toBe(false);
    p.p_pid = 100;
    vm.k.vm.tunables.panic_on_oom = 1;
    expect(() => vm_pageout_oom(vm.k, 'mem')).toThrow('out of swap space');
  });
});

describe('swapping processes', () => {
  const CHANNEL = { name: 'test' };

  /** A process that has slept for `seconds`, and the current one. */
  function sleeper(seconds: number, pages = 10): [VmKernel, Proc, Thread] {
    const [vm] = pressed(pages);
    const p = vm.td.td_proc;
    const td = vm.td;
    td.td_slpcallout = { c_time: 0, c_func: 'endtsleep', c_arg: td };
    vm.process();
    vm.td.td_proc.p_flag |= P_SYSTEM;
    sleepq_add(vm.k, td, CHANNEL, 0, 'test', 0);
    clock_skip(vm.k, seconds * SECOND);
    return [vm, p, td];
  }

  test('vm#123 vm#4 who has slept swap_idle_threshold1 is swapped out under pressure, and unmapped', () => {
    const [vm, p, td] = sleeper(1);
    expect(swapout_procs(vm.k, VM_SWAP_NORMAL)).toBe(0);
    clock_skip(vm.k, SECOND);
    // An idle system waits for threshold2.
    expect(swapout_procs(vm.k, VM_SWAP_IDLE)).toBe(0);
    expect(swapout_procs(vm.k, VM_SWAP_NORMAL)).toBe(1);
    expect(p.p_flag & P_INMEM).toBe(0);
    expect(td.td_flags & TDF_INMEM).toBe(0);
    expect(td.td_ru.ru_nswap).toBe(1);
    const map = p.p_vmspace;
    expect(map?.vm_swrss).toBeGreaterThanOrEqual(10);
    vm_daemon_limits(vm.k);
    expect(map?.vm_pmap.resident_count).toBeLessThanOrEqual(1);
    expect(vm.check()).toEqual([]);
  });

  test('vm#123 idle processes go after swap_idle_threshold2; traced ones that wait for a page never', () => {
    const [vm, p, td] = sleeper(11);
    td.td_pagein = {
      object: vm.object(at(0), p),
      pindex: 0,
      m: vm_page_lookup(vm.object(at(0), p), 0),
      error: 0,
      behind: 0,
      ahead: 0,
    };
    expect(swapout_procs(vm.k, VM_SWAP_IDLE)).toBe(0);
    td.td_pagein = null;
    expect(swapout_procs(vm.k, VM_SWAP_IDLE)).toBe(1);
    expect(p.p_flag & P_INMEM).toBe(0);
  });

  test('vm#124 a wakeup waits for the swapper, which takes the highest swtime + slptime - 8 nice', () => {
    const [vm, p, td] = sleeper(5);
    swapout_procs(vm.k, VM_SWAP_NORMAL);
    expect(swapper_choose(vm.k)).toBeNull();
    wakeup(vm.k, CHANNEL);
    expect(td.td_state).toBe(TDS_INHIBITED);
    expect(td.td_flags & TDF_SWAPINREQ).toBeTruthy();
    const other = vm.process();
    other.p_flag &= ~P_INMEM;
    const [otd] = other.p_threads;
    otd.td_state = TDS_INHIBITED;
    otd.td_wchan = null;
    otd.td_slptime = 0;
    other.p_swtick = 0;
    expect(swapper_choose(vm.k)).toBe(other);
    other.p_nice = 10;
    expect(swapper_choose(vm.k)).toBe(p);
    faultin(vm.k, p);
    expect(p.p_flag & P_INMEM).toBeTruthy();
    expect(td.td_state).toBe(TDS_RUNQ);
    expect(td.td_flags & TDF_SWAPINREQ).toBe(0);
  });

  test('vm#123 pages above RLIMIT_RSS are deactivated, those of the largest object first', () => {
    const [vm] = pressed(30);
    vm.map(at(100), 5);
    for (let i = 100; i < 105; i++) vm.write(at(i), 1);
    const p = vm.td.td_proc;
    const { vm_pmap } = vm.vm;
    p.p_limit.pl_rlimit[5].rlim_cur = 20 * PAGE;
    for (let n = 0; n < 20 && vm_pmap.resident_count > 20; n++) vm_daemon_limits(vm.k);
    expect(vm_pmap.resident_count).toBe(20);
    expect(vm.pte(at(100))).not.toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('vm#123 it is woken at most once a second', () => {
    const [vm] = pressed(1);
    vm_req_vmdaemon(vm.k, VM_SWAP_NORMAL);
    vm_req_vmdaemon(vm.k, VM_SWAP_IDLE);
    expect(vm.k.vm.vm_daemon_needed.requests).toBe(1);
    expect(vm.k.vm.vm_pageout_req_swapout).toBe(VM_SWAP_NORMAL | VM_SWAP_IDLE);
    clock_skip(vm.k, SECOND);
    vm_req_vmdaemon(vm.k, VM_SWAP_NORMAL);
    expect(vm.k.vm.vm_daemon_needed.requests).toBe(2);
  });
});
