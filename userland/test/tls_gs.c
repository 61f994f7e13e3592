/* Does %gs:0 reach the thread's own block, in parent and child, and in a signal handler? */
#include "test.h"

#include <machine/sysarch.h>

static unsigned gs(unsigned offset)
{
	unsigned value;

	__asm__ volatile("movl %%gs:(%1), %0" : "=r"(value) : "r"(offset));
	return value;
}

static void handler(int sig)
{
	(void)sig;
	if (gs(4) != 22)
		FAIL("in a handler %%gs:4 is %u", gs(4));
	__asm__ volatile("movl $33, %%gs:8" ::: "memory");
}

int main(void)
{
	static unsigned block[1024], second[4] = {77};

	block[0] = 11;
	block[1] = 22;
	MUST(i386_set_gsbase(block));
	CHECK(gs(0) == 11 && gs(4) == 22, "%%gs:0 is %u, %%gs:4 is %u", gs(0), gs(4));
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	CHECK(block[2] == 33, "a store through %%gs is lost");
	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(gs(0) == 11, "the child's %%gs:0 is %u", gs(0));
		MUST(i386_set_gsbase(second));
		CHECK(gs(0) == 77, "the child's new %%gs:0 is %u", gs(0));
		_exit(0);
	}
	expect_child(pid, 0);
	CHECK(gs(0) == 11, "the child moved the parent's base");
#ifndef FAULTLINE_LINUX
	unsigned base = 0;
	MUST(sysarch(I386_GET_GSBASE, &base));
	CHECK(base == (unsigned)(uintptr_t)block, "I386_GET_GSBASE gives %#x", base);
	base = (unsigned)(uintptr_t)second;
	MUST(sysarch(I386_SET_FSBASE, &base));
	unsigned value;
	__asm__ volatile("movl %%fs:0, %0" : "=r"(value));
	CHECK(value == 77 && gs(0) == 11, "%%fs:0 is %u", value);
#endif
	return 0;
}
