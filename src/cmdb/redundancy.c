/*
 * redundancy.c
 *		How many of what it rests on a record needs.
 *
 * itsm.set_redundancy(ci bigint, type text, needs integer)
 *
 * A row is ended, not changed, when another number takes its place, so that
 * searches as of a time find what held then.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation_d.h"
#include "cmdb/graph_call.h"
#include "cmdb/redundancy.h"
#include "cmdb/relationship.h"
#include "core/json_read.h"
#include "core/table.h"
#include "executor/executor.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "record/record.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* Columns, from 0. */
enum
{
	REDUNDANCY_RECORD, REDUNDANCY_TYPE, REDUNDANCY_TENANT, REDUNDANCY_NEEDS, REDUNDANCY_FROM, REDUNDANCY_TO,
	REDUNDANCY_SET_BY, REDUNDANCY_COLUMNS
};

/* Columns of the index: type, record. */
static void
index_keys(ScanKey keys, const char *type, int64 record)
{
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(type));
	keys[0].sk_collation = C_COLLATION_OID;
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
}

void
itsm_redundancy_open(RedundancyReader *reader, Snapshot snapshot, bool as_of, TimestampTz at)
{
	memset(reader, 0, sizeof(RedundancyReader));
	reader->relation = table_open(itsm_relation("redundancy"), AccessShareLock);
	if (RelationGetNumberOfBlocks(reader->relation) == 0)
	{
		table_close(reader->relation, AccessShareLock);
		reader->relation = NULL;
		return;
	}
	reader->snapshot = snapshot;
	reader->as_of = as_of;
	reader->at = at;
	reader->index = index_open(itsm_relation("redundancy_pkey"), AccessShareLock);
	reader->slot = table_slot_create(reader->relation, NULL);
	reader->scan = itsm_index_beginscan(reader->relation, reader->index, snapshot, 2, 0);
}

void
itsm_redundancy_close(RedundancyReader *reader)
{
	if (reader->relation == NULL)
		return;
	index_endscan(reader->scan);
	ExecDropSingleTupleTableSlot(reader->slot);
	index_close(reader->index, AccessShareLock);
	table_close(reader->relation, AccessShareLock);
}

bool
itsm_redundancy_of_type(RedundancyReader *reader, const char *type)
{
	ScanKeyData keys[2];
	IndexScanDesc scan;
	bool		found;

	if (reader->relation == NULL)
		return false;
	index_keys(keys, type, 0);
	scan = itsm_index_beginscan(reader->relation, reader->index, reader->snapshot, 1, 0);
	index_rescan(scan, keys, 1, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, reader->slot);
	index_endscan(scan);
	return found;
}

int
itsm_redundancy_needs(RedundancyReader *reader, const char *type, int64 record)
{
	ScanKeyData keys[2];
	TupleTableSlot *slot = reader->slot;

	index_keys(keys, type, record);
	index_rescan(reader->scan, keys, 2, NULL, 0);
	while (index_getnext_slot(reader->scan, ForwardScanDirection, slot))
	{
		bool		holds;

		slot_getsomeattrs(slot, REDUNDANCY_TO + 1);
		if (reader->as_of)
			holds = DatumGetTimestampTz(slot->tts_values[REDUNDANCY_FROM]) <= reader->at &&
				(slot->tts_isnull[REDUNDANCY_TO] || DatumGetTimestampTz(slot->tts_values[REDUNDANCY_TO]) > reader->at);
		else
			holds = slot->tts_isnull[REDUNDANCY_TO];
		if (holds)
			return DatumGetInt32(slot->tts_values[REDUNDANCY_NEEDS]);
	}
	return 0;
}

/* The row that holds now; NULL: none. */
static HeapTuple
current_row(Relation table, const char *type, int64 record)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], REDUNDANCY_TYPE + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(type));
	keys[0].sk_collation = C_COLLATION_OID;
	ScanKeyInit(&keys[1], REDUNDANCY_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	return itsm_table_find(table, itsm_relation("redundancy_current_idx"), SnapshotSelf, lengthof(keys), keys);
}

/* Ends what held; the time from which on something else holds. */
static TimestampTz
end_row(Relation table, HeapTuple old)
{
	TimestampTz now = GetCurrentTimestamp();
	Datum		values[REDUNDANCY_COLUMNS];
	bool		nulls[REDUNDANCY_COLUMNS];

	if (!HeapTupleIsValid(old))
		return now;
	heap_deform_tuple(old, RelationGetDescr(table), values, nulls);
	/* two of them never begin at the same time */
	if (DatumGetTimestampTz(values[REDUNDANCY_FROM]) >= now)
		now = DatumGetTimestampTz(values[REDUNDANCY_FROM]) + 1;
	nulls[REDUNDANCY_TO] = false;
	values[REDUNDANCY_TO] = TimestampTzGetDatum(now);
	if (!itsm_table_update(table, old, values, nulls))
		elog(ERROR, "a redundancy was changed in spite of the lock on its table");
	return now;
}

static void
begin_row(Relation table, const Record *record, const char *type, int needs, TimestampTz from)
{
	Datum		values[REDUNDANCY_COLUMNS] = {0};
	bool		nulls[REDUNDANCY_COLUMNS] = {0};
	NameData	role;

	namestrcpy(&role, GetUserNameFromId(GetOuterUserId(), false));
	values[REDUNDANCY_RECORD] = Int64GetDatum(record->id);
	itsm_set_text(values, nulls, REDUNDANCY_TYPE, type);
	itsm_set_text(values, nulls, REDUNDANCY_TENANT, record->tenant);
	values[REDUNDANCY_NEEDS] = Int32GetDatum(needs);
	values[REDUNDANCY_FROM] = TimestampTzGetDatum(from);
	nulls[REDUNDANCY_TO] = true;
	values[REDUNDANCY_SET_BY] = NameGetDatum(&role);
	itsm_table_insert(table, values, nulls);
}

ITSM_FUNCTION(itsm_set_redundancy);
Datum
itsm_set_redundancy(PG_FUNCTION_ARGS)
{
	RelationshipTypes types = itsm_relationship_types();
	Record		record;
	const char *type;
	Relation	table;
	HeapTuple	old;
	TimestampTz from;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("record and type must not be null")));
	type = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (itsm_relationship_type(&types, type, strlen(type)) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no relationship type \"%s\"", itsm_clip(type)),
				 errhint("There are: %s.", itsm_relationship_type_names(&types))));
	if (!PG_ARGISNULL(2) && PG_GETARG_INT32(2) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("record " INT64_FORMAT " cannot need %d of what it is related to by \"%s\"", PG_GETARG_INT64(0),
						PG_GETARG_INT32(2), type),
				 errhint("It needs one at least, or, with null, all of them.")));
	itsm_graph_require(PG_GETARG_INT64(0));
	(void) itsm_record_read_anywhere(PG_GETARG_INT64(0), &record);

	table = table_open(itsm_relation("redundancy"), ShareRowExclusiveLock);
	old = current_row(table, type, record.id);
	from = end_row(table, old);
	if (!PG_ARGISNULL(2))
		begin_row(table, &record, type, PG_GETARG_INT32(2), from);
	table_close(table, NoLock);
	CommandCounterIncrement();
	if (HeapTupleIsValid(old) || !PG_ARGISNULL(2))
		itsm_relationship_remark(record.id, record.tenant, "redundancy_set",
								 itsm_detail_json("type", type, "needs",
												  PG_ARGISNULL(2) ? NULL : psprintf("%d", PG_GETARG_INT32(2)), NULL), NIL);
	PG_RETURN_VOID();
}
