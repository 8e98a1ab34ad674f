/*
 * redact.c
 *		itsm.redact(): values erased from history, which stays provable.
 *
 * An event's hash covers commitments, not values.  A value goes with its salt,
 * so that nobody can find it by trying; the commitment stays, and with it the
 * hash, the chain, the seals and every proof.
 *
 * Locking: the head of the record, by the event that tells of the erasure;
 * it comes first, so that no event is added meanwhile.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "ledger/archive.h"
#include "ledger/event.h"
#include "ledger/record_key.h"
#include "ledger/redact.h"
#include "miscadmin.h"
#include "record/projection.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#define ARCHIVED "their values cannot be erased here"

List *
itsm_redact_names(ArrayType *array)
{
	List	   *names = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *name = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
		ListCell   *cell;
		bool		known = false;

		if (itsm_blank(name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("name of an attribute is null or empty")));
		foreach(cell, names)
			known |= strcmp(lfirst(cell), name) == 0;
		if (!known)
			names = lappend(names, name);
	}
	if (names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("no attribute to redact"),
				 errhint("Name attributes, or columns that are tracked as they are.")));
	return names;
}

/* The numbers by which events keep what has a name; IT051 when they keep nothing of it. */
static List *
numbers_of(const Record *record, const List *names, Oid relation)
{
	List	   *dictionary = itsm_source_dictionary(record->source);
	List	   *numbers = NIL;
	ListCell   *name_cell;

	foreach(name_cell, names)
	{
		const char *name = lfirst(name_cell);
		int			before = list_length(numbers);
		ListCell   *cell;

		foreach(cell, dictionary)
		{
			const SourceAttribute *attribute = lfirst(cell);

			if (strcmp(attribute->name, name) == 0)
				numbers = lappend_int(numbers, attribute->number);
		}
		if (list_length(numbers) == before)
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_ATTACHMENT),
					 errmsg("\"%s\" of \"%s\" is not tracked, so history has no value of it", name,
							get_rel_name(relation)),
					 errhint("itsm.source_attribute lists what is: attributes, and columns tracked as they are.")));
	}
	return numbers;
}

static int
place_of(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static bool
is_erased(const Erasure *erasure, const char *text)
{
	return erasure->value == NULL || (text && strcmp(text, erasure->value) == 0);
}

/* In the row that the head is stored with. */
static void
clear_projection(Record *record, const Erasure *erasure)
{
	Datum	   *values = record->row->values;
	bool	   *nulls = record->row->nulls;
	ListCell   *cell;

	foreach(cell, erasure->names)
	{
		const char *name = lfirst(cell);
		JsonbValue	extra;
		int			number = place_of(itsm_projection_numbers, PROJECTION_NUMBERS, name);
		int			column = place_of(itsm_projection_texts, PROJECTION_TEXTS, name);

		if (number >= 0 && !nulls[RECORD_NUMBERS + number])
			nulls[RECORD_NUMBERS + number] = is_erased(erasure, psprintf("%d", DatumGetInt32(values[RECORD_NUMBERS + number])));
		if (column >= 0 && !nulls[RECORD_TEXTS + column])
			nulls[RECORD_TEXTS + column] = is_erased(erasure, TextDatumGetCString(values[RECORD_TEXTS + column]));
		if (!nulls[RECORD_EXTRA] && itsm_json_member(&DatumGetJsonbP(values[RECORD_EXTRA])->root, name, &extra) &&
			is_erased(erasure, itsm_json_string(&extra)))
		{
			values[RECORD_EXTRA] = DirectFunctionCall2(jsonb_delete, values[RECORD_EXTRA], CStringGetTextDatum(name));
			nulls[RECORD_EXTRA] = JB_ROOT_COUNT(DatumGetJsonbP(values[RECORD_EXTRA])) == 0;
		}
	}
}

static char *
detail_of(const List *names)
{
	StringInfoData list;
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&list);
	foreach(cell, names)
		appendStringInfo(&list, "%s%s", foreach_current_index(cell) ? ", " : "", quote_identifier(lfirst(cell)));
	initStringInfo(&json);
	appendStringInfoString(&json, "{\"attributes\": ");
	escape_json(&json, list.data);
	appendStringInfoChar(&json, '}');
	return json.data;
}

/* The event; false when somebody else changed the record meanwhile. */
static bool
tell(Record *record, const List *names, const char *ground)
{
	char	   *detail = detail_of(names);
	RecordState state;
	EventBody	body;
	Event		event;

	if (!itsm_record_state_read(record, &state))
		memset(&state, 0, sizeof(state));
	event = (Event)
	{
		.kind = "redacted", .command = GetCurrentCommandId(true), .attachment = record->attachment,
		.lifecycle_version = state.lifecycle_version, .from_state = state.state, .to_state = state.state
	};
	itsm_body_begin(&body);
	itsm_body_add(&body, BODY_DETAIL, detail, strlen(detail));
	return itsm_event_append(record, &event, &body, ground, NIL);
}

int64
itsm_redact_record(Record *record, const Erasure *erasure)
{
	int64		id = record->id;
	const char *tenant = record->tenant;
	int64		count;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		clear_projection(record, erasure);
		if (tell(record, erasure->names, erasure->ground))
			break;
		if (!itsm_record_read(tenant, id, record))
			elog(ERROR, "record " INT64_FORMAT " is missing", id);
	}
	count = itsm_event_erase(tenant, id, erasure->numbers, erasure->value);
	for (int i = 0; itsm_redactors[i]; i++)
		itsm_redactors[i]->erase(record, erasure->names, erasure->value);
	return count;
}

void
itsm_redact_require(const char *ground)
{
	if (itsm_blank(ground))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_REASON), errmsg("values are erased only on a ground"),
				 errhint("Say why, as the last argument: it is kept in the history.")));
}

/*
 * itsm.redact(relation regclass, key text, attributes text[], ground text) → bigint
 */
ITSM_FUNCTION(itsm_redact);
Datum
itsm_redact(PG_FUNCTION_ARGS)
{
	const char *ground = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	Erasure		erasure = {.ground = ground};
	Record		record;
	int64		erased;

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("table, key and attributes must not be null")));
	itsm_redact_require(ground);
	erasure.names = itsm_redact_names(PG_GETARG_ARRAYTYPE_P(2));
	itsm_record_require(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), &record);
	itsm_archived_refuse(record.tenant, record.id, ARCHIVED);
	erasure.numbers = numbers_of(&record, erasure.names, PG_GETARG_OID(0));
	erased = itsm_redact_record(&record, &erasure);
	/* again: until the head was ours */
	itsm_archived_refuse(record.tenant, record.id, ARCHIVED);
	PG_RETURN_INT64(erased);
}
