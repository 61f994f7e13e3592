/*
 * malloc: blocks of 2^k bytes on free lists, cut from 64 KB slabs; anything above 16 KB is a
 * mapping of its own and goes back to the kernel when freed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SLAB_BYTES 65536
#define SMALLEST_SHIFT 4
#define LARGEST_SHIFT 14
#define MAPPED 0xfeedu

struct header {
	uint32_t size; /* of the block with its header */
	uint32_t kind; /* size class, or MAPPED */
};
struct block {
	struct header header;
	struct block *next;
};

static struct block *free_lists[LARGEST_SHIFT + 1];
static char *slab, *slab_end;

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static struct block *cut(size_t bytes, uint32_t kind)
{
	if ((size_t)(slab_end - slab) < bytes) {
		char *fresh = map(SLAB_BYTES);
		if (!fresh)
			return NULL;
		slab = fresh;
		slab_end = fresh + SLAB_BYTES;
	}
	struct block *b = (struct block *)slab;
	slab += bytes;
	b->header.size = bytes;
	b->header.kind = kind;
	return b;
}

void *malloc(size_t size)
{
	size_t bytes = size + sizeof(struct header);
	struct block *b;

	if (size > 0x7fff0000) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes > 1u << LARGEST_SHIFT) {
		bytes = (bytes + 4095) & ~4095u;
		b = map(bytes);
		if (!b)
			return NULL;
		b->header.size = bytes;
		b->header.kind = MAPPED;
	} else {
		uint32_t k = SMALLEST_SHIFT;
		while (1u << k < bytes)
			k++;
		b = free_lists[k];
		if (b)
			free_lists[k] = b->next;
		else if (!(b = cut(1u << k, k)))
			return NULL;
	}
	return &b->next;
}

static struct block *block_of(void *p)
{
	return (struct block *)((char *)p - sizeof(struct header));
}

void free(void *p)
{
	if (!p)
		return;
	struct block *b = block_of(p);
	if (b->header.kind == MAPPED) {
		munmap(b, b->header.size);
	} else if (b->header.kind > LARGEST_SHIFT || b->header.size != 1u << b->header.kind) {
		abort(); /* not ours, or overwritten */
	} else {
		b->next = free_lists[b->header.kind];
		free_lists[b->header.kind] = b;
	}
}

void *calloc(size_t count, size_t size)
{
	if (size != 0 && count > 0x7fff0000 / size) {
		errno = ENOMEM;
		return NULL;
	}
	void *p = malloc(count * size);
	if (p && block_of(p)->header.kind != MAPPED)
		memset(p, 0, count * size);
	return p;
}

void *realloc(void *p, size_t size)
{
	if (!p)
		return malloc(size);
	size_t room = block_of(p)->header.size - sizeof(struct header);
	if (size <= room)
		return p;
	void *fresh = malloc(size);
	if (fresh) {
		memcpy(fresh, p, room);
		free(p);
	}
	return fresh;
}
