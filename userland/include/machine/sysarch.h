#ifndef _MACHINE_SYSARCH_H_
#define _MACHINE_SYSARCH_H_

#define I386_GET_FSBASE 7
#define I386_SET_FSBASE 8
#define I386_GET_GSBASE 9
#define I386_SET_GSBASE 10

#ifndef FAULTLINE_LINUX
int sysarch(int op, void *argument);
#endif
/* Makes %gs:0 the word at `base` in this thread (either ABI). */
int i386_set_gsbase(void *base);

#endif
