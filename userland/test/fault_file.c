/* Do mapped file pages hold the file's bytes, and zeros from its end to the page's end? */
#include "test.h"

#define LEN (5 * PAGE + 777)

int main(void)
{
	int fd = make_file(LEN);

	for (int sharing = MAP_SHARED; sharing <= MAP_PRIVATE; sharing++) {
		char *p = mmap(NULL, 6 * PAGE, PROT_READ, sharing, fd, 0);
		CHECK(p != MAP_FAILED, "mmap: %s", strerror(errno));
		for (int i = 5; i >= 0; i--) /* last page first */
			for (unsigned at = (unsigned)i * PAGE; at < (unsigned)(i + 1) * PAGE; at++) {
				char wanted = at < LEN ? pattern(at) : 0;
				CHECK(p[at] == wanted, "byte %u is %d, not %d", at, p[at], wanted);
			}
		MUST(munmap(p, 6 * PAGE));
		/* from a page in the middle */
		p = mmap(NULL, 2 * PAGE, PROT_READ, sharing, fd, 3 * PAGE);
		CHECK(p[PAGE + 1] == pattern(4 * PAGE + 1), "an offset is lost");
		MUST(munmap(p, 2 * PAGE));
	}
	return 0;
}
