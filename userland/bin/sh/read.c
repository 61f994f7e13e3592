/* read and getopts. */
#include "sh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line with the characters that a backslash protects marked. */
struct line {
	struct string text, quoted;
	int complete;
};

static void read_line(struct line *l, int raw)
{
	int escaped = 0;

	for (;;) {
		char c;
		ssize_t n = read(0, &c, 1);
		if (n < 0 && errno == EINTR) {
			if (interrupted && interactive)
				abandon_line();
			if (traps_pending)
				break;
			continue;
		}
		if (n <= 0)
			break;
		if (c == 0)
			continue;
		if (escaped) {
			escaped = 0;
			if (c == '\n')
				continue;
			string_add(&l->text, c);
			string_add(&l->quoted, 1);
		} else if (c == '\\' && !raw) {
			escaped = 1;
		} else if (c == '\n') {
			l->complete = 1;
			return;
		} else {
			string_add(&l->text, c);
			string_add(&l->quoted, 2);
		}
	}
}

int b_read(int argc, char **argv)
{
	struct line l = {0};
	const char *prompt = NULL, *ifs = var_get("IFS");
	int raw = 0;
	size_t at = 0;

	(void)argc;
	for (int c; (c = next_option(&argv, "rp:"));) {
		if (c == 'p')
			prompt = option_argument;
		else
			raw = 1;
	}
	if (!*argv)
		fail(2, "arg count");
	if (!ifs)
		ifs = " \t\n";
	if (prompt && isatty(0))
		write(2, prompt, strlen(prompt));
	for (char **name = argv; *name; name++)
		if (!is_name(*name, strlen(*name)))
			fail(2, "%s: bad variable name", *name);
	read_line(&l, raw);

#define SEPARATES(i) (l.quoted.text[i] == 2 && strchr(ifs, l.text.text[i]))
#define IS_SPACE(i) (SEPARATES(i) && strchr(" \t\n", l.text.text[i]))
	size_t len = l.text.len;
	while (at < len && IS_SPACE(at))
		at++;
	for (; *argv; argv++) {
		size_t start = at, end;
		if (argv[1]) {
			while (at < len && !SEPARATES(at))
				at++;
			end = at;
			while (at < len && IS_SPACE(at))
				at++;
			if (at < len && SEPARATES(at)) {
				at++;
				while (at < len && IS_SPACE(at))
					at++;
			}
		} else {
			end = len;
			while (end > start && IS_SPACE(end - 1))
				end--;
			/* One separator at the end, if there is no other field, ends the field. */
			if (end > start && SEPARATES(end - 1)) {
				size_t i = start;
				while (i < end - 1 && !SEPARATES(i))
					i++;
				if (i == end - 1)
					end--;
				while (end > start && IS_SPACE(end - 1))
					end--;
			}
			at = len;
		}
		char *value = save_string(l.text.text ? l.text.text + start : "", end - start);
		var_set(*argv, strlen(*argv), value, 0);
	}
	free(l.text.text);
	free(l.quoted.text);
	return !l.complete;
}

static struct getopts_state state = {1, 0};

struct getopts_state getopts_reset(int index)
{
	struct getopts_state before = state;

	state.index = index > 0 ? index : 1;
	state.letter = 0;
	return before;
}

void getopts_resume(struct getopts_state before)
{
	state = before;
}

static void set_number(const char *name, int n)
{
	char text[12];

	snprintf(text, sizeof text, "%d", n);
	var_set(name, strlen(name), text, 0);
}

int b_getopts(int argc, char **argv)
{
	if (argc < 3)
		fail(2, "Usage: getopts optstring var [arg...]");
	const char *letters = argv[1], *name = argv[2];
	char **words = argc > 3 ? argv + 3 : params;
	int count = argc > 3 ? argc - 3 : param_count;
	int index = state.index, position = state.letter, quiet = *letters == ':';
	char found[2] = {0, 0};

	const char *word = index <= count ? words[index - 1] : NULL;
	if (word && position >= (int)strlen(word))
		position = 0;
	if (position == 0) {
		int is_end = word && strcmp(word, "--") == 0;
		if (!word || *word != '-' || !word[1] || is_end) {
			set_number("OPTIND", index + is_end);
			var_set(name, strlen(name), "?", 0);
			return 1;
		}
		position = 1;
	}
	found[0] = word[position++];
	const char *known = found[0] == ':' ? NULL : strchr(letters, found[0]);
	int more = word[position] != 0;
	const char *value = "";
	char result[2] = {found[0], 0};
	if (!known) {
		result[0] = '?';
		value = quiet ? found : NULL; /* unset */
		if (!quiet)
			dprintf(2, "Illegal option -%s\n", found);
	} else if (known[1] == ':') {
		if (more)
			value = word + position;
		else if (index < count)
			value = words[index++];
		else {
			result[0] = quiet ? ':' : '?';
			value = quiet ? found : NULL; /* unset */
			if (!quiet)
				dprintf(2, "No arg for -%s option\n", found);
		}
		more = 0;
	}
	if (value)
		var_set("OPTARG", 6, value, 0);
	else
		var_unset("OPTARG");
	set_number("OPTIND", more ? index : index + 1);
	state.letter = more ? position : 0;
	var_set(name, strlen(name), result, 0);
	return 0;
}
