/*
 * record.c
 *		Heads and state rows of records, in direct access.
 *
 * Memory: results in the caller's context.  Locking: see record.h; a state
 * row is written only by whoever holds the head.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "commands/sequence.h"
#include "core/settings.h"
#include "core/own_table.h"
#include "miscadmin.h"
#include "record/record.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

enum
{
	STATE_RECORD = 1, STATE_ENTERED, STATE_LIFECYCLE_VERSION, STATE_TENANT, STATE_LIFECYCLE,
	STATE_STATE, STATE_CATEGORY, STATE_COLUMNS = STATE_CATEGORY
};

static OwnTable records = {
	.name = "record", .probe_count = 2, .probes = {
		{"record_pkey", 2, {{RECORD_ID + 1, F_INT8EQ}, {RECORD_TENANT + 1, F_TEXTEQ}}},
		{"record_key_idx", 3, {{RECORD_KEY + 1, F_TEXTEQ}, {RECORD_SOURCE + 1, F_INT4EQ}, {RECORD_TENANT + 1, F_TEXTEQ}}}
	}
};
enum
{
	BY_ID, BY_KEY
};

static OwnTable states = {
	.name = "record_state", .probe_count = 1, .probes = {
		{"record_state_pkey", 2, {{STATE_RECORD, F_INT8EQ}, {STATE_TENANT, F_TEXTEQ}}}
	}
};

static char *
text_or_null(Datum value, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(value);
}

static void
fill_place(ItemPointer place, Datum value, bool isnull)
{
	if (isnull)
		ItemPointerSetInvalid(place);
	else
		*place = *(ItemPointer) DatumGetPointer(value);
}

static Datum
place_datum(ItemPointer place, bool *isnull)
{
	*isnull = !ItemPointerIsValid(place);
	return PointerGetDatum(place);
}

static void
fill_record(RecordRow *row, const char *tenant, const char *key, Record *record)
{
	Datum	   *values = row->values;
	bool	   *nulls = row->nulls;
	bytea	   *hash;

	record->id = DatumGetInt64(values[RECORD_ID]);
	record->at = DatumGetTimestampTz(values[RECORD_AT]);
	record->version = DatumGetInt64(values[RECORD_VERSION]);
	record->source = DatumGetInt32(values[RECORD_SOURCE]);
	record->attachment = DatumGetInt32(values[RECORD_ATTACHMENT]);
	record->deleted = DatumGetBool(values[RECORD_DELETED]);
	fill_place(&record->state_place, values[RECORD_STATE_PLACE], nulls[RECORD_STATE_PLACE]);
	hash = DatumGetByteaPP(values[RECORD_HASH]);
	if (VARSIZE_ANY_EXHDR(hash) != ITSM_HASH_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("hash of record " INT64_FORMAT " has a wrong length", record->id)));
	memcpy(record->hash, VARDATA_ANY(hash), ITSM_HASH_LENGTH);
	record->row = row;
	/* mostly the caller knows them: they are what the record was looked for by */
	if (tenant == NULL)
		tenant = text_or_null(values[RECORD_TENANT], false);
	if (key == NULL)
		key = text_or_null(values[RECORD_KEY], nulls[RECORD_KEY]);
	record->tenant = tenant;
	record->key = row->key = key;
}

static void
fill_from_tuple(TupleDesc descriptor, HeapTuple tuple, const char *tenant, const char *key, Record *record)
{
	RecordRow  *row = palloc(sizeof(RecordRow));

	heap_deform_tuple(tuple, descriptor, row->values, row->nulls);
	itsm_record_count(row->values, row->nulls, &row->counted);
	record->tuple = tuple;
	fill_record(row, tenant, key, record);
}

void
itsm_record_of_tuple(TupleDesc descriptor, HeapTuple tuple, Record *record)
{
	fill_from_tuple(descriptor, tuple, NULL, NULL, record);
}

void
itsm_record_of_values(const Datum *values, const bool *nulls, const char *tenant, Record *record)
{
	RecordRow  *row = palloc(sizeof(RecordRow));

	memcpy(row->values, values, sizeof(row->values));
	memcpy(row->nulls, nulls, sizeof(row->nulls));
	record->tuple = NULL;
	fill_record(row, tenant, NULL, record);
}

static bool
find_record(int probe, const Datum *values, const char *tenant, const char *key, Record *record)
{
	Relation	table = itsm_own_open(&records, AccessShareLock);
	HeapTuple	tuple = itsm_own_find(&records, probe, values, NULL);

	if (HeapTupleIsValid(tuple))
		fill_from_tuple(RelationGetDescr(table), tuple, tenant, key, record);
	itsm_own_close(&records, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

bool
itsm_record_find(int source, const char *tenant, const char *key, Record *record)
{
	Datum		values[] = {itsm_short_text(key), Int32GetDatum(source), itsm_short_text(tenant)};

	return find_record(BY_KEY, values, tenant, key, record);
}

bool
itsm_record_read(const char *tenant, int64 id, Record *record)
{
	Datum		values[] = {Int64GetDatum(id), itsm_short_text(tenant)};

	return find_record(BY_ID, values, tenant, NULL, record);
}

bool
itsm_record_read_anywhere(int64 id, Record *record)
{
	Relation	table = itsm_own_open(&records, AccessShareLock);
	ScanKeyData condition;
	HeapTuple	tuple;

	ScanKeyInit(&condition, RECORD_ID + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	tuple = itsm_table_find(table, itsm_relation("record_pkey"), SnapshotSelf, 1, &condition);
	if (HeapTupleIsValid(tuple))
		itsm_record_of_tuple(RelationGetDescr(table), tuple, record);
	itsm_own_close(&records, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

/* A row that is there before one that is deleted, then what happened last. */
static bool
comes_before(const Record *a, const Record *b)
{
	return a->deleted != b->deleted ? b->deleted : a->at > b->at;
}

bool
itsm_record_find_anywhere(int source, const char *key, bool (*accept) (const char *tenant), Record *record)
{
	Relation	table = itsm_own_open(&records, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&keys[0], RECORD_KEY + 1, BTEqualStrategyNumber, F_TEXTEQ, itsm_short_text(key));
	keys[0].sk_collation = C_COLLATION_OID;
	ScanKeyInit(&keys[1], RECORD_SOURCE + 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(source));
	scan = itsm_table_scan(table, itsm_relation("record_key_idx"), lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		Record		other;

		itsm_record_of_tuple(RelationGetDescr(table), heap_copytuple(tuple), &other);
		if (accept && !accept(other.tenant))
			continue;
		if (!found || comes_before(&other, record))
			*record = other;
		found = true;
	}
	systable_endscan(scan);
	itsm_own_close(&records, AccessShareLock);
	return found;
}

List *
itsm_records_of_key(const char *tenant, const char *key)
{
	Relation	table = itsm_own_open(&records, AccessShareLock);
	List	   *found = NIL;
	ScanKeyData condition;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&condition, RECORD_KEY + 1, BTEqualStrategyNumber, F_TEXTEQ, itsm_short_text(key));
	condition.sk_collation = C_COLLATION_OID;
	scan = itsm_table_scan(table, itsm_relation("record_key_idx"), 1, &condition);
	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		Record	   *record = palloc(sizeof(Record));

		itsm_record_of_tuple(RelationGetDescr(table), heap_copytuple(tuple), record);
		if (!record->deleted && strcmp(record->tenant, tenant) == 0)
			found = lappend(found, record);
	}
	systable_endscan(scan);
	itsm_own_close(&records, AccessShareLock);
	return found;
}

const char *
itsm_record_text(const Record *record, RecordColumn column)
{
	return text_or_null(record->row->values[column], record->row->nulls[column]);
}

void
itsm_record_begin(int source, const char *tenant, const char *key, Record *record)
{
	memset(record, 0, sizeof(Record));
	record->id = ((int64) itsm_cell << ITSM_CELL_SHIFT) |
		nextval_internal(itsm_relation("record_id_seq"), false);
	record->source = source;
	record->tenant = tenant;
	record->key = key;
	record->row = palloc0(sizeof(RecordRow));
	memset(record->row->nulls, true, sizeof(record->row->nulls));
}

/* What the row that has been stored counts for in its months. */
static void
count_stored(Record *record)
{
	RecordCount now;

	itsm_record_count(record->row->values, record->row->nulls, &now);
	itsm_months_follow(record->tenant, record->id, &record->row->counted, &now);
	record->row->counted = now;
}

bool
itsm_record_store(Record *record)
{
	Datum	   *values = record->row->values;
	bool	   *nulls = record->row->nulls;
	bytea	   *hash = (bytea *) &record->row->hash;
	bool		stored;

	nulls[RECORD_ID] = nulls[RECORD_SOURCE] = nulls[RECORD_ATTACHMENT] = nulls[RECORD_DELETED] = false;
	nulls[RECORD_AT] = nulls[RECORD_VERSION] = nulls[RECORD_HASH] = false;

	(void) itsm_own_open(&records, RowExclusiveLock);
	SET_VARSIZE(hash, VARHDRSZ + ITSM_HASH_LENGTH);
	memcpy(VARDATA(hash), record->hash, ITSM_HASH_LENGTH);
	values[RECORD_ID] = Int64GetDatum(record->id);
	values[RECORD_AT] = TimestampTzGetDatum(record->at);
	values[RECORD_VERSION] = Int64GetDatum(record->version);
	values[RECORD_SOURCE] = Int32GetDatum(record->source);
	values[RECORD_ATTACHMENT] = Int32GetDatum(record->attachment);
	values[RECORD_DELETED] = BoolGetDatum(record->deleted);
	values[RECORD_STATE_PLACE] = place_datum(&record->state_place, &nulls[RECORD_STATE_PLACE]);
	values[RECORD_HASH] = PointerGetDatum(hash);
	/* a record stays with its tenant, and mostly keeps its key: then the row has them as read */
	if (record->tuple == NULL)
		itsm_set_text(values, nulls, RECORD_TENANT, record->tenant);
	if (record->tuple == NULL || record->key != record->row->key)
	{
		itsm_set_text(values, nulls, RECORD_KEY, record->key);
		record->row->key = record->key;
	}
	if (record->tuple)
		stored = itsm_own_update(&records, record->tuple, values, nulls);
	else
	{
		stored = itsm_own_insert_new(&records, values, nulls);
		if (!stored && record->key)
		{
			Datum		key[] = {
				values[RECORD_KEY], values[RECORD_SOURCE], values[RECORD_TENANT]
			};

			itsm_own_await(&records, BY_KEY, key);
		}
	}
	itsm_own_close(&records, RowExclusiveLock);
	if (stored)
		count_stored(record);
	return stored;
}

void
itsm_record_state_of_tuple(TupleDesc descriptor, HeapTuple tuple, RecordState *state)
{
	Datum		values[STATE_COLUMNS];
	bool		nulls[STATE_COLUMNS];

	heap_deform_tuple(tuple, descriptor, values, nulls);
	state->tuple = tuple;
	itsm_record_state_of_values(values, nulls, state);
}

void
itsm_record_state_of_values(const Datum *values, const bool *nulls, RecordState *state)
{
	state->entered_at = DatumGetTimestampTz(values[STATE_ENTERED - 1]);
	state->lifecycle_version = DatumGetInt32(values[STATE_LIFECYCLE_VERSION - 1]);
	state->lifecycle = text_or_null(values[STATE_LIFECYCLE - 1], false);
	state->state = text_or_null(values[STATE_STATE - 1], nulls[STATE_STATE - 1]);
	state->category = text_or_null(values[STATE_CATEGORY - 1], nulls[STATE_CATEGORY - 1]);
}

bool
itsm_record_state_read(const Record *record, RecordState *state)
{
	Relation	table = itsm_own_open(&states, AccessShareLock);
	Datum		key[] = {Int64GetDatum(record->id), itsm_short_text(record->tenant)};

	memset(state, 0, sizeof(RecordState));
	state->place = record->state_place;
	state->tuple = itsm_own_find(&states, BY_ID, key, &state->place);
	if (state->tuple)
		itsm_record_state_of_tuple(RelationGetDescr(table), state->tuple, state);
	itsm_own_close(&states, AccessShareLock);
	return state->tuple != NULL;
}

bool
itsm_record_state_take(const Record *record, RecordState *state)
{
	Datum		key[] = {Int64GetDatum(record->id), itsm_short_text(record->tenant)};

	Relation	table = itsm_own_open(&states, RowExclusiveLock);
	bool		isnull;

	memset(state, 0, sizeof(RecordState));
	state->place = record->state_place;
	state->tuple = itsm_own_find(&states, BY_ID, key, &state->place);
	if (state->tuple)
		state->entered_at = DatumGetTimestampTz(heap_getattr(state->tuple, STATE_ENTERED,
															 RelationGetDescr(table), &isnull));
	itsm_own_close(&states, RowExclusiveLock);
	return state->tuple != NULL;
}

/*
 * The row with these values as it is when it is locked, as a copy; NULL when
 * there is none.  place: as for itsm_own_find.
 */
static HeapTuple
lock_row(OwnTable *rows, Relation table, int probe, const Datum *values, LockTupleMode mode, ItemPointer place)
{
	for (;;)
	{
		HeapTuple	found;
		TM_Result	result;
		TM_FailureData failure;
		Buffer		buffer;
		HeapTupleData tuple;

		CHECK_FOR_INTERRUPTS();
		found = itsm_own_find(rows, probe, values, place);
		/* what we have written is ours, and who wants it waits already */
		if (found == NULL || TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(found->t_data)))
			return found;
		tuple.t_self = found->t_self;
		result = heap_lock_tuple(table, &tuple, GetCurrentCommandId(true), mode, LockWaitBlock, false,
								 &buffer, &failure);
		ReleaseBuffer(buffer);
		if (result == TM_Ok)
			return found;
		if (result != TM_Updated && result != TM_Deleted)
			elog(ERROR, "row of %s cannot be locked: result %d", RelationGetRelationName(table), result);
	}
}

bool
itsm_record_lock(const char *tenant, int64 id, Record *record)
{
	Datum		key[] = {Int64GetDatum(id), itsm_short_text(tenant)};
	Relation	table = itsm_own_open(&records, RowExclusiveLock);
	HeapTuple	tuple = lock_row(&records, table, BY_ID, key, LockTupleNoKeyExclusive, NULL);

	if (tuple)
		fill_from_tuple(RelationGetDescr(table), tuple, tenant, NULL, record);
	itsm_own_close(&records, RowExclusiveLock);
	return tuple != NULL;
}

bool
itsm_record_state_lock(const char *tenant, int64 record, LockTupleMode mode, RecordState *state)
{
	Datum		key[] = {Int64GetDatum(record), itsm_short_text(tenant)};
	Relation	table = itsm_own_open(&states, RowExclusiveLock);

	memset(state, 0, sizeof(RecordState));
	state->tuple = lock_row(&states, table, BY_ID, key, mode, &state->place);
	if (state->tuple)
		itsm_record_state_of_tuple(RelationGetDescr(table), state->tuple, state);
	itsm_own_close(&states, RowExclusiveLock);
	return state->tuple != NULL;
}

void
itsm_record_state_store(const Record *record, RecordState *state)
{
	Datum		values[STATE_COLUMNS];
	bool		nulls[STATE_COLUMNS] = {0};

	(void) itsm_own_open(&states, RowExclusiveLock);
	values[STATE_RECORD - 1] = Int64GetDatum(record->id);
	values[STATE_ENTERED - 1] = TimestampTzGetDatum(state->entered_at);
	values[STATE_LIFECYCLE_VERSION - 1] = Int32GetDatum(state->lifecycle_version);
	itsm_set_text(values, nulls, STATE_TENANT - 1, record->tenant);
	itsm_set_text(values, nulls, STATE_LIFECYCLE - 1, state->lifecycle);
	itsm_set_text(values, nulls, STATE_STATE - 1, state->state);
	itsm_set_text(values, nulls, STATE_CATEGORY - 1, state->category);
	if (state->tuple == NULL)
		itsm_own_insert(&states, values, nulls);
	else if (!itsm_own_update(&states, state->tuple, values, nulls))
		elog(ERROR, "state of record " INT64_FORMAT " changed without its head", record->id);
	itsm_own_close(&states, RowExclusiveLock);
}
