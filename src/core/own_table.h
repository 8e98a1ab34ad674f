/*
 * own_table.h
 *		The extension's own tables as the per-row path reads and writes them:
 *		found by the columns of an index, and kept open for a statement.
 *
 * What opening costs, look-ups of names, locks, the workspace of an index
 * scan, is paid once a statement: whoever writes many rows says so with
 * itsm_own_keep.  Without it each itsm_own_open opens and each itsm_own_close
 * closes.
 *
 * Kept relations belong to the transaction, not to the subtransaction that
 * opened them.  They are closed with the statement, and before commit; an abort
 * releases them.  Within the statement DDL on them is refused, as on any table
 * in use.
 */
#ifndef ITSM_OWN_TABLE_H
#define ITSM_OWN_TABLE_H

#include "access/genam.h"
#include "access/htup.h"
#include "access/skey.h"
#include "core/table.h"
#include "storage/block.h"
#include "storage/buf.h"
#include "utils/rel.h"

#define OWN_KEYS 4
#define OWN_PROBES 2
#define OWN_PAGES 8				/* that are remembered */

/* An index by which rows are found, by equality in all of its columns; unique. */
typedef struct OwnProbe
{
	const char *index;
	int			key_count;
	struct
	{
		AttrNumber	column;		/* of the table */
		Oid			equal;		/* F_TEXTEQ (collation "C"), F_INT8EQ or F_INT4EQ */
	}			keys[OWN_KEYS];
	/* what follows is own_table.c's */
	Oid			oid;
	IndexScanDesc scan;
	ScanKeyData scan_keys[OWN_KEYS];
	ItemPointerData next;		/* where the row behind the one found last may be */
	int			trust;			/* in that: up with each row that was there, down with each other */
	struct OwnPage *pages;		/* to which the index has led; NULL: it was asked once at most */
	bool		asked;
	int			page;			/* of "pages" on which a row was found last */
	uint32		uses;			/* of "pages" */
} OwnProbe;

/* A static variable; only the names and the keys are given. */
typedef struct OwnTable
{
	const char *name;
	int			probe_count;
	OwnProbe	probes[OWN_PROBES];
	/* what follows is own_table.c's */
	bool		known;			/* to the invalidation callback */
	bool		stale;			/* look the names up again */
	bool		kept;
	Oid			oid;
	Relation	relation;
	TableIndexes indexes;		/* when kept and written to */
	BlockNumber pruned;			/* page on which it was tried last */
	TableGrowth growth;
	struct
	{
		BlockNumber block;
		Buffer		buffer;		/* in which it was */
	}			recent[OWN_PAGES];	/* pages looked at, each in the place of its number */
	struct OwnTable *next;
} OwnTable;

/* Keeps what is opened until the context is reset or deleted, or the transaction ends. */
extern void itsm_own_keep(MemoryContext context);

/*
 * Opens a table: AccessShareLock to read it, RowExclusiveLock to write.  A
 * kept one has RowExclusiveLock in any case.  ERROR when there is no such table.
 */
extern Relation itsm_own_open(OwnTable *table, LOCKMODE lockmode);

/* Ends the use: a lock for reading is given back, one for writing stays until the transaction ends. */
extern void itsm_own_close(OwnTable *table, LOCKMODE lockmode);

/* True while what the name was found to mean is certain to hold. */
extern bool itsm_own_is_known(const OwnTable *table);

/* Gives a table that is not in use another name. */
extern void itsm_own_rename(OwnTable *table, const char *name);

/*
 * The row with these values in the columns of a probe, committed or our own,
 * as a copy in the current memory context; NULL when there is none.
 *
 * place (or NULL): where the chain of the row's versions began when it was
 * found last, or anything else: what is found there proves itself by its
 * values.  Set to where it begins, if that came out.
 */
extern HeapTuple itsm_own_find(OwnTable *table, int probe, const Datum *values, ItemPointer place);

/* Waits for the transaction that is about to make the row of the values visible, if there is one. */
extern void itsm_own_await(OwnTable *table, int probe, const Datum *values);

/* As itsm_table_insert, itsm_table_insert_new and itsm_table_update. */
extern void itsm_own_insert(OwnTable *table, Datum *values, bool *nulls);
extern bool itsm_own_insert_new(OwnTable *table, Datum *values, bool *nulls);
extern bool itsm_own_update(OwnTable *table, HeapTuple old, Datum *values, bool *nulls);

#endif							/* ITSM_OWN_TABLE_H */
