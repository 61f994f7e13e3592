/*
 * Is the x87 of a signal handler fresh, and does the interrupted code get its own back, bit for bit?
 * Eight registers are full when the signal comes, with a NaN, a denormal and a zero among them.
 */
#include "test.h"

#ifdef FAULTLINE_LINUX
#define INITIAL_CONTROL 0x37f
#else
#define INITIAL_CONTROL 0x127f
#endif

typedef struct {
	uint32_t control, status, tags, fip, fcs_opcode, fdp, fds;
	struct {
		uint32_t low, high;
		uint16_t se;
	} __attribute__((packed)) st[8];
} state_t;
_Static_assert(sizeof(state_t) == 108, "the image of FNSAVE");

static volatile int handled;
static volatile double product;
static state_t inside, in_frame;

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
#ifdef FAULTLINE_LINUX
	memcpy(&in_frame, uc->uc_mcontext.mc_fpstate, sizeof in_frame);
	__asm__ volatile("fnsave %0\n\tfrstor %0" : "=m"(inside));
#else
	/* An image of FXSAVE: the processor translates it. */
	__asm__ volatile("fnsave %0\n\tfxrstor %2\n\tfnsave %1\n\tfrstor %0"
	                 : "=m"(inside), "=m"(in_frame)
	                 : "m"(uc->uc_mcontext.mc_fpstate));
#endif
	volatile double x = sig;
	for (int i = 1; i <= 20; i++)
		x = x * i / 3;
	product = x;
	handled++;
}

static state_t full(void)
{
	state_t s;

	memset(&s, 0, sizeof s);
	s.control = 0x0a7f; /* 53 bits, rounding up, all masked */
	s.status = 3 << 11 | 0x4521; /* TOP 3, C3 C2 C0, PE IE */
	s.fip = 0x1234567, s.fcs_opcode = 0x2a50023, s.fdp = 0x89abcde, s.fds = 0x2b;
	for (int i = 0; i < 8; i++) {
		s.st[i].low = 0x11111111u * (unsigned)i;
		s.st[i].high = 0x80000000u | (unsigned)i << 8;
		s.st[i].se = (uint16_t)(0x3ff0 + i * 0x8003);
	}
	s.st[1].se = 0xffff, s.st[1].high = 0x80000000u; /* a signaling NaN */
	s.st[4].se = 0, s.st[4].high = 1;
	s.st[6].se = 0x8000, s.st[6].high = s.st[6].low = 0;
	return s;
}

/* kill(getpid(), SIGUSR1) between x87 instructions; %1 is the output, %2 the input. */
#ifdef FAULTLINE_LINUX
#define AROUND_KILL(before, after, output, input) \
	__asm__ volatile(before "\n\tint $0x80\n\t" after \
	                 : "=a"(result), "=m"(output) \
	                 : "m"(input), "0"(37), "b"(getpid()), "c"(SIGUSR1) \
	                 : "memory")
#else
#define AROUND_KILL(before, after, output, input) \
	__asm__ volatile(before "\n\tpushl %4\n\tpushl %3\n\tpushl $0\n\tint $0x80\n\t" \
	                 "addl $12, %%esp\n\t" after \
	                 : "=a"(result), "=m"(output) \
	                 : "m"(input), "r"(getpid()), "r"(SIGUSR1), "0"(37) \
	                 : "memory", "cc")
#endif

static void compare(const char *where, const state_t *got, const state_t *want)
{
	const unsigned char *a = (const void *)got, *b = (const void *)want;

	for (unsigned i = 0; i < sizeof *got; i++) {
		if (i >= 12 && i < 28)
			continue; /* the pointers: Linux on 64 bits loses them */
		CHECK(a[i] == b[i], "byte %u of the state %s is %#x, not %#x", i, where, a[i], b[i]);
	}
}

int main(void)
{
	uint16_t control;

	__asm__ volatile("fnstcw %0" : "=m"(control));
	CHECK(control == INITIAL_CONTROL, "a new process has control word %#x", control);

	state_t want = full(), got;
	__asm__ volatile("frstor %1\n\tfnsave %0" : "=m"(got) : "m"(want));
	want = got; /* with the tags and reserved bits as the processor stores them */
	CHECK((got.tags & 0xffff) != 0 && (got.tags & 0xffff) != 0xffff, "tags %#x", (int)got.tags);

	int result;
	catch_with(SIGUSR1, handler, 0);
	AROUND_KILL("frstor %2", "fnsave %1", got, want);
	CHECK(result == 0, "kill gives %d", result);
	CHECK(handled == 1, "%d signals", handled);
	CHECK((inside.control & 0xffff) == INITIAL_CONTROL, "control %#x in a handler",
	      (int)inside.control & 0xffff);
	CHECK((inside.status & 0xffff) == 0, "status %#x in a handler", (int)inside.status & 0xffff);
	CHECK((inside.tags & 0xffff) == 0xffff, "tags %#x in a handler", (int)inside.tags & 0xffff);
	compare("behind a handler", &got, &want);
	compare("in a frame", &in_frame, &want);

	/* Zeros and denormals are there to compute with. */
	static const double denormal = 4.9406564584124654e-324;
	uint16_t status;
	AROUND_KILL("fldz\n\tfldt %2", "faddp\n\tfstp %%st\n\tfnstsw %1", status, want.st[4]);
	CHECK((status & 0x41) == 0, "registers are empty behind a handler: status %#x", status);
	AROUND_KILL("fninit\n\tfldl %2", "fabs\n\tfstpl %1", product, denormal);
	CHECK(product == denormal, "a denormal is lost");

	/* The compiler's own arithmetic, many times. */
	MUST(kill(getpid(), SIGUSR1));
	double first = product, sum = 1;
	for (int i = 0; i < 50; i++) {
		double before = sum * 1.25 + i;
		MUST(kill(getpid(), SIGUSR1));
		sum = before / 1.5;
		CHECK(product == first, "a handler computes something else");
	}
	volatile double again = 1;
	for (int i = 0; i < 50; i++)
		again = (again * 1.25 + i) / 1.5;
	CHECK((float)again == (float)sum, "signals change what is computed");
	return 0;
}
