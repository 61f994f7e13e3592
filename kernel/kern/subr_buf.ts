// Building and reading structures of the guest's ABI: little-endian fields in a byte array.

import type { Kernel } from '../sys/kernel.js';
import { copyin, copyout } from '../i386/support.js';
import { EFAULT } from '../sys/errno.js';
import { NSEC_PER_SEC } from '../sys/time.js';

/** Two words as a signed 64-bit number, exact to 2^53. */
export function int64(low: number, high: number): number {
  return (high | 0) * 0x100000000 + (low >>> 0);
}

/** Writes a signed 64-bit number. */
export function set_int64(view: DataView, offset: number, value: number): void {
  if (!Number.isFinite(value)) {
    // RLIM_INFINITY: 2^63 - 1.
    view.setUint32(offset, 0xffffffff, true);
    view.setUint32(offset + 4, 0x7fffffff, true);
    return;
  }
  const high = Math.floor(value / 0x100000000);
  view.setUint32(offset, value - high * 0x100000000, true);
  view.setInt32(offset + 4, high, true);
}

export function get_int64(view: DataView, offset: number): number {
  return int64(view.getInt32(offset, true), view.getInt32(offset + 4, true));
}

/** Reads `n` bytes of user memory; EFAULT as a number when that is not possible. */
export function copyin_view(k: Kernel, uaddr: number, n: number): DataView | number {
  const bytes = new Uint8Array(n);
  return copyin(k, uaddr, bytes) === 0 ? new DataView(bytes.buffer) : EFAULT;
}

export function copyout_view(k: Kernel, view: DataView, uaddr: number): number {
  return copyout(k, new Uint8Array(view.buffer), uaddr);
}

// struct timeval {int32 sec, usec} and struct timespec {int32 sec, nsec} of i386.

export function put_timeval(view: DataView, offset: number, ns: number): void {
  const us = Math.floor(ns / 1000);
  view.setInt32(offset, Math.floor(us / 1e6), true);
  view.setInt32(offset + 4, us % 1e6, true);
}

/** ns, or -1 when the fields are out of range. */
export function get_timeval(view: DataView, offset: number): number {
  const sec = view.getInt32(offset, true);
  const usec = view.getInt32(offset + 4, true);
  return sec < 0 || usec < 0 || usec >= 1e6 ? -1 : sec * NSEC_PER_SEC + usec * 1000;
}

export function put_timespec(view: DataView, offset: number, ns: number): void {
  const sec = Math.floor(ns / NSEC_PER_SEC);
  view.setInt32(offset, sec, true);
  view.setInt32(offset + 4, Math.floor(ns - sec * NSEC_PER_SEC), true);
}

/** ns, or -1 when the fields are out of range. */
export function get_timespec(view: DataView, offset: number): number {
  const sec = view.getInt32(offset, true);
  const nsec = view.getInt32(offset + 4, true);
  return sec < 0 || nsec < 0 || nsec >= NSEC_PER_SEC ? -1 : sec * NSEC_PER_SEC + nsec;
}

export function copyout_timespec(k: Kernel, ns: number, uaddr: number): number {
  const view = new DataView(new ArrayBuffer(8));
  put_timespec(view, 0, ns);
  return copyout_view(k, view, uaddr);
}
