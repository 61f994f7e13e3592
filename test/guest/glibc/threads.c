// POSIX threads: mutexes, conditions, barriers, read-write locks, semaphores, thread-local storage.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 500 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static __thread int local = 7;
static _Thread_local char text[32] = "initial";
static int counter;
static int wrong;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_runs;
static pthread_key_t key;
static int destroyed;

static void run_once(void) { once_runs++; }
static void destroy(void *value) {
  pthread_mutex_lock(&lock);
  destroyed += (int)(long)value;
  pthread_mutex_unlock(&lock);
}

static void *count(void *arg) {
  long id = (long)arg;
  pthread_once(&once, run_once);
  pthread_setspecific(key, (void *)(id + 1));
  if (local != 7 || strcmp(text, "initial")) wrong++;
  local = (int)id;
  snprintf(text, sizeof text, "thread %ld", id);
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < ROUNDS; i++) {
    pthread_mutex_lock(&lock);
    int seen = counter;
    if (i % 50 == 0) sched_yield();
    counter = seen + 1;
    pthread_mutex_unlock(&lock);
  }
  pthread_barrier_wait(&barrier);
  char expected[32];
  snprintf(expected, sizeof expected, "thread %ld", id);
  if (local != id || strcmp(text, expected)) wrong++;
  return (void *)(id * id);
}

static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static int queue[4], queued;

static void *produce(void *arg) {
  (void)arg;
  for (int i = 1; i <= 1000; i++) {
    pthread_mutex_lock(&lock);
    while (queued == 4) pthread_cond_wait(&not_full, &lock);
    queue[queued++] = i;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

static void *consume(void *arg) {
  long sum = 0;
  for (int i = 0; i < (int)(long)arg; i++) {
    pthread_mutex_lock(&lock);
    while (queued == 0) pthread_cond_wait(&not_empty, &lock);
    sum += queue[--queued];
    pthread_cond_signal(&not_full);
    pthread_mutex_unlock(&lock);
  }
  return (void *)sum;
}

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static int shared_value, torn;
static void *reader(void *arg) {
  (void)arg;
  for (int i = 0; i < 200; i++) {
    pthread_rwlock_rdlock(&rw);
    if (shared_value % 2) torn++;
    pthread_rwlock_unlock(&rw);
  }
  return NULL;
}
static void *writer(void *arg) {
  (void)arg;
  for (int i = 0; i < 200; i++) {
    pthread_rwlock_wrlock(&rw);
    shared_value++;
    if (i % 20 == 0) sched_yield();
    shared_value++;
    pthread_rwlock_unlock(&rw);
  }
  return NULL;
}

static sem_t ping, pong;
static void *answer(void *arg) {
  for (int i = 0; i < 300; i++) {
    sem_wait(&ping);
    ++*(int *)arg;
    sem_post(&pong);
  }
  return NULL;
}

static void *deep(void *arg) {
  volatile char room[100000];
  room[0] = room[sizeof room - 1] = 1;
  return (void *)((long)arg + room[0]);
}

static pthread_mutex_t inheriting;
static int added;
static void *add(void *arg) {
  (void)arg;
  for (int i = 0; i < 200; i++) {
    pthread_mutex_lock(&inheriting);
    int seen = added;
    if (i % 20 == 0) sched_yield();
    added = seen + 1;
    pthread_mutex_unlock(&inheriting);
  }
  return NULL;
}

static sem_t detached_done;
static void *detached(void *arg) {
  (void)arg;
  pthread_detach(pthread_self());
  sem_post(&detached_done);
  return NULL;
}

static struct timespec in_ms(clockid_t clock, long ms) {
  struct timespec t;
  clock_gettime(clock, &t);
  t.tv_nsec += ms * 1000000;
  t.tv_sec += t.tv_nsec / 1000000000;
  t.tv_nsec %= 1000000000;
  return t;
}

int main(void) {
  pthread_t t[THREADS];
  pthread_key_create(&key, destroy);
  pthread_barrier_init(&barrier, NULL, THREADS);
  for (long i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, count, (void *)i);
  long squares = 0;
  for (int i = 0; i < THREADS; i++) {
    void *result;
    pthread_join(t[i], &result);
    squares += (long)result;
  }
  printf("counter %d squares %ld wrong %d once %d destroyed %d local %d\n", counter, squares, wrong,
         once_runs, destroyed, local);

  void *a, *b;
  pthread_create(&t[0], NULL, produce, NULL);
  pthread_create(&t[1], NULL, consume, (void *)400);
  pthread_create(&t[2], NULL, consume, (void *)600);
  pthread_join(t[0], NULL);
  pthread_join(t[1], &a);
  pthread_join(t[2], &b);
  printf("consumed %ld\n", (long)a + (long)b);

  for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, reader, NULL);
  for (int i = 3; i < 5; i++) pthread_create(&t[i], NULL, writer, NULL);
  for (int i = 0; i < 5; i++) pthread_join(t[i], NULL);
  printf("rwlock %d torn %d\n", shared_value, torn);

  int answers = 0;
  sem_init(&ping, 0, 0);
  sem_init(&pong, 0, 0);
  pthread_create(&t[0], NULL, answer, &answers);
  for (int i = 0; i < 300; i++) {
    sem_post(&ping);
    sem_wait(&pong);
  }
  pthread_join(t[0], NULL);
  printf("answers %d\n", answers);

  // Timeouts.
  struct timespec until = in_ms(CLOCK_REALTIME, 20);
  pthread_mutex_lock(&lock);
  printf("cond %s\n", strerror(pthread_cond_timedwait(&not_empty, &lock, &until)));
  until = in_ms(CLOCK_MONOTONIC, 20);
  printf("clockwait %s\n",
         strerror(pthread_cond_clockwait(&not_empty, &lock, CLOCK_MONOTONIC, &until)));
  printf("trylock %s\n", strerror(pthread_mutex_trylock(&lock)));
  until = in_ms(CLOCK_REALTIME, 10);
  printf("timedlock %s\n", strerror(pthread_mutex_timedlock(&lock, &until)));
  pthread_mutex_unlock(&lock);
  until = in_ms(CLOCK_REALTIME, 10);
  int result = sem_timedwait(&ping, &until);
  printf("sem %d %s\n", result, strerror(errno));

  pthread_mutexattr_t ma;
  pthread_mutexattr_init(&ma);
  pthread_mutexattr_settype(&ma, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_t recursive;
  pthread_mutex_init(&recursive, &ma);
  int first = pthread_mutex_lock(&recursive), second = pthread_mutex_lock(&recursive);
  printf("recursive %d %d %d %d %d\n", first, second, pthread_mutex_unlock(&recursive),
         pthread_mutex_unlock(&recursive), pthread_mutex_unlock(&recursive));
  pthread_mutexattr_settype(&ma, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_t checked;
  pthread_mutex_init(&checked, &ma);
  pthread_mutex_lock(&checked);
  printf("checked %s\n", strerror(pthread_mutex_lock(&checked)));

  // Mutexes that inherit priority: the kernel knows their owners.
  pthread_mutexattr_settype(&ma, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutexattr_setprotocol(&ma, PTHREAD_PRIO_INHERIT);
  printf("inheriting %d\n", pthread_mutex_init(&inheriting, &ma));
  for (int i = 0; i < 5; i++) pthread_create(&t[i], NULL, add, NULL);
  for (int i = 0; i < 5; i++) pthread_join(t[i], NULL);
  pthread_mutex_lock(&inheriting);
  printf("added %d %s\n", added, strerror(pthread_mutex_lock(&inheriting)));

  pthread_attr_t attr;
  size_t stack_size;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 256 << 10);
  pthread_attr_setguardsize(&attr, 16384);
  pthread_create(&t[0], &attr, deep, (void *)41);
  pthread_join(t[0], &a);
  pthread_attr_getstacksize(&attr, &stack_size);
  printf("deep %ld %zu\n", (long)a, stack_size);

  pthread_getattr_np(pthread_self(), &attr);
  void *stack;
  pthread_attr_getstack(&attr, &stack, &stack_size);
  char here;
  printf("main stack %d\n", &here > (char *)stack && &here < (char *)stack + stack_size);

  sem_init(&detached_done, 0, 0);
  for (int i = 0; i < 20; i++) pthread_create(&t[0], NULL, detached, NULL);
  for (int i = 0; i < 20; i++) sem_wait(&detached_done);
  // Many threads one after another, so that stacks are used again.
  long total = 0;
  for (long i = 0; i < 100; i++) {
    pthread_create(&t[0], NULL, deep, (void *)i);
    pthread_join(t[0], &a);
    total += (long)a;
  }
  printf("total %ld\n", total);
  return 0;
}
