#ifndef _ASSERT_H_
#define _ASSERT_H_

void __assert_failed(const char *text, const char *file, int line) __attribute__((noreturn));
#define assert(e) ((e) ? (void)0 : __assert_failed(#e, __FILE__, __LINE__))

#endif
