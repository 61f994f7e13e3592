#ifndef _SYS_STAT_H_
#define _SYS_STAT_H_

#include <sys/types.h>
#include <time.h>

#ifdef FAULTLINE_LINUX
/* struct stat64 of Linux/i386. */
struct stat {
	unsigned long long st_dev;
	unsigned __pad0, __ino32;
	unsigned st_mode, st_nlink, st_uid, st_gid;
	unsigned long long st_rdev;
	unsigned __pad1;
	long long __attribute__((packed, aligned(4))) st_size;
	unsigned st_blksize;
	unsigned long long __attribute__((packed, aligned(4))) st_blocks;
	struct timespec st_atim, st_mtim, st_ctim;
	unsigned long long __attribute__((packed, aligned(4))) st_ino;
};
#else
/* FreeBSD 11, i386: 96 bytes. */
struct stat {
	uint32_t st_dev;
	uint32_t st_ino;
	uint16_t st_mode;
	uint16_t st_nlink;
	uint32_t st_uid, st_gid;
	uint32_t st_rdev;
	struct timespec st_atim, st_mtim, st_ctim;
	int64_t st_size;
	int64_t st_blocks;
	uint32_t st_blksize;
	uint32_t st_flags;
	uint32_t st_gen;
	int32_t st_lspare;
	struct timespec st_birthtim;
	uint32_t __spare[2];
};
_Static_assert(sizeof(struct stat) == 96, "struct stat of FreeBSD 11/i386");
#endif

#define S_IFMT 0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFDIR 0040000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define S_IFLNK 0120000
#define S_IFSOCK 0140000
#define S_ISUID 04000
#define S_ISGID 02000
#define S_ISVTX 01000
#define S_ISDIR(m) (((m) & S_IFMT) == S_IFDIR)
#define S_ISREG(m) (((m) & S_IFMT) == S_IFREG)
#define S_ISBLK(m) (((m) & S_IFMT) == S_IFBLK)
#define S_ISCHR(m) (((m) & S_IFMT) == S_IFCHR)
#define S_ISLNK(m) (((m) & S_IFMT) == S_IFLNK)
#define S_ISFIFO(m) (((m) & S_IFMT) == S_IFIFO)

int stat(const char *path, struct stat *st);
int lstat(const char *path, struct stat *st);
int fstat(int fd, struct stat *st);
int mkdir(const char *path, unsigned mode);
int chmod(const char *path, unsigned mode);
unsigned umask(unsigned mask);

#endif
