/*
 * When a string move faults midway, do the registers say how far it came, and does it go on
 * from there after the repair, forwards and backwards?
 */
#include "test.h"

static char *target, *blocked;
static volatile int faults;

static void repair(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	faults++;
	char *edi = (char *)(uintptr_t)(unsigned)uc->uc_mcontext.mc_edi;
	if ((char *)info->si_addr < blocked || (char *)info->si_addr >= blocked + PAGE)
		FAIL("fault at %p", info->si_addr);
	if (edi > blocked + PAGE || edi < blocked - 4)
		FAIL("edi is %p at a fault on %p", (void *)edi, info->si_addr);
	MUST(mprotect(blocked, PAGE, PROT_READ | PROT_WRITE));
}

int main(void)
{
	char *source = map_pages(4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unsigned len = 3 * PAGE - 100;

	target = map_pages(4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	for (unsigned i = 0; i < 4 * PAGE; i++)
		source[i] = pattern(i);
	catch_with(SIGSEGV, repair, 0);

	for (int backwards = 0; backwards < 2; backwards++)
		for (int words = 0; words < 2; words++) {
			unsigned size = words ? 4 : 1, count = len / size;
			char *s = source + 40, *d = target + 40;
			memset(target, 0, 4 * PAGE);
			blocked = target + PAGE;
			MUST(mprotect(blocked, PAGE, PROT_NONE));
			faults = 0;
			if (backwards) {
				s += (count - 1) * size;
				d += (count - 1) * size;
				if (words)
					__asm__ volatile("std; rep movsl; cld"
					    : "+S"(s), "+D"(d), "+c"(count)::"memory", "cc");
				else
					__asm__ volatile("std; rep movsb; cld"
					    : "+S"(s), "+D"(d), "+c"(count)::"memory", "cc");
			} else if (words) {
				__asm__ volatile("rep movsl" : "+S"(s), "+D"(d), "+c"(count)::"memory");
			} else {
				__asm__ volatile("rep movsb" : "+S"(s), "+D"(d), "+c"(count)::"memory");
			}
			CHECK(faults == 1, "%d faults", faults);
			CHECK(count == 0, "%u units left", count);
			len &= ~3u;
			for (unsigned i = 0; i < 4 * PAGE; i++) {
				char wanted = i >= 40 && i < 40 + len ? pattern(i) : 0;
				CHECK(target[i] == wanted, "byte %u is %d (backwards %d, words %d)", i,
				    target[i], backwards, words);
			}
		}
	return 0;
}
