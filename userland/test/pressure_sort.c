/*
 * Sorts numbers in place (megabytes of them in the argument, otherwise 1): by the top byte into
 * 256 regions, and those by the next. Are they in order, and the same as before?
 */
#include "test.h"

typedef uint32_t word;

static uint32_t state = 2463534242u;

static uint32_t next(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void insertion(word *a, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		word x = a[i];
		unsigned j = i;
		for (; j > 0 && a[j - 1] > x; j--)
			a[j] = a[j - 1];
		a[j] = x;
	}
}

/* American flag sort (McIlroy, Bostic, McIlroy 1993) by the byte at `shift` and those below. */
static void sort(word *a, unsigned n, int shift)
{
	unsigned head[256], tail[256];

	if (n < 40) {
		insertion(a, n);
		return;
	}
	memset(tail, 0, sizeof tail);
	for (unsigned i = 0; i < n; i++)
		tail[a[i] >> shift & 255]++;
	for (unsigned b = 0, at = 0; b < 256; b++) {
		head[b] = at;
		at += tail[b];
		tail[b] = at;
	}
	for (unsigned b = 0; b < 256; b++) {
		while (head[b] < tail[b]) {
			word x = a[head[b]];
			unsigned to;
			while ((to = x >> shift & 255) != b) {
				word y = a[head[to]];
				a[head[to]++] = x;
				x = y;
			}
			a[head[b]++] = x;
		}
	}
	if (shift == 0)
		return;
	for (unsigned b = 0, from = 0; b < 256; b++) {
		sort(a + from, tail[b] - from, shift - 8);
		from = tail[b];
	}
}

int main(int argc, char **argv)
{
	unsigned n = (argc > 1 ? (unsigned)atoi(argv[1]) : 1) << 18;
	word *a = (word *)map_pages(n / (PAGE / 4), PROT_READ | PROT_WRITE, MAP_PRIVATE);
	word sum = 0, mix = 0, sum2 = 0, mix2 = 0;

	for (unsigned i = 0; i < n; i++) {
		word x = a[i] = next();
		sum += x;
		mix ^= x * 2654435761u;
	}
	sort(a, n, 24);
	for (unsigned i = 0; i < n; i++) {
		CHECK(i == 0 || a[i - 1] <= a[i], "number %u is larger than the next", i - 1);
		sum2 += a[i];
		mix2 ^= a[i] * 2654435761u;
	}
	CHECK(sum == sum2 && mix == mix2, "the numbers are not those there were");
	return 0;
}
