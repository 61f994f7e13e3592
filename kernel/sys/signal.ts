// Signals (sys/signal.h, sys/signalvar.h of FreeBSD).

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGABRT = 6;
export const SIGEMT = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
export const SIGBUS = 10;
export const SIGSEGV = 11;
export const SIGSYS = 12;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGTERM = 15;
export const SIGURG = 16;
export const SIGSTOP = 17;
export const SIGTSTP = 18;
export const SIGCONT = 19;
export const SIGCHLD = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGIO = 23;
export const SIGXCPU = 24;
export const SIGXFSZ = 25;
export const SIGVTALRM = 26;
export const SIGPROF = 27;
export const SIGWINCH = 28;
export const SIGINFO = 29;
export const SIGUSR1 = 30;
export const SIGUSR2 = 31;
export const SIGTHR = 32;
export const SIGLIBRT = 33;
export const SIGRTMIN = 65;
export const SIGRTMAX = 126;
/** Largest signal number. */
export const _SIG_MAXSIG = 128;
export const _SIG_WORDS = 4;

/** Handlers as a guest writes them. */
export const SIG_DFL = 0;
export const SIG_IGN = 1;

export const SA_ONSTACK = 0x0001;
export const SA_RESTART = 0x0002;
export const SA_RESETHAND = 0x0004;
export const SA_NOCLDSTOP = 0x0008;
export const SA_NODEFER = 0x0010;
export const SA_NOCLDWAIT = 0x0020;
export const SA_SIGINFO = 0x0040;

export const SIG_BLOCK = 1;
export const SIG_UNBLOCK = 2;
export const SIG_SETMASK = 3;

export const SS_ONSTACK = 1;
export const SS_DISABLE = 4;
export const MINSIGSTKSZ = 2048;

// si_code.
export const ILL_ILLOPC = 1;
export const ILL_ILLOPN = 2;
export const ILL_PRVOPC = 5;
export const BUS_ADRALN = 1;
export const BUS_ADRERR = 2;
export const BUS_OBJERR = 3;
export const SEGV_MAPERR = 1;
export const SEGV_ACCERR = 2;
export const FPE_INTOVF = 1;
export const FPE_INTDIV = 2;
export const FPE_FLTDIV = 3;
export const FPE_FLTOVF = 4;
export const FPE_FLTUND = 5;
export const FPE_FLTRES = 6;
export const FPE_FLTINV = 7;
export const FPE_FLTSUB = 8;
export const TRAP_BRKPT = 1;
export const TRAP_TRACE = 2;
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;
export const CLD_TRAPPED = 4;
export const CLD_STOPPED = 5;
export const CLD_CONTINUED = 6;
export const SI_USER = 0x10001;
export const SI_QUEUE = 0x10002;
export const SI_TIMER = 0x10003;
export const SI_KERNEL = 0x10006;
export const SI_LWP = 0x10007;

/** A set of signals: bit (n - 1) of 128. */
export type sigset_t = Int32Array;

export const sigset_empty = (): sigset_t => new Int32Array(_SIG_WORDS);

export function SIGISMEMBER(set: sigset_t, sig: number): boolean {
  return ((set[(sig - 1) >> 5] >>> ((sig - 1) & 31)) & 1) !== 0;
}
export function SIGADDSET(set: sigset_t, sig: number): void {
  set[(sig - 1) >> 5] |= 1 << ((sig - 1) & 31);
}
export function SIGDELSET(set: sigset_t, sig: number): void {
  set[(sig - 1) >> 5] &= ~(1 << ((sig - 1) & 31));
}
export function SIGISEMPTY(set: sigset_t): boolean {
  return (set[0] | set[1] | set[2] | set[3]) === 0;
}
export function SIGSETOR(set: sigset_t, other: sigset_t): void {
  for (let i = 0; i < _SIG_WORDS; i++) set[i] |= other[i];
}
export function SIGSETNAND(set: sigset_t, other: sigset_t): void {
  for (let i = 0; i < _SIG_WORDS; i++) set[i] &= ~other[i];
}
/** SIGKILL and SIGSTOP can be neither caught, ignored nor blocked. */
export function SIG_CANTMASK(set: sigset_t): void {
  set[0] &= ~((1 << (SIGKILL - 1)) | (1 << (SIGSTOP - 1)));
}
/** The lowest signal of `set` that is not in `mask`, or 0. */
export function sig_ffs(set: sigset_t, mask: sigset_t): number {
  for (let i = 0; i < _SIG_WORDS; i++) {
    const word = set[i] & ~mask[i];
    if (word !== 0) return i * 32 + 32 - Math.clz32(word & -word);
  }
  return 0;
}

/** Why a signal was sent (ksiginfo_t). */
export interface ksiginfo {
  ksi_signo: number;
  ksi_code: number;
  ksi_pid: number;
  ksi_uid: number;
  ksi_status: number;
  /** Guest address, for faults. */
  ksi_addr: number;
  ksi_value: number;
  ksi_trapno: number;
}

/** Signals that wait (sigqueue_t). */
export interface sigqueue {
  sq_signals: sigset_t;
  sq_list: ksiginfo[];
}

/** What a process does with its signals (struct sigacts); index is the signal number. */
export interface sigacts {
  /** Guest address of the handler, SIG_DFL or SIG_IGN. */
  ps_sigact: Float64Array;
  ps_catchmask: sigset_t[];
  ps_sigonstack: sigset_t;
  ps_sigintr: sigset_t;
  ps_sigreset: sigset_t;
  ps_signodefer: sigset_t;
  ps_siginfo: sigset_t;
  ps_sigignore: sigset_t;
  ps_sigcatch: sigset_t;
  /** PS_*. */
  ps_flag: number;
  /** For ABIs whose restorer comes with the action (Linux SA_RESTORER); 0 when there is none. */
  ps_restorer: Float64Array;
  /** Processes that share the actions (rfork, clone). */
  ps_refcnt: number;
  /** Forked children that have the same actions until one of them changes. */
  ps_cow: number;
}
export const PS_NOCLDWAIT = 1;
export const PS_NOCLDSTOP = 2;
export const PS_CLDSIGIGN = 4;

/** struct stack_t. */
export interface stack_t {
  ss_sp: number;
  ss_size: number;
  ss_flags: number;
}
