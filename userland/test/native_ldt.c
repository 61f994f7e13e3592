/* Segments of a local descriptor table (sysarch): set, copied for a fork's child, emptied, and refused
 * when they are no user's. */
#include "test.h"
#ifdef FAULTLINE_LINUX
int main(void)
{
	return 0;
}
#else
#include "native.h"

enum { SYS_sysarch = 165, GET_LDT = 0, SET_LDT = 1, AUTO = -1 };

static unsigned block[4] = {11, 22, 33, 44};

/* A page-granular segment with this base and access byte. */
static void describe(uint32_t words[2], void *address, unsigned access)
{
	uint32_t base = (uint32_t)(uintptr_t)address;

	words[0] = base << 16 | 0xffff;
	words[1] = (base & 0xff000000) | 0xcf0000 | access << 8 | (base >> 16 & 0xff);
}

static long ldt(int op, long start, void *descriptors, long number)
{
	long args[3] = {start, (long)descriptors, number};

	return CALL2(SYS_sysarch, op, args);
}

static unsigned word(unsigned offset)
{
	unsigned value;

	__asm__ volatile("movl %%gs:(%1), %0" : "=r"(value) : "r"(offset));
	return value;
}

int main(void)
{
	uint32_t one[2], two[2], back[36];

	describe(one, block, 0xf2);
	describe(two, block + 2, 0xf2);
	long entry = ldt(SET_LDT, AUTO, one, 1);
	CHECK(entry == 17, "the first entry is %ld", entry);
	__asm__ volatile("movl %0, %%gs" ::"r"(entry * 8 + 7));
	CHECK(word(0) == 11 && word(4) == 22, "%%gs:0 is %u", word(0));
	long next = ldt(SET_LDT, AUTO, two, 1);
	CHECK(next == 18, "the second entry is %ld", next);
	CHECK(ldt(GET_LDT, 0, back, 18) == 18, "I386_GET_LDT");
	CHECK((back[35] & 0xff00) >> 8 == 0xf3 || back[34] == one[0], "entry 17 is %#x", back[34]);

	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(word(0) == 11, "the child's %%gs:0 is %u", word(0));
		__asm__ volatile("movl %0, %%gs" ::"r"(next * 8 + 7));
		CHECK(word(0) == 33, "the child's second is %u", word(0));
		CHECK(ldt(SET_LDT, entry, two, 1) == entry, "the child sets one");
		_exit(0);
	}
	expect_child(pid, 0);
	__asm__ volatile("movl %0, %%gs" ::"r"(entry * 8 + 7));
	CHECK(word(0) == 11, "the child changed the parent's: %u", word(0));

	describe(two, block, 0x92);
	CHECK(ldt(SET_LDT, AUTO, two, 1) == -EACCES, "a segment of the kernel's");
	describe(two, block, 0xe2);
	CHECK(ldt(SET_LDT, AUTO, two, 1) == -EACCES, "a system segment");
	CHECK(ldt(SET_LDT, 8192, one, 1) == -EINVAL, "an entry past the end");
	CHECK(ldt(SET_LDT, entry, NULL, 1) == 0, "an entry emptied");
	catch_faults();
	seen.sig = 0;
	if (sigsetjmp(fault_return, 1) == 0)
		__asm__ volatile("movl %0, %%gs" ::"r"(entry * 8 + 7));
	CHECK(seen.sig == SIGBUS || seen.sig == SIGSEGV, "an empty entry loads: signal %d", seen.sig);
	return 0;
}
#endif
