/*
 * vm#90 Does each of five generations see the pages as they were when it was born?
 *
 *   g0 writes page 0 -- fork
 *                        \-- g1 writes page 1 -- fork
 *                                                 \-- g2 writes page 2 -- fork ... g4
 *
 * Every generation's object shadows its parent's: the youngest finds page 0 four objects
 * down. They then end from the youngest to the oldest, and the chain collapses.
 */
#include "test.h"

#define GENERATIONS 5
#define PAGES 8

static char *p;

static void expect(unsigned page, char wanted, unsigned who)
{
	CHECK(p[page * PAGE] == wanted && p[page * PAGE + PAGE - 1] == wanted,
	    "generation %u sees %d in page %u, not %d", who, p[page * PAGE], page, wanted);
}

static void live(unsigned me)
{
	/* What the ancestors wrote, each in its own page. Page 7 has the last writer. */
	for (unsigned i = 0; i < me; i++)
		expect(i, (char)('a' + i), me);
	for (unsigned i = me; i < GENERATIONS; i++)
		expect(i, 0, me);
	expect(7, me == 0 ? 0 : (char)('A' + me - 1), me);
	memset(p + me * PAGE, 'a' + (int)me, PAGE);
	memset(p + 7 * PAGE, 'A' + (int)me, PAGE);
	if (me + 1 < GENERATIONS) {
		pid_t pid = MUST(fork());
		if (pid == 0) {
			live(me + 1);
			_exit(0);
		}
		expect_child(pid, 0);
	}
	for (unsigned i = 0; i < GENERATIONS; i++)
		expect(i, i <= me ? (char)('a' + i) : 0, me);
	expect(7, (char)('A' + me), me);
	expect(6, 0, me); /* nobody's: zero-filled now, by the oldest last */
}

int main(void)
{
	p = map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	for (int round = 0; round < 3; round++) {
		memset(p, 0, PAGES * PAGE);
		live(0);
	}
	return 0;
}
