// Sets of files to wait for that outlive the call (fs/eventpoll.c of Linux). FreeBSD builds them from
// kqueue; here they ask each file, as poll does.

import { anon_stat } from '../sys/stat.js';
import { EAGAIN, EEXIST, EINTR, EINVAL, ELOOP, ENOENT, ENOTTY, EPERM } from '../sys/errno.js';
import { DTYPE_EPOLL, FREAD, FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { POLLERR, POLLHUP, POLLIN_ANY } from '../sys/poll.js';
import type { Thread } from '../sys/proc.js';
import { VDIR, VREG } from '../sys/vnode.js';
import { fileops_of } from './fileops.js';
import type { fileops } from './fileops.js';
import { falloc, finstall } from './kern_descrip.js';
import { nanouptime } from './kern_clock.js';
import { PCATCH, tsleep } from './kern_synch.js';
import { selwakeup } from './sys_generic.js';

/** What a program waits for: POLL* bits, and how often it wants to hear of them. */
export interface epoll_interest {
  events: number;
  /** Only changes count. */
  edge: boolean;
  /** Once, until the interest is set again. */
  oneshot: boolean;
  /** Two words that come back with the event. */
  data: readonly [low: number, high: number];
}

interface epitem {
  fd: number;
  fp: file;
  interest: epoll_interest;
  /** A oneshot that has been heard of. */
  disabled: boolean;
  /** When an edge was last reported (selgen), and what it was. */
  seen_gen: number;
  seen: number;
}

interface eventpoll {
  /** In the order in which they are asked; what was reported goes behind the others. */
  ep_items: epitem[];
}

/** An event to report. */
export interface epoll_event {
  revents: number;
  data: readonly [low: number, high: number];
}

const eventpoll_of = (fp: file): eventpoll => fp.f_data as eventpoll;

/** epoll_create1(2); the descriptor is in td_retval[0]. @returns an errno. */
export function kern_epoll_create(k: Kernel, td: Thread, cloexec: boolean): number {
  const data: eventpoll = { ep_items: [] };
  const fp = falloc(k, DTYPE_EPOLL, FREAD | FWRITE, null, data, 'anon_inode:[eventpoll]');
  return finstall(k, td, fp, cloexec);
}

/** Whether `from` watches `target`, itself or through others. */
function reaches(from: file, target: file): boolean {
  return (
    from === target ||
    (from.f_type === DTYPE_EPOLL &&
      eventpoll_of(from).ep_items.some(({ fp }) => reaches(fp, target)))
  );
}

export type epoll_op = 'add' | 'mod' | 'del';

/** epoll_ctl(2) of file `fp` under descriptor `fd`. @returns an errno. */
export function kern_epoll_ctl(
  k: Kernel,
  epfp: file,
  op: epoll_op,
  fd: number,
  fp: file,
  interest: epoll_interest,
): number {
  if (fp.f_vnode?.v_type === VREG || fp.f_vnode?.v_type === VDIR) return EPERM;
  if (epfp.f_type !== DTYPE_EPOLL || fp === epfp) return EINVAL;
  const ep = eventpoll_of(epfp);
  const item = ep.ep_items.find((i) => i.fd === fd && i.fp === fp);
  if (op === 'add') {
    if (item !== undefined) return EEXIST;
    if (reaches(fp, epfp)) return ELOOP;
    ep.ep_items.push({ fd, fp, interest, disabled: false, seen_gen: -1, seen: 0 });
  } else if (item === undefined) return ENOENT;
  else if (op === 'del') ep.ep_items.splice(ep.ep_items.indexOf(item), 1);
  else Object.assign(item, { interest, disabled: false, seen_gen: -1 });
  selwakeup(k);
  return 0;
}

/** What an item has to report now. */
function ready(k: Kernel, item: epitem): number {
  const { events, edge } = item.interest;
  if (item.disabled) return 0;
  const wanted = events | POLLERR | POLLHUP;
  const revents = fileops_of(item.fp).fo_poll(k, item.fp, wanted) & wanted;
  // Something may have happened to the file since: an edge too many does no harm, one too few does.
  if (edge && item.seen_gen === k.vfs.selgen && item.seen === revents) return 0;
  return revents;
}

/** Forgets files that have been closed. */
function reap(ep: eventpoll): void {
  if (ep.ep_items.some(({ fp }) => fp.f_count === 0)) {
    ep.ep_items = ep.ep_items.filter(({ fp }) => fp.f_count > 0);
  }
}

/**
 * epoll_wait(2): sleeps while nothing is ready. @param timeout_ns -1 for ever, 0 not at all.
 * @param report takes the events, at most `max`. @returns an errno.
 */
export function kern_epoll_wait(
  k: Kernel,
  td: Thread,
  epfp: file,
  max: number,
  timeout_ns: number,
  report: (events: readonly epoll_event[]) => number,
): number {
  if (epfp.f_type !== DTYPE_EPOLL) return EINVAL;
  const ep = eventpoll_of(epfp);
  reap(ep);
  const found: epoll_event[] = [];
  const items: epitem[] = [];
  for (const item of ep.ep_items) {
    if (found.length === max) break;
    const revents = ready(k, item);
    if (revents === 0) continue;
    found.push({ revents, data: item.interest.data });
    items.push(item);
    item.seen = revents;
  }
  if (found.length === 0 && timeout_ns !== 0) {
    const progress = (td.td_progress ??= {
      deadline: timeout_ns < 0 ? 0 : nanouptime(k) + timeout_ns,
    }) as { deadline: number };
    const error = tsleep(k, k.vfs.selwait, PCATCH, 'epoll', progress.deadline);
    if (error !== EAGAIN) return error < 0 ? EINTR : error;
  }
  const error = report(found);
  if (error !== 0) return error;
  for (const item of items) {
    item.seen_gen = k.vfs.selgen;
    item.disabled = item.interest.oneshot;
  }
  ep.ep_items = [...ep.ep_items.filter((item) => !items.includes(item)), ...items];
  td.td_retval[0] = found.length;
  return 0;
}

export const epoll_fileops: fileops = {
  fo_read: () => EINVAL,
  fo_write: () => EINVAL,
  fo_ioctl: () => ENOTTY,
  fo_poll(k, fp, events) {
    const ep = eventpoll_of(fp);
    reap(ep);
    return ep.ep_items.some((item) => ready(k, item) !== 0) ? events & POLLIN_ANY : 0;
  },
  fo_stat: anon_stat,
  fo_truncate: () => EINVAL,
  fo_close() {},
  fo_seekable: () => false,
};
