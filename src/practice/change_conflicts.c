/*
 * change_conflicts.c
 *		What stands against a change as it is planned, and when nothing does.
 *
 * The change's row is read with the caller's rights, and so is it found out
 * which of the others the caller may see; bookings and windows are read with
 * those of the extension's owner.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "core/table.h"
#include "funcapi.h"
#include "ledger/record_key.h"
#include "ledger/tenant_access.h"
#include "lifecycle/judge_row.h"
#include "lifecycle/stored_row.h"
#include "miscadmin.h"
#include "practice/change_window.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

/* A change that somebody asks about. */
typedef struct Asked
{
	Relation	relation;
	Policy	   *policy;
	PolicyState *state;
	TupleTableSlot *slot;
	const char *tenant;
	int64		record;			/* 0: none */
	ChangePlan	plan;
} Asked;

/* What stands against it. */
typedef struct Conflict
{
	char	   *kind;
	char	   *ci;				/* NULL: none, or all */
	char	   *other;			/* key of the change, or name of the window */
	Datum		during;
	Datum		overlap;		/* with the plan */
	bool		with_change;
	Oid			relation;		/* of the other change; InvalidOid: its table is gone */
	bool		dependent;		/* ci is not of the plan: it depends on one that is, or the other way round */
	Oid			ci_relation;	/* of a dependent one */
} Conflict;

/* By the rules that look at plans, and the usual names for what they do not name. */
static PlanAttributes
plan_attributes(const Definition *definition)
{
	PlanAttributes found = itsm_plan_usual(definition);
	const PlanAttributes *conflicts = NULL;
	const PlanAttributes *freezes = NULL;

	for (int i = definition->rule_count - 1; i >= 0; i--)
		for (int j = 0; j < definition->rules[i].condition_count; j++)
		{
			const RuleCondition *condition = &definition->rules[i].conditions[j];

			if (condition->kind == &itsm_rule_no_conflict)
				conflicts = condition->data;
			else if (condition->kind == &itsm_rule_not_frozen)
				freezes = condition->data;
		}
	if (freezes)
		found = *freezes;
	if (conflicts)
	{
		found.start = conflicts->start;
		found.end = conflicts->end;
		found.cis = conflicts->cis;
		found.ci = conflicts->ci;
	}
	return found;
}

static void
no_row(const Asked *asked, const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("\"%s\" has no row with key \"%s\"", RelationGetRelationName(asked->relation), itsm_clip(key))));
}

static void
read_plan(Asked *asked, const char *key)
{
	PolicyAttachment *attachment = itsm_governing(asked->state, asked->policy, asked->slot, NULL);
	const Unit *unit = attachment ? attachment->current : NULL;
	PlanAttributes attributes;

	if (unit == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("no attachment governs the row of \"%s\" with key \"%s\"",
						RelationGetRelationName(asked->relation), itsm_clip(key))));
	attributes = plan_attributes(unit->definition);
	if (!itsm_plan_is_timed(&attributes, unit->mapped))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("attachment %d of \"%s\" maps no times for which a change is planned", attachment->id,
						RelationGetRelationName(asked->relation)),
				 errhint("They are the attributes planned_start and planned_end, or those that a no_conflict rule names.")));
	asked->tenant = itsm_evaluate_tenant(asked->state, attachment, asked->slot);
	if (!itsm_sees_tenant(asked->tenant))
		no_row(asked, key);
	itsm_plan_read(unit->definition, &attributes, unit->mapped,
				   itsm_evaluate_canonical(asked->state, attachment->current, asked->slot, false, NULL), &asked->plan);
	if (itsm_plan_names_cis(&attributes, unit->mapped) && asked->plan.ci_fault)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_CONFLICT),
				 errmsg("change \"%s\" of \"%s\": %s", itsm_clip(key), RelationGetRelationName(asked->relation),
						asked->plan.ci_fault),
				 errhint("The attributes \"cis\" and \"ci\" name configuration items.")));
}

/* Ends with end_question, or with an error. */
static void
begin_question(Asked *asked, Oid relation, const char *key)
{
	HeapTuple	tuple;
	Record		record;

	*asked = (Asked) {.relation = itsm_table_open(relation)};
	tuple = itsm_stored_row(asked->relation, key);
	if (tuple == NULL)
		no_row(asked, key);
	if (itsm_record_lookup(relation, key, &record))
		asked->record = record.id;
	asked->policy = itsm_policy_get(asked->relation);
	asked->slot = MakeSingleTupleTableSlot(RelationGetDescr(asked->relation), &TTSOpsHeapTuple);
	ExecStoreHeapTuple(tuple, asked->slot, false);
	asked->state = itsm_evaluate_begin(asked->policy);
	read_plan(asked, key);
}

static void
end_question(Asked *asked)
{
	itsm_evaluate_end(asked->policy, asked->state);
	ExecDropSingleTupleTableSlot(asked->slot);
	table_close(asked->relation, AccessShareLock);
}

/*
 * Others' bookings of configuration items within $5; $6: the record.
 * Each index has a branch of its own.
 */
#define BOOKINGS(held) \
	"SELECT b.record, b.during FROM itsm.change_booking b WHERE " held " AND b.place OPERATOR(pg_catalog.&&)" \
	" pg_catalog.int8range(c.number, c.number, '[]') AND b.during OPERATOR(pg_catalog.&&) $5" \
	" AND (b.record OPERATOR(pg_catalog.<>) $6 OR b.tenant OPERATOR(pg_catalog.<>) $1)"
#define BOOKINGS_OF_OTHERS(items) \
	"itsm.booked_ci c CROSS JOIN LATERAL (" \
	BOOKINGS("b.enforced") " UNION ALL " BOOKINGS("NOT b.enforced") ") AS b" \
	" WHERE c.tenant OPERATOR(pg_catalog.=) $1 AND c.ci OPERATOR(pg_catalog.=) " items

/* The items that the plan's depend on, or that depend on them: as `which` says. */
#define RELATED_RECORDS(which) \
	"SELECT DISTINCT d.process, d.key, d.source FROM itsm.record o" \
	" CROSS JOIN LATERAL pg_catalog.unnest(" which ") AS n(id)" \
	" JOIN itsm.record d ON d.id OPERATOR(pg_catalog.=) n.id AND d.tenant OPERATOR(pg_catalog.=) $1" \
	" WHERE o.key OPERATOR(pg_catalog.=) ANY ($2) AND o.tenant OPERATOR(pg_catalog.=) $1" \
	" AND o.process OPERATOR(pg_catalog.=) 'configuration_item' AND NOT o.deleted AND NOT d.deleted" \
	" AND d.key OPERATOR(pg_catalog.<>) ALL ($2)"

/*
 * kind, ci, other, during, overlap, is it a change, its relation, relation of a
 * dependent ci, is there one
 *
 * A freeze of what the plan's items only depend on does not concern it: they are not touched.
 */
static const char list_conflicts[] =
	"WITH frozen AS MATERIALIZED (SELECT x.ci, w.name, u.during FROM "
	PLAN_ITEMS ", " ITEM_WINDOWS("freeze", "$5") ", pg_catalog.unnest(w.times) AS u(during))"
	", impacted AS MATERIALIZED (" RELATED_RECORDS("itsm.impact_records(o.id)") ")"
	", found AS (SELECT 'change' AS kind, c.ci, b.record, NULL::pg_catalog.text AS name, b.during, NULL::integer AS ci_source"
	" FROM " BOOKINGS_OF_OTHERS("ANY ($2)")
	" UNION ALL SELECT 'dependent_change', c.ci, b.record, NULL, b.during, d.source FROM (SELECT * FROM impacted UNION "
	RELATED_RECORDS("itsm.dependency_records(o.id)") ") AS d, " BOOKINGS_OF_OTHERS("d.key")
	" AND d.process OPERATOR(pg_catalog.=) 'configuration_item'"
	/* a freeze of all its items is said once */
	" UNION ALL (SELECT DISTINCT 'freeze', CASE WHEN f.items OPERATOR(pg_catalog.=) 1"
	" OR f.items OPERATOR(pg_catalog.<) pg_catalog.cardinality($2) THEN f.ci END, NULL::pg_catalog.int8, f.name, f.during, NULL::integer"
	" FROM (SELECT *, pg_catalog.count(*) OVER (PARTITION BY name, during) AS items FROM frozen) AS f)"
	" UNION ALL SELECT 'dependent_freeze', d.key, NULL, w.name, u.during, d.source FROM impacted d,"
	" itsm.windows_in_scope('freeze', $1, CASE WHEN d.process OPERATOR(pg_catalog.=) 'service' THEN d.key END, NULL,"
	" CASE WHEN d.process OPERATOR(pg_catalog.<>) 'service' THEN d.key END, $5) AS w, pg_catalog.unnest(w.times) AS u(during)"
	" WHERE NOT EXISTS (SELECT FROM frozen f WHERE f.name OPERATOR(pg_catalog.=) w.name AND f.during OPERATOR(pg_catalog.=) u.during)"
	" UNION ALL SELECT 'maintenance', m.ci, NULL, NULL, u.during, NULL"
	" FROM (SELECT x.ci, pg_catalog.range_agg(w.times) AS times FROM "
	PLAN_ITEMS ", " ITEM_WINDOWS("maintenance", "$5") " GROUP BY x.ci) AS m,"
	" pg_catalog.unnest(pg_catalog.tstzmultirange($5) OPERATOR(pg_catalog.-) m.times) AS u(during))"
	" SELECT f.kind, f.ci, coalesce(r.key, f.name), f.during, f.during OPERATOR(pg_catalog.*) $5, f.record IS NOT NULL,"
	" s.relation::pg_catalog.oid, i.relation::pg_catalog.oid, i.id IS NOT NULL"
	/* one by one, as LIMIT says: however many are expected, they are few beside all records */
	" FROM found f LEFT JOIN LATERAL (SELECT r.key, r.source FROM itsm.record r WHERE r.id OPERATOR(pg_catalog.=) f.record"
	" AND r.tenant OPERATOR(pg_catalog.=) $1 LIMIT 1) AS r ON true"
	" LEFT JOIN itsm.source s ON s.id OPERATOR(pg_catalog.=) r.source"
	" LEFT JOIN itsm.source i ON i.id OPERATOR(pg_catalog.=) f.ci_source"
	" ORDER BY 1, 4, 3, 2";

static char *
text_of(HeapTuple tuple, TupleDesc descriptor, int column, MemoryContext context)
{
	char	   *text = SPI_getvalue(tuple, descriptor, column);

	return text ? MemoryContextStrdup(context, text) : NULL;
}

static Datum
range_of(HeapTuple tuple, TupleDesc descriptor, int column, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	bool		isnull;
	Datum		range = PointerGetDatum(PG_DETOAST_DATUM_COPY(SPI_getbinval(tuple, descriptor, column, &isnull)));

	MemoryContextSwitchTo(caller);
	return range;
}

static Oid
oid_of(HeapTuple tuple, TupleDesc descriptor, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, descriptor, column, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

static List *
find_conflicts(const Asked *asked)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[PLAN_ARGUMENTS + 1];
	Datum		values[PLAN_ARGUMENTS + 1];
	char		nulls[PLAN_ARGUMENTS + 1];
	OwnerQuery	query;
	List	   *conflicts = NIL;
	uint64		count;

	memcpy(types, itsm_plan_argument_types, sizeof(itsm_plan_argument_types));
	itsm_plan_arguments(asked->tenant, &asked->plan, values, nulls);
	types[PLAN_ARGUMENTS] = INT8OID;
	values[PLAN_ARGUMENTS] = Int64GetDatum(asked->record);
	nulls[PLAN_ARGUMENTS] = ' ';
	itsm_query_begin(&query);
	count = itsm_query(SPI_OK_SELECT, list_conflicts, lengthof(types), types, values, nulls);
	for (uint64 i = 0; i < count; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		Conflict   *conflict = MemoryContextAlloc(context, sizeof(Conflict));
		MemoryContext spi = MemoryContextSwitchTo(context);
		bool		isnull;

		conflict->kind = text_of(tuple, descriptor, 1, context);
		conflict->ci = text_of(tuple, descriptor, 2, context);
		conflict->other = text_of(tuple, descriptor, 3, context);
		conflict->during = range_of(tuple, descriptor, 4, context);
		conflict->overlap = range_of(tuple, descriptor, 5, context);
		conflict->with_change = DatumGetBool(SPI_getbinval(tuple, descriptor, 6, &isnull));
		conflict->relation = oid_of(tuple, descriptor, 7);
		conflict->ci_relation = oid_of(tuple, descriptor, 8);
		conflict->dependent = DatumGetBool(SPI_getbinval(tuple, descriptor, 9, &isnull));
		conflicts = lappend(conflicts, conflict);
		MemoryContextSwitchTo(spi);
	}
	itsm_query_end(&query);
	return conflicts;
}

/* May the current user see that row? */
static bool
may_see(Oid relation, const char *key)
{
	Source	   *source;
	bool		visible;

	if (!OidIsValid(relation) || key == NULL || get_rel_relkind(relation) == '\0' ||
		(pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		 pg_attribute_aclcheck_all(relation, GetUserId(), ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK))
		return false;
	if (check_enable_rls(relation, InvalidOid, true) != RLS_ENABLED)
		return true;
	source = itsm_source_find(relation);
	if (source == NULL)
		return false;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(psprintf("SELECT FROM %s k WHERE %s", itsm_relation_name(relation),
							 itsm_key_condition(relation, source, key, "k")), true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for the row");
	visible = SPI_processed > 0;
	SPI_finish();
	return visible;
}

ITSM_FUNCTION(itsm_change_conflicts);
Datum
itsm_change_conflicts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *key = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Asked		asked;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	begin_question(&asked, PG_GETARG_OID(0), key);
	if (asked.plan.time_fault)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_CONFLICT),
				 errmsg("change \"%s\" of \"%s\": %s", itsm_clip(key), RelationGetRelationName(asked.relation),
						asked.plan.time_fault)));
	foreach(cell, find_conflicts(&asked))
	{
		const Conflict *conflict = lfirst(cell);
		bool		hidden = conflict->with_change && !may_see(conflict->relation, conflict->other);
		bool		hidden_ci = conflict->dependent && !may_see(conflict->ci_relation, conflict->ci);
		Datum		row[4];
		bool		nulls[4] = {hidden || conflict->other == NULL, false, hidden_ci || conflict->ci == NULL, false};

		CHECK_FOR_INTERRUPTS();
		row[0] = nulls[0] ? (Datum) 0 : CStringGetTextDatum(conflict->other);
		row[1] = CStringGetTextDatum(conflict->kind);
		row[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(conflict->ci);
		row[3] = hidden ? conflict->overlap : conflict->during;
		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
	end_question(&asked);
	return (Datum) 0;
}

/* $5: when it is looked for, $7: how long */
static const char find_slot[] =
	"SELECT pg_catalog.tstzrange(pg_catalog.lower(f.during), pg_catalog.lower(f.during) OPERATOR(pg_catalog.+) $7)"
	" FROM pg_catalog.unnest((pg_catalog.tstzmultirange($5)"
	" OPERATOR(pg_catalog.-) coalesce((SELECT pg_catalog.range_agg(b.during) FROM " BOOKINGS_OF_OTHERS("ANY ($2)") "), '{}')"
	" OPERATOR(pg_catalog.-) coalesce((SELECT pg_catalog.range_agg(w.times) FROM "
	PLAN_ITEMS ", " ITEM_WINDOWS("freeze", "$5") "), '{}'))"
	" OPERATOR(pg_catalog.*) coalesce((SELECT pg_catalog.range_intersect_agg(m.times)"
	" FROM (SELECT pg_catalog.range_agg(w.times) AS times FROM "
	PLAN_ITEMS ", " ITEM_WINDOWS("maintenance", "$5") " GROUP BY x.ci) AS m),"
	" pg_catalog.tstzmultirange($5))) AS f(during)"
	" WHERE pg_catalog.lower(f.during) OPERATOR(pg_catalog.+) $7 OPERATOR(pg_catalog.<=) pg_catalog.upper(f.during)"
	" ORDER BY f.during LIMIT 1";

static TimestampTz
later(TimestampTz time, Datum interval, const char *name)
{
	TimestampTz end = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
															  TimestampTzGetDatum(time), interval));

	if (TIMESTAMP_NOT_FINITE(end) || end <= time)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be more than nothing, and finite", name)));
	return end;
}

ITSM_FUNCTION(itsm_next_free_slot);
Datum
itsm_next_free_slot(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[PLAN_ARGUMENTS + 2];
	Datum		values[PLAN_ARGUMENTS + 2];
	char		nulls[PLAN_ARGUMENTS + 2];
	Datum		slot = (Datum) 0;
	bool		found;
	Asked		asked;
	OwnerQuery	query;
	TimestampTz from = GetCurrentTimestamp();

	begin_question(&asked, PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	(void) later(from, PG_GETARG_DATUM(2), "duration");
	if (asked.plan.has_start && !TIMESTAMP_NOT_FINITE(asked.plan.start))
		from = Max(from, asked.plan.start);
	asked.plan.start = from;
	asked.plan.end = later(from, PG_GETARG_DATUM(3), "horizon");
	asked.plan.timed = true;
	memcpy(types, itsm_plan_argument_types, sizeof(itsm_plan_argument_types));
	itsm_plan_arguments(asked.tenant, &asked.plan, values, nulls);
	types[PLAN_ARGUMENTS] = INT8OID;
	values[PLAN_ARGUMENTS] = Int64GetDatum(asked.record);
	types[PLAN_ARGUMENTS + 1] = INTERVALOID;
	values[PLAN_ARGUMENTS + 1] = PG_GETARG_DATUM(2);
	nulls[PLAN_ARGUMENTS] = nulls[PLAN_ARGUMENTS + 1] = ' ';
	itsm_query_begin(&query);
	found = itsm_query(SPI_OK_SELECT, find_slot, lengthof(types), types, values, nulls) > 0;
	if (found)
		slot = range_of(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, context);
	itsm_query_end(&query);
	end_question(&asked);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(slot);
}
