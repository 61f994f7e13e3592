// System calls with wrong, unusual and borderline arguments: the result or the error of each.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/** The raw call: -errno or its result. */
#define CALL(...)                                        \
  do {                                                   \
    long r_ = syscall(__VA_ARGS__);                      \
    printf("%d %s = ", __LINE__, #__VA_ARGS__);          \
    if (r_ < 0) printf("%s\n", strerrorname_np(errno));  \
    else printf("%ld\n", r_);                            \
  } while (0)
/** The same for results that are addresses or vary. */
#define WORKS(...)                                                                         \
  do {                                                                                     \
    long r_ = syscall(__VA_ARGS__);                                                        \
    int e_ = errno;                                                                        \
    printf("%d %s: %s\n", __LINE__, #__VA_ARGS__, r_ == -1 ? strerrorname_np(e_) : "fine"); \
  } while (0)

#define BAD ((void *)0xffff0000)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static void memory(void) {
  char *p = mmap(NULL, 8 * 4096, RW, ANON, -1, 0);
  munmap(p + 4 * 4096, 4096);
  WORKS(SYS_mmap2, 0, 0, RW, ANON, -1, 0);
  WORKS(SYS_mmap2, 0, 4096, RW, MAP_ANONYMOUS, -1, 0);
  WORKS(SYS_mmap2, 0, 4096, RW, MAP_SHARED | MAP_PRIVATE, -1, 0);
  WORKS(SYS_mmap2, 0, 4096, RW, MAP_PRIVATE, -1, 0);
  WORKS(SYS_mmap2, p + 1, 4096, RW, ANON | MAP_FIXED, -1, 0);
  WORKS(SYS_mmap2, p + 1, 4096, RW, ANON, -1, 0);
  WORKS(SYS_mmap2, 0, 0xfffff000, RW, ANON, -1, 0);
  WORKS(SYS_mmap2, 0, 1, RW, ANON, -1, 12345);
  WORKS(SYS_mmap2, 0, 1, PROT_NONE, ANON | MAP_NORESERVE | MAP_STACK, -1, 0);
  WORKS(SYS_mmap2, 0, 4096, RW, ANON | MAP_POPULATE, -1, 0);
  CALL(SYS_munmap, p + 1, 4096);
  CALL(SYS_munmap, p, 0);
  CALL(SYS_munmap, p + 4 * 4096, 4096);
  CALL(SYS_mprotect, p + 1, 4096, PROT_READ);
  CALL(SYS_mprotect, p, 0, 99);
  CALL(SYS_mprotect, p, 4096, 99);
  CALL(SYS_mprotect, p, 5 * 4096, PROT_READ);
  CALL(SYS_mprotect, p, 1, RW);
  CALL(SYS_madvise, p + 1, 4096, MADV_DONTNEED);
  CALL(SYS_madvise, p, 0, MADV_DONTNEED);
  CALL(SYS_madvise, p, 4096, 999);
  CALL(SYS_madvise, p, 6 * 4096, MADV_DONTNEED);
  CALL(SYS_madvise, p, 4096, MADV_FREE);
  CALL(SYS_madvise, p, 4096, MADV_WILLNEED);
  CALL(SYS_madvise, p, 4096, MADV_REMOVE);
  CALL(SYS_msync, p, 4096, MS_SYNC | MS_ASYNC);
  CALL(SYS_msync, p, 4096, 64);
  CALL(SYS_msync, p, 6 * 4096, MS_SYNC);
  CALL(SYS_msync, p, 4096, MS_INVALIDATE);
  unsigned char vec[8];
  CALL(SYS_mincore, p + 1, 4096, vec);
  CALL(SYS_mincore, p, 6 * 4096, vec);
  CALL(SYS_mincore, p, 4096, BAD);
  CALL(SYS_mincore, p, 4096, vec);
  CALL(SYS_mremap, p, 4096, 0, MREMAP_MAYMOVE, 0);
  CALL(SYS_mremap, p + 1, 4096, 8192, MREMAP_MAYMOVE, 0);
  CALL(SYS_mremap, p + 4 * 4096, 4096, 8192, MREMAP_MAYMOVE, 0);
  CALL(SYS_mremap, p, 4096, 8192, MREMAP_FIXED, p + 65536);
  CALL(SYS_mremap, p, 8192, 8192, MREMAP_FIXED | MREMAP_MAYMOVE, p + 4096);
  CALL(SYS_mremap, p, 4096, 8192, 64, 0);
  CALL(SYS_mremap, p, 4096, 8192, 0, 0);
  CALL(SYS_mremap, p, 8 * 4096, 9 * 4096, MREMAP_MAYMOVE, 0);
  CALL(SYS_mremap, p, 0, 4096, MREMAP_MAYMOVE, 0);
  CALL(SYS_mlock, p, 4096);
  CALL(SYS_mlock, p + 4 * 4096, 4096);
  CALL(SYS_munlock, p, 4096);
  CALL(SYS_mlock2, p, 4096, 8);
  CALL(SYS_mlockall, 0);
  CALL(SYS_mlockall, 64);
  CALL(SYS_mlockall, MCL_ONFAULT);
  CALL(SYS_munlockall);
}

static void time_calls(void) {
  struct timespec bad = {0, 1000000000}, negative = {-1, 0}, zero = {0, 0};
  long long now[2];
  CALL(SYS_clock_gettime, 100, &zero);
  CALL(SYS_clock_gettime, 1, BAD);
  CALL(SYS_clock_gettime64, 0, now);
  CALL(SYS_clock_gettime, -3, &zero);
  CALL(SYS_clock_getres, 0, 0);
  CALL(SYS_clock_getres, 100, 0);
  CALL(SYS_clock_getres_time64, 5, BAD);
  CALL(SYS_clock_settime, 1, &zero);
  CALL(SYS_clock_nanosleep, 100, 0, &zero, 0);
  CALL(SYS_clock_nanosleep, 3, 0, &zero, 0);
  CALL(SYS_clock_nanosleep, 4, 0, &zero, 0);
  CALL(SYS_clock_nanosleep, 1, 0, &bad, 0);
  CALL(SYS_clock_nanosleep, 1, TIMER_ABSTIME, &zero, 0);
  memset(&zero, 0, sizeof zero);
  CALL(SYS_nanosleep, &bad, 0);
  CALL(SYS_nanosleep, &negative, 0);
  CALL(SYS_nanosleep, BAD, 0);
  CALL(SYS_nanosleep, &zero, BAD);
  CALL(SYS_gettimeofday, 0, 0);
  CALL(SYS_gettimeofday, BAD, 0);
  CALL(SYS_times, BAD);
  CALL(SYS_getitimer, 5, now);
  CALL(SYS_getitimer, 0, BAD);
  CALL(SYS_setitimer, 0, &bad, 0);
  long itimer[4] = {0, 0, 0, 1000000};
  CALL(SYS_setitimer, 0, itimer, 0);
  CALL(SYS_timer_create, 100, 0, now);
  CALL(SYS_timer_create, 5, 0, now);
  struct sigevent ev;
  memset(&ev, 0, sizeof ev);
  ev.sigev_notify = 77;
  ev.sigev_signo = SIGALRM;
  CALL(SYS_timer_create, 1, &ev, now);
  ev.sigev_notify = SIGEV_SIGNAL;
  ev.sigev_signo = 65;
  CALL(SYS_timer_create, 1, &ev, now);
  ev.sigev_signo = 0;
  CALL(SYS_timer_create, 1, &ev, now);
  ev.sigev_notify = SIGEV_NONE;
  int id = -1;
  CALL(SYS_timer_create, 1, &ev, &id);
  CALL(SYS_timer_settime, id, 0, 0, 0);
  CALL(SYS_timer_settime, id, 0, itimer, 0);
  itimer[3] = 1000000000;
  CALL(SYS_timer_settime, id, 0, itimer, 0);
  CALL(SYS_timer_gettime, id, BAD);
  CALL(SYS_timer_gettime, 55, now);
  CALL(SYS_timer_getoverrun, id);
  CALL(SYS_timer_delete, id);
  CALL(SYS_timer_delete, id);
}

static void signal_calls(void) {
  sigset_t set;
  sigemptyset(&set);
  struct timespec zero = {0, 0}, bad = {0, -1};
  unsigned old[5];
  CALL(SYS_rt_sigaction, 0, 0, 0, 8);
  CALL(SYS_rt_sigaction, 65, 0, 0, 8);
  CALL(SYS_rt_sigaction, 10, 0, 0, 4);
  CALL(SYS_rt_sigaction, 9, 0, old, 8);
  CALL(SYS_rt_sigaction, 9, old, 0, 8);
  CALL(SYS_rt_sigaction, 19, old, 0, 8);
  CALL(SYS_rt_sigaction, 10, BAD, 0, 8);
  CALL(SYS_rt_sigaction, 30, 0, old, 8);
  CALL(SYS_rt_sigprocmask, 7, &set, 0, 8);
  CALL(SYS_rt_sigprocmask, 7, 0, &set, 8);
  CALL(SYS_rt_sigprocmask, 0, &set, 0, 16);
  CALL(SYS_rt_sigprocmask, 0, BAD, 0, 8);
  CALL(SYS_rt_sigpending, &set, 9);
  CALL(SYS_rt_sigpending, &set, 4);
  CALL(SYS_rt_sigtimedwait, &set, 0, &zero, 8);
  CALL(SYS_rt_sigtimedwait, &set, 0, &bad, 8);
  CALL(SYS_rt_sigtimedwait, &set, 0, &zero, 4);
  CALL(SYS_rt_sigsuspend, &set, 4);
  CALL(SYS_rt_sigqueueinfo, getpid(), 10, BAD);
  CALL(SYS_kill, getpid(), 0);
  CALL(SYS_kill, getpid(), -1);
  CALL(SYS_kill, getpid(), 65);
  CALL(SYS_kill, 4194304, 0);
  CALL(SYS_kill, -4194303, 0);
  CALL(SYS_tgkill, getpid(), getpid(), 0);
  CALL(SYS_tgkill, 1, getpid(), 0);
  CALL(SYS_tgkill, 0, getpid(), 0);
  CALL(SYS_tgkill, getpid(), 0, 0);
  CALL(SYS_tkill, -1, 0);
  CALL(SYS_tkill, getpid(), 99);
  stack_t ss = {.ss_sp = (void *)4096, .ss_size = 1000};
  CALL(SYS_sigaltstack, &ss, 0);
  ss.ss_flags = 7;
  ss.ss_size = 8192;
  CALL(SYS_sigaltstack, &ss, 0);
  ss.ss_flags = SS_ONSTACK;
  CALL(SYS_sigaltstack, &ss, 0);
  ss.ss_flags = SS_DISABLE;
  CALL(SYS_sigaltstack, &ss, 0);
  CALL(SYS_sigaltstack, BAD, 0);
  CALL(SYS_sigaltstack, 0, BAD);
}

static void process_calls(void) {
  int status;
  siginfo_t info;
  CALL(SYS_waitpid, -1, &status, 0);
  CALL(SYS_waitpid, -1, &status, 0x100);
  CALL(SYS_wait4, 4194304, &status, 0, 0);
  CALL(SYS_waitid, P_ALL, 0, &info, WEXITED, 0);
  CALL(SYS_waitid, P_ALL, 0, &info, 0, 0);
  CALL(SYS_waitid, P_ALL, 0, &info, 0x100, 0);
  CALL(SYS_waitid, 9, 0, &info, WEXITED, 0);
  CALL(SYS_waitid, P_PID, 0, &info, WEXITED, 0);
  CALL(SYS_clone, CLONE_THREAD, 0, 0, 0, 0);
  CALL(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0);
  CALL(SYS_execve, "/no/such", 0, 0);
  CALL(SYS_execve, BAD, 0, 0);
  CALL(SYS_execve, "/tmp", 0, 0);
  CALL(SYS_execve, "", 0, 0);
  unsigned desc[4] = {77, 0, 0, 0};
  CALL(SYS_set_thread_area, BAD);
  CALL(SYS_set_thread_area, desc);
  CALL(SYS_get_thread_area, desc);
  desc[0] = 14;
  CALL(SYS_get_thread_area, desc);
  printf("%x %x %x\n", desc[1], desc[2], desc[3]);
  unsigned tls[4] = {14, 0x1234567, 0xfffff, 0x51}, back[4] = {14};
  CALL(SYS_set_thread_area, tls);
  CALL(SYS_get_thread_area, back);
  printf("%x %x %x\n", back[1], back[2], back[3]);
  CALL(SYS_getpgid, 4194304);
  CALL(SYS_getsid, 4194304);
  CALL(SYS_setpgid, 4194304, 0);
  CALL(SYS_setpgid, 0, -1);
  CALL(SYS_getpriority, 9, 0);
  CALL(SYS_getpriority, 0, 4194304);
  CALL(SYS_setpriority, 0, 4194304, 1);
  CALL(SYS_setpriority, 9, 0, 0);
  CALL(SYS_sched_setscheduler, 0, 99, &status);
  CALL(SYS_sched_setscheduler, 0, -1, &status);
  CALL(SYS_sched_setscheduler, -1, 0, &status);
  status = 5;
  CALL(SYS_sched_setscheduler, 0, 0, &status);
  status = 0;
  CALL(SYS_sched_setscheduler, 0, SCHED_BATCH, &status);
  CALL(SYS_sched_getscheduler, 0);
  CALL(SYS_sched_setscheduler, 0, 0, &status);
  CALL(SYS_sched_getscheduler, 4194304);
  CALL(SYS_sched_getparam, 0, 0);
  CALL(SYS_sched_getparam, 4194304, &status);
  CALL(SYS_sched_getparam, 0, &status);
  CALL(SYS_sched_get_priority_max, 77);
  CALL(SYS_sched_rr_get_interval, -1, desc);
  CALL(SYS_sched_getaffinity, 0, 3, desc);
  CALL(SYS_sched_getaffinity, 4194304, 128, desc);
  desc[0] = 0;
  CALL(SYS_sched_setaffinity, 0, 4, desc);
  struct rlimit limit;
  CALL(SYS_ugetrlimit, 16, &limit);
  CALL(SYS_ugetrlimit, 0, BAD);
  CALL(SYS_prlimit64, 4194304, 0, 0, 0);
  CALL(SYS_prlimit64, 0, 16, 0, 0);
  CALL(SYS_prlimit64, 0, 0, BAD, 0);
  struct rusage ru;
  CALL(SYS_getrusage, 5, &ru);
  CALL(SYS_getrusage, 1, &ru);
  CALL(SYS_getrusage, 0, BAD);
  CALL(SYS_prctl, 999);
  CALL(SYS_prctl, PR_SET_PDEATHSIG, 65);
  CALL(SYS_prctl, PR_SET_DUMPABLE, 3);
  CALL(SYS_prctl, PR_SET_NAME, BAD);
  CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
  CALL(SYS_prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0);
  CALL(SYS_prctl, PR_SET_KEEPCAPS, 2);
  CALL(SYS_prctl, PR_GET_TIMERSLACK);
  CALL(SYS_prctl, PR_CAPBSET_READ, 99);
  CALL(SYS_personality, 0xffffffff);
  CALL(SYS_getrandom, desc, 16, 8);
  CALL(SYS_getrandom, BAD, 16, 0);
  CALL(SYS_getrandom, desc, 16, 1);
  CALL(SYS_getgroups, -1, desc);
  CALL(SYS_getgroups32, 0, 0);
  CALL(SYS_uname, BAD);
  CALL(SYS_sysinfo, BAD);
  CALL(SYS_getcpu, 0, 0, 0);
  CALL(SYS_set_robust_list, desc, 13);
  CALL(SYS_getresuid32, BAD, BAD, BAD);
  struct __user_cap_header_struct cap = {12345, 0};
  CALL(SYS_capget, &cap, 0);
  printf("%x\n", cap.version);
  CALL(SYS_capget, &cap, 0);
}

static void futex_calls(void) {
  static int word = 5, other;
  struct timespec brief = {0, 1000000}, bad = {0, -1};
  CALL(SYS_futex, &word, FUTEX_WAIT, 4, 0, 0, 0);
  CALL(SYS_futex, &word, FUTEX_WAIT, 5, &brief, 0, 0);
  CALL(SYS_futex, &word, FUTEX_WAIT, 5, &bad, 0, 0);
  CALL(SYS_futex, (char *)&word + 1, FUTEX_WAIT, 5, 0, 0, 0);
  CALL(SYS_futex, BAD, FUTEX_WAIT, 5, 0, 0, 0);
  CALL(SYS_futex, 64, FUTEX_WAIT, 5, 0, 0, 0);
  CALL(SYS_futex, &word, FUTEX_WAKE, 1, 0, 0, 0);
  CALL(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
  CALL(SYS_futex, &word, FUTEX_WAIT_BITSET, 5, 0, 0, 0);
  CALL(SYS_futex, &word, FUTEX_WAKE_BITSET, 5, 0, 0, 0);
  CALL(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &brief, 0, -1);
  CALL(SYS_futex, &word, FUTEX_REQUEUE, 1, 1, &other, 0);
  CALL(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &other, 4);
  CALL(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &other, 5);
  CALL(SYS_futex, &word, FUTEX_CMP_REQUEUE, -1, 1, &other, 5);
  CALL(SYS_futex, &word, FUTEX_WAKE_OP, 1, 1, &other, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 0));
  printf("%d\n", other);
  CALL(SYS_futex, &word, 99, 1, 0, 0, 0);
  other = 0;
  CALL(SYS_futex, &other, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
  CALL(SYS_futex, &other, FUTEX_LOCK_PI, 0, 0, 0, 0);
  CALL(SYS_futex, &other, FUTEX_LOCK_PI, 0, 0, 0, 0);
  CALL(SYS_futex, &other, FUTEX_TRYLOCK_PI, 0, 0, 0, 0);
  printf("%d\n", other == getpid());
  CALL(SYS_futex, &other, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
  other = 4194303;
  CALL(SYS_futex, &other, FUTEX_LOCK_PI, 0, 0, 0, 0);
}

int main(void) {
  memory();
  time_calls();
  signal_calls();
  process_calls();
  futex_calls();
  return 0;
}
