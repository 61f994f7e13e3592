/* Where a program starts: the stack holds argc, argv[], NULL, envp[], NULL, auxv. */

	.text
	.globl	_start
	.type	_start, @function
_start:
	xorl	%ebp, %ebp		/* ends stack traces */
	movl	%esp, %eax
	andl	$-16, %esp
	subl	$12, %esp
	pushl	%eax
	call	__libc_start
	hlt
	.size	_start, . - _start

/* The note by which a kernel knows whose system calls these are. */
#ifdef FAULTLINE_LINUX
	.section .note.ABI-tag, "a", @note
	.balign	4
	.long	4, 16, 1		/* name size, descriptor size, NT_GNU_ABI_TAG */
	.asciz	"GNU"
	.long	0, 2, 6, 32		/* Linux 2.6.32 */
#else
	.section .note.tag, "a", @note
	.balign	4
	.long	8, 4, 1			/* name size, descriptor size, NT_FREEBSD_ABI_TAG */
	.asciz	"FreeBSD"
	.long	1100122			/* __FreeBSD_version: 11.0-RELEASE */
#endif
	.section .note.GNU-stack, "", @progbits
