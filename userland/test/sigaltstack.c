/* Does a handler with SA_ONSTACK run on the alternate stack, and others where they are? */
#include "test.h"

static char stack[SIGSTKSZ];
static volatile int on_alternate, flags_inside;

static void handler(int sig)
{
	volatile char here;
	stack_t now;

	(void)sig;
	on_alternate = &here >= stack && &here < stack + sizeof stack;
	sigaltstack(NULL, &now);
	flags_inside = now.ss_flags;
}

int main(void)
{
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack, .ss_flags = 0}, old;
	struct sigaction act;

	memset(&act, 0, sizeof act);
	act.sa_handler = handler;
	act.sa_flags = SA_ONSTACK;
	MUST(sigaction(SIGUSR1, &act, NULL));
	raise(SIGUSR1);
	CHECK(!on_alternate, "an alternate stack before there was one");
	MUST(sigaltstack(&alternate, &old));
	CHECK(old.ss_flags & SS_DISABLE, "flags %d before the first stack", old.ss_flags);
	raise(SIGUSR1);
	CHECK(on_alternate, "SA_ONSTACK ran on the normal stack");
	CHECK(flags_inside & SS_ONSTACK, "flags %d inside", flags_inside);
	MUST(sigaltstack(NULL, &old));
	CHECK(old.ss_sp == stack && !(old.ss_flags & SS_ONSTACK), "flags %d after", old.ss_flags);
	act.sa_flags = 0;
	MUST(sigaction(SIGUSR1, &act, NULL));
	raise(SIGUSR1);
	CHECK(!on_alternate, "without SA_ONSTACK it ran on the alternate stack");
	alternate.ss_size = 100;
	MUST_FAIL(sigaltstack(&alternate, NULL), ENOMEM);
	return 0;
}
