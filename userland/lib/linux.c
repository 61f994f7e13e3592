/* Calls whose arguments or structures Linux wants differently. */
#ifdef FAULTLINE_LINUX
#include <dirent.h>
#include <errno.h>
#include <machine/sysarch.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysctl.h>
#include <unistd.h>

#define KERNEL_SIGSET_BYTES 8
#define SA_RESTORER 0x04000000

struct kernel_sigaction {
	void *handler;
	unsigned long flags;
	void (*restorer)(void);
	uint32_t mask[2];
};

void __restore(void);
void __restore_rt(void);
int __rt_sigaction(int sig, const void *act, void *old, size_t bytes);
int __rt_sigprocmask(int how, const void *set, void *old, size_t bytes);
int __rt_sigpending(void *set, size_t bytes);
int __rt_sigsuspend(const void *set, size_t bytes);
void *__mmap2(void *addr, size_t len, int prot, int flags, int fd, unsigned page);
int __llseek(int fd, unsigned high, unsigned low, long long *result, int whence);
int __getdents64(int fd, void *buf, size_t len);
int __set_thread_area(void *descriptor);

int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct kernel_sigaction in, out;

	if (act) {
		in.handler = (void *)act->sa_handler;
		in.flags = (unsigned)act->sa_flags | SA_RESTORER;
		in.restorer = act->sa_flags & SA_SIGINFO ? __restore_rt : __restore;
		memcpy(in.mask, act->sa_mask.bits, sizeof in.mask);
	}
	int error = __rt_sigaction(sig, act ? &in : NULL, old ? &out : NULL, KERNEL_SIGSET_BYTES);
	if (error == 0 && old) {
		memset(old, 0, sizeof *old);
		old->sa_handler = (sighandler_t)out.handler;
		old->sa_flags = (int)(out.flags & ~SA_RESTORER);
		memcpy(old->sa_mask.bits, out.mask, sizeof out.mask);
	}
	return error;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return __rt_sigprocmask(how, set, old, KERNEL_SIGSET_BYTES);
}

int sigpending(sigset_t *set)
{
	return __rt_sigpending(set, KERNEL_SIGSET_BYTES);
}

int sigsuspend(const sigset_t *mask)
{
	return __rt_sigsuspend(mask, KERNEL_SIGSET_BYTES);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (offset & 4095) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return __mmap2(addr, len, prot, flags, fd, (unsigned)(offset >> 12));
}

off_t lseek(int fd, off_t offset, int whence)
{
	long long result;

	if (__llseek(fd, (unsigned)(offset >> 32), (unsigned)offset, &result, whence) < 0)
		return -1;
	return result;
}

/* FreeBSD's entries out of Linux's, rewritten in place: theirs are never shorter. */
int getdents(int fd, char *buf, size_t len)
{
	struct linux_dirent64 {
		uint64_t ino, off;
		uint16_t reclen;
		uint8_t type;
		char name[];
	} __attribute__((packed));
	int n = __getdents64(fd, buf, len);

	for (int at = 0; at < n;) {
		struct linux_dirent64 *from = (void *)(buf + at);
		struct dirent *to = (void *)(buf + at);
		unsigned reclen = from->reclen, type = from->type;
		uint32_t ino = (uint32_t)from->ino;

		memmove(to->d_name, from->name, strlen(from->name) + 1);
		to->d_fileno = ino;
		to->d_reclen = (uint16_t)reclen;
		to->d_type = (uint8_t)type;
		to->d_namlen = (uint8_t)strlen(to->d_name);
		at += (int)reclen;
	}
	return n;
}

int i386_set_gsbase(void *base)
{
	/* struct user_desc: any entry, base, limit in pages, 32-bit, page granular, usable */
	unsigned descriptor[4] = {~0u, (unsigned)base, 0xfffff, 0x51};

	if (__set_thread_area(descriptor) < 0)
		return -1;
	__asm__ volatile("movw %w0, %%gs" ::"q"(descriptor[0] * 8 + 3));
	return 0;
}

int sysctl(const int *name, unsigned len, void *old, size_t *oldlen, const void *new,
    size_t newlen)
{
	(void)name, (void)len, (void)old, (void)oldlen, (void)new, (void)newlen;
	errno = ENOSYS;
	return -1;
}
#else
#include <machine/sysarch.h>

int i386_set_gsbase(void *base)
{
	return sysarch(I386_SET_GSBASE, &base);
}
#endif
