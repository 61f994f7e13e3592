// system, popen and wordexp: a C library that runs /bin/sh.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  printf("shell %d\n", system(NULL) != 0);
  setenv("WHAT", "environment", 1);
  int status = system("echo from the $WHAT; exit 7");
  printf("exit %d\n", WEXITSTATUS(status));
  status = system("kill -TERM $$");
  printf("signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
  status = system("no-such-command 2>/dev/null");
  printf("not found %d\n", WEXITSTATUS(status));

  FILE *f = popen("for i in 1 2 3; do echo line $i; done; exit 3", "r");
  char line[100];
  while (fgets(line, sizeof line, f)) printf("read %s", line);
  printf("pclose %d\n", WEXITSTATUS(pclose(f)));
  f = popen("while read a b; do echo $b $a; done", "w");
  fprintf(f, "one two\nthree four\n");
  printf("pclose %d\n", pclose(f));
  FILE *first = popen("read x; echo got $x >/tmp/shell-result", "w");
  FILE *second = popen("echo second", "r");
  fputs("word\n", first);
  pclose(first);
  printf("%s", fgets(line, sizeof line, second));
  pclose(second);
  f = fopen("/tmp/shell-result", "r");
  printf("%s", fgets(line, sizeof line, f));
  fclose(f);
  unlink("/tmp/shell-result");

  // SIGCHLD is blocked and SIGINT ignored only while the command runs.
  struct sigaction before, after;
  signal(SIGINT, SIG_DFL);
  sigaction(SIGINT, NULL, &before);
  system("exit 0");
  sigaction(SIGINT, NULL, &after);
  printf("kept %d\n", before.sa_handler == after.sa_handler);

  wordexp_t words;
  printf("wordexp %d ", wordexp("a 'b c' ${WHAT} $((6 * 7)) $(echo sub stitute)", &words, 0));
  for (size_t i = 0; i < words.we_wordc; i++) printf("[%s]", words.we_wordv[i]);
  printf("\n");
  wordfree(&words);
  execlp("sh", "sh", "-c", "echo the end; exit 5", (char *)NULL);
  return 99;
}
