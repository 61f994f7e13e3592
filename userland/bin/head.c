/* head [-n count | -c bytes] [file ...] */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long lines = -1, bytes = -1;

static void head(FILE *f)
{
	int c = 0;

	if (bytes >= 0) {
		for (long n = bytes; n > 0 && (c = getc(f)) != EOF; n--)
			putchar(c);
		return;
	}
	for (long n = lines; n > 0 && c != EOF; n--)
		while ((c = getc(f)) != EOF) {
			putchar(c);
			if (c == '\n')
				break;
		}
}

static long number(const char *text, const char *what)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || n <= 0)
		errx(1, "illegal %s count -- %s", what, text);
	return n;
}

int main(int argc, char **argv)
{
	int c, status = 0, first = 1;

	/* head -5 */
	if (argc > 1 && argv[1][0] == '-' && isdigit(argv[1][1])) {
		lines = number(argv[1] + 1, "line");
		optind = 2;
	}
	while ((c = getopt(argc, argv, "c:n:")) != -1)
		switch (c) {
		case 'c':
			bytes = number(optarg, "byte");
			break;
		case 'n':
			lines = number(optarg, "line");
			break;
		default:
			fputs("usage: head [-n lines | -c bytes] [file ...]\n", stderr);
			return 1;
		}
	if (lines >= 0 && bytes >= 0)
		errx(1, "can't combine line and byte counts");
	if (lines < 0 && bytes < 0)
		lines = 10;
	if (optind == argc)
		head(stdin);
	for (int i = optind; i < argc; i++) {
		FILE *f = fopen(argv[i], "r");
		if (!f) {
			warn("%s", argv[i]);
			status = 1;
			continue;
		}
		if (argc - optind > 1)
			printf("%s==> %s <==\n", first ? "" : "\n", argv[i]);
		first = 0;
		head(f);
		if (ferror(f)) {
			warn("%s", argv[i]);
			status = 1;
		}
		fclose(f);
	}
	return fflush(stdout) < 0 ? 1 : status;
}
