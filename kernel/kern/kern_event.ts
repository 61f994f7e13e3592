// kqueue and kevent (kern_event.c). Knotes are asked when somebody waits, as poll asks files: what a
// file is ready for changes only with selwakeup, so that EV_CLEAR is a comparison of its count.

import { anon_stat } from '../sys/stat.js';
import { EAGAIN, EBADF, EINTR, EINVAL, ENOENT, ENOTTY, ENXIO, ESRCH } from '../sys/errno.js';
import { DTYPE_KQUEUE, DTYPE_PIPE, FREAD, FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { POLLHUP, POLLIN_ANY, POLLOUT } from '../sys/poll.js';
import { PRS_ZOMBIE } from '../sys/proc.js';
import type { Proc, Thread } from '../sys/proc.js';
import type { sy_call, sysent } from '../sys/sysent.js';
import { VREG } from '../sys/vnode.js';
import { VOP_GETATTR } from '../fs/vnode_if.js';
import { copyin, copyout, useracc_touch } from '../i386/support.js';
import { fileops_of } from './fileops.js';
import type { fileops } from './fileops.js';
import { nanouptime } from './kern_clock.js';
import { falloc, fget, finstall } from './kern_descrip.js';
import { PCATCH, tsleep } from './kern_synch.js';
import { copyin_view, get_timespec } from './subr_buf.js';
import { selwakeup } from './sys_generic.js';
import { pipe_space } from './sys_pipe.js';
import type { pipe } from './sys_pipe.js';

const EVFILT_READ = -1;
const EVFILT_WRITE = -2;
const EVFILT_PROC = -5;
const EVFILT_TIMER = -7;
const EVFILT_USER = -11;

const EV_ADD = 0x1;
const EV_DELETE = 0x2;
const EV_ENABLE = 0x4;
const EV_DISABLE = 0x8;
const EV_ONESHOT = 0x10;
const EV_CLEAR = 0x20;
const EV_RECEIPT = 0x40;
const EV_DISPATCH = 0x80;
const EV_ERROR = 0x4000;
const EV_EOF = 0x8000;

const NOTE_EXIT = 0x80000000;
const NOTE_TRIGGER = 0x01000000;
const NOTE_FFCTRLMASK = 0xc0000000;
const NOTE_FFLAGSMASK = 0x00ffffff;
const NOTE_FFAND = 0x40000000;
const NOTE_FFOR = 0x80000000;
const NOTE_FFCOPY = 0xc0000000;
/** Nanoseconds in the unit of a timer, by NOTE_SECONDS, NOTE_MSECONDS ...; without one it is ms. */
const TIMER_UNIT: Readonly<Record<number, number>> = { 0: 1e6, 1: 1e9, 2: 1e6, 4: 1e3, 8: 1 };

/** struct kevent of i386: 20 bytes. */
const KEVENT_BYTES = 20;

interface kevent {
  ident: number;
  filter: number;
  flags: number;
  fflags: number;
  data: number;
  udata: number;
}

/** A registered event: what it looks at, and what it has seen. */
interface knote {
  kn: kevent;
  /** What the filter looks at: a file or a process. */
  kn_fp: file | null;
  kn_proc: Proc | null;
  kn_disabled: boolean;
  /** EVFILT_USER: triggered. */
  kn_triggered: boolean;
  /** EVFILT_TIMER: uptime of the next expiration, period in ns, expirations not yet reported. */
  kn_next: number;
  kn_period: number;
  kn_count: number;
  /** selgen at the last report with EV_CLEAR. */
  kn_gen: number;
}

interface kqueue {
  kq_knotes: knote[];
}

const kqueue_of = (fp: file): kqueue => fp.f_data as kqueue;

function get_kevent(view: DataView, at: number): kevent {
  return {
    ident: view.getUint32(at, true),
    filter: view.getInt16(at + 4, true),
    flags: view.getUint16(at + 6, true),
    fflags: view.getUint32(at + 8, true),
    data: view.getInt32(at + 12, true),
    udata: view.getUint32(at + 16, true),
  };
}

function put_kevent(view: DataView, at: number, e: kevent): void {
  view.setUint32(at, e.ident, true);
  view.setInt16(at + 4, e.filter, true);
  view.setUint16(at + 6, e.flags, true);
  view.setUint32(at + 8, e.fflags, true);
  view.setInt32(at + 12, Math.min(e.data, 0x7fffffff), true);
  view.setUint32(at + 16, e.udata, true);
}

function sys_kqueue(k: Kernel, td: Thread): number {
  const fp = falloc(k, DTYPE_KQUEUE, FREAD | FWRITE, null, { kq_knotes: [] }, 'kqueue');
  return finstall(k, td, fp, false);
}

/** Bytes that can be read, or for writing the room there is, where the kind of file says so. */
function amount(k: Kernel, fp: file, reading: boolean): number {
  if (fp.f_vnode?.v_type === VREG) {
    return reading ? VOP_GETATTR(k, fp.f_vnode).va_size - fp.f_offset : 0;
  }
  if (fp.f_type !== DTYPE_PIPE) return 0;
  const p = fp.f_data as pipe;
  return reading ? p.pipe_cnt : pipe_space(k, p);
}

/** The event of a knote, or null when there is none now. */
function filter_event(k: Kernel, note: knote): kevent | null {
  const { kn } = note;
  if (note.kn_disabled) return null;
  switch (kn.filter) {
    case EVFILT_READ:
    case EVFILT_WRITE:
      return file_event(k, note, note.kn_fp as file);
    case EVFILT_PROC: {
      const p = note.kn_proc as Proc;
      if (p.p_state !== PRS_ZOMBIE && k.kern.allproc.get(p.p_pid) === p) return null;
      return { ...kn, flags: kn.flags | EV_EOF | EV_ONESHOT, data: p.p_xstat };
    }
    case EVFILT_TIMER: {
      const late = nanouptime(k) - note.kn_next;
      if (late >= 0) {
        const n = 1 + (note.kn_period > 0 ? Math.floor(late / note.kn_period) : 0);
        note.kn_count += n;
        note.kn_next = kn.flags & EV_ONESHOT ? Infinity : note.kn_next + n * note.kn_period;
      }
      return note.kn_count > 0 ? { ...kn, data: note.kn_count } : null;
    }
    default:
      return note.kn_triggered ? kn : null;
  }
}

function file_event(k: Kernel, note: knote, fp: file): kevent | null {
  const { kn } = note;
  const reading = kn.filter === EVFILT_READ;
  const wanted = reading ? POLLIN_ANY : POLLOUT;
  const revents = fileops_of(fp).fo_poll(k, fp, wanted | POLLHUP);
  if ((revents & (wanted | POLLHUP)) === 0) return null;
  if (kn.flags & EV_CLEAR && note.kn_gen === k.vfs.selgen) return null;
  const data = amount(k, fp, reading);
  // A file is readable while its offset is not its end.
  if (reading && fp.f_vnode?.v_type === VREG && data === 0) return null;
  return { ...kn, flags: kn.flags | (revents & POLLHUP ? EV_EOF : 0), data };
}

/** The event has been reported: what is to be forgotten or switched off by that. */
function reported(k: Kernel, kq: kqueue, note: knote, e: kevent): void {
  if (e.flags & EV_ONESHOT) kq.kq_knotes.splice(kq.kq_knotes.indexOf(note), 1);
  note.kn_gen = k.vfs.selgen;
  note.kn_count = 0;
  if (note.kn.flags & EV_CLEAR) note.kn_triggered = false;
  if (e.flags & EV_DISPATCH) note.kn_disabled = true;
}

/** Makes the knote of a change. @returns it, or an errno. */
function knote_attach(k: Kernel, td: Thread, e: kevent): knote | number {
  const note: knote = {
    kn: { ...e, flags: e.flags & (EV_ONESHOT | EV_CLEAR | EV_DISPATCH) },
    kn_fp: null,
    kn_proc: null,
    kn_disabled: false,
    kn_triggered: false,
    kn_next: Infinity,
    kn_period: 0,
    kn_count: 0,
    kn_gen: -1,
  };
  switch (e.filter) {
    case EVFILT_READ:
    case EVFILT_WRITE: {
      const fp = fget(td, e.ident);
      if (typeof fp === 'number') return fp;
      note.kn_fp = fp;
      return note;
    }
    case EVFILT_PROC: {
      const p = k.kern.allproc.get(e.ident);
      if (p === undefined) return ESRCH;
      if (e.fflags !== NOTE_EXIT) return EINVAL;
      note.kn_proc = p;
      note.kn.flags |= EV_CLEAR;
      return note;
    }
    case EVFILT_TIMER: {
      if (!(e.fflags in TIMER_UNIT) || e.data < 0) return EINVAL;
      note.kn.flags |= EV_CLEAR;
      return note;
    }
    case EVFILT_USER:
      note.kn.fflags = 0;
      return note;
    default:
      return EINVAL;
  }
}

/** Takes what a change says about a knote that is there. */
function knote_touch(k: Kernel, note: knote, e: kevent): void {
  const { kn } = note;
  kn.udata = e.udata;
  if (kn.filter === EVFILT_TIMER) {
    if (e.flags & EV_ADD) {
      note.kn_period = Math.max(e.data, 1) * TIMER_UNIT[e.fflags];
      note.kn_next = nanouptime(k) + note.kn_period;
      note.kn_count = 0;
    }
  } else if (kn.filter === EVFILT_USER) {
    const flags = e.fflags & NOTE_FFLAGSMASK;
    const how = (e.fflags & NOTE_FFCTRLMASK) >>> 0;
    if (how === NOTE_FFAND) kn.fflags &= flags;
    else if (how === NOTE_FFOR) kn.fflags |= flags;
    else if (how === NOTE_FFCOPY) kn.fflags = flags;
    if (e.fflags & NOTE_TRIGGER) note.kn_triggered = true;
    kn.data = e.data;
    kn.flags |= e.flags & EV_CLEAR;
  } else kn.fflags = e.fflags;
  note.kn_gen = -1;
}

/** Applies one change (kqueue_register). @returns an errno. */
function kqueue_register(k: Kernel, td: Thread, kq: kqueue, e: kevent): number {
  let note = kq.kq_knotes.find(({ kn }) => kn.ident === e.ident && kn.filter === e.filter);
  if (note === undefined) {
    if ((e.flags & EV_ADD) === 0) return ENOENT;
    const made = knote_attach(k, td, e);
    if (typeof made === 'number') return made;
    note = made;
    kq.kq_knotes.push(note);
  } else if (e.flags & EV_DELETE) {
    kq.kq_knotes.splice(kq.kq_knotes.indexOf(note), 1);
    return 0;
  }
  knote_touch(k, note, e);
  if (e.flags & EV_DISABLE) note.kn_disabled = true;
  if (e.flags & EV_ENABLE) note.kn_disabled = false;
  return 0;
}

interface kevent_progress {
  kq_deadline: number;
}

/** Closing a descriptor takes its knotes along. */
function forget_closed(td: Thread, kq: kqueue): void {
  kq.kq_knotes = kq.kq_knotes.filter(
    ({ kn, kn_fp }) => kn_fp === null || fget(td, kn.ident) === kn_fp,
  );
}

/** Applies changes; errors and receipts are reported while there is room. */
function apply_changes(
  k: Kernel,
  td: Thread,
  kq: kqueue,
  changes: readonly kevent[],
  room: number,
): { error: number; receipts: kevent[] } {
  const receipts: kevent[] = [];
  for (const change of changes) {
    const error = kqueue_register(k, td, kq, change);
    if (error === 0 && (change.flags & EV_RECEIPT) === 0) continue;
    if (receipts.length >= room) {
      if (error !== 0) return { error, receipts };
      continue;
    }
    receipts.push({ ...change, flags: EV_ERROR, data: error });
  }
  if (changes.length > 0) selwakeup(k);
  return { error: 0, receipts };
}

function give_events(k: Kernel, td: Thread, events: readonly kevent[], uaddr: number): number {
  const view = new DataView(new ArrayBuffer(events.length * KEVENT_BYTES));
  events.forEach((e, i) => put_kevent(view, i * KEVENT_BYTES, e));
  td.td_retval[0] = events.length;
  return events.length === 0 ? 0 : copyout(k, new Uint8Array(view.buffer), uaddr);
}

/** Uptime of the first expiration among the timers, Infinity for none. */
function next_timer(kq: kqueue): number {
  return kq.kq_knotes.reduce(
    (next, note) => (note.kn_disabled ? next : Math.min(next, note.kn_next)),
    Infinity,
  );
}

/** kevent(kq, changes, nchanges, events, nevents, timeout). */
function sys_kevent(k: Kernel, td: Thread, a: Int32Array): number {
  const [fd, changesp, nchanges, eventsp, nevents, timeoutp] = a;
  const fp = fget(td, fd);
  if (typeof fp === 'number') return fp;
  if (fp.f_type !== DTYPE_KQUEUE) return EBADF;
  if (nchanges < 0 || nevents < 0) return EINVAL;
  const kq = kqueue_of(fp);
  forget_closed(td, kq);
  let timeout = -1;
  if (timeoutp !== 0) {
    const view = copyin_view(k, timeoutp, 8);
    if (typeof view === 'number') return view;
    timeout = get_timespec(view, 0);
    if (timeout < 0) return EINVAL;
  }
  const raw = new Uint8Array(nchanges * KEVENT_BYTES);
  const failed =
    (nchanges > 0 ? copyin(k, changesp, raw) : 0) ||
    (nevents > 0 ? useracc_touch(k, eventsp, nevents * KEVENT_BYTES, true) : 0);
  if (failed !== 0) return failed;
  let progress = td.td_progress as kevent_progress | null;
  if (progress === null) {
    const view = new DataView(raw.buffer);
    const changes = Array.from({ length: nchanges }, (_, i) => get_kevent(view, i * KEVENT_BYTES));
    const { error, receipts } = apply_changes(k, td, kq, changes, nevents);
    if (error !== 0) return error;
    if (receipts.length > 0) return give_events(k, td, receipts, eventsp);
    progress = { kq_deadline: timeout < 0 ? Infinity : nanouptime(k) + timeout };
    td.td_progress = progress;
  }
  if (nevents === 0) return 0;
  return kqueue_scan(k, td, kq, eventsp, nevents, timeout, progress);
}

/** Reports what there is, or sleeps until there is something. */
function kqueue_scan(
  k: Kernel,
  td: Thread,
  kq: kqueue,
  eventsp: number,
  nevents: number,
  timeout: number,
  progress: kevent_progress,
): number {
  const found: { note: knote; event: kevent }[] = [];
  for (const note of kq.kq_knotes) {
    if (found.length === nevents) break;
    const event = filter_event(k, note);
    if (event !== null) found.push({ note, event });
  }
  if (found.length === 0 && timeout !== 0 && nanouptime(k) < progress.kq_deadline) {
    const until = Math.min(progress.kq_deadline, next_timer(kq));
    const error = tsleep(k, k.vfs.selwait, PCATCH, 'kqread', until === Infinity ? 0 : until);
    if (error !== EAGAIN) return error < 0 ? EINTR : error;
  }
  for (const { note, event } of found) reported(k, kq, note, event);
  return give_events(k, td, found.map(({ event }) => event), eventsp); // prettier-ignore
}

export const kqueue_fileops: fileops = {
  fo_read: () => ENXIO,
  fo_write: () => ENXIO,
  fo_ioctl: () => ENOTTY,
  fo_poll: (k, fp, events) =>
    kqueue_of(fp).kq_knotes.some((note) => filter_event(k, note) !== null)
      ? events & POLLIN_ANY
      : 0,
  fo_stat: anon_stat,
  fo_truncate: () => EINVAL,
  fo_close() {},
  fo_seekable: () => false,
};

const call = (sy_name: string, sy_narg: number, sy_call: sy_call): sysent => ({
  sy_name,
  sy_narg,
  sy_call,
});

/** Calls by number (sys/kern/syscalls.master). */
export const event_sysent: Record<number, sysent> = {
  362: call('kqueue', 0, sys_kqueue),
  363: call('kevent', 6, sys_kevent),
};
