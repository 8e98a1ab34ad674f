/*
 * number_range.c
 *		Drawing record numbers: none twice, and none lost but to a rollback.
 *
 * A prefix has a row in itsm.number_range, whose first column is the number
 * drawn last.  A draw overwrites that column in place, under the lock of the
 * page and with a WAL record of its own, outside of the transaction: sessions
 * that draw at once never wait for each other's commit, at any isolation level.
 * What was drawn stays drawn when the transaction rolls back.
 *
 * Why not a sequence: it logs 32 numbers ahead, and a crash loses what is left
 * of them.  Here each draw is logged before it is returned, and its transaction
 * has an id, so that a commit flushes the draw with it: a crash takes back draws
 * only together with the transactions that made them.  Why not a plain UPDATE:
 * the next one would wait for the commit of the one before.
 *
 * What must hold for an overwrite:
 *	- Nobody may be replacing the row by another version, which would carry the
 *	  number as it was.  itsm.define_number locks the row first; a draw that finds
 *	  a lock or a replacement under way locks the row itself, and so waits.
 *	- Who rewrites the table (VACUUM FULL) has its exclusive lock, which ours on
 *	  the table keeps out for the moment of the draw.
 *	- An UPDATE by hand, which only the owner could do, must lock the row first.
 *
 * A prefix that has no row yet gets one with its first draw, as part of that
 * transaction: draws of others wait for its end, that once, and the range goes
 * with it when it rolls back.  itsm.define_number beforehand avoids that.
 */
#include "core/itsm.h"

#include "access/generic_xlog.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/json_read.h"
#include "core/table.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "practice/record_number_form.h"
#include "storage/bufmgr.h"
#include "tcop/utility.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#define USUAL_WIDTH 7

/* Columns of itsm.number_range.  "last" is the first, so that it is where the row's data begin. */
enum
{
	RANGE_LAST = 1, RANGE_WIDTH, RANGE_PREFIX, RANGE_COLUMNS = RANGE_PREFIX
};

typedef struct NumberRange
{
	int64		last;
	int			width;
} NumberRange;

typedef enum Draw
{
	DRAWN,
	LOOK_AGAIN,					/* the row is elsewhere now, or gone */
	IN_USE						/* somebody locks or replaces it */
} Draw;

/* The prefix in an argument, checked; sets how many digits it leaves room for. */
static char *
read_prefix(text *argument, int *room)
{
	char	   *prefix = text_to_cstring(argument);
	int			letters;
	NumberFault fault = record_number_parse_prefix(prefix, strlen(prefix), &letters);

	if (fault == NUMBER_PREFIX_LONG)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("prefix \"%s\" of record numbers has too many letters", itsm_clip(prefix)),
				 errhint("It has up to %d letters.", NUMBER_LETTERS)));
	if (fault != NUMBER_FINE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid prefix of record numbers: \"%s\"", itsm_clip(prefix)),
				 errhint("It is capital letters, such as INC.")));
	*room = record_number_digits(letters);
	return prefix;
}

static void
set_key(ScanKey key, const char *prefix)
{
	ScanKeyInit(key, RANGE_PREFIX, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(prefix));
}

static HeapTuple
find_range(Relation table, const char *prefix)
{
	ScanKeyData key;

	set_key(&key, prefix);
	return itsm_table_find(table, itsm_relation("number_range_pkey"), SnapshotSelf, 1, &key);
}

/* Reads a row, which may be on a locked page; false when it is another prefix's. */
static bool
read_range(Relation table, HeapTuple tuple, const char *prefix, NumberRange *range)
{
	Datum		values[RANGE_COLUMNS];
	bool		nulls[RANGE_COLUMNS];
	text	   *name;

	heap_deform_tuple(tuple, RelationGetDescr(table), values, nulls);
	name = (text *) DatumGetPointer(values[RANGE_PREFIX - 1]);
	range->last = DatumGetInt64(values[RANGE_LAST - 1]);
	range->width = DatumGetInt32(values[RANGE_WIDTH - 1]);
	return VARSIZE_ANY_EXHDR(name) == strlen(prefix) &&
		memcmp(VARDATA_ANY(name), prefix, strlen(prefix)) == 0;
}

/* Makes the row of a prefix; false when somebody else was first (already waited for). */
static bool
insert_range(Relation table, const char *prefix, const NumberRange *range)
{
	Datum		values[RANGE_COLUMNS];
	bool		nulls[RANGE_COLUMNS] = {false};
	bool		inserted;

	values[RANGE_LAST - 1] = Int64GetDatum(range->last);
	values[RANGE_WIDTH - 1] = Int32GetDatum(range->width);
	values[RANGE_PREFIX - 1] = CStringGetTextDatum(prefix);
	inserted = itsm_table_insert_new(table, values, nulls);
	if (!inserted)
	{
		ScanKeyData key;

		set_key(&key, prefix);
		itsm_table_await(table, itsm_relation("number_range_pkey"), 1, &key);
	}
	CommandCounterIncrement();
	return inserted;
}

static void
keep_event(const char *prefix, const NumberRange *range)
{
	itsm_policy_event(psprintf("numbers %s", prefix), 0, "defined", "width", psprintf("%d", range->width),
					  "next", psprintf(INT64_FORMAT, range->last + 1), NULL);
}

/* Waits until nobody else locks or replaces the row, and locks it; false when it was replaced. */
static bool
lock_range(Relation table, HeapTuple row, HeapTuple *locked)
{
	HeapTupleData tuple = {.t_self = row->t_self};
	TM_FailureData failure;
	Buffer		buffer;
	TM_Result	result = heap_lock_tuple(table, &tuple, GetCurrentCommandId(true),
										 LockTupleNoKeyExclusive, LockWaitBlock, false, &buffer, &failure);

	if (locked)
		*locked = result == TM_Ok ? heap_copytuple(&tuple) : NULL;
	ReleaseBuffer(buffer);
	if (result != TM_Ok && result != TM_Updated && result != TM_Deleted)
		elog(ERROR, "row of %s cannot be locked: result %d", RelationGetRelationName(table), result);
	return result == TM_Ok;
}

/* Overwrites the number on the page, whose exclusive lock is held. */
static void
overwrite(Relation table, Buffer buffer, OffsetNumber offset, int64 last)
{
	GenericXLogState *state = GenericXLogStart(table);
	Page		page = GenericXLogRegisterBuffer(state, buffer, 0);
	HeapTupleHeader row = (HeapTupleHeader) PageGetItem(page, PageGetItemId(page, offset));

	memcpy((char *) row + row->t_hoff, &last, sizeof(last));
	GenericXLogFinish(state);
}

/*
 * Draws from the row at a place, if it is still there.  "locked" says that this
 * transaction holds its lock.  *range is the row as it was.
 */
static Draw
draw(Relation table, ItemPointer place, const char *prefix, int room, bool locked, NumberRange *range)
{
	OffsetNumber offset = ItemPointerGetOffsetNumber(place);
	Buffer		buffer = ReadBuffer(table, ItemPointerGetBlockNumber(place));
	Draw		outcome = LOOK_AGAIN;
	Page		page;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	page = BufferGetPage(buffer);
	if (offset <= PageGetMaxOffsetNumber(page) && ItemIdIsNormal(PageGetItemId(page, offset)))
	{
		HeapTupleData row = {.t_self = *place, .t_tableOid = RelationGetRelid(table)};
		TM_Result	result;

		row.t_data = (HeapTupleHeader) PageGetItem(page, PageGetItemId(page, offset));
		row.t_len = ItemIdGetLength(PageGetItemId(page, offset));
		result = HeapTupleSatisfiesUpdate(&row, GetCurrentCommandId(false), buffer);
		if (result == TM_BeingModified && !locked)
			outcome = IN_USE;
		else if ((result == TM_Ok || result == TM_BeingModified) && read_range(table, &row, prefix, range))
		{
			outcome = DRAWN;
			if (record_number_width(range->last + 1) <= room)
				overwrite(table, buffer, offset, range->last + 1);
		}
		else if (result == TM_SelfModified ||
				 (result == TM_Invisible &&
				  TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(row.t_data))))
			/* by SQL, in the command that draws: looking again would find no other */
			elog(ERROR, "row of %s cannot be drawn from: result %d", RelationGetRelationName(table), result);
	}
	UnlockReleaseBuffer(buffer);
	return outcome;
}

/* The next number of a prefix; makes its range when there is none. */
static int64
draw_next(Relation table, const char *prefix, int room, NumberRange *range, bool *made)
{
	for (;;)
	{
		HeapTuple	row = find_range(table, prefix);
		Draw		outcome;

		CHECK_FOR_INTERRUPTS();
		if (!HeapTupleIsValid(row))
		{
			NumberRange fresh = {.last = 0, .width = USUAL_WIDTH};

			if (insert_range(table, prefix, &fresh))
			{
				keep_event(prefix, &fresh);
				*made = true;
			}
			continue;
		}
		outcome = draw(table, &row->t_self, prefix, room, false, range);
		if (outcome == IN_USE && lock_range(table, row, NULL))
			outcome = draw(table, &row->t_self, prefix, room, true, range);
		heap_freetuple(row);
		if (outcome == DRAWN)
			return range->last + 1;
	}
}

/*
 * itsm.next_number(prefix text) → itsm.record_number
 *
 * 2200H when the prefix leaves no room for more digits.
 */
ITSM_FUNCTION(itsm_next_number);
Datum
itsm_next_number(PG_FUNCTION_ARGS)
{
	int			room;
	char	   *prefix = read_prefix(PG_GETARG_TEXT_PP(0), &room);
	bool		made = false;
	RecordNumber drawn;
	NumberRange range;
	Relation	table;

	PreventCommandIfReadOnly("itsm.next_number()");
	PreventCommandIfParallelMode("itsm.next_number()");
	table = table_open(itsm_relation("number_range"), RowExclusiveLock);
	/* a commit flushes what was logged before it only if there is an id to commit */
	(void) GetTopTransactionId();
	drawn.number = draw_next(table, prefix, room, &range, &made);
	table_close(table, made ? NoLock : RowExclusiveLock);
	drawn.width = Max(range.width, record_number_width(drawn.number));
	if (drawn.width > room)
		ereport(ERROR,
				(errcode(ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED),
				 errmsg("numbers of prefix \"%s\" are used up: " INT64_FORMAT " was the last one", prefix,
						range.last),
				 errhint("A prefix of %d letters leaves room for %d digits; draw from another prefix.",
						 (int) strlen(prefix), room)));
	strlcpy(drawn.prefix, prefix, sizeof(drawn.prefix));
	PG_RETURN_INT64((int64) record_number_encode(&drawn));
}

/* Width and start as given, against the limits. */
static void
check_definition(const char *prefix, int room, const int *width, const int64 *start)
{
	if (width && (*width < 1 || *width > room))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("numbers of prefix \"%s\" cannot have %d digits", prefix, *width),
				 errhint("From 1 to %d digits are possible.", room)));
	if (start && (*start < 0 || record_number_width(*start) > room))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("numbers of prefix \"%s\" cannot start with " INT64_FORMAT, prefix, *start),
				 errhint("They start with 0 or more, and have at most %d digits.", room)));
}

/* Changes a row that is locked; width 0 and no start leave what is there. */
static void
change_range(Relation table, HeapTuple row, const char *prefix, int width, const int64 *start)
{
	Datum		values[RANGE_COLUMNS];
	bool		nulls[RANGE_COLUMNS] = {false};
	NumberRange now;

	(void) read_range(table, row, prefix, &now);
	if (start && *start <= now.last)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("numbers of prefix \"%s\" cannot start with " INT64_FORMAT " again", prefix, *start),
				 errdetail("They have been drawn up to " INT64_FORMAT ".", now.last),
				 errhint("Give a greater one, or NULL to go on from there.")));
	if ((width == 0 || width == now.width) && (start == NULL || *start == now.last + 1))
		return;
	if (width > 0)
		now.width = width;
	if (start)
		now.last = *start - 1;
	values[RANGE_LAST - 1] = Int64GetDatum(now.last);
	values[RANGE_WIDTH - 1] = Int32GetDatum(now.width);
	values[RANGE_PREFIX - 1] = CStringGetTextDatum(prefix);
	if (!itsm_table_update(table, row, values, nulls))
		elog(ERROR, "row of %s was changed though it was locked", RelationGetRelationName(table));
	CommandCounterIncrement();
	keep_event(prefix, &now);
}

/*
 * itsm.define_number(prefix text, width integer, start bigint) → void
 *
 * NULL for the usual width and to begin with 1, or to leave what is there.
 */
ITSM_FUNCTION(itsm_define_number);
Datum
itsm_define_number(PG_FUNCTION_ARGS)
{
	int			width = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);
	int64		given = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT64(2);
	const int64 *start = PG_ARGISNULL(2) ? NULL : &given;
	NumberRange fresh;
	char	   *prefix;
	int			room;
	Relation	table;
	HeapTuple	locked = NULL;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the prefix of record numbers may not be null"),
				 errhint("It is capital letters, such as INC.")));
	prefix = read_prefix(PG_GETARG_TEXT_PP(0), &room);
	check_definition(prefix, room, PG_ARGISNULL(1) ? NULL : &width, start);
	fresh.width = width > 0 ? width : USUAL_WIDTH;
	fresh.last = start ? *start - 1 : 0;
	table = table_open(itsm_relation("number_range"), RowExclusiveLock);
	for (;;)
	{
		HeapTuple	row = find_range(table, prefix);

		CHECK_FOR_INTERRUPTS();
		if (!HeapTupleIsValid(row))
		{
			if (!insert_range(table, prefix, &fresh))
				continue;
			keep_event(prefix, &fresh);
			break;
		}
		if (lock_range(table, row, &locked))
		{
			change_range(table, locked, prefix, width, start);
			break;
		}
	}
	table_close(table, NoLock);
	PG_RETURN_VOID();
}
