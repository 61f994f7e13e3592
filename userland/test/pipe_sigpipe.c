/* Is writing to a pipe without readers SIGPIPE, or EPIPE where that is ignored? */
#include "test.h"

int main(void)
{
	int ends[2];

	MUST(pipe(ends));
	close(ends[0]);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		write(ends[1], "x", 1);
		_exit(9);
	}
	expect_child(pid, 128 + SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	MUST_FAIL(write(ends[1], "x", 1), EPIPE);
	close(ends[1]);

	/* A writer that sleeps on a full pipe is woken by the last reader's end. */
	int full[2];
	MUST(pipe(full));
	pid = MUST(fork());
	if (pid == 0) {
		static char lots[300000];
		close(full[0]);
		ssize_t n = write(full[1], lots, sizeof lots);
		_exit(n == -1 && errno == EPIPE ? 0 : n > 0 ? 0 : 9);
	}
	close(full[1]);
	usleep(20000);
	close(full[0]);
	expect_child(pid, 0);
	return 0;
}
