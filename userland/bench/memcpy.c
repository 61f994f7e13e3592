/*
 * Copying between buffers whose addresses differ by a power of two, word by word and by string
 * instructions: hard on direct-mapped caches and translation tables. One round: 8 x 64 KB.
 */
#include "bench.h"

#include <string.h>
#include <sys/mman.h>

#define APART (1u << 20)
#define BYTES 65536u

static __attribute__((noinline)) void copy_words(uint32_t *to, const uint32_t *from, unsigned words)
{
	for (unsigned i = 0; i < words; i++) {
		to[i] = from[i] + i;
		__asm__ volatile("" ::: "memory"); /* a loop, not a call of memcpy */
	}
}

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 20);
	uint32_t sum = 0;
	char *p = mmap(NULL, 9 * APART, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (unsigned i = 0; i < BYTES; i++)
		p[i] = (char)(i * 7);
	for (unsigned r = 0; r < count; r++)
		for (unsigned k = 0; k < 8; k++) {
			char *from = p + k * APART, *to = p + (k + 1) % 8 * APART;
			if (k % 2)
				memcpy(to, from, BYTES);
			else
				copy_words((uint32_t *)(void *)to, (uint32_t *)(void *)from, BYTES / 4);
			sum = sum * 31 + *(uint32_t *)(void *)(to + r * 4 % BYTES);
		}
	return report("memcpy", count, sum);
}
