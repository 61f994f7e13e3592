/* Running syntax trees. */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int status;
enum skip skip;
int skip_count, loop_depth;
int current_line;
const char *command_name;

int evaluation_flags;
static int substitution_status; /* of the last $( ), or -1 */

/* In a child: runs a tree and ends. */
static void run_child(struct node *n, int flags)
{
	execute(n, (flags & E_TESTED) | E_EXIT);
	leave(status);
}

/* A command's output without the newlines at its end, on the heap. */
char *command_output(struct node *n)
{
	int fds[2];
	struct string out = {0};
	char buf[512];
	ssize_t len;

	string_add(&out, 0);
	out.len = 0;
	if (!n)
		return out.text;
	if (pipe(fds) < 0)
		fail(2, "Pipe call failed");
	struct job *j = job_new(NULL);
	if (job_fork(j, 0) == 0) {
		close(fds[0]);
		if (fds[1] != 1) {
			dup2(fds[1], 1);
			close(fds[1]);
		}
		run_child(n, 0);
	}
	close(fds[1]);
	while ((len = read(fds[0], buf, sizeof buf)) != 0) {
		if (len < 0 && errno != EINTR)
			break;
		for (ssize_t i = 0; i < len; i++)
			if (buf[i])
				string_add(&out, buf[i]);
	}
	close(fds[0]);
	substitution_status = job_wait(j);
	while (out.len > 0 && out.text[out.len - 1] == '\n')
		out.len--;
	out.text[out.len] = 0;
	return out.text;
}

static void trace(struct word *assignments, struct fields *argv)
{
	struct string line = {0};
	const char *prefix = expand_here(var_get("PS4") ? var_get("PS4") : "");
	const char *separator = "";

	string_append(&line, prefix, strlen(prefix));
	for (struct word *w = assignments; w; w = w->next, separator = " ") {
		string_append(&line, separator, strlen(separator));
		string_append(&line, w->text, strlen(w->text));
	}
	for (int i = 0; i < argv->n; i++, separator = " ") {
		string_append(&line, separator, strlen(separator));
		string_append(&line, argv->v[i], strlen(argv->v[i]));
	}
	string_add(&line, '\n');
	fflush(stdout);
	write(2, line.text, line.len);
	free(line.text);
}

/* Does the assignments before a command one after another. The result is NAME=value of each. */
static struct word *assign(struct word *w, int local)
{
	struct word *first = NULL, **tail = &first;

	for (; w; w = w->next) {
		size_t len = strcspn(w->text, "=") + 1;
		char *value = expand_string(w->text + len, 1);
		char *text = allocate(len + strlen(value) + 1);
		memcpy(text, w->text, len);
		strcpy(text + len, value);
		if (local)
			var_local(text, len - 1);
		var_assign(text, local ? V_EXPORT : 0);
		*tail = allocate(sizeof **tail);
		(*tail)->text = text;
		tail = &(*tail)->next;
	}
	return first;
}

static void call_function(struct node *body, struct fields *argv, int flags)
{
	struct frame *f = frame_push();
	int depth = loop_depth;

	loop_depth = 0;
	params_set(argv->v + 1, argv->n - 1);
	execute(body, flags & E_TESTED);
	if (skip == SKIP_RETURN)
		skip = SKIP_NONE;
	frame_pop(f);
	loop_depth = depth;
}

int call_builtin(const struct builtin *b, int special, int argc, char **argv)
{
	struct handler h;
	const char *outer = command_name;
	int result;

	if (special) {
		command_name = argv[0];
		result = b->run(argc, argv);
	} else {
		handler_push(&h, 1);
		if (sigsetjmp(h.jump, 0)) {
			result = status;
		} else {
			command_name = argv[0];
			result = b->run(argc, argv);
		}
		handler_unwind(&h);
	}
	if (ferror(stdout) | fflush(stdout)) {
		clearerr(stdout);
		complain("I/O error");
		result = 1;
	}
	command_name = outer;
	return result;
}

static void run_program(struct node *n, struct fields *argv, int flags)
{
	find_command(argv->v[0], NULL); /* so that it is known after the fork */
	if (!(flags & E_EXIT)) {
		struct job *j = job_new(n);
		if (job_fork(j, 0) > 0) {
			status = job_wait(j);
			return;
		}
	} else {
		signals_child();
	}
	exec_program(argv->v, vars_environment());
}

int run_arguments(int argc, char **argv)
{
	struct node n = {.kind = N_SIMPLE, .line = current_line};
	struct word **tail = &n.words;
	struct fields fields = {argv, argc, argc};

	for (int i = 0; i < argc; i++) {
		*tail = allocate(sizeof **tail);
		(*tail)->text = argv[i];
		tail = &(*tail)->next;
	}
	run_program(&n, &fields, 0);
	return status;
}

/* export, readonly and local take assignments: what is behind the = is one field. */
static void expand_command(struct word *w, struct fields *argv)
{
	static const char *const takers[] = {"export", "readonly", "local"};
	struct word one = {NULL, NULL};
	int assigns = 0;

	for (int first = 1; w; w = w->next, first = 0) {
		if (assigns && assignment_name(w->text)) {
			size_t len = strcspn(w->text, "=") + 1;
			char *value = expand_string(w->text + len, 1);
			char *text = allocate(len + strlen(value) + 1);
			memcpy(text, w->text, len);
			strcpy(text + len, value);
			field_add(argv, text);
			continue;
		}
		one.text = w->text;
		expand_words(&one, argv);
		for (size_t i = 0; first && argv->n > 0 && i < sizeof takers / sizeof takers[0]; i++)
			assigns |= strcmp(argv->v[0], takers[i]) == 0;
	}
}

static void simple(struct node *n, int flags)
{
	struct fields argv = {0};
	struct saved_fd *mark = saved_fds;
	struct frame *f = NULL;

	current_line = n->line;
	substitution_status = -1;
	expand_command(n->words, &argv);
	const struct builtin *b = argv.n > 0 ? builtin_find(argv.v[0]) : NULL;
	struct node *body = argv.n == 0 || (b && b->special) ? NULL : function_find(argv.v[0]);
	int forever = b && (b->run == b_exec ||
	    (b->run == b_command && argv.n > 1 && strcmp(argv.v[1], "exec") == 0));
	if (redirect(n->redirects, !forever)) {
		redirect_restore(mark);
		status = 2;
		if (b && b->special)
			abandon(2);
		return;
	}
	/* Assignments before a special builtin, or alone, stay. */
	int local = argv.n > 0 && n->assignments && (body || !b || !b->special);
	if (local)
		f = frame_push_variables();
	struct word *assignments = assign(n->assignments, local);
	if (option('x') && (argv.n > 0 || assignments))
		trace(assignments, &argv);
	if (argv.n == 0) {
		status = substitution_status >= 0 ? substitution_status : 0;
	} else if (body) {
		call_function(body, &argv, flags);
	} else if (b) {
		int outer = evaluation_flags;
		evaluation_flags = flags & E_TESTED;
		status = call_builtin(b, b->special, argv.n, argv.v);
		evaluation_flags = outer;
	} else {
		run_program(n, &argv, flags);
	}
	if (f)
		frame_pop(f);
	redirect_restore(mark);
}

static void pipeline(struct node *n, int background, int flags)
{
	struct job *j = job_new(n);
	int in = -1, fds[2];

	for (; n; n = n->second) {
		fds[0] = fds[1] = -1;
		if (n->second && pipe(fds) < 0)
			fail(2, "Pipe call failed");
		if (job_fork(j, background) == 0) {
			if (in >= 0) {
				dup2(in, 0);
				close(in);
			}
			if (fds[1] >= 0) {
				close(fds[0]);
				dup2(fds[1], 1);
				close(fds[1]);
			}
			run_child(n->first, flags);
		}
		if (in >= 0)
			close(in);
		if (fds[1] >= 0)
			close(fds[1]);
		in = fds[0];
	}
	if (background)
		job_background(j);
	else
		status = job_wait(j);
}

static void background(struct node *n)
{
	if (n->kind == N_PIPE) {
		pipeline(n, 1, 0);
	} else {
		struct job *j = job_new(n);
		if (job_fork(j, 1) == 0)
			run_child(n, 0);
		job_background(j);
	}
	status = 0;
}

static void subshell(struct node *n, int flags)
{
	if (!(flags & E_EXIT)) {
		struct job *j = job_new(n);
		if (job_fork(j, 0) > 0) {
			status = job_wait(j);
			return;
		}
	}
	if (redirect(n->redirects, 0))
		leave(2);
	run_child(n->first, flags);
}

static void group(struct node *n, int flags)
{
	struct saved_fd *mark = saved_fds;

	if (!n->redirects) {
		execute(n->first, flags);
		return;
	}
	current_line = n->line;
	if (redirect(n->redirects, 1))
		status = 2;
	else
		execute(n->first, flags & E_TESTED);
	redirect_restore(mark);
}

/* After a loop's body: whether the loop goes on. */
static int next_round(void)
{
	if (skip == SKIP_NONE)
		return 1;
	if (skip == SKIP_RETURN)
		return 0;
	if (--skip_count > 0)
		return 0;
	int again = skip == SKIP_CONTINUE;
	skip = SKIP_NONE;
	return again;
}

static void loop(struct node *n, int flags)
{
	int result = 0;

	loop_depth++;
	for (;;) {
		execute(n->first, E_TESTED);
		if (skip != SKIP_NONE) {
			if (!next_round())
				break;
			continue;
		}
		if ((status == 0) != (n->kind == N_WHILE))
			break;
		execute(n->second, flags & E_TESTED);
		result = status;
		if (!next_round())
			break;
	}
	loop_depth--;
	if (skip != SKIP_RETURN)
		status = result;
}

static void for_loop(struct node *n, int flags)
{
	struct fields values = {0};
	int result = 0;

	current_line = n->line;
	if (n->has_in)
		expand_words(n->words, &values);
	else
		for (int i = 0; i < param_count; i++)
			field_add(&values, save_string(params[i], strlen(params[i])));
	loop_depth++;
	for (int i = 0; i < values.n; i++) {
		var_set(n->name, strlen(n->name), values.v[i], 0);
		execute(n->second, flags & E_TESTED);
		result = status;
		if (!next_round())
			break;
	}
	loop_depth--;
	status = skip == SKIP_RETURN ? status : result;
}

static void case_of(struct node *n, int flags)
{
	current_line = n->line;
	char *word = expand_string(n->name, 0);

	for (struct case_item *item = n->items; item; item = item->next)
		for (struct word *w = item->patterns; w; w = w->next)
			if (fnmatch(expand_pattern(w->text), word, 0) == 0) {
				status = 0;
				execute(item->body, flags);
				return;
			}
	status = 0;
}

void execute(struct node *n, int flags)
{
	if (!n || skip != SKIP_NONE)
		return;
	if (interrupted && interactive)
		abandon_line();
	if (traps_pending)
		traps_run();
	if (option('n') && !interactive)
		return;
	if (flags & E_EXIT && (monitor || traps_any()))
		flags &= ~E_EXIT;

	struct mark mark = arena_mark();
	int checked = 0; /* by -e */
	switch (n->kind) {
	case N_SIMPLE:
		simple(n, flags);
		checked = 1;
		break;
	case N_PIPE:
		pipeline(n, 0, flags);
		checked = 1;
		break;
	case N_NOT:
		execute(n->first, E_TESTED);
		if (skip == SKIP_NONE)
			status = !status;
		break;
	case N_AND:
	case N_OR:
		execute(n->first, E_TESTED);
		if (skip == SKIP_NONE && (status == 0) == (n->kind == N_AND))
			execute(n->second, flags);
		break;
	case N_LIST:
		/* Lists lean to the left: their beginnings are followed without recursion. */
		execute(n->first, flags & E_TESTED);
		execute(n->second, flags);
		break;
	case N_BACKGROUND:
		background(n->first);
		break;
	case N_SUBSHELL:
		subshell(n, flags);
		checked = 1;
		break;
	case N_GROUP:
		group(n, flags);
		break;
	case N_IF:
		execute(n->first, E_TESTED);
		if (skip != SKIP_NONE)
			break;
		if (status == 0)
			execute(n->second, flags);
		else if (n->third)
			execute(n->third, flags);
		else
			status = 0;
		break;
	case N_WHILE:
	case N_UNTIL:
		loop(n, flags);
		break;
	case N_FOR:
		for_loop(n, flags);
		break;
	case N_CASE:
		case_of(n, flags);
		break;
	case N_FUNCTION:
		function_set(n->name, n->first);
		arena->keep = 1;
		status = 0;
		break;
	}
	arena_release(mark);
	if (interrupted && interactive)
		abandon_line();
	if (checked && status != 0 && option('e') && !(flags & E_TESTED) && skip == SKIP_NONE)
		leave(status);
	if (traps_pending)
		traps_run();
}

/* Each line has an arena of its own, which stays if a function was defined in it. */
int run_input(int flags)
{
	struct input *mine = input;
	struct arena *outer = arena;
	int eof = 0, any = 0;

	while (skip == SKIP_NONE) {
		if (eof && !(mine->interactive && jobs_keep_shell()))
			break;
		eof = 0;
		struct arena own = {0};
		arena = &own;
		struct node *n = parse_line(&eof);
		if (n) {
			any = 1;
			execute(n, mine->at >= mine->len ? flags : flags & E_TESTED);
		}
		if (!own.keep)
			arena_free(&own);
		arena = outer;
	}
	input_pop();
	if (!any)
		status = 0;
	return status;
}

int run_string(const char *text, int flags)
{
	struct input in;

	input_string(&in, text, strlen(text));
	return run_input(flags);
}
