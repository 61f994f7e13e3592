/* Numbers, names and types of sysctl variables, limits, timers and their siginfo, waits with a signal
 * mask, and hints of mmap with no room behind them, as FreeBSD 11 has them. */
#include "test.h"
#ifdef FAULTLINE_LINUX
int main(void)
{
	return 0;
}
#else
#include "native.h"

#include <poll.h>
#include <sys/sysctl.h>
#include <time.h>

enum {
	SYS_select = 93, SYS_getrlimit = 194, SYS_clock_gettime = 232, SYS_ktimer_create = 235, SYS_ktimer_delete,
	SYS_ktimer_settime, SYS_ktimer_gettime, SYS_ktimer_getoverrun, SYS_getcpuclockid2 = 247,
	SYS_pselect = 522, SYS_getloginclass, SYS_ppoll = 545, SYS_cap_enter = 516,
};

static void variables(void)
{
	static const struct {
		int top, number;
		long value;
	} numbers[] = {{9, 20, 4096}, {9, 2, 200112}, {9, 11, 200112}, {9, 13, 0}, {8, 6, 0}, {8, 19, 20}};
	static const struct {
		const char *name, *fmt;
		unsigned kind;
	} types[] = {
		{"kern.usrstack", "LU", 8}, {"kern.ps_strings", "LU", 8}, {"hw.ncpu", "I", 2},
		{"vm.stats.vm.v_page_count", "IU", 6}, {"kern.ostype", "A", 3}, {"vm.swap_total", "QU", 9},
	};

	for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		int mib[2] = {numbers[i].top, numbers[i].number}, value = -1;
		size_t len = sizeof value;
		MUST(sysctl(mib, 2, &value, &len, NULL, 0));
		CHECK(value == numbers[i].value, "%d.%d is %d", mib[0], mib[1], value);
	}
	for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
		int mib[CTL_MAXNAME + 2] = {0, 4};
		size_t n = CTL_MAXNAME;
		struct {
			unsigned kind;
			char fmt[16];
		} type;
		size_t len = sizeof type;
		MUST(sysctlnametomib(types[i].name, mib + 2, &n));
		MUST(sysctl(mib, (unsigned)n + 2, &type, &len, NULL, 0));
		CHECK((type.kind & 0xf) == types[i].kind && strcmp(type.fmt, types[i].fmt) == 0,
		    "%s is of type %u '%s'", types[i].name, type.kind & 0xf, type.fmt);
	}
	CHECK(sysctl_uint("kern.sched.cpusetsize", 0) == 4, "kern.sched.cpusetsize");
	CHECK(sysctl_uint("kern.ccpu", 0) == 1948, "kern.ccpu");

	/* setproctitle(3): one's own arguments, and nobody else's. */
	int args[4] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, getpid()};
	char title[32];
	size_t len = sizeof title;
	MUST(sysctl(args, 4, NULL, NULL, "a title", 8));
	MUST(sysctl(args, 4, title, &len, NULL, 0));
	CHECK(len == 8 && strcmp(title, "a title") == 0, "arguments of %d bytes", (int)len);
	static int process[192];
	int pid[4] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, getpid()};
	len = sizeof process;
	MUST(sysctl(pid, 4, process, &len, NULL, 0));
	CHECK(len == 768 && process[0] == 768 && process[10] == getpid(), "struct kinfo_proc");
	CHECK(process[74] & 0x10000000, "ki_flag is %#x, without P_INMEM", process[74]);
	args[3] = getppid();
	MUST_FAIL(sysctl(args, 4, NULL, NULL, "a title", 8), EPERM);
}

static volatile int fired, timer, value, overrun, code;
static volatile pid_t sender;

static void on_timer(int sig, siginfo_t *info, void *context)
{
	const int *words = (const int *)(const void *)info;

	(void)sig;
	(void)context;
	fired++;
	code = info->si_code;
	sender = words[3];
	value = words[7];
	timer = words[8];
	overrun = words[9];
}

static void timers(void)
{
	struct {
		int notify, signo, value, thread, spare[7];
	} event = {1, SIGUSR1, 42, 0, {0}};
	struct {
		struct timespec interval, value;
	} spec = {{0, 1000000}, {0, 1000000}}, left;
	int id = -1, clock = 0;
	struct timespec now;
	sigset_t block, none;

	catch_with(SIGUSR1, on_timer, 0);
	CHECK(CALL3(SYS_ktimer_create, 4, &event, &id) == 0, "ktimer_create");
	CHECK(CALL4(SYS_ktimer_settime, id, 0, &spec, 0) == 0, "ktimer_settime");
	while (fired < 2)
		pause();
	CHECK(code == 0x10003 && sender == 0 && value == 42 && timer == id,
	    "code %#x, pid %d, value %d, timer %d of %d", code, sender, value, timer, id);
	sigemptyset(&block);
	sigemptyset(&none);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	usleep(10000);
	CHECK(CALL2(SYS_ktimer_gettime, id, &left) == 0 && left.value.tv_nsec > 0 &&
	        left.interval.tv_nsec == 1000000, "ktimer_gettime");

	/* The signal that is pending comes in during the wait, and only then. */
	fired = 0;
	struct timespec second = {1, 0};
	CHECK(CALL4(SYS_ppoll, 0, 0, &second, &none) == -EINTR && fired == 1, "ppoll: %d signals", fired);
	CHECK(overrun >= 5, "%d overruns", overrun);
	CHECK(CALL1(SYS_ktimer_delete, id) == 0, "ktimer_delete");
	CHECK(CALL1(SYS_ktimer_delete, id) == -EINVAL, "ktimer_delete again");
	raise(SIGUSR1);
	fired = 0;
	CHECK(CALL6(SYS_pselect, 0, 0, 0, 0, &second, &none) == -EINTR && fired > 0, "pselect");
	struct timespec brief = {0, 1000000};
	CHECK(CALL4(SYS_ppoll, 0, 0, &brief, &none) == 0, "ppoll has no end");
	fired = 0;
	raise(SIGUSR1);
	CHECK(fired == 0, "the mask is not put back");
	CHECK(native(SYS_getcpuclockid2, 0, 0, 0, (long)&clock, 0, 0) == 0, "clock_getcpuclockid2");
	CHECK(CALL2(SYS_clock_gettime, clock, &now) == 0 && now.tv_nsec > 0, "clock %#x", clock);
}

static void hints(void)
{
	char here;
	char *hint = (char *)(((uintptr_t)&here & ~0xfffu) - 0x400000);
	char *p = mmap(hint, PAGE, PROT_NONE, MAP_ANON, -1, 0);

	CHECK(p != MAP_FAILED, "a hint below the stack: %s", strerror(errno));
	p = mmap(hint, 16 * PAGE, PROT_READ | PROT_WRITE, 0x400 /* MAP_STACK */, -1, 0);
	CHECK(p != MAP_FAILED, "a stack below the stack: %s", strerror(errno));
	p[16 * PAGE - 1] = 1;
	for (unsigned bits = 13; bits < 23; bits += 3) {
		p = mmap(NULL, PAGE, PROT_READ, (int)(MAP_ANON | MAP_PRIVATE | bits << 24), -1, 0);
		CHECK(p != MAP_FAILED && ((uintptr_t)p & ((1u << bits) - 1)) == 0, "2^%u: %p", bits, p);
	}
}

int main(void)
{
	int64_t limit[2];
	char class[16];

	struct {
		long sec, usec;
	} odd = {0, 1000000};
	CHECK(CALL5(SYS_select, 0, 0, 0, 0, &odd) == -EINVAL, "select, a million microseconds");
	CHECK(CALL5(SYS_select, 0, 0, 0, 0, 16) == -EFAULT, "select, no timeout there");
	variables();
	CHECK(CALL2(SYS_getrlimit, 14, limit) == 0, "RLIMIT_UMTXP");
	CHECK(CALL2(SYS_getrlimit, 15, limit) == -EINVAL, "one limit too many");
	CHECK(CALL2(SYS_getloginclass, class, sizeof class) == 0 && strcmp(class, "default") == 0,
	    "getloginclass");
	CHECK(CALL2(SYS_getloginclass, class, 3) == -ERANGE, "getloginclass, no room");
	CHECK(CALL0(SYS_cap_enter) == -ENOSYS, "cap_enter");
	hints();
	timers();
	return 0;
}
#endif
