/*
 * vm#24 vm#30 Does unmapping the middle of a touched range leave both ends whole, can the hole be mapped
 * anew (as zeros), and does unmapping across holes work?
 *
 *   |aaaa|aaaa|----|----|aaaa|aaaa|
 */
#include "test.h"

int main(void)
{
	char *p = map_pages(6, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	catch_faults();
	memset(p, 'a', 6 * PAGE);
	MUST(munmap(p + 2 * PAGE, 2 * PAGE));
	EXPECT_FAULT(try_read(p + 2 * PAGE), SIGSEGV, SEGV_MAPERR, p + 2 * PAGE);
	EXPECT_FAULT(try_read(p + 4 * PAGE - 1), SIGSEGV, SEGV_MAPERR, p + 4 * PAGE - 1);
	for (unsigned i = 0; i < 2 * PAGE; i++)
		CHECK(p[i] == 'a' && p[4 * PAGE + i] == 'a', "byte %u of an end is lost", i);
	/* the ends are written and forked as before */
	p[2 * PAGE - 1] = 'b';
	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(p[2 * PAGE - 1] == 'b' && p[4 * PAGE] == 'a', "the child's ends");
		CHECK(try_read(p + 3 * PAGE) == SIGSEGV, "the child has no hole");
		_exit(0);
	}
	expect_child(pid, 0);
	char *q = mmap(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE,
	    MAP_ANON | MAP_PRIVATE | MAP_FIXED, -1, 0);
	CHECK(q == p + 2 * PAGE && q[0] == 0 && q[PAGE - 1] == 0, "the hole kept its bytes");
	MUST(munmap(p, 6 * PAGE)); /* one page of it is a hole */
	for (unsigned i = 0; i < 6; i++)
		CHECK(try_read(p + i * PAGE) == SIGSEGV, "page %u is still there", i);
	MUST(munmap(p, 6 * PAGE)); /* all of it is a hole: no error */
	return 0;
}
