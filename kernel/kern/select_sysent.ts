// FreeBSD's waits for descriptors: select, poll, and the two with a signal mask.

import { EINTR, EINVAL } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { TDF_NEEDSIGCHK, TDF_OLDMASK } from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { SIG_CANTMASK } from '../sys/signal.js';
import type { sy_call, sysent } from '../sys/sysent.js';
import { copyin, copyout, fuword32, useracc_touch } from '../i386/support.js';
import { copyin_view, get_timespec, get_timeval } from './subr_buf.js';
import { kern_poll, kern_select } from './sys_generic.js';
import type { fd_sets, pollfd } from './sys_generic.js';

const u = (word: number): number => word >>> 0;

/** Nanoseconds of a pair of words at `uaddr`: seconds, and a fraction of `scale` ns. */
export function get_pair(k: Kernel, uaddr: number, scale: number): number {
  return fuword32(k, uaddr) * 1e9 + fuword32(k, uaddr + 4) * scale;
}

function poll(k: Kernel, td: Thread, fdsp: number, nfds: number, timeout_ns: number): number {
  if (nfds > 65536) return EINVAL;
  const raw = new Uint8Array(nfds * 8);
  const error = copyin(k, fdsp, raw) || useracc_touch(k, fdsp, raw.length, true);
  if (error) return error;
  const view = new DataView(raw.buffer);
  const fds: pollfd[] = [];
  for (let i = 0; i < nfds; i++)
    fds.push({
      fd: view.getInt32(i * 8, true),
      events: view.getInt16(i * 8 + 4, true),
      revents: 0,
    });
  const polled = kern_poll(k, td, fds, timeout_ns);
  if (polled) return polled;
  fds.forEach((p, i) => view.setInt16(i * 8 + 6, p.revents, true));
  return copyout(k, raw, fdsp);
}

/** select's sets from user memory, and back. */
export function with_fd_sets(
  k: Kernel,
  nd: number,
  addrs: readonly number[],
  f: (sets: fd_sets) => number,
): number {
  if (nd < 0) return EINVAL;
  const bytes = Math.ceil(Math.min(nd, 65536) / 32) * 4;
  const sets: (Uint32Array | null)[] = [];
  for (const addr of addrs) {
    if (addr === 0) {
      sets.push(null);
      continue;
    }
    const raw = new Uint8Array(bytes);
    const error = copyin(k, addr >>> 0, raw) || useracc_touch(k, addr >>> 0, bytes, true);
    if (error) return error;
    sets.push(new Uint32Array(raw.buffer));
  }
  const error = f({ in: sets[0], out: sets[1], except: sets[2] });
  if (error) return error;
  for (const [i, set] of sets.entries()) {
    if (set === null) continue;
    const failed = copyout(k, new Uint8Array(set.buffer), addrs[i] >>> 0);
    if (failed) return failed;
  }
  return 0;
}

function select(k: Kernel, td: Thread, a: Int32Array, timeout_ns: number): number {
  return with_fd_sets(k, a[0], [a[1], a[2], a[3]], (sets) =>
    kern_select(k, td, a[0], sets, timeout_ns),
  );
}

function sys_select(k: Kernel, td: Thread, a: Int32Array): number {
  if (a[4] === 0) return select(k, td, a, -1);
  const view = copyin_view(k, a[4], 8);
  if (typeof view === 'number') return view;
  const ns = get_timeval(view, 0);
  return ns < 0 ? EINVAL : select(k, td, a, ns);
}

/** Waits with another signal mask, as sigsuspend does (kern_pselect, sys_ppoll). */
function with_sigmask(k: Kernel, td: Thread, uset: number, f: () => number): number {
  if (uset !== 0 && (td.td_flags & TDF_OLDMASK) === 0) {
    const bytes = new Uint8Array(16);
    const error = copyin(k, uset, bytes);
    if (error) return error;
    td.td_oldsigmask.set(td.td_sigmask);
    td.td_sigmask.set(new Int32Array(bytes.buffer));
    SIG_CANTMASK(td.td_sigmask);
    td.td_flags |= TDF_OLDMASK | TDF_NEEDSIGCHK;
  }
  return f();
}

/** Nanoseconds of a struct timespec, -1 when there is none, or the errno of a bad one. */
function timeout_ns(k: Kernel, uaddr: number): number | { error: number } {
  if (uaddr === 0) return -1;
  const view = copyin_view(k, uaddr, 8);
  if (typeof view === 'number') return { error: view };
  const ns = get_timespec(view, 0);
  return ns < 0 ? { error: EINVAL } : ns;
}

/** Restores the mask of with_sigmask, unless a signal has come: its delivery does it. */
function waited(td: Thread, error: number): number {
  if (error !== EINTR && td.td_flags & TDF_OLDMASK) {
    td.td_sigmask.set(td.td_oldsigmask);
    td.td_flags = (td.td_flags & ~TDF_OLDMASK) | TDF_NEEDSIGCHK;
  }
  return error;
}

function sys_pselect(k: Kernel, td: Thread, a: Int32Array): number {
  const ns = timeout_ns(k, a[4]);
  if (typeof ns !== 'number') return ns.error;
  return waited(
    td,
    with_sigmask(k, td, a[5], () => select(k, td, a, ns)),
  );
}

function sys_ppoll(k: Kernel, td: Thread, a: Int32Array): number {
  const [fds, nfds, ts, set] = a;
  const ns = timeout_ns(k, ts);
  if (typeof ns !== 'number') return ns.error;
  return waited(
    td,
    with_sigmask(k, td, set, () => poll(k, td, fds >>> 0, nfds >>> 0, ns)),
  );
}

const call = (sy_name: string, sy_narg: number, sy_call: sy_call): sysent => ({
  sy_name,
  sy_narg,
  sy_call,
});

/** Calls by number (sys/kern/syscalls.master). */
export const select_sysent: Record<number, sysent> = {
  93: call('select', 5, sys_select),
  209: call('poll', 3, (k, td, a) => poll(k, td, u(a[0]), u(a[1]), a[2] < 0 ? -1 : a[2] * 1e6)),
  522: call('pselect', 6, sys_pselect),
  545: call('ppoll', 4, sys_ppoll),
};
