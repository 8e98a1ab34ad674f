/*
 * relationship_attach.c
 *		Attaching link tables and foreign-key columns, and taking in their rows.
 *
 * Locking: as CREATE TRIGGER does.  Rows are read as the owner of the table
 * sees them; none is written or locked.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "cmdb/relationship_attach.h"
#include "cmdb/relationship_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "core/settings.h"
#include "core/table.h"
#include "ledger/policy_event.h"
#include "lifecycle/attach.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "record/source.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define ROW_TRIGGER "itsm_relate"
#define TRUNCATE_TRIGGER "itsm_relate_truncate"

/* Columns of itsm.relationship_attachment, from 0. */
enum
{
	LINK_ID, LINK_RELATION, LINK_RELATION_NAME, LINK_TYPE, LINK_SOURCE_COLUMN, LINK_SOURCE_SOURCE,
	LINK_TARGET_COLUMN, LINK_TARGET_SOURCE, LINK_MODE, LINK_ATTACHED_AT, LINK_ATTACHED_BY, LINK_COLUMNS
};

pg_noreturn static void
refuse(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("relationships cannot be attached: %s", message),
			 hint ? errhint("%s", hint) : 0));
}

static LinkAttachment *
link_of_tuple(Relation table, HeapTuple tuple)
{
	LinkAttachment *link = palloc0(sizeof(LinkAttachment));
	Datum		values[LINK_COLUMNS];
	bool		nulls[LINK_COLUMNS];

	heap_deform_tuple(tuple, RelationGetDescr(table), values, nulls);
	link->id = DatumGetInt32(values[LINK_ID]);
	link->relation = nulls[LINK_RELATION] ? InvalidOid : DatumGetObjectId(values[LINK_RELATION]);
	link->type = TextDatumGetCString(values[LINK_TYPE]);
	for (int i = 0; i < 2; i++)
	{
		int			column = i == 0 ? LINK_SOURCE_COLUMN : LINK_TARGET_COLUMN;

		link->ends[i].source = DatumGetInt32(values[column + 1]);
		if (!nulls[column])
			link->ends[i].column = pstrdup(NameStr(*DatumGetName(values[column])));
		else
		{
			Source	   *own = itsm_source_find(link->relation);

			link->ends[i].key = own ? own->key : NIL;
		}
	}
	link->enforce = strcmp(TextDatumGetCString(values[LINK_MODE]), "enforce") == 0;
	return link;
}

List *
itsm_link_attachments(Oid relation)
{
	Relation	table = table_open(itsm_relation("relationship_attachment"), AccessShareLock);
	List	   *links = NIL;
	ListCell   *cell;

	foreach(cell, itsm_policy_ancestors(relation))
	{
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	tuple;

		ScanKeyInit(&key, LINK_RELATION + 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(lfirst_oid(cell)));
		scan = itsm_table_scan(table, itsm_relation("relationship_attachment_relation_idx"), 1, &key);
		while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
			links = lappend(links, link_of_tuple(table, tuple));
		systable_endscan(scan);
	}
	table_close(table, AccessShareLock);
	return links;
}

static void
rename_in_link(const LinkAttachment *link, const char *column, const char *name)
{
	static const char sql[] =
		"UPDATE itsm.relationship_attachment SET"
		" source_column = CASE WHEN source_column::text OPERATOR(pg_catalog.=) $2 THEN $3::pg_catalog.name ELSE source_column END,"
		" target_column = CASE WHEN target_column::text OPERATOR(pg_catalog.=) $2 THEN $3::pg_catalog.name ELSE target_column END"
		" WHERE id OPERATOR(pg_catalog.=) $1 RETURNING relation_name, source_column, target_column";
	static const Oid types[] = {INT4OID, TEXTOID, TEXTOID};
	Datum		values[] = {Int32GetDatum(link->id), CStringGetTextDatum(column), CStringGetTextDatum(name)};
	OwnerQuery	query;
	SPITupleTable *row;

	itsm_query_begin(&query);
	(void) itsm_query_now(SPI_OK_UPDATE_RETURNING, sql, lengthof(types), types, values, NULL);
	row = SPI_tuptable;
	itsm_policy_event(itsm_relationship_type_subject(link->type), 0, "renamed", "attachment", psprintf("%d", link->id),
					  "table", SPI_getvalue(row->vals[0], row->tupdesc, 1),
					  "source", SPI_getvalue(row->vals[0], row->tupdesc, 2),
					  "target", SPI_getvalue(row->vals[0], row->tupdesc, 3), "mode", link->enforce ? "enforce" : "observe",
					  "source_source", psprintf("%d", link->ends[0].source),
					  "target_source", psprintf("%d", link->ends[1].source), NULL);
	itsm_query_end(&query);
}

/* The attachments of just this relation that read a column: a list of LinkAttachment *. */
static List *
links_naming(Oid relation, const char *column)
{
	List	   *naming = NIL;
	ListCell   *cell;

	foreach(cell, itsm_link_attachments(relation))
	{
		LinkAttachment *link = lfirst(cell);
		bool		named = false;

		for (int i = 0; i < lengthof(link->ends); i++)
			named |= link->ends[i].column && strcmp(link->ends[i].column, column) == 0;
		if (named && link->relation == relation)
			naming = lappend(naming, link);
	}
	return naming;
}

static void
column_renamed(Oid relation, const char *column, const char *name)
{
	ListCell   *cell;

	foreach(cell, links_naming(relation, column))
		rename_in_link(lfirst(cell), column, name);
}

static void
column_dropped(Oid relation, const char *column)
{
	ListCell   *cell;

	foreach(cell, links_naming(relation, column))
	{
		const LinkAttachment *link = lfirst(cell);

		if (!itsm_maintenance)
			ereport(link->enforce ? ERROR : WARNING,
					(errcode(ERRCODE_ITSM_ENFORCEMENT),
					 errmsg("dropping column \"%s\" takes attachment %d of relationships of %s out of force", column,
							link->id, itsm_relation_name(relation)),
					 errhint("itsm.detach_relationships(%d) takes it off; what it has related stays.", link->id)));
		itsm_policy_event(itsm_relationship_type_subject(link->type), 0, "column_dropped", "attachment",
						  psprintf("%d", link->id), "object", column, NULL);
	}
}

static void
make_trigger(Oid relation, const char *name, const char *events)
{
	const char *table = itsm_relation_name(relation);

	if (!OidIsValid(get_trigger_oid(relation, name, true)))
		itsm_own_ddl(psprintf("CREATE TRIGGER %s %s EXECUTE FUNCTION itsm.follow_relationships()", name,
							  psprintf(events, table)));
	itsm_own_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table, name));
}

static void
make_triggers(Oid relation)
{
	List	   *relations;
	ListCell   *cell;

	/* who waited for another attachment finds its triggers; the next call does not lock the table itself */
	LockRelationOid(relation, ShareRowExclusiveLock);
	relations = find_all_inheritors(relation, ShareRowExclusiveLock, NULL);
	/* a partition that was attached before gets its parent's trigger in the place of its own */
	if (get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE)
		foreach(cell, relations)
			if (lfirst_oid(cell) != relation && itsm_has_own_trigger(lfirst_oid(cell), ROW_TRIGGER))
				itsm_own_ddl(psprintf("DROP TRIGGER %s ON %s", ROW_TRIGGER, itsm_relation_name(lfirst_oid(cell))));
	/* the parent's row trigger is cloned to partitions; nothing else is */
	foreach(cell, relations)
	{
		make_trigger(lfirst_oid(cell), ROW_TRIGGER, "AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW");
		make_trigger(lfirst_oid(cell), TRUNCATE_TRIGGER, "BEFORE TRUNCATE ON %s FOR EACH STATEMENT");
	}
}

/* From a relation and what is below it, as far as no attachment holds there. */
static void
drop_triggers(Oid relation)
{
	static const char *const names[] = {ROW_TRIGGER, TRUNCATE_TRIGGER};
	List	   *attached = NIL;
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relation, AccessExclusiveLock, NULL))
	{
		CommandCounterIncrement();
		if (itsm_link_attachments(lfirst_oid(cell)) != NIL)
			attached = lappend_oid(attached, lfirst_oid(cell));
		else
			for (int i = 0; i < lengthof(names); i++)
				if (OidIsValid(get_trigger_oid(lfirst_oid(cell), names[i], true)))
					itsm_own_ddl(psprintf("DROP TRIGGER %s ON %s", names[i], itsm_relation_name(lfirst_oid(cell))));
	}
	/* where another attachment holds, the trigger may have gone with its parent's */
	foreach(cell, attached)
		if (!OidIsValid(get_trigger_oid(lfirst_oid(cell), ROW_TRIGGER, true)))
			make_triggers(lfirst_oid(cell));
}

static void
part_added(Oid part)
{
	if (itsm_link_attachments(part) != NIL)
		make_triggers(part);
}

const RelationListener itsm_link_listener = {column_renamed, column_dropped, part_added, drop_triggers};

static HeapTuple
find_link(Relation table, int id)
{
	ScanKeyData key;
	HeapTuple	tuple;

	ScanKeyInit(&key, LINK_ID + 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(id));
	tuple = itsm_table_find(table, itsm_relation("relationship_attachment_pkey"), SnapshotSelf, 1, &key);
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no attachment of relationships %d", id),
				 errhint("Table itsm.relationship_attachment has those that there are.")));
	return tuple;
}

LinkAttachment *
itsm_link_attachment(int id)
{
	Relation	table = table_open(itsm_relation("relationship_attachment"), AccessShareLock);
	LinkAttachment *link = link_of_tuple(table, find_link(table, id));

	table_close(table, AccessShareLock);
	return link;
}

/* The table that a foreign key over just this column names; InvalidOid: none. */
static Oid
referenced(Oid relation, AttrNumber column)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	Oid			found = InvalidOid;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		bool		isnull;
		Datum		columns = heap_getattr(tuple, Anum_pg_constraint_conkey, RelationGetDescr(constraints), &isnull);
		ArrayType  *array = isnull ? NULL : DatumGetArrayTypeP(columns);

		if (form->contype == CONSTRAINT_FOREIGN && array && ARR_DIMS(array)[0] == 1 &&
			((int16 *) ARR_DATA_PTR(array))[0] == column && get_rel_relkind(form->confrelid) != '\0')
			found = form->confrelid;
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return found;
}

/* Which source the keys of an end belong to. */
static int
end_source(Oid relation, const char *end, const char *column, Oid given)
{
	Oid			target = given;
	AttrNumber	number;
	Source	   *source;

	if (column == NULL)
		target = relation;
	else
	{
		number = get_attnum(relation, column);
		if (number <= 0)
			refuse(psprintf("table \"%s\" has no column \"%s\"", get_rel_name(relation), column), NULL);
		if (!OidIsValid(target))
			target = referenced(relation, number);
		if (!OidIsValid(target))
			refuse(psprintf("column \"%s\" has no foreign key", column),
				   psprintf("Name the table that its values are keys of as %s_relation.", end));
	}
	source = itsm_source_find(target);
	if (source == NULL)
		refuse(psprintf("table \"%s\", of the %s, is not attached", get_rel_name(target), end),
			   "itsm.attach makes records of its rows.");
	if (column && list_length(source->key) != 1)
		refuse(psprintf("the key of \"%s\" has %d columns", get_rel_name(target), list_length(source->key)),
			   "A column can name rows by a key of one column only.");
	return source->id;
}

static void
check_table(Oid relation, const char *type, const char *mode, const char *source, const char *target)
{
	RelationshipTypes types = itsm_relationship_types();
	char		kind = get_rel_relkind(relation);

	itsm_check_owner(relation);
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		refuse(psprintf("\"%s\" is not a table", get_rel_name(relation)), NULL);
	if (itsm_relationship_type(&types, type, strlen(type)) == NULL)
		refuse(psprintf("there is no relationship type \"%s\"", itsm_clip(type)),
			   psprintf("There are: %s.", itsm_relationship_type_names(&types)));
	if (strcmp(mode, "observe") != 0 && strcmp(mode, "enforce") != 0)
		refuse(psprintf("mode cannot be \"%s\"", itsm_clip(mode)), "It is observe or enforce.");
	if (source == NULL && target == NULL)
		refuse("neither the source nor the target is a column", "A row cannot be related to itself.");
	if (source && target && strcmp(source, target) == 0)
		refuse(psprintf("column \"%s\" is both the source and the target", source), "A row cannot be related to itself.");
}

static bool
is_same_column(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Twice told, what a row says would be kept in step twice. */
static void
check_new(Oid relation, const char *type, const char *const *columns, const Datum *values)
{
	ListCell   *cell;

	foreach(cell, itsm_link_attachments(relation))
	{
		const LinkAttachment *link = lfirst(cell);

		if (link->relation == relation && strcmp(link->type, type) == 0 &&
			is_same_column(link->ends[0].column, columns[0]) && is_same_column(link->ends[1].column, columns[1]) &&
			link->ends[0].source == DatumGetInt32(values[LINK_SOURCE_SOURCE]) &&
			link->ends[1].source == DatumGetInt32(values[LINK_TARGET_SOURCE]))
			refuse(psprintf("attachment %d does so already", link->id),
				   psprintf("itsm.detach_relationships(%d) ends it.", link->id));
	}
}

static const char *
name_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(number)));
}

ITSM_FUNCTION(itsm_attach_relationships);
Datum
itsm_attach_relationships(PG_FUNCTION_ARGS)
{
	const char *columns[2] = {name_argument(fcinfo, 2), name_argument(fcinfo, 3)};
	NameData	names[2];
	NameData	owner;
	Datum		values[LINK_COLUMNS] = {0};
	bool		nulls[LINK_COLUMNS] = {0};
	char	   *type;
	char	   *mode;
	Oid			relation;
	Relation	table;
	int			id;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(6))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("relation, type and mode must not be null")));
	relation = PG_GETARG_OID(0);
	type = text_to_cstring(PG_GETARG_TEXT_PP(1));
	mode = text_to_cstring(PG_GETARG_TEXT_PP(6));
	check_table(relation, type, mode, columns[0], columns[1]);
	for (int i = 0; i < 2; i++)
	{
		int			column = i == 0 ? LINK_SOURCE_COLUMN : LINK_TARGET_COLUMN;
		Oid			given = PG_ARGISNULL(4 + i) ? InvalidOid : PG_GETARG_OID(4 + i);

		nulls[column] = columns[i] == NULL;
		namestrcpy(&names[i], columns[i] ? columns[i] : "");
		values[column] = NameGetDatum(&names[i]);
		values[column + 1] = Int32GetDatum(end_source(relation, i == 0 ? "source" : "target", columns[i], given));
	}
	check_new(relation, type, columns, values);
	id = (int) nextval_internal(itsm_relation("relationship_attachment_id_seq"), false);
	namestrcpy(&owner, GetUserNameFromId(GetUserId(), false));
	values[LINK_ID] = Int32GetDatum(id);
	values[LINK_RELATION] = ObjectIdGetDatum(relation);
	itsm_set_text(values, nulls, LINK_RELATION_NAME, itsm_relation_name(relation));
	itsm_set_text(values, nulls, LINK_TYPE, type);
	itsm_set_text(values, nulls, LINK_MODE, mode);
	values[LINK_ATTACHED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[LINK_ATTACHED_BY] = NameGetDatum(&owner);
	make_triggers(relation);
	table = table_open(itsm_relation("relationship_attachment"), RowExclusiveLock);
	itsm_table_insert(table, values, nulls);
	table_close(table, NoLock);
	CommandCounterIncrement();
	itsm_policy_event(itsm_relationship_type_subject(type), 0, "attached", "attachment", psprintf("%d", id), "table",
					  itsm_relation_name(relation), "source", columns[0], "target", columns[1], "mode", mode,
					  "source_source", psprintf("%d", DatumGetInt32(values[LINK_SOURCE_SOURCE])),
					  "target_source", psprintf("%d", DatumGetInt32(values[LINK_TARGET_SOURCE])), NULL);
	PG_RETURN_INT32(id);
}

ITSM_FUNCTION_OF_ALL(itsm_detach_relationships)
{
	Relation	table = table_open(itsm_relation("relationship_attachment"), RowExclusiveLock);
	HeapTuple	tuple;
	LinkAttachment *link;
	bool		there;

	/* who has changed or detached it meanwhile leaves another, or none to be found */
	do
	{
		CHECK_FOR_INTERRUPTS();
		tuple = find_link(table, PG_GETARG_INT32(0));
		link = link_of_tuple(table, tuple);
		there = OidIsValid(link->relation) && get_rel_relkind(link->relation) != '\0';
		if (there)
			itsm_check_owner(link->relation);
	} while (!itsm_table_delete(table, tuple));
	table_close(table, NoLock);
	CommandCounterIncrement();
	if (there && itsm_link_attachments(link->relation) == NIL)
		drop_triggers(link->relation);
	itsm_policy_event(itsm_relationship_type_subject(link->type), 0, "detached", "attachment",
					  psprintf("%d", link->id), "table", there ? itsm_relation_name(link->relation) : NULL, NULL);
	PG_RETURN_VOID();
}

static int64
sync_relation(const LinkAttachment *link, Oid relid, Snapshot snapshot)
{
	Relation	relation = table_open(relid, AccessShareLock);
	TableScanDesc scan;
	TupleTableSlot *slot;
	int64		related = 0;
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "itsm link", ALLOCSET_SMALL_SIZES);

	if (relation->rd_rel->relkind != RELKIND_RELATION)
	{
		table_close(relation, NoLock);
		return 0;
	}
	slot = table_slot_create(relation, NULL);
	scan = table_beginscan(relation, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		MemoryContext caller = MemoryContextSwitchTo(row);

		CHECK_FOR_INTERRUPTS();
		related += itsm_link_row(link, relation, slot);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, NoLock);
	MemoryContextDelete(row);
	return related;
}

ITSM_FUNCTION_OF_ALL(itsm_sync_relationships)
{
	LinkAttachment *link = itsm_link_attachment(PG_GETARG_INT32(0));
	Snapshot	snapshot;
	int64		related = 0;
	ListCell   *cell;

	itsm_check_owner(link->relation);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	foreach(cell, find_all_inheritors(link->relation, AccessShareLock, NULL))
		related += sync_relation(link, lfirst_oid(cell), snapshot);
	UnregisterSnapshot(snapshot);
	PG_RETURN_INT64(related);
}
