/* vmstat [-afHmosz] [-P] [-c count] [-w wait] [wait [count]] */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <time.h>
#include <unistd.h>

static unsigned counter(const char *name)
{
	char full[64];

	snprintf(full, sizeof full, "vm.stats.%s", name);
	unsigned value = 0;
	size_t len = sizeof value;
	if (sysctlbyname(full, &value, &len, NULL, 0) < 0)
		err(1, "sysctl(%s)", full);
	return value;
}

/* vmstat -s, in its order and words. */
static const struct {
	const char *counter, *text;
} sums[] = {
    {"sys.v_swtch", "cpu context switches"},
    {"sys.v_intr", "device interrupts"},
    {"sys.v_soft", "software interrupts"},
    {"sys.v_trap", "traps"},
    {"sys.v_syscall", "system calls"},
    {"vm.v_kthreads", "kernel threads created"},
    {"vm.v_forks", " fork() calls"},
    {"vm.v_vforks", "vfork() calls"},
    {"vm.v_rforks", "rfork() calls"},
    {"vm.v_swapin", "swap pager pageins"},
    {"vm.v_swappgsin", "swap pager pages paged in"},
    {"vm.v_swapout", "swap pager pageouts"},
    {"vm.v_swappgsout", "swap pager pages paged out"},
    {"vm.v_vnodein", "vnode pager pageins"},
    {"vm.v_vnodepgsin", "vnode pager pages paged in"},
    {"vm.v_vnodeout", "vnode pager pageouts"},
    {"vm.v_vnodepgsout", "vnode pager pages paged out"},
    {"vm.v_pdwakeups", "page daemon wakeups"},
    {"vm.v_pdpages", "pages examined by the page daemon"},
    {"vm.v_reactivated", "pages reactivated"},
    {"vm.v_cow_faults", "copy-on-write faults"},
    {"vm.v_cow_optim", "copy-on-write optimized faults"},
    {"vm.v_zfod", "zero fill pages zeroed"},
    {"vm.v_ozfod", "zero fill pages prezeroed"},
    {"vm.v_intrans", "intransit blocking page faults"},
    {"vm.v_vm_faults", "total VM faults taken"},
    {"vm.v_io_faults", "page faults requiring I/O"},
    {"vm.v_kthreadpages", "pages affected by kernel thread creation"},
    {"vm.v_forkpages", "pages affected by  fork()"},
    {"vm.v_vforkpages", "pages affected by vfork()"},
    {"vm.v_rforkpages", "pages affected by rfork()"},
    {"vm.v_tcached", "pages cached"},
    {"vm.v_tfree", "pages freed"},
    {"vm.v_dfree", "pages freed by daemon"},
    {"vm.v_pfree", "pages freed by exiting processes"},
    {"vm.v_active_count", "pages active"},
    {"vm.v_inactive_count", "pages inactive"},
    {"vm.v_cache_count", "pages in VM cache"},
    {"vm.v_wire_count", "pages wired down"},
    {"vm.v_free_count", "pages free"},
    {"vm.v_page_size", "bytes per page"},
};

static void put_sums(void)
{
	for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
		printf("%9u %s\n", counter(sums[i].counter), sums[i].text);
}

static void put_forks(const char *kind)
{
	char name[32];

	snprintf(name, sizeof name, "vm.v_%ss", kind);
	unsigned calls = counter(name);
	snprintf(name, sizeof name, "vm.v_%spages", kind);
	unsigned pages = counter(name), average = calls ? (unsigned)(pages * 100ull / calls) : 0;
	printf("%u %ss, %u pages, average %u.%02u\n", calls, kind, pages, average / 100, average % 100);
}

/* What the columns are made of: page faults to context switches. */
enum { FLT, RE, PI, PO, FR, SR, IN, SY, CS, RATES };
struct sample {
	uint64_t rate[RATES];
	long cpu[5]; /* user nice sys intr idle */
};

static void take(struct sample *s)
{
	size_t len = sizeof s->cpu;

	s->rate[FLT] = counter("vm.v_vm_faults");
	s->rate[RE] = counter("vm.v_reactivated");
	s->rate[PI] = (uint64_t)counter("vm.v_swapin") + counter("vm.v_vnodein");
	s->rate[PO] = (uint64_t)counter("vm.v_swapout") + counter("vm.v_vnodeout");
	s->rate[FR] = counter("vm.v_tfree");
	s->rate[SR] = counter("vm.v_pdpages");
	s->rate[IN] = counter("sys.v_intr");
	s->rate[SY] = counter("sys.v_syscall");
	s->rate[CS] = counter("sys.v_swtch");
	memset(s->cpu, 0, sizeof s->cpu);
	if (sysctlbyname("kern.cp_time", s->cpu, &len, NULL, 0) < 0)
		err(1, "sysctl(kern.cp_time)");
}

static struct {
	int16_t t_rq, t_dw, t_pw, t_sl, t_sw;
	int32_t t_vm, t_avm, t_rm, t_arm, t_vmshr, t_avmshr, t_rmshr, t_armshr, t_free;
} total;
_Static_assert(sizeof total == 48, "struct vmtotal of FreeBSD 11");

/* A sysctl of any size, to be freed. */
static char *whole(const char *name, size_t *len)
{
	for (;;) {
		*len = 0;
		if (sysctlbyname(name, NULL, len, NULL, 0) < 0)
			err(1, "sysctl(%s)", name);
		/* There may be more by the time we have the room. */
		*len += *len / 8 + 512;
		char *p = malloc(*len);
		if (!p)
			err(1, NULL);
		if (sysctlbyname(name, p, len, NULL, 0) == 0)
			return p;
		free(p);
	}
}

/* Several structures of statistics begin so: version, CPUs, count, nothing. */
static unsigned stream(const char **at, const char *what)
{
	const struct uma_stream_header *h = (const struct uma_stream_header *)*at;

	if (h->ush_version != 1 || h->ush_maxcpus != 1)
		errx(1, "%s: unknown version", what);
	*at += sizeof *h;
	return h->ush_count;
}

/* vmstat -z: the zones of the kernel's structures. */
static void put_zones(void)
{
	size_t len;
	char *stats = whole("vm.zone_stats", &len), name[40];
	const char *at = stats;
	unsigned count = stream(&at, "vm.zone_stats");

	printf("%-20s %6s %6s %8s %8s %8s %4s %4s\n\n", "ITEM", "SIZE", "LIMIT", "USED", "FREE", "REQ",
	    "FAIL", "SLEEP");
	for (unsigned i = 0; i < count; i++) {
		struct uma_type_header h;
		struct uma_percpu_stat cpu;
		memcpy(&h, at, sizeof h);
		memcpy(&cpu, at + sizeof h, sizeof cpu);
		at += sizeof h + sizeof cpu;
		unsigned long long allocs = h.uth_allocs + cpu.ups_allocs;
		unsigned long long frees = h.uth_frees + cpu.ups_frees;
		unsigned long long unused = h.uth_keg_free + h.uth_zone_free + cpu.ups_cache_free;
		snprintf(name, sizeof name, "%s:", h.uth_name);
		printf("%-20s %6u, %6u,%8llu,%8llu,%8llu,%4llu,%4llu\n", name, h.uth_size, h.uth_limit,
		    allocs - frees, unused, allocs, h.uth_fails, h.uth_sleeps);
	}
	putchar('\n');
	free(stats);
}

/* vmstat -m: the kernel's malloc(9) by type. */
static void put_malloc(void)
{
	struct {
		char name[32];
		uint64_t memalloced, memfreed, numallocs, numfrees, sizes, reserved[3];
	} type;
	size_t len;
	char *stats = whole("kern.malloc_stats", &len);
	const char *at = stats;
	unsigned count = stream(&at, "kern.malloc_stats");

	printf("%13s %5s %6s %7s %8s  Size(s)\n", "Type", "InUse", "MemUse", "HighUse", "Requests");
	for (unsigned i = 0; i < count; i++, at += sizeof type) {
		memcpy(&type, at, sizeof type);
		if (type.numallocs == 0)
			continue;
		printf("%13s %5llu %5lluK %7s %8llu  ", type.name, type.numallocs - type.numfrees,
		    (type.memalloced - type.memfreed + 1023) / 1024, "-", type.numallocs);
		const char *comma = "";
		for (int bit = 0; bit < 28; bit++)
			if (type.sizes >> bit & 1) {
				printf("%s%d", comma, 1 << (bit + 4));
				comma = ",";
			}
		putchar('\n');
	}
	free(stats);
}

/* vmstat -o: all objects. */
static void put_objects(void)
{
	static const char *const types[] = {"--", "df", "vn", "sw", "dv", "ph", "dd", "sg", "md"};
	/* VM_MEMATTR_* of i386. */
	static const char *const attributes[] = {"UC", "WC", "??", "??", "WT", "WP", "WB", "UC-"};
	size_t len;
	char *objects = whole("vm.objects", &len);

	printf("%5s %5s %5s %3s %3s %2s %2s %s\n", "RES", "ACT", "INACT", "REF", "SHD", "CM", "TP",
	    "PATH");
	for (size_t at = 0; at < len;) {
		const struct kinfo_vmobject *o = (const struct kinfo_vmobject *)(objects + at);
		if (o->kvo_structsize <= 0)
			break;
		at += (size_t)o->kvo_structsize;
		printf("%5llu %5llu %5llu %3d %3d ", o->kvo_resident, o->kvo_active, o->kvo_inactive,
		    o->kvo_ref_count, o->kvo_shadow_count);
		printf("%-2s %-2s %s\n",
		    o->kvo_memattr >= 0 && o->kvo_memattr < 8 ? attributes[o->kvo_memattr] : "??",
		    o->kvo_type >= 0 && o->kvo_type < 9 ? types[o->kvo_type] : "??", o->kvo_path);
	}
	free(objects);
}

/* -P: the processor has a heading of its own. */
static int P_flag;

static void put_header(void)
{
	printf("procs     memory       page                       faults         %s\n",
	    P_flag ? "cpu0" : "cpu");
	puts("r b w     avm     fre   flt  re  pi  po    fr   sr   in    sy    cs us sy id");
}

/* `elapsed` milliseconds went by since `old`. */
static void put_line(const struct sample *new, const struct sample *old, uint64_t elapsed)
{
	unsigned rate[RATES], percent[3];
	size_t len = sizeof total;
	long cpu[5], sum = 0;

	if (sysctlbyname("vm.vmtotal", &total, &len, NULL, 0) < 0)
		err(1, "sysctl(vm.vmtotal)");
	for (int i = 0; i < RATES; i++)
		rate[i] = (unsigned)(((new->rate[i] - old->rate[i]) * 1000 + elapsed / 2) / elapsed);
	for (int i = 0; i < 5; i++)
		sum += cpu[i] = new->cpu[i] - old->cpu[i];
	for (int i = 0; i < 3; i++) {
		long part = i < 2 ? cpu[2 * i] + cpu[2 * i + 1] : cpu[4];
		percent[i] = sum > 0 ? (unsigned)(((uint64_t)part * 200 + (uint64_t)sum) / (2 * (uint64_t)sum)) : 0;
	}
	printf("%d %d %d", total.t_rq - 1, total.t_dw + total.t_pw, total.t_sw);
	printf(" %7u %7u %5u ", (unsigned)total.t_avm * 4, (unsigned)total.t_free * 4, rate[FLT]);
	printf("%3u %3u %3u %5u %4u ", rate[RE], rate[PI], rate[PO], rate[FR], rate[SR]);
	printf("%4u %5u %5u", rate[IN], rate[SY], rate[CS]);
	/* 100 takes the blank of the percentage behind it. */
	for (int i = 0, over = 0; i < 3; i++) {
		printf(" %*u", over && percent[i] < 10 ? 1 : 2, percent[i]);
		over = percent[i] > 99;
	}
	putchar('\n');
	fflush(stdout);
}

static void usage(void)
{
	fputs("usage: vmstat [-afHmoPsz] [-c count] [-w wait] [wait [count]]\n", stderr);
	exit(1);
}

/* Seconds with a fraction, in milliseconds. */
static unsigned milliseconds(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10) * 1000;

	if (*end == '.')
		for (unsigned unit = 100; *++end >= '0' && *end <= '9'; unit /= 10)
			n += (unsigned)(*end - '0') * unit;
	if (*end || n == 0)
		usage();
	return (unsigned)n;
}

int main(int argc, char **argv)
{
	unsigned wait = 0, count = 0;
	int c, s_flag = 0, f_flag = 0, z_flag = 0, m_flag = 0, o_flag = 0;

	while ((c = getopt(argc, argv, "ac:fHmoPsw:z")) != -1)
		switch (c) {
		case 'c':
			count = (unsigned)atoi(optarg);
			break;
		case 'f':
			f_flag = 1;
			break;
		case 'a': /* all devices, of which none is shown; wide columns */
		case 'H':
			break;
		case 'm':
			m_flag = 1;
			break;
		case 'o':
			o_flag = 1;
			break;
		case 'P':
			P_flag = 1;
			break;
		case 'z':
			z_flag = 1;
			break;
		case 's':
			s_flag = 1;
			break;
		case 'w':
			wait = milliseconds(optarg);
			break;
		default:
			usage();
		}
	if (optind < argc)
		wait = milliseconds(argv[optind++]);
	if (optind < argc)
		count = (unsigned)atoi(argv[optind++]);
	if (optind < argc)
		usage();
	if (f_flag) {
		put_forks("fork");
		put_forks("vfork");
		put_forks("rfork");
	}
	if (s_flag)
		put_sums();
	if (m_flag)
		put_malloc();
	if (z_flag)
		put_zones();
	if (o_flag)
		put_objects();
	if (f_flag || s_flag || m_flag || z_flag || o_flag)
		return fflush(stdout) < 0;
	if (count > 0 && wait == 0)
		wait = 1000;
	if (wait == 0)
		count = 1;

	struct sample samples[2];
	struct timespec up;
	memset(&samples[1], 0, sizeof samples[1]);
	clock_gettime(CLOCK_MONOTONIC, &up);
	uint64_t elapsed = (uint64_t)up.tv_sec * 1000 + (uint64_t)up.tv_nsec / 1000000;
	for (unsigned n = 0; count == 0 || n < count; n++) {
		if (n > 0)
			usleep(wait * 1000);
		if (n % 20 == 0)
			put_header();
		take(&samples[n & 1]);
		put_line(&samples[n & 1], &samples[~n & 1], n > 0 ? wait : elapsed ? elapsed : 1);
	}
	return 0;
}
