/*
 * vm#34 vm#53 vm#55 What does a child find in memory whose inheritance is share, copy, none or zero?
 *
 *   parent: four pages 'p' -- minherit each -- fork ------- wait, look
 *                                               \-- child: look, write 'c'
 */
#include "test.h"

int main(void)
{
#ifndef FAULTLINE_LINUX
	char *p = map_pages(4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char *share = p, *copy = p + PAGE, *none = p + 2 * PAGE, *zero = p + 3 * PAGE;

	catch_faults();
	memset(p, 'p', 4 * PAGE);
	MUST(minherit(share, PAGE, INHERIT_SHARE));
	MUST(minherit(copy, PAGE, INHERIT_COPY));
	MUST(minherit(none, PAGE, INHERIT_NONE));
	int zeroed = minherit(zero, PAGE, INHERIT_ZERO) == 0; /* came with 11-STABLE */
	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(share[0] == 'p' && copy[0] == 'p', "shared %d, copied %d", share[0], copy[0]);
		CHECK(try_read(none) == SIGSEGV, "a page that is not inherited is there");
		CHECK(zero[0] == (zeroed ? 0 : 'p'), "zeroed page holds %d", zero[0]);
		share[0] = copy[0] = zero[0] = 'c';
		_exit(0);
	}
	expect_child(pid, 0);
	CHECK(share[0] == 'c', "the shared page was not shared");
	CHECK(copy[0] == 'p' && none[0] == 'p' && zero[0] == 'p', "a child's write shows");
	MUST_FAIL(minherit(p, PAGE, 77), EINVAL);

	/* Sharing what had been copied on write: parent and child from then on see each other. */
	pid = MUST(fork()); /* makes `copy` copy-on-write */
	if (pid == 0)
		_exit(copy[0] == 'p' ? 0 : 2);
	MUST(minherit(copy, PAGE, INHERIT_SHARE));
	pid_t second = MUST(fork());
	if (second == 0) {
		copy[1] = 's';
		_exit(0);
	}
	expect_child(pid, 0);
	expect_child(second, 0);
	CHECK(copy[1] == 's', "a copy-on-write page made shared was not shared");
#endif
	return 0;
}
