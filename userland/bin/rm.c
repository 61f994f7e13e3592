/* rm [-f | -i] [-dRrPvx] file ... */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int d_flag, f_flag, i_flag, r_flag, v_flag, status;

static void fail(const char *path)
{
	if (f_flag && errno == ENOENT)
		return;
	warn("%s", path);
	status = 1;
}

__attribute__((format(printf, 1, 0)))
static int confirm(const char *question, const char *path)
{
	char line[16];

	if (!i_flag)
		return 1;
	fflush(stdout);
	fprintf(stderr, question, path);
	return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static void gone(const char *path, int error)
{
	if (error < 0)
		fail(path);
	else if (v_flag)
		puts(path);
}

static void remove_tree(const char *path);

/* The names are read before the first goes, so that none is skipped. */
static void remove_children(const char *path)
{
	char child[PATH_MAX];
	struct dirent *e;
	size_t used = 0, size = 0;
	char *names = NULL;
	DIR *dir = opendir(path);

	if (!dir) {
		fail(path);
		return;
	}
	while ((e = readdir(dir))) {
		size_t len = strlen(e->d_name) + 1;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (used + len > size) {
			size = 2 * (used + len) + 256;
			names = realloc(names, size);
			if (!names)
				err(1, NULL);
		}
		memcpy(names + used, e->d_name, len);
		used += len;
	}
	closedir(dir);
	for (size_t at = 0; at < used; at += strlen(names + at) + 1) {
		snprintf(child, sizeof child, "%s/%s", path, names + at);
		remove_tree(child);
	}
	free(names);
}

static void remove_tree(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		fail(path);
	} else if (!S_ISDIR(st.st_mode)) {
		if (confirm("remove %s? ", path))
			gone(path, unlink(path));
	} else if (r_flag) {
		if (!confirm("examine files in directory %s? ", path))
			return;
		remove_children(path);
		if (confirm("remove %s? ", path))
			gone(path, rmdir(path));
	} else if (d_flag) {
		if (confirm("remove %s? ", path))
			gone(path, rmdir(path));
	} else {
		warnx("%s: is a directory", path);
		status = 1;
	}
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "PRdfirvx")) != -1)
		switch (c) {
		case 'R':
		case 'r':
			r_flag = 1;
			break;
		case 'd':
			d_flag = 1;
			break;
		case 'f':
			f_flag = 1;
			i_flag = 0;
			break;
		case 'i':
			i_flag = 1;
			f_flag = 0;
			break;
		case 'v':
			v_flag = 1;
			break;
		case 'P':
		case 'x':
			break;
		default:
			optind = argc;
			f_flag = 0;
		}
	if (optind >= argc) {
		if (f_flag)
			return 0;
		fputs("usage: rm [-f | -i] [-dPRrvx] file ...\n", stderr);
		return 64;
	}
	for (int i = optind; i < argc; i++) {
		char *path = argv[i];
		size_t len = strlen(path);
		while (len > 1 && path[len - 1] == '/')
			path[--len] = 0;
		const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
		if (strcmp(path, "/") == 0) {
			warnx("\"/\" may not be removed");
			status = 1;
		} else if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
			warnx("\".\" and \"..\" may not be removed");
			status = 1;
		} else {
			remove_tree(path);
		}
	}
	if (fflush(stdout) < 0)
		err(1, "stdout");
	return status;
}
