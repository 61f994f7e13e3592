/* touch [-acfm] [-r file] [-t [[CC]YY]MMDDhhmm[.SS]] [-d YYYY-MM-DDThh:mm:SS] file ... */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static void usage(void)
{
	fputs("usage: touch [-acfm] [-r file] [-t [[CC]YY]MMDDhhmm[.SS]]\n"
	      "       [-d YYYY-MM-DDThh:mm:SS] file ...\n",
	    stderr);
	exit(1);
}

static time_t seconds(int year, int month, int day, int hour, int minute, int second)
{
	static const short before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		errx(1, "out of range or illegal time specification: [[CC]YY]MMDDhhmm[.SS]");
	int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	long y = year - 1;
	long days = y * 365 + y / 4 - y / 100 + y / 400 - 719162 + before[month - 1] +
	    (leap && month > 2) + day - 1;
	return (time_t)(((days * 24 + hour) * 60 + minute) * 60 + second);
}

static int two(const char **p)
{
	if (!isdigit((*p)[0]) || !isdigit((*p)[1]))
		errx(1, "out of range or illegal time specification: [[CC]YY]MMDDhhmm[.SS]");
	int n = ((*p)[0] - '0') * 10 + (*p)[1] - '0';
	*p += 2;
	return n;
}

static time_t stamp(const char *p)
{
	size_t len = strcspn(p, ".");
	time_t now = time(NULL);
	int year = gmtime(&now)->tm_year + 1900, second = 0;

	if (len == 12) {
		year = two(&p) * 100;
		year += two(&p);
	} else if (len == 10) {
		year = two(&p);
		year += year < 69 ? 2000 : 1900;
	} else if (len != 8) {
		usage();
	}
	int month = two(&p), day = two(&p), hour = two(&p), minute = two(&p);
	if (*p == '.') {
		p++;
		second = two(&p);
	}
	return seconds(year, month, day, hour, minute, second);
}

static time_t iso(const char *p)
{
	int part[6] = {0};

	for (int i = 0; i < 6; i++) {
		char *end;
		part[i] = (int)strtol(p, &end, 10);
		if (end == p)
			errx(1, "out of range or illegal time specification: YYYY-MM-DDThh:mm:SS");
		p = end + (i < 5 && *end != 0);
	}
	return seconds(part[0], part[1], part[2], part[3], part[4], part[5]);
}

static struct timeval timeval_of(const struct timespec *t)
{
	struct timeval tv = {t->tv_sec, t->tv_nsec / 1000};

	return tv;
}

int main(int argc, char **argv)
{
	int c, a_flag = 0, c_flag = 0, m_flag = 0, given = 0, status = 0;
	struct timeval times[2];
	struct stat st;

	gettimeofday(&times[0], NULL);
	times[1] = times[0];
	while ((c = getopt(argc, argv, "acd:fmr:t:")) != -1)
		switch (c) {
		case 'a':
			a_flag = 1;
			break;
		case 'c':
			c_flag = 1;
			break;
		case 'd':
		case 't':
			given = 1;
			times[0].tv_sec = c == 'd' ? iso(optarg) : stamp(optarg);
			times[0].tv_usec = 0;
			times[1] = times[0];
			break;
		case 'f':
			break;
		case 'm':
			m_flag = 1;
			break;
		case 'r':
			given = 1;
			if (stat(optarg, &st) < 0)
				err(1, "%s", optarg);
			times[0] = timeval_of(&st.st_atim);
			times[1] = timeval_of(&st.st_mtim);
			break;
		default:
			usage();
		}
	if (optind == argc)
		usage();
	if (!a_flag && !m_flag)
		a_flag = m_flag = 1;
	for (int i = optind; i < argc; i++) {
		struct timeval set[2] = {times[0], times[1]};
		if (stat(argv[i], &st) < 0) {
			if (errno != ENOENT) {
				warn("%s", argv[i]);
				status = 1;
				continue;
			}
			if (c_flag)
				continue;
			int fd = open(argv[i], O_WRONLY | O_CREAT, 0666);
			if (fd < 0 || fstat(fd, &st) < 0 || close(fd) < 0) {
				warn("%s", argv[i]);
				status = 1;
				continue;
			}
			if (!given && a_flag && m_flag)
				continue;
		}
		if (!a_flag)
			set[0] = timeval_of(&st.st_atim);
		if (!m_flag)
			set[1] = timeval_of(&st.st_mtim);
		if (utimes(argv[i], set) < 0) {
			warn("%s", argv[i]);
			status = 1;
		}
	}
	return status;
}
