// Processes and threads that take turns, each with its own rounding modes and numbers in registers: what
// one does to the unit, another never sees; nor through fork, signals, and calls between the two.
#include "numeric.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// Eight registers of each kind filled, the processor given away, and all of them looked at.
__attribute__((target("sse2"))) static int survives(int seed) {
  double x[8], y[16] __attribute__((aligned(16))), out[8], vout[16] __attribute__((aligned(16)));
  for (int i = 0; i < 8; i++) x[i] = seed + i * 0.125;
  for (int i = 0; i < 16; i++) y[i] = seed * 1000 + i;
  long number = 158, result;  // sched_yield
  __asm__ volatile(
      "fldl (%1); fldl 8(%1); fldl 16(%1); fldl 24(%1); fldl 32(%1); fldl 40(%1); fldl 48(%1); fldl 56(%1)\n"
      "movapd (%2), %%xmm0; movapd 16(%2), %%xmm1; movapd 32(%2), %%xmm2; movapd 48(%2), %%xmm3\n"
      "movapd 64(%2), %%xmm4; movapd 80(%2), %%xmm5; movapd 96(%2), %%xmm6; movapd 112(%2), %%xmm7\n"
      "int $0x80\n"
      "fstpl 56(%3); fstpl 48(%3); fstpl 40(%3); fstpl 32(%3); fstpl 24(%3); fstpl 16(%3); fstpl 8(%3); fstpl (%3)\n"
      "movapd %%xmm0, (%4); movapd %%xmm1, 16(%4); movapd %%xmm2, 32(%4); movapd %%xmm3, 48(%4)\n"
      "movapd %%xmm4, 64(%4); movapd %%xmm5, 80(%4); movapd %%xmm6, 96(%4); movapd %%xmm7, 112(%4)\n"
      : "=a"(result)
      : "c"(x), "d"(y), "S"(out), "D"(vout), "0"(number)
      : "memory");
  return memcmp(x, out, sizeof x) == 0 && memcmp(y, vout, sizeof y) == 0;
}

static volatile sig_atomic_t handled;
static void handler(int sig) {
  volatile double fresh = 1.0;
  (void)sig;
  if (fegetround() != FE_TONEAREST) handled += 1000;
  fesetround(FE_DOWNWARD);
  fresh /= 3;
  handled++;
}

static int work(int me) {
  int bad = 0;
  uint32_t h = me;
  fesetround(modes[me % 4]);
  volatile double sum = me;
  volatile long double deep = me;
  for (int round = 0; round < 60; round++) {
    if (!survives(me * 16 + round)) bad++;
    for (int i = 1; i < 20; i++) sum = sum / 3 + 1.0 / i, deep = deep / 7 + 1.0L / i;
    // Turns without anything in the registers, and turns of a thread that does not compute at all.
    if (round % 3 == me % 3) sched_yield();
    if (round % 7 == 0) usleep(1);
    if (round % 5 == me % 5) raise(SIGUSR1);
    if (fegetround() != modes[me % 4]) bad++;
    h = hash_long(hash_double(h, sum), deep);
  }
  // The stored words are compared, not the sums alone: bad stays 0.
  return bad ? bad : (int)(h & 0x7fff0000);
}

static void *thread(void *argument) {
  // A thread has its maker's rounding mode.
  int me = *(int *)argument, inherited = fegetround() == FE_UPWARD;
  *(int *)argument = work(me) + inherited;
  return NULL;
}

int main(void) {
  struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_NODEFER};
  sigaction(SIGUSR1, &sa, NULL);
  int channel[2];
  if (pipe(channel) != 0) return 1;
  pid_t pids[5];
  for (int n = 0; n < 5; n++) {
    fesetround(modes[n % 4]);
    volatile float mine = 1.0f;
    pids[n] = fork();
    if (pids[n] == 0) {
      int inherited = fegetround() == modes[n % 4];
      mine /= 3;
      struct {
        int n, inherited, result, handled;
        float third;
      } report = {n, inherited, work(n), handled, mine};
      if (write(channel[1], &report, sizeof report) != sizeof report) _exit(1);
      _exit(n);
    }
    if (fegetround() != modes[n % 4]) puts("fork changed the parent's mode");
  }
  int results[5][4];
  float thirds[5];
  for (int n = 0; n < 5; n++) {
    int status, report[5];
    if (read(channel[0], report, sizeof report) != sizeof report) return 1;
    memcpy(results[report[0]], report, 16);
    memcpy(&thirds[report[0]], &report[4], 4);
    waitpid(pids[n], &status, 0);
  }
  for (int n = 0; n < 5; n++)
    printf("process %d inherited %d result %x handled %d third %a\n", n, results[n][1], results[n][2],
           results[n][3], thirds[n]);
  handled = 0;
  fesetround(FE_UPWARD);
  pthread_t threads[4];
  int arguments[4] = {0, 1, 2, 3};
  for (int n = 0; n < 4; n++) pthread_create(&threads[n], NULL, thread, &arguments[n]);
  for (int n = 0; n < 4; n++) {
    pthread_join(threads[n], NULL);
    printf("thread %d result %x\n", n, arguments[n]);
  }
  printf("handled %d, mode kept %d\n", handled > 40, fegetround() == FE_UPWARD);
  return 0;
}
