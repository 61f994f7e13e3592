/* Does an open or mapped file live on after unlink, and after being renamed over? */
#include "test.h"

#include <sys/stat.h>

int main(void)
{
	char a[] = "/tmp/test.XXXXXX", b[] = "/tmp/test.XXXXXX", buf[8];
	struct stat st;
	int fa = MUST(mkstemp(a)), fb = MUST(mkstemp(b));

	CHECK(write(fa, "first", 5) == 5 && write(fb, "second", 6) == 6, "write");
	char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fb, 0);
	CHECK(map != MAP_FAILED, "mmap");
	MUST(rename(a, b)); /* b's name now leads to the first file */
	MUST_FAIL(stat(a, &st), ENOENT);
	int again = MUST(open(b, O_RDONLY));
	CHECK(read(again, buf, 8) == 5 && memcmp(buf, "first", 5) == 0, "the new name's file");
	CHECK(pread(fb, buf, 8, 0) == 6 && memcmp(buf, "second", 6) == 0, "the file renamed over");
	close(fb);
	CHECK(memcmp(map, "second", 6) == 0 && map[6] == 0, "its mapping");
	MUST(unlink(b));
	CHECK(pread(fa, buf, 8, 0) == 5, "an unlinked open file");
	CHECK(pwrite(fa, "still", 5, 5) == 5, "writing to an unlinked file");
	MUST(fstat(fa, &st));
	CHECK(st.st_size == 10 && st.st_nlink == 0, "size %ld, %d links", (long)st.st_size,
	    (int)st.st_nlink);
	MUST_FAIL(open(b, O_RDONLY), ENOENT);
	return 0;
}
