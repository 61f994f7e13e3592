// poll and select in all their forms (fs/select.c).

import { copyin, copyout, fuword32, useracc_touch } from '../../i386/support.js';
import { with_fd_sets } from '../../kern/select_sysent.js';
import { nanouptime } from '../../kern/kern_clock.js';
import { copyin_view, copyout_view, get_int64, set_int64 } from '../../kern/subr_buf.js';
import { kern_poll, kern_select } from '../../kern/sys_generic.js';
import type { pollfd } from '../../kern/sys_generic.js';
import { EFAULT, EINVAL } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import { POLLOUT, POLLWRBAND } from '../../sys/poll.js';
import type { Thread } from '../../sys/proc.js';
import { RLIMIT_NOFILE } from '../../sys/resource.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { optional_set, with_sigmask } from './linux_sigcalls.js';

// poll(2) events that differ: FreeBSD's POLLWRNORM is POLLOUT.
const LINUX_POLLWRNORM = 0x100;
const LINUX_POLLWRBAND = 0x200;
/** POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL, POLLRDNORM, POLLRDBAND. */
const COMMON = 0xff;

/** POLL* bits of FreeBSD for Linux's. */
export function bsd_events(linux: number): number {
  let events = linux & COMMON;
  if (linux & LINUX_POLLWRNORM) events |= POLLOUT;
  if (linux & LINUX_POLLWRBAND) events |= POLLWRBAND;
  return events;
}

/** What has happened in Linux's bits, of those `wanted`. */
export function linux_revents(revents: number, wanted: number): number {
  let out = revents & COMMON & (wanted | 0x38);
  if (revents & POLLOUT) out |= wanted & LINUX_POLLWRNORM;
  if (revents & POLLWRBAND) out |= LINUX_POLLWRBAND;
  return out;
}

// Time-outs.

/** How a time-out lies in user memory. */
export type time_format = 'timeval' | 'timespec' | 'timespec64';
const TIME_BYTES: Record<time_format, number> = { timeval: 8, timespec: 8, timespec64: 16 };
/** About 30 years: longer is for ever, and stays exact enough. */
const LONGEST = 1e18;

/** The time-out at `uaddr` in ns; -1 for none, or an errno as a negative number below -1. */
export function copyin_timeout(k: Kernel, uaddr: number, format: time_format): number {
  if (uaddr === 0) return -1;
  const view = copyin_view(k, uaddr, TIME_BYTES[format]);
  if (typeof view === 'number') return -view;
  const wide = format === 'timespec64';
  const sec = wide ? get_int64(view, 0) : view.getInt32(0, true);
  const fraction = view.getInt32(wide ? 8 : 4, true);
  if (sec < 0 || fraction < 0) return -EINVAL;
  // select takes any number of microseconds, the others no more than a second's.
  if (format === 'timeval') return Math.min(LONGEST, sec * 1e9 + fraction * 1000);
  return fraction >= 1e9 ? -EINVAL : Math.min(LONGEST, sec * 1e9 + fraction);
}

/** What is left of a time-out, written where it was read; memory that cannot be written is left. */
function give_back(
  k: Kernel,
  td: Thread,
  uaddr: number,
  timeout_ns: number,
  format: time_format,
): void {
  if (uaddr === 0) return;
  const slept = td.td_progress as { deadline: number } | null;
  const left = slept === null ? timeout_ns : Math.max(0, slept.deadline - nanouptime(k));
  const view = new DataView(new ArrayBuffer(TIME_BYTES[format]));
  const sec = Math.floor(left / 1e9);
  const ns = Math.floor(left - sec * 1e9);
  if (format === 'timespec64') {
    set_int64(view, 0, sec);
    view.setInt32(8, ns, true);
  } else {
    view.setInt32(0, sec, true);
    view.setInt32(4, format === 'timeval' ? Math.floor(ns / 1000) : ns, true);
  }
  copyout_view(k, view, uaddr);
}

// poll.

function poll(k: Kernel, td: Thread, fdsp: number, nfds: number, timeout_ns: number): number {
  if (nfds > td.td_proc.p_limit.pl_rlimit[RLIMIT_NOFILE].rlim_cur) return EINVAL;
  const raw = new Uint8Array(nfds * 8);
  const error = copyin(k, fdsp, raw) || useracc_touch(k, fdsp, raw.length, true);
  if (error !== 0) return error;
  const view = new DataView(raw.buffer);
  const fds: pollfd[] = [];
  for (let at = 0; at < raw.length; at += 8) {
    const events = bsd_events(view.getUint16(at + 4, true));
    fds.push({ fd: view.getInt32(at, true), events, revents: 0 });
  }
  const polled = kern_poll(k, td, fds, timeout_ns);
  if (polled !== 0) return polled;
  fds.forEach(({ revents }, i) =>
    view.setUint16(i * 8 + 6, linux_revents(revents, view.getUint16(i * 8 + 4, true)), true),
  );
  return copyout(k, raw, fdsp);
}

/** ppoll(fds, nfds, tsp, sigmask, size). */
function ppoll(k: Kernel, td: Thread, a: Int32Array, format: time_format): number {
  const [fdsp, nfds, tsp, sigmask, size] = a;
  const timeout = copyin_timeout(k, tsp, format);
  if (timeout < -1) return -timeout;
  const mask = optional_set(k, sigmask, size);
  if (typeof mask === 'number') return mask;
  return with_sigmask(td, mask, () => {
    const error = poll(k, td, u(fdsp), u(nfds), timeout);
    give_back(k, td, tsp, timeout, format);
    return error;
  });
}

// select.

const LEAST_FDS = 64;

function do_select(
  k: Kernel,
  td: Thread,
  nd: number,
  sets: readonly number[],
  tp: number,
  timeout: number,
  format: time_format,
): number {
  if (nd < 0) return EINVAL;
  // Bits beyond the descriptor table are not looked at.
  const n = Math.min(nd, Math.max(LEAST_FDS, td.td_proc.p_fd?.fd_ofiles.length ?? 0));
  const error = with_fd_sets(k, n, sets, (fds) => kern_select(k, td, n, fds, timeout));
  give_back(k, td, tp, timeout, format);
  return error;
}

function select(k: Kernel, td: Thread, nd: number, sets: readonly number[], tvp: number): number {
  const timeout = copyin_timeout(k, tvp, 'timeval');
  if (timeout < -1) return -timeout;
  return do_select(k, td, nd, sets, tvp, timeout, 'timeval');
}

/** The first select: one pointer to its five arguments. */
function old_select(k: Kernel, td: Thread, argp: number): number {
  const view = copyin_view(k, argp, 20);
  if (typeof view === 'number') return view;
  const [nd, inp, outp, exp, tvp] = new Int32Array(view.buffer);
  return select(k, td, nd, [inp, outp, exp], tvp);
}

/** pselect6(n, in, out, ex, tsp, {sigmask, size}). */
function pselect6(k: Kernel, td: Thread, a: Int32Array, format: time_format): number {
  const [nd, inp, outp, exp, tsp, sigp] = a;
  let sigmask = 0;
  let size = 0;
  if (sigp !== 0) {
    sigmask = fuword32(k, u(sigp));
    size = fuword32(k, u(sigp + 4));
    if (sigmask < 0 || size < 0) return EFAULT;
  }
  const timeout = copyin_timeout(k, tsp, format);
  if (timeout < -1) return -timeout;
  const mask = optional_set(k, sigmask, size);
  if (typeof mask === 'number') return mask;
  return with_sigmask(td, mask, () => do_select(k, td, nd, [inp, outp, exp], tsp, timeout, format));
}

export const linux_poll_calls: linux_calls = {
  poll: [3, (k, td, a) => poll(k, td, u(a[0]), u(a[1]), a[2] < 0 ? -1 : a[2] * 1e6)],
  ppoll: [5, (k, td, a) => ppoll(k, td, a, 'timespec')],
  ppoll_time64: [5, (k, td, a) => ppoll(k, td, a, 'timespec64')],
  select: [1, (k, td, a) => old_select(k, td, a[0])],
  _newselect: [5, (k, td, a) => select(k, td, a[0], [a[1], a[2], a[3]], a[4])],
  pselect6: [6, (k, td, a) => pselect6(k, td, a, 'timespec')],
  pselect6_time64: [6, (k, td, a) => pselect6(k, td, a, 'timespec64')],
};
