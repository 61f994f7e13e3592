// Populating more memory than the machine has (64 MB): the call goes on where it had to wait.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define SIZE (96u << 20)

int main(void) {
  char *p = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (p == MAP_FAILED) return 1;
  p[0] = 'a';
  p[SIZE - 1] = 'z';
  int populated = madvise(p, SIZE, 23 /* MADV_POPULATE_WRITE */);
  // Kernels before 5.14 do not know it.
  printf("populate %s\n", populated == 0 || errno == EINVAL ? "done" : strerror(errno));
  printf("%c%c\n", p[0], p[SIZE - 1]);
  return 0;
}
