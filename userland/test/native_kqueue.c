/* Does a kqueue report what can be read, timers, user events and the end of a process, as often as
 * its flags say, and forget what has been closed? */
#include "test.h"
#ifdef FAULTLINE_LINUX
int main(void)
{
	return 0;
}
#else
#include "native.h"

#include <time.h>

enum { SYS_kqueue = 362, SYS_kevent = 363 };
enum { READ = -1, PROC = -5, TIMER = -7, USER = -11 };
enum {
	ADD = 1, DELETE = 2, ENABLE = 4, DISABLE = 8, CLEAR = 0x20, RECEIPT = 0x40,
	DISPATCH = 0x80, ERROR = 0x4000, END = 0x8000,
};
#define NOTE_EXIT 0x80000000u
#define NOTE_TRIGGER 0x01000000u
#define NOTE_FFCOPY 0xc0000000u

static struct kevent {
	uintptr_t ident;
	int16_t filter;
	uint16_t flags;
	uint32_t fflags;
	intptr_t data;
	void *udata;
} list[4];
static int kq;

static long change(uintptr_t ident, int filter, unsigned flags, unsigned fflags, long data)
{
	struct kevent e = {ident, (int16_t)filter, (uint16_t)flags, fflags, data, &kq};

	return CALL6(SYS_kevent, kq, &e, 1, 0, 0, 0);
}

/* Events within so many milliseconds. */
static long events(int ms)
{
	struct timespec limit = {ms / 1000, ms % 1000 * 1000000};

	return CALL6(SYS_kevent, kq, 0, 0, list, 4, &limit);
}

static void files(void)
{
	int fds[2];
	char buf[8];

	MUST(pipe(fds));
	CHECK(change(fds[0], READ, ADD | CLEAR, 0, 0) == 0, "EV_ADD");
	CHECK(events(1) == 0, "an event of an empty pipe");
	MUST(write(fds[1], "abc", 3));
	CHECK(events(100) == 1 && list[0].data == 3 && list[0].udata == &kq, "%d bytes", (int)list[0].data);
	CHECK(events(1) == 0, "EV_CLEAR reports twice");
	MUST(write(fds[1], "d", 1));
	CHECK(events(100) == 1 && list[0].data == 4, "%d bytes", (int)list[0].data);
	CHECK(change(fds[0], READ, DELETE, 0, 0) == 0 && events(1) == 0, "deleted, and there");
	CHECK(change(fds[0], READ, DELETE, 0, 0) == -ENOENT, "deleted twice");
	CHECK(change(fds[0], READ, ADD, 0, 0) == 0 && events(9) == 1 && events(9) == 1, "no level");
	CHECK(change(fds[0], READ, DISABLE, 0, 0) == 0 && events(1) == 0, "disabled, and there");
	CHECK(change(fds[0], READ, ENABLE, 0, 0) == 0 && events(1) == 1, "not enabled");
	MUST(read(fds[0], buf, sizeof buf));

	/* Another file under the number of one that was closed. */
	int other[2];
	MUST(close(fds[0]));
	MUST(pipe(other));
	CHECK(other[0] == fds[0], "descriptor %d", other[0]);
	MUST(write(other[1], "x", 1));
	CHECK(events(1) == 0, "the knote of a closed file");
	CHECK(change(other[0], READ, ADD | CLEAR, 0, 0) == 0 && events(1) == 1, "the new file");
	MUST(close(other[1]));
	CHECK(events(1) == 1 && list[0].flags & END, "the end is not seen");

	struct kevent e = {(uintptr_t)other[0], READ, ADD | RECEIPT, 0, 0, NULL};
	CHECK(CALL6(SYS_kevent, kq, &e, 1, list, 4, 0) == 1, "EV_RECEIPT");
	CHECK(list[0].flags == ERROR && list[0].data == 0, "a receipt of %#x", list[0].flags);
	e.ident = 99;
	CHECK(CALL6(SYS_kevent, kq, &e, 1, list, 4, 0) == 1 && list[0].data == EBADF, "no EV_ERROR");
	MUST(close(other[0]));
}

int main(void)
{
	kq = (int)CALL0(SYS_kqueue);
	CHECK(kq >= 0 && sizeof list[0] == 20, "kqueue");
	files();

	CHECK(change(1, TIMER, ADD, 0, 10) == 0, "a timer");
	CHECK(events(1000) == 1 && list[0].filter == TIMER && list[0].data == 1, "%d expirations",
	    (int)list[0].data);
	usleep(35000);
	CHECK(events(0) == 1 && list[0].data == 3, "%d expirations", (int)list[0].data);
	CHECK(change(1, TIMER, DELETE, 0, 0) == 0 && events(20) == 0, "a deleted timer");

	CHECK(change(9, USER, ADD | CLEAR, 0, 0) == 0 && events(1) == 0, "a user event");
	CHECK(change(9, USER, 0, NOTE_TRIGGER | NOTE_FFCOPY | 5, 0) == 0, "NOTE_TRIGGER");
	CHECK(events(1) == 1 && list[0].fflags == 5 && events(1) == 0, "fflags %#x", list[0].fflags);

	pid_t pid = MUST(fork());
	if (pid == 0) {
		/* A kqueue is not inherited. */
		CHECK(CALL6(SYS_kevent, kq, 0, 0, list, 4, 0) == -EBADF, "the child has it");
		usleep(2000);
		_exit(3);
	}
	CHECK(change((uintptr_t)pid, PROC, ADD, NOTE_EXIT, 0) == 0, "EVFILT_PROC");
	CHECK(events(1000) == 1 && list[0].ident == (uintptr_t)pid && list[0].fflags & NOTE_EXIT &&
	        WEXITSTATUS((int)list[0].data) == 3, "status %#x", (unsigned)list[0].data);
	expect_child(pid, 3);
	return 0;
}
#endif
