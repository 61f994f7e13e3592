/* Ends of processes with 10,000 pages of their own. One round: fork, touch them all, exit, wait. */
#include "bench.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 10000u

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 10);
	uint32_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0) {
			volatile unsigned char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
			    MAP_ANON | MAP_PRIVATE, -1, 0);
			if (p == MAP_FAILED)
				_exit(1);
			for (unsigned j = 0; j < PAGES; j++)
				p[j * 4096] = (unsigned char)j;
			_exit(p[i * 4096] & 0x7f);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 1;
		sum = sum * 31 + (uint32_t)WEXITSTATUS(status);
	}
	return report("exit10k", count, sum);
}
