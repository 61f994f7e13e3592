/* Do interval timers come again and again, alarms once, and in the right time? */
#include "test.h"

#include <sys/time.h>

static volatile int count;
static void handler(int sig) { (void)sig, count++; }

static long long now(void)
{
	struct timespec ts;

	MUST(clock_gettime(CLOCK_MONOTONIC, &ts));
	return ts.tv_sec * 1000000ll + ts.tv_nsec / 1000;
}

int main(void)
{
	struct itimerval timer = {{0, 10000}, {0, 20000}}, got;

	signal(SIGALRM, handler);
	long long start = now();
	MUST(setitimer(ITIMER_REAL, &timer, NULL));
	while (count < 5)
		pause();
	long long took = now() - start;
	CHECK(took >= 59000 && took < 1000000, "5 ticks took %lld us", took);
	timer.it_value.tv_usec = 0;
	MUST(setitimer(ITIMER_REAL, &timer, &got));
	CHECK(got.it_interval.tv_usec == 10000, "the interval was %ld", (long)got.it_interval.tv_usec);
	int before = count;
	usleep(40000);
	CHECK(count == before, "a stopped timer ticks");

	/* It also interrupts what never sleeps. */
	timer.it_interval.tv_usec = 0;
	timer.it_value.tv_usec = 30000;
	MUST(setitimer(ITIMER_REAL, &timer, NULL));
	start = now();
	for (before = count; count == before;)
		;
	took = now() - start;
	CHECK(took >= 29000 && took < 1000000, "a timer of 30 ms took %lld us", took);
	CHECK(alarm(100) == 0 && alarm(0) >= 99, "alarm does not say what is left");
	start = now();
	usleep(25000);
	took = now() - start;
	CHECK(took >= 25000, "a sleep of 25 ms took %lld us", took);
	return 0;
}
