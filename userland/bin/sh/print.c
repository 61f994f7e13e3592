/* Syntax trees as text, for the list of jobs; words quoted for a shell. */
#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(struct string *s, struct node *n);

static void add(struct string *s, const char *text)
{
	string_append(s, text, strlen(text));
}

static void add_words(struct string *s, struct word *w, const char *separator)
{
	for (; w; w = w->next) {
		add(s, w->text);
		if (w->next)
			add(s, separator);
	}
}

static void add_redirects(struct string *s, struct redirect *r)
{
	static const char *const operators[] = {"<", ">", ">>", ">|", "<>", "<&", ">&", "<<..."};
	char fd[12];

	for (; r; r = r->next) {
		int usual = r->kind != R_IN && r->kind != R_READWRITE && r->kind != R_DUP_IN && r->kind != R_HERE;
		if (s->len > 0)
			string_add(s, ' ');
		if (r->fd != usual) {
			snprintf(fd, sizeof fd, "%d", r->fd);
			add(s, fd);
		}
		add(s, operators[r->kind]);
		if (r->kind != R_HERE)
			add(s, r->target);
	}
}

static void add_parts(struct string *s, const char *start, struct node *first, const char *middle,
    struct node *second, const char *end)
{
	add(s, start);
	print(s, first);
	add(s, middle);
	if (second)
		print(s, second);
	add(s, end);
}

static void add_case(struct string *s, struct node *n)
{
	add(s, "case ");
	add(s, n->name);
	add(s, " in ");
	for (struct case_item *item = n->items; item; item = item->next) {
		add_words(s, item->patterns, " | ");
		add_parts(s, ") ", item->body, ";; ", NULL, "");
	}
	add(s, "esac");
}

static void print(struct string *s, struct node *n)
{
	if (!n)
		return;
	switch (n->kind) {
	case N_SIMPLE:
		add_words(s, n->assignments, " ");
		if (n->assignments && n->words)
			string_add(s, ' ');
		add_words(s, n->words, " ");
		break;
	case N_PIPE:
		print(s, n->first);
		for (n = n->second; n; n = n->second)
			add_parts(s, " | ", n->first, "", NULL, "");
		return;
	case N_NOT:
		add_parts(s, "! ", n->first, "", NULL, "");
		break;
	case N_AND:
	case N_OR:
		add_parts(s, "", n->first, n->kind == N_AND ? " && " : " || ", n->second, "");
		break;
	case N_LIST:
		add_parts(s, "", n->first, n->first->kind == N_BACKGROUND ? " " : "; ", n->second, "");
		break;
	case N_BACKGROUND:
		add_parts(s, "", n->first, " &", NULL, "");
		break;
	case N_SUBSHELL:
		add_parts(s, "(", n->first, ")", NULL, "");
		break;
	case N_GROUP:
		add_parts(s, "{ ", n->first, "; }", NULL, "");
		break;
	case N_IF:
		add_parts(s, "if ", n->first, "; then ", n->second, "; ");
		if (n->third)
			add_parts(s, "else ", n->third, "; ", NULL, "");
		add(s, "fi");
		break;
	case N_WHILE:
	case N_UNTIL:
		add_parts(s, n->kind == N_WHILE ? "while " : "until ", n->first, "; do ", n->second, "; done");
		break;
	case N_FOR:
		add(s, "for ");
		add(s, n->name);
		add(s, n->has_in ? " in " : "");
		add_words(s, n->words, " ");
		add_parts(s, "; do ", n->second, "; done", NULL, "");
		break;
	case N_CASE:
		add_case(s, n);
		break;
	case N_FUNCTION:
		add(s, n->name);
		add_parts(s, "() ", n->first, "", NULL, "");
		break;
	}
	add_redirects(s, n->redirects);
}

char *node_text(struct node *n)
{
	struct string s = {0};

	print(&s, n);
	return s.text ? s.text : xstrdup("");
}

void print_quoted(const char *text)
{
	do {
		size_t len = strcspn(text, "'");
		printf("'%.*s'", (int)len, text);
		text += len;
		len = strspn(text, "'");
		if (len > 0)
			printf("\"%.*s\"", (int)len, text);
		text += len;
	} while (*text);
}
