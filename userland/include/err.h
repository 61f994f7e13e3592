/* Messages of the form "program: text: error", as BSD programs print them. */
#ifndef _ERR_H_
#define _ERR_H_

const char *getprogname(void);
void err(int status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
void errx(int status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
