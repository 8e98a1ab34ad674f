/*
 * history.c
 *		What happened to a record, for people and programs.
 *
 * Events keep new values only; what a value was before follows from folding
 * them, in the order of event_fold.h.
 *
 * Memory: per call.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "ledger/archive.h"
#include "ledger/canonical_text.h"
#include "ledger/event_fold.h"
#include "ledger/history.h"
#include "ledger/policy_event.h"
#include "ledger/record_key.h"
#include "ledger/tenant_access.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* The values of a record, by number, while its events are folded. */
typedef struct Value
{
	int			number;
	BodyForm	form;			/* BODY_NULL before the first one */
	const char *text;
} Value;

typedef struct Change
{
	Value		before;
	Value		after;
} Change;

/* An event with what it changed. */
typedef struct Step
{
	const Event *event;
	List	   *changes;		/* Change */
	const char *reason;
} Step;

static Value *
value_of(List **values, int number)
{
	Value	   *value;
	ListCell   *cell;

	foreach(cell, *values)
	{
		value = lfirst(cell);
		if (value->number == number)
			return value;
	}
	value = palloc(sizeof(Value));
	*value = (Value) {number, BODY_NULL, NULL};
	*values = lappend(*values, value);
	return value;
}

static int
compare_steps(const ListCell *a, const ListCell *b)
{
	return itsm_event_order(((const Step *) lfirst(a))->event, ((const Step *) lfirst(b))->event);
}

/* What is said of the record with this event only; no value of it. */
static void
tell(Step *step, const BodyItem *item)
{
	Change	   *change = palloc(sizeof(Change));

	change->before = (Value) {item->number, BODY_NULL, NULL};
	change->after = (Value) {item->number, item->form, item->text};
	step->changes = lappend(step->changes, change);
}

static void
fold_step(Step *step, List **values)
{
	const Event *event = step->event;
	BodyItem	item;
	int			offset = 0;
	bool		status_told = false;

	while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
	{
		Value	   *value;
		Change	   *change;

		if (item.number == BODY_REASON)
			step->reason = item.form == BODY_ERASED ? "(erased)" : item.text;
		if (item.number == BODY_RULE || item.number == BODY_JUDGED ||
			(item.number == BODY_DETAIL && itsm_event_is_remark(event)))
			tell(step, &item);
		if (item.number < BODY_STATUS)
			continue;
		status_told |= item.number == BODY_STATUS;
		value = value_of(values, item.number);
		change = palloc(sizeof(Change));
		change->before = *value;
		value->form = item.form;
		value->text = item.text;
		change->after = *value;
		step->changes = lappend(step->changes, change);
	}
	if (!status_told && itsm_event_names_status(event->kind, event->from_state, event->to_state))
		*value_of(values, BODY_STATUS) = (Value) {BODY_STATUS, BODY_VALUE, event->to_state};
}

/* The record's events with their changes, by version; *values: what holds after them. */
static List *
fold(const Record *record, TimestampTz until, List **values)
{
	List	   *steps = NIL;
	List	   *ordered;
	ListCell   *cell;

	*values = NIL;
	foreach(cell, itsm_event_read_left(record->tenant, record->id))
	{
		Step	   *step = palloc0(sizeof(Step));

		step->event = lfirst(cell);
		if (step->event->at <= until)
			steps = lappend(steps, step);
	}
	ordered = list_copy(steps);
	list_sort(ordered, compare_steps);
	foreach(cell, ordered)
	{
		CHECK_FOR_INTERRUPTS();
		/* a row that begins anew has none of its values from before */
		if (strcmp(((Step *) lfirst(cell))->event->kind, "created") == 0)
			*values = NIL;
		fold_step(lfirst(cell), values);
	}
	return steps;
}

static void
push_key(JsonbParseState **state, const char *name)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, name);
	value.val.string.len = strlen(name);
	pushJsonbValue(state, WJB_KEY, &value);
}

/* Numbers, booleans and JSON as such, everything else as a string. */
static void
push_value(JsonbParseState **state, const Value *value, const char *type)
{
	JsonbValue	json = {.type = jbvNull};

	if (value->form == BODY_VALUE && strcmp(type, "boolean") == 0)
	{
		json.type = jbvBool;
		json.val.boolean = value->text[0] == 't';
	}
	else if (value->form == BODY_VALUE &&
			 (strcmp(type, "integer") == 0 || strcmp(type, "bigint") == 0 ||
			  strcmp(type, "smallint") == 0 || strcmp(type, "numeric") == 0) &&
			 strspn(value->text, "-0123456789.") == strlen(value->text))
	{
		json.type = jbvNumeric;
		json.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(value->text),
															   ObjectIdGetDatum(InvalidOid),
															   Int32GetDatum(-1)));
	}
	else if (value->form == BODY_VALUE && strcmp(type, "jsonb") == 0 && value->number == BODY_DETAIL)
		JsonbToJsonbValue(DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(value->text))), &json);
	else if (value->form == BODY_VALUE)
	{
		json.type = jbvString;
		json.val.string.val = unconstify(char *, value->text);
		json.val.string.len = strlen(value->text);
	}
	pushJsonbValue(state, WJB_VALUE, &json);
}

const char *
itsm_shown_name(List *dictionary, const SourceAttribute *entry)
{
	ListCell   *cell;
	bool		taken = strcmp(entry->name, "status") == 0;

	if (entry->canonical)
		return taken ? "attribute status" : entry->name;
	foreach(cell, dictionary)
	{
		const SourceAttribute *other = lfirst(cell);

		taken |= other->canonical && strcmp(other->name, entry->name) == 0;
	}
	return taken ? psprintf("column %s", entry->name) : entry->name;
}

/* What the detail of an event is about. */
static const char *
detail_name(const Event *event)
{
	if (itsm_event_is_vote(event))
		return "vote";
	if (strcmp(event->kind, "authorised") == 0)
		return "authorised";
	if (strcmp(event->kind, "certified") == 0)
		return "certification";
	return strcmp(event->kind, "redacted") == 0 ? "redacted" : "relationship";
}

/* event: whose detail it is; NULL where there is none */
static const char *
value_name(List *dictionary, int number, const Event *event, const char **type)
{
	ListCell   *cell;

	*type = "text";
	if (number == BODY_STATUS)
		return "status";
	if (number == BODY_RULE)
		return "rule";
	if (number == BODY_JUDGED)
	{
		*type = "bigint";
		return "judged";
	}
	if (number == BODY_DETAIL)
	{
		*type = "jsonb";
		return event ? detail_name(event) : "detail";
	}
	foreach(cell, dictionary)
	{
		const SourceAttribute *entry = lfirst(cell);

		if (entry->number == number)
		{
			*type = entry->type;
			return itsm_shown_name(dictionary, entry);
		}
	}
	return psprintf("#%d", number);
}

static void
push_erased(JsonbParseState **state)
{
	JsonbValue	yes = {.type = jbvBool, .val.boolean = true};

	push_key(state, "erased");
	pushJsonbValue(state, WJB_VALUE, &yes);
}

static Jsonb *
changes_jsonb(List *changes, List *dictionary, const Event *event)
{
	JsonbParseState *state = NULL;
	ListCell   *cell;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach(cell, changes)
	{
		const Change *change = lfirst(cell);
		const char *type;

		push_key(&state, value_name(dictionary, change->after.number, event, &type));
		pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		push_key(&state, "from");
		push_value(&state, &change->before, type);
		push_key(&state, "to");
		push_value(&state, &change->after, type);
		if (change->after.form == BODY_ERASED)
			push_erased(&state);
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

/* A row that stands for the events that are elsewhere. */
static void
put_archived(ReturnSetInfo *result, const ArchivedRecord *archived)
{
	Datum		row[8] = {Int64GetDatum(archived->version), TimestampTzGetDatum(itsm_archive_time(archived->archive)),
	CStringGetTextDatum("archived")};
	bool		nulls[8] = {false, false, false, true, true, true, false, true};
	char	   *detail = itsm_detail_json("archive", psprintf(INT64_FORMAT, archived->archive), "tables",
										  itsm_archive_places(archived->archive), NULL);

	row[6] = DirectFunctionCall1(jsonb_in, CStringGetDatum(psprintf("{\"archived\": {\"to\": %s, \"from\": null}}", detail)));
	tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
}

/* A row per event of the record. */
static void
put_history(FunctionCallInfo fcinfo, const Record *record)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ArchivedRecord archived;
	List	   *dictionary;
	List	   *values;
	List	   *steps;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	dictionary = itsm_source_dictionary(record->source);
	steps = fold(record, DT_NOEND, &values);
	/* in this order: what is archived meanwhile is noticed */
	if (itsm_archived_find(record->tenant, record->id, &archived))
		put_archived(result, &archived);
	foreach(cell, steps)
	{
		const Step *step = lfirst(cell);
		const Event *event = step->event;
		Datum		row[8];
		bool		nulls[8] = {0};

		row[0] = Int64GetDatum(event->version);
		row[1] = TimestampTzGetDatum(event->at);
		row[2] = CStringGetTextDatum(event->kind);
		row[3] = text_or_null(event->actor ? event->actor : event->role, &nulls[3]);
		row[4] = text_or_null(event->from_state, &nulls[4]);
		row[5] = text_or_null(event->to_state, &nulls[5]);
		row[6] = JsonbPGetDatum(changes_jsonb(step->changes, dictionary, event));
		row[7] = text_or_null(step->reason, &nulls[7]);
		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
}

ITSM_FUNCTION(itsm_history_of);
Datum
itsm_history_of(PG_FUNCTION_ARGS)
{
	Record		record;

	itsm_record_require(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), &record);
	put_history(fcinfo, &record);
	return (Datum) 0;
}

/*
 * itsm.record_history(record bigint, tenant text) → as itsm.history
 *
 * Also of rows whose table is gone.  02000 when there is no such record.
 */
ITSM_FUNCTION(itsm_record_history);
Datum
itsm_record_history(PG_FUNCTION_ARGS)
{
	Record		record;

	if (!itsm_record_read(text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_INT64(0), &record) ||
		!itsm_sees_tenant(record.tenant))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no record " INT64_FORMAT, PG_GETARG_INT64(0)),
				 errhint("itsm.record lists records and their tenants.")));
	put_history(fcinfo, &record);
	return (Datum) 0;
}

static void
push_member(JsonbParseState **state, const char *name, const char *text)
{
	Value		value = {0, text ? BODY_VALUE : BODY_NULL, text};

	push_key(state, name);
	push_value(state, &value, "text");
}

ITSM_FUNCTION(itsm_record_as_of);
Datum
itsm_record_as_of(PG_FUNCTION_ARGS)
{
	Record		record;
	List	   *dictionary;
	List	   *values;
	List	   *steps;
	const Event *last = NULL;
	JsonbParseState *state = NULL;
	ListCell   *cell;
	Value		version = {0, BODY_VALUE, NULL};
	int			length;

	itsm_record_require(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), &record);
	itsm_archived_refuse(record.tenant, record.id, "what the row was is not known here");
	steps = fold(&record, PG_GETARG_TIMESTAMPTZ(2), &values);
	foreach(cell, steps)
	{
		const Event *event = ((Step *) lfirst(cell))->event;

		/* the later time counts, then the later version: imported events come afterwards */
		if (!itsm_event_is_remark(event) && (last == NULL || event->at >= last->at))
			last = event;
	}
	if (last == NULL || strcmp(last->kind, "deleted") == 0)
		PG_RETURN_NULL();
	dictionary = itsm_source_dictionary(record.source);
	version.text = psprintf(INT64_FORMAT, last->version);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_key(&state, "version");
	push_value(&state, &version, "bigint");
	push_member(&state, "at", itsm_canonical_text(TimestampTzGetDatum(last->at), TIMESTAMPTZOID, &length));
	push_member(&state, "state", last->to_state);
	push_key(&state, "attributes");
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach(cell, values)
	{
		const Value *value = lfirst(cell);
		const char *type;
		const char *name = value_name(dictionary, value->number, NULL, &type);

		push_key(&state, name);
		push_value(&state, value, type);
	}
	pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
