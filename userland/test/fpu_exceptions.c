/*
 * Does every unmasked x87 exception give SIGFPE with its si_code, at the next instruction that waits,
 * and can the handler repair the state in its frame?
 */
#include "test.h"

#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#ifdef FAULTLINE_LINUX
#define FPE_STACK FPE_FLTINV
#else
#define FPE_STACK 8 /* FPE_FLTSUB */
#endif

enum { IE = 1, DE = 2, ZE = 4, OE = 8, UE = 16, PE = 32 };

static const double denormal = 4.9406564584124654e-324;
static const long double largest = 0x1.fp16383L, smallest = 0x1p-16382L;
static const uint32_t snan[2] = {0, 0x7ff40000};
static uint16_t control;

/* Unmasks, executes the body, and waits at `waits_`. */
#define RAISE(unmasked, code, body, input) \
	do { \
		extern char waits_##code[]; \
		control = 0x37f & ~(unmasked); \
		seen.sig = 0; \
		if (sigsetjmp(fault_return, 1) == 0) \
			__asm__ volatile("fninit\n\tfldcw %0\n\t" body "\n\tnop\n" \
			                 ".globl waits_" #code "\nwaits_" #code ":\tfwait\n\tfnclex\n\tfninit" \
			                 : \
			                 : "m"(control), "m"(input) \
			                 : "memory"); \
		where = waits_##code; \
	} while (0)

static char *where;

static void expect(const char *what, int code)
{
	CHECK(seen.sig == SIGFPE && seen.code == code, "%s: signal %d code %d, not code %d", what,
	      seen.sig, seen.code, code);
	CHECK(seen.addr == (uintptr_t)where, "%s: address %#lx, not %#lx", what,
	      (unsigned long)seen.addr, (unsigned long)(uintptr_t)where);
}

static volatile int repairs;

/* Masks everything in the saved state, so that the waiting instruction goes on. */
static void repair(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
#ifdef FAULTLINE_LINUX
	uint32_t *image = uc->uc_mcontext.mc_fpstate;
#else
	uint32_t *image = (uint32_t *)uc->uc_mcontext.mc_fpstate;
#endif
	(void)sig, (void)info;
#ifdef FAULTLINE_LINUX
	uint32_t status = image[1] & 0xffff;
#else
	uint32_t status = image[0] >> 16; /* of FXSAVE: control and status word */
#endif
	CHECK((status & 0xff) == (0x80 | ZE), "the frame says status %#x", (int)status);
	image[0] |= 0x3f;
#ifdef FAULTLINE_LINUX
	/* With FXSAVE, that image behind is the one that counts. */
	if (image[27] >> 16 == 0)
		image[28] |= 0x3f;
#endif
	repairs++;
}

int main(void)
{
	catch_with(SIGFPE, fault_handler, 0);
	RAISE(ZE, zero, "fld1\n\tfldz\n\tfdivrp", denormal);
	expect("1/0", FPE_FLTDIV);
	RAISE(IE, invalid, "fldz\n\tfldz\n\tfdivrp", denormal);
	expect("0/0", FPE_FLTINV);
	RAISE(IE, signaling, "fldl %1", snan);
	expect("a signaling NaN", FPE_FLTINV);
	RAISE(IE, underflow, "fabs", denormal);
	expect("stack underflow", FPE_STACK);
	RAISE(IE, overflow, ".rept 9\n\tfld1\n\t.endr", denormal);
	expect("stack overflow", FPE_STACK);
	RAISE(DE, denormal, "fldl %1", denormal);
	expect("a denormal", FPE_FLTUND);
	RAISE(PE, inexact, "fldpi\n\tfsqrt", denormal);
	expect("sqrt(pi)", FPE_FLTRES);
	RAISE(OE, large, "fldt %1\n\tfmul %%st(0), %%st", largest);
	expect("overflow", FPE_FLTOVF);
	RAISE(UE, small, "fldt %1\n\tfmul %%st(0), %%st", smallest);
	expect("underflow", FPE_FLTUND);
	RAISE(ZE | IE | PE, several, "fldpi\n\tfld1\n\tfldz\n\tfdivrp", denormal);
	expect("1/0 among others", FPE_FLTDIV);

	/* FNSTENV masks, FNCLEX forgets: neither waits, and nothing comes after them. */
	seen.sig = 0;
	uint32_t env[7];
	if (sigsetjmp(fault_return, 1) == 0) {
		control = 0x37b;
		__asm__ volatile("fninit\n\tfldcw %1\n\tfld1\n\tfldz\n\tfdivrp\n\tfnstenv %0\n\tfwait\n\t"
		                 "fninit\n\tfldcw %1\n\tfld1\n\tfldz\n\tfdivrp\n\tfnclex\n\tfwait\n\tfninit"
		                 : "=m"(env)
		                 : "m"(control));
	}
	CHECK(seen.sig == 0, "signal %d behind FNSTENV or FNCLEX", seen.sig);
	CHECK((env[1] & 0x80bf) == 0x8084, "FNSTENV stores status %#x", (int)env[1] & 0xffff);

	catch_with(SIGFPE, repair, 0);
	double quotient;
	control = 0x37b;
	/* The division is not done: its operands stay, and what FST stores is the divisor. */
	__asm__ volatile("fninit\n\tfldcw %1\n\tfld1\n\tfldz\n\tfdivr %%st(1), %%st\n\tfstpl %0\n\tfninit"
	                 : "=m"(quotient)
	                 : "m"(control));
	CHECK(repairs == 1 && quotient == 0, "%d repairs, and %d", repairs, (int)quotient);
	return 0;
}
