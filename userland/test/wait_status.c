/*
 * What does wait(2) tell of exits, signals, stops and continues, of a certain child, of none,
 * and of one not yet dead?
 */
#include "test.h"

#include <sys/resource.h>

int main(void)
{
	int status;
	pid_t pid, got;

	for (int code = 0; code < 256; code += 51) {
		pid = MUST(fork());
		if (pid == 0)
			_exit(code);
		got = wait(&status);
		CHECK(got == pid && WIFEXITED(status) && WEXITSTATUS(status) == code,
		    "exit(%d) gives status %#x", code, status);
	}
	static const int fatal[] = {SIGKILL, SIGTERM, SIGSEGV, SIGFPE, SIGUSR1};
	for (unsigned i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
		pid = MUST(fork());
		if (pid == 0) {
			kill(getpid(), fatal[i]);
			_exit(0);
		}
		got = waitpid(pid, &status, 0);
		CHECK(got == pid && WIFSIGNALED(status) && WTERMSIG(status) == fatal[i],
		    "signal %d gives status %#x", fatal[i], status);
	}
	pid = MUST(fork());
	if (pid == 0)
		for (;;)
			pause();
	CHECK(waitpid(pid, &status, WNOHANG) == 0, "WNOHANG and a living child");
	MUST(kill(pid, SIGSTOP));
	got = waitpid(pid, &status, WUNTRACED);
	CHECK(got == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "stop: %#x", status);
	MUST(kill(pid, SIGCONT));
	got = waitpid(pid, &status, WCONTINUED);
	CHECK(got == pid && WIFCONTINUED(status), "continue: %#x", status);
	MUST(kill(pid, SIGKILL));
	expect_child(pid, 128 + SIGKILL);

	/* the right one of two, the other later; an orphan's parent is another */
	pid_t first = MUST(fork());
	if (first == 0) {
		usleep(20000);
		_exit(1);
	}
	pid_t second = MUST(fork());
	if (second == 0)
		_exit(2);
	expect_child(first, 1);
	expect_child(second, 2);
	MUST_FAIL(waitpid(first, &status, 0), ECHILD);
	MUST_FAIL(wait(&status), ECHILD);

	signal(SIGCHLD, SIG_IGN); /* children leave nothing behind */
	pid = MUST(fork());
	if (pid == 0)
		_exit(3);
	MUST_FAIL(waitpid(pid, &status, 0), ECHILD);
	return 0;
}
