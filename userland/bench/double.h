/*
 * Scalar doubles as compiled code uses them: solving linear equations and stepping a planetary
 * system. Compiled twice, for x87 and for SSE2, whose results differ in the last bits.
 */
#ifndef _DOUBLE_H_
#define _DOUBLE_H_

#include "bench.h"

#include <string.h>

#define N 16
#define BODIES 5

static double a[N][N], x[N];
static double place[BODIES][3], speed[BODIES][3], mass[BODIES];

static double random_double(uint32_t *seed)
{
	return (double)(int32_t)next_random(seed) / 2147483648.0;
}

/* Gauss-Jordan elimination; the diagonal is large. */
static void solve(uint32_t *seed)
{
	for (unsigned i = 0; i < N; i++) {
		for (unsigned j = 0; j < N; j++)
			a[i][j] = random_double(seed) + (i == j ? 2 * N : 0);
		x[i] = random_double(seed);
	}
	for (unsigned k = 0; k < N; k++)
		for (unsigned i = 0; i < N; i++) {
			if (i == k)
				continue;
			double f = a[i][k] / a[k][k];
			for (unsigned j = k; j < N; j++)
				a[i][j] -= f * a[k][j];
			x[i] -= f * x[k];
		}
	for (unsigned k = 0; k < N; k++)
		x[k] /= a[k][k];
}

/* One step under a force that falls with the fourth power of the distance, softened. */
static void step(double dt)
{
	for (unsigned i = 0; i < BODIES; i++)
		for (unsigned j = 0; j < BODIES; j++) {
			double d[3], square = 0.25;
			if (i == j)
				continue;
			for (unsigned k = 0; k < 3; k++) {
				d[k] = place[j][k] - place[i][k];
				square += d[k] * d[k];
			}
			double pull = dt * mass[j] / (square * square);
			for (unsigned k = 0; k < 3; k++)
				speed[i][k] += d[k] * pull;
		}
	for (unsigned i = 0; i < BODIES; i++)
		for (unsigned k = 0; k < 3; k++)
			place[i][k] += dt * speed[i][k];
}

static uint32_t sum_doubles(const void *from, unsigned bytes)
{
	uint32_t sum = 0, word;

	for (unsigned i = 0; i < bytes; i += 4) {
		memcpy(&word, (const char *)from + i, 4);
		sum = sum * 31 + word;
	}
	return sum;
}

/* One round: one system of equations and 16 steps. */
static int doubles(const char *name, int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 100);
	uint32_t seed = 7, sum = 0;

	for (unsigned i = 0; i < BODIES; i++) {
		for (unsigned k = 0; k < 3; k++) {
			place[i][k] = random_double(&seed) * 4;
			speed[i][k] = random_double(&seed) / 8;
		}
		mass[i] = 1 + random_double(&seed);
	}
	for (unsigned r = 0; r < count; r++) {
		solve(&seed);
		for (unsigned s = 0; s < 16; s++)
			step(1 / 1024.0);
		sum = sum * 17 + sum_doubles(x, sizeof(x));
	}
	return report(name, count, sum ^ sum_doubles(place, sizeof(place)));
}

#endif
