// fork, exec, spawn, waiting, sessions, limits, and what a process knows about itself.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char *self;

static void show_status(const char *what, int status) {
  printf("%s: ", what);
  if (WIFEXITED(status)) printf("exit %d\n", WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) printf("signal %d\n", WTERMSIG(status));
  else if (WIFSTOPPED(status)) printf("stopped %d\n", WSTOPSIG(status));
  else if (WIFCONTINUED(status)) printf("continued\n");
}

static int child(int argc, char **argv) {
  printf("child:");
  for (int i = 1; i < argc; i++) printf(" [%s]", argv[i]);
  const char *word = getenv("WORD");
  printf(" WORD=%s\n", word ? word : "none");
  char line[100];
  while (fgets(line, sizeof line, stdin)) printf("read %s", line);
  fflush(stdout);
  sigset_t set;
  sigprocmask(SIG_BLOCK, NULL, &set);
  struct sigaction sa;
  sigaction(SIGUSR1, NULL, &sa);
  fprintf(stdout, "blocked %d ignored %d fd9 %d group %d\n", sigismember(&set, SIGUSR2),
          sa.sa_handler == SIG_IGN, fcntl(9, F_GETFD), getpgrp() == getpid());
  return 17;
}

static int clone_child(void *arg) {
  *(int *)arg = 5;
  return 6;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "child") == 0) return child(argc, argv);
  setvbuf(stdout, NULL, _IONBF, 0);
  self = argv[0];
  int status;

  // posix_spawn with actions and attributes.
  int in[2], out[2];
  pipe(in);
  pipe(out);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attr;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_addclose(&actions, in[1]);
  posix_spawn_file_actions_addclose(&actions, out[0]);
  posix_spawn_file_actions_addopen(&actions, 9, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_init(&attr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  posix_spawnattr_setsigmask(&attr, &set);
  posix_spawnattr_setpgroup(&attr, 0);
  sigaddset(&set, SIGUSR1);
  posix_spawnattr_setsigdefault(&attr, &set);
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                      POSIX_SPAWN_SETPGROUP);
  signal(SIGUSR1, SIG_IGN);
  char *words[] = {self, "child", "two words", "", NULL};
  char *env[] = {"WORD=spawned", NULL};
  pid_t pid;
  printf("spawn %d\n", posix_spawn(&pid, self, &actions, &attr, words, env));
  close(in[0]);
  close(out[1]);
  write(in[1], "one\ntwo\n", 8);
  close(in[1]);
  char text[4096];
  ssize_t n, total = 0;
  while ((n = read(out[0], text + total, sizeof text - 1 - (size_t)total)) > 0) total += n;
  text[total] = 0;
  printf("%s", text);
  printf("waited %d ", waitpid(pid, &status, 0) == pid);
  show_status("spawned", status);
  close(out[0]);
  printf("no such %s\n", strerror(posix_spawn(&pid, "/no/such", NULL, NULL, words, env)));
  printf("a directory %s\n", strerror(posix_spawn(&pid, "/", NULL, NULL, words, env)));

  // fork, exec, ends.
  setenv("WORD", "inherited", 1);
  pid = fork();
  if (pid == 0) {
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    execl(self, self, "child", "forked", (char *)NULL);
    _exit(99);
  }
  waitpid(pid, &status, 0);
  show_status("forked", status);
  pid = vfork();
  if (pid == 0) _exit(3);
  waitpid(pid, &status, 0);
  show_status("vforked", status);
  static const int ends[] = {SIGTERM, SIGKILL, SIGABRT, SIGSEGV};
  for (int i = 0; i < 4; i++) {
    pid = fork();
    if (pid == 0) {
      raise(ends[i]);
      _exit(0);
    }
    waitpid(pid, &status, 0);
    show_status("raised", status);
  }
  pid = fork();
  if (pid == 0) {
    raise(SIGSTOP);
    _exit(4);
  }
  waitpid(pid, &status, WUNTRACED);
  show_status("first", status);
  printf("nothing %d\n", waitpid(pid, &status, WNOHANG));
  kill(pid, SIGCONT);
  waitpid(pid, &status, WCONTINUED);
  show_status("then", status);
  siginfo_t info;
  memset(&info, 0, sizeof info);
  waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
  printf("waitid %d %d %d\n", info.si_code, info.si_status, info.si_pid == pid);
  waitpid(pid, &status, 0);
  show_status("last", status);
  pid = wait(&status);
  printf("no child %d %s\n", pid, strerror(errno));
  struct rusage ru;
  pid = fork();
  if (pid == 0) _exit(1);
  printf("wait4 %d\n", wait4(pid, &status, 0, &ru) == pid);

  static char stack[32768] __attribute__((aligned(16)));
  int shared = 0;
  pid = clone(clone_child, stack + sizeof stack, CLONE_VM | SIGCHLD, &shared);
  waitpid(pid, &status, 0);
  show_status("cloned", status);
  printf("shared %d\n", shared);

  // Ids and sessions.
  printf("ids %d %d %d\n", getpid() == syscall(SYS_gettid), getpgrp() == getpgid(0), getppid() > 0);
  pid = fork();
  if (pid == 0) {
    int alone = setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid();
    _exit(alone && setsid() == -1 && errno == EPERM ? 11 : 12);
  }
  waitpid(pid, &status, 0);
  show_status("session", status);

  // Limits and scheduling.
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 20;
  setrlimit(RLIMIT_NOFILE, &limit);
  int fd, highest = 0;
  while ((fd = dup(0)) >= 0) highest = fd;
  printf("limit %d %s\n", highest, strerror(errno));
  for (fd = 3; fd <= highest; fd++) close(fd);
  prlimit(0, RLIMIT_NOFILE, NULL, &limit);
  printf("prlimit %d\n", (int)limit.rlim_cur);
  limit.rlim_cur = limit.rlim_max = 0;
  printf("core %d\n", setrlimit(RLIMIT_CORE, &limit));
  limit.rlim_cur = 2;
  limit.rlim_max = 1;
  int result = setrlimit(RLIMIT_CPU, &limit);
  printf("wrong %d %s\n", result, strerror(errno));
  result = getrlimit(99, &limit);
  printf("unknown %d %s\n", result, strerror(errno));
  int to = nice(3);
  printf("nice %d %d\n", to, getpriority(PRIO_PROCESS, 0));
  printf("policy %d %d %d\n", sched_getscheduler(0), sched_get_priority_max(SCHED_FIFO),
         sched_get_priority_min(SCHED_OTHER));
  cpu_set_t cpus;
  printf("affinity %d %d\n", sched_getaffinity(0, sizeof cpus, &cpus), CPU_ISSET(0, &cpus) != 0);
  printf("yield %d\n", sched_yield());

  // prctl, uname, sysconf, auxv.
  char name[17] = "";
  prctl(PR_SET_NAME, "a very long name indeed");
  prctl(PR_GET_NAME, name);
  printf("name %s\n", name);
  printf("pdeathsig %d ", prctl(PR_SET_PDEATHSIG, SIGHUP));
  prctl(PR_GET_PDEATHSIG, &status);
  printf("%d\n", status);
  printf("no_new_privs %d ", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  printf("%d ", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  printf("%d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
  struct utsname uts;
  uname(&uts);
  printf("uname %s\n", uts.sysname);
  printf("sysconf %ld %ld %ld %d\n", sysconf(_SC_PAGESIZE), sysconf(_SC_ARG_MAX) > 4096,
         sysconf(_SC_VERSION), sysconf(_SC_NPROCESSORS_ONLN) >= 1);
  printf("auxv %lu %d %d %s\n", getauxval(AT_PAGESZ), getauxval(AT_UID) == getuid(),
         getauxval(AT_RANDOM) != 0, (char *)getauxval(AT_EXECFN) == NULL ? "none" : "a path");
  printf("secure %lu phdr %d entry %d\n", getauxval(AT_SECURE), getauxval(AT_PHDR) != 0,
         getauxval(AT_ENTRY) != 0);
  unsigned char random[32] = {0};
  printf("random %zd %d\n", getrandom(random, 32, 0), memcmp(random, random + 16, 16) != 0);
  printf("entropy %d\n", getentropy(random, 32));
  umask(027);
  printf("umask %o\n", umask(022));
  
  // getopt with long options.
  static struct option options[] = {{"alpha", 0, NULL, 'a'}, {"beta", 1, NULL, 'b'}, {0, 0, 0, 0}};
  char *line[] = {"prog", "file", "--beta=x", "-a", "--alpha", "-b", "y", "rest", NULL};
  int c;
  while ((c = getopt_long(8, line, "ab:", options, NULL)) != -1)
    printf("%c %s, ", c, optarg ? optarg : "-");
  printf("%s %s\n", line[optind], line[optind + 1]);
  clearenv();
  putenv("A=1");
  setenv("B", "2", 1);
  setenv("A", "3", 0);
  unsetenv("none");
  for (char **e = environ; *e; e++) printf("%s ", *e);
  printf("\n");
  return 0;
}
