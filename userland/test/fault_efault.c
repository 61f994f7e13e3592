/* Is a bad pointer given to a system call EFAULT, and never a signal? */
#include "test.h"

int main(void)
{
	char *p = map_pages(3, PROT_READ | PROT_WRITE, MAP_PRIVATE), *hole = p + 2 * PAGE;
	int fd = make_file(2 * PAGE), ends[2];

	MUST(munmap(hole, PAGE));
	MUST(pipe(ends));
	MUST_FAIL(read(fd, hole, 10), EFAULT);
	MUST_FAIL(write(ends[1], hole, 10), EFAULT);
	MUST_FAIL(open((char *)8, O_RDONLY), EFAULT);
	MUST_FAIL(pipe((int *)hole), EFAULT);
	MUST_FAIL(nanosleep((struct timespec *)hole, NULL), EFAULT);
	MUST(mprotect(p, PAGE, PROT_READ));
	MUST_FAIL(pread(fd, p, 10, 0), EFAULT);
#ifndef FAULTLINE_LINUX
	MUST_FAIL(read(fd, (char *)0xbfc00000u, 1), EFAULT);
	MUST_FAIL(write(ends[1], (char *)0xfffffffcu, 8), EFAULT);
#endif
	/* Memory that was never touched is no error: the kernel faults it in. */
	CHECK(pread(fd, p + PAGE, PAGE, 0) == (ssize_t)PAGE, "read into fresh memory");
	CHECK(p[PAGE + 99] == pattern(99), "read into fresh memory lost bytes");
	return 0;
}
