#ifndef _POLL_H_
#define _POLL_H_

struct pollfd {
	int fd;
	short events, revents;
};
#define POLLIN 1
#define POLLOUT 4
#define POLLERR 8
#define POLLHUP 0x10
#define POLLNVAL 0x20

int poll(struct pollfd *fds, unsigned count, int timeout);

#endif
