/*
 * Does one process run what another has written into a page they share?
 *
 *   parent: run -- tell -------------- hear -- run: changed?
 *   child:         hear -- change code -- tell
 */
#include "test.h"

int main(void)
{
	unsigned char *code = (unsigned char *)map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_SHARED);
	int (*run)(void) = (int (*)(void))(uintptr_t)code, to_child[2], to_parent[2];

	MUST(pipe(to_child));
	MUST(pipe(to_parent));
	memcpy(code, "\xb8\x00\x00\x00\x00\xc3", 6);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		for (int n = 1; n <= 20; n++) {
			hear(to_child[0]);
			CHECK(run() == n - 1, "the child runs %d in round %d", run(), n);
			memcpy(code + 1, &n, 4);
			tell(to_parent[1]);
		}
		_exit(0);
	}
	for (int n = 1; n <= 20; n++) {
		CHECK(run() == n - 1, "the parent runs %d in round %d", run(), n);
		tell(to_child[1]);
		hear(to_parent[0]);
		CHECK(run() == n, "the parent runs %d, the child wrote %d", run(), n);
	}
	expect_child(pid, 0);
	return 0;
}
