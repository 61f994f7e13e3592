// open(2) and fcntl(2) constants of FreeBSD (sys/fcntl.h).

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_ACCMODE = 3;
export const O_NONBLOCK = 0x4;
export const O_APPEND = 0x8;
export const O_SHLOCK = 0x10;
export const O_EXLOCK = 0x20;
export const O_ASYNC = 0x40;
export const O_SYNC = 0x80;
export const O_NOFOLLOW = 0x100;
export const O_CREAT = 0x200;
export const O_TRUNC = 0x400;
export const O_EXCL = 0x800;
export const O_NOCTTY = 0x8000;
export const O_DIRECT = 0x10000;
export const O_DIRECTORY = 0x20000;
export const O_EXEC = 0x40000;
export const O_CLOEXEC = 0x100000;

export const F_DUPFD = 0;
export const F_GETFD = 1;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_GETOWN = 5;
export const F_SETOWN = 6;
export const F_DUP2FD = 10;
export const F_GETLK = 11;
export const F_SETLK = 12;
export const F_SETLKW = 13;
export const F_DUPFD_CLOEXEC = 17;
export const F_DUP2FD_CLOEXEC = 18;
export const FD_CLOEXEC = 1;

export const AT_FDCWD = -100;
export const AT_EACCESS = 0x100;
export const AT_SYMLINK_NOFOLLOW = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_REMOVEDIR = 0x800;

export const R_OK = 4;
export const W_OK = 2;
export const X_OK = 1;
