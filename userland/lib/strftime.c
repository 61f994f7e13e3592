/* Dates as text, in English and in UTC. */
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
    "Saturday"};
static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December"};

struct tm *gmtime(const time_t *when)
{
	static struct tm tm;

	return gmtime_r(when, &tm);
}

struct tm *localtime(const time_t *when)
{
	return gmtime(when);
}

static long long seconds_of(const struct tm *tm)
{
	long long year = tm->tm_year + 1900 - 1;
	long long leap = year / 4 - year / 100 + year / 400;

	return ((year * 365 + leap - 719162 + tm->tm_yday) * 24 + tm->tm_hour) * 3600 +
	    tm->tm_min * 60 + tm->tm_sec;
}

/* Longer conversions are others in a row. */
static const char *expansion(char c)
{
	switch (c) {
	case 'c':
		return "%a %b %e %H:%M:%S %Y";
	case '+':
		return "%a %b %e %H:%M:%S %Z %Y";
	case 'D':
	case 'x':
		return "%m/%d/%y";
	case 'F':
		return "%Y-%m-%d";
	case 'R':
		return "%H:%M";
	case 'r':
		return "%I:%M:%S %p";
	case 'T':
	case 'X':
		return "%H:%M:%S";
	case 'v':
		return "%e-%b-%Y";
	}
	return NULL;
}

size_t strftime(char *buf, size_t size, const char *format, const struct tm *tm)
{
	size_t n = 0;
	int hour = tm->tm_hour % 12 == 0 ? 12 : tm->tm_hour % 12;
	int week = tm->tm_wday == 0 ? 7 : tm->tm_wday;
	char part[64];

	for (; *format; format++) {
		part[0] = *format;
		part[1] = 0;
		const char *more = *format == '%' ? expansion(format[1]) : NULL;
		if (more) {
			format++;
			strftime(part, sizeof part, more, tm);
		} else if (*format == '%' && format[1]) {
#define PUT(...) snprintf(part, sizeof part, __VA_ARGS__)
			switch (*++format) {
			case 'A': PUT("%s", days[tm->tm_wday]); break;
			case 'a': PUT("%.3s", days[tm->tm_wday]); break;
			case 'B': PUT("%s", months[tm->tm_mon]); break;
			case 'b':
			case 'h': PUT("%.3s", months[tm->tm_mon]); break;
			case 'C': PUT("%02d", (tm->tm_year + 1900) / 100); break;
			case 'd': PUT("%02d", tm->tm_mday); break;
			case 'e': PUT("%2d", tm->tm_mday); break;
			case 'H': PUT("%02d", tm->tm_hour); break;
			case 'I': PUT("%02d", hour); break;
			case 'j': PUT("%03d", tm->tm_yday + 1); break;
			case 'k': PUT("%2d", tm->tm_hour); break;
			case 'l': PUT("%2d", hour); break;
			case 'M': PUT("%02d", tm->tm_min); break;
			case 'm': PUT("%02d", tm->tm_mon + 1); break;
			case 'n': PUT("\n"); break;
			case 'p': PUT(tm->tm_hour < 12 ? "AM" : "PM"); break;
			case 'S': PUT("%02d", tm->tm_sec); break;
			case 's': PUT("%lld", seconds_of(tm)); break;
			case 't': PUT("\t"); break;
			case 'U': PUT("%02d", (tm->tm_yday + 7 - tm->tm_wday) / 7); break;
			case 'u': PUT("%d", week); break;
			case 'W': PUT("%02d", (tm->tm_yday + 8 - week) / 7); break;
			case 'w': PUT("%d", tm->tm_wday); break;
			case 'Y': PUT("%d", tm->tm_year + 1900); break;
			case 'y': PUT("%02d", (tm->tm_year + 1900) % 100); break;
			case 'Z': PUT("UTC"); break;
			case 'z': PUT("+0000"); break;
			default: PUT("%c", *format);
			}
		}
		size_t len = strlen(part);
		if (n + len >= size)
			return 0;
		memcpy(buf + n, part, len);
		n += len;
	}
	if (size > 0)
		buf[n] = 0;
	return n;
}
