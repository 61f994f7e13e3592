/* Does O_APPEND write at the end, wherever the offset is, for two processes at once? */
#include "test.h"

int main(void)
{
	char path[] = "/tmp/test.XXXXXX", buf[64];
	int fd = MUST(mkstemp(path)), a = MUST(open(path, O_WRONLY | O_APPEND)),
	    b = MUST(open(path, O_RDWR | O_APPEND));

	unlink(path);
	CHECK(write(fd, "base.", 5) == 5, "write");
	CHECK(write(a, "one.", 4) == 4 && write(b, "two.", 4) == 4, "append");
	MUST(lseek(a, 0, SEEK_SET));
	CHECK(write(a, "three.", 6) == 6, "append");
	CHECK(lseek(a, 0, SEEK_CUR) == 19, "the offset is %ld", (long)lseek(a, 0, SEEK_CUR));
	CHECK(pread(fd, buf, sizeof buf, 0) == 19 && memcmp(buf, "base.one.two.three.", 19) == 0,
	    "the file is %.19s", buf);
	pid_t pid = MUST(fork());
	for (int i = 0; i < 50; i++)
		CHECK(write(pid == 0 ? a : b, pid == 0 ? "cccc" : "pppp", 4) == 4, "append");
	if (pid == 0)
		_exit(0);
	expect_child(pid, 0);
	CHECK(lseek(fd, 0, SEEK_END) == 19 + 400, "%ld bytes", (long)lseek(fd, 0, SEEK_END));
	int children = 0;
	for (int i = 0; i < 100; i++) {
		CHECK(pread(fd, buf, 4, 19 + i * 4) == 4, "read");
		CHECK(buf[0] == buf[3], "a torn record");
		children += buf[0] == 'c';
	}
	CHECK(children == 50, "%d of the child's records", children);
	return 0;
}
