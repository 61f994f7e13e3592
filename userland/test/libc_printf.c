/* Does printf format as C says? */
#include "test.h"

#define SAME(wanted, ...) \
	do { \
		char out_[128]; \
		int n_ = snprintf(out_, sizeof out_, __VA_ARGS__); \
		CHECK(strcmp(out_, wanted) == 0 && n_ == (int)strlen(wanted), "\"%s\", not \"%s\"", \
		    out_, wanted); \
	} while (0)

int main(void)
{
	char cut[5];

	SAME("-5 5 +5  5", "%d %d %+d % d", -5, 5, 5, 5);
	SAME("    5|5    |00005|-0005", "%5d|%-5d|%05d|%05d", 5, 5, 5, -5);
	SAME("0 00000 0 0", "%d %05d %x %#x", 0, 0, 0, 0);
	SAME("ff FF 0xff 377 0377", "%x %X %#x %o %#o", 255, 255, 255, 255, 255);
	SAME("4294967295 -2147483648", "%u %d", 0xffffffffu, -2147483647 - 1);
	SAME("18446744073709551615 -9223372036854775808", "%llu %lld", ~0ull, -9223372036854775807ll - 1);
	SAME("1234567890123", "%lld", 1234567890123ll);
	SAME("c|  s|s  |st|%", "%c|%3s|%-3s|%.2s|%%", 'c', "s", "s", "string");
	SAME("   007|007  |7", "%6.3d|%-5.3d|%.0d", 7, 7, 7);
	SAME("    7|7    |  ab", "%*d|%-*d|%*.*s", 5, 7, 5, 7, 4, 2, "abc");
	SAME("0x1234 12 34", "%p %zu %ld", (void *)0x1234, (size_t)12, 34l);
	SAME("-1 255 65535", "%hhd %hhu %hu", 255, 255, 65535);
	CHECK(snprintf(cut, sizeof cut, "%s", "too long") == 8 && strcmp(cut, "too ") == 0, "cut: %s", cut);
	char *end;
	CHECK(strtol("  -0x1fz", &end, 0) == -31 && *end == 'z', "strtol");
	CHECK(strtoul("4294967295", NULL, 10) == 4294967295u, "strtoul");
	CHECK(strtol("99999999999", NULL, 10) == 0x7fffffff && errno == ERANGE, "strtol overflow");
	CHECK(strtoll("-9223372036854775808", NULL, 10) == -9223372036854775807ll - 1, "strtoll");
	return 0;
}
