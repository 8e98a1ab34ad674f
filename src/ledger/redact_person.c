/*
 * redact_person.c
 *		itsm.redact_person(): one value erased from the history of all records.
 *
 * Events are searched for the bytes of the value; records that have it are
 * looked at closely, one after the other, in the order of their numbers.
 *
 * Memory: the numbers of the records found.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "funcapi.h"
#include "ledger/event.h"
#include "ledger/redact.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "record/projection.h"
#include "record/source.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

typedef struct FoundRecord
{
	int64		id;
	char	   *tenant;
} FoundRecord;

typedef struct PersonErasure
{
	const char *person;
	const char *ground;
	List	   *attributes;		/* names; NIL: all */
	ReturnSetInfo *result;
} PersonErasure;

/* $1: the value, $2: its bytes in UTF-8. */
static const char find_records[] =
"SELECT r.id, r.tenant FROM itsm.record r WHERE r.source <> 0 AND ("
" $1 = ANY (ARRAY[r.title, r.requester, r.assignee, r.assignment_group, r.service, r.ci, r.classification, r.hold_reason,"
" r.resolution_code, r.resolution, r.priority::pg_catalog.text, r.impact::pg_catalog.text, r.urgency::pg_catalog.text])"
" OR EXISTS (SELECT FROM pg_catalog.jsonb_each_text(r.extra) x WHERE x.value = $1)"
" OR (r.id, r.tenant) IN (SELECT e.record, e.tenant FROM itsm.event e WHERE pg_catalog.\"position\"(e.body, $2) > 0))"
" ORDER BY r.id, r.tenant";

static const char count_acts[] =
"SELECT pg_catalog.count(*) FROM itsm.event e WHERE $1 IN (e.actor, e.role, e.session_role)";

static List *
find(const PersonErasure *erasure)
{
	const char *utf8 = pg_server_to_any(erasure->person, strlen(erasure->person), PG_UTF8);
	Oid			types[] = {TEXTOID, BYTEAOID};
	Datum		values[] = {CStringGetTextDatum(erasure->person), PointerGetDatum(cstring_to_text(utf8))};
	MemoryContext caller = CurrentMemoryContext;
	List	   *found = NIL;
	OwnerQuery	query;
	uint64		count;

	itsm_query_begin(&query);
	count = itsm_query_now(SPI_OK_SELECT, find_records, 2, types, values, NULL);
	for (uint64 i = 0; i < count; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);
		FoundRecord *record = palloc(sizeof(FoundRecord));
		bool		isnull;

		record->id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		record->tenant = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);
		found = lappend(found, record);
		MemoryContextSwitchTo(spi);
	}
	itsm_query_end(&query);
	return found;
}

static bool
is_named(const PersonErasure *erasure, const char *name)
{
	ListCell   *cell;

	foreach(cell, erasure->attributes)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return erasure->attributes == NIL;
}

/* True when reports read the value in an attribute of the record. */
static bool
is_projected(const PersonErasure *erasure, const Record *record, const char *name)
{
	Projection	projection;
	JsonbValue	value;
	const char *text = NULL;

	if (!itsm_projection_read(record, &projection))
		return false;
	for (int i = 0; i < PROJECTION_NUMBERS; i++)
		if (strcmp(itsm_projection_numbers[i], name) == 0 && !projection.number_nulls[i])
			text = psprintf("%d", projection.numbers[i]);
	for (int i = 0; i < PROJECTION_TEXTS; i++)
		if (strcmp(itsm_projection_texts[i], name) == 0)
			text = itsm_projection_text(&projection, PROJECTED_ATTRIBUTES + i);
	if (!projection.extra_null && itsm_json_member(&DatumGetJsonbP(projection.extra)->root, name, &value))
		text = itsm_json_string(&value);
	return text && strcmp(text, erasure->person) == 0;
}

/* The numbers by which the events of a record tell the value. */
static List *
told_numbers(const PersonErasure *erasure, const Record *record)
{
	List	   *numbers = NIL;
	ListCell   *cell;

	foreach(cell, itsm_event_read_left(record->tenant, record->id))
	{
		const Event *event = lfirst(cell);
		int			offset = 0;
		BodyItem	item;

		while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
			if (item.number > BODY_STATUS && item.form == BODY_VALUE && strcmp(item.text, erasure->person) == 0)
				numbers = list_append_unique_int(numbers, item.number);
	}
	return numbers;
}

static void
put_record(const PersonErasure *erasure, const Record *record, int64 erased)
{
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(record->source)};
	Datum		row[5] = {Int64GetDatum(record->id), CStringGetTextDatum(record->tenant)};
	bool		nulls[5] = {false, false, true, record->key == NULL, false};
	OwnerQuery	query;

	row[3] = record->key ? CStringGetTextDatum(record->key) : (Datum) 0;
	row[4] = Int64GetDatum(erased);
	itsm_query_begin(&query);
	if (itsm_query_now(SPI_OK_SELECT, "SELECT n.name FROM itsm.source_name n WHERE n.id = $1", 1, types, values, NULL) > 0)
		row[2] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &nulls[2]);
	tuplestore_putvalues(erasure->result->setResult, erasure->result->setDesc, row, nulls);
	itsm_query_end(&query);
}

static void
erase_of_record(const PersonErasure *erasure, const FoundRecord *found)
{
	Erasure		one = {.value = erasure->person, .ground = erasure->ground};
	Record		record;
	List	   *told;
	ListCell   *cell;

	if (!itsm_record_read(found->tenant, found->id, &record))
		return;
	told = told_numbers(erasure, &record);
	foreach(cell, itsm_source_dictionary(record.source))
	{
		const SourceAttribute *attribute = lfirst(cell);

		if (!is_named(erasure, attribute->name) ||
			(!list_member_int(told, attribute->number) && !is_projected(erasure, &record, attribute->name)))
			continue;
		one.numbers = lappend_int(one.numbers, attribute->number);
		one.names = lappend(one.names, attribute->name);
	}
	if (one.names != NIL)
		put_record(erasure, &record, itsm_redact_record(&record, &one));
}

/* IT051 when no table's history keeps anything of a name. */
static void
require_names(const PersonErasure *erasure)
{
	Oid			types[] = {TEXTOID};
	OwnerQuery	query;
	ListCell   *cell;

	itsm_query_begin(&query);
	foreach(cell, erasure->attributes)
	{
		Datum		values[] = {CStringGetTextDatum(lfirst(cell))};

		if (itsm_query_now(SPI_OK_SELECT, "SELECT FROM itsm.source_attribute a WHERE a.name = $1 LIMIT 1", 1, types, values,
						   NULL) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_ATTACHMENT),
					 errmsg("\"%s\" is not tracked in any table, so history has no value of it", (char *) lfirst(cell)),
					 errhint("itsm.source_attribute lists what is: attributes, and columns tracked as they are.")));
	}
	itsm_query_end(&query);
}

/* What stays, said without the value: warnings go to the server's log. */
static void
tell_rest(const PersonErasure *erasure)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(erasure->person)};
	OwnerQuery	query;
	bool		isnull;
	int64		acts;
	char	   *archives;

	itsm_query_begin(&query);
	(void) itsm_query_now(SPI_OK_SELECT, count_acts, 1, types, values, NULL);
	acts = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	(void) itsm_query_now(SPI_OK_SELECT, "SELECT pg_catalog.string_agg(a.archive::pg_catalog.text, ', ' ORDER BY a.archive)"
						  " FROM itsm.archive a", 0, NULL, NULL, NULL);
	archives = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (acts > 0)
		ereport(NOTICE,
				(errmsg(INT64_FORMAT " events name the person as who acted; that is hashed as it is, and stays", acts)));
	if (archives)
		ereport(WARNING,
				(errmsg("archives were not searched: %s", archives),
				 errhint("itsm.restore_archive brings one back; erase then, and archive anew.")));
	itsm_query_end(&query);
}

/*
 * itsm.redact_person(person text, ground text, attributes text[])
 *	→ table (record bigint, tenant text, source_table text, key text, erased bigint)
 */
ITSM_FUNCTION(itsm_redact_person);
Datum
itsm_redact_person(PG_FUNCTION_ARGS)
{
	PersonErasure erasure = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	MemoryContext context;
	MemoryContext caller = CurrentMemoryContext;
	ListCell   *cell;

	PreventCommandIfReadOnly("itsm.redact_person()");
	erasure.person = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	erasure.ground = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (itsm_blank(erasure.person))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the value to erase is null or blank"),
				 errhint("Give what the person is known by: a name, a number, an address.")));
	itsm_redact_require(erasure.ground);
	if (!PG_ARGISNULL(2))
		erasure.attributes = itsm_redact_names(PG_GETARG_ARRAYTYPE_P(2));
	require_names(&erasure);
	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(caller, "itsm redacted record", ALLOCSET_DEFAULT_SIZES);
	foreach(cell, find(&erasure))
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(context);
		erase_of_record(&erasure, lfirst(cell));
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	for (int i = 0; itsm_redactors[i]; i++)
		if (itsm_redactors[i]->erase_value)
			itsm_redactors[i]->erase_value(erasure.person);
	tell_rest(&erasure);
	return (Datum) 0;
}
