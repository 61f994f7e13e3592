#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct DIR {
	int fd, at, filled;
	char buf[2048] __attribute__((aligned(8)));
};

int getdents(int fd, char *buf, size_t len);

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	DIR *dir = malloc(sizeof *dir);
	if (!dir) {
		close(fd);
		return NULL;
	}
	dir->fd = fd;
	dir->at = dir->filled = 0;
	return dir;
}

struct dirent *readdir(DIR *dir)
{
	for (;;) {
		if (dir->at >= dir->filled) {
			dir->at = 0;
			dir->filled = getdents(dir->fd, dir->buf, sizeof dir->buf);
			if (dir->filled <= 0)
				return NULL;
		}
		struct dirent *entry = (struct dirent *)(dir->buf + dir->at);
		dir->at += entry->d_reclen;
		if (entry->d_fileno != 0)
			return entry;
	}
}

void rewinddir(DIR *dir)
{
	lseek(dir->fd, 0, SEEK_SET);
	dir->at = dir->filled = 0;
}

int dirfd(DIR *dir)
{
	return dir->fd;
}

int closedir(DIR *dir)
{
	int fd = dir->fd;

	free(dir);
	return close(fd);
}
