/*
 * Is the SSE state of a signal handler fresh, is the interrupted one in the frame as FXSAVE has it, and
 * does the program get it back, with what the handler has changed there? And which si_code has #XM?
 */
#include "test.h"

#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7

typedef struct {
	uint32_t xmm[32];
	uint32_t mxcsr;
} __attribute__((aligned(16))) state_t;

static state_t inside, in_frame;
static volatile int handled;

#define STORE(to) \
	"movups %%xmm0, " to "\n\tmovups %%xmm1, 16+" to "\n\tmovups %%xmm2, 32+" to "\n\t" \
	"movups %%xmm3, 48+" to "\n\tmovups %%xmm4, 64+" to "\n\tmovups %%xmm5, 80+" to "\n\t" \
	"movups %%xmm6, 96+" to "\n\tmovups %%xmm7, 112+" to "\n\tstmxcsr 128+" to "\n\t"
#define LOAD(from) \
	"movups " from ", %%xmm0\n\tmovups 16+" from ", %%xmm1\n\tmovups 32+" from ", %%xmm2\n\t" \
	"movups 48+" from ", %%xmm3\n\tmovups 64+" from ", %%xmm4\n\tmovups 80+" from ", %%xmm5\n\t" \
	"movups 96+" from ", %%xmm6\n\tmovups 112+" from ", %%xmm7\n\tldmxcsr 128+" from "\n\t"

static uint32_t *fxsave_image(ucontext_t *uc)
{
#ifdef FAULTLINE_LINUX
	return (uint32_t *)uc->uc_mcontext.mc_fpstate + 28;
#else
	return (uint32_t *)uc->uc_mcontext.mc_fpstate;
#endif
}

static void handler(int sig, siginfo_t *info, void *context)
{
	uint32_t *image = fxsave_image(context);

	(void)sig, (void)info;
	__asm__ volatile(STORE("(%0)") : : "r"(&inside) : "memory");
	memcpy(in_frame.xmm, image + 40, sizeof in_frame.xmm);
	in_frame.mxcsr = image[6];
	image[40] ^= 0xffffffff;
	image[6] ^= 0x8000;
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\tmovaps %%xmm0, %%xmm7" : : : "memory");
	handled++;
}

static void compare(const char *where, const state_t *got, const state_t *want)
{
	for (int i = 0; i < 32; i++)
		CHECK(got->xmm[i] == want->xmm[i], "word %d of the registers %s is %#x, not %#x", i,
		      where, (int)got->xmm[i], (int)want->xmm[i]);
	CHECK(got->mxcsr == want->mxcsr, "MXCSR %s is %#x, not %#x", where, (int)got->mxcsr,
	      (int)want->mxcsr);
}

static void expect(const char *what, uint32_t mxcsr, double a, double b, int code)
{
	static const uint32_t masked = 0x1f80;

	seen.sig = 0;
	if (sigsetjmp(fault_return, 1) == 0)
		__asm__ volatile("movsd %1, %%xmm0\n\tmovsd %2, %%xmm1\n\tldmxcsr %0\n\tdivsd %%xmm1, %%xmm0"
		                 :
		                 : "m"(mxcsr), "m"(a), "m"(b));
	__asm__ volatile("ldmxcsr %0" : : "m"(masked));
	CHECK(seen.sig == SIGFPE && seen.code == code, "%s: signal %d code %d, not code %d", what,
	      seen.sig, seen.code, code);
}

int main(void)
{
	state_t want, got, zero;

	memset(&zero, 0, sizeof zero);
	zero.mxcsr = 0x1f80;
	__asm__ volatile(STORE("(%0)") : : "r"(&got) : "memory");
	CHECK(got.mxcsr == 0x1f80, "a new process has MXCSR %#x", (int)got.mxcsr);
	for (int i = 0; i < 32; i++)
		want.xmm[i] = 0x9e3779b1u * (unsigned)(i + 1);
	want.mxcsr = 0x5fa1; /* rounding up, IE and PE */
	catch_with(SIGUSR1, handler, 0);
#ifdef FAULTLINE_LINUX
	int result;
	__asm__ volatile(LOAD("(%3)") "int $0x80\n\t" STORE("(%4)")
	                 : "=a"(result)
	                 : "0"(37), "b"(getpid()), "S"(&want), "D"(&got), "c"(SIGUSR1)
	                 : "memory");
#else
	int result = 37;
	__asm__ volatile(LOAD("(%2)") "pushl %4\n\tpushl %1\n\tpushl $0\n\tint $0x80\n\taddl $12, %%esp\n\t"
	                 STORE("(%3)")
	                 : "+a"(result)
	                 : "r"(getpid()), "S"(&want), "D"(&got), "r"(SIGUSR1)
	                 : "memory", "cc");
#endif
	CHECK(result == 0 && handled == 1, "kill gives %d, %d signals", result, handled);
	compare("in a handler", &inside, &zero);
	compare("in a frame", &in_frame, &want);
	want.xmm[0] ^= 0xffffffff;
	want.mxcsr ^= 0x8000;
	compare("behind a handler", &got, &want);

	catch_with(SIGFPE, fault_handler, 0);
	expect("0/0", 0x1f00, 0, 0, FPE_FLTINV);
	expect("1/0", 0x1d80, 1, 0, FPE_FLTDIV);
	expect("1/3", 0x0f80, 1, 3, FPE_FLTRES);
	expect("overflow", 0x1b80, 1e300, 1e-300, FPE_FLTOVF);
	expect("underflow", 0x1780, 1e-300, 1e300, FPE_FLTUND);
	expect("a denormal", 0x1e80, 4.9406564584124654e-324, 1, FPE_FLTUND);
	return 0;
}
