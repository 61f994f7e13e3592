/*
 * Are masks kept? A handler's own signal and sa_mask are held while it runs, others nest;
 * SA_NODEFER lets it nest in itself; SA_RESETHAND works once; a blocked signal stays pending
 * and comes once.
 */
#include "test.h"

static char story[64]; /* what happened, in order */

static void note(char c)
{
	size_t n = strlen(story);

	story[n] = c;
	story[n + 1] = 0;
}

static void outer(int sig)
{
	(void)sig;
	note('(');
	raise(SIGUSR2); /* in sa_mask: after us */
	raise(SIGALRM); /* not in the mask: now */
	raise(SIGUSR1); /* ourselves: after us */
	note(')');
}

static void inner(int sig)
{
	note(sig == SIGUSR2 ? '2' : sig == SIGALRM ? 'a' : '?');
}

static int depth;
static void again(int sig)
{
	note('<');
	if (++depth < 3)
		raise(sig);
	note('>');
}

static void once(int sig)
{
	(void)sig;
	signal(SIGUSR1, SIG_IGN); /* the second round ends here */
	outer(sig);
}

int main(void)
{
	struct sigaction act, old;
	sigset_t set, pending;

	memset(&act, 0, sizeof act);
	act.sa_handler = once;
	sigaddset(&act.sa_mask, SIGUSR2);
	MUST(sigaction(SIGUSR1, &act, NULL));
	memset(&act, 0, sizeof act);
	act.sa_handler = inner;
	MUST(sigaction(SIGUSR2, &act, NULL));
	MUST(sigaction(SIGALRM, &act, NULL));
	raise(SIGUSR1);
	CHECK(strcmp(story, "(a)2") == 0, "nesting went %s", story);

	story[0] = 0;
	act.sa_handler = again;
	act.sa_flags = SA_NODEFER;
	MUST(sigaction(SIGUSR1, &act, NULL));
	raise(SIGUSR1);
	CHECK(strcmp(story, "<<<>>>") == 0, "SA_NODEFER went %s", story);
	depth = 0;
	story[0] = 0;
	act.sa_flags = 0;
	MUST(sigaction(SIGUSR1, &act, NULL));
	raise(SIGUSR1);
	CHECK(strcmp(story, "<><><>") == 0, "one after the other went %s", story);

	story[0] = 0;
	act.sa_handler = inner;
	act.sa_flags = (int)SA_RESETHAND;
	MUST(sigaction(SIGUSR2, &act, NULL));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
	raise(SIGUSR2);
	raise(SIGUSR2);
	MUST(sigpending(&pending));
	CHECK(story[0] == 0 && sigismember(&pending, SIGUSR2) == 1, "a blocked signal came");
	MUST(sigprocmask(SIG_UNBLOCK, &set, NULL));
	CHECK(strcmp(story, "2") == 0, "a pending signal came as %s", story);
	MUST(sigaction(SIGUSR2, NULL, &old));
	CHECK(old.sa_handler == SIG_DFL, "SA_RESETHAND left a handler");

	/* ignored signals are dropped even while blocked; SIGKILL cannot be caught */
	signal(SIGUSR2, SIG_IGN);
	raise(SIGUSR2);
	MUST_FAIL(sigaction(SIGKILL, &act, NULL), EINVAL);

	/* sigsuspend lets it in, and puts the mask back */
	signal(SIGUSR2, inner);
	story[0] = 0;
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
	raise(SIGUSR2);
	sigset_t none;
	sigemptyset(&none);
	MUST_FAIL(sigsuspend(&none), EINTR);
	CHECK(strcmp(story, "2") == 0, "sigsuspend let in %s", story);
	MUST(sigprocmask(SIG_BLOCK, NULL, &set));
	CHECK(sigismember(&set, SIGUSR2) == 1, "sigsuspend lost the mask");
	return 0;
}
