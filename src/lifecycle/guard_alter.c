/*
 * guard_alter.c
 *		ALTER TABLE and what else changes attached tables: triggers, columns,
 *		partitions, children, rules.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "core/shard.h"
#include "ledger/append_only.h"
#include "ledger/policy_event.h"
#include "lifecycle/attach.h"
#include "lifecycle/guard.h"
#include "lifecycle/relation_listener.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "catalog/objectaddress.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/reltrigger.h"
#include "utils/syscache.h"

/* What history tables may not undergo; storage options, owners and what a restore does pass. */
static bool
harms_history(AlterTableType type)
{
	switch (type)
	{
		case AT_AddColumn:
		case AT_DropColumn:
		case AT_AlterColumnType:
		case AT_ColumnDefault:
		case AT_DropConstraint:
		case AT_DropNotNull:
		case AT_SetUnLogged:
		case AT_DetachPartition:
		case AT_DetachPartitionFinalize:
		case AT_AddInherit:
		case AT_DropInherit:
		case AT_EnableTrig:
		case AT_EnableReplicaTrig:
		case AT_DisableTrig:
		case AT_EnableTrigAll:
		case AT_DisableTrigAll:
		case AT_EnableTrigUser:
		case AT_DisableTrigUser:
		case AT_EnableRule:
		case AT_EnableAlwaysRule:
		case AT_EnableReplicaRule:
		case AT_EnableRowSecurity:
		case AT_ForceRowSecurity:
			return true;
		default:
			return false;
	}
}

static bool
is_our_trigger(const char *name)
{
	return name && strncmp(name, ITSM_ROW_TRIGGER, strlen(ITSM_ROW_TRIGGER)) == 0;
}

static bool
disables_ours(const AlterTableCmd *command)
{
	return command->subtype == AT_DisableTrigAll || command->subtype == AT_DisableTrigUser ||
		((command->subtype == AT_DisableTrig || command->subtype == AT_EnableReplicaTrig) &&
		 is_our_trigger(command->name));
}

static bool
enables_ours(const AlterTableCmd *command)
{
	return command->subtype == AT_EnableTrigAll || command->subtype == AT_EnableTrigUser ||
		((command->subtype == AT_EnableTrig || command->subtype == AT_EnableAlwaysTrig) &&
		 is_our_trigger(command->name));
}

/* Attachments that govern any of the relations, each once. */
static List *
governing_any(List *relations)
{
	List	   *rows = NIL;
	List	   *numbers = NIL;
	ListCell   *cell;

	foreach(cell, relations)
	{
		ListCell   *inner;

		foreach(inner, itsm_guard_governing(lfirst_oid(cell)))
		{
			AttachmentRow *row = lfirst(inner);

			if (list_member_int(numbers, row->id))
				continue;
			numbers = lappend_int(numbers, row->id);
			rows = lappend(rows, row);
		}
	}
	return rows;
}

static void
guard_disabled(Oid relation)
{
	ListCell   *cell;

	foreach(cell, governing_any(itsm_guard_unarmed(relation)))
		itsm_guard_weakened(lfirst(cell), "guard_disabled", "disabling its triggers", "triggers");
}

/* The end of a gap is an event too. */
static void
guard_enabled(List *rows)
{
	ListCell   *cell;

	foreach(cell, rows)
	{
		const AttachmentRow *row = lfirst(cell);
		const char *last = itsm_policy_last(itsm_attachment_subject(row->id), "guard_disabled",
											"guard_enabled");

		if (last && strcmp(last, "guard_disabled") == 0)
			itsm_guard_record(row, "guard_enabled", "table", row->relation_name, NULL, NULL);
	}
}

/* A partition or child came: it gets what it needs; the rows in it have no records yet. */
static void
gain_part(Oid part)
{
	List	   *rows = itsm_guard_governing(part);
	ListCell   *cell;

	for (int i = 0; itsm_relation_listeners[i]; i++)
		itsm_relation_listeners[i]->part_added(part);
	if (rows == NIL)
		return;
	itsm_make_triggers(part);
	foreach(cell, rows)
		if (((AttachmentRow *) lfirst(cell))->relation != part)
			itsm_guard_record(lfirst(cell), "partition_added", "table", get_rel_name(part), NULL, NULL);
	itsm_policy_changed();
}

/* One went: its triggers go with the attachments that governed it; records and history stay. */
static void
lose_part(Oid whole, Oid part)
{
	List	   *rows = itsm_guard_governing(whole);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(part));
	Oid			owner;
	Oid			user;
	int			security;
	ListCell   *cell;

	if (!HeapTupleIsValid(tuple))
		return;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	foreach(cell, rows)
		itsm_guard_record(lfirst(cell), "partition_removed", "table", get_rel_name(part), NULL, NULL);
	/* who owns the whole may detach a part of somebody else's */
	GetUserIdAndSecContext(&user, &security);
	if (!itsm_owns_relation(part, user))
		SetUserIdAndSecContext(owner, security | SECURITY_LOCAL_USERID_CHANGE);
	for (int i = 0; itsm_relation_listeners[i]; i++)
		itsm_relation_listeners[i]->part_removed(part);
	if (rows)
		itsm_drop_triggers(part);
	SetUserIdAndSecContext(user, security);
	if (rows)
		itsm_policy_changed();
}

/* False for ADD COLUMN IF NOT EXISTS of one that was there. */
static bool
is_new_column(Oid relation, const char *column)
{
	HeapTuple	tuple = SearchSysCacheAttName(relation, column);
	bool		is_new;

	if (!HeapTupleIsValid(tuple))
		return false;
	is_new = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
	ReleaseSysCache(tuple);
	return is_new;
}

static void
column_added(Oid relation, List *rows, const char *column)
{
	ListCell   *cell;

	if (!is_new_column(relation, column))
		return;
	foreach(cell, rows)
	{
		AttachmentRow *row = lfirst(cell);
		bool		tracked = false;
		ListCell   *inner;

		foreach(inner, row->track)
			tracked |= strcmp(lfirst(inner), "*") == 0;
		itsm_guard_record(row, "column_added", "column", column, "tracked", tracked ? "yes" : "no");
	}
}

/* False for a USING that only casts the column, as enumerations need it. */
static bool
converts(const char *column, const Node *expression)
{
	while (expression && IsA(expression, TypeCast))
		expression = ((const TypeCast *) expression)->arg;
	return expression &&
		!(IsA(expression, ColumnRef) && IsA(llast(((const ColumnRef *) expression)->fields), String) &&
		  strcmp(strVal(llast(((const ColumnRef *) expression)->fields)), column) == 0);
}

static void
alter_attached(Oid relation, List *rows, const AlterTableCmd *command)
{
	ListCell   *cell;

	switch (command->subtype)
	{
		case AT_AddColumn:
			column_added(relation, rows, castNode(ColumnDef, command->def)->colname);
			break;
		case AT_AlterColumnType:
			itsm_guard_column_changed(relation, command->name,
									  converts(command->name, castNode(ColumnDef, command->def)->raw_default));
			break;
		case AT_SetUnLogged:
			foreach(cell, rows)
				itsm_guard_weakened(lfirst(cell), "guard_disabled",
									"SET UNLOGGED, after which a crash empties the table,", "SET UNLOGGED");
			break;
		case AT_ChangeOwner:
			/* a shard that comes is given its table's owner */
			if (OidIsValid(itsm_shard_table(relation)))
				break;
			foreach(cell, rows)
				itsm_guard_record(lfirst(cell), "owner_changed", "role",
								  GetUserNameFromId(get_rolespec_oid(command->newowner, false), false),
								  NULL, NULL);
			break;
		case AT_DropConstraint:
		case AT_DropNotNull:
			foreach(cell, rows)
				itsm_guard_key(lfirst(cell), command->subtype == AT_DropConstraint
							   ? psprintf("dropping constraint \"%s\"", command->name)
							   : psprintf("letting column \"%s\" be null", command->name));
			break;
		default:
			break;
	}
}

static void
alter_parts(Oid relation, const AlterTableCmd *command)
{
	switch (command->subtype)
	{
		case AT_AttachPartition:
			gain_part(RangeVarGetRelid(((PartitionCmd *) command->def)->name, NoLock, false));
			break;
		case AT_AddInherit:
			gain_part(relation);
			break;
		case AT_DetachPartition:
		case AT_DetachPartitionFinalize:
			lose_part(relation, RangeVarGetRelid(((PartitionCmd *) command->def)->name, NoLock, false));
			break;
		case AT_DropInherit:
			lose_part(RangeVarGetRelid((RangeVar *) command->def, NoLock, false), relation);
			break;
		default:
			break;
	}
}

static bool
changes_form(const AlterTableStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->cmds)
	{
		AlterTableType type = ((const AlterTableCmd *) lfirst(cell))->subtype;

		if (type == AT_AddColumn || type == AT_DropColumn || type == AT_AlterColumnType)
			return true;
	}
	return false;
}

static void
alter_history(Oid relation, const AlterTableStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->cmds)
	{
		const AlterTableCmd *command = lfirst(cell);

		if (harms_history(command->subtype))
			itsm_guard_history(get_rel_name(relation), "ALTER TABLE");
		if (command->subtype == AT_EnableTrigAll || command->subtype == AT_EnableTrigUser ||
			command->subtype == AT_EnableTrig)
			(void) itsm_guard_arm(relation);
		/* a restore attaches partitions that were dumped without it */
		if (command->subtype == AT_AttachPartition)
			itsm_append_only_partition(RangeVarGetRelid(((PartitionCmd *) command->def)->name, NoLock,
														false));
	}
}

void
itsm_guard_alter_table(AlterTableStmt *statement)
{
	Oid			relation = RangeVarGetRelid(statement->relation, NoLock, true);
	List	   *rows;
	bool		disables = false;
	bool		enables = false;
	ListCell   *cell;

	if (!OidIsValid(relation))
		return;					/* IF EXISTS */
	if (changes_form(statement) && get_rel_namespace(relation) == get_namespace_oid(ITSM_SCHEMA, true))
		itsm_guard_form(get_rel_name(relation));
	if (itsm_guard_is_history(relation))
	{
		alter_history(relation, statement);
		return;
	}
	rows = itsm_guard_related(relation);
	foreach(cell, statement->cmds)
	{
		const AlterTableCmd *command = lfirst(cell);

		if (rows)
			alter_attached(relation, rows, command);
		alter_parts(relation, command);
		disables |= disables_ours(command);
		enables |= enables_ours(command);
	}
	/* also before the attachments of a restore are loaded */
	if (enables)
	{
		(void) itsm_guard_arm(relation);
		guard_enabled(rows);
	}
	if (disables && rows)
		guard_disabled(relation);
}

void
itsm_guard_create_table(Oid relation)
{
	if (itsm_guard_is_history(relation))
		itsm_append_only_partition(relation);
	else
		gain_part(relation);
}

void
itsm_guard_create_rule(RuleStmt *statement)
{
	Oid			relation = RangeVarGetRelid(statement->relation, NoLock, true);
	ListCell   *cell;

	if (itsm_guard_is_history(relation))
		itsm_guard_history(get_rel_name(relation), "CREATE RULE on");
	/* rules for SELECT make views, and attached tables are none */
	foreach(cell, itsm_guard_related(relation))
		itsm_guard_weakened(lfirst(cell), "guard_disabled",
							psprintf("rule \"%s\", which turns writes into others,", statement->rulename),
							statement->rulename);
}

/* A trigger of somebody else's on our tables would run whenever we write there by SQL. */
static void
foreign_trigger(Oid relation, const CreateTrigStmt *statement)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	HeapTuple	tuple = get_catalog_object_by_oid(catalog, Anum_pg_trigger_oid,
												  get_trigger_oid(relation, statement->trigname, false));
	bool		foreign = HeapTupleIsValid(tuple) &&
		get_func_namespace(((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid) != get_namespace_oid(ITSM_SCHEMA, true);

	table_close(catalog, AccessShareLock);
	if (foreign)
		itsm_guard_history(get_rel_name(relation), "CREATE TRIGGER on");
}

/* True when the trigger is what itsm.attach makes under that name. */
static bool
is_genuine(Oid trigger)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	HeapTuple	tuple = get_catalog_object_by_oid(catalog, Anum_pg_trigger_oid, trigger);
	bool		genuine = false;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		bool		truncate = strncmp(NameStr(form->tgname), ITSM_TRUNCATE_TRIGGER, strlen(ITSM_TRUNCATE_TRIGGER)) == 0;

		genuine = get_func_namespace(form->tgfoid) == get_namespace_oid(ITSM_SCHEMA, true) &&
			strcmp(get_func_name(form->tgfoid), truncate ? "judge_truncate" : "judge") == 0 &&
			form->tgtype == (truncate ? TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_TRUNCATE
							 : TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE) &&
			form->tgattr.dim1 == 0 && heap_attisnull(tuple, Anum_pg_trigger_tgqual, RelationGetDescr(catalog));
	}
	table_close(catalog, AccessShareLock);
	return genuine;
}

/* CREATE OR REPLACE TRIGGER may put something else in the place of ours. */
void
itsm_guard_create_trigger(CreateTrigStmt *statement)
{
	Oid			relation;
	ListCell   *cell;

	relation = RangeVarGetRelid(statement->relation, NoLock, true);
	if (get_rel_namespace(relation) == get_namespace_oid(ITSM_SCHEMA, true))
		foreign_trigger(relation, statement);
	if (!is_our_trigger(statement->trigname))
		return;
	if (statement->replace)
		(void) itsm_guard_arm(relation);
	if (is_genuine(get_trigger_oid(relation, statement->trigname, true)))
		return;
	foreach(cell, itsm_guard_related(relation))
		itsm_guard_weakened(lfirst(cell), "guard_disabled",
							psprintf("another trigger named \"%s\"", statement->trigname),
							statement->trigname);
}
