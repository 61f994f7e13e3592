/* vm#44 Are locked pages resident, readable, writable, copied at fork, and unlocked again? */
#include "test.h"

int main(void)
{
	char *p = map_pages(4, PROT_READ | PROT_WRITE, MAP_PRIVATE), vec[4];

	if (mlock(p, 4 * PAGE) < 0) /* not everybody may */
		return errno == EPERM || errno == ENOMEM ? 0 : 1;
	MUST(mincore(p, 4 * PAGE, vec));
	for (int i = 0; i < 4; i++)
		CHECK(vec[i] & MINCORE_INCORE, "page %d is locked but not resident", i);
	memset(p, 'l', 4 * PAGE);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(p[0] == 'l' && p[4 * PAGE - 1] == 'l', "the child's copy");
		memset(p, 'c', 4 * PAGE);
		_exit(0);
	}
	p[PAGE] = 'm';
	expect_child(pid, 0);
	CHECK(p[0] == 'l' && p[PAGE] == 'm', "the child wrote into locked pages");
	MUST(mlock(p + PAGE, PAGE)); /* twice counts once */
	MUST(munlock(p, 2 * PAGE));
	CHECK(p[0] == 'l', "unlocking lost a page");
	MUST(munmap(p + 2 * PAGE, PAGE)); /* locked pages can be unmapped */
	MUST_FAIL(mlock(p, 4 * PAGE), ENOMEM);
	MUST(munmap(p, 4 * PAGE));
	return 0;
}
