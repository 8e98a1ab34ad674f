/*
 * authorise_afterwards.c
 *		Tying what happened to a configuration item without an authorised change
 *		to a change that came later, or was overlooked.
 *
 * It stays what it was, a violation; that somebody answers for it is an event of
 * both records, of kind "authorised".
 *
 * Memory: the caller's context.  Locking: the head rows, in the order of their
 * numbers.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "ledger/event.h"
#include "ledger/policy_event.h"
#include "ledger/record_key.h"
#include "lifecycle/actor.h"
#include "miscadmin.h"
#include "practice/authorised_change.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#define KIND "authorised"

typedef struct Answer
{
	Record		item;
	int64		version;		/* of the event that is answered for */
	Record		change;
	const char *reason;
	const char *actor;
} Answer;

static char *
item_name(const Answer *answer)
{
	return psprintf("record " INT64_FORMAT " version " INT64_FORMAT, answer->item.id, answer->version);
}

/* The detail of an event, as far as it is of this kind; NULL: it is of another. */
static const char *
detail_of(const Event *event)
{
	BodyItem	item;
	int			offset = 0;

	if (strcmp(event->kind, KIND) == 0)
		while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
			if (item.number == BODY_DETAIL && item.form == BODY_VALUE)
				return item.text;
	return NULL;
}

static bool
answers_for(const Event *event, int64 version)
{
	const char *detail = detail_of(event);
	Jsonb	   *json;
	JsonbValue	value;
	char	   *text;

	if (detail == NULL)
		return false;
	json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(detail)));
	if (!itsm_json_member(&json->root, "version", &value))
		return false;
	text = itsm_json_string(&value);
	return text && strcmp(text, psprintf(INT64_FORMAT, version)) == 0;
}

/* The event was a violation of such a rule. */
static void
require_violation(const Answer *answer)
{
	static const Oid types[] = {INT8OID, TEXTOID, INT8OID, TEXTOID};
	Datum		values[] = {
		Int64GetDatum(answer->item.id), CStringGetTextDatum(answer->item.tenant), Int64GetDatum(answer->version),
		CStringGetTextDatum(itsm_rule_authorised_change.name)
	};
	OwnerQuery	query;
	uint64		found;

	itsm_query_begin(&query);
	found = itsm_query(SPI_OK_SELECT, "SELECT FROM itsm.violation v WHERE v.record OPERATOR(pg_catalog.=) $1"
					   " AND v.tenant OPERATOR(pg_catalog.=) $2 AND v.version OPERATOR(pg_catalog.=) $3"
					   " AND v.kind OPERATOR(pg_catalog.=) $4 LIMIT 1",
					   lengthof(types), types, values, NULL);
	itsm_query_end(&query);
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("%s is no unauthorised change", item_name(answer)),
				 errhint("itsm_report.unauthorised_change lists them with their versions.")));
}

/* The event whose write was judged with that version; mostly itself. */
static int64
judged_with(const List *events, int64 version)
{
	ListCell   *cell;

	foreach(cell, events)
		if (((const Event *) lfirst(cell))->version == version)
			return itsm_event_judged(lfirst(cell));
	return 0;
}

/* Whoever did it does not answer for it, and nobody does twice; looked at before the head is taken. */
static void
check_events(const Answer *answer)
{
	List	   *events = itsm_event_read(answer->item.tenant, answer->item.id);
	int64		judged = judged_with(events, answer->version);
	ListCell   *cell;

	foreach(cell, events)
	{
		const Event *event = lfirst(cell);

		if ((event->version == answer->version || event->version == judged) && event->actor &&
			strcmp(event->actor, answer->actor) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_SEPARATION),
					 errmsg("%s cannot be authorised by whoever did it", item_name(answer)),
					 errhint("Somebody else has to do it; itsm.act_as says who acts.")));
		if (answers_for(event, answer->version))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("%s has been authorised already", item_name(answer)),
					 errdetail("It was on %s.", timestamptz_to_str(event->at))));
	}
}

/* A change of the same tenant that names the item and was not given up. */
static void
check_change(const Answer *answer, Oid relation)
{
	const char *process = itsm_record_text(&answer->change, RECORD_PROCESS);
	RecordState state;

	if (process == NULL || strcmp(process, "change") != 0 || strcmp(answer->change.tenant, answer->item.tenant) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the record of \"%s\" is no change of the item's tenant", get_rel_name(relation)),
				 errhint("Its lifecycle must be of the process \"change\".")));
	if (!itsm_record_state_lock(answer->change.tenant, answer->change.id, LockTupleShare, &state) ||
		(state.category && strcmp(state.category, "cancelled") == 0) || answer->change.deleted)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_RELATED), errmsg("the change of \"%s\" was rejected, cancelled or deleted", get_rel_name(relation))));
	if (answer->item.key == NULL || !itsm_change_names(&answer->change, answer->item.key))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_UNAUTHORISED),
				 errmsg("the change of \"%s\" does not name the item", get_rel_name(relation)),
				 errhint("Its attribute \"cis\" or \"ci\" has to hold the key of the item.")));
}

static void
append(const Answer *answer, bool to_item, const char *detail)
{
	Record		record = to_item ? answer->item : answer->change;
	bool		appended;

	do
	{
		RecordState state;
		Event		event;
		EventBody	body;

		CHECK_FOR_INTERRUPTS();
		if (!itsm_record_read(record.tenant, record.id, &record))
			elog(ERROR, "record " INT64_FORMAT " is missing", record.id);
		if (to_item)
			check_events(answer);
		if (!itsm_record_state_read(&record, &state))
			memset(&state, 0, sizeof(state));
		event = (Event)
		{
			.kind = KIND, .command = GetCurrentCommandId(true), .attachment = record.attachment,
			.lifecycle_version = state.lifecycle_version, .from_state = state.state, .to_state = state.state,
			.actor = answer->actor
		};
		itsm_body_begin(&body);
		itsm_body_add(&body, BODY_DETAIL, detail, strlen(detail));
		appended = itsm_event_append(&record, &event, &body, answer->reason, NIL);
	} while (!appended);
}

static void
record_answer(const Answer *answer)
{
	bool		item_first = answer->item.id < answer->change.id;

	for (int i = 0; i < 2; i++)
	{
		bool		to_item = (i == 0) == item_first;

		append(answer, to_item, to_item
			   ? itsm_detail_json("version", psprintf(INT64_FORMAT, answer->version),
								  "change", psprintf(INT64_FORMAT, answer->change.id), NULL)
			   : itsm_detail_json("item", psprintf(INT64_FORMAT, answer->item.id),
								  "item_version", psprintf(INT64_FORMAT, answer->version), NULL));
	}
}

ITSM_FUNCTION_OF_ALL(itsm_authorise_afterwards)
{
	Answer		answer = {.version = PG_GETARG_INT64(2), .reason = text_to_cstring(PG_GETARG_TEXT_PP(5)), .actor = itsm_actor_outside().name};

	if (itsm_blank(answer.reason))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_REASON), errmsg("what is authorised afterwards needs a reason"),
				 errhint("It is kept with both records, for those who ask later.")));
	if (itsm_blank(answer.actor))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_SEPARATION), errmsg("who acts is unknown; itsm.act_as says it")));
	itsm_record_require(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), &answer.item);
	itsm_record_require(PG_GETARG_OID(3), text_to_cstring(PG_GETARG_TEXT_PP(4)), &answer.change);
	require_violation(&answer);
	check_change(&answer, PG_GETARG_OID(3));
	record_answer(&answer);
	PG_RETURN_VOID();
}
