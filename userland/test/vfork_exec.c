/*
 * Does vfork share memory with the child and hold the parent until it execs or exits?
 */
#include "test.h"

int main(int argc, char **argv)
{
	static volatile int shared;
	static char *args[] = {NULL, "again", NULL};

	if (argc > 1)
		return strcmp(argv[1], "again") == 0 ? 21 : 1;
	pid_t pid = vfork();
	if (pid == 0) {
		for (volatile int i = 0; i < 100000; i++)
			;
		shared = 5;
		_exit(3);
	}
	CHECK(pid > 0, "vfork: %s", strerror(errno));
	CHECK(shared == 5, "the parent ran before the child was done (%d)", shared);
	expect_child(pid, 3);
	args[0] = argv[0];
	pid = vfork();
	if (pid == 0) {
		execve(args[0], args, environ);
		_exit(99);
	}
	expect_child(pid, 21);
	return 0;
}
