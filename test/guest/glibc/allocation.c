// malloc: many sizes, growing and shrinking of mapped blocks (mremap), alignment, content kept.
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned seed = 12345;
static unsigned next(void) {
  seed = seed * 1103515245 + 12345;
  return seed >> 8;
}

static int filled(const unsigned char *p, size_t n, unsigned char with) {
  for (size_t i = 0; i < n; i++)
    if (p[i] != with) return 0;
  return 1;
}

int main(void) {
  enum { SLOTS = 300 };
  static unsigned char *slot[SLOTS];
  static size_t size[SLOTS];
  int bad = 0;
  for (int round = 0; round < 6000; round++) {
    unsigned i = next() % SLOTS;
    unsigned char mark = (unsigned char)(i * 7 + 1);
    if (slot[i] && !filled(slot[i], size[i] < 64 ? size[i] : 64, mark)) bad++;
    if (next() % 3 == 0) {
      free(slot[i]);
      slot[i] = NULL;
      size[i] = 0;
      continue;
    }
    size_t n = next() % (next() % 50 == 0 ? 300000 : 3000) + 1;
    slot[i] = realloc(slot[i], n);
    if (!slot[i]) return 1;
    memset(slot[i], mark, n < 64 ? n : 64);
    slot[i][n - 1] = mark;
    size[i] = n;
  }
  printf("bad %d\n", bad);
  for (int i = 0; i < SLOTS; i++) free(slot[i]);

  // Grown in steps, a big block keeps what it holds.
  unsigned *block = NULL;
  size_t words = 0;
  for (int step = 0; step < 40; step++) {
    size_t more = words + 20000;
    block = realloc(block, more * sizeof *block);
    if (!block) return 1;
    for (; words < more; words += 512) block[words] = (unsigned)words * 3;
    words = more;
  }
  for (size_t i = 0; i < 20000; i += 512)
    if (block[i] != i * 3) bad++;
  block = realloc(block, 4000);
  printf("bad %d first %u %u\n", bad, block[0], block[512]);
  free(block);

  unsigned char *zero = calloc(1, 1 << 20);
  printf("calloc %d\n", filled(zero, 1 << 20, 0));
  free(zero);
  for (size_t align = 16; align <= 65536; align *= 4) {
    void *p = NULL;
    int error = posix_memalign(&p, align, 100);
    printf("align %zu: %d %d\n", align, error, (int)((uintptr_t)p % align));
    free(p);
  }
  errno = 0;
  void *huge = malloc(0x7fffffff);
  if (huge) free(huge);
  void *volatile none = malloc((size_t)-1);
  printf("huge %d %s\n", none == NULL, strerror(errno));
  malloc_trim(0);

  // mremap itself.
  char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  strcpy(p, "head");
  strcpy(p + 4096, "tail");
  p = mremap(p, 8192, 1 << 20, MREMAP_MAYMOVE);
  printf("%s %s %d\n", p, p + 4096, p[(1 << 20) - 1]);
  p = mremap(p, 1 << 20, 4096, 0);
  printf("%s %d\n", p, msync(p + 4096, 4096, MS_ASYNC));
  char *to = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *moved = mremap(p, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, to + 8192);
  printf("%d %s\n", moved == to + 8192, moved);
  printf("%d %d\n", mremap(to, 4096, 0, 0) == MAP_FAILED, errno);
  printf("%d %d\n", mremap(to + 1, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED, errno);

  char *top = sbrk(0);
  printf("%d\n", sbrk(10000) == top && (char *)sbrk(0) == top + 10000);
  memset(top, 1, 10000);
  printf("%d %d\n", sbrk(-10000) == top + 10000, sbrk(0) == top);
  return 0;
}
