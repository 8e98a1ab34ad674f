/*
 * graph_reach.c
 *		itsm.impact and itsm.dependencies, as rows, as an array, and counted;
 *		itsm.path.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "cmdb/graph_call.h"
#include "cmdb/graph_suppose.h"
#include "funcapi.h"
#include "ledger/tenant_access.h"
#include "miscadmin.h"
#include "record/record.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

int
itsm_depth_argument(FunctionCallInfo fcinfo, int number)
{
	if (PG_ARGISNULL(number))
		return GRAPH_NO_LIMIT;
	if (PG_GETARG_INT32(number) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_depth cannot be %d", PG_GETARG_INT32(number)),
				 errhint("It is a number of relationships, or null for no limit.")));
	return PG_GETARG_INT32(number);
}

void
itsm_types_argument(FunctionCallInfo fcinfo, int number, GraphQuery *query)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	List	   *types = NIL;

	query->some_types = !PG_ARGISNULL(number);
	if (!query->some_types)
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(number), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a relationship type must not be null"),
					 errhint("Without an array all types are followed.")));
		types = lappend(types, TextDatumGetCString(elements[i]));
	}
	query->types = types;
}

void
itsm_time_argument(FunctionCallInfo fcinfo, int number, GraphQuery *query)
{
	query->as_of = !PG_ARGISNULL(number);
	if (query->as_of)
		query->at = PG_GETARG_TIMESTAMPTZ(number);
}

void
itsm_graph_require(int64 id)
{
	Record		record;

	if (!itsm_record_read_anywhere(id, &record) || record.source == 0 || !itsm_sees_tenant(record.tenant))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("there is no record " INT64_FORMAT, id),
				 errhint("itsm.record_id gives the number of a row's record.")));
}

/* Relationships stay within a tenant: to permit where a search begins is enough. */
void
itsm_graph_permit(int64 id)
{
	if (!itsm_sees_every_tenant())
		itsm_graph_require(id);
}

/* What the arguments (record, max_depth, types, at, and perhaps what is supposed) ask for; false when the record is null. */
static bool
reach(FunctionCallInfo fcinfo, bool backward, GraphReader *reader, GraphReach *found)
{
	GraphQuery	query = {.sense = SENSE_IMPACT};
	int64		start;

	if (PG_ARGISNULL(0))
		return false;
	start = PG_GETARG_INT64(0);
	itsm_graph_permit(start);
	query.max_depth = itsm_depth_argument(fcinfo, 1);
	itsm_types_argument(fcinfo, 2, &query);
	itsm_time_argument(fcinfo, 3, &query);
	itsm_graph_open(reader, GetActiveSnapshot(), &query);
	if (PG_NARGS() > 4 && !(PG_ARGISNULL(4) && PG_ARGISNULL(5) && PG_ARGISNULL(6)))
		itsm_graph_suppose(reader, fcinfo, 4);
	if (!backward)
		itsm_graph_tolerate(reader);
	graph_reach(&reader->graph, backward, &start, 1, query.max_depth, found);
	if (found->nodes.count == 1)
		itsm_graph_require(start);
	return true;
}

/* The values of a row of itsm.impact, as they lie in one: none is null, and all have a fixed length. */
typedef struct ReachedRow
{
	int64		record;
	int32		depth;
	int64		via;
} ReachedRow;

/* Rows are alike but for their values, so that one is formed, and stored with other values again and again. */
static void
put_reached(ReturnSetInfo *result, const GraphReach *found)
{
	Datum		values[3] = {0};
	bool		nulls[3] = {false};
	MinimalTuple tuple = itsm_form_minimal_tuple(result->setDesc, values, nulls);
	ReachedRow *row = (ReachedRow *) ((char *) tuple + tuple->t_hoff - MINIMAL_TUPLE_OFFSET);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(result->setDesc, &TTSOpsMinimalTuple);

	Assert((char *) (row + 1) == (char *) tuple + tuple->t_len);
	ExecStoreMinimalTuple(tuple, slot, false);
	for (int i = 1; i < found->nodes.count; i++)
	{
		row->record = found->nodes.ids[i];
		row->depth = found->steps[i].depth;
		row->via = found->nodes.ids[found->steps[i].via];
		tuplestore_puttupleslot(result->setResult, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
}

static Datum
reach_rows(FunctionCallInfo fcinfo, bool backward)
{
	GraphReader reader;
	GraphReach	found;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (!reach(fcinfo, backward, &reader, &found))
		return (Datum) 0;
	put_reached((ReturnSetInfo *) fcinfo->resultinfo, &found);
	itsm_graph_close(&reader);
	return (Datum) 0;
}

/* Records lie side by side, as in the array. */
static ArrayType *
array_of(const int64 *records, int count)
{
	size_t		size = ARR_OVERHEAD_NONULLS(1) + sizeof(int64) * count;
	ArrayType  *array;

	if (count == 0)
		return construct_empty_array(INT8OID);
	array = palloc(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = INT8OID;
	ARR_DIMS(array)[0] = count;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), records, sizeof(int64) * count);
	return array;
}

static Datum
reach_array(FunctionCallInfo fcinfo, bool backward)
{
	GraphReader reader;
	GraphReach	found;
	ArrayType  *array;

	if (!reach(fcinfo, backward, &reader, &found))
		PG_RETURN_NULL();
	array = array_of(found.nodes.ids + 1, found.nodes.count - 1);
	itsm_graph_close(&reader);
	PG_RETURN_ARRAYTYPE_P(array);
}

static Datum
reach_count(FunctionCallInfo fcinfo, bool backward)
{
	GraphReader reader;
	GraphReach	found;
	int64		count;

	if (!reach(fcinfo, backward, &reader, &found))
		PG_RETURN_NULL();
	count = found.nodes.count - 1;
	itsm_graph_close(&reader);
	PG_RETURN_INT64(count);
}

ITSM_FUNCTION(itsm_impact);
Datum
itsm_impact(PG_FUNCTION_ARGS)
{
	return reach_rows(fcinfo, false);
}

ITSM_FUNCTION(itsm_dependencies);
Datum
itsm_dependencies(PG_FUNCTION_ARGS)
{
	return reach_rows(fcinfo, true);
}

ITSM_FUNCTION(itsm_impact_records);
Datum
itsm_impact_records(PG_FUNCTION_ARGS)
{
	return reach_array(fcinfo, false);
}

ITSM_FUNCTION(itsm_dependency_records);
Datum
itsm_dependency_records(PG_FUNCTION_ARGS)
{
	return reach_array(fcinfo, true);
}

ITSM_FUNCTION(itsm_impact_count);
Datum
itsm_impact_count(PG_FUNCTION_ARGS)
{
	return reach_count(fcinfo, false);
}

ITSM_FUNCTION(itsm_dependency_count);
Datum
itsm_dependency_count(PG_FUNCTION_ARGS)
{
	return reach_count(fcinfo, true);
}

ITSM_FUNCTION(itsm_path);
Datum
itsm_path(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	GraphQuery	query = {.sense = SENSE_ALONG};
	GraphReader reader;
	GraphPath	path;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	itsm_graph_permit(PG_GETARG_INT64(0));
	itsm_graph_permit(PG_GETARG_INT64(1));
	query.max_depth = itsm_depth_argument(fcinfo, 2);
	itsm_types_argument(fcinfo, 3, &query);
	itsm_time_argument(fcinfo, 4, &query);
	if (!PG_ARGISNULL(5) && !PG_GETARG_BOOL(5))
		query.sense = SENSE_EITHER;
	itsm_graph_open(&reader, GetActiveSnapshot(), &query);
	if (graph_path(&reader.graph, PG_GETARG_INT64(0), PG_GETARG_INT64(1), query.max_depth, &path))
		for (int step = 0; step <= path.length; step++)
		{
			bool		nulls[3] = {false, false, step == 0};
			Datum		row[3] = {Int32GetDatum(step), Int64GetDatum(path.nodes[step])};

			if (step > 0)
				row[2] = CStringGetTextDatum(reader.types.types[path.labels[step]].name);
			tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
		}
	else
	{
		itsm_graph_require(PG_GETARG_INT64(0));
		itsm_graph_require(PG_GETARG_INT64(1));
	}
	itsm_graph_close(&reader);
	return (Datum) 0;
}
