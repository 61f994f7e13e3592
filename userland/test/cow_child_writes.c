/*
 * vm#41 After fork, are a child's writes its own?
 *
 *   parent: fill ---- fork ------------- wait -- all as filled?
 *                       \-- child: as filled? overwrite. exit
 */
#include "test.h"

#define PAGES 20
static char data[3 * PAGE] = "data";
static char bss[3 * PAGE];

static void verify(char *p, const char *who)
{
	for (unsigned i = 0; i < PAGES * PAGE; i++)
		CHECK(p[i] == pattern(i), "%s sees %d at byte %u", who, p[i], i);
	CHECK(strcmp(data, "data") == 0 && bss[PAGE] == 0, "%s sees other data", who);
}

int main(void)
{
	char *p = map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	volatile int local = 1;

	for (unsigned i = 0; i < PAGES * PAGE; i++)
		p[i] = pattern(i);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		verify(p, "the child");
		memset(p, 0x55, PAGES * PAGE);
		strcpy(data, "child");
		bss[PAGE] = 9;
		local = 2;
		CHECK(p[5] == 0x55 && bss[PAGE] == 9 && local == 2, "the child lost its writes");
		_exit(0);
	}
	expect_child(pid, 0);
	verify(p, "the parent");
	CHECK(local == 1, "the child wrote on the parent's stack");
	return 0;
}
