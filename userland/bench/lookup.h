/*
 * Map lookups in maps of different sizes. One round: an mprotect that changes nothing, of one page
 * whose entry the map has to find among `entries`.
 */
#include "bench.h"

#include <sys/mman.h>

static int lookups(const char *name, unsigned entries, unsigned count)
{
	/* Every other page cannot be written: neighbours stay entries of their own. */
	unsigned char *p = mmap(NULL, entries * 4096, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE,
	    -1, 0);
	uint32_t random = 1, sum = 0;

	if (p == MAP_FAILED)
		return 1;
	for (unsigned i = 0; i < entries; i += 2)
		if (mprotect(p + i * 4096, 4096, PROT_READ) < 0)
			return 1;
	for (unsigned i = 1; i < entries; i += 2)
		p[i * 4096] = (unsigned char)i;
	for (unsigned i = 0; i < count; i++) {
		unsigned char *q = p + ((next_random(&random) % entries) | 1) * 4096;
		mprotect(q, 4096, PROT_READ | PROT_WRITE);
		sum = sum * 31 + *q;
	}
	return report(name, count, sum);
}
