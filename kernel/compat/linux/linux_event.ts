// epoll and eventfd (fs/eventpoll.c, fs/eventfd.c of Linux), and files in memory without a name
// (mm/memfd.c).

import { ops } from '../../fs/vnode_if.js';
import { vref } from '../../fs/vfs_subr.js';
import { copyinstr, useracc_touch } from '../../i386/support.js';
import { falloc, fget, finstall } from '../../kern/kern_descrip.js';
import { copyin_view, copyout_view } from '../../kern/subr_buf.js';
import { kern_epoll_create, kern_epoll_ctl, kern_epoll_wait } from '../../kern/sys_epoll.js';
import type { epoll_event, epoll_interest, epoll_op } from '../../kern/sys_epoll.js';
import { kern_eventfd } from '../../kern/sys_eventfd.js';
import { EINVAL, ENAMETOOLONG } from '../../sys/errno.js';
import { O_NONBLOCK } from '../../sys/fcntl.js';
import { DTYPE_VNODE, FREAD, FWRITE } from '../../sys/file.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { VREG } from '../../sys/vnode.js';
import type { vnode } from '../../sys/vnode.js';
import { nosys, u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { bsd_events, copyin_timeout, linux_revents } from './linux_poll.js';
import { optional_set, with_sigmask } from './linux_sigcalls.js';

const LINUX_O_NONBLOCK = 0x800;
const LINUX_O_CLOEXEC = 0x80000;

// eventfd.

const EFD_SEMAPHORE = 1;

function eventfd2(k: Kernel, td: Thread, initval: number, flags: number): number {
  if (flags & ~(EFD_SEMAPHORE | LINUX_O_NONBLOCK | LINUX_O_CLOEXEC)) return EINVAL;
  return kern_eventfd(
    k,
    td,
    u(initval),
    (flags & EFD_SEMAPHORE) !== 0,
    flags & LINUX_O_NONBLOCK ? O_NONBLOCK : 0,
    (flags & LINUX_O_CLOEXEC) !== 0,
  );
}

// epoll.

const EPOLLONESHOT = 0x40000000;
const EPOLLET = 0x80000000;
/** struct epoll_event: events and two words of the program's. */
const EVENT_BYTES = 12;
/** EPOLLWRNORM is EPOLLOUT by another name and only comes back as that. */
const REPORTED = 0xfeff;
const MAX_EVENTS = Math.floor(0x7fffffff / EVENT_BYTES);

const OPS: Record<number, epoll_op | undefined> = { 1: 'add', 2: 'del', 3: 'mod' };

function epoll_create1(k: Kernel, td: Thread, flags: number): number {
  if (flags & ~LINUX_O_CLOEXEC) return EINVAL;
  return kern_epoll_create(k, td, (flags & LINUX_O_CLOEXEC) !== 0);
}

/** epoll_ctl(epfd, op, fd, event). */
function epoll_ctl(k: Kernel, td: Thread, a: Int32Array): number {
  const [epfd, op, fd, eventp] = a;
  let interest: epoll_interest = { events: 0, edge: false, oneshot: false, data: [0, 0] };
  if (OPS[op] !== 'del') {
    const view = copyin_view(k, u(eventp), EVENT_BYTES);
    if (typeof view === 'number') return view;
    const events = view.getUint32(0, true);
    interest = {
      events: bsd_events(events & 0xffff),
      edge: events >= EPOLLET,
      oneshot: (events & EPOLLONESHOT) !== 0,
      data: [view.getInt32(4, true), view.getInt32(8, true)],
    };
  }
  const epfp = fget(td, epfd);
  if (typeof epfp === 'number') return epfp;
  const fp = fget(td, fd);
  if (typeof fp === 'number') return fp;
  const what = OPS[op];
  return what === undefined ? EINVAL : kern_epoll_ctl(k, epfp, what, fd, fp, interest);
}

function give_events(k: Kernel, events: readonly epoll_event[], uaddr: number): number {
  const view = new DataView(new ArrayBuffer(events.length * EVENT_BYTES));
  events.forEach(({ revents, data }, i) => {
    view.setUint32(i * EVENT_BYTES, linux_revents(revents, REPORTED), true);
    view.setInt32(i * EVENT_BYTES + 4, data[0], true);
    view.setInt32(i * EVENT_BYTES + 8, data[1], true);
  });
  return copyout_view(k, view, uaddr);
}

/** epoll_wait(epfd, events, max, timeout) with the time-out in ns, -1 for ever. */
function epoll_wait(k: Kernel, td: Thread, a: Int32Array, timeout: number): number {
  const [epfd, eventsp, max] = a;
  if (max <= 0 || max > MAX_EVENTS) return EINVAL;
  const epfp = fget(td, epfd);
  if (typeof epfp === 'number') return epfp;
  return kern_epoll_wait(k, td, epfp, max, timeout, (events) => {
    const bytes = events.length * EVENT_BYTES;
    return useracc_touch(k, u(eventsp), bytes, true) || give_events(k, events, u(eventsp));
  });
}

const milliseconds = (ms: number): number => (ms < 0 ? -1 : ms * 1e6);

/** epoll_pwait and epoll_pwait2: a signal mask and its size come last. */
function epoll_pwait(k: Kernel, td: Thread, a: Int32Array, timeout: number): number {
  if (timeout < -1) return -timeout;
  const mask = optional_set(k, a[4], a[5]);
  if (typeof mask === 'number') return mask;
  return with_sigmask(td, mask, () => epoll_wait(k, td, a, timeout));
}

// memfd.

const MFD_CLOEXEC = 1;
const MFD_KNOWN = 0x1b;
const MFD_NAME_MAX = 249;

/** memfd_create(name, flags): a file of the memory file system that has lost its name. */
function memfd_create(k: Kernel, td: Thread, uaddr: number, flags: number): number {
  if (flags & ~MFD_KNOWN) return EINVAL;
  const name = copyinstr(k, u(uaddr), MFD_NAME_MAX + 1);
  if (typeof name === 'number') return name === ENAMETOOLONG ? EINVAL : name;
  const root = k.vfs.rootvnode as vnode;
  const { cr_uid, cr_groups } = td.td_proc.p_ucred;
  // No path can name it: a NUL is in it.
  const hidden = `\0memfd:${name}`;
  const vp = ops(root).vop_create(k, root, hidden, VREG, 0o777, cr_uid, cr_groups[0], '', 0);
  if (typeof vp === 'number') return vp;
  const fp = falloc(k, DTYPE_VNODE, FREAD | FWRITE, vref(vp), null, `/memfd:${name} (deleted)`);
  vp.v_writecount++;
  ops(root).vop_remove(k, root, vp, hidden);
  return finstall(k, td, fp, (flags & MFD_CLOEXEC) !== 0);
}

export const linux_event_calls: linux_calls = {
  eventfd: [1, (k, td, a) => eventfd2(k, td, a[0], 0)],
  eventfd2: [2, (k, td, a) => eventfd2(k, td, a[0], a[1])],
  epoll_create: [1, (k, td, a) => (a[0] <= 0 ? EINVAL : epoll_create1(k, td, 0))],
  epoll_create1: [1, (k, td, a) => epoll_create1(k, td, a[0])],
  epoll_ctl: [4, epoll_ctl],
  epoll_wait: [4, (k, td, a) => epoll_wait(k, td, a, milliseconds(a[3]))],
  epoll_pwait: [6, (k, td, a) => epoll_pwait(k, td, a, milliseconds(a[3]))],
  epoll_pwait2: [6, (k, td, a) => epoll_pwait(k, td, a, copyin_timeout(k, u(a[3]), 'timespec64'))],
  signalfd: nosys,
  signalfd4: nosys,
  timerfd_create: nosys,
  timerfd_settime: nosys,
  timerfd_gettime: nosys,
  timerfd_settime64: nosys,
  timerfd_gettime64: nosys,
  inotify_init: nosys,
  inotify_init1: nosys,
  inotify_add_watch: nosys,
  inotify_rm_watch: nosys,
  fanotify_init: nosys,
  fanotify_mark: nosys,
  memfd_secret: nosys,
  memfd_create: [2, (k, td, a) => memfd_create(k, td, a[0], a[1])],
};
