#ifndef _GRP_H_
#define _GRP_H_

#include <sys/types.h>

/* The name of a group in /etc/group, or its number as text. */
const char *group_from_gid(gid_t gid, int nogroup);

#endif
