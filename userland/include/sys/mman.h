#ifndef _SYS_MMAN_H_
#define _SYS_MMAN_H_

#include <sys/types.h>

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4

#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FIXED 0x10
#define MAP_FAILED ((void *)-1)

#ifdef FAULTLINE_LINUX
#define MAP_ANON 0x20
#define MAP_STACK 0x20100 /* MAP_STACK | MAP_GROWSDOWN */
#define MAP_EXCL 0x100000 /* MAP_FIXED_NOREPLACE */
#define MS_SYNC 4
#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MADV_FREE 8
#else
#define MAP_ANON 0x1000
#define MAP_STACK 0x400
#define MAP_NOSYNC 0x800
#define MAP_GUARD 0x2000
#define MAP_EXCL 0x4000
#define MS_SYNC 0
#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MADV_FREE 5
#define INHERIT_SHARE 0
#define INHERIT_COPY 1
#define INHERIT_NONE 2
#define INHERIT_ZERO 3
#endif
#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4

#define MCL_CURRENT 1
#define MCL_FUTURE 2

#define MINCORE_INCORE 1
#define MINCORE_REFERENCED 2
#define MINCORE_MODIFIED 4

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int munmap(void *addr, size_t len);
int mprotect(const void *addr, size_t len, int prot);
int msync(void *addr, size_t len, int flags);
int madvise(void *addr, size_t len, int advice);
int mincore(const void *addr, size_t len, char *vec);
int mlock(const void *addr, size_t len);
int munlock(const void *addr, size_t len);
int mlockall(int flags);
int munlockall(void);
#ifndef FAULTLINE_LINUX
int minherit(void *addr, size_t len, int inherit);
#endif

#endif
