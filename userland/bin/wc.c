/* wc [-clmw] [file ...] */
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static int c_flag, l_flag, w_flag;
static struct counts {
	uint64_t lines, words, bytes;
} total;

static void show(const struct counts *n, const char *name)
{
	if (l_flag)
		printf(" %7ju", n->lines);
	if (w_flag)
		printf(" %7ju", n->words);
	if (c_flag)
		printf(" %7ju", n->bytes);
	if (name)
		printf(" %s", name);
	putchar('\n');
}

static int count(const char *name)
{
	static char buf[32768];
	struct counts n = {0, 0, 0};
	int fd = name ? open(name, O_RDONLY) : 0, in_word = 0;
	ssize_t len;

	if (fd < 0) {
		warn("%s: open", name);
		return 1;
	}
	while ((len = read(fd, buf, sizeof buf)) > 0) {
		n.bytes += (uint64_t)len;
		for (const char *p = buf, *end = buf + len; p < end; p++) {
			unsigned char c = (unsigned char)*p;
			if (c == '\n')
				n.lines++;
			if (isspace(c)) {
				in_word = 0;
			} else if (!in_word) {
				in_word = 1;
				n.words++;
			}
		}
	}
	if (len < 0) {
		warn("%s: read", name ? name : "stdin");
		return 1;
	}
	if (name)
		close(fd);
	show(&n, name);
	total.lines += n.lines;
	total.words += n.words;
	total.bytes += n.bytes;
	return 0;
}

int main(int argc, char **argv)
{
	int c, status = 0;

	while ((c = getopt(argc, argv, "clmw")) != -1)
		switch (c) {
		case 'l':
			l_flag = 1;
			break;
		case 'w':
			w_flag = 1;
			break;
		case 'c':
		case 'm': /* a character is a byte */
			c_flag = 1;
			break;
		default:
			fputs("usage: wc [-clmw] [file ...]\n", stderr);
			return 1;
		}
	if (!c_flag && !l_flag && !w_flag)
		c_flag = l_flag = w_flag = 1;
	if (optind == argc)
		status = count(NULL);
	for (int i = optind; i < argc; i++)
		status |= count(argv[i]);
	if (argc - optind > 1)
		show(&total, "total");
	return fflush(stdout) < 0 ? 1 : status;
}
