/* procstat [-h] [-b | -c | -v] [-a | pid ...] */
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <unistd.h>

#define KERN_PROC_PATHNAME 12

/* kern.proc.WHAT.PID, to be freed; NULL with errno. */
static char *variable(int what, pid_t pid, size_t *len)
{
	int mib[4] = {CTL_KERN, KERN_PROC, what, pid};

	*len = 0;
	if (sysctl(mib, 4, NULL, len, NULL, 0) < 0)
		return NULL;
	*len += *len / 4 + 64;
	char *p = malloc(*len + 1);
	if (p && sysctl(mib, 4, p, len, NULL, 0) < 0) {
		free(p);
		return NULL;
	}
	if (p)
		p[*len] = 0;
	return p;
}

static void basic(const struct kinfo_proc *k, int titled)
{
	if (titled)
		printf("%5s %5s %5s %5s %5s %3s %-8s %-9s %-13s %-12s\n", "PID", "PPID", "PGID", "SID",
		    "TSID", "THR", "LOGIN", "WCHAN", "EMUL", "COMM");
	printf("%5d %5d %5d %5d %5d %3d ", k->ki_pid, k->ki_ppid, k->ki_pgid, k->ki_sid, k->ki_tsid,
	    k->ki_numthreads);
	printf("%-8s %-9s ", k->ki_login[0] ? k->ki_login : "-", k->ki_wmesg[0] ? k->ki_wmesg : "-");
	printf("%-13s %-12s\n", strcmp(k->ki_emul, "null") ? k->ki_emul : "-", k->ki_comm);
}

static void binary(const struct kinfo_proc *k, int titled)
{
	size_t len;
	char *path = variable(KERN_PROC_PATHNAME, k->ki_pid, &len);

	if (titled)
		printf("%5s %-16s %8s %s\n", "PID", "COMM", "OSREL", "PATH");
	int mib[4] = {CTL_KERN, KERN_PROC, 40 /* KERN_PROC_OSREL */, k->ki_pid}, release = 0;
	len = sizeof release;
	sysctl(mib, 4, &release, &len, NULL, 0);
	printf("%5d %-16s %8d %s\n", k->ki_pid, k->ki_comm, release, path && *path ? path : "-");
	free(path);
}

static void arguments(const struct kinfo_proc *k, int titled)
{
	size_t len;
	char *args = variable(KERN_PROC_ARGS, k->ki_pid, &len);

	if (titled)
		printf("%5s %-16s %-53s\n", "PID", "COMM", "ARGS");
	printf("%5d %-16s", k->ki_pid, k->ki_comm);
	if (!args || len == 0)
		printf(" -");
	for (size_t at = 0; args && at < len; at += strlen(args + at) + 1)
		printf(" %s", args + at);
	putchar('\n');
	free(args);
}

static const char *type_name(int type)
{
	static const char *const names[] = {"--", "df", "vn", "sw", "dv", "ph", "dd", "sg", "md"};

	return type >= 0 && type < 9 ? names[type] : "??";
}

static void map(const struct kinfo_proc *k, int titled)
{
	size_t len;
	char *p = variable(KERN_PROC_VMMAP, k->ki_pid, &len);

	if (!p && errno != ESRCH) /* a kernel process has none */
		warn("sysctl: kern.proc.vmmap: %d", k->ki_pid);
	if (titled)
		printf("%5s %10s %10s %3s %4s %4s %3s %3s %-4s %-2s %-s\n", "PID", "START", "END", "PRT",
		    "RES", "PRES", "REF", "SHD", "FLAG", "TP", "PATH");
	for (size_t at = 0; p && at + sizeof(int) <= len;) {
		const struct kinfo_vmentry *e = (const struct kinfo_vmentry *)(p + at);
		if (e->kve_structsize == 0)
			break;
		at += (size_t)e->kve_structsize;
		printf("%5d %#10llx %#10llx ", k->ki_pid, e->kve_start, e->kve_end);
		printf("%c%c%c ", e->kve_protection & KVME_PROT_READ ? 'r' : '-',
		    e->kve_protection & KVME_PROT_WRITE ? 'w' : '-',
		    e->kve_protection & KVME_PROT_EXEC ? 'x' : '-');
		printf("%4d %4d %3d %3d ", e->kve_resident, e->kve_private_resident, e->kve_ref_count,
		    e->kve_shadow_count);
		int flags = e->kve_flags;
		printf("%c%c%c%c ", flags & KVME_FLAG_COW ? 'C' : '-',
		    flags & KVME_FLAG_NEEDS_COPY ? 'N' : '-', flags & KVME_FLAG_SUPER ? 'S' : '-',
		    flags & KVME_FLAG_GROWS_UP         ? 'U'
			: flags & KVME_FLAG_GROWS_DOWN ? 'D'
						       : '-');
		printf("%-2s %s\n", type_name(e->kve_type), e->kve_path);
	}
	free(p);
}

static int compare(const void *a, const void *b)
{
	return ((const struct kinfo_proc *)a)->ki_pid - ((const struct kinfo_proc *)b)->ki_pid;
}

static void usage(void)
{
	fputs("usage: procstat [-h] [-b | -c | -v] [-a | pid ...]\n", stderr);
	exit(64);
}

int main(int argc, char **argv)
{
	void (*show)(const struct kinfo_proc *, int) = basic;
	int c, all = 0, titled = 1, modes = 0;
	size_t len;

	while ((c = getopt(argc, argv, "abchv")) != -1)
		switch (c) {
		case 'a':
			all = 1;
			break;
		case 'h':
			titled = 0;
			break;
		case 'b':
		case 'c':
		case 'v':
			show = c == 'b' ? binary : c == 'c' ? arguments : map;
			modes++;
			break;
		default:
			usage();
		}
	if (modes > 1 || all != (optind == argc))
		usage();
	if (all) {
		int mib[3] = {CTL_KERN, KERN_PROC, KERN_PROC_PROC};
		len = 0;
		if (sysctl(mib, 3, NULL, &len, NULL, 0) < 0)
			err(1, "kern.proc.proc");
		len += 4 * sizeof(struct kinfo_proc);
		struct kinfo_proc *k = malloc(len);
		if (!k || sysctl(mib, 3, k, &len, NULL, 0) < 0)
			err(1, "kern.proc.proc");
		unsigned count = (unsigned)(len / sizeof *k);
		qsort(k, count, sizeof *k, compare);
		for (unsigned i = 0; i < count; i++)
			show(&k[i], titled && i == 0);
	}
	for (int i = optind; i < argc; i++) {
		char *end;
		long pid = strtol(argv[i], &end, 10);
		if (*end || pid < 0)
			usage();
		struct kinfo_proc *k = (struct kinfo_proc *)variable(KERN_PROC_PID, (pid_t)pid, &len);
		if (!k || len < sizeof *k)
			err(1, "sysctl: kern.proc.pid: %ld", pid);
		show(k, titled);
		titled = 0;
		free(k);
	}
	return fflush(stdout) < 0;
}
