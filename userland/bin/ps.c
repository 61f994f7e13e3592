/* ps [-ACahjlmruwx] [-O fmt | -o fmt] [-p pid] [-t tty] [-U user] */
#include <ctype.h>
#include <err.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <time.h>
#include <unistd.h>

#define CELL 128
#define NODEV 0xffffffffu
#define FSCALE 2048
#define MAXSLP 20
#define TDF_SINTR 8
#define P_WEXIT 0x2000
#define KI_CTTY 1
#define KI_SLEADER 2

static unsigned memory_pages;
static int names_only, terminal_width = 79, status;

static void tenths(char *out, uint64_t n)
{
	snprintf(out, CELL, "%llu.%llu", n / 10, n % 10);
}

static uint64_t cpu_tenths(const struct kinfo_proc *k)
{
	return (uint64_t)k->ki_pctcpu * 1000 / FSCALE;
}

static uint64_t memory_tenths(const struct kinfo_proc *k)
{
	return memory_pages ? (uint64_t)k->ki_rssize * 1000 / memory_pages : 0;
}

static void cpu(const struct kinfo_proc *k, char *out) { tenths(out, cpu_tenths(k)); }
static void mem(const struct kinfo_proc *k, char *out) { tenths(out, memory_tenths(k)); }

#define NUMBER(name, format, value) \
	static void name(const struct kinfo_proc *k, char *out) \
	{ \
		snprintf(out, CELL, format, value); \
	}
NUMBER(pid, "%d", k->ki_pid)
NUMBER(ppid, "%d", k->ki_ppid)
NUMBER(pgid, "%d", k->ki_pgid)
NUMBER(sid, "%d", k->ki_sid)
NUMBER(jobc, "%d", k->ki_jobc)
NUMBER(uid, "%u", k->ki_uid)
NUMBER(user, "%s", user_from_uid(k->ki_ruid, 0))
NUMBER(estcpu, "%u", k->ki_estcpu)
NUMBER(priority, "%d", k->ki_pri.pri_level - 84 /* PZERO */)
NUMBER(nice, "%d", k->ki_nice)
NUMBER(vsz, "%lu", k->ki_size / 1024)
NUMBER(rss, "%d", k->ki_rssize * 4)
NUMBER(wchan, "%s", k->ki_wmesg[0] ? k->ki_wmesg : "-")
NUMBER(flags, "%lx", (unsigned long)k->ki_flag)
NUMBER(comm, "%s", k->ki_comm)
NUMBER(threads, "%d", k->ki_numthreads)
NUMBER(minflt, "%ld", k->ki_rusage.words[8])
NUMBER(majflt, "%ld", k->ki_rusage.words[9])
NUMBER(emul, "%s", k->ki_emul)

static void tt(const struct kinfo_proc *k, char *out)
{
	const char *name = k->ki_tdev == NODEV ? NULL : devname(k->ki_tdev, S_IFCHR);

	if (!name || *name == '#') {
		strcpy(out, "- ");
		return;
	}
	if (strncmp(name, "tty", 3) == 0 && name[3])
		name += 3;
	if (strncmp(name, "pts/", 4) == 0)
		name += 4;
	snprintf(out, CELL, "%s%c", name, k->ki_kiflag & KI_CTTY ? ' ' : '-');
}

static void state(const struct kinfo_proc *k, char *out)
{
	switch (k->ki_stat) {
	case SSTOP: *out++ = 'T'; break;
	case SSLEEP:
		if (k->ki_tdflags & TDF_SINTR)
			*out++ = k->ki_slptime >= MAXSLP ? 'I' : 'S';
		else
			*out++ = 'D';
		break;
	case SRUN:
	case SIDL: *out++ = 'R'; break;
	case SWAIT: *out++ = 'W'; break;
	case SLOCK: *out++ = 'L'; break;
	case SZOMB: *out++ = 'Z'; break;
	default: *out++ = '?';
	}
	if (k->ki_nice < 0)
		*out++ = '<';
	else if (k->ki_nice > 0)
		*out++ = 'N';
	if (k->ki_flag & P_WEXIT && k->ki_stat != SZOMB)
		*out++ = 'E';
	if (k->ki_flag & P_PPWAIT)
		*out++ = 'V';
	if (k->ki_flag & P_SYSTEM)
		*out++ = 'L';
	if (k->ki_kiflag & KI_SLEADER)
		*out++ = 's';
	if (k->ki_flag & P_CONTROLT && k->ki_pgid == k->ki_tpgid)
		*out++ = '+';
	*out = 0;
}

static void cpu_time(const struct kinfo_proc *k, char *out)
{
	unsigned long hundredths = k->ki_stat == SZOMB ? 0 : (unsigned long)((k->ki_runtime + 5000) / 10000);

	snprintf(out, CELL, "%lu:%02lu.%02lu", hundredths / 6000, hundredths / 100 % 60, hundredths % 100);
}

static void started(const struct kinfo_proc *k, char *out)
{
	time_t now = time(NULL), then = k->ki_start.tv_sec;

	strftime(out, CELL, now - then < 86400 ? "%H:%M" : now - then < 7 * 86400 ? "%a%H" : "%e%b%y",
	    localtime(&then));
}

static void command(const struct kinfo_proc *k, char *out)
{
	int mib[4] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, k->ki_pid};
	char args[4096];
	size_t len = sizeof args - 1;

	if (names_only) {
		comm(k, out);
		return;
	}
	if (k->ki_stat == SZOMB) {
		snprintf(out, CELL, "<defunct>");
		return;
	}
	if (sysctl(mib, 4, args, &len, NULL, 0) < 0 || len == 0) {
		snprintf(out, CELL, "[%s]", k->ki_comm);
		return;
	}
	args[len] = 0;
	const char *last = strrchr(args, '/');
	int same = strcmp(last ? last + 1 : args, k->ki_comm) == 0;
	for (size_t i = 0; i + 1 < len; i++)
		if (!isprint((unsigned char)args[i]))
			args[i] = args[i] ? '?' : ' ';
	if (same)
		snprintf(out, CELL, "%s", args);
	else
		snprintf(out, CELL, "%s (%s)", args, k->ki_comm);
}

static const struct column {
	const char *name, *header;
	int left;
	void (*format)(const struct kinfo_proc *k, char *out);
} known[] = {
    {"%cpu", "%CPU", 0, cpu},
    {"%mem", "%MEM", 0, mem},
    {"args", "COMMAND", 1, command},
    {"comm", "COMMAND", 1, comm},
    {"command", "COMMAND", 1, command},
    {"cpu", "CPU", 0, estcpu},
    {"emul", "EMUL", 1, emul},
    {"flags", "F", 0, flags},
    {"jobc", "JOBC", 0, jobc},
    {"majflt", "MAJFLT", 0, majflt},
    {"minflt", "MINFLT", 0, minflt},
    {"mwchan", "MWCHAN", 1, wchan},
    {"nice", "NI", 0, nice},
    {"nlwp", "NLWP", 0, threads},
    {"pcpu", "%CPU", 0, cpu},
    {"pgid", "PGID", 0, pgid},
    {"pid", "PID", 0, pid},
    {"pmem", "%MEM", 0, mem},
    {"ppid", "PPID", 0, ppid},
    {"pri", "PRI", 0, priority},
    {"rss", "RSS", 0, rss},
    {"sid", "SID", 0, sid},
    {"start", "STARTED", 1, started},
    {"stat", "STAT", 1, state},
    {"state", "STAT", 1, state},
    {"time", "TIME", 0, cpu_time},
    {"tt", "TT ", 0, tt},
    {"ucomm", "UCOMM", 1, comm},
    {"uid", "UID", 0, uid},
    {"user", "USER", 1, user},
    {"vsz", "VSZ", 0, vsz},
    {"wchan", "WCHAN", 1, wchan},
};

#define COLUMNS 32
static struct {
	const struct column *column;
	const char *header;
	int width;
} shown[COLUMNS];
static int shown_count;

/* Names separated by commas or blanks; name=header, whose header goes to the end of the word. */
static void add_columns(const char *list)
{
	char *copy = strdup(list), *state_of = NULL;

	if (!copy)
		err(1, NULL);
	for (char *word = strtok_r(copy, " ,\t\n", &state_of); word;
	     word = strtok_r(NULL, " ,\t\n", &state_of)) {
		char *header = strchr(word, '=');
		const struct column *found = NULL;
		if (header)
			*header++ = 0;
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			if (strcmp(known[i].name, word) == 0)
				found = &known[i];
		if (!found) {
			warnx("%s: keyword not found", word);
			status = 1;
		} else if (shown_count < COLUMNS) {
			shown[shown_count].column = found;
			shown[shown_count].header = header ? header : found->header;
			shown_count++;
		}
	}
}

#define DEFAULT "pid tt stat time command"
#define JOBS "user pid ppid pgid sid jobc stat tt time command"
#define LONG "uid pid ppid cpu pri nice vsz rss mwchan stat tt time command"
#define USERS "user pid %cpu %mem vsz rss tt stat start time command"
#define MEMORY "pid tt stat time majflt vsz rss %cpu %mem command"

static int by_memory, by_cpu;

static int compare(const void *x, const void *y)
{
	const struct kinfo_proc *a = x, *b = y;

	if (by_memory && a->ki_rssize != b->ki_rssize)
		return a->ki_rssize < b->ki_rssize ? 1 : -1;
	if (by_cpu && a->ki_pctcpu != b->ki_pctcpu)
		return a->ki_pctcpu < b->ki_pctcpu ? 1 : -1;
	if (a->ki_tdev != b->ki_tdev)
		return a->ki_tdev < b->ki_tdev ? -1 : 1;
	return a->ki_pid - b->ki_pid;
}

static void put_cell(int i, const char *text, int *at)
{
	int last = i == shown_count - 1, left = shown[i].column->left, n;

	if (last && left) {
		n = (int)strlen(text);
		if (terminal_width > 0 && *at + n > terminal_width)
			n = terminal_width > *at ? terminal_width - *at : 0;
		printf("%.*s", n, text);
	} else {
		*at += left ? printf("%-*s", shown[i].width, text) : printf("%*s", shown[i].width, text);
	}
	putchar(last ? '\n' : ' ');
	*at += 1;
}

static void usage(void)
{
	fputs("usage: ps [-ACahjlmruwx] [-O fmt | -o fmt] [-p pid[,pid]]\n"
	      "          [-U user]\n",
	    stderr);
	exit(1);
}

static int listed(const char *list, int n)
{
	while (*list) {
		char *end;
		if (strtol(list, &end, 10) == n && end != list)
			return 1;
		list = end + (*end != 0);
		if (end == list && *end)
			break;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int c, all = 0, without_terminal = 0, mib[3] = {CTL_KERN, KERN_PROC, KERN_PROC_PROC};
	const char *pids = NULL, *of_user = NULL;
	struct winsize size;
	struct kinfo_proc *k;
	size_t len = 0;

	if (isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		terminal_width = size.ws_col;
	else
		terminal_width = 0; /* unlimited */
	/* "ps aux" is "ps -aux". */
	if (argc > 1 && argv[1][0] != '-') {
		char *word = malloc(strlen(argv[1]) + 2);
		if (!word)
			err(1, NULL);
		word[0] = isdigit(argv[1][0]) ? 'p' : '-';
		strcpy(word + 1, argv[1]);
		if (word[0] == '-')
			argv[1] = word;
	}
	while ((c = getopt(argc, argv, "ACO:U:acdehjlmo:p:ruwx")) != -1)
		switch (c) {
		case 'A': all = without_terminal = 1; break;
		case 'a': all = 1; break;
		case 'c': names_only = 1; break;
		case 'j': add_columns(JOBS); break;
		case 'l': add_columns(LONG); break;
		case 'm': by_memory = 1; break;
		case 'O':
			add_columns("pid");
			add_columns(optarg);
			add_columns("tt stat time command");
			break;
		case 'o': add_columns(optarg); break;
		case 'p':
			pids = optarg;
			without_terminal = 1;
			break;
		case 'r': by_cpu = 1; break;
		case 'U':
			of_user = optarg;
			without_terminal = 1;
			break;
		case 'u':
			add_columns(USERS);
			by_cpu = 1;
			break;
		case 'w': terminal_width = 0; break;
		case 'x': without_terminal = 1; break;
		case 'C':
		case 'd':
		case 'e':
		case 'h': break;
		default: usage();
		}
	if (optind < argc && isdigit(argv[optind][0])) {
		pids = argv[optind++];
		without_terminal = 1;
	}
	if (optind < argc)
		usage();
	if (shown_count == 0)
		add_columns(DEFAULT);
	memory_pages = sysctl_uint("vm.stats.vm.v_page_count", 0);
	if (sysctl(mib, 3, NULL, &len, NULL, 0) < 0)
		err(1, "kern.proc.proc");
	len += 4 * sizeof *k;
	if (!(k = malloc(len)) || sysctl(mib, 3, k, &len, NULL, 0) < 0)
		err(1, "kern.proc.proc");
	unsigned count = (unsigned)(len / sizeof *k), kept = 0;
	uid_t me = getuid();
	for (unsigned i = 0; i < count; i++) {
		if (pids && !listed(pids, k[i].ki_pid))
			continue;
		if (of_user && strcmp(user_from_uid(k[i].ki_ruid, 0), of_user) != 0)
			continue;
		if (!pids && !of_user && !all && k[i].ki_ruid != me)
			continue;
		if (!without_terminal && (k[i].ki_tdev == NODEV || !(k[i].ki_flag & P_CONTROLT)))
			continue;
		k[kept++] = k[i];
	}
	qsort(k, kept, sizeof *k, compare);
	char(*cells)[CELL] = calloc((kept + 1) * (unsigned)shown_count, CELL);
	if (!cells)
		err(1, NULL);
	int titled = 0, at;
	for (int i = 0; i < shown_count; i++) {
		shown[i].width = (int)strlen(shown[i].header);
		titled |= shown[i].header[0] != 0;
		for (unsigned p = 0; p < kept; p++) {
			char *cell = cells[p * (unsigned)shown_count + (unsigned)i];
			shown[i].column->format(&k[p], cell);
			if ((int)strlen(cell) > shown[i].width)
				shown[i].width = (int)strlen(cell);
		}
	}
	at = 0;
	for (int i = 0; titled && i < shown_count; i++)
		put_cell(i, shown[i].header, &at);
	for (unsigned p = 0; p < kept; p++) {
		at = 0;
		for (int i = 0; i < shown_count; i++)
			put_cell(i, cells[p * (unsigned)shown_count + (unsigned)i], &at);
	}
	if (fflush(stdout) < 0)
		err(1, "stdout");
	return kept == 0 ? 1 : status;
}
