// Faults as signals: addresses, codes, the saved context, and the way back by changing it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf jump;
static siginfo_t last;
static int trapno, error;
static volatile int skip;

static void handler(int sig, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  last = *info;
  trapno = uc->uc_mcontext.gregs[REG_TRAPNO];
  // Without the bit of an instruction fetch, which only processors that know NX set.
  error = uc->uc_mcontext.gregs[REG_ERR] & ~16;
  if (skip) {
    uc->uc_mcontext.gregs[REG_EIP] += skip;
    uc->uc_mcontext.gregs[REG_EAX] = 1234;
    return;
  }
  siglongjmp(jump, sig);
}

static void show(const char *what, const void *expected) {
  printf("%s: signal %d code %d address %d trap %d error %d\n", what, last.si_signo, last.si_code,
         last.si_addr == expected, trapno, error);
}
#define TRY(what, expected, ...)         \
  do {                                     \
    if (sigsetjmp(jump, 1) == 0) {         \
      __VA_ARGS__;                        \
      printf("%s: nothing\n", what);       \
    } else                                 \
      show(what, expected);                \
  } while (0)

static int recurse(int n) {
  volatile char room[4096];
  room[0] = (char)n;
  return recurse(n + 1) + room[0];
}

int main(void) {
  stack_t ss = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&ss, NULL);
  struct sigaction sa;
  memset(&sa, 0, sizeof sa);
  sa.sa_sigaction = handler;
  sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  for (int i = 0; i < 5; i++) sigaction(signals[i], &sa, NULL);

  char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(page, 4096, PROT_READ);
  mprotect(page + 4096, 4096, PROT_NONE);
  TRY("null", NULL, *(volatile int *)0 = 1);
  TRY("read null", (void *)0x24, (void)*(volatile int *)0x24);
  TRY("write to read-only", page + 5, *(volatile char *)(page + 5) = 1);
  TRY("read of no access", page + 4100, (void)*(volatile char *)(page + 4100));
  TRY("across", page + 4096, (void)*(volatile int *)(page + 4094));
  TRY("kernel", (void *)0xfffff000, (void)*(volatile int *)0xfffff000);
  munmap(page, 8192);
  TRY("unmapped", page, (void)*(volatile char *)page);
  TRY("jump", (void *)0x1000, ((void (*)(void))0x1000)());
  TRY("divide", NULL, {
    __asm__ volatile("divl %%ecx" : : "a"(1), "d"(0), "c"(0));
  });
  last.si_addr = NULL;
  TRY("hlt", NULL, __asm__ volatile("hlt"));
  TRY("int 3", NULL, { __asm__ volatile("int3"); });
  TRY("into", NULL, { __asm__ volatile("movb $0x7f,%%al; addb $1,%%al; into" : : : "eax"); });
  TRY("ud2", NULL, __asm__ volatile("ud2"));
  TRY("bound", NULL, {
    int range[2] = {1, 5};
    __asm__ volatile("bound %0,%1" : : "r"(9), "m"(range));
  });
  TRY("in", NULL, { __asm__ volatile("inb $0x80,%%al" : : : "eax"); });
  TRY("int 0x30", NULL, { __asm__ volatile("int $0x30"); });
  TRY("segment", NULL, { __asm__ volatile("mov %0,%%fs" : : "r"(0x1003)); });
  TRY("stack", NULL, recurse(0) > 0 ? puts("") : 0);
  printf("stack address %d\n", last.si_addr != NULL);

  // x87 exceptions, when they are not masked.
  unsigned short cw, unmasked;
  __asm__ volatile("fnstcw %0" : "=m"(cw));
  unmasked = cw & ~0x0d;
  TRY("x87 zero divide", NULL, {
    __asm__ volatile("fldcw %0; fldz; fld1; fdivp; fwait" : : "m"(unmasked));
  });
  __asm__ volatile("fninit");
  TRY("x87 invalid", NULL, {
    __asm__ volatile("fldcw %0; fldz; fldz; fdivp; fwait" : : "m"(unmasked));
  });
  __asm__ volatile("fninit; fldcw %0" : : "m"(cw));
  double half = 0.5;
  printf("%g\n", half + 1);

  // Past the end of a file.
  char name[] = "/tmp/faultsXXXXXX";
  int fd = mkstemp(name);
  unlink(name);
  write(fd, "0123456789", 10);
  char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  TRY("past the end", map + 4096, (void)*(volatile char *)(map + 4096));
  TRY("in the last page", map, (void)*(volatile char *)(map + 100));

  // The handler steps over the instruction and sets EAX.
  int eax;
  skip = 2;
  __asm__ volatile("ud2" : "=a"(eax) : "0"(5));
  printf("skipped %d\n", eax);
  skip = 6;
  __asm__ volatile("movl $1,0(%%ecx)" : "=a"(eax) : "0"(5), "c"(16) : "memory");
  printf("skipped %d\n", eax);
  skip = 0;

  // A page is made present by the handler's owner: here by mprotect before the second try.
  page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sigsetjmp(jump, 1)) mprotect(page, 4096, PROT_READ | PROT_WRITE);
  *(volatile char *)page = 'k';
  printf("%c\n", *page);
  sa.sa_handler = SIG_DFL;
  sigaction(SIGSEGV, &sa, NULL);
  fflush(stdout);
  *(volatile int *)0 = 0;
}
