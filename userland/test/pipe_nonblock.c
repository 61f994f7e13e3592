/* Does O_NONBLOCK give EAGAIN instead of sleep, and does poll(2) know beforehand? */
#include "test.h"

#include <poll.h>

int main(void)
{
	int ends[2];
	static char buf[4096];
	struct pollfd in, out;

	MUST(pipe(ends));
	for (int i = 0; i < 2; i++)
		MUST(fcntl(ends[i], F_SETFL, MUST(fcntl(ends[i], F_GETFL)) | O_NONBLOCK));
	in = (struct pollfd){ends[0], POLLIN, 0};
	out = (struct pollfd){ends[1], POLLOUT, 0};
	MUST_FAIL(read(ends[0], buf, 1), EAGAIN);
	CHECK(poll(&in, 1, 0) == 0, "an empty pipe is readable");
	CHECK(poll(&out, 1, 0) == 1 && out.revents == POLLOUT, "an empty pipe is not writable");
	unsigned total = 0;
	for (ssize_t n; (n = write(ends[1], buf, sizeof buf)) > 0;)
		total += (unsigned)n;
	CHECK(errno == EAGAIN && total >= 4096, "errno %d after %u bytes", errno, total);
	CHECK(poll(&out, 1, 0) == 0, "a full pipe is writable");
	CHECK(poll(&in, 1, -1) == 1 && in.revents == POLLIN, "a full pipe is not readable");
	for (ssize_t n; total > 0; total -= (unsigned)n)
		CHECK((n = read(ends[0], buf, sizeof buf)) > 0, "%u bytes are gone", total);
	CHECK(poll(&in, 1, 30) == 0, "poll did not time out");
	close(ends[1]);
	CHECK(poll(&in, 1, -1) == 1 && in.revents & POLLHUP, "the end is not seen");
	return 0;
}
