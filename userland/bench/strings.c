/* Splitting, copying, comparing, searching and formatting words. One round: a 2 KB text. */
#include "bench.h"

#include <string.h>

int main(int argc, char **argv)
{
	static char text[2049], copy[2049], out[64];
	unsigned count = rounds(argc, argv, 100);
	uint32_t seed = 5, sum = 0;

	for (unsigned i = 0; i < 2048; i++)
		text[i] = next_random(&seed) % 6 == 0 ? ' ' : (char)('a' + seed / 64 % 26);
	for (unsigned r = 0; r < count; r++) {
		char *state, *longest = text;
		size_t best = 0;
		strcpy(copy, text);
		for (char *w = strtok_r(copy, " ", &state); w; w = strtok_r(NULL, " ", &state)) {
			size_t len = strlen(w);
			if (len > best || (len == best && strcmp(w, longest) < 0)) {
				best = len;
				longest = w;
			}
			for (const char *c = w; *c; c++)
				sum = sum * 31 + (unsigned char)*c;
			if (strchr(w, 'q') || strstr(w, "ab"))
				sum ^= len;
		}
		snprintf(out, sizeof out, "%u:%s:%zu", r, longest, best);
		for (const char *c = out; *c; c++)
			sum = sum * 33 + (unsigned char)*c;
		text[r % 2048] = (char)('a' + sum % 26);
	}
	return report("strings", count, sum);
}
