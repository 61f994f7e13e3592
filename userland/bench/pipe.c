/* Ping-pong through two pipes. One round: a word there and back. */
#include "bench.h"

#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned count = rounds(argc, argv, 2000);
	uint32_t word = 1;
	int there[2], back[2];

	if (pipe(there) < 0 || pipe(back) < 0) {
		perror("pipe");
		return 1;
	}
	pid_t pid = fork();
	if (pid == 0) {
		close(there[1]);
		while (read(there[0], &word, 4) == 4) {
			word = word * 1664525 + 1013904223;
			if (write(back[1], &word, 4) != 4)
				break;
		}
		_exit(0);
	}
	for (unsigned i = 0; i < count; i++) {
		word ^= i;
		if (write(there[1], &word, 4) != 4 || read(back[0], &word, 4) != 4) {
			perror("pipe");
			return 1;
		}
	}
	close(there[1]);
	waitpid(pid, NULL, 0);
	return report("pipe", count, word);
}
