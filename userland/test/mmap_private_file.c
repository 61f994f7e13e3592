/*
 * vm#41 vm#56 Does a private mapping show the file until it is written, keep its own writes to itself,
 * and leave the file alone?
 */
#include "test.h"

int main(void)
{
	int fd = make_file(3 * PAGE);
	char *a = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *b = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	char c;

	CHECK(a != MAP_FAILED && b != MAP_FAILED, "mmap: %s", strerror(errno));
	CHECK(a[5] == pattern(5), "the file does not show");
	a[5] = '!';
	CHECK(pread(fd, &c, 1, 5) == 1 && c == pattern(5), "a private store reached the file");
	CHECK(b[5] == pattern(5), "a private store reached another mapping");
	CHECK(a[6] == pattern(6) && a[PAGE - 1] == pattern(PAGE - 1), "the copy is incomplete");
	/* write(2) shows in pages not yet copied, and not in those copied */
	CHECK(pwrite(fd, "??", 2, 5) == 2 && pwrite(fd, "??", 2, PAGE + 5) == 2, "pwrite");
	CHECK(a[5] == '!' && a[6] == pattern(6), "write(2) changed a copied page");
	CHECK(a[PAGE + 5] == '?' && b[5] == '?', "write(2) does not show in an uncopied page");
	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(a[5] == '!', "the child lost the parent's private page");
		a[5] = '#';
		a[2 * PAGE] = '#';
		_exit(0);
	}
	expect_child(pid, 0);
	CHECK(a[5] == '!' && a[2 * PAGE] == pattern(2 * PAGE), "a child's private store shows");
	return 0;
}
