#ifndef _SYS_IOCTL_H_
#define _SYS_IOCTL_H_

struct winsize {
	unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};

#ifdef FAULTLINE_LINUX
#define TIOCGWINSZ 0x5413
#define TIOCGPGRP 0x540f
#define TIOCSPGRP 0x5410
#define TIOCSCTTY 0x540e
#define FIONREAD 0x541b
#else
#define TIOCGWINSZ 0x40087468
#define TIOCGPGRP 0x40047477
#define TIOCSPGRP 0x80047476
#define TIOCSCTTY 0x20007461
#define FIONREAD 0x4004667f
#endif

int ioctl(int fd, unsigned long request, ...);

#endif
