/* pwd [-L | -P] */
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* $PWD, if it names this directory. */
static const char *logical(void)
{
	const char *pwd = getenv("PWD");
	struct stat a, b;

	if (!pwd || *pwd != '/' || stat(pwd, &a) < 0 || stat(".", &b) < 0)
		return NULL;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino ? pwd : NULL;
}

int main(int argc, char **argv)
{
	int c, physical = 0;
	char buf[PATH_MAX];

	while ((c = getopt(argc, argv, "LP")) != -1)
		switch (c) {
		case 'L':
			physical = 0;
			break;
		case 'P':
			physical = 1;
			break;
		default:
			fputs("usage: pwd [-L | -P]\n", stderr);
			return 1;
		}
	if (optind != argc) {
		fputs("usage: pwd [-L | -P]\n", stderr);
		return 1;
	}
	const char *path = physical ? NULL : logical();
	if (!path)
		path = getcwd(buf, sizeof buf);
	if (!path)
		err(1, ".");
	puts(path);
	return 0;
}
