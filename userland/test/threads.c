/* vm#8 vm#69 vm#118 Two threads in one map: both fault on the same page; one unmaps while the other
 * touches; mutex and condition variable; what one maps, protects or grows the other sees. */
#include "test.h"
#ifdef FAULTLINE_LINUX
int main(void)
{
	return 0;
}
#else
#include <pthread.h>
#include <sched.h>

enum { THREADS = 4, PAGES = 64, ROUNDS = 200, ITEMS = 300 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char *shared;
static volatile unsigned sum, turn;

/* Every thread adds to every page: the first to come makes it, the others find it. */
static void *fill(void *arg)
{
	unsigned n = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < PAGES; i++) {
		__sync_fetch_and_add((unsigned *)(shared + i * PAGE), n + 1);
		if ((i + n) % 3 == 0)
			sched_yield();
	}
	return (void *)(uintptr_t)(n * 10);
}

static void *count(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		unsigned before = sum;
		if (i % 5 == 0)
			sched_yield();
		sum = before + 1;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

/* Takes turns with main: odd turns are ours. */
static void *pong(void *arg)
{
	(void)arg;
	for (int i = 0; i < ITEMS; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 2 == 0)
			pthread_cond_wait(&changed, &mutex);
		turn++;
		pthread_cond_signal(&changed);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

/* Touches the page until it is gone; catch_faults() comes back here, no other thread faults. */
static void *touch_until_gone(void *arg)
{
	while (try_write(shared, 1) == 0) {
		turn = 1;
		sched_yield();
	}
	CHECK(seen.sig == SIGSEGV && seen.code == SEGV_MAPERR && seen.addr == (uintptr_t)shared,
	    "signal %d code %d at %#lx", seen.sig, seen.code, (unsigned long)seen.addr);
	return arg;
}

static void *errno_of_its_own(void *arg)
{
	CHECK(close(-1) == -1 && errno == EBADF, "errno is %d", errno);
	sched_yield();
	CHECK(errno == EBADF, "errno became %d", errno);
	return arg;
}

int main(void)
{
	pthread_t threads[THREADS];
	void *result;

	shared = map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	for (unsigned n = 0; n < THREADS; n++)
		CHECK(pthread_create(&threads[n], NULL, fill, (void *)(uintptr_t)n) == 0, "create");
	for (unsigned n = 0; n < THREADS; n++) {
		CHECK(pthread_join(threads[n], &result) == 0, "join");
		CHECK(result == (void *)(uintptr_t)(n * 10), "thread %u gives %p", n, result);
	}
	for (unsigned i = 0; i < PAGES; i++) {
		unsigned got = *(unsigned *)(shared + i * PAGE);
		CHECK(got == THREADS * (THREADS + 1) / 2, "page %u has %u", i, got);
	}

	for (unsigned n = 0; n < THREADS; n++)
		pthread_create(&threads[n], NULL, count, NULL);
	for (unsigned n = 0; n < THREADS; n++)
		pthread_join(threads[n], NULL);
	CHECK(sum == THREADS * ROUNDS, "%u of %u counted", sum, THREADS * ROUNDS);

	turn = 0;
	pthread_create(&threads[0], NULL, pong, NULL);
	for (int i = 0; i < ITEMS; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 2 == 1)
			pthread_cond_wait(&changed, &mutex);
		turn++;
		pthread_cond_signal(&changed);
		pthread_mutex_unlock(&mutex);
	}
	pthread_join(threads[0], NULL);
	CHECK(turn == 2 * ITEMS, "%u turns", turn);

	struct timespec past = {1, 0};
	pthread_mutex_lock(&mutex);
	int error = pthread_cond_timedwait(&changed, &mutex, &past);
	CHECK(error == ETIMEDOUT, "a wait until 1970 gives %d", error);
	CHECK(pthread_mutex_trylock(&mutex) == EBUSY, "the mutex is free after a wait");
	pthread_mutex_unlock(&mutex);

	pthread_create(&threads[0], NULL, errno_of_its_own, NULL);
	MUST_FAIL(munmap(shared, 0), EINVAL);
	pthread_join(threads[0], NULL);
	CHECK(errno == EINVAL, "errno became %d", errno);

	catch_faults();
	turn = 0;
	pthread_create(&threads[0], NULL, touch_until_gone, shared);
	while (turn == 0)
		sched_yield();
	MUST(munmap(shared, PAGE));
	CHECK(pthread_join(threads[0], &result) == 0 && result == shared, "join");
	return 0;
}
#endif
