/*
 * Which signal, si_code and si_addr does each processor exception give? And SI_USER with the
 * sender for kill(2)?
 */
#include "test.h"

#ifdef FAULTLINE_LINUX
#define ILL_CODE ILL_ILLOPN
#define BREAK_CODE 0x80
#define PRIVILEGE_SIGNAL SIGSEGV
#else
#define ILL_CODE ILL_PRVOPC
#define BREAK_CODE TRAP_BRKPT
#define PRIVILEGE_SIGNAL SIGBUS
#endif

static volatile int signal_seen, code_seen, sender;
static uintptr_t address, eip_seen;
static sigjmp_buf back;

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	signal_seen = sig;
	code_seen = info->si_code;
	address = (uintptr_t)info->si_addr;
	sender = info->si_pid;
	eip_seen = (unsigned)uc->uc_mcontext.mc_eip;
	if (info->si_signo != sig)
		FAIL("si_signo %d in signal %d", info->si_signo, sig);
	siglongjmp(back, 1);
}

/* Runs one instruction with the label `at` before it and `past` after it. */
#define PROVOKE(text, name) \
	extern const char at_##name[] __attribute__((unused)), \
	    past_##name[] __attribute__((unused)); \
	signal_seen = 0; \
	if (sigsetjmp(back, 1) == 0) \
	__asm__ volatile("at_" #name ": " text "\n past_" #name ":" ::: "eax", "ecx", "edx", "memory")
#define EXPECT(signal, code, where, name) \
	do { \
		CHECK(signal_seen == (signal), name ": signal %d", signal_seen); \
		CHECK(code_seen == (code), name ": si_code %d", code_seen); \
		CHECK(eip_seen == (uintptr_t)(where), name ": eip %#lx, not %#lx", \
		    (unsigned long)eip_seen, (unsigned long)(uintptr_t)(where)); \
	} while (0)

int main(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGUSR1};

	for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
		catch_with(signals[i], handler, 0);

	__asm__ volatile("xorl %%ecx, %%ecx" ::: "ecx");
	PROVOKE("xorl %%ecx, %%ecx; divl %%ecx", divide);
	EXPECT(SIGFPE, FPE_INTDIV, (uintptr_t)at_divide + 2, "divide by zero");
	CHECK(address == eip_seen, "divide by zero: si_addr %#lx", (unsigned long)address);
	PROVOKE("movl $0x80000000, %%eax; cltd; movl $-1, %%ecx; idivl %%ecx", overflow);
	EXPECT(SIGFPE, FPE_INTDIV, (uintptr_t)past_overflow - 2, "quotient overflow");
	PROVOKE("ud2", undefined);
	EXPECT(SIGILL, ILL_CODE, at_undefined, "undefined instruction");
	CHECK(address == eip_seen, "undefined instruction: si_addr %#lx", (unsigned long)address);
	PROVOKE("int3", breakpoint);
	EXPECT(SIGTRAP, BREAK_CODE, past_breakpoint, "breakpoint");
	PROVOKE("hlt", privileged);
	CHECK(signal_seen == PRIVILEGE_SIGNAL, "hlt: signal %d", signal_seen);
	CHECK(eip_seen == (uintptr_t)at_privileged, "hlt: eip %#lx", (unsigned long)eip_seen);
	PROVOKE("cli", interrupts);
	CHECK(signal_seen == PRIVILEGE_SIGNAL, "cli: signal %d", signal_seen);
	PROVOKE("movl %%cr3, %%eax", control);
	CHECK(signal_seen == PRIVILEGE_SIGNAL, "mov from cr3: signal %d", signal_seen);
	PROVOKE("movl $0x1234, %%eax; movw %%ax, %%fs", selector);
	CHECK(signal_seen == PRIVILEGE_SIGNAL, "bad selector: signal %d", signal_seen);
	CHECK(eip_seen > (uintptr_t)at_selector && eip_seen < (uintptr_t)past_selector,
	    "bad selector: eip %#lx", (unsigned long)eip_seen);

	char *none = map_pages(1, PROT_NONE, MAP_PRIVATE);
	signal_seen = 0;
	if (sigsetjmp(back, 1) == 0)
		*(volatile char *)(none + 77) = 1;
	CHECK(signal_seen == SIGSEGV && code_seen == SEGV_ACCERR && address == (uintptr_t)none + 77,
	    "PROT_NONE: signal %d code %d address %#lx", signal_seen, code_seen,
	    (unsigned long)address);
	signal_seen = 0;
	if (sigsetjmp(back, 1) == 0)
		kill(getpid(), SIGUSR1);
	CHECK(signal_seen == SIGUSR1 && code_seen == SI_USER && sender == getpid(),
	    "kill: signal %d code %#x from %d", signal_seen, code_seen, sender);
	return 0;
}
