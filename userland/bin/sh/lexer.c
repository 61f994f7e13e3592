/* Input and tokens. */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct input *input;
char *token_text;
int token_line;
static int finding_end; /* aliases are left alone: the text will be read again */
static enum token current;
static int pushed_back;
static int continuing; /* part of a command has been read: prompt with PS2 */

static void push(struct input *in)
{
	if (input) {
		input->pushed_back = pushed_back;
		input->continuing = continuing;
	}
	pushed_back = continuing = 0;
	input = in;
}

void input_string(struct input *in, const char *text, size_t len)
{
	*in = (struct input){.outer = input, .text = (char *)text, .len = len, .fd = -1, .line = 1};
	push(in);
}

void input_file(struct input *in, int fd, int interactive_input)
{
	*in = (struct input){.outer = input, .fd = fd, .line = 1, .interactive = interactive_input,
	    .owned = 1};
	push(in);
}

void input_pop(void)
{
	struct input *in = input;

	input = in->outer;
	if (input) {
		pushed_back = input->pushed_back;
		continuing = input->continuing;
	}
	if (in->owned)
		free(in->text);
	if (in->fd > 2)
		close(in->fd);
}

/* Called before each command: nothing that was read before is needed any more. */
void lexer_reset(void)
{
	if (input->owned && input->at > 0) {
		memmove(input->text, input->text + input->at, input->len - input->at);
		input->len -= input->at;
		for (int i = 0; i < input->alias_count; i++)
			input->aliases[i].end -= input->aliases[i].end < input->at ? input->aliases[i].end
			                                                           : input->at;
		input->at = 0;
	}
	pushed_back = continuing = finding_end = input->here_count = 0;
}

static void prompt(void)
{
	const char *text = var_get(continuing ? "PS2" : "PS1");

	fflush(stdout);
	if (text) {
		text = expand_here(text);
		write(2, text, strlen(text));
	}
}

/*
 * One line more; 0 at the end. Standard input is read byte by byte: the rest is the commands'.
 * A script of ours is read in blocks.
 */
static int refill(void)
{
	struct string line = {0};
	char block[512];
	size_t wanted = input->fd > 2 && !option('v') ? sizeof block : 1;

	if (input->fd < 0)
		return 0;
	if (input->interactive) {
		if (interrupted)
			abandon_line();
		jobs_notify();
		prompt();
	}
	for (;;) {
		ssize_t n = read(input->fd, block, wanted);
		if (n < 0 && errno == EINTR) {
			if (interrupted && interactive) {
				free(line.text);
				abandon_line();
			}
			traps_run();
			continue;
		}
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			if (block[i])
				string_add(&line, block[i]);
		if (block[n - 1] == '\n' || wanted > 1)
			break;
	}
	if (line.len > 0) {
		input->text = xrealloc(input->text, input->len + line.len);
		memcpy(input->text + input->len, line.text, line.len);
		input->len += line.len;
		if (option('v'))
			write(2, line.text, line.len);
	}
	free(line.text);
	continuing = 1;
	return line.len > 0;
}

static int raw_get(void)
{
	if (input->at >= input->len && !refill())
		return EOF;
	int c = (unsigned char)input->text[input->at++];
	if (c == '\n')
		input->line++;
	return c;
}

static void unget(int c)
{
	if (c == EOF)
		return;
	if (c == '\n')
		input->line--;
	input->at--;
}

/* As raw_get, without continued lines. */
static int get(void)
{
	for (;;) {
		int c = raw_get();
		if (c != '\\')
			return c;
		int next = raw_get();
		if (next != '\n') {
			unget(next);
			return c;
		}
	}
}

static void lex_single_quotes(struct string *out)
{
	int c;

	while ((c = raw_get()) != EOF) {
		string_add(out, c);
		if (c == '\'')
			return;
	}
	syntax_error("Unterminated quoted string");
}

/* After a $. */
static void lex_dollar(struct string *out, int in_double_quotes)
{
	int c = get();

	if (c == '{') {
		string_add(out, c);
		lex_braces(out, in_double_quotes);
	} else if (c == '(') {
		string_add(out, c);
		c = get();
		if (c == '(') {
			struct input before = *input;
			struct string text = {0};
			string_add(&text, '(');
			if (lex_arithmetic(&text)) {
				string_append(out, text.text, text.len);
				free(text.text);
				return;
			}
			free(text.text);
			input->at = before.at;
			input->line = before.line;
		}
		unget(c);
		lex_substitution(out);
	} else {
		unget(c);
	}
}

static void lex_double_quotes(struct string *out)
{
	int c;

	while ((c = get()) != EOF) {
		string_add(out, c);
		if (c == '"')
			return;
		if (c == '\\' && (c = raw_get()) != EOF)
			string_add(out, c);
		else if (c == '$')
			lex_dollar(out, 1);
		else if (c == '`')
			lex_backquotes(out);
	}
	syntax_error("Unterminated quoted string");
}

void lex_backquotes(struct string *out)
{
	int c;

	while ((c = raw_get()) != EOF) {
		string_add(out, c);
		if (c == '`')
			return;
		if (c == '\\' && (c = raw_get()) != EOF)
			string_add(out, c);
	}
	syntax_error("EOF in backquote substitution");
}

void lex_braces(struct string *out, int in_double_quotes)
{
	int c;

	c = get();
	if (c == '#') {
		string_add(out, c);
		c = get();
	}
	if (c != EOF && strchr("@*?$!-", c)) {
		string_add(out, c);
		c = get();
	} else {
		for (; isalnum(c) || c == '_'; c = get())
			string_add(out, c);
	}
	unget(c);
	/* Quotes are quotes in the pattern of ${x#pattern}, wherever it is. */
	if (c == '%' || c == '#')
		in_double_quotes = 0;
	while ((c = get()) != EOF) {
		string_add(out, c);
		if (c == '}')
			return;
		if (c == '\\' && (c = raw_get()) != EOF)
			string_add(out, c);
		else if (c == '\'' && !in_double_quotes)
			lex_single_quotes(out);
		else if (c == '"')
			lex_double_quotes(out);
		else if (c == '$')
			lex_dollar(out, in_double_quotes);
		else if (c == '`')
			lex_backquotes(out);
	}
	syntax_error("Missing '}'");
}

/* After $((: reads up to )). Returns 0 when this is a subshell in a substitution instead. */
int lex_arithmetic(struct string *out)
{
	int depth = 0, c;

	while ((c = get()) != EOF) {
		string_add(out, c);
		if (c == '(') {
			depth++;
		} else if (c == ')' && depth-- == 0) {
			c = get();
			if (c == ')') {
				string_add(out, c);
				return 1;
			}
			return 0;
		} else if (c == '$') {
			lex_dollar(out, 1);
		} else if (c == '`') {
			lex_backquotes(out);
		}
	}
	syntax_error("Missing '))'");
}

/* After $(: the parser finds the end. */
void lex_substitution(struct string *out)
{
	size_t start = input->at;
	enum token old = current;
	int old_line = token_line;

	if (pushed_back)
		syntax_error("Bad substitution");
	finding_end++;
	parse_list_until(T_RPAREN);
	finding_end--;
	string_append(out, input->text + start, input->at - start);
	current = old;
	token_line = old_line;
}

static enum token read_word(int c)
{
	struct string out = {0};

	for (;; c = get()) {
		if (c == EOF || strchr(" \t\n|&;<>()", c))
			break;
		string_add(&out, c);
		if (c == '\\' && (c = raw_get()) != EOF)
			string_add(&out, c);
		else if (c == '\'')
			lex_single_quotes(&out);
		else if (c == '"')
			lex_double_quotes(&out);
		else if (c == '$')
			lex_dollar(&out, 0);
		else if (c == '`')
			lex_backquotes(&out);
	}
	unget(c);
	if (c == '<' || c == '>') {
		size_t i = 0;
		while (i < out.len && isdigit(out.text[i]))
			i++;
		if (i == out.len) {
			token_text = string_finish(&out);
			return T_NUMBER;
		}
	}
	token_text = string_finish(&out);
	return T_WORD;
}

void expect_here(struct redirect *r)
{
	if (input->here_count == HERE_MAX)
		syntax_error("Too many here documents");
	input->here[input->here_count++] = r;
}

static void read_here_documents(void)
{
	for (int i = 0; i < input->here_count; i++) {
		struct redirect *r = input->here[i];
		struct string body = {0};
		size_t delimiter = strlen(r->target);
		for (;;) {
			size_t start = body.len;
			int c = raw_get();
			while (r->strip && c == '\t')
				c = raw_get();
			if (c == EOF)
				break;
			for (; c != EOF && c != '\n'; c = raw_get()) {
				string_add(&body, c);
				if (c == '\\' && !r->literal) {
					int next = raw_get();
					if (next == EOF)
						break;
					string_add(&body, next);
				}
			}
			if (body.len - start == delimiter &&
			    (delimiter == 0 || memcmp(body.text + start, r->target, delimiter) == 0)) {
				body.len = start;
				if (body.text)
					body.text[start] = 0;
				break;
			}
			if (c == EOF)
				break;
			string_add(&body, '\n');
		}
		r->target = string_finish(&body);
	}
	input->here_count = 0;
}

static enum token either(int second, enum token two, enum token one)
{
	int c = get();

	if (c == second)
		return two;
	unget(c);
	return one;
}

static enum token read_token(void)
{
	int c = get();

	while (c == ' ' || c == '\t')
		c = get();
	if (c == '#')
		while (c != EOF && c != '\n')
			c = raw_get();
	token_line = input->line;
	switch (c) {
	case EOF:
		return T_EOF;
	case '\n':
		token_line--;
		if (input->here_count > 0)
			read_here_documents();
		return T_NEWLINE;
	case ';':
		return either(';', T_DSEMI, T_SEMI);
	case '&':
		return either('&', T_AND, T_AMP);
	case '|':
		return either('|', T_OR, T_PIPE);
	case '(':
		return T_LPAREN;
	case ')':
		return T_RPAREN;
	case '<':
		c = get();
		if (c == '<')
			return either('-', T_DLESSDASH, T_DLESS);
		if (c == '&')
			return T_LESSAND;
		if (c == '>')
			return T_LESSGREAT;
		unget(c);
		return T_LESS;
	case '>':
		c = get();
		if (c == '>')
			return T_DGREAT;
		if (c == '&')
			return T_GREATAND;
		if (c == '|')
			return T_CLOBBER;
		unget(c);
		return T_GREAT;
	}
	return read_word(c);
}

enum token next_token(void)
{
	if (pushed_back) {
		pushed_back = 0;
		return current;
	}
	return current = read_token();
}

/* The alias that a word at `start` stands for, unless it is part of that alias's own text. */
static const struct alias *usable_alias(const char *word, size_t start)
{
	const struct alias *a = alias_find(word);

	while (input->alias_count > 0 && input->aliases[input->alias_count - 1].end <= start)
		input->alias_count--;
	for (int i = 0; a && i < input->alias_count; i++)
		if (input->aliases[i].alias == a)
			return NULL;
	return input->alias_count < ALIAS_MAX ? a : NULL;
}

/* Puts an alias's text in the place of its name, which was the last thing read. */
static void replace_word(const struct alias *a, size_t start)
{
	size_t value = strlen(a->value), rest = input->len - input->at;
	char *text = xmalloc(start + value + rest + 1);
	int change = (int)value - (int)(input->at - start);

	memcpy(text, input->text, start);
	memcpy(text + start, a->value, value);
	memcpy(text + start + value, input->text + input->at, rest);
	if (input->owned)
		free(input->text);
	input->text = text;
	input->owned = 1;
	input->len = start + value + rest;
	input->at = start;
	input->grown += change;
	for (int i = 0; i < input->alias_count; i++)
		input->aliases[i].end += (size_t)change;
	input->aliases[input->alias_count].alias = a;
	input->aliases[input->alias_count++].end = start + value;
}

enum token next_command_token(void)
{
	for (;;) {
		enum token t = next_token();
		if (t != T_WORD || finding_end > 0 || is_reserved(token_text))
			return t;
		size_t start = input->at - strlen(token_text);
		if (strlen(token_text) > input->at ||
		    memcmp(input->text + start, token_text, input->at - start) != 0)
			return t; /* there are continued lines in it */
		const struct alias *a = usable_alias(token_text, start);
		if (!a)
			return t;
		replace_word(a, start);
	}
}

/* Whether what is read next follows an alias's text that ends in a blank. */
static int after_blank_alias(void)
{
	for (int i = 0; i < input->alias_count; i++) {
		size_t end = input->aliases[i].end, at = input->at;
		if (end < at || end == 0 || !isblank(input->text[end - 1]))
			continue;
		while (at < end && isblank(input->text[at]))
			at++;
		if (at == end)
			return 1;
	}
	return 0;
}

enum token next_argument_token(void)
{
	return after_blank_alias() ? next_command_token() : next_token();
}

void unget_token(void)
{
	pushed_back = 1;
}

const char *token_name(enum token t)
{
	static const char *const names[] = {"end of file", "newline", "word", "word", "\";\"", "\";;\"",
	    "\"&\"", "\"&&\"", "\"||\"", "\"|\"", "\"(\"", "\")\"", "redirection", "redirection",
	    "redirection", "redirection", "redirection", "redirection", "redirection", "redirection",
	    "redirection"};

	return names[t];
}
