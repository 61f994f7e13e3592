/*
 * Do arguments and environment arrive whole: none, empty ones, long ones, many? Do open files
 * stay, those marked close-on-exec go, caught signals become default and ignored ones stay?
 */
#include "test.h"

#define MANY 500
static char *args[MANY + 4], longest[3000];

static int child(int argc, char **argv)
{
	if (strcmp(argv[1], "empty") == 0)
		return argc == 3 && argv[2][0] == 0 && argv[3] == NULL && environ[0] == NULL ? 0 : 4;
	if (strcmp(argv[1], "long") == 0) {
		if (argc != 3 || strlen(argv[2]) != sizeof longest - 1)
			return 5;
		for (unsigned i = 0; i < sizeof longest - 1; i++)
			if (argv[2][i] != pattern(i))
				return 6;
		char *v = getenv("VARIABLE");
		return v && strcmp(v, "its value") == 0 ? 0 : 7;
	}
	if (strcmp(argv[1], "many") == 0) {
		char text[16];
		for (int i = 2; i < argc; i++) {
			snprintf(text, sizeof text, "argument %d", i);
			if (strcmp(argv[i], text) != 0)
				return 8;
		}
		return argc == MANY + 2 ? 0 : 9;
	}
	int kept = atoi(argv[2]), closed = atoi(argv[3]);
	char c;
	struct sigaction act;
	if (pread(kept, &c, 1, 0) != 1 || c != pattern(0))
		return 10;
	if (fcntl(closed, F_GETFD) != -1 || errno != EBADF)
		return 11;
	sigaction(SIGUSR1, NULL, &act);
	if (act.sa_handler != SIG_DFL)
		return 12;
	sigaction(SIGUSR2, NULL, &act);
	if (act.sa_handler != SIG_IGN)
		return 13;
	sigset_t set;
	sigprocmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, SIGTERM) == 1 ? 0 : 14;
}

static void handler(int sig) { (void)sig; }

static void run(char *program, char **env)
{
	pid_t pid = MUST(fork());

	args[0] = program;
	if (pid == 0) {
		execve(program, args, env);
		FAIL("execve: %s", strerror(errno));
	}
	expect_child(pid, 0);
}

int main(int argc, char **argv)
{
	static char texts[MANY][16], kept[16], closed[16];
	char *nothing[] = {NULL}, *variable[] = {"A=1", "VARIABLE=its value", NULL};

	if (argc > 1)
		return child(argc, argv);
	args[1] = "empty";
	args[2] = "";
	run(argv[0], nothing);
	for (unsigned i = 0; i < sizeof longest - 1; i++)
		longest[i] = pattern(i);
	args[1] = "long";
	args[2] = longest;
	run(argv[0], variable);
	args[1] = "many";
	for (int i = 2; i < MANY + 2; i++) {
		snprintf(texts[i - 2], sizeof texts[0], "argument %d", i);
		args[i] = texts[i - 2];
	}
	run(argv[0], nothing);
	int keep = make_file(10), close_it = make_file(10);
	MUST(fcntl(close_it, F_SETFD, FD_CLOEXEC));
	snprintf(kept, sizeof kept, "%d", keep);
	snprintf(closed, sizeof closed, "%d", close_it);
	args[1] = "files";
	args[2] = kept;
	args[3] = closed;
	args[4] = NULL;
	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run(argv[0], nothing);
	MUST_FAIL(execve("/nonexistent", args, nothing), ENOENT);
	MUST_FAIL(execve("/", args, nothing), EACCES);
	return 0;
}
