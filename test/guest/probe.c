/*
 * What a guest sees of the command line's doing: `probe VERB ARGUMENTS`. Answers on stdout; exits 99
 * when asked for something it does not know.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[65536];

static void must(int result, const char *what)
{
	if (result < 0)
		errx(98, "%s: errno %d", what, errno);
}

/* Copies stdin to stdout, upper case, and says on stderr that it has begun. */
static int copy(void)
{
	ssize_t n;

	while ((n = read(0, buffer, sizeof buffer)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (buffer[i] >= 'a' && buffer[i] <= 'z')
				buffer[i] -= 'a' - 'A';
		must(write(1, buffer, n), "write");
	}
	must(n, "read");
	return 0;
}

/* Writes until it cannot; the errno is the exit status. */
static int yes(void)
{
	memset(buffer, 'y', sizeof buffer);
	buffer[1] = '\n';
	while (write(1, buffer, 2) > 0)
		;
	return errno;
}

static int waits(const char *milliseconds)
{
	struct pollfd p = { 0, POLLIN, 0 };
	int n = poll(&p, 1, atoi(milliseconds));

	must(n, "poll");
	if (n == 1)
		n = read(0, buffer, sizeof buffer);
	printf("%d\n", n);
	return 0;
}

static void caught(int sig)
{
	char text[] = "caught 00\n";

	text[7] += sig / 10;
	text[8] += sig % 10;
	write(1, text, 10);
	_exit(7);
}

static int show(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	must(fd, "open");
	while ((n = read(fd, buffer, sizeof buffer)) > 0)
		write(1, buffer, n);
	must(n, "read");
	return 0;
}

/* One line for each path: what opening it gives. */
static int reach(char **paths)
{
	for (; *paths; paths++) {
		int fd = open(*paths, O_RDONLY);
		printf("%s: %d\n", *paths, fd < 0 ? -errno : fd);
	}
	return 0;
}

static int list(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (d == NULL)
		errx(98, "opendir: errno %d", errno);
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			puts(e->d_name);
	fflush(stdout);
	return 0;
}

/* Everything that could change a file of the host; then the guest's own view of it. */
static int spoil(const char *dir)
{
	int fd;

	must(chdir(dir), "chdir");
	fd = open("file", O_RDWR | O_APPEND);
	must(fd, "open for writing");
	must(write(fd, "guest\n", 6), "append");
	must(ftruncate(fd, 3), "ftruncate");
	must(close(fd), "close");
	must(chmod("file", 0600), "chmod");
	must(rename("file", "renamed"), "rename");
	must(unlink("other"), "unlink");
	must(mkdir("made", 0755), "mkdir");
	must(symlink("/etc", "made/link"), "symlink");
	must(link("renamed", "hard"), "link");
	must(rmdir("empty"), "rmdir");
	list(".");
	return show("renamed");
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

#define VERB(name, arguments) if (strcmp(verb, name) == 0 && argc >= 2 + (arguments))
	VERB("exit", 1) return atoi(argv[2]);
	VERB("signal", 1) {
		kill(getpid(), atoi(argv[2]));
		return 97;
	}
	VERB("words", 0) {
		for (int i = 0; i < argc; i++)
			printf("[%s]\n", argv[i]);
		return 0;
	}
	VERB("environment", 0) {
		for (char **e = environ; *e; e++)
			puts(*e);
		return 0;
	}
	VERB("streams", 0) {
		struct stat s;
		for (int fd = 0; fd < 3; fd++) {
			must(fstat(fd, &s), "fstat");
			printf("%s\n", S_ISREG(s.st_mode) ? "file" : S_ISFIFO(s.st_mode) ? "pipe" : "device");
		}
		return 0;
	}
	VERB("say", 2) {
		write(1, argv[2], strlen(argv[2]));
		write(2, argv[3], strlen(argv[3]));
		return 0;
	}
	VERB("cwd", 0) {
		puts(getcwd(buffer, sizeof buffer));
		return 0;
	}
	VERB("loop", 0) {
		write(1, "ready\n", 6);
		for (;;)
			;
	}
	VERB("catch", 2) {
		signal(atoi(argv[2]), caught);
		write(1, "ready\n", 6);
		for (;;)
			if (strcmp(argv[3], "asleep") == 0)
				pause();
	}
	VERB("deaf", 1) {
		signal(atoi(argv[2]), SIG_IGN);
		return yes();
	}
	VERB("read", 0) {
		write(1, "ready\n", 6);
		return copy();
	}
	VERB("copy", 0) return copy();
	VERB("yes", 0) return yes();
	VERB("sleep", 1) {
		sleep(atoi(argv[2]));
		return 0;
	}
	VERB("poll", 1) return waits(argv[2]);
	VERB("show", 1) return show(argv[2]);
	VERB("reach", 1) return reach(argv + 2);
	VERB("list", 1) return list(argv[2]);
	VERB("spoil", 1) return spoil(argv[2]);
	return 99;
}
