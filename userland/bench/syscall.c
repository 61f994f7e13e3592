/* The way into the kernel and back. One round: one getppid(2). */
#include "bench.h"

#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 100000);
	uint32_t same = 0;
	pid_t parent = getppid();

	for (unsigned i = 0; i < count; i++)
		same += getppid() == parent;
	return report("syscall", count, same);
}
