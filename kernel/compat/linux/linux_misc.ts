// The system as a whole, and what a process says about itself (kernel/sys.c of Linux); calls that
// are known and refused.

import {
  bytes_of,
  copyin,
  copyout,
  copyout_words,
  latin1,
  useracc_touch,
} from '../../i386/support.js';
import { nanouptime } from '../../kern/kern_clock.js';
import { copyout_view } from '../../kern/subr_buf.js';
import { EFAULT, EINTR, EINVAL, ENODEV, EPERM } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import { PAGE_SIZE, VM_MAXUSER_ADDRESS } from '../../sys/param.js';
import { PRS_ZOMBIE } from '../../sys/proc.js';
import type { Thread } from '../../sys/proc.js';
import { swap_pager_used } from '../../vm/swap_pager_space.js';
import { always, nosys, u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { CAP_LAST_CAP } from './linux_ids.js';
import { bsd_to_linux_signal, linux_to_bsd_signal } from './linux_signal_numbers.js';
import { em_change, em_find } from './linux_emul.js';

/** New enough for the C libraries of the time (they refuse a kernel that is too old). */
export const LINUX_RELEASE = '6.1.0';
export const LINUX_VERSION = '#1 SMP PREEMPT_DYNAMIC';
const UTS_LEN = 65;
const OLDOLD_UTS_LEN = 9;

/** uname and its forerunners: the first `fields` strings, each in `len` bytes with its NUL. */
function uname(k: Kernel, uaddr: number, fields: number, len: number): number {
  const { domainname, hostname } = k.kern;
  const strings = ['Linux', hostname, LINUX_RELEASE, LINUX_VERSION, 'i686', domainname || '(none)'];
  const bytes = new Uint8Array(fields * len);
  for (let i = 0; i < fields; i++) bytes.set(bytes_of(strings[i].slice(0, len - 1)), i * len);
  return copyout(k, bytes, uaddr);
}

function read_name(k: Kernel, td: Thread, uaddr: number, len: number): string | number {
  if (td.td_proc.p_ucred.cr_uid !== 0) return EPERM;
  if (len < 0 || len > UTS_LEN - 1) return EINVAL;
  const bytes = new Uint8Array(len);
  return copyin(k, uaddr, bytes) === 0 ? latin1(bytes, 0, len) : EFAULT;
}

function sethostname(k: Kernel, td: Thread, a: Int32Array): number {
  const name = read_name(k, td, a[0], a[1]);
  if (typeof name === 'number') return name;
  k.kern.hostname = name;
  return 0;
}

function setdomainname(k: Kernel, td: Thread, a: Int32Array): number {
  const name = read_name(k, td, a[0], a[1]);
  if (typeof name === 'number') return name;
  k.kern.domainname = name;
  return 0;
}

/** struct sysinfo: uptime, loads[3], memory and swap in units of mem_unit bytes, processes. */
function sysinfo(k: Kernel, _td: Thread, a: Int32Array): number {
  const { cnt, swap_total } = k.vm;
  const view = new DataView(new ArrayBuffer(64));
  const put = (word: number, value: number): void => view.setUint32(4 * word, value, true);
  put(0, Math.floor(nanouptime(k) / 1e9));
  // FSCALE is 2048 here and SI_LOAD_SHIFT 16 there.
  k.kern.loadavg.forEach((load, i) => put(1 + i, load * 32));
  put(4, cnt.v_page_count * PAGE_SIZE);
  put(5, (cnt.v_free_count + cnt.v_cache_count) * PAGE_SIZE);
  put(8, swap_total);
  put(9, swap_total - swap_pager_used(k) * PAGE_SIZE);
  let threads = 0;
  for (const p of k.kern.allproc.values())
    if (p.p_state !== PRS_ZOMBIE) threads += p.p_threads.length;
  view.setUint16(40, threads, true);
  put(13, 1);
  return copyout_view(k, view, a[0]);
}

function personality(_k: Kernel, td: Thread, a: Int32Array): number {
  td.td_retval[0] = em_find(td).personality | 0;
  if (u(a[0]) !== 0xffffffff) em_change(td, { personality: u(a[0]) });
  return 0;
}

const GRND_NONBLOCK = 1;
const GRND_RANDOM = 2;
const GRND_INSECURE = 4;
/** MAX_RW_COUNT: no call transfers more. */
const MAX_RW_COUNT = 0x7ffff000;

/** getrandom(buf, len, flags): what lies before a page that cannot be written is filled. */
function getrandom(k: Kernel, td: Thread, a: Int32Array): number {
  const start = u(a[0]);
  const flags = a[2];
  if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) return EINVAL;
  if ((flags & (GRND_RANDOM | GRND_INSECURE)) === (GRND_RANDOM | GRND_INSECURE)) return EINVAL;
  const len = Math.min(u(a[1]), MAX_RW_COUNT);
  if (start + len > VM_MAXUSER_ADDRESS) return EFAULT;
  let done = 0;
  while (done < len) {
    const at = start + done;
    const n = Math.min(len - done, PAGE_SIZE - (at % PAGE_SIZE));
    if (useracc_touch(k, at, n, true) !== 0) break;
    const bytes = new Uint8Array(n);
    k.host.entropy(bytes);
    copyout(k, bytes, at);
    done += n;
  }
  td.td_retval[0] = done;
  return done === 0 && len > 0 ? EFAULT : 0;
}

function getcpu(k: Kernel, _td: Thread, a: Int32Array): number {
  for (const at of [a[0], a[1]]) {
    const error = at === 0 ? 0 : copyout_words(k, [0], at);
    if (error !== 0) return error;
  }
  return 0;
}

// prctl.

const TASK_COMM_LEN = 16;

function set_name(k: Kernel, td: Thread, uaddr: number): number {
  const name = comm_at(k, uaddr);
  if (typeof name === 'number') return name;
  td.td_name = name;
  if (td.td_proc.p_threads[0] === td) td.td_proc.p_comm = name;
  return 0;
}

/** Up to 15 characters; a longer string is cut. */
function comm_at(k: Kernel, uaddr: number): string | number {
  let name = '';
  for (let i = 0; i < TASK_COMM_LEN - 1; i++) {
    const char = copyinstr_char(k, u(uaddr) + i);
    if (char < 0) return EFAULT;
    if (char === 0) break;
    name += String.fromCharCode(char);
  }
  return name;
}

function copyinstr_char(k: Kernel, uaddr: number): number {
  const byte = new Uint8Array(1);
  return copyin(k, uaddr, byte) === 0 ? byte[0] : -1;
}

function get_name(k: Kernel, td: Thread, uaddr: number): number {
  const bytes = new Uint8Array(TASK_COMM_LEN);
  bytes.set(bytes_of(td.td_name.slice(0, TASK_COMM_LEN - 1)));
  return copyout(k, bytes, uaddr);
}

const flag = (td: Thread, value: number): number => {
  td.td_retval[0] = value;
  return 0;
};

function prctl_pdeathsig(td: Thread, sig: number): number {
  const bsd = linux_to_bsd_signal(sig);
  if (bsd < 0) return EINVAL;
  td.td_proc.p_pdeathsig = bsd;
  return 0;
}

/** prctl(option, arg2, arg3, arg4, arg5). */
function prctl(k: Kernel, td: Thread, a: Int32Array): number {
  const [option, arg2, arg3, arg4, arg5] = a;
  const root = td.td_proc.p_ucred.cr_uid === 0;
  const rest = (arg3 | arg4 | arg5) !== 0;
  switch (option) {
    case 1: // PR_SET_PDEATHSIG
      return prctl_pdeathsig(td, arg2);
    case 2: {
      const { p_pdeathsig } = td.td_proc;
      return copyout_words(k, [p_pdeathsig === 0 ? 0 : bsd_to_linux_signal(p_pdeathsig)], arg2);
    }
    case 3: // PR_GET_DUMPABLE
      return flag(td, em_find(td).dumpable);
    case 4:
      if (arg2 !== 0 && arg2 !== 1) return EINVAL;
      em_change(td, { dumpable: arg2 });
      return 0;
    case 7: // PR_GET_KEEPCAPS
      return flag(td, em_find(td).keepcaps ? 1 : 0);
    case 8:
      if (u(arg2) > 1) return EINVAL;
      em_change(td, { keepcaps: arg2 === 1 });
      return 0;
    case 13: // PR_GET_TIMING: PR_TIMING_STATISTICAL
      return flag(td, 0);
    case 14:
      return arg2 === 0 ? 0 : EINVAL;
    case 15: // PR_SET_NAME
      return set_name(k, td, arg2);
    case 16:
      return get_name(k, td, arg2);
    case 21: // PR_GET_SECCOMP: none
      return flag(td, 0);
    case 23: // PR_CAPBSET_READ
      return u(arg2) > CAP_LAST_CAP ? EINVAL : flag(td, 1);
    case 24:
      if (!root) return EPERM;
      return u(arg2) > CAP_LAST_CAP ? EINVAL : 0;
    case 25: // PR_GET_TSC: PR_TSC_ENABLE
      return copyout_words(k, [1], arg2);
    case 26:
      return arg2 === 1 ? 0 : EINVAL;
    case 27: // PR_GET_SECUREBITS
      return flag(td, em_find(td).keepcaps ? 0x10 : 0);
    case 28:
      return EPERM;
    case 29: // PR_SET_TIMERSLACK: 0 is the default
      em_change(td, { timerslack: u(arg2) === 0 ? 50000 : u(arg2) });
      return 0;
    case 30:
      return flag(td, em_find(td).timerslack);
    case 31: // PR_TASK_PERF_EVENTS_DISABLE, _ENABLE
    case 32:
      return 0;
    case 34: // PR_MCE_KILL_GET: PR_MCE_KILL_DEFAULT
      return (arg2 | arg3 | arg4 | arg5) === 0 ? flag(td, 2) : EINVAL;
    case 35: // PR_SET_MM
      return EPERM;
    case 36: // PR_SET_CHILD_SUBREAPER
      return arg2 === 0 ? 0 : EPERM;
    case 37:
      return copyout_words(k, [0], arg2);
    case 38: // PR_SET_NO_NEW_PRIVS
      if (arg2 !== 1 || rest) return EINVAL;
      em_change(td, { no_new_privs: true });
      return 0;
    case 39:
      if (arg2 !== 0 || rest) return EINVAL;
      return flag(td, em_find(td).no_new_privs ? 1 : 0);
    case 40: // PR_GET_TID_ADDRESS
      return copyout_words(k, [td.td_child_clear_tid], arg2);
    case 41: // PR_SET_THP_DISABLE
      return rest ? EINVAL : 0;
    case 42:
      return arg2 !== 0 || rest ? EINVAL : flag(td, 0);
    case 47: // PR_CAP_AMBIENT: none can be raised
      return cap_ambient(td, arg2, arg3);
    case 52: // PR_GET_SPECULATION_CTRL: PR_SPEC_NOT_AFFECTED
      return u(arg2) > 2 ? ENODEV : flag(td, 0);
    default:
      return EINVAL;
  }
}

function cap_ambient(td: Thread, what: number, cap: number): number {
  if (what === 4) return cap === 0 ? 0 : EINVAL; // PR_CAP_AMBIENT_CLEAR_ALL
  if (u(cap) > CAP_LAST_CAP) return EINVAL;
  if (what === 1) return flag(td, 0);
  return what === 2 ? EPERM : what === 3 ? 0 : EINVAL;
}

/** reboot and its kind: only root may, and nothing happens to the machine. */
const privileged = always(EPERM);

export const linux_misc_calls: linux_calls = {
  uname: [1, (k, _td, a) => uname(k, a[0], 6, UTS_LEN)],
  olduname: [1, (k, _td, a) => uname(k, a[0], 5, UTS_LEN)],
  oldolduname: [1, (k, _td, a) => uname(k, a[0], 5, OLDOLD_UTS_LEN)],
  sethostname: [2, sethostname],
  setdomainname: [2, setdomainname],
  sysinfo: [1, sysinfo],
  personality: [1, personality],
  prctl: [5, prctl],
  getrandom: [3, getrandom],
  getcpu: [3, getcpu],
  // Nothing is left to go on with: the calls that can be restarted are executed again as they are.
  restart_syscall: always(EINTR),
  vhangup: privileged,
  syslog: privileged,
  ioperm: privileged,
  iopl: privileged,
  ptrace: privileged,
  process_vm_readv: privileged,
  process_vm_writev: privileged,
  kcmp: privileged,
  mount: privileged,
  umount: privileged,
  umount2: privileged,
  pivot_root: privileged,
  quotactl: privileged,
  swapon: privileged,
  swapoff: privileged,
  reboot: privileged,
  acct: privileged,
  init_module: privileged,
  finit_module: privileged,
  delete_module: privileged,
  kexec_load: privileged,
  setns: privileged,
  unshare: privileged,
  perf_event_open: nosys,
  bpf: nosys,
  seccomp: nosys,
  userfaultfd: nosys,
  add_key: nosys,
  request_key: nosys,
  keyctl: nosys,
  ipc: nosys,
  semget: nosys,
  semctl: nosys,
  semtimedop_time64: nosys,
  shmget: nosys,
  shmctl: nosys,
  shmat: nosys,
  shmdt: nosys,
  msgget: nosys,
  msgsnd: nosys,
  msgrcv: nosys,
  msgctl: nosys,
  mq_open: nosys,
  mq_unlink: nosys,
  mq_timedsend: nosys,
  mq_timedreceive: nosys,
  mq_notify: nosys,
  mq_getsetattr: nosys,
  mq_timedsend_time64: nosys,
  mq_timedreceive_time64: nosys,
  io_setup: nosys,
  io_destroy: nosys,
  io_getevents: nosys,
  io_submit: nosys,
  io_cancel: nosys,
  io_uring_setup: nosys,
  io_uring_enter: nosys,
  io_uring_register: nosys,
  ioprio_get: nosys,
  ioprio_set: nosys,
  mbind: nosys,
  get_mempolicy: nosys,
  set_mempolicy: nosys,
  migrate_pages: nosys,
  move_pages: nosys,
  arch_prctl: nosys,
  vm86: nosys,
  vm86old: nosys,
  pkey_alloc: nosys,
  pkey_free: nosys,
  pkey_mprotect: nosys,
  pidfd_open: nosys,
  pidfd_getfd: nosys,
  pidfd_send_signal: nosys,
  process_madvise: nosys,
  process_mrelease: nosys,
  landlock_create_ruleset: nosys,
  landlock_add_rule: nosys,
  landlock_restrict_self: nosys,
  futex_waitv: nosys,
  _sysctl: nosys,
  sysfs: nosys,
  bdflush: nosys,
  uselib: nosys,
  nfsservctl: nosys,
  lookup_dcookie: nosys,
};
