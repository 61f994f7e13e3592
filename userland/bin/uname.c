/* uname [-aiKmnoprsUv] */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysctl.h>
#include <unistd.h>

/* In the order of printing; -a is the first few. */
static const struct {
	char option;
	const char *variable;
} fields[] = {{'s', "kern.ostype"}, {'n', "kern.hostname"}, {'r', "kern.osrelease"},
    {'v', "kern.version"}, {'m', "hw.machine"}, {'p', "hw.machine_arch"}, {'i', "kern.ident"},
    {'K', "kern.osreldate"}};
#define FIELDS (sizeof fields / sizeof fields[0])
#define ALL 5

static void show(unsigned field, int first)
{
	char text[256];
	size_t len = sizeof text - 1;

	if (fields[field].option == 'K') {
		snprintf(text, sizeof text, "%u", sysctl_uint(fields[field].variable, 0));
	} else {
		if (sysctlbyname(fields[field].variable, text, &len, NULL, 0) < 0)
			err(1, "sysctl(%s)", fields[field].variable);
		text[len] = 0;
	}
	len = strlen(text);
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = 0;
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	printf("%s%s", first ? "" : " ", text);
}

int main(int argc, char **argv)
{
	unsigned wanted = 0;
	int c, first = 1;

	while ((c = getopt(argc, argv, "aiKmnoprsUv")) != -1) {
		if (c == '?') {
			fputs("usage: uname [-aiKmnoprsUv]\n", stderr);
			return 1;
		}
		if (c == 'a')
			wanted |= (1u << ALL) - 1;
		for (unsigned i = 0; i < FIELDS; i++)
			if (fields[i].option == (c == 'o' ? 's' : c == 'U' ? 'K' : c))
				wanted |= 1u << i;
	}
	if (wanted == 0)
		wanted = 1;
	for (unsigned i = 0; i < FIELDS; i++)
		if (wanted >> i & 1) {
			show(i, first);
			first = 0;
		}
	putchar('\n');
	return fflush(stdout) < 0;
}
