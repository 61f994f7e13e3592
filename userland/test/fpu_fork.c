/*
 * Does a child inherit the x87 state, and does each process keep its own when they take turns, both
 * when they give up the CPU and when it is taken from them?
 *
 *   parent: precision 64, up    children: own rounding each, own registers
 */
#include "test.h"

#include <sched.h>

#define CHILDREN 6

static double work(int which)
{
	volatile double seed = which + 0.1;
	double x = seed, sum = 0;

	for (int i = 1; i < 60000; i++) {
		x = x * 0.75 + 1 / (x + i);
		sum += x;
		if (i % 997 == 0)
			sched_yield();
	}
	return sum;
}

static void set_control(int rounding)
{
	uint16_t control = (uint16_t)(0x37f | rounding << 10);

	__asm__ volatile("fldcw %0" : : "m"(control));
}

static int get_control(void)
{
	uint16_t control;

	__asm__ volatile("fnstcw %0" : "=m"(control));
	return control;
}

int main(void)
{
	double want[CHILDREN];

	for (int i = 0; i < CHILDREN; i++) {
		set_control(i & 3);
		want[i] = work(i);
	}
	CHECK(memcmp(&want[0], &want[4], sizeof(double)) != 0, "all results are the same");

	/* Registers across fork: five values on the stack, and C bits, in both. */
	set_control(2);
	int result;
	double down[5];
	uint16_t status;
	__asm__ volatile("fldl2e\n\tfldpi\n\tfldl2t\n\tfldlg2\n\tfldln2\n\tftst\n\t"
	                 "int $0x80\n\t"
	                 "fnstsw %2\n\tfstpl %1\n\tfstpl 8+%1\n\tfstpl 16+%1\n\tfstpl 24+%1\n\tfstpl 32+%1"
	                 : "=a"(result), "=m"(down), "=m"(status)
	                 : "0"(2)
	                 : "edx", "cc", "memory");
	static const double constants[5] = {0.69314718055994530942, 0.30102999566398119521,
	                                    3.32192809488736234787, 3.14159265358979323846,
	                                    1.44269504088896340736};
	for (int i = 0; i < 5; i++)
		CHECK(down[i] - constants[i] >= 0 && down[i] - constants[i] < 1e-15,
		      "%s: register %d lost", result ? "parent" : "child", i);
	CHECK(status >> 11 == 3 && (status & 0x4500) == 0, "status %#x", status);
	CHECK(get_control() == 0xb7f, "control word %#x", get_control());
	if (result == 0)
		_exit(0);
	expect_child(result, 0);

	pid_t pids[CHILDREN];
	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = MUST(fork());
		if (pids[i] == 0) {
			set_control(i & 3);
			double got = work(i);
			CHECK(memcmp(&got, &want[i], sizeof got) == 0, "child %d computes something else", i);
			CHECK(get_control() == (0x37f | (i & 3) << 10), "control word %#x", get_control());
			_exit(0);
		}
	}
	for (int i = 0; i < CHILDREN; i++)
		expect_child(pids[i], 0);
	CHECK(get_control() == 0xb7f, "the children changed the control word: %#x", get_control());
	return 0;
}
