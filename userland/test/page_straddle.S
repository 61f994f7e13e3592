/*
 * Do instructions and data that straddle page ends work?
 *
 *   page 1:  ....... movl $imm  (opcode and two bytes of the immediate here,
 *   page 2:  two bytes here) ... data: .long across the end of page 2
 *   page 3:  ... ret
 *
 * Every page is first touched by the access that straddles. Exit 1 names nothing more.
 */
#ifdef FAULTLINE_LINUX
#define EXIT(code) movl $1, %eax; movl $code, %ebx; int $0x80
#else
#define EXIT(code) pushl $code; pushl $0; movl $1, %eax; int $0x80
#endif
	.globl	main
	.text
main:
	call	straddling_immediate
	cmpl	$0x11223344, %eax
	jne	bad
	call	straddling_opcode
	cmpl	$0x55, %eax
	jne	bad
	movl	straddling_data, %eax		/* load across */
	cmpl	$0x12345678, %eax
	jne	bad
	addl	$0x01010101, straddling_data	/* read-modify-write across */
	cmpl	$0x13355779, straddling_data
	jne	bad
	movw	straddling_word, %ax
	cmpw	$0xbeef, %ax
	jne	bad
	movl	$0xcafef00d, straddling_bss	/* store across two zero-fill pages */
	movl	straddling_bss, %eax
	cmpl	$0xcafef00d, %eax
	jne	bad
	movb	straddling_bss + 2, %al		/* and its halves */
	cmpb	$0xfe, %al
	jne	bad
	movl	%esp, %ecx			/* a push across the end of a page */
	andl	$-4096, %esp
	addl	$2, %esp
	pushl	$0x0badf00d
	popl	%edx
	movl	%ecx, %esp
	cmpl	$0x0badf00d, %edx
	jne	bad
	call	branch_to_next_page
	cmpl	$7, %eax
	jne	bad
	xorl	%eax, %eax
	ret
bad:
	EXIT(1)

	.section .text.pages, "ax", @progbits
	.balign	4096
	.skip	4096 - 3
straddling_immediate:
	movl	$0x11223344, %eax		/* b8 44 33 | 22 11 */
	ret
	.balign	4096
	.skip	4096 - 1
straddling_opcode:
	movzbl	one_byte, %eax			/* 0f | b6 05 ... */
	ret
	.balign	4096
	.skip	4096 - 5
branch_to_next_page:
	movl	$7, %eax			/* ends with the page */
	ret					/* begins the next */
	.balign	4096

	.data
	.balign	4096
one_byte:
	.byte	0x55
	.skip	4096 - 1 - 3
straddling_data:
	.long	0x12345678
	.skip	4096 - 1 - 1
straddling_word:
	.word	0xbeef

	.bss
	.balign	4096
	.skip	3 * 4096 - 2
straddling_bss:
	.skip	4096
	.section .note.GNU-stack, "", @progbits
