#include <assert.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char *__progname;

const char *getprogname(void)
{
	return __progname;
}

static void message(int error, const char *format, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof text, format, args);
	fflush(stdout);
	if (error)
		dprintf(2, "%s: %s: %s\n", __progname, text, strerror(error));
	else
		dprintf(2, "%s: %s\n", __progname, text);
}

#define MESSAGE(error) \
	va_list args; \
	va_start(args, format); \
	message(error, format, args); \
	va_end(args)

void err(int status, const char *format, ...)
{
	MESSAGE(errno);
	exit(status);
}

void errx(int status, const char *format, ...)
{
	MESSAGE(0);
	exit(status);
}

void warn(const char *format, ...)
{
	MESSAGE(errno);
}

void warnx(const char *format, ...)
{
	MESSAGE(0);
}

void perror(const char *prefix)
{
	dprintf(2, "%s: %s\n", prefix, strerror(errno));
}

void __assert_failed(const char *text, const char *file, int line)
{
	dprintf(2, "%s:%d: assertion failed: %s\n", file, line, text);
	abort();
}
