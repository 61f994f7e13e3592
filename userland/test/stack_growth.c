/* vm#25 vm#49 Does the stack grow by being touched, with old contents kept and new pages zero? */
#include "test.h"

#define DEPTH 300
static unsigned sum;

static __attribute__((noinline)) void recurse(unsigned depth)
{
	volatile char frame[PAGE];

	frame[0] = (char)depth;
	frame[PAGE - 1] = (char)(depth >> 1);
	if (depth > 0)
		recurse(depth - 1);
	CHECK(frame[0] == (char)depth && frame[PAGE - 1] == (char)(depth >> 1),
	    "the frame at depth %u was overwritten", depth);
	sum++;
}

int main(void)
{
	recurse(DEPTH);
	CHECK(sum == DEPTH + 1, "%u returns", sum);
	/* The stack may also be left in one large step (alloca): 1 MB below the deepest. */
#ifndef FAULTLINE_LINUX
	volatile char *far;
	__asm__("movl %%esp, %0" : "=r"(far));
	far -= (DEPTH + 256) * PAGE;
	CHECK(*far == 0, "a new stack page is not zero");
	*far = 1;
	CHECK(*far == 1, "a new stack page lost a write");
#endif
	return 0;
}
