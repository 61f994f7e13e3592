/* ls [-ACFIRSTacdfhiklnqrstux1] [file ...] */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct item {
	char *name, *link;
	struct stat st;
};
struct list {
	struct item *items;
	unsigned count, room;
};

static int all, almost, columns, across, classify, recursive, by_size, full_time, by_change;
static int directories, unsorted, human, inodes, kilobytes, longs, numeric, safe, reverse, blocks;
static int by_time, by_access, slash, status, width = 80;
static time_t now;

static void *must(void *p)
{
	if (!p)
		err(1, NULL);
	return p;
}

static void add(struct list *l, const char *name, const struct stat *st)
{
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 32;
		l->items = must(realloc(l->items, l->room * sizeof *l->items));
	}
	struct item *i = &l->items[l->count++];
	i->name = must(strdup(name));
	i->link = NULL;
	i->st = *st;
}

static void drop(struct list *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		free(l->items[i].name);
		free(l->items[i].link);
	}
	free(l->items);
}

static const struct timespec *time_of(const struct item *i)
{
	return by_access ? &i->st.st_atim : by_change ? &i->st.st_ctim : &i->st.st_mtim;
}

static int compare(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	int order = 0;

	if (by_size) {
		order = (a->st.st_size < b->st.st_size) - (a->st.st_size > b->st.st_size);
	} else if (by_time) {
		const struct timespec *s = time_of(a), *t = time_of(b);
		order = (s->tv_sec < t->tv_sec) - (s->tv_sec > t->tv_sec);
		if (order == 0)
			order = (s->tv_nsec < t->tv_nsec) - (s->tv_nsec > t->tv_nsec);
	}
	if (order == 0)
		order = strcmp(a->name, b->name);
	return reverse ? -order : order;
}

static void sort(struct list *l)
{
	if (!unsorted)
		qsort(l->items, l->count, sizeof *l->items, compare);
}

static int type_mark(unsigned mode)
{
	if (slash && !classify)
		return S_ISDIR(mode) ? '/' : 0;
	if (!classify)
		return 0;
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return '/';
	case S_IFIFO:
		return '|';
	case S_IFLNK:
		return '@';
	case S_IFSOCK:
		return '=';
	}
	return mode & 0111 ? '*' : 0;
}

static unsigned long block_count(const struct stat *st)
{
	return (unsigned long)(kilobytes ? (st->st_blocks + 1) / 2 : st->st_blocks);
}

static int digits(unsigned long long n)
{
	char text[24];

	return snprintf(text, sizeof text, "%llu", n);
}

/* Three digits and a unit, as humanize_number(3) has it: 512B, 1.5K, 12K. */
static void human_size(char out[8], unsigned long long n)
{
	static const char units[] = "BKMGTPE";
	int unit = 0;
	unsigned long long tenths = n * 10;

	while ((tenths + 5) / 10 > 999 || (unit == 0 && n >= 1000)) {
		tenths = (tenths + 512) / 1024;
		unit++;
		if (tenths < 9995)
			break;
		n = 0;
	}
	if (unit > 0 && tenths < 100)
		snprintf(out, 8, "%llu.%llu%c", tenths / 10, tenths % 10, units[unit]);
	else
		snprintf(out, 8, "%llu%c", (tenths + 5) / 10, units[unit]);
}

static int put_name(const char *name)
{
	int n = 0;

	for (; *name; name++, n++)
		putchar(safe && !isprint((unsigned char)*name) ? '?' : *name);
	return n;
}

struct widths {
	int inode, block, links, user, group, size, name;
};

static const char *user_name(const struct stat *st)
{
	static char number[12];

	if (!numeric)
		return user_from_uid(st->st_uid, 0);
	snprintf(number, sizeof number, "%u", st->st_uid);
	return number;
}

static const char *group_name(const struct stat *st)
{
	static char number[12];

	if (!numeric)
		return group_from_gid(st->st_gid, 0);
	snprintf(number, sizeof number, "%u", st->st_gid);
	return number;
}

static void grow(int *width_of, int n)
{
	if (n > *width_of)
		*width_of = n;
}

static struct widths measure(const struct list *l)
{
	struct widths w = {0, 0, 0, 0, 0, 0, 0};

	for (unsigned i = 0; i < l->count; i++) {
		const struct stat *st = &l->items[i].st;
		grow(&w.name, (int)strlen(l->items[i].name));
		grow(&w.inode, digits(st->st_ino));
		grow(&w.block, digits(block_count(st)));
		grow(&w.links, digits(st->st_nlink));
		grow(&w.size, S_ISCHR(st->st_mode) ? 8 : digits((unsigned long long)st->st_size));
		if (longs) {
			grow(&w.user, (int)strlen(user_name(st)));
			grow(&w.group, (int)strlen(group_name(st)));
		}
	}
	if (human)
		w.size = 5;
	return w;
}

static int put_front(const struct item *i, const struct widths *w)
{
	int n = 0;

	if (inodes)
		n += printf("%*llu ", w->inode, (unsigned long long)i->st.st_ino);
	if (blocks)
		n += printf("%*lu ", w->block, block_count(&i->st));
	return n;
}

static int put_item(const struct item *i, const struct widths *w)
{
	int n = put_front(i, w) + put_name(i->name), mark = type_mark(i->st.st_mode);

	if (mark) {
		putchar(mark);
		n++;
	}
	return n;
}

static void put_long(const struct item *i, const struct widths *w)
{
	char mode[12], text[40], size[8];
	const struct stat *st = &i->st;
	time_t when = time_of(i)->tv_sec;

	put_front(i, w);
	strmode((int)st->st_mode, mode);
	/* group_name may use the buffer of user_name's answer: no two in one call */
	printf("%s %*u %-*s  ", mode, w->links, (unsigned)st->st_nlink, w->user, user_name(st));
	printf("%-*s  ", w->group, group_name(st));
	if (S_ISCHR(st->st_mode)) {
		snprintf(text, sizeof text, "%#x", (unsigned)st->st_rdev);
		printf("%*s ", w->size, text);
	} else if (human) {
		human_size(size, (unsigned long long)st->st_size);
		printf("%*s ", w->size, size);
	} else {
		printf("%*llu ", w->size, (unsigned long long)st->st_size);
	}
	const time_t half_year = 365 / 2 * 86400;
	const char *format = full_time ? "%b %e %H:%M:%S %Y"
	    : when > now - half_year && when < now + half_year
	    ? "%b %e %H:%M"
	    : "%b %e  %Y";
	strftime(text, sizeof text, format, localtime(&when));
	printf("%s ", text);
	put_name(i->name);
	int mark = type_mark(st->st_mode);
	if (mark)
		putchar(mark);
	if (i->link)
		printf(" -> %s", i->link);
	putchar('\n');
}

static void put_columns(const struct list *l, const struct widths *w)
{
	int column = w->name + (inodes ? w->inode + 1 : 0) + (blocks ? w->block + 1 : 0) +
	    (classify || slash);

	column = (column + 8) & ~7;
	if (width < 2 * column) {
		for (unsigned i = 0; i < l->count; i++) {
			put_item(&l->items[i], w);
			putchar('\n');
		}
		return;
	}
	unsigned across_count = (unsigned)(width / column);
	unsigned rows = (l->count + across_count - 1) / across_count;
	/* Tabs to the next column, and none behind the last. */
	for (unsigned row = 0; row < rows; row++) {
		int at = 0, end = 0;
		for (unsigned c = 0; c < across_count; c++) {
			unsigned i = across ? row * across_count + c : c * rows + row;
			if (i >= l->count)
				break;
			for (; at < end; at = (at + 8) & ~7)
				putchar('\t');
			at += put_item(&l->items[i], w);
			end += column;
		}
		putchar('\n');
	}
}

static void put_list(struct list *l, int is_directory)
{
	unsigned long sum = 0;
	struct widths w = measure(l);

	for (unsigned i = 0; i < l->count; i++)
		sum += block_count(&l->items[i].st);
	if (is_directory && (longs || blocks) && l->count > 0)
		printf("total %lu\n", sum);
	if (longs)
		for (unsigned i = 0; i < l->count; i++)
			put_long(&l->items[i], &w);
	else if (columns || across)
		put_columns(l, &w);
	else
		for (unsigned i = 0; i < l->count; i++) {
			put_item(&l->items[i], &w);
			putchar('\n');
		}
}

static void read_link(struct item *item, const char *path)
{
	char target[PATH_MAX];
	ssize_t n;

	if (!longs || !S_ISLNK(item->st.st_mode))
		return;
	n = readlink(path, target, sizeof target - 1);
	if (n < 0) {
		warn("%s", path);
		return;
	}
	target[n] = 0;
	item->link = must(strdup(target));
}

static int is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void child_path(char out[PATH_MAX], const char *directory, const char *name)
{
	size_t len = strlen(directory);

	snprintf(out, PATH_MAX, "%s%s%s", directory, len > 0 && directory[len - 1] == '/' ? "" : "/",
	    name);
}

static void list_directory(const char *path, int titled, int *first)
{
	char child[PATH_MAX];
	struct list l = {NULL, 0, 0};
	struct stat st;
	DIR *dir = opendir(path);

	if (titled) {
		printf("%s%s:\n", *first ? "" : "\n", path);
	}
	*first = 0;
	if (!dir) {
		fflush(stdout);
		warn("%s", path);
		status = 1;
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.' && !all && (!almost || is_dot(e->d_name)))
			continue;
		child_path(child, path, e->d_name);
		if (lstat(child, &st) < 0) {
			warn("%s", e->d_name);
			status = 1;
			continue;
		}
		add(&l, e->d_name, &st);
		read_link(&l.items[l.count - 1], child);
	}
	closedir(dir);
	sort(&l);
	put_list(&l, 1);
	if (recursive)
		for (unsigned i = 0; i < l.count; i++)
			if (S_ISDIR(l.items[i].st.st_mode) && !is_dot(l.items[i].name)) {
				child_path(child, path, l.items[i].name);
				list_directory(child, 1, first);
			}
	drop(&l);
}

static void list_arguments(char **names, int count)
{
	struct list files = {NULL, 0, 0}, dirs = {NULL, 0, 0};
	int first = 1;

	for (int i = 0; i < count; i++) {
		struct stat st, target;
		if (lstat(names[i], &st) < 0) {
			warn("%s", names[i]);
			status = 1;
			continue;
		}
		/* A link is followed unless it is to be shown itself. */
		if (S_ISLNK(st.st_mode) && !longs && !classify && !directories &&
		    stat(names[i], &target) == 0)
			st = target;
		int is_dir = S_ISDIR(st.st_mode) && !directories;
		struct list *l = is_dir ? &dirs : &files;
		add(l, names[i], &st);
		read_link(&l->items[l->count - 1], names[i]);
	}
	sort(&files);
	sort(&dirs);
	if (files.count > 0) {
		put_list(&files, 0);
		first = 0;
	}
	for (unsigned i = 0; i < dirs.count; i++)
		list_directory(dirs.items[i].name, count > 1 || (recursive && i > 0), &first);
	drop(&files);
	drop(&dirs);
}

static void option(int c)
{
	switch (c) {
	case '1': columns = across = longs = 0; break;
	case 'A': almost = 1; break;
	case 'C': columns = 1; across = longs = 0; break;
	case 'F': classify = 1; break;
	case 'I': almost = 0; break;
	case 'R': recursive = 1; break;
	case 'S': by_size = 1; by_time = 0; break;
	case 'T': full_time = 1; break;
	case 'a': all = 1; break;
	case 'c': by_change = 1; by_access = 0; break;
	case 'd': directories = 1; break;
	case 'f': unsorted = all = 1; break;
	case 'h': human = 1; break;
	case 'i': inodes = 1; break;
	case 'k': kilobytes = 1; human = 0; break;
	case 'l': longs = 1; columns = across = 0; break;
	case 'n': numeric = longs = 1; columns = across = 0; break;
	case 'p': slash = 1; break;
	case 'q': safe = 1; break;
	case 'r': reverse = 1; break;
	case 's': blocks = 1; break;
	case 't': by_time = 1; by_size = 0; break;
	case 'u': by_access = 1; by_change = 0; break;
	case 'x': across = 1; columns = longs = 0; break;
	default:
		fputs("usage: ls [-ACFIRSTacdfhiklnpqrstux1] [file ...]\n", stderr);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static char dot[] = ".", *here[] = {dot};
	const char *text = getenv("COLUMNS");
	struct winsize size;
	int c;

	now = time(NULL);
	if (isatty(1)) {
		columns = safe = 1;
		if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
			width = size.ws_col;
	}
	if (text && atoi(text) > 0)
		width = atoi(text);
	almost = getuid() == 0; /* the super-user sees all; -I is the way out */
	while ((c = getopt(argc, argv, "1ACFIRSTacdfhiklnpqrstux")) != -1)
		option(c);
	if (directories)
		recursive = 0;
	if (optind < argc)
		list_arguments(argv + optind, argc - optind);
	else
		list_arguments(here, 1);
	if (fflush(stdout) < 0)
		err(1, "stdout");
	return status;
}
