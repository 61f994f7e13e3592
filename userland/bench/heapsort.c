/* Heapsort of 16384 words. One round: filling and sorting them. */
#include "bench.h"

#define N 16384

static void sift(uint32_t *a, unsigned root, unsigned end)
{
	uint32_t v = a[root];

	for (unsigned child; (child = 2 * root + 1) < end; root = child) {
		if (child + 1 < end && a[child] < a[child + 1])
			child++;
		if (v >= a[child])
			break;
		a[root] = a[child];
	}
	a[root] = v;
}

int main(int argc, char **argv)
{
	static uint32_t a[N];
	unsigned count = rounds(argc, argv, 20);
	uint32_t seed = 1, sum = 0;

	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; j < N; j++)
			a[j] = next_random(&seed);
		for (unsigned j = N / 2; j-- > 0;)
			sift(a, j, N);
		for (unsigned end = N; --end > 0;) {
			uint32_t v = a[0];
			a[0] = a[end];
			a[end] = v;
			sift(a, 0, end);
		}
		for (unsigned j = 0; j < N; j += 97)
			sum = sum * 33 + a[j];
	}
	return report("heapsort", count, sum);
}
