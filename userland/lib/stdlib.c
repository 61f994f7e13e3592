/* Numbers, sorting, environment. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Magnitude and sign of a number; *end stays at s when there is none. */
static unsigned long long scan(const char *s, char **end, int base, int *negative, int *overflow)
{
	const char *p = s;
	unsigned long long value = 0;
	int digits = 0;

	while (isspace(*p))
		p++;
	*negative = *p == '-';
	*overflow = 0;
	if (*p == '-' || *p == '+')
		p++;
	if ((base == 0 || base == 16) && p[0] == '0' && (p[1] | 32) == 'x' && isxdigit(p[2])) {
		p += 2;
		base = 16;
	} else if (base == 0) {
		base = *p == '0' ? 8 : 10;
	}
	for (;; p++, digits++) {
		int digit = isdigit(*p) ? *p - '0' : isalpha(*p) ? (*p | 32) - 'a' + 10 : 99;
		if (digit >= base)
			break;
		unsigned long long next = value * (unsigned)base + (unsigned)digit;
		if (value > UINT64_MAX / (unsigned)base || next < value * (unsigned)base)
			*overflow = 1;
		value = next;
	}
	if (end)
		*end = (char *)(digits ? p : s);
	return value;
}

long long strtoll(const char *s, char **end, int base)
{
	int negative, overflow;
	unsigned long long value = scan(s, end, base, &negative, &overflow);

	if (overflow || value > (unsigned long long)LLONG_MAX + negative) {
		errno = ERANGE;
		return negative ? LLONG_MIN : LLONG_MAX;
	}
	return (long long)(negative ? -value : value);
}

unsigned long long strtoull(const char *s, char **end, int base)
{
	int negative, overflow;
	unsigned long long value = scan(s, end, base, &negative, &overflow);

	if (overflow) {
		errno = ERANGE;
		return UINT64_MAX;
	}
	return negative ? -value : value;
}

long strtol(const char *s, char **end, int base)
{
	long long value = strtoll(s, end, base);

	if (value > LONG_MAX || value < LONG_MIN) {
		errno = ERANGE;
		return value < 0 ? LONG_MIN : LONG_MAX;
	}
	return (long)value;
}

unsigned long strtoul(const char *s, char **end, int base)
{
	int negative, overflow;
	unsigned long long value = scan(s, end, base, &negative, &overflow);

	if (overflow || value > ULONG_MAX) {
		errno = ERANGE;
		return ULONG_MAX;
	}
	return (unsigned long)(negative ? -value : value);
}

int atoi(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

int abs(int n)
{
	return n < 0 ? -n : n;
}

static unsigned rand_state = 1;

void srand(unsigned seed)
{
	rand_state = seed;
}

int rand(void)
{
	rand_state = rand_state * 1103515245u + 12345u;
	return (int)(rand_state >> 1 & 0x7fffffff);
}

static void swap(char *a, char *b, size_t size)
{
	for (; size > 0; size--, a++, b++) {
		char c = *a;
		*a = *b;
		*b = c;
	}
}

/* Heapsort: no recursion, no bad case. */
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	char *a = base;

	if (count < 2)
		return;
	for (size_t start = count / 2, end = count; end > 1;) {
		if (start > 0)
			start--;
		else
			swap(a, a + --end * size, size);
		for (size_t root = start, child; (child = 2 * root + 1) < end; root = child) {
			if (child + 1 < end && compare(a + child * size, a + (child + 1) * size) < 0)
				child++;
			if (compare(a + root * size, a + child * size) >= 0)
				break;
			swap(a + root * size, a + child * size, size);
		}
	}
}

void *bsearch(const void *key, const void *base, size_t count, size_t size,
    int (*compare)(const void *, const void *))
{
	size_t low = 0;

	while (low < count) {
		size_t mid = low + (count - low) / 2;
		const char *p = (const char *)base + mid * size;
		int order = compare(key, p);
		if (order == 0)
			return (void *)p;
		if (order < 0)
			count = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static char **find_variable(const char *name, size_t len)
{
	for (char **e = environ; e && *e; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return e;
	return NULL;
}

char *getenv(const char *name)
{
	size_t len = strlen(name);
	char **e = find_variable(name, len);

	return e ? *e + len + 1 : NULL;
}

int setenv(const char *name, const char *value, int overwrite)
{
	static char **owned; /* environ, once it is ours to resize */
	size_t len = strlen(name), count = 0;
	char **slot = find_variable(name, len);

	if (slot && !overwrite)
		return 0;
	char *text = malloc(len + strlen(value) + 2);
	if (!text)
		return -1;
	strcpy(text, name);
	text[len] = '=';
	strcpy(text + len + 1, value);
	if (slot) {
		*slot = text;
		return 0;
	}
	while (environ && environ[count])
		count++;
	char **grown = realloc(owned == environ ? owned : NULL, (count + 2) * sizeof *grown);
	if (!grown)
		return -1;
	if (owned != environ)
		memcpy(grown, environ, count * sizeof *grown);
	grown[count] = text;
	grown[count + 1] = NULL;
	environ = owned = grown;
	return 0;
}

int unsetenv(const char *name)
{
	char **e = find_variable(name, strlen(name));

	if (e)
		do
			e[0] = e[1];
		while (*e++);
	return 0;
}

int mkstemp(char *template)
{
	size_t len = strlen(template);
	unsigned n = (unsigned)getpid();

	for (int tries = 0; tries < 1000; tries++, n += 7919) {
		unsigned rest = n;
		for (size_t i = len; i > 0 && i > len - 6; i--, rest /= 36)
			template[i - 1] = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36];
		int fd = open(template, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}
