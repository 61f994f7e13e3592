// Terminal ioctls and modes of FreeBSD (sys/ttycom.h, sys/_termios.h).

export const TIOCGETA = 0x402c7413;
export const TIOCSETA = 0x802c7414;
export const TIOCSETAW = 0x802c7415;
export const TIOCSETAF = 0x802c7416;
export const TIOCGPGRP = 0x40047477;
export const TIOCSPGRP = 0x80047476;
export const TIOCGSID = 0x40047463;
export const TIOCSCTTY = 0x20007461;
export const TIOCNOTTY = 0x20007471;
export const TIOCGWINSZ = 0x40087468;
export const TIOCSWINSZ = 0x80087467;
export const TIOCFLUSH = 0x80047410;
export const TIOCDRAIN = 0x2000745e;
export const TIOCOUTQ = 0x40047473;
export const TIOCSTI = 0x80017472;
export const TIOCSTOP = 0x2000746f;
export const TIOCSTART = 0x2000746e;
export const TIOCGETD = 0x4004741a;
export const FIONREAD = 0x4004667f;
export const FIONBIO = 0x8004667e;
export const FIOASYNC = 0x8004667d;

export const BRKINT = 0x2;
export const ISTRIP = 0x20;
export const INLCR = 0x40;
export const IGNCR = 0x80;
export const ICRNL = 0x100;
export const IXON = 0x200;
export const IXANY = 0x800;
export const IMAXBEL = 0x2000;

export const OPOST = 0x1;
export const ONLCR = 0x2;
export const TAB3 = 0x4;
export const ONOEOT = 0x8;
export const OCRNL = 0x10;
export const ONOCR = 0x20;
export const ONLRET = 0x40;

export const CS8 = 0x300;
export const CREAD = 0x800;
export const HUPCL = 0x4000;

export const ECHOKE = 0x1;
export const ECHOE = 0x2;
export const ECHOK = 0x4;
export const ECHO = 0x8;
export const ECHONL = 0x10;
export const ECHOCTL = 0x40;
export const ISIG = 0x80;
export const ICANON = 0x100;
export const IEXTEN = 0x400;
export const TOSTOP = 0x400000;
export const NOFLSH = 0x80000000;

export const VEOF = 0;
export const VEOL = 1;
export const VEOL2 = 2;
export const VERASE = 3;
export const VWERASE = 4;
export const VKILL = 5;
export const VREPRINT = 6;
export const VERASE2 = 7;
export const VINTR = 8;
export const VQUIT = 9;
export const VSUSP = 10;
export const VDSUSP = 11;
export const VSTART = 12;
export const VSTOP = 13;
export const VLNEXT = 14;
export const VDISCARD = 15;
export const VMIN = 16;
export const VTIME = 17;
export const VSTATUS = 18;
export const NCCS = 20;
/** A special character that is switched off. */
export const VDISABLE = 0xff;
