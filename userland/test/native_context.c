/* Do getcontext, setcontext, swapcontext and signal frames leave alone what is the program's: link and
 * stack of a ucontext, 128 bytes below the stack pointer? Are selectors and siginfo as FreeBSD has
 * them, and are flags that a user may not set refused by sigreturn? */
#include "test.h"
#ifdef FAULTLINE_LINUX
int main(void)
{
	return 0;
}
#else
#include "native.h"

enum { SYS_sigreturn = 417, SYS_getcontext = 421, SYS_setcontext = 422, SYS_swapcontext = 423 };
enum { EAX = 4 + 12, EIP = 4 + 15, EFLAGS = 4 + 17, ESP = 4 + 18, LEN = 4 + 20, LINK = 164 };

/* struct ucontext in words: mask, mcontext from 4 on, link, stack. */
typedef uint32_t context[176] __attribute__((aligned(16)));

static context here, there;
static volatile int stage;
static char stack[8192] __attribute__((aligned(16)));
static const char *volatile wrong;

static unsigned selector_fs(void)
{
	unsigned value;
	__asm__ volatile("movl %%fs, %0" : "=r"(value));
	return value;
}

static unsigned selector_gs(void)
{
	unsigned value;
	__asm__ volatile("movl %%gs, %0" : "=r"(value));
	return value;
}

static void other(void)
{
	stage = 1;
	CALL2(SYS_swapcontext, there, here);
	stage = 2;
	CALL1(SYS_setcontext, here);
	FAIL("setcontext comes back");
}

/* What a handler without SA_SIGINFO gets: code and address as arguments, an empty siginfo. */
static void plain(int sig, int code, uint32_t *uc, unsigned addr)
{
	if (selector_fs() != 0x3b)
		wrong = "%fs in a handler";
	if (sig != SIGUSR1 || code != 0x10001 || addr != 0 || uc[LEN] != 640)
		wrong = "arguments of a handler";
	for (unsigned i = 0; i < 16; i++)
		if (uc[176 + i] != 0)
			wrong = "siginfo of a handler that did not ask for it";
}

static void bad_flags(int sig, siginfo_t *info, void *arg)
{
	uint32_t *uc = arg;

	(void)sig;
	(void)info;
	uint32_t before = uc[EFLAGS];
	uc[EFLAGS] ^= 0x3000; /* IOPL */
	if (CALL1(SYS_sigreturn, uc) != -EINVAL)
		wrong = "sigreturn with another IOPL";
	uc[EFLAGS] = before;
}

int main(void)
{
	struct sigaction act;

	CHECK(selector_fs() == 0x3b && selector_gs() == 0x3b, "%%fs %#x, %%gs %#x at the start",
	    selector_fs(), selector_gs());
	memset(there, 0xaa, sizeof there);
	CHECK(CALL1(SYS_getcontext, there) == 0, "getcontext");
	CHECK(there[LEN] == 640, "mc_len is %u", there[LEN]);
	for (unsigned i = LINK; i < 176; i++)
		CHECK(there[i] == 0xaaaaaaaa, "getcontext wrote word %u", i);
	there[EIP] = (uint32_t)(uintptr_t)other;
	there[ESP] = (uint32_t)(uintptr_t)(stack + sizeof stack - 16 - 4);
	memset(here + LINK, 0x55, sizeof here - 4 * LINK);
	CHECK(CALL2(SYS_swapcontext, here, there) == 0, "swapcontext");
	CHECK(stage == 1, "not switched");
	CHECK(here[LINK] == 0x55555555 && there[LINK] == 0xaaaaaaaa, "a link is lost");
	CHECK(CALL2(SYS_swapcontext, here, there) == 0 && stage == 2, "not switched again");

	memset(&act, 0, sizeof act);
	act.sa_handler = (void (*)(int))(void *)plain;
	MUST(sigaction(SIGUSR1, &act, NULL));
	uint32_t low;
	/* A word below the stack pointer, while a signal is taken. */
	__asm__ volatile("movl $0x12345678, -124(%%esp)\n\t"
	                 "pushl $30\n\tpushl %1\n\tpushl $0\n\t"
	                 "movl $37, %%eax\n\tint $0x80\n\taddl $12, %%esp\n\t"
	                 "movl -124(%%esp), %0"
	                 : "=&r"(low)
	                 : "r"(getpid())
	                 : "eax", "edx", "memory", "cc");
	CHECK(wrong == NULL, "%s", wrong);
	CHECK(low == 0x12345678, "the frame is in the red zone: %#x", low);
	catch_with(SIGUSR2, bad_flags, 0);
	raise(SIGUSR2);
	CHECK(wrong == NULL, "%s", wrong);
	return 0;
}
#endif
