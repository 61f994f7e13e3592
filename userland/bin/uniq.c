/* uniq [-c | -d | -u] [-i] [-f fields] [-s chars] [input [output]] */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int c_flag, d_flag, u_flag, i_flag;
static unsigned long skip_fields, skip_chars;

static const char *key(const char *line)
{
	for (unsigned long n = skip_fields; n > 0 && *line; n--) {
		line += strspn(line, " \t");
		line += strcspn(line, " \t");
	}
	return line + strnlen(line, skip_chars);
}

static void put(FILE *out, const char *line, unsigned count)
{
	if ((d_flag && count == 1) || (u_flag && count > 1))
		return;
	if (c_flag)
		fprintf(out, "%4u ", count);
	fprintf(out, "%s\n", line);
}

static void usage(void)
{
	fputs("usage: uniq [-c | -d | -u] [-i] [-f fields] [-s chars] [input [output]]\n", stderr);
	exit(1);
}

int main(int argc, char **argv)
{
	FILE *in = stdin, *out = stdout;
	char *line = NULL, *previous = NULL;
	size_t capacity = 0;
	unsigned count = 0;
	ssize_t n;
	int c;

	while ((c = getopt(argc, argv, "cdf:is:u")) != -1)
		switch (c) {
		case 'c': c_flag = 1; break;
		case 'd': d_flag = 1; break;
		case 'f': skip_fields = strtoul(optarg, NULL, 10); break;
		case 'i': i_flag = 1; break;
		case 's': skip_chars = strtoul(optarg, NULL, 10); break;
		case 'u': u_flag = 1; break;
		default: usage();
		}
	if (argc - optind > 2)
		usage();
	if (optind < argc && strcmp(argv[optind], "-") != 0 && !(in = fopen(argv[optind], "r")))
		err(1, "%s", argv[optind]);
	if (optind + 1 < argc && !(out = fopen(argv[optind + 1], "w")))
		err(1, "%s", argv[optind + 1]);
	while ((n = getline(&line, &capacity, in)) >= 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		if (previous && (i_flag ? strcasecmp : strcmp)(key(line), key(previous)) == 0) {
			count++;
			continue;
		}
		if (previous)
			put(out, previous, count);
		free(previous);
		if (!(previous = strdup(line)))
			err(1, NULL);
		count = 1;
	}
	if (previous)
		put(out, previous, count);
	return fflush(out) < 0;
}
