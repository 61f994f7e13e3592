/* vm#94 Does msync(2) accept what it should, and is the file then what was stored? */
#include "test.h"

int main(void)
{
	int fd = make_file(4 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), buf[4];

	CHECK(p != MAP_FAILED, "mmap: %s", strerror(errno));
	memcpy(p + PAGE, "sync", 4);
	MUST(msync(p, 4 * PAGE, MS_SYNC));
	CHECK(pread(fd, buf, 4, PAGE) == 4 && memcmp(buf, "sync", 4) == 0, "the file lacks it");
	memcpy(p + 2 * PAGE, "asyn", 4);
	MUST(msync(p + 2 * PAGE, PAGE, MS_ASYNC));
	MUST(msync(p, 4 * PAGE, MS_SYNC | MS_INVALIDATE));
	CHECK(memcmp(p + 2 * PAGE, "asyn", 4) == 0 && p[3 * PAGE] == pattern(3 * PAGE),
	    "invalidating lost bytes");
#ifndef FAULTLINE_LINUX
	MUST_FAIL(msync(p, PAGE, MS_ASYNC | MS_INVALIDATE), EINVAL);
#endif
	MUST(munmap(p + PAGE, PAGE));
	MUST_FAIL(msync(p, 4 * PAGE, MS_SYNC), ENOMEM);
	return 0;
}
