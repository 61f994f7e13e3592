/* vm#29 Does getrusage count a fault for each page touched, and none for touching it again? */
#include "test.h"

#include <sys/resource.h>

static long faults(void)
{
	struct rusage usage;

	MUST(getrusage(RUSAGE_SELF, &usage));
	return usage.ru_minflt + usage.ru_majflt;
}

int main(void)
{
	char *p = map_pages(200, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	struct rusage children;

	faults(); /* its own first time */
	long before = faults();
	for (unsigned i = 0; i < 200; i++)
		p[i * PAGE] = 1;
	long touched = faults() - before;
	/* A host may map around a fault or in larger pages; nothing makes more. */
	CHECK(touched >= 1 && touched <= 230, "%ld faults for 200 pages", touched);
#ifndef FAULTLINE_LINUX
	CHECK(touched >= 200, "%ld faults for 200 pages", touched);
#endif
	before = faults();
	for (unsigned i = 0; i < 200; i++)
		p[i * PAGE] = 2;
	long again = faults() - before;
	CHECK(again <= 3, "%ld faults for pages that are there", again);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		before = faults();
		for (unsigned i = 0; i < 50; i++)
			p[i * PAGE] = 3;
		long copied = faults() - before;
		_exit(copied >= 50 && copied <= 60 ? 0 : 3);
	}
	expect_child(pid, 0);
	MUST(getrusage(RUSAGE_CHILDREN, &children));
	CHECK(children.ru_minflt >= 50, "%ld faults of children", children.ru_minflt);
	return 0;
}
