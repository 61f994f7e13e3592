/* setjmp.h: what a function must preserve, and where it returns to. */

	.section .text.setjmp, "ax", @progbits
	.globl	setjmp, longjmp, sigsetjmp
	.type	setjmp, @function
	.type	longjmp, @function
	.type	sigsetjmp, @function
setjmp:
	movl	4(%esp), %eax
	movl	(%esp), %edx
	movl	%ebx, (%eax)
	movl	%esi, 4(%eax)
	movl	%edi, 8(%eax)
	movl	%ebp, 12(%eax)
	movl	%esp, 16(%eax)
	movl	%edx, 20(%eax)
	xorl	%eax, %eax
	ret

longjmp:
	movl	4(%esp), %edx
	movl	8(%esp), %eax
	testl	%eax, %eax
	jnz	1f
	incl	%eax
1:	movl	(%edx), %ebx
	movl	4(%edx), %esi
	movl	8(%edx), %edi
	movl	12(%edx), %ebp
	movl	16(%edx), %esp
	movl	20(%edx), %ecx
	movl	%ecx, (%esp)		/* the return address may have been overwritten */
	ret

	.section .text.sigsetjmp, "ax", @progbits
sigsetjmp:
	movl	4(%esp), %eax
	movl	8(%esp), %ecx
	movl	%ecx, 24(%eax)
	testl	%ecx, %ecx
	jz	setjmp
	leal	28(%eax), %eax
	pushl	%eax
	pushl	$0
	pushl	$1			/* how: unused when there is no new set */
	call	sigprocmask
	addl	$12, %esp
	jmp	setjmp

	.section .note.GNU-stack, "", @progbits
