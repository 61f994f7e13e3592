/* Aliases: what a command's first word stands for. The lexer puts their text in its place. */
#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct alias *aliases; /* sorted */

static struct alias **slot_of(const char *name)
{
	struct alias **a = &aliases;

	while (*a && strcmp((*a)->name, name) < 0)
		a = &(*a)->next;
	return a;
}

const struct alias *alias_find(const char *name)
{
	struct alias *a = *slot_of(name);

	return a && strcmp(a->name, name) == 0 ? a : NULL;
}

static void forget(const char *name)
{
	struct alias **slot = slot_of(name), *gone = *slot;

	*slot = gone->next;
	free(gone->name);
	free(gone->value);
	free(gone);
}

static void print(const struct alias *a)
{
	printf("%s=", a->name);
	print_quoted(a->value);
	putchar('\n');
}

int b_alias(int argc, char **argv)
{
	int result = 0;

	if (argc < 2)
		for (struct alias *a = aliases; a; a = a->next)
			print(a);
	for (argv++; *argv; argv++) {
		size_t len = strcspn(*argv, "=");
		if (len > 0 && (*argv)[len]) {
			char *name = save_string(*argv, len);
			if (alias_find(name))
				forget(name);
			struct alias **slot = slot_of(name), *a = xmalloc(sizeof *a);
			a->name = xstrdup(name);
			a->value = xstrdup(*argv + len + 1);
			a->next = *slot;
			*slot = a;
		} else if (alias_find(*argv)) {
			print(alias_find(*argv));
		} else {
			dprintf(2, "alias: %s not found\n", *argv);
			result = 1;
		}
	}
	return result;
}

int b_unalias(int argc, char **argv)
{
	int result = 0;

	(void)argc;
	while (next_option(&argv, "a") == 'a')
		while (aliases)
			forget(aliases->name);
	for (; *argv; argv++) {
		if (alias_find(*argv)) {
			forget(*argv);
		} else {
			dprintf(2, "unalias: %s not found\n", *argv);
			result = 1;
		}
	}
	return result;
}
