#ifndef _FNMATCH_H_
#define _FNMATCH_H_

#define FNM_NOMATCH 1
#define FNM_PATHNAME 2
#define FNM_PERIOD 4

/* Does the pattern (* ? [set], \ quotes) match the whole string? 0 if so. */
int fnmatch(const char *pattern, const char *string, int flags);

#endif
