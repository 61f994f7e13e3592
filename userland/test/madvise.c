/* Is advice only advice? MADV_FREE may lose contents, the others may not. */
#include "test.h"

int main(void)
{
	char *p = map_pages(8, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	memset(p, 'v', 8 * PAGE);
	MUST(madvise(p, 2 * PAGE, MADV_WILLNEED));
	MUST(madvise(p, 2 * PAGE, MADV_RANDOM));
	MUST(madvise(p, 2 * PAGE, MADV_SEQUENTIAL));
	MUST(madvise(p, 2 * PAGE, MADV_NORMAL));
	CHECK(p[0] == 'v' && p[2 * PAGE - 1] == 'v', "advice lost contents");
#ifndef FAULTLINE_LINUX
	MUST(madvise(p + 2 * PAGE, PAGE, MADV_DONTNEED)); /* on FreeBSD it keeps them */
	CHECK(p[2 * PAGE] == 'v', "MADV_DONTNEED lost contents");
#endif
	if (madvise(p + 4 * PAGE, PAGE, MADV_FREE) == 0) {
		CHECK(p[4 * PAGE] == 'v' || p[4 * PAGE] == 0, "neither old nor zero");
		p[4 * PAGE] = 'n';
		CHECK(p[4 * PAGE] == 'n', "a store after MADV_FREE is lost");
	}
	MUST_FAIL(madvise(p, PAGE, 1234), EINVAL);
	return 0;
}
