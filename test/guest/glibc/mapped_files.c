// Files in memory: shared and private mappings, protection, sharing with children, advice.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 8 };

struct shared {
  pthread_mutex_t mutex, robust;
  pthread_cond_t cond;
  pthread_barrier_t barrier;
  sem_t sem;
  int counter, turn;
};

static void sharing(void) {
  struct shared *s =
      mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t ma;
  pthread_condattr_t ca;
  pthread_barrierattr_t ba;
  pthread_mutexattr_init(&ma);
  pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&s->mutex, &ma);
  pthread_mutexattr_setrobust(&ma, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&s->robust, &ma);
  pthread_condattr_init(&ca);
  pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
  pthread_cond_init(&s->cond, &ca);
  pthread_barrierattr_init(&ba);
  pthread_barrierattr_setpshared(&ba, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&s->barrier, &ba, 4);
  sem_init(&s->sem, 1, 0);
  fflush(stdout);
  for (int i = 0; i < 3; i++) {
    if (fork()) continue;
    pthread_barrier_wait(&s->barrier);
    for (int n = 0; n < 200; n++) {
      pthread_mutex_lock(&s->mutex);
      int seen = s->counter;
      if (n % 40 == 0) sched_yield();
      s->counter = seen + 1;
      pthread_mutex_unlock(&s->mutex);
    }
    sem_post(&s->sem);
    pthread_mutex_lock(&s->mutex);
    while (s->turn != i) pthread_cond_wait(&s->cond, &s->mutex);
    s->turn++;
    pthread_cond_broadcast(&s->cond);
    pthread_mutex_unlock(&s->mutex);
    _exit(0);
  }
  pthread_barrier_wait(&s->barrier);
  for (int i = 0; i < 3; i++) sem_wait(&s->sem);
  printf("counter %d\n", s->counter);
  while (wait(NULL) > 0) continue;
  printf("turn %d\n", s->turn);

  // The owner of a robust mutex dies: by exit, by a signal, while another waits.
  for (int how = 0; how < 3; how++) {
    pid_t pid = fork();
    if (pid == 0) {
      pthread_mutex_lock(&s->robust);
      sem_post(&s->sem);
      if (how == 2) usleep(30000);
      if (how == 1) abort();
      _exit(0);
    }
    sem_wait(&s->sem);
    if (how < 2) waitpid(pid, NULL, 0);
    int error = pthread_mutex_lock(&s->robust);
    printf("robust %d: %s consistent %d", how, strerror(error),
           error == EOWNERDEAD ? pthread_mutex_consistent(&s->robust) : -1);
    printf(" unlock %d\n", pthread_mutex_unlock(&s->robust));
    if (how == 2) waitpid(pid, NULL, 0);
  }
}

int main(void) {
  char name[] = "/tmp/mappedXXXXXX";
  int fd = mkstemp(name);
  char page[PAGE];
  for (int i = 0; i < PAGES; i++) {
    memset(page, 'a' + i, PAGE);
    write(fd, page, PAGE);
  }
  write(fd, "tail", 4);
  size_t length = PAGES * PAGE + 4;
  char *shared = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *private = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  char *second = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
  printf("%c %c %c %.6s|%d\n", shared[0], private[PAGE], second[0], shared + PAGES * PAGE - 2,
         shared[length]);
  shared[2 * PAGE] = 'S';
  private[3 * PAGE] = 'P';
  pread(fd, page, PAGE, 2 * PAGE);
  printf("%c %c %c ", page[0], second[0], private[2 * PAGE]);
  pread(fd, page, PAGE, 3 * PAGE);
  printf("%c %c\n", page[0], shared[3 * PAGE]);
  pwrite(fd, "W", 1, 3 * PAGE + 1);
  printf("%c %c\n", shared[3 * PAGE + 1], private[3 * PAGE + 1]);
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    shared[5] = 'C';
    private[5] = 'D';
    _exit(0);
  }
  waitpid(pid, NULL, 0);
  printf("%c %c\n", shared[5], private[5]);
  printf("msync %d %d\n", msync(shared, length, MS_SYNC), msync(shared + 1, 1, MS_SYNC));
  shared = mremap(shared, length, 2 * length, MREMAP_MAYMOVE);
  printf("mremap %c %c\n", shared[2 * PAGE], shared[5]);
  ftruncate(fd, 12 * PAGE);
  shared[11 * PAGE] = 'E';
  pread(fd, page, 1, 11 * PAGE);
  printf("grown %c\n", page[0]);
  madvise(private, PAGES * PAGE, MADV_DONTNEED);
  printf("dropped %c\n", private[3 * PAGE]);
  close(fd);
  unlink(name);
  printf("unlinked %c\n", shared[PAGE]);

  int ro = open("/proc/self/exe", O_RDONLY);
  if (ro < 0) ro = open("/dev/zero", O_RDONLY);
  errno = 0;
  void *p = mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, ro, 0);
  printf("%d %s\n", p == MAP_FAILED, strerror(errno));
  p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 77, 0);
  printf("%d %s\n", p == MAP_FAILED, strerror(errno));
  p = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("%d %s\n", p == MAP_FAILED, strerror(errno));
  p = mmap((void *)123, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  printf("%d %s\n", p == MAP_FAILED, strerror(errno));

  char *region = mmap(NULL, 16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("%d ", mprotect(region + 4 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE));
  memset(region + 4 * PAGE, 7, 4 * PAGE);
  printf("%d ", mprotect(region + 5 * PAGE, PAGE, PROT_READ));
  printf("%d ", munmap(region + 6 * PAGE, PAGE));
  int result = mprotect(region, 16 * PAGE, PROT_READ);
  printf("%d %s ", result, strerror(errno));
  printf("%d\n", region[5 * PAGE]);
  p = mmap(region + 6 * PAGE, PAGE, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  printf("%d ", p == region + 6 * PAGE);
  p = mmap(region + 7 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
           -1, 0);
  printf("%d %s\n", p == MAP_FAILED, strerror(errno));
  unsigned char resident[16];
  char *fresh = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  fresh[PAGE] = 1;
  printf("mincore %d %d %d %d\n", mincore(fresh, 4 * PAGE, resident), resident[0] & 1,
         resident[1] & 1, resident[2] & 1);
  madvise(fresh, 4 * PAGE, MADV_DONTNEED);
  printf("zero %d\n", fresh[PAGE]);
  char *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                    -1, 0);
  memcpy(code, "\xb8\x2a\0\0\0\xc3", 6);
  printf("code %d ", ((int (*)(void))code)());
  code[1] = 43;
  printf("%d\n", ((int (*)(void))code)());
  int memfd = memfd_create("name", MFD_CLOEXEC);
  if (memfd >= 0) ftruncate(memfd, PAGE);
  sharing();
  char object[40];
  snprintf(object, sizeof object, "/faultline-%d", (int)getpid());
  int shm = shm_open(object, O_RDWR | O_CREAT | O_EXCL, 0600);
  ftruncate(shm, PAGE);
  char *view = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, shm, 0);
  view[0] = 'm';
  char byte = 0;
  pread(shm, &byte, 1, 0);
  printf("shm %d %c %d\n", shm >= 0, byte, shm_unlink(object));
  sem_t *sem = sem_open(object, O_CREAT, 0600, 1);
  printf("sem %d ", sem_wait(sem));
  printf("%d\n", sem_trywait(sem));
  fflush(stdout);
  if (fork() == 0) {
    sem_post(sem_open(object, 0));
    _exit(0);
  }
  printf("posted %d\n", sem_wait(sem));
  wait(NULL);
  sem_unlink(object);
  return 0;
}
