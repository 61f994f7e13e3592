#ifndef _SYS_SYSCTL_H_
#define _SYS_SYSCTL_H_

#include <sys/types.h>

#define CTL_MAXNAME 24
#define CTL_KERN 1
#define CTL_VM 2
#define CTL_HW 6
#define KERN_OSTYPE 1
#define KERN_OSRELEASE 2
#define KERN_HOSTNAME 10
#define KERN_PROC 14
#define KERN_PROC_ALL 0
#define KERN_PROC_PID 1
#define KERN_PROC_ARGS 7
#define KERN_PROC_PROC 8
#define KERN_PROC_VMMAP 32

/* On Linux these fail with ENOSYS. */
int sysctl(const int *name, unsigned len, void *old, size_t *oldlen, const void *new,
    size_t newlen);
int sysctlbyname(const char *name, void *old, size_t *oldlen, const void *new, size_t newlen);
int sysctlnametomib(const char *name, int *mib, size_t *len);
/* The value of an integer sysctl, or `missing` where there is none. */
unsigned sysctl_uint(const char *name, unsigned missing);

#endif
