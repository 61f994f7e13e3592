/*
 * SSE2 as compilers vectorise: a filter over packed singles, and packed integers of 8, 16 and 32
 * bits. One round: 4 KB of each.
 */
#include "bench.h"

#include <string.h>

#define LENGTH 256

typedef float singles __attribute__((vector_size(16)));
typedef int32_t dwords __attribute__((vector_size(16)));
typedef int16_t words __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(16)));

static singles in[LENGTH], out[LENGTH];
static dwords mixed[LENGTH];
static words scaled[LENGTH];
static bytes text[LENGTH];

static void filter(void)
{
	const singles c0 = { 0.25f, 0.25f, 0.25f, 0.25f }, c1 = { 0.4f, 0.4f, 0.4f, 0.4f };
	const singles one = { 1, 1, 1, 1 }; /* without it values would die away to denormals */

	for (unsigned i = 1; i + 1 < LENGTH; i++)
		out[i] = c0 * (in[i - 1] + in[i + 1]) + c1 * in[i] + one;
	for (unsigned i = 1; i + 1 < LENGTH; i++)
		in[i] = out[i] - in[i] * c0;
}

static void integers(void)
{
	for (unsigned i = 0; i < LENGTH; i++) {
		dwords v = mixed[i];
		v ^= v << 13;
		v ^= (v >> 17) & 0x7fff;
		v ^= v << 5;
		mixed[i] = v;
		words w = (words)v;
		scaled[i] = scaled[i] * w + (w >> 3);
		bytes b = (bytes)v;
		text[i] += b ^ (bytes)(b > text[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 100);
	uint32_t seed = 5, sum = 0, part[4];

	for (unsigned i = 0; i < LENGTH; i++)
		for (unsigned k = 0; k < 4; k++) {
			mixed[i][k] = (int32_t)next_random(&seed);
			in[i][k] = (float)(int32_t)next_random(&seed) / 65536.0f;
		}
	for (unsigned r = 0; r < count; r++) {
		filter();
		integers();
		in[r % (LENGTH - 2) + 1][r % 4] = 1000.0f;
	}
	for (unsigned i = 0; i < LENGTH; i++) {
		memcpy(part, &out[i], sizeof(part));
		sum = sum * 31 + (part[0] ^ part[1] ^ part[2] ^ part[3]);
		memcpy(part, &scaled[i], sizeof(part));
		sum = sum * 31 + (part[0] ^ part[1] ^ part[2] ^ part[3]);
		memcpy(part, &text[i], sizeof(part));
		sum = sum * 31 + (part[0] ^ part[1] ^ part[2] ^ part[3]);
	}
	return report("vectors", count, sum);
}
