/*
 * vm#7 Does the stack grow up to RLIMIT_STACK and then give SIGSEGV, which a handler on its own
 * stack can catch?
 */
#include "test.h"

#include <sys/resource.h>

static volatile unsigned deepest;
static char *top;
static sigjmp_buf back;

static void overflow(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (sig != SIGSEGV)
		FAIL("signal %d", sig);
	deepest = (unsigned)(top - (char *)info->si_addr);
	siglongjmp(back, 1);
}

static __attribute__((noinline)) int recurse(volatile char *caller)
{
	volatile char frame[1024];

	frame[0] = *caller + 1;
	return frame[0] == 99 && !caller ? 0 : recurse(frame) + frame[0]; /* no tail call */
}

int main(void)
{
	static char stack[SIGSTKSZ];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack, .ss_flags = 0};
	struct rlimit limit;
	char here = 0;

	top = &here;
	MUST(getrlimit(RLIMIT_STACK, &limit));
	if (limit.rlim_cur > 8u << 20) { /* or the test takes long */
		limit.rlim_cur = 8u << 20;
		MUST(setrlimit(RLIMIT_STACK, &limit));
	}
	unsigned max = (unsigned)limit.rlim_cur;
	MUST(sigaltstack(&alternate, NULL));
	catch_with(SIGSEGV, overflow, SA_ONSTACK);
	for (int round = 0; round < 2; round++) { /* it can be done again */
		deepest = 0;
		if (sigsetjmp(back, 1) == 0)
			recurse(&here);
		CHECK(deepest > max - (512u << 10) && deepest < max + (256u << 10),
		    "the stack ended after %u of %u bytes", deepest, max);
	}
	/* A child has the same stack and limit; without a handler it dies. */
	pid_t pid = MUST(fork());
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		recurse(&here);
	}
	expect_child(pid, 128 + SIGSEGV);
	return 0;
}
