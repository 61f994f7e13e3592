/* The end of the data segment. */
#include <errno.h>
#include <unistd.h>

#ifdef FAULTLINE_LINUX
void *__brk(void *end);
#else
int __break(void *end);
extern char _end[];
#endif
static char *current;

static void find_current(void)
{
	if (!current)
#ifdef FAULTLINE_LINUX
		current = __brk(0);
#else
		current = _end;
#endif
}

int brk(void *end)
{
	find_current();
#ifdef FAULTLINE_LINUX
	if (__brk(end) != end) {
		errno = ENOMEM;
		return -1;
	}
#else
	if (__break(end) < 0)
		return -1;
#endif
	current = end;
	return 0;
}

void *sbrk(intptr_t increment)
{
	find_current();
	char *old = current;
	if (increment != 0 && brk(old + increment) < 0)
		return (void *)-1;
	return old;
}
