/*
 * A tour of virtual memory, by a program that uses it and asks the kernel afterwards what that
 * took: getrusage(2), mincore(2), and the counters and maps behind vmstat(8) and procstat(1).
 */
#include <err.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define PAGES 64u
#define CHILD_WRITES 8u

/* Some of what vmstat -s shows, in its words. */
static const char *const counters[] = {"v_vm_faults", "v_zfod", "v_cow_faults", "v_cow_optim",
    "v_vnodein", "v_vnodepgsin", "v_forks", "v_pfree"};
static const char *const words[] = {"total VM faults taken", "zero fill pages zeroed",
    "copy-on-write faults", "copy-on-write optimized faults", "vnode pager pageins",
    "vnode pager pages paged in", " fork() calls", "pages freed by exiting processes"};
enum { FAULTS, ZFOD, COW, OPTIM, VNODEIN, VNODEPGSIN, FORKS, PFREE, COUNTERS };

/* What the kernel has counted so far: for the system, and for this process. */
struct sample {
	unsigned system[COUNTERS];
	long minor, major;
};

static void take(struct sample *s)
{
	char name[64];
	struct rusage usage;

	for (int i = 0; i < COUNTERS; i++) {
		snprintf(name, sizeof name, "vm.stats.vm.%s", counters[i]);
		s->system[i] = sysctl_uint(name, 0);
	}
	getrusage(RUSAGE_SELF, &usage);
	s->minor = usage.ru_minflt;
	s->major = usage.ru_majflt;
}

static unsigned since(const struct sample *then, const struct sample *now, int which)
{
	return now->system[which] - then->system[which];
}

/* The program's own pages come in first, so that no later count has them in it. */
static void settle(void)
{
	extern char __executable_start[], _end[];
	volatile char stack[8 * PAGE];
	struct sample unused;

	for (volatile char *p = __executable_start; p < _end; p += PAGE)
		(void)*p;
	for (unsigned i = 0; i < sizeof stack; i += PAGE)
		stack[i] = 1;
	take(&unused);
	take(&unused);
}

static void *map(unsigned pages, int protection, int flags, int fd)
{
	void *p = mmap(NULL, pages * PAGE, protection, flags, fd, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

/* One character per page: # in memory and written, + in memory, . not there. */
static unsigned residency(const void *p, unsigned pages, char *picture)
{
	char vec[PAGES];
	unsigned resident = 0;

	if (mincore(p, pages * PAGE, vec) < 0)
		err(1, "mincore");
	for (unsigned i = 0; i < pages; i++) {
		resident += vec[i] & MINCORE_INCORE;
		picture[i] = !(vec[i] & MINCORE_INCORE) ? '.' : vec[i] & MINCORE_MODIFIED ? '#' : '+';
	}
	picture[pages] = 0;
	return resident;
}

static void zero_fill(char *p)
{
	struct sample a, b, c;
	char picture[PAGES + 1];

	puts("1. Memory is there when it is touched");
	take(&a);
	unsigned resident = residency(p, PAGES, picture);
	printf("   mmap gives %u pages at %p; in memory: %u\n", PAGES, (void *)p, resident);
	take(&a);
	for (unsigned i = 0; i < PAGES; i += 2)
		p[i * PAGE] = 'p';
	take(&b);
	resident = residency(p, PAGES, picture);
	printf("   every second one written: %ld page faults, %u pages filled with zeros\n",
	    b.minor - a.minor, since(&a, &b, ZFOD));
	printf("   mincore: %s %u\n", picture, resident);
	take(&b);
	for (unsigned i = 0; i < PAGES; i++)
		p[i * PAGE] = 'p';
	take(&c);
	printf("   all written: %ld page faults more, as the others are there already\n\n",
	    c.minor - b.minor);
}

struct message {
	struct sample before, after;
	unsigned resident;
	char seen;
};

static void copy_on_write(char *p)
{
	struct message *child = map(1, PROT_READ | PROT_WRITE, MAP_ANON | MAP_SHARED, -1);
	struct sample a, b;
	char picture[PAGES + 1];

	puts("2. fork copies no page until somebody writes");
	fflush(stdout);
	take(&child->before);
	take(&child->after);
	take(&a);
	pid_t pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		take(&child->before); /* the first time copies pages of its own */
		take(&child->before);
		for (unsigned i = 0; i < CHILD_WRITES; i++)
			p[i * PAGE] = 'c';
		take(&child->after);
		child->resident = residency(p, PAGES, picture);
		child->seen = p[0];
		_exit(0);
	}
	int status;
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "the child failed: %d", status);
	take(&b);
	printf("   process %d forks process %d; the pages are both's, and read-only\n", getpid(), pid);
	printf("   the child writes %u pages: %ld page faults, %u pages copied\n", CHILD_WRITES,
	    child->after.minor - child->before.minor,
	    since(&child->before, &child->after, COW) - since(&child->before, &child->after, OPTIM));
	printf("   the child reads '%c', the parent still '%c'\n", child->seen, p[0]);
	take(&a);
	for (unsigned i = 0; i < CHILD_WRITES; i++)
		p[i * PAGE] = 'P';
	take(&b);
	printf("   the child is gone, the parent writes as many: %ld page faults, %u pages copied\n\n",
	    b.minor - a.minor, since(&a, &b, COW) - since(&a, &b, OPTIM));
	munmap(child, PAGE);
}

static void file_mapping(void)
{
	char path[] = "/tmp/tour.XXXXXX", buf[64], picture[PAGES + 1];
	struct sample a, b;
	static const char *const programs[] = {"/bin/sh", "/bin/ls", "/bin/ps"};
	int fd = mkstemp(path), program = -1, n;

	puts("3. A file and its mapping are the same pages");
	if (fd < 0 || unlink(path) < 0 || ftruncate(fd, 8 * PAGE) < 0)
		err(1, "%s", path);
	char *p = map(8, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	strcpy(p + 2 * PAGE, "written through memory");
	if (pread(fd, buf, sizeof buf, 2 * PAGE) < 0)
		err(1, "pread");
	printf("   memory to file: read(2) returns \"%s\"\n", buf);
	if (pwrite(fd, "written by write(2)", 20, 5 * PAGE) != 20)
		err(1, "pwrite");
	printf("   file to memory: the mapping has \"%s\"\n", p + 5 * PAGE);
	residency(p, 8, picture);
	printf("   mincore: %s\n", picture);
	munmap(p, 8 * PAGE);
	close(fd);
	for (n = 0; n < 3 && program < 0; n++)
		program = open(programs[n], O_RDONLY);
	if (program >= 0) {
		char first[4];
		p = map(1, PROT_READ, MAP_PRIVATE, program);
		take(&a);
		memcpy(first, p, 4);
		take(&b);
		printf("   %s begins with \"\\x7f%.3s\": %u read of %u page%s by the vnode pager\n\n",
		    programs[n - 1], first + 1, since(&a, &b, VNODEIN), since(&a, &b, VNODEPGSIN),
		    since(&a, &b, VNODEPGSIN) == 1 ? "" : "s");
		munmap(p, PAGE);
		close(program);
	} else {
		putchar('\n');
	}
}

static volatile struct {
	int code, count;
	void *address;
} fault;
static sigjmp_buf out;
static char *repairable;

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	fault.code = info->si_code;
	fault.address = info->si_addr;
	fault.count++;
	char *page = (char *)((uintptr_t)info->si_addr & ~(PAGE - 1));
	if (page != repairable)
		siglongjmp(out, 1);
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void put_fault(const char *what)
{
	printf("   %s: SIGSEGV, si_addr %p, si_code %s\n", what, fault.address,
	    fault.code == SEGV_ACCERR  ? "SEGV_ACCERR"
		: fault.code == SEGV_MAPERR ? "SEGV_MAPERR"
					    : "?");
}

static void signals(char *p)
{
	struct sigaction act;
	char *hole = p + 32 * PAGE + 0x123, *guarded = p + 40 * PAGE + 0x456;

	puts("4. A fault that cannot be repaired is a signal");
	memset(&act, 0, sizeof act);
	act.sa_sigaction = handler;
	act.sa_flags = SA_SIGINFO;
	sigaction(SIGSEGV, &act, NULL);
	munmap(p + 32 * PAGE, PAGE);
	mprotect(p + 40 * PAGE, PAGE, PROT_READ);
	if (sigsetjmp(out, 1) == 0)
		(void)*(volatile char *)hole;
	put_fault("reading unmapped memory");
	if (sigsetjmp(out, 1) == 0)
		*(volatile char *)guarded = 'x';
	put_fault("writing read-only memory");
	repairable = p + 40 * PAGE;
	fault.count = 0;
	*(volatile char *)guarded = 'y';
	printf("   again, and the handler calls mprotect: %d signal, the write restarts, '%c' is there\n\n",
	    fault.count, *guarded);
	signal(SIGSEGV, SIG_DFL);
}

static const char *type_name(int type)
{
	return type == KVME_TYPE_DEFAULT ? "df"
	    : type == KVME_TYPE_VNODE    ? "vn"
	    : type == KVME_TYPE_SWAP     ? "sw"
	    : type == KVME_TYPE_PHYS     ? "ph"
					 : "--";
}

static void put_map(void)
{
	static char buf[16384];
	int mib[4] = {CTL_KERN, KERN_PROC, KERN_PROC_VMMAP, getpid()};
	size_t len = sizeof buf;

	printf("5. What the kernel knows of this process (procstat -v %d)\n", getpid());
	if (sysctl(mib, 4, buf, &len, NULL, 0) < 0) {
		puts("   nothing: this kernel has no kern.proc.vmmap\n");
		return;
	}
	puts("        START        END PRT  RES REF FL TP PATH");
	for (size_t at = 0; at < len;) {
		const struct kinfo_vmentry *e = (const struct kinfo_vmentry *)(buf + at);
		int prot = e->kve_protection;
		at += (size_t)e->kve_structsize;
		printf("   %#10llx %#10llx %c%c%c %4d %3d %c%c %s %s\n", e->kve_start, e->kve_end,
		    prot & KVME_PROT_READ ? 'r' : '-', prot & KVME_PROT_WRITE ? 'w' : '-',
		    prot & KVME_PROT_EXEC ? 'x' : '-', e->kve_resident, e->kve_ref_count,
		    e->kve_flags & KVME_FLAG_COW ? 'C' : '-',
		    e->kve_flags & KVME_FLAG_NEEDS_COPY ? 'N' : '-', type_name(e->kve_type),
		    e->kve_path);
	}
	putchar('\n');
}

int main(void)
{
	struct sample first, last;
	char *p;

	printf("This is process %d of an emulated 32-bit x86 machine. Its page faults are served by a\n"
	       "kernel in TypeScript that follows FreeBSD's virtual memory system.\n\n",
	    getpid());
	settle();
	take(&first);
	p = map(PAGES, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1);
	zero_fill(p);
	copy_on_write(p);
	file_mapping();
	signals(p);
	put_map();
	take(&last);
	puts("6. What the kernel did meanwhile (vmstat -s has more)");
	for (int i = 0; i < COUNTERS; i++)
		printf("   %6u %s\n", since(&first, &last, i), words[i]);
	return fflush(stdout) < 0;
}
