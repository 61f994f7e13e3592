/* What stdio's files share. */
#ifndef _FILE_H_
#define _FILE_H_

#include <stdio.h>

#define F_READ 0x1
#define F_WRITE 0x2
#define F_EOF 0x4
#define F_ERROR 0x8
#define F_LINE 0x10       /* flush at newline */
#define F_UNBUFFERED 0x20
#define F_ASK 0x40        /* line buffered if it turns out to be a terminal */
#define F_HEAP 0x80       /* FILE from malloc */
#define F_WRITING 0x200   /* the buffer holds output */

struct FILE {
	int fd, flags;
	char *buf;
	size_t size;
	size_t pos;    /* next byte to read, or number of bytes to write */
	size_t filled; /* bytes read */
	FILE *next;
};

extern FILE *__files;

#endif
