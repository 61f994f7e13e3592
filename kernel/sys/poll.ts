// poll(2) events (sys/poll.h).

export const POLLIN = 0x1;
export const POLLPRI = 0x2;
export const POLLOUT = 0x4;
export const POLLERR = 0x8;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;
export const POLLRDNORM = 0x40;
export const POLLWRBAND = 0x100;
export const POLLRDBAND = 0x80;
export const POLLIN_ANY = POLLIN | POLLRDNORM;
