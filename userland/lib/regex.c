/*
 * Regular expressions, by backtracking over a graph of nodes. A match begins as far left as
 * any can, and of those that begin there the longest counts, as POSIX wants it: all ways are
 * tried, up to a number of them that no sensible expression needs.
 *
 * What can follow a loop's node depends on the place in the string and on whether the loop has
 * been around, unless there are counted repetitions or back references. Without these a node
 * is looked at once per place, and no expression takes exponential time.
 */
#include <ctype.h>
#include <limits.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_END, N_CHAR, N_ANY, N_SET, N_BOL, N_EOL, N_OPEN, N_CLOSE, N_BACK, N_SPLIT, N_LOOP, N_WORD };

struct regex_node {
	unsigned char type, c;
	short group;      /* of N_OPEN, N_CLOSE, N_BACK; the counter of N_LOOP */
	int next, other;  /* what follows; the second choice of N_SPLIT, the body of N_LOOP */
	int low, high;    /* of N_LOOP */
	uint32_t set[8];  /* of N_SET */
};

#define COUNTED 0x10000 /* in re->flags: it has repetitions to count, or back references */
#define GROUPS 10
#define WAYS 10000
#define LOOPS 32

struct parse {
	regex_t *re;
	const char *p;
	int room, error, depth, loops;
};

/* A piece of the graph: where it starts, and the node whose `next` is still open. */
struct piece {
	int start, last;
};

static int node(struct parse *s, int type)
{
	regex_t *re = s->re;

	if (re->count == s->room) {
		int room = s->room ? 2 * s->room : 16;
		struct regex_node *grown = realloc(re->nodes, (size_t)room * sizeof *grown);
		if (!grown) {
			s->error = REG_ESPACE;
			return 0;
		}
		re->nodes = grown;
		s->room = room;
	}
	struct regex_node *n = &re->nodes[re->count];
	memset(n, 0, sizeof *n);
	n->type = (unsigned char)type;
	n->next = n->other = -1;
	return re->count++;
}

static struct piece single(struct parse *s, int type)
{
	int n = node(s, type);

	return (struct piece){n, n};
}

static void join(struct parse *s, struct piece *a, struct piece b)
{
	s->re->nodes[a->last].next = b.start;
	a->last = b.last;
}

static void set_bit(struct regex_node *n, int c)
{
	n->set[c >> 5] |= 1u << (c & 31);
}

static const struct {
	const char *name;
	int (*test)(int);
} classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"digit", isdigit}, {"lower", islower},
    {"print", isprint}, {"punct", ispunct}, {"space", isspace}, {"upper", isupper},
    {"xdigit", isxdigit}};

static int add_class(struct regex_node *n, const char *name, size_t len)
{
	if (len == 5 && memcmp(name, "blank", 5) == 0) {
		set_bit(n, ' ');
		set_bit(n, '\t');
		return 1;
	}
	if (len == 5 && (memcmp(name, "cntrl", 5) == 0 || memcmp(name, "graph", 5) == 0)) {
		for (int c = 0; c < 128; c++)
			if (*name == 'c' ? c < ' ' || c == 127 : c > ' ' && c < 127)
				set_bit(n, c);
		return 1;
	}
	for (unsigned i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (strlen(classes[i].name) == len && memcmp(classes[i].name, name, len) == 0) {
			for (int c = 0; c < 128; c++)
				if (classes[i].test(c))
					set_bit(n, c);
			return 1;
		}
	return 0;
}

/* s->p is behind the [. */
static struct piece parse_set(struct parse *s)
{
	struct piece piece = single(s, N_SET);
	struct regex_node *n = &s->re->nodes[piece.start];
	int negate = *s->p == '^', first = 1;

	s->p += negate;
	for (; *s->p != ']' || first; first = 0) {
		if (!*s->p) {
			s->error = REG_EBRACK;
			return piece;
		}
		if (s->p[0] == '[' && s->p[1] == ':') {
			const char *end = strstr(s->p + 2, ":]");
			if (!end || !add_class(n, s->p + 2, (size_t)(end - s->p - 2))) {
				s->error = REG_ECTYPE;
				return piece;
			}
			s->p = end + 2;
			continue;
		}
		int low = (unsigned char)*s->p++, high = low;
		if (s->p[0] == '-' && s->p[1] && s->p[1] != ']') {
			high = (unsigned char)s->p[1];
			s->p += 2;
		}
		if (high < low) {
			s->error = REG_ERANGE;
			return piece;
		}
		for (int c = low; c <= high; c++)
			set_bit(n, c);
	}
	s->p++;
	if (s->re->flags & REG_ICASE)
		for (int c = 'a'; c <= 'z'; c++) {
			if (n->set[c >> 5] >> (c & 31) & 1)
				set_bit(n, toupper(c));
			else if (n->set[toupper(c) >> 5] >> (toupper(c) & 31) & 1)
				set_bit(n, c);
		}
	if (negate)
		for (int i = 0; i < 8; i++)
			n->set[i] = ~n->set[i];
	return piece;
}

static struct piece parse_choice(struct parse *s);

/* Does `op` stand here as an operator: bare in an extended expression, behind \ in a basic one? */
static int operator_at(const struct parse *s, char op)
{
	if (s->re->flags & REG_EXTENDED)
		return *s->p == op;
	return s->p[0] == '\\' && s->p[1] == op;
}

static void skip_operator(struct parse *s)
{
	s->p += s->re->flags & REG_EXTENDED ? 1 : 2;
}

static struct piece parse_group(struct parse *s)
{
	int number = (int)++s->re->re_nsub;
	struct piece piece = single(s, N_OPEN);

	s->re->nodes[piece.start].group = (short)number;
	s->depth++;
	join(s, &piece, parse_choice(s));
	s->depth--;
	if (!operator_at(s, ')')) {
		s->error = s->error ? s->error : REG_EPAREN;
		return piece;
	}
	skip_operator(s);
	struct piece close = single(s, N_CLOSE);
	s->re->nodes[close.start].group = (short)number;
	join(s, &piece, close);
	return piece;
}

static struct piece character(struct parse *s, unsigned char c)
{
	struct piece piece = single(s, N_CHAR);

	s->re->nodes[piece.start].c = s->re->flags & REG_ICASE ? (unsigned char)tolower(c) : c;
	return piece;
}

/* One thing that a repetition may follow. `first`: nothing is before it in its branch. */
static struct piece parse_atom(struct parse *s, int first)
{
	int extended = s->re->flags & REG_EXTENDED;
	char c = *s->p;

	if (operator_at(s, '(')) {
		skip_operator(s);
		return parse_group(s);
	}
	s->p++;
	switch (c) {
	case '.':
		return single(s, N_ANY);
	case '[':
		return parse_set(s);
	case '^':
		if (extended || first)
			return single(s, N_BOL);
		break;
	case '$':
		if (extended || !*s->p || (s->p[0] == '\\' && (s->p[1] == ')' || s->p[1] == '|')))
			return single(s, N_EOL);
		break;
	case '*':
	case '+':
	case '?':
		if (extended)
			s->error = REG_BADRPT;
		break;
	case '\\':
		c = *s->p;
		if (!c) {
			s->error = REG_EESCAPE;
			break;
		}
		s->p++;
		if (c >= '1' && c <= '9') {
			struct piece back = single(s, N_BACK);
			s->re->flags |= COUNTED;
			if (c - '0' > (int)s->re->re_nsub)
				s->error = REG_ESUBREG;
			s->re->nodes[back.start].group = (short)(c - '0');
			return back;
		}
		if (c == '<' || c == '>' || c == 'b') {
			struct piece word = single(s, N_WORD);
			s->re->nodes[word.start].c = (unsigned char)c;
			return word;
		}
	}
	return character(s, (unsigned char)c);
}

static int parse_number(struct parse *s, int missing)
{
	int n = 0;

	if (!isdigit(*s->p))
		return missing;
	while (isdigit(*s->p) && n <= 255)
		n = n * 10 + *s->p++ - '0';
	if (n > 255)
		s->error = REG_BADBR;
	return n;
}

/* The bounds of a repetition that stands here; 0 if none does. */
static int parse_bounds(struct parse *s, int *low, int *high)
{
	*low = 0;
	*high = INT_MAX;
	if (*s->p == '*') {
		s->p++;
		return 1;
	}
	/* \+ and \? in basic expressions are an extension that all have. */
	if (operator_at(s, '+') || operator_at(s, '?')) {
		*low = operator_at(s, '+');
		*high = *low ? INT_MAX : 1;
		skip_operator(s);
		return 1;
	}
	if (!operator_at(s, '{'))
		return 0;
	skip_operator(s);
	*low = parse_number(s, -1);
	*high = *low;
	if (*s->p == ',') {
		s->p++;
		*high = parse_number(s, INT_MAX);
	}
	if (*low < 0 || *high < *low)
		s->error = REG_BADBR;
	if (!operator_at(s, '}'))
		s->error = REG_EBRACE;
	else
		skip_operator(s);
	return 1;
}

static struct piece repeat(struct parse *s, struct piece body, int low, int high)
{
	struct piece loop = single(s, N_LOOP);
	struct regex_node *n = &s->re->nodes[loop.start];

	if (s->loops >= LOOPS)
		s->error = REG_ESPACE;
	if (low > 1 || (high > 1 && high != INT_MAX))
		s->re->flags |= COUNTED;
	n->group = (short)s->loops++;
	n->low = low;
	n->high = high;
	n->other = body.start;
	s->re->nodes[body.last].next = loop.start;
	return loop;
}

static struct piece parse_branch(struct parse *s)
{
	struct piece branch = single(s, N_SPLIT); /* with one way only: nothing */
	int first = 1, low, high;

	while (*s->p && !s->error && !operator_at(s, '|') && !(s->depth > 0 && operator_at(s, ')'))) {
		struct piece atom = parse_atom(s, first);
		int anchor = s->re->nodes[atom.start].type == N_BOL;
		/* A * behind nothing is itself, in a basic expression. */
		while (!s->error && !(anchor && !(s->re->flags & REG_EXTENDED)) &&
		    parse_bounds(s, &low, &high))
			atom = repeat(s, atom, low, high);
		join(s, &branch, atom);
		first = anchor;
	}
	return branch;
}

static struct piece parse_choice(struct parse *s)
{
	struct piece choice = parse_branch(s);

	while (!s->error && operator_at(s, '|')) {
		skip_operator(s);
		struct piece other = parse_branch(s), split = single(s, N_SPLIT), end = single(s, N_SPLIT);
		s->re->nodes[split.start].next = choice.start;
		s->re->nodes[split.start].other = other.start;
		s->re->nodes[choice.last].next = end.start;
		s->re->nodes[other.last].next = end.start;
		choice = (struct piece){split.start, end.start};
	}
	return choice;
}

int regcomp(regex_t *re, const char *pattern, int flags)
{
	struct parse s = {.re = re, .p = pattern};

	memset(re, 0, sizeof *re);
	re->flags = flags;
	struct piece all = parse_choice(&s);
	if (!s.error && *s.p)
		s.error = REG_EPAREN;
	if (!s.error && re->re_nsub >= GROUPS)
		s.error = REG_ESPACE;
	if (!s.error)
		join(&s, &all, single(&s, N_END));
	re->start = all.start;
	if (s.error)
		regfree(re);
	return s.error;
}

void regfree(regex_t *re)
{
	free(re->nodes);
	re->nodes = NULL;
}

struct match {
	const regex_t *re;
	const char *string, *end;
	int not_bol, longest, ways; /* whether to look for the longest; ends seen */
	regmatch_t best[GROUPS];
	uint64_t *seen; /* per place, two bits for each loop's node; NULL if they do not tell */
	regmatch_t group[GROUPS];
	int count[LOOPS];
	const char *entered[LOOPS];
};

static int is_word(int c)
{
	return isalnum(c) || c == '_';
}

static int word_edge(const struct match *m, const char *p, int kind)
{
	int before = p > m->string && is_word(p[-1]), after = is_word(*p);

	return kind == '<' ? !before && after : kind == '>' ? before && !after : before != after;
}

static int step(struct match *m, int at, const char *p);

/* Once more around, or on; whichever fails leaves all as it was. */
static int loop(struct match *m, const struct regex_node *n, const char *p)
{
	int *count = &m->count[n->group], done = *count;
	const char *entered = m->entered[n->group];

	if (m->seen) {
		uint64_t bit = 1ull << (2 * n->group + (done > 0));
		if (m->seen[p - m->string] & bit)
			return 0;
		m->seen[p - m->string] |= bit;
	}
	/* A round that took nothing would never end. */
	if (done < n->high && !(done > n->low && entered == p)) {
		*count = done + 1;
		m->entered[n->group] = p;
		if (step(m, n->other, p))
			return 1;
		*count = done;
		m->entered[n->group] = entered;
	}
	if (done < n->low)
		return 0;
	*count = 0; /* an outer loop may come back */
	m->entered[n->group] = NULL;
	if (step(m, n->next, p))
		return 1;
	*count = done;
	m->entered[n->group] = entered;
	return 0;
}

static int mark(struct match *m, const struct regex_node *n, const char *p)
{
	regmatch_t *g = &m->group[n->group], old = *g;

	if (n->type == N_OPEN)
		g->rm_so = (regoff_t)(p - m->string);
	else
		g->rm_eo = (regoff_t)(p - m->string);
	if (step(m, n->next, p))
		return 1;
	*g = old;
	return 0;
}

static int back_reference(const struct match *m, int group, const char *p)
{
	const regmatch_t *g = &m->group[group];
	int len = g->rm_eo - g->rm_so;

	if (g->rm_so < 0 || g->rm_eo < g->rm_so)
		return -1;
	for (int i = 0; i < len; i++) {
		char a = m->string[g->rm_so + i], b = p[i];
		if (a != b && !(m->re->flags & REG_ICASE && tolower(a) == tolower(b)))
			return -1;
	}
	return len;
}

static int step(struct match *m, int at, const char *p)
{
	for (;;) {
		const struct regex_node *n = &m->re->nodes[at];
		unsigned char c = (unsigned char)*p;
		int len;
		switch (n->type) {
		case N_END:
			if (!m->end || p > m->end) {
				m->end = p;
				memcpy(m->best, m->group, sizeof m->best);
			}
			return !m->longest || !c || ++m->ways > WAYS;
		case N_CHAR:
			if (!c || (m->re->flags & REG_ICASE ? tolower(c) : c) != n->c)
				return 0;
			p++;
			break;
		case N_ANY:
			if (!c)
				return 0;
			p++;
			break;
		case N_SET:
			if (!c || !(n->set[c >> 5] >> (c & 31) & 1))
				return 0;
			p++;
			break;
		case N_BOL:
			if (p != m->string || m->not_bol)
				return 0;
			break;
		case N_EOL:
			if (c)
				return 0;
			break;
		case N_WORD:
			if (!word_edge(m, p, n->c))
				return 0;
			break;
		case N_BACK:
			len = back_reference(m, n->group, p);
			if (len < 0)
				return 0;
			p += len;
			break;
		case N_OPEN:
		case N_CLOSE:
			return mark(m, n, p);
		case N_LOOP:
			return loop(m, n, p);
		case N_SPLIT:
			if (n->other >= 0 && step(m, n->next, p))
				return 1;
			if (n->other >= 0) {
				at = n->other;
				continue;
			}
			break;
		}
		at = n->next;
	}
}

int regexec(const regex_t *re, const char *string, size_t count, regmatch_t match[], int flags)
{
	struct match m = {.re = re, .string = string, .not_bol = flags & REG_NOTBOL};

	m.longest = count > 0 && !(re->flags & REG_NOSUB);
	if (!(re->flags & COUNTED))
		m.seen = calloc(strlen(string) + 1, sizeof *m.seen);

	for (const char *p = string;; p++) {
		memset(m.count, 0, sizeof m.count);
		memset(m.entered, 0, sizeof m.entered);
		memset(m.group, 0xff, sizeof m.group);
		if (step(&m, re->start, p) || m.end) {
			m.best[0].rm_so = (regoff_t)(p - string);
			m.best[0].rm_eo = (regoff_t)(m.end - string);
			break;
		}
		if (!*p)
			break;
	}
	free(m.seen);
	if (!m.end)
		return REG_NOMATCH;
	for (size_t i = 0; i < count && !(re->flags & REG_NOSUB); i++)
		match[i] = i <= re->re_nsub && i < GROUPS ? m.best[i] : (regmatch_t){-1, -1};
	return 0;
}

size_t regerror(int error, const regex_t *re, char *buf, size_t size)
{
	static const char *const texts[] = {"no error", "regexec() failed to match",
	    "invalid regular expression", "", "invalid character class", "trailing backslash (\\)",
	    "invalid backreference number", "brackets ([ ]) not balanced", "parentheses not balanced",
	    "braces not balanced", "invalid repetition count(s)", "invalid character range",
	    "out of memory", "repetition-operator operand invalid"};
	unsigned n = (unsigned)error < sizeof texts / sizeof texts[0] ? (unsigned)error : 2;

	(void)re;
	return (size_t)snprintf(buf, size, "%s", texts[n]) + 1;
}
