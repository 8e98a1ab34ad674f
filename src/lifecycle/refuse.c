/*
 * refuse.c
 *		The error of a refused write, in a form that a program can act on.
 */
#include "core/itsm.h"

#include "catalog/pg_class.h"
#include "core/errors.h"
#include "core/unmet.h"
#include "lifecycle/refusal.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

/* Appends a state as the lifecycle calls it, and the status values for it that are called otherwise. */
static void
list_state(StringInfo list, const Unit *unit, int state)
{
	const char *name = unit->definition->states[state].name;
	int			others = 0;

	appendStringInfo(list, "%s\"%s\"", list->len ? ", " : "", name);
	for (int i = 0; i < unit->value_count; i++)
		if (unit->values[i].state == state && strcmp(unit->values[i].value, name) != 0)
			appendStringInfo(list, "%s\"%s\"", others++ ? ", " : " (", unit->values[i].value);
	if (others)
		appendStringInfoChar(list, ')');
}

static const char *
reachable_states(const Write *write)
{
	const Definition *definition = write->unit->definition;
	StringInfoData list;

	initStringInfo(&list);
	for (int to = 0; to < definition->state_count; to++)
		if (write->creating && write->from_name == NULL ? definition->machine.initial[to]
			: write->from != ITSM_NO_STATE &&
			state_machine_allows(&definition->machine, write->from, to))
			list_state(&list, write->unit, to);
	return list.len ? list.data : NULL;
}

static const char *
known_values(const Write *write)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < write->unit->value_count; i++)
		if (write->unit->values[i].state != ITSM_NO_STATE)
			appendStringInfo(&list, "%s\"%s\"", list.len ? ", " : "", write->unit->values[i].value);
	return list.data;
}

/* Of a code that no kind here has, its kind may know. */
static const char *
hint_of_kind(const Unmet *unmet)
{
	for (int i = 0; itsm_rule_kinds[i]; i++)
		if (itsm_rule_kinds[i]->hint && strcmp(itsm_rule_kinds[i]->name, unmet->kind) == 0)
			return itsm_rule_kinds[i]->hint;
	return "itsm.allowed_transitions tells what each move lacks.";
}

static const char *
hint_for(const Write *write, const Unmet *unmet)
{
	const char *states;

	switch (unmet->code)
	{
		case ERRCODE_ITSM_TRANSITION:
			/* a row that was not governed here, or was wrong before, and moves */
			if (write->from == ITSM_NO_STATE)
				return "The lifecycle knows no state to come from; itsm.override makes an exception from the rule \"transition\".";
			states = reachable_states(write);
			return states ? psprintf("From here the lifecycle allows: %s.", states)
				: "No transition leads out of this state.";
		case ERRCODE_ITSM_UNKNOWN_STATE:
			return psprintf("Status values that map to a state: %s.", known_values(write));
		case ERRCODE_ITSM_INITIAL_STATE:
			return psprintf("A record may start in: %s.", reachable_states(write));
		case ERRCODE_ITSM_REQUIRED:
			return "Fill in what is missing in the same statement; itsm.allowed_transitions tells what each move lacks.";
		case ERRCODE_ITSM_SEPARATION:
			return "Somebody else has to do it; itsm.act_as(actor) tells who acts.";
		case ERRCODE_ITSM_ROLE:
			return "A member of the role has to do it.";
		case ERRCODE_ITSM_REASON:
			return "SET LOCAL itsm.reason = '...' before the statement.";
		case ERRCODE_ITSM_ATTACHMENT:
			return "Detach all but one, or attach with filters of which one takes the row.";
		case ERRCODE_ITSM_DELETE:
			return "Move the record to a final state instead; itsm.set_mode changes what is enforced.";
		default:
			return hint_of_kind(unmet);
	}
}

/* The column that the condition is about; 0 when there is none. */
static AttrNumber
column_of(const Write *write, const Unmet *unmet)
{
	int			attribute;

	if (unmet->attribute == NULL)
		return unmet->code == ERRCODE_ITSM_TRANSITION || unmet->code == ERRCODE_ITSM_UNKNOWN_STATE ||
			unmet->code == ERRCODE_ITSM_INITIAL_STATE ? write->unit->attachment->status : 0;
	attribute = itsm_definition_attribute(write->unit->definition, unmet->attribute);
	return attribute >= 0 ? write->unit->attributes[attribute].error_column : 0;
}

/* True when the user may read these columns of the row anyway. */
static bool
may_read(const Write *write, const AttrNumber *columns, int count)
{
	Oid			relation = RelationGetRelid(write->relation);

	if (check_enable_rls(relation, InvalidOid, true) == RLS_ENABLED)
		return false;
	if (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return true;
	for (int i = 0; i < count; i++)
		if (pg_attribute_aclcheck(relation, columns[i], GetUserId(), ACL_SELECT) != ACLCHECK_OK)
			return false;
	return true;
}

/* Which write it was, when that is not the statement that is executed. */
static void
tell_write(const Write *write, const RecordIdentity *identity)
{
	const PolicyAttachment *attachment = write->unit->attachment;

	if (may_read(write, attachment->key, attachment->key_count))
		errcontext("write of the row of \"%s\" with key \"%s\", judged at the end of the transaction",
				   RelationGetRelationName(write->relation), identity->key);
	else
		errcontext("write of record " INT64_FORMAT " of \"%s\", judged at the end of the transaction",
				   write->as_of->record, RelationGetRelationName(write->relation));
	/* the log gets no values */
	errhidecontext(true);
}

void
itsm_refuse(const Write *write, const RecordIdentity *identity)
{
	const Unmet *first = itsm_unmet_first(write->refused);
	AttrNumber	column = column_of(write, first);
	const char *json = itsm_unmet_json(write->refused);
	const char *detail = json;
	int			others = list_length(write->refused) - 1;

	itsm_refusal_note(write, identity);
	/* the value that maps to no state is what somebody needs to see */
	if (first->code == ERRCODE_ITSM_UNKNOWN_STATE && write->new_status && may_read(write, &write->unit->attachment->status, 1))
	{
		StringInfoData with_value;

		initStringInfo(&with_value);
		appendBinaryStringInfo(&with_value, json, 2);
		appendStringInfoString(&with_value, "\"value\": ");
		escape_json(&with_value, pnstrdup(write->new_status, pg_mbcliplen(write->new_status, write->new_status_length, 200)));
		appendStringInfo(&with_value, ", %s", json + 2);
		detail = with_value.data;
	}
	ereport(ERROR,
			(errcode(first->code),
			 others ? errmsg("%s (and %d more)", first->message, others) : errmsg("%s", first->message),
			 errdetail_internal("%s", detail),
			 errdetail_log("%s", json),
			 errhint("%s", hint_for(write, first)),
			 err_generic_string(PG_DIAG_SCHEMA_NAME,
								get_namespace_name(RelationGetNamespace(write->relation))),
			 err_generic_string(PG_DIAG_TABLE_NAME, RelationGetRelationName(write->relation)),
			 column > 0 ? err_generic_string(PG_DIAG_COLUMN_NAME,
											 get_attname(RelationGetRelid(write->relation), column, false)) : 0,
			 first->rule ? err_generic_string(PG_DIAG_CONSTRAINT_NAME, first->rule) : 0,
			 write->as_of ? tell_write(write, identity) : (void) 0));
}
