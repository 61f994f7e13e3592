/* Variables and positional parameters. */
#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKETS 61

/* What a function's local variables were before it. */
struct saved_var {
	struct saved_var *next;
	char *name, *value; /* value NULL: was not set */
	int flags;
};
struct frame {
	struct frame *outer;
	struct saved_var *saved;
	int function; /* has its own parameters */
	char **params;
	int param_count;
	struct getopts_state getopts;
	char *options; /* NULL: not local */
};

char *arg0;
char **params;
int param_count;
static struct var *table[BUCKETS];
struct frame *frames;

static struct var **slot_of(const char *name, size_t len)
{
	unsigned hash = 0;

	for (size_t i = 0; i < len; i++)
		hash = hash * 31 + (unsigned char)name[i];
	struct var **v = &table[hash % BUCKETS];
	while (*v && (strncmp((*v)->name, name, len) != 0 || (*v)->name[len]))
		v = &(*v)->next;
	return v;
}

struct var *var_find(const char *name, size_t len)
{
	return *slot_of(name, len);
}

const char *var_get(const char *name)
{
	struct var *v = var_find(name, strlen(name));

	return v && !(v->flags & V_UNSET) ? v->value : NULL;
}

static struct var *intern(const char *name, size_t len)
{
	struct var **slot = slot_of(name, len), *v = *slot;

	if (!v) {
		v = xmalloc(sizeof *v);
		v->next = NULL;
		v->name = xmalloc(len + 1);
		memcpy(v->name, name, len);
		v->name[len] = 0;
		v->value = NULL;
		v->flags = V_UNSET;
		*slot = v;
	}
	return v;
}

/* Sets the value (NULL: leaves it alone) and adds flags. */
void var_set(const char *name, size_t len, const char *value, int flags)
{
	struct var *v = intern(name, len);

	if (value) {
		if (v->flags & V_READONLY)
			fail(2, "%s: is read only", v->name);
		char *copy = xstrdup(value);
		free(v->value);
		v->value = copy;
		v->flags &= ~V_UNSET;
		if (strcmp(v->name, "PATH") == 0)
			commands_forget();
		else if (strcmp(v->name, "OPTIND") == 0)
			getopts_reset(atoi(copy));
		if (option('a'))
			flags |= V_EXPORT;
	}
	v->flags |= flags;
}

void var_assign(const char *assignment, int flags)
{
	size_t len = strcspn(assignment, "=");

	var_set(assignment, len, assignment[len] ? assignment + len + 1 : NULL, flags);
}

void var_unset(const char *name)
{
	struct var *v = var_find(name, strlen(name));

	if (!v)
		return;
	if (v->flags & V_READONLY)
		fail(2, "%s: is read only", name);
	free(v->value);
	v->value = NULL;
	v->flags = V_UNSET;
}

static void set_missing(const char *name, const char *value)
{
	if (!var_get(name))
		var_set(name, strlen(name), value, 0);
}

void vars_init(char **envp)
{
	char cwd[1024];
	struct stat named, here;

	for (; *envp; envp++)
		if (assignment_name(*envp))
			var_assign(*envp, V_EXPORT);
	var_set("IFS", 3, " \t\n", 0);
	var_find("IFS", 3)->flags = 0;
	var_set("OPTIND", 6, "1", 0);
	set_missing("PS1", getuid() == 0 ? "# " : "$ ");
	set_missing("PS2", "> ");
	set_missing("PS4", "+ ");
	set_missing("PATH", "/bin:/usr/bin:/sbin:/usr/sbin");
	snprintf(cwd, sizeof cwd, "%d", getppid());
	var_set("PPID", 4, cwd, 0);
	/* A name of the directory with symbolic links in it is kept. */
	const char *pwd = var_get("PWD");
	if (!pwd || *pwd != '/' || stat(pwd, &named) < 0 || stat(".", &here) < 0 ||
	    named.st_ino != here.st_ino || named.st_dev != here.st_dev)
		if (getcwd(cwd, sizeof cwd))
			var_set("PWD", 3, cwd, 0);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct var *const *)a)->name, (*(struct var *const *)b)->name);
}

/* All that have any of the flags (0: all that are set), sorted. */
static struct var **sorted(int flags, int *count)
{
	int n = 0;

	for (int i = 0; i < BUCKETS; i++)
		for (struct var *v = table[i]; v; v = v->next)
			n++;
	struct var **list = allocate((size_t)(n + 1) * sizeof *list);
	n = 0;
	for (int i = 0; i < BUCKETS; i++)
		for (struct var *v = table[i]; v; v = v->next)
			if (flags ? v->flags & flags : !(v->flags & V_UNSET))
				list[n++] = v;
	qsort(list, (size_t)n, sizeof *list, by_name);
	*count = n;
	return list;
}

void vars_print(const char *prefix, int flags)
{
	int count;
	struct var **list = sorted(flags, &count);

	for (int i = 0; i < count; i++) {
		printf("%s%s%s", prefix, *prefix ? " " : "", list[i]->name);
		if (!(list[i]->flags & V_UNSET)) {
			putchar('=');
			print_quoted(list[i]->value);
		}
		putchar('\n');
	}
}

char **vars_environment(void)
{
	int count, n = 0;
	struct var **list = sorted(V_EXPORT, &count);
	char **env = allocate((size_t)(count + 1) * sizeof *env);

	for (int i = 0; i < count; i++) {
		if (list[i]->flags & V_UNSET)
			continue;
		env[n] = allocate(strlen(list[i]->name) + strlen(list[i]->value) + 2);
		sprintf(env[n++], "%s=%s", list[i]->name, list[i]->value);
	}
	return env;
}

static void save(struct frame *f, const char *name, size_t len)
{
	struct var *v = intern(name, len);
	struct saved_var *s = xmalloc(sizeof *s);

	s->name = xstrdup(v->name);
	s->value = v->value ? xstrdup(v->value) : NULL;
	s->flags = v->flags;
	s->next = f->saved;
	f->saved = s;
}

int in_function(void)
{
	for (struct frame *f = frames; f; f = f->outer)
		if (f->function)
			return 1;
	return 0;
}

static struct frame *push(int function)
{
	struct frame *f = xmalloc(sizeof *f);

	f->outer = frames;
	f->saved = NULL;
	f->options = NULL;
	f->function = function;
	f->params = params;
	f->param_count = param_count;
	return frames = f;
}

struct frame *frame_push(void)
{
	struct frame *f = push(1);

	f->getopts = getopts_reset(1);
	params = NULL;
	param_count = 0;
	return f;
}

struct frame *frame_push_variables(void)
{
	return push(0);
}

void frame_pop(struct frame *f)
{
	while (f->saved) {
		struct saved_var *s = f->saved;
		struct var *v = intern(s->name, strlen(s->name));
		free(v->value);
		v->value = s->value;
		v->flags = s->flags;
		if (strcmp(s->name, "PATH") == 0)
			commands_forget();
		f->saved = s->next;
		free(s->name);
		free(s);
	}
	if (f->options) {
		memcpy(options, f->options, sizeof options);
		free(f->options);
		monitor_set(option('m'));
	}
	if (f->function) {
		params_set(NULL, 0);
		getopts_resume(f->getopts);
		params = f->params;
		param_count = f->param_count;
	}
	frames = f->outer;
	free(f);
}

void var_local(const char *name, size_t len)
{
	save(frames, name, len);
}

void var_function_local(const char *name, size_t len)
{
	struct frame *f = frames;

	while (f && !f->function)
		f = f->outer;
	if (f)
		save(f, name, len);
}

void options_local(void)
{
	struct frame *f = frames;

	while (f && !f->function)
		f = f->outer;
	if (f && !f->options)
		f->options = memcpy(xmalloc(sizeof options), options, sizeof options);
}

void params_set(char **v, int n)
{
	char **copy = n > 0 ? xmalloc((size_t)n * sizeof *copy) : NULL;

	for (int i = 0; i < n; i++)
		copy[i] = xstrdup(v[i]);
	for (int i = 0; i < param_count && params; i++)
		free(params[i]);
	free(params);
	params = copy;
	param_count = n;
}
