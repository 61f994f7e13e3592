/*
 * Does a child run soon although its parent never sleeps: at once when the parent yields, and otherwise
 * when the parent's time slice, a tenth of a second, is over?
 */
#include "test.h"

#include <sched.h>
#include <time.h>

/* On a host that is busy with other things. */
#ifdef FAULTLINE_LINUX
#define SLACK_MS 2000
#else
#define SLACK_MS 0
#endif

static long now_ms(void)
{
	struct timespec ts;

	MUST(clock_gettime(CLOCK_MONOTONIC, &ts));
	return (long)ts.tv_sec * 1000 + (long)ts.tv_nsec / 1000000;
}

/* Keeps the processor busy, without a call, for a millisecond or less. */
static void compute(void)
{
	for (volatile int i = 0; i < 10000; i++)
		continue;
}

/* How long a child takes to say something. */
static long delay(volatile int *flag, int yields)
{
	long start = now_ms();
	pid_t pid;

	*flag = 0;
	pid = MUST(fork());
	if (pid == 0) {
		*flag = 1;
		_exit(0);
	}
	while (*flag == 0 && now_ms() - start < 5000)
		if (yields)
			MUST(sched_yield());
		else
			compute();
	long taken = now_ms() - start;
	expect_child(pid, 0);
	return taken;
}

int main(void)
{
	volatile int *flag = (int *)(void *)map_pages(1, PROT_READ | PROT_WRITE, MAP_SHARED);

	/* Recent use of the processor makes priorities worse: the parent's, and what the child inherits. */
	for (long start = now_ms(); now_ms() - start < 300;)
		compute();
	for (int round = 0; round < 3; round++) {
		long yielding = delay(flag, 1), spinning = delay(flag, 0);

		CHECK(yielding <= 2 + SLACK_MS, "after a yield the child waits for %ld ms", yielding);
		CHECK(spinning <= 100 + SLACK_MS, "the child waits for %ld ms", spinning);
	}
	return 0;
}
