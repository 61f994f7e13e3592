/*
 * Does code written into another page run as written: by stores, by a string move, by
 * read(2), after munmap and mmap, after fork on both sides?
 */
#include "test.h"

typedef int function(void);

static void make(unsigned char *code, int n)
{
	code[0] = 0xb8;
	memcpy(code + 1, &n, 4);
	code[5] = 0xc3;
}

int main(void)
{
	unsigned char *code = (unsigned char *)map_pages(2, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE), other[6];
	function *run = (function *)(uintptr_t)code;
	int fd = make_file(0);

	for (int n = 0; n < 200; n++) {
		make(code, n);
		CHECK(run() == n, "stores: not %d", n);
	}
	make(other, 1001);
	memcpy(code, other, 6);
	CHECK(run() == 1001, "rep movs");
	make(other, 1002);
	CHECK(write(fd, other, 6) == 6 && pread(fd, code, 6, 0) == 6, "a file");
	CHECK(run() == 1002, "read(2)");
	MUST(munmap(code, PAGE));
	CHECK(mmap(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	          MAP_ANON | MAP_PRIVATE | MAP_FIXED, -1, 0) == (void *)code, "mmap");
	make(code, 1003);
	CHECK(run() == 1003, "a new page at the old address");
	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(run() == 1003, "the child's copy");
		make(code, 1004);
		CHECK(run() == 1004, "the child's change");
		_exit(0);
	}
	make(code, 1005);
	CHECK(run() == 1005, "the parent's change");
	expect_child(pid, 0);
	CHECK(run() == 1005, "the parent runs the child's code");

	/* Across a page end: the immediate lies in the second page. */
	unsigned char *edge = code + PAGE - 3;
	run = (function *)(uintptr_t)edge;
	for (int n = 0; n < 100; n++) {
		make(edge, n * 0x01010101);
		CHECK(run() == n * 0x01010101, "across a page end: not %#x", n * 0x01010101);
	}
	edge[4] = 0x7f; /* only the second page's byte */
	CHECK(run() == (int)0x7f636363, "a byte in the second page");
	return 0;
}
