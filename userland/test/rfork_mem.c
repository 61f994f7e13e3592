/* vm#8 rfork(RFMEM) makes a process in the same address space: what it writes and maps its parent
 * sees, and its end leaves the memory alone. Without RFMEM it has a copy. */
#include "test.h"
#ifdef FAULTLINE_LINUX
int main(void)
{
	return 0;
}
#else
static char stack[16384] __attribute__((aligned(16)));
static volatile int value;
static char *volatile mapped;

static int child(void *arg)
{
	value = (int)(uintptr_t)arg;
	mapped = map_pages(2, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	mapped[PAGE] = 42;
	/* Stops sharing: what it writes now is its own. */
	if (value == 2) {
		if (rfork(RFFDG) != 0)
			return 8;
		value = 3;
		munmap(mapped, 2 * PAGE);
	}
	return 7;
}

int main(void)
{
	for (int n = 1; n <= 2; n++) {
		int pid = MUST(rfork_thread(RFPROC | RFFDG | RFMEM, stack + sizeof stack, child,
		    (void *)(uintptr_t)n));
		expect_child(pid, 7);
		CHECK(value == n, "value is %d, not %d", value, n);
		CHECK(mapped[PAGE] == 42, "what the child mapped has %d", mapped[PAGE]);
	}
	int pid = MUST(rfork(RFPROC | RFFDG));

	if (pid == 0) {
		value = 9;
		_exit(0);
	}
	expect_child(pid, 0);
	CHECK(value == 2, "a copy was written through");
	return 0;
}
#endif
