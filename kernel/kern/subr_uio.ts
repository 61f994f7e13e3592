// Moving bytes between kernel buffers and user memory (subr_uio.c).

import { copyin, copyout, useracc_touch } from '../i386/support.js';
import { EINVAL } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { iovec, uio } from '../sys/uio.js';

/** A transfer of user buffers at file offset `offset`. */
export function uio_user(iov: iovec[], offset: number): uio {
  let resid = 0;
  for (const v of iov) resid += v.iov_len;
  return { uio_iov: iov, uio_kernel: null, uio_done: 0, uio_resid: resid, uio_offset: offset };
}

/** A transfer of one kernel buffer. */
export function uio_kernel(bytes: Uint8Array, offset: number): uio {
  return {
    uio_iov: [],
    uio_kernel: bytes,
    uio_done: 0,
    uio_resid: bytes.length,
    uio_offset: offset,
  };
}

/** Calls `visit` for each user stretch of the next `n` bytes; stops at the first errno. */
function stretches(
  u: uio,
  n: number,
  visit: (base: number, from: number, len: number) => number,
): number {
  let skip = u.uio_done;
  let from = 0;
  for (const { iov_base, iov_len } of u.uio_iov) {
    if (skip >= iov_len) {
      skip -= iov_len;
      continue;
    }
    const len = Math.min(iov_len - skip, n - from);
    if (len === 0) return 0;
    const error = visit(iov_base + skip, from, len);
    if (error) return error;
    from += len;
    skip = 0;
  }
  return 0;
}

function advance(u: uio, n: number): void {
  u.uio_done += n;
  u.uio_resid -= n;
  u.uio_offset += n;
}

/** Copies `bytes` out to the transfer's buffers. => the buffers are resident if this must not sleep. */
export function uiomove_out(k: Kernel, bytes: Uint8Array, u: uio): number {
  if (u.uio_kernel !== null) {
    u.uio_kernel.set(bytes, u.uio_done);
  } else {
    const error = stretches(u, bytes.length, (base, from, len) =>
      copyout(k, bytes.subarray(from, from + len), base),
    );
    if (error) return error;
  }
  advance(u, bytes.length);
  return 0;
}

/** Fills `bytes` from the transfer's buffers. */
export function uiomove_in(k: Kernel, bytes: Uint8Array, u: uio): number {
  if (u.uio_kernel !== null) {
    bytes.set(u.uio_kernel.subarray(u.uio_done, u.uio_done + bytes.length));
  } else {
    const error = stretches(u, bytes.length, (base, from, len) =>
      copyin(k, base, bytes.subarray(from, from + len)),
    );
    if (error) return error;
  }
  advance(u, bytes.length);
  return 0;
}

/** Makes up to `n` bytes of the user's buffers resident, so that moving them cannot sleep. */
export function uio_touch(k: Kernel, u: uio, n: number, write: boolean): number {
  if (u.uio_kernel !== null) return 0;
  return stretches(u, Math.min(n, u.uio_resid), (base, _from, len) =>
    useracc_touch(k, base, len, write),
  );
}

const UIO_MAXIOV = 1024;
const IOSIZE_MAX = 0x7fffffff;

/** Reads a struct iovec array of the user. @returns the vectors or an errno. */
export function copyiniov(k: Kernel, iovp: number, iovcnt: number): iovec[] | number {
  if (iovcnt < 0 || iovcnt > UIO_MAXIOV) return EINVAL;
  const raw = new Uint8Array(iovcnt * 8);
  const error = copyin(k, iovp >>> 0, raw);
  if (error) return error;
  const view = new DataView(raw.buffer);
  const iov: iovec[] = [];
  let total = 0;
  for (let i = 0; i < iovcnt; i++) {
    const iov_len = view.getUint32(i * 8 + 4, true);
    total += iov_len;
    if (total > IOSIZE_MAX) return EINVAL;
    iov.push({ iov_base: view.getUint32(i * 8, true), iov_len });
  }
  return iov;
}
