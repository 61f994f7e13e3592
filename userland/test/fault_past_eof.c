/*
 * vm#74 Is a page of a mapping that lies wholly beyond the end of the file SIGBUS, does it appear
 * when the file grows, and vanish when the file shrinks?
 */
#include "test.h"

#ifdef FAULTLINE_LINUX
#define PAST_EOF BUS_ADRERR
#else
#define PAST_EOF BUS_OBJERR
#endif

int main(void)
{
	int fd = make_file(PAGE + 100);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(p != MAP_FAILED, "mmap: %s", strerror(errno));
	catch_faults();
	CHECK(try_read(p + PAGE + 4000) == 0, "the last page is not whole");
	EXPECT_FAULT(try_read(p + 2 * PAGE), SIGBUS, PAST_EOF, p + 2 * PAGE);
	EXPECT_FAULT(try_write(p + 3 * PAGE + 5, 1), SIGBUS, PAST_EOF, p + 3 * PAGE + 5);
	MUST(ftruncate(fd, 3 * PAGE));
	CHECK(try_write(p + 2 * PAGE, 'x') == 0, "the file grew, its page did not come");
	char c;
	CHECK(pread(fd, &c, 1, 2 * PAGE) == 1 && c == 'x', "the new page is not the file's");
	MUST(ftruncate(fd, PAGE));
	EXPECT_FAULT(try_read(p + PAGE), SIGBUS, PAST_EOF, p + PAGE);
	MUST(ftruncate(fd, 2 * PAGE));
	CHECK(try_read(p + PAGE) == 0 && p[PAGE] == 0, "a page cut off came back with its bytes");
	return 0;
}
