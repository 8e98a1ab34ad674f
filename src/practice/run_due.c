/*
 * run_due.c
 *		Transitions that are made after a time in a state.
 *
 * Those that are due are listed with the extension's rights; each is an
 * UPDATE of the attached table in a subtransaction of its own, with the
 * caller's rights, for rows that are still in that state.
 */
#include "core/itsm.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "core/attempt.h"
#include "core/query.h"
#include "funcapi.h"
#include "ledger/record_key.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/definition.h"
#include "miscadmin.h"
#include "record/source.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

typedef struct Due
{
	const AttachmentRow *attachment;
	const Definition *definition;
	const LifecycleTransition *transition;
	Oid			relation;
	char	   *key;
	uint64		updated;
} Due;

/* Status values of a state, char *, in the order of the attachment's map. */
static List *
status_values(const AttachmentRow *attachment, const char *state)
{
	List	   *values = NIL;
	ListCell   *cell;

	foreach(cell, attachment->states)
	{
		const NamedText *pair = lfirst(cell);

		if (strcmp(pair->text, state) == 0)
			values = lappend(values, pair->name);
	}
	return attachment->identity ? lcons(unconstify(char *, state), values) : values;
}

static char *
literals(const List *values)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, values)
		appendStringInfo(&text, "%s%s", foreach_current_index(cell) ? ", " : "", quote_literal_cstr(lfirst(cell)));
	return text.data;
}

static void
update_row(void *argument)
{
	Due		   *due = argument;
	const char *from = due->definition->states[due->transition->from].name;
	const char *to = due->definition->states[due->transition->to].name;
	const char *status = quote_identifier(due->attachment->status);
	Source	   *source = itsm_source_find(due->relation);
	int32		typmod;
	Oid			type;
	Oid			collation;
	int			level = NewGUCNestLevel();
	char	   *sql;

	get_atttypetypmodcoll(due->relation, get_attnum(due->relation, due->attachment->status), &type, &typmod,
						  &collation);
	sql = psprintf("UPDATE %s%s k SET %s = %s::%s WHERE %s AND k.%s::pg_catalog.text OPERATOR(pg_catalog.=) ANY"
				   " (ARRAY[%s]::pg_catalog.text[])",
				   get_rel_relkind(due->relation) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
				   itsm_relation_name(due->relation), status,
				   quote_literal_cstr(linitial(status_values(due->attachment, to))),
				   format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_TYPEMOD_GIVEN),
				   itsm_key_condition(due->relation, source, due->key, "k"), status,
				   literals(status_values(due->attachment, from)));
	(void) set_config_option("itsm.reason", psprintf("automatic: %s in %s", due->transition->after, from),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(sql, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not update a row of \"%s\"", get_rel_name(due->relation));
	due->updated = SPI_processed;
	SPI_finish();
	AtEOXact_GUC(true, level);
}

/* Appends what is due of one transition: a list of Due. */
static List *
list_due(List *list, const AttachmentRow *attachment, const Definition *definition,
		 const LifecycleTransition *transition, TimestampTz now, int64 limit)
{
	static const Oid types[] = {INT4OID, TEXTOID, TIMESTAMPTZOID, INT8OID};
	Datum		values[] = {
		Int32GetDatum(attachment->id),
		CStringGetTextDatum(definition->states[transition->from].name),
		DirectFunctionCall2(timestamptz_mi_interval, TimestampTzGetDatum(now),
							IntervalPGetDatum(unconstify(Interval *, &transition->after_limit))),
		Int64GetDatum(limit)
	};
	MemoryContext caller = CurrentMemoryContext;
	OwnerQuery	query;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT,
					  "SELECT o.relation::pg_catalog.oid, r.key FROM itsm.record r"
					  " JOIN itsm.record_state s ON s.record OPERATOR(pg_catalog.=) r.id"
					  " AND s.tenant OPERATOR(pg_catalog.=) r.tenant"
					  " JOIN itsm.source o ON o.id OPERATOR(pg_catalog.=) r.source AND o.relation IS NOT NULL"
					  " WHERE r.attachment OPERATOR(pg_catalog.=) $1 AND NOT r.deleted AND r.key IS NOT NULL"
					  " AND s.state OPERATOR(pg_catalog.=) $2 AND s.entered_at OPERATOR(pg_catalog.<=) $3"
					  " ORDER BY s.entered_at, r.id LIMIT $4",
					  lengthof(types), types, values, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		MemoryContext spi = MemoryContextSwitchTo(caller);
		Due		   *due = palloc0(sizeof(Due));
		bool		isnull;

		due->attachment = attachment;
		due->definition = definition;
		due->transition = transition;
		due->relation = DatumGetObjectId(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));
		due->key = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 2);
		list = lappend(list, due);
		MemoryContextSwitchTo(spi);
	}
	itsm_query_end(&query);
	return list;
}

static List *
all_due(TimestampTz now, int64 limit)
{
	List	   *list = NIL;
	ListCell   *cell;

	foreach(cell, itsm_attachments())
	{
		const AttachmentRow *attachment = lfirst(cell);
		const Definition *definition;
		int			version = 0;

		if (attachment->mode == MODE_OFF || !OidIsValid(attachment->relation))
			continue;
		definition = itsm_definition_load(attachment->lifecycle, &version);
		for (int i = 0; i < definition->transition_count; i++)
		{
			const LifecycleTransition *transition = &definition->transitions[i];

			if (transition->after &&
				status_values(attachment, definition->states[transition->from].name) != NIL &&
				status_values(attachment, definition->states[transition->to].name) != NIL)
				list = list_due(list, attachment, definition, transition, now, limit);
		}
	}
	return list;
}

static void
tell(ReturnSetInfo *result, const Due *due, const char *message)
{
	Datum		row[] = {
		ObjectIdGetDatum(due->relation), CStringGetTextDatum(due->key),
		CStringGetTextDatum(due->definition->states[due->transition->from].name),
		CStringGetTextDatum(due->definition->states[due->transition->to].name), BoolGetDatum(message == NULL),
		message ? CStringGetTextDatum(message) : (Datum) 0
	};
	bool		nulls[] = {false, false, false, false, false, message == NULL};

	tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
}

/* Those that are refused stay due, and must not keep the others from their turn. */
#define TRIED_FOR_ONE 10

ITSM_FUNCTION(itsm_run_due);
Datum
itsm_run_due(PG_FUNCTION_ARGS)
{
	TimestampTz now = PG_ARGISNULL(0) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(0);
	int64		most = PG_ARGISNULL(1) ? 1000 : PG_GETARG_INT32(1);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	if (TIMESTAMP_NOT_FINITE(now))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"now\" must be finite")));
	if (most < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"most\" must be at least 1, not %d", (int) most)));
	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, all_due(now, most * TRIED_FOR_ONE))
	{
		Due		   *due = lfirst(cell);
		ErrorData  *error;

		CHECK_FOR_INTERRUPTS();
		error = itsm_attempt(update_row, due);
		if (error)
			tell(result, due, error->message);
		else if (due->updated > 0)
		{
			tell(result, due, NULL);
			if (--most == 0)
				break;
		}
	}
	return (Datum) 0;
}
