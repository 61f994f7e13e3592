/* Redirections, and how to take them back. */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_COPY 10 /* descriptors of ours are out of reach of a script's digits */
#define PIPE_ROOM 4096
#define CLOSE_IT (-2) /* instead of a descriptor */

struct saved_fd {
	int fd, copy; /* copy -1: it was closed */
	struct saved_fd *next;
};
struct saved_fd *saved_fds;

static int cannot(const char *what, const char *path, const char *missing)
{
	complain("cannot %s %s: %s", what, path,
	    errno == ENOENT || errno == ENOTDIR ? missing : strerror(errno));
	return -1;
}

static int open_out(const char *path, int flags)
{
	struct stat st;

	if (option('C') && flags & O_TRUNC && stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		errno = EEXIST;
		return cannot("create", path, "");
	}
	int fd = open(path, flags | O_WRONLY | O_CREAT, 0666);
	return fd < 0 ? cannot("create", path, "Directory nonexistent") : fd;
}

/* A pipe with the text in it; a child writes what does not fit. */
static int open_here(const char *text)
{
	int fds[2];
	size_t len = strlen(text);

	if (pipe(fds) < 0)
		fail(2, "Pipe call failed");
	if (len <= PIPE_ROOM) {
		write(fds[1], text, len);
	} else if (fork() == 0) {
		close(fds[0]);
		signal(SIGPIPE, SIG_DFL);
		signal(SIGINT, SIG_IGN);
		while (len > 0) {
			ssize_t n = write(fds[1], text, len);
			if (n <= 0)
				break;
			text += n;
			len -= (size_t)n;
		}
		_exit(0);
	}
	close(fds[1]);
	return fds[0];
}

static int open_target(struct redirect *r)
{
	if (r->kind == R_HERE)
		return open_here(r->literal ? r->target : expand_here(r->target));
	char *path = expand_string(r->target, 0);
	int fd;
	switch (r->kind) {
	case R_IN:
		fd = open(path, O_RDONLY);
		return fd < 0 ? cannot("open", path, "No such file") : fd;
	case R_OUT:
		return open_out(path, O_TRUNC);
	case R_CLOBBER:
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
		return fd < 0 ? cannot("create", path, "Directory nonexistent") : fd;
	case R_APPEND:
		return open_out(path, O_APPEND);
	case R_READWRITE:
		fd = open(path, O_RDWR | O_CREAT, 0666);
		return fd < 0 ? cannot("create", path, "Directory nonexistent") : fd;
	default:
		break;
	}
	if (strcmp(path, "-") == 0)
		return CLOSE_IT;
	if (!isdigit(*path) || path[strspn(path, "0123456789")]) {
		fail(2, "Syntax error: Bad fd number");
	}
	fd = atoi(path);
	if (fcntl(fd, F_GETFD) < 0) {
		complain("%d: Bad file descriptor", fd);
		return -1;
	}
	return fd;
}

static int is_copy(struct redirect *r)
{
	return r->kind == R_DUP_IN || r->kind == R_DUP_OUT;
}

int redirect(struct redirect *r, int keep)
{
	fflush(stdout);
	for (; r; r = r->next) {
		if (keep) {
			struct saved_fd *s = xmalloc(sizeof *s);
			s->fd = r->fd;
			s->copy = fcntl(r->fd, F_DUPFD_CLOEXEC, FIRST_COPY);
			s->next = saved_fds;
			saved_fds = s;
		}
		int fd = open_target(r);
		if (fd == -1)
			return 2;
		if (fd == CLOSE_IT) {
			close(r->fd);
		} else if (fd != r->fd) {
			dup2(fd, r->fd);
			if (!is_copy(r))
				close(fd);
		}
	}
	return 0;
}

void redirect_restore(struct saved_fd *mark)
{
	if (saved_fds == mark)
		return;
	fflush(stdout);
	while (saved_fds != mark) {
		struct saved_fd *s = saved_fds;
		if (s->copy < 0) {
			close(s->fd);
		} else {
			dup2(s->copy, s->fd);
			close(s->copy);
		}
		saved_fds = s->next;
		free(s);
	}
}

void redirect_forget(void)
{
	while (saved_fds) {
		struct saved_fd *next = saved_fds->next;
		free(saved_fds);
		saved_fds = next;
	}
}
