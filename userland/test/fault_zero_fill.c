/*
 * vm#92 Does fresh anonymous memory read as zeros, whether it is read or written first, and does a
 * write to one byte leave the others of its page zero?
 */
#include "test.h"

int main(void)
{
	char *p = map_pages(64, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	for (unsigned i = 0; i < 64; i++) {
		char *page = p + i * PAGE;
		if (i % 2)
			page[i] = (char)(i + 1); /* first touch is a write */
		for (unsigned j = 0; j < PAGE; j++) {
			char wanted = i % 2 && j == i ? (char)(i + 1) : 0;
			CHECK(page[j] == wanted, "page %u byte %u is %d", i, j, page[j]);
		}
		page[0] = 5; /* a page first read can then be written */
		CHECK(page[0] == 5, "page %u lost a write", i);
	}
	return 0;
}
