/* The builtins: their table, and those that are about the shell's own flow. */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int number_argument(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!isdigit(*text) || *end || n > INT_MAX)
		fail(2, "Illegal number: %s", text);
	return (int)n;
}

char *option_argument;

int next_option(char ***argv, const char *letters)
{
	static char *rest; /* of the word with the options */
	char **word = *argv;

	if (!rest) {
		word = ++*argv;
		if (!*word || (*word)[0] != '-' || !(*word)[1])
			return 0;
		rest = *word + 1;
		if (strcmp(rest, "-") == 0) {
			rest = NULL;
			++*argv;
			return 0;
		}
	}
	int c = *rest++;
	if (!*rest)
		rest = NULL;
	const char *known = c == ':' ? NULL : strchr(letters, c);
	if (!known) {
		rest = NULL;
		fail(2, "Illegal option -%c", c);
	}
	if (known[1] == ':') {
		option_argument = rest ? rest : *++*argv;
		rest = NULL;
		if (!option_argument)
			fail(2, "No arg for -%c option", c);
	}
	return c;
}

static int b_true(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 0;
}

static int b_false(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 1;
}

static int b_break(int argc, char **argv)
{
	int n = argc > 1 ? number_argument(argv[1]) : 1;

	if (n == 0)
		fail(2, "Illegal number: %s", argv[1]);
	if (loop_depth > 0) {
		skip = argv[0][0] == 'b' ? SKIP_BREAK : SKIP_CONTINUE;
		skip_count = n < loop_depth ? n : loop_depth;
	}
	return 0;
}

static int b_return(int argc, char **argv)
{
	int code = argc > 1 ? number_argument(argv[1]) : status;

	skip = SKIP_RETURN;
	return code;
}

static int b_exit(int argc, char **argv)
{
	int code = argc > 1 ? number_argument(argv[1]) & 255
	    : status_before_trap >= 0 ? status_before_trap : status;

	if (interactive && jobs_keep_shell())
		return 0;
	leave(code);
}

static int b_eval(int argc, char **argv)
{
	struct string text = {0};

	if (argc < 2)
		return 0;
	for (int i = 1; i < argc; i++) {
		if (i > 1)
			string_add(&text, ' ');
		string_append(&text, argv[i], strlen(argv[i]));
	}
	return run_string(string_finish(&text), evaluation_flags & E_TESTED);
}

static int open_script(const char *name)
{
	const char *list = var_get("PATH");

	if (strchr(name, '/'))
		return open(name, O_RDONLY | O_CLOEXEC);
	for (char *path; (path = next_path(&list, name));) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	errno = ENOENT;
	return -1;
}

static int b_dot(int argc, char **argv)
{
	struct input in;

	if (argc < 2)
		return 0;
	int fd = open_script(argv[1]);
	if (fd < 0) {
		if (!strchr(argv[1], '/'))
			fail(2, "%s: not found", argv[1]);
		fail(2, "cannot open %s: %s", argv[1], errno == ENOENT ? "No such file" : strerror(errno));
	}
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	close(fd);
	input_file(&in, high, 0);
	run_input(0);
	if (skip == SKIP_RETURN)
		skip = SKIP_NONE;
	return status;
}

static int b_shift(int argc, char **argv)
{
	int n = argc > 1 ? number_argument(argv[1]) : 1;

	if (n > param_count)
		fail(2, "can't shift that many");
	for (int i = 0; i < n; i++)
		free(params[i]);
	for (int i = n; i < param_count; i++)
		params[i - n] = params[i];
	param_count -= n;
	getopts_reset(1);
	return 0;
}

static const char *checked_name(const char *assignment)
{
	if (!is_name(assignment, strcspn(assignment, "=")))
		fail(2, "%s: bad variable name", save_string(assignment, strcspn(assignment, "=")));
	return assignment;
}

/* export and readonly */
static int b_export(int argc, char **argv)
{
	int flag = argv[0][0] == 'e' ? V_EXPORT : V_READONLY;
	const char *name = argv[0];

	(void)argc;
	while (next_option(&argv, "p"))
		;
	if (!*argv)
		vars_print(name, flag);
	for (; *argv; argv++)
		var_assign(checked_name(*argv), flag);
	return 0;
}

static int b_local(int argc, char **argv)
{
	if (!in_function())
		fail(2, "not in a function");
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-") == 0) {
			options_local();
			continue;
		}
		var_function_local(checked_name(argv[i]), strcspn(argv[i], "="));
		var_assign(argv[i], 0);
	}
	return 0;
}

static int b_unset(int argc, char **argv)
{
	int what = 'v';

	(void)argc;
	for (int c; (c = next_option(&argv, "fv"));)
		what = c;
	for (; *argv; argv++) {
		if (what == 'f')
			function_unset(*argv);
		else
			var_unset(checked_name(*argv));
	}
	return 0;
}

/* Sorted by name. */
static const struct builtin table[] = {
	{".", b_dot, 1},
	{":", b_true, 1},
	{"[", b_test, 0},
	{"alias", b_alias, 0},
	{"bg", b_fg, 0},
	{"break", b_break, 1},
	{"cd", b_cd, 0},
	{"command", b_command, 0},
	{"continue", b_break, 1},
	{"echo", b_echo, 0},
	{"eval", b_eval, 1},
	{"exec", b_exec, 1},
	{"exit", b_exit, 1},
	{"export", b_export, 1},
	{"false", b_false, 0},
	{"fg", b_fg, 0},
	{"getopts", b_getopts, 0},
	{"hash", b_hash, 0},
	{"jobs", b_jobs, 0},
	{"kill", b_kill, 0},
	{"local", b_local, 1},
	{"printf", b_printf, 0},
	{"pwd", b_pwd, 0},
	{"read", b_read, 0},
	{"readonly", b_export, 1},
	{"return", b_return, 1},
	{"set", b_set, 1},
	{"shift", b_shift, 1},
	{"test", b_test, 0},
	{"times", b_times, 1},
	{"trap", b_trap, 1},
	{"true", b_true, 0},
	{"type", b_type, 0},
	{"ulimit", b_ulimit, 0},
	{"umask", b_umask, 0},
	{"unalias", b_unalias, 0},
	{"unset", b_unset, 1},
	{"wait", b_wait, 0},
};

static int by_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct builtin *)entry)->name);
}

const struct builtin *builtin_find(const char *name)
{
	return bsearch(name, table, sizeof table / sizeof table[0], sizeof table[0], by_name);
}
