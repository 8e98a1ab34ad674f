/*
 * graph_memory.h
 *		Where searches get their memory from, and how much of it; interrupts.
 *		Pure: whoever searches brings the functions.
 */
#ifndef ITSM_GRAPH_MEMORY_H
#define ITSM_GRAPH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct GraphMemory
{
	size_t		used;
	size_t		limit;			/* in bytes */

	/* As realloc, but never returns NULL; a size of 0 gives back. */
	void	   *(*resize) (struct GraphMemory *memory, void *old, size_t size);

	/* The limit does not allow for what is wanted; does not return. */
	void		(*exceeded) (struct GraphMemory *memory, size_t wanted);

	/* Called now and then; need not return. */
	void		(*interrupt) (struct GraphMemory *memory);
	void	   *context;		/* theirs */
} GraphMemory;

/* Changes the size of a piece whose old size is known; new bytes are not set. */
static inline void *
graph_resize(GraphMemory *memory, void *old, size_t old_size, size_t size)
{
	if (size > old_size && size - old_size > memory->limit - memory->used)
		memory->exceeded(memory, memory->used - old_size + size);
	memory->used = memory->used - old_size + size;
	return memory->resize(memory, old, size);
}

#define GRAPH_FIRST 64			/* elements of a growing array at first */

/* A growing array of a type: makes room for one more element. */
#define GRAPH_GROW(memory, array, count, capacity) \
	do { \
		if ((count) == (capacity)) \
		{ \
			size_t		grown = (capacity) ? (size_t) (capacity) * 2 : GRAPH_FIRST; \
			(array) = graph_resize((memory), (array), sizeof(*(array)) * (size_t) (capacity), sizeof(*(array)) * grown); \
			(capacity) = grown; \
		} \
	} while (0)

#define GRAPH_ALLOCATE(memory, type, count) \
	((type *) graph_resize((memory), NULL, 0, sizeof(type) * ((size_t) (count) + 1)))
#define GRAPH_FREE(memory, array, count) \
	((void) graph_resize((memory), (array), sizeof(*(array)) * ((size_t) (count) + 1), 0))

#endif							/* ITSM_GRAPH_MEMORY_H */
