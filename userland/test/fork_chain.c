/*
 * A line of descent: each process writes, forks and exits, and its child goes on (GENERATIONS in
 * the argument, otherwise 200). Does every generation find what its parent wrote?
 */
#include "test.h"

#define PAGES 4

int main(int argc, char **argv)
{
	unsigned generations = argc > 1 ? (unsigned)atoi(argv[1]) : 200;
	unsigned *p = (unsigned *)map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int done[2];
	char verdict = 0;

	MUST(pipe(done));
	for (unsigned i = 0; i < PAGES; i++)
		p[i * PAGE / 4] = 0;
	for (unsigned g = 0; g < generations; g++) {
		/* One page in each generation, all of them in turn. */
		p[g % PAGES * PAGE / 4] = g;
		pid_t pid = MUST(fork());
		if (pid != 0) {
			if (g > 0)
				_exit(0);
			/* The first waits for the last. */
			MUST(close(done[1]));
			CHECK(read(done[0], &verdict, 1) == 1 && verdict == 'y',
			    "a generation is wrong, or the line has died out");
			return 0;
		}
		for (unsigned i = 0; i < PAGES && i <= g; i++)
			CHECK(p[(g - i) % PAGES * PAGE / 4] == g - i, "generation %u sees %u", g,
			    p[(g - i) % PAGES * PAGE / 4]);
	}
	MUST(write(done[1], "y", 1));
	return 0;
}
