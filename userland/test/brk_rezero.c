/* vm#5 Does the break grow with zeros, shrink for good, and grow again with zeros? */
#include "test.h"

int main(void)
{
	char *start = sbrk(0);
	start = (char *)(((uintptr_t)start + PAGE - 1) & ~(uintptr_t)(PAGE - 1));

	MUST(brk(start));
	MUST(brk(start + 10 * PAGE));
	CHECK((char *)sbrk(0) == start + 10 * PAGE, "the break is at %p", sbrk(0));
	for (unsigned i = 0; i < 10 * PAGE; i++)
		CHECK(start[i] == 0, "byte %u is %d", i, start[i]);
	memset(start, 'h', 10 * PAGE);
	MUST(brk(start + 4 * PAGE));
	catch_faults();
	EXPECT_FAULT(try_read(start + 5 * PAGE), SIGSEGV, SEGV_MAPERR, start + 5 * PAGE);
	CHECK(start[4 * PAGE - 1] == 'h', "shrinking took too much");
	MUST(brk(start + 8 * PAGE));
	for (unsigned i = 4 * PAGE; i < 8 * PAGE; i++)
		CHECK(start[i] == 0, "byte %u came back as %d", i, start[i]);
	/* half a page stays */
	start[6 * PAGE + 10] = 'k';
	MUST(brk(start + 6 * PAGE + 20));
	CHECK(start[6 * PAGE + 10] == 'k', "a page that is partly below the break was taken");
	return 0;
}
