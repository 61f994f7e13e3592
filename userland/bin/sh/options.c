/* The shell's options: its own arguments, and set. */
#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char options['z' - 'A' + 1];
char *command_option;

/* As dash lists them. */
static const struct {
	const char *name;
	char letter;
} names[] = {{"errexit", 'e'}, {"noglob", 'f'}, {"ignoreeof", 'I'}, {"interactive", 'i'},
    {"monitor", 'm'}, {"noexec", 'n'}, {"stdin", 's'}, {"xtrace", 'x'}, {"verbose", 'v'}, {"vi", 'V'},
    {"emacs", 'E'}, {"noclobber", 'C'}, {"allexport", 'a'}, {"notify", 'b'}, {"nounset", 'u'}};
#define NAMES (sizeof names / sizeof names[0])

static void print_options(int as_commands)
{
	if (!as_commands)
		printf("Current option settings\n");
	for (size_t i = 0; i < NAMES; i++) {
		int on = option(names[i].letter);
		if (as_commands)
			printf("set %co %s\n", on ? '-' : '+', names[i].name);
		else
			printf("%-16s%s\n", names[i].name, on ? "on" : "off");
	}
}

static void set_named(const char *name, int on)
{
	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(names[i].name, name) == 0) {
			option(names[i].letter) = (char)on;
			return;
		}
	fail(2, "Illegal option -o %s", name);
}

char **parse_options(char **argv, int starting, int *has_operands)
{
	*has_operands = 0;
	for (; *argv && ((*argv)[0] == '-' || (*argv)[0] == '+'); argv++) {
		int on = (*argv)[0] == '-';
		const char *letter = *argv + 1;
		if (!*letter || strcmp(*argv, "--") == 0) {
			if (!*letter && on)
				option('x') = option('v') = 0;
			*has_operands = on && *letter;
			if (on)
				argv++;
			break;
		}
		for (; *letter; letter++) {
			if (*letter == 'o') {
				if (!argv[1])
					print_options(!on);
				else
					set_named(*++argv, on);
				if (!*argv)
					return argv;
			} else if (starting && *letter == 'c') {
				command_option = "";
			} else if (starting && *letter == 'l') {
				option('l') = (char)on;
			} else if (strchr(OPTIONS, *letter)) {
				option(*letter) = (char)on;
			} else {
				fail(2, "Illegal option -%c", *letter);
			}
		}
	}
	*has_operands |= *argv != NULL;
	return argv;
}

int b_set(int argc, char **argv)
{
	int has_operands;

	if (argc == 1) {
		vars_print("", 0);
		return 0;
	}
	argv = parse_options(argv + 1, 0, &has_operands);
	monitor_set(option('m'));
	if (has_operands) {
		int n = 0;
		while (argv[n])
			n++;
		params_set(argv, n);
		getopts_reset(1);
	}
	return 0;
}
