/*
 * Many processes that want more memory than there is, each writing pages of its own at random and
 * reading them again, with short sleeps between. Does everybody find what they wrote, to the end?
 *
 *   pressure_thrash [PROCESSES PAGES SECONDS]     otherwise 4, 16 and 1
 */
#include "test.h"

#include <time.h>

static uint32_t state;

static uint32_t next(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static time_t now(void)
{
	struct timespec t;

	MUST(clock_gettime(CLOCK_MONOTONIC, &t));
	return t.tv_sec;
}

static void thrash(unsigned who, unsigned pages, time_t end)
{
	volatile unsigned *p = (unsigned *)map_pages(pages, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	static unsigned wrote[4096];
	const struct timespec nap = {0, 700000000};

	state = 88172645u + who * 7919;
	do {
		for (int i = 0; i < 24; i++) {
			unsigned page = next() % pages, at = page * PAGE / 4 + page % 1000;
			CHECK(p[at] == wrote[page], "process %u finds %u in page %u, not %u", who,
			    p[at], page, wrote[page]);
			p[at] = wrote[page] = next();
		}
		MUST(nanosleep(&nap, NULL));
	} while (now() < end);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned processes = argc > 3 ? (unsigned)atoi(argv[1]) : 4;
	unsigned pages = argc > 3 ? (unsigned)atoi(argv[2]) : 16;
	time_t end = now() + (argc > 3 ? atoi(argv[3]) : 1);

	for (unsigned i = 0; i < processes; i++)
		if (MUST(fork()) == 0)
			thrash(i, pages, end);
	for (unsigned i = 0; i < processes; i++)
		expect_child(-1, 0);
	return 0;
}
