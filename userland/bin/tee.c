/* tee [-ai] [file ...] */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buf[8192];
	int c, append = 0, status = 0;
	ssize_t n;

	while ((c = getopt(argc, argv, "ai")) != -1)
		switch (c) {
		case 'a':
			append = 1;
			break;
		case 'i':
			signal(SIGINT, SIG_IGN);
			break;
		default:
			fputs("usage: tee [-ai] [file ...]\n", stderr);
			return 1;
		}
	int count = argc - optind + 1, *fds = malloc((unsigned)count * sizeof *fds);
	if (!fds)
		err(1, NULL);
	fds[0] = 1;
	for (int i = 1; i < count; i++) {
		const char *path = argv[optind + i - 1];
		fds[i] = open(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), 0666);
		if (fds[i] < 0) {
			warn("%s", path);
			status = 1;
		}
	}
	while ((n = read(0, buf, sizeof buf)) > 0)
		for (int i = 0; i < count; i++)
			for (ssize_t done = 0, w; fds[i] >= 0 && done < n; done += w) {
				w = write(fds[i], buf + done, (size_t)(n - done));
				if (w >= 0)
					continue;
				warn("%s", i ? argv[optind + i - 1] : "stdout");
				status = 1;
				fds[i] = -1;
				break;
			}
	if (n < 0)
		err(1, "read");
	return status;
}
