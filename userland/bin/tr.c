/* tr [-Ccsu] string1 string2; tr [-Ccu] -d string1; tr [-Ccu] -s string1; tr -ds string1 string2 */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The characters of a string, in order. */
struct set {
	unsigned char chars[1024], member[256];
	unsigned count;
};

static void add(struct set *s, unsigned char c)
{
	s->member[c] = 1;
	if (s->count < sizeof s->chars)
		s->chars[s->count++] = c;
}

/* One character, behind a backslash if there is one. */
static unsigned char character(const char **p)
{
	static const char names[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	char c = *(*p)++;

	if (c != '\\' || !**p)
		return (unsigned char)c;
	if (**p >= '0' && **p <= '7') {
		unsigned value = 0;
		for (int i = 0; i < 3 && **p >= '0' && **p <= '7'; i++)
			value = value * 8 + (unsigned)(*(*p)++ - '0');
		return (unsigned char)value;
	}
	c = *(*p)++;
	const char *known = strchr(names, c);
	return (unsigned char)(known ? values[known - names] : c);
}

static int add_class(struct set *s, const char *name, size_t len)
{
	static const struct {
		const char *name;
		int (*test)(int);
	} classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"digit", isdigit}, {"lower", islower},
	    {"print", isprint}, {"punct", ispunct}, {"space", isspace}, {"upper", isupper},
	    {"xdigit", isxdigit}};

	for (unsigned i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (strlen(classes[i].name) == len && memcmp(classes[i].name, name, len) == 0) {
			for (int c = 0; c < 128; c++)
				if (classes[i].test(c))
					add(s, (unsigned char)c);
			return 1;
		}
	if (len != 5 || (memcmp(name, "blank", 5) != 0 && memcmp(name, "cntrl", 5) != 0))
		return 0;
	for (int c = 0; c < 128; c++)
		if (*name == 'b' ? c == ' ' || c == '\t' : c < ' ' || c == 127)
			add(s, (unsigned char)c);
	return 1;
}

static void parse(struct set *s, const char *p)
{
	while (*p) {
		if (p[0] == '[' && p[1] == ':') {
			const char *end = strstr(p + 2, ":]");
			if (end && add_class(s, p + 2, (size_t)(end - p - 2))) {
				p = end + 2;
				continue;
			}
			if (end)
				errx(1, "unknown class %.*s", (int)(end - p - 2), p + 2);
		}
		if (p[0] == '[' && p[1] && p[2] == '*') { /* [c*n] or [c*] */
			const char *end = strchr(p, ']');
			if (end) {
				unsigned count = (unsigned)strtoul(p + 3, NULL, p[3] == '0' ? 8 : 10);
				for (unsigned i = 0; i < (count ? count : 256); i++)
					add(s, (unsigned char)p[1]);
				p = end + 1;
				continue;
			}
		}
		unsigned char first = character(&p);
		if (p[0] == '-' && p[1]) {
			p++;
			unsigned char last = character(&p);
			for (unsigned c = first; c <= last; c++)
				add(s, (unsigned char)c);
			continue;
		}
		add(s, first);
	}
}

static void complement(struct set *s)
{
	s->count = 0;
	for (unsigned c = 0; c < 256; c++) {
		s->member[c] = !s->member[c];
		if (s->member[c])
			s->chars[s->count++] = (unsigned char)c;
	}
}

static void usage(void)
{
	fputs("usage: tr [-Ccsu] string1 string2\n"
	      "       tr [-Ccu] -d string1\n"
	      "       tr [-Ccu] -s string1\n"
	      "       tr [-Ccu] -ds string1 string2\n",
	    stderr);
	exit(1);
}

int main(int argc, char **argv)
{
	static struct set from, to;
	int c, c_flag = 0, d_flag = 0, s_flag = 0, last = EOF;
	unsigned char map[256];

	while ((c = getopt(argc, argv, "Ccdsu")) != -1)
		switch (c) {
		case 'C':
		case 'c': c_flag = 1; break;
		case 'd': d_flag = 1; break;
		case 's': s_flag = 1; break;
		case 'u': setvbuf(stdout, NULL, _IONBF, 0); break;
		default: usage();
		}
	int words = argc - optind, translate = !d_flag && words == 2;
	if (words < 1 || words > 2 || (words == 1 && d_flag == s_flag) || (words == 2 && d_flag && !s_flag))
		usage();
	parse(&from, argv[optind]);
	if (c_flag)
		complement(&from);
	if (words == 2)
		parse(&to, argv[optind + 1]);
	for (unsigned i = 0; i < 256; i++)
		map[i] = (unsigned char)i;
	if (translate) {
		if (to.count == 0)
			errx(1, "empty string2");
		for (unsigned i = 0; i < from.count; i++)
			map[from.chars[i]] = to.chars[i < to.count ? i : to.count - 1];
	}
	const unsigned char *squeeze = words == 2 ? to.member : from.member;
	while ((c = getchar()) != EOF) {
		if (d_flag && from.member[c])
			continue;
		int out = translate ? map[c] : c;
		if (s_flag && out == last && squeeze[out])
			continue;
		putchar(out);
		last = out;
	}
	return fflush(stdout) < 0;
}
