// Signal numbers of gdb's remote protocol (include/gdb/signals.def), which are those of no system.

import { SIGINFO, SIGLIBRT, SIGRTMAX, SIGRTMIN, SIGTHR } from '../../kernel/index.js';

// GDB_SIGNAL_*: the numbers up to 31 are FreeBSD's, but for SIGINFO.
const GDB_SIGNAL_PWR = 32;
const GDB_SIGNAL_LWP = 37;
const GDB_SIGNAL_REALTIME_33 = 45;
const GDB_SIGNAL_REALTIME_32 = 77;
const GDB_SIGNAL_REALTIME_64 = 78;
const GDB_SIGNAL_INFO = 142;
const GDB_SIGNAL_UNKNOWN = 143;
const GDB_SIGNAL_LIBRT = 151;

/** Linux's SIGPWR, and the first and last of its real-time signals, as the kernel numbers them. */
const LINUX_SIGPWR = 99;
const LINUX_RTMIN = 65;
const LINUX_RTMAX = 97;
/** From the kernel's number of a real-time signal to Linux's. */
const LINUX_RT_SHIFT = 33;

/** gdb's number for a real-time signal by the number that its system gives it. */
function realtime(number: number): number {
  if (number === 32) return GDB_SIGNAL_REALTIME_32;
  if (number < 64) return GDB_SIGNAL_REALTIME_33 + number - 33;
  return GDB_SIGNAL_REALTIME_64 + number - 64;
}

/** gdb's number of a signal of the kernel's; `linux`: for a process of the Linux ABI. */
export function toGdbSignal(signo: number, linux: boolean): number {
  if (signo === SIGINFO) return GDB_SIGNAL_INFO;
  if (signo <= 31) return signo;
  if (linux) {
    if (signo === LINUX_SIGPWR) return GDB_SIGNAL_PWR;
    if (signo >= LINUX_RTMIN && signo <= LINUX_RTMAX) return realtime(signo - LINUX_RT_SHIFT);
    return GDB_SIGNAL_UNKNOWN;
  }
  if (signo === SIGTHR) return GDB_SIGNAL_LWP;
  if (signo === SIGLIBRT) return GDB_SIGNAL_LIBRT;
  return signo >= SIGRTMIN && signo <= SIGRTMAX ? realtime(signo) : GDB_SIGNAL_UNKNOWN;
}

/** The kernel's number of one of gdb's signals; 0 when the process knows no such signal. */
export function fromGdbSignal(number: number, linux: boolean): number {
  if (number === GDB_SIGNAL_UNKNOWN) return 0;
  for (let signo = 1; signo <= SIGRTMAX; signo++)
    if (toGdbSignal(signo, linux) === number) return signo;
  return 0;
}
