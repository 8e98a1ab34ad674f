/*
 * attach_trigger.c
 *		Making and dropping the triggers of an attached table.
 */
#include "core/itsm.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/shard.h"
#include "core/table.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "record/source.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

#define ROW_TRIGGER ITSM_ROW_TRIGGER
#define TRUNCATE_TRIGGER ITSM_TRUNCATE_TRIGGER

void
itsm_check_owner(Oid relation)
{
	if (get_rel_relkind(relation) == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("there is no relation %u any more", relation),
				 errhint("The table has been dropped; what is known of its rows stays in itsm.record and itsm.event.")));
	if (!itsm_owns_relation(relation, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation)),
					   get_rel_name(relation));
}

static void
make_trigger(Oid relation, const char *name, const char *events)
{
	const char *table = itsm_relation_name(relation);

	if (!OidIsValid(get_trigger_oid(relation, name, true)))
		itsm_own_ddl(psprintf("CREATE TRIGGER %s %s ON %s %s EXECUTE FUNCTION itsm.%s()", name, events, table,
					 strcmp(name, ROW_TRIGGER) == 0 ? "FOR EACH ROW" : "FOR EACH STATEMENT",
					 strcmp(name, ROW_TRIGGER) == 0 ? "judge" : "judge_truncate"));
	itsm_own_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table, name));
}

static void
drop_trigger(Oid relation, const char *name)
{
	if (OidIsValid(get_trigger_oid(relation, name, true)))
		itsm_own_ddl(psprintf("DROP TRIGGER %s ON %s", name, itsm_relation_name(relation)));
}

bool
itsm_has_own_trigger(Oid relation, const char *name)
{
	Relation	opened = relation_open(relation, NoLock);
	bool		own = false;

	for (int i = 0; opened->trigdesc && i < opened->trigdesc->numtriggers; i++)
		own |= strcmp(opened->trigdesc->triggers[i].tgname, name) == 0 &&
			!opened->trigdesc->triggers[i].tgisclone;
	relation_close(opened, NoLock);
	return own;
}

/* On a worker of Citus the triggers of a table that is spread are those that the coordinator has. */
static bool
comes_with_table(Oid relation)
{
	return itsm_is_worker() && itsm_spread(relation) != NULL;
}

/* But those for TRUNCATE Citus neither makes nor drops on shards that are there. */
static void
set_shard_triggers(Oid relation, bool make)
{
	ListCell   *cell;

	foreach(cell, itsm_relation_members(relation, make ? ShareRowExclusiveLock : AccessExclusiveLock))
	{
		Oid			shard = lfirst_oid(cell);
		char	   *name;

		if (shard == relation)
			continue;
		/* as it is called on shards that come later: the shard's number is behind */
		name = psprintf("%s%s", TRUNCATE_TRIGGER, get_rel_name(shard) + strlen(get_rel_name(relation)));
		if (make)
			make_trigger(shard, name, "BEFORE TRUNCATE");
		else
			drop_trigger(shard, name);
	}
}

void
itsm_make_triggers(Oid relation)
{
	List	   *relations;
	ListCell   *cell;

	if (comes_with_table(relation))
	{
		set_shard_triggers(relation, true);
		return;
	}
	relations = find_all_inheritors(relation, ShareRowExclusiveLock, NULL);
	/* a partition that was attached before gets its parent's trigger in the place of its own */
	foreach(cell, relations)
		if (lfirst_oid(cell) != relation && get_rel_relispartition(lfirst_oid(cell)) &&
			get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE && itsm_has_own_trigger(lfirst_oid(cell), ROW_TRIGGER))
			drop_trigger(lfirst_oid(cell), ROW_TRIGGER);
	foreach(cell, relations)
	{
		Oid			member = lfirst_oid(cell);

		/* the parent's row trigger is cloned to partitions; nothing else is */
		make_trigger(member, ROW_TRIGGER, "AFTER INSERT OR UPDATE OR DELETE");
		make_trigger(member, TRUNCATE_TRIGGER, "BEFORE TRUNCATE");
	}
}

/* An attachment of the relation, or of one that it is a partition or child of, holds. */
static bool
is_governed(Oid relation)
{
	ListCell   *cell;

	foreach(cell, itsm_policy_ancestors(relation))
		if (itsm_attachments_of(lfirst_oid(cell)) != NIL)
			return true;
	return false;
}

void
itsm_drop_triggers(Oid relation)
{
	List	   *relations;
	List	   *governed = NIL;
	ListCell   *cell;

	CommandCounterIncrement();
	if (comes_with_table(relation))
	{
		set_shard_triggers(relation, false);
		return;
	}
	relations = find_all_inheritors(relation, AccessExclusiveLock, NULL);
	foreach(cell, relations)
	{
		Oid			member = lfirst_oid(cell);

		if (is_governed(member))
		{
			governed = lappend_oid(governed, member);
			continue;
		}
		drop_trigger(member, ROW_TRIGGER);
		drop_trigger(member, TRUNCATE_TRIGGER);
	}
	/* where another attachment holds, the trigger may have gone with its parent's */
	foreach(cell, governed)
		if (!OidIsValid(get_trigger_oid(lfirst_oid(cell), ROW_TRIGGER, true)))
			itsm_make_triggers(lfirst_oid(cell));
}

List *
itsm_governed_relations(Oid relation)
{
	List	   *governed = NIL;
	bool		spread = itsm_spread(relation) != NULL;
	ListCell   *cell;

	/* a table that is spread holds no rows itself: a query of it asks all nodes */
	foreach(cell, itsm_relation_members(relation, AccessShareLock))
		if (lfirst_oid(cell) == relation ? !spread : !get_rel_relispartition(lfirst_oid(cell)))
			governed = lappend_oid(governed, lfirst_oid(cell));
	return governed;
}

void
itsm_tell_foreign_triggers(Relation relation)
{
	StringInfoData names;

	if (relation->trigdesc == NULL)
		return;
	initStringInfo(&names);
	for (int i = 0; i < relation->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &relation->trigdesc->triggers[i];

		/* what fires after each row and before us may write the row again */
		if (!trigger->tgisinternal && TRIGGER_FOR_ROW(trigger->tgtype) &&
			TRIGGER_FOR_AFTER(trigger->tgtype) && strcmp(trigger->tgname, ROW_TRIGGER) < 0)
			appendStringInfo(&names, "%s\"%s\"", names.len ? ", " : "", trigger->tgname);
	}
	if (names.len)
		ereport(NOTICE,
				(errmsg("triggers of \"%s\" fire before " ROW_TRIGGER ": %s",
						RelationGetRelationName(relation), names.data),
				 errdetail("When they write the same row again, that change is judged before the one that caused it.")));
}
