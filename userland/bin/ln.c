/* ln [-s] [-fhinv] source [target]; ln ... source ... directory */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int s_flag, f_flag, h_flag, i_flag, v_flag;

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int confirmed(const char *target)
{
	char line[16];

	fflush(stdout);
	fprintf(stderr, "replace %s? ", target);
	if (fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y'))
		return 1;
	fputs("not replaced\n", stderr);
	return 0;
}

static int make(const char *source, const char *target, int is_directory)
{
	char path[PATH_MAX];
	struct stat st, from;

	if (!s_flag) {
		if (stat(source, &from) < 0) {
			warn("%s", source);
			return 1;
		}
		if (S_ISDIR(from.st_mode)) {
			errno = EISDIR;
			warn("%s", source);
			return 1;
		}
	}
	if (is_directory ||
	    ((h_flag ? lstat(target, &st) : stat(target, &st)) == 0 && S_ISDIR(st.st_mode))) {
		snprintf(path, sizeof path, "%s/%s", target, last_part(source));
		target = path;
	}
	if (lstat(target, &st) == 0) {
		if (!s_flag && st.st_dev == from.st_dev && st.st_ino == from.st_ino) {
			warnx("%s and %s are the same directory entry", source, target);
			return 1;
		}
		if (i_flag && !confirmed(target))
			return 1;
		if ((f_flag || i_flag) && unlink(target) < 0) {
			warn("%s", target);
			return 1;
		}
	}
	if ((s_flag ? symlink : link)(source, target) < 0) {
		warn("%s", target);
		return 1;
	}
	if (v_flag)
		printf("%s %c> %s\n", target, s_flag ? '-' : '=', source);
	return 0;
}

static void usage(void)
{
	fputs("usage: ln [-s | -L | -P] [-f | -i] [-hnv] source_file [target_file]\n"
	      "       ln [-s | -L | -P] [-f | -i] [-hnv] source_file ... target_dir\n",
	    stderr);
	exit(1);
}

int main(int argc, char **argv)
{
	int c, status = 0;
	struct stat st;

	while ((c = getopt(argc, argv, "fhinsvLP")) != -1)
		switch (c) {
		case 'f':
			f_flag = 1;
			i_flag = 0;
			break;
		case 'h':
		case 'n':
			h_flag = 1;
			break;
		case 'i':
			i_flag = 1;
			f_flag = 0;
			break;
		case 's':
			s_flag = 1;
			break;
		case 'v':
			v_flag = 1;
			break;
		case 'L':
		case 'P': /* links to symbolic links lead to their files */
			break;
		default:
			usage();
		}
	argc -= optind;
	argv += optind;
	switch (argc) {
	case 0:
		usage();
		break;
	case 1:
		return make(argv[0], ".", 1);
	case 2:
		return make(argv[0], argv[1], 0);
	}
	const char *target = argv[argc - 1];
	if (stat(target, &st) < 0)
		err(1, "%s", target);
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		err(1, "%s", target);
	}
	for (int i = 0; i < argc - 1; i++)
		status |= make(argv[i], target, 1);
	return status;
}
