/* cut -b list | -c list | -f list [-d delim] [-s] [file ...] */
#include <ctype.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANGES 64
static struct range {
	unsigned first, last;
} ranges[RANGES];
static unsigned range_count;
static int delimiter = '\t', fields, s_flag;

/* 1,3-5,-2,7- */
static void parse(const char *list)
{
	while (*list) {
		char *end;
		unsigned first = 1, last = UINT_MAX;
		if (isdigit(*list)) {
			first = last = (unsigned)strtoul(list, &end, 10);
			list = end;
		} else if (*list != '-' || !isdigit(list[1])) {
			errx(1, "[-bcf] list: illegal list value");
		}
		if (*list == '-') {
			last = UINT_MAX;
			list++;
			if (isdigit(*list)) {
				last = (unsigned)strtoul(list, &end, 10);
				list = end;
			}
		}
		if (first == 0 || last < first || (*list && *list != ',' && *list != ' '))
			errx(1, "[-bcf] list: illegal list value");
		if (range_count == RANGES)
			errx(1, "[-bcf] list: too many values");
		ranges[range_count++] = (struct range){first, last};
		if (*list)
			list++;
	}
	if (range_count == 0)
		errx(1, "[-bcf] list: illegal list value");
}

static int wanted(unsigned n)
{
	for (unsigned i = 0; i < range_count; i++)
		if (ranges[i].first <= n && n <= ranges[i].last)
			return 1;
	return 0;
}

static void cut(const char *line)
{
	int put = 0;

	if (!fields) {
		for (unsigned n = 1; line[n - 1]; n++)
			if (wanted(n))
				putchar(line[n - 1]);
	} else if (!strchr(line, delimiter)) {
		if (s_flag)
			return;
		fputs(line, stdout);
	} else {
		for (unsigned n = 1; line; n++) {
			const char *end = strchr(line, delimiter);
			if (wanted(n)) {
				if (put++)
					putchar(delimiter);
				fwrite(line, 1, end ? (size_t)(end - line) : strlen(line), stdout);
			}
			line = end ? end + 1 : NULL;
		}
	}
	putchar('\n');
}

static void cut_file(FILE *f)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;

	while ((n = getline(&line, &capacity, f)) >= 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		cut(line);
	}
	free(line);
}

int main(int argc, char **argv)
{
	int c, lists = 0, status = 0;

	while ((c = getopt(argc, argv, "b:c:d:f:ns")) != -1)
		switch (c) {
		case 'b':
		case 'c':
		case 'f':
			fields = c == 'f';
			lists++;
			parse(optarg);
			break;
		case 'd':
			if (!optarg[0] || optarg[1])
				errx(1, "bad delimiter");
			delimiter = (unsigned char)optarg[0];
			break;
		case 'n':
			break;
		case 's':
			s_flag = 1;
			break;
		default:
			lists = 2;
		}
	if (lists != 1) {
		fputs("usage: cut -b list [-n] [file ...]\n"
		      "       cut -c list [file ...]\n"
		      "       cut -f list [-s] [-d delim] [file ...]\n",
		    stderr);
		return 1;
	}
	if (optind == argc)
		cut_file(stdin);
	for (int i = optind; i < argc; i++) {
		FILE *f = strcmp(argv[i], "-") == 0 ? stdin : fopen(argv[i], "r");
		if (!f) {
			warn("%s", argv[i]);
			status = 1;
			continue;
		}
		cut_file(f);
		if (f != stdin)
			fclose(f);
	}
	return fflush(stdout) < 0 ? 1 : status;
}
