/* A POSIX shell (POSIX.1-2017, XCU 2), whose messages and extensions are dash's. */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int interactive;

/* Runs commands from in, which asks for them; an error leads back to the prompt. */
static void run_interactively(struct input *in)
{
	struct handler top;

	handler_push(&top, 0);
	if (sigsetjmp(top.jump, 0)) {
		handler_unwind(&top);
		if (interrupted)
			write(2, "\n", 1);
		interrupted = 0;
		in->at = in->len; /* the rest of the line goes */
		handler_push(&top, 0);
	}
	for (;;) {
		skip = SKIP_NONE;
		run_input(0);
		if (skip == SKIP_NONE)
			break;
	}
}

/* A start-up file, if it is there. */
static void run_file(const char *path)
{
	struct input in;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	close(fd);
	input_file(&in, high, 0);
	run_input(0);
	skip = SKIP_NONE;
}

static void run_profiles(void)
{
	const char *home = var_get("HOME"), *env = var_get("ENV");

	if (option('l')) {
		run_file("/etc/profile");
		if (home)
			run_file(expand_here("$HOME/.profile"));
	}
	if (interactive && env && *env)
		run_file(expand_here(env));
}

static int open_script(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(errno == ENOENT ? 2 : 126, "cannot open %s: %s", path,
		    errno == ENOENT ? "No such file" : strerror(errno));
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	close(fd);
	return high;
}

int main(int argc, char **argv, char **envp)
{
	struct input in;
	int has_operands, count = 0, monitor_given = 2, fd = 0;

	arg0 = argc > 0 ? argv[0] : "sh";
	shell_pid = getpid();
	vars_init(envp);
	option('m') = (char)monitor_given;
	option('l') = *arg0 == '-';
	argv = parse_options(argv + (argc > 0), 1, &has_operands);
	monitor_given = option('m') != monitor_given;
	if (command_option) {
		if (!*argv)
			fail(2, "-c requires an argument");
		command_option = *argv++;
		if (*argv)
			arg0 = *argv++;
	} else if (*argv && !option('s')) {
		fd = open_script(*argv);
		arg0 = *argv++;
	} else {
		option('s') = 1;
		if (isatty(0) && isatty(2))
			option('i') = 1;
	}
	while (argv[count])
		count++;
	params_set(argv, count);
	interactive = option('i');
	if (!monitor_given)
		option('m') = (char)interactive;
	signals_init(interactive);
	monitor_set(option('m'));
	run_profiles();
	if (command_option) {
		input_string(&in, command_option, strlen(command_option));
		run_input(E_EXIT);
	} else {
		input_file(&in, fd, interactive && fd == 0);
		if (interactive)
			run_interactively(&in);
		else
			run_input(0);
	}
	leave(status);
}
