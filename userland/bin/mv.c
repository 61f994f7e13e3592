/* mv [-f | -i | -n] [-hv] source ... target; cp and rm do it between file systems. */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int f_flag, i_flag, n_flag, v_flag;

static void usage(void)
{
	fputs("usage: mv [-f | -i | -n] [-hv] source target\n"
	      "       mv [-f | -i | -n] [-v] source ... directory\n",
	    stderr);
	exit(64);
}

static int run(const char *path, char *const argv[])
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = vfork();
	if (pid == 0) {
		execve(path, argv, environ);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		warn("%s", path);
		return 1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		warnx("%s: did not succeed", path);
		return 1;
	}
	return 0;
}

static int copy(const char *from, const char *to)
{
	char *cp[] = {"cp", v_flag ? "-PRpv" : "-PRp", "--", (char *)from, (char *)to, NULL};
	char *rm[] = {"rm", "-rf", "--", (char *)from, NULL};
	char *clear[] = {"rm", "-rf", "--", (char *)to, NULL};
	struct stat st;

	if (lstat(to, &st) == 0 && run("/bin/rm", clear))
		return 1;
	return run("/bin/cp", cp) || run("/bin/rm", rm);
}

static int confirm(const char *to)
{
	char line[16];

	fflush(stdout);
	fprintf(stderr, "overwrite %s? (y/n [n]) ", to);
	if (fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y'))
		return 1;
	fputs("not overwritten\n", stderr);
	return 0;
}

static int move(const char *from, const char *to)
{
	struct stat st;

	if (!f_flag && access(to, F_OK) == 0) {
		if (n_flag) {
			if (v_flag)
				printf("%s not overwritten\n", to);
			return 0;
		}
		if (lstat(from, &st) < 0) {
			warn("%s", from);
			return 1;
		}
		if (i_flag && !confirm(to))
			return 0;
	}
	if (rename(from, to) == 0) {
		if (v_flag)
			printf("%s -> %s\n", from, to);
		return 0;
	}
	if (errno == EXDEV)
		return copy(from, to);
	warn("rename %s to %s", from, to);
	return 1;
}

int main(int argc, char **argv)
{
	int c, h_flag = 0, status = 0;
	struct stat st;

	while ((c = getopt(argc, argv, "fhinv")) != -1)
		switch (c) {
		case 'f':
			f_flag = 1;
			i_flag = n_flag = 0;
			break;
		case 'h':
			h_flag = 1;
			break;
		case 'i':
			i_flag = 1;
			f_flag = n_flag = 0;
			break;
		case 'n':
			n_flag = 1;
			f_flag = i_flag = 0;
			break;
		case 'v':
			v_flag = 1;
			break;
		default:
			usage();
		}
	argc -= optind;
	argv += optind;
	if (argc < 2)
		usage();
	const char *target = argv[--argc];
	if (stat(target, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    (h_flag && argc == 1 && lstat(target, &st) == 0 && S_ISLNK(st.st_mode))) {
		if (argc > 1)
			errx(1, "%s is not a directory", target);
		return move(argv[0], target);
	}
	for (int i = 0; i < argc; i++) {
		char path[PATH_MAX], *from = argv[i];
		size_t len = strlen(from);
		while (len > 1 && from[len - 1] == '/')
			from[--len] = 0;
		const char *slash = strrchr(from, '/');
		if ((size_t)snprintf(path, sizeof path, "%s/%s", target, slash ? slash + 1 : from) >=
		    sizeof path) {
			warnx("%s: destination pathname too long", from);
			status = 1;
		} else if (lstat(from, &st) < 0) {
			warn("rename %s to %s", from, path);
			status = 1;
		} else {
			status |= move(from, path);
		}
	}
	return fflush(stdout) < 0 ? 1 : status;
}
