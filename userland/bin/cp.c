/* cp [-R] [-fipanvLP] source ... target */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static int r_flag, f_flag, i_flag, n_flag, p_flag, v_flag, l_flag, status;

static void fail(const char *path)
{
	warn("%s", path);
	status = 1;
}

static void usage(void)
{
	fputs("usage: cp [-R [-H | -L | -P]] [-f | -i | -n] [-apv] source_file target_file\n"
	      "       cp [-R [-H | -L | -P]] [-f | -i | -n] [-apv] source_file ... "
	      "target_directory\n",
	    stderr);
	exit(64);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void keep_attributes(const char *to, const struct stat *st)
{
	struct timeval times[2] = {{st->st_atim.tv_sec, st->st_atim.tv_nsec / 1000},
	    {st->st_mtim.tv_sec, st->st_mtim.tv_nsec / 1000}};

	if (utimes(to, times) < 0 || chmod(to, st->st_mode & 07777) < 0)
		fail(to);
}

static int may_replace(const char *to)
{
	char line[16];

	if (n_flag)
		return 0;
	if (!i_flag)
		return 1;
	fflush(stdout);
	fprintf(stderr, "overwrite %s? (y/n [n]) ", to);
	if (fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y'))
		return 1;
	fputs("not overwritten\n", stderr);
	status = 1;
	return 0;
}

static void copy_data(const char *from, int in, const char *to, int out)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(in, buf, sizeof buf)) > 0)
		for (ssize_t done = 0, w; done < n; done += w) {
			w = write(out, buf + done, (size_t)(n - done));
			if (w <= 0) {
				fail(to);
				return;
			}
		}
	if (n < 0)
		fail(from);
}

static void copy_file(const char *from, const char *to, const struct stat *st, int exists)
{
	int in = open(from, O_RDONLY), out = -1;

	if (in < 0) {
		fail(from);
		return;
	}
	if (exists) {
		if (!may_replace(to)) {
			close(in);
			return;
		}
		out = open(to, O_WRONLY | O_TRUNC);
		if (out < 0 && f_flag && unlink(to) == 0)
			exists = 0;
	}
	if (!exists)
		out = open(to, O_WRONLY | O_CREAT | O_TRUNC, st->st_mode & 0777);
	if (out < 0) {
		fail(to);
		close(in);
		return;
	}
	copy_data(from, in, to, out);
	close(in);
	if (close(out) < 0)
		fail(to);
	if (p_flag)
		keep_attributes(to, st);
	if (v_flag)
		printf("%s -> %s\n", from, to);
}

static void copy_link(const char *from, const char *to, int exists)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof target - 1);

	if (n < 0) {
		fail(from);
		return;
	}
	target[n] = 0;
	if (exists && unlink(to) < 0)
		fail(to);
	else if (symlink(target, to) < 0)
		fail(to);
	else if (v_flag)
		printf("%s -> %s\n", from, to);
}

static void copy(const char *from, const char *to);

static void copy_directory(const char *from, const char *to, const struct stat *st,
    const struct stat *old)
{
	char a[PATH_MAX], b[PATH_MAX];
	DIR *dir;

	if (old && !S_ISDIR(old->st_mode)) {
		errno = ENOTDIR;
		fail(to);
		return;
	}
	if (!old && mkdir(to, (st->st_mode & 0777) | 0700) < 0) {
		fail(to);
		return;
	}
	if (v_flag)
		printf("%s -> %s\n", from, to);
	dir = opendir(from);
	if (!dir) {
		fail(from);
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(a, sizeof a, "%s/%s", from, e->d_name);
		snprintf(b, sizeof b, "%s/%s", to, e->d_name);
		copy(a, b);
	}
	closedir(dir);
	if (p_flag)
		keep_attributes(to, st);
	else if (!old && (st->st_mode & 0700) != 0700) {
		mode_t mask = (mode_t)umask(0);
		umask(mask);
		chmod(to, st->st_mode & 0777 & ~(unsigned)mask);
	}
}

static void copy(const char *from, const char *to)
{
	struct stat st, old;

	if ((r_flag && !l_flag ? lstat(from, &st) : stat(from, &st)) < 0) {
		fail(from);
		return;
	}
	int exists = (S_ISLNK(st.st_mode) ? lstat(to, &old) : stat(to, &old)) == 0;
	if (exists && old.st_dev == st.st_dev && old.st_ino == st.st_ino) {
		warnx("%s and %s are identical (not copied).", to, from);
		status = 1;
		return;
	}
	if (S_ISDIR(st.st_mode)) {
		if (!r_flag) {
			warnx("%s is a directory (not copied).", from);
			status = 1;
			return;
		}
		copy_directory(from, to, &st, exists ? &old : NULL);
	} else if (S_ISLNK(st.st_mode)) {
		copy_link(from, to, exists);
	} else {
		copy_file(from, to, &st, exists);
	}
}

/* A copy into itself would not end. */
static int inside(const char *directory, const char *path)
{
	char up[PATH_MAX];
	struct stat st, at;

	if (!r_flag || lstat(directory, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	snprintf(up, sizeof up, "%s", path);
	for (int i = 0; i < 64 && stat(up, &at) == 0; i++) {
		if (at.st_dev == st.st_dev && at.st_ino == st.st_ino)
			return 1;
		ino_t child = (ino_t)at.st_ino;
		if (strlcat(up, "/..", sizeof up) >= sizeof up || stat(up, &at) < 0 ||
		    (ino_t)at.st_ino == child)
			break;
	}
	return 0;
}

int main(int argc, char **argv)
{
	char path[PATH_MAX];
	struct stat st;
	int c;

	while ((c = getopt(argc, argv, "HLPRafinprv")) != -1)
		switch (c) {
		case 'L':
			l_flag = 1;
			break;
		case 'H':
		case 'P':
			l_flag = 0;
			break;
		case 'a':
			r_flag = p_flag = 1;
			l_flag = 0;
			break;
		case 'R':
			r_flag = 1;
			break;
		case 'r':
			r_flag = l_flag = 1;
			break;
		case 'f':
			f_flag = 1;
			i_flag = n_flag = 0;
			break;
		case 'i':
			i_flag = 1;
			f_flag = n_flag = 0;
			break;
		case 'n':
			n_flag = 1;
			f_flag = i_flag = 0;
			break;
		case 'p':
			p_flag = 1;
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
	int directory = stat(target, &st) == 0 && S_ISDIR(st.st_mode);
	if (argc > 1 && !directory)
		errx(1, "%s is not a directory", target);
	for (int i = 0; i < argc; i++) {
		char *from = argv[i];
		size_t len = strlen(from);
		while (len > 1 && from[len - 1] == '/')
			from[--len] = 0;
		if (directory && inside(from, target)) {
			warnx("%s is inside %s (not copied).", target, from);
			status = 1;
			continue;
		}
		if (directory)
			snprintf(path, sizeof path, "%s/%s", target, last_part(from));
		copy(from, directory ? path : target);
	}
	if (fflush(stdout) < 0)
		err(1, "stdout");
	return status;
}
