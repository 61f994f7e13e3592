/* vm#24 Does MAP_FIXED replace what is there, exactly there, and drop what it held? */
#include "test.h"

int main(void)
{
	char *p = map_pages(6, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int fd = make_file(2 * PAGE);

	memset(p, 'o', 6 * PAGE);
	char *q = mmap(p + 2 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	CHECK(q == p + 2 * PAGE, "mapped at %p", (void *)q);
	CHECK(q[0] == pattern(0) && q[2 * PAGE - 1] == pattern(2 * PAGE - 1), "not the file");
	CHECK(q[-1] == 'o' && q[2 * PAGE] == 'o', "a neighbour was replaced");
	q = mmap(p + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE | MAP_FIXED, -1, 0);
	CHECK(q == p + PAGE && q[0] == 0 && q[PAGE] == 0, "old contents show");
	CHECK(p[3 * PAGE] == pattern(PAGE) && p[0] == 'o', "a neighbour was replaced");
	/* Without MAP_FIXED an occupied hint is only a hint. */
	q = mmap(p, PAGE, PROT_READ, MAP_ANON | MAP_PRIVATE, -1, 0);
	CHECK(q != p && q != MAP_FAILED && p[0] == 'o', "a hint replaced a mapping");
#ifndef FAULTLINE_LINUX
	CHECK(mmap(p, PAGE, PROT_READ, MAP_ANON | MAP_PRIVATE | MAP_FIXED | MAP_EXCL, -1, 0) ==
	        MAP_FAILED, "MAP_EXCL replaced a mapping");
#endif
	return 0;
}
