/* Product of two 64 x 64 integer matrices. One round: one product. */
#include "bench.h"

#define N 64

int main(int argc, char **argv)
{
	static int32_t a[N][N], b[N][N], c[N][N];
	unsigned count = rounds(argc, argv, 20);
	uint32_t seed = 3, sum = 0;

	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < N; j++) {
			a[i][j] = (int32_t)(next_random(&seed) & 0xffff);
			b[i][j] = (int32_t)(next_random(&seed) & 0xffff) - 0x8000;
		}
	for (unsigned r = 0; r < count; r++) {
		for (unsigned i = 0; i < N; i++)
			for (unsigned j = 0; j < N; j++) {
				uint32_t dot = 0;
				for (unsigned k = 0; k < N; k++)
					dot += (uint32_t)a[i][k] * (uint32_t)b[k][j];
				c[i][j] = (int32_t)dot;
			}
		a[r % N][r / N % N] = c[r % N][r % 7];
		sum = sum * 17 + (uint32_t)c[r % N][(r * 5) % N];
	}
	return report("matrix", count, sum);
}
