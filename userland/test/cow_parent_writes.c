/*
 * vm#41 After fork, does a child keep what was, while the parent writes?
 *
 *   parent: fill -- fork -- overwrite -- tell ------------- wait
 *                     \---- child: ------ hear -- as filled? exit
 */
#include "test.h"

#define PAGES 20

int main(void)
{
	char *p = map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int ends[2];

	for (unsigned i = 0; i < PAGES * PAGE; i++)
		p[i] = pattern(i);
	MUST(pipe(ends));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		hear(ends[0]);
		for (unsigned i = 0; i < PAGES * PAGE; i++)
			CHECK(p[i] == pattern(i), "the child sees %d at byte %u", p[i], i);
		p[1] = 'c'; /* by now its own page: no copy needed */
		_exit(p[1] == 'c' ? 0 : 2);
	}
	for (unsigned i = 0; i < PAGES; i += 2)
		memset(p + i * PAGE, 'P', PAGE);
	tell(ends[1]);
	expect_child(pid, 0);
	for (unsigned i = 0; i < PAGES * PAGE; i++)
		CHECK(p[i] == (i / PAGE % 2 ? pattern(i) : 'P'), "the parent sees %d at byte %u", p[i], i);
	return 0;
}
