/*
 * Does code that was changed, in the page that is running and one instruction ahead, run as
 * changed, again and again?
 */
#include "test.h"

int main(void)
{
	unsigned char *code = (unsigned char *)map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE);
	int (*run)(void) = (int (*)(void))(uintptr_t)code;

	code[0] = 0xb8; /* movl $n, %eax */
	code[5] = 0xc3; /* ret */
	for (int n = 0; n < 1000; n++) {
		memcpy(code + 1, &n, 4);
		int got = run();
		CHECK(got == n, "changed to return %d, it returns %d", n, got);
	}
	/*
	 * 100: movb $5, 109     changes the immediate of the next instruction
	 * 107: nop
	 * 108: movl $1, %eax; ret
	 */
	unsigned char self[] = {0xc6, 0x05, 0, 0, 0, 0, 5, 0x90, 0xb8, 1, 0, 0, 0, 0xc3};
	unsigned target = (unsigned)(uintptr_t)(code + 100 + 9);
	memcpy(self + 2, &target, 4);
	memcpy(code + 100, self, sizeof self);
	run = (int (*)(void))(uintptr_t)(code + 100);
	for (int i = 0; i < 3; i++) {
		code[109] = 1;
		int got = run();
		CHECK(got == 5, "the instruction ahead ran as %d", got);
	}
	/* A loop that counts in its own immediate: addl $k, %eax with k growing. */
	unsigned char loop[] = {0x31, 0xc0, 0xb9, 10, 0, 0, 0, /* xor eax,eax; mov ecx,10 */
	    0x83, 0xc0, 1,                                   /* add eax, 1 */
	    0xfe, 0x05, 0, 0, 0, 0,                          /* incb the 1 above */
	    0xe2, 0xf5, 0xc3};                               /* loop; ret */
	target = (unsigned)(uintptr_t)(code + 200 + 9);
	memcpy(loop + 12, &target, 4);
	memcpy(code + 200, loop, sizeof loop);
	run = (int (*)(void))(uintptr_t)(code + 200);
	int sum = run();
	CHECK(sum == 55, "1 + ... + 10 is %d", sum);
	return 0;
}
