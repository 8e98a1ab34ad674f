/*
 * source_precedence.c
 *		Precedence of sources: read and defined.
 *
 * The table is read as it is now, whatever the snapshot; who defines locks it
 * against reconciliation (reconcile.c).
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
#include "cmdb/source_precedence.h"
#include "core/json_read.h"
#include "core/table.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Columns of itsm.source_precedence, from 0. */
enum
{
	PRECEDENCE_CLASS, PRECEDENCE_ATTRIBUTE, PRECEDENCE_POSITION, PRECEDENCE_SOURCE, PRECEDENCE_STALE_AFTER,
	PRECEDENCE_COLUMNS
};

/* For attributes without a list of their own. */
#define ALL_ATTRIBUTES ""

static void
text_key(ScanKey key, int column, const char *text)
{
	ScanKeyInit(key, column + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(text));
	key->sk_collation = C_COLLATION_OID;
}

static SysScanDesc
begin_list(Relation table, Relation index, ScanKey keys, const char *class, const char *attribute)
{
	text_key(&keys[0], PRECEDENCE_CLASS, class);
	text_key(&keys[1], PRECEDENCE_ATTRIBUTE, attribute);
	return itsm_table_scan_ordered(table, index, 2, keys);
}

static List *
read_list(Relation table, Relation index, const char *class, const char *attribute)
{
	TupleDesc	descriptor = RelationGetDescr(table);
	List	   *sources = NIL;
	ScanKeyData keys[2];
	SysScanDesc scan = begin_list(table, index, keys, class, attribute);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		RankedSource *source = palloc0(sizeof(RankedSource));
		bool		isnull;
		Datum		stale_after;

		source->source = TextDatumGetCString(heap_getattr(tuple, PRECEDENCE_SOURCE + 1, descriptor, &isnull));
		stale_after = heap_getattr(tuple, PRECEDENCE_STALE_AFTER + 1, descriptor, &isnull);
		source->ages = !isnull;
		if (source->ages)
			source->stale_after = *DatumGetIntervalP(stale_after);
		sources = lappend(sources, source);
	}
	systable_endscan_ordered(scan);
	return sources;
}

List *
itsm_source_precedence(const char *class, const char *attribute)
{
	Relation	table = table_open(itsm_relation("source_precedence"), AccessShareLock);
	Relation	index = index_open(itsm_relation("source_precedence_pkey"), AccessShareLock);
	const char *const attributes[] = {attribute, ALL_ATTRIBUTES};
	List	   *line = itsm_class_line(class);
	List	   *sources = NIL;

	for (int i = 0; i < lengthof(attributes) && sources == NIL; i++)
	{
		ListCell   *cell;

		foreach(cell, line)
			if ((sources = read_list(table, index, lfirst(cell), attributes[i])) != NIL)
				break;
	}
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return sources;
}

TimestampTz
itsm_source_fresh_until(const RankedSource *source, TimestampTz seen_at)
{
	if (!source->ages || TIMESTAMP_NOT_FINITE(seen_at))
		return DT_NOEND;
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(seen_at),
												   IntervalPGetDatum(&source->stale_after)));
}

/* The names in the argument "sources", none blank, none twice. */
static List *
sources_argument(FunctionCallInfo fcinfo)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count = 0;
	List	   *names = NIL;

	if (!PG_ARGISNULL(1))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *name = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
		ListCell   *cell;

		if (itsm_blank(name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"sources\" has a name that is blank or null")));
		foreach(cell, names)
			if (strcmp(lfirst(cell), name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"sources\" names \"%s\" twice", itsm_clip(name))));
		names = lappend(names, name);
	}
	return names;
}

static void
check_interval(const Interval *interval)
{
	static const Interval none = {0};

	if (!itsm_interval_is_finite(interval) ||
		DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(interval), IntervalPGetDatum(&none))) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"stale_after\" has an interval that is not positive"),
				 errhint("null in its place: what that source said does not become stale.")));
}

/* The intervals in the argument "stale_after", NULL where there is none: one for all sources, or one for each. */
static Interval **
intervals_argument(FunctionCallInfo fcinfo, int sources)
{
	Interval  **intervals = palloc0(sizeof(Interval *) * (sources + 1));
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (PG_ARGISNULL(3))
		return intervals;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(3), INTERVALOID, sizeof(Interval), false, TYPALIGN_DOUBLE, &elements,
					  &nulls, &count);
	if (count != 1 && count != sources)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"stale_after\" has %d intervals for %d sources", count, sources),
				 errhint("Give one for all sources, or one for each in their order.")));
	for (int i = 0; i < sources; i++)
	{
		int			j = count == 1 ? 0 : i;

		if (nulls[j])
			continue;
		intervals[i] = DatumGetIntervalP(elements[j]);
		check_interval(intervals[i]);
	}
	return intervals;
}

static void
delete_list(Relation table, const char *class, const char *attribute)
{
	Relation	index = index_open(itsm_relation("source_precedence_pkey"), AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan = begin_list(table, index, keys, class, attribute);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
		simple_heap_delete(table, &tuple->t_self);
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	CommandCounterIncrement();
}

static void
store_list(Relation table, const char *class, const char *attribute, const List *sources, Interval *const *intervals)
{
	int			position = 0;
	ListCell   *cell;

	foreach(cell, sources)
	{
		Datum		values[PRECEDENCE_COLUMNS] = {0};
		bool		nulls[PRECEDENCE_COLUMNS] = {0};

		itsm_set_text(values, nulls, PRECEDENCE_CLASS, class);
		itsm_set_text(values, nulls, PRECEDENCE_ATTRIBUTE, attribute);
		values[PRECEDENCE_POSITION] = Int32GetDatum(position + 1);
		itsm_set_text(values, nulls, PRECEDENCE_SOURCE, lfirst(cell));
		nulls[PRECEDENCE_STALE_AFTER] = intervals[position] == NULL;
		values[PRECEDENCE_STALE_AFTER] = IntervalPGetDatum(intervals[position]);
		itsm_table_insert(table, values, nulls);
		position++;
	}
	CommandCounterIncrement();
}

ITSM_FUNCTION(itsm_define_source_precedence);
Datum
itsm_define_source_precedence(PG_FUNCTION_ARGS)
{
	const char *class = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *attribute = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	List	   *sources = sources_argument(fcinfo);
	Interval  **intervals = intervals_argument(fcinfo, list_length(sources));
	Relation	table;

	if (itsm_blank(class) || !itsm_class_exists(class))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("class \"%s\" does not exist", class ? itsm_clip(class) : ""),
				 errhint("Define it first, with itsm.define_class.")));
	if (attribute && itsm_blank(attribute))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"attribute\" must not be blank"),
				 errhint("null stands for all attributes without a list of their own.")));
	/* reconciliation goes by one precedence from its begin to its end */
	LockRelationOid(itsm_relation("identification_rule"), ShareRowExclusiveLock);
	table = table_open(itsm_relation("source_precedence"), ShareRowExclusiveLock);
	delete_list(table, class, attribute ? attribute : ALL_ATTRIBUTES);
	store_list(table, class, attribute ? attribute : ALL_ATTRIBUTES, sources, intervals);
	table_close(table, NoLock);
	itsm_policy_event(itsm_class_subject(class), 0, "defined", "precedence_of", attribute ? attribute : "all attributes",
					  "sources", PG_ARGISNULL(1) ? NULL : OidOutputFunctionCall(F_ARRAY_OUT, PG_GETARG_DATUM(1)),
					  "stale_after", PG_ARGISNULL(3) ? NULL : OidOutputFunctionCall(F_ARRAY_OUT, PG_GETARG_DATUM(3)), NULL);
	PG_RETURN_VOID();
}
