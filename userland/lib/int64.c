/* 64-bit division, which i386 compilers call and libgcc would have. */
#include <stdint.h>

uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rest);
uint64_t __udivdi3(uint64_t n, uint64_t d);
uint64_t __umoddi3(uint64_t n, uint64_t d);
int64_t __divdi3(int64_t n, int64_t d);
int64_t __moddi3(int64_t n, int64_t d);
int64_t __divmoddi4(int64_t n, int64_t d, int64_t *rest);

/* high:low / d, where high < d. */
static uint32_t divide(uint32_t high, uint32_t low, uint32_t d, uint32_t *rest)
{
	uint32_t q;

	__asm__("divl %4" : "=a"(q), "=d"(*rest) : "a"(low), "d"(high), "rm"(d) : "cc");
	return q;
}

uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rest)
{
	uint32_t n1 = (uint32_t)(n >> 32), n0 = (uint32_t)n, d1 = (uint32_t)(d >> 32);
	uint32_t d0 = (uint32_t)d, r;
	uint64_t q;

	if (d1 == 0) {
		uint32_t q1 = n1 / d0;
		uint32_t q0 = divide(n1 % d0, n0, d0, &r);
		q = (uint64_t)q1 << 32 | q0;
		if (rest)
			*rest = r;
		return q;
	}
	/* The quotient of the leading 32 bits of d is at most one too large. */
	int shift = __builtin_clz(d1);
	uint32_t top = (uint32_t)(d << shift >> 32);
	uint64_t half = n >> 1;
	uint32_t guess = divide((uint32_t)(half >> 32), (uint32_t)half, top, &r);
	q = (uint64_t)guess << shift >> 31;
	if (q != 0)
		q--;
	uint64_t left = n - q * d;
	if (left >= d) {
		q++;
		left -= d;
	}
	if (rest)
		*rest = left;
	return q;
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
	return __udivmoddi4(n, d, 0);
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
	uint64_t rest;

	__udivmoddi4(n, d, &rest);
	return rest;
}

int64_t __divmoddi4(int64_t n, int64_t d, int64_t *rest)
{
	uint64_t un = n < 0 ? -(uint64_t)n : (uint64_t)n, ud = d < 0 ? -(uint64_t)d : (uint64_t)d;
	uint64_t r, q = __udivmoddi4(un, ud, &r);

	if (rest)
		*rest = (int64_t)(n < 0 ? -r : r);
	return (int64_t)((n < 0) != (d < 0) ? -q : q);
}

int64_t __divdi3(int64_t n, int64_t d)
{
	return __divmoddi4(n, d, 0);
}

int64_t __moddi3(int64_t n, int64_t d)
{
	int64_t rest;

	__divmoddi4(n, d, &rest);
	return rest;
}
