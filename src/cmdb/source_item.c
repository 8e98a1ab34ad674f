/*
 * source_item.c
 *		Reading and writing itsm.source_item.
 *
 * Memory: the caller's context.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "catalog/pg_collation_d.h"
#include "cmdb/source_item.h"
#include "core/json_read.h"
#include "core/own_table.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Columns of itsm.source_item, from 0. */
enum
{
	ITEM_IDENTITY, ITEM_RECORD, ITEM_RECORD_VERSION, ITEM_HASH, ITEM_SEEN_AT, ITEM_CHANGED_AT, ITEM_FIRST_SEEN_AT,
	ITEM_REVIEW_AT, ITEM_SOURCE, ITEM_TENANT, ITEM_CLASS, ITEM_OUTCOME, ITEM_ATTRIBUTES, ITEM_FINDINGS, ITEM_COLUMNS
};

static OwnTable items = {
	.name = "source_item", .probe_count = 1, .probes = {
		{"source_item_pkey", 3, {{ITEM_IDENTITY + 1, F_INT8EQ}, {ITEM_SOURCE + 1, F_TEXTEQ}, {ITEM_TENANT + 1, F_TEXTEQ}}}
	}
};

static SourceItem *
item_of_tuple(TupleDesc descriptor, HeapTuple tuple)
{
	SourceItem *item = palloc0(sizeof(SourceItem));
	Datum		values[ITEM_COLUMNS];
	bool		nulls[ITEM_COLUMNS];

	heap_deform_tuple(tuple, descriptor, values, nulls);
	item->identity = DatumGetInt64(values[ITEM_IDENTITY]);
	item->record = nulls[ITEM_RECORD] ? 0 : DatumGetInt64(values[ITEM_RECORD]);
	item->record_version = nulls[ITEM_RECORD_VERSION] ? 0 : DatumGetInt64(values[ITEM_RECORD_VERSION]);
	item->hash = DatumGetInt64(values[ITEM_HASH]);
	item->seen_at = DatumGetTimestampTz(values[ITEM_SEEN_AT]);
	item->changed_at = DatumGetTimestampTz(values[ITEM_CHANGED_AT]);
	item->first_seen_at = DatumGetTimestampTz(values[ITEM_FIRST_SEEN_AT]);
	item->review_at = nulls[ITEM_REVIEW_AT] ? DT_NOEND : DatumGetTimestampTz(values[ITEM_REVIEW_AT]);
	item->source = TextDatumGetCString(values[ITEM_SOURCE]);
	item->tenant = TextDatumGetCString(values[ITEM_TENANT]);
	item->class = TextDatumGetCString(values[ITEM_CLASS]);
	item->outcome = TextDatumGetCString(values[ITEM_OUTCOME]);
	item->attributes = DatumGetJsonbP(values[ITEM_ATTRIBUTES]);
	item->findings = nulls[ITEM_FINDINGS] ? NULL : DatumGetJsonbP(values[ITEM_FINDINGS]);
	item->tuple = tuple;
	return item;
}

SourceItem *
itsm_source_item_find(const char *source, const char *tenant, int64 identity)
{
	Relation	table = itsm_own_open(&items, AccessShareLock);
	Datum		values[] = {Int64GetDatum(identity), CStringGetTextDatum(source), CStringGetTextDatum(tenant)};
	HeapTuple	tuple = itsm_own_find(&items, 0, values, NULL);
	SourceItem *item = HeapTupleIsValid(tuple) ? item_of_tuple(RelationGetDescr(table), tuple) : NULL;

	itsm_own_close(&items, AccessShareLock);
	return item;
}

/* Those linked to a record: all, or only those that are certain. */
static List *
linked_items(const char *tenant, int64 record, bool all)
{
	Relation	table = itsm_own_open(&items, AccessShareLock);
	List	   *found = NIL;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], ITEM_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	ScanKeyInit(&keys[1], ITEM_TENANT + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(tenant));
	keys[1].sk_collation = C_COLLATION_OID;
	scan = itsm_table_scan(table, itsm_relation("source_item_record_idx"), lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		SourceItem *item = item_of_tuple(RelationGetDescr(table), heap_copytuple(tuple));

		if (all || strcmp(item->outcome, "matched") == 0)
			found = lappend(found, item);
	}
	systable_endscan(scan);
	itsm_own_close(&items, AccessShareLock);
	return found;
}

List *
itsm_source_items_of(const char *tenant, int64 record)
{
	return linked_items(tenant, record, false);
}

static void
form_row(const SourceItem *item, Datum *values, bool *nulls)
{
	memset(nulls, 0, sizeof(bool) * ITEM_COLUMNS);
	values[ITEM_IDENTITY] = Int64GetDatum(item->identity);
	values[ITEM_RECORD] = Int64GetDatum(item->record);
	values[ITEM_RECORD_VERSION] = Int64GetDatum(item->record_version);
	nulls[ITEM_RECORD] = nulls[ITEM_RECORD_VERSION] = item->record == 0;
	values[ITEM_HASH] = Int64GetDatum(item->hash);
	values[ITEM_SEEN_AT] = TimestampTzGetDatum(item->seen_at);
	values[ITEM_CHANGED_AT] = TimestampTzGetDatum(item->changed_at);
	values[ITEM_FIRST_SEEN_AT] = TimestampTzGetDatum(item->first_seen_at);
	values[ITEM_REVIEW_AT] = TimestampTzGetDatum(item->review_at);
	nulls[ITEM_REVIEW_AT] = item->review_at == DT_NOEND;
	itsm_set_text(values, nulls, ITEM_SOURCE, item->source);
	itsm_set_text(values, nulls, ITEM_TENANT, item->tenant);
	itsm_set_text(values, nulls, ITEM_CLASS, item->class);
	itsm_set_text(values, nulls, ITEM_OUTCOME, item->outcome);
	values[ITEM_ATTRIBUTES] = JsonbPGetDatum(item->attributes);
	values[ITEM_FINDINGS] = JsonbPGetDatum(item->findings);
	nulls[ITEM_FINDINGS] = item->findings == NULL;
}

static void
changed_meanwhile(const SourceItem *item)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("an item of source \"%s\" was changed by another session", item->source),
			 errhint("Try again.")));
}

static void
replace_row(const SourceItem *item, Datum *values, bool *nulls)
{
	if (!itsm_own_update(&items, item->tuple, values, nulls))
		changed_meanwhile(item);
}

void
itsm_source_item_store(SourceItem *item)
{
	Datum		values[ITEM_COLUMNS];
	bool		nulls[ITEM_COLUMNS];

	(void) itsm_own_open(&items, RowExclusiveLock);
	form_row(item, values, nulls);
	if (item->tuple)
		replace_row(item, values, nulls);
	else
		itsm_own_insert(&items, values, nulls);
	itsm_own_close(&items, RowExclusiveLock);
}

void
itsm_source_item_touch(SourceItem *item, TimestampTz seen_at)
{
	Relation	table = itsm_own_open(&items, RowExclusiveLock);
	Datum		values[ITEM_COLUMNS];
	bool		nulls[ITEM_COLUMNS];

	heap_deform_tuple(item->tuple, RelationGetDescr(table), values, nulls);
	values[ITEM_SEEN_AT] = TimestampTzGetDatum(seen_at);
	replace_row(item, values, nulls);
	itsm_own_close(&items, RowExclusiveLock);
}

void
itsm_source_item_delete(SourceItem *item)
{
	Relation	table = itsm_own_open(&items, RowExclusiveLock);

	if (!itsm_table_delete(table, item->tuple))
		changed_meanwhile(item);
	itsm_own_close(&items, RowExclusiveLock);
}

static bool
is_named(const List *names, const JsonbValue *key)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strlen(lfirst(cell)) == key->val.string.len &&
			memcmp(lfirst(cell), key->val.string.val, key->val.string.len) == 0)
			return true;
	return false;
}

static bool
says(const JsonbValue *value, const char *text)
{
	if (value->type == jbvString)
		return strcmp(itsm_json_string(value), text) == 0;
	return value->type == jbvNumeric &&
		strcmp(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))), text) == 0;
}

/* names NIL: of any name; text NULL: whatever they say. */
static Jsonb *
without_members(const Jsonb *object, const List *names, const char *text)
{
	JsonbParseState *state = NULL;
	JsonbIterator *iterator = JsonbIteratorInit(unconstify(JsonbContainer *, &object->root));
	JsonbIteratorToken token;
	JsonbValue	value;
	JsonbValue	key;
	JsonbValue *result = NULL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
		{
			result = pushJsonbValue(&state, token, token < WJB_BEGIN_ARRAY ? &value : NULL);
			continue;
		}
		key = value;
		(void) JsonbIteratorNext(&iterator, &value, true);
		if ((names == NIL || is_named(names, &key)) &&
			(text == NULL || says(&value, text)))
			continue;
		(void) pushJsonbValue(&state, WJB_KEY, &key);
		(void) pushJsonbValue(&state, WJB_VALUE, &value);
	}
	return JsonbValueToJsonb(result);
}

/* The hash goes with them: it tells of the values. */
static void
erase_of_item(SourceItem *item, const List *attributes, const char *value)
{
	item->attributes = without_members(item->attributes, attributes, value);
	item->findings = NULL;
	item->hash = 0;
	itsm_source_item_store(item);
}

static void
erase_of_record(const Record *record, const List *attributes, const char *value)
{
	ListCell   *cell;

	foreach(cell, linked_items(record->tenant, record->id, true))
		erase_of_item(lfirst(cell), attributes, value);
}

static bool
has_value(const Jsonb *object, const char *text)
{
	JsonbIterator *iterator = JsonbIteratorInit(unconstify(JsonbContainer *, &object->root));
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_VALUE && says(&value, text))
			return true;
	return false;
}

static List *
items_that_say(const char *value)
{
	Relation	table = itsm_own_open(&items, AccessShareLock);
	SysScanDesc scan = itsm_table_scan(table, InvalidOid, 0, NULL);
	List	   *found = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		if (has_value(DatumGetJsonbP(heap_getattr(tuple, ITEM_ATTRIBUTES + 1, RelationGetDescr(table), &isnull)), value))
			found = lappend(found, item_of_tuple(RelationGetDescr(table), heap_copytuple(tuple)));
	}
	systable_endscan(scan);
	itsm_own_close(&items, AccessShareLock);
	return found;
}

/* What sources say of no record yet, too. */
static void
erase_everywhere(const char *value)
{
	ListCell   *cell;

	foreach(cell, items_that_say(value))
		erase_of_item(lfirst(cell), NIL, value);
}

const Redactor itsm_source_item_redactor = {erase_of_record, erase_everywhere};
