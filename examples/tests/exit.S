# The same program under both kernels' calling conventions: exit(7).
#
# @matrix abi = freebsd | linux
# @status 7
# @expect syscalls == 1
# @expect instructions <= 10

	.globl _start
_start:
#ifdef FAULTLINE_FREEBSD
	push $7
	push $0			/* where a return address would be */
	mov $1, %eax
#else
	mov $7, %ebx
	mov $1, %eax
#endif
	int $0x80

	.section .note.GNU-stack, "", @progbits
