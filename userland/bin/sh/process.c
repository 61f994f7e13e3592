/* The builtins that are about the process: its directory, masks, limits, times. */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path below the directory that PWD names, without . and .. and double slashes. */
static char *logical_path(const char *path)
{
	struct string s = {0};
	const char *pwd = var_get("PWD");

	if (*path != '/' && pwd && strcmp(pwd, "/") != 0)
		string_append(&s, pwd, strlen(pwd));
	while (*path) {
		size_t len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			while (s.len > 0 && s.text[--s.len] != '/')
				;
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			string_add(&s, '/');
			string_append(&s, path, len);
		}
		path += len;
		path += strspn(path, "/");
	}
	if (s.len == 0)
		string_add(&s, '/');
	s.text[s.len] = 0;
	return string_finish(&s);
}

/* Goes to a directory, and says so in PWD and OLDPWD. */
static int change(const char *path, int physical)
{
	const char *pwd = var_get("PWD");
	char real[1024], *target = physical ? (char *)path : logical_path(path);
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode) || chdir(target) < 0)
		return -1;
	if (physical) {
		if (!getcwd(real, sizeof real))
			return -1;
		target = real;
	}
	if (pwd)
		var_set("OLDPWD", 6, pwd, 0);
	var_set("PWD", 3, target, 0);
	return 0;
}

int b_cd(int argc, char **argv)
{
	int physical = 0, say = 0;

	(void)argc;
	for (int c; (c = next_option(&argv, "LP"));)
		physical = c == 'P';
	const char *path = *argv ? *argv : var_get("HOME"), *list = var_get("CDPATH");
	if (!path)
		return 0;
	if (strcmp(path, "-") == 0) {
		path = var_get("OLDPWD");
		say = 1;
		if (!path)
			return 0;
	}
	const char *given = path;
	if (*path == '/' || strncmp(path, "./", 2) == 0 || strncmp(path, "../", 3) == 0 ||
	    strcmp(path, ".") == 0 || strcmp(path, "..") == 0)
		list = NULL;
	for (; list; list = *list ? list + 1 : NULL) {
		size_t len = strcspn(list, ":");
		char *below = allocate(len + strlen(given) + 2);
		memcpy(below, list, len);
		list += len;
		if (len > 0)
			below[len++] = '/';
		strcpy(below + len, given);
		if (change(below, physical) == 0) {
			if (len > 0 || say)
				printf("%s\n", var_get("PWD"));
			return 0;
		}
	}
	if (change(given, physical) < 0)
		fail(2, "can't cd to %s", given);
	if (say)
		printf("%s\n", var_get("PWD"));
	return 0;
}

int b_pwd(int argc, char **argv)
{
	char real[1024];
	const char *pwd = var_get("PWD");
	int physical = 0;

	(void)argc;
	for (int c; (c = next_option(&argv, "LP"));)
		physical = c == 'P';
	if (physical || !pwd) {
		if (!getcwd(real, sizeof real))
			fail(2, "%s", strerror(errno));
		pwd = real;
	}
	printf("%s\n", pwd);
	return 0;
}

static void print_mask(unsigned mask)
{
	for (int who = 0; who < 3; who++) {
		printf("%s%c=", who ? "," : "", "ugo"[who]);
		for (int bit = 0; bit < 3; bit++)
			if (!(mask & 0400u >> (who * 3 + bit)))
				putchar("rwx"[bit]);
	}
	putchar('\n');
}

/* What a mode like u=rwx,g-w makes of a mask. */
static unsigned symbolic_mask(const char *text, unsigned mask)
{
	const char *p = text;

	for (;; p++) {
		unsigned who = 0, bits = 0;
		for (; *p && strchr("ugoa", *p); p++)
			who |= *p == 'u' ? 0700 : *p == 'g' ? 070 : *p == 'o' ? 07 : 0777;
		if (!who)
			who = 0777;
		if (!*p || !strchr("+-=", *p))
			fail(2, "Illegal mode: %s", text);
		while (*p && strchr("+-=", *p)) {
			int operator = *p++;
			for (bits = 0; *p && strchr("rwx", *p); p++)
				bits |= *p == 'r' ? 0444 : *p == 'w' ? 0222 : 0111;
			if (operator == '+')
				mask &= ~(who & bits);
			else if (operator == '-')
				mask |= who & bits;
			else
				mask = (mask & ~who) | (who & ~bits);
		}
		if (!*p)
			return mask;
		if (*p != ',')
			fail(2, "Illegal mode: %s", text);
	}
}

int b_umask(int argc, char **argv)
{
	unsigned mask = umask(0);
	int symbolic = 0;

	(void)argc;
	umask(mask);
	while (next_option(&argv, "S"))
		symbolic = 1;
	if (!*argv) {
		if (symbolic)
			print_mask(mask);
		else
			printf("%.4o\n", mask);
	} else if (isdigit(**argv)) {
		char *end;
		unsigned long n = strtoul(*argv, &end, 8);
		if (*end || n > 07777)
			fail(2, "Illegal number: %s", *argv);
		umask((unsigned)n);
	} else {
		umask(symbolic_mask(*argv, mask));
	}
	return 0;
}

static const struct limit {
	const char *name;
	int resource;
	unsigned unit;
	char letter;
} limits[] = {
	{"time(seconds)", RLIMIT_CPU, 1, 't'},
	{"file(blocks)", RLIMIT_FSIZE, 512, 'f'},
	{"data(kbytes)", RLIMIT_DATA, 1024, 'd'},
	{"stack(kbytes)", RLIMIT_STACK, 1024, 's'},
	{"coredump(blocks)", RLIMIT_CORE, 512, 'c'},
	{"memory(kbytes)", RLIMIT_RSS, 1024, 'm'},
	{"locked memory(kbytes)", RLIMIT_MEMLOCK, 1024, 'l'},
	{"process", RLIMIT_NPROC, 1, 'p'},
	{"nofiles", RLIMIT_NOFILE, 1, 'n'},
	{"vmemory(kbytes)", RLIMIT_AS, 1024, 'v'},
};

static void print_limit(const struct limit *l, int hard)
{
	struct rlimit value;

	if (getrlimit(l->resource, &value) < 0)
		fail(2, "error getting limit: %s", strerror(errno));
	rlim_t n = hard ? value.rlim_max : value.rlim_cur;
	if (n == RLIM_INFINITY)
		printf("unlimited\n");
	else
		printf("%lld\n", (long long)n / l->unit);
}

int b_ulimit(int argc, char **argv)
{
	int which = 'f', all = 0, hard = 0, soft = 0;
	const struct limit *l = limits;
	struct rlimit value;

	(void)argc;
	for (int c; (c = next_option(&argv, "HSatfdscmlpnv"));) {
		if (c == 'H')
			hard = 1;
		else if (c == 'S')
			soft = 1;
		else if (c == 'a')
			all = 1;
		else
			which = c;
	}
	if (all) {
		for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
			printf("%-20s ", limits[i].name);
			print_limit(&limits[i], hard && !soft);
		}
		return 0;
	}
	while (l->letter != which)
		l++;
	if (!*argv) {
		print_limit(l, hard && !soft);
		return 0;
	}
	if (argv[1])
		fail(2, "too many arguments");
	char *end;
	long long n = strtoll(*argv, &end, 10);
	int unlimited = strcmp(*argv, "unlimited") == 0;
	if (!unlimited && (*end || !isdigit(**argv)))
		fail(2, "bad number");
	getrlimit(l->resource, &value);
	rlim_t limit = unlimited ? RLIM_INFINITY : (rlim_t)(n * l->unit);
	if (hard || !soft)
		value.rlim_max = limit;
	if (soft || !hard)
		value.rlim_cur = limit;
	if (setrlimit(l->resource, &value) < 0)
		fail(2, "error setting limit: %s", strerror(errno));
	return 0;
}

static void print_time(struct timeval t, char end)
{
	printf("%ldm%ld.%06lds%c", t.tv_sec / 60, t.tv_sec % 60, t.tv_usec, end);
}

int b_times(int argc, char **argv)
{
	struct rusage self, children;

	(void)argc, (void)argv;
	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	print_time(self.ru_utime, ' ');
	print_time(self.ru_stime, '\n');
	print_time(children.ru_utime, ' ');
	print_time(children.ru_stime, '\n');
	return 0;
}
