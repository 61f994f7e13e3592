#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *optarg;
int optind = 1, opterr = 1, optopt, optreset;
extern const char *__progname;

int getopt(int argc, char *const argv[], const char *options)
{
	static const char *next = "";

	if (optreset)
		next = "";
	optreset = 0;
	if (!*next) {
		if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
			return -1;
		next = argv[optind++] + 1;
		if (next[0] == '-' && !next[1]) {
			next = "";
			return -1;
		}
	}
	optopt = *next++;
	const char *o = optopt == ':' ? NULL : strchr(options, optopt);
	if (!o) {
		if (opterr && *options != ':')
			dprintf(2, "%s: illegal option -- %c\n", __progname, optopt);
		return '?';
	}
	if (o[1] == ':') {
		if (!*next && optind >= argc) {
			if (*options == ':')
				return ':';
			if (opterr)
				dprintf(2, "%s: option requires an argument -- %c\n", __progname, optopt);
			return '?';
		}
		optarg = *next ? (char *)next : argv[optind++];
		next = "";
	}
	return optopt;
}
