/*
 * event_told.c
 *		What the body of an event tells, one thing at a time: for reports.
 */
#include "core/itsm.h"

#include "ledger/event_body.h"
#include "ledger/history.h"
#include "utils/builtins.h"

/*
 * itsm.changed_names(source integer, body bytea) → text
 *
 * Names of the attributes and columns, as itsm.history shows them.  The key is
 * none of them: the first event of a record tells it, too.
 */
ITSM_FUNCTION(itsm_changed_names);
Datum
itsm_changed_names(PG_FUNCTION_ARGS)
{
	List	   *dictionary = itsm_source_dictionary(PG_GETARG_INT32(0));
	bytea	   *body = PG_GETARG_BYTEA_PP(1);
	StringInfoData names;
	BodyItem	item;
	int			offset = 0;

	initStringInfo(&names);
	while (itsm_body_next(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), &offset, &item, NULL))
	{
		const char *name = item.number == BODY_STATUS ? "status" : NULL;
		ListCell   *cell;

		foreach(cell, dictionary)
			if (item.number > BODY_STATUS && ((SourceAttribute *) lfirst(cell))->number == item.number)
				name = itsm_shown_name(dictionary, lfirst(cell));
		if (name)
			appendStringInfo(&names, "%s%s", names.len ? ", " : "", name);
	}
	if (names.len == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(names.data));
}

/* The text of an item; NULL: there is none, or it was erased. */
static const char *
item_text(bytea *body, int number)
{
	BodyItem	item;
	int			offset = 0;

	while (itsm_body_next(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), &offset, &item, NULL))
		if (item.number == number && item.form == BODY_VALUE)
			return item.text;
	return NULL;
}

/* itsm.event_reason(body bytea) → text */
ITSM_FUNCTION(itsm_event_reason);
Datum
itsm_event_reason(PG_FUNCTION_ARGS)
{
	const char *reason = item_text(PG_GETARG_BYTEA_PP(0), BODY_REASON);

	if (reason == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(reason));
}

/* itsm.judged_version(body bytea) → bigint */
ITSM_FUNCTION(itsm_judged_version);
Datum
itsm_judged_version(PG_FUNCTION_ARGS)
{
	const char *version = item_text(PG_GETARG_BYTEA_PP(0), BODY_JUDGED);

	if (version == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(pg_strtoint64(version));
}
