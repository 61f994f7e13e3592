/* Recursive Fibonacci: calls and returns. One round: fib(20), 21891 calls. */
#include "bench.h"

static __attribute__((noinline, noclone)) uint32_t fib(uint32_t n)
{
	if (n < 2)
		return n;
	uint32_t a = fib(n - 1);
	__asm__ volatile("" : "+r"(n)); /* no unfolding of the recursion into a loop */
	return a + fib(n - 2);
}

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 50);
	uint32_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum = sum * 3 + fib(20 + (i & 1));
	return report("fib", count, sum);
}
