/* Do arguments, the environment, files and standard input arrive?
 *
 * @args   one "two words"
 * @env    GREETING=hello
 * @stdin  "from stdin\n"
 * @file   /etc/note "from a file\n"
 * @stdout <<END
 * argument one
 * argument two words
 * hello
 * from stdin
 * from a file
 * END
 * @stderr empty
 */
#include <stdio.h>
#include <stdlib.h>

static void copy(FILE *from)
{
	char line[80];

	while (fgets(line, sizeof line, from) != NULL)
		fputs(line, stdout);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("argument %s\n", argv[i]);
	puts(getenv("GREETING"));
	copy(stdin);
	FILE *note = fopen("/etc/note", "r");
	if (note == NULL)
		return 1;
	copy(note);
	return 0;
}
