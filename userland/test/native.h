/* System calls of FreeBSD/i386 by number, for what the C library here does not offer. */
#ifndef _NATIVE_H_
#define _NATIVE_H_

/* The result, or minus the errno. Arguments are above a return address. */
HELPER long native(int number, long a, long b, long c, long d, long e, long f)
{
	long result;
	char failed;
	long frame[7] = {0, a, b, c, d, e, f};

	__asm__ volatile("movl %%esp, %%esi\n\tmovl %3, %%esp\n\tint $0x80\n\tmovl %%esi, %%esp\n\tsetc %1"
	                 : "=a"(result), "=q"(failed)
	                 : "0"(number), "r"(frame)
	                 : "esi", "edx", "memory", "cc");
	return failed ? -result : result;
}

#define CALL0(n) native(n, 0, 0, 0, 0, 0, 0)
#define CALL1(n, a) native(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(n, a, b) native(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(n, a, b, c) native(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL4(n, a, b, c, d) native(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CALL5(n, a, b, c, d, e) \
	native(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define CALL6(n, a, b, c, d, e, f) \
	native(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
