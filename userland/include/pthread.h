/*
 * Threads that share one address space: the part of POSIX threads that guest tests need, for
 * FreeBSD only. Attributes are not looked at.
 */
#ifndef _PTHREAD_H_
#define _PTHREAD_H_

#include <stdint.h>
#include <time.h>

#ifndef FAULTLINE_LINUX

typedef struct pthread *pthread_t;
typedef void *pthread_attr_t, *pthread_mutexattr_t, *pthread_condattr_t;

/* struct umutex and struct ucond, as the kernel knows them (sys/_umtx.h). */
typedef struct {
	volatile uint32_t owner;
	uint32_t flags, ceilings[2], spare[4];
} pthread_mutex_t;
typedef struct {
	volatile uint32_t has_waiters;
	uint32_t flags, clockid, spare;
} pthread_cond_t;

#define PTHREAD_MUTEX_INITIALIZER {0, 0, {0, 0}, {0, 0, 0, 0}}
#define PTHREAD_COND_INITIALIZER {0, 0, 0, 0}

/* All return 0 or an error number. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int pthread_join(pthread_t thread, void **result);
__attribute__((noreturn)) void pthread_exit(void *result);
pthread_t pthread_self(void);

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_trylock(pthread_mutex_t *mutex);
int pthread_mutex_unlock(pthread_mutex_t *mutex);
int pthread_mutex_destroy(pthread_mutex_t *mutex);

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr);
int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
/* `until` counts from 1970. */
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);
int pthread_cond_signal(pthread_cond_t *cond);
int pthread_cond_broadcast(pthread_cond_t *cond);
int pthread_cond_destroy(pthread_cond_t *cond);

#endif
#endif
