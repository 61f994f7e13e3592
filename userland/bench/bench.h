/*
 * What benchmarks share: `NAME [COUNT]` does COUNT rounds of work and prints one line, whose
 * checksum depends on all of it and is the same everywhere.
 */
#ifndef _BENCH_H_
#define _BENCH_H_

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline unsigned rounds(int argc, char **argv, unsigned usual)
{
	return argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : usual;
}

static inline int report(const char *name, unsigned count, uint32_t checksum)
{
	printf("%s %u %08x\n", name, count, checksum);
	return 0;
}

/* xorshift32: the same numbers everywhere. */
static inline uint32_t next_random(uint32_t *state)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

#endif
