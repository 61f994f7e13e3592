/* A store through a wild pointer ends the program, before it says anything more.
 *
 * @signal SIGSEGV
 * @stderr "about to store\n"
 * @stdout empty
 * @expect event.fault.failed == 1
 */
#include <stdio.h>

int main(void)
{
	fputs("about to store\n", stderr);
	*(volatile int *)0x10 = 1;
	puts("never");
	return 0;
}
