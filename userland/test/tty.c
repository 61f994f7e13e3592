/*
 * Does a terminal on standard input know its modes? (Without one: is it ENOTTY, everywhere?)
 */
#include "test.h"

#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
	struct termios t, raw, again;
	struct winsize size;
	int ends[2];

	MUST(pipe(ends));
	MUST_FAIL(tcgetattr(ends[0], &t), ENOTTY);
	CHECK(!isatty(ends[1]), "a pipe is a terminal");
	int fd = make_file(1);
	CHECK(!isatty(fd), "a file is a terminal");
	MUST_FAIL(tcgetattr(99, &t), EBADF);
	if (!isatty(0))
		return 0;
	MUST(tcgetattr(0, &t));
	MUST(ioctl(0, TIOCGWINSZ, &size));
	raw = t;
	raw.c_lflag &= ~(unsigned)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	MUST(tcsetattr(0, TCSANOW, &raw));
	MUST(tcgetattr(0, &again));
	int kept = again.c_lflag == raw.c_lflag && again.c_cc[VMIN] == 0;
	MUST(tcsetattr(0, TCSANOW, &t));
	CHECK(kept, "the modes set are not the modes got");
	return 0;
}
