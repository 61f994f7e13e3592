/* test and [. */
#include "sh.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNARY "bcdefghknprstuwxzLOGS"

static char **words; /* what is left, with a NULL at its end */

static int or_expression(void);

static int is_unary(const char *word)
{
	return word && word[0] == '-' && word[1] && !word[2] && strchr(UNARY, word[1]);
}

static int is_binary(const char *word)
{
	static const char *const operators[] = {"=", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt",
	    "-ge", "-nt", "-ot", "-ef"};

	for (size_t i = 0; word && i < sizeof operators / sizeof operators[0]; i++)
		if (strcmp(word, operators[i]) == 0)
			return 1;
	return 0;
}

static long long number(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	while (isspace(*end))
		end++;
	if (end == text || *end)
		fail(2, "Illegal number: %s", text);
	return n;
}

static int unary(char operator, const char *word)
{
	struct stat st;

	switch (operator) {
	case 'n':
		return *word != 0;
	case 'z':
		return *word == 0;
	case 't':
		return isatty((int)number(word));
	case 'r':
		return access(word, R_OK) == 0;
	case 'w':
		return access(word, W_OK) == 0;
	case 'x':
		return access(word, X_OK) == 0;
	case 'h':
	case 'L':
		return lstat(word, &st) == 0 && S_ISLNK(st.st_mode);
	}
	if (stat(word, &st) < 0)
		return 0;
	switch (operator) {
	case 'b':
		return (st.st_mode & S_IFMT) == S_IFBLK;
	case 'c':
		return S_ISCHR(st.st_mode);
	case 'd':
		return S_ISDIR(st.st_mode);
	case 'f':
		return S_ISREG(st.st_mode);
	case 'p':
		return S_ISFIFO(st.st_mode);
	case 'S':
		return (st.st_mode & S_IFMT) == S_IFSOCK;
	case 's':
		return st.st_size > 0;
	case 'u':
		return (st.st_mode & 04000) != 0;
	case 'g':
		return (st.st_mode & 02000) != 0;
	case 'k':
		return (st.st_mode & 01000) != 0;
	case 'O':
		return st.st_uid == geteuid();
	case 'G':
		return st.st_gid == getegid();
	}
	return 1; /* e */
}

/* Whether a was modified after b; both must be there. */
static int newer(const char *a, const char *b)
{
	struct stat sa, sb;

	if (stat(a, &sa) < 0 || stat(b, &sb) < 0)
		return 0;
	return sa.st_mtim.tv_sec != sb.st_mtim.tv_sec ? sa.st_mtim.tv_sec > sb.st_mtim.tv_sec
	                                              : sa.st_mtim.tv_nsec > sb.st_mtim.tv_nsec;
}

static int same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static int binary(const char *a, const char *operator, const char *b)
{
	switch (*operator) {
	case '=':
		return strcmp(a, b) == 0;
	case '!':
		return strcmp(a, b) != 0;
	case '<':
		return strcmp(a, b) < 0;
	case '>':
		return strcmp(a, b) > 0;
	}
	if (strcmp(operator, "-nt") == 0)
		return newer(a, b);
	if (strcmp(operator, "-ot") == 0)
		return newer(b, a);
	if (strcmp(operator, "-ef") == 0)
		return same_file(a, b);
	long long x = number(a), y = number(b);
	if (strcmp(operator, "-eq") == 0)
		return x == y;
	if (strcmp(operator, "-ne") == 0)
		return x != y;
	if (strcmp(operator, "-lt") == 0)
		return x < y;
	if (strcmp(operator, "-le") == 0)
		return x <= y;
	return strcmp(operator, "-gt") == 0 ? x > y : x >= y;
}

static int primary(void)
{
	char *word = *words;

	if (!word)
		fail(2, "argument expected");
	words++;
	if (*words && words[1] && is_binary(*words)) {
		char *operator = words[0], *right = words[1];
		words += 2;
		return binary(word, operator, right);
	}
	if (strcmp(word, "(") == 0 && *words) {
		int value = or_expression();
		if (!*words || strcmp(*words, ")") != 0)
			fail(2, "closing paren expected");
		words++;
		return value;
	}
	if (is_unary(word) && *words)
		return unary(word[1], *words++);
	return *word != 0;
}

static int not_expression(void)
{
	if (*words && strcmp(*words, "!") == 0 && words[1] && !(is_binary(words[1]) && words[2])) {
		words++;
		return !not_expression();
	}
	return primary();
}

static int and_expression(void)
{
	int value = not_expression();

	while (*words && strcmp(*words, "-a") == 0) {
		words++;
		int right = not_expression();
		value = value && right;
	}
	return value;
}

static int or_expression(void)
{
	int value = and_expression();

	while (*words && strcmp(*words, "-o") == 0) {
		words++;
		int right = and_expression();
		value = value || right;
	}
	return value;
}

/* What few words mean depends on their number first (POSIX, test). */
static int evaluate(char **v, int n)
{
	if (n == 0)
		return 0;
	if (n == 1)
		return *v[0] != 0;
	if (n == 3 && is_binary(v[1]))
		return binary(v[0], v[1], v[2]);
	if ((n == 2 || n == 3 || n == 4) && strcmp(v[0], "!") == 0)
		return !evaluate(v + 1, n - 1);
	if ((n == 3 || n == 4) && strcmp(v[0], "(") == 0 && strcmp(v[n - 1], ")") == 0)
		return evaluate(v + 1, n - 2);
	words = v;
	int value = or_expression();
	if (*words)
		fail(2, "%s: unexpected operator", words[-1]);
	return value;
}

int b_test(int argc, char **argv)
{
	if (strcmp(argv[0], "[") == 0) {
		if (strcmp(argv[argc - 1], "]") != 0)
			fail(2, "missing ]");
		argc--;
	}
	char **v = allocate((size_t)argc * sizeof *v);
	memcpy(v, argv + 1, (size_t)(argc - 1) * sizeof *v);
	return !evaluate(v, argc - 1);
}
