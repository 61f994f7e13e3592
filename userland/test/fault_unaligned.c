/*
 * When an access crosses into a page that faults, is the first half left alone, the address
 * in the second page, and the access whole once the page can be reached?
 *
 *   | page 0 (ok)     ..XX|XX..   page 1 (PROT_NONE) |
 */
#include "test.h"

static char *second;
static uintptr_t fault_address;
static volatile int faults;

static void repair(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	faults++;
	fault_address = (uintptr_t)info->si_addr;
	/* Nothing of the store may have reached the first page. */
	if (second[-1] != 7 || second[-2] != 7 || second[-3] != 7)
		FAIL("half of a store was done: %d %d %d", second[-3], second[-2], second[-1]);
	MUST(mprotect(second, PAGE, PROT_READ | PROT_WRITE));
}

int main(void)
{
	char *p = map_pages(2, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	second = p + PAGE;
	catch_with(SIGSEGV, repair, 0);
	for (int offset = 1; offset <= 3; offset++) {
		uint32_t value = 0x11223344, *at = (uint32_t *)(void *)(second - offset);
		memset(second - 8, 7, 16);
		MUST(mprotect(second, PAGE, PROT_NONE));
		faults = 0;
		__asm__ volatile("movl %1, %0" : "=m"(*at) : "r"(value));
		CHECK(faults == 1, "%d faults at offset %d", faults, offset);
		CHECK(fault_address == (uintptr_t)second, "address %#lx", (unsigned long)fault_address);
		CHECK(memcmp(at, &value, 4) == 0, "the store is torn at offset %d", offset);
		CHECK(second[4 - offset] == 7, "the store is too long");
		/* read-modify-write, and a load */
		memset(second - 8, 7, 16);
		MUST(mprotect(second, PAGE, PROT_NONE));
		__asm__ volatile("xaddl %0, %1" : "+r"(value), "+m"(*at));
		CHECK(value == 0x07070707, "loaded %#x", value);
		uint32_t sum = 0x11223344 + 0x07070707;
		CHECK(memcmp(at, &sum, 4) == 0, "added %#x", sum);
	}
	return 0;
}
