/* mkdir [-pv] [-m mode] directory ... */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int p_flag, v_flag;

static int is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int make(const char *path, mode_t mode)
{
	if (mkdir(path, mode) < 0) {
		int error = errno;
		if (p_flag && error == EEXIST && is_directory(path))
			return 0;
		errno = error;
		warn("%s", path);
		return 1;
	}
	if (v_flag)
		puts(path);
	return 0;
}

/* Parents are made with the umask's mode and u+wx. */
static int make_parents(char *path)
{
	for (char *slash = path + strspn(path, "/"); (slash = strchr(slash, '/'));) {
		char *next = slash + strspn(slash, "/");
		if (!*next)
			break;
		*slash = 0;
		if (!is_directory(path) && make(path, 0777))
			return 1;
		*slash = '/';
		slash = next;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int c, status = 0;
	void *set = NULL;

	while ((c = getopt(argc, argv, "m:pv")) != -1)
		switch (c) {
		case 'm':
			set = setmode(optarg);
			if (!set)
				errx(1, "invalid file mode: %s", optarg);
			break;
		case 'p':
			p_flag = 1;
			break;
		case 'v':
			v_flag = 1;
			break;
		default:
			optind = argc;
		}
	if (optind >= argc) {
		fputs("usage: mkdir [-pv] [-m mode] directory_name ...\n", stderr);
		return 64;
	}
	mode_t mode = set ? getmode(set, 0777) : 0777;
	for (int i = optind; i < argc; i++) {
		int existed = is_directory(argv[i]);
		if ((p_flag && make_parents(argv[i])) || make(argv[i], mode)) {
			status = 1;
			continue;
		}
		/* The umask and special bits do not concern an explicit mode. */
		if (set && !existed && chmod(argv[i], mode) < 0) {
			warn("%s", argv[i]);
			status = 1;
		}
	}
	return status;
}
