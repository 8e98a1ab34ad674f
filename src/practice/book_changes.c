/*
 * book_changes.c
 *		itsm.book_changes: bookings as the rows of an attachment are now.
 *
 * Events keep bookings up.  Where there were none, as in maintenance, or none
 * that says what a state means now, as after a migration to another version, the
 * rows are gone through once.
 *
 * Locking: SHARE ROW EXCLUSIVE on the table and its partitions; writers wait.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/query.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/policy.h"
#include "lifecycle/row_scan.h"
#include "practice/booking_listener.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct Booked
{
	int			attachment;
	MemoryContext context;
	Datum	   *records;		/* of the rows, as far as they are in a state in which they are booked */
	int			count;
	int			room;
} Booked;

static void
add_record(Booked *booked, int64 record)
{
	MemoryContext caller = MemoryContextSwitchTo(booked->context);

	if (booked->count == booked->room)
	{
		booked->room = Max(booked->room * 2, 64);
		booked->records = booked->records
			? repalloc_huge(booked->records, sizeof(Datum) * booked->room)
			: palloc(sizeof(Datum) * booked->room);
	}
	booked->records[booked->count++] = Int64GetDatum(record);
	MemoryContextSwitchTo(caller);
}

static void
book_row(const ScannedRow *row, void *argument)
{
	Booked	   *booked = argument;
	PolicyAttachment *attachment = row->attachment;
	Unit	   *unit = attachment->current;
	Record		record;
	RecordState kept;
	RowSide		side;
	Memory		memory = {.kind = "booked", .new = &side};

	if (attachment->id != booked->attachment || !itsm_scanned_record(row, &record) || record.deleted ||
		record.attachment != attachment->id)
		return;
	if (itsm_lookup_state(row->lookup, &record, &kept) && strcmp(kept.lifecycle, attachment->lifecycle) == 0)
		unit = itsm_policy_unit(row->policy, row->relation, attachment, kept.lifecycle_version);
	side = itsm_row_side(row->state, attachment, unit, row->slot, false);
	memory.record = record.id;
	memory.tenant = record.tenant;
	itsm_booking_listener.remembered(&memory);
	if (itsm_booking_counts(&side))
		add_record(booked, record.id);
}

/* Bookings whose rows are gone, or have left, unseen. */
static void
give_back_others(const Booked *booked)
{
	OwnerQuery	query;
	ArrayType  *records = construct_array(booked->records, booked->count, INT8OID, sizeof(int64),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	Oid			types[] = {INT4OID, INT8ARRAYOID};
	Datum		values[] = {Int32GetDatum(booked->attachment), PointerGetDatum(records)};

	itsm_query_begin(&query);
	itsm_query_now(SPI_OK_DELETE, "DELETE FROM itsm.change_booking b WHERE b.attachment OPERATOR(pg_catalog.=) $1"
				   " AND b.record OPERATOR(pg_catalog.<>) ALL ($2)", 2, types, values, NULL);
	itsm_query_end(&query);
}

ITSM_FUNCTION_OF_ALL(itsm_book_changes)
{
	AttachmentRow *row = itsm_attachment_read(PG_GETARG_INT32(0));
	Booked		booked = {.attachment = row->id, .context = CurrentMemoryContext};
	Relation	relation;
	Snapshot	snapshot;
	ListCell   *cell;

	if (row->detached)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("attachment %d is detached", row->id),
				 errhint("Attach the table anew.")));
	itsm_check_owner(row->relation);
	/* the table itself, too: that locks the others */
	LockRelationOid(row->relation, ShareRowExclusiveLock);
	(void) find_all_inheritors(row->relation, ShareRowExclusiveLock, NULL);
	/* while it governs no row, what is booked stays booked */
	relation = table_open(row->relation, NoLock);
	(void) itsm_policy_fitting(itsm_policy_get(relation), row->id, relation);
	table_close(relation, NoLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	foreach(cell, itsm_governed_relations(row->relation))
		itsm_scan_rows(lfirst_oid(cell), snapshot, book_row, &booked);
	UnregisterSnapshot(snapshot);
	give_back_others(&booked);
	PG_RETURN_INT64(booked.count);
}
