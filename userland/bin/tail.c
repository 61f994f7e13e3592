/* tail [-f] [-r] [-q] [-n number | -c number] [file ...]; +number counts from the start. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int f_flag, r_flag, q_flag, by_bytes, from_start, given;
static size_t number = 10;

static void put(const char *p, size_t len)
{
	if (fwrite(p, 1, len, stdout) != len)
		err(1, "stdout");
}

/* All that is left to read. */
static char *slurp(int fd, size_t *len)
{
	size_t size = 16384, used = 0;
	char *buf = malloc(size);
	ssize_t n;

	for (;;) {
		if (!buf)
			err(1, NULL);
		n = read(fd, buf + used, size - used);
		if (n <= 0)
			break;
		used += (size_t)n;
		if (used == size)
			buf = realloc(buf, size *= 2);
	}
	*len = used;
	if (n < 0) {
		free(buf);
		return NULL;
	}
	return buf;
}

/* Where the last `count` lines begin. */
static size_t last_lines(const char *p, size_t len, size_t count)
{
	size_t at = len;

	if (count == 0)
		return len;
	if (at > 0 && p[at - 1] == '\n')
		at--;
	for (; at > 0; at--)
		if (p[at - 1] == '\n' && --count == 0)
			break;
	return at;
}

static void backwards(const char *p, size_t len)
{
	size_t lines = given && !by_bytes ? number : (size_t)-1;

	for (; len > 0 && lines > 0; lines--) {
		size_t at = last_lines(p, len, 1);
		put(p + at, len - at);
		len = at;
	}
}

/* A regular file is read from near its end on. */
static void skip(int fd)
{
	struct stat st;
	off_t wanted = (off_t)number;

	if (from_start || r_flag || !by_bytes)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > wanted)
		lseek(fd, st.st_size - wanted, SEEK_SET);
}

static int tail(int fd, const char *name)
{
	size_t len, at = 0;

	skip(fd);
	char *p = slurp(fd, &len);
	if (!p) {
		warn("%s", name);
		return 1;
	}
	if (r_flag) {
		backwards(p, len);
	} else {
		size_t skipped = number > 0 ? number - 1 : 0;
		if (from_start && by_bytes)
			at = skipped < len ? skipped : len;
		else if (from_start)
			for (; skipped > 0 && at < len; at++)
				skipped -= p[at] == '\n';
		else if (by_bytes)
			at = len > number ? len - number : 0;
		else
			at = last_lines(p, len, number);
		put(p + at, len - at);
	}
	free(p);
	return 0;
}

static void follow(int fd, const char *name)
{
	char buf[4096];
	ssize_t n;

	for (;;) {
		fflush(stdout);
		while ((n = read(fd, buf, sizeof buf)) > 0)
			put(buf, (size_t)n);
		if (n < 0)
			err(1, "%s", name);
		fflush(stdout);
		usleep(250000);
	}
}

static void count(const char *text)
{
	char *end;

	from_start = *text == '+';
	given = 1;
	long n = strtol(text, &end, 10);
	if (*end || end == text)
		errx(1, "illegal offset -- %s", text);
	number = (size_t)(n < 0 ? -n : n);
}

int main(int argc, char **argv)
{
	int c, status = 0, first = 1;

	/* tail -5, tail +5 */
	if (argc > 1 && strchr("-+", argv[1][0]) && isdigit(argv[1][1])) {
		count(argv[1]);
		optind = 2;
	}
	while ((c = getopt(argc, argv, "c:Ffn:qr")) != -1)
		switch (c) {
		case 'c':
			by_bytes = 1;
			count(optarg);
			break;
		case 'F':
		case 'f':
			f_flag = 1;
			break;
		case 'n':
			by_bytes = 0;
			count(optarg);
			break;
		case 'q':
			q_flag = 1;
			break;
		case 'r':
			r_flag = 1;
			break;
		default:
			fputs("usage: tail [-F | -f | -r] [-q] [-c # | -n #] [file ...]\n", stderr);
			return 1;
		}
	if (optind == argc) {
		status = tail(0, "stdin");
		struct stat st;
		if (f_flag && fstat(0, &st) == 0 && !S_ISFIFO(st.st_mode))
			follow(0, "stdin");
	}
	for (int i = optind; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY);
		if (fd < 0) {
			warn("%s", argv[i]);
			status = 1;
			continue;
		}
		if (argc - optind > 1 && !q_flag)
			printf("%s==> %s <==\n", first ? "" : "\n", argv[i]);
		first = 0;
		status |= tail(fd, argv[i]);
		if (f_flag && i == argc - 1)
			follow(fd, argv[i]);
		close(fd);
	}
	return fflush(stdout) < 0 ? 1 : status;
}
