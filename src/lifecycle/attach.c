/*
 * attach.c
 *		attach, detach and set_mode.
 *
 * Locking: SHARE ROW EXCLUSIVE on the table, as CREATE TRIGGER takes it (ACCESS
 * EXCLUSIVE to detach, as DROP TRIGGER does), from the start, so that nothing
 * is upgraded under way; lock_timeout holds.
 * An attachment with faults is refused whole, with every fault named (IT051).
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/table.h"
#include "core/unmet.h"
#include "ledger/partition.h"
#include "ledger/policy_event.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/distribute.h"
#include "lifecycle/expression.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "record/source.h"
#include "rewrite/prs2lock.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

typedef struct Request
{
	Relation	relation;
	const char *lifecycle;
	const char *status;
	Jsonb	   *states;			/* NULL: identity */
	Jsonb	   *attributes;
	const char *filter;
	const char *mode;
	const char *timing;
	ArrayType  *track;
	const char *tenant;
	List	   *key;
	bool		notify;
	Definition *definition;
	List	   *expressions;	/* NamedText: attribute, qualified expression */
	const char *filter_expression;
	const char *tenant_expression;
	List	   *faults;
} Request;

static void
fault(Request *request, const char *attribute, const char *message)
{
	request->faults = itsm_unmet_add(request->faults, ERRCODE_ITSM_ATTACHMENT, NULL, "attachment",
									 attribute, NULL, "%s", message);
}

static void
check_relation(Relation relation)
{
	const char *name = RelationGetRelationName(relation);
	const char *problem = NULL;
	char		kind = relation->rd_rel->relkind;

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		problem = kind == RELKIND_VIEW ? "is a view" : kind == RELKIND_FOREIGN_TABLE
			? "is a foreign table" : kind == RELKIND_MATVIEW ? "is a materialized view" : "is not a table";
	else if (IsCatalogRelation(relation) || RelationGetNamespace(relation) == get_namespace_oid(ITSM_SCHEMA, false))
		problem = "is a system table";
	else if (relation->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		problem = "is a temporary table";
	else if (relation->rd_rules && relation->rd_rules->numLocks > 0)
		problem = "has rewrite rules, which turn writes into others";
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("\"%s\" cannot be attached: it %s", name, problem),
				 errhint("Attach an ordinary or partitioned table."),
				 err_generic_string(PG_DIAG_SCHEMA_NAME, get_namespace_name(RelationGetNamespace(relation))),
				 err_generic_string(PG_DIAG_TABLE_NAME, name)));
}

/* The index's columns when it identifies rows; NIL when it does not. */
static List *
identifying_columns(Relation relation, Oid index_oid)
{
	Relation	index = index_open(index_oid, AccessShareLock);
	Form_pg_index form = index->rd_index;
	List	   *columns = NIL;

	if (form->indisunique && form->indisvalid && RelationGetIndexPredicate(index) == NIL)
		for (int i = 0; i < form->indnkeyatts; i++)
		{
			AttrNumber	column = form->indkey.values[i];

			if (column <= 0 || !TupleDescAttr(RelationGetDescr(relation), column - 1)->attnotnull)
			{
				columns = NIL;
				break;
			}
			columns = lappend(columns, get_attname(RelationGetRelid(relation), column, false));
		}
	index_close(index, AccessShareLock);
	return columns;
}

/* Unlike rd_pkindex, also true of a deferrable primary key. */
static bool
is_primary(Oid index_oid)
{
	Relation	index = index_open(index_oid, AccessShareLock);
	bool		primary = index->rd_index->indisprimary;

	index_close(index, AccessShareLock);
	return primary;
}

static bool
same_columns(const List *a, const List *b)
{
	ListCell   *cell;

	if (list_length(a) != list_length(b))
		return false;
	foreach(cell, a)
	{
		bool		found = false;
		ListCell   *other;

		foreach(other, b)
			found |= strcmp(lfirst(cell), lfirst(other)) == 0;
		if (!found)
			return false;
	}
	return true;
}

static char *
quoted_names(const List *names)
{
	StringInfoData list;
	ListCell   *cell;

	initStringInfo(&list);
	foreach(cell, names)
		appendStringInfo(&list, "%s\"%s\"", list.len ? ", " : "", (char *) lfirst(cell));
	return list.data;
}

/* Reading a key must not run the code of whoever made a type: domains within others have constraints. */
static void
check_key_types(Request *request)
{
	ListCell   *cell;

	foreach(cell, request->key)
	{
		Oid			relation = RelationGetRelid(request->relation);
		Oid			type = get_atttype(relation, get_attnum(relation, lfirst(cell)));
		Oid			base = getBaseType(type);
		char		kind = get_typtype(base);

		if (type_is_array(base) || (kind != TYPTYPE_BASE && kind != TYPTYPE_ENUM))
			fault(request, NULL, psprintf("key column \"%s\" is %s; arrays, ranges and composite values cannot identify records",
										  (char *) lfirst(cell), format_type_be(type)));
		else if (!OidIsValid(lookup_type_cache(base, TYPECACHE_BTREE_OPFAMILY)->btree_opf))
			fault(request, NULL, psprintf("key column \"%s\" is %s, a type without an order of its own (a default operator class for btree)",
										  (char *) lfirst(cell), format_type_be(type)));
	}
}

/* The key: the primary key's columns, or the ones given when a unique index says they identify. */
static void
check_key(Request *request)
{
	Relation	relation = request->relation;
	List	   *indexes = RelationGetIndexList(relation);
	ListCell   *cell;

	if (request->key == NIL)
	{
		foreach(cell, indexes)
			if (is_primary(lfirst_oid(cell)))
				request->key = identifying_columns(relation, lfirst_oid(cell));
		if (request->key == NIL)
			fault(request, NULL, psprintf("\"%s\" has no primary key; name key columns that a unique index covers",
										  RelationGetRelationName(relation)));
		check_key_types(request);
		return;
	}
	foreach(cell, request->key)
		if (get_attnum(RelationGetRelid(relation), lfirst(cell)) <= 0)
		{
			fault(request, NULL, psprintf("key column \"%s\" is not a column of \"%s\"",
										  (char *) lfirst(cell), RelationGetRelationName(relation)));
			return;
		}
	check_key_types(request);
	if (!itsm_key_identifies(relation, request->key))
		fault(request, NULL, psprintf("no unique index over NOT NULL columns of \"%s\" covers just the key columns",
									  RelationGetRelationName(relation)));
}

bool
itsm_key_identifies(Relation relation, List *key)
{
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(relation))
		if (same_columns(identifying_columns(relation, lfirst_oid(cell)), key))
			return true;
	return false;
}

static void
load_lifecycle(void *argument)
{
	Request    *request = argument;
	int			version = 0;

	request->definition = itsm_definition_load(request->lifecycle, &version);
}

/*
 * A map may have more than the column: one is often shared by several tables.
 * But two words for one value (of a boolean) cannot stand for two states.
 */
static void
check_status_value(Request *request, Oid type, const char *name, const char *state, List **known)
{
	const char *value = itsm_status_value(type, name);
	NamedText  *pair;
	ListCell   *cell;

	if (value == NULL || value == name)
		return;
	foreach(cell, *known)
	{
		const NamedText *other = lfirst(cell);

		if (strcmp(other->name, value) == 0 && strcmp(other->text, state) != 0)
			fault(request, NULL, psprintf("status value \"%s\" maps to \"%s\", and another word for it to \"%s\"",
										  name, state, other->text));
	}
	pair = palloc(sizeof(NamedText));
	*pair = (NamedText) {pstrdup(value), pstrdup(state)};
	*known = lappend(*known, pair);
}

static void
check_states(Request *request)
{
	AttrNumber	column = get_attnum(RelationGetRelid(request->relation), request->status);
	Oid			type = column > 0 ? get_atttype(RelationGetRelid(request->relation), column) : TEXTOID;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;
	List	   *known = NIL;

	if (request->states == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(request->states))
	{
		fault(request, NULL, "states must be a JSON object of status values and states");
		return;
	}
	if (JB_ROOT_COUNT(request->states) == 0)
		fault(request, NULL, "states maps no status value; null stands for the states' own names");
	iterator = JsonbIteratorInit(&request->states->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		const char *state;

		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		if (token != WJB_VALUE)
			continue;
		if (value.type != jbvString)
		{
			fault(request, NULL, psprintf("status value \"%s\" does not map to a string", name));
			continue;
		}
		state = pnstrdup(value.val.string.val, value.val.string.len);
		if (itsm_definition_state(request->definition, state, strlen(state)) < 0)
			fault(request, NULL, psprintf("status value \"%s\" maps to \"%s\", which is not a state of lifecycle \"%s\"",
										  name, state, request->lifecycle));
		check_status_value(request, type, name, state, &known);
	}
}

typedef struct RowParse
{
	Relation	relation;
	const char *text;
	char	   *qualified;
	Oid			type;
} RowParse;

static void
parse_row(void *argument)
{
	RowParse   *parse = argument;
	Node	   *node = itsm_row_parse(parse->relation, parse->text, false);

	parse->type = exprType(node);
	parse->qualified = itsm_row_deparse(parse->relation, node);
}

/* The qualified form of an expression; NULL and a fault when it does not parse. */
static const char *
qualify(Request *request, const char *attribute, const char *what, const char *text, bool boolean)
{
	RowParse	parse = {request->relation, text, NULL, InvalidOid};
	ErrorData  *error = itsm_attempt(parse_row, &parse);

	if (error)
		fault(request, attribute, psprintf("%s \"%s\": %s", what, text, error->message));
	else if (boolean && parse.type != BOOLOID)
	{
		fault(request, attribute, psprintf("%s \"%s\" is %s, not boolean", what, text,
										   format_type_be(parse.type)));
		return NULL;
	}
	return parse.qualified;
}

static void
check_attributes(Request *request)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;

	if (!JB_ROOT_IS_OBJECT(request->attributes))
	{
		fault(request, NULL, "attributes must be a JSON object of attributes and columns or expressions");
		return;
	}
	iterator = JsonbIteratorInit(&request->attributes->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		NamedText  *pair;

		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		if (token != WJB_VALUE)
			continue;
		if (itsm_definition_attribute(request->definition, name) < 0)
			fault(request, name, psprintf("\"%s\" is not an attribute of lifecycle \"%s\"", name,
										  request->lifecycle));
		else if (value.type != jbvString)
			fault(request, name, psprintf("attribute \"%s\" does not map to a string", name));
		else
		{
			pair = palloc(sizeof(NamedText));
			pair->name = name;
			pair->text = (char *) qualify(request, name, psprintf("attribute \"%s\"", name),
										  pnstrdup(value.val.string.val, value.val.string.len), false);
			if (pair->text)
				request->expressions = lappend(request->expressions, pair);
		}
	}
}

static void
check_options(Request *request)
{
	JudgeMode	mode;
	Datum	   *values;
	bool	   *nulls;
	int			count;

	if (!itsm_mode_parse(request->mode, &mode))
		fault(request, NULL, psprintf("mode \"%s\" is none of off, observe, enforce", request->mode));
	if (strcmp(request->timing, "immediate") != 0 && strcmp(request->timing, "deferred") != 0)
		fault(request, NULL, psprintf("timing \"%s\" is none of immediate, deferred", request->timing));
	if (get_attnum(RelationGetRelid(request->relation), request->status) <= 0)
		fault(request, NULL, psprintf("status \"%s\" is not a column of \"%s\"", request->status,
									  RelationGetRelationName(request->relation)));
	deconstruct_array(request->track, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		const char *name = nulls[i] ? NULL : TextDatumGetCString(values[i]);

		if (name == NULL)
			fault(request, NULL, "track holds a null");
		else if (strcmp(name, "mapped") != 0 && strcmp(name, "*") != 0 &&
				 get_attnum(RelationGetRelid(request->relation), name) <= 0)
			fault(request, NULL, psprintf("tracked column \"%s\" is not a column of \"%s\"", name,
										  RelationGetRelationName(request->relation)));
	}
	if (request->filter)
		request->filter_expression = qualify(request, NULL, "filter", request->filter, true);
	if (request->tenant)
		request->tenant_expression = qualify(request, NULL, "tenant", request->tenant, false);
}

static void
check_request(Request *request)
{
	ErrorData  *error = itsm_attempt(load_lifecycle, request);

	if (error)
		fault(request, NULL, error->message);
	else
	{
		check_states(request);
		check_attributes(request);
	}
	check_options(request);
	check_key(request);
}

static void
raise_faults(const Request *request)
{
	itsm_unmet_raise(request->faults, ERRCODE_ITSM_ATTACHMENT,
					 psprintf("\"%s\" cannot be attached", RelationGetRelationName(request->relation)),
					 "DETAIL lists everything that is wrong; nothing has been changed.");
}

static int
store_attachment(const Request *request, int source)
{
	OwnerQuery	query;
	Oid			types[] = {
		INT4OID, REGCLASSOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, NAMEOID, JSONBOID, JSONBOID,
		JSONBOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, NAMEOID,
		BOOLOID
	};
	char		nulls[lengthof(types)];
	NameData	status;
	NameData	role;
#define TEXT(text) ((text) ? CStringGetTextDatum(text) : (Datum) 0)
	Datum		values[] = {
		Int32GetDatum(source), ObjectIdGetDatum(RelationGetRelid(request->relation)),
		CStringGetTextDatum(itsm_relation_name(RelationGetRelid(request->relation))),
		CStringGetTextDatum(request->lifecycle), CStringGetTextDatum(request->mode),
		CStringGetTextDatum(request->timing), NameGetDatum(&status), JsonbPGetDatum(request->states),
		JsonbPGetDatum(request->attributes), itsm_named_texts_jsonb(request->expressions),
		TEXT(request->filter), TEXT(request->filter_expression), TEXT(request->tenant),
		TEXT(request->tenant_expression), PointerGetDatum(request->track), NameGetDatum(&role),
		BoolGetDatum(request->notify)
	};
	bool		isnull;
	int			id;

	namestrcpy(&status, request->status);
	namestrcpy(&role, GetUserNameFromId(GetUserId(), false));
	for (int i = 0; i < lengthof(types); i++)
		nulls[i] = types[i] != BOOLOID && DatumGetPointer(values[i]) == NULL ? 'n' : ' ';
	itsm_query_begin(&query);
	itsm_query(SPI_OK_INSERT_RETURNING,
			   "INSERT INTO itsm.attachment (source, relation, relation_name, lifecycle, mode, timing,"
			   " status, states, attributes, attribute_expressions, filter, filter_expression, tenant,"
			   " tenant_expression, track, attached_by, notify)"
			   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
			   " RETURNING id", lengthof(types), types, values, nulls);
	id = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	itsm_query_end(&query);
	return id;
}

/* What rules cannot judge because it is not mapped: told, not passed in silence. */
static void
tell_not_applicable(const Request *request)
{
	const Definition *definition = request->definition;

	for (int i = 0; i < definition->rule_count; i++)
	{
		const LifecycleRule *rule = &definition->rules[i];
		bool		told = false;
		StringInfoData names;
		ListCell   *cell;

		initStringInfo(&names);
		foreach(cell, itsm_rule_reads(rule, true))
		{
			const char *name = definition->attributes[lfirst_int(cell)].name;

			if (itsm_named_text(request->expressions, name))
				continue;
			told = true;
			appendStringInfo(&names, "%s%s", names.len ? ", " : "", name);
		}
		if (told)
			ereport(NOTICE,
					(errmsg("rule \"%s\" cannot judge attributes that are not mapped: %s", rule->name,
							names.data)));
	}
}

static List *
name_list(ArrayType *array)
{
	Datum	   *values;
	bool	   *nulls;
	int			count;
	List	   *names = NIL;

	deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			names = lappend(names, pstrdup(NameStr(*DatumGetName(values[i]))));
	return names;
}

static char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static void
require_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("\"%s\" must not be null", name)));
}

static char *
jsonb_text(Jsonb *json)
{
	return json ? JsonbToCString(NULL, &json->root, VARSIZE(json)) : NULL;
}

/* The whole policy goes into the ledger. */
static void
tell_attached(const Request *request, int id)
{
	Datum		track = OidFunctionCall1(F_ARRAY_OUT, PointerGetDatum(request->track));

	itsm_policy_event(itsm_attachment_subject(id), id, "attached",
					  "table", itsm_relation_name(RelationGetRelid(request->relation)),
					  "lifecycle", request->lifecycle, "mode", request->mode, "timing", request->timing,
					  "status", request->status, "states", jsonb_text(request->states),
					  "attributes", jsonb_text(DatumGetJsonbP(itsm_named_texts_jsonb(request->expressions))),
					  "filter", request->filter_expression, "tenant", request->tenant_expression,
					  "track", DatumGetCString(track), NULL);
}

ITSM_FUNCTION(itsm_attach);
Datum
itsm_attach(PG_FUNCTION_ARGS)
{
	static const char *const required[] = {"relation", "lifecycle", "status"};
	Request		request = {0};
	Oid			relid;
	Source	   *source;
	int			id;

	for (int i = 0; i < lengthof(required); i++)
		require_argument(fcinfo, i, required[i]);
	relid = PG_GETARG_OID(0);
	if (get_rel_relkind(relid) == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("there is no relation with OID %u", relid)));
	/* rights before the lock */
	itsm_check_owner(relid);
	request.relation = relation_open(relid, ShareRowExclusiveLock);
	check_relation(request.relation);
	request.lifecycle = text_argument(fcinfo, 1);
	request.status = NameStr(*PG_GETARG_NAME(2));
	request.states = PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3);
	request.attributes = PG_ARGISNULL(4)
		? DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"))) : PG_GETARG_JSONB_P(4);
	request.filter = text_argument(fcinfo, 5);
	request.mode = PG_ARGISNULL(6) ? "observe" : text_argument(fcinfo, 6);
	request.timing = PG_ARGISNULL(7) ? "immediate" : text_argument(fcinfo, 7);
	request.track = PG_ARGISNULL(8)
		? construct_array((Datum[]) {CStringGetTextDatum("mapped")}, 1, TEXTOID, -1, false, TYPALIGN_INT)
		: PG_GETARG_ARRAYTYPE_P(8);
	request.tenant = text_argument(fcinfo, 9);
	request.notify = !PG_ARGISNULL(11) && PG_GETARG_BOOL(11);
	request.key = PG_ARGISNULL(10) ? NIL : name_list(PG_GETARG_ARRAYTYPE_P(10));
	if (!PG_ARGISNULL(10) && array_contains_nulls(PG_GETARG_ARRAYTYPE_P(10)))
		fault(&request, NULL, "key holds a null");
	check_request(&request);
	raise_faults(&request);

	/* who edits the lifecycle now has been checked against the tables attached so far */
	LockRelationOid(itsm_relation("lifecycle"), ShareLock);
	source = itsm_source_register(relid, request.key);
	if (!same_columns(source->key, request.key))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("\"%s\" was attached with other key columns: %s", RelationGetRelationName(request.relation),
						quoted_names(source->key)),
				 errhint("A record's identity stays: use the same key.")));
	id = store_attachment(&request, source->id);
	itsm_policy_changed();
	itsm_spread_check_now(request.relation, itsm_policy_build(request.relation, &request.faults), &request.faults);
	raise_faults(&request);
	itsm_tell_foreign_triggers(request.relation);
	tell_not_applicable(&request);
	itsm_make_partitions_ahead();
	tell_attached(&request, id);
	/* ALTER TABLE wants nobody to have it open; the lock stays */
	relation_close(request.relation, NoLock);
	/* before the triggers, whose making locks the table on the other nodes too */
	(void) itsm_policy_send(relid);
	itsm_make_triggers(relid);
	PG_RETURN_INT32(id);
}

ITSM_FUNCTION(itsm_detach);
Datum
itsm_detach(PG_FUNCTION_ARGS)
{
	Oid			relid;
	bool		all = PG_ARGISNULL(1);
	int			only = all ? 0 : PG_GETARG_INT32(1);
	List	   *rows;
	ListCell   *cell;
	int			left = 0;
	int			detached = 0;
	OwnerQuery	query;

	require_argument(fcinfo, 0, "relation");
	relid = PG_GETARG_OID(0);
	itsm_check_owner(relid);
	/* the triggers stay while other attachments do */
	LockRelationOid(relid, !all && list_length(itsm_attachments_of(relid)) > 1
					? ShareRowExclusiveLock : AccessExclusiveLock);
	rows = itsm_attachments_of(relid);
	foreach(cell, rows)
	{
		AttachmentRow *row = lfirst(cell);
		Oid			types[] = {INT4OID};
		Datum		values[] = {Int32GetDatum(row->id)};

		if (!all && row->id != only)
		{
			left++;
			continue;
		}
		itsm_query_begin(&query);
		itsm_query_now(SPI_OK_UPDATE, "UPDATE itsm.attachment SET detached_at = pg_catalog.clock_timestamp()"
					   " WHERE id OPERATOR(pg_catalog.=) $1", 1, types, values, NULL);
		itsm_query_end(&query);
		itsm_policy_event(itsm_attachment_subject(row->id), row->id, "detached", "table",
						  itsm_relation_name(relid), NULL);
		detached++;
	}
	if (detached == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 all ? errmsg("\"%s\" is not attached", get_rel_name(relid))
				 : errmsg("attachment %d does not govern \"%s\"", only, get_rel_name(relid)),
				 errhint("itsm.attachment lists attachments and their tables.")));
	CommandCounterIncrement();
	if (left == 0)
		itsm_spread_require_triggers(relid);
	(void) itsm_policy_send(relid);
	if (left == 0)
		itsm_drop_triggers(relid);
	itsm_policy_changed();
	PG_RETURN_VOID();
}

static bool
rule_exists(const AttachmentRow *row, const char *rule)
{
	int			version = 0;
	Definition *definition = itsm_definition_load(row->lifecycle, &version);

	for (int i = 0; i < BUILTIN_COUNT; i++)
		if (strcmp(itsm_builtin_rules[i], rule) == 0)
			return true;
	for (int i = 0; i < definition->rule_count; i++)
		if (strcmp(definition->rules[i].name, rule) == 0)
			return true;
	return false;
}

ITSM_FUNCTION(itsm_set_mode);
Datum
itsm_set_mode(PG_FUNCTION_ARGS)
{
	AttachmentRow *row;
	char	   *mode;
	char	   *rule = text_argument(fcinfo, 2);
	JudgeMode	parsed;
	OwnerQuery	query;
	Oid			types[] = {INT4OID, TEXTOID, TEXTOID};
	Datum		values[3];

	require_argument(fcinfo, 0, "attachment");
	require_argument(fcinfo, 1, "mode");
	row = itsm_attachment_read(PG_GETARG_INT32(0));
	mode = text_argument(fcinfo, 1);
	if (row->detached || !OidIsValid(row->relation) || get_rel_relkind(row->relation) == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("attachment %d is detached", row->id),
				 errhint("Attach the table anew.")));
	itsm_check_owner(row->relation);
	if (!itsm_mode_parse(mode, &parsed))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("mode \"%s\" is none of off, observe, enforce", mode)));
	if (rule && !rule_exists(row, rule))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("lifecycle \"%s\" has no rule \"%s\"", row->lifecycle, rule),
				 errhint("Besides its own rules there are status, initial, transition, delete and truncate.")));
	values[0] = Int32GetDatum(row->id);
	values[1] = CStringGetTextDatum(mode);
	values[2] = rule ? CStringGetTextDatum(rule) : (Datum) 0;
	itsm_query_begin(&query);
	if (rule)
		itsm_query_now(SPI_OK_UPDATE, "UPDATE itsm.attachment SET rule_modes = rule_modes"
					   " OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object($3, $2)"
					   " WHERE id OPERATOR(pg_catalog.=) $1", 3, types, values, NULL);
	else
		itsm_query_now(SPI_OK_UPDATE, "UPDATE itsm.attachment SET mode = $2"
					   " WHERE id OPERATOR(pg_catalog.=) $1", 2, types, values, NULL);
	itsm_query_end(&query);
	if (rule)
		itsm_policy_event(itsm_attachment_subject(row->id), row->id, "mode_set", "rule", rule, "mode", mode,
						  NULL);
	else
		itsm_policy_event(itsm_attachment_subject(row->id), row->id, "mode_set", "mode", mode, NULL);
	itsm_policy_changed();
	(void) itsm_policy_send(row->relation);
	PG_RETURN_VOID();
}
