// Unmasked exceptions: which code and which address SIGFPE brings, on the x87 and in SSE, and that the
// handler has a fresh unit while the interrupted one comes back.
#include "numeric.h"
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int code;
static volatile void *where;
static volatile int handler_mode;

static void handler(int sig, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  code = info->si_code;
  where = info->si_addr;
  handler_mode = fegetround();
  printf("  signal %d code %d trap %d at eip %d\n", sig, code, (int)uc->uc_mcontext.gregs[REG_TRAPNO],
         info->si_addr == (void *)uc->uc_mcontext.gregs[REG_EIP]);
  siglongjmp(back, 1);
}

static volatile double zero = 0, one = 1, three = 3, huge = 1e308, tiny = 1e-308, sink;
static volatile int isink;
static volatile float fsink;

// The code of a build for the x87 has no vector instructions of its own.
__attribute__((noinline, target("sse2"))) static void vector(int which) {
  static const double operands[2] __attribute__((aligned(16))) = {-1, 2};
  static volatile float ones[2] = {1, 0};
  if (which == 11) __asm__ volatile("movss %0, %%xmm0; divss %1, %%xmm0" : : "m"(ones[0]), "m"(ones[1]) : "xmm0");
  if (which == 12) __asm__ volatile("sqrtpd %0, %%xmm0" : : "m"(operands) : "xmm0");
  if (which == 13) __asm__ volatile("cvttsd2si %0, %%eax" : : "m"(huge) : "eax");
}

static void operation(int which) {
  switch (which) {
    case 0: sink = zero / zero; break;
    case 1: sink = one / zero; break;
    case 2: sink = huge * huge; break;
    case 3: sink = tiny * tiny; break;
    case 4: sink = one / three; break;
    case 5: fsink = (float)huge; break;
    case 6: sink = sqrt(-one); break;
    case 7: isink = (int)lrint(huge); break;
    // A number below the normal ones, loaded by hand: the denormal exception is in no header.
    case 8: __asm__ volatile("fldl %0; fmull %1; fstpl %1; fwait" : : "m"(tiny), "m"(sink)); break;
    case 9: {
      volatile int n = (int)zero;
      isink = 5 / n;
      break;
    }
    case 10: __asm__ volatile("fninit; fldcw %0; fstp %%st(0); fwait" : : "m"((short){0x37e})); break;
    case 11:
    case 12:
    case 13: vector(which); break;
  }
  __asm__ volatile("fwait");
}

int main(void) {
  struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGFPE, &sa, NULL);
  setvbuf(stdout, NULL, _IONBF, 0);
  static const int enable[] = {FE_INVALID, FE_DIVBYZERO, FE_OVERFLOW, FE_UNDERFLOW, FE_INEXACT, FE_ALL_EXCEPT};
  for (unsigned e = 0; e < sizeof enable / sizeof *enable; e++)
    for (int which = 0; which <= 13; which++) {
      printf("%x %d\n", enable[e], which);
      fesetenv(FE_DFL_ENV);
      fesetround(FE_UPWARD);
      if (sigsetjmp(back, 1) == 0) {
        feenableexcept(enable[e]);
        operation(which);
        int flags = fetestexcept(FE_ALL_EXCEPT);
        fesetenv(FE_DFL_ENV);
        printf("  none, flags %x\n", flags);
      } else
        printf("  handler had mode %x\n", handler_mode);
    }
  fesetenv(FE_DFL_ENV);
  feenableexcept(FE_DIVBYZERO);
  signal(SIGFPE, SIG_DFL);
  sink = one / zero;
  __asm__ volatile("fwait");
  return 3;
}
