/*
 * Do files have holes that read as zeros, end where they end, and lose for good what
 * truncation cuts off?
 */
#include "test.h"

#include <sys/stat.h>

int main(void)
{
	int fd = make_file(0);
	char buf[64];
	struct stat st;

	CHECK(pwrite(fd, "end", 3, 1000000) == 3, "a write far beyond the end");
	MUST(fstat(fd, &st));
	CHECK(st.st_size == 1000003, "size %ld", (long)st.st_size);
	memset(buf, 'x', sizeof buf);
	CHECK(pread(fd, buf, 64, 500000) == 64, "reading a hole");
	for (int i = 0; i < 64; i++)
		CHECK(buf[i] == 0, "a hole holds %d", buf[i]);
	CHECK(pread(fd, buf, 64, 999990) == 13 && memcmp(buf + 10, "end", 3) == 0, "its end");
	CHECK(pread(fd, buf, 64, 1000003) == 0 && pread(fd, buf, 1, 5000000) == 0, "beyond its end");
	MUST(ftruncate(fd, 1000001));
	MUST(ftruncate(fd, 1000010));
	CHECK(pread(fd, buf, 64, 1000000) == 10 && buf[0] == 'e' && buf[1] == 0 && buf[2] == 0,
	    "bytes cut off came back");
	CHECK(lseek(fd, -4, SEEK_END) == 1000006, "SEEK_END");
	MUST(ftruncate(fd, 0));
	CHECK(read(fd, buf, 1) == 0, "an empty file has bytes");
	CHECK(lseek(fd, 1ll << 32, SEEK_SET) == 1ll << 32, "offsets beyond 4 GB");
	return 0;
}
