// Signal numbers and sets of the two systems (sys/signal.h; arch/x86/include/uapi/asm/signal.h).

import { SIGISMEMBER, sig_ffs } from '../../sys/signal.js';
import type { sigset_t } from '../../sys/signal.js';

/** Index: FreeBSD's signal 1-31; 0 where Linux has none (SIGEMT, SIGINFO). */
// prettier-ignore
const BSD_TO_LINUX = [
  0, 1, 2, 3, 4, 5, 6, 0, 8, 9, 7,
  11, 31, 13, 14, 15, 23, 19, 20, 18, 17,
  21, 22, 29, 24, 25, 26, 27, 28, 0, 10, 12,
];

/** Index: Linux's signal 1-31. SIGSTKFLT and SIGPWR are numbers that nobody else here uses. */
// prettier-ignore
const LINUX_TO_BSD = [
  0, 1, 2, 3, 4, 5, 6, 10, 8, 9, 30,
  11, 31, 13, 14, 15, 98, 20, 19, 17, 18,
  21, 22, 16, 24, 25, 26, 27, 28, 23, 99, 12,
];

/** Linux real-time signals 32-64 are FreeBSD's 65-97. */
const RT_SHIFT = 33;

export const LINUX_NSIG = 64;

/** 0 when Linux has no such signal. */
export function bsd_to_linux_signal(sig: number): number {
  if (sig < BSD_TO_LINUX.length) return BSD_TO_LINUX[sig];
  if (sig === LINUX_TO_BSD[16]) return 16;
  if (sig === LINUX_TO_BSD[30]) return 30;
  return sig >= 65 && sig <= 97 ? sig - RT_SHIFT : 0;
}

/** 0 for 0; -1 for a number out of range. */
export function linux_to_bsd_signal(sig: number): number {
  if (sig < 0 || sig > LINUX_NSIG) return -1;
  return sig < LINUX_TO_BSD.length ? LINUX_TO_BSD[sig] : sig + RT_SHIFT;
}

/** SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS: what the thread itself has caused. */
const SYNCHRONOUS = [4, 5, 7, 8, 11, 31];

const is_next = (set: sigset_t, mask: sigset_t, sig: number): boolean =>
  sig > 0 && SIGISMEMBER(set, sig) && !SIGISMEMBER(mask, sig);

/**
 * The signal (FreeBSD's number) of a set that is delivered first: synchronous ones, then the lowest
 * of Linux's numbers (kernel/signal.c next_signal). 0 when the mask has them all.
 */
export function linux_sig_next(set: sigset_t, mask: sigset_t): number {
  if (sig_ffs(set, mask) === 0) return 0;
  for (const sig of SYNCHRONOUS)
    if (is_next(set, mask, LINUX_TO_BSD[sig])) return LINUX_TO_BSD[sig];
  for (let sig = 1; sig <= LINUX_NSIG; sig++) {
    const bsd = linux_to_bsd_signal(sig);
    if (is_next(set, mask, bsd)) return bsd;
  }
  return sig_ffs(set, mask);
}
