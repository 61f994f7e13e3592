/* vm#32 Does a PROT_NONE page between two stacks stop an overrun, and only that? */
#include "test.h"

int main(void)
{
	char *p = map_pages(9, PROT_READ | PROT_WRITE, MAP_PRIVATE), *guard = p + 4 * PAGE;
	char *volatile at;

	catch_faults();
	MUST(mprotect(guard, PAGE, PROT_NONE));
	seen.sig = 0;
	at = p + 9 * PAGE;
	if (sigsetjmp(fault_return, 1) == 0)
		for (;;)
			*--at = 1; /* an overrun downwards */
	CHECK(seen.sig == SIGSEGV && seen.code == SEGV_ACCERR, "signal %d code %d", seen.sig, seen.code);
	CHECK(seen.addr == (uintptr_t)guard + PAGE - 1, "stopped at %#lx", (unsigned long)seen.addr);
	CHECK(guard[PAGE] == 1 && guard[-1] == 0, "the guard is not where it should be");
#ifdef MAP_GUARD
	/* FreeBSD 11-STABLE's own guards, where the kernel has them. */
	char *g = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_GUARD, -1, 0);
	if (g != MAP_FAILED) {
		CHECK(try_read(g) == SIGSEGV, "a guard can be read");
		CHECK(mmap(g, PAGE, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE | MAP_FIXED, -1, 0) == g,
		    "a guard cannot be replaced");
		CHECK(try_write(g, 1) == 0, "what replaced a guard faults");
		CHECK(try_read(g + PAGE) == SIGSEGV, "the rest of a guard can be read");
	}
#endif
	return 0;
}
