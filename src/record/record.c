/*
 * record.c
 *		Heads and state rows of records, in direct access.
 *
 * Memory: results in the caller's context.  Locking: see record.h; a state
 * row is written only by whoever holds the head.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "commands/sequence.h"
#include "core/settings.h"
#include "core/table.h"
#include "record/record.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

enum
{
	RECORD_ID = 1, RECORD_AT, RECORD_VERSION, RECORD_SOURCE, RECORD_ATTACHMENT, RECORD_DELETED,
	RECORD_HASH, RECORD_TENANT, RECORD_KEY, RECORD_COLUMNS = RECORD_KEY
};

enum
{
	STATE_RECORD = 1, STATE_ENTERED, STATE_LIFECYCLE_VERSION, STATE_TENANT, STATE_LIFECYCLE,
	STATE_STATE, STATE_CATEGORY, STATE_COLUMNS = STATE_CATEGORY
};

/* The cell's number stands above this bit of a record's id. */
#define CELL_SHIFT 48

static char *
text_or_null(Datum value, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(value);
}

static Datum
datum_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
text_key(ScanKey key, AttrNumber column, const char *text)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(text));
	key->sk_collation = C_COLLATION_OID;
}

static void
fill_record(Relation table, HeapTuple tuple, Record *record)
{
	Datum		values[RECORD_COLUMNS];
	bool		nulls[RECORD_COLUMNS];
	bytea	   *hash;

	heap_deform_tuple(tuple, RelationGetDescr(table), values, nulls);
	record->id = DatumGetInt64(values[RECORD_ID - 1]);
	record->at = DatumGetTimestampTz(values[RECORD_AT - 1]);
	record->version = DatumGetInt64(values[RECORD_VERSION - 1]);
	record->source = DatumGetInt32(values[RECORD_SOURCE - 1]);
	record->attachment = DatumGetInt32(values[RECORD_ATTACHMENT - 1]);
	record->deleted = DatumGetBool(values[RECORD_DELETED - 1]);
	hash = DatumGetByteaPP(values[RECORD_HASH - 1]);
	if (VARSIZE_ANY_EXHDR(hash) != ITSM_HASH_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("hash of record " INT64_FORMAT " has a wrong length", record->id)));
	memcpy(record->hash, VARDATA_ANY(hash), ITSM_HASH_LENGTH);
	record->tenant = text_or_null(values[RECORD_TENANT - 1], false);
	record->key = text_or_null(values[RECORD_KEY - 1], nulls[RECORD_KEY - 1]);
	record->tuple = tuple;
}

static void
key_scan(ScanKeyData keys[3], const char *tenant, int source, const char *key)
{
	text_key(&keys[0], RECORD_TENANT, tenant);
	ScanKeyInit(&keys[1], RECORD_SOURCE, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(source));
	text_key(&keys[2], RECORD_KEY, key);
}

bool
itsm_record_find(int source, const char *tenant, const char *key, Record *record)
{
	Relation	table = table_open(itsm_relation("record"), AccessShareLock);
	ScanKeyData keys[3];
	HeapTuple	tuple;

	key_scan(keys, tenant, source, key);
	tuple = itsm_table_find(table, itsm_relation("record_key_idx"), SnapshotSelf, 3, keys);
	if (HeapTupleIsValid(tuple))
		fill_record(table, tuple, record);
	table_close(table, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

bool
itsm_record_read(const char *tenant, int64 id, Record *record)
{
	Relation	table = table_open(itsm_relation("record"), AccessShareLock);
	ScanKeyData keys[2];
	HeapTuple	tuple;

	text_key(&keys[0], RECORD_TENANT, tenant);
	ScanKeyInit(&keys[1], RECORD_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	tuple = itsm_table_find(table, itsm_relation("record_pkey"), SnapshotSelf, 2, keys);
	if (HeapTupleIsValid(tuple))
		fill_record(table, tuple, record);
	table_close(table, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

void
itsm_record_begin(int source, const char *tenant, const char *key, Record *record)
{
	memset(record, 0, sizeof(Record));
	record->id = ((int64) itsm_cell << CELL_SHIFT) |
		nextval_internal(itsm_relation("record_id_seq"), false);
	record->source = source;
	record->tenant = tenant;
	record->key = key;
}

bool
itsm_record_store(Record *record)
{
	Relation	table = table_open(itsm_relation("record"), RowExclusiveLock);
	Datum		values[RECORD_COLUMNS];
	bool		nulls[RECORD_COLUMNS] = {0};
	bytea	   *hash = palloc(VARHDRSZ + ITSM_HASH_LENGTH);
	bool		stored;

	SET_VARSIZE(hash, VARHDRSZ + ITSM_HASH_LENGTH);
	memcpy(VARDATA(hash), record->hash, ITSM_HASH_LENGTH);
	values[RECORD_ID - 1] = Int64GetDatum(record->id);
	values[RECORD_AT - 1] = TimestampTzGetDatum(record->at);
	values[RECORD_VERSION - 1] = Int64GetDatum(record->version);
	values[RECORD_SOURCE - 1] = Int32GetDatum(record->source);
	values[RECORD_ATTACHMENT - 1] = Int32GetDatum(record->attachment);
	values[RECORD_DELETED - 1] = BoolGetDatum(record->deleted);
	values[RECORD_HASH - 1] = PointerGetDatum(hash);
	values[RECORD_TENANT - 1] = CStringGetTextDatum(record->tenant);
	values[RECORD_KEY - 1] = datum_or_null(record->key, &nulls[RECORD_KEY - 1]);
	if (record->tuple)
		stored = itsm_table_update(table, record->tuple, values, nulls);
	else
	{
		stored = itsm_table_insert_new(table, values, nulls);
		if (!stored && record->key)
		{
			ScanKeyData keys[3];

			key_scan(keys, record->tenant, record->source, record->key);
			itsm_table_await(table, itsm_relation("record_key_idx"), 3, keys);
		}
	}
	table_close(table, NoLock);
	return stored;
}

bool
itsm_record_state_read(const Record *record, RecordState *state)
{
	Relation	table = table_open(itsm_relation("record_state"), AccessShareLock);
	ScanKeyData keys[2];

	memset(state, 0, sizeof(RecordState));
	text_key(&keys[0], STATE_TENANT, record->tenant);
	ScanKeyInit(&keys[1], STATE_RECORD, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record->id));
	state->tuple = itsm_table_find(table, itsm_relation("record_state_pkey"), SnapshotSelf, 2, keys);
	if (state->tuple)
	{
		Datum		values[STATE_COLUMNS];
		bool		nulls[STATE_COLUMNS];

		heap_deform_tuple(state->tuple, RelationGetDescr(table), values, nulls);
		state->entered_at = DatumGetTimestampTz(values[STATE_ENTERED - 1]);
		state->lifecycle_version = DatumGetInt32(values[STATE_LIFECYCLE_VERSION - 1]);
		state->lifecycle = text_or_null(values[STATE_LIFECYCLE - 1], false);
		state->state = text_or_null(values[STATE_STATE - 1], nulls[STATE_STATE - 1]);
		state->category = text_or_null(values[STATE_CATEGORY - 1], nulls[STATE_CATEGORY - 1]);
	}
	table_close(table, AccessShareLock);
	return state->tuple != NULL;
}

void
itsm_record_state_store(const Record *record, RecordState *state)
{
	Relation	table = table_open(itsm_relation("record_state"), RowExclusiveLock);
	Datum		values[STATE_COLUMNS];
	bool		nulls[STATE_COLUMNS] = {0};

	values[STATE_RECORD - 1] = Int64GetDatum(record->id);
	values[STATE_ENTERED - 1] = TimestampTzGetDatum(state->entered_at);
	values[STATE_LIFECYCLE_VERSION - 1] = Int32GetDatum(state->lifecycle_version);
	values[STATE_TENANT - 1] = CStringGetTextDatum(record->tenant);
	values[STATE_LIFECYCLE - 1] = CStringGetTextDatum(state->lifecycle);
	values[STATE_STATE - 1] = datum_or_null(state->state, &nulls[STATE_STATE - 1]);
	values[STATE_CATEGORY - 1] = datum_or_null(state->category, &nulls[STATE_CATEGORY - 1]);
	if (state->tuple == NULL)
		itsm_table_insert(table, values, nulls);
	else if (!itsm_table_update(table, state->tuple, values, nulls))
		elog(ERROR, "state of record " INT64_FORMAT " changed without its head", record->id);
	table_close(table, NoLock);
}
