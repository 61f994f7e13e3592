/* echo and printf. */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int octal(const char **p, int digits)
{
	int value = 0;

	for (; digits > 0 && **p >= '0' && **p <= '7'; digits--)
		value = value * 8 + *(*p)++ - '0';
	return value;
}

/* *p is behind a backslash. The character it makes; '\\' alone if it makes none. */
static int escape(const char **p)
{
	static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	const char *known = **p ? strchr(letters, **p) : NULL;

	if (known) {
		++*p;
		return values[known - letters];
	}
	return isdigit(**p) && **p < '8' ? octal(p, 3) : '\\';
}

/* Text with the escapes of echo and %b; 1 when \c ends all output. */
static int add_escaped(struct string *out, const char *p)
{
	while (*p) {
		int c = *p++;
		if (c == '\\') {
			if (*p == 'c')
				return 1;
			if (*p == '0') {
				p++;
				c = octal(&p, 3);
			} else {
				c = escape(&p);
			}
		}
		string_add(out, c);
	}
	return 0;
}

int b_echo(int argc, char **argv)
{
	struct string out = {0};
	int newline = 1, i = 1;

	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		newline = 0;
		i++;
	}
	for (int first = i; i < argc; i++) {
		if (i > first)
			string_add(&out, ' ');
		if (add_escaped(&out, argv[i])) {
			newline = 0;
			break;
		}
	}
	if (newline)
		string_add(&out, '\n');
	fwrite(out.text, 1, out.len, stdout);
	free(out.text);
	return 0;
}

static char **arguments; /* of printf, those that are left */
static int result;

static char *next_text(void)
{
	return *arguments ? *arguments++ : "";
}

static long long next_number(int is_unsigned)
{
	char *text = *arguments, *end;

	if (!text)
		return 0;
	arguments++;
	if (*text == '\'' || *text == '"')
		return (unsigned char)text[1];
	errno = 0;
	long long n = is_unsigned ? (long long)strtoull(text, &end, 0) : strtoll(text, &end, 0);
	if (end == text && *text) {
		complain("%s: expected numeric value", text);
		result = 1;
	} else if (*end) {
		complain("%s: not completely converted", text);
		result = 1;
	} else if (errno == ERANGE) {
		complain("%s: %s", text, strerror(ERANGE));
		result = 1;
	}
	return n;
}

static double next_real(void)
{
	char *text = *arguments, *end;

	if (!text)
		return 0;
	arguments++;
	if (*text == '\'' || *text == '"')
		return (unsigned char)text[1];
	double n = real_value(text, &end);
	if (*text && (end == text || *end)) {
		complain(end == text ? "%s: expected numeric value" : "%s: not completely converted", text);
		result = 1;
	}
	return n;
}

static void put_padded(const char *text, size_t len, int width, int left)
{
	int pad = width - (int)len;

	for (; !left && pad > 0; pad--)
		putchar(' ');
	fwrite(text, 1, len, stdout);
	for (; pad > 0; pad--)
		putchar(' ');
}

/* f is behind a %. What comes back is behind the conversion, or NULL to end all output. */
static const char *convert(const char *f)
{
	char flags[8] = "", directive[40];
	int width = 0, precision = -1;
	size_t n = 0;

	for (; *f && strchr("-+ #0", *f); f++)
		if (n < sizeof flags - 1 && !strchr(flags, *f)) {
			flags[n++] = *f;
			flags[n] = 0;
		}
	if (*f == '*') {
		f++;
		width = (int)next_number(0);
	} else {
		while (isdigit(*f))
			width = width * 10 + *f++ - '0';
	}
	int left = width < 0 || strchr(flags, '-') != NULL;
	if (*f == '.') {
		precision = 0;
		if (*++f == '*') {
			f++;
			precision = (int)next_number(0);
		} else {
			while (isdigit(*f))
				precision = precision * 10 + *f++ - '0';
		}
	}
	int c = *f ? *f++ : 0;
	struct string text = {0};
	switch (c) {
	case 's':
	case 'b':
	case 'c': {
		const char *word = next_text();
		int end = c == 'b' && add_escaped(&text, word);
		if (c == 's')
			string_append(&text, word, strlen(word));
		else if (c == 'c' && *word)
			string_add(&text, *word);
		size_t len = c != 'c' && precision >= 0 && text.len > (size_t)precision ? (size_t)precision
		                                                                        : text.len;
		put_padded(text.text ? text.text : "", len, width < 0 ? -width : width, left);
		free(text.text);
		return end ? NULL : f;
	}
	case 'd':
	case 'i':
	case 'o':
	case 'u':
	case 'x':
	case 'X':
		if (precision >= 0) {
			snprintf(directive, sizeof directive, "%%%s*.*ll%c", flags, c);
			printf(directive, width, precision, next_number(!strchr("di", c)));
		} else {
			snprintf(directive, sizeof directive, "%%%s*ll%c", flags, c);
			printf(directive, width, next_number(!strchr("di", c)));
		}
		return f;
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G': {
		char *real = real_text(next_real(), c, precision, flags, width);
		put_padded(real, strlen(real), width < 0 ? -width : width, left);
		free(real);
		return f;
	}
	}
	fail(2, "%%%s: invalid directive", c ? save_string(f - 1, 1) : "");
}

int b_printf(int argc, char **argv)
{
	(void)argc;
	next_option(&argv, "");
	if (!*argv)
		fail(2, "usage: printf format [arg ...]");
	const char *format = *argv++;
	char **before;
	arguments = argv;
	result = 0;
	do {
		before = arguments;
		for (const char *f = format; *f;) {
			int c = *f++;
			if (c == '\\') {
				if (*f == 'c')
					return result;
				putchar(escape(&f));
			} else if (c != '%') {
				putchar(c);
			} else if (*f == '%') {
				putchar(*f++);
			} else if (!(f = convert(f))) {
				return result;
			}
		}
	} while (*arguments && arguments != before);
	return result;
}
