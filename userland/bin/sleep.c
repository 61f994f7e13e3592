/* sleep seconds, with a fraction if you like. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec wait = {0, 0};
	const char *p = argc == 2 ? argv[1] : "";

	if (*p == '+')
		p++;
	const char *digits = p;
	while (isdigit(*p) && wait.tv_sec < 200000000)
		wait.tv_sec = wait.tv_sec * 10 + (*p++ - '0');
	if (*p == '.') {
		digits++;
		p++;
		for (long unit = 100000000; isdigit(*p); p++, unit /= 10)
			wait.tv_nsec += (*p - '0') * unit;
	}
	if (argc != 2 || *p || p == digits) {
		fputs("usage: sleep seconds\n", stderr);
		return 1;
	}
	while (nanosleep(&wait, &wait) < 0)
		if (errno != EINTR)
			err(1, "nanosleep");
	return 0;
}
