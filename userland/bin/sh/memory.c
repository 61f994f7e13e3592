/* Memory: arenas for trees and expansions, strings that grow. */
#include "sh.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 2000

struct chunk {
	struct chunk *below;
	size_t used, size;
	char bytes[];
};

static struct arena main_arena;
struct arena *arena = &main_arena;

void *xmalloc(size_t bytes)
{
	return xrealloc(NULL, bytes);
}

void *xrealloc(void *p, size_t bytes)
{
	p = realloc(p, bytes);
	if (!p)
		fail(2, "Out of space");
	return p;
}

char *xstrdup(const char *s)
{
	return strcpy(xmalloc(strlen(s) + 1), s);
}

void *allocate(size_t bytes)
{
	struct chunk *c = arena->chunks;

	bytes = (bytes + 3) & ~(size_t)3;
	if (!c || c->size - c->used < bytes) {
		size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
		c = xmalloc(sizeof *c + size);
		c->below = arena->chunks;
		c->used = 0;
		c->size = size;
		arena->chunks = c;
	}
	void *p = c->bytes + c->used;
	c->used += bytes;
	return memset(p, 0, bytes);
}

char *save_string(const char *s, size_t len)
{
	return memcpy(allocate(len + 1), s, len);
}

void arena_free(struct arena *a)
{
	while (a->chunks) {
		struct chunk *below = a->chunks->below;
		free(a->chunks);
		a->chunks = below;
	}
}

struct mark arena_mark(void)
{
	struct chunk *c = arena->chunks;

	return (struct mark){c, c ? c->used : 0};
}

void arena_release(struct mark mark)
{
	while (arena->chunks != mark.chunk) {
		struct chunk *below = arena->chunks->below;
		free(arena->chunks);
		arena->chunks = below;
	}
	if (mark.chunk)
		mark.chunk->used = mark.used;
}

void string_add(struct string *s, int c)
{
	if (s->len + 1 >= s->room) {
		s->room = s->room ? s->room * 2 : 56;
		s->text = xrealloc(s->text, s->room);
	}
	s->text[s->len++] = (char)c;
	s->text[s->len] = 0;
}

void string_append(struct string *s, const char *text, size_t len)
{
	while (len-- > 0)
		string_add(s, *text++);
}

char *string_finish(struct string *s)
{
	char *text = save_string(s->text ? s->text : "", s->len);

	free(s->text);
	memset(s, 0, sizeof *s);
	return text;
}
