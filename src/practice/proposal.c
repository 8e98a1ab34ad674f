/*
 * proposal.c
 *		Values that a change proposes for configuration items, applied when it
 *		is done.
 *
 * The tables of the items are written with the caller's rights, our own with
 * the extension's.
 */
#include "core/itsm.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "funcapi.h"
#include "ledger/record_key.h"
#include "lifecycle/actor.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "practice/proposal.h"
#include "record/source.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

typedef struct Proposal
{
	int64		id;
	Oid			relation;
	char	   *relation_name;	/* as it was proposed */
	char	   *key;
	Jsonb	   *values;
	const char *reason;
	uint64		updated;
} Proposal;

/* The source of an attached table's rows; ERROR when it is none. */
static Source *
source_of(Oid relation)
{
	ListCell   *cell;

	foreach(cell, itsm_policy_ancestors(relation))
	{
		Source	   *source = itsm_source_find(lfirst_oid(cell));

		if (source)
			return source;
	}
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("\"%s\" is not attached", get_rel_name(relation)),
			 errhint("Values are proposed for rows of attached tables.")));
}

/* The columns are there, no part of the key, and the caller's to update. */
static void
check_columns(Oid relation, const Source *source, const Jsonb *values)
{
	List	   *names;
	ListCell   *cell;

	if (!JB_ROOT_IS_OBJECT(values) || (names = itsm_json_names(&values->root)) == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the values must be a JSON object of columns, with one at least"),
				 errhint("Write {\"column\": value, …}.")));
	foreach(cell, names)
	{
		AttrNumber	column = get_attnum(relation, lfirst(cell));
		ListCell   *key;

		if (column <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("\"%s\" is not a column of \"%s\"", itsm_clip(lfirst(cell)), get_rel_name(relation))));
		foreach(key, source->key)
			if (strcmp(lfirst(key), lfirst(cell)) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("column \"%s\" is part of the key of \"%s\"", itsm_clip(lfirst(cell)),
								get_rel_name(relation))));
		if (pg_class_aclcheck(relation, GetUserId(), ACL_UPDATE) != ACLCHECK_OK &&
			pg_attribute_aclcheck(relation, column, GetUserId(), ACL_UPDATE) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relation)), get_rel_name(relation));
	}
}

ITSM_FUNCTION_OF_ALL(itsm_propose_values)
{
	static const Oid types[] = {INT8OID, TEXTOID, OIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID};
	Oid			target = PG_GETARG_OID(2);
	char	   *target_key = text_to_cstring(PG_GETARG_TEXT_PP(3));
	Record		change;
	Record		item;
	OwnerQuery	query;
	bool		isnull;
	int64		id;

	check_columns(target, source_of(target), PG_GETARG_JSONB_P(4));
	itsm_record_require(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), &change);
	itsm_record_require(target, target_key, &item);
	if (strcmp(change.tenant, item.tenant) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the change and the row of \"%s\" belong to different tenants", get_rel_name(target)),
				 errhint("A change proposes values for items of its own tenant.")));
	{
		Datum		values[] = {
			Int64GetDatum(change.id), CStringGetTextDatum(change.tenant), ObjectIdGetDatum(target),
			CStringGetTextDatum(itsm_relation_name(target)), CStringGetTextDatum(item.key), PG_GETARG_DATUM(4),
			CStringGetTextDatum(itsm_acting())
		};

		itsm_query_begin(&query);
		(void) itsm_query(SPI_OK_INSERT_RETURNING,
						  "INSERT INTO itsm.proposal (change, tenant, relation, relation_name, key, new_values, proposed_by, proposed_at)"
						  " VALUES ($1, $2, $3::pg_catalog.regclass, $4, $5, $6, $7, pg_catalog.clock_timestamp()) RETURNING id",
						  lengthof(types), types, values, NULL);
		id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		itsm_query_end(&query);
	}
	PG_RETURN_INT64(id);
}

/* A member as the text of an SQL literal; arrays and objects in their JSON form. */
static char *
literal(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "NULL";
		case jbvBool:
			return value->val.boolean ? "'true'" : "'false'";
		case jbvString:
			return quote_literal_cstr(pnstrdup(value->val.string.val, value->val.string.len));
		case jbvNumeric:
			return quote_literal_cstr(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))));
		default:
			{
				Jsonb	   *json = JsonbValueToJsonb(unconstify(JsonbValue *, value));

				return quote_literal_cstr(JsonbToCString(NULL, &json->root, VARSIZE(json)));
			}
	}
}

/* "column" = value::type for each member. */
static char *
assignments(const Proposal *proposal)
{
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&sql);
	foreach(cell, itsm_json_names(&proposal->values->root))
	{
		AttrNumber	column = get_attnum(proposal->relation, lfirst(cell));
		JsonbValue	value;
		int32		typmod;
		Oid			type;
		Oid			collation;

		if (column <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("\"%s\" is no longer a column of \"%s\"", itsm_clip(lfirst(cell)),
							get_rel_name(proposal->relation))));
		(void) itsm_json_member(&proposal->values->root, lfirst(cell), &value);
		get_atttypetypmodcoll(proposal->relation, column, &type, &typmod, &collation);
		appendStringInfo(&sql, "%s%s = %s::%s", sql.len ? ", " : "", quote_identifier(lfirst(cell)), literal(&value),
						 format_type_extended(type, typmod, FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_TYPEMOD_GIVEN));
	}
	if (sql.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_HISTORY), errmsg("the values of the proposal were erased"),
				 errhint("Propose others with itsm.propose_values.")));
	return sql.data;
}

static void
apply(void *argument)
{
	Proposal   *proposal = argument;
	char		kind = get_rel_relkind(proposal->relation);
	int			level = NewGUCNestLevel();
	char	   *sql;

	if (kind == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table %s of the proposal is gone", proposal->relation_name)));
	sql = psprintf("UPDATE %s%s k SET %s WHERE %s", kind == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
				   itsm_relation_name(proposal->relation), assignments(proposal),
				   itsm_key_condition(proposal->relation, source_of(proposal->relation), proposal->key, "k"));
	(void) set_config_option("itsm.reason", proposal->reason, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(sql, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not update a row of \"%s\"", get_rel_name(proposal->relation));
	proposal->updated = SPI_processed;
	SPI_finish();
	AtEOXact_GUC(true, level);
}

/* Proposals of a change that are still to be applied, locked: a list of Proposal. */
static List *
pending(const Record *change, const char *reason)
{
	static const Oid types[] = {INT8OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(change->id), CStringGetTextDatum(change->tenant)};
	MemoryContext caller = CurrentMemoryContext;
	List	   *list = NIL;
	OwnerQuery	query;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT,
					  "SELECT p.id, p.relation::pg_catalog.oid, p.key, p.new_values, p.relation_name FROM itsm.proposal p"
					  " WHERE p.change OPERATOR(pg_catalog.=) $1 AND p.tenant OPERATOR(pg_catalog.=) $2 AND p.applied_at IS NULL"
					  " ORDER BY p.id FOR UPDATE",
					  lengthof(types), types, values, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		MemoryContext spi = MemoryContextSwitchTo(caller);
		Proposal   *proposal = palloc0(sizeof(Proposal));
		bool		isnull;

		proposal->id = DatumGetInt64(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));
		proposal->relation = DatumGetObjectId(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &isnull));
		proposal->key = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 3);
		proposal->values = DatumGetJsonbPCopy(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 4, &isnull));
		proposal->relation_name = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 5);
		proposal->reason = reason;
		list = lappend(list, proposal);
		MemoryContextSwitchTo(spi);
	}
	itsm_query_end(&query);
	return list;
}

static void
keep_applied(const Proposal *proposal)
{
	static const Oid types[] = {INT8OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(proposal->id), CStringGetTextDatum(itsm_acting())};
	OwnerQuery	query;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_UPDATE,
					  "UPDATE itsm.proposal p SET applied_by = $2, applied_at = pg_catalog.clock_timestamp()"
					  " WHERE p.id OPERATOR(pg_catalog.=) $1",
					  lengthof(types), types, values, NULL);
	itsm_query_end(&query);
}

static void
tell(ReturnSetInfo *result, const Proposal *proposal, const char *message)
{
	Datum		row[] = {
		Int64GetDatum(proposal->id), ObjectIdGetDatum(proposal->relation), CStringGetTextDatum(proposal->key),
		BoolGetDatum(message == NULL), message ? CStringGetTextDatum(message) : (Datum) 0
	};
	bool		nulls[] = {false, false, false, false, message == NULL};

	tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
}

/* A change is done when it is resolved or closed. */
static void
require_done(const Record *change, Oid relation)
{
	RecordState state;

	if (itsm_record_state_lock(change->tenant, change->id, LockTupleShare, &state) && state.category &&
		(strcmp(state.category, "resolved") == 0 || strcmp(state.category, "closed") == 0))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_RELATED),
			 errmsg("what a change proposes is applied when it is done; this one of \"%s\" is in \"%s\"",
					get_rel_name(relation), state.state ? state.state : "no state"),
			 errhint("It must be in a state of category resolved or closed.")));
}

ITSM_FUNCTION_OF_ALL(itsm_apply_proposals)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *key = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Record		change;
	ListCell   *cell;

	itsm_record_require(PG_GETARG_OID(0), key, &change);
	InitMaterializedSRF(fcinfo, 0);
	require_done(&change, PG_GETARG_OID(0));
	foreach(cell, pending(&change, psprintf("change %s of %s", key, get_rel_name(PG_GETARG_OID(0)))))
	{
		Proposal   *proposal = lfirst(cell);
		ErrorData  *error;

		CHECK_FOR_INTERRUPTS();
		error = itsm_attempt(apply, proposal);
		if (error == NULL && proposal->updated > 0)
			keep_applied(proposal);
		tell(result, proposal, error ? error->message : proposal->updated ? NULL : "there is no such row any more, or it is not visible");
	}
	return (Datum) 0;
}
