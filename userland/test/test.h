/*
 * What guest tests share. A test exits 0 in silence, or prints one line of what it saw and
 * exits 1.
 */
#ifndef _TEST_H_
#define _TEST_H_

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define HELPER static __attribute__((unused))

extern const char *__progname;

/* Says what was seen, and ends the process with 1. */
#define FAIL(...) \
	do { \
		dprintf(2, "%s:%d: ", __progname, __LINE__); \
		dprintf(2, __VA_ARGS__); \
		dprintf(2, "\n"); \
		_exit(1); \
	} while (0)
#define CHECK(condition, ...) \
	do { \
		if (!(condition)) \
			FAIL(__VA_ARGS__); \
	} while (0)
/* For calls that return -1 and set errno. */
#define MUST(call) \
	({ \
		__typeof__(call) result_ = (call); \
		if ((long)result_ == -1) \
			FAIL("%s: %s", #call, strerror(errno)); \
		result_; \
	})
#define MUST_FAIL(call, error) \
	do { \
		errno = 0; \
		long result_ = (long)(call); \
		CHECK(result_ == -1 && errno == (error), "%s gives %ld, errno %d", #call, result_, \
		    errno); \
	} while (0)

/* `pages` fresh pages of anonymous memory. */
HELPER char *map_pages(unsigned pages, int prot, int sharing)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_ANON | sharing, -1, 0);

	CHECK(p != MAP_FAILED, "mmap of %u pages: %s", pages, strerror(errno));
	return p;
}

/* A nameless file with `len` bytes: byte i is pattern(i). */
HELPER char pattern(unsigned i)
{
	return (char)('a' + (i / PAGE * 7 + i) % 26);
}

HELPER int make_file(unsigned len)
{
	char path[] = "/tmp/test.XXXXXX", buf[512];
	int fd = mkstemp(path);

	CHECK(fd >= 0, "cannot make a file in /tmp: %s", strerror(errno));
	unlink(path);
	for (unsigned i = 0; i < len;) {
		unsigned n = 0;
		for (; n < sizeof buf && i < len; i++)
			buf[n++] = pattern(i);
		CHECK(write(fd, buf, n) == (ssize_t)n, "write to a file: %s", strerror(errno));
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* The signal that an access met, or 0; `seen` has the rest of the story. */
static struct {
	int sig, code;
	uintptr_t addr;
} seen __attribute__((unused));
static sigjmp_buf fault_return __attribute__((unused));

HELPER void fault_handler(int sig, siginfo_t *info, void *context)
{
	(void)context;
	seen.sig = sig;
	seen.code = info->si_code;
	seen.addr = (uintptr_t)info->si_addr;
	siglongjmp(fault_return, 1);
}

HELPER void catch_with(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction act;

	memset(&act, 0, sizeof act);
	act.sa_sigaction = handler;
	act.sa_flags = SA_SIGINFO | flags;
	MUST(sigaction(sig, &act, NULL));
}

HELPER void catch_faults(void)
{
	catch_with(SIGSEGV, fault_handler, 0);
	catch_with(SIGBUS, fault_handler, 0);
}

HELPER int try_read(const volatile void *p)
{
	seen.sig = 0;
	if (sigsetjmp(fault_return, 1) == 0)
		(void)*(const volatile char *)p;
	return seen.sig;
}

HELPER int try_write(volatile void *p, char value)
{
	seen.sig = 0;
	if (sigsetjmp(fault_return, 1) == 0)
		*(volatile char *)p = value;
	return seen.sig;
}

#define EXPECT_FAULT(access, signal, si, address) \
	do { \
		int got_ = (access); \
		CHECK(got_ == (signal) && seen.code == (si) && \
		        seen.addr == (uintptr_t)(address), \
		    "%s: signal %d code %d address %#lx, not %d %d %#lx", #access, got_, \
		    seen.code, (unsigned long)seen.addr, signal, si, \
		    (unsigned long)(uintptr_t)(address)); \
	} while (0)

/* Waits for a child that is to end with this status (exit code, or 128 + signal). */
HELPER void expect_child(pid_t pid, int wanted)
{
	int status = 0;
	pid_t got = waitpid(pid, &status, 0);

	CHECK(pid < 0 ? got > 0 : got == pid, "waitpid(%d) gives %d, %s", pid, got, strerror(errno));
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	CHECK(code == wanted, "a child ended with %d, not %d", code, wanted);
}

/* One-byte messages by which processes take turns. */
HELPER void tell(int fd)
{
	CHECK(write(fd, "x", 1) == 1, "tell: %s", strerror(errno));
}

HELPER void hear(int fd)
{
	char c;

	CHECK(read(fd, &c, 1) == 1, "hear: nobody spoke");
}

#endif
