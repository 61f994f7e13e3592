/* Child processes, and on a terminal job control. */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int monitor;
pid_t last_background, shell_pid;
static struct job *jobs; /* latest first */
static int tty = -1;     /* the controlling terminal, while monitor */
static int prompts;      /* so far */
static int depth;        /* of subshells */
static pid_t group_before; /* that of the terminal when we took it */

struct job *job_new(struct node *n)
{
	int number = 1;

	/* A status that was asked for may be asked for again until there is a new job. */
	for (struct job *old = jobs, *next; old; old = next) {
		next = old->next;
		if (old->waited)
			job_free(old);
	}
	struct job *j = xmalloc(sizeof *j);

	for (struct job *other = jobs; other; other = other->next)
		if (other->number >= number)
			number = other->number + 1;
	memset(j, 0, sizeof *j);
	j->number = number;
	j->text = n && monitor ? node_text(n) : xstrdup("");
	j->next = jobs;
	jobs = j;
	return j;
}

void job_free(struct job *j)
{
	for (struct job **p = &jobs; *p; p = &(*p)->next)
		if (*p == j) {
			*p = j->next;
			break;
		}
	free(j->pids);
	free(j->statuses);
	free(j->text);
	free(j);
}

/* In a subshell: the parent's jobs are not ours. */
void jobs_forget(void)
{
	while (jobs)
		job_free(jobs);
}

pid_t job_fork(struct job *j, int background)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0) {
		fail(2, "Cannot fork");
	}
	if (pid == 0) {
		if (monitor && depth == 0) {
			pid_t group = j->pgid ? j->pgid : getpid();
			setpgid(0, group);
			if (!background)
				tcsetpgrp(tty, group);
		}
		signals_child();
		if (background && !monitor) {
			signal(SIGINT, SIG_IGN);
			signal(SIGQUIT, SIG_IGN);
			if (!j->pgid && j->count == 0) {
				int null = open("/dev/null", O_RDONLY);
				if (null > 0) {
					dup2(null, 0);
					close(null);
				}
			}
		}
		depth++;
		monitor = interactive = 0;
		options['i' - 'A'] = options['m' - 'A'] = 0;
		handler = NULL;
		redirect_forget();
		loop_depth = 0;
		jobs_forget();
		return 0;
	}
	if (j->count == j->room) {
		j->room = j->room ? j->room * 2 : 2;
		j->pids = xrealloc(j->pids, (size_t)j->room * sizeof *j->pids);
		j->statuses = xrealloc(j->statuses, (size_t)j->room * sizeof *j->statuses);
	}
	j->pids[j->count] = pid;
	j->statuses[j->count++] = -1;
	if (monitor) {
		if (!j->pgid)
			j->pgid = pid;
		setpgid(pid, j->pgid);
		if (!background)
			tcsetpgrp(tty, j->pgid);
	}
	j->foreground = !background;
	return pid;
}

/* Puts a job where it belongs: stopped ones come first, the last that stopped before all. */
static void place(struct job *j)
{
	struct job **p = &jobs;

	while (*p != j)
		p = &(*p)->next;
	*p = j->next;
	for (p = &jobs; !j->stopped && *p && (*p)->stopped;)
		p = &(*p)->next;
	j->next = *p;
	*p = j;
}

void job_background(struct job *j)
{
	last_background = j->pids[j->count - 1];
	place(j);
	if (interactive)
		dprintf(2, "[%d] %d\n", j->number, last_background);
}

static int is_done(struct job *j)
{
	for (int i = 0; i < j->count; i++)
		if (j->statuses[i] < 0)
			return 0;
	return 1;
}

static void note(pid_t pid, int wait_status)
{
	for (struct job *j = jobs; j; j = j->next)
		for (int i = 0; i < j->count; i++) {
			if (j->pids[i] != pid || j->statuses[i] >= 0)
				continue;
			if (WIFCONTINUED(wait_status)) {
				j->stopped = 0;
			} else if (WIFSTOPPED(wait_status)) {
				j->stopped = wait_status;
				j->reported = 0;
				place(j);
			} else {
				j->statuses[i] = wait_status;
				j->stopped = 0;
			}
			return;
		}
}

/* Waits for one change of a child. -1 when there is none or a signal came. */
static int wait_one(int options_)
{
	int wait_status;
	pid_t pid = waitpid(-1, &wait_status, options_ | (monitor ? WUNTRACED | WCONTINUED : 0));

	if (pid > 0)
		note(pid, wait_status);
	return pid > 0 ? 0 : pid == 0 ? 1 : -1;
}

static int code_of(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
	    : WIFSTOPPED(wait_status) ? 128 + WSTOPSIG(wait_status)
	                              : 128 + WTERMSIG(wait_status);
}

static const char *signal_text(int wait_status, char *buf, size_t size)
{
	int sig = WIFSTOPPED(wait_status) ? WSTOPSIG(wait_status) : WTERMSIG(wait_status);

	if (WIFSTOPPED(wait_status))
		return "Stopped";
	snprintf(buf, size, "%s%s", strsignal(sig), WCOREDUMP(wait_status) ? " (core dumped)" : "");
	return buf;
}

static void state_text(struct job *j, char *buf, size_t size)
{
	int last = j->count ? j->statuses[j->count - 1] : 0;

	if (j->stopped)
		strlcpy(buf, "Stopped", size);
	else if (!is_done(j))
		strlcpy(buf, "Running", size);
	else if (WIFEXITED(last) && WEXITSTATUS(last) == 0)
		strlcpy(buf, "Done", size);
	else if (WIFEXITED(last))
		snprintf(buf, size, "Done(%d)", WEXITSTATUS(last));
	else
		signal_text(last, buf, size);
}

static void print_job(int fd, struct job *j)
{
	char state[48];
	char mark = j == jobs ? '+' : jobs && j == jobs->next ? '-' : ' ';

	state_text(j, state, sizeof state);
	dprintf(fd, "[%d] %c %-26s %s\n", j->number, mark, state, j->text);
}

int job_wait(struct job *j)
{
	char buf[64];

	while (!is_done(j) && !j->stopped)
		if (wait_one(0) < 0 && errno != EINTR)
			break;
	if (monitor)
		tcsetpgrp(tty, shell_pid);
	int last = j->count ? j->statuses[j->count - 1] : 0;
	if (j->stopped) {
		last = j->stopped;
		j->foreground = 0;
		j->reported = 1;
		dprintf(2, "\n");
		print_job(2, j);
		return code_of(last);
	}
	if (last == -1)
		last = 127 << 8;
	if (WIFSIGNALED(last)) {
		int sig = WTERMSIG(last);
		if (sig == SIGINT) {
			if (monitor)
				raise(SIGINT); /* the terminal sent it to the job alone */
		} else if (sig != SIGPIPE) {
			dprintf(2, "%s\n", signal_text(last, buf, sizeof buf));
		}
	}
	job_free(j);
	return code_of(last);
}

/* Before a prompt: what the background jobs have done. */
void jobs_notify(void)
{
	prompts++;
	while (jobs && wait_one(WNOHANG) == 0)
		;
	for (struct job *j = jobs, *next; j; j = next) {
		next = j->next;
		if (is_done(j)) {
			if (!j->foreground)
				print_job(2, j);
			job_free(j);
		} else if (j->stopped && !j->reported) {
			j->reported = 1;
			print_job(2, j);
		}
	}
}

void monitor_set(int on)
{
	if (on == monitor)
		return;
	if (on) {
		int fd = open("/dev/tty", O_RDWR);
		if (fd < 0)
			fd = dup(2);
		tty = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		close(fd);
		if (tcgetpgrp(tty) < 0) {
			if (interactive)
				complain("can't access tty; job control turned off");
			close(tty);
			options['m' - 'A'] = 0;
			return;
		}
		while (tcgetpgrp(tty) != getpgrp())
			kill(0, SIGTTIN);
		group_before = tcgetpgrp(tty);
		monitor = 1;
		signals_init(interactive);
		setpgid(0, shell_pid);
		tcsetpgrp(tty, shell_pid);
	} else {
		tcsetpgrp(tty, group_before);
		setpgid(0, group_before);
		monitor = 0;
		signals_init(interactive);
		close(tty);
	}
}

/* %n %+ %- %string or a process number. */
static struct job *job_named(const char *name)
{
	struct job *found = NULL;

	if (!name || strcmp(name, "%") == 0 || strcmp(name, "%+") == 0 || strcmp(name, "%%") == 0)
		found = jobs;
	else if (strcmp(name, "%-") == 0)
		found = jobs ? jobs->next : NULL;
	else
		for (struct job *j = jobs; j && !found; j = j->next) {
			if (*name != '%') {
				if (j->count && j->pids[j->count - 1] == atoi(name))
					found = j;
			} else if (isdigit(name[1]) ? j->number == atoi(name + 1)
			                            : strncmp(j->text, name + 1, strlen(name + 1)) == 0) {
				found = j;
			}
		}
	return found;
}

static struct job *job_required(const char *name)
{
	struct job *j = job_named(name);

	if (!j)
		fail(2, "No %s job%s%s", name ? "such" : "current", name ? ": " : "", name ? name : "");
	return j;
}

int jobs_keep_shell(void)
{
	static int warned; /* at this number of prompts */

	if (warned == prompts)
		return 0;
	for (struct job *j = jobs; j; j = j->next)
		if (j->stopped) {
			dprintf(2, "You have stopped jobs.\n");
			warned = prompts + 1;
			return 1;
		}
	return 0;
}

int b_jobs(int argc, char **argv)
{
	int pids_only = argc > 1 && strcmp(argv[1], "-p") == 0;

	while (jobs && wait_one(WNOHANG) == 0)
		;
	fflush(stdout);
	for (struct job *j = jobs, *next; j; j = next) {
		next = j->next;
		if (pids_only)
			dprintf(1, "%d\n", j->pgid ? j->pgid : j->pids[0]);
		else
			print_job(1, j);
		if (is_done(j))
			job_free(j);
	}
	return 0;
}

/* fg and bg */
int b_fg(int argc, char **argv)
{
	int foreground = strcmp(argv[0], "fg") == 0;

	struct job *j = job_required(argc > 1 ? argv[1] : NULL);
	if (!j->pgid)
		fail(2, "job %s not created under job control", argc > 1 ? argv[1] : "(null)");
	if (!foreground)
		printf("[%d] ", j->number);
	printf("%s\n", j->text);
	fflush(stdout);
	j->foreground = foreground;
	j->stopped = 0;
	place(j);
	if (foreground)
		tcsetpgrp(tty, j->pgid);
	kill(-j->pgid, SIGCONT);
	return foreground ? job_wait(j) : 0;
}

int b_wait(int argc, char **argv)
{
	int result = 0;

	if (argc < 2) {
		for (;;) {
			struct job *j = jobs;
			while (j && (is_done(j) || j->stopped))
				j = j->next;
			if (!j)
				break;
			if (wait_one(0) < 0) {
				if (errno == EINTR && traps_pending)
					return 128 + SIGCHLD;
				if (errno != EINTR || interrupted)
					break;
			}
		}
		for (struct job *j = jobs, *next; j; j = next) {
			next = j->next;
			if (is_done(j))
				job_free(j);
		}
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		struct job *j = *argv[i] == '%' ? job_required(argv[i]) : NULL;
		if (!j) {
			number_argument(argv[i]);
			j = job_named(argv[i]);
		}
		result = 127;
		if (!j)
			continue;
		while (!is_done(j) && !j->stopped)
			if (wait_one(0) < 0 && (errno != EINTR || traps_pending || interrupted))
				return 128 + SIGINT;
		result = code_of(j->stopped ? j->stopped : j->statuses[j->count - 1]);
		j->waited = is_done(j);
	}
	return result;
}

int b_kill(int argc, char **argv)
{
	int sig = SIGTERM, i = 1, result = 0;

	if (argc > 1 && strcmp(argv[1], "-l") == 0) {
		if (argc > 2) {
			int n = number_argument(argv[2]) & 127;
			if (n <= 0 || n >= SYS_SIGNAMES || !sys_signame[n])
				fail(2, "invalid signal number or exit status: %s", argv[2]);
			printf("%s\n", sys_signame[n]);
			return 0;
		}
		for (int n = 1; n < SYS_SIGNAMES; n++)
			if (sys_signame[n])
				printf("%s\n", sys_signame[n]);
		return 0;
	}
	if (argc > 2 && strcmp(argv[1], "-s") == 0) {
		sig = signal_number(argv[2]);
		if (sig < 0)
			fail(2, "invalid signal number or name: %s", argv[2]);
		i = 3;
	} else if (argc > 1 && argv[1][0] == '-' && argv[1][1] && strcmp(argv[1], "--") != 0) {
		sig = signal_number(argv[1] + 1);
		if (sig < 0)
			fail(2, "invalid signal number or name: %s", argv[1] + 1);
		i = 2;
	}
	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	if (i >= argc)
		fail(2, "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]");
	for (; i < argc; i++) {
		pid_t pid;
		struct job *j = NULL;
		if (*argv[i] == '%') {
			j = job_required(argv[i]);
			pid = j->pgid ? -j->pgid : j->pids[0];
		} else {
			char *end;
			pid = (pid_t)strtol(argv[i], &end, 10);
			if (*end || end == argv[i])
				fail(2, "Illegal number: %s", argv[i]);
		}
		if (kill(pid, sig) < 0) {
			complain("%s", strerror(errno));
			result = 1;
		} else if (j && j->stopped && (sig == SIGTERM || sig == SIGHUP)) {
			kill(pid, SIGCONT); /* or it would die only when it is continued */
			j->stopped = 0;
		}
	}
	return result;
}
