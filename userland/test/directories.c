/*
 * Do directories behave? mkdir, nesting, listing, chdir and getcwd, "..", rmdir of full and
 * empty ones, symbolic and hard links.
 */
#include "test.h"

#include <dirent.h>
#include <sys/stat.h>

static int list(const char *path, const char *wanted)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0, found = 0;

	CHECK(dir, "opendir %s: %s", path, strerror(errno));
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		found |= strcmp(entry->d_name, wanted) == 0;
	}
	closedir(dir);
	CHECK(found || !*wanted, "%s is not in %s", wanted, path);
	return count;
}

int main(void)
{
	char root[] = "/tmp/dirs.XXXXXX", cwd[200], link_to[64], name[32];
	struct stat st;

	close(MUST(mkstemp(root)));
	MUST(unlink(root));
	MUST(mkdir(root, 0755));
	MUST(chdir(root));
	CHECK(getcwd(cwd, sizeof cwd) && strcmp(cwd, root) == 0, "getcwd gives %s", cwd);
	MUST_FAIL(mkdir(root, 0755), EEXIST);
	MUST(mkdir("a", 0755));
	MUST(mkdir("a/b", 0755));
	MUST_FAIL(mkdir("x/y", 0755), ENOENT);
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "a/file-%d", i);
		close(MUST(open(name, O_CREAT | O_WRONLY, 0644)));
	}
	CHECK(list("a", "file-37") == 61, "a directory of 61 lists %d", list("a", ""));
	MUST_FAIL(rmdir("a"), ENOTEMPTY);
	MUST_FAIL(open("a/file-1/x", O_RDONLY), ENOTDIR);
	MUST_FAIL(open("a", O_WRONLY), EISDIR);
	MUST_FAIL(open("a/file-1", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
	MUST(chdir("a/b"));
	MUST(stat("../file-5", &st));
	CHECK(S_ISREG(st.st_mode) && st.st_size == 0 && st.st_nlink == 1, "a file's stat");
	MUST(chdir("../.."));
	MUST(link("a/file-5", "hard"));
	MUST(stat("hard", &st));
	CHECK(st.st_nlink == 2, "%d links", (int)st.st_nlink);
	MUST(symlink("a/file-6", "soft"));
	MUST(lstat("soft", &st));
	CHECK(S_ISLNK(st.st_mode), "lstat follows");
	MUST(stat("soft", &st));
	CHECK(S_ISREG(st.st_mode), "stat does not follow");
	ssize_t n = MUST(readlink("soft", link_to, sizeof link_to));
	CHECK(n == 8 && memcmp(link_to, "a/file-6", 8) == 0, "readlink gives %ld bytes", (long)n);
	MUST(symlink("loop", "loop"));
	MUST_FAIL(open("loop", O_RDONLY), ELOOP);
	MUST(rename("a/b", "c"));
	MUST(stat("c", &st));
	CHECK(S_ISDIR(st.st_mode), "a renamed directory");
	MUST_FAIL(rename("a", "a/inside"), EINVAL);
	MUST(rmdir("c"));
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "a/file-%d", i);
		MUST(unlink(name));
	}
	MUST(rmdir("a"));
	MUST(unlink("hard"));
	MUST(unlink("soft"));
	MUST(unlink("loop"));
	MUST(chdir("/"));
	MUST(rmdir(root));
	MUST_FAIL(stat(root, &st), ENOENT);
	return 0;
}
