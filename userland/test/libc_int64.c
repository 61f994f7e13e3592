/* Is 64-bit division right at the edges? q * d + r must be n again, with r below d. */
#include "test.h"

int main(void)
{
	static const uint64_t values[] = {0, 1, 2, 3, 7, 10, 0xff, 0x7fffffff, 0x80000000, 0xffffffff,
	    0x100000000, 0x100000001, 0x1fffffffe, 0x123456789abcdef, 0x7fffffffffffffff,
	    0x8000000000000000, 0x8000000000000001, 0xfffffffe00000001, 0xffffffff00000000,
	    0xfffffffffffffffe, 0xffffffffffffffff};
	int count = (int)(sizeof values / sizeof values[0]);

	for (int i = 0; i < count; i++)
		for (int j = 1; j < count; j++) {
			volatile uint64_t n = values[i], d = values[j];
			uint64_t q = n / d, r = n % d;
			CHECK(q * d + r == n && r < d, "%llx / %llx gives %llx rest %llx",
			    (unsigned long long)n, (unsigned long long)d, (unsigned long long)q,
			    (unsigned long long)r);
			volatile int64_t sn = (int64_t)n, sd = (int64_t)d;
			if (sd == -1)
				continue;
			int64_t sq = sn / sd, sr = sn % sd;
			CHECK(sq * sd + sr == sn && (sr == 0 || (sr < 0) == (sn < 0)),
			    "%lld / %lld gives %lld rest %lld", (long long)sn, (long long)sd,
			    (long long)sq, (long long)sr);
		}
	return 0;
}
