/* Faults on a file in the page cache. One round: one touch of a page that is not mapped yet. */
#include "bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES 2048u
#define STEP 16u /* no kernel here maps more than so many pages for one fault */

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 10240);
	uint32_t sum = 0;
	char path[] = "/tmp/bench.XXXXXX", page[4096];
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	unlink(path);
	for (unsigned i = 0; i < PAGES; i++) {
		memset(page, (int)i, sizeof page);
		if (write(fd, page, sizeof page) != sizeof page)
			return 1;
	}
	for (unsigned done = 0; done < count;) {
		volatile unsigned char *p = mmap(NULL, PAGES * 4096, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			return 1;
		for (unsigned i = PAGES / STEP; i-- > 0 && done < count; done++)
			sum = sum * 31 + p[i * STEP * 4096];
		munmap((void *)p, PAGES * 4096);
	}
	return report("pagein", count, sum);
}
