/*
 * table_grow.c
 *		Pages added to a table and its indexes before rows and entries need them.
 *
 * A page that is added by itself costs a write of 8 kB of zeros, which is more
 * than what the rows on it cost to insert.  Many at a time have room reserved in
 * the file and are made in shared buffers, which is what PostgreSQL does from 16 on.
 */
#include "core/itsm.h"

#include <fcntl.h>

#include "core/table.h"
#include "storage/bufmgr.h"
#include "storage/fd.h"
#include "storage/freespace.h"
#include "storage/lmgr.h"
#include "storage/smgr.h"

#define PAGES_LEAST 4
#define PAGES_MOST 64

/* Of an index: it is looked whether one is left once so many rows came. */
#define ROWS_BETWEEN_LOOKS 16
#define INDEX_SHARE 8			/* at most one page in so many is added */

#ifdef itsm_extend_relation

/* The first of the pages added; sets how many there are. */
static BlockNumber
extend(Relation table, uint32 *count)
{
	Buffer		buffers[PAGES_MOST];
	BlockNumber first = itsm_extend_relation(table, *count, buffers, count);

	for (uint32 i = 0; i < *count; i++)
		ReleaseBuffer(buffers[i]);
	return first;
}

#else

/*
 * Room for pages at the end of the file.  False where the file system does not
 * say so: whoever needs a page then adds it, and is told why that fails.
 */
static bool
reserve(Relation table, BlockNumber first, uint32 count)
{
	BlockNumber segment = first / RELSEG_SIZE;
	char	   *relation = relpathbackend(table->rd_node, table->rd_backend, MAIN_FORKNUM);
	char	   *path = segment > 0 ? psprintf("%s.%u", relation, segment) : pstrdup(relation);
	int			fd = OpenTransientFile(path, O_RDWR | PG_BINARY);
	bool		reserved = false;

	if (fd >= 0)
	{
#ifdef HAVE_POSIX_FALLOCATE
		reserved = posix_fallocate(fd, (off_t) (first % RELSEG_SIZE) * BLCKSZ, (off_t) count * BLCKSZ) == 0;
#endif
		CloseTransientFile(fd);
	}
	pfree(path);
	pfree(relation);
	return reserved;
}

/* As above.  The file's next segment is begun by whoever adds a page by itself. */
static BlockNumber
extend(Relation table, uint32 *count)
{
	BlockNumber first = RelationGetNumberOfBlocks(table);
	BlockNumber place = first % RELSEG_SIZE;

	*count = place == 0 ? 0 : Min(*count, RELSEG_SIZE - place);
	if (*count > 0 && !reserve(table, first, *count))
		*count = 0;
	/* made in buffers, so that nobody reads the zeros from the file */
	for (uint32 i = 0; i < *count; i++)
		UnlockReleaseBuffer(ReadBufferExtended(table, MAIN_FORKNUM, first + i, RBM_ZERO_AND_LOCK, NULL));
	return first;
}

#endif

/*
 * Pages stay uninitialized until a row comes, as the server leaves those that it adds in advance; a b-tree
 * takes such pages, since a crash may leave them, too.  space: what the free space map is told of each.
 */
static void
add_pages(Relation relation, uint32 count, Size space)
{
	BlockNumber first;

	if (!ConditionalLockRelationForExtension(relation, ExclusiveLock))
		return;
	first = extend(relation, &count);
	for (uint32 i = 0; i < count; i++)
		RecordPageWithFreeSpace(relation, first + i, space);
	UnlockRelationForExtension(relation, ExclusiveLock);
	if (count > 0)
		FreeSpaceMapVacuumRange(relation, first, first + count);
}

/*
 * How fast an index uses up pages depends on the order of its entries, and nobody tells of a split: it gets
 * some when none is left.
 */
static void
grow_index(Relation index)
{
	BlockNumber count;

	/* as GetFreeIndexPage looks for a free page, but without taking it */
	if (GetPageWithFreeSpace(index, BLCKSZ / 2) != InvalidBlockNumber)
		return;
	count = RelationGetNumberOfBlocks(index) / INDEX_SHARE;
	if (count > 0)
		add_pages(index, Min(count, PAGES_MOST), BLCKSZ - 1);
}

static void
grow_indexes(const TableIndexes *indexes)
{
	for (int i = 0; i < indexes->count; i++)
		if (indexes->plain[i])
			grow_index(indexes->relations[i]);
}

void
itsm_table_grow(Relation table, const TableIndexes *indexes, TableGrowth *growth, const ItemPointerData *place)
{
	if (!ItemPointerIsValid(place))
		return;
	if (++growth->rows == ROWS_BETWEEN_LOOKS)
	{
		grow_indexes(indexes);
		growth->rows = 0;
	}
	if (ItemPointerGetOffsetNumber(place) != FirstOffsetNumber)
		return;
	growth->ahead = Max(growth->ahead, PAGES_LEAST);
	if (++growth->begun < growth->ahead)
		return;
	add_pages(table, growth->ahead, BLCKSZ - SizeOfPageHeaderData);
	growth->begun = 0;
	growth->ahead = Min(growth->ahead * 2, PAGES_MOST);
}
