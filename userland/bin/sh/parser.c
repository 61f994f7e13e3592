/* Commands from tokens: one function per rule of the grammar (POSIX.1-2017, XCU 2.10). */
#include "sh.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct node *list(void);
static struct node *and_or(void);
static struct node *pipeline(void);
static struct node *command(void);

void syntax_error(const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	current_line = token_line;
	fail(2, "Syntax error: %s", text);
}

static const char *describe(enum token t)
{
	static char text[120];

	if (t == T_WORD) {
		snprintf(text, sizeof text, "%s", "word");
		if (is_reserved(token_text))
			snprintf(text, sizeof text, "\"%s\"", token_text);
		return text;
	}
	return token_name(t);
}

static void unexpected(enum token t, const char *wanted)
{
	if (t == T_EOF || t == T_NEWLINE)
		token_line = input->line - (t == T_NEWLINE);
	if (wanted) {
		const char *quote = strcmp(wanted, "word") == 0 ? "" : "\"";
		syntax_error("%s unexpected (expecting %s%s%s)", describe(t), quote, wanted, quote);
	}
	syntax_error("%s unexpected", describe(t));
}

int is_reserved(const char *word)
{
	static const char *const words[] = {"!", "case", "do", "done", "elif", "else", "esac", "fi", "for",
	    "if", "in", "then", "until", "while", "{", "}"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i]) == 0)
			return 1;
	return 0;
}

int is_name(const char *s, size_t len)
{
	if (len == 0 || isdigit(*s))
		return 0;
	for (; len > 0; s++, len--)
		if (!isalnum(*s) && *s != '_')
			return 0;
	return 1;
}

size_t assignment_name(const char *s)
{
	size_t len = strcspn(s, "=");

	return s[len] && is_name(s, len) ? len : 0;
}

static struct node *new_node(enum node_kind kind, struct node *first, struct node *second)
{
	struct node *n = allocate(sizeof *n);

	n->kind = kind;
	n->line = token_line;
	n->first = first;
	n->second = second;
	return n;
}

static struct word **add_word(struct word **tail, char *text)
{
	struct word *w = allocate(sizeof *w);

	w->text = text;
	*tail = w;
	return &w->next;
}

/* Is the next token this reserved word? It is taken if so. */
static int accept(const char *reserved)
{
	if (next_token() == T_WORD && strcmp(token_text, reserved) == 0)
		return 1;
	unget_token();
	return 0;
}

static void expect(const char *reserved)
{
	enum token t = next_token();

	if (t != T_WORD || strcmp(token_text, reserved) != 0)
		unexpected(t, reserved);
}

static void newlines(void)
{
	while (next_token() == T_NEWLINE)
		;
	unget_token();
}

/* Without its quotes; whether there were any. */
static char *unquote(const char *s, int *quoted)
{
	struct string out = {0};

	*quoted = 0;
	for (; *s; s++) {
		if (*s == '\\' && s[1]) {
			*quoted = 1;
			string_add(&out, *++s);
		} else if (*s == '\'' || *s == '"') {
			char end = *s;
			*quoted = 1;
			for (s++; *s && *s != end; s++) {
				if (*s == '\\' && end == '"' && s[1] && strchr("\\\"$`", s[1]))
					s++;
				string_add(&out, *s);
			}
		} else {
			string_add(&out, *s);
		}
	}
	return string_finish(&out);
}

/* A redirection, if one is next; fd is -1 for the usual one. */
static struct redirect *redirection(void)
{
	static const struct {
		enum token token;
		enum redirection kind;
		int fd;
	} table[] = {{T_LESS, R_IN, 0}, {T_GREAT, R_OUT, 1}, {T_DGREAT, R_APPEND, 1},
	    {T_CLOBBER, R_CLOBBER, 1}, {T_LESSGREAT, R_READWRITE, 0}, {T_LESSAND, R_DUP_IN, 0},
	    {T_GREATAND, R_DUP_OUT, 1}, {T_DLESS, R_HERE, 0}, {T_DLESSDASH, R_HERE, 0}};
	enum token t = next_token();
	int fd = -1;

	if (t == T_NUMBER) {
		fd = atoi(token_text);
		t = next_token();
	}
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (table[i].token != t)
			continue;
		struct redirect *r = allocate(sizeof *r);
		r->kind = table[i].kind;
		r->fd = fd < 0 ? table[i].fd : fd;
		r->strip = t == T_DLESSDASH;
		t = next_token();
		if (t != T_WORD && t != T_NUMBER)
			unexpected(t, NULL);
		r->target = token_text;
		if (r->kind == R_HERE) {
			r->target = unquote(token_text, &r->literal);
			expect_here(r);
		}
		return r;
	}
	unget_token();
	return NULL;
}

static struct redirect *redirections(void)
{
	struct redirect *first = NULL, **tail = &first;

	while ((*tail = redirection()))
		tail = &(*tail)->next;
	return first;
}

static struct node *compound_list(void)
{
	newlines();
	struct node *n = list();
	newlines();
	return n;
}

/* A list that may not be empty, up to a reserved word. */
static struct node *clause(const char *end)
{
	struct node *n = compound_list();

	if (!n) {
		enum token t = next_token();
		if (t != T_EOF)
			unexpected(t, NULL);
		unget_token();
	}
	if (end)
		expect(end);
	return n;
}

static struct node *if_clause(void)
{
	struct node *n = new_node(N_IF, NULL, NULL);

	n->first = clause("then");
	n->second = clause(NULL);
	enum token t = next_token();
	if (t == T_WORD && strcmp(token_text, "elif") == 0) {
		n->third = if_clause();
	} else if (t == T_WORD && strcmp(token_text, "else") == 0) {
		n->third = clause("fi");
	} else if (t != T_WORD || strcmp(token_text, "fi") != 0) {
		unexpected(t, "fi");
	}
	return n;
}

static struct node *for_clause(void)
{
	struct node *n = new_node(N_FOR, NULL, NULL);
	enum token t = next_token();

	if (t != T_WORD || !is_name(token_text, strlen(token_text)))
		syntax_error("Bad for loop variable");
	n->name = token_text;
	t = next_token();
	if (t == T_NEWLINE) {
		newlines();
		t = next_token();
	}
	if (t == T_WORD && strcmp(token_text, "in") == 0) {
		struct word **tail = &n->words;
		n->has_in = 1;
		while ((t = next_token()) == T_WORD || t == T_NUMBER)
			tail = add_word(tail, token_text);
		if (t != T_SEMI && t != T_NEWLINE)
			unexpected(t, NULL);
	} else if (t != T_SEMI) {
		unget_token();
	}
	newlines();
	expect("do");
	n->second = clause("done");
	return n;
}

static struct node *case_clause(void)
{
	struct node *n = new_node(N_CASE, NULL, NULL);
	struct case_item **tail = &n->items;
	enum token t = next_token();

	if (t != T_WORD)
		unexpected(t, "word");
	n->name = token_text;
	newlines();
	expect("in");
	for (;;) {
		newlines();
		if (accept("esac"))
			return n;
		struct case_item *item = allocate(sizeof *item);
		struct word **patterns = &item->patterns;
		t = next_token();
		if (t == T_LPAREN)
			t = next_token();
		for (;; t = next_token()) {
			if (t != T_WORD)
				unexpected(t, ")");
			patterns = add_word(patterns, token_text);
			t = next_token();
			if (t == T_RPAREN)
				break;
			if (t != T_PIPE)
				unexpected(t, ")");
		}
		item->body = compound_list();
		*tail = item;
		tail = &item->next;
		t = next_token();
		if (t == T_DSEMI)
			continue;
		if (t == T_WORD && strcmp(token_text, "esac") == 0)
			return n;
		unexpected(t, ";;");
	}
}

static struct node *loop(enum node_kind kind)
{
	struct node *n = new_node(kind, NULL, NULL);

	n->first = clause("do");
	n->second = clause("done");
	return n;
}

static struct node *group(void)
{
	struct node *n = new_node(N_GROUP, NULL, NULL);

	n->first = clause("}");
	return n;
}

static struct node *subshell(void)
{
	struct node *n = new_node(N_SUBSHELL, NULL, NULL);

	n->first = compound_list();
	enum token t = next_token();
	if ((!n->first && t != T_EOF) || t != T_RPAREN)
		unexpected(t, n->first || t == T_EOF ? ")" : NULL);
	return n;
}

/* A compound command, without what follows it; NULL if the word does not begin one. */
static struct node *compound(enum token t)
{
	if (t == T_LPAREN)
		return subshell();
	if (strcmp(token_text, "if") == 0)
		return if_clause();
	if (strcmp(token_text, "while") == 0)
		return loop(N_WHILE);
	if (strcmp(token_text, "until") == 0)
		return loop(N_UNTIL);
	if (strcmp(token_text, "for") == 0)
		return for_clause();
	if (strcmp(token_text, "case") == 0)
		return case_clause();
	if (strcmp(token_text, "{") == 0)
		return group();
	return NULL;
}

static int ends_list(const char *word)
{
	static const char *const ends[] = {"then", "do", "done", "else", "elif", "fi", "esac", "}",
	    NULL};

	for (int i = 0; ends[i]; i++)
		if (strcmp(word, ends[i]) == 0)
			return 1;
	return 0;
}

static struct node *function(char *name)
{
	enum token t = next_token();

	if (t != T_RPAREN)
		unexpected(t, ")");
	const struct builtin *b = builtin_find(name);
	if (!is_name(name, strlen(name)) || (b && b->special))
		syntax_error("Bad function name");
	newlines();
	struct node *n = new_node(N_FUNCTION, NULL, NULL);
	n->name = name;
	n->first = command();
	if (!n->first)
		unexpected(next_token(), NULL);
	arena->keep = 1;
	return n;
}

static struct node *simple_command(void)
{
	struct node *n = new_node(N_SIMPLE, NULL, NULL);
	struct word **assignments = &n->assignments, **words = &n->words;
	struct redirect **redirects = &n->redirects;
	int empty = 1;

	for (;; empty = 0) {
		if (empty || n->words)
			next_argument_token();
		else
			next_command_token();
		unget_token();
		if ((*redirects = redirection())) {
			redirects = &(*redirects)->next;
			continue;
		}
		enum token t = next_token();
		if (t == T_LPAREN && n->words && !n->words->next && !n->assignments && !n->redirects)
			return function(n->words->text);
		if (t != T_WORD && t != T_NUMBER) {
			unget_token();
			return empty ? NULL : n;
		}
		if (empty)
			n->line = token_line;
		if (!n->words && assignment_name(token_text))
			assignments = add_word(assignments, token_text);
		else
			words = add_word(words, token_text);
	}
}

static struct node *command(void)
{
	enum token t = next_command_token();

	if (t == T_WORD && ends_list(token_text)) {
		unget_token();
		return NULL;
	}
	if (t == T_WORD || t == T_LPAREN) {
		struct node *n = compound(t);
		if (n) {
			struct redirect *r = redirections();
			if (r && n->kind != N_GROUP && n->kind != N_SUBSHELL)
				n = new_node(N_GROUP, n, NULL);
			n->redirects = r;
			return n;
		}
	}
	unget_token();
	return simple_command();
}

static struct node *pipeline(void)
{
	if (accept("!")) {
		if (accept("!"))
			unexpected(T_WORD, NULL);
		struct node *n = pipeline();
		if (!n)
			unexpected(next_token(), NULL);
		return new_node(N_NOT, n, NULL);
	}
	struct node *n = command();
	if (!n)
		return NULL;
	if (next_token() != T_PIPE) {
		unget_token();
		return n;
	}
	newlines();
	/* A list of its commands: first is one, second the rest. */
	struct node *head = new_node(N_PIPE, n, NULL), *last = head;
	for (;;) {
		n = command();
		if (!n)
			unexpected(next_token(), NULL);
		last->second = new_node(N_PIPE, n, NULL);
		last = last->second;
		if (next_token() != T_PIPE) {
			unget_token();
			return head;
		}
		newlines();
	}
}

static struct node *and_or(void)
{
	struct node *n = pipeline();

	while (n) {
		enum token t = next_token();
		if (t != T_AND && t != T_OR) {
			unget_token();
			break;
		}
		newlines();
		struct node *right = pipeline();
		if (!right)
			unexpected(next_token(), NULL);
		n = new_node(t == T_AND ? N_AND : N_OR, n, right);
	}
	return n;
}

/* Commands up to what cannot begin one. Newlines separate when `lines`. */
static struct node *commands(int lines)
{
	struct node *n = NULL;

	for (;;) {
		struct node *next = and_or();
		if (!next)
			return n;
		enum token t = next_token();
		if (t == T_AMP)
			next = new_node(N_BACKGROUND, next, NULL);
		n = n ? new_node(N_LIST, n, next) : next;
		if (t == T_SEMI || t == T_AMP) {
			if (lines)
				newlines();
			continue;
		}
		if (t == T_NEWLINE && lines) {
			newlines();
			continue;
		}
		unget_token();
		return n;
	}
}

static struct node *list(void)
{
	return commands(1);
}

struct node *parse_line(int *eof)
{
	lexer_reset();
	enum token t = next_token();
	if (t == T_EOF || t == T_NEWLINE) {
		*eof = t == T_EOF;
		return NULL;
	}
	unget_token();
	struct node *n = commands(0);
	t = next_token();
	if (t != T_NEWLINE && t != T_EOF)
		unexpected(t, NULL);
	/* An end that was seen here is seen again by the next call. */
	return n;
}

struct node *parse_list_until(enum token end)
{
	struct node *n = compound_list();
	enum token t = next_token();

	if (t != end)
		unexpected(t, end == T_RPAREN ? ")" : NULL);
	return n;
}
