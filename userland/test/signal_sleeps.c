/*
 * Do signals interrupt nanosleep (with the rest of the time), wait and pause, and does an
 * ignored signal leave them asleep?
 */
#include "test.h"

#include <time.h>

static volatile int handled;
static void handler(int sig) { handled = sig; }

static pid_t signal_us(int sig, unsigned delay)
{
	pid_t parent = getpid(), pid = MUST(fork());

	if (pid == 0) {
		usleep(delay);
		kill(parent, sig);
		usleep(30000);
		_exit(7);
	}
	return pid;
}

int main(void)
{
	struct sigaction act;
	struct timespec length = {5, 0}, left = {0, 0};
	int status;

	memset(&act, 0, sizeof act);
	act.sa_handler = handler;
	MUST(sigaction(SIGUSR1, &act, NULL));
	pid_t pid = signal_us(SIGUSR1, 100000);
	MUST_FAIL(nanosleep(&length, &left), EINTR);
	CHECK(handled == SIGUSR1 && left.tv_sec == 4 && left.tv_nsec < 985000000,
	    "%ld.%09ld s left", (long)left.tv_sec, left.tv_nsec);
	expect_child(pid, 7);

	handled = 0;
	pid = signal_us(SIGUSR1, 20000);
	MUST_FAIL(waitpid(pid, &status, 0), EINTR);
	CHECK(handled == SIGUSR1, "no handler ran");
	expect_child(pid, 7);

	pid = signal_us(SIGUSR1, 20000);
	MUST_FAIL(pause(), EINTR);
	expect_child(pid, 7);

	signal(SIGUSR2, SIG_IGN);
	pid = signal_us(SIGUSR2, 10000);
	length = (struct timespec){0, 60000000};
	CHECK(nanosleep(&length, &left) == 0, "an ignored signal ended a sleep");
	expect_child(pid, 7);
	length = (struct timespec){0, 1000000000};
	MUST_FAIL(nanosleep(&length, NULL), EINVAL);
	return 0;
}
