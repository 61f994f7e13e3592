/* top -b [-S] [-d displays] [-s seconds] [number]: processes and a summary, to be read as a file. */
#include <err.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <time.h>
#include <unistd.h>

static unsigned pages(const char *name)
{
	char full[64];

	snprintf(full, sizeof full, "vm.stats.vm.v_%s_count", name);
	return sysctl_uint(full, 0);
}

/* Kilobytes in at most five characters (top's format_k). */
static void put_kilobytes(char *into, size_t room, unsigned long amount)
{
	char tag = 'K';

	if (amount >= 10000) {
		amount = (amount + 512) / 1024;
		tag = 'M';
		if (amount >= 10000) {
			amount = (amount + 512) / 1024;
			tag = 'G';
		}
	}
	snprintf(into, room, "%lu%c", amount, tag);
}

struct item {
	unsigned long value;
	const char *name; /* begins with K: kilobytes */
};

/* "36M Active, 12M Wired": what is not zero. */
static void put_items(const char *head, const struct item *items)
{
	const char *comma = "";

	printf("%s", head);
	for (; items->name; items++) {
		char amount[24];
		if (items->value == 0)
			continue;
		if (items->name[0] == 'K')
			put_kilobytes(amount, sizeof amount, items->value);
		else
			snprintf(amount, sizeof amount, "%lu", items->value);
		printf("%s%s%s", comma, amount, items->name + (items->name[0] == 'K'));
		comma = ", ";
	}
	putchar('\n');
}

static void put_head(int last_pid)
{
	unsigned load[4] = {0, 0, 0, 1};
	size_t len = sizeof load;
	struct timespec up, now;

	sysctlbyname("vm.loadavg", load, &len, NULL, 0);
	printf("last pid: %5d;  load averages", last_pid);
	for (int i = 0; i < 3; i++) {
		unsigned hundredths = (load[i] * 100 + load[3] / 2) / load[3];
		printf("%c %2u.%02u", i ? ',' : ':', hundredths / 100, hundredths % 100);
	}
	clock_gettime(CLOCK_MONOTONIC, &up);
	clock_gettime(CLOCK_REALTIME, &now);
	long s = up.tv_sec;
	char clock[16];
	strftime(clock, sizeof clock, "%H:%M:%S", localtime(&now.tv_sec));
	printf("  up %ld+%02ld:%02ld:%02ld    %s\n", s / 86400, s / 3600 % 24, s / 60 % 60, s % 60,
	    clock);
}

static void put_swap(void)
{
	int mib[16];
	size_t depth = 15, len;
	unsigned long total = 0, used = 0;
	struct {
		unsigned version, dev;
		int flags, blocks, used;
	} xsw;

	if (sysctlnametomib("vm.swap_info", mib, &depth) == 0)
		for (mib[depth] = 0; len = sizeof xsw,
		    sysctl(mib, (unsigned)depth + 1, &xsw, &len, NULL, 0) == 0;
		    mib[depth]++) {
			total += (unsigned long)xsw.blocks * 4;
			used += (unsigned long)xsw.used * 4;
		}
	const struct item items[] = {{total, "K Total"}, {used, "K Used"}, {total - used, "K Free"},
	    {total ? used * 100 / total : 0, "% Inuse"}, {0, NULL}};
	put_items("Swap: ", items);
}

/* The busiest first, then the latest. */
static int busier(const void *a, const void *b)
{
	const struct kinfo_proc *p = a, *q = b;

	if (p->ki_pctcpu != q->ki_pctcpu)
		return p->ki_pctcpu < q->ki_pctcpu ? 1 : -1;
	if (p->ki_runtime != q->ki_runtime)
		return p->ki_runtime < q->ki_runtime ? 1 : -1;
	return p->ki_pid - q->ki_pid;
}

static const char *state(const struct kinfo_proc *p)
{
	static const char *const names[] = {"", "START", "RUN", "SLEEP", "STOP", "ZOMB", "WAIT", "LOCK"};

	if (p->ki_stat == SSLEEP && p->ki_wmesg[0])
		return p->ki_wmesg;
	return p->ki_stat > 0 && p->ki_stat < 8 ? names[(int)p->ki_stat] : "?";
}

static void put_process(const struct kinfo_proc *p, unsigned fscale)
{
	char size[24], resident[24], minutes[24];
	unsigned hundredths = (unsigned)((p->ki_pctcpu * 10000ull + fscale / 2) / fscale);
	unsigned long seconds = (unsigned long)((p->ki_runtime + 500000) / 1000000);

	put_kilobytes(size, sizeof size, p->ki_size / 1024);
	put_kilobytes(resident, sizeof resident, (unsigned long)p->ki_rssize * 4);
	snprintf(minutes, sizeof minutes, "%3lu:%02lu", seconds / 60, seconds % 60);
	printf("%5d %-9.9s %5d %3d %4d%7s %6s %-6.6s%7s %3u.%02u%% %s\n", p->ki_pid,
	    user_from_uid(p->ki_ruid, 0), p->ki_numthreads, p->ki_pri.pri_level - 100, p->ki_nice, size,
	    resident, state(p), minutes, hundredths / 100, hundredths % 100, p->ki_comm);
}

static void display(int system_too, unsigned most)
{
	int mib[3] = {CTL_KERN, KERN_PROC, KERN_PROC_PROC};
	size_t len = 0;
	unsigned long states[8] = {0}, total = 0;

	if (sysctl(mib, 3, NULL, &len, NULL, 0) < 0)
		err(1, "kern.proc.proc");
	len += 4 * sizeof(struct kinfo_proc);
	struct kinfo_proc *all = malloc(len);
	if (!all || sysctl(mib, 3, all, &len, NULL, 0) < 0)
		err(1, "kern.proc.proc");
	unsigned count = 0;
	for (unsigned i = 0; i < len / sizeof *all; i++) {
		if (!system_too && all[i].ki_flag & P_SYSTEM)
			continue;
		all[count++] = all[i];
		total++;
		states[all[i].ki_stat & 7]++;
	}
	qsort(all, count, sizeof *all, busier);
	put_head((int)sysctl_uint("kern.lastpid", 0));
	char head[40];
	snprintf(head, sizeof head, "%lu processes:%*s", total,
	    total < 10 ? 3 : total < 100 ? 2 : total < 1000 ? 1 : 0, "");
	const struct item kinds[] = {{states[SIDL], " starting"}, {states[SRUN], " running"},
	    {states[SSLEEP], " sleeping"}, {states[SSTOP], " stopped"}, {states[SZOMB], " zombie"},
	    {states[SWAIT], " waiting"}, {states[SLOCK], " lock"}, {0, NULL}};
	put_items(head, kinds);
	const struct item memory[] = {{pages("active") * 4ul, "K Active"},
	    {pages("inactive") * 4ul, "K Inact"}, {pages("laundry") * 4ul, "K Laundry"},
	    {pages("wire") * 4ul, "K Wired"}, {pages("cache") * 4ul, "K Cache"},
	    {sysctl_uint("vfs.bufspace", 0) / 1024, "K Buf"}, {pages("free") * 4ul, "K Free"}, {0, NULL}};
	putchar('\n');
	put_items("Mem: ", memory);
	put_swap();
	printf("\n\n%5s %-9s %5s %3s %4s%7s %6s %-6s%7s %7s %s\n", "PID", "USERNAME", "THR", "PRI",
	    "NICE", "SIZE", "RES", "STATE", "TIME", "WCPU", "COMMAND");
	unsigned fscale = sysctl_uint("kern.fscale", 2048);
	for (unsigned i = 0; i < count && i < most; i++)
		put_process(&all[i], fscale);
	free(all);
}

static void usage(void)
{
	fputs("usage: top [-bS] [-d displays] [-s seconds] [number]\n", stderr);
	exit(1);
}

int main(int argc, char **argv)
{
	unsigned displays = 1, seconds = 2, most = ~0u;
	int c, system_too = 0;

	while ((c = getopt(argc, argv, "bd:s:S")) != -1)
		switch (c) {
		case 'b':
			break;
		case 'd':
			displays = (unsigned)atoi(optarg);
			break;
		case 's':
			seconds = (unsigned)atoi(optarg);
			break;
		case 'S':
			system_too = 1;
			break;
		default:
			usage();
		}
	if (optind < argc)
		most = (unsigned)atoi(argv[optind++]);
	if (optind < argc)
		usage();
	for (unsigned i = 0; i < displays; i++) {
		if (i > 0) {
			fflush(stdout);
			sleep(seconds);
			putchar('\n');
		}
		display(system_too, most);
	}
	return fflush(stdout) < 0;
}
