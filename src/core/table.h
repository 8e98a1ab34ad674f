/*
 * table.h
 *		The one small reader and writer of the extension's own tables: direct
 *		access, no SQL, no grants.  own_table.h is the same for the per-row
 *		path, which keeps the tables open.
 *
 * Reads see what is committed and what this transaction did, whatever its
 * isolation level, and take no predicate locks.
 */
#ifndef ITSM_TABLE_H
#define ITSM_TABLE_H

#include "access/genam.h"
#include "access/htup.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

/* As datum_image_eq, without a call for what most values are: by value, or short. */
static inline bool
itsm_same_datum(Datum a, Datum b, Form_pg_attribute attribute)
{
	const char *first = DatumGetPointer(a);
	const char *second = DatumGetPointer(b);

	if (attribute->attlen == -1 && VARATT_IS_SHORT(first) && VARATT_IS_SHORT(second) &&
		!VARATT_IS_EXTERNAL(first) && !VARATT_IS_EXTERNAL(second))
		return VARSIZE_SHORT(first) == VARSIZE_SHORT(second) && memcmp(first, second, VARSIZE_SHORT(first)) == 0;
	return (attribute->attbyval && a == b) || datum_image_eq(a, b, attribute->attbyval, attribute->attlen);
}

/* A text as a row holds it: with a header of one byte if it is short. */
static inline Datum
itsm_short_text(const char *text)
{
	size_t		length = strlen(text);
	char	   *datum;

	if (length + VARHDRSZ_SHORT > VARATT_SHORT_MAX)
		return PointerGetDatum(cstring_to_text_with_len(text, length));
	datum = palloc(VARHDRSZ_SHORT + length);
	SET_VARSIZE_SHORT(datum, VARHDRSZ_SHORT + length);
	memcpy(datum + VARHDRSZ_SHORT, text, length);
	return PointerGetDatum(datum);
}

/* A column of a row to be formed: a text, NULL for null. */
static inline void
itsm_set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text ? itsm_short_text(text) : (Datum) 0;
}

/* A bytea. */
static inline Datum
itsm_bytes(const void *bytes, int length)
{
	bytea	   *datum = palloc(VARHDRSZ + length);

	SET_VARSIZE(datum, VARHDRSZ + length);
	memcpy(VARDATA(datum), bytes, length);
	return PointerGetDatum(datum);
}

/* OID of a relation (table, index, sequence) in schema itsm; ERROR when there is none. */
extern Oid	itsm_relation(const char *name);

/* As above, InvalidOid when there is none. */
extern Oid	itsm_relation_or_invalid(const char *name);

/* ERRCODE_UNDEFINED_TABLE for a number that is no relation's, as after DROP TABLE. */
extern void itsm_require_relation(Oid relation);

/* Opens what somebody named, with AccessShareLock; the same error when it is gone. */
extern Relation itsm_table_open(Oid relation);

/*
 * SnapshotSelf tells of each version whether it holds when it is looked at.
 * Where another transaction commits between a look at the new version of a row
 * and one at the old, it has neither.  So it does for finding a row, if one
 * that is not found is looked for again, and for lists of what only this
 * transaction can change now; for other lists the snapshot must be one of a
 * single moment: of all that is committed now, and all of our own.
 *
 * Registered with the current resource owner, in the caller's name.  In a
 * parallel query it is the query's.
 */
extern Snapshot itsm_snapshot_now(void);

/*
 * Scans under that snapshot, without predicate locks: by itsm_table_next, for
 * both; systable_endscan and systable_endscan_ordered end them.  For the rest
 * they are as those of genam.h; without an index (InvalidOid) the whole table is read.
 */
extern SysScanDesc itsm_table_scan(Relation table, Oid index, int key_count, ScanKey keys);
extern SysScanDesc itsm_table_scan_ordered(Relation table, Relation index, int key_count, ScanKey keys);
extern HeapTuple itsm_table_next(SysScanDesc scan);

/*
 * The first row that an index has for the keys, as a copy in the current
 * memory context; NULL when there is none, under SnapshotSelf also if it is
 * updated meanwhile.  Keys name heap columns.
 */
extern HeapTuple itsm_table_find(Relation table, Oid index, Snapshot snapshot, int key_count,
								 ScanKey keys);

/* Waits for the transaction that is about to make the row of the keys visible, if there is one. */
extern void itsm_table_await(Relation table, Oid index, int key_count, ScanKey keys);

/* Inserts a row and its index entries; unique violations are errors. */
extern void itsm_table_insert(Relation table, Datum *values, bool *nulls);

/* The same of which no publication tells: for rows that move from table to table. */
extern void itsm_table_insert_untold(Relation table, Datum *values, bool *nulls);
extern void itsm_table_delete_untold(Relation table, ItemPointer place);

/*
 * Inserts a row unless a unique index already has its key, also when another
 * transaction is about to put it there (then false, and the caller looks
 * again; it may have to wait, see itsm_table_await).
 */
extern bool itsm_table_insert_new(Relation table, Datum *values, bool *nulls);

/*
 * Replaces a row read before.  False when somebody changed it meanwhile: look
 * again.  Index entries are made when the update could not stay on its page.
 * "old" then stands for the new version, so that it can be replaced again.
 */
extern bool itsm_table_update(Relation table, HeapTuple old, Datum *values, bool *nulls);

/* The indexes of a table, open for writing. */
typedef struct TableIndexes
{
	int			count;
	Relation   *relations;		/* NULL: not opened */
	bool	   *plain;			/* b-tree over columns, with no predicate but "filled" */
	AttrNumber *filled;			/* it has rows only where this column is not null; 0: all rows */
} TableIndexes;

/* Opens them, in the current memory context and resource owner; locks stay until the transaction ends. */
extern void itsm_indexes_open(Relation table, TableIndexes *indexes);
extern void itsm_indexes_close(TableIndexes *indexes);

/*
 * As itsm_table_insert and itsm_table_insert_new, with the indexes at hand.
 * They return where the row is, an invalid place where there is one already.
 */
extern ItemPointerData itsm_indexes_insert(Relation table, TableIndexes *indexes, Datum *values, bool *nulls);
extern ItemPointerData itsm_indexes_insert_new(Relation table, TableIndexes *indexes, Datum *values, bool *nulls);

/* When to look for pages; all zeros at first. */
typedef struct TableGrowth
{
	uint32		rows;			/* inserted, whatever partition took them */
} TableGrowth;

/*
 * To be called with the place of each row inserted.  Whoever begins a page adds
 * others, empty, to the table and its free space map when few are left: those who insert
 * find them there, pay less for each, and do not queue for the lock under which a table
 * grows.  Added are an eighth of what there is, at least 4 and at most 64, when half as many are
 * left.  A b-tree gets pages for its next splits likewise; the first row and every sixteenth
 * after it look for that.  None are added where somebody else has the lock.  On a full disk, or where room
 * cannot be reserved, none are either before PostgreSQL 16; from 16 on a full disk is an
 * error (53100).
 */
extern void itsm_table_grow(Relation table, const TableIndexes *indexes, TableGrowth *growth, const ItemPointerData *place);

/* Rows on their way into a table, inserted many at a time. */
#define BULK_ROWS 500
#define BULK_COLUMNS 8

typedef struct BulkInsert
{
	Relation	relation;
	TableIndexes indexes;
	TableGrowth growth;
	MemoryContext context;		/* of the rows waiting */
	int			count;
	Datum		values[BULK_ROWS][BULK_COLUMNS];
	bool		nulls[BULK_ROWS][BULK_COLUMNS];
	TupleTableSlot *slots[BULK_ROWS];	/* made as they are needed */
} BulkInsert;

/* In the current memory context; the table, of at most BULK_COLUMNS columns, stays locked until the transaction ends. */
extern BulkInsert *itsm_bulk_begin(const char *table);

/* Switch to bulk->context to make the values. */
extern void itsm_bulk_add(BulkInsert *bulk, const Datum *values, const bool *nulls);
extern void itsm_bulk_flush(BulkInsert *bulk);
extern void itsm_bulk_end(BulkInsert *bulk);

/* Deletes a row; false when somebody changed or deleted it since it was read. */
extern bool itsm_table_delete(Relation table, HeapTuple old);

/* The first part of itsm_table_update: NULL for false.  Unless it is heap-only, itsm_indexes_add has to follow. */
extern HeapTuple itsm_table_replace(Relation table, HeapTuple old, Datum *values, bool *nulls);
extern void itsm_indexes_add(Relation table, TableIndexes *indexes, HeapTuple tuple, Datum *values, bool *nulls);

/* The same for a version of a row; old: the one before it.  What is unique of both is not looked for again. */
extern void itsm_indexes_add_version(Relation table, TableIndexes *indexes, HeapTuple old, HeapTuple tuple,
									 Datum *values, bool *nulls);

#endif							/* ITSM_TABLE_H */
