/*
 * Three processes hold different amounts of memory, and a fourth wants more than is left. Which
 * dies? Prints the name of each that lives on; needs a machine that can run out (an argument).
 *
 *   first: 1 part, resident -- second: 3 parts, paged out -- third: 2 parts -- fourth: grows
 */
#include "test.h"

static void hold(const char *name, unsigned pages, int ready, int go)
{
	char c, *p = map_pages(pages, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	for (unsigned i = 0; i < pages; i++)
		p[i * PAGE] = name[0];
	tell(ready);
	CHECK(read(go, &c, 1) == 0, "told what nobody says");
	for (unsigned i = 0; i < pages; i++)
		CHECK(p[i * PAGE] == name[0], "%s lost page %u", name, i);
	dprintf(1, "%s lives\n", name);
	_exit(0);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"first", "second", "third"};
	static const unsigned parts[] = {1, 3, 2};
	unsigned part = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
	int ready[2], go[2], killed = 0;

	if (part == 0)
		return 0;
	MUST(pipe(ready));
	MUST(pipe(go));
	for (int i = 0; i < 3; i++) {
		if (MUST(fork()) == 0) {
			MUST(close(go[1]));
			hold(names[i], parts[i] * part, ready[1], go[0]);
		}
		hear(ready[0]);
	}
	/* Two more parts: there is room for one. */
	char *p = map_pages(2 * part, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	for (unsigned i = 0; i < 2 * part; i++)
		p[i * PAGE] = 'm';
	MUST(close(go[1]));
	for (int i = 0; i < 3; i++) {
		int status = 0;
		MUST(waitpid(-1, &status, 0));
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			killed++;
		else
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
	}
	for (unsigned i = 0; i < 2 * part; i++)
		CHECK(p[i * PAGE] == 'm', "the parent lost page %u", i);
	dprintf(1, "%d killed\n", killed);
	return 0;
}
