/*
 * System calls, one stub each.
 *
 * FreeBSD: number in eax, arguments on the stack behind a return address, just where the
 * stub's caller left them. The carry flag says that eax is an errno.
 * Linux: number in eax, arguments in ebx ecx edx esi edi ebp; -4095..-1 is a negated errno.
 */

	.macro	FUNCTION name
	.section .text.\name, "ax", @progbits
	.globl	\name
	.type	\name, @function
\name:
	.endm

	.macro	END name
	.size	\name, . - \name
	.endm

#ifdef FAULTLINE_LINUX
#define CALL(name, freebsd, linux, words) LINUX_CALL name linux words
#define LINUX_ONLY(name, linux, words) LINUX_CALL name linux words
#define FREEBSD_ONLY(name, freebsd)

	.macro	LINUX_CALL name number words
	FUNCTION \name
	pushl	%ebx
	.if	\words > 3
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	32(%esp), %esi
	movl	36(%esp), %edi
	.if	\words > 5
	movl	40(%esp), %ebp
	.endif
	movl	28(%esp), %edx
	movl	24(%esp), %ecx
	movl	20(%esp), %ebx
	.else
	movl	16(%esp), %edx
	movl	12(%esp), %ecx
	movl	8(%esp), %ebx
	.endif
	movl	$\number, %eax
	int	$0x80
	.if	\words > 3
	popl	%ebp
	popl	%edi
	popl	%esi
	.endif
	popl	%ebx
	cmpl	$-4095, %eax
	jae	__cerror
	ret
	END \name
	.endm

FUNCTION __cerror
	negl	%eax
	pushl	%eax
	call	__error
	popl	(%eax)
	orl	$-1, %eax
	ret
	END __cerror
#else
#define CALL(name, freebsd, linux, words) FREEBSD_CALL name freebsd
#define LINUX_ONLY(name, linux, words)
#define FREEBSD_ONLY(name, freebsd) FREEBSD_CALL name freebsd

	.macro	FREEBSD_CALL name number
	FUNCTION \name
	movl	$\number, %eax
	int	$0x80
	jc	__cerror
	ret
	END \name
	.endm

FUNCTION __cerror
	pushl	%eax
	call	__error
	popl	(%eax)
	orl	$-1, %eax
	orl	$-1, %edx
	ret
	END __cerror
#endif

/*   name          FreeBSD Linux words of arguments */
CALL(_exit,              1,    1, 1)
CALL(fork,               2,    2, 0)
CALL(read,               3,    3, 3)
CALL(write,              4,    4, 3)
CALL(open,               5,    5, 3)
CALL(close,              6,    6, 1)
CALL(wait4,              7,  114, 4)
CALL(link,               9,    9, 2)
CALL(unlink,            10,   10, 1)
CALL(chdir,             12,   12, 1)
CALL(fchdir,            13,  133, 1)
CALL(chmod,             15,   15, 2)
CALL(getpid,            20,   20, 0)
CALL(getuid,            24,  199, 0)
CALL(geteuid,           25,  201, 0)
CALL(access,            33,   33, 2)
CALL(sync,              36,   36, 0)
CALL(kill,              37,   37, 2)
CALL(getppid,           39,   64, 0)
CALL(dup,               41,   41, 1)
CALL(getegid,           43,  202, 0)
CALL(getgid,            47,  200, 0)
CALL(sigaltstack,       53,  186, 2)
CALL(ioctl,             54,   54, 3)
CALL(symlink,           57,   83, 2)
CALL(readlink,          58,   85, 3)
CALL(execve,            59,   11, 3)
CALL(umask,             60,   60, 1)
CALL(msync,             65,  144, 3)
CALL(munmap,            73,   91, 2)
CALL(mprotect,          74,  125, 3)
CALL(madvise,           75,  219, 3)
CALL(mincore,           78,  218, 3)
CALL(getpgrp,           81,   65, 0)
CALL(setpgid,           82,   57, 2)
CALL(setitimer,         83,  104, 3)
CALL(getitimer,         86,  105, 2)
CALL(dup2,              90,   63, 2)
CALL(fcntl,             92,   55, 3)
CALL(fsync,             95,  118, 1)
CALL(gettimeofday,     116,   78, 2)
CALL(getrusage,        117,   77, 2)
CALL(rename,           128,   38, 2)
CALL(mkdir,            136,   39, 2)
CALL(rmdir,            137,   40, 1)
CALL(utimes,           138,  271, 2)
CALL(setsid,           147,   66, 0)
CALL(stat,             188,  195, 2)
CALL(fstat,            189,  197, 2)
CALL(lstat,            190,  196, 2)
CALL(getrlimit,        194,  191, 2)
CALL(setrlimit,        195,   75, 2)
CALL(mlock,            203,  150, 2)
CALL(munlock,          204,  151, 2)
CALL(getpgid,          207,  132, 1)
CALL(poll,             209,  168, 3)
CALL(clock_gettime,    232,  265, 2)
CALL(nanosleep,        240,  162, 2)
CALL(mlockall,         324,  152, 1)
CALL(munlockall,       325,  153, 0)
CALL(__getcwd,         326,  183, 2)
CALL(sched_yield,      331,  158, 0)
CALL(pread,            475,  180, 5)
CALL(pwrite,           476,  181, 5)
CALL(truncate,         479,  193, 3)
CALL(ftruncate,        480,  194, 3)

FREEBSD_ONLY(__break,      17)
FREEBSD_ONLY(sysarch,     165)
FREEBSD_ONLY(sysctl,      202)
FREEBSD_ONLY(minherit,    250)
FREEBSD_ONLY(rfork,       251)
FREEBSD_ONLY(getdents,    272)
FREEBSD_ONLY(sigprocmask, 340)
FREEBSD_ONLY(sigsuspend,  341)
FREEBSD_ONLY(sigpending,  343)
FREEBSD_ONLY(sigaction,   416)
FREEBSD_ONLY(thr_exit,    431)
FREEBSD_ONLY(thr_self,    432)
FREEBSD_ONLY(_umtx_op,    454)
FREEBSD_ONLY(thr_new,     455)
FREEBSD_ONLY(mmap,        477)
FREEBSD_ONLY(lseek,       478)

LINUX_ONLY(__brk,              45, 1)
LINUX_ONLY(__llseek,          140, 5)
LINUX_ONLY(__rt_sigaction,    174, 4)
LINUX_ONLY(__rt_sigprocmask,  175, 4)
LINUX_ONLY(__rt_sigpending,   176, 2)
LINUX_ONLY(__rt_sigsuspend,   179, 2)
LINUX_ONLY(__mmap2,           192, 6)
LINUX_ONLY(__getdents64,      220, 3)
LINUX_ONLY(__set_thread_area, 243, 1)

#ifdef FAULTLINE_LINUX
CALL(pipe, 42, 42, 1)
#define VFORK 190
#else
/* pipe(fds) is pipe2(fds, 0), as in FreeBSD's libc: the kernel checks the pointer. */
FUNCTION pipe
	pushl	$0
	pushl	8(%esp)
	pushl	$0			/* where a return address would be */
	movl	$542, %eax
	int	$0x80
	leal	12(%esp), %esp		/* leaves the carry flag alone */
	jc	__cerror
	ret
	END pipe
#define VFORK 66
#endif

/* The child runs on our stack and would overwrite the return address: it stays in ecx. */
FUNCTION vfork
	popl	%ecx
	movl	$VFORK, %eax
	int	$0x80
	pushl	%ecx
#ifdef FAULTLINE_LINUX
	cmpl	$-4095, %eax
	jae	__cerror
#else
	jc	__cerror
#endif
	ret
	END vfork

#ifndef FAULTLINE_LINUX
/*
 * rfork_thread(flags, stack, function, arg): the child calls the function on a stack of its own and
 * ends with what it returns.
 */
FUNCTION rfork_thread
	pushl	%esi
	movl	12(%esp), %esi
	movl	20(%esp), %eax
	movl	%eax, -4(%esi)
	movl	16(%esp), %eax
	movl	%eax, -8(%esi)
	subl	$8, %esi
	pushl	8(%esp)
	pushl	$0			/* where a return address would be */
	movl	$251, %eax
	int	$0x80
	leal	8(%esp), %esp		/* leaves the carry flag alone */
	jc	1f
	testl	%edx, %edx		/* 1 in the child */
	jnz	2f
	popl	%esi
	ret
1:	popl	%esi
	jmp	__cerror
2:	movl	%esi, %esp
	popl	%eax
	call	*%eax
	pushl	%eax
	pushl	$0
	movl	$1, %eax		/* _exit */
	int	$0x80
	END rfork_thread
#endif

#ifdef FAULTLINE_LINUX
FUNCTION __restore
	popl	%eax			/* the signal's number */
	movl	$119, %eax		/* sigreturn */
	int	$0x80
	END __restore
FUNCTION __restore_rt
	movl	$173, %eax		/* rt_sigreturn */
	int	$0x80
	END __restore_rt
#endif

	.section .note.GNU-stack, "", @progbits
