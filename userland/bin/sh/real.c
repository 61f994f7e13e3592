/* Floating-point numbers from and to text, exactly: all digits of a double are known. */
#include "sh.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIMB 1000000000u
#define WHOLE_LIMBS 36     /* 2^1024 has 309 digits */
#define FRACTION_LIMBS 122 /* 2^-1074 has 1074 */
#define LIMBS (WHOLE_LIMBS + FRACTION_LIMBS)
#define POINT (WHOLE_LIMBS * 9) /* digits before the point */

double real_value(const char *text, char **end)
{
	const char *p = text;
	long double value = 0, scale = 10;
	int negative = 0, digits = 0, exponent = 0;

	while (isspace(*p))
		p++;
	if (*p == '-' || *p == '+')
		negative = *p++ == '-';
	if (strncasecmp(p, "inf", 3) == 0 || strncasecmp(p, "nan", 3) == 0) {
		value = tolower(*p) == 'i' ? __builtin_infl() : __builtin_nanl("");
		*end = (char *)p + (strncasecmp(p, "infinity", 8) == 0 ? 8 : 3);
		return (double)(negative ? -value : value);
	}
	for (; isdigit(*p); p++, digits++)
		value = value * 10 + (*p - '0');
	if (*p == '.')
		for (p++; isdigit(*p); p++, digits++, exponent--)
			value = value * 10 + (*p - '0');
	*end = (char *)(digits ? p : text);
	if (digits && (*p | 32) == 'e' && (isdigit(p[1]) || (p[1] && strchr("+-", p[1]) && isdigit(p[2]))))
		exponent += (int)strtol(p + 1, end, 10);
	int divide = exponent < 0;
	for (unsigned n = (unsigned)(divide ? -exponent : exponent); n; n >>= 1, scale *= scale)
		if (n & 1)
			value = divide ? value / scale : value * scale;
	return (double)(negative ? -value : value);
}

/* The digits of a number without sign, POINT of them before the point. */
static char *all_digits(double value)
{
	uint32_t limbs[LIMBS] = {0};
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	int exponent = (int)(bits >> 52 & 0x7ff);
	uint64_t mantissa = bits & ((1ull << 52) - 1);
	if (exponent)
		mantissa |= 1ull << 52;
	else
		exponent = 1;
	exponent -= 1075;
	limbs[WHOLE_LIMBS - 1] = (uint32_t)(mantissa % LIMB);
	limbs[WHOLE_LIMBS - 2] = (uint32_t)(mantissa / LIMB);
	for (; exponent > 0; exponent--)
		for (uint32_t i = WHOLE_LIMBS, carry = 0; i-- > 0;) {
			uint32_t doubled = limbs[i] * 2 + carry;
			carry = doubled >= LIMB;
			limbs[i] = doubled - (carry ? LIMB : 0);
		}
	for (; exponent < 0; exponent++)
		for (uint32_t i = 0, rest = 0; i < LIMBS; i++) {
			uint32_t half = (limbs[i] + rest) / 2;
			rest = limbs[i] & 1 ? LIMB : 0;
			limbs[i] = half;
		}
	char *digits = allocate(LIMBS * 9 + 1);
	for (int i = 0; i < LIMBS; i++)
		sprintf(digits + i * 9, "%09u", (unsigned)limbs[i]);
	return digits;
}

/* Rounds to the digits before `end`, to even when in the middle. */
static void round_digits(char *digits, int end)
{
	const char *rest = digits + end;
	int up = *rest > '5' ||
	    (*rest == '5' && (rest[1 + strspn(rest + 1, "0")] || (digits[end - 1] - '0') % 2));

	memset(digits + end, '0', LIMBS * 9 - (size_t)end);
	while (up) {
		up = digits[--end] == '9';
		digits[end] = up ? '0' : (char)(digits[end] + 1);
	}
}

static void add_exponent(struct string *s, int exponent, int letter)
{
	char text[12];

	snprintf(text, sizeof text, "%c%c%02d", letter, exponent < 0 ? '-' : '+',
	    exponent < 0 ? -exponent : exponent);
	string_append(s, text, strlen(text));
}

/* Takes the zeros at the end of a fraction away. */
static void trim(struct string *s)
{
	if (!s->text || !strchr(s->text, '.'))
		return;
	while (s->text[s->len - 1] == '0')
		s->len--;
	if (s->text[s->len - 1] == '.')
		s->len--;
	s->text[s->len] = 0;
}

static void format_digits(struct string *s, double value, int c, int precision, int alternate)
{
	char *digits = all_digits(value);
	int general = c == 'g', letter = c == 'f' ? 0 : 'e';

	if (precision < 0)
		precision = 6;
	if (general && precision == 0)
		precision = 1;
	int first = value == 0 ? POINT - 1 : (int)strspn(digits, "0");
	if (letter) {
		round_digits(digits, first + precision + !general);
		first = value == 0 ? POINT - 1 : (int)strspn(digits, "0");
	}
	int exponent = POINT - 1 - first;
	if (general) {
		if (exponent >= -4 && exponent < precision)
			letter = 0;
		precision -= 1 + (letter ? 0 : exponent);
	}
	if (letter) {
		string_add(s, digits[first]);
		if (precision > 0 || alternate)
			string_add(s, '.');
		string_append(s, digits + first + 1, (size_t)precision);
	} else {
		if (precision > FRACTION_LIMBS * 9 - 1)
			precision = FRACTION_LIMBS * 9 - 1;
		round_digits(digits, POINT + precision);
		first = (int)strspn(digits, "0");
		if (first > POINT - 1)
			first = POINT - 1;
		string_append(s, digits + first, (size_t)(POINT - first));
		if (precision > 0 || alternate)
			string_add(s, '.');
		string_append(s, digits + POINT, (size_t)precision);
	}
	if (general && !alternate)
		trim(s);
	if (letter)
		add_exponent(s, exponent, letter);
}

char *real_text(double value, int conversion, int precision, const char *flags, int width)
{
	struct string number = {0}, out = {0};
	uint64_t bits;
	int c = conversion | 32;

	memcpy(&bits, &value, sizeof bits);
	if (bits >> 63)
		string_add(&out, '-');
	else if (strchr(flags, '+'))
		string_add(&out, '+');
	else if (strchr(flags, ' '))
		string_add(&out, ' ');
	int special = (bits >> 52 & 0x7ff) == 0x7ff;
	if (precision > 700)
		precision = 700;
	if (special)
		string_append(&number, bits << 12 ? "nan" : "inf", 3);
	else
		format_digits(&number, bits >> 63 ? -value : value, c, precision, strchr(flags, '#') != NULL);
	if (strchr(flags, '0') && !strchr(flags, '-') && !special)
		while ((int)(out.len + number.len) < width)
			string_add(&out, '0');
	string_append(&out, number.text, number.len);
	free(number.text);
	for (size_t i = 0; c != conversion && i < out.len; i++)
		out.text[i] = (char)toupper(out.text[i]);
	return out.text;
}
