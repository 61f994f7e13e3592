/* printf: % [-0+ #] [width|*] [.precision|.*] [hh h l ll z j t] d i u x X o c s p %. */
#include "file.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Where characters go: to a file through a small buffer, or to memory with an end. */
struct sink {
	FILE *file;
	char *buf;
	size_t size, used;
	int total;
};

static void flush_sink(struct sink *s)
{
	fwrite(s->buf, 1, s->used, s->file);
	s->used = 0;
}

static void put(struct sink *s, const char *p, size_t len)
{
	s->total += (int)len;
	for (; len > 0; len--, p++) {
		if (s->used == s->size) {
			if (!s->file)
				return;
			flush_sink(s);
		}
		s->buf[s->used++] = *p;
	}
}

static void pad(struct sink *s, char c, int count)
{
	while (count-- > 0)
		put(s, &c, 1);
}

static char *digits(char *end, uint64_t value, unsigned base, int upper)
{
	for (; value != 0; value /= base) {
		char c = "0123456789abcdef"[value % base];
		*--end = upper ? (char)toupper(c) : c;
		if (value >> 32 == 0) { /* the rest needs no 64-bit division */
			for (uint32_t low = (uint32_t)value / base; low != 0; low /= base) {
				c = "0123456789abcdef"[low % base];
				*--end = upper ? (char)toupper(c) : c;
			}
			break;
		}
	}
	return end;
}

static void format(struct sink *s, const char *f, va_list args)
{
	for (;;) {
		const char *text = f;
		while (*f && *f != '%')
			f++;
		put(s, text, (size_t)(f - text));
		if (!*f++)
			return;

		int left = 0, zero = 0, alternate = 0, width = 0, precision = -1, longs = 0;
		char sign = 0;
		for (;; f++) {
			if (*f == '-')
				left = 1;
			else if (*f == '0')
				zero = 1;
			else if (*f == '#')
				alternate = 1;
			else if (*f == '+' || (*f == ' ' && sign == 0))
				sign = *f;
			else
				break;
		}
		if (*f == '*') {
			width = va_arg(args, int);
			f++;
			if (width < 0) {
				left = 1;
				width = -width;
			}
		} else {
			while (isdigit(*f))
				width = width * 10 + *f++ - '0';
		}
		if (*f == '.') {
			f++;
			precision = 0;
			if (*f == '*') {
				precision = va_arg(args, int);
				f++;
			} else {
				while (isdigit(*f))
					precision = precision * 10 + *f++ - '0';
			}
		}
		for (; *f && strchr("hlzjt", *f); f++) {
			if (*f == 'l')
				longs++;
			else if (*f == 'j')
				longs = 2;
			else if (*f == 'h')
				longs--;
		}

		char number[32], *end = number + sizeof number, *p = end;
		const char *prefix = "";
		size_t len;
		uint64_t value;
		char c = *f++;
		switch (c) {
		case 'd':
		case 'i': {
			int64_t v = longs >= 2 ? va_arg(args, int64_t) : va_arg(args, int);
			if (longs == -1)
				v = (short)v;
			else if (longs == -2)
				v = (signed char)v;
			if (v < 0)
				prefix = "-";
			else if (sign)
				prefix = sign == '+' ? "+" : " ";
			p = digits(end, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, 0);
			break;
		}
		case 'u':
		case 'x':
		case 'X':
		case 'o':
			value = longs >= 2 ? va_arg(args, uint64_t) : va_arg(args, unsigned);
			if (longs == -1)
				value = (uint16_t)value;
			else if (longs == -2)
				value = (uint8_t)value;
			p = digits(end, value, c == 'u' ? 10 : c == 'o' ? 8 : 16, c == 'X');
			if (alternate && value != 0)
				prefix = c == 'o' ? "0" : c == 'x' ? "0x" : c == 'X' ? "0X" : "";
			break;
		case 'p':
			p = digits(end, (uintptr_t)va_arg(args, void *), 16, 0);
			prefix = "0x";
			break;
		case 'c':
			*--p = (char)va_arg(args, int);
			pad(s, ' ', left ? 0 : width - 1);
			put(s, p, 1);
			pad(s, ' ', left ? width - 1 : 0);
			continue;
		case 's': {
			const char *string = va_arg(args, const char *);
			if (!string)
				string = "(null)";
			len = precision >= 0 ? strnlen(string, (size_t)precision) : strlen(string);
			pad(s, ' ', left ? 0 : width - (int)len);
			put(s, string, len);
			pad(s, ' ', left ? width - (int)len : 0);
			continue;
		}
		case 0:
			return;
		default: /* %% and what we do not know */
			put(s, &c, 1);
			continue;
		}
		len = (size_t)(end - p);
		int zeros = 0, used = (int)(len + strlen(prefix));
		if (precision < 0 && len == 0)
			precision = 1;
		if (precision > (int)len)
			zeros = precision - (int)len;
		else if (zero && !left && precision < 0 && width > used)
			zeros = width - used;
		if (zero && !left && precision == 1 && len == 0 && width > used + 1)
			zeros = width - used;
		pad(s, ' ', left ? 0 : width - used - zeros);
		put(s, prefix, strlen(prefix));
		pad(s, '0', zeros);
		put(s, p, len);
		pad(s, ' ', left ? width - used - zeros : 0);
	}
}

int vfprintf(FILE *f, const char *text, va_list args)
{
	char buf[128];
	struct sink s = {f, buf, sizeof buf, 0, 0};

	format(&s, text, args);
	flush_sink(&s);
	return f->flags & F_ERROR ? -1 : s.total;
}

int vsnprintf(char *buf, size_t size, const char *text, va_list args)
{
	struct sink s = {NULL, buf, size > 0 ? size - 1 : 0, 0, 0};

	format(&s, text, args);
	if (size > 0)
		buf[s.used] = 0;
	return s.total;
}

int vprintf(const char *text, va_list args)
{
	return vfprintf(stdout, text, args);
}

#define WITH_ARGS(call) \
	va_list args; \
	va_start(args, text); \
	int n = call; \
	va_end(args); \
	return n

int printf(const char *text, ...)
{
	WITH_ARGS(vfprintf(stdout, text, args));
}

int fprintf(FILE *f, const char *text, ...)
{
	WITH_ARGS(vfprintf(f, text, args));
}

int dprintf(int fd, const char *text, ...)
{
	FILE f = {fd, F_WRITE | F_UNBUFFERED, NULL, 0, 0, 0, NULL};

	WITH_ARGS(vfprintf(&f, text, args));
}

int snprintf(char *buf, size_t size, const char *text, ...)
{
	WITH_ARGS(vsnprintf(buf, size, text, args));
}

int sprintf(char *buf, const char *text, ...)
{
	WITH_ARGS(vsnprintf(buf, 0x7fffffff, text, args));
}
