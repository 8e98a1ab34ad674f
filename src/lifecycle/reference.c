/*
 * reference.c
 *		Attributes that name other records: kept as they change.
 *
 * Whoever comes to rest on another record, by naming it or by becoming open
 * again, takes a share lock on that one's state row: a record that is just
 * being judged by those who name it waits for them, or they for it.
 *
 * Memory: the caller's context.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "core/json_read.h"
#include "core/table.h"
#include "ledger/canonical_text.h"
#include "lifecycle/reference.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* Columns of itsm.reference, from 0. */
enum
{
	REFERENCE_RECORD, REFERENCE_TENANT, REFERENCE_ATTRIBUTE, REFERENCE_PROCESS, REFERENCE_TARGET,
	REFERENCE_COLUMNS
};

static List *
add_key(List *keys, Datum value, Oid type)
{
	int			length;
	char	   *text = itsm_canonical_text(value, type, &length);
	ListCell   *cell;

	if (itsm_blank(text))
		return keys;
	foreach(cell, keys)
		if (strcmp(lfirst(cell), text) == 0)
			return keys;
	return lappend(keys, text);
}

List *
itsm_reference_keys(const LifecycleAttribute *attribute, TupleTableSlot *slot, int number)
{
	Oid			element = get_element_type(attribute->type);
	List	   *keys = NIL;
	Datum	   *values;
	bool	   *nulls;
	int			count;
	int16		length;
	bool		by_value;
	char		align;

	if (slot->tts_isnull[number])
		return NIL;
	if (!OidIsValid(element))
		return add_key(NIL, slot->tts_values[number], attribute->type);
	get_typlenbyvalalign(element, &length, &by_value, &align);
	deconstruct_array(DatumGetArrayTypeP(slot->tts_values[number]), element, length, by_value, align,
					  &values, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			keys = add_key(keys, values[i], element);
	return keys;
}

List *
itsm_reference_targets(const char *tenant, int source, const char *from, const char *process, const char *key)
{
	List	   *targets = NIL;
	ListCell   *cell;

	foreach(cell, itsm_records_of_key(tenant, key))
	{
		Record	   *record = lfirst(cell);
		const char *own = itsm_record_text(record, RECORD_PROCESS);

		if (own && strcmp(own, process) == 0 && (record->source == source || strcmp(from, process) != 0))
			targets = lappend(targets, record);
	}
	return targets;
}

static void
text_key(ScanKey key, int column, const char *text)
{
	ScanKeyInit(key, column + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(text));
	key->sk_collation = C_COLLATION_OID;
}

List *
itsm_reference_holders(const char *tenant, int source, const char *process, const char *key, const char *from,
					   const char *attribute)
{
	Relation	table = table_open(itsm_relation("reference"), AccessShareLock);
	List	   *holders = NIL;
	ScanKeyData keys[4];
	SysScanDesc scan;
	HeapTuple	tuple;

	text_key(&keys[0], REFERENCE_TARGET, key);
	text_key(&keys[1], REFERENCE_ATTRIBUTE, attribute);
	text_key(&keys[2], REFERENCE_PROCESS, process);
	text_key(&keys[3], REFERENCE_TENANT, tenant);
	scan = itsm_table_scan(table, itsm_relation("reference_target_idx"), lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		Record	   *record = palloc(sizeof(Record));
		const char *own;
		bool		isnull;
		int64		id = DatumGetInt64(heap_getattr(tuple, REFERENCE_RECORD + 1, RelationGetDescr(table), &isnull));

		CHECK_FOR_INTERRUPTS();
		if (!itsm_record_read(tenant, id, record) || record->deleted || record->attachment == 0)
			continue;
		own = itsm_record_text(record, RECORD_PROCESS);
		if (own && strcmp(own, from) == 0 && (record->source == source || strcmp(from, process) != 0))
			holders = lappend(holders, record);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return holders;
}

/* The rows of a record: of one attribute, or of all (NULL). */
static SysScanDesc
begin_own(Relation table, ScanKey keys, const char *tenant, int64 record, const char *attribute)
{
	ScanKeyInit(&keys[0], REFERENCE_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	text_key(&keys[1], REFERENCE_TENANT, tenant);
	if (attribute)
		text_key(&keys[2], REFERENCE_ATTRIBUTE, attribute);
	return itsm_table_scan(table, itsm_relation("reference_pkey"), attribute ? 3 : 2, keys);
}

List *
itsm_reference_of(const char *tenant, int64 record, const char *attribute)
{
	Relation	table = table_open(itsm_relation("reference"), AccessShareLock);
	ScanKeyData keys[3];
	SysScanDesc scan = begin_own(table, keys, tenant, record, attribute);
	List	   *targets = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		bool		isnull;
		Datum		target = heap_getattr(tuple, REFERENCE_TARGET + 1, RelationGetDescr(table), &isnull);

		targets = lappend(targets, TextDatumGetCString(target));
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return targets;
}

/* attribute: NULL for all; target: only where it names that, NULL for whatever it names */
static void
forget(const char *tenant, int64 record, const char *attribute, const char *target)
{
	Relation	table = table_open(itsm_relation("reference"), RowExclusiveLock);
	ScanKeyData keys[3];
	SysScanDesc scan = begin_own(table, keys, tenant, record, attribute);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		bool		isnull;
		Datum		named = heap_getattr(tuple, REFERENCE_TARGET + 1, RelationGetDescr(table), &isnull);

		if (target == NULL || strcmp(TextDatumGetCString(named), target) == 0)
			simple_heap_delete(table, &tuple->t_self);
	}
	systable_endscan(scan);
	table_close(table, NoLock);
	CommandCounterIncrement();
}

static void
keep(const char *tenant, int64 record, const char *attribute, const char *process, List *targets)
{
	Relation	table = table_open(itsm_relation("reference"), RowExclusiveLock);
	ListCell   *cell;

	foreach(cell, targets)
	{
		Datum		values[REFERENCE_COLUMNS] = {
			Int64GetDatum(record), CStringGetTextDatum(tenant), CStringGetTextDatum(attribute),
			CStringGetTextDatum(process), CStringGetTextDatum(lfirst(cell))
		};
		bool		nulls[REFERENCE_COLUMNS] = {0};

		itsm_table_insert(table, values, nulls);
	}
	table_close(table, NoLock);
	CommandCounterIncrement();
}

static void
share(const Memory *memory, const char *process, List *keys)
{
	const RowSide *new = memory->new;
	ListCell   *cell;

	foreach(cell, keys)
	{
		List	   *targets = itsm_reference_targets(memory->tenant, new->identity.source,
													 new->unit->definition->process, process, lfirst(cell));
		ListCell   *target;

		foreach(target, targets)
		{
			const Record *record = lfirst(target);
			RecordState state;

			if (record->id != memory->record)
				(void) itsm_record_state_lock(memory->tenant, record->id, LockTupleShare, &state);
		}
	}
}

static bool
same_keys(const List *a, const List *b)
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

static bool
is_open(const RowSide *side)
{
	return side->category_number == CATEGORY_NEW || side->category_number == CATEGORY_ACTIVE ||
		side->category_number == CATEGORY_WAITING;
}

static void
follow_attribute(const Memory *memory, int number, bool opens)
{
	const Unit *unit = memory->new->unit;
	const LifecycleAttribute *attribute = &unit->definition->attributes[number];
	List	   *keys = itsm_reference_keys(attribute, memory->new->canonical, number);
	bool		comparable = memory->old && memory->old->unit == unit;
	bool		same = comparable &&
		same_keys(keys, itsm_reference_keys(attribute, memory->old->canonical, number));

	if (!same)
	{
		forget(memory->tenant, memory->record, attribute->name, NULL);
		keep(memory->tenant, memory->record, attribute->name, attribute->references, keys);
	}
	if (!same || opens)
		share(memory, attribute->references, keys);
}

static bool
listens(const Unit *unit)
{
	for (int i = 0; i < unit->definition->attribute_count; i++)
		if (unit->mapped[i] && unit->definition->attributes[i].references)
			return true;
	return false;
}

static void
remembered(const Memory *memory)
{
	const Unit *unit = memory->new ? memory->new->unit : NULL;
	bool		opens;

	/* what another lifecycle named is no longer told */
	if (unit == NULL || (memory->old && memory->old->unit != unit))
		forget(memory->tenant, memory->record, NULL, NULL);
	if (unit == NULL)
		return;
	opens = is_open(memory->new) && !(memory->old && is_open(memory->old));
	for (int i = 0; i < unit->definition->attribute_count; i++)
		if (unit->mapped[i] && unit->definition->attributes[i].references)
			follow_attribute(memory, i, opens);
}

const EventListener itsm_reference_listener = {
	.listens = listens,
	.remembered = remembered,
	.bound_to_node = "attributes that refer to records of another table",
};

/* What an attribute named is forgotten with its value. */
static void
erase_references(const Record *record, const List *attributes, const char *value)
{
	ListCell   *cell;

	foreach(cell, attributes)
		forget(record->tenant, record->id, lfirst(cell), value);
}

const Redactor itsm_reference_redactor = {erase_references};
