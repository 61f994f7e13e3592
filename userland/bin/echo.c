/* echo [-n] [string ...]; a last \c is -n, too. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	int first = 1, newline = 1;

	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		newline = 0;
		first = 2;
	}
	for (int i = first; i < argc; i++) {
		size_t len = strlen(argv[i]);
		if (i == argc - 1 && len >= 2 && strcmp(argv[i] + len - 2, "\\c") == 0) {
			len -= 2;
			newline = 0;
		}
		fwrite(argv[i], 1, len, stdout);
		if (i < argc - 1)
			putchar(' ');
	}
	if (newline)
		putchar('\n');
	return fflush(stdout) < 0;
}
