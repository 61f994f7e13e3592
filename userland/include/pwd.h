#ifndef _PWD_H_
#define _PWD_H_

#include <sys/types.h>

/* The name of a user in /etc/passwd, or its number as text. NULL instead if `nouser`. */
const char *user_from_uid(uid_t uid, int nouser);

#endif
