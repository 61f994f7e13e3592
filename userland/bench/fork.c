/* fork, exit, wait. One round: one child. */
#include "bench.h"

#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 500);
	uint32_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0)
			_exit((int)(i & 0x7f));
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			perror("fork");
			return 1;
		}
		sum = sum * 31 + (uint32_t)WEXITSTATUS(status);
	}
	return report("fork", count, sum);
}
