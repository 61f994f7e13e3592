/* swapinfo [-k]: swap space by device, in kilobytes. */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <unistd.h>

static void put_line(const char *name, uint64_t blocks, uint64_t used)
{
	unsigned percent = blocks ? (unsigned)((used * 200 + blocks) / (2 * blocks)) : 0;

	printf("%-15s %10llu %8llu %8llu %5u%%\n", name, blocks * 4, used * 4, (blocks - used) * 4,
	    percent);
}

int main(int argc, char **argv)
{
	int mib[16], c;
	size_t depth = 15;
	unsigned count = 0;
	uint64_t blocks = 0, used = 0;
	struct {
		unsigned version, dev;
		int flags, blocks, used;
	} xsw;

	while ((c = getopt(argc, argv, "k")) != -1)
		if (c == '?')
			optind = argc + 1;
	if (optind != argc) {
		fputs("usage: swapinfo [-k]\n", stderr);
		return 1;
	}
	if (sysctlnametomib("vm.swap_info", mib, &depth) < 0)
		err(1, "sysctlnametomib()");
	printf("%-15s %10s %8s %8s %8s\n", "Device", "1K-blocks", "Used", "Avail", "Capacity");
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
