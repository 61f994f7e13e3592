// poll, select and their kind on pipes, sockets and terminals that are none; pipes and their ends.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t signals;
static void handler(int sig) {
  (void)sig;
  signals++;
}

static void show(const char *what, int result, struct pollfd *p, int n) {
  printf("%s %d:", what, result);
  for (int i = 0; i < n; i++) printf(" %x", p[i].revents);
  printf("\n");
}

int main(void) {
  int a[2], b[2];
  pipe(a);
  pipe(b);
  struct pollfd p[4] = {{a[0], POLLIN, 0}, {b[1], POLLOUT, 0}, {-1, POLLIN, 0}, {99, POLLIN, 0}};
  show("first", poll(p, 4, 0), p, 4);
  write(a[1], "hello", 5);
  show("data", poll(p, 2, 1000), p, 2);
  int available;
  ioctl(a[0], FIONREAD, &available);
  printf("available %d\n", available);
  char text[100];
  printf("%zd\n", read(a[0], text, sizeof text));
  p[1].fd = -1;
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  show("timeout", poll(p, 2, 30), p, 2);
  clock_gettime(CLOCK_MONOTONIC, &after);
  long ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
  printf("waited %d\n", ms >= 29);
  fflush(stdout);
  int go[2];
  pipe(go);
  if (fork() == 0) {
    usleep(20000);
    write(a[1], "x", 1);
    read(go[0], text, 1);
    _exit(0);
  }
  close(a[1]);
  show("child", poll(p, 1, -1), p, 1);
  read(a[0], text, 1);
  write(go[1], "x", 1);
  show("hangup", poll(p, 1, -1), p, 1);
  printf("end %zd\n", read(a[0], text, 1));
  wait(NULL);
  p[0].fd = b[1];
  p[0].events = POLLOUT;
  close(b[0]);
  show("no reader", poll(p, 1, -1), p, 1);

  // A full pipe.
  pipe(b);
  fcntl(b[1], F_SETFL, O_NONBLOCK);
  size_t total = 0;
  ssize_t n;
  char block[4096] = {0};
  while ((n = write(b[1], block, sizeof block)) > 0) total += (size_t)n;
  printf("full %zu %s %d\n", total, strerror(errno), fcntl(b[1], F_GETPIPE_SZ));
  p[0].fd = b[1];
  show("full", poll(p, 1, 0), p, 1);
  read(b[0], block, sizeof block);
  show("room", poll(p, 1, 0), p, 1);

  // select.
  fd_set in, out;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_SET(b[0], &in);
  FD_SET(b[1], &out);
  struct timeval tv = {1, 0};
  int result = select(b[1] + 1, &in, &out, NULL, &tv);
  printf("select %d %d %d left %d\n", result, FD_ISSET(b[0], &in), FD_ISSET(b[1], &out),
         tv.tv_sec == 0 || tv.tv_sec == 1);
  pipe(a);
  FD_ZERO(&in);
  FD_SET(a[0], &in);
  tv.tv_sec = 0;
  tv.tv_usec = 20000;
  result = select(a[0] + 1, &in, NULL, NULL, &tv);
  printf("nothing %d %d left %ld\n", result, FD_ISSET(a[0], &in), (long)tv.tv_usec);
  FD_SET(50, &in);
  result = select(51, &in, NULL, NULL, NULL);
  printf("bad %d %s\n", result, strerror(errno));

  // With a signal.
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_handler = handler;
  sa.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &sa, NULL);
  sigset_t set, empty;
  sigemptyset(&empty);
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  struct itimerval it = {{0, 0}, {0, 10000}};
  setitimer(ITIMER_REAL, &it, NULL);
  p[0].fd = a[0];
  p[0].events = POLLIN;
  usleep(20000);
  printf("held %d\n", signals);
  struct timespec second = {1, 0};
  result = ppoll(p, 1, &second, &empty);
  printf("ppoll %d %s %d\n", result, strerror(errno), signals);
  setitimer(ITIMER_REAL, &it, NULL);
  FD_ZERO(&in);
  FD_SET(a[0], &in);
  result = pselect(a[0] + 1, &in, NULL, NULL, NULL, &empty);
  printf("pselect %d %s %d\n", result, strerror(errno), signals);
  sigprocmask(SIG_SETMASK, NULL, &set);
  printf("mask %d\n", sigismember(&set, SIGALRM));
  sigprocmask(SIG_SETMASK, &empty, NULL);
  setitimer(ITIMER_REAL, &it, NULL);
  result = poll(p, 1, 1000);
  printf("poll %d %s\n", result, strerror(errno));

  // A pair of sockets.
  int s[2];
  printf("socketpair %d\n", socketpair(AF_UNIX, SOCK_STREAM, 0, s));
  write(s[0], "ping", 4);
  p[0].fd = s[1];
  p[0].events = POLLIN | POLLOUT;
  show("socket", poll(p, 1, 0), p, 1);
  printf("%zd ", recv(s[1], text, 10, 0));
  send(s[1], "pong!", 5, MSG_NOSIGNAL);
  printf("%zd\n", read(s[0], text, 10));
  shutdown(s[0], SHUT_WR);
  printf("shut %zd\n", read(s[1], text, 10));
  close(s[0]);
  signal(SIGPIPE, SIG_IGN);
  n = write(s[1], "x", 1);
  printf("%zd %s\n", n, strerror(errno));

  struct termios t;
  result = tcgetattr(a[0], &t);
  printf("tty %d %s\n", result, strerror(errno));
  printf("isatty %d\n", isatty(a[0]));
  fcntl(a[0], F_SETFL, O_NONBLOCK);
  n = read(a[0], text, 1);
  printf("empty %zd %s\n", n, strerror(errno));
  return 0;
}
