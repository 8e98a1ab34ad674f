/*
 * source.c
 *		Sources and their dictionaries, in direct access.
 *
 * Memory: results in the caller's context.  Locking: RowExclusiveLock on the
 * tables while writing; a unique index settles who was first.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "core/table.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "record/source.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

enum
{
	SOURCE_ID = 1, SOURCE_RELATION, SOURCE_NAME, SOURCE_KEY, SOURCE_AT, SOURCE_COLUMNS = SOURCE_AT
};

enum
{
	ENTRY_SOURCE = 1, ENTRY_NUMBER, ENTRY_NAME, ENTRY_KIND, ENTRY_TYPE, ENTRY_COLUMNS = ENTRY_TYPE
};

char *
itsm_relation_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

Source *
itsm_source_find(Oid relation)
{
	Relation	table = table_open(itsm_relation("source"), AccessShareLock);
	ScanKeyData key;
	HeapTuple	tuple;
	Source	   *source = NULL;

	ScanKeyInit(&key, SOURCE_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	tuple = itsm_table_find(table, itsm_relation("source_relation_idx"), SnapshotSelf, 1, &key);
	if (HeapTupleIsValid(tuple))
	{
		Datum		values[SOURCE_COLUMNS];
		bool		nulls[SOURCE_COLUMNS];
		Datum	   *names;
		int			count;

		heap_deform_tuple(tuple, RelationGetDescr(table), values, nulls);
		source = palloc0(sizeof(Source));
		source->id = DatumGetInt32(values[SOURCE_ID - 1]);
		source->relation = relation;
		deconstruct_array(DatumGetArrayTypeP(values[SOURCE_KEY - 1]), NAMEOID, NAMEDATALEN, false,
						  TYPALIGN_CHAR, &names, NULL, &count);
		for (int i = 0; i < count; i++)
			source->key = lappend(source->key, pstrdup(NameStr(*DatumGetName(names[i]))));
	}
	table_close(table, AccessShareLock);
	return source;
}

/* Inserts the source; false when somebody else was first (already waited for). */
static bool
insert_source(Oid relation, List *key)
{
	Relation	table = table_open(itsm_relation("source"), RowExclusiveLock);
	Datum		values[SOURCE_COLUMNS];
	bool		nulls[SOURCE_COLUMNS] = {0};
	Datum	   *names = palloc(sizeof(Datum) * list_length(key));
	int			count = 0;
	bool		inserted;
	ListCell   *cell;

	foreach(cell, key)
	{
		Name		name = palloc0(sizeof(NameData));

		namestrcpy(name, lfirst(cell));
		names[count++] = NameGetDatum(name);
	}
	values[SOURCE_ID - 1] = Int32GetDatum((int) nextval_internal(itsm_relation("source_id_seq"), false));
	values[SOURCE_RELATION - 1] = ObjectIdGetDatum(relation);
	values[SOURCE_NAME - 1] = CStringGetTextDatum(itsm_relation_name(relation));
	values[SOURCE_KEY - 1] = PointerGetDatum(construct_array(names, count, NAMEOID, NAMEDATALEN,
															 false, TYPALIGN_CHAR));
	values[SOURCE_AT - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	inserted = itsm_table_insert_new(table, values, nulls);
	if (inserted)
		/* a policy made meanwhile goes when the row does */
		CacheInvalidateRelcache(table);
	else
	{
		ScanKeyData scan_key;

		ScanKeyInit(&scan_key, SOURCE_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
		itsm_table_await(table, itsm_relation("source_relation_idx"), 1, &scan_key);
	}
	table_close(table, NoLock);
	CommandCounterIncrement();
	return inserted;
}

Source *
itsm_source_register(Oid relation, List *key)
{
	Source	   *source;

	while ((source = itsm_source_find(relation)) == NULL)
	{
		(void) insert_source(relation, key);
		CHECK_FOR_INTERRUPTS();
	}
	return source;
}

List *
itsm_source_dictionary(int source)
{
	Relation	table = table_open(itsm_relation("source_attribute"), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *entries = NIL;

	ScanKeyInit(&key, ENTRY_SOURCE, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(source));
	scan = systable_beginscan(table, itsm_relation("source_attribute_pkey"), true, SnapshotSelf, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		SourceAttribute *entry = palloc(sizeof(SourceAttribute));
		Datum		values[ENTRY_COLUMNS];
		bool		nulls[ENTRY_COLUMNS];

		heap_deform_tuple(tuple, RelationGetDescr(table), values, nulls);
		entry->number = DatumGetInt32(values[ENTRY_NUMBER - 1]);
		entry->canonical = strcmp(TextDatumGetCString(values[ENTRY_KIND - 1]), "attribute") == 0;
		entry->name = TextDatumGetCString(values[ENTRY_NAME - 1]);
		entry->type = TextDatumGetCString(values[ENTRY_TYPE - 1]);
		entries = lappend(entries, entry);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return entries;
}

static SourceAttribute *
find_entry(const List *dictionary, bool canonical, const char *name, const char *type)
{
	ListCell   *cell;

	foreach(cell, dictionary)
	{
		SourceAttribute *entry = lfirst(cell);

		if (entry->canonical == canonical && strcmp(entry->name, name) == 0 &&
			strcmp(entry->type, type) == 0)
			return entry;
	}
	return NULL;
}

/* Inserts an entry; false when somebody else took the number (already waited for). */
static bool
insert_entry(int source, const SourceAttribute *entry)
{
	Relation	table = table_open(itsm_relation("source_attribute"), RowExclusiveLock);
	Datum		values[ENTRY_COLUMNS];
	bool		nulls[ENTRY_COLUMNS] = {0};
	bool		inserted;

	values[ENTRY_SOURCE - 1] = Int32GetDatum(source);
	values[ENTRY_NUMBER - 1] = Int32GetDatum(entry->number);
	values[ENTRY_NAME - 1] = CStringGetTextDatum(entry->name);
	values[ENTRY_KIND - 1] = CStringGetTextDatum(entry->canonical ? "attribute" : "column");
	values[ENTRY_TYPE - 1] = CStringGetTextDatum(entry->type);
	inserted = itsm_table_insert_new(table, values, nulls);
	if (inserted)
		CacheInvalidateRelcache(table);
	else
	{
		ScanKeyData keys[2];

		ScanKeyInit(&keys[0], ENTRY_SOURCE, BTEqualStrategyNumber, F_INT4EQ, values[ENTRY_SOURCE - 1]);
		ScanKeyInit(&keys[1], ENTRY_NUMBER, BTEqualStrategyNumber, F_INT4EQ, values[ENTRY_NUMBER - 1]);
		itsm_table_await(table, itsm_relation("source_attribute_pkey"), 2, keys);
	}
	table_close(table, NoLock);
	CommandCounterIncrement();
	return inserted;
}

int
itsm_source_number(int source, List **dictionary, bool canonical, const char *name, Oid type)
{
	char	   *type_name = format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY);

	if (*dictionary == NIL)
		*dictionary = itsm_source_dictionary(source);
	for (;;)
	{
		SourceAttribute *entry = find_entry(*dictionary, canonical, name, type_name);

		if (entry)
			return entry->number;
		if (RecoveryInProgress())
			return ITSM_NO_NUMBER;
		entry = palloc(sizeof(SourceAttribute));
		entry->number = *dictionary ? ((SourceAttribute *) llast(*dictionary))->number + 1 : 1;
		entry->canonical = canonical;
		entry->name = pstrdup(name);
		entry->type = type_name;
		if (insert_entry(source, entry))
			*dictionary = lappend(*dictionary, entry);
		else
			*dictionary = itsm_source_dictionary(source);
		CHECK_FOR_INTERRUPTS();
	}
}

ITSM_FUNCTION(itsm_source_table);
Datum
itsm_source_table(PG_FUNCTION_ARGS)
{
	HeapTuple	class = PG_ARGISNULL(0) ? NULL : SearchSysCache1(RELOID, ObjectIdGetDatum(PG_GETARG_OID(0)));
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};
	TupleDesc	descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (HeapTupleIsValid(class))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(class);
		char	   *schema = get_namespace_name(form->relnamespace);

		itsm_set_text(values, nulls, 0, schema ? psprintf("%s.%s", schema, NameStr(form->relname)) : NULL);
		nulls[1] = false;
		values[1] = BoolGetDatum(form->relrowsecurity);
		ReleaseSysCache(class);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
