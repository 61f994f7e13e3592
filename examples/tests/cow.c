/* A child writes some of its parent's pages: does the kernel copy these and no others?
 *
 *     parent  writes 64 pages   fork ............ waits, reads its own bytes
 *     child                          writes N
 *
 * @matrix args = 0 | 8 | 64
 * @expect forks == 1
 * @expect pageins == 0
 * @expect pages.leaked == 0
 * # The data segment: its copy in the child, the one in the parent, the file.
 * @expect shadow.depth <= 2
 * # Some pages of the C library's and of the stack are copied too.
 * @expect[args=0]  event.fault.copied < 8
 * @expect[args=8]  event.fault.copied >= 8
 * @expect[args=8]  event.fault.copied < 16
 * @expect[args=64] event.fault.copied >= 64
 * @expect[args=64] event.fault.copied < 72
 * @limit  memory 2M
 * @limit  instructions 2_000_000
 * @tags   fork
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 64, PAGE = 4096 };

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0, status;
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < PAGES; i++)
		p[i * PAGE] = 'p';
	pid_t child = fork();
	if (child == 0) {
		for (int i = 0; i < n; i++)
			p[i * PAGE] = 'c';
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		return 1;
	for (int i = 0; i < PAGES; i++)
		if (p[i * PAGE] != 'p')
			return 2;
	return 0;
}
