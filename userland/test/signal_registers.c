/*
 * Are all registers and flags after a handler's return what they were, however much the
 * handler disturbs them, and can the handler change them through the context?
 */
#include "test.h"

static volatile int handled;

static void disturb(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig, (void)info;
	handled++;
	__asm__ volatile("movl $-1, %%eax; movl %%eax, %%ebx; movl %%eax, %%ecx; movl %%eax, %%edx\n"
			 "movl %%eax, %%esi; movl %%eax, %%edi; addl $1, %%eax; std; cld"
	    ::: "eax", "ebx", "ecx", "edx", "esi", "edi", "cc");
	uc->uc_mcontext.mc_eip += 2; /* past the ud2 */
	if (uc->uc_mcontext.mc_eax == 0x11111111)
		uc->uc_mcontext.mc_ebx = 0x42;
}

int main(void)
{
	unsigned out[7], flags = 0, wanted = 0x8d5; /* OF SF ZF AF PF CF */

	catch_with(SIGILL, disturb, 0);
	__asm__ volatile("pushl %%ebp\n pushl %1\n pushl %0\n"
			 "pushl $0xad7\n popfl\n cld\n pushfl\n popl %%ecx\n"
			 "movl $0x12345678, %%eax\n movl $0x23456789, %%ebx\n"
			 "movl $0x456789ab, %%edx\n movl $0x56789abc, %%esi\n"
			 "movl $0x6789abcd, %%ebp\n"
			 "ud2\n"
			 "pushfl\n"
			 "pushl %%edi\n movl 8(%%esp), %%edi\n"
			 "movl %%eax, (%%edi)\n movl %%ebx, 4(%%edi)\n movl %%ecx, 8(%%edi)\n"
			 "movl %%edx, 12(%%edi)\n movl %%esi, 16(%%edi)\n movl %%ebp, 20(%%edi)\n"
			 "popl %%edi\n popl %%eax\n popl %%ecx\n popl %%ecx\n movl %%eax, (%%ecx)\n"
			 "popl %%ebp\n cld"
	    ::"S"(out), "D"(&flags) : "eax", "ebx", "ecx", "edx", "memory", "cc");
	CHECK(handled == 1, "%d signals", handled);
	CHECK(out[0] == 0x12345678 && out[1] == 0x23456789 && out[3] == 0x456789ab &&
	        out[4] == 0x56789abc && out[5] == 0x6789abcd,
	    "eax %x ebx %x edx %x esi %x ebp %x", out[0], out[1], out[3], out[4], out[5]);
	CHECK(out[2] == flags && (flags & 0xcd5) == wanted, "flags %#x, before %#x", flags, out[2]);
	unsigned b = 0;
	__asm__ volatile("movl $0x11111111, %%eax\n ud2" : "+b"(b)::"eax");
	CHECK(b == 0x42, "a changed context gives ebx %#x", b);
	return 0;
}
