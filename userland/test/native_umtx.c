/* The locks of FreeBSD's thread library, by _umtx_op: a mutex with more than one waiter, condition
 * variables, read-write locks, semaphores and their timeouts. */
#include "test.h"
#ifdef FAULTLINE_LINUX
int main(void)
{
	return 0;
}
#else
#include "native.h"

#include <time.h>

enum {
	SYS_sched_yield = 331, SYS_thr_exit = 431, SYS_thr_self = 432, SYS_thr_suspend = 442,
	SYS_thr_wake = 443, SYS_umtx_op = 454, SYS_thr_new = 455, SYS_clock_gettime = 232,
};
enum {
	WAIT = 2, MUTEX_TRYLOCK = 4, MUTEX_LOCK, MUTEX_UNLOCK, CV_WAIT = 8, CV_SIGNAL,
	CV_BROADCAST, RW_RDLOCK = 12, RW_WRLOCK, RW_UNLOCK, MUTEX_WAIT = 17, SEM2_WAIT = 23,
	SEM2_WAKE,
};
enum { THREADS = 4, ROUNDS = 50 };

static volatile struct {
	uint32_t owner, flags, ceilings[2], spare[4];
} mutex;
static volatile struct {
	uint32_t waiters, flags, clockid, spare;
} cv;
static volatile struct {
	uint32_t state, flags, readers, writers, spare[4];
} rw;
static volatile struct {
	uint32_t count, flags;
} sem;
static char stacks[THREADS][8192] __attribute__((aligned(16)));
static volatile long ended[THREADS], tids[THREADS];
static volatile int counter, torn, ready, misaligned;

static long umtx(volatile void *obj, int op, long val, const void *size, const void *time)
{
	return CALL5(SYS_umtx_op, obj, op, val, size, time);
}

static void lock(void)
{
	long id;

	CALL1(SYS_thr_self, &id);
	/* As the library does: the free word by itself, else the kernel. */
	if (!__sync_bool_compare_and_swap(&mutex.owner, 0, id))
		CHECK(umtx(&mutex, MUTEX_LOCK, 0, 0, 0) == 0, "MUTEX_LOCK");
}

static void unlock(void)
{
	long id;

	CALL1(SYS_thr_self, &id);
	if (!__sync_bool_compare_and_swap(&mutex.owner, id, 0))
		CHECK(umtx(&mutex, MUTEX_UNLOCK, 0, 0, 0) == 0, "MUTEX_UNLOCK");
}

static void body_mutex(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		lock();
		int seen = counter;
		CALL0(SYS_sched_yield);
		counter = seen + 1;
		unlock();
	}
}

static void body_cv(void)
{
	lock();
	ready++;
	CHECK(umtx(&cv, CV_WAIT, 0, (const void *)&mutex, 0) == 0, "CV_WAIT");
	lock();
	counter++;
	unlock();
}

static void body_rw(void)
{
	static int next;
	int writer = __sync_fetch_and_add(&next, 1) % 2;

	for (int i = 0; i < ROUNDS; i++) {
		CHECK(umtx(&rw, writer ? RW_WRLOCK : RW_RDLOCK, 0, 0, 0) == 0, "RW lock");
		int seen = counter;
		if (writer)
			counter++;
		CALL0(SYS_sched_yield);
		if (counter != seen + writer || (writer && (int32_t)rw.state >= 0))
			torn = 1;
		CHECK(umtx(&rw, RW_UNLOCK, 0, 0, 0) == 0, "RW_UNLOCK");
		CALL0(SYS_sched_yield);
	}
}

static void body_sem(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		for (;;) {
			uint32_t count = sem.count;
			if ((count & 0x7fffffff) != 0 &&
			    __sync_bool_compare_and_swap(&sem.count, count, count - 1))
				break;
			long result = umtx(&sem, SEM2_WAIT, 0, 0, 0);
			CHECK(result == 0, "SEM2_WAIT gives %ld", result);
		}
		__sync_fetch_and_add(&counter, 1);
	}
}

static void (*body)(void);

static void start(long n)
{
	if (((uintptr_t)&n & 15) != 0)
		misaligned = 1;
	body();
	CALL1(SYS_thr_exit, &ended[n]);
}

static void spawn(void (*f)(void))
{
	body = f;
	counter = 0;
	for (long n = 0; n < THREADS; n++) {
		long param[13] = {(long)start, n, (long)stacks[n], sizeof stacks[n], 0, 0,
		    (long)&tids[n]};
		ended[n] = 0;
		CHECK(CALL2(SYS_thr_new, param, sizeof param) == 0, "thr_new");
	}
}

static void join(int expected)
{
	for (int n = 0; n < THREADS; n++)
		while (ended[n] == 0)
			umtx(&ended[n], WAIT, 0, 0, 0);
	CHECK(counter == expected, "%d of %d", counter, expected);
}

static void timeouts(void)
{
	static volatile uint32_t word = 5;
	struct timespec brief = {0, 2000000};
	struct {
		struct timespec time;
		uint32_t flags, clock;
	} until = {{0, 0}, 1, 4};

	CHECK(umtx(&word, WAIT, 5, 0, &brief) == -ETIMEDOUT, "WAIT has no end");
	CHECK(umtx(&word, WAIT, 6, 0, &brief) == 0, "WAIT for another value");
	CALL2(SYS_clock_gettime, 4, &until.time);
	until.time.tv_nsec += 2000000;
	if (until.time.tv_nsec >= 1000000000) {
		until.time.tv_nsec -= 1000000000;
		until.time.tv_sec++;
	}
	mutex.owner = 77;
	long result = umtx(&mutex, MUTEX_LOCK, 0, (void *)sizeof until, &until);
	CHECK(result == -ETIMEDOUT, "MUTEX_LOCK gives %ld", result);
	CHECK(umtx(&mutex, MUTEX_TRYLOCK, 0, 0, 0) == -EBUSY, "MUTEX_TRYLOCK");
	mutex.owner = 0x80000000;
	CHECK(umtx(&mutex, MUTEX_WAIT, 0, 0, 0) == 0, "MUTEX_WAIT for a free one");
	mutex.owner = 0;
	CHECK(umtx(&mutex, MUTEX_UNLOCK, 0, 0, 0) == -EPERM, "MUTEX_UNLOCK by another");
	sem.count = 0;
	CHECK(umtx(&sem, SEM2_WAIT, 0, (void *)sizeof until, &until) == -ETIMEDOUT, "SEM2_WAIT");
	rw.state = 0x80000000;
	CHECK(umtx(&rw, RW_RDLOCK, 0, (void *)8, &brief) == -ETIMEDOUT, "RW_RDLOCK");
	CHECK(rw.state == 0x80000000 && rw.readers == 0, "state %#x, readers %u", rw.state, rw.readers);
	CHECK(umtx(&rw, RW_WRLOCK, 0, (void *)8, &brief) == -ETIMEDOUT, "RW_WRLOCK");
	CHECK(rw.state == 0x80000000 && rw.writers == 0, "state %#x, writers %u", rw.state, rw.writers);
	rw.state = 0;
	CHECK(umtx(&rw, RW_UNLOCK, 0, 0, 0) == -EPERM, "RW_UNLOCK of a free one");
	lock();
	CHECK(umtx(&cv, CV_WAIT, 0, (const void *)&mutex, &brief) == -ETIMEDOUT, "CV_WAIT");
	CHECK(cv.waiters == 0 && mutex.owner == 0, "waiters %u, owner %#x", cv.waiters, mutex.owner);
}

int main(void)
{
	long self;

	timeouts();
	spawn(body_mutex);
	join(THREADS * ROUNDS);
	CHECK(!misaligned, "the argument of a new thread is not at a multiple of 16");
	CHECK(mutex.owner == 0, "owner is %#x", mutex.owner);

	spawn(body_cv);
	while (ready < THREADS || cv.waiters == 0 || mutex.owner != 0)
		CALL0(SYS_sched_yield);
	CHECK(umtx(&cv, CV_SIGNAL, 0, 0, 0) == 0 && cv.waiters == 1, "CV_SIGNAL");
	CHECK(umtx(&cv, CV_BROADCAST, 0, 0, 0) == 0 && cv.waiters == 0, "CV_BROADCAST");
	join(THREADS);

	spawn(body_rw);
	join(THREADS / 2 * ROUNDS);
	CHECK(!torn, "a writer was not alone");
	CHECK(rw.state == 0, "state is %#x", rw.state);

	spawn(body_sem);
	for (int i = 0; i < THREADS * ROUNDS; i++) {
		__sync_fetch_and_add(&sem.count, 1);
		if (sem.count & 0x80000000)
			umtx(&sem, SEM2_WAKE, 0, 0, 0);
		if (i % 7 == 0)
			CALL0(SYS_sched_yield);
	}
	join(THREADS * ROUNDS);

	CALL1(SYS_thr_self, &self);
	CHECK(CALL1(SYS_thr_wake, self) == 0, "thr_wake");
	CHECK(CALL1(SYS_thr_suspend, 0) == 0, "a wake that came first is lost");
	return 0;
}
#endif
