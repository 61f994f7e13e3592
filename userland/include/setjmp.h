#ifndef _SETJMP_H_
#define _SETJMP_H_

/* ebx esi edi ebp esp eip, then whether a mask was saved, then the mask. */
typedef int jmp_buf[6];
typedef int sigjmp_buf[6 + 1 + 4];

int setjmp(jmp_buf env) __attribute__((returns_twice));
void longjmp(jmp_buf env, int value) __attribute__((noreturn));
int sigsetjmp(sigjmp_buf env, int save_mask) __attribute__((returns_twice));
void siglongjmp(sigjmp_buf env, int value) __attribute__((noreturn));

#endif
