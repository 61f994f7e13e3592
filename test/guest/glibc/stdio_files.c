// stdio and files: buffering, seeking, temporary files, directories, links, locks, memory streams.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>
#include <wchar.h>

/** Prints a result and, if it is negative, the error. */
static void result(long long value) {
  printf("%lld %s\n", value, value < 0 ? strerror(errno) : "fine");
}

static int visits;
static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)path;
  (void)st;
  visits += type == FTW_F ? 1 : type == FTW_DP ? 10 : type == FTW_SL ? 100 : 1000;
  return ftw->level > 9;
}

int main(void) {
  char dir[] = "/tmp/stdioXXXXXX";
  if (!mkdtemp(dir) || chdir(dir)) return 1;
  char where[PATH_MAX];
  printf("%d\n", strcmp(getcwd(where, sizeof where), dir));

  FILE *f = fopen("text", "w+");
  for (int i = 0; i < 5000; i++) fprintf(f, "line %d of the file\n", i);
  printf("%ld\n", ftell(f));
  rewind(f);
  char line[100];
  unsigned sum = 0, lines = 0;
  while (fgets(line, sizeof line, f)) sum = sum * 31 + (unsigned)strlen(line), lines++;
  printf("%u %u %d %d\n", lines, sum, feof(f) != 0, ferror(f));
  fseek(f, -10, SEEK_END);
  printf("%s", fgets(line, sizeof line, f));
  fseek(f, 1000, SEEK_SET);
  ungetc('U', f);
  printf("%c%c ", getc(f), getc(f));
  fseek(f, 5, SEEK_CUR);
  fputs("OVERWRITTEN", f);
  fflush(f);
  fseek(f, 1000, SEEK_SET);
  fread(line, 1, 30, f);
  printf("%.30s\n", line);
  int a;
  char word[20];
  rewind(f);
  printf("%d %d %s\n", fscanf(f, "line %d of %19s", &a, word), a, word);
  fclose(f);
  f = fopen("text", "a+");
  fprintf(f, "appended\n");
  fseek(f, 0, SEEK_SET);
  fgets(line, sizeof line, f);
  printf("%s", line);
  fclose(f);
  printf("%s\n", fopen("none/such", "r") ? "?" : strerror(errno));
  printf("%s\n", fopen("text", "wx") ? "?" : strerror(errno));

  char *memory = NULL;
  size_t size;
  f = open_memstream(&memory, &size);
  fprintf(f, "%s-%05d-%ls", "memory", 42, L"wide");
  fclose(f);
  printf("%s %zu\n", memory, size);
  f = fmemopen(memory, size, "r");
  printf("%d ", fscanf(f, "%[a-z]-%d", word, &a));
  printf("%s %d\n", word, a);
  fclose(f);
  f = tmpfile();
  fwrite(memory, 1, size, f);
  fseek(f, 0, SEEK_END);
  printf("%ld\n", ftell(f));
  fclose(f);
  char *got = NULL;
  size_t room = 0;
  f = fopen("text", "r");
  ssize_t length = getline(&got, &room, f);
  printf("%zd ", length);
  length = getdelim(&got, &room, 'f', f);
  printf("%zd %s\n", length, got);
  fclose(f);

  // Positions, sizes, holes, vectors.
  int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0640);
  struct iovec iov[2] = {{"abc", 3}, {"defg", 4}};
  printf("%zd %zd ", writev(fd, iov, 2), pwrite(fd, "XY", 2, 5));
  printf("%ld\n", (long)lseek(fd, 0, SEEK_CUR));
  lseek(fd, 1 << 20, SEEK_SET);
  write(fd, "end", 3);
  struct stat st;
  fstat(fd, &st);
  printf("%lld %o %d\n", (long long)st.st_size, st.st_mode, (int)st.st_nlink);
  char bytes[16];
  printf("%zd %.10s ", pread(fd, bytes, 10, 0), bytes);
  printf("%zd %d\n", pread(fd, bytes, 10, (1 << 20) - 5), bytes[0]);
  printf("%d ", ftruncate(fd, 5));
  fstat(fd, &st);
  printf("%d\n", (int)st.st_size);
  result(lseek(fd, -1, SEEK_SET));
  printf("%lld\n", (long long)lseek64(fd, 1LL << 40, SEEK_SET));
  int copy = dup(fd);
  printf("%d %d ", fcntl(copy, F_GETFD), fcntl(fcntl(fd, F_DUPFD_CLOEXEC, 50), F_GETFD));
  printf("%o\n", fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  printf("%d %d\n", fcntl(fd, F_SETLK, &lock), flock(fd, LOCK_EX | LOCK_NB));
  close(fd);
  close(copy);
  close(50);

  // Names.
  printf("%d %d %d\n", link("data", "hard"), symlink("data", "soft"), mkdir("sub", 0755));
  stat("hard", &st);
  printf("%d\n", (int)st.st_nlink);
  ssize_t n = readlink("soft", line, sizeof line);
  printf("%.*s\n", (int)n, line);
  lstat("soft", &st);
  printf("%d %lld\n", S_ISLNK(st.st_mode), (long long)st.st_size);
  printf("%d %d\n", rename("hard", "sub/moved"), access("hard", F_OK));
  result(rmdir("sub"));
  result(mkdir("sub", 0755));
  result(unlink("sub"));
  result(open("sub/moved/x", O_RDONLY));
  result(open("loop", O_RDONLY | O_NOFOLLOW));
  symlink("loop", "loop");
  result(open("loop", O_RDONLY));
  chmod("data", 0444);
  stat("data", &st);
  printf("%o\n", st.st_mode & 07777);
  struct timespec times[2] = {{1000000000, 5}, {1500000000, 7}};
  utimensat(AT_FDCWD, "data", times, 0);
  stat("data", &st);
  printf("%ld %ld\n", (long)st.st_atim.tv_sec, (long)st.st_mtim.tv_sec);
  char *real = realpath("sub/../soft", NULL);
  printf("%s\n", real + strlen(dir));

  struct dirent **list;
  int entries = scandir(".", &list, NULL, alphasort);
  for (int i = 0; i < entries; i++) printf("%s:%d ", list[i]->d_name, list[i]->d_type);
  printf("\n");
  DIR *d = opendir(".");
  int count = 0;
  while (readdir(d)) count++;
  rewinddir(d);
  while (readdir(d)) count--;
  printf("%d %d\n", count, dirfd(d) >= 0);
  closedir(d);
  for (int i = 0; i < 300; i++) {
    snprintf(line, sizeof line, "sub/entry-number-%d", i);
    close(open(line, O_CREAT | O_WRONLY, 0600));
  }
  d = opendir("sub");
  int found = 0;
  for (struct dirent *e; (e = readdir(d));) {
    found++;
    if (e->d_name[0] == 'e' && atoi(e->d_name + 13) % 2) unlinkat(dirfd(d), e->d_name, 0);
  }
  closedir(d);
  glob_t g;
  printf("%d %d ", found, glob("sub/entry-*[05]", 0, NULL, &g));
  printf("%zu %s\n", g.gl_pathc, g.gl_pathv[0]);
  nftw(".", visit, 8, FTW_PHYS | FTW_DEPTH);
  printf("%d\n", visits);
  printf("%d %d\n", fnmatch("*.[ch]", "x.c", 0), fnmatch("*.[ch]", "x.d", 0));
  chdir("/");
  struct statvfs vfs;
  printf("%d %d\n", statvfs("/tmp", &vfs), vfs.f_namemax >= 255);
  // Standard output survives being closed and opened again.
  fflush(stdout);
  int saved = dup(1);
  close(1);
  f = fopen("/dev/null", "w");
  printf("nobody sees this\n");
  fflush(stdout);
  dup2(saved, 1);
  printf("done\n");
  return 0;
}
