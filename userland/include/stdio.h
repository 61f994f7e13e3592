#ifndef _STDIO_H_
#define _STDIO_H_

#include <stdarg.h>
#include <sys/types.h>

#define EOF (-1)
#define BUFSIZ 1024
#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2
#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif

typedef struct FILE FILE;
extern FILE *const stdin, *const stdout, *const stderr;

FILE *fopen(const char *path, const char *mode);
FILE *fdopen(int fd, const char *mode);
int fclose(FILE *f);
int fflush(FILE *f);
int setvbuf(FILE *f, char *buf, int mode, size_t size);
int fileno(FILE *f);
int feof(FILE *f);
int ferror(FILE *f);
void clearerr(FILE *f);
int fgetc(FILE *f);
int getc(FILE *f);
int getchar(void);
int ungetc(int c, FILE *f);
int fputc(int c, FILE *f);
int putc(int c, FILE *f);
int putchar(int c);
char *fgets(char *buf, int size, FILE *f);
ssize_t getline(char **line, size_t *capacity, FILE *f);
int fputs(const char *s, FILE *f);
int puts(const char *s);
size_t fread(void *buf, size_t size, size_t count, FILE *f);
size_t fwrite(const void *buf, size_t size, size_t count, FILE *f);
int fseek(FILE *f, long offset, int whence);
long ftell(FILE *f);
void perror(const char *prefix);
int rename(const char *from, const char *to);
int remove(const char *path);

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
int printf(const char *format, ...) PRINTF_LIKE(1, 2);
int fprintf(FILE *f, const char *format, ...) PRINTF_LIKE(2, 3);
int dprintf(int fd, const char *format, ...) PRINTF_LIKE(2, 3);
int sprintf(char *buf, const char *format, ...) PRINTF_LIKE(2, 3);
int snprintf(char *buf, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
int vfprintf(FILE *f, const char *format, va_list args) PRINTF_LIKE(2, 0);
int vprintf(const char *format, va_list args) PRINTF_LIKE(1, 0);
int vsnprintf(char *buf, size_t size, const char *format, va_list args) PRINTF_LIKE(3, 0);

#endif
