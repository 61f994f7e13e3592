// System call tables and ABIs (sys/sysent.h).

import type { image_params } from './imgact.js';
import type { Kernel } from './kernel.js';
import type { Thread } from './proc.js';
import type { ksiginfo, sigset_t } from './signal.js';

/**
 * A system call. `a` holds its 32-bit argument words and is overwritten by the next call. Returns
 * an errno (0, ERESTART, EJUSTRETURN); results go to td.td_retval.
 */
export type sy_call = (k: Kernel, td: Thread, a: Int32Array) => number;

export interface sysent {
  sy_name: string;
  /** 32-bit words of arguments; a 64-bit argument is two (low, high). */
  sy_narg: number;
  sy_call: sy_call;
}

/** Most words that a call takes. */
export const SYSCALL_ARGS_MAX = 8;

/** An ABI: plain table of behaviour, one per module, never part of saved state (saved by name). */
export interface sysentvec {
  sv_name: string;
  /** By call number; a hole is an unknown call. */
  sv_table: (sysent | undefined)[];
  /** errno (FreeBSD) to the ABI's errno; null when they are the same. */
  sv_errtbl: ((error: number) => number) | null;
  /** FreeBSD signal to the ABI's number; null when they are the same. */
  sv_sigtbl: ((sig: number) => number) | null;
  /** Which signal of a set that is not in the mask comes first (0: none); null: sig_ffs. */
  sv_sig_next: ((set: sigset_t, mask: sigset_t) => number) | null;
  /** Extra number space for messages about unknown calls. */
  sv_call_name(code: number): string;
  /**
   * Reads number and arguments of the call at the CPU's registers into `k.kern.sa_args`.
   * @returns the number, or -errno - 1 when the arguments cannot be read.
   */
  sv_fetch_syscall_args(k: Kernel, td: Thread): number;
  /** Puts td_retval or the error into the CPU's registers. */
  sv_set_syscall_retval(k: Kernel, td: Thread, error: number): void;
  /** Pushes a signal frame and points the CPU at the handler. */
  sv_sendsig(k: Kernel, td: Thread, catcher: number, ksi: ksiginfo, mask: sigset_t): void;
  /** Builds argc, argv, environment and auxv on the new stack. @returns the stack pointer or -1. */
  sv_fixup(k: Kernel, td: Thread, imgp: image_params): number;
  /** Registers at the first instruction of an image. */
  sv_setregs(k: Kernel, td: Thread, imgp: image_params, stack: number): void;
  /** The first return to user mode of a thread with td_child_set_tid; null when there is nothing to do. */
  sv_schedtail: ((k: Kernel, td: Thread) => void) | null;
  /** The end of a thread with its process, memory and all still there; may sleep. */
  sv_thread_exit: ((k: Kernel, td: Thread) => void) | null;
  /** Code of the signal trampoline in the shared page, and its offset there. */
  sv_sigcode: Uint8Array;
  sv_sigcode_base: number;
  /** End of the stack: it grows down from here. */
  sv_usrstack: number;
  /** `int n` that enters the kernel. */
  sv_syscall_vector: number;
  /** Changes the signal of a trap (T_* of i386/trap.ts) to what the ABI expects, or null. */
  sv_transtrap: ((sig: number, trapno: number) => number) | null;
  /** Protection faults are SIGSEGV whatever the binary's age (all but old FreeBSD binaries). */
  sv_flags: number;
}

export const SV_AOUT = 0x1;
export const SV_LINUX = 0x2;
