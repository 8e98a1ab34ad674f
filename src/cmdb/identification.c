/*
 * identification.c
 *		Rules that tell configuration items apart: read and defined.
 *
 * Tables of rules are read as they are now, whatever the snapshot.  Who
 * defines a rule locks them against reconciliation (reconcile.c).
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type.h"
#include "cmdb/ci_class.h"
#include "cmdb/identification.h"
#include "cmdb/identity_index.h"
#include "common/hashfn.h"
#include "core/json_read.h"
#include "core/table.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Columns of itsm.identification_rule, from 0. */
enum
{
	RULE_CLASS, RULE_POSITION, RULE_ATTRIBUTES, RULE_DEFINED_AT, RULE_DEFINED_BY, RULE_COLUMNS
};

static List *
names_of(Datum array)
{
	Datum	   *elements;
	int			count;
	List	   *names = NIL;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
		names = lappend(names, TextDatumGetCString(elements[i]));
	return names;
}

/* The class's own rules, by position. */
static List *
own_rules(Relation table, Relation index, const char *class)
{
	List	   *rules = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, RULE_CLASS + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(class));
	key.sk_collation = C_COLLATION_OID;
	scan = itsm_table_scan_ordered(table, index, 1, &key);
	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		IdentificationRule *rule = palloc(sizeof(IdentificationRule));
		bool		isnull;

		rule->class = pstrdup(class);
		rule->position = DatumGetInt32(heap_getattr(tuple, RULE_POSITION + 1, RelationGetDescr(table), &isnull));
		rule->attributes = names_of(heap_getattr(tuple, RULE_ATTRIBUTES + 1, RelationGetDescr(table), &isnull));
		rules = lappend(rules, rule);
	}
	systable_endscan_ordered(scan);
	return rules;
}

List *
itsm_identification_rules(const char *class)
{
	Relation	table = table_open(itsm_relation("identification_rule"), AccessShareLock);
	Relation	index = index_open(itsm_relation("identification_rule_pkey"), AccessShareLock);
	List	   *rules = NIL;
	ListCell   *cell;

	foreach(cell, itsm_class_line(class))
		if ((rules = own_rules(table, index, lfirst(cell))) != NIL)
			break;
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return rules;
}

List *
itsm_identifying_attributes(void)
{
	Relation	table = table_open(itsm_relation("identification_rule"), AccessShareLock);
	/* for policies, which read by a catalog snapshot */
	SysScanDesc scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	List	   *attributes = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;

		attributes = list_concat(attributes,
								 names_of(heap_getattr(tuple, RULE_ATTRIBUTES + 1, RelationGetDescr(table), &isnull)));
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return attributes;
}

int64
itsm_identity(const IdentificationRule *rule, const List *values)
{
	StringInfoData bytes;
	ListCell   *cell;

	initStringInfo(&bytes);
	appendStringInfo(&bytes, "%s%c%d%c", rule->class, 0, rule->position, 0);
	foreach(cell, values)
	{
		/* with its end, so that no two lists of values have the same bytes */
		appendBinaryStringInfo(&bytes, lfirst(cell), strlen(lfirst(cell)) + 1);
	}
	return (int64) hash_bytes_extended((const unsigned char *) bytes.data, bytes.len, 0);
}

/* The argument's names, each once; NIL for null: the rule is taken away. */
static Datum
attributes_argument(FunctionCallInfo fcinfo, List **names)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count = 0;
	int			kept = 0;

	*names = NIL;
	if (PG_ARGISNULL(2))
		return (Datum) 0;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *name = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
		ListCell   *cell;
		bool		known = false;

		if (itsm_blank(name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"attributes\" has a name that is blank or null"),
					 errhint("It is an array of names of canonical attributes.")));
		foreach(cell, *names)
			known |= strcmp(lfirst(cell), name) == 0;
		if (known)
			continue;
		*names = lappend(*names, name);
		elements[kept++] = elements[i];
	}
	if (kept == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"attributes\" is empty"),
				 errhint("Name at least one attribute; null takes the rule away.")));
	return PointerGetDatum(construct_array(elements, kept, TEXTOID, -1, false, TYPALIGN_INT));
}

static HeapTuple
find_rule(Relation table, const char *class, int position)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], RULE_CLASS + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(class));
	keys[0].sk_collation = C_COLLATION_OID;
	ScanKeyInit(&keys[1], RULE_POSITION + 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(position));
	return itsm_table_find(table, itsm_relation("identification_rule_pkey"), SnapshotSelf, 2, keys);
}

static void
store_rule(const char *class, int position, Datum attributes, bool taken_away)
{
	Relation	table = table_open(itsm_relation("identification_rule"), ShareRowExclusiveLock);
	HeapTuple	old = find_rule(table, class, position);
	Datum		values[RULE_COLUMNS] = {0};
	bool		nulls[RULE_COLUMNS] = {0};
	NameData	definer;

	if (taken_away && !HeapTupleIsValid(old))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("class \"%s\" has no identification rule %d", itsm_clip(class), position),
				 errhint("itsm.identification_rule has those that there are.")));
	namestrcpy(&definer, GetUserNameFromId(GetUserId(), false));
	itsm_set_text(values, nulls, RULE_CLASS, class);
	values[RULE_POSITION] = Int32GetDatum(position);
	values[RULE_ATTRIBUTES] = attributes;
	values[RULE_DEFINED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[RULE_DEFINED_BY] = NameGetDatum(&definer);
	if (taken_away)
		simple_heap_delete(table, &old->t_self);
	else if (!HeapTupleIsValid(old))
		itsm_table_insert(table, values, nulls);
	else if (!itsm_table_update(table, old, values, nulls))
		elog(ERROR, "an identification rule was changed in spite of the lock on its table");
	table_close(table, NoLock);
	CommandCounterIncrement();
}

ITSM_FUNCTION(itsm_define_identification_rule);
Datum
itsm_define_identification_rule(PG_FUNCTION_ARGS)
{
	const char *class = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	List	   *names;
	Datum		attributes = attributes_argument(fcinfo, &names);

	if (itsm_blank(class) || !itsm_class_exists(class))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("class \"%s\" does not exist", class ? itsm_clip(class) : ""),
				 errhint("Define it first, with itsm.define_class.")));
	if (PG_ARGISNULL(1) || PG_GETARG_INT32(1) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"ordinal\" must be 1 or more"),
				 errhint("Rules with smaller numbers are tried first.")));
	store_rule(class, PG_GETARG_INT32(1), attributes, names == NIL);
	itsm_policy_event(itsm_class_subject(class), 0, "defined", "identification_rule",
					  psprintf("%d", PG_GETARG_INT32(1)), "attributes",
					  names ? OidOutputFunctionCall(F_ARRAY_OUT, attributes) : NULL, NULL);
	itsm_identities_rebuild();
	PG_RETURN_VOID();
}
