// read, write, ioctl, poll, select (sys_generic.c).

import { EAGAIN, EBADF, EINTR, EINVAL, EPIPE, ESPIPE } from '../sys/errno.js';
import { O_NONBLOCK } from '../sys/fcntl.js';
import { FREAD, FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDNORM } from '../sys/poll.js';
import type { Thread } from '../sys/proc.js';
import { FIONBIO } from '../sys/ttycom.js';
import type { uio } from '../sys/uio.js';
import { fuword32 } from '../i386/support.js';
import { fget, fget_read, fget_write } from './kern_descrip.js';
import { fileops_of } from './fileops.js';
import { nanouptime } from './kern_clock.js';
import { PCATCH, tsleep, wakeup } from './kern_synch.js';

const FIOCLEX = 0x20006601;
const FIONCLEX = 0x20006602;

/** A transfer at the file's own offset, which moves, or at `offset` (>= 0), which leaves it. */
function transfer(k: Kernel, td: Thread, fp: file, u: uio, offset: number, write: boolean): number {
  const ops = fileops_of(fp);
  const positioned = offset >= 0;
  if (positioned && !ops.fo_seekable(fp)) return ESPIPE;
  u.uio_offset = positioned ? offset : fp.f_offset;
  const total = u.uio_resid;
  const error = write ? ops.fo_write(k, td, fp, u) : ops.fo_read(k, td, fp, u);
  const done = total - u.uio_resid;
  // A transfer that was partly done has succeeded (dofileread), but for a broken pipe.
  if (error && (done === 0 || error === EPIPE)) return error;
  if (!positioned && ops.fo_seekable(fp)) fp.f_offset = u.uio_offset;
  td.td_retval[0] = done;
  return 0;
}

/** read, readv, pread, preadv: `offset` -1 is the file's own. */
export function kern_readv(k: Kernel, td: Thread, n: number, u: uio, offset = -1): number {
  const fp = fget_read(td, n);
  return typeof fp === 'number' ? fp : transfer(k, td, fp, u, offset, false);
}

/** write, writev, pwrite, pwritev. */
export function kern_writev(k: Kernel, td: Thread, n: number, u: uio, offset = -1): number {
  const fp = fget_write(td, n);
  return typeof fp === 'number' ? fp : transfer(k, td, fp, u, offset, true);
}

export function kern_ioctl(k: Kernel, td: Thread, n: number, cmd: number, arg: number): number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  if ((fp.f_flag & (FREAD | FWRITE)) === 0) return EBADF;
  switch (cmd >>> 0) {
    case FIOCLEX:
    case FIONCLEX: {
      const fde = td.td_proc.p_fd?.fd_ofiles[n];
      if (fde) fde.fde_cloexec = cmd >>> 0 === FIOCLEX;
      return 0;
    }
    case FIONBIO: {
      const on = fuword32(k, arg >>> 0);
      fp.f_flag = on ? fp.f_flag | O_NONBLOCK : fp.f_flag & ~O_NONBLOCK;
      return 0;
    }
    default:
      return fileops_of(fp).fo_ioctl(k, td, fp, cmd, arg);
  }
}

/** What a file is ready for has changed: whoever polls looks again. */
export function selwakeup(k: Kernel): void {
  k.vfs.selgen++;
  wakeup(k, k.vfs.selwait);
}

export interface pollfd {
  fd: number;
  events: number;
  revents: number;
}

/**
 * Looks at every descriptor and, while none is ready, sleeps. @param timeout_ns -1 for ever, 0 not at
 * all. @returns an errno; the number of ready descriptors is in td_retval[0].
 */
export function kern_poll(k: Kernel, td: Thread, fds: pollfd[], timeout_ns: number): number {
  let ready = 0;
  for (const p of fds) {
    p.revents = 0;
    if (p.fd < 0) continue;
    const fp = fget(td, p.fd);
    p.revents =
      typeof fp === 'number'
        ? POLLNVAL
        : fileops_of(fp).fo_poll(k, fp, p.events | POLLERR | POLLHUP) &
          (p.events | POLLERR | POLLHUP);
    if (p.revents) ready++;
  }
  if (ready === 0 && timeout_ns !== 0) {
    const progress = (td.td_progress ??= {
      deadline: timeout_ns < 0 ? 0 : nanouptime(k) + timeout_ns,
    }) as { deadline: number };
    const error = tsleep(k, k.vfs.selwait, PCATCH, 'select', progress.deadline);
    if (error !== EAGAIN) return error < 0 ? EINTR : error; // never restarted: EINTR
  }
  td.td_retval[0] = ready;
  return 0;
}

/** Sets of descriptors, one bit each; null where none was given. */
export interface fd_sets {
  in: Uint32Array | null;
  out: Uint32Array | null;
  except: Uint32Array | null;
}

const has = (set: Uint32Array | null, n: number): boolean =>
  set !== null && (set[n >> 5] & (1 << (n & 31))) !== 0;

/** select(2): leaves the ready descriptors in the sets. */
export function kern_select(
  k: Kernel,
  td: Thread,
  nd: number,
  sets: fd_sets,
  timeout_ns: number,
): number {
  if (nd < 0) return EINVAL;
  const fds: pollfd[] = [];
  for (let fd = 0; fd < nd; fd++) {
    let events = 0;
    if (has(sets.in, fd)) events |= POLLIN | POLLRDNORM;
    if (has(sets.out, fd)) events |= POLLOUT;
    if (has(sets.except, fd)) events |= POLLPRI;
    if (events === 0) continue;
    if (typeof fget(td, fd) === 'number') return EBADF;
    fds.push({ fd, events, revents: 0 });
  }
  const error = kern_poll(k, td, fds, timeout_ns);
  if (error) return error;
  sets.in?.fill(0);
  sets.out?.fill(0);
  sets.except?.fill(0);
  let count = 0;
  const mark = (set: Uint32Array | null, fd: number): void => {
    if (set === null) return;
    set[fd >> 5] |= 1 << (fd & 31);
    count++;
  };
  for (const { fd, events, revents } of fds) {
    if (events & POLLIN && revents & (POLLIN | POLLRDNORM | POLLHUP | POLLERR)) mark(sets.in, fd);
    if (events & POLLOUT && revents & (POLLOUT | POLLERR)) mark(sets.out, fd);
    if (events & POLLPRI && revents & POLLPRI) mark(sets.except, fd);
  }
  td.td_retval[0] = count;
  return 0;
}
