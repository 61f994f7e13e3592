/* Files that come and go. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_flags(const char *mode)
{
	int plus = strchr(mode, '+') != NULL, extra = strchr(mode, 'e') ? O_CLOEXEC : 0;

	switch (mode[0]) {
	case 'r':
		return (plus ? O_RDWR : O_RDONLY) | extra;
	case 'w':
		return (plus ? O_RDWR : O_WRONLY) | O_CREAT | O_TRUNC | extra;
	case 'a':
		return (plus ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND | extra;
	}
	errno = EINVAL;
	return -1;
}

FILE *fdopen(int fd, const char *mode)
{
	int flags = open_flags(mode);

	if (flags < 0)
		return NULL;
	FILE *f = malloc(sizeof *f + BUFSIZ);
	if (!f)
		return NULL;
	memset(f, 0, sizeof *f);
	f->fd = fd;
	f->buf = (char *)(f + 1);
	f->size = BUFSIZ;
	f->flags = F_HEAP | ((flags & O_ACCMODE) != O_WRONLY ? F_READ : 0) |
	    ((flags & O_ACCMODE) != O_RDONLY ? F_WRITE | F_ASK : 0);
	f->next = __files;
	__files = f;
	return f;
}

FILE *fopen(const char *path, const char *mode)
{
	int flags = open_flags(mode);
	int fd = flags < 0 ? -1 : open(path, flags, 0666);

	if (fd < 0)
		return NULL;
	FILE *f = fdopen(fd, mode);
	if (!f)
		close(fd);
	return f;
}

int fclose(FILE *f)
{
	int error = fflush(f);

	for (FILE **p = &__files; *p; p = &(*p)->next)
		if (*p == f) {
			*p = f->next;
			break;
		}
	if (close(f->fd) < 0)
		error = EOF;
	if (f->flags & F_HEAP)
		free(f);
	return error;
}

int setvbuf(FILE *f, char *buf, int mode, size_t size)
{
	fflush(f);
	f->flags &= ~(F_LINE | F_UNBUFFERED | F_ASK);
	if (mode == _IONBF && f->flags & F_WRITE)
		f->flags |= F_UNBUFFERED;
	else if (mode == _IOLBF)
		f->flags |= F_LINE;
	if (buf && size > 0) {
		f->buf = buf;
		f->size = size;
	}
	return 0;
}

int fseek(FILE *f, long offset, int whence)
{
	off_t to = offset;

	if (f->flags & F_WRITING)
		fflush(f);
	else if (whence == SEEK_CUR)
		to -= (off_t)(f->filled - f->pos);
	f->pos = f->filled = 0;
	f->flags &= ~F_EOF;
	return lseek(f->fd, to, whence) < 0 ? -1 : 0;
}

long ftell(FILE *f)
{
	off_t at = lseek(f->fd, 0, SEEK_CUR);

	if (at < 0)
		return -1;
	return (long)(f->flags & F_WRITING ? at + (off_t)f->pos : at - (off_t)(f->filled - f->pos));
}

ssize_t getline(char **line, size_t *capacity, FILE *f)
{
	size_t n = 0;
	int c = 0;

	while (c != '\n' && (c = fgetc(f)) != EOF) {
		if (!*line || n + 2 > *capacity) {
			size_t size = *line && *capacity ? *capacity * 2 : 120;
			char *grown = realloc(*line, size);
			if (!grown)
				return -1;
			*line = grown;
			*capacity = size;
		}
		(*line)[n++] = (char)c;
	}
	if (n == 0)
		return -1;
	(*line)[n] = 0;
	return (ssize_t)n;
}
