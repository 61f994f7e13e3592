// Swap: disks with latency, metadata, clusters, several devices, swapoff; page-ins that are waited for.

import { describe, expect, test } from 'vitest';
import { BIO_READ } from '../../kernel/geom/bio.js';
import type { bio } from '../../kernel/geom/bio.js';
import {
  DISK_TIMING,
  disk_alloc,
  disk_inject,
  disk_pending,
  g_disk_poll,
  g_disk_strategy,
} from '../../kernel/geom/geom_disk.js';
import { clock_skip, nanouptime } from '../../kernel/kern/kern_clock.js';
import { callout_process } from '../../kernel/kern/kern_timeout.js';
import {
  SWAPBLK_NONE,
  blist_alloc,
  blist_create,
  blist_free,
} from '../../kernel/kern/subr_blist.js';
import { ENOMEM } from '../../kernel/sys/errno.js';
import { vm_page_deactivate, vm_page_lookup } from '../../kernel/vm/vm_page.js';
import { vm_pageout_flush } from '../../kernel/vm/vm_pageout_cluster.js';
import { pageout_state_create, vm_pageout_scan } from '../../kernel/vm/vm_pageout.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import { swap_pager_blocks, swap_pager_swapped } from '../../kernel/vm/swap_pager_meta.js';
import { swap_pager_used } from '../../kernel/vm/swap_pager_space.js';
import { disk_find, swapoff, swapon } from '../../kernel/vm/swap_pager_swap.js';
import { vm_pager_put_pages } from '../../kernel/vm/vm_pager.js';
import type { vm_page } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';
import type { VmKernelOptions } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;
const MB = 1 << 20;

function booted(pages: number, options: VmKernelOptions = {}): VmKernel {
  const vm = new VmKernel(options);
  vm.process();
  vm.map(at(0), pages);
  for (let i = 0; i < pages; i++) vm.write(at(i), i & 0xff);
  return vm;
}

/** Writes pages [first, first + count) in runs of 16 and takes them out of memory. */
function evict(vm: VmKernel, first: number, count: number): void {
  for (let i = first; i < first + count; i += 16) {
    const run: vm_page[] = [];
    for (let j = i; j < Math.min(i + 16, first + count); j++) run.push(vm.page(at(j)));
    expect(vm_pager_put_pages(vm.k, vm.object(at(0)), run)).toBe(true);
  }
  for (let i = first; i < first + count; i++) vm.evict(at(i));
}

describe('a list of blocks', () => {
  test('A#23 runs are the lowest that fit; what is freed coalesces', () => {
    const bl = blist_create(1000);
    blist_free(bl, 0, 1000);
    expect([16, 16, 5].map((n) => blist_alloc(bl, n))).toEqual([0, 16, 32]);
    blist_free(bl, 4, 3);
    expect(blist_alloc(bl, 4)).toBe(37);
    expect(blist_alloc(bl, 3)).toBe(4);
    let n = 0;
    while (blist_alloc(bl, 16) !== SWAPBLK_NONE) n++;
    expect(blist_alloc(bl, 17)).toBe(SWAPBLK_NONE);
    expect(n).toBeGreaterThan(55);
    expect(() => {
      blist_free(bl, 0, 1);
      blist_free(bl, 0, 1);
    }).toThrow('is free');
  });
});

describe('a disk', () => {
  test('vm#121 C-LOOK: upwards from the head, then from the lowest again', () => {
    const vm = booted(10);
    const d = disk_alloc('d', 1, 1000, 'memory', DISK_TIMING);
    vm.k.vm.disks.push(d);
    const object = vm.object(at(0));
    const reads = [500, 700, 100, 300, 600].map((block, i): bio => {
      object.paging_in_progress++;
      return {
        bio_cmd: BIO_READ,
        bio_flags: 0,
        bio_offset: block,
        bio_pages: [vm.page(at(i))],
        bio_error: 0,
        bio_done: 'swap',
        bio_caller1: { wait: null, late: null, async: false },
        bio_t0: 0,
      };
    });
    for (const bp of reads) {
      bp.bio_pages[0].busy_lock = vmp.VPB_EXCLUSIVE;
      g_disk_strategy(vm.k, d, bp);
    }
    const order: number[] = [];
    let before = nanouptime(vm.k);
    while (disk_pending(d) > 0) {
      order.push((d.d_active as bio).bio_offset);
      g_disk_poll(vm.k);
      expect(nanouptime(vm.k)).toBeGreaterThan(before);
      before = nanouptime(vm.k);
    }
    expect(order).toEqual([500, 600, 700, 100, 300]);
  });
});

describe('swap metadata', () => {
  test('vm#92 vm#93 vm#88 the first page-out makes a default object swap-backed, 32 slots at a time', () => {
    const vm = booted(70);
    const object = vm.object(at(0));
    expect(object).toMatchObject({ type: vmp.OBJT_DEFAULT, swp_swblks: null });
    evict(vm, 0, 70);
    expect(object.type).toBe(vmp.OBJT_SWAP);
    expect(object.swp_swblks?.size).toBe(3);
    expect(swap_pager_swapped(object)).toBe(70);
    expect(vm.k.vm.swzone.used).toBe(3);
    vm.unmap(at(32), 32);
    expect(vm.k.vm.swzone.used).toBe(2);
    expect(vm.check()).toEqual([]);
    vm.unmap(at(0), 70);
    expect(swap_pager_used(vm.k)).toBe(0);
    expect(vm.k.vm.swzone.used).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#23 a page is written to a new place each time, and keeps its block while it is clean', () => {
    const vm = booted(1);
    const object = vm.object(at(0));
    const block = (): number => swap_pager_blocks(object)[0]?.[1] ?? -1;
    vm.evict(at(0));
    expect(block()).toBe(2); // the first two are the label
    vm.read(at(0));
    expect(block()).toBe(2);
    vm.evict(at(0));
    // A store that faults frees it at once.
    vm.write(at(0), 5);
    expect(block()).toBe(-1);
    vm.evict(at(0));
    const m = (vm.read(at(0)), vm.page(at(0)));
    const old = block();
    vm_pager_put_pages(vm.k, object, [m]);
    expect(block()).not.toBe(old);
    expect(swap_pager_used(vm.k)).toBe(1);
    expect(vm.read(at(0))).toBe(5);
    expect(vm.check()).toEqual([]);
  });

  test('A#23 runs of 16, halved to 4 when swap is fragmented, then refused; what has no room stays', () => {
    const lines: string[] = [];
    const vm = booted(60, { swapBytes: 42 * PAGE, log: (line) => lines.push(line) });
    const object = vm.object(at(0));
    const pages = Array.from({ length: 60 }, (_, i) => vm.page(at(i)));
    for (const m of pages) vm_page_deactivate(vm.k, m);
    const { cnt } = vm.k.vm;
    // Runs lie within 32 blocks: 16 at 2, 8 at 18, 8 at 32.
    expect(vm_pageout_flush(vm.k, pages.slice(0, 32))).toBe(32);
    expect(cnt).toMatchObject({ v_swapout: 3, v_swappgsout: 32 });
    expect(swap_pager_blocks(object)[24]).toEqual([24, 32]);
    // 4 at 26; then 12, 6, 3 fail, 9 and 4 fail, 5 fails and 2 at 30 do not.
    expect(vm_pageout_flush(vm.k, pages.slice(32, 48))).toBe(6);
    expect(cnt).toMatchObject({ v_swapout: 5, v_swappgsout: 38 });
    // No room for these: active again, where they do not clog the inactive queue.
    expect(pages[47]).toMatchObject({ queue: vmp.PQ_ACTIVE, dirty: 0xff });
    expect(vm.k.vm).toMatchObject({ swap_pager_full: 2, swap_pager_almost_full: 1 });
    // So small a device is short from the beginning: there is nothing to be said.
    expect(lines).toEqual([]);
    expect(swap_pager_swapped(object)).toBe(38);
    expect(vm.check()).toEqual([]);
  });

  test('A#23 almost full below 128 free blocks, no longer above 512', () => {
    const lines: string[] = [];
    const vm = booted(900, { swapBytes: 802 * PAGE, log: (line) => lines.push(line) });
    expect(vm.k.vm).toMatchObject({ swap_pager_full: 0, swap_pager_almost_full: 0 });
    evict(vm, 0, 672);
    expect(vm.k.vm.swap_pager_almost_full).toBe(0);
    evict(vm, 672, 16);
    expect(vm.k.vm.swap_pager_almost_full).toBe(1);
    expect(lines).toEqual(['swap_pager: out of swap space']);
    vm.unmap(at(0), 200);
    expect(vm.k.vm.swap_pager_almost_full).toBe(1);
    vm.unmap(at(200), 250);
    expect(vm.k.vm.swap_pager_almost_full).toBe(0);
  });

  test('A#23 no room for metadata: refused, and the process with most on swap would be killed', () => {
    const lines: string[] = [];
    const vm = booted(64, { log: (line) => lines.push(line) });
    vm.k.vm.swzone.limit = 1;
    evict(vm, 0, 32);
    const m = vm.page(at(32));
    let result: unknown = null;
    try {
      result = vm_pager_put_pages(vm.k, vm.object(at(0)), [m]);
    } catch {
      // Signals need more of a process than these have.
    }
    expect(result).not.toBe(true);
    expect(lines).toContain('swap zone exhausted, increase kern.maxswzone');
    expect(vm.k.vm.swzone).toMatchObject({ used: 1, failures: 1 });
  });
});

describe('page-ins', () => {
  test('A#23 vm#35 neighbours both in the object and on the disk come along, seven at most each side', () => {
    const vm = booted(32);
    evict(vm, 0, 32);
    const { cnt } = vm.k.vm;
    vm.read(at(8));
    expect(cnt).toMatchObject({ v_swapin: 1, v_swappgsin: 15 });
    const object = vm.object(at(0));
    expect(object.resident_page_count).toBe(15);
    expect([0, 1, 15, 16].map((n) => vm_page_lookup(object, n) !== null)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(vm_page_lookup(object, 1)).toMatchObject({
      queue: vmp.PQ_INACTIVE,
      valid: 0xff,
      dirty: 0,
    });
    expect(vm.check()).toEqual([]);
  });

  test('vm#81 vm#104 vm#108 a page on its way is busy, its thread sleeps, and the fault counts once', () => {
    const vm = booted(4, { diskTiming: DISK_TIMING });
    evict(vm, 0, 4);
    const { td } = vm;
    const { ru_majflt, ru_minflt } = td.td_ru;
    const object = vm.object(at(0));
    expect(vm.sleeps(() => vm.read(at(1)))).toBe('swread');
    expect(object.paging_in_progress).toBe(4);
    expect(vm_page_lookup(object, 1)).toMatchObject({
      busy_lock: vmp.VPB_EXCLUSIVE,
      valid: 0,
      oflags: vmp.VPO_SWAPINPROG,
    });
    expect(vm.check()).toEqual([]);
    // Somebody else who wants it waits too.
    expect(vm.sleeps(() => vm.read(at(2)))).toBe('vmpfw');
    const before = nanouptime(vm.k);
    g_disk_poll(vm.k);
    expect(nanouptime(vm.k) - before).toBeGreaterThanOrEqual(DISK_TIMING.d_overhead);
    expect(object.paging_in_progress).toBe(0);
    expect(vm.read(at(1))).toBe(1);
    expect(td.td_ru.ru_majflt).toBe(ru_majflt + 1);
    // Its neighbours were mapped with it.
    expect(vm.pte(at(2)) & 1).toBe(1);
    expect(td.td_ru.ru_minflt).toBe(ru_minflt);
    expect(vm.check()).toEqual([]);
  });

  test('vm#68 a read error is the access’s, once: KERN_FAILURE; the page is not kept', () => {
    const vm = booted(2, { diskTiming: DISK_TIMING });
    evict(vm, 0, 2);
    disk_inject(vm.k.vm.swdevs[0].sw_disk, BIO_READ, 1);
    expect(vm.sleeps(() => vm.read(at(0)))).toBe('swread');
    g_disk_poll(vm.k);
    expect(vm.object(at(0)).resident_page_count).toBe(0);
    expect(vm.read(at(0))).toBe(-vmp.KERN_FAILURE);
    expect(vm.sleeps(() => vm.read(at(0)))).toBe('swread');
    g_disk_poll(vm.k);
    expect(vm.read(at(0))).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('vm#94 files come from the host’s disk the same way', () => {
    const file = new Uint8Array(40 * PAGE).map((_, i) => (i >> 12) + 1);
    const vm = new VmKernel({ files: { f: file }, diskTiming: DISK_TIMING });
    vm.process();
    vm.map(at(0), 40, { object: vm.file('f').v_object, prot: vmp.VM_PROT_READ });
    expect(vm.sleeps(() => vm.read(at(20)))).toBe('vnread');
    g_disk_poll(vm.k);
    expect(vm.read(at(20))).toBe(21);
    // The aligned cluster of 16.
    expect(vm.k.vm.cnt).toMatchObject({ v_vnodein: 1, v_vnodepgsin: 16 });
    disk_inject(vm.k.vm.disks[0], BIO_READ, 1);
    expect(vm.sleeps(() => vm.read(at(0)))).toBe('vnread');
    g_disk_poll(vm.k);
    expect(vm.read(at(0))).toBe(-vmp.KERN_FAILURE);
    expect(vm.check()).toEqual([]);
  });

  test('vm#81 an object that ends waits for its transfers', () => {
    const vm = booted(4, { diskTiming: DISK_TIMING });
    evict(vm, 0, 4);
    vm.sleeps(() => vm.read(at(1)));
    vm.unmap(at(0), 4);
    expect(disk_pending(vm.k.vm.swdevs[0].sw_disk)).toBe(0);
    expect(swap_pager_used(vm.k)).toBe(0);
    expect(vm.check()).toEqual([]);
  });

  test('A#20 who reads a page that is being written sees it; who writes waits', () => {
    const vm = booted(20, { diskTiming: DISK_TIMING, ramBytes: 2 * MB });
    const pages = Array.from({ length: 20 }, (_, i) => vm.page(at(i)));
    for (const m of pages) {
      vm.unreference(m);
      m.aflags &= ~vmp.PGA_REFERENCED;
      vm_page_deactivate(vm.k, m);
    }
    vm.k.vm.pageout_deficit = 2000;
    const state = pageout_state_create();
    state.vmd_pass = 2;
    vm_pageout_scan(vm.k, state);
    expect(pages[0].busy_lock & ~vmp.VPB_UNBUSIED).toBe(vmp.VPB_SHARED_ONE);
    expect(vm.read(at(0))).toBe(0);
    expect(vm.sleeps(() => vm.write(at(0), 9))).toBe('vmpfw');
    while (g_disk_poll(vm.k));
    expect(vm.write(at(0), 9)).toBe(0);
  });
});

test('A#23 a read that takes longer than 20 s is spoken of every 20 s, until it is there', () => {
  const vm = booted(4, { diskTiming: { d_overhead: 50e9, d_stroke: 0, d_block: 0 } });
  evict(vm, 0, 4);
  expect(vm.sleeps(() => vm.read(at(1)))).toBe('swread');
  const after = (seconds: number): number => {
    clock_skip(vm.k, seconds * 1e9);
    callout_process(vm.k);
    return vm.lines.length;
  };
  expect(after(19)).toBe(0);
  expect(after(2)).toBe(1);
  expect(vm.lines[0]).toMatch(
    /^swap_pager: indefinite wait buffer: bufobj: 0, blkno: \d+, size: 16384$/,
  );
  expect(after(20)).toBe(2);
  expect(after(20)).toBe(2);
  expect(vm.read(at(1))).toBe(1);
  expect(after(100)).toBe(2);
});

describe('several devices', () => {
  const two: VmKernelOptions = {
    swapDevices: [
      { bytes: MB, file: null },
      { bytes: MB, file: null },
    ],
  };

  test('A#23 runs are taken from the devices in turn', () => {
    const vm = booted(64, two);
    evict(vm, 0, 64);
    expect(vm.k.vm.swdevs.map((sp) => sp.sw_used)).toEqual([32, 32]);
    expect(vm.k.vm.swap_total).toBe(2 * MB);
    for (let i = 0; i < 64; i++) expect(vm.read(at(i))).toBe(i);
    expect(vm.check()).toEqual([]);
  });

  test('A#23 swapoff brings everything back and closes; the rest of swap goes on', () => {
    const vm = booted(64, two);
    evict(vm, 0, 64);
    const [first] = vm.k.vm.swdevs;
    expect(swapoff(vm.k, first.sw_disk)).toBe(0);
    expect(vm.k.vm.swdevs.length).toBe(1);
    expect(vm.k.vm.swap_total).toBe(MB);
    expect(swap_pager_used(vm.k)).toBe(32);
    expect(vm.check()).toEqual([]);
    for (let i = 0; i < 64; i++) expect(vm.read(at(i))).toBe(i);
    expect(swapon(vm.k, disk_find(vm.k, 0x100) ?? first.sw_disk)).toBe(0);
    expect(vm.k.vm.swap_total).toBe(2 * MB);
    expect(vm.check()).toEqual([]);
  });

  test('A#23 swapoff is refused when what is there has no room: ENOMEM, and nothing has changed', () => {
    const vm = new VmKernel({ ramBytes: 2 * MB, swapDevices: [{ bytes: 8 * MB, file: null }] });
    vm.process();
    expect(swapoff(vm.k, vm.k.vm.swdevs[0].sw_disk)).toBe(0);
    const full = booted(10, { ramBytes: 4 * MB, swapDevices: [{ bytes: 8 * MB, file: null }] });
    full.k.vm.swap_pager_avail -= 2000;
    expect(swapoff(full.k, full.k.vm.swdevs[0].sw_disk)).toBe(ENOMEM);
    full.k.vm.swap_pager_avail += 2000;
    expect(full.check()).toEqual([]);
  });

  test('A#23 swapoff sleeps while it reads, and goes on where it was', () => {
    const vm = booted(8, { ...two, diskTiming: DISK_TIMING });
    evict(vm, 0, 8);
    const [first] = vm.k.vm.swdevs;
    let sleeps = 0;
    for (;;) {
      const slept = vm.sleeps(() => {
        expect(swapoff(vm.k, first.sw_disk)).toBe(0);
      });
      if (slept === null) break;
      expect(slept).toBe('swread');
      sleeps++;
      g_disk_poll(vm.k);
    }
    expect(sleeps).toBeGreaterThan(0);
    expect(vm.k.vm.swdevs.length).toBe(1);
    for (let i = 0; i < 8; i++) expect(vm.read(at(i))).toBe(i);
    expect(vm.check()).toEqual([]);
  });
});
