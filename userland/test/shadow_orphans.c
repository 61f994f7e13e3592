/*
 * vm#90 When parents die first, do the children's pages survive the collapse of what is between?
 *
 *   g0 -- fork -- wait for the last word
 *           \-- g1: write page 1, fork, exit at once
 *                          \-- g2: write page 2, fork, exit at once
 *                                         \-- g3: look at everything, then tell g0
 */
#include "test.h"

int main(void)
{
	char *p = map_pages(4, PROT_READ | PROT_WRITE, MAP_PRIVATE), verdict = 0;
	int ends[2];

	MUST(pipe(ends));
	memset(p, 'a', PAGE);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		for (int g = 1; g <= 2; g++) {
			memset(p + g * PAGE, 'a' + g, PAGE);
			p[g] = (char)g; /* a copy of page 0 in every generation */
			pid_t child = MUST(fork());
			if (child != 0)
				_exit(0);
		}
		usleep(20000); /* the ancestors are gone */
		int good = p[0] == 'a' && p[1] == 1 && p[2] == 2 && p[3] == 'a' && p[PAGE] == 'b' &&
		    p[2 * PAGE + 5] == 'c' && p[3 * PAGE] == 0;
		memset(p, 'z', 4 * PAGE);
		write(ends[1], good ? "y" : "n", 1);
		_exit(0);
	}
	close(ends[1]);
	expect_child(pid, 0);
	CHECK(read(ends[0], &verdict, 1) == 1, "the grandchild was never heard");
	CHECK(verdict == 'y', "the grandchild saw other pages");
	CHECK(p[0] == 'a' && p[1] == 'a' && p[PAGE] == 0, "the grandchild wrote into our pages");
	return 0;
}
