/*
 * guard_drop.c
 *		What dropped objects meant to attachments and to history.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "core/query.h"
#include "core/settings.h"
#include "core/shard.h"
#include "ledger/append_only.h"
#include "lifecycle/attach.h"
#include "lifecycle/guard.h"
#include "lifecycle/policy.h"
#include "lifecycle/relation_listener.h"
#include "miscadmin.h"
#include "record/source.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

static bool
is_table(const Dropped *dropped)
{
	return dropped->class == RelationRelationId && dropped->column == 0 &&
		(strcmp(dropped->type, "table") == 0 || strcmp(dropped->type, "foreign table") == 0);
}

/* The table that a part of one (a column, trigger, constraint, rule) belonged to; NULL: none. */
static const char *
table_of(const Dropped *dropped, const char **schema)
{
	if (list_length(dropped->names) < 3)
		return NULL;
	*schema = linitial(dropped->names);
	return lsecond(dropped->names);
}

static void
guard_history(const Dropped *dropped)
{
	const char *schema = dropped->schema;
	const char *table = is_table(dropped) ? (const char *) llast(dropped->names) : table_of(dropped, &schema);

	if (!table || !schema || strcmp(schema, ITSM_SCHEMA) != 0)
		return;
	if (dropped->class == RelationRelationId && dropped->column > 0)
		itsm_guard_form(table);
	if (itsm_holds_history(table))
		itsm_guard_history(table, is_table(dropped) ? "dropping table" : psprintf("dropping a %s of", dropped->type));
}

/*
 * What a relation that is gone was a part of, before this command: the rows of
 * pg_inherits that our transaction deleted can still be read.
 */
static Oid
former_parent(Oid relation)
{
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			parent = InvalidOid;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = systable_beginscan(catalog, InheritsRelidSeqnoIndexId, true, SnapshotAny, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(tuple->t_data)) &&
			get_rel_relkind(((Form_pg_inherits) GETSTRUCT(tuple))->inhparent) != '\0')
			parent = ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return parent;
}

/* Nothing may point at a number that another table can get. */
static void
forget_relation(Oid relation)
{
	static const char *const commands[] = {
		("UPDATE itsm.attachment SET detached_at = coalesce(detached_at, pg_catalog.clock_timestamp()),"
		 " relation = NULL WHERE relation OPERATOR(pg_catalog.=) $1"),
		"UPDATE itsm.source SET relation = NULL WHERE relation OPERATOR(pg_catalog.=) $1",
		"DELETE FROM itsm.backfill_progress WHERE relation OPERATOR(pg_catalog.=) $1"
	};
	OwnerQuery	query;
	Oid			types[] = {REGCLASSOID};
	Datum		values[] = {ObjectIdGetDatum(relation)};

	itsm_query_begin(&query);
	for (int i = 0; i < lengthof(commands); i++)
		itsm_query_now(commands[i][0] == 'D' ? SPI_OK_DELETE : SPI_OK_UPDATE, commands[i], 1, types, values, NULL);
	itsm_query_end(&query);
	itsm_policy_changed();
}

static void
drop_table(const Dropped *dropped)
{
	List	   *rows = itsm_attachments_of(dropped->object);
	Oid			parent = former_parent(dropped->object);
	char	   *what = psprintf("dropping table %s", dropped->identity);
	ListCell   *cell;

	foreach(cell, rows)
		itsm_guard_ended(lfirst(cell), "dropped", what, dropped->identity);
	if (OidIsValid(parent))
		foreach(cell, itsm_guard_governing(parent))
			itsm_guard_ended(lfirst(cell), "partition_removed", what, dropped->identity);
	if (rows || itsm_source_find(dropped->object))
		forget_relation(dropped->object);
}

/* The table that a part was dropped of, when it is still there. */
static Oid
remaining_table(const Dropped *dropped)
{
	const char *schema;
	const char *table = table_of(dropped, &schema);
	Oid			namespace = table ? get_namespace_oid(schema, true) : InvalidOid;

	return OidIsValid(namespace) ? get_relname_relid(table, namespace) : InvalidOid;
}

/* Attachments that a dropped trigger of ours guarded; each is told once. */
static List *
drop_trigger(const Dropped *dropped, List *told)
{
	const char *name = llast(dropped->names);
	Oid			relation = remaining_table(dropped);
	ListCell   *cell;

	if (!OidIsValid(relation) ||
		(strcmp(name, ITSM_ROW_TRIGGER) != 0 && strcmp(name, ITSM_TRUNCATE_TRIGGER) != 0 &&
		 /* of a shard they have its number behind */
		 (strncmp(name, ITSM_ROW_TRIGGER, strlen(ITSM_ROW_TRIGGER)) != 0 ||
		  !OidIsValid(itsm_shard_table(relation)))))
		return told;
	foreach(cell, itsm_guard_governing(relation))
	{
		const AttachmentRow *row = lfirst(cell);

		if (list_member_int(told, row->id))
			continue;
		told = lappend_int(told, row->id);
		itsm_guard_weakened(row, "guard_disabled", psprintf("dropping trigger \"%s\"", name), name);
	}
	return told;
}

static bool
may_be_named(const Dropped *dropped)
{
	return dropped->class == ProcedureRelationId || dropped->class == TypeRelationId ||
		(dropped->class == RelationRelationId && strcmp(dropped->type, "index") == 0);
}

/* An index may be the one that the key of a table in its schema rests on. */
static void
drop_index(List *rows, const Dropped *dropped)
{
	Oid			schema = dropped->schema ? get_namespace_oid(dropped->schema, true) : InvalidOid;
	ListCell   *cell;

	foreach(cell, rows)
	{
		const AttachmentRow *row = lfirst(cell);

		if (OidIsValid(row->relation) && get_rel_namespace(row->relation) == schema)
			itsm_guard_key(row, psprintf("dropping index %s", dropped->identity));
	}
}

/* What attachments rest on by its name, or by what it was for. */
static void
drop_named(List *rows, const Dropped *dropped)
{
	if (dropped->class == RelationRelationId && strcmp(dropped->type, "index") == 0)
		drop_index(rows, dropped);
	else if (dropped->class == ProcedureRelationId && dropped->names)
		itsm_guard_named(rows, ".", llast(dropped->names), "(", psprintf("dropping %s", dropped->type));
	else if (dropped->class == TypeRelationId && dropped->names)
		itsm_guard_named(rows, ".", llast(dropped->names), "", psprintf("dropping %s", dropped->type));
}

static void
drop_column(Oid relation, const char *column)
{
	itsm_guard_column_dropped(relation, column);
	for (int i = 0; itsm_relation_listeners[i]; i++)
		itsm_relation_listeners[i]->column_dropped(relation, column);
}

void
itsm_guard_dropped(List *objects)
{
	List	   *told = NIL;
	List	   *rows = NIL;
	ListCell   *cell;

	/* tables first: what was dropped with them needs no look */
	foreach(cell, objects)
	{
		const Dropped *dropped = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		if (dropped->temporary)
			continue;
		guard_history(dropped);
		if (is_table(dropped))
			drop_table(dropped);
	}
	foreach(cell, objects)
	{
		const Dropped *dropped = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		if (dropped->temporary)
			continue;
		if (dropped->class == TriggerRelationId && list_length(dropped->names) == 3)
			told = drop_trigger(dropped, told);
		else if (dropped->class == RelationRelationId && dropped->column != 0 &&
				 get_rel_relkind(dropped->object) != '\0')
			drop_column(dropped->object, llast(dropped->names));
		else if (dropped->chosen)
		{
			/* all attachments are read once, and only when they are needed */
			if (rows == NIL && may_be_named(dropped))
				rows = itsm_attachments();
			drop_named(rows, dropped);
		}
	}
}
