// Processes and threads of Linux: clone, exit, waiting, thread-local storage, futexes (kernel/fork.c,
// kernel/exit.c, kernel/futex, arch/x86/kernel/tls.c).

import { DS, ES, FS, GS } from '../../../emulator/index.js';
import { GTLS_ENTRIES, GTLS_SEL, set_tls_descriptor } from '../../i386/segments.js';
import { copyinstr, copyout_words, fuword32, suword32, useracc_touch } from '../../i386/support.js';
import { exec_copyin_strings, kern_execve } from '../../kern/kern_exec.js';
import { fget } from '../../kern/kern_descrip.js';
import {
  P_ALL,
  P_PGID,
  P_PID,
  THREAD_EXIT,
  WCONTINUED,
  WEXITED,
  WLINUXANY,
  WLINUXCLONE,
  WNOHANG,
  WNOWAIT,
  WUNTRACED,
  W_EXITCODE,
  exit1,
  kern_wait6,
  thread_exit,
  wait_result,
} from '../../kern/kern_exit.js';
import {
  RFFDG,
  RFMEM,
  RFPPWAIT,
  RFPROC,
  RFSIGSHARE,
  kern_fork,
  save_child_context,
  thread_create,
} from '../../kern/kern_fork.js';
import { pfind } from '../../kern/kern_proc.js';
import { RUSAGE_BYTES, put_rusage } from '../../kern/kern_resource.js';
import { umtx_wake } from '../../kern/kern_thr.js';
import { sched_add } from '../../kern/sched_4bsd.js';
import { copyin_view, copyout_view } from '../../kern/subr_buf.js';
import { EFAULT, EINVAL, EJUSTRETURN, ENOENT, EPERM, ESRCH } from '../../sys/errno.js';
import { AT_FDCWD } from '../../sys/fcntl.js';
import type { image_args } from '../../sys/imgact.js';
import type { Kernel } from '../../sys/kernel.js';
import { MAXPATHLEN } from '../../sys/param.js';
import type { Thread } from '../../sys/proc.js';
import { CLD_CONTINUED, CLD_EXITED, CLD_STOPPED, SIGCHLD } from '../../sys/signal.js';
import { vm_thread_reserve } from '../../vm/vm_kstack.js';
import { linux_exit_robust_list } from './linux_futex.js';
import { nosys, u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { bsd_to_linux_signal, linux_to_bsd_signal } from './linux_signal_numbers.js';
import { LINUX_SIGINFO_BYTES } from './linux_sigset.js';

const CSIGNAL = 0xff;
const CLONE_VM = 0x100;
const CLONE_FILES = 0x400;
const CLONE_SIGHAND = 0x800;
const CLONE_VFORK = 0x4000;
const CLONE_THREAD = 0x10000;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const CLONE_NEW = 0x7e020000;
const CLONE_SETTLS = 0x80000;
const CLONE_PARENT_SETTID = 0x100000;
const CLONE_CHILD_CLEARTID = 0x200000;
const CLONE_CHILD_SETTID = 0x1000000;

/** A thread's id as Linux has it: the first thread's is the process's. */
export function linux_tid(k: Kernel, td: Thread): number {
  return k.linux.thread_tids.has(td.td_tid) ? td.td_tid : td.td_proc.p_pid;
}

/** The thread with a Linux id, or null. */
export function linux_find_thread(k: Kernel, tid: number): Thread | null {
  const p = pfind(k, tid);
  if (p !== null) return p.p_threads.find((td) => linux_tid(k, td) === tid) ?? null;
  const td = k.kern.threads.get(tid);
  return td !== undefined && k.linux.thread_tids.has(tid) ? td : null;
}

// Thread-local storage.

/** struct user_desc: entry_number, base_addr, limit, flag bits. */
interface user_desc {
  entry: number;
  low: number;
  high: number;
}

function read_user_desc(k: Kernel, uaddr: number): user_desc | number {
  const view = copyin_view(k, uaddr, 16);
  if (typeof view === 'number') return view;
  const base = view.getUint32(4, true);
  const limit = view.getUint32(8, true);
  const flags = view.getUint32(12, true);
  const entry = view.getInt32(0, true);
  // An empty descriptor: only read_exec_only and seg_not_present, or nothing at all.
  if (base === 0 && limit === 0 && (flags === 0 || flags === 0x28)) {
    return { entry, low: 0, high: 0 };
  }
  const bit = (n: number): number => (flags >>> n) & 1;
  const type = ((bit(3) ^ 1) << 1) | (((flags >>> 1) & 3) << 2) | 1;
  const high =
    (base & 0xff000000) |
    ((base >>> 16) & 0xff) |
    (limit & 0xf0000) |
    (type << 8) |
    (0x70 << 8) |
    ((bit(5) ^ 1) << 15) |
    (bit(6) << 20) |
    (bit(0) << 22) |
    (bit(4) << 23);
  return { entry, low: ((base & 0xffff) << 16) | (limit & 0xffff), high };
}

/** Loads again the segment registers that use TLS slot `slot`. */
function reload_tls(k: Kernel, slot: number): void {
  const { cpu } = k.machine;
  for (const seg of [GS, FS, ES, DS]) {
    const { selector } = cpu.segment(seg);
    if (selector >> 3 === GTLS_SEL + slot) cpu.setSegment(seg, selector);
  }
}

function set_thread_area(k: Kernel, td: Thread, a: Int32Array): number {
  const desc = read_user_desc(k, a[0]);
  if (typeof desc === 'number') return desc;
  const touched = useracc_touch(k, u(a[0]), 16, true);
  if (touched !== 0) return touched;
  let slot = desc.entry - GTLS_SEL;
  if (desc.entry === -1) {
    slot = 0;
    while (slot < GTLS_ENTRIES && (td.td_tls[2 * slot] | td.td_tls[2 * slot + 1]) !== 0) slot++;
    if (slot === GTLS_ENTRIES) return ESRCH;
    suword32(k, a[0], GTLS_SEL + slot);
  }
  if (slot < 0 || slot >= GTLS_ENTRIES) return EINVAL;
  set_tls_descriptor(k, td, slot, desc.low, desc.high);
  reload_tls(k, slot);
  return 0;
}

function get_thread_area(k: Kernel, td: Thread, a: Int32Array): number {
  const entry = fuword32(k, u(a[0]));
  if (entry < 0) return EFAULT;
  const slot = entry - GTLS_SEL;
  if (slot < 0 || slot >= GTLS_ENTRIES) return EINVAL;
  const low = td.td_tls[2 * slot];
  const high = td.td_tls[2 * slot + 1];
  const base = (high & 0xff000000) | ((high & 0xff) << 16) | (low >>> 16);
  const limit = (high & 0xf0000) | (low & 0xffff);
  const bit = (n: number): number => (high >>> n) & 1;
  const flags =
    (low | high) === 0
      ? 0x28
      : bit(22) |
        (((high >>> 10) & 3) << 1) |
        ((bit(9) ^ 1) << 3) |
        (bit(23) << 4) |
        ((bit(15) ^ 1) << 5) |
        (bit(20) << 6);
  return copyout_words(k, [entry, base, limit, flags], a[0]);
}

/** Runs `f` with the descriptor in place, so that a context saved in it has the new segment. */
function with_tls(k: Kernel, td: Thread, desc: user_desc, f: () => void): void {
  const slot = desc.entry - GTLS_SEL;
  const low = td.td_tls[2 * slot];
  const high = td.td_tls[2 * slot + 1];
  set_tls_descriptor(k, td, slot, desc.low, desc.high);
  reload_tls(k, slot);
  f();
  set_tls_descriptor(k, td, slot, low, high);
  reload_tls(k, slot);
}

// clone.

/** clone(flags, stack, parent_tid, tls, child_tid). */
function clone(k: Kernel, td: Thread, a: Int32Array): number {
  const [flags, stack, parent_tid, tls, child_tid] = a;
  let desc: user_desc | null = null;
  if (flags & CLONE_SETTLS) {
    const read = read_user_desc(k, tls);
    if (typeof read === 'number') return read;
    if (read.entry < GTLS_SEL || read.entry >= GTLS_SEL + GTLS_ENTRIES) return EINVAL;
    desc = read;
  }
  // There are no name spaces to have of one's own.
  if (flags & CLONE_NEW) return EPERM;
  if (flags & CLONE_SIGHAND && (flags & CLONE_VM) === 0) return EINVAL;
  if (flags & CLONE_THREAD && (flags & CLONE_SIGHAND) === 0) return EINVAL;
  const shares_tid = CLONE_CHILD_SETTID | CLONE_PARENT_SETTID;
  for (const at of [parent_tid, child_tid]) {
    if (flags & shares_tid && at !== 0 && td.td_progress === null) {
      const touched = useracc_touch(k, u(at), 4, true);
      if (touched !== 0) return touched;
    }
  }
  if (flags & CLONE_THREAD) vm_thread_reserve(k);
  if (flags & CLONE_THREAD) return clone_thread(k, td, flags, stack, desc, parent_tid, child_tid);

  const prepare = (kernel: Kernel, child: Thread): void => {
    if (flags & CLONE_CHILD_CLEARTID) child.td_child_clear_tid = u(child_tid);
    if (flags & CLONE_PARENT_SETTID) suword32(kernel, parent_tid, child.td_proc.p_pid);
    if (desc !== null) {
      const slot = desc.entry - GTLS_SEL;
      with_tls(kernel, td, desc, () => save_child_context(kernel, td, child, stack));
      child.td_tls[2 * slot] = desc.low;
      child.td_tls[2 * slot + 1] = desc.high;
    }
    if (flags & CLONE_CHILD_SETTID) child.td_child_set_tid = u(child_tid);
  };
  let rf = RFPROC;
  if (flags & CLONE_VM) rf |= RFMEM;
  if (flags & CLONE_VFORK) rf |= RFPPWAIT;
  if ((flags & CLONE_FILES) === 0) rf |= RFFDG;
  if (flags & CLONE_SIGHAND) rf |= RFSIGSHARE;
  const exit_signal = Math.max(0, linux_to_bsd_signal(flags & CSIGNAL));
  return kern_fork(k, td, { flags: rf, stack, exit_signal }, prepare);
}

/**
 * CLONE_CHILD_SETTID: a forked child stores its id itself, since its memory is a copy of the parent's
 * (linux_fork.c linux_schedtail).
 */
export function linux_schedtail(k: Kernel, td: Thread): void {
  suword32(k, td.td_child_set_tid, linux_tid(k, td));
  td.td_child_set_tid = 0;
}

function clone_thread(
  k: Kernel,
  td: Thread,
  flags: number,
  stack: number,
  desc: user_desc | null,
  parent_tid: number,
  child_tid: number,
): number {
  let made: Thread | null = null;
  const make = (): void => {
    made = thread_create(k, td, stack);
  };
  if (desc === null) make();
  else with_tls(k, td, desc, make);
  const td2 = made as unknown as Thread;
  if (desc !== null) {
    const slot = desc.entry - GTLS_SEL;
    td2.td_tls[2 * slot] = desc.low;
    td2.td_tls[2 * slot + 1] = desc.high;
  }
  const tid = td2.td_tid;
  k.linux.thread_tids.add(tid);
  if (flags & CLONE_CHILD_CLEARTID) td2.td_child_clear_tid = u(child_tid);
  if (flags & CLONE_PARENT_SETTID) suword32(k, parent_tid, tid);
  if (flags & CLONE_CHILD_SETTID) suword32(k, child_tid, tid);
  sched_add(k, td2);
  td.td_retval[0] = tid;
  return 0;
}

function fork(k: Kernel, td: Thread, flags: number): number {
  return kern_fork(k, td, { flags, stack: 0, exit_signal: SIGCHLD }, null);
}

/** CLONE_CHILD_CLEARTID: tells whoever joins the thread. */
function clear_tid(k: Kernel, td: Thread): void {
  const addr = td.td_child_clear_tid;
  if (addr === 0) return;
  if (suword32(k, addr, 0) === 0) umtx_wake(k, td, addr, 1);
  td.td_child_clear_tid = 0;
}

/**
 * mm_release: for a thread that ends alone, and for each of a process that ends. What nobody is left
 * to see is not written.
 */
export function linux_thread_exit(k: Kernel, td: Thread): void {
  linux_exit_robust_list(k, td);
  if (td.td_proc.p_threads.length > 1 || (td.td_proc.p_vmspace?.vm_refcnt ?? 0) > 1)
    clear_tid(k, td);
  k.linux.thread_tids.delete(td.td_tid);
}

function exit_group(k: Kernel, td: Thread, a: Int32Array): number {
  return exit1(k, td, W_EXITCODE(a[0], 0));
}

function exit(k: Kernel, td: Thread, a: Int32Array): number {
  if (td.td_proc.p_threads.length === 1) return exit_group(k, td, a);
  linux_thread_exit(k, td);
  thread_exit(k, td);
  throw THREAD_EXIT;
}

// execve.

/** Arguments and environment may be null pointers; without arguments there is an empty one. */
function exec_args(k: Kernel, fname: number, argv: number, envv: number): image_args | number {
  const path = copyinstr(k, u(fname), MAXPATHLEN);
  if (typeof path === 'number') return path;
  const lists = [argv, envv].map((list) =>
    list === 0 ? [] : exec_copyin_strings(k, path, list, 0),
  );
  const strings: string[][] = [];
  for (const list of lists) {
    if (typeof list === 'number') return list;
    strings.push(Array.isArray(list) ? list : list.argv);
  }
  return { fname: path, argv: strings[0].length === 0 ? [''] : strings[0], envv: strings[1] };
}

function exec(k: Kernel, td: Thread, args: image_args): number {
  const tids = td.td_proc.p_threads.map((thread) => thread.td_tid);
  const error = kern_execve(k, td, args);
  if (error !== 0) return error;
  // The others are gone; whichever thread this was, it is the first now.
  for (const tid of tids) k.linux.thread_tids.delete(tid);
  return EJUSTRETURN;
}

function execve(k: Kernel, td: Thread, a: Int32Array): number {
  const args = exec_args(k, a[0], a[1], a[2]);
  return typeof args === 'number' ? args : exec(k, td, args);
}

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;

function execveat(k: Kernel, td: Thread, a: Int32Array): number {
  const [dirfd, fname, argv, envv, flags] = a;
  if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return EINVAL;
  const args = exec_args(k, fname, argv, envv);
  if (typeof args === 'number') return args;
  if (!args.fname.startsWith('/') && dirfd !== AT_FDCWD) {
    const fp = fget(td, dirfd);
    if (typeof fp === 'number') return fp;
    if (args.fname === '' && (flags & AT_EMPTY_PATH) === 0) return ENOENT;
    args.fname = args.fname === '' ? fp.f_path : `${fp.f_path}/${args.fname}`;
  }
  return exec(k, td, args);
}

// Waiting.

/** A wait status word with Linux's signal numbers. */
export function linux_wait_status(status: number, code: number): number {
  if (code === CLD_CONTINUED) return 0xffff;
  if (code === CLD_STOPPED) return (bsd_to_linux_signal(status >> 8) << 8) | 0x7f;
  if (code === CLD_EXITED) return status;
  return bsd_to_linux_signal(status & 0x7f) | (status & 0x80);
}

const WALL = 0x40000000;
const WCLONE = 0x80000000 | 0;
/** __WNOTHREAD with both. */
const WAIT_CLONE_FLAGS = 0xe0000000 | 0;

function wait_options(linux: number): number {
  let options = 0;
  if (linux & 1) options |= WNOHANG;
  if (linux & 2) options |= WUNTRACED;
  if (linux & 4) options |= WEXITED;
  if (linux & 8) options |= WCONTINUED;
  if (linux & 0x1000000) options |= WNOWAIT;
  if (linux & WALL) options |= WLINUXANY;
  else if (linux & WCLONE) options |= WLINUXCLONE;
  return options;
}

function wait4(
  k: Kernel,
  td: Thread,
  pid: number,
  statusp: number,
  options: number,
  rusagep: number,
): number {
  if (options & ~(1 | 2 | 8 | WAIT_CLONE_FLAGS)) return EINVAL;
  const touched =
    (statusp === 0 ? 0 : useracc_touch(k, u(statusp), 4, true)) ||
    (rusagep === 0 ? 0 : useracc_touch(k, u(rusagep), RUSAGE_BYTES, true));
  if (touched !== 0) return touched;
  const found = wait_result();
  const error = kern_wait6(k, td, P_PID, pid, wait_options(options & ~4) | WEXITED, found);
  if (error !== 0) return error;
  td.td_retval[0] = found.pid;
  if (found.pid === 0) return 0;
  if (statusp !== 0) suword32(k, statusp, linux_wait_status(found.status, found.code));
  if (rusagep === 0) return 0;
  const view = new DataView(new ArrayBuffer(RUSAGE_BYTES));
  put_rusage(view, 0, found.ru);
  return copyout_view(k, view, rusagep);
}

function waitid(k: Kernel, td: Thread, a: Int32Array): number {
  const [which, id, infop, options, rusagep] = a;
  if (options & ~(1 | 2 | 4 | 8 | 0x1000000 | WAIT_CLONE_FLAGS)) return EINVAL;
  if ((options & (2 | 4 | 8)) === 0 || which < 0 || which > 2) return EINVAL;
  if (which === 1 && id <= 0) return EINVAL;
  const touched =
    (infop === 0 ? 0 : useracc_touch(k, u(infop), LINUX_SIGINFO_BYTES, true)) ||
    (rusagep === 0 ? 0 : useracc_touch(k, u(rusagep), RUSAGE_BYTES, true));
  if (touched !== 0) return touched;
  const found = wait_result();
  const type = [P_ALL, P_PID, P_PGID][which];
  const error = kern_wait6(k, td, type, id, wait_options(options), found);
  if (error !== 0) return error;
  td.td_retval[0] = 0;
  if (rusagep !== 0 && found.pid !== 0) {
    const view = new DataView(new ArrayBuffer(RUSAGE_BYTES));
    put_rusage(view, 0, found.ru);
    copyout_view(k, view, rusagep);
  }
  if (infop === 0) return 0;
  const view = new DataView(new ArrayBuffer(LINUX_SIGINFO_BYTES));
  if (found.pid !== 0) {
    const { status, code } = found;
    view.setInt32(0, 17, true);
    view.setInt32(8, code, true);
    view.setInt32(12, found.pid, true);
    view.setInt32(16, found.uid, true);
    const value =
      code === CLD_EXITED
        ? (status >> 8) & 0xff
        : code === CLD_CONTINUED
          ? 18
          : bsd_to_linux_signal(code === CLD_STOPPED ? status >> 8 : status & 0x7f);
    view.setInt32(20, value, true);
  }
  return copyout_view(k, view, infop);
}

export const linux_thread_calls: linux_calls = {
  fork: [0, (k, td) => fork(k, td, RFFDG | RFPROC)],
  vfork: [0, (k, td) => fork(k, td, RFFDG | RFPROC | RFPPWAIT | RFMEM)],
  clone: [5, clone],
  clone3: nosys,
  exit: [1, exit],
  exit_group: [1, exit_group],
  execve: [3, execve],
  execveat: [5, execveat],
  waitpid: [3, (k, td, a) => wait4(k, td, a[0], a[1], a[2], 0)],
  wait4: [4, (k, td, a) => wait4(k, td, a[0], a[1], a[2], a[3])],
  waitid: [5, waitid],
  set_thread_area: [1, set_thread_area],
  get_thread_area: [1, get_thread_area],
  modify_ldt: nosys,
  set_tid_address: [
    1,
    (k, td, a) => {
      td.td_child_clear_tid = u(a[0]);
      td.td_retval[0] = linux_tid(k, td);
      return 0;
    },
  ],
  gettid: [
    0,
    (k, td) => {
      td.td_retval[0] = linux_tid(k, td);
      return 0;
    },
  ],
  rseq: nosys,
  membarrier: nosys,
};
