/* What a command's name means: functions, files on the PATH. */
#include "sh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STANDARD_PATH "/bin:/usr/bin:/sbin:/usr/sbin"

struct function {
	struct function *next;
	char *name;
	struct node *body;
};
/* A file that was found, until PATH changes. */
struct known {
	struct known *next;
	char *name, *path;
};
static struct function *functions;
static struct known *known;

struct node *function_find(const char *name)
{
	for (struct function *f = functions; f; f = f->next)
		if (strcmp(f->name, name) == 0)
			return f->body;
	return NULL;
}

void function_unset(const char *name)
{
	for (struct function **f = &functions; *f; f = &(*f)->next)
		if (strcmp((*f)->name, name) == 0) {
			struct function *gone = *f;
			*f = gone->next;
			free(gone->name);
			free(gone);
			return;
		}
}

void function_set(const char *name, struct node *body)
{
	function_unset(name);
	struct function *f = xmalloc(sizeof *f);
	f->name = xstrdup(name);
	f->body = body;
	f->next = functions;
	functions = f;
}

static const struct known *known_find(const char *name)
{
	for (struct known *k = known; k; k = k->next)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

void commands_forget(void)
{
	while (known) {
		struct known *next = known->next;
		free(known->name);
		free(known->path);
		free(known);
		known = next;
	}
}

static void remember(const char *name, const char *path)
{
	struct known *k = xmalloc(sizeof *k);

	k->name = xstrdup(name);
	k->path = xstrdup(path);
	k->next = known;
	known = k;
}

char *next_path(const char **list, const char *name)
{
	if (!*list)
		return NULL;
	size_t len = strcspn(*list, ":");
	char *path = allocate(len + strlen(name) + 2);

	memcpy(path, *list, len);
	*list = (*list)[len] ? *list + len + 1 : NULL;
	if (len > 0)
		path[len++] = '/';
	strcpy(path + len, name);
	return path;
}

char *find_command(const char *name, const char *list)
{
	int denied = 0, remembered = !list;
	struct stat st;

	if (strchr(name, '/'))
		return save_string(name, strlen(name));
	if (remembered && known_find(name)) {
		const char *path = known_find(name)->path;
		return save_string(path, strlen(path));
	}
	if (!list)
		list = var_get("PATH");
	for (char *path; (path = next_path(&list, name));) {
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (access(path, X_OK) == 0) {
			if (remembered)
				remember(name, path);
			return path;
		}
		denied = 1;
	}
	errno = denied ? EACCES : ENOENT;
	return NULL;
}

void exec_program(char **argv, char **envp)
{
	char *path = find_command(argv[0], NULL);

	if (path) {
		execve(path, argv, envp);
		if (errno == ENOEXEC) { /* a script without #! */
			int n = 0;
			while (argv[n])
				n++;
			char **script = allocate((size_t)(n + 2) * sizeof *script);
			script[0] = "sh";
			script[1] = path;
			memcpy(script + 2, argv + 1, (size_t)n * sizeof *script);
			execve("/bin/sh", script, envp);
		}
	}
	int missing = errno == ENOENT || errno == ENOTDIR;
	fail(missing ? 127 : 126, "%s: %s", argv[0], missing ? "not found" : strerror(errno));
}

int b_exec(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--") == 0)
		argv++;
	if (!argv[1])
		return 0;
	signals_exec();
	exec_program(argv + 1, vars_environment());
}

int b_hash(int argc, char **argv)
{
	int result = 0;

	while (next_option(&argv, "rv"))
		commands_forget();
	if (argc < 2)
		for (struct known *k = known; k; k = k->next)
			printf("%s\n", k->path);
	for (; *argv; argv++)
		if (!builtin_find(*argv) && !function_find(*argv) && !find_command(*argv, NULL)) {
			complain("%s: not found", *argv);
			result = 1;
		}
	return result;
}

/* type, command -V. */
static int describe(const char *name, const char *path)
{
	const struct builtin *b = builtin_find(name);
	const struct alias *a = alias_find(name);
	struct stat st;

	printf("%s", name);
	if (is_reserved(name)) {
		printf(" is a shell keyword\n");
	} else if (a) {
		printf(" is an alias for %s\n", a->value);
	} else if (b && b->special) {
		printf(" is a special shell builtin\n");
	} else if (function_find(name)) {
		printf(" is a shell function\n");
	} else if (b) {
		printf(" is a shell builtin\n");
	} else {
		const char *how = !path && known_find(name) ? "a tracked alias for " : "";
		char *file = find_command(name, path);
		if (!file || stat(file, &st) < 0) {
			printf(": not found\n");
			return 127;
		}
		printf(" is %s%s\n", how, file);
	}
	return 0;
}

/* command -v */
static int print_command(const char *name, const char *path)
{
	const struct alias *a = alias_find(name);
	struct stat st;

	if (is_reserved(name)) {
		printf("%s\n", name);
	} else if (a) {
		printf("alias %s=", name);
		print_quoted(a->value);
		putchar('\n');
	} else if (builtin_find(name) || function_find(name)) {
		printf("%s\n", name);
	} else {
		char *file = find_command(name, path);
		if (!file || stat(file, &st) < 0)
			return 127;
		printf("%s\n", file);
	}
	return 0;
}

int b_type(int argc, char **argv)
{
	int result = 0;

	(void)argc;
	for (argv++; *argv; argv++)
		if (describe(*argv, NULL))
			result = 127;
	return result;
}

int b_command(int argc, char **argv)
{
	char **start = argv;
	const char *path = NULL;
	int how = 0;

	for (int c; (c = next_option(&argv, "pvV"));) {
		if (c == 'p')
			path = STANDARD_PATH;
		else
			how = c;
	}
	if (!*argv)
		return 0;
	if (how)
		return how == 'v' ? print_command(*argv, path) : describe(*argv, path);
	argc -= (int)(argv - start);
	const struct builtin *b = builtin_find(*argv);
	if (b)
		return call_builtin(b, 0, argc, argv);
	if (path && find_command(*argv, path))
		*argv = find_command(*argv, path);
	command_name = handler->command_name; /* a message is not command's own */
	return run_arguments(argc, argv);
}
