/* Does a child's end send SIGCHLD with its pid, status and CLD_ code? */
#include "test.h"

static volatile int pid_seen, status_seen, code_seen, count;

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	count++;
	pid_seen = info->si_pid;
	status_seen = info->si_status;
	code_seen = info->si_code;
}

int main(void)
{
	sigset_t block, open;

	catch_with(SIGCHLD, handler, 0);
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigemptyset(&open);
	for (int killed = 0; killed < 2; killed++) {
		MUST(sigprocmask(SIG_BLOCK, &block, NULL));
		count = 0;
		pid_t pid = MUST(fork());
		if (pid == 0) {
			if (killed)
				kill(getpid(), SIGKILL);
			_exit(17);
		}
		sigsuspend(&open);
		CHECK(count == 1 && pid_seen == pid, "%d signals, from %d", count, pid_seen);
		CHECK(code_seen == (killed ? CLD_KILLED : CLD_EXITED), "si_code %d", code_seen);
		CHECK(status_seen == (killed ? SIGKILL : 17), "si_status %d", status_seen);
		expect_child(pid, killed ? 128 + SIGKILL : 17);
	}
	return 0;
}
