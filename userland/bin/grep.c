/* grep [-EFGHLchilnoqrsvwx] [-e pattern] [-f file] [pattern] [file ...] */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int c_flag, f_flag, h_flag, i_flag, L_flag, l_flag, n_flag, o_flag, q_flag, r_flag, s_flag;
static int v_flag, w_flag, x_flag, names, status = 1, flags;
static char **patterns;
static regex_t *compiled;
static unsigned count;

static void usage(void)
{
	fputs("usage: grep [-EFGHLchilnoqrsvwx] [-e pattern] [-f file] [pattern] [file ...]\n", stderr);
	exit(2);
}

/* One pattern per line. */
static void add(const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "\n");
		patterns = realloc(patterns, (count + 1) * sizeof *patterns);
		if (!patterns || !(patterns[count++] = strndup(text, len)))
			err(2, NULL);
		if (!text[len] || !text[len + 1])
			return;
		text += len + 1;
	}
}

static void add_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t capacity = 0;

	if (!f)
		err(2, "%s", path);
	while (getline(&line, &capacity, f) >= 0)
		add(line);
	free(line);
	fclose(f);
}

static void compile(void)
{
	char text[128];

	compiled = calloc(count + 1, sizeof *compiled);
	if (!compiled)
		err(2, NULL);
	for (unsigned i = 0; i < count && !f_flag; i++) {
		int error = regcomp(&compiled[i], patterns[i], flags | (i_flag ? REG_ICASE : 0));
		if (error) {
			regerror(error, &compiled[i], text, sizeof text);
			errx(2, "%s", text);
		}
	}
}

static int same(char a, char b)
{
	return a == b || (i_flag && tolower(a) == tolower(b));
}

/* Where the pattern begins in line behind `from`, or -1. */
static int find_fixed(const char *line, int from, const char *pattern, int *end)
{
	int len = (int)strlen(pattern);

	for (const char *p = line + from;; p++) {
		int n = 0;
		while (n < len && p[n] && same(p[n], pattern[n]))
			n++;
		if (n == len) {
			*end = (int)(p - line) + len;
			return (int)(p - line);
		}
		if (!*p)
			return -1;
	}
}

static int find(const char *line, int from, unsigned which, int *end)
{
	regmatch_t m;

	if (f_flag)
		return find_fixed(line, from, patterns[which], end);
	/* Where it ends is asked for only if somebody wants to know: the longest takes longer. */
	int exact = o_flag || w_flag || x_flag;
	if (regexec(&compiled[which], line + from, (size_t)exact, &m, from > 0 ? REG_NOTBOL : 0) != 0)
		return -1;
	if (!exact) {
		*end = from;
		return from;
	}
	*end = from + m.rm_eo;
	return from + m.rm_so;
}

static int in_word(char c)
{
	return isalnum(c) || c == '_';
}

/* The first match behind `from` that -w and -x allow: its start and end, or -1. */
static int match(const char *line, int from, int *end)
{
	int len = (int)strlen(line), best = -1;

	for (unsigned i = 0; i < count; i++) {
		int at = from, last, start;
		while (at <= len && (start = find(line, at, i, &last)) >= 0) {
			int fits = 1;
			if (x_flag)
				fits = start == 0 && last == len;
			else if (w_flag)
				fits = (start == 0 || !in_word(line[start - 1])) && !in_word(line[last]);
			if (fits) {
				if (best < 0 || start < best || (start == best && last > *end)) {
					best = start;
					*end = last;
				}
				break;
			}
			at = start + 1;
		}
	}
	return best;
}

static void prefix(const char *name, unsigned number)
{
	if (names)
		printf("%s:", name);
	if (n_flag)
		printf("%u:", number);
}

static void grep(FILE *f, const char *name)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;
	unsigned number = 0, hits = 0;

	while ((n = getline(&line, &capacity, f)) >= 0) {
		int end, start;
		number++;
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		start = match(line, 0, &end);
		if ((start >= 0) == v_flag)
			continue;
		hits++;
		if (q_flag || l_flag || L_flag)
			break;
		if (c_flag)
			continue;
		if (!o_flag || v_flag) {
			prefix(name, number);
			puts(line);
			continue;
		}
		for (; start >= 0; start = line[end] ? match(line, end, &end) : -1) {
			if (end > start) {
				prefix(name, number);
				printf("%.*s\n", end - start, line + start);
			} else {
				end++;
			}
		}
	}
	free(line);
	if (hits > 0 && status == 1)
		status = 0;
	if (q_flag) {
		if (hits > 0)
			exit(0);
		return;
	}
	if (c_flag) {
		if (names)
			printf("%s:", name);
		printf("%u\n", hits);
	}
	if ((l_flag && hits > 0) || (L_flag && hits == 0))
		puts(name);
}

static void fail(const char *path)
{
	fflush(stdout);
	if (!s_flag)
		warn("%s", path);
	status = 2;
}

static void grep_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		fail(path);
		return;
	}
	if (S_ISDIR(st.st_mode)) {
		char child[PATH_MAX];
		DIR *dir;
		if (!r_flag) {
			errno = EISDIR;
			fail(path);
			return;
		}
		dir = opendir(path);
		if (!dir) {
			fail(path);
			return;
		}
		for (struct dirent *e; (e = readdir(dir));)
			if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
				snprintf(child, sizeof child, "%s/%s", path, e->d_name);
				grep_path(child);
			}
		closedir(dir);
		return;
	}
	FILE *f = fopen(path, "r");
	if (!f) {
		fail(path);
		return;
	}
	grep(f, path);
	if (ferror(f))
		fail(path);
	fclose(f);
}

int main(int argc, char **argv)
{
	int c, given = 0;

	while ((c = getopt(argc, argv, "EFGHLce:f:hilnoqrsvwxR")) != -1)
		switch (c) {
		case 'E': flags = REG_EXTENDED; f_flag = 0; break;
		case 'F': f_flag = 1; break;
		case 'G': flags = 0; f_flag = 0; break;
		case 'H': names = 1; break;
		case 'L': L_flag = 1; break;
		case 'R':
		case 'r': r_flag = 1; break;
		case 'c': c_flag = 1; break;
		case 'e': add(optarg); given = 1; break;
		case 'f': add_file(optarg); given = 1; break;
		case 'h': h_flag = 1; break;
		case 'i': i_flag = 1; break;
		case 'l': l_flag = 1; break;
		case 'n': n_flag = 1; break;
		case 'o': o_flag = 1; break;
		case 'q': q_flag = 1; break;
		case 's': s_flag = 1; break;
		case 'v': v_flag = 1; break;
		case 'w': w_flag = 1; break;
		case 'x': x_flag = 1; break;
		default: usage();
		}
	if (!given) {
		if (optind == argc)
			usage();
		add(argv[optind++]);
	}
	compile();
	if (argc - optind > 1 || (r_flag && optind < argc))
		names = 1;
	if (h_flag)
		names = 0;
	if (optind == argc && r_flag)
		grep_path(".");
	else if (optind == argc)
		grep(stdin, "(standard input)");
	for (int i = optind; i < argc; i++) {
		if (strcmp(argv[i], "-") == 0)
			grep(stdin, "(standard input)");
		else
			grep_path(argv[i]);
	}
	if (fflush(stdout) < 0)
		err(2, "stdout");
	return status;
}
