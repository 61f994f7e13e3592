/* Does fork copy an address space of 300 mappings of every kind? */
#include "test.h"

#define MAPS 300

int main(void)
{
	static char *maps[MAPS];
	int fd = make_file(PAGE);

	for (unsigned i = 0; i < MAPS; i++) {
		int kind = (int)(i % 4);
		/* different protections so that neighbours are not merged */
		if (kind == 3)
			maps[i] = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
		else
			maps[i] = map_pages(1 + i % 3, PROT_READ | PROT_WRITE,
			    kind == 1 ? MAP_SHARED : MAP_PRIVATE);
		CHECK(maps[i] != MAP_FAILED, "mapping %u: %s", i, strerror(errno));
		if (kind < 2)
			maps[i][5] = (char)i;
	}
	for (int round = 0; round < 3; round++) {
		pid_t pid = MUST(fork());
		if (pid == 0) {
			for (unsigned i = 0; i < MAPS; i++) {
				char wanted = i % 4 == 3 ? pattern(5) : i % 4 == 2 ? 0 : (char)i;
				CHECK(maps[i][5] == wanted, "mapping %u holds %d", i, maps[i][5]);
				if (i % 4 != 3)
					maps[i][6] = 'c';
			}
			_exit(0);
		}
		expect_child(pid, 0);
		for (unsigned i = 0; i < MAPS; i++)
			if (i % 4 != 3) {
				CHECK(maps[i][6] == (i % 4 == 1 ? 'c' : 0), "mapping %u after", i);
				maps[i][6] = 0;
			}
	}
	for (unsigned i = 0; i < MAPS; i += 2)
		MUST(munmap(maps[i], PAGE));
	CHECK(maps[1][5] == 1, "a neighbour was unmapped");
	return 0;
}
