/* Small calls made of others. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int main_errno;
int *(*__thread_error)(void); /* set by pthread once there are threads */

int *__error(void)
{
	return __thread_error != NULL ? __thread_error() : &main_errno;
}

int __getcwd(char *buf, size_t len);

char *getcwd(char *buf, size_t len)
{
	return __getcwd(buf, len) < 0 ? NULL : buf;
}

int getpagesize(void)
{
	return 4096;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

int execvp(const char *file, char *const argv[])
{
	char path[1024];
	const char *list = getenv("PATH");
	int denied = 0;

	if (strchr(file, '/'))
		return execve(file, argv, environ);
	if (!list)
		list = "/bin:/usr/bin";
	for (;;) {
		size_t len = strcspn(list, ":");
		if (len + strlen(file) + 2 <= sizeof path) {
			memcpy(path, list, len);
			if (len > 0)
				path[len++] = '/';
			strcpy(path + len, file);
			execve(path, argv, environ);
			if (errno == EACCES)
				denied = 1;
			else if (errno != ENOENT && errno != ENOTDIR)
				return -1;
		}
		list += strcspn(list, ":");
		if (!*list++)
			break;
	}
	errno = denied ? EACCES : ENOENT;
	return -1;
}

unsigned sleep(unsigned seconds)
{
	struct timespec length = {(time_t)seconds, 0}, left = {0, 0};

	if (nanosleep(&length, &left) < 0)
		return (unsigned)left.tv_sec + (left.tv_nsec > 0);
	return 0;
}

int usleep(unsigned microseconds)
{
	struct timespec length = {(time_t)(microseconds / 1000000),
	    (long)(microseconds % 1000000) * 1000};

	return nanosleep(&length, NULL);
}

unsigned alarm(unsigned seconds)
{
	struct itimerval value = {{0, 0}, {(time_t)seconds, 0}}, old = {{0, 0}, {0, 0}};

	setitimer(ITIMER_REAL, &value, &old);
	return (unsigned)old.it_value.tv_sec + (old.it_value.tv_usec > 0);
}

time_t time(time_t *now)
{
	struct timespec ts = {0, 0};

	clock_gettime(CLOCK_REALTIME, &ts);
	if (now)
		*now = ts.tv_sec;
	return ts.tv_sec;
}

int remove(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return rmdir(path);
	return unlink(path);
}

int tcgetattr(int fd, struct termios *t)
{
#ifdef FAULTLINE_LINUX
	return ioctl(fd, 0x5401, t);
#else
	return ioctl(fd, 0x402c7413, t);
#endif
}

int tcsetattr(int fd, int when, const struct termios *t)
{
#ifdef FAULTLINE_LINUX
	return ioctl(fd, 0x5402ul + (unsigned)when, t);
#else
	return ioctl(fd, 0x802c7414ul + (unsigned)when, t);
#endif
}

int isatty(int fd)
{
	struct termios t;

	return tcgetattr(fd, &t) == 0;
}

pid_t tcgetpgrp(int fd)
{
	pid_t pgid;

	return ioctl(fd, TIOCGPGRP, &pgid) < 0 ? -1 : pgid;
}

int tcsetpgrp(int fd, pid_t pgid)
{
	return ioctl(fd, TIOCSPGRP, &pgid);
}

int sysctlnametomib(const char *name, int *mib, size_t *len)
{
	static const int name_to_oid[2] = {0, 3};
	size_t bytes = *len * sizeof(int);

	if (sysctl(name_to_oid, 2, mib, &bytes, name, strlen(name)) < 0)
		return -1;
	*len = bytes / sizeof(int);
	return 0;
}

int sysctlbyname(const char *name, void *old, size_t *oldlen, const void *new, size_t newlen)
{
	int mib[CTL_MAXNAME];
	size_t len = CTL_MAXNAME;

	if (sysctlnametomib(name, mib, &len) < 0)
		return -1;
	return sysctl(mib, (unsigned)len, old, oldlen, new, newlen);
}

unsigned sysctl_uint(const char *name, unsigned missing)
{
	unsigned value = 0;
	size_t len = sizeof value;

	return sysctlbyname(name, &value, &len, NULL, 0) < 0 ? missing : value;
}

/* Days since 1970 to a date: years start in March so that leap days come last. */
struct tm *gmtime_r(const time_t *when, struct tm *out)
{
	static const short before_month[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	long days = *when / 86400, rest = *when % 86400;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	out->tm_hour = (int)(rest / 3600);
	out->tm_min = (int)(rest / 60 % 60);
	out->tm_sec = (int)(rest % 60);
	out->tm_wday = (int)(((days + 4) % 7 + 7) % 7);
	long z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	long yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	long doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	out->tm_mday = (int)(doy - (153 * mp + 2) / 5 + 1);
	out->tm_mon = (int)(mp < 10 ? mp + 2 : mp - 10);
	long year = yoe + era * 400 + (out->tm_mon < 2);
	int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	out->tm_year = (int)year - 1900;
	out->tm_yday = before_month[out->tm_mon] + out->tm_mday - 1 + (leap && out->tm_mon > 1);
	out->tm_isdst = 0;
	return out;
}
