/*
 * One kind of instruction at a time: `operations KIND [COUNT]`. One round: 1000 turns of a loop of
 * 16 such instructions and two that turn it. MOV is the least an instruction can do: what it costs
 * in an interpreter is the cost of dispatching one.
 */
#include "bench.h"

#include <string.h>

#define TURNS 1000
#define LOOP(times, body) "1:\n\t.rept " #times "\n\t" body "\n\t.endr\n\tdec %0\n\tjnz 1b\n\t"

static const double step = 1.1, back = 1 / 1.1;
static double cell = 1.3;
static float singles[3][4] __attribute__((aligned(16))) = {
	{ 1.3f, -2.5f, 7, 0.1f },
	{ 1.1f, 0.75f, 1.3f, -0.9f },
	{ 1 / 1.1f, 1 / 0.75f, 1 / 1.3f, -1 / 0.9f },
};
static uint32_t words[2][4] __attribute__((aligned(16))) = {
	{ 0x12345678, 0x9abcdef0, 7, 0xfffffff1 },
	{ 0x00ff1234, 0x7fff8001, 0xdeadbeef, 3 },
};

static void mov(unsigned turns)
{
	__asm__ volatile(LOOP(8, "mov %%eax, %%ecx\n\tmov %%ecx, %%edx")
			 : "+r"(turns) : : "eax", "ecx", "edx", "cc");
}

/* The operands are ST(0), ST(1) = 1.1 and ST(2) = 1 / 1.1. */
#define X87(name, times, body)                                                            \
	static void name(unsigned turns)                                                  \
	{                                                                                 \
		__asm__ volatile("fldl %2\n\tfldl %3\n\tfldl %1\n\t" LOOP(times, body)    \
				 "fstpl %1\n\tfstp %%st(0)\n\tfstp %%st(0)"               \
				 : "+r"(turns), "+m"(cell) : "m"(back), "m"(step) : "cc"); \
	}
X87(fadd, 16, "fadd %%st(1), %%st")
X87(fmul, 8, "fmul %%st(1), %%st\n\tfmul %%st(2), %%st")
X87(fdiv, 8, "fdiv %%st(1), %%st\n\tfdiv %%st(2), %%st")
X87(fld, 8, "fldl %1\n\tfstpl %1")

/* The operands are XMM0, XMM1 = 1.1 and XMM2 = 1 / 1.1. */
#define DOUBLE(name, times, body)                                                         \
	static __attribute__((target("sse2"))) void name(unsigned turns)                  \
	{                                                                                 \
		__asm__ volatile("movsd %2, %%xmm2\n\tmovsd %3, %%xmm1\n\t"               \
				 "movsd %1, %%xmm0\n\t" LOOP(times, body)                 \
				 "movsd %%xmm0, %1"                                       \
				 : "+r"(turns), "+m"(cell) : "m"(back), "m"(step)         \
				 : "cc", "xmm0", "xmm1", "xmm2");                         \
	}
DOUBLE(addsd, 16, "addsd %%xmm1, %%xmm0")
DOUBLE(mulsd, 8, "mulsd %%xmm1, %%xmm0\n\tmulsd %%xmm2, %%xmm0")
DOUBLE(divsd, 8, "divsd %%xmm1, %%xmm0\n\tdivsd %%xmm2, %%xmm0")
DOUBLE(movsd, 8, "movsd %1, %%xmm0\n\tmovsd %%xmm0, %1")

#define PACKED(name, data, load, times, body)                                             \
	static __attribute__((target("sse2"))) void name(unsigned turns)                  \
	{                                                                                 \
		__asm__ volatile(load " %2, %%xmm1\n\t" load " %3, %%xmm2\n\t"            \
				 load " %1, %%xmm0\n\t" LOOP(times, body)                 \
				 load " %%xmm0, %1"                                       \
				 : "+r"(turns), "+m"(data[0])                             \
				 : "m"(data[1]), "m"(data[sizeof(data) / sizeof(*data) - 1]) \
				 : "cc", "xmm0", "xmm1", "xmm2");                         \
	}
PACKED(mulps, singles, "movaps", 8, "mulps %%xmm1, %%xmm0\n\tmulps %%xmm2, %%xmm0")
PACKED(addps, singles, "movaps", 8, "addps %%xmm1, %%xmm0\n\tsubps %%xmm2, %%xmm0")
PACKED(paddd, words, "movdqa", 8, "paddd %%xmm1, %%xmm0\n\tpxor %%xmm2, %%xmm0")
PACKED(pmullw, words, "movdqa", 8, "pmullw %%xmm1, %%xmm0\n\tpaddw %%xmm2, %%xmm0")

static const struct kind {
	const char *name;
	void (*run)(unsigned turns);
} kinds[] = {
	{ "mov", mov },
	{ "fadd", fadd }, { "fmul", fmul }, { "fdiv", fdiv }, { "fld", fld },
	{ "addsd", addsd }, { "mulsd", mulsd }, { "divsd", divsd }, { "movsd", movsd },
	{ "addps", addps }, { "mulps", mulps }, { "paddd", paddd }, { "pmullw", pmullw },
};

int main(int argc, char **argv)
{
	unsigned count = rounds(argc - 1, argv + 1, 1000);
	uint32_t sum = 0, part[(sizeof(cell) + sizeof(*singles) + sizeof(*words)) / 4];

	for (unsigned k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		if (argc < 2 || strcmp(argv[1], kinds[k].name) != 0)
			continue;
		for (unsigned i = 0; i < count; i++)
			kinds[k].run(TURNS);
		memcpy(part, &cell, sizeof(cell));
		memcpy(part + 2, singles[0], sizeof(*singles));
		memcpy(part + 6, words[0], sizeof(*words));
		for (unsigned i = 0; i < sizeof(part) / sizeof(*part); i++)
			sum = sum * 31 + part[i];
		return report(argv[1], count, sum);
	}
	fputs("usage: operations KIND [COUNT]\n", stderr);
	return 2;
}
