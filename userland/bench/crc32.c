/* CRC-32 by table over 64 KB. One round: one pass. */
#include "bench.h"

int main(int argc, char **argv)
{
	static uint32_t table[256];
	static unsigned char data[65536];
	unsigned count = rounds(argc, argv, 50);
	uint32_t crc = 0xffffffff, seed = 7;

	for (unsigned i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
		table[i] = c;
	}
	for (unsigned i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)next_random(&seed);
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < sizeof data; j++)
			crc = table[(crc ^ data[j]) & 0xff] ^ crc >> 8;
	return report("crc32", count, ~crc);
}
