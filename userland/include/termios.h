#ifndef _TERMIOS_H_
#define _TERMIOS_H_

#ifdef FAULTLINE_LINUX
#define NCCS 19
struct termios {
	unsigned c_iflag, c_oflag, c_cflag, c_lflag;
	unsigned char c_line;
	unsigned char c_cc[NCCS];
};
#define VINTR 0
#define VQUIT 1
#define VERASE 2
#define VKILL 3
#define VEOF 4
#define VTIME 5
#define VMIN 6
#define ICRNL 0x100
#define OPOST 1
#define ONLCR 4
#define ISIG 1
#define ICANON 2
#define ECHO 8
#define ECHOE 0x10
#define IEXTEN 0x8000
#else
#define NCCS 20
struct termios {
	unsigned c_iflag, c_oflag, c_cflag, c_lflag;
	unsigned char c_cc[NCCS];
	unsigned c_ispeed, c_ospeed;
};
#define VEOF 0
#define VERASE 3
#define VKILL 5
#define VINTR 8
#define VQUIT 9
#define VMIN 16
#define VTIME 17
#define ICRNL 0x100
#define OPOST 1
#define ONLCR 2
#define ECHOE 2
#define ECHO 8
#define ISIG 0x80
#define ICANON 0x100
#define IEXTEN 0x400
#endif

#define TCSANOW 0
#define TCSADRAIN 1
#define TCSAFLUSH 2

int tcgetattr(int fd, struct termios *t);
int tcsetattr(int fd, int when, const struct termios *t);

#endif
