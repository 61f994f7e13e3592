// Simulated block devices (geom/geom_disk.c, kern/subr_disk.c). A device serves one transfer at a
// time; the others wait and are chosen by C-LOOK: upwards from the head, then from the lowest again.
// Time is the machine's, so that a run is the same every time; the bytes move when a transfer ends.

import { callout_create, callout_reset_at, callout_stop } from '../kern/kern_timeout.js';
import { clock_skip, nanouptime } from '../kern/kern_clock.js';
import { wakeup } from '../kern/kern_synch.js';
import { EIO } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT, panic } from '../sys/panic.js';
import { swp_pager_async_iodone } from '../vm/swap_pager_io.js';
import { vnode_pager_iodone, vnode_pager_iomove } from '../vm/vnode_pager_io.js';
import { BIO_DONE, BIO_ENTERING, BIO_READ } from './bio.js';
import type { HostBlockFile, bio, disk, disk_timing } from './bio.js';

const PAGE_SIZE = 4096;

/** A disk of the early 2010s' solid-state kind with a little of a moving head: 100 us to 1.1 ms. */
export const DISK_TIMING: disk_timing = {
  d_overhead: 100_000,
  d_stroke: 1_000_000,
  d_block: 10_000,
};
export const IMMEDIATE: disk_timing = { d_overhead: 0, d_stroke: 0, d_block: 0 };

/** Functions that end a transfer, by tag. */
const done_table: Record<string, (k: Kernel, bp: bio) => void> = {
  swap: swp_pager_async_iodone,
  vnode: vnode_pager_iodone,
};

/** Adds a device to the machine. `rdev` is its device number; `file` null keeps it in memory. */
export function disk_create(
  k: Kernel,
  name: string,
  rdev: number,
  blocks: number,
  file: HostBlockFile | null,
  timing: disk_timing,
): disk {
  const d = disk_alloc(name, rdev, blocks, file === null ? 'memory' : 'file', timing);
  d.d_file = file;
  k.vm.disks.push(d);
  return d;
}

/** A device that nobody knows of yet. */
export function disk_alloc(
  name: string,
  rdev: number,
  blocks: number,
  kind: disk['d_kind'],
  timing: disk_timing,
): disk {
  const d: disk = {
    d_name: name,
    d_rdev: rdev,
    d_kind: kind,
    d_blocks: blocks,
    d_data: new Map(),
    d_file: null,
    d_timing: { ...timing },
    d_head: 0,
    d_queue: [],
    d_active: null,
    d_callout: callout_create('g_disk_intr', null),
    d_faults: [],
    d_reads: 0,
    d_writes: 0,
    d_errors: 0,
    d_busy_ns: 0,
  };
  d.d_callout.c_arg = d;
  return d;
}

/**
 * Lets the next `count` transfers of `cmd` (BIO_*) that touch blocks [first, last] fail with `error`.
 */
export function disk_inject(
  d: disk,
  cmd: number,
  count: number,
  first = 0,
  last = Infinity,
  error = EIO,
): void {
  d.d_faults.push({ cmd, first, last, count, error });
}

/** The request that C-LOOK serves next: the nearest at or above the head, else the lowest of all. */
function bioq_takefirst(d: disk): bio | null {
  let best = -1;
  let lowest = -1;
  for (let i = 0; i < d.d_queue.length; i++) {
    const at = d.d_queue[i].bio_offset;
    if (lowest < 0 || at < d.d_queue[lowest].bio_offset) lowest = i;
    if (at >= d.d_head && (best < 0 || at < d.d_queue[best].bio_offset)) best = i;
  }
  if (best < 0) best = lowest;
  return best < 0 ? null : d.d_queue.splice(best, 1)[0];
}

/** ns that a transfer takes from where the head is. */
function service_time(d: disk, bp: bio): number {
  const { d_overhead, d_stroke, d_block } = d.d_timing;
  const distance =
    d.d_blocks > 0 ? Math.min(1, Math.abs(bp.bio_offset - d.d_head) / d.d_blocks) : 0;
  return Math.round(d_overhead + d_stroke * distance + d_block * bp.bio_pages.length);
}

/**
 * Queues a transfer; its bio_done is called when it is over, which on a device without latency is
 * before this returns.
 */
export function g_disk_strategy(k: Kernel, d: disk, bp: bio): void {
  KASSERT((bp.bio_flags & BIO_DONE) === 0, () => 'g_disk_strategy: request is done');
  bp.bio_flags |= BIO_ENTERING;
  bp.bio_t0 = nanouptime(k);
  d.d_queue.push(bp);
  if (d.d_active === null) g_disk_start(k, d);
  bp.bio_flags &= ~BIO_ENTERING;
}

/** Begins transfers until one takes time or none waits. */
function g_disk_start(k: Kernel, d: disk): void {
  while (d.d_active === null) {
    const bp = bioq_takefirst(d);
    if (bp === null) return;
    const ns = service_time(d, bp);
    d.d_active = bp;
    d.d_busy_ns += ns;
    if (ns > 0) callout_reset_at(k, d.d_callout, nanouptime(k) + ns);
    else g_disk_done(k, d);
  }
}

/** The transfer in progress is over. */
export function g_disk_intr(k: Kernel, arg: object | null): void {
  const d = arg as disk;
  g_disk_done(k, d);
  g_disk_start(k, d);
}

function g_disk_done(k: Kernel, d: disk): void {
  const bp = d.d_active;
  if (bp === null) return;
  d.d_active = null;
  d.d_head = bp.bio_offset + bp.bio_pages.length;
  if (bp.bio_cmd === BIO_READ) d.d_reads++;
  else d.d_writes++;
  bp.bio_error = injected(d, bp);
  if (bp.bio_error === 0 && !move(k, d, bp)) bp.bio_error = EIO;
  if (bp.bio_error !== 0) d.d_errors++;
  bp.bio_flags |= BIO_DONE;
  done_table[bp.bio_done](k, bp);
  wakeup(k, bp);
}

function injected(d: disk, bp: bio): number {
  const last = bp.bio_offset + bp.bio_pages.length - 1;
  const fault = d.d_faults.find(
    (f) => f.cmd === bp.bio_cmd && f.first <= last && f.last >= bp.bio_offset,
  );
  if (fault === undefined) return 0;
  if (--fault.count <= 0) d.d_faults.splice(d.d_faults.indexOf(fault), 1);
  return fault.error;
}

/** Moves the bytes. @returns false when the host could not. */
function move(k: Kernel, d: disk, bp: bio): boolean {
  if (d.d_kind === 'vnode') return vnode_pager_iomove(k, bp);
  const read = bp.bio_cmd === BIO_READ;
  for (let i = 0; i < bp.bio_pages.length; i++) {
    const pa = bp.bio_pages[i].phys_addr;
    const page = k.machine.ram8.subarray(pa, pa + PAGE_SIZE);
    const block = bp.bio_offset + i;
    if (read) {
      if (!disk_read(d, block, page)) return false;
      k.machine.physStored(pa, PAGE_SIZE);
    } else if (!disk_write(d, block, page)) return false;
  }
  return true;
}

/** Reads a block at once, as nothing but the end of a transfer and the kernel's own patches may. */
export function disk_read(d: disk, block: number, into: Uint8Array): boolean {
  if (d.d_file !== null) return d.d_file.read(block * PAGE_SIZE, into);
  const data = d.d_data.get(block);
  if (data === undefined) into.fill(0);
  else into.set(data);
  return true;
}

export function disk_write(d: disk, block: number, bytes: Uint8Array): boolean {
  if (d.d_file !== null) return d.d_file.write(block * PAGE_SIZE, bytes);
  const data = d.d_data.get(block);
  if (data === undefined) d.d_data.set(block, bytes.slice());
  else data.set(bytes);
  return true;
}

/** Forgets a block whose contents nobody wants any more. */
export function disk_delete(d: disk, block: number): void {
  d.d_data.delete(block);
}

/**
 * Waits without giving up the CPU: time goes on to the end of the transfer that ends first. For what
 * cannot be executed again (an object that ends, a truncation).
 * @returns false when no device is busy.
 */
export function g_disk_poll(k: Kernel): boolean {
  let next: disk | null = null;
  for (const d of k.vm.disks) {
    if (d.d_active !== null && (next === null || d.d_callout.c_time < next.d_callout.c_time))
      next = d;
  }
  if (next === null) return false;
  const ns = next.d_callout.c_time - nanouptime(k);
  callout_stop(k, next.d_callout);
  if (ns > 0) clock_skip(k, ns);
  g_disk_intr(k, next);
  return true;
}

/** Polls until `bp` is over. */
export function biowait(k: Kernel, bp: bio): void {
  while ((bp.bio_flags & BIO_DONE) === 0) {
    if (!g_disk_poll(k)) panic('biowait: the request is on no device');
  }
}

/** Requests that wait or are served: for people. */
export function disk_pending(d: disk): number {
  return d.d_queue.length + (d.d_active === null ? 0 : 1);
}

/** Invariants. @returns one line per violation. */
export function disk_check(k: Kernel): string[] {
  const bad: string[] = [];
  for (const d of k.vm.disks) {
    if (d.d_active === null && d.d_queue.length > 0) bad.push(`${d.d_name}: waits though idle`);
    if (d.d_active !== null && !k.kern.callouts.includes(d.d_callout))
      bad.push(`${d.d_name}: a transfer that never ends`);
    const pending = d.d_active === null ? d.d_queue : [d.d_active, ...d.d_queue];
    for (const bp of pending) {
      for (const m of bp.bio_pages) {
        if (m.object === null || m.object.paging_in_progress === 0)
          bad.push(`${d.d_name}: transfer of page 0x${m.phys_addr.toString(16)} without an object`);
        else if (m.busy_lock === 1)
          bad.push(
            `${d.d_name}: transfer of page 0x${m.phys_addr.toString(16)}, which is not busy`,
          );
      }
    }
  }
  return bad;
}
