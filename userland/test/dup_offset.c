/*
 * Do dup'ed and inherited descriptors share one offset, and descriptors opened apart not?
 * Does the lowest free number come first?
 */
#include "test.h"

int main(void)
{
	char path[] = "/tmp/test.XXXXXX", buf[8];
	int fd = MUST(mkstemp(path));

	CHECK(write(fd, "0123456789", 10) == 10, "write");
	int apart = MUST(open(path, O_RDONLY)), copy = MUST(dup(fd));
	unlink(path);
	MUST(lseek(fd, 2, SEEK_SET));
	CHECK(read(copy, buf, 2) == 2 && buf[0] == '2', "a dup reads %c", buf[0]);
	CHECK(read(fd, buf, 2) == 2 && buf[0] == '4', "then the original reads %c", buf[0]);
	CHECK(read(apart, buf, 1) == 1 && buf[0] == '0', "apart reads %c", buf[0]);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		MUST(lseek(fd, 8, SEEK_SET));
		_exit(0);
	}
	expect_child(pid, 0);
	CHECK(read(copy, buf, 8) == 2 && buf[0] == '8', "a child's seek does not show");
	CHECK(dup2(fd, 20) == 20 && dup2(fd, fd) == fd, "dup2");
	close(copy);
	CHECK(dup(fd) == copy, "not the lowest number");
	CHECK(fcntl(fd, F_DUPFD, 15) == 15, "F_DUPFD");
	MUST(fcntl(fd, F_SETFD, FD_CLOEXEC));
	CHECK(fcntl(15, F_GETFD) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC, "close-on-exec is shared");
	close(20);
	MUST_FAIL(read(20, buf, 1), EBADF);
	MUST_FAIL(dup2(20, 21), EBADF);
	MUST_FAIL(lseek(fd, -1, SEEK_SET), EINVAL);
	return 0;
}
