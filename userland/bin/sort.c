/* sort [-bcfnrsu] [-k start[,end]] [-o file] [-t char] [file ...] */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rules {
	int blanks, blanks_end, fold, numeric, reverse;
};

/* A field and a character in it, from 1 on; 0 is the end of the field. */
struct key {
	int field, chars, end_field, end_chars;
	struct rules rules;
	struct key *next;
};

static struct rules global;
static struct key *keys;
static int separator = -1, stable, unique;

/* Where field n (from 1 on) starts; without -t the blanks before a field are part of it. */
static const char *field_start(const char *p, int n)
{
	while (--n > 0 && *p) {
		if (separator >= 0) {
			while (*p && *p != separator)
				p++;
			if (*p)
				p++;
		} else {
			while (*p == ' ' || *p == '\t')
				p++;
			while (*p && *p != ' ' && *p != '\t')
				p++;
		}
	}
	return p;
}

static const char *field_end(const char *p)
{
	if (separator >= 0)
		return p + strcspn(p, (char[]){(char)separator, 0});
	p += strspn(p, " \t");
	return p + strcspn(p, " \t");
}

static const char *select_key(const char *line, const struct key *k, const char **end)
{
	size_t len = strlen(line);
	const char *start = field_start(line, k->field);

	if (k->rules.blanks)
		start += strspn(start, " \t");
	for (int i = 1; i < k->chars && *start; i++)
		start++;
	*end = line + len;
	if (k->end_field > 0) {
		const char *last = field_start(line, k->end_field);
		if (k->end_chars == 0) {
			*end = field_end(last);
		} else {
			if (k->rules.blanks_end)
				last += strspn(last, " \t");
			*end = last + strnlen(last, (size_t)k->end_chars);
		}
	}
	if (*end < start)
		*end = start;
	return start;
}

static int compare_bytes(const char *a, const char *a_end, const char *b, const char *b_end,
    int fold)
{
	for (; a < a_end && b < b_end; a++, b++) {
		int x = (unsigned char)*a, y = (unsigned char)*b;
		if (fold) {
			x = toupper(x);
			y = toupper(y);
		}
		if (x != y)
			return x - y;
	}
	return (a < a_end) - (b < b_end);
}

/* Digits of any length: signs, then whole parts, then fractions. */
static int compare_numbers(const char *a, const char *a_end, const char *b, const char *b_end)
{
	const char *p[2] = {a, b}, *end[2] = {a_end, b_end}, *whole[2], *whole_end[2];
	int sign[2];

	for (int i = 0; i < 2; i++) {
		while (p[i] < end[i] && (*p[i] == ' ' || *p[i] == '\t'))
			p[i]++;
		sign[i] = p[i] < end[i] && *p[i] == '-' ? -1 : 1;
		p[i] += sign[i] < 0;
		while (p[i] < end[i] && *p[i] == '0')
			p[i]++;
		whole[i] = p[i];
		while (p[i] < end[i] && isdigit(*p[i]))
			p[i]++;
		whole_end[i] = p[i];
		int zero = whole[i] == p[i];
		if (p[i] < end[i] && *p[i] == '.') {
			const char *f = ++p[i];
			while (f < end[i] && isdigit(*f)) {
				zero = zero && *f == '0';
				f++;
			}
			end[i] = f;
			while (end[i] > p[i] && end[i][-1] == '0')
				end[i]--;
		} else {
			end[i] = p[i];
		}
		if (zero)
			sign[i] = 0;
	}
	if (sign[0] != sign[1])
		return sign[0] - sign[1];
	long lengths = (whole_end[0] - whole[0]) - (whole_end[1] - whole[1]);
	int order = lengths ? (lengths < 0 ? -1 : 1)
			    : compare_bytes(whole[0], whole_end[0], whole[1], whole_end[1], 0);
	if (order == 0)
		order = compare_bytes(p[0], end[0], p[1], end[1], 0);
	return order * sign[0];
}

static int compare_keys(const char *a, const char *b)
{
	static const struct key line = {.field = 1, .chars = 1};
	struct key whole = line;

	whole.rules = global;
	for (const struct key *k = keys ? keys : &whole; k; k = k->next) {
		const char *a_end, *b_end, *x = select_key(a, k, &a_end), *y = select_key(b, k, &b_end);
		int order = k->rules.numeric ? compare_numbers(x, a_end, y, b_end)
					     : compare_bytes(x, a_end, y, b_end, k->rules.fold);
		if (order)
			return k->rules.reverse ? -order : order;
	}
	return 0;
}

static int compare(const char *a, const char *b)
{
	int order = compare_keys(a, b);

	if (order == 0 && !stable && !unique)
		order = global.reverse ? -strcmp(a, b) : strcmp(a, b);
	return order;
}

static void merge_sort(char **lines, char **spare, size_t count)
{
	size_t half = count / 2, a = 0, b = half;

	if (count < 2)
		return;
	merge_sort(lines, spare, half);
	merge_sort(lines + half, spare, count - half);
	memcpy(spare, lines, half * sizeof *lines);
	for (size_t out = 0; a < half; out++)
		if (b < count && compare(lines[b], spare[a]) < 0)
			lines[out] = lines[b++];
		else
			lines[out] = spare[a++];
}

static int rule(struct rules *r, char c)
{
	switch (c) {
	case 'b':
		r->blanks = r->blanks_end = 1;
		break;
	case 'f':
		r->fold = 1;
		break;
	case 'n':
		r->numeric = 1;
		break;
	case 'r':
		r->reverse = 1;
		break;
	default:
		return 0;
	}
	return 1;
}

/* field[.char][rules] */
static const char *position(const char *p, int *field, int *chars, struct rules *rules, int end)
{
	char *after;

	*field = (int)strtol(p, &after, 10);
	if (after == p || *field < 1)
		errx(2, "-k: invalid field specification");
	if (*after == '.') {
		*chars = (int)strtol(after + 1, &after, 10);
		if (*chars < !end)
			errx(2, "-k: invalid field specification");
	}
	for (; *after && *after != ','; after++) {
		if (*after == 'b')
			*(end ? &rules->blanks_end : &rules->blanks) = 1;
		else if (!rule(rules, *after))
			errx(2, "-k: invalid field specification");
	}
	return after;
}

static void add_key(const char *text)
{
	struct key *k = calloc(1, sizeof *k), **last = &keys;

	if (!k)
		err(2, NULL);
	k->chars = 1;
	text = position(text, &k->field, &k->chars, &k->rules, 0);
	if (*text == ',')
		text = position(text + 1, &k->end_field, &k->end_chars, &k->rules, 1);
	if (*text)
		errx(2, "-k: invalid field specification");
	while (*last)
		last = &(*last)->next;
	*last = k;
}

static void inherit(void)
{
	for (struct key *k = keys; k; k = k->next) {
		const struct rules *r = &k->rules;
		if (!r->blanks && !r->blanks_end && !r->fold && !r->numeric && !r->reverse)
			k->rules = global;
	}
}

static char **lines;
static size_t count, room;

static void read_lines(FILE *f)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;

	while ((n = getline(&line, &capacity, f)) >= 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		if (count == room) {
			room = room ? room * 2 : 256;
			lines = realloc(lines, room * sizeof *lines);
		}
		if (!lines || !(lines[count++] = strdup(line)))
			err(2, NULL);
	}
	free(line);
}

static int check(const char *name)
{
	for (size_t i = 1; i < count; i++) {
		int order = compare(lines[i - 1], lines[i]);
		if (order > 0 || (unique && order == 0)) {
			fprintf(stderr, "sort: %s:%u: disorder: %s\n", name, (unsigned)i + 1, lines[i]);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int c, c_flag = 0;
	const char *output = NULL;

	while ((c = getopt(argc, argv, "bcfk:no:rst:u")) != -1)
		switch (c) {
		case 'c':
			c_flag = 1;
			break;
		case 'k':
			add_key(optarg);
			break;
		case 'o':
			output = optarg;
			break;
		case 's':
			stable = 1;
			break;
		case 't':
			if (!optarg[0] || optarg[1])
				errx(2, "-t: a single character is wanted");
			separator = (unsigned char)optarg[0];
			break;
		case 'u':
			unique = 1;
			break;
		default:
			if (!rule(&global, (char)c)) {
				fputs("usage: sort [-bcfnrsu] [-k start[,end]] [-o file] "
				      "[-t char] [file ...]\n",
				    stderr);
				return 2;
			}
		}
	inherit();
	if (optind == argc)
		read_lines(stdin);
	for (int i = optind; i < argc; i++) {
		FILE *f = strcmp(argv[i], "-") == 0 ? stdin : fopen(argv[i], "r");
		if (!f)
			err(2, "%s", argv[i]);
		read_lines(f);
		if (f != stdin)
			fclose(f);
	}
	if (c_flag)
		return check(optind < argc ? argv[optind] : "-");
	char **spare = malloc((count / 2 + 1) * sizeof *spare);
	if (!spare)
		err(2, NULL);
	merge_sort(lines, spare, count);
	FILE *out = output ? fopen(output, "w") : stdout;
	if (!out)
		err(2, "%s", output);
	for (size_t i = 0; i < count; i++)
		if (!unique || i == 0 || compare(lines[i - 1], lines[i]) != 0) {
			fputs(lines[i], out);
			putc('\n', out);
		}
	if (fflush(out) < 0)
		err(2, "%s", output ? output : "stdout");
	return 0;
}
