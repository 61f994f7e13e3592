#ifndef _TIME_H_
#define _TIME_H_

#include <sys/types.h>

#ifndef _STRUCT_TIMESPEC_
#define _STRUCT_TIMESPEC_
struct timespec {
	time_t tv_sec;
	long tv_nsec;
};
#endif

struct tm {
	int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst;
};

#define CLOCK_REALTIME 0
#ifdef FAULTLINE_LINUX
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#else
#define CLOCK_MONOTONIC 4
#define CLOCK_PROCESS_CPUTIME_ID 15
#endif

int clock_gettime(clockid_t clock, struct timespec *now);
int nanosleep(const struct timespec *length, struct timespec *left);
time_t time(time_t *now);
struct tm *gmtime_r(const time_t *when, struct tm *out);
struct tm *gmtime(const time_t *when);
/* Local time is UTC. */
struct tm *localtime(const time_t *when);
size_t strftime(char *buf, size_t size, const char *format, const struct tm *tm);

#endif
