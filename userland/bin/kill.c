/* kill [-s name | -name | -number] pid ...; kill -l [exit_status] */
#include <ctype.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list(FILE *f)
{
	for (int n = 1; n < 32; n++)
		if (sys_signame[n])
			fprintf(f, "%s%c", sys_signame[n], n == 16 || n == 31 ? '\n' : ' ');
}

static int number(const char *name)
{
	if (strcmp(name, "0") == 0)
		return 0;
	if (isdigit(name[0])) {
		char *end;
		long n = strtol(name, &end, 10);
		if (*end)
			errx(2, "illegal signal number: %s", name);
		return (int)n;
	}
	const char *bare = strlen(name) > 3 && strncmp(name, "SIG", 3) == 0 ? name + 3 : name;
	for (int n = 1; n < SYS_SIGNAMES; n++)
		if (sys_signame[n] && strcasecmp(sys_signame[n], bare) == 0)
			return n;
	warnx("unknown signal %s; valid signals:", name);
	list(stderr);
	exit(2);
}

static void usage(void)
{
	fputs("usage: kill [-s signal_name] pid ...\n"
	      "       kill -l [exit_status]\n"
	      "       kill -signal_name pid ...\n"
	      "       kill -signal_number pid ...\n",
	    stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	int sig = SIGTERM, status = 0;

	if (argc < 2)
		usage();
	argv++;
	if (strcmp(*argv, "-l") == 0) {
		if (!argv[1]) {
			list(stdout);
			return 0;
		}
		int n = atoi(argv[1]);
		if (n > 128)
			n -= 128;
		if (argv[2] || n <= 0 || n >= SYS_SIGNAMES || !sys_signame[n])
			errx(2, "illegal signal number: %s", argv[1]);
		puts(sys_signame[n]);
		return 0;
	}
	if (strcmp(*argv, "-s") == 0) {
		if (!argv[1]) {
			warnx("option requires an argument -- s");
			usage();
		}
		sig = number(argv[1]);
		argv += 2;
	} else if (**argv == '-' && argv[0][1] && strcmp(*argv, "--") != 0) {
		sig = number(*argv + 1);
		argv++;
	}
	if (*argv && strcmp(*argv, "--") == 0)
		argv++;
	if (!*argv)
		usage();
	for (; *argv; argv++) {
		char *end;
		long pid = strtol(*argv, &end, 10);
		if (!**argv || *end)
			errx(2, "illegal process id: %s", *argv);
		if (kill((pid_t)pid, sig) < 0) {
			warn("%s", *argv);
			status = 1;
		}
	}
	return status;
}
