/*
 * An interpreter of a small stack machine: indirect jumps. One round: a program that counts to
 * 1000 and mixes as it goes.
 */
#include "bench.h"

enum { PUSH, LOAD, STORE, ADD, XOR, SHIFT, LESS, JUMP_IF, END };

int main(int argc, char **argv)
{
	static const unsigned char program[] = {
	    /* 0 */ PUSH, 0, STORE, 0, /* i = 0 */
	    /* 4 */ LOAD, 1, LOAD, 0, ADD, STORE, 1, /* x += i */
	    /* 11 */ LOAD, 1, SHIFT, 5, LOAD, 1, XOR, STORE, 1, /* x ^= x rotated */
	    /* 20 */ LOAD, 0, PUSH, 1, ADD, STORE, 0, /* i++ */
	    /* 27 */ LOAD, 0, LOAD, 2, LESS, JUMP_IF, 4, /* i < n */
	    /* 34 */ END};
	unsigned count = rounds(argc, argv, 200);
	uint32_t variables[3] = {0, 12345, 1000}, stack[16];

	for (unsigned i = 0; i < count; i++) {
		uint32_t *sp = stack;
		for (const unsigned char *pc = program;;) {
			switch (*pc++) {
			case PUSH:
				*sp++ = *pc++;
				continue;
			case LOAD:
				*sp++ = variables[*pc++];
				continue;
			case STORE:
				variables[*pc++] = *--sp;
				continue;
			case ADD:
				sp--;
				sp[-1] += sp[0];
				continue;
			case XOR:
				sp--;
				sp[-1] ^= sp[0];
				continue;
			case SHIFT:
				sp[-1] = sp[-1] << *pc | sp[-1] >> (32 - *pc);
				pc++;
				continue;
			case LESS:
				sp--;
				sp[-1] = sp[-1] < sp[0];
				continue;
			case JUMP_IF:
				pc = *--sp ? program + *pc : pc + 1;
				continue;
			case END:
				break;
			}
			break;
		}
	}
	return report("bytecode", count, variables[1]);
}
