#ifndef _SYS_WAIT_H_
#define _SYS_WAIT_H_

#include <sys/resource.h>
#include <sys/types.h>

#define WNOHANG 1
#define WUNTRACED 2
#ifdef FAULTLINE_LINUX
#define WCONTINUED 8
#define WIFCONTINUED(s) ((s) == 0xffff)
#else
#define WCONTINUED 4
#define WIFCONTINUED(s) ((s) == 0x13)
#endif
#define WIFEXITED(s) (((s) & 0x7f) == 0)
#define WEXITSTATUS(s) (((s) >> 8) & 0xff)
#define WIFSTOPPED(s) (((s) & 0xff) == 0x7f)
#define WSTOPSIG(s) WEXITSTATUS(s)
#define WTERMSIG(s) ((s) & 0x7f)
#define WCOREDUMP(s) (((s) & 0x80) != 0)
#define WIFSIGNALED(s) (WTERMSIG(s) != 0 && WTERMSIG(s) != 0x7f && !WIFCONTINUED(s))

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);

#endif
