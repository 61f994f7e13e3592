/* chmod [-fhv] [-PR] mode file ... */
#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int f_flag, v_flag, r_flag, status;
static void *set;

static void fail(const char *path)
{
	if (!f_flag) {
		warn("%s", path);
		status = 1;
	}
}

static void change(const char *path, int top)
{
	struct stat st;

	/* A tree's symbolic links are left alone, one that is named is followed. */
	if ((top && !r_flag ? stat(path, &st) : lstat(path, &st)) < 0) {
		fail(path);
		return;
	}
	if (S_ISLNK(st.st_mode))
		return;
	mode_t mode = getmode(set, (mode_t)st.st_mode);
	if (chmod(path, mode & 07777) < 0)
		fail(path);
	else if (v_flag && mode != st.st_mode)
		puts(path);
	if (!r_flag || !S_ISDIR(st.st_mode))
		return;
	DIR *dir = opendir(path);
	if (!dir) {
		fail(path);
		return;
	}
	char child[PATH_MAX];
	for (struct dirent *e; (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(child, sizeof child, "%s/%s", path, e->d_name);
		change(child, 0);
	}
	closedir(dir);
}

static int is_mode(const char *word)
{
	return strchr("rwxXstugoa", word[1]) != NULL;
}

int main(int argc, char **argv)
{
	int c;

	/* A mode such as -x is no option. */
	while (optind < argc && argv[optind][0] == '-' && argv[optind][1] && !is_mode(argv[optind]) &&
	    (c = getopt(argc, argv, "RPfhv")) != -1)
		switch (c) {
		case 'R':
			r_flag = 1;
			break;
		case 'f':
			f_flag = 1;
			break;
		case 'v':
			v_flag = 1;
			break;
		case '?':
			optind = argc;
		}
	if (argc - optind < 2) {
		fputs("usage: chmod [-fhv] [-PR] mode file ...\n", stderr);
		return 1;
	}
	set = setmode(argv[optind]);
	if (!set)
		errx(1, "invalid file mode: %s", argv[optind]);
	for (int i = optind + 1; i < argc; i++)
		change(argv[i], 1);
	return status;
}
