/*
 * What is done to a word: tilde, parameters, $( ), $(( )), splitting, file names, quotes.
 * The first step makes characters with marks that say where they come from; the second makes
 * fields of them.
 */
#include "sh.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Marks of a character. */
#define C_QUOTED 1 /* stands for itself */
#define C_SPLIT 2  /* from an expansion: IFS applies */
#define C_BREAK 3  /* not a character: the field ends */
#define C_KEEP 4   /* not a character: the field stays even if empty */

/* Modes. */
#define M_QUOTES 1   /* between double quotes */
#define M_HERE 2     /* in a here-document: " is nothing special */
#define M_SPLIT 4    /* the word of ${x:-word}: what is not quoted is split */
#define M_ONE 8      /* there will be one field, whatever comes */
#define M_ASSIGN 16  /* ~ also after : and = */

struct marked {
	struct string text, marks;
	int no_arguments; /* "$@" came to nothing */
};

static const char *expand(const char *p, int mode, int end, struct marked *o);

static void emit(struct marked *o, int c, int mark)
{
	string_add(&o->text, c);
	string_add(&o->marks, mark);
}

static void emit_value(struct marked *o, const char *s, int mode)
{
	while (*s)
		emit(o, *s++, mode & M_QUOTES ? C_QUOTED : C_SPLIT);
}

static void forget(struct marked *o)
{
	free(o->text.text);
	free(o->marks.text);
	memset(o, 0, sizeof *o);
}

/* The pattern that the characters make: those that were quoted get a backslash. */
static char *as_pattern(struct marked *o)
{
	struct string s = {0};

	for (size_t i = 0; i < o->text.len; i++) {
		int c = o->text.text[i], mark = o->marks.text[i];
		if (mark == C_KEEP)
			continue;
		if (mark == C_BREAK)
			c = ' ';
		else if (c == '\\' || (mark == C_QUOTED && strchr("*?[]!-^", c)))
			string_add(&s, '\\');
		string_add(&s, c);
	}
	forget(o);
	return string_finish(&s);
}

static char *as_text(struct marked *o)
{
	struct string s = {0};

	for (size_t i = 0; i < o->text.len; i++) {
		int mark = o->marks.text[i];
		if (mark != C_KEEP)
			string_add(&s, mark == C_BREAK ? ' ' : o->text.text[i]);
	}
	forget(o);
	return string_finish(&s);
}

static char *ifs(void)
{
	const char *s = var_get("IFS");

	return (char *)(s ? s : " \t\n");
}

static void emit_arguments(struct marked *o, int star, int mode)
{
	const char *separator = ifs();

	if (!star && mode & M_QUOTES && param_count == 0)
		o->no_arguments = 1;
	for (int i = 0; i < param_count; i++) {
		if (i > 0) {
			if (star && mode & (M_QUOTES | M_ONE)) {
				if (*separator)
					emit(o, *separator, C_QUOTED);
			} else {
				emit(o, ' ', C_BREAK);
			}
		}
		if (!star && mode & M_QUOTES)
			emit(o, ' ', C_KEEP);
		emit_value(o, params[i], mode);
	}
}

/* Value of a parameter; NULL if it is unset. */
static const char *parameter(const char *name, size_t len)
{
	static char number[16];
	static char letters[sizeof OPTIONS];
	int n = 0;

	switch (len == 1 ? *name : 0) {
	case '?':
		n = status;
		break;
	case '$':
		n = shell_pid;
		break;
	case '#':
		n = param_count;
		break;
	case '!':
		if (!last_background)
			return NULL;
		n = last_background;
		break;
	case '-':
		for (const char *o = OPTIONS; *o; o++)
			if (option(*o))
				letters[n++] = *o;
		letters[n] = 0;
		return letters;
	default:
		if (isdigit(*name)) {
			n = atoi(name);
			return n == 0 ? arg0 : n <= param_count ? params[n - 1] : NULL;
		}
		if (len == 4 && memcmp(name, "PPID", 4) == 0 && !var_find(name, len)) {
			n = getppid();
			break;
		}
		if (len == 6 && memcmp(name, "LINENO", 6) == 0) {
			n = current_line;
			break;
		}
		struct var *v = var_find(name, len);
		return v && !(v->flags & V_UNSET) ? v->value : NULL;
	}
	snprintf(number, sizeof number, "%d", n);
	return number;
}

static size_t parameter_name(const char *p)
{
	size_t len = 0;

	if (isalpha(*p) || *p == '_')
		while (isalnum(p[len]) || p[len] == '_')
			len++;
	else if (isdigit(*p))
		while (isdigit(p[len]))
			len++;
	else if (*p && strchr("@*#?$!-", *p))
		len = 1;
	return len;
}

static void not_set(const char *name, size_t len, const char *text)
{
	fail(2, "%.*s: %s", (int)len, name, text);
}

/* Behind the } that ends the braces in which p is. */
static const char *behind_braces(const char *p, int mode)
{
	struct input in;
	struct string ignored = {0};

	input_string(&in, p, strlen(p));
	lex_braces(&ignored, mode & M_QUOTES);
	input_pop();
	free(ignored.text);
	return p + in.at;
}

/* ${x#pattern} and its like. */
static void emit_trimmed(struct marked *o, const char *value, const char *pattern, int from_end,
    int longest, int mode)
{
	size_t len = strlen(value);
	char *copy = save_string(value, len);

	for (size_t i = 0; i <= len; i++) {
		size_t n = longest ? len - i : i; /* length of the part that goes */
		if (from_end) {
			if (fnmatch(pattern, copy + len - n, 0) == 0) {
				copy[len - n] = 0;
				break;
			}
		} else {
			char c = copy[n];
			copy[n] = 0;
			int match = fnmatch(pattern, copy, 0) == 0;
			copy[n] = c;
			if (match) {
				copy += n;
				break;
			}
		}
	}
	emit_value(o, copy, mode);
}

/* p is behind "${"; what comes back is behind the }. */
static const char *expand_braces(const char *p, int mode, struct marked *o)
{
	char text[24];
	const char *name = p, *end = behind_braces(p, mode);

	if (*p == '#' && p[1] != '}' && (parameter_name(p + 1) > 0)) {
		size_t len = parameter_name(++p);
		if (p[len] == '}') {
			const char *value = strchr("@*", *p) ? NULL : parameter(p, len);
			if (!value && option('u') && !strchr("@*", *p))
				not_set(p, len, "parameter not set");
			int length = (int)strlen(value ? value : "");
			for (int i = 0; strchr("@*", *p) && i < param_count; i++) /* as "$*" is long */
				length += (int)strlen(params[i]) + (i > 0 && *ifs());
			snprintf(text, sizeof text, "%d", length);
			emit_value(o, text, mode);
			return end;
		}
		p--;
	}
	size_t len = parameter_name(p);
	p += len;
	int colon = *p == ':', op = p[colon];
	if (len == 0 || (!strchr("-=?+#%}", op) || (colon && strchr("#%}", op)))) {
		fail(2, "Bad substitution");
	}
	int all = *name == '@' || *name == '*';
	const char *value = all ? (param_count > 0 ? params[0] : NULL) : parameter(name, len);
	const char *word = p + colon + 1;
	int missing = !value || (colon && !*value && !(all && param_count > 1));

	if (op == '}' || op == '#' || op == '%') {
		if (!value && option('u') && !all)
			not_set(name, len, "parameter not set");
		if (op == '}') {
			if (all)
				emit_arguments(o, *name == '*', mode);
			else
				emit_value(o, value ? value : "", mode);
			return end;
		}
		value = value ? save_string(value, strlen(value)) : "";
		int longest = *word == op;
		struct marked pattern = {0};
		expand(word + longest, M_ONE, '}', &pattern);
		emit_trimmed(o, value, as_pattern(&pattern), op == '%', longest, mode);
		return end;
	}
	if (op == '+' ? !missing : missing) {
		mode &= ~M_HERE; /* quotes are quotes in here */
		if (op == '-' || op == '+') {
			expand(word, mode & M_QUOTES ? mode : mode | M_SPLIT, '}', o);
			return end;
		}
		struct marked given = {0};
		expand(word, (mode & M_QUOTES) | M_ONE, '}', &given);
		char *result = as_text(&given);
		if (op == '?')
			not_set(name, len,
			    *result ? result : colon ? "parameter not set or null" : "parameter not set");
		if (!is_name(name, len))
			not_set(name, len, "bad variable name");
		var_set(name, len, result, 0);
		emit_value(o, result, mode);
	} else if (op != '+') {
		if (all)
			emit_arguments(o, *name == '*', mode);
		else
			emit_value(o, value, mode);
	}
	return end;
}

static void emit_output(struct marked *o, struct node *n, int mode)
{
	char *text = command_output(n);

	emit_value(o, text, mode);
	free(text);
}

/* p is behind "$("; what comes back is behind the ). */
static const char *expand_parenthesis(const char *p, int mode, struct marked *o)
{
	struct input in;
	struct string text = {0};

	if (*p == '(') {
		input_string(&in, p + 1, strlen(p + 1));
		int is_arithmetic = lex_arithmetic(&text);
		input_pop();
		if (is_arithmetic) {
			char number[24];
			struct marked inner = {0};
			text.text[text.len - 2] = 0;
			expand(text.text, M_QUOTES | M_HERE | M_ONE, 0, &inner);
			free(text.text);
			snprintf(number, sizeof number, "%lld", arithmetic(as_text(&inner)));
			emit_value(o, number, mode);
			return p + 1 + in.at;
		}
		free(text.text);
	}
	input_string(&in, p, strlen(p));
	in.line = current_line;
	struct node *n = parse_list_until(T_RPAREN);
	input_pop();
	emit_output(o, n, mode);
	return p + in.at;
}

/* p is behind the first `. */
static const char *expand_backquotes(const char *p, int mode, struct marked *o)
{
	struct string text = {0};
	struct input in;

	for (; *p && *p != '`'; p++) {
		if (*p == '\\' && (p[1] == '$' || p[1] == '`' || p[1] == '\\' ||
		    (mode & M_QUOTES && p[1] == '"')))
			p++;
		string_add(&text, *p);
	}
	char *command = string_finish(&text);
	input_string(&in, command, strlen(command));
	in.line = current_line;
	struct node *n = parse_list_until(T_EOF);
	input_pop();
	emit_output(o, n, mode);
	return *p ? p + 1 : p;
}

static const char *expand_dollar(const char *p, int mode, struct marked *o)
{
	if (*p == '{')
		return expand_braces(p + 1, mode, o);
	if (*p == '(')
		return expand_parenthesis(p + 1, mode, o);
	size_t len = isdigit(*p) ? 1 : parameter_name(p);
	if (len == 0) {
		emit(o, '$', mode & M_QUOTES ? C_QUOTED : 0);
		return p;
	}
	if (*p == '@' || *p == '*') {
		emit_arguments(o, *p == '*', mode);
		return p + 1;
	}
	char digit[2] = {*p, 0};
	const char *value = isdigit(*p) ? parameter(digit, 1) : parameter(p, len);
	if (!value && option('u'))
		not_set(p, len, "parameter not set");
	emit_value(o, value ? value : "", mode);
	return p + len;
}

/* The home directory for a ~ that is followed by nothing or /. */
static const char *expand_tilde(const char *p, int mode, struct marked *o)
{
	const char *home = var_get("HOME");
	int next = p[1];

	if (!home || (next && next != '/' && !(mode & M_ASSIGN && next == ':') && next != '}'))
		return p;
	for (; *home; home++)
		emit(o, *home, C_QUOTED);
	return p + 1;
}

static const char *expand_double_quotes(const char *p, int mode, struct marked *o)
{
	size_t before = o->text.len;

	o->no_arguments = 0;
	p = expand(p, (mode & ~M_SPLIT) | M_QUOTES, '"', o);
	if (o->text.len == before && !o->no_arguments)
		emit(o, ' ', C_KEEP);
	return *p ? p + 1 : p;
}

static const char *expand_backslash(const char *p, int mode, int end, struct marked *o)
{
	int c = *p;

	if (c == '\n')
		return p + 1;
	if (mode & M_QUOTES && !(c && strchr("$`\\", c)) && !(c == '"' && !(mode & M_HERE)) &&
	    !(c == '}' && end == '}')) {
		emit(o, '\\', C_QUOTED);
		return p;
	}
	if (!c) {
		emit(o, '\\', C_QUOTED);
		return p;
	}
	emit(o, c, C_QUOTED);
	return p + 1;
}

/* Expands up to `end`, which is where the result points. */
static const char *expand(const char *p, int mode, int end, struct marked *o)
{
	int plain = mode & M_QUOTES ? C_QUOTED : mode & M_SPLIT ? C_SPLIT : 0;

	if (*p == '~' && !(mode & M_QUOTES))
		p = expand_tilde(p, mode, o);
	while (*p && *p != end) {
		int c = *p++;
		switch (c) {
		case '\\':
			p = expand_backslash(p, mode, end, o);
			break;
		case '$':
			p = expand_dollar(p, mode, o);
			break;
		case '`':
			p = expand_backquotes(p, mode, o);
			break;
		case '"':
			if (mode & M_HERE)
				emit(o, c, plain);
			else if (!(mode & M_QUOTES))
				p = expand_double_quotes(p, mode, o);
			break;
		case '\'':
			if (mode & M_QUOTES) {
				emit(o, c, plain);
				break;
			}
			emit(o, ' ', C_KEEP);
			while (*p && *p != '\'')
				emit(o, *p++, C_QUOTED);
			if (*p)
				p++;
			break;
		default:
			emit(o, c, plain);
			if (mode & M_ASSIGN && c == ':' && *p == '~')
				p = expand_tilde(p, mode, o);
		}
	}
	return p;
}

void field_add(struct fields *f, char *text)
{
	if (f->n + 1 >= f->room) {
		int room = f->room ? f->room * 2 : 14;
		char **v = allocate((size_t)room * sizeof *v);
		if (f->n)
			memcpy(v, f->v, (size_t)f->n * sizeof *v);
		f->v = v;
		f->room = room;
	}
	f->v[f->n++] = text;
	f->v[f->n] = NULL;
}

/* A field that is complete, as a pattern. */
static void field_end(struct fields *out, struct string *s)
{
	char *pattern = string_finish(s);
	int before = out->n;

	if (!option('f') && has_magic(pattern))
		expand_path(pattern, out);
	if (out->n == before)
		field_add(out, unescape(pattern));
}

static void split(struct marked *o, struct fields *out)
{
	const char *separators = ifs();
	struct string s = {0};
	int any = 0, after_space = 0;

	for (size_t i = 0; i < o->text.len; i++) {
		int c = o->text.text[i], mark = o->marks.text[i];
		if (mark == C_KEEP) {
			any = 1;
		} else if (mark == C_BREAK) {
			if (any)
				field_end(out, &s);
			any = after_space = 0;
		} else if (mark == C_SPLIT && strchr(separators, c)) {
			/* Spaces around another separator belong to it. */
			int space = c == ' ' || c == '\t' || c == '\n';
			if (any || (!space && !after_space))
				field_end(out, &s);
			after_space = space && (any || after_space);
			any = 0;
		} else {
			if (c == '\\' || (mark == C_QUOTED && strchr("*?[]!-^", c)))
				string_add(&s, '\\');
			string_add(&s, c);
			any = 1;
			after_space = 0;
		}
	}
	if (any)
		field_end(out, &s);
	free(s.text);
	forget(o);
}

void expand_words(struct word *words, struct fields *out)
{
	if (!out->v)
		out->v = allocate(sizeof *out->v);
	for (; words; words = words->next) {
		struct marked o = {0};
		expand(words->text, 0, 0, &o);
		split(&o, out);
	}
}

char *expand_string(const char *text, int assignment)
{
	struct marked o = {0};

	expand(text, M_ONE | (assignment ? M_ASSIGN : 0), 0, &o);
	return as_text(&o);
}

char *expand_pattern(const char *text)
{
	struct marked o = {0};

	expand(text, M_ONE, 0, &o);
	return as_pattern(&o);
}

char *expand_here(const char *text)
{
	struct marked o = {0};

	expand(text, M_QUOTES | M_HERE | M_ONE, 0, &o);
	return as_text(&o);
}
