// Writing files to their disk: msync, fsync and sync, and what waits for it.

import { expect, test } from 'vitest';
import { BIO_WRITE } from '../../kernel/geom/bio.js';
import {
  DISK_TIMING,
  disk_inject,
  disk_pending,
  g_disk_poll,
} from '../../kernel/geom/geom_disk.js';
import { clock_skip, nanouptime } from '../../kernel/kern/kern_clock.js';
import { sleepq_remove } from '../../kernel/kern/kern_synch.js';
import { callout_create } from '../../kernel/kern/kern_timeout.js';
import { kern_fsync } from '../../kernel/kern/vfs_kern.js';
import { sched_sync } from '../../kernel/kern/vfs_syncer.js';
import { EIO } from '../../kernel/sys/errno.js';
import { TDS_RUNNING } from '../../kernel/sys/proc.js';
import { vfs_msync } from '../../kernel/vm/vm_object_clean.js';
import { kern_msync } from '../../kernel/vm/vm_mmap.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import type { vm_object } from '../../kernel/vm/vm_types.js';
import type { vnode } from '../../kernel/sys/vnode.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const MS_ASYNC = 1;
const MS_INVALIDATE = 2;
const at = (page: number): number => BASE + page * PAGE;

interface Mapped {
  vm: VmKernel;
  vp: vnode;
  object: vm_object;
}

/** A file of 40 pages, mapped and resident; no page of it is dirty. */
function mapped(): Mapped {
  const vm = new VmKernel({ files: { f: new Uint8Array(40 * PAGE) }, diskTiming: DISK_TIMING });
  vm.process();
  const vp = vm.file('f');
  const object = vp.v_object as vm_object;
  vm.map(at(0), 40, { object });
  for (let i = 0; i < 40; i++) {
    while (vm.sleeps(() => vm.read(at(i))) !== null) g_disk_poll(vm.k);
  }
  expect(disk_pending(vm.k.vm.disks[0])).toBe(0);
  return { vm, vp, object };
}

/** Executes a call until it does not sleep any more. @returns why it slept each time, and its result. */
function execute(vm: VmKernel, call: () => number): { slept: string[]; result: number } {
  const slept: string[] = [];
  let result = NaN;
  for (;;) {
    const why = vm.sleeps(() => {
      result = call();
    });
    if (why === null) break;
    slept.push(why);
    expect(vm.check()).toEqual([]);
    expect(g_disk_poll(vm.k)).toBe(true);
  }
  vm.td.td_progress = null;
  return { slept, result };
}

test('vm#94 msync begins all writes and sleeps for them; only what is dirty in the range is written', () => {
  const { vm, object } = mapped();
  const disk = vm.k.vm.disks[0];
  for (const page of [0, 1, 2, 10, 11, 30]) vm.write(at(page), page + 1);
  const call = (): number => kern_msync(vm.k, vm.td, at(0), 20 * PAGE, 0);
  expect(vm.sleeps(call)).toBe('biowr');
  // Both runs are on the disk's queue; nobody else has to wait for them to read.
  expect(disk_pending(disk)).toBe(2);
  expect(vm.page(at(0)).busy_lock & ~vmp.VPB_UNBUSIED).toBe(vmp.VPB_SHARED_ONE);
  expect(vm.read(at(0))).toBe(1);
  expect(execute(vm, call).result).toBe(0);
  expect(disk.d_writes).toBe(2);
  expect(vm.k.vm.cnt.v_vnodepgsout).toBe(5);
  expect(vm.page(at(10)).dirty).toBe(0);
  expect(object.flags & vmp.OBJ_MIGHTBEDIRTY).not.toBe(0);
  expect(execute(vm, call)).toEqual({ slept: [], result: 0 });
  expect(disk.d_writes).toBe(2);
});

test('vm#94 MS_ASYNC does not sleep, MS_INVALIDATE waits before it drops anything', () => {
  const { vm, object } = mapped();
  vm.write(at(3), 7);
  expect(execute(vm, () => kern_msync(vm.k, vm.td, at(0), 40 * PAGE, MS_ASYNC))).toEqual({
    slept: [],
    result: 0,
  });
  expect(disk_pending(vm.k.vm.disks[0])).toBe(1);
  // The page is on its way: who is to write it again waits for that first.
  const both = execute(vm, () => kern_msync(vm.k, vm.td, at(0), 40 * PAGE, MS_INVALIDATE));
  expect(both).toEqual({ slept: ['vpcwai'], result: 0 });
  expect(object.resident_page_count).toBe(0);
  expect(vm.sleeps(() => vm.read(at(3)))).toBe('vnread');
  g_disk_poll(vm.k);
  expect(vm.read(at(3))).toBe(7);
});

test('vm#94 an error of the disk is EIO, once; the page stays dirty and is written the next time', () => {
  const { vm, vp, object } = mapped();
  disk_inject(vm.k.vm.disks[0], BIO_WRITE, 1);
  vm.write(at(5), 9);
  const call = (): number => kern_fsync(vm.k, vp);
  expect(execute(vm, call)).toEqual({ slept: ['biowr'], result: EIO });
  expect(vm.page(at(5)).dirty).not.toBe(0);
  expect(object.flags & vmp.OBJ_MIGHTBEDIRTY).not.toBe(0);
  expect(execute(vm, call)).toEqual({ slept: ['biowr'], result: 0 });
  expect(vm.page(at(5)).dirty).toBe(0);
  expect(object.flags & vmp.OBJ_MIGHTBEDIRTY).toBe(0);
  expect(execute(vm, call)).toEqual({ slept: [], result: 0 });
});

test('vm#94 fsync writes the whole file, NOSYNC or not; sync leaves MAP_NOSYNC pages alone', () => {
  const { vm, vp, object } = mapped();
  vm.unmap(at(0), 40);
  vm.map(at(0), 20, { object });
  vm.map(at(20), 20, { object, offset: 20 * PAGE, cow: vmp.MAP_DISABLE_SYNCER });
  vm.write(at(1), 1);
  vm.write(at(25), 2);
  expect(vm.page(at(25)).oflags & vmp.VPO_NOSYNC).toBe(vmp.VPO_NOSYNC);
  const bios = vfs_msync(vm.k);
  expect(bios.map((bp) => bp.bio_pages.map((m) => m.pindex))).toEqual([[1]]);
  // What was left out is still to be found.
  expect(object.flags & vmp.OBJ_MIGHTBEDIRTY).not.toBe(0);
  while (g_disk_poll(vm.k));
  expect(vfs_msync(vm.k)).toEqual([]);
  expect(execute(vm, () => kern_fsync(vm.k, vp))).toEqual({ slept: ['biowr'], result: 0 });
  expect(vm.k.vm.cnt.v_vnodepgsout).toBe(2);
});

test('the syncer writes what is dirty 16 s after the boot and then every 30 s; nobody waits for it', () => {
  const { vm } = mapped();
  const { k, td } = vm;
  td.td_slpcallout = callout_create('endtsleep', td);
  const round = (): number => {
    const before = k.vm.cnt.v_vnodepgsout;
    sched_sync(k);
    expect(td.td_wmesg).toBe('syncer');
    sleepq_remove(k, td);
    td.td_state = TDS_RUNNING;
    while (g_disk_poll(k));
    return k.vm.cnt.v_vnodepgsout - before;
  };
  const until = (second: number): void => clock_skip(k, second * 1e9 - nanouptime(k));
  vm.write(at(7), 1);
  expect(round()).toBe(0);
  until(15.9);
  expect(round()).toBe(0);
  until(16);
  expect(round()).toBe(1);
  vm.write(at(7), 2);
  until(45.9);
  expect(round()).toBe(0);
  until(46);
  expect(round()).toBe(1);
  until(76);
  expect(round()).toBe(0);
  expect(vm.check()).toEqual([]);
});
