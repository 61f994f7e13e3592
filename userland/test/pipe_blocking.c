/*
 * Does a writer sleep on a full pipe and a reader on an empty one, with no byte lost, and does
 * the end of all writers end the reader?
 *
 *   child: 400 KB, in odd pieces -----> pipe -----> parent: checks, in other odd pieces
 */
#include "test.h"

#define TOTAL 400000u

int main(void)
{
	int ends[2];
	static char buf[7777];

	MUST(pipe(ends));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		close(ends[0]);
		for (unsigned at = 0, size = 1; at < TOTAL; size = size * 3 % 7001 + 1) {
			unsigned n = 0;
			while (n < size && at + n < TOTAL) {
				buf[n] = pattern(at + n);
				n++;
			}
			ssize_t did = write(ends[1], buf, n);
			CHECK(did == (ssize_t)n, "write of %u gives %ld", n, (long)did);
			at += n;
		}
		_exit(0);
	}
	close(ends[1]);
	unsigned at = 0, size = 5;
	for (ssize_t n; (n = read(ends[0], buf, size)) != 0; size = size * 5 % 7001 + 1) {
		CHECK(n > 0, "read: %s", strerror(errno));
		for (ssize_t i = 0; i < n; i++, at++)
			CHECK(buf[i] == pattern(at), "byte %u is %d", at, buf[i]);
	}
	CHECK(at == TOTAL, "%u bytes came", at);
	expect_child(pid, 0);
	CHECK(read(ends[0], buf, 1) == 0, "there is more after the end");
	return 0;
}
