/* Does a partly unmapped shared file keep what was stored, and the rest of the mapping? */
#include "test.h"

int main(void)
{
	int fd = make_file(4 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), c;

	CHECK(p != MAP_FAILED, "mmap: %s", strerror(errno));
	catch_faults();
	for (unsigned i = 0; i < 4; i++)
		p[i * PAGE] = (char)('0' + i);
	MUST(munmap(p, PAGE));
	MUST(munmap(p + 3 * PAGE, PAGE));
	CHECK(try_read(p) == SIGSEGV && try_read(p + 3 * PAGE) == SIGSEGV, "still mapped");
	CHECK(p[PAGE] == '1' && p[2 * PAGE] == '2', "the rest moved");
	for (unsigned i = 0; i < 4; i++)
		CHECK(pread(fd, &c, 1, i * PAGE) == 1 && c == (char)('0' + i), "page %u lost", i);
	p[PAGE + 1] = 'x';
	CHECK(pread(fd, &c, 1, PAGE + 1) == 1 && c == 'x', "the rest is no longer the file");
	return 0;
}
