/* From _start to main to exit. */
#include <stdlib.h>
#include <unistd.h>

char **environ;
const char *__progname = "?";

#define ATEXIT_MAX 16
static void (*exit_functions[ATEXIT_MAX])(void);
static int exit_count;
void (*__flush_all)(void); /* set by stdio once there is something to flush */

int main(int argc, char **argv, char **envp);

__attribute__((noreturn)) void __libc_start(int *stack)
{
	int argc = stack[0];
	char **argv = (char **)(stack + 1);

	environ = argv + argc + 1;
	if (argc > 0 && argv[0]) {
		__progname = argv[0];
		for (const char *s = argv[0]; *s; s++)
			if (*s == '/' && s[1])
				__progname = s + 1;
	}
	exit(main(argc, argv, environ));
}

int atexit(void (*function)(void))
{
	if (exit_count == ATEXIT_MAX)
		return -1;
	exit_functions[exit_count++] = function;
	return 0;
}

void exit(int status)
{
	while (exit_count > 0)
		exit_functions[--exit_count]();
	if (__flush_all)
		__flush_all();
	_exit(status);
}
