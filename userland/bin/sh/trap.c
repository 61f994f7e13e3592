/* Signals and traps. */
#include "sh.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

volatile sig_atomic_t interrupted, traps_pending;
static volatile sig_atomic_t caught[SYS_SIGNAMES];
static char *actions[SYS_SIGNAMES]; /* [0] is EXIT; "" ignores */
static char ignored_at_start[SYS_SIGNAMES];
static int exiting;
int status_before_trap = -1;

static void catch_signal(int sig)
{
	if (actions[sig] && *actions[sig]) {
		caught[sig] = 1;
		traps_pending = 1;
	} else if (sig == SIGINT) {
		interrupted = 1;
	}
}

static void install(int sig, sighandler_t h)
{
	struct sigaction sa = {0};

	sa.sa_handler = h;
	sigaction(sig, &sa, NULL);
}

/* What the shell itself does with a signal, when there is no trap. */
static void set_default(int sig)
{
	if (ignored_at_start[sig])
		return;
	if (interactive && (sig == SIGINT))
		install(sig, catch_signal);
	else if (interactive && (sig == SIGTERM || sig == SIGQUIT))
		install(sig, SIG_IGN);
	else if (monitor && (sig == SIGTSTP || sig == SIGTTOU || sig == SIGTTIN))
		install(sig, SIG_IGN);
	else
		install(sig, SIG_DFL);
}

static int is_own(int sig)
{
	return sig == SIGINT || sig == SIGTERM || sig == SIGQUIT || sig == SIGTSTP || sig == SIGTTIN ||
	    sig == SIGTTOU;
}

void signals_init(int is_interactive)
{
	static int known;

	for (int sig = 1; sig < SYS_SIGNAMES; sig++) {
		struct sigaction sa;
		if (!sys_signame[sig])
			continue;
		if (!known && sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			ignored_at_start[sig] = !is_interactive;
		if (!actions[sig] && is_own(sig))
			set_default(sig);
	}
	known = 1;
}

void signals_exec(void)
{
	for (int sig = 1; sig < SYS_SIGNAMES; sig++)
		if (is_own(sig) && !actions[sig] && !ignored_at_start[sig] && (interactive || monitor))
			install(sig, SIG_DFL);
}

/* In a new process: traps are gone, what was ignored stays so. */
void signals_child(void)
{
	signals_exec();
	for (int sig = 0; sig < SYS_SIGNAMES; sig++) {
		int ignored = actions[sig] && !*actions[sig];
		if (!ignored && actions[sig]) {
			free(actions[sig]);
			actions[sig] = NULL;
			if (sig > 0)
				install(sig, SIG_DFL);
		}
		caught[sig] = 0;
	}
	traps_pending = interrupted = 0;
}

static void run_action(int sig)
{
	char *text = xstrdup(actions[sig]);
	int before = status, outer = status_before_trap;
	enum skip skip_before = skip;
	int count_before = skip_count;

	skip = SKIP_NONE;
	status_before_trap = status;
	run_string(text, 0);
	status_before_trap = outer;
	free(text);
	if (skip == SKIP_NONE) {
		status = before;
		skip = skip_before;
		skip_count = count_before;
	}
}

void traps_run(void)
{
	while (traps_pending) {
		traps_pending = 0;
		for (int sig = 1; sig < SYS_SIGNAMES; sig++)
			if (caught[sig]) {
				caught[sig] = 0;
				if (actions[sig] && *actions[sig])
					run_action(sig);
			}
	}
}

int traps_any(void)
{
	for (int sig = 0; sig < SYS_SIGNAMES; sig++)
		if (actions[sig] && *actions[sig])
			return 1;
	return 0;
}

void trap_exit(int code)
{
	if (actions[0] && *actions[0] && !exiting) {
		exiting = 1;
		skip = SKIP_NONE;
		status = status_before_trap = code;
		run_string(actions[0], 0);
	}
}

int signal_number(const char *name)
{
	if (isdigit(*name)) {
		int n = atoi(name);
		return name[strspn(name, "0123456789")] == 0 && n < NSIG ? n : -1;
	}
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	if (strcasecmp(name, "EXIT") == 0)
		return 0;
	for (int i = 1; i < SYS_SIGNAMES; i++)
		if (sys_signame[i] && strcasecmp(sys_signame[i], name) == 0)
			return i;
	return -1;
}

int b_trap(int argc, char **argv)
{
	int i = 1, result = 0;

	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	if (i >= argc) {
		for (int sig = 0; sig < SYS_SIGNAMES; sig++)
			if (actions[sig]) {
				printf("trap -- ");
				if (!*actions[sig])
					printf("''");
				else
					print_quoted(actions[sig]);
				printf(" %s\n", sig ? sys_signame[sig] : "EXIT");
			}
		return 0;
	}
	const char *action = i + 1 < argc ? argv[i++] : "-";
	if (signal_number(argv[i - 1]) >= 0 && isdigit(*argv[i - 1])) {
		action = "-"; /* numbers only: all of them are reset */
		i--;
	}
	for (; i < argc; i++) {
		int sig = signal_number(argv[i]);
		if (sig < 0 || sig >= SYS_SIGNAMES) {
			dprintf(2, "trap: %s: bad trap\n", argv[i]);
			result = 1;
			continue;
		}
		free(actions[sig]);
		actions[sig] = strcmp(action, "-") == 0 ? NULL : xstrdup(action);
		if (sig == 0 || ignored_at_start[sig] || sig == SIGKILL || sig == SIGSTOP)
			continue;
		if (!actions[sig])
			set_default(sig);
		else
			install(sig, *action ? catch_signal : SIG_IGN);
	}
	return result;
}
