/* A storm of zero-fill faults. One round: touching one page of fresh memory. */
#include "bench.h"

#include <sys/mman.h>

#define CHUNK 1024u /* pages mapped at a time */

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 20000);
	uint32_t sum = 0;

	for (unsigned done = 0; done < count;) {
		unsigned pages = count - done < CHUNK ? count - done : CHUNK;
		volatile unsigned char *p = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
		    MAP_ANON | MAP_PRIVATE, -1, 0);
		if (p == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
		for (unsigned i = 0; i < pages; i++) {
			p[i * 4096] = (unsigned char)(i + done);
			sum = sum * 31 + p[i * 4096] + p[i * 4096 + 1];
		}
		munmap((void *)p, pages * 4096);
		done += pages;
	}
	return report("faults", count, sum);
}
