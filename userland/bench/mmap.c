/* mmap and munmap. One round: one pair, of four pages. */
#include "bench.h"

#include <sys/mman.h>

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 10000);
	uint32_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		void *p = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);
		if (p == MAP_FAILED || munmap(p, 4 * 4096) < 0)
			return 1;
		sum = sum * 31 + i;
	}
	return report("mmap", count, sum);
}
