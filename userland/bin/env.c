/* env [-0iv] [-u name] [name=value ...] [utility [argument ...]] */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char *empty[] = {NULL};
	int c, end = '\n', verbose = 0;

	while ((c = getopt(argc, argv, "-0iu:v")) != -1)
		switch (c) {
		case '-':
		case 'i':
			environ = empty;
			break;
		case '0':
			end = 0;
			break;
		case 'u':
			unsetenv(optarg);
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			fputs("usage: env [-0iv] [-u name] [name=value ...] "
			      "[utility [argument ...]]\n",
			    stderr);
			return 1;
		}
	if (optind < argc && strcmp(argv[optind], "-") == 0) {
		environ = empty;
		optind++;
	}
	for (char *equals; optind < argc && (equals = strchr(argv[optind], '=')); optind++) {
		*equals = 0;
		if (verbose)
			fprintf(stderr, "#env setenv:\t%s=%s\n", argv[optind], equals + 1);
		setenv(argv[optind], equals + 1, 1);
	}
	if (optind < argc) {
		if (end == 0)
			errx(125, "cannot specify command with -0");
		execvp(argv[optind], argv + optind);
		err(errno == ENOENT ? 127 : 126, "%s", argv[optind]);
	}
	for (char **e = environ; *e; e++)
		printf("%s%c", *e, end);
	return fflush(stdout) < 0;
}
