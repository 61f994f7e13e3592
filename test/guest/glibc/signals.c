// Signals: what SA_SIGINFO tells, masks, stacks, restarting, waiting for signals, queued signals.
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static siginfo_t last;
static int count;
static int go[2] = {-1, -1};
static int order[16], ordered;
static char *stack_low;
static size_t stack_size;

static void info_handler(int sig, siginfo_t *info, void *context) {
  (void)context;
  last = *info;
  count++;
  if (sig == SIGALRM) write(go[1], "x", 1);
}
static void order_handler(int sig) {
  if (ordered < 16) order[ordered++] = sig;
}
static int on_stack;
static void stack_handler(int sig) {
  (void)sig;
  char here;
  stack_t now;
  sigaltstack(NULL, &now);
  on_stack = (&here >= stack_low && &here < stack_low + stack_size ? 1 : 0) |
             (now.ss_flags & SS_ONSTACK ? 2 : 0);
}
static sigjmp_buf jump;
static void jump_handler(int sig) { siglongjmp(jump, sig); }

static void install(int sig, void *handler, int flags) {
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_sigaction = handler;
  sa.sa_flags = flags;
  sigaction(sig, &sa, NULL);
}
static void show(const char *what) {
  printf("%s: signo %d code %d errno %d own pid %d uid %d value %d count %d\n", what, last.si_signo,
         last.si_code, last.si_errno, last.si_pid == getpid(), last.si_uid == getuid(),
         last.si_value.sival_int, count);
}

int main(void) {
  install(SIGUSR1, info_handler, SA_SIGINFO);
  kill(getpid(), SIGUSR1);
  last.si_value.sival_int = 0;
  show("kill");
  raise(SIGUSR1);
  last.si_value.sival_int = 0;
  show("raise");
  union sigval value = {.sival_int = 4711};
  sigqueue(getpid(), SIGUSR1, value);
  show("sigqueue");

  // A standard signal is pending once; a real-time signal as often as it was sent.
  sigset_t set, old, pending;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN + 1);
  sigaddset(&set, SIGRTMIN + 2);
  sigprocmask(SIG_BLOCK, &set, &old);
  install(SIGRTMIN + 1, info_handler, SA_SIGINFO);
  count = 0;
  for (int i = 0; i < 3; i++) {
    kill(getpid(), SIGUSR1);
    value.sival_int = i;
    sigqueue(getpid(), SIGRTMIN + 1, value);
  }
  sigpending(&pending);
  printf("pending %d %d %d\n", sigismember(&pending, SIGUSR1),
         sigismember(&pending, SIGRTMIN + 1), sigismember(&pending, SIGUSR2));
  siginfo_t info;
  for (int i = 0; i < 3; i++) {
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    int sig = sigwaitinfo(&set, &info);
    printf("took %d value %d code %d\n", sig - SIGRTMIN, info.si_value.sival_int, info.si_code);
  }
  struct timespec brief = {0, 10000000};
  int result = sigtimedwait(&set, &info, &brief);
  printf("none %d %s\n", result, strerror(errno));
  sigprocmask(SIG_SETMASK, &old, NULL);
  printf("count %d\n", count);

  // Lower numbers first.
  static const int some[] = {SIGTERM, SIGUSR2, SIGHUP, SIGINT};
  sigfillset(&set);
  sigprocmask(SIG_BLOCK, &set, &old);
  struct sigaction sa = {.sa_handler = order_handler};
  sigfillset(&sa.sa_mask);
  for (int i = 0; i < 4; i++) sigaction(some[i], &sa, NULL), kill(getpid(), some[i]);
  sigprocmask(SIG_SETMASK, &old, NULL);
  for (int i = 0; i < ordered; i++) printf("%d ", order[i]);
  printf("\n");

  // Alternate stack.
  stack_size = SIGSTKSZ * 4;
  stack_low = malloc(stack_size);
  stack_t ss = {.ss_sp = stack_low, .ss_size = stack_size};
  printf("sigaltstack %d\n", sigaltstack(&ss, NULL));
  install(SIGUSR2, stack_handler, SA_ONSTACK);
  raise(SIGUSR2);
  printf("on stack %d\n", on_stack);
  stack_t now;
  sigaltstack(NULL, &now);
  printf("after %d %d %d\n", now.ss_flags, now.ss_sp == stack_low, now.ss_size == stack_size);
  install(SIGUSR2, stack_handler, 0);
  raise(SIGUSR2);
  printf("off stack %d\n", on_stack);
  ss.ss_size = 100;
  result = sigaltstack(&ss, NULL);
  printf("small %d %s\n", result, strerror(errno));

  // sigsetjmp keeps the mask.
  install(SIGUSR1, jump_handler, 0);
  volatile int jumps = 0;
  int from = sigsetjmp(jump, 1);
  if (from) jumps++;
  if (jumps < 3) raise(SIGUSR1);
  sigprocmask(SIG_SETMASK, NULL, &set);
  printf("jumps %d from %d blocked %d\n", jumps, from == SIGUSR1, sigismember(&set, SIGUSR1));

  // SA_RESTART, its absence, SA_RESETHAND, SA_NODEFER.
  int fds[2];
  char byte;
  pipe(fds);
  pipe(go);
  signal(SIGALRM, SIG_DFL);
  for (int restart = 0; restart < 2; restart++) {
    install(SIGALRM, info_handler, SA_SIGINFO | (restart ? SA_RESTART : 0));
    pid_t pid = fork();
    if (pid == 0) {
      read(go[0], &byte, 1);
      write(fds[1], "x", 1);
      _exit(0);
    }
    struct itimerval timer = {.it_value = {0, 15000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    errno = 0;
    ssize_t n = read(fds[0], &byte, 1);
    printf("restart %d: %zd %s\n", restart, n, n < 0 ? strerror(errno) : "");
    if (n < 0) read(fds[0], &byte, 1);
    waitpid(pid, NULL, 0);
  }
  show("alarm");
  install(SIGUSR1, order_handler, SA_RESETHAND);
  raise(SIGUSR1);
  sigaction(SIGUSR1, NULL, &sa);
  printf("reset %d\n", sa.sa_handler == SIG_DFL);

  // What a child's end tells.
  install(SIGCHLD, info_handler, SA_SIGINFO);
  static const int ends[] = {0, SIGKILL, SIGSEGV, SIGSTOP};
  for (int i = 0; i < 4; i++) {
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &old);
    count = 0;
    pid_t pid = fork();
    if (pid == 0) {
      signal(SIGSEGV, SIG_DFL);
      if (ends[i]) raise(ends[i]);
      _exit(9);
    }
    sigset_t wait = old;
    sigdelset(&wait, SIGCHLD);
    while (count == 0) sigsuspend(&wait);
    printf("child: code %d status %d pid %d ", last.si_code, last.si_status, last.si_pid == pid);
    int status;
    waitpid(pid, &status, WUNTRACED);
    printf("wait %d %d %d\n", WIFEXITED(status), WIFSIGNALED(status), WIFSTOPPED(status));
    if (ends[i] == SIGSTOP) {
      kill(pid, SIGCONT);
      siginfo_t end;
      waitid(P_PID, (id_t)pid, &end, WEXITED);
      printf("waitid %d %d %d\n", end.si_signo, end.si_code, end.si_status);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
  }
  signal(SIGCHLD, SIG_IGN);
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  result = waitpid(pid, NULL, 0);
  printf("ignored %d %s\n", result, strerror(errno));
  signal(SIGPIPE, SIG_IGN);
  close(fds[0]);
  result = (int)write(fds[1], "x", 1);
  printf("pipe %d %s\n", result, strerror(errno));
  result = kill(getpid(), 65);
  printf("%d %s\n", result, strerror(errno));
  result = kill(999999, 0);
  printf("%d %s\n", result, strerror(errno));
  struct sigaction kept;
  printf("%d %d\n", sigaction(SIGKILL, NULL, &kept), sigaction(SIGKILL, &sa, NULL));
  printf("%s, %s, %s\n", strsignal(SIGBUS), strsignal(SIGRTMIN + 3), sigabbrev_np(SIGTSTP));
  fflush(stdout);
  signal(SIGCHLD, SIG_DFL);
  pid = fork();
  if (pid == 0) raise(SIGPWR);
  int status;
  waitpid(pid, &status, 0);
  printf("%d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGPWR);
  // The parent ends by a signal too, one whose number only Linux has.
  fflush(stdout);
  signal(SIGUSR1, SIG_DFL);
  raise(SIGUSR1);
  return 0;
}
