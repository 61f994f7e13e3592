// The native system calls about processes, signals, time, resources and the system.

import { EFAULT, EINVAL, EJUSTRETURN, ENOSYS, EPERM, ERANGE, ESRCH } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { RLIMIT_NOFILE } from '../sys/resource.js';
import { SIGABRT, SIGCHLD } from '../sys/signal.js';
import type { sy_call, sysent } from '../sys/sysent.js';
import { NSEC_PER_SEC, hz, stathz } from '../sys/time.js';
import { sys_getcontext, sys_setcontext, sys_sigreturn, sys_swapcontext } from '../i386/machdep.js';
import { sys_sysarch } from '../i386/sys_machdep.js';
import { bytes_of, copyinstr, copyout, copyout_words, useracc_touch } from '../i386/support.js';
import { CPUSET_BYTES, OSRELEASE, OSTYPE, VERSION } from './kern_mib.js';
import { exec_copyin_args, kern_execve } from './kern_exec.js';
import {
  P_PID,
  WEXITED,
  WTRAPPED,
  W_EXITCODE,
  exit1,
  kern_wait6,
  wait_result,
} from './kern_exit.js';
import type { wait_result as wait_result_t } from './kern_exit.js';
import { sys_fork, sys_rfork, sys_vfork } from './kern_fork.js';
import { pfind } from './kern_proc.js';
import * as prot from './kern_prot.js';
import {
  RUSAGE_BYTES,
  kern_getpriority,
  kern_setpriority,
  put_rusage,
  sys_getrlimit,
  sys_getrusage,
  sys_rtprio,
  sys_setrlimit,
} from './kern_resource.js';
import * as sig from './kern_sig_calls.js';
import { ksiginfo_init } from './kern_sig.js';
import { sys___sysctl } from './kern_sysctl.js';
import * as thr from './kern_thr.js';
import { sys__umtx_op } from './kern_umtx.js';
import * as time from './kern_time.js';
import { SCHED_SLICE, sched_relinquish, sched_yield_all } from './sched_4bsd.js';
import { copyout_view } from './subr_buf.js';

const call = (sy_name: string, sy_narg: number, sy_call: sy_call): sysent => ({
  sy_name,
  sy_narg,
  sy_call,
});

/** Touches the buffers that a wait fills, so that it cannot fail once a child is reaped. */
function touch_wait(k: Kernel, status: number, ru: number, ru_bytes: number): number {
  if (status !== 0 && useracc_touch(k, status, 4, true) !== 0) return EFAULT;
  return ru !== 0 ? useracc_touch(k, ru, ru_bytes, true) : 0;
}

function sys_wait4(k: Kernel, td: Thread, a: Int32Array): number {
  const [pid, statusp, options, rusagep] = a;
  const touched = touch_wait(k, statusp, rusagep, RUSAGE_BYTES);
  if (touched !== 0) return touched;
  const found = wait_result();
  const error = kern_wait6(k, td, P_PID, pid, options | WEXITED | WTRAPPED, found);
  if (error !== 0 || found.pid === 0) return error;
  if (statusp !== 0) copyout_words(k, [found.status], statusp);
  if (rusagep !== 0) {
    const view = new DataView(new ArrayBuffer(RUSAGE_BYTES));
    put_rusage(view, 0, found.ru);
    copyout_view(k, view, rusagep);
  }
  return 0;
}

/** wait6(idtype, id (64 bits), status, options, wrusage, siginfo). */
function sys_wait6(k: Kernel, td: Thread, a: Int32Array): number {
  const [idtype, id, , statusp, options, rusagep, infop] = a;
  const touched = touch_wait(k, statusp, rusagep, 2 * RUSAGE_BYTES);
  if (touched !== 0) return touched;
  if (infop !== 0 && useracc_touch(k, infop, sig.SIGINFO_BYTES, true) !== 0) return EFAULT;
  const found = wait_result();
  const error = kern_wait6(k, td, idtype, id, options, found);
  if (error !== 0) return error;
  give_wait6(k, found, statusp, rusagep, infop);
  return 0;
}

function give_wait6(
  k: Kernel,
  found: wait_result_t,
  statusp: number,
  rusagep: number,
  infop: number,
): void {
  if (statusp !== 0) copyout_words(k, [found.status], statusp);
  if (rusagep !== 0) {
    const view = new DataView(new ArrayBuffer(2 * RUSAGE_BYTES));
    put_rusage(view, 0, found.ru);
    put_rusage(view, RUSAGE_BYTES, found.cru);
    copyout_view(k, view, rusagep);
  }
  if (infop !== 0) {
    const view = new DataView(new ArrayBuffer(sig.SIGINFO_BYTES));
    if (found.pid !== 0) {
      const ksi = ksiginfo_init(SIGCHLD, found.code);
      ksi.ksi_pid = found.pid;
      ksi.ksi_uid = found.uid;
      ksi.ksi_status = found.code === 1 ? (found.status >> 8) & 0xff : found.status & 0x7f;
      sig.put_siginfo(view, 0, ksi);
    }
    copyout_view(k, view, infop);
  }
}

function sys_execve(k: Kernel, td: Thread, a: Int32Array): number {
  const args = exec_copyin_args(k, a[0], a[1], a[2]);
  if (typeof args === 'number') return args;
  const error = kern_execve(k, td, args);
  return error === 0 ? EJUSTRETURN : error;
}

function sys_sched_yield(k: Kernel): number {
  sched_relinquish(k);
  return 0;
}

function sys_yield(k: Kernel, td: Thread): number {
  sched_yield_all(k, td);
  td.td_retval[0] = 0;
  return 0;
}

/** ns of a slice, in whole ticks of hz (sched_rr_interval, ksched_attach): 94 ms. */
const sched_rr_interval =
  Math.floor((SCHED_SLICE * hz + stathz / 2) / stathz) * (NSEC_PER_SEC / hz);

/** uname(2) of FreeBSD 4 to 6: five fields of 32 bytes. */
function sys_uname(k: Kernel, _td: Thread, a: Int32Array): number {
  const bytes = new Uint8Array(160);
  [OSTYPE, k.kern.hostname, OSRELEASE, VERSION.trim(), 'i386'].forEach((field, i) =>
    bytes.set(bytes_of(field.slice(0, 31)), 32 * i),
  );
  return copyout(k, bytes, a[0]);
}

/** getentropy's kernel side in later releases: getrandom(buf, len, flags). */
function sys_getrandom(k: Kernel, td: Thread, a: Int32Array): number {
  const [buf, len, flags] = a;
  if (flags & ~3 || len < 0) return EINVAL;
  const bytes = new Uint8Array(Math.min(len, 1 << 20));
  k.host.entropy(bytes);
  td.td_retval[0] = bytes.length;
  return copyout(k, bytes, buf);
}

// cpuset: one processor, one set.

/** Bits in the largest set of a program. */
const CPU_MAXSIZE = 256;

function sys_cpuset_getaffinity(k: Kernel, _td: Thread, a: Int32Array): number {
  // level, which, id (64 bits), size, mask
  const [level, which, , , size, mask] = a;
  if (level < 1 || level > 3 || which < 1 || which > 5) return EINVAL;
  if (size < CPUSET_BYTES || size > CPU_MAXSIZE / 8) return ERANGE;
  const bytes = new Uint8Array(size);
  bytes[0] = 1;
  return copyout(k, bytes, mask);
}
function sys_cpuset_setaffinity(_k: Kernel, _td: Thread, a: Int32Array): number {
  const [level, which, , , size] = a;
  if (level < 1 || level > 3 || which < 1 || which > 5) return EINVAL;
  if (size < CPUSET_BYTES || size > CPU_MAXSIZE / 8) return ERANGE;
  return 0;
}
function sys_cpuset_getid(k: Kernel, _td: Thread, a: Int32Array): number {
  return copyout_words(k, [1], a[4]);
}

// POSIX scheduling: everything is SCHED_OTHER.

const SCHED_OTHER = 2;
function known_pid(k: Kernel, pid: number): boolean {
  return pid === 0 || pfind(k, pid) !== null;
}

function sys_abort2(k: Kernel, td: Thread, a: Int32Array): number {
  const why = a[0] === 0 ? '' : copyinstr(k, a[0], 128);
  if (typeof why === 'string' && why !== '') k.host.log(`pid ${td.td_proc.p_pid}: abort2: ${why}`);
  return sig.kern_kill(k, td, td.td_proc.p_pid, SIGABRT);
}

export const proc_sysent: Record<number, sysent> = {
  1: call('exit', 1, (k, td, a) => exit1(k, td, W_EXITCODE(a[0], 0))),
  2: call('fork', 0, sys_fork),
  7: call('wait4', 4, sys_wait4),
  20: call('getpid', 0, prot.sys_getpid),
  23: call('setuid', 1, (_k, td, a) => prot.kern_setuid(td, a[0])),
  24: call('getuid', 0, prot.sys_getuid),
  25: call('geteuid', 0, prot.sys_geteuid),
  37: call('kill', 2, sig.sys_kill),
  39: call('getppid', 0, prot.sys_getppid),
  43: call('getegid', 0, prot.sys_getegid),
  47: call('getgid', 0, prot.sys_getgid),
  49: call('getlogin', 2, prot.sys_getlogin),
  50: call('setlogin', 1, prot.sys_setlogin),
  53: call('sigaltstack', 2, sig.sys_sigaltstack),
  59: call('execve', 3, sys_execve),
  64: call('getpagesize', 0, (_k, td) => {
    td.td_retval[0] = 4096;
    return 0;
  }),
  66: call('vfork', 0, sys_vfork),
  79: call('getgroups', 2, prot.sys_getgroups),
  80: call('setgroups', 2, prot.sys_setgroups),
  81: call('getpgrp', 0, prot.sys_getpgrp),
  82: call('setpgid', 2, prot.sys_setpgid),
  83: call('setitimer', 3, time.sys_setitimer),
  86: call('getitimer', 2, time.sys_getitimer),
  89: call('getdtablesize', 0, (_k, td) => {
    td.td_retval[0] = td.td_proc.p_limit.pl_rlimit[RLIMIT_NOFILE].rlim_cur;
    return 0;
  }),
  96: call('setpriority', 3, (k, td, a) => kern_setpriority(k, td, a[0], a[1], a[2])),
  100: call('getpriority', 2, (k, td, a) => kern_getpriority(k, td, a[0], a[1])),
  116: call('gettimeofday', 2, time.sys_gettimeofday),
  117: call('getrusage', 2, sys_getrusage),
  126: call('setreuid', 2, (_k, td, a) => prot.kern_setreuid(td, a[0], a[1])),
  127: call('setregid', 2, (_k, td, a) => prot.kern_setregid(td, a[0], a[1])),
  146: call('killpg', 2, sig.sys_killpg),
  147: call('setsid', 0, prot.sys_setsid),
  164: call('uname', 1, sys_uname),
  165: call('sysarch', 2, sys_sysarch),
  166: call('rtprio', 3, sys_rtprio),
  181: call('setgid', 1, (_k, td, a) => prot.kern_setgid(td, a[0])),
  182: call('setegid', 1, (_k, td, a) => prot.kern_setegid(td, a[0])),
  183: call('seteuid', 1, (_k, td, a) => prot.kern_seteuid(td, a[0])),
  194: call('getrlimit', 2, sys_getrlimit),
  195: call('setrlimit', 2, sys_setrlimit),
  202: call('__sysctl', 6, sys___sysctl),
  207: call('getpgid', 1, prot.sys_getpgid),
  232: call('clock_gettime', 2, time.sys_clock_gettime),
  233: call('clock_settime', 2, time.sys_clock_settime),
  234: call('clock_getres', 2, time.sys_clock_getres),
  240: call('nanosleep', 2, time.sys_nanosleep),
  244: call('clock_nanosleep', 4, time.sys_clock_nanosleep),
  251: call('rfork', 1, sys_rfork),
  253: call('issetugid', 0, prot.sys_issetugid),
  310: call('getsid', 1, prot.sys_getsid),
  311: call('setresuid', 3, (_k, td, a) => prot.kern_setresuid(td, a[0], a[1], a[2])),
  312: call('setresgid', 3, (_k, td, a) => prot.kern_setresgid(td, a[0], a[1], a[2])),
  321: call('yield', 0, sys_yield),
  327: call('sched_setparam', 2, (k, _td, a) => (known_pid(k, a[0]) ? 0 : ESRCH)),
  328: call('sched_getparam', 2, (k, _td, a) =>
    known_pid(k, a[0]) ? copyout_words(k, [0], a[1]) : ESRCH,
  ),
  329: call('sched_setscheduler', 3, (k, _td, a) => {
    if (!known_pid(k, a[0])) return ESRCH;
    return a[1] === SCHED_OTHER ? 0 : EPERM;
  }),
  330: call('sched_getscheduler', 1, (k, td, a) => {
    td.td_retval[0] = SCHED_OTHER;
    return known_pid(k, a[0]) ? 0 : ESRCH;
  }),
  331: call('sched_yield', 0, sys_sched_yield),
  332: call('sched_get_priority_max', 1, (_k, td, a) => {
    td.td_retval[0] = a[0] === SCHED_OTHER ? 103 : 31;
    return a[0] >= 1 && a[0] <= 3 ? 0 : EINVAL;
  }),
  333: call('sched_get_priority_min', 1, (_k, td, a) => {
    td.td_retval[0] = 0;
    return a[0] >= 1 && a[0] <= 3 ? 0 : EINVAL;
  }),
  334: call('sched_rr_get_interval', 2, (k, _td, a) =>
    copyout_words(k, [0, sched_rr_interval], a[1]),
  ),
  338: call('jail', 1, () => ENOSYS),
  340: call('sigprocmask', 3, sig.sys_sigprocmask),
  341: call('sigsuspend', 1, sig.sys_sigsuspend),
  343: call('sigpending', 1, sig.sys_sigpending),
  345: call('sigtimedwait', 3, sig.sys_sigtimedwait),
  346: call('sigwaitinfo', 2, sig.sys_sigwaitinfo),
  360: call('getresuid', 3, prot.sys_getresuid),
  361: call('getresgid', 3, prot.sys_getresgid),
  416: call('sigaction', 3, sig.sys_sigaction),
  417: call('sigreturn', 1, sys_sigreturn),
  421: call('getcontext', 1, sys_getcontext),
  422: call('setcontext', 1, sys_setcontext),
  423: call('swapcontext', 2, sys_swapcontext),
  429: call('sigwait', 2, sig.sys_sigwait),
  431: call('thr_exit', 1, thr.sys_thr_exit),
  432: call('thr_self', 1, thr.sys_thr_self),
  433: call('thr_kill', 2, thr.sys_thr_kill),
  442: call('thr_suspend', 1, thr.sys_thr_suspend),
  443: call('thr_wake', 1, thr.sys_thr_wake),
  454: call('_umtx_op', 5, sys__umtx_op),
  455: call('thr_new', 2, thr.sys_thr_new),
  456: call('sigqueue', 3, sig.sys_sigqueue),
  463: call('abort2', 3, sys_abort2),
  464: call('thr_set_name', 2, thr.sys_thr_set_name),
  466: call('rtprio_thread', 3, sys_rtprio),
  481: call('thr_kill2', 3, thr.sys_thr_kill2),
  484: call('cpuset', 1, (k, _td, a) => copyout_words(k, [1], a[0])),
  485: call('cpuset_setid', 4, () => EPERM),
  486: call('cpuset_getid', 5, sys_cpuset_getid),
  487: call('cpuset_getaffinity', 6, sys_cpuset_getaffinity),
  488: call('cpuset_setaffinity', 6, sys_cpuset_setaffinity),
  532: call('wait6', 7, sys_wait6),
  563: call('getrandom', 3, sys_getrandom),
};
