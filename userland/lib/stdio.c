/* Buffered files. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void (*__flush_all)(void);

static char in_buffer[BUFSIZ], out_buffer[BUFSIZ];
static FILE in_file = {0, F_READ, in_buffer, BUFSIZ, 0, 0, NULL};
static FILE out_file = {1, F_WRITE | F_ASK, out_buffer, BUFSIZ, 0, 0, &in_file};
static FILE err_file = {2, F_WRITE | F_UNBUFFERED, NULL, 0, 0, 0, &out_file};
FILE *const stdin = &in_file, *const stdout = &out_file, *const stderr = &err_file;
FILE *__files = &err_file;

static void flush_all(void)
{
	for (FILE *f = __files; f; f = f->next)
		fflush(f);
}

static int write_all(FILE *f, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(f->fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			f->flags |= F_ERROR;
			return EOF;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int fflush(FILE *f)
{
	if (!f) {
		flush_all();
		return 0;
	}
	if (!(f->flags & F_WRITING))
		return 0;
	size_t len = f->pos;
	f->pos = 0;
	f->flags &= ~F_WRITING;
	return write_all(f, f->buf, len);
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *f)
{
	const char *p = data;
	size_t len = size * count;

	if (len == 0)
		return 0;
	if (!(f->flags & F_WRITE)) {
		errno = EBADF;
		f->flags |= F_ERROR;
		return 0;
	}
	if (f->flags & F_ASK) {
		f->flags &= ~F_ASK;
		if (isatty(f->fd))
			f->flags |= F_LINE;
	}
	if (f->flags & F_UNBUFFERED)
		return write_all(f, p, len) < 0 ? 0 : count;
	if (!(f->flags & F_WRITING)) {
		if (f->filled > f->pos) /* give back what was read ahead */
			lseek(f->fd, -(off_t)(f->filled - f->pos), SEEK_CUR);
		f->pos = f->filled = 0;
		f->flags |= F_WRITING;
		__flush_all = flush_all;
	}
	int newline = f->flags & F_LINE && memchr(p, '\n', len);
	while (len > 0) {
		size_t n = f->size - f->pos < len ? f->size - f->pos : len;
		memcpy(f->buf + f->pos, p, n);
		f->pos += n;
		p += n;
		len -= n;
		if (f->pos == f->size) {
			if (fflush(f) < 0)
				return 0;
			f->flags |= F_WRITING;
		}
	}
	if (newline && fflush(f) < 0)
		return 0;
	return count;
}

int fputc(int c, FILE *f)
{
	char byte = (char)c;

	if ((f->flags & (F_WRITING | F_LINE)) == F_WRITING && f->pos + 1 < f->size) {
		f->buf[f->pos++] = byte;
		return (unsigned char)c;
	}
	return fwrite(&byte, 1, 1, f) == 1 ? (unsigned char)c : EOF;
}

int putc(int c, FILE *f)
{
	return fputc(c, f);
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int fputs(const char *s, FILE *f)
{
	size_t len = strlen(s);

	return fwrite(s, 1, len, f) == len ? 0 : EOF;
}

int puts(const char *s)
{
	return fputs(s, stdout) < 0 || fputc('\n', stdout) < 0 ? EOF : 0;
}

static int fill(FILE *f)
{
	ssize_t n;

	if (f->flags & F_WRITING)
		fflush(f);
	if (!(f->flags & F_READ)) {
		errno = EBADF;
		f->flags |= F_ERROR;
		return EOF;
	}
	if (f->fd == 0 && stdout->flags & F_LINE)
		fflush(stdout); /* a prompt comes before its answer */
	do
		n = read(f->fd, f->buf, f->size);
	while (n < 0 && errno == EINTR);
	f->pos = 0;
	f->filled = n > 0 ? (size_t)n : 0;
	if (n == 0)
		f->flags |= F_EOF;
	else if (n < 0)
		f->flags |= F_ERROR;
	return n > 0 ? 0 : EOF;
}

int fgetc(FILE *f)
{
	if ((f->flags & F_WRITING || f->pos >= f->filled) && fill(f) < 0)
		return EOF;
	return (unsigned char)f->buf[f->pos++];
}

int getc(FILE *f)
{
	return fgetc(f);
}

int getchar(void)
{
	return fgetc(stdin);
}

int ungetc(int c, FILE *f)
{
	if (c == EOF || f->pos == 0 || f->flags & F_WRITING)
		return EOF;
	f->buf[--f->pos] = (char)c;
	f->flags &= ~F_EOF;
	return c;
}

size_t fread(void *data, size_t size, size_t count, FILE *f)
{
	char *p = data;
	size_t wanted = size * count, left = wanted;

	while (left > 0) {
		if ((f->flags & F_WRITING || f->pos >= f->filled) && fill(f) < 0)
			break;
		size_t n = f->filled - f->pos < left ? f->filled - f->pos : left;
		memcpy(p, f->buf + f->pos, n);
		f->pos += n;
		p += n;
		left -= n;
	}
	return wanted == 0 ? 0 : (wanted - left) / size;
}

char *fgets(char *buf, int size, FILE *f)
{
	int n = 0, c = 0;

	while (n < size - 1 && c != '\n' && (c = fgetc(f)) != EOF)
		buf[n++] = (char)c;
	if (n == 0)
		return NULL;
	buf[n] = 0;
	return buf;
}

int fileno(FILE *f)
{
	return f->fd;
}

int feof(FILE *f)
{
	return (f->flags & F_EOF) != 0;
}

int ferror(FILE *f)
{
	return (f->flags & F_ERROR) != 0;
}

void clearerr(FILE *f)
{
	f->flags &= ~(F_EOF | F_ERROR);
}
