/*
 * Do two processes that never sleep share the processor, while a third that sleeps is woken in
 * time?
 *
 *   a: count count count ...      b: count count count ...      parent: sleep, sleep, look
 */
#include "test.h"

#include <time.h>

int main(void)
{
	volatile unsigned *counts = (unsigned *)(void *)map_pages(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t pids[2];
	unsigned before[2];

	for (int i = 0; i < 2; i++) {
		pids[i] = MUST(fork());
		if (pids[i] == 0)
			for (;;)
				counts[i * 16]++;
	}
	/* Both get on within two seconds, and then again. */
	for (int round = 0; round < 3; round++) {
		before[0] = counts[0];
		before[1] = counts[16];
		for (int tries = 0; counts[0] == before[0] || counts[16] == before[1]; tries++) {
			CHECK(tries < 200, "one of two spinners stands still: %u %u", counts[0], counts[16]);
			usleep(10000);
		}
	}
	usleep(300000);
	unsigned a = counts[0], b = counts[16];
	for (int i = 0; i < 2; i++) {
		MUST(kill(pids[i], SIGKILL));
		expect_child(pids[i], 128 + SIGKILL);
	}
	CHECK(a / 8 <= b && b / 8 <= a, "the shares are %u and %u", a, b);
	return 0;
}
