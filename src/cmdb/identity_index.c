/*
 * identity_index.c
 *		Keeping itsm.ci_identity in step with records, and searching it.
 *
 * Memory: the caller's context.  Locking: rows of a record are written by
 * whoever holds its head.  To make the index anew, the tables of the
 * applications are locked as CREATE TRIGGER does it: whoever writes them
 * afterwards sees the new rules.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_inherits.h"
#include "cmdb/ci_attribute.h"
#include "cmdb/ci_class.h"
#include "cmdb/identification.h"
#include "cmdb/identity_index.h"
#include "core/own_table.h"
#include "core/table.h"
#include "lifecycle/attachment_row.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Columns of itsm.ci_identity, from 0. */
enum
{
	IDENTITY_VALUE, IDENTITY_RECORD, IDENTITY_TENANT, IDENTITY_COLUMNS
};

static OwnTable identities = {
	.name = "ci_identity", .probe_count = 1, .probes = {
		{"ci_identity_pkey", 3, {{IDENTITY_VALUE + 1, F_INT8EQ}, {IDENTITY_RECORD + 1, F_INT8EQ}, {IDENTITY_TENANT + 1, F_TEXTEQ}}}
	}
};

List *
itsm_identity_values(const IdentificationRule *rule, const Record *record)
{
	List	   *values = NIL;
	ListCell   *cell;

	foreach(cell, rule->attributes)
	{
		char	   *value = itsm_ci_attribute(record, lfirst(cell));

		if (value == NULL)
			return NIL;
		values = lappend(values, value);
	}
	return values;
}

static bool
same_values(const List *a, const List *b)
{
	ListCell   *first;
	ListCell   *second;

	if (list_length(a) != list_length(b))
		return false;
	forboth(first, a, second, b)
		if (strcmp(lfirst(first), lfirst(second)) != 0)
			return false;
	return true;
}

/* The record is live, of the rule's class, and has the values. */
static bool
is_identified(const Record *record, const IdentificationRule *rule, const List *values)
{
	const char *class = itsm_class_of(record);

	return !record->deleted && record->attachment != 0 && class && itsm_class_is_within(class, rule->class) &&
		same_values(itsm_identity_values(rule, record), values);
}

List *
itsm_identified(const char *tenant, const IdentificationRule *rule, const List *values)
{
	Relation	table = itsm_own_open(&identities, AccessShareLock);
	int64		identity = itsm_identity(rule, values);
	List	   *found = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, IDENTITY_VALUE + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(identity));
	scan = itsm_table_scan(table, identities.probes[0].oid, 1, &key);
	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		bool		isnull;
		int64		id = DatumGetInt64(heap_getattr(tuple, IDENTITY_RECORD + 1, RelationGetDescr(table), &isnull));
		Record	   *record = palloc(sizeof(Record));

		CHECK_FOR_INTERRUPTS();
		if (itsm_record_read(tenant, id, record) && is_identified(record, rule, values))
			found = lappend(found, record);
	}
	systable_endscan(scan);
	itsm_own_close(&identities, AccessShareLock);
	return found;
}

static void
forget(const char *tenant, int64 record)
{
	Relation	table = itsm_own_open(&identities, RowExclusiveLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], IDENTITY_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	ScanKeyInit(&keys[1], IDENTITY_TENANT + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(tenant));
	keys[1].sk_collation = C_COLLATION_OID;
	scan = systable_beginscan(table, itsm_relation("ci_identity_record_idx"), true, SnapshotSelf, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		simple_heap_delete(table, &tuple->t_self);
	systable_endscan(scan);
	itsm_own_close(&identities, RowExclusiveLock);
	CommandCounterIncrement();
}

/* The rules of classes, as they were asked for; they hold as long as the policy that they are kept with. */
typedef struct KnownRules
{
	MemoryContext context;
	List	   *classes;		/* char * */
	List	   *rules;			/* for each, a list of IdentificationRule */
} KnownRules;

static List *
rules_of(KnownRules *known, const char *class)
{
	MemoryContext caller;
	List	   *rules;
	ListCell   *name;
	ListCell   *cell;

	forboth(name, known->classes, cell, known->rules)
		if (strcmp(lfirst(name), class) == 0)
			return lfirst(cell);
	caller = MemoryContextSwitchTo(known->context);
	rules = itsm_identification_rules(class);
	known->classes = lappend(known->classes, pstrdup(class));
	known->rules = lappend(known->rules, rules);
	MemoryContextSwitchTo(caller);
	return rules;
}

static void
keep(const Record *record, KnownRules *known)
{
	const char *class = itsm_class_of(record);
	ListCell   *cell;

	if (class == NULL || record->deleted || record->attachment == 0)
		return;
	(void) itsm_own_open(&identities, RowExclusiveLock);
	foreach(cell, rules_of(known, class))
	{
		List	   *had = itsm_identity_values(lfirst(cell), record);
		Datum		values[IDENTITY_COLUMNS];
		bool		nulls[IDENTITY_COLUMNS] = {0};

		if (had == NIL)
			continue;
		values[IDENTITY_VALUE] = Int64GetDatum(itsm_identity(lfirst(cell), had));
		values[IDENTITY_RECORD] = Int64GetDatum(record->id);
		values[IDENTITY_TENANT] = CStringGetTextDatum(record->tenant);
		(void) itsm_own_insert_new(&identities, values, nulls);
	}
	itsm_own_close(&identities, RowExclusiveLock);
	CommandCounterIncrement();
}

/* What an attachment's records are of a class by. */
static bool
has_class(const AttachmentRow *attachment)
{
	return OidIsValid(attachment->relation) &&
		(itsm_named_text(attachment->attributes, "ci_class") || itsm_named_text(attachment->attributes, "class"));
}

/* Waits for those who write by the rules of before, and holds off the others. */
static void
lock_tables(void)
{
	ListCell   *cell;

	foreach(cell, itsm_attachments())
	{
		const AttachmentRow *attachment = lfirst(cell);

		if (!has_class(attachment) || get_rel_relkind(attachment->relation) == '\0')
			continue;
		LockRelationOid(attachment->relation, ShareRowExclusiveLock);
		(void) find_all_inheritors(attachment->relation, ShareRowExclusiveLock, NULL);
	}
	/* an erasure writes without a lock on them */
	LockRelationOid(itsm_relation("ci_identity"), ShareRowExclusiveLock);
}

static void
empty_index(void)
{
	Relation	table = itsm_own_open(&identities, RowExclusiveLock);
	SysScanDesc scan = systable_beginscan(table, InvalidOid, false, SnapshotSelf, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		simple_heap_delete(table, &tuple->t_self);
	}
	systable_endscan(scan);
	itsm_own_close(&identities, RowExclusiveLock);
	CommandCounterIncrement();
}

void
itsm_identities_rebuild(void)
{
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "itsm identity", ALLOCSET_SMALL_SIZES);
	KnownRules	known = {CurrentMemoryContext};
	Relation	table;
	Snapshot	snapshot;
	TableScanDesc scan;
	HeapTuple	tuple;

	itsm_policy_changed();
	lock_tables();
	empty_index();
	table = table_open(itsm_relation("record"), AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = table_beginscan(table, snapshot, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		MemoryContext caller = MemoryContextSwitchTo(row);
		Record		record;

		CHECK_FOR_INTERRUPTS();
		itsm_record_of_tuple(RelationGetDescr(table), heap_copytuple(tuple), &record);
		keep(&record, &known);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row);
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(table, NoLock);
	MemoryContextDelete(row);
}

void
itsm_identities_follow_classes(void)
{
	if (itsm_identifying_attributes() != NIL)
		itsm_identities_rebuild();
}

/* Numbers of the attributes of a unit whose change changes identities, and how many. */
typedef struct IdentifyingAttributes
{
	KnownRules	known;
	int			count;
	int			numbers[FLEXIBLE_ARRAY_MEMBER];
} IdentifyingAttributes;

static bool
add_attribute(const Unit *unit, IdentifyingAttributes *bound, const char *name)
{
	int			number = itsm_definition_attribute(unit->definition, name);

	if (number < 0 || !unit->mapped[number])
		return false;
	bound->numbers[bound->count++] = number;
	return true;
}

static void *
bind(const Unit *unit, List **checks)
{
	List	   *names = itsm_identifying_attributes();
	IdentifyingAttributes *bound = palloc(offsetof(IdentifyingAttributes, numbers) + sizeof(int) * (list_length(names) + 2));
	ListCell   *cell;
	bool		classed;

	bound->known = (KnownRules) {CurrentMemoryContext};
	bound->count = 0;
	classed = add_attribute(unit, bound, "ci_class");
	classed |= add_attribute(unit, bound, "class");
	if (names == NIL || !classed)
		return NULL;
	foreach(cell, names)
		(void) add_attribute(unit, bound, lfirst(cell));
	return bound;
}

static bool
listens(const Unit *unit)
{
	return itsm_unit_listened(unit, &itsm_identity_listener) != NULL;
}

/* True when what identifies is as it was. */
static bool
is_unchanged(const Memory *memory)
{
	const Unit *unit = memory->new->unit;
	const IdentifyingAttributes *bound = itsm_unit_listened(unit, &itsm_identity_listener);

	if (memory->old == NULL || memory->old->unit != unit || bound == NULL)
		return false;
	for (int i = 0; i < bound->count; i++)
	{
		int			number = bound->numbers[i];
		Form_pg_attribute attribute = TupleDescAttr(unit->canonical, number);
		bool		was_null = memory->old->canonical->tts_isnull[number];
		bool		isnull = memory->new->canonical->tts_isnull[number];

		if (was_null != isnull || (!isnull && !datum_image_eq(memory->old->canonical->tts_values[number],
															   memory->new->canonical->tts_values[number],
															   attribute->attbyval, attribute->attlen)))
			return false;
	}
	return true;
}

static void
remembered(const Memory *memory)
{
	IdentifyingAttributes *bound = memory->new ? itsm_unit_listened(memory->new->unit, &itsm_identity_listener) : NULL;
	Record		record;

	if (memory->new && is_unchanged(memory))
		return;
	/* a record that is new has nothing to forget; one that comes back may */
	if (!memory->new || memory->version > 1)
		forget(memory->tenant, memory->record);
	if (bound && itsm_record_read(memory->tenant, memory->record, &record))
		keep(&record, &bound->known);
}

const EventListener itsm_identity_listener = {
	.listens = listens,
	.remembered = remembered,
	.bind = bind,
	.bound_to_node = "rules that identify configuration items",
};

/* Values that are gone identify nothing; the others still do. */
static void
erase_identities(const Record *record, const List *attributes, const char *value)
{
	KnownRules	known = {CurrentMemoryContext};
	Record		rest;

	forget(record->tenant, record->id);
	if (itsm_record_read(record->tenant, record->id, &rest))
		keep(&rest, &known);
}

const Redactor itsm_identity_redactor = {.erase = erase_identities};
