/* vm#112 Does mincore(2) tell touched pages from untouched ones, and a hole from both? */
#include "test.h"

int main(void)
{
	char *p = map_pages(8, PROT_READ | PROT_WRITE, MAP_PRIVATE), vec[8];

	p[0] = 1;
	p[3 * PAGE] = 1;
	memset(vec, 0x7f, sizeof vec);
	MUST(mincore(p, 8 * PAGE, vec));
	for (unsigned i = 0; i < 8; i++)
		CHECK((vec[i] & MINCORE_INCORE) == (i == 0 || i == 3), "page %u: %#x", i, vec[i]);
#ifndef FAULTLINE_LINUX
	CHECK(vec[3] & MINCORE_REFERENCED && vec[3] & MINCORE_MODIFIED, "written page: %#x", vec[3]);
#endif
	MUST(munmap(p + 5 * PAGE, PAGE));
	MUST_FAIL(mincore(p, 8 * PAGE, vec), ENOMEM);
	MUST_FAIL(mincore(p, PAGE, (char *)8), EFAULT);
	return 0;
}
