/* File names that match a pattern. */
#include "sh.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int has_magic(const char *p)
{
	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '*' || *p == '?')
			return 1;
		else if (*p == '[' && strchr(p, ']'))
			return 1;
	}
	return 0;
}

char *unescape(const char *p)
{
	char *out = save_string(p, strlen(p)), *to = out;

	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		*to++ = *p;
	}
	*to = 0;
	return out;
}

static char *joined(const char *directory, const char *name)
{
	size_t len = strlen(directory);
	char *path = allocate(len + strlen(name) + 1);

	strcpy(path, directory);
	return strcat(path, name);
}

/* The rest of a pattern below a directory ("" or with a slash at its end). */
static void match_below(const char *directory, const char *pattern, struct fields *out)
{
	size_t len = strcspn(pattern, "/");
	char *part = save_string(pattern, len);
	const char *rest = pattern + len;
	struct stat st;

	rest += strspn(rest, "/");
	char *slashes = save_string(pattern + len, (size_t)(rest - (pattern + len)));
	if (!has_magic(part)) {
		char *path = joined(directory, unescape(part));
		if (*rest)
			match_below(joined(path, slashes), rest, out);
		else if (lstat(*path ? path : "/", &st) == 0)
			field_add(out, joined(path, slashes));
		return;
	}
	DIR *dir = opendir(*directory ? directory : ".");
	if (!dir)
		return;
	for (struct dirent *e; (e = readdir(dir));) {
		if (fnmatch(part, e->d_name, FNM_PERIOD) != 0)
			continue;
		char *path = joined(directory, e->d_name);
		if (*slashes && (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)))
			continue;
		path = joined(path, slashes);
		if (*rest)
			match_below(path, rest, out);
		else
			field_add(out, path);
	}
	closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void expand_path(const char *pattern, struct fields *out)
{
	int before = out->n;

	match_below(*pattern == '/' ? "/" : "", pattern + strspn(pattern, "/"), out);
	qsort(out->v + before, (size_t)(out->n - before), sizeof *out->v, by_name);
}
