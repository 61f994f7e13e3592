/* Does a binary tree of 31 processes end with the right sum? Each adds its own to its two. */
#include "test.h"

static int grow(int depth)
{
	int sum = 1, status;

	for (int side = 0; side < 2 && depth > 0; side++) {
		pid_t pid = MUST(fork());
		if (pid == 0)
			_exit(grow(depth - 1));
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "a branch broke off");
		sum += WEXITSTATUS(status);
	}
	return sum;
}

int main(void)
{
	int sum = grow(4);

	CHECK(sum == 31, "%d processes", sum);
	MUST_FAIL(wait(NULL), ECHILD);
	return 0;
}
