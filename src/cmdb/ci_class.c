/*
 * ci_class.c
 *		Defining classes, and asking where in the tree one stands.
 *
 * The table is read as it is now, whatever the snapshot, and written under
 * ShareRowExclusiveLock: one definer at a time, so that no two of them close a
 * circle together.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type.h"
#include "cmdb/ci_class.h"
#include "cmdb/identification.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/table.h"
#include "ledger/policy_event.h"
#include "lifecycle/remember.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

enum
{
	CLASS_NAME, CLASS_PARENT, CLASS_ABSTRACT, CLASS_REQUIRED, CLASS_RECOMMENDED, CLASS_DESCRIPTION,
	CLASS_DEFINED_AT, CLASS_DEFINED_BY, CLASS_COLUMNS
};

static HeapTuple
find_class(Relation table, const char *name)
{
	ScanKeyData condition;

	ScanKeyInit(&condition, CLASS_NAME + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	condition.sk_collation = C_COLLATION_OID;
	return itsm_table_find(table, itsm_relation("ci_class_pkey"), SnapshotSelf, 1, &condition);
}

static char *
parent_of(Relation table, HeapTuple row)
{
	bool		isnull;
	Datum		parent = heap_getattr(row, CLASS_PARENT + 1, RelationGetDescr(table), &isnull);

	return isnull ? NULL : TextDatumGetCString(parent);
}

static bool
is_within(Relation table, const char *name, const char *ancestor)
{
	while (name && strcmp(name, ancestor) != 0)
	{
		HeapTuple	row = find_class(table, name);

		CHECK_FOR_INTERRUPTS();
		name = HeapTupleIsValid(row) ? parent_of(table, row) : NULL;
	}
	return name != NULL;
}

bool
itsm_class_exists(const char *name)
{
	Relation	table = table_open(itsm_relation("ci_class"), AccessShareLock);
	bool		found = HeapTupleIsValid(find_class(table, name));

	table_close(table, AccessShareLock);
	return found;
}

bool
itsm_class_is_within(const char *name, const char *ancestor)
{
	Relation	table;
	bool		within;

	if (strcmp(name, ancestor) == 0)
		return true;
	table = table_open(itsm_relation("ci_class"), AccessShareLock);
	within = is_within(table, name, ancestor);
	table_close(table, AccessShareLock);
	return within;
}

List *
itsm_class_line(const char *name)
{
	Relation	table = table_open(itsm_relation("ci_class"), AccessShareLock);
	List	   *line = NIL;

	while (name)
	{
		HeapTuple	row = find_class(table, name);

		CHECK_FOR_INTERRUPTS();
		if (HeapTupleIsValid(row))
			line = lappend(line, pstrdup(name));
		name = HeapTupleIsValid(row) ? parent_of(table, row) : NULL;
	}
	table_close(table, AccessShareLock);
	return line;
}

bool
itsm_class_is_abstract(const char *name)
{
	Relation	table = table_open(itsm_relation("ci_class"), AccessShareLock);
	HeapTuple	row = find_class(table, name);
	bool		isnull;
	bool		abstract = HeapTupleIsValid(row) &&
		DatumGetBool(heap_getattr(row, CLASS_ABSTRACT + 1, RelationGetDescr(table), &isnull));

	table_close(table, AccessShareLock);
	return abstract;
}

static List *
add_names(List *names, ArrayType *array)
{
	Datum	   *elements;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *name = TextDatumGetCString(elements[i]);
		ListCell   *cell;
		bool		known = false;

		foreach(cell, names)
			known |= strcmp(lfirst(cell), name) == 0;
		if (!known)
			names = lappend(names, name);
	}
	return names;
}

List *
itsm_class_required(const char *name)
{
	Relation	table = table_open(itsm_relation("ci_class"), AccessShareLock);
	List	   *names = NIL;

	while (name)
	{
		HeapTuple	row = find_class(table, name);
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		if (HeapTupleIsValid(row))
			names = add_names(names, DatumGetArrayTypeP(heap_getattr(row, CLASS_REQUIRED + 1, RelationGetDescr(table),
																	  &isnull)));
		name = HeapTupleIsValid(row) ? parent_of(table, row) : NULL;
	}
	table_close(table, AccessShareLock);
	return names;
}

char *
itsm_class_of(const Record *record)
{
	static const char *const names[] = {"ci_class", "class"};
	Jsonb	   *extra;

	if (record->row->nulls[RECORD_EXTRA])
		return NULL;
	extra = DatumGetJsonbP(record->row->values[RECORD_EXTRA]);
	for (int i = 0; i < lengthof(names); i++)
	{
		JsonbValue	value;

		if (itsm_json_member(&extra->root, names[i], &value))
			return itsm_json_string(&value);
	}
	return NULL;
}

/* The names in an argument, without repetitions: never null, none blank. */
static Datum
names_argument(FunctionCallInfo fcinfo, int number, const char *what)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count = 0;
	int			kept = 0;

	if (!PG_ARGISNULL(number))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(number), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls,
						  &count);
	for (int i = 0; i < count; i++)
	{
		bool		known = false;

		if (nulls[i] || itsm_blank(TextDatumGetCString(elements[i])))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" has a name that is blank or null", what),
					 errhint("It is an array of names of canonical attributes.")));
		for (int j = 0; j < kept; j++)
			known |= strcmp(TextDatumGetCString(elements[j]), TextDatumGetCString(elements[i])) == 0;
		if (!known)
			elements[kept++] = elements[i];
	}
	if (kept == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	return PointerGetDatum(construct_array(elements, kept, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
check_parent(Relation table, const char *name, const char *parent)
{
	if (strcmp(parent, name) != 0 && !HeapTupleIsValid(find_class(table, parent)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("class \"%s\", parent of \"%s\", does not exist", itsm_clip(parent), itsm_clip(name)),
				 errhint("Define the parent first, with itsm.define_class.")));
	if (is_within(table, parent, name))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_CYCLE),
				 errmsg("class \"%s\" cannot have the parent \"%s\", which is %s", itsm_clip(name),
						itsm_clip(parent), strcmp(parent, name) == 0 ? "itself" : "a class below it"),
				 errhint("Classes form a tree; itsm.ci_class has the parent of each.")));
}

static void
store_class(Relation table, HeapTuple old, Datum *values, bool *nulls)
{
	if (!HeapTupleIsValid(old))
		itsm_table_insert(table, values, nulls);
	else if (!itsm_table_update(table, old, values, nulls))
		elog(ERROR, "a class was changed in spite of the lock on its table");
	CommandCounterIncrement();
}

ITSM_FUNCTION(itsm_define_class);
Datum
itsm_define_class(PG_FUNCTION_ARGS)
{
	const char *name = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *parent = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	bool		abstract = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	Relation	table;
	HeapTuple	old;
	const char *old_parent;
	Datum		values[CLASS_COLUMNS] = {0};
	bool		nulls[CLASS_COLUMNS] = {0};
	NameData	definer;

	if (itsm_blank(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the name of a class must not be blank or null")));
	namestrcpy(&definer, GetUserNameFromId(GetUserId(), false));
	itsm_set_text(values, nulls, CLASS_NAME, name);
	itsm_set_text(values, nulls, CLASS_PARENT, parent);
	values[CLASS_ABSTRACT] = BoolGetDatum(abstract);
	values[CLASS_REQUIRED] = names_argument(fcinfo, 3, "required");
	values[CLASS_RECOMMENDED] = names_argument(fcinfo, 4, "recommended");
	itsm_set_text(values, nulls, CLASS_DESCRIPTION,
				  PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5)));
	values[CLASS_DEFINED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[CLASS_DEFINED_BY] = NameGetDatum(&definer);

	table = table_open(itsm_relation("ci_class"), ShareRowExclusiveLock);
	old = find_class(table, name);
	old_parent = HeapTupleIsValid(old) ? parent_of(table, old) : NULL;
	if (parent)
		check_parent(table, name, parent);
	store_class(table, old, values, nulls);
	table_close(table, NoLock);
	itsm_policy_event(itsm_class_subject(name), 0, "defined", "parent", parent, "abstract",
					  abstract ? "true" : "false", "required",
					  OidOutputFunctionCall(F_ARRAY_OUT, values[CLASS_REQUIRED]), "recommended",
					  OidOutputFunctionCall(F_ARRAY_OUT, values[CLASS_RECOMMENDED]), NULL);
	/* records of a class that begins, or moves, come under other rules */
	if (!HeapTupleIsValid(old) ? parent != NULL : !itsm_same_text(old_parent, parent))
		itsm_identities_follow_classes();
	PG_RETURN_VOID();
}

ITSM_FUNCTION(itsm_class_is_a);
Datum
itsm_class_is_a(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(itsm_class_is_within(text_to_cstring(PG_GETARG_TEXT_PP(0)),
										text_to_cstring(PG_GETARG_TEXT_PP(1))));
}
