/*
 * raise_action.c
 *		Raising a corrective action or a finding from the gap of a control: a row of
 *		the table that is attached for these, inserted with the caller's rights and
 *		judged like any other.
 *
 * Only attributes that are mapped to a column as it is can be filled.
 */
#include "core/itsm.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "compliance/control.h"
#include "compliance/control_setting.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "core/table.h"
#include "ledger/canonical_text.h"
#include "ledger/policy_event.h"
#include "ledger/record_key.h"
#include "lifecycle/actor.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/definition.h"
#include "lifecycle/definition_store.h"
#include "record/source.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

/* What the last assessment says of a control. */
typedef struct Gap
{
	const Control *control;
	const char *status;
	const char *detail;
	const char *example;		/* NULL: none */
	const char *assessment;		/* NULL: it was in none */
} Gap;

/* A row on its way. */
typedef struct Action
{
	Oid			relation;
	const AttachmentRow *attachment;
	const Definition *definition;
	List	   *values;			/* NamedText: attribute, value */
	List	   *columns;		/* NamedText: quoted column, value */
	char	   *key;
} Action;

static Gap
read_gap(const Control *control)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(control->id)};
	MemoryContext caller = CurrentMemoryContext;
	Gap			gap = {control};
	const char **texts[] = {&gap.status, &gap.detail, &gap.example, &gap.assessment};
	OwnerQuery	query;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT,
					  "SELECT s.status, s.detail, s.example, s.assessment FROM itsm.control_standing s"
					  " WHERE s.control OPERATOR(pg_catalog.=) $1", lengthof(types), types, values, NULL);
	for (int i = 0; i < lengthof(texts); i++)
	{
		char	   *text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1);

		*texts[i] = text ? MemoryContextStrdup(caller, text) : NULL;
	}
	itsm_query_end(&query);
	if (strcmp(gap.status, CONTROL_CONFORMING) == 0 || strcmp(gap.status, CONTROL_NOT_APPLICABLE) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("control \"%s\" has no gap: the last assessment found it %s", control->id, gap.status)));
	return gap;
}

/* The first attachment of the table that is for corrective actions or findings. */
static void
find_attachment(Action *action)
{
	ListCell   *cell;

	foreach(cell, itsm_attachments_of(action->relation))
	{
		const AttachmentRow *attachment = lfirst(cell);
		int			version = 0;
		const Definition *definition = itsm_definition_load(attachment->lifecycle, &version);

		if (strcmp(definition->process, "corrective_action") != 0 && strcmp(definition->process, "finding") != 0)
			continue;
		action->attachment = attachment;
		action->definition = definition;
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_ATTACHMENT),
			 errmsg("table %s is not attached for corrective actions or findings", itsm_relation_name(action->relation)),
			 errhint("itsm.attach puts lifecycle corrective_action or finding on it.")));
}

static void
set_value(Action *action, const char *attribute, const char *value)
{
	NamedText  *pair = palloc(sizeof(NamedText));

	if (value == NULL || itsm_named_text(action->values, attribute))
		return;
	pair->name = pstrdup(attribute);
	pair->text = pstrdup(value);
	action->values = lappend(action->values, pair);
}

static void
set_given_values(Action *action, Jsonb *given)
{
	ListCell   *cell;

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("attributes are a JSON object: {\"attribute\": value}")));
	foreach(cell, itsm_json_names(&given->root))
	{
		char	   *name = lfirst(cell);
		JsonbValue	value;

		if (itsm_json_member(&given->root, name, &value) && value.type != jbvNull)
			set_value(action, name,
					  TextDatumGetCString(DirectFunctionCall2(jsonb_object_field_text, JsonbPGetDatum(given),
															  CStringGetTextDatum(name))));
	}
}

static void
set_values(Action *action, const Gap *gap, const char *owner, const char *due)
{
	const Control *control = gap->control;
	const char *source = gap->assessment ? psprintf("control %s, assessment %s", control->id, gap->assessment)
		: psprintf("control %s", control->id);

	set_value(action, "title", psprintf("%s: %s", control->id, control->title));
	set_value(action, "description", psprintf("%s: %s%s%s", gap->status, gap->detail, gap->example ? "; for instance " : "",
											  gap->example ? gap->example : ""));
	set_value(action, "clause", control->clause);
	set_value(action, "grade", strcmp(control->grade, "obs") == 0 ? "observation" : control->grade);
	set_value(action, "source", source);
	set_value(action, "evidence", strcmp(action->definition->process, "finding") == 0 ? source : NULL);
	set_value(action, "owner", owner);
	set_value(action, "due", due);
}

static void
add_column(Action *action, const char *column, const char *value)
{
	NamedText  *pair = palloc(sizeof(NamedText));

	pair->name = pstrdup(quote_identifier(column));
	pair->text = pstrdup(value);
	action->columns = lappend(action->columns, pair);
}

/* The column that an attribute is mapped to as it is; NULL: it is not. */
static const char *
column_of(const Action *action, const char *attribute)
{
	const char *expression = itsm_named_text(action->attachment->attributes, attribute);
	char	   *column;

	for (AttrNumber number = 1; expression && (column = get_attname(action->relation, number, true)) != NULL; number++)
		if (strcmp(expression, column) == 0 || strcmp(expression, quote_identifier(column)) == 0)
			return column;
	return NULL;
}

/* The status value that stands for the lifecycle's first initial state. */
static const char *
initial_status(const Action *action)
{
	const Definition *definition = action->definition;
	ListCell   *cell;

	for (int i = 0; i < definition->state_count; i++)
	{
		if (!definition->machine.initial[i])
			continue;
		if (action->attachment->identity)
			return definition->states[i].name;
		foreach(cell, action->attachment->states)
		{
			const NamedText *pair = lfirst(cell);

			if (strcmp(pair->text, definition->states[i].name) == 0)
				return pair->name;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_ATTACHMENT),
			 errmsg("no status value of table %s stands for a state to start in", itsm_relation_name(action->relation)),
			 errhint("Attach the table anew, with a status value for an initial state of lifecycle \"%s\".",
					 action->attachment->lifecycle)));
}

/* What was given and cannot be kept is an error; what is of ours is left out. */
static void
set_columns(Action *action, int given)
{
	ListCell   *cell;

	foreach(cell, action->values)
	{
		const NamedText *pair = lfirst(cell);
		const char *column = column_of(action, pair->name);

		if (column)
			add_column(action, column, pair->text);
		else if (foreach_current_index(cell) < given)
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_ATTACHMENT),
					 errmsg("attribute \"%s\" is not mapped to a column of table %s", itsm_clip(pair->name),
							itsm_relation_name(action->relation))));
	}
	add_column(action, action->attachment->status, initial_status(action));
}

static char *
insert_statement(const Action *action, const Source *source)
{
	StringInfoData sql;
	StringInfoData values;
	ListCell   *cell;

	initStringInfo(&sql);
	initStringInfo(&values);
	appendStringInfo(&sql, "INSERT INTO %s (", itsm_relation_name(action->relation));
	foreach(cell, action->columns)
	{
		const NamedText *pair = lfirst(cell);
		const char *comma = foreach_current_index(cell) ? ", " : "";

		appendStringInfo(&sql, "%s%s", comma, pair->name);
		appendStringInfo(&values, "%s%s", comma, quote_literal_cstr(pair->text));
	}
	appendStringInfo(&sql, ") VALUES (%s) RETURNING ", values.data);
	foreach(cell, source->key)
		appendStringInfo(&sql, "%s%s", foreach_current_index(cell) ? ", " : "", quote_identifier(lfirst(cell)));
	return sql.data;
}

/* The key of the row just inserted, as records have it. */
static char *
returned_key(int fields)
{
	const char **texts = palloc(sizeof(char *) * fields);
	int			length;

	for (int i = 0; i < fields; i++)
	{
		bool		isnull;
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull);

		texts[i] = isnull ? NULL
			: itsm_canonical_text(value, getBaseType(SPI_gettypeid(SPI_tuptable->tupdesc, i + 1)), &length);
	}
	return fields == 1 ? pstrdup(texts[0] ? texts[0] : "") : itsm_key_join(texts, fields);
}

static void
insert_row(Action *action)
{
	Source	   *source = itsm_source_find(action->relation);
	char	   *sql = insert_statement(action, source);
	MemoryContext caller = CurrentMemoryContext;
	int			level = itsm_pin_search_path();

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(sql, false, 0) != SPI_OK_INSERT_RETURNING || SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("table %s did not take the row", itsm_relation_name(action->relation)),
				 errhint("A trigger of the table kept it out.")));
	action->key = MemoryContextStrdup(caller, returned_key(list_length(source->key)));
	SPI_finish();
	AtEOXact_GUC(true, level);
}

/* Keeps who closes the gap by when, and the record of the action. */
static void
note_action(const Action *action, const Control *control, const char *owner, Datum due, bool no_due)
{
	static const Oid types[] = {TEXTOID, TEXTOID, DATEOID, TEXTOID, OIDOID, TEXTOID};
	char	   *actor = itsm_acting();
	Datum		values[] = {
		CStringGetTextDatum(control->id), owner ? CStringGetTextDatum(owner) : (Datum) 0, due, CStringGetTextDatum(actor),
		ObjectIdGetDatum(action->relation), CStringGetTextDatum(action->key)
	};
	const char	nulls[] = {' ', owner ? ' ' : 'n', no_due ? 'n' : ' ', ' ', ' ', ' ', '\0'};
	int			length;

	itsm_policy_event(itsm_control_subject(control->id), 0, "action_raised", "table", itsm_relation_name(action->relation),
					  "key", action->key, "owner", owner, "due",
					  no_due ? NULL : itsm_canonical_text(due, DATEOID, &length), "by", actor, NULL);
	(void) itsm_control_set("INSERT INTO itsm.control_setting AS s (control, owner, due, assigned_by, assigned_at, action, action_tenant)"
							" SELECT $1, $2, pg_catalog.timezone('UTC', $3::pg_catalog.timestamp), $4,"
							" pg_catalog.clock_timestamp(), r.id, r.tenant"
							" FROM (SELECT) AS one LEFT JOIN (SELECT t.id, t.tenant FROM itsm.record t"
							"  JOIN itsm.source o ON o.id OPERATOR(pg_catalog.=) t.source"
							"  WHERE o.relation::pg_catalog.oid OPERATOR(pg_catalog.=) $5 AND t.key OPERATOR(pg_catalog.=) $6"
							"  ORDER BY t.deleted, t.id DESC LIMIT 1) AS r ON true"
							" ON CONFLICT (control) DO UPDATE SET owner = coalesce(excluded.owner, s.owner),"
							" due = coalesce(excluded.due, s.due), assigned_by = excluded.assigned_by,"
							" assigned_at = excluded.assigned_at, action = excluded.action,"
							" action_tenant = excluded.action_tenant",
							lengthof(types), types, values, nulls);
}

/*
 * itsm.raise_action(control text, relation regclass, owner text, due date, attributes jsonb) → text
 */
ITSM_FUNCTION(itsm_raise_action);
Datum
itsm_raise_action(PG_FUNCTION_ARGS)
{
	const char *owner = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	Action		action = {PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1)};
	const Control *control;
	Gap			gap;
	int			given;
	int			length;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the control and the table must not be null")));
	if (!PG_ARGISNULL(3) && DATE_NOT_FINITE(PG_GETARG_DATEADT(3)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("an action cannot be due at infinity")));
	control = itsm_control_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	gap = read_gap(control);
	find_attachment(&action);
	if (!PG_ARGISNULL(4))
		set_given_values(&action, PG_GETARG_JSONB_P(4));
	given = list_length(action.values);
	set_values(&action, &gap, owner, PG_ARGISNULL(3) ? NULL : itsm_canonical_text(PG_GETARG_DATUM(3), DATEOID, &length));
	set_columns(&action, given);
	insert_row(&action);
	note_action(&action, control, owner, PG_GETARG_DATUM(3), PG_ARGISNULL(3));
	PG_RETURN_TEXT_P(cstring_to_text(action.key));
}
