/* vm#24 Does touching what is not mapped give SIGSEGV, SEGV_MAPERR and the very address? */
#include "test.h"

int main(void)
{
	char *p = map_pages(3, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	catch_faults();
	p[PAGE] = 1;
	MUST(munmap(p + PAGE, PAGE));
	EXPECT_FAULT(try_read(p + PAGE + 123), SIGSEGV, SEGV_MAPERR, p + PAGE + 123);
	EXPECT_FAULT(try_write(p + PAGE + 4095, 1), SIGSEGV, SEGV_MAPERR, p + PAGE + 4095);
	EXPECT_FAULT(try_read((char *)16), SIGSEGV, SEGV_MAPERR, 16);
	EXPECT_FAULT(try_write((char *)16, 1), SIGSEGV, SEGV_MAPERR, 16);
#ifndef FAULTLINE_LINUX
	/* The kernel's half is simply not there for a program. */
	CHECK(try_read((char *)0xc0000000u) == SIGSEGV, "the kernel's memory can be read");
	CHECK(try_write((char *)0xc0100000u, 1) == SIGSEGV, "the kernel's memory can be written");
	CHECK(try_read((char *)0xfffffff0u) == SIGSEGV, "the last page can be read");
#endif
	CHECK(p[0] == 0 && p[2 * PAGE] == 0, "the neighbours are gone too");
	return 0;
}
