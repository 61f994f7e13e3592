/*
 * Do reads and writes larger than a small machine's memory come to an end, each byte once, also
 * where they append?
 */
#include "test.h"

#include <sys/mman.h>
#include <sys/stat.h>

#define SIZE (1 << 20)

static char *room(void)
{
	char *p = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);

	CHECK(p != MAP_FAILED, "no memory");
	return p;
}

static void check_size(int fd, long size)
{
	struct stat st;

	MUST(fstat(fd, &st));
	CHECK(st.st_size == size, "size %ld, not %ld", (long)st.st_size, size);
}

int main(void)
{
	int fd = make_file(0);
	char *out = room(), *in = room();

	for (int i = 0; i < SIZE; i += 512)
		out[i] = i >> 9;
	CHECK(write(fd, out, SIZE) == SIZE, "a large write");
	check_size(fd, SIZE);
	MUST(fcntl(fd, F_SETFL, O_APPEND));
	CHECK(write(fd, out, SIZE) == SIZE, "a large append");
	check_size(fd, 2 * SIZE);
	for (int half = 0; half < 2; half++) {
		memset(in, 0x55, SIZE);
		CHECK(pread(fd, in, SIZE, half * SIZE) == SIZE, "a large read");
		for (int i = 0; i < SIZE; i++)
			CHECK(in[i] == out[i], "half %d: byte %d is %d", half, i, in[i]);
	}
	return 0;
}
