/*
 * relationship_type_define.c
 *		Defining relationship types.
 *
 * One definer at a time (ShareRowExclusiveLock on the versions).  Whoever
 * relates records holds RowExclusiveLock on the relationships before it looks
 * at the type; a definer locks them against that, so that no relationship is
 * judged by a type that is just being replaced.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "cmdb/ci_class.h"
#include "cmdb/relationship.h"
#include "cmdb/relationship_type_row.h"
#include "commands/extension.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/table.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/timestamp.h"

const char *const itsm_cardinality_names[] = {"n:n", "1:n", "n:1", "1:1"};
const char *const itsm_impact_names[] = {"none", "forward", "backward", "both"};
const char *const itsm_on_retire_names[] = {"restrict", "end", "follow"};

/* Columns that define a type; the others say who did it and when. */
static const char *const defining[] = {
	"name", NULL, "inverse", "source_class", "target_class", "cardinality", NULL, "impact", "on_retire", "description"
};

/* Arguments of the function, in the order of the columns after the version. */
enum
{
	ARGUMENT_NAME, ARGUMENT_INVERSE, ARGUMENT_SOURCE_CLASS, ARGUMENT_TARGET_CLASS, ARGUMENT_CARDINALITY,
	ARGUMENT_ACYCLIC, ARGUMENT_IMPACT, ARGUMENT_ON_RETIRE, ARGUMENT_DESCRIPTION
};

static const char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static const char *
required_name(FunctionCallInfo fcinfo, int number, const char *what)
{
	const char *name = text_argument(fcinfo, number);

	if (itsm_blank(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the %s of a relationship type must not be blank or null", what)));
	return name;
}

static const char *
choice(FunctionCallInfo fcinfo, int number, const char *what, const char *const *names, int count)
{
	const char *given = text_argument(fcinfo, number);
	StringInfoData hint;

	for (int i = 0; given && i < count; i++)
		if (strcmp(names[i], given) == 0)
			return names[i];
	initStringInfo(&hint);
	for (int i = 0; i < count; i++)
		appendStringInfo(&hint, "%s\"%s\"", i ? ", " : "", names[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s of a relationship type cannot be %s", what,
					given ? psprintf("\"%s\"", itsm_clip(given)) : "null"),
			 errhint("It is one of %s.", hint.data)));
}

static const char *
class_argument(FunctionCallInfo fcinfo, int number)
{
	const char *name = text_argument(fcinfo, number);

	if (name && !itsm_class_exists(name))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("class \"%s\" does not exist", itsm_clip(name)),
				 errhint("itsm.define_class makes it; null allows any record.")));
	return name;
}

static HeapTuple
form_version(FunctionCallInfo fcinfo, TupleDesc descriptor)
{
	Datum		values[TYPE_COLUMNS] = {0};
	bool		nulls[TYPE_COLUMNS] = {0};
	NameData	definer;

	namestrcpy(&definer, GetUserNameFromId(GetUserId(), false));
	itsm_set_text(values, nulls, TYPE_NAME, required_name(fcinfo, ARGUMENT_NAME, "name"));
	values[TYPE_VERSION] = Int32GetDatum(1);
	itsm_set_text(values, nulls, TYPE_INVERSE, required_name(fcinfo, ARGUMENT_INVERSE, "inverse"));
	itsm_set_text(values, nulls, TYPE_SOURCE_CLASS, class_argument(fcinfo, ARGUMENT_SOURCE_CLASS));
	itsm_set_text(values, nulls, TYPE_TARGET_CLASS, class_argument(fcinfo, ARGUMENT_TARGET_CLASS));
	itsm_set_text(values, nulls, TYPE_CARDINALITY, choice(fcinfo, ARGUMENT_CARDINALITY, "cardinality",
														  itsm_cardinality_names, CARDINALITIES));
	values[TYPE_ACYCLIC] = BoolGetDatum(!PG_ARGISNULL(ARGUMENT_ACYCLIC) && PG_GETARG_BOOL(ARGUMENT_ACYCLIC));
	itsm_set_text(values, nulls, TYPE_IMPACT, choice(fcinfo, ARGUMENT_IMPACT, "impact", itsm_impact_names, IMPACTS));
	itsm_set_text(values, nulls, TYPE_ON_RETIRE, choice(fcinfo, ARGUMENT_ON_RETIRE, "on_retire",
														itsm_on_retire_names, ON_RETIRES));
	itsm_set_text(values, nulls, TYPE_DESCRIPTION, text_argument(fcinfo, ARGUMENT_DESCRIPTION));
	values[TYPE_SHIPPED] = BoolGetDatum(creating_extension);
	values[TYPE_DEFINED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[TYPE_DEFINED_BY] = NameGetDatum(&definer);
	return heap_form_tuple(descriptor, values, nulls);
}

/* The version that holds, by the latest snapshot; NULL: there is none. */
static HeapTuple
find_current(Relation table, const char *name)
{
	Relation	index = index_open(itsm_relation("relationship_type_version_pkey"), AccessShareLock);
	ScanKeyData condition;
	SysScanDesc scan;
	HeapTuple	found;

	ScanKeyInit(&condition, TYPE_NAME + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	condition.sk_collation = C_COLLATION_OID;
	scan = systable_beginscan_ordered(table, index, NULL, 1, &condition);
	found = systable_getnext_ordered(scan, BackwardScanDirection);
	if (HeapTupleIsValid(found))
		found = heap_copytuple(found);
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	return found;
}

static const char *
text_of(TupleDesc descriptor, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column + 1, descriptor, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static bool
same_definition(TupleDesc descriptor, HeapTuple a, HeapTuple b)
{
	RelationshipType first;
	RelationshipType second;

	for (int i = 0; i < lengthof(defining); i++)
	{
		const char *before = defining[i] ? text_of(descriptor, a, i) : NULL;
		const char *after = defining[i] ? text_of(descriptor, b, i) : NULL;

		if ((before == NULL) != (after == NULL) || (before && strcmp(before, after) != 0))
			return false;
	}
	itsm_relationship_type_of_tuple(descriptor, a, &first);
	itsm_relationship_type_of_tuple(descriptor, b, &second);
	return first.acyclic == second.acyclic;
}

static void
store_version(Relation table, HeapTuple tuple, int version)
{
	TupleDesc	descriptor = RelationGetDescr(table);
	Datum		values[TYPE_COLUMNS];
	bool		nulls[TYPE_COLUMNS];
	RelationshipType type;

	heap_deform_tuple(tuple, descriptor, values, nulls);
	values[TYPE_VERSION] = Int32GetDatum(version);
	itsm_table_insert(table, values, nulls);
	CacheInvalidateRelcacheByRelid(RelationGetRelid(table));
	CommandCounterIncrement();
	/* what comes with the extension comes again with CREATE EXTENSION before a restore */
	if (creating_extension)
		return;
	itsm_relationship_type_of_tuple(descriptor, tuple, &type);
	itsm_policy_event(itsm_relationship_type_subject(type.name), 0, "defined", "version",
					  psprintf("%d", version), "inverse", type.inverse, "source_class", type.source_class,
					  "target_class", type.target_class, "cardinality",
					  text_of(descriptor, tuple, TYPE_CARDINALITY), "acyclic", type.acyclic ? "true" : "false",
					  "impact", text_of(descriptor, tuple, TYPE_IMPACT), "on_retire",
					  text_of(descriptor, tuple, TYPE_ON_RETIRE), NULL);
}

ITSM_FUNCTION(itsm_define_relationship_type);
Datum
itsm_define_relationship_type(PG_FUNCTION_ARGS)
{
	Relation	table = table_open(itsm_relation("relationship_type_version"), ShareRowExclusiveLock);
	TupleDesc	descriptor = RelationGetDescr(table);
	HeapTuple	tuple = form_version(fcinfo, descriptor);
	HeapTuple	current = find_current(table, text_of(descriptor, tuple, TYPE_NAME));
	RelationshipType before;
	RelationshipType after;

	if (!HeapTupleIsValid(current))
		store_version(table, tuple, 1);
	else if (!same_definition(descriptor, current, tuple))
	{
		itsm_relationship_type_of_tuple(descriptor, current, &before);
		itsm_relationship_type_of_tuple(descriptor, tuple, &after);
		store_version(table, tuple, before.version + 1);
		/* until the end: nobody may relate by the old version any more */
		table_close(table_open(itsm_relation("relationship"), ShareRowExclusiveLock), NoLock);
		itsm_relationships_conform(&before, &after);
	}
	table_close(table, NoLock);
	PG_RETURN_VOID();
}
