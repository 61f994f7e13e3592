/* Does the trap flag step one instruction at a time, a SIGTRAP/TRAP_TRACE after each? */
#include "test.h"

static volatile int steps;
static uintptr_t last;

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	if (info->si_code != TRAP_TRACE)
		FAIL("si_code %d", info->si_code);
	if ((unsigned)uc->uc_mcontext.mc_eip == last)
		FAIL("no progress at %#lx", (unsigned long)last);
	last = (unsigned)uc->uc_mcontext.mc_eip;
	steps++;
}

int main(void)
{
	unsigned result = 5;

	catch_with(SIGTRAP, handler, 0);
	__asm__ volatile("pushfl\n orl $0x100, (%%esp)\n popfl\n"
			 "addl $1, %0\n"
			 "shll $1, %0\n"
			 "decl %0\n"
			 "pushfl\n andl $~0x100, (%%esp)\n popfl\n"
	    : "+r"(result)::"cc", "memory");
	CHECK(result == 11, "the stepped code gives %u", result);
	CHECK(steps == 6 || steps == 5, "%d steps", steps);
	return 0;
}
