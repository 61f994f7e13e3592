// Signal sets, codes and siginfo in Linux's numbers (include/uapi/asm-generic/siginfo.h).

import {
  T_BOUND,
  T_BPTFLT,
  T_DOUBLEFLT,
  T_OFLOW,
  T_PAGEFLT,
  T_PRIVINFLT,
  T_PROTFLT,
  T_SEGNPFLT,
  T_STKFLT,
  T_TSSFLT,
} from '../../i386/trap_numbers.js';
import {
  BUS_ADRERR,
  CLD_EXITED,
  FPE_INTDIV,
  FPE_INTOVF,
  ILL_ILLOPN,
  SIGADDSET,
  SIGBUS,
  SIGCHLD,
  SIGFPE,
  SIGILL,
  SIGISMEMBER,
  SIGSEGV,
  SIGTRAP,
  SI_KERNEL,
  SI_LWP,
  SI_QUEUE,
  SI_TIMER,
  SI_USER,
  sigset_empty,
} from '../../sys/signal.js';
import type { ksiginfo, sigset_t } from '../../sys/signal.js';
import { LINUX_NSIG, bsd_to_linux_signal, linux_to_bsd_signal } from './linux_signal_numbers.js';

/** Bytes of sigset_t in the rt_ calls. */
export const LINUX_SIGSET_BYTES = 8;
export const LINUX_SIGINFO_BYTES = 128;

/** A set of 64 signals as two words. */
export function bsd_to_linux_sigset(set: sigset_t): [low: number, high: number] {
  const words: [number, number] = [0, 0];
  if ((set[0] | set[1] | set[2] | set[3]) === 0) return words;
  for (let sig = 1; sig <= LINUX_NSIG; sig++) {
    const bsd = linux_to_bsd_signal(sig);
    if (bsd > 0 && SIGISMEMBER(set, bsd)) words[(sig - 1) >> 5] |= 1 << ((sig - 1) & 31);
  }
  return words;
}

export function linux_to_bsd_sigset(low: number, high: number): sigset_t {
  const set = sigset_empty();
  if ((low | high) === 0) return set;
  for (let sig = 1; sig <= LINUX_NSIG; sig++) {
    const word = sig <= 32 ? low : high;
    if (((word >>> ((sig - 1) & 31)) & 1) === 0) continue;
    const bsd = linux_to_bsd_signal(sig);
    if (bsd > 0) SIGADDSET(set, bsd);
  }
  return set;
}

const LINUX_SI_KERNEL = 0x80;
/** Traps of which a program learns no more than the signal (force_sig in arch/x86/kernel/traps.c). */
const FORCED = [T_BPTFLT, T_OFLOW, T_BOUND, T_DOUBLEFLT, T_TSSFLT, T_SEGNPFLT, T_STKFLT, T_PROTFLT];

/** si_code of Linux. */
function linux_si_code(ksi: ksiginfo): number {
  if (FORCED.includes(ksi.ksi_trapno)) return LINUX_SI_KERNEL;
  if (ksi.ksi_trapno === T_PRIVINFLT) return ILL_ILLOPN;
  // Past the end of a file.
  if (ksi.ksi_trapno === T_PAGEFLT && ksi.ksi_signo === SIGBUS) return BUS_ADRERR;
  switch (ksi.ksi_code) {
    case SI_USER:
      return 0;
    case SI_QUEUE:
      return -1;
    case SI_TIMER:
      return -2;
    case SI_LWP:
      return -6;
    case SI_KERNEL:
      return LINUX_SI_KERNEL;
    default:
      break;
  }
  if (ksi.ksi_signo !== SIGFPE) return ksi.ksi_code;
  if (ksi.ksi_code === FPE_INTDIV) return 1;
  return ksi.ksi_code === FPE_INTOVF ? 2 : ksi.ksi_code;
}

/** siginfo_t: 128 bytes at `offset`, which are zero before. */
export function linux_put_siginfo(view: DataView, offset: number, ksi: ksiginfo): void {
  const put = (at: number, word: number): void => view.setInt32(offset + at, word | 0, true);
  const code = linux_si_code(ksi);
  put(0, bsd_to_linux_signal(ksi.ksi_signo));
  put(8, code);
  const fault = [SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP].includes(ksi.ksi_signo);
  if (fault && ksi.ksi_trapno !== 0) {
    put(12, FORCED.includes(ksi.ksi_trapno) ? 0 : ksi.ksi_addr);
    return;
  }
  put(12, ksi.ksi_pid);
  put(16, ksi.ksi_uid);
  if (ksi.ksi_signo === SIGCHLD) {
    put(20, code === CLD_EXITED ? ksi.ksi_status : bsd_to_linux_signal(ksi.ksi_status));
  } else put(20, ksi.ksi_value);
}
