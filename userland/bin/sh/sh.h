/* What the parts of the shell share. */
#ifndef SH_H
#define SH_H

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/* memory.c: an arena is a list of chunks that go together. */
struct chunk;
struct arena {
	struct chunk *chunks;
	int keep; /* holds a function: never released */
};
struct mark {
	struct chunk *chunk;
	size_t used;
};
extern struct arena *arena; /* where allocate() takes from */
void *allocate(size_t bytes);
char *save_string(const char *s, size_t len);
void arena_free(struct arena *a);
struct mark arena_mark(void);
void arena_release(struct mark mark);
/* As malloc, realloc, strdup, but never NULL. */
void *xmalloc(size_t bytes);
void *xrealloc(void *p, size_t bytes);
char *xstrdup(const char *s);

/* A growing string on the heap. */
struct string {
	char *text;
	size_t len, room;
};
void string_add(struct string *s, int c);
void string_append(struct string *s, const char *text, size_t len);
/* The text, copied into the arena; the string is empty afterwards. */
char *string_finish(struct string *s);

/* Syntax trees. Words are kept as they were written; expand.c takes them apart. */
struct word {
	char *text;
	struct word *next;
};
enum redirection {
	R_IN, R_OUT, R_APPEND, R_CLOBBER, R_READWRITE, R_DUP_IN, R_DUP_OUT, R_HERE
};
struct redirect {
	enum redirection kind;
	int fd;
	int literal;  /* R_HERE: the delimiter was quoted */
	int strip;    /* R_HERE: <<- */
	char *target; /* R_HERE: the delimiter, until the body is there; then the body */
	struct redirect *next;
};
enum node_kind {
	N_SIMPLE, N_PIPE, N_NOT, N_AND, N_OR, N_LIST, N_BACKGROUND, N_SUBSHELL, N_GROUP,
	N_IF, N_WHILE, N_UNTIL, N_FOR, N_CASE, N_FUNCTION
};
struct case_item {
	struct word *patterns;
	struct node *body;
	struct case_item *next;
};
struct node {
	enum node_kind kind;
	int line;
	struct node *first, *second, *third; /* condition/left, then/right, else */
	struct word *assignments, *words;
	struct redirect *redirects;
	struct case_item *items;
	char *name;     /* of a for loop's variable, of a function; a case's word */
	int has_in;     /* for NAME in ... */
};

/* lexer.c */
enum token {
	T_EOF, T_NEWLINE, T_WORD, T_NUMBER, T_SEMI, T_DSEMI, T_AMP, T_AND, T_OR, T_PIPE, T_LPAREN,
	T_RPAREN, T_LESS, T_GREAT, T_DGREAT, T_CLOBBER, T_LESSGREAT, T_LESSAND, T_GREATAND,
	T_DLESS, T_DLESSDASH
};
#define HERE_MAX 16
#define ALIAS_MAX 16
struct alias;
struct input {
	struct input *outer;
	char *text; /* what has been read and may still be needed */
	size_t len, at;
	int fd;          /* -1: the text is all there is */
	int line;
	int interactive; /* prompts */
	int owned;       /* text is on the heap */
	int pushed_back, continuing; /* the lexer's, while an inner input is read */
	int here_count;  /* here-documents whose bodies come after the next newline */
	struct redirect *here[HERE_MAX];
	int grown;       /* characters that aliases have put in, less those of their names */
	int alias_count; /* aliases whose text is being read, and where it ends */
	struct {
		const struct alias *alias;
		size_t end;
	} aliases[ALIAS_MAX];
};
extern struct input *input;
extern char *token_text; /* of T_WORD */
extern int token_line;
void input_string(struct input *in, const char *text, size_t len);
void input_file(struct input *in, int fd, int interactive);
void input_pop(void);
enum token next_token(void);
/* As next_token, where a command may begin: aliases become what they stand for. */
enum token next_command_token(void);
/* The same behind an alias that ends in a blank, otherwise next_token. */
enum token next_argument_token(void);
void unget_token(void);
void lexer_reset(void);
void expect_here(struct redirect *r);
const char *token_name(enum token t);
/* Read up to the closing } or ) or `, which is the last character read. */
void lex_braces(struct string *out, int in_double_quotes);
void lex_substitution(struct string *out);
int lex_arithmetic(struct string *out);
void lex_backquotes(struct string *out);

/* parser.c */
/* One line's commands; *eof is set at the end of the input. */
struct node *parse_line(int *eof);
/* A whole list up to end; for $( ) when end is T_RPAREN. */
struct node *parse_list_until(enum token end);
int is_name(const char *s, size_t len);
/* Whether a word is reserved where a command may begin. */
int is_reserved(const char *word);
/* Length of NAME when s is NAME=..., else 0. */
size_t assignment_name(const char *s);
void syntax_error(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* expand.c */
struct fields {
	char **v;
	int n, room;
};
void field_add(struct fields *f, char *text);
void expand_words(struct word *words, struct fields *out);
/* No splitting, no file names. */
char *expand_string(const char *text, int assignment);
char *expand_pattern(const char *text);
char *expand_here(const char *text);
/* pattern.c */
void expand_path(const char *pattern, struct fields *out);
int has_magic(const char *pattern);
char *unescape(const char *pattern);
/* arith.c */
long long arithmetic(const char *text);

/* vars.c */
#define V_EXPORT 1
#define V_READONLY 2
#define V_UNSET 4
struct var {
	struct var *next;
	char *name, *value;
	int flags;
};
struct frame; /* variables to restore when a function returns */
extern struct frame *frames;
extern char *arg0;
extern char **params; /* $1... */
extern int param_count;
void vars_init(char **envp);
struct var *var_find(const char *name, size_t len);
const char *var_get(const char *name);
void var_set(const char *name, size_t len, const char *value, int flags);
void var_assign(const char *assignment, int flags);
void var_unset(const char *name);
void vars_print(const char *prefix, int flags);
char **vars_environment(void);
struct frame *frame_push(void);
/* The same for variables alone. */
struct frame *frame_push_variables(void);
void frame_pop(struct frame *f);
int in_function(void);
/* Keeps the variable's value until the frame goes; the second: that of the function. */
void var_local(const char *name, size_t len);
void var_function_local(const char *name, size_t len);
void params_set(char **v, int n);

/* execute.c */
#define E_EXIT 1   /* nothing comes after: no need to fork */
#define E_TESTED 2 /* -e does not look at the status */
enum skip { SKIP_NONE, SKIP_BREAK, SKIP_CONTINUE, SKIP_RETURN };
extern int status;
extern enum skip skip;
extern int skip_count, loop_depth;
extern int current_line;
extern int evaluation_flags; /* those of the builtin that is running */
extern const char *command_name; /* of the builtin that is running */
void execute(struct node *n, int flags);
/* Runs all commands of the input and pops it. E_EXIT: nothing comes after it. */
int run_input(int flags);
int run_string(const char *text, int flags);
char *command_output(struct node *n);
/* Runs a program. */
int run_arguments(int argc, char **argv);
/* The status of the builtin; an error of a special one is not caught. */
struct builtin;
int call_builtin(const struct builtin *b, int special, int argc, char **argv);

/* lookup.c */
/* `name` in the next directory of *list, which is PATH's form; in the arena; NULL at its end. */
char *next_path(const char **list, const char *name);
/* The path of a command, in the arena; NULL with errno. */
char *find_command(const char *name, const char *path);
void commands_forget(void);
/* Failures are those of command_name. */
void exec_program(char **argv, char **envp) __attribute__((noreturn));
struct node *function_find(const char *name);
void function_set(const char *name, struct node *body);
void function_unset(const char *name);
int b_hash(int argc, char **argv);
int b_type(int argc, char **argv);
int b_command(int argc, char **argv);
int b_exec(int argc, char **argv);

/* alias.c */
struct alias {
	struct alias *next;
	char *name, *value;
};
const struct alias *alias_find(const char *name);
int b_alias(int argc, char **argv);
int b_unalias(int argc, char **argv);

/* redirect.c */
struct saved_fd;
/* What redirections have replaced, latest first. */
extern struct saved_fd *saved_fds;
/* Nonzero after a message when one fails. keep: so that redirect_restore can take it back. */
int redirect(struct redirect *r, int keep);
/* Takes back what was done since saved_fds was `mark`. */
void redirect_restore(struct saved_fd *mark);
/* In a new process: nothing will be taken back. */
void redirect_forget(void);

/* jobs.c */
struct job {
	struct job *next;
	int number, count, room;
	pid_t pgid, *pids;
	int *statuses; /* as wait4 gives them; -1: still running */
	int stopped, foreground, reported, waited;
	char *text;
};
extern int monitor; /* set -m */
extern pid_t last_background;
extern pid_t shell_pid;
struct job *job_new(struct node *n);
void job_free(struct job *j);
/* 0 in the child. */
pid_t job_fork(struct job *j, int background);
int job_wait(struct job *j);
/* Lets a job run, and tells a user which it is. */
void job_background(struct job *j);
void jobs_notify(void);
void jobs_forget(void);
void monitor_set(int on);
/* Whether to stay because of stopped jobs; says so. */
int jobs_keep_shell(void);
int b_jobs(int argc, char **argv);
int b_fg(int argc, char **argv);
int b_wait(int argc, char **argv);
int b_kill(int argc, char **argv);
/* print.c */
/* The command as text, on the heap. */
char *node_text(struct node *n);
/* Quoted so that a shell reads it as one word. */
void print_quoted(const char *text);

/* trap.c */
extern volatile sig_atomic_t interrupted, traps_pending;
void signals_init(int interactive);
void signals_child(void);
void traps_run(void);
/* Whether any trap would have to run. */
int traps_any(void);
/* The status before the trap that is running, or -1. */
extern int status_before_trap;
void trap_exit(int code);
/* Before exec: signals that the shell ignores for itself are not ignored by others. */
void signals_exec(void);
int b_trap(int argc, char **argv);
int signal_number(const char *name);

/* builtins.c */
struct builtin {
	const char *name;
	int (*run)(int argc, char **argv);
	int special;
};
const struct builtin *builtin_find(const char *name);
/* A number from 0 on, or an error. */
int number_argument(const char *text);
/* The next option letter of a builtin, or 0: then *argv are its operands. */
int next_option(char ***argv, const char *letters);
extern char *option_argument;

/* process.c, read.c, test.c, format.c */
int b_cd(int argc, char **argv);
int b_pwd(int argc, char **argv);
int b_umask(int argc, char **argv);
int b_ulimit(int argc, char **argv);
int b_times(int argc, char **argv);
int b_read(int argc, char **argv);
int b_getopts(int argc, char **argv);
struct getopts_state {
	int index, letter; /* of the next argument, and of the letter in it, or 0 */
};
/* The next getopts starts at this argument; the state before. */
struct getopts_state getopts_reset(int index);
void getopts_resume(struct getopts_state before);
int b_test(int argc, char **argv);
int b_echo(int argc, char **argv);
int b_printf(int argc, char **argv);
/* real.c: as strtod; the number as printf's e, f, g and their capitals print it, on the heap. */
double real_value(const char *text, char **end);
char *real_text(double value, int conversion, int precision, const char *flags, int width);

/* options.c */
#define OPTIONS "ubaCEVvxsnmiIfe" /* in the order of $- */
#define option(c) options[(c) - 'A']
extern char options['z' - 'A' + 1];
extern int interactive;
/* Takes options from argv; returns the first argument behind them. starting: -c and -l too. */
char **parse_options(char **argv, int starting, int *has_operands);
extern char *command_option; /* -c: there is one */
int b_set(int argc, char **argv);
/* local -: the options are the function's. */
void options_local(void);

/* error.c */
/* Where errors go, and the state that is to be there then. */
struct handler {
	sigjmp_buf jump;
	struct handler *outer;
	struct input *input;
	struct arena *arena;
	struct frame *frame;
	struct saved_fd *saved;
	int loop_depth;
	int one_builtin; /* interrupts pass it by */
	const char *command_name;
};
extern struct handler *handler;
void handler_push(struct handler *h, int one_builtin);
/* Back to the state of handler_push. */
void handler_unwind(struct handler *h);
/* Message with the line's number; ends the shell, or what the handler is for. */
void fail(int code, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
/* The same without a message. */
void abandon(int code) __attribute__((noreturn));
/* After a SIGINT: back to the prompt. */
void abandon_line(void) __attribute__((noreturn));
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Runs the EXIT trap and ends. */
void leave(int code) __attribute__((noreturn));

#endif
