/*
 * Threads by thr_new and _umtx_op. A thread's own block lies at the top of its stack, and %gs:0 is
 * its address; what is free is taken without the kernel.
 */
#ifndef FAULTLINE_LINUX
#include <errno.h>
#include <machine/sysarch.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK_BYTES 65536

/* _umtx_op */
enum { WAIT = 2, MUTEX_TRYLOCK = 4, MUTEX_LOCK, MUTEX_UNLOCK, CV_WAIT = 8, CV_SIGNAL, CV_BROADCAST };
#define CVWAIT_ABSTIME 2
#define CVWAIT_CLOCKID 4

struct pthread {
	struct pthread *self; /* %gs:0 */
	volatile long tid;
	volatile long ended; /* thr_exit stores 1 */
	int error;
	void *(*start)(void *);
	void *arg, *result;
	char *stack;
};

/* sys/thr.h */
struct thr_param {
	void (*start_func)(void *);
	void *arg;
	char *stack_base;
	size_t stack_size;
	void *tls_base;
	size_t tls_size;
	volatile long *child_tid, *parent_tid;
	int flags;
	void *rtp, *spare[3];
};

int thr_new(struct thr_param *param, int size);
int thr_self(long *id);
void thr_exit(volatile long *state);
int _umtx_op(volatile void *obj, int op, unsigned long val, void *size, void *time);

extern int *(*__thread_error)(void);
static struct pthread main_thread = {.self = &main_thread};
static int threaded;

pthread_t pthread_self(void)
{
	struct pthread *self = &main_thread;

	if (threaded)
		__asm__ volatile("movl %%gs:0, %0" : "=r"(self));
	else if (main_thread.tid == 0)
		thr_self((long *)&main_thread.tid);
	return self;
}

static int *thread_error(void)
{
	return &pthread_self()->error;
}

/* The error number of a call that gave `result`. */
static int error_of(int result)
{
	return result == 0 ? 0 : errno;
}

static void begin(void *arg)
{
	struct pthread *self = arg;

	pthread_exit(self->start(self->arg));
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	(void)attr;
	if (!threaded) {
		pthread_self();
		if (i386_set_gsbase(&main_thread) != 0)
			return errno;
		threaded = 1;
		__thread_error = thread_error;
	}
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);

	if (stack == MAP_FAILED)
		return EAGAIN;
	struct pthread *t = (struct pthread *)(stack + STACK_BYTES) - 1;

	t->self = t;
	t->start = start;
	t->arg = arg;
	t->stack = stack;
	struct thr_param param = {
		.start_func = begin,
		.arg = t,
		.stack_base = stack,
		.stack_size = (size_t)((char *)t - stack),
		.tls_base = t,
		.tls_size = sizeof *t,
		.child_tid = &t->tid,
	};
	*thread = t;
	if (thr_new(&param, sizeof param) == 0)
		return 0;
	int error = errno;

	munmap(stack, STACK_BYTES);
	return error;
}

/* The word is stored once the thread will never run again: its stack can go. */
int pthread_join(pthread_t thread, void **result)
{
	while (thread->ended == 0)
		_umtx_op(&thread->ended, WAIT, 0, NULL, NULL);
	if (result != NULL)
		*result = thread->result;
	return error_of(munmap(thread->stack, STACK_BYTES));
}

void pthread_exit(void *result)
{
	struct pthread *self = pthread_self();

	self->result = result;
	for (;;)
		thr_exit(&self->ended);
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
	(void)attr;
	*mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	return 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	uint32_t tid = (uint32_t)pthread_self()->tid;

	if (__sync_bool_compare_and_swap(&mutex->owner, 0, tid))
		return 0;
	if ((mutex->owner & ~0x80000000u) == tid)
		return EDEADLK;
	return error_of(_umtx_op(mutex, MUTEX_LOCK, 0, NULL, NULL));
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	if (__sync_bool_compare_and_swap(&mutex->owner, 0, (uint32_t)pthread_self()->tid))
		return 0;
	return error_of(_umtx_op(mutex, MUTEX_TRYLOCK, 0, NULL, NULL));
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	if (__sync_bool_compare_and_swap(&mutex->owner, (uint32_t)pthread_self()->tid, 0))
		return 0;
	return error_of(_umtx_op(mutex, MUTEX_UNLOCK, 0, NULL, NULL));
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	return mutex->owner == 0 ? 0 : EBUSY;
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	(void)attr;
	*cond = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	return 0;
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	unsigned long flags = until != NULL ? CVWAIT_ABSTIME | CVWAIT_CLOCKID : 0;
	/* The kernel unlocks the mutex when it has the thread on its queue. */
	int error = error_of(_umtx_op(cond, CV_WAIT, flags, mutex, (void *)until));
	int again = (mutex->owner & ~0x80000000u) == (uint32_t)pthread_self()->tid
	    ? 0
	    : pthread_mutex_lock(mutex);

	if (error == EINTR)
		error = 0;
	return error != 0 ? error : again;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	return pthread_cond_timedwait(cond, mutex, NULL);
}

int pthread_cond_signal(pthread_cond_t *cond)
{
	return cond->has_waiters ? error_of(_umtx_op(cond, CV_SIGNAL, 0, NULL, NULL)) : 0;
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
	return cond->has_waiters ? error_of(_umtx_op(cond, CV_BROADCAST, 0, NULL, NULL)) : 0;
}

int pthread_cond_destroy(pthread_cond_t *cond)
{
	return cond->has_waiters ? EBUSY : 0;
}
#endif
