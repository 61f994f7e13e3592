/* swapinfo [-ghkm]: swap space by device. */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <unistd.h>

/* Kilobytes in a unit of output; 0: in whatever unit is readable. */
static unsigned unit = 1;

/* Bytes in four characters or so, as humanize_number(3) with HN_DECIMAL | HN_NOSPACE | HN_B. */
static void human(char *into, size_t room, uint64_t kilobytes)
{
	static const char letters[] = "KMGT";
	uint64_t tenths = kilobytes * 10;
	int i = 0;

	for (; tenths >= 9995 && letters[i + 1]; i++)
		tenths = (tenths + 512) / 1024;
	if (kilobytes == 0)
		snprintf(into, room, "0B");
	else if (tenths < 100 && i > 0)
		snprintf(into, room, "%llu.%llu%c", tenths / 10, tenths % 10, letters[i]);
	else
		snprintf(into, room, "%llu%c", (tenths + 5) / 10, letters[i]);
}

static void put_line(const char *name, uint64_t pages, uint64_t used)
{
	uint64_t all[3] = {pages * 4, used * 4, (pages - used) * 4};
	unsigned percent = pages ? (unsigned)((used * 200 + pages) / (2 * pages)) : 0;
	char text[3][24];

	for (int i = 0; i < 3; i++)
		if (unit)
			snprintf(text[i], sizeof text[i], "%llu", all[i] / unit);
		else
			human(text[i], sizeof text[i], all[i]);
	printf("%-15s %10s %8s %8s %5u%%\n", name, text[0], text[1], text[2], percent);
}

int main(int argc, char **argv)
{
	const char *head = "1K-blocks";
	int mib[16], c;
	size_t depth = 15;
	unsigned count = 0;
	uint64_t blocks = 0, used = 0;
	struct {
		unsigned version, dev;
		int flags, blocks, used;
	} xsw;

	while ((c = getopt(argc, argv, "ghkm")) != -1)
		switch (c) {
		case 'g':
			unit = 1 << 20, head = "1G-blocks";
			break;
		case 'h':
			unit = 0, head = "Size";
			break;
		case 'k':
			unit = 1, head = "1K-blocks";
			break;
		case 'm':
			unit = 1 << 10, head = "1M-blocks";
			break;
		default:
			optind = argc + 1;
		}
	if (optind != argc) {
		fputs("usage: swapinfo [-ghkm]\n", stderr);
		return 1;
	}
	if (sysctlnametomib("vm.swap_info", mib, &depth) < 0)
		err(1, "sysctlnametomib()");
	printf("%-15s %10s %8s %8s %8s\n", "Device", head, "Used", "Avail", "Capacity");
	for (;; count++) {
		size_t len = sizeof xsw;
		char name[80];
		mib[depth] = (int)count;
		if (sysctl(mib, (unsigned)depth + 1, &xsw, &len, NULL, 0) < 0)
			break;
		if (xsw.version != 1)
			errx(1, "struct xswdev version mismatch");
		snprintf(name, sizeof name, "/dev/%s", devname(xsw.dev, S_IFCHR));
		put_line(name, (uint64_t)xsw.blocks, (uint64_t)xsw.used);
		blocks += (uint64_t)xsw.blocks;
		used += (uint64_t)xsw.used;
	}
	if (count > 1)
		put_line("Total", blocks, used);
	return fflush(stdout) < 0;
}
