/* vm#32 Does an access that the protection forbids give SIGSEGV, SEGV_ACCERR, and nothing else? */
#include "test.h"

static const char constant[] = "constant";

int main(void)
{
	char *p = map_pages(3, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	catch_faults();
	p[0] = 'a';
	p[PAGE] = 'b';
	p[2 * PAGE] = 'c';
	MUST(mprotect(p + PAGE, PAGE, PROT_READ));
	EXPECT_FAULT(try_write(p + PAGE + 8, 1), SIGSEGV, SEGV_ACCERR, p + PAGE + 8);
	CHECK(p[PAGE] == 'b' && p[PAGE + 8] == 0, "the forbidden write was done");
	MUST(mprotect(p + PAGE, PAGE, PROT_NONE));
	EXPECT_FAULT(try_read(p + PAGE), SIGSEGV, SEGV_ACCERR, p + PAGE);
	EXPECT_FAULT(try_write(p + PAGE, 1), SIGSEGV, SEGV_ACCERR, p + PAGE);
	CHECK(try_write(p, 'A') == 0 && try_write(p + 2 * PAGE, 'C') == 0, "a neighbour faults");
	MUST(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE));
	CHECK(p[PAGE] == 'b', "protection lost the contents");
	p[PAGE] = 'B';

	/* A page that was never touched is protected as well. */
	char *q = map_pages(1, PROT_READ, MAP_PRIVATE);
	EXPECT_FAULT(try_write(q, 1), SIGSEGV, SEGV_ACCERR, q);
	CHECK(q[0] == 0, "the forbidden write was done");
	EXPECT_FAULT(try_write((char *)constant, 1), SIGSEGV, SEGV_ACCERR, constant);
	EXPECT_FAULT(try_write((char *)(uintptr_t)main, 1), SIGSEGV, SEGV_ACCERR, main);
	return 0;
}
