/*
 * Does a handler end a sleeping read with EINTR, and does SA_RESTART make it go on?
 *
 *   parent: read(empty pipe) ........ EINTR | goes on ....... gets 'x'
 *   child:      sleep -- kill(parent) ------------- sleep -- write 'x'
 */
#include "test.h"

static volatile int handled;
static void handler(int sig) { handled = sig; }

int main(void)
{
	int ends[2];
	char c;
	struct sigaction act;

	MUST(pipe(ends));
	for (int restart = 0; restart < 2; restart++) {
		memset(&act, 0, sizeof act);
		act.sa_handler = handler;
		act.sa_flags = restart ? SA_RESTART : 0;
		MUST(sigaction(SIGUSR1, &act, NULL));
		handled = 0;
		pid_t pid = MUST(fork());
		if (pid == 0) {
			usleep(20000);
			kill(getppid(), SIGUSR1);
			usleep(20000);
			tell(ends[1]);
			_exit(0);
		}
		errno = 0;
		ssize_t n = read(ends[0], &c, 1);
		CHECK(handled == SIGUSR1, "read came back before the signal");
		if (restart)
			CHECK(n == 1 && c == 'x', "SA_RESTART: read gives %ld, errno %d", (long)n, errno);
		else {
			CHECK(n == -1 && errno == EINTR, "read gives %ld, errno %d", (long)n, errno);
			hear(ends[0]);
		}
		expect_child(pid, 0);
	}
	return 0;
}
