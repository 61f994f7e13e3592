/* rmdir [-pv] directory ... */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int v_flag;

static int drop(const char *path)
{
	if (rmdir(path) < 0) {
		warn("%s", path);
		return 1;
	}
	if (v_flag)
		puts(path);
	return 0;
}

int main(int argc, char **argv)
{
	int c, p_flag = 0, status = 0;

	while ((c = getopt(argc, argv, "pv")) != -1) {
		if (c == 'p')
			p_flag = 1;
		else if (c == 'v')
			v_flag = 1;
		else
			optind = argc;
	}
	if (optind >= argc) {
		fputs("usage: rmdir [-pv] directory ...\n", stderr);
		return 1;
	}
	for (int i = optind; i < argc; i++) {
		char *path = argv[i], *slash;
		int failed = drop(path);
		while (p_flag && !failed && (slash = strrchr(path, '/'))) {
			while (slash > path && slash[-1] == '/')
				slash--;
			if (slash == path)
				break;
			*slash = 0;
			failed = drop(path);
		}
		status |= failed;
	}
	return status;
}
