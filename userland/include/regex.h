/* POSIX regular expressions, in the C locale. */
#ifndef _REGEX_H_
#define _REGEX_H_

#include <sys/types.h>

#define REG_EXTENDED 1
#define REG_ICASE 2
#define REG_NOSUB 4
#define REG_NOTBOL 0x100

#define REG_NOMATCH 1
#define REG_BADPAT 2
#define REG_ECTYPE 4
#define REG_EESCAPE 5
#define REG_ESUBREG 6
#define REG_EBRACK 7
#define REG_EPAREN 8
#define REG_EBRACE 9
#define REG_BADBR 10
#define REG_ERANGE 11
#define REG_ESPACE 12
#define REG_BADRPT 13

typedef int regoff_t;
typedef struct {
	regoff_t rm_so, rm_eo;
} regmatch_t;

typedef struct {
	size_t re_nsub;
	struct regex_node *nodes;
	int count, start, flags;
} regex_t;

int regcomp(regex_t *re, const char *pattern, int flags);
int regexec(const regex_t *re, const char *string, size_t count, regmatch_t match[], int flags);
size_t regerror(int error, const regex_t *re, char *buf, size_t size);
void regfree(regex_t *re);

#endif
