// Strings, sorting, searching, regular expressions, wide characters, hashing, jumps, contexts.
#define _GNU_SOURCE
#include <ctype.h>
#include <inttypes.h>
#include <locale.h>
#include <regex.h>
#include <search.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <ucontext.h>
#include <wchar.h>
#include <wctype.h>

static int by_value(const void *a, const void *b) {
  unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
  return x < y ? -1 : x > y;
}
static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}
static char line[400];
static void format(const char *f, ...) {
  va_list args;
  va_start(args, f);
  int n = vsnprintf(line, sizeof line, f, args);
  va_end(args);
  printf("%d %s\n", n, line);
}

static ucontext_t main_context, coroutine;
static int steps;
static void run(int a, int b) {
  for (int i = 0; i < 5; i++) {
    steps = steps * 10 + a + b + i;
    swapcontext(&coroutine, &main_context);
  }
}

static jmp_buf back;
static void descend(int n) {
  if (n == 0) longjmp(back, 42);
  descend(n - 1);
}

int main(void) {
  enum { COUNT = 20000 };
  static unsigned numbers[COUNT];
  unsigned seed = 7;
  for (int i = 0; i < COUNT; i++) numbers[i] = seed = seed * 1664525 + 1013904223;
  qsort(numbers, COUNT, sizeof *numbers, by_value);
  int wrong = 0;
  for (int i = 1; i < COUNT; i++) wrong += numbers[i - 1] > numbers[i];
  unsigned key = numbers[777];
  printf("%d %td\n", wrong, (unsigned *)bsearch(&key, numbers, COUNT, 4, by_value) - numbers);
  char words[] = "the quick brown fox jumps over the lazy dog";
  char *list[20], *save;
  int n = 0;
  for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) list[n++] = w;
  qsort(list, (size_t)n, sizeof *list, by_text);
  for (int i = 0; i < n; i++) printf("%s ", list[i]);
  printf("\n");

  format("%5d|%-5d|%05d|%+d|% d|%x|%#x|%#o|%X", 42, 42, 42, 42, 42, 255, 255, 8, 48879);
  format("%lld %llu %llx", INT64_MIN, UINT64_MAX, 0x123456789abcdefULL);
  format("%s|%10s|%-10s|%.2s|%c|%%|%p", "abc", "right", "left", "cut", 'x', (void *)0x1234);
  format("%2$s %1$s %2$s", "a", "b");
  format("%*d %-*d| %.*s %hhd %hd %zd %jd", 6, 1, 6, 2, 2, "xyz", 300, 70000, (size_t)9, (intmax_t)-3);
  format("%ls %lc %5.1f%n", L"wide", L'w', 2.25, &n);
  printf("%d\n", n);

  char *end;
  printf("%ld %s|", strtol("  -0x1fz", &end, 0), end);
  printf("%lu %s|", strtoul("0777 8", &end, 0), end);
  printf("%lld %lld %d\n", strtoll("9223372036854775808", NULL, 10), strtoll("zz", NULL, 36),
         atoi("12abc"));
  int a, b;
  float f;
  char s[20];
  unsigned long long big;
  printf("%d ", sscanf("12:34 word 2.5e1 ffffffffff", "%d:%d %19s %f %llx", &a, &b, s, &f, &big));
  printf("%d %d %s %g %llx\n", a, b, s, f, big);

  static char buffer[3000], other[3000];
  for (int i = 0; i < 3000; i++) buffer[i] = (char)('a' + i % 26);
  buffer[2999] = 0;
  memcpy(other, buffer, 3000);
  memmove(other + 5, other, 2000);
  printf("%.10s %.10s %zu\n", other, other + 1995, strlen(other));
  printf("%td %td %td\n", strstr(buffer, "xyzabc") - buffer, strrchr(buffer, 'q') - buffer,
         (char *)memmem(buffer, 3000, "zab", 3) - buffer);
  printf("%zu %zu %s\n", strspn("aabbc", "ab"), strcspn("hello", "l"), strpbrk("hello", "ol"));
  printf("%d %d %d\n", strcasecmp("HeLLo", "hEllO"), strncmp("abcd", "abce", 3),
         strverscmp("file9", "file10") < 0);
  for (int size = 0; size < 70; size += 3)
    for (int at = 0; at < 4; at++) {
      memset(other, '#', 100);
      memset(other + at, '.', (size_t)size);
      if (memchr(other, '#', 100) != (at ? other : other + size)) printf("bad %d %d\n", size, at);
    }

  regex_t re;
  regmatch_t m[3];
  printf("%d ", regcomp(&re, "([a-z]+)@([a-z.]+)", REG_EXTENDED));
  printf("%d ", regexec(&re, "to: joe@example.org now", 3, m, 0));
  printf("%d-%d %d-%d\n", (int)m[1].rm_so, (int)m[1].rm_eo, (int)m[2].rm_so, (int)m[2].rm_eo);
  regfree(&re);
  printf("%d\n", regcomp(&re, "(", REG_EXTENDED) != 0);

  printf("%s\n", setlocale(LC_ALL, "C"));
  wchar_t wide[50];
  printf("%zu ", mbstowcs(wide, "plain text", 50));
  printf("%zu %d %d\n", wcslen(wide), wcscmp(wide, L"plain text"), iswalpha(L'x') != 0);
  printf("%ls %ld\n", wcschr(wide, L't'), wcstol(L"-77", NULL, 10));
  int classes = 0;
  for (int c = 0; c < 256; c++)
    classes = classes * 3 + (isalpha(c) != 0) + 2 * (isspace(c) != 0) + (ispunct(c) != 0) + toupper(c);
  printf("%d\n", classes);

  hcreate(100);
  for (int i = 0; i < 50; i++) {
    char *name = malloc(10);
    snprintf(name, 10, "key%d", i);
    ENTRY e = {name, (void *)(long)(i * i)};
    hsearch(e, ENTER);
  }
  ENTRY wanted = {"key33", NULL};
  printf("%ld\n", (long)hsearch(wanted, FIND)->data);

  getcontext(&coroutine);
  coroutine.uc_stack.ss_sp = malloc(65536);
  coroutine.uc_stack.ss_size = 65536;
  coroutine.uc_link = &main_context;
  makecontext(&coroutine, (void (*)(void))run, 2, 1, 1);
  for (int i = 0; i < 6; i++) swapcontext(&main_context, &coroutine);
  printf("steps %d\n", steps);
  int value = setjmp(back);
  if (value == 0) descend(100);
  printf("jumped %d\n", value);
  srand(1);
  srandom(1);
  printf("%d %ld %ld\n", rand(), random(), (srand48(5), lrand48()));
  printf("%" PRId64 " %d\n", (int64_t)-5 / 2, (int)(-5LL % 3));
  printf("%lld %lld\n", lldiv(1000000007LL * 12345, 98765).quot, (long long)imaxabs(-7));
  return 0;
}
