/* Processes with 10,000 resident pages. One round: fork, exit and wait for one. */
#include "bench.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 10000u

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 20);
	uint32_t sum = 0;
	unsigned char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1,
	    0);

	if (p == MAP_FAILED)
		return 1;
	for (unsigned i = 0; i < PAGES; i++)
		p[i * 4096] = (unsigned char)i;
	for (unsigned i = 0; i < count; i++) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0)
			_exit(p[i % PAGES * 4096] & 0x7f);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 1;
		sum = sum * 31 + (uint32_t)WEXITSTATUS(status);
	}
	return report("fork10k", count, sum);
}
