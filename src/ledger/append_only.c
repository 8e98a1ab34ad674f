/*
 * append_only.c
 *		History is append-only: the trigger that refuses other SQL writes.
 *
 * Our own writes use direct access, which no trigger sees.  INSERT and COPY
 * stay possible for restores.  A superuser cannot be stopped, only warned:
 * what they do is kept, and verification finds what was forged.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "core/errors.h"
#include "core/settings.h"
#include "core/table.h"
#include "ledger/append_only.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "replication/logicalworker.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#define TRUNCATE_TRIGGER "itsm_append_only_truncate"
#define PARTITION_PREFIX "event_"

bool
itsm_holds_history(const char *table)
{
	static const char *const tables[] = {
		"event", "record", "record_state", "violation", "source", "source_attribute",
		"attachment", "lifecycle", "override", "refusal", "approval", "seal", "seal_head", "seal_tile", "seal_run",
		"relationship", "relationship_type_version", "assessment", "assessment_result", "assessment_finding",
		"baseline", "baseline_part",
		"archive", "archive_table", "archived"
	};

	for (int i = 0; i < lengthof(tables); i++)
		if (strcmp(table, tables[i]) == 0)
			return true;
	return strncmp(table, PARTITION_PREFIX, strlen(PARTITION_PREFIX)) == 0;
}

/* Internal triggers are named after the one asked for and their number. */
static bool
has_truncate_trigger(Oid partition)
{
	Relation	relation = RelationIdGetRelation(partition);
	bool		found = false;

	if (relation == NULL)
		return true;			/* gone meanwhile */
	for (int i = 0; relation->trigdesc && i < relation->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &relation->trigdesc->triggers[i];

		found |= TRIGGER_FOR_TRUNCATE(trigger->tgtype) &&
			strncmp(trigger->tgname, TRUNCATE_TRIGGER, strlen(TRUNCATE_TRIGGER)) == 0;
	}
	RelationClose(relation);
	return found;
}

void
itsm_append_only_partition(Oid partition)
{
	CreateTrigStmt *statement;
	List	   *function = list_make2(makeString(ITSM_SCHEMA), makeString("append_only"));

	LockRelationOid(partition, AccessShareLock);
	if (has_truncate_trigger(partition))
		return;
	statement = makeNode(CreateTrigStmt);
	statement->trigname = TRUNCATE_TRIGGER;
	statement->funcname = function;
	statement->timing = TRIGGER_TYPE_BEFORE;
	statement->events = TRIGGER_TYPE_TRUNCATE;
	CreateTriggerFiringOn(statement, NULL, partition, InvalidOid, InvalidOid, InvalidOid,
						  LookupFuncName(function, 0, NULL, false), InvalidOid, NULL, true, false,
						  TRIGGER_FIRES_ALWAYS);
	CommandCounterIncrement();
}

void
itsm_append_only_partitions(void)
{
	ListCell   *cell;

	foreach(cell, find_inheritance_children(itsm_relation("event"), NoLock))
		itsm_append_only_partition(lfirst_oid(cell));
}

/* Told and kept once a transaction and table: a statement may fire a row at a time. */
static void
keep_change(Relation table, const char *action)
{
	static LocalTransactionId told_in = InvalidLocalTransactionId;
	static SubTransactionId told_below = InvalidSubTransactionId;
	static Oid	told = InvalidOid;

	if (told_in == ITSM_LXID && told_below == GetCurrentSubTransactionId() &&
		told == RelationGetRelid(table))
		return;
	told_in = ITSM_LXID;
	told_below = GetCurrentSubTransactionId();
	told = RelationGetRelid(table);
	if (!itsm_maintenance)
		ereport(WARNING,
				(errcode(ERRCODE_ITSM_HISTORY),
				 errmsg("history is append-only: table \"%s\" is %s by SQL", RelationGetRelationName(table), action),
				 errhint("That it was changed is kept, and itsm.verify() finds what does not fit any more.")));
	itsm_policy_event(POLICY_HISTORY, 0, "maintenance", "table", RelationGetRelationName(table),
					  "action", "written by SQL", NULL);
}

/* pg_restore --jobs truncates the partitions that it has made, before it fills them. */
static bool
is_empty(Relation table)
{
	return table->rd_rel->relkind == RELKIND_RELATION && RelationGetNumberOfBlocks(table) == 0;
}

ITSM_FUNCTION(itsm_append_only);
Datum
itsm_append_only(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	const char *action;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("itsm.append_only() can only be called by a BEFORE trigger"),
				 errhint("It belongs to the extension's own tables.")));
	/* everybody may make a trigger of it, and what a stranger's table tells is no history */
	if (RelationGetNamespace(trigger->tg_relation) != get_namespace_oid(ITSM_SCHEMA, false))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("itsm.append_only() does not guard table \"%s\", which is none of the extension's",
						RelationGetRelationName(trigger->tg_relation)),
				 errhint("Drop trigger \"%s\" of it.", trigger->tg_trigger->tgname)));
	action = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) ? "truncated"
		: TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ? "deleted from" : "updated";
	if (!IsLogicalWorker() &&
		!(TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) && is_empty(trigger->tg_relation)))
	{
		if (!itsm_maintenance && !superuser())
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_HISTORY),
					 errmsg("history is append-only: table \"%s\" may not be %s",
							RelationGetRelationName(trigger->tg_relation), action),
					 errhint("Only a superuser may repair it; what they change is found by verification."),
					 err_generic_string(PG_DIAG_SCHEMA_NAME, get_namespace_name(RelationGetNamespace(trigger->tg_relation))),
					 err_generic_string(PG_DIAG_TABLE_NAME, RelationGetRelationName(trigger->tg_relation))));
		keep_change(trigger->tg_relation, action);
	}
	if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		return PointerGetDatum(NULL);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple
						   : trigger->tg_trigtuple);
}
