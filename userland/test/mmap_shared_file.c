/*
 * vm#94 Are a shared mapping, another mapping of the same file, read(2) and write(2) one and the
 * same memory, in this process and in a child?
 */
#include "test.h"

int main(void)
{
	int fd = make_file(3 * PAGE), ends[2];
	char *a = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *b = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
	char buf[16];

	CHECK(a != MAP_FAILED && b != MAP_FAILED, "mmap: %s", strerror(errno));
	memcpy(a + PAGE + 10, "mapped", 6);
	CHECK(pread(fd, buf, 6, PAGE + 10) == 6 && memcmp(buf, "mapped", 6) == 0,
	    "read(2) does not see a store");
	CHECK(memcmp(b + 10, "mapped", 6) == 0, "the other mapping does not see a store");
	CHECK(pwrite(fd, "written", 7, 2 * PAGE - 3) == 7, "pwrite");
	CHECK(memcmp(a + 2 * PAGE - 3, "written", 7) == 0, "a mapping does not see write(2)");
	CHECK(memcmp(b + PAGE - 3, "wri", 3) == 0, "the other mapping does not see write(2)");
	MUST(pipe(ends));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		strcpy(a + 100, "from the child");
		_exit(b[10] == 'm' ? 0 : 2);
	}
	expect_child(pid, 0);
	CHECK(strcmp(a + 100, "from the child") == 0, "a child's store is not shared");
	MUST(munmap(a, 3 * PAGE));
	CHECK(pread(fd, buf, 8, 100) == 8 && memcmp(buf, "from the", 8) == 0,
	    "unmapping lost what was stored");
	CHECK(pread(fd, buf, 3, 2 * PAGE - 3) == 3 && memcmp(buf, "wri", 3) == 0, "lost a write");
	return 0;
}
