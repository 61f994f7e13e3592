/* date [-ju] [-r seconds | -r file] [+format]; the clock is the host's and cannot be set. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void usage(void)
{
	fputs("usage: date [-ju] [-r seconds | filename] [+format]\n", stderr);
	exit(1);
}

int main(int argc, char **argv)
{
	time_t when = time(NULL);
	const char *format = "%+";
	char text[1024];
	int c;

	while ((c = getopt(argc, argv, "jr:u")) != -1)
		switch (c) {
		case 'j':
		case 'u': /* there is no other zone */
			break;
		case 'r': {
			char *end;
			struct stat st;
			when = strtol(optarg, &end, 0);
			if (*end) {
				if (stat(optarg, &st) < 0)
					usage();
				when = st.st_mtim.tv_sec;
			}
			break;
		}
		default:
			usage();
		}
	if (optind < argc && argv[optind][0] == '+')
		format = argv[optind++] + 1;
	if (optind < argc)
		usage();
	if (*format && strftime(text, sizeof text, format, localtime(&when)) == 0)
		text[0] = 0;
	if (!*format)
		text[0] = 0;
	puts(text);
	return fflush(stdout) < 0;
}
