/* Shell patterns. */
#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

static int in_class(const char *name, size_t len, int c)
{
	static const struct {
		const char *name;
		int (*test)(int);
	} classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"digit", isdigit}, {"lower", islower},
	    {"print", isprint}, {"punct", ispunct}, {"space", isspace}, {"upper", isupper},
	    {"xdigit", isxdigit}};

	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (strlen(classes[i].name) == len && memcmp(classes[i].name, name, len) == 0)
			return classes[i].test(c);
	return 0;
}

/* p is behind the [. Where the set ends, or NULL if it does not. */
static const char *match_set(const char *p, unsigned char c, int *match)
{
	int negate = *p == '!' || *p == '^', found = 0, first = 1;

	if (negate)
		p++;
	for (;; first = 0) {
		if (!*p)
			return NULL;
		if (*p == ']' && !first)
			break;
		if (p[0] == '[' && p[1] == ':') {
			const char *end = strstr(p + 2, ":]");
			if (end) {
				found |= in_class(p + 2, (size_t)(end - p - 2), c);
				p = end + 2;
				continue;
			}
		}
		if (*p == '\\' && p[1])
			p++;
		unsigned char low = (unsigned char)*p++, high = low;
		if (*p == '-' && p[1] && p[1] != ']') {
			p++;
			if (*p == '\\' && p[1])
				p++;
			high = (unsigned char)*p++;
		}
		found |= low <= c && c <= high;
	}
	*match = found != negate;
	return p + 1;
}

int fnmatch(const char *p, const char *s, int flags)
{
	const char *start = s, *retry_p = NULL, *retry_s = NULL;

	for (;;) {
		int leading = flags & FNM_PERIOD && *s == '.' &&
		    (s == start || (flags & FNM_PATHNAME && s[-1] == '/'));
		int slash = flags & FNM_PATHNAME && *s == '/';
		int match = 0;
		const char *next = p + 1;
		if (*p == '*' && !leading) {
			retry_p = ++p;
			retry_s = s;
			continue;
		}
		if (!*p) {
			match = !*s;
			if (match)
				return 0;
		} else if (!*s) {
			return FNM_NOMATCH;
		} else if (*p == '?') {
			match = !leading && !slash;
		} else if (*p == '[' && (next = match_set(p + 1, (unsigned char)*s, &match))) {
			match = match && !leading && !slash;
		} else {
			next = p + 1;
			if (*p == '\\' && p[1])
				next = p + 2;
			match = next[-1] == *s;
		}
		if (match) {
			p = next;
			s++;
			continue;
		}
		/* The last * takes one character more. */
		if (!retry_p || !*retry_s || (flags & FNM_PATHNAME && *retry_s == '/'))
			return FNM_NOMATCH;
		s = ++retry_s;
		p = retry_p;
	}
}
