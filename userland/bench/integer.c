/* A loop of adds, shifts, multiplications and divisions in registers. One round: 1000 turns. */
#include "bench.h"

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 20000);
	uint32_t a = 1, b = 0x9e3779b9, c = 0;

	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < 1000; j++) {
			a = a * 1664525 + 1013904223;
			b ^= a >> 7 | a << 25;
			c += b + (j ^ i);
			if (c & 1)
				c ^= b << 3;
			else
				c -= a >> 2;
			if ((j & 31) == 0)
				b += a / (c | 1);
		}
	return report("integer", count, a ^ b ^ c);
}
