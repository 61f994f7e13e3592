/*
 * Does what it is told, one call at a time, in several processes: the hands of the model test
 * (test/kernel/model.test.ts). Alone, without a word on its command line, it does nothing.
 *
 *   stdin -- dispatcher --pipe 0--> worker 0 ---- stdout: one reply to each command
 *                       --pipe 1--> worker 1
 *                       ...         (made by fork, ended by exit, renewed by exec)
 *
 * A command is ten words: slot, operation, arguments. A reply is seven words, and `count` bytes.
 */
#include "test.h"

#ifndef FAULTLINE_LINUX
#define SLOTS 6
#define PIPE_FD 20 /* read ends at 20 + slot, write ends at 30 + slot */
#define FILE_FD 10

enum { MMAP, MUNMAP, MPROTECT, MINHERIT, MADVISE, MSYNC, MLOCK, MUNLOCK, BRK, READ, WRITE, TRUNCATE,
	FORK, EXIT, EXEC, POKE, PEEK };

struct command {
	unsigned slot, op, a[8];
};

struct reply {
	unsigned magic, result;
	int error, sig, code;
	unsigned addr, count;
};

static struct command c;
static struct {
	struct reply r;
	unsigned char bytes[4096];
} out;

static void read_all(int fd, void *p, unsigned len)
{
	for (unsigned done = 0; done < len;) {
		ssize_t n = read(fd, (char *)p + done, len - done);
		if (n <= 0)
			_exit(n == 0 ? 0 : 3);
		done += (unsigned)n;
	}
}

/* Byte i of what a command writes: the model has the same. */
static unsigned char fill(unsigned seed, unsigned i)
{
	return (unsigned char)((seed + i * 7) % 251 + 1);
}

static volatile unsigned progress;

static void poke(volatile unsigned char *p, unsigned count, unsigned stride, unsigned seed)
{
	for (progress = 0; progress < count; progress++)
		p[progress * stride] = fill(seed, progress);
}

static void peek(volatile unsigned char *p, unsigned count, unsigned stride)
{
	for (progress = 0; progress < count; progress++)
		out.bytes[progress] = p[progress * stride];
}

static long transfer(const unsigned *a, int writing)
{
	void *p = a[2] ? (void *)a[2] : out.bytes;
	if (writing && !a[2])
		for (unsigned i = 0; i < a[3]; i++)
			out.bytes[i] = fill(a[4], i);
	return writing ? pwrite(FILE_FD + (int)a[0], p, a[3], a[1])
	               : pread(FILE_FD + (int)a[0], p, a[3], a[1]);
}

static long call(const unsigned *a)
{
	void *p = (void *)a[0];

	switch (c.op) {
	case MMAP:
		return (long)mmap(p, a[1], (int)a[2], (int)a[3],
		    a[4] == -1u ? -1 : FILE_FD + (int)a[4], a[5]);
	case MUNMAP:
		return munmap(p, a[1]);
	case MPROTECT:
		return mprotect(p, a[1], (int)a[2]);
	case MINHERIT:
		return minherit(p, a[1], (int)a[2]);
	case MADVISE:
		return madvise(p, a[1], (int)a[2]);
	case MSYNC:
		return msync(p, a[1], (int)a[2]);
	case MLOCK:
		return mlock(p, a[1]);
	case MUNLOCK:
		return munlock(p, a[1]);
	case BRK:
		return a[0] ? brk(p) : (long)sbrk(0);
	case READ:
		return transfer(a, 0);
	case WRITE:
		return transfer(a, 1);
	case TRUNCATE:
		return ftruncate(FILE_FD + (int)a[0], a[1]);
	default:
		return -1;
	}
}

static void reply(void)
{
	out.r.magic = 0x600dbeef;
	unsigned len = sizeof out.r + out.r.count;
	if (write(1, &out, len) != (ssize_t)len)
		_exit(4);
}

static unsigned self_slot;

static void serve(unsigned slot, char *self)
{
	self_slot = slot;
	catch_faults();
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		read_all(PIPE_FD + (int)self_slot, &c, sizeof c);
		memset(&out.r, 0, sizeof out.r);
		errno = 0;
		seen.sig = 0;
		if (c.op == FORK) {
			long pid = fork();
			if (pid == 0) {
				self_slot = c.a[0];
				continue;
			}
			out.r.result = (unsigned)pid;
		} else if (c.op == EXIT) {
			reply();
			_exit(0);
		} else if (c.op == EXEC) {
			char name[2] = {(char)('0' + self_slot), 0};
			char *argv[] = {self, name, NULL}, *envp[] = {NULL};
			execve(self, argv, envp);
			out.r.result = -1u;
		} else if (c.op == POKE || c.op == PEEK) {
			if (sigsetjmp(fault_return, 1) == 0) {
				if (c.op == POKE)
					poke((unsigned char *)c.a[0], c.a[1], c.a[2], c.a[3]);
				else
					peek((unsigned char *)c.a[0], c.a[1], c.a[2]);
			}
			out.r.result = progress;
			out.r.count = c.op == PEEK ? progress : 0;
			out.r.sig = seen.sig;
			out.r.code = seen.code;
			out.r.addr = seen.addr;
		} else {
			out.r.result = (unsigned)call(c.a);
			if (c.op == READ && !c.a[2] && (int)out.r.result > 0)
				out.r.count = out.r.result;
		}
		out.r.error = errno;
		reply();
	}
}

static void move_fd(int from, int to)
{
	if (from == to)
		return;
	MUST(dup2(from, to));
	MUST(close(from));
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 0;
	if (argv[1][0] != '-') {
		/* Executed anew in a worker, which owes the reply. */
		memset(&out.r, 0, sizeof out.r);
		reply();
		serve((unsigned)(argv[1][0] - '0'), argv[0]);
	}
	/* vm_driver - FILE...: a name that begins with a plus is opened for reading only. */
	for (int i = 2; i < argc; i++) {
		int only = argv[i][0] == '+';
		move_fd(MUST(open(argv[i] + only, only ? O_RDONLY : O_RDWR | O_CREAT, 0666)),
		    FILE_FD + i - 2);
	}
	for (int slot = 0; slot < SLOTS; slot++) {
		int ends[2];
		MUST(pipe(ends));
		move_fd(ends[0], PIPE_FD + slot);
		move_fd(ends[1], PIPE_FD + 10 + slot);
	}
	signal(SIGCHLD, SIG_IGN);
	if (MUST(fork()) == 0)
		serve(0, argv[0]);
	for (;;) {
		read_all(0, &c, sizeof c);
		if (write(PIPE_FD + 10 + (int)c.slot, &c, sizeof c) != sizeof c)
			return 5;
	}
}
#else
int main(void)
{
	return 0;
}
#endif
