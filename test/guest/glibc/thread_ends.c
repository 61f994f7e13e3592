// Ends of threads: cancellation with clean-up, pthread_exit, signals to one thread, fork, exit.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static sem_t ready, cancelled;
static int cleaned;
static volatile int spinning = 1;

static void clean(void *arg) { cleaned += *(int *)arg; }

static void *sleeper(void *arg) {
  pthread_cleanup_push(clean, arg);
  sem_post(&ready);
  for (;;) sleep(100);
  pthread_cleanup_pop(0);
  return NULL;
}

static void *in_read(void *arg) {
  int amount = 10;
  char byte;
  pthread_cleanup_push(clean, &amount);
  sem_post(&ready);
  read(*(int *)arg, &byte, 1);
  pthread_cleanup_pop(0);
  return NULL;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static void unlock(void *arg) {
  cleaned += 100;
  pthread_mutex_unlock(arg);
}
static void *in_cond(void *arg) {
  (void)arg;
  pthread_mutex_lock(&lock);
  pthread_cleanup_push(unlock, &lock);
  sem_post(&ready);
  for (;;) pthread_cond_wait(&never, &lock);
  pthread_cleanup_pop(1);
  return NULL;
}

static void *spinner(void *arg) {
  int old;
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
  sem_post(&ready);
  for (;;) (*(volatile int *)arg)++;
  return NULL;
}

static void *protected(void *arg) {
  int old;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
  sem_post(&ready);
  while (sem_wait(&cancelled)) continue;
  *(int *)arg = 1;
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
  pthread_testcancel();
  *(int *)arg = 2;
  return NULL;
}

static void nested(void) { pthread_exit("left from below"); }
static void *leaver(void *arg) {
  (void)arg;
  nested();
  return NULL;
}

static pthread_t handled_in;
static volatile sig_atomic_t handled;
static void handler(int sig) {
  handled_in = pthread_self();
  handled = sig;
}
static void *waiter(void *arg) {
  (void)arg;
  sem_post(&ready);
  while (!handled) usleep(1000);
  return (void *)(long)pthread_equal(handled_in, pthread_self());
}

static void *blocked(void *arg) {
  sigset_t set;
  int sig;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sem_post(&ready);
  sigwait(&set, &sig);
  *(int *)arg = sig;
  return NULL;
}

static void *endless(void *arg) {
  (void)arg;
  while (spinning) usleep(1000);
  return NULL;
}

static void *forker(void *arg) {
  pid_t pid = fork();
  if (pid == 0) _exit(syscall(SYS_gettid) == getpid() ? 33 : 1);
  int status;
  waitpid(pid, &status, 0);
  *(int *)arg = WEXITSTATUS(status);
  return NULL;
}

static void *late(void *arg) {
  (void)arg;
  usleep(30000);
  printf("the last thread ends the process\n");
  return NULL;
}

static void end(const char *name, pthread_t t) {
  void *result;
  sem_wait(&ready);
  usleep(5000);
  int error = pthread_cancel(t);
  sem_post(&cancelled);
  pthread_join(t, &result);
  printf("%s %d canceled %d cleaned %d\n", name, error, result == PTHREAD_CANCELED, cleaned);
}

int main(void) {
  pthread_t t;
  void *result;
  int one = 1, fds[2], word = 0;
  sem_init(&ready, 0, 0);
  sem_init(&cancelled, 0, 0);
  pipe(fds);
  pthread_create(&t, NULL, sleeper, &one);
  end("sleep", t);
  pthread_create(&t, NULL, in_read, &fds[0]);
  end("read", t);
  pthread_create(&t, NULL, in_cond, NULL);
  end("cond", t);
  printf("mutex %d\n", pthread_mutex_trylock(&lock));
  pthread_create(&t, NULL, spinner, &word);
  end("spin", t);
  word = 0;
  while (sem_trywait(&cancelled) == 0) continue;
  pthread_create(&t, NULL, protected, &word);
  end("protected", t);
  printf("word %d\n", word);

  pthread_create(&t, NULL, leaver, NULL);
  pthread_join(t, &result);
  printf("%s\n", (char *)result);

  struct sigaction sa = {.sa_handler = handler};
  sigaction(SIGUSR1, &sa, NULL);
  pthread_create(&t, NULL, waiter, NULL);
  sem_wait(&ready);
  pthread_kill(t, SIGUSR1);
  pthread_join(t, &result);
  printf("handled %d in its thread %ld\n", handled == SIGUSR1, (long)result);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  pthread_create(&t, NULL, blocked, &word);
  sem_wait(&ready);
  kill(getpid(), SIGUSR2);
  pthread_join(t, NULL);
  printf("sigwait %d\n", word == SIGUSR2);
  pthread_create(&t, NULL, forker, &word);
  pthread_join(t, NULL);
  printf("forked %d\n", word);

  // A process with threads that exits, one that is killed, one whose thread calls exit_group.
  fflush(stdout);
  for (int how = 0; how < 4; how++) {
    pid_t pid = fork();
    if (pid == 0) {
      pthread_t a, b;
      pthread_create(&a, NULL, endless, NULL);
      pthread_create(&b, NULL, endless, NULL);
      if (how == 0) exit(5);
      if (how == 1) abort();
      if (how == 2) *(volatile int *)8 = 1;
      char self[64];
      ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
      (void)n;
      execl("/nonexistent", "none", NULL);
      _exit(errno == ENOENT ? 6 : 7);
    }
    int status;
    waitpid(pid, &status, 0);
    printf("how %d: %d %d\n", how, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           WIFSIGNALED(status) ? WTERMSIG(status) : -1);
  }
  fflush(stdout);
  pthread_create(&t, NULL, late, NULL);
  pthread_exit(NULL);
}
