/*
 * Can a handler make a page accessible and return, so that the faulting instruction is done
 * as if nothing had been? (The way of every user-level pager and garbage collector.)
 *
 *   touch page -> SIGSEGV -> handler: mprotect(page, READ, then WRITE) -> instruction again
 */
#include "test.h"

#define PAGES 16
static char *area;
static int reads, writes;
static char state[PAGES];

static void repair(int sig, siginfo_t *info, void *context)
{
	unsigned page = (unsigned)((char *)info->si_addr - area) / PAGE;

	(void)context;
	if (sig != SIGSEGV || page >= PAGES)
		FAIL("signal %d at %p", sig, info->si_addr);
	if (info->si_code != SEGV_ACCERR)
		FAIL("si_code %d", info->si_code);
	int prot = state[page]++ == 0 ? PROT_READ : PROT_READ | PROT_WRITE;
	if (prot == PROT_READ)
		reads++;
	else
		writes++;
	MUST(mprotect(area + page * PAGE, PAGE, prot));
}

int main(void)
{
	area = map_pages(PAGES, PROT_NONE, MAP_PRIVATE);
	catch_with(SIGSEGV, repair, 0);
	unsigned sum = 0;
	for (unsigned i = 0; i < PAGES; i++)
		sum += (unsigned char)area[i * PAGE + i];
	CHECK(sum == 0 && reads == PAGES && writes == 0, "%d reads, %d writes", reads, writes);
	for (unsigned i = 0; i < PAGES; i++)
		__asm__ volatile("addl $0x01010101, %0" : "+m"(*(int *)(area + i * PAGE)));
	CHECK(writes == PAGES, "%d write faults for %d pages", writes, PAGES);
	for (unsigned i = 0; i < PAGES; i++)
		CHECK(*(int *)(area + i * PAGE) == 0x01010101, "page %u was added to twice", i);
	return 0;
}
