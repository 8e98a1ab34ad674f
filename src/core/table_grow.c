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

/* One page for so many that there are is added, within these bounds. */
#define SHARE 8
#define TABLE_PAGES_LEAST 4
#define PAGES_MOST 64

/* So far behind a page that is begun others are full, of those that so many sessions write to. */
#define PAGES_IN_USE 128

/* Of an index it is looked whether half are left with a session's first row, and once so many more came. */
#define ROWS_BETWEEN_LOOKS 16

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
 * takes such pages, since a crash may leave them, too.  The free space map is told of each that it has more
 * room than any page in use, which tells them apart.
 */
static void
add_pages(Relation relation, uint32 count)
{
	BlockNumber first;

	if (!ConditionalLockRelationForExtension(relation, ExclusiveLock))
		return;
	first = extend(relation, &count);
	for (uint32 i = 0; i < count; i++)
		RecordPageWithFreeSpace(relation, first + i, BLCKSZ - 1);
	UnlockRelationForExtension(relation, ExclusiveLock);
	if (count > 0)
		FreeSpaceMapVacuumRange(relation, first, first + count);
}

/*
 * Pages, at least so many, before there are none: whoever adds them may not run for a while and has the lock
 * meanwhile.  They are taken in their order, so that half are left while the first of that half is empty.
 */
static void
grow(Relation relation, uint32 least)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(relation);
	uint32		count = Max(least, Min(blocks / SHARE, PAGES_MOST));
	uint32		half = (count + 1) / 2;

	if (count > 0 && (blocks < half || GetRecordedFreeSpace(relation, blocks - half) < MaxHeapTupleSize))
		add_pages(relation, count);
}

/* A page that was begun is not empty: until it is full PostgreSQL does not tell the free space map. */
static void
record_begun(Relation table, BlockNumber block)
{
	Buffer		buffer = ReadBuffer(table, block);
	Size		space;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	space = PageGetHeapFreeSpace(BufferGetPage(buffer));
	UnlockReleaseBuffer(buffer);
	RecordPageWithFreeSpace(table, block, space);
}

/*
 * Whether rows are spread over pages that have much room: a session's first row goes to whatever page the free
 * space map names next, so that sessions that live for a row begin page after page, and need no others.
 */
static bool
is_spread(Relation table, BlockNumber block)
{
	return block >= PAGES_IN_USE && GetRecordedFreeSpace(table, block - PAGES_IN_USE) > BLCKSZ / 4 * 3;
}

void
itsm_table_grow(Relation table, const TableIndexes *indexes, TableGrowth *growth, const ItemPointerData *place)
{
	if (!ItemPointerIsValid(place))
		return;
	/* nobody tells of a split */
	if (growth->rows++ % ROWS_BETWEEN_LOOKS == 0)
		for (int i = 0; i < indexes->count; i++)
			if (indexes->plain[i])
				grow(indexes->relations[i], 0);
	if (ItemPointerGetOffsetNumber(place) == FirstOffsetNumber)
	{
		record_begun(table, ItemPointerGetBlockNumber(place));
		if (!is_spread(table, ItemPointerGetBlockNumber(place)))
			grow(table, TABLE_PAGES_LEAST);
	}
}
