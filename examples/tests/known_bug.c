/* A test that is known to fail: should it pass one day, that is reported.
 *
 * @xfail  the sum is wrong for odd numbers
 * @stdout "3\n"
 */
#include <stdio.h>

int main(void)
{
	printf("%d\n", 3 / 2 * 2);
	return 0;
}
