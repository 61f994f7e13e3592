/* vm#32 Do many protection changes cut a mapping into pieces that behave on their own? */
#include "test.h"

#define PAGES 32

int main(void)
{
	char *p = map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	catch_faults();
	memset(p, 'm', PAGES * PAGE);
	for (unsigned i = 0; i < PAGES; i += 2)
		MUST(mprotect(p + i * PAGE, PAGE, i % 4 ? PROT_NONE : PROT_READ));
	for (unsigned i = 0; i < PAGES; i++) {
		int readable = i % 2 || i % 4 == 0, writable = i % 2;
		CHECK((try_read(p + i * PAGE) == 0) == readable, "page %u: reading", i);
		CHECK((try_write(p + i * PAGE, 'w') == 0) == writable, "page %u: writing", i);
	}
	MUST(mprotect(p, PAGES * PAGE, PROT_READ | PROT_WRITE));
	for (unsigned i = 0; i < PAGES; i++) {
		CHECK(p[i * PAGE] == (i % 2 ? 'w' : 'm'), "page %u holds %d", i, p[i * PAGE]);
		CHECK(try_write(p + i * PAGE, 'z') == 0, "page %u stays protected", i);
	}
	return 0;
}
