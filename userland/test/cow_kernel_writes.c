/* Does the kernel, writing into a page shared after fork (read, pipe), copy it first? */
#include "test.h"

int main(void)
{
	char *p = map_pages(2, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int fd = make_file(2 * PAGE), ends[2];

	memset(p, 'o', 2 * PAGE);
	MUST(pipe(ends));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(pread(fd, p + 100, PAGE, 0) == (ssize_t)PAGE, "pread");
		CHECK(p[99] == 'o' && p[100] == pattern(0), "the child has not what it read");
		_exit(0);
	}
	expect_child(pid, 0);
	for (unsigned i = 0; i < 2 * PAGE; i++)
		CHECK(p[i] == 'o', "the child's read(2) changed the parent's byte %u", i);
	return 0;
}
