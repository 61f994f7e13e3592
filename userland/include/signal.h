#ifndef _SIGNAL_H_
#define _SIGNAL_H_

#include <sys/types.h>

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGFPE 8
#define SIGKILL 9
#define SIGSEGV 11
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#ifdef FAULTLINE_LINUX
#define SIGBUS 7
#define SIGUSR1 10
#define SIGUSR2 12
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGURG 23
#define SIGIO 29
#define SIGSYS 31
#define NSIG 65
#else
#define SIGEMT 7
#define SIGBUS 10
#define SIGSYS 12
#define SIGURG 16
#define SIGSTOP 17
#define SIGTSTP 18
#define SIGCONT 19
#define SIGCHLD 20
#define SIGIO 23
#define SIGINFO 29
#define SIGUSR1 30
#define SIGUSR2 31
#define NSIG 129
#endif

#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SIG_ERR ((void (*)(int))-1)

typedef struct {
	uint32_t bits[4]; /* Linux uses the first two */
} sigset_t;

union sigval {
	int sival_int;
	void *sival_ptr;
};

#ifdef FAULTLINE_LINUX
#define SA_NOCLDSTOP 1
#define SA_NOCLDWAIT 2
#define SA_SIGINFO 4
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
#define SS_ONSTACK 1
#define SS_DISABLE 2

typedef struct {
	int si_signo, si_errno, si_code;
	union {
		struct {
			pid_t si_pid;
			uid_t si_uid;
			int si_status;
		};
		void *si_addr;
		int __pad[29];
	};
} siginfo_t;

typedef struct {
	void *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;

typedef struct ucontext {
	unsigned long uc_flags;
	struct ucontext *uc_link;
	stack_t uc_stack;
	struct {
		int mc_gs, mc_fs, mc_es, mc_ds, mc_edi, mc_esi, mc_ebp, mc_esp_kernel;
		int mc_ebx, mc_edx, mc_ecx, mc_eax, mc_trapno, mc_err, mc_eip, mc_cs;
		int mc_eflags, mc_esp, mc_ss;
		void *mc_fpstate;
		unsigned mc_oldmask, mc_cr2;
	} uc_mcontext;
	sigset_t uc_sigmask;
} ucontext_t;
#define SI_USER 0
#else
#define SA_ONSTACK 1
#define SA_RESTART 2
#define SA_RESETHAND 4
#define SA_NOCLDSTOP 8
#define SA_NODEFER 0x10
#define SA_NOCLDWAIT 0x20
#define SA_SIGINFO 0x40
#define SIG_BLOCK 1
#define SIG_UNBLOCK 2
#define SIG_SETMASK 3
#define SS_ONSTACK 1
#define SS_DISABLE 4

typedef struct {
	int si_signo, si_errno, si_code;
	pid_t si_pid;
	uid_t si_uid;
	int si_status;
	void *si_addr;
	union sigval si_value;
	int si_reason[8]; /* [0] is the trap number of a fault */
} siginfo_t;
_Static_assert(sizeof(siginfo_t) == 64, "siginfo_t of FreeBSD 11/i386");

typedef struct {
	void *ss_sp;
	size_t ss_size;
	int ss_flags;
} stack_t;

typedef struct ucontext {
	sigset_t uc_sigmask;
	struct {
		int mc_onstack;
		int mc_gs, mc_fs, mc_es, mc_ds, mc_edi, mc_esi, mc_ebp, mc_isp;
		int mc_ebx, mc_edx, mc_ecx, mc_eax, mc_trapno, mc_err, mc_eip, mc_cs;
		int mc_eflags, mc_esp, mc_ss;
		int mc_len, mc_fpformat, mc_ownedfp, mc_flags;
		int mc_fpstate[128] __attribute__((aligned(16)));
		int mc_fsbase, mc_gsbase, mc_xfpustate, mc_xfpustate_len, mc_spare2[4];
	} uc_mcontext;
	struct ucontext *uc_link;
	stack_t uc_stack;
	int uc_flags;
	int __spare__[4];
} ucontext_t;
_Static_assert(sizeof(((ucontext_t *)0)->uc_mcontext) == 640, "mcontext_t of FreeBSD/i386");
#define SI_USER 0x10001
#endif

#define MINSIGSTKSZ 2048
#define SIGSTKSZ 16384

/* si_code */
#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define ILL_PRVOPC 5
#ifdef FAULTLINE_LINUX
#define FPE_INTDIV 1
#define FPE_INTOVF 2
#else
#define FPE_INTOVF 1
#define FPE_INTDIV 2
#endif
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define BUS_OBJERR 3
#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_STOPPED 5

struct sigaction {
	union {
		void (*sa_handler)(int);
		void (*sa_sigaction)(int, siginfo_t *, void *);
	};
	int sa_flags;
	sigset_t sa_mask;
};

typedef int sig_atomic_t;
typedef void (*sighandler_t)(int);
int sigaction(int sig, const struct sigaction *act, struct sigaction *old);
sighandler_t signal(int sig, sighandler_t handler);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);
int sigaltstack(const stack_t *stack, stack_t *old);
int kill(pid_t pid, int sig);
int raise(int sig);
int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int sig);
int sigdelset(sigset_t *set, int sig);
int sigismember(const sigset_t *set, int sig);

/* Names without "SIG", by number; NULL where there is none. */
extern const char *const sys_signame[];
#define SYS_SIGNAMES 33

#endif
