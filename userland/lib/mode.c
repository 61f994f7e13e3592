/* Modes as text. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What setmode(3) returns: the text, checked, and the umask of that time. */
struct modeset {
	mode_t mask;
	char text[];
};

static unsigned who_bits(char c)
{
	switch (c) {
	case 'u':
		return S_ISUID | 0700;
	case 'g':
		return S_ISGID | 0070;
	case 'o':
		return 0007;
	case 'a':
		return S_ISUID | S_ISGID | 0777;
	}
	return 0;
}

/* The permission bits a letter stands for, for everyone; a copied class is spread to all three. */
static int perm_bits(char c, unsigned mode)
{
	unsigned executable = S_ISDIR(mode) || mode & 0111 ? 0111 : 0;

	switch (c) {
	case 'r':
		return 0444;
	case 'w':
		return 0222;
	case 'x':
		return 0111;
	case 'X':
		return (int)executable;
	case 's':
		return S_ISUID | S_ISGID;
	case 't':
		return S_ISVTX;
	case 'u':
		return (int)((mode >> 6 & 7) * 0111);
	case 'g':
		return (int)((mode >> 3 & 7) * 0111);
	case 'o':
		return (int)((mode & 7) * 0111);
	}
	return -1;
}

/* One clause after another; -1 for a mistake. */
static int apply(const char *p, unsigned mask, unsigned mode)
{
	unsigned first = mode & S_IFMT;

	if (*p >= '0' && *p <= '7') {
		char *end;
		unsigned long value = strtoul(p, &end, 8);
		return *end || value > 07777 ? -1 : (int)(first | value);
	}
	for (;; p++) {
		unsigned who = 0, bits;
		while ((bits = who_bits(*p)) != 0) {
			who |= bits;
			p++;
		}
		if (*p != '+' && *p != '-' && *p != '=')
			return -1;
		while (*p == '+' || *p == '-' || *p == '=') {
			char op = *p++;
			unsigned perms = 0, original = mode;
			int more;
			while (*p && (more = perm_bits(*p, original)) >= 0) {
				perms |= (unsigned)more;
				p++;
			}
			unsigned reach = who ? who : (S_ISUID | S_ISGID | 0777) & ~mask;
			reach |= S_ISVTX;
			if (op == '=')
				mode &= ~((who ? who : S_ISUID | S_ISGID | 0777u) |
				    (who == 0 || who & 0007 ? S_ISVTX : 0));
			if (op == '-')
				mode &= ~(perms & reach);
			else
				mode |= perms & reach;
		}
		if (!*p)
			return (int)mode;
		if (*p != ',')
			return -1;
	}
}

void *setmode(const char *text)
{
	struct modeset *set;
	mode_t mask = (mode_t)umask(0);

	umask(mask);
	if (apply(text, mask, 0) < 0)
		return NULL;
	set = malloc(sizeof *set + strlen(text) + 1);
	if (set) {
		set->mask = mask;
		strcpy(set->text, text);
	}
	return set;
}

mode_t getmode(const void *set, mode_t mode)
{
	const struct modeset *m = set;

	return (mode_t)apply(m->text, m->mask, mode);
}

void strmode(int mode, char *out)
{
	static const char letters[] = "rwxrwxrwx";
	static const char types[16] = {[1] = 'p', [2] = 'c', [4] = 'd', [6] = 'b', [8] = '-',
	    [10] = 'l', [12] = 's'};
	char type = types[mode >> 12 & 15];

	out[0] = type ? type : '?';
	for (int i = 0; i < 9; i++)
		out[1 + i] = mode & 0400 >> i ? letters[i] : '-';
	if (mode & S_ISUID)
		out[3] = mode & 0100 ? 's' : 'S';
	if (mode & S_ISGID)
		out[6] = mode & 0010 ? 's' : 'S';
	if (mode & S_ISVTX)
		out[9] = mode & 0001 ? 't' : 'T';
	out[10] = ' ';
	out[11] = 0;
}
