/*
 * policy_event.c
 *		Appending the events of policies, and reading what they tell.
 *
 * Memory: the caller's context.  Locking: the head row of the subject's
 * record, until the transaction ends.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"

/* Policies belong to the database, not to a tenant. */
#define POLICY_TENANT ""

char *
itsm_attachment_subject(int attachment)
{
	return psprintf("attachment %d", attachment);
}

char *
itsm_lifecycle_subject(const char *lifecycle)
{
	return psprintf("lifecycle %s", lifecycle);
}

char *
itsm_class_subject(const char *class)
{
	return psprintf("class %s", class);
}

char *
itsm_relationship_type_subject(const char *type)
{
	return psprintf("relationship type %s", type);
}

char *
itsm_baseline_subject(const char *baseline)
{
	return psprintf("baseline %s", baseline);
}

static char *
json_of_pairs(const char *name, va_list pairs)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (; name; name = va_arg(pairs, const char *))
	{
		const char *value = va_arg(pairs, const char *);

		if (json.len > 1)
			appendStringInfoString(&json, ", ");
		escape_json(&json, name);
		appendStringInfoString(&json, ": ");
		if (value)
			escape_json(&json, value);
		else
			appendStringInfoString(&json, "null");
	}
	appendStringInfoChar(&json, '}');
	return json.data;
}

char *
itsm_detail_json(const char *name,...)
{
	va_list		pairs;
	char	   *json;

	va_start(pairs, name);
	json = json_of_pairs(name, pairs);
	va_end(pairs);
	return json;
}

void
itsm_policy_event(const char *subject, int attachment, const char *kind,...)
{
	va_list		pairs;
	const char *name;
	char	   *detail;
	bool		appended;

	va_start(pairs, kind);
	/* the first before the others, which arguments of a call are in no certain order */
	name = va_arg(pairs, const char *);
	detail = json_of_pairs(name, pairs);
	va_end(pairs);
	do
	{
		Record		record;
		Event		event = {.kind = kind, .attachment = attachment,
		.command = GetCurrentCommandId(true)};
		EventBody	body;

		CHECK_FOR_INTERRUPTS();
		if (!itsm_record_find(POLICY_SOURCE, POLICY_TENANT, subject, &record))
			itsm_record_begin(POLICY_SOURCE, POLICY_TENANT, subject, &record);
		itsm_body_begin(&body);
		/* so that the chain vouches for what it is about, too */
		if (record.version == 0)
			itsm_body_add(&body, BODY_KEY, subject, strlen(subject));
		itsm_body_add(&body, BODY_DETAIL, detail, strlen(detail));
		appended = itsm_event_append(&record, &event, &body, NULL, NIL);
	} while (!appended);
}

bool
itsm_policy_known(const char *subject)
{
	Record		record;

	return itsm_record_find(POLICY_SOURCE, POLICY_TENANT, subject, &record);
}

const char *
itsm_policy_last(const char *subject, const char *kind, const char *other)
{
	Record		record;
	const char *last = NULL;
	ListCell   *cell;

	if (!itsm_record_find(POLICY_SOURCE, POLICY_TENANT, subject, &record))
		return NULL;
	foreach(cell, itsm_event_read(record.tenant, record.id))
	{
		const Event *event = lfirst(cell);

		if (strcmp(event->kind, kind) == 0 || strcmp(event->kind, other) == 0)
			last = event->kind;
	}
	return last;
}

/*
 * itsm.policy_detail(body bytea) → text
 *
 * The detail in the body of a policy's event; NULL when there is none.
 */
ITSM_FUNCTION(itsm_policy_detail);
Datum
itsm_policy_detail(PG_FUNCTION_ARGS)
{
	bytea	   *body = PG_GETARG_BYTEA_PP(0);
	BodyItem	item;
	int			offset = 0;

	while (itsm_body_next(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), &offset, &item, NULL))
		if (item.number == BODY_DETAIL && item.form == BODY_VALUE)
			PG_RETURN_TEXT_P(cstring_to_text(item.text));
	PG_RETURN_NULL();
}
