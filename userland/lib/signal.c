/* Signals, above the system calls. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sigemptyset(sigset_t *set)
{
	memset(set, 0, sizeof *set);
	return 0;
}

int sigfillset(sigset_t *set)
{
	memset(set, 0xff, sizeof *set);
	return 0;
}

static int out_of_range(int sig)
{
	if (sig > 0 && sig < NSIG)
		return 0;
	errno = EINVAL;
	return 1;
}

int sigaddset(sigset_t *set, int sig)
{
	if (out_of_range(sig))
		return -1;
	set->bits[(sig - 1) / 32] |= 1u << ((sig - 1) % 32);
	return 0;
}

int sigdelset(sigset_t *set, int sig)
{
	if (out_of_range(sig))
		return -1;
	set->bits[(sig - 1) / 32] &= ~(1u << ((sig - 1) % 32));
	return 0;
}

int sigismember(const sigset_t *set, int sig)
{
	if (out_of_range(sig))
		return -1;
	return set->bits[(sig - 1) / 32] >> ((sig - 1) % 32) & 1;
}

sighandler_t signal(int sig, sighandler_t handler)
{
	struct sigaction act = {.sa_flags = SA_RESTART}, old;

	act.sa_handler = handler;
	if (sigaction(sig, &act, &old) < 0)
		return SIG_ERR;
	return old.sa_handler;
}

int raise(int sig)
{
	return kill(getpid(), sig);
}

int pause(void)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	return sigsuspend(&now);
}

void abort(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGABRT);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGABRT);
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
	_exit(127);
}

void siglongjmp(sigjmp_buf env, int value)
{
	if (env[6])
		sigprocmask(SIG_SETMASK, (sigset_t *)&env[7], NULL);
	longjmp(env, value);
}
