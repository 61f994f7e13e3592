/* $((...)): C's operators on 64-bit integers, by precedence. */
#include "sh.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *whole, *p;
static int skipping; /* the side of && || ?: that is not evaluated */

static long long assignment(void);

static void wrong(const char *what)
{
	fail(2, "arithmetic expression: %s: \"%s\"", what, whole);
}

static void space(void)
{
	while (isspace(*p))
		p++;
}

struct operator {
	const char *text;
	int precedence, code;
};

/* Longer ones first. */
static const struct operator binary_operators[] = {{"||", 1, 'o'}, {"&&", 2, 'a'}, {"==", 6, '='},
    {"!=", 6, '!'}, {"<=", 7, 'l'}, {">=", 7, 'g'}, {"<<", 8, 'L'}, {">>", 8, 'R'}, {"|", 3, '|'},
    {"^", 4, '^'}, {"&", 5, '&'}, {"<", 7, '<'}, {">", 7, '>'}, {"+", 9, '+'}, {"-", 9, '-'},
    {"*", 10, '*'}, {"/", 10, '/'}, {"%", 10, '%'}};
#define OPERATORS (sizeof binary_operators / sizeof binary_operators[0])

static long long apply(int code, long long a, long long b)
{
	unsigned long long ua = (unsigned long long)a, ub = (unsigned long long)b;

	switch (code) {
	case '=':
		return a == b;
	case '!':
		return a != b;
	case 'l':
		return a <= b;
	case 'g':
		return a >= b;
	case '<':
		return a < b;
	case '>':
		return a > b;
	case 'L':
		return (long long)(ua << (ub & 63));
	case 'R':
		return a >> (ub & 63);
	case '|':
		return a | b;
	case '^':
		return a ^ b;
	case '&':
		return a & b;
	case '+':
		return (long long)(ua + ub);
	case '-':
		return (long long)(ua - ub);
	case '*':
		return (long long)(ua * ub);
	}
	if (skipping)
		return 0;
	if (b == 0)
		wrong("division by zero");
	if (b == -1)
		return code == '/' ? (long long)-ua : 0;
	return code == '/' ? a / b : a % b;
}

static long long number_of(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 0);

	while (isspace(*end))
		end++;
	if (*end) {
		fail(2, "Illegal number: %s", text);
	}
	return n;
}

static long long variable(const char *name, size_t len)
{
	struct var *v = var_find(name, len);

	if (!v || v->flags & V_UNSET || !*v->value) {
		if (option('u') && !skipping && (!v || v->flags & V_UNSET)) {
			fail(2, "%.*s: parameter not set", (int)len, name);
		}
		return 0;
	}
	return skipping ? 0 : number_of(v->value);
}

static size_t name_length(void)
{
	size_t len = 0;

	if (!isdigit(*p))
		while (isalnum(p[len]) || p[len] == '_')
			len++;
	return len;
}

static long long unary(void)
{
	space();
	if (*p == '(') {
		p++;
		long long n = assignment();
		space();
		if (*p != ')')
			wrong("expecting ')'");
		p++;
		return n;
	}
	switch (*p) {
	case '-':
		p++;
		return (long long)-(unsigned long long)unary();
	case '+':
		p++;
		return unary();
	case '!':
		p++;
		return !unary();
	case '~':
		p++;
		return ~unary();
	}
	size_t len = name_length();
	if (len > 0) {
		p += len;
		return variable(p - len, len);
	}
	if (!isdigit(*p))
		wrong("expecting primary");
	char *end;
	long long n = strtoll(p, &end, 0);
	p = end;
	return n;
}

static const struct operator *peek_operator(void)
{
	space();
	for (size_t i = 0; i < OPERATORS; i++) {
		if (*p != *binary_operators[i].text)
			continue;
		size_t len = strlen(binary_operators[i].text);
		if (strncmp(p, binary_operators[i].text, len) == 0) {
			/* += and its like are not for here */
			int assigns = p[len] == '=' && binary_operators[i].precedence != 6 &&
			    !strchr("lg<>oa", binary_operators[i].code);
			return assigns ? NULL : &binary_operators[i];
		}
	}
	return NULL;
}

static long long binary(int precedence)
{
	long long left = unary();

	for (;;) {
		const struct operator *o = peek_operator();
		if (!o || o->precedence < precedence)
			return left;
		p += strlen(o->text);
		int logical = o->code == 'a' || o->code == 'o';
		int decided = logical && (o->code == 'a' ? !left : left != 0);
		skipping += decided;
		long long right = binary(o->precedence + 1);
		skipping -= decided;
		if (logical)
			left = decided ? o->code == 'o' : right != 0;
		else
			left = apply(o->code, left, right);
	}
}

static long long conditional(void)
{
	long long n = binary(1);

	space();
	if (*p != '?')
		return n;
	p++;
	skipping += n == 0;
	long long yes = assignment();
	skipping -= n == 0;
	space();
	if (*p != ':')
		wrong("expecting ':'");
	p++;
	skipping += n != 0;
	long long no = conditional();
	skipping -= n != 0;
	return n ? yes : no;
}

static long long assignment(void)
{
	space();
	const char *start = p;
	size_t len = name_length();

	if (len > 0) {
		p += len;
		space();
		int code = 0;
		size_t operator_length = 0;
		if (*p == '=' && p[1] != '=') {
			operator_length = 1;
		} else {
			for (size_t i = 0; i < OPERATORS && !operator_length; i++) {
				const struct operator *o = &binary_operators[i];
				size_t n = strlen(o->text);
				if (o->precedence >= 3 && o->precedence != 6 && o->precedence != 7 &&
				    strncmp(p, o->text, n) == 0 && p[n] == '=') {
					operator_length = n + 1;
					code = o->code;
				}
			}
		}
		if (operator_length > 0) {
			p += operator_length;
			long long value = assignment();
			if (code)
				value = apply(code, variable(start, len), value);
			if (!skipping) {
				char text[24];
				snprintf(text, sizeof text, "%lld", value);
				var_set(start, len, text, 0);
			}
			return value;
		}
		p = start;
	}
	return conditional();
}

long long arithmetic(const char *text)
{
	whole = p = text;
	skipping = 0;
	long long n = assignment();
	space();
	if (*p)
		wrong("expecting EOF");
	return n;
}
