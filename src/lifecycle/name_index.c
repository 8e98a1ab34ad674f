/*
 * name_index.c
 *		A sorted array is enough: there are tens of names, found often.
 */
#include "core/itsm.h"

#include "lifecycle/name_index.h"
#include "utils/memutils.h"

static int
compare(const NameEntry *entry, const char *name, int length)
{
	if (entry->length != length)
		return entry->length < length ? -1 : 1;
	return memcmp(entry->name, name, length);
}

/* Position of the first entry that is not before the name. */
static int
position(const NameIndex *index, const char *name, int length)
{
	int			low = 0;
	int			high = index->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (compare(&index->entries[middle], name, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int
name_index_find(const NameIndex *index, const char *name, int length)
{
	int			at = position(index, name, length);

	if (at < index->count && compare(&index->entries[at], name, length) == 0)
		return index->entries[at].number;
	return NAME_NONE;
}

void
name_index_add(NameIndex *index, const char *name, int length, int number)
{
	int			at = position(index, name, length);
	NameEntry  *entry;
	MemoryContext context;

	if (index->entries == NULL)
	{
		index->capacity = 16;
		index->entries = palloc(sizeof(NameEntry) * index->capacity);
	}
	else if (index->count == index->capacity)
	{
		index->capacity *= 2;
		index->entries = repalloc(index->entries, sizeof(NameEntry) * index->capacity);
	}
	context = GetMemoryChunkContext(index->entries);
	entry = &index->entries[at];
	memmove(entry + 1, entry, sizeof(NameEntry) * (index->count - at));
	entry->name = MemoryContextAlloc(context, (Size) length + 1);
	memcpy(entry->name, name, length);
	entry->name[length] = '\0';
	entry->length = length;
	entry->number = number;
	index->count++;
}
