/*
 * definition_define.c
 *		Lifecycles kept in the table itsm.lifecycle: a row per version, the
 *		highest one holds.
 *
 * What came with the extension (shipped) gives way: under a name that users
 * have defined too, theirs are looked for first, so that a later release can
 * ship another version, or a lifecycle under a name that is taken.  Users'
 * versions of a shipped lifecycle have numbers beyond those of shipped ones,
 * so that a number kept with an event means the same for ever.  For the same
 * reason a definition that was released is never edited in its SQL file: the
 * changed one is added behind it and becomes the next version.
 *
 * The table is read by a catalog snapshot through its primary key, so that a
 * new version is seen from the next statement on, also inside REPEATABLE READ.
 * It is written under ShareRowExclusiveLock: one definer at a time.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/table.h"
#include "core/unmet.h"
#include "ledger/digest.h"
#include "ledger/policy_event.h"
#include "lifecycle/definition_store.h"
#include "lifecycle/rule_kind.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* Columns of itsm.lifecycle. */
enum
{
	LIFECYCLE_NAME = 1,
	LIFECYCLE_VERSION,
	LIFECYCLE_DEFINITION,
	LIFECYCLE_EXPRESSIONS,
	LIFECYCLE_SHIPPED,
	LIFECYCLE_DEFINED_AT,
	LIFECYCLE_DEFINED_BY,
	LIFECYCLE_COLUMNS = LIFECYCLE_DEFINED_BY
};

/* Shipped versions have numbers up to here. */
#define LAST_SHIPPED_VERSION 1000

ITSM_FUNCTION(itsm_define_lifecycle);
ITSM_FUNCTION(itsm_lifecycle_definition);

/* Of the shipped versions or of the users': the one given, or the highest when that is 0. */
static HeapTuple
find_among(Relation table, const char *name, bool shipped, int version)
{
	Relation	index = index_open(itsm_relation("lifecycle_pkey"), AccessShareLock);
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	found;

	ScanKeyInit(&keys[0], LIFECYCLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	ScanKeyInit(&keys[1], LIFECYCLE_SHIPPED, BTEqualStrategyNumber, F_BOOLEQ, BoolGetDatum(shipped));
	ScanKeyInit(&keys[2], LIFECYCLE_VERSION, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(version));
	scan = systable_beginscan_ordered(table, index, NULL, version == 0 ? 2 : 3, keys);
	found = systable_getnext_ordered(scan, BackwardScanDirection);
	if (HeapTupleIsValid(found))
		found = heap_copytuple(found);
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	return found;
}

/* The row of a version, or of the current one when version is 0; NULL when there is none. */
static HeapTuple
find_version(Relation table, const char *name, int version)
{
	HeapTuple	own = find_among(table, name, false, version);

	return HeapTupleIsValid(own) ? own : find_among(table, name, true, version);
}

static Datum
column(Relation table, HeapTuple row, int number)
{
	bool		isnull;
	Datum		value = heap_getattr(row, number, RelationGetDescr(table), &isnull);

	if (isnull)
		elog(ERROR, "column %d of %s is null", number, RelationGetRelationName(table));
	return value;
}

static void
raise_unknown(const char *name, const int *version)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 version == NULL
			 ? errmsg("lifecycle \"%s\" does not exist", itsm_clip(name))
			 : errmsg("lifecycle \"%s\" has no version %d", itsm_clip(name), *version),
			 errhint("Table itsm.lifecycle has those that exist; itsm.define_lifecycle makes one.")));
}

/* The kept texts of checks, one per rule, then of "when"; never NULL. */
static char **
read_expressions(Datum array)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	char	  **expressions;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls,
					  &count);

	/* as many as there may be rules, should the row have been tampered with */
	expressions = palloc0(sizeof(char *) * (2 * MAX_RULES + 1));
	for (int i = 0; i < Min(count, 2 * MAX_RULES); i++)
		if (!nulls[i])
			expressions[i] = TextDatumGetCString(elements[i]);
	return expressions;
}

StoredDefinition *
itsm_definition_fetch(const char *name, int version)
{
	Relation	table = table_open(itsm_relation("lifecycle"), AccessShareLock);
	HeapTuple	row = find_version(table, name, version);
	StoredDefinition *stored = palloc0(sizeof(StoredDefinition));

	if (!HeapTupleIsValid(row))
		raise_unknown(name, version == 0 ? NULL : &version);
	stored->version = DatumGetInt32(column(table, row, LIFECYCLE_VERSION));
	stored->json = DatumGetJsonbPCopy(column(table, row, LIFECYCLE_DEFINITION));
	stored->expressions = read_expressions(column(table, row, LIFECYCLE_EXPRESSIONS));
	stored->defined_by = pstrdup(NameStr(*DatumGetName(column(table, row, LIFECYCLE_DEFINED_BY))));
	table_close(table, AccessShareLock);
	return stored;
}

List *
itsm_definition_versions(const char *name)
{
	Relation	table = table_open(itsm_relation("lifecycle"), AccessShareLock);
	Relation	index = index_open(itsm_relation("lifecycle_pkey"), AccessShareLock);
	List	   *own = NIL;
	List	   *shipped = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, LIFECYCLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	scan = systable_beginscan_ordered(table, index, NULL, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext_ordered(scan, BackwardScanDirection)))
	{
		List	  **versions = DatumGetBool(column(table, row, LIFECYCLE_SHIPPED)) ? &shipped : &own;

		CHECK_FOR_INTERRUPTS();
		*versions = lappend_int(*versions, DatumGetInt32(column(table, row, LIFECYCLE_VERSION)));
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return list_concat_unique_int(own, shipped);
}

static Definition *
parse_stored(const char *name, const StoredDefinition *stored)
{
	List	   *faults = NIL;
	Definition *definition = itsm_definition_parse(stored->json, stored->expressions, &faults);

	itsm_unmet_raise(faults, ERRCODE_ITSM_DEFINITION,
					 psprintf("lifecycle \"%s\" (version %d) is invalid", name, stored->version),
					 "Define it again with itsm.define_lifecycle.");
	return definition;
}

Definition *
itsm_definition_load(const char *name, int *version)
{
	StoredDefinition *stored = itsm_definition_fetch(name, *version);

	*version = stored->version;
	return parse_stored(name, stored);
}

static ArrayType *
build_expressions(const Definition *definition)
{
	int			rules = definition->rule_count;
	int			count = rules;
	Datum	   *elements = palloc0(sizeof(Datum) * (2 * rules + 1));
	bool	   *nulls = palloc0(2 * rules + 1);
	int			lower = 1;

	memset(nulls, true, 2 * rules);
	for (int i = 0; i < rules; i++)
	{
		const LifecycleRule *rule = &definition->rules[i];

		if (rule->when)
		{
			elements[rules + i] = CStringGetTextDatum(rule->when->text);
			nulls[rules + i] = false;
			count = 2 * rules;
		}
		for (int j = 0; j < rule->condition_count; j++)
			if (rule->conditions[j].kind == &itsm_rule_check)
			{
				elements[i] = CStringGetTextDatum(((CheckData *) rule->conditions[j].data)->text);
				nulls[i] = false;
			}
	}
	if (count == 0)
		return construct_empty_array(TEXTOID);
	return construct_md_array(elements, nulls, 1, &count, &lower, TEXTOID, -1, false, TYPALIGN_INT);
}

static void
forbid(const char *name, const char *relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to redefine lifecycle \"%s\"", name),
			 relation
			 ? errdetail("It is attached to table %s, and its expressions run with the rights of the table's owner.",
						 relation)
			 : errdetail("It was defined by another role."),
			 errhint("Only a superuser, or whoever has the rights of both its definer and the owners of the tables it is attached to, may do so.")));
}

static char *
qualified_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

/*
 * Whoever edits a lifecycle lets expressions run with the rights of the owners
 * of the tables that it is attached to.
 */
static void
check_attachments(const char *name)
{
	Oid			relid = itsm_relation_or_invalid("attachment");
	Relation	table;
	SysScanDesc scan;
	HeapTuple	row;
	AttrNumber	relation_column;
	AttrNumber	lifecycle_column;
	AttrNumber	detached_column;

	if (!OidIsValid(relid))
		return;					/* while the extension is being made */
	relation_column = get_attnum(relid, "relation");
	lifecycle_column = get_attnum(relid, "lifecycle");
	detached_column = get_attnum(relid, "detached_at");
	table = table_open(relid, AccessShareLock);
	scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		bool		unset;
		Datum		relation;
		HeapTuple	class;
		bool		allowed;

		CHECK_FOR_INTERRUPTS();
		if (!heap_attisnull(row, detached_column, RelationGetDescr(table)) ||
			strcmp(TextDatumGetCString(column(table, row, lifecycle_column)), name) != 0)
			continue;
		relation = heap_getattr(row, relation_column, RelationGetDescr(table), &unset);
		class = unset ? NULL : SearchSysCache1(RELOID, relation);
		if (!HeapTupleIsValid(class))
			continue;			/* the table is gone */
		allowed = has_privs_of_role(GetUserId(), ((Form_pg_class) GETSTRUCT(class))->relowner);
		ReleaseSysCache(class);
		if (!allowed)
			forbid(name, qualified_name(DatumGetObjectId(relation)));
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
}

static void
check_permission(Relation table, HeapTuple current, const char *name)
{
	Oid			definer;

	if (superuser())
		return;
	if (HeapTupleIsValid(current))
	{
		definer = get_role_oid(NameStr(*DatumGetName(column(table, current, LIFECYCLE_DEFINED_BY))),
							   true);
		if (!OidIsValid(definer) || !has_privs_of_role(GetUserId(), definer))
			forbid(name, NULL);
	}
	check_attachments(name);
}

void
itsm_lifecycle_check_editor(const char *name)
{
	Relation	table = table_open(itsm_relation("lifecycle"), AccessShareLock);

	check_permission(table, find_version(table, name, 0), name);
	table_close(table, AccessShareLock);
}

static bool
same_as_current(Relation table, HeapTuple current, Jsonb *json, ArrayType *expressions)
{
	return datum_image_eq(column(table, current, LIFECYCLE_DEFINITION), JsonbPGetDatum(json), false, -1) &&
		datum_image_eq(column(table, current, LIFECYCLE_EXPRESSIONS), PointerGetDatum(expressions),
					   false, -1);
}

/* The number after the highest one, shipped ones and users' each by themselves. */
static int
next_version(Relation table, const char *name)
{
	HeapTuple	shipped = find_among(table, name, true, 0);
	HeapTuple	last = creating_extension ? shipped : find_among(table, name, false, 0);
	int			version = HeapTupleIsValid(last) ? DatumGetInt32(column(table, last, LIFECYCLE_VERSION)) : 0;

	if (!creating_extension && HeapTupleIsValid(shipped))
		version = Max(version, LAST_SHIPPED_VERSION);
	return version + 1;
}

/* The digest of a text, so that the ledger vouches for it too. */
static char *
text_digest(char *text)
{
	char	   *utf8 = pg_server_to_any(text, strlen(text), PG_UTF8);
	uint8		hash[ITSM_HASH_LENGTH];
	char	   *hex = palloc0(2 * ITSM_HASH_LENGTH + 1);

	itsm_digest_start();
	itsm_digest_add(utf8, strlen(utf8));
	itsm_digest_finish(hash);
	hex_encode((const char *) hash, ITSM_HASH_LENGTH, hex);
	return hex;
}

static void
insert_version(Relation table, const char *name, int version, Jsonb *json, ArrayType *expressions)
{
	Datum		values[LIFECYCLE_COLUMNS];
	bool		nulls[LIFECYCLE_COLUMNS] = {false};
	NameData	definer;

	namestrcpy(&definer, GetUserNameFromId(GetUserId(), false));
	values[LIFECYCLE_NAME - 1] = CStringGetTextDatum(name);
	values[LIFECYCLE_VERSION - 1] = Int32GetDatum(version);
	values[LIFECYCLE_DEFINITION - 1] = JsonbPGetDatum(json);
	values[LIFECYCLE_EXPRESSIONS - 1] = PointerGetDatum(expressions);
	values[LIFECYCLE_SHIPPED - 1] = BoolGetDatum(creating_extension);
	values[LIFECYCLE_DEFINED_AT - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[LIFECYCLE_DEFINED_BY - 1] = NameGetDatum(&definer);
	itsm_table_insert(table, values, nulls);
	CacheInvalidateRelcacheByRelid(RelationGetRelid(table));
	CommandCounterIncrement();
	/* what comes with the extension comes again with CREATE EXTENSION before a restore */
	if (!creating_extension)
		itsm_policy_event(itsm_lifecycle_subject(name), 0, "defined", "version", psprintf("%d", version),
						  "sha256", text_digest(JsonbToCString(NULL, &json->root, VARSIZE(json))), "expressions_sha256",
						  text_digest(OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(expressions))), NULL);
}

/*
 * itsm.define_lifecycle(definition jsonb) → void
 *
 * IT050 with every fault in DETAIL; 42501 when the lifecycle is another role's
 * or is attached to another role's table.  A definition that is the current
 * one already makes no new version.
 */
Datum
itsm_define_lifecycle(PG_FUNCTION_ARGS)
{
	Jsonb	   *json = PG_GETARG_JSONB_P(0);
	List	   *faults = NIL;
	Definition *definition = itsm_definition_parse(json, NULL, &faults);
	Relation	table;
	HeapTuple	current;
	ArrayType  *expressions;

	itsm_unmet_raise(faults, ERRCODE_ITSM_DEFINITION,
					 definition->name
					 ? psprintf("lifecycle definition \"%s\" is invalid", itsm_clip(definition->name))
					 : "lifecycle definition is invalid",
					 "DETAIL lists every fault.");
	Assert(definition->name != NULL);
	expressions = build_expressions(definition);
	table = table_open(itsm_relation("lifecycle"), ShareRowExclusiveLock);
	current = creating_extension
		? find_among(table, definition->name, true, 0) : find_version(table, definition->name, 0);
	check_permission(table, current, definition->name);
	if (!HeapTupleIsValid(current) || !same_as_current(table, current, json, expressions))
		insert_version(table, definition->name, next_version(table, definition->name), json, expressions);
	table_close(table, NoLock);
	PG_RETURN_VOID();
}

/*
 * itsm.lifecycle_definition(name text, version int) → jsonb
 *
 * As it was given.  42704 when there is no such lifecycle or version; NULL for
 * the name NULL.
 */
Datum
itsm_lifecycle_definition(PG_FUNCTION_ARGS)
{
	int			version = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);
	char	   *name;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1) && version <= 0)
		raise_unknown(name, &version);
	PG_RETURN_JSONB_P(itsm_definition_fetch(name, version)->json);
}
