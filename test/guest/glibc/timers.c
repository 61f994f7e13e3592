// Clocks, sleeping and timers: order and lower bounds, never exact durations.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks;
static void tick(int sig) {
  (void)sig;
  ticks++;
}
static siginfo_t last;
static void tell(int sig, siginfo_t *info, void *context) {
  (void)sig;
  (void)context;
  last = *info;
  ticks++;
}
static sem_t notified;
static void notify(union sigval value) {
  if (value.sival_int == 77) sem_post(&notified);
}

static double now(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t)) return -1;
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void spin(double seconds) {
  double end = now(CLOCK_PROCESS_CPUTIME_ID) + seconds;
  while (now(CLOCK_PROCESS_CPUTIME_ID) < end) continue;
}

int main(void) {
  static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                                     CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW,
                                     CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
                                     CLOCK_BOOTTIME, CLOCK_TAI, 77};
  for (int i = 0; i < 10; i++) {
    struct timespec r = {0, 0};
    double a = now(clocks[i]), b = now(clocks[i]);
    int result = clock_getres(clocks[i], &r);
    printf("clock %d: %d %d res %d %d\n", clocks[i], a >= 0, b >= a, result,
           r.tv_sec == 0 && r.tv_nsec > 0);
  }
  struct timeval tv;
  gettimeofday(&tv, NULL);
  time_t t = time(NULL);
  printf("time %d %d\n", (int)(t - tv.tv_sec) <= 1 && t >= tv.tv_sec, t > 1600000000);

  double before = now(CLOCK_MONOTONIC);
  struct timespec ms20 = {0, 20000000}, left;
  printf("nanosleep %d", nanosleep(&ms20, NULL));
  printf(" %d\n", now(CLOCK_MONOTONIC) - before >= 0.02);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 30000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  printf("abs %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
  printf(" %d\n", now(CLOCK_MONOTONIC) >= (double)until.tv_sec + (double)until.tv_nsec / 1e9);
  struct timespec bad = {0, 1000000000};
  printf("bad %s\n", strerror(clock_nanosleep(CLOCK_REALTIME, 0, &bad, NULL)));

  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_handler = tick;
  sigaction(SIGALRM, &sa, NULL);
  struct itimerval it = {{0, 0}, {0, 20000}}, old;
  setitimer(ITIMER_REAL, &it, NULL);
  struct timespec second = {1, 0};
  int result = nanosleep(&second, &left);
  printf("interrupted %d %s left %d ticks %d\n", result, strerror(errno),
         left.tv_sec == 0 && left.tv_nsec > 500000000, ticks);
  ticks = 0;
  it.it_interval.tv_usec = 5000;
  setitimer(ITIMER_REAL, &it, NULL);
  while (ticks < 5) pause();
  memset(&it, 0, sizeof it);
  setitimer(ITIMER_REAL, &it, &old);
  printf("interval %d %d\n", ticks >= 5, old.it_interval.tv_usec == 5000);
  alarm(100);
  unsigned rest = alarm(0);
  printf("alarm %d %d\n", rest >= 99 && rest <= 100, (int)alarm(0));
  sigaction(SIGVTALRM, &sa, NULL);
  sigaction(SIGPROF, &sa, NULL);
  ticks = 0;
  it.it_value.tv_usec = 10000;
  setitimer(ITIMER_VIRTUAL, &it, NULL);
  setitimer(ITIMER_PROF, &it, NULL);
  while (ticks < 2) continue;
  printf("cpu timers %d\n", ticks);

  // timer_create.
  sa.sa_sigaction = tell;
  sa.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &sa, NULL);
  timer_t timer, second_timer;
  struct sigevent ev;
  memset(&ev, 0, sizeof ev);
  ev.sigev_notify = SIGEV_SIGNAL;
  ev.sigev_signo = SIGUSR1;
  ev.sigev_value.sival_int = 99;
  printf("timer_create %d\n", timer_create(CLOCK_MONOTONIC, &ev, &timer));
  struct itimerspec spec = {{0, 0}, {0, 10000000}}, seen;
  ticks = 0;
  timer_settime(timer, 0, &spec, NULL);
  timer_gettime(timer, &seen);
  printf("left %d\n", seen.it_value.tv_sec == 0 && seen.it_value.tv_nsec > 0 &&
                          seen.it_value.tv_nsec <= 10000000);
  while (ticks < 1) pause();
  printf("fired code %d value %d overrun %d %d\n", last.si_code, last.si_value.sival_int,
         last.si_overrun, timer_getoverrun(timer));
  timer_gettime(timer, &seen);
  printf("off %d\n", seen.it_value.tv_sec == 0 && seen.it_value.tv_nsec == 0);
  spec.it_interval.tv_nsec = 2000000;
  sigset_t set, none;
  sigemptyset(&none);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  ticks = 0;
  timer_settime(timer, 0, &spec, NULL);
  usleep(40000);
  sigsuspend(&none);
  printf("overrun %d ticks %d\n", last.si_overrun >= 5, ticks);
  printf("delete %d", timer_delete(timer));
  printf(" %d\n", timer_delete(timer) == -1 && errno == EINVAL);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  sem_init(&notified, 0, 0);
  ev.sigev_notify = SIGEV_THREAD;
  ev.sigev_notify_function = notify;
  ev.sigev_value.sival_int = 77;
  spec.it_interval.tv_nsec = 0;
  printf("thread timer %d\n", timer_create(CLOCK_REALTIME, &ev, &second_timer));
  timer_settime(second_timer, 0, &spec, NULL);
  sem_wait(&notified);
  timer_delete(second_timer);

  // CPU time.
  double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  usleep(50000);
  printf("asleep %d\n", now(CLOCK_PROCESS_CPUTIME_ID) - cpu < 0.04);
  spin(0.03);
  struct rusage ru;
  getrusage(RUSAGE_SELF, &ru);
  double used = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
                (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
  printf("used %d maxrss %d\n", used >= 0.02 && used < 30, ru.ru_maxrss > 0);
  struct tms tms;
  clock_t c1 = times(&tms);
  printf("times %d %ld\n", c1 != (clock_t)-1 && tms.tms_utime + tms.tms_stime >= 1,
         sysconf(_SC_CLK_TCK));
  printf("clock %d\n", clock() > 10000);
  clockid_t id;
  printf("cpuclock %d", clock_getcpuclockid(getpid(), &id));
  printf(" %d\n", now(id) > 0.01);
  printf("thread clock %d", pthread_getcpuclockid(pthread_self(), &id));
  printf(" %d\n", now(id) > 0.01);

  // Calendar.
  setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  tzset();
  static const time_t moments[] = {0, 951782400, 1711846799, 1711846800, 2147483647, -1};
  for (int i = 0; i < 6; i++) {
    struct tm tm;
    char text[80];
    gmtime_r(&moments[i], &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %j %a %U", &tm);
    printf("%s, ", text);
    localtime_r(&moments[i], &tm);
    strftime(text, sizeof text, "%c %Z %z", &tm);
    printf("%s, %d\n", text, mktime(&tm) == moments[i]);
  }
  return 0;
}
