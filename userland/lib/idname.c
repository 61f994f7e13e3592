/* Names of users, groups and devices. */
#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The first field of the line of `path` whose third is `id`; the last answer is kept. */
static const char *lookup(const char *path, unsigned id, char name[33])
{
	FILE *f = fopen(path, "re");
	char line[256];
	int found = 0;

	if (!f)
		return NULL;
	while (!found && fgets(line, sizeof line, f)) {
		char *second = strchr(line, ':'), *third = second ? strchr(second + 1, ':') : NULL;
		char *end;
		if (third && strtoul(third + 1, &end, 10) == id && end != third + 1 && *end == ':') {
			*second = 0;
			strlcpy(name, line, 33);
			found = 1;
		}
	}
	fclose(f);
	return found ? name : NULL;
}

struct cache {
	int valid;
	unsigned id;
	char name[33];
};

static const char *name_of(struct cache *cache, const char *path, unsigned id, int fail)
{
	if (!cache->valid || cache->id != id) {
		cache->valid = lookup(path, id, cache->name) != NULL;
		cache->id = id;
	}
	if (!cache->valid && fail)
		return NULL;
	if (!cache->valid)
		snprintf(cache->name, sizeof cache->name, "%u", id);
	return cache->name;
}

const char *user_from_uid(uid_t uid, int nouser)
{
	static struct cache cache;

	return name_of(&cache, "/etc/passwd", uid, nouser);
}

const char *group_from_gid(gid_t gid, int nogroup)
{
	static struct cache cache;

	return name_of(&cache, "/etc/group", gid, nogroup);
}

char *devname(unsigned dev, unsigned short type)
{
	static char name[64];
	char path[280];
	struct dirent *entry;
	struct stat st;
	DIR *dir = opendir("/dev");
	int found = 0;

	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof path, "/dev/%s", entry->d_name);
		if (lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_rdev == dev) {
			strlcpy(name, entry->d_name, sizeof name);
			found = 1;
		}
	}
	if (dir)
		closedir(dir);
	if (!found)
		snprintf(name, sizeof name, "#%c:%#x", type == S_IFCHR ? 'C' : 'B', dev);
	return name;
}
