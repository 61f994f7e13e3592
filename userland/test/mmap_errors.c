/* vm#68 Which requests does mmap refuse, with which error? */
#include "test.h"

int main(void)
{
	int fd = make_file(PAGE);
	char *p = map_pages(1, PROT_READ, MAP_PRIVATE);

	MUST_FAIL(mmap(NULL, 0, PROT_READ, MAP_ANON | MAP_PRIVATE, -1, 0), EINVAL);
	MUST_FAIL(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
	MUST_FAIL(mmap(NULL, PAGE, PROT_READ, 0, fd, 0), EINVAL);
	MUST_FAIL(mmap(p + 1, PAGE, PROT_READ, MAP_ANON | MAP_PRIVATE | MAP_FIXED, -1, 0), EINVAL);
	char path[] = "/tmp/test.XXXXXX";
	int writable = mkstemp(path), readable = open(path, O_RDONLY);
	unlink(path);
	MUST(ftruncate(writable, PAGE));
	MUST_FAIL(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, readable, 0), EACCES);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, readable, 0) != MAP_FAILED,
	    "a private mapping of a readable file");
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, readable, 0);
	CHECK(p != MAP_FAILED, "mmap: %s", strerror(errno));
	MUST_FAIL(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
	MUST_FAIL(munmap(p, 0), EINVAL);
#ifndef FAULTLINE_LINUX
	MUST_FAIL(mmap(NULL, PAGE, PROT_READ, MAP_ANON | MAP_PRIVATE, fd, 0), EINVAL);
	MUST_FAIL(mmap(NULL, PAGE, PROT_READ, MAP_ANON | MAP_PRIVATE, -1, PAGE), EINVAL);
#endif
	return 0;
}
