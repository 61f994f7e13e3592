/* sysctl [-deNnqt] name[=value] ...; sysctl [-deNnqt] -a */
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <time.h>
#include <unistd.h>

/* Types of variables, and requests below {0}. */
enum { NODE = 1, INT, STRING, S64, OPAQUE, UINT, LONG, ULONG };
enum { GET_NAME = 1, GET_NEXT = 2, GET_FORMAT = 4, GET_DESCRIPTION = 5 };
#define WRITABLE 0x40000000u

static int d_flag, n_flag, N_flag, q_flag, e_flag, t_flag, status;

static int ask(int request, const int *mib, size_t count, void *out, size_t *len)
{
	int name[CTL_MAXNAME + 2] = {0, request};

	memcpy(name + 2, mib, count * sizeof(int));
	return sysctl(name, (unsigned)count + 2, out, len, NULL, 0);
}

/* Structures whose members are shown by name; 0 for one that is not known. */
static int put_structure(const char *format, const void *value)
{
	const int *w = value;

	if (strcmp(format, "S,clockinfo") == 0)
		printf("{ hz = %d, tick = %d, profhz = %d, stathz = %d }", w[0], w[1], w[4], w[3]);
	else if (strcmp(format, "S,loadavg") == 0)
		printf("{ %u.%02u %u.%02u %u.%02u }", (unsigned)(w[0] / w[3]),
		    (unsigned)(w[0] % w[3] * 100 / w[3]), (unsigned)(w[1] / w[3]),
		    (unsigned)(w[1] % w[3] * 100 / w[3]), (unsigned)(w[2] / w[3]),
		    (unsigned)(w[2] % w[3] * 100 / w[3]));
	else if (strcmp(format, "S,timeval") == 0) {
		char text[40];
		time_t seconds = w[0];
		strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", localtime(&seconds));
		printf("{ sec = %d, usec = %d } %s", w[0], w[1], text);
	} else if (strcmp(format, "S,vmtotal") == 0) {
		const int16_t *h = value;
		printf("\nSystem wide totals computed every five seconds:"
		       " (values in kilobytes)\n"
		       "===============================================\n");
		printf("Processes:\t\t(RUNQ: %d Disk Wait: %d Page Wait: %d Sleep: %d)\n", h[0], h[1],
		    h[2], h[3]);
		printf("Virtual Memory:\t\t(Total: %dK Active: %dK)\n", w[3] * 4, w[4] * 4);
		printf("Real Memory:\t\t(Total: %dK Active: %dK)\n", w[5] * 4, w[6] * 4);
		printf("Shared Virtual Memory:\t(Total: %dK Active: %dK)\n", w[7] * 4, w[8] * 4);
		printf("Shared Real Memory:\t(Total: %dK Active: %dK)\n", w[9] * 4, w[10] * 4);
		printf("Free Memory:\t%dK", w[11] * 4);
	} else
		return 0;
	return 1;
}

/* `quiet`: say nothing of what cannot be shown. */
static int show(const int *mib, size_t count, int quiet)
{
	struct {
		unsigned kind;
		char format[60];
	} type;
	char name[256], *value;
	size_t len = sizeof type, name_len = sizeof name;

	if (ask(GET_FORMAT, mib, count, &type, &len) < 0 ||
	    ask(GET_NAME, mib, count, name, &name_len) < 0)
		return -1;
	unsigned kind = type.kind & 0xf;
	if (d_flag || t_flag) {
		static const char *const types[] = {"?", "node", "integer", "string", "int64_t", "opaque",
		    "unsigned integer", "long integer", "unsigned long", "uint64_t"};
		char description[256];
		len = sizeof description;
		if (ask(GET_DESCRIPTION, mib, count, description, &len) < 0)
			return quiet ? 0 : -1;
		const char *separator = e_flag ? "=" : ": ";
		if (!n_flag)
			printf("%s%s", name, separator);
		if (t_flag)
			printf("%s%s", kind < 10 ? types[kind] : "?", d_flag ? separator : "");
		puts(d_flag ? description : "");
		return 0;
	}
	if (kind == NODE)
		return 0;
	len = 0;
	if (sysctl(mib, (unsigned)count, NULL, &len, NULL, 0) < 0)
		return quiet ? 0 : -1;
	size_t room = len + len / 4 + 64;
	value = malloc(room + 1);
	if (!value)
		err(1, NULL);
	len = room;
	if (sysctl(mib, (unsigned)count, value, &len, NULL, 0) < 0) {
		free(value);
		return quiet ? 0 : -1;
	}
	value[len] = 0;
	int known = kind != OPAQUE || strcmp(type.format, "S,clockinfo") == 0 ||
	    strcmp(type.format, "S,loadavg") == 0 || strcmp(type.format, "S,timeval") == 0 ||
	    strcmp(type.format, "S,vmtotal") == 0;
	if (!known && quiet) {
		free(value);
		return 0;
	}
	if (!n_flag || N_flag)
		printf("%s%s", name, N_flag ? "" : e_flag ? "=" : ": ");
	if (!N_flag)
		switch (kind) {
		case STRING:
			printf("%s", value);
			break;
		case OPAQUE:
			if (put_structure(type.format, value))
				break;
			printf("Format:%s Length:%u Dump:0x", type.format, (unsigned)len);
			for (size_t i = 0; i < len && i < 16; i++)
				printf("%02x", (unsigned char)value[i]);
			if (len > 16)
				printf("...");
			break;
		case S64:
			for (size_t i = 0; i + 8 <= len; i += 8)
				printf("%s%lld", i ? " " : "", *(long long *)(value + i));
			break;
		default:
			for (size_t i = 0; i + 4 <= len; i += 4)
				printf(kind == INT || kind == LONG ? "%s%d" : "%s%u", i ? " " : "",
				    *(int *)(value + i));
		}
	putchar('\n');
	free(value);
	return 0;
}

/* All variables below mib, which is none of them itself. */
static void show_below(const int *mib, size_t count)
{
	int at[CTL_MAXNAME], next[CTL_MAXNAME];
	size_t depth = count;

	memcpy(at, mib, count * sizeof(int));
	for (;;) {
		size_t len = sizeof next;
		if (ask(GET_NEXT, at, depth, next, &len) < 0)
			return;
		depth = len / sizeof(int);
		if (depth < count || memcmp(next, mib, count * sizeof(int)) != 0)
			return;
		show(next, depth, 1);
		memcpy(at, next, sizeof at);
	}
}

static int set(const char *name, const int *mib, size_t count, const char *text)
{
	struct {
		unsigned kind;
		char format[60];
	} type;
	size_t len = sizeof type;
	char *end;

	if (ask(GET_FORMAT, mib, count, &type, &len) < 0)
		return -1;
	if (!(type.kind & WRITABLE)) {
		warnx("oid '%s' is read only", name);
		return 1;
	}
	if ((type.kind & 0xf) == STRING)
		return sysctl(mib, (unsigned)count, NULL, NULL, text, strlen(text));
	long long n = strtoll(text, &end, 0);
	if (*end || end == text) {
		warnx("invalid integer '%s'", text);
		return 1;
	}
	return sysctl(mib, (unsigned)count, NULL, NULL, &n, (type.kind & 0xf) == S64 ? 8 : 4);
}

static void handle(char *word)
{
	int mib[CTL_MAXNAME];
	size_t count = CTL_MAXNAME, len;
	char *text = strchr(word, '=');
	struct {
		unsigned kind;
		char format[60];
	} type;

	if (text)
		*text++ = 0;
	if (sysctlnametomib(word, mib, &count) < 0) {
		if (!q_flag)
			warnx("unknown oid '%s'", word);
		status = 1;
		return;
	}
	if (text) {
		int before = 0;
		len = sizeof before;
		int is_int = sysctl(mib, (unsigned)count, &before, &len, NULL, 0) == 0 && len == 4;
		int error = set(word, mib, count, text);
		if (error < 0)
			warn("%s=%s", word, text);
		if (error) {
			status = 1;
			return;
		}
		/* name: old -> new */
		int saved = n_flag;
		if (!n_flag)
			printf("%s%s", word, e_flag ? "=" : ": ");
		if (is_int && !n_flag)
			printf("%d -> ", before);
		n_flag = 1;
		show(mib, count, 0);
		n_flag = saved;
		return;
	}
	len = sizeof type;
	if (ask(GET_FORMAT, mib, count, &type, &len) == 0 && (type.kind & 0xf) == NODE && !d_flag &&
	    !t_flag) {
		show_below(mib, count);
	} else if (show(mib, count, 0) < 0) {
		warn("%s", word);
		status = 1;
	}
}

int main(int argc, char **argv)
{
	int c, all = 0;

	while ((c = getopt(argc, argv, "aAdeNnoqt")) != -1)
		switch (c) {
		case 'a':
		case 'A':
			all = 1;
			break;
		case 'd':
			d_flag = 1;
			break;
		case 'e':
			e_flag = 1;
			break;
		case 't':
			t_flag = 1;
			break;
		case 'N':
			N_flag = 1;
			break;
		case 'n':
			n_flag = 1;
			break;
		case 'o':
			break;
		case 'q':
			q_flag = 1;
			break;
		default:
			all = -1;
		}
	if (all < 0 || all != (optind == argc)) {
		fputs("usage: sysctl [-deNnqt] name[=value] ...\n       sysctl [-deNnqt] -a\n", stderr);
		return 1;
	}
	if (all) {
		int first[1] = {0};
		show_below(first, 0);
	}
	for (int i = optind; i < argc; i++)
		handle(argv[i]);
	return fflush(stdout) < 0 ? 1 : status;
}
