/* The sieve of Eratosthenes up to 65536, in bytes. One round: all of it. */
#include "bench.h"

#include <string.h>

#define LIMIT 65536

int main(int argc, char **argv)
{
	static unsigned char composite[LIMIT];
	unsigned count = rounds(argc, argv, 50);
	uint32_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		memset(composite, 0, sizeof composite);
		for (unsigned p = 2; p < LIMIT; p++) {
			if (composite[p])
				continue;
			sum = sum * 31 + p;
			for (unsigned m = 2 * p; m < LIMIT; m += p)
				composite[m] = 1;
		}
	}
	return report("sieve", count, sum);
}
