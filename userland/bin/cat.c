/* cat [-benstuv] [file ...] */
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int b_flag, e_flag, n_flag, s_flag, t_flag, v_flag, status;

static void copy(int fd, const char *name)
{
	static char buf[16384];
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) > 0)
		for (ssize_t done = 0, w; done < n; done += w) {
			w = write(1, buf + done, (size_t)(n - done));
			if (w < 0)
				err(1, "stdout");
		}
	if (n < 0) {
		warn("%s", name);
		status = 1;
	}
}

static void show(int c)
{
	if (t_flag && c == '\t') {
		fputs("^I", stdout);
		return;
	}
	if (v_flag && c != '\n' && c != '\t') {
		if (c >= 0x80) {
			fputs("M-", stdout);
			c &= 0x7f;
		}
		if (!isprint(c)) {
			putchar('^');
			c ^= 0x40;
		}
	}
	putchar(c);
}

static void cook(FILE *f, const char *name)
{
	int c, line = 0, previous = '\n', blank = 0;

	while ((c = getc(f)) != EOF) {
		if (previous == '\n') {
			if (c == '\n' && s_flag && blank)
				continue;
			blank = c == '\n';
			if (n_flag && (!b_flag || c != '\n'))
				printf("%6d\t", ++line);
		}
		if (c == '\n' && e_flag)
			putchar('$');
		show(c);
		previous = c;
	}
	if (ferror(f)) {
		warn("%s", name);
		status = 1;
	}
	if (ferror(stdout))
		err(1, "stdout");
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "benstuv")) != -1)
		switch (c) {
		case 'b':
			b_flag = n_flag = 1;
			break;
		case 'e':
			e_flag = v_flag = 1;
			break;
		case 'n':
			n_flag = 1;
			break;
		case 's':
			s_flag = 1;
			break;
		case 't':
			t_flag = v_flag = 1;
			break;
		case 'u': /* no output waits here anyway */
			break;
		case 'v':
			v_flag = 1;
			break;
		default:
			fputs("usage: cat [-belnstuv] [file ...]\n", stderr);
			return 1;
		}
	int cooked = e_flag || n_flag || s_flag || t_flag || v_flag;
	static char dash[] = "-", *standard[] = {dash, NULL};
	for (char **file = optind < argc ? argv + optind : standard; *file; file++) {
		int input = strcmp(*file, "-") == 0;
		int fd = input ? 0 : open(*file, O_RDONLY);
		if (fd < 0) {
			warn("%s", *file);
			status = 1;
		} else if (!cooked) {
			copy(fd, input ? "stdin" : *file);
			if (!input)
				close(fd);
		} else {
			FILE *f = input ? stdin : fdopen(fd, "r");
			if (!f)
				err(1, "%s", *file);
			cook(f, input ? "stdin" : *file);
			if (!input)
				fclose(f);
		}
	}
	if (fflush(stdout) < 0)
		err(1, "stdout");
	return status;
}
