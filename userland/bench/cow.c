/* A storm of copy-on-write faults. One round: one page copied in a child. */
#include "bench.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 512u

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 10240);
	uint32_t sum = 0;
	unsigned char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1,
	    0);

	memset(p, 3, PAGES * 4096);
	for (unsigned done = 0; done < count; done += PAGES) {
		unsigned pages = count - done < PAGES ? count - done : PAGES;
		int status = 0;
		pid_t pid = fork();
		if (pid == 0) {
			uint32_t s = 0;
			for (unsigned i = 0; i < pages; i++) {
				p[i * 4096] += (unsigned char)i;
				s = s * 31 + p[i * 4096] + p[i * 4096 + 2000];
			}
			_exit((int)(s & 0x7f));
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			perror("fork");
			return 1;
		}
		sum = sum * 33 + (uint32_t)WEXITSTATUS(status) + p[done % 4096];
	}
	return report("cow", count, sum);
}
