/* vm#55 Is shared anonymous memory shared across fork, and across two forks? */
#include "test.h"

int main(void)
{
	int *p = (int *)(void *)map_pages(4, PROT_READ | PROT_WRITE, MAP_SHARED);

	p[0] = 1;
	pid_t pid = MUST(fork());
	if (pid == 0) {
		pid_t grandchild = MUST(fork());
		if (grandchild == 0) {
			p[1024] = p[0] + 40; /* a page that nobody touched before */
			_exit(0);
		}
		expect_child(grandchild, 0);
		p[0] = p[1024] + 1;
		_exit(0);
	}
	expect_child(pid, 0);
	CHECK(p[0] == 42 && p[1024] == 41, "saw %d and %d", p[0], p[1024]);
	CHECK(p[2048] == 0, "an untouched page is not zero");
	return 0;
}
