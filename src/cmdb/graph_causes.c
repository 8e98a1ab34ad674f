/*
 * graph_causes.c
 *		itsm.common_causes.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "cmdb/graph_call.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

/* A row of the result. */
typedef struct Cause
{
	int64		record;
	int			weight;			/* how many it explains */
	int			distance;		/* to them, taken together */
} Cause;

static int
compare_causes(const void *a, const void *b)
{
	const Cause *first = a;
	const Cause *second = b;

	if (first->weight != second->weight)
		return first->weight > second->weight ? -1 : 1;
	if (first->distance != second->distance)
		return first->distance < second->distance ? -1 : 1;
	return first->record < second->record ? -1 : first->record > second->record;
}

/* Numbers without repetitions, in *count; never null. */
static int64 *
records_argument(FunctionCallInfo fcinfo, int number, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	int			given;
	int64	   *records;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(number), INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &elements, &nulls, &given);
	records = palloc(sizeof(int64) * (given + 1));
	*count = 0;
	for (int i = 0; i < given; i++)
	{
		bool		known = nulls[i];

		for (int j = 0; j < *count && !known; j++)
			known = records[j] == DatumGetInt64(elements[i]);
		if (!known)
			records[(*count)++] = DatumGetInt64(elements[i]);
	}
	return records;
}

/* What all starts depend on together. */
typedef struct Common
{
	GraphNodes	nodes;
	size_t		capacity;
	Cause	   *causes;
} Common;

static void
add_causes(GraphReader *reader, Common *common, int64 start)
{
	GraphReach	reach;

	itsm_graph_permit(start);
	graph_reach(&reader->graph, true, &start, 1, reader->query.max_depth, &reach);
	if (reach.nodes.count == 1)
		itsm_graph_require(start);
	for (int i = 0; i < reach.nodes.count; i++)
	{
		bool		added;
		int			number = graph_node_add(&common->nodes, reach.nodes.ids[i], &added);

		if (added)
		{
			GRAPH_GROW(&reader->memory, common->causes, (size_t) number, common->capacity);
			common->causes[number] = (Cause) {reach.nodes.ids[i], 0, 0};
		}
		common->causes[number].weight++;
		common->causes[number].distance += reach.steps[i].depth;
	}
	graph_reach_end(&reach);
}

ITSM_FUNCTION(itsm_common_causes);
Datum
itsm_common_causes(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	GraphQuery	query = {.sense = SENSE_IMPACT};
	GraphReader reader;
	Common		common = {0};
	int64	   *starts;
	int			count;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	starts = records_argument(fcinfo, 0, &count);
	query.max_depth = itsm_depth_argument(fcinfo, 1);
	itsm_types_argument(fcinfo, 2, &query);
	itsm_time_argument(fcinfo, 3, &query);
	itsm_graph_open(&reader, GetActiveSnapshot(), &query);
	graph_nodes_begin(&common.nodes, &reader.memory);
	for (int i = 0; i < count; i++)
		add_causes(&reader, &common, starts[i]);
	qsort(common.causes, common.nodes.count, sizeof(Cause), compare_causes);
	for (int i = 0; i < common.nodes.count && common.causes[i].weight >= Min(count, 2); i++)
	{
		bool		nulls[3] = {0};
		Datum		row[] = {
			Int64GetDatum(common.causes[i].record), Int32GetDatum(common.causes[i].weight),
			Int32GetDatum(common.causes[i].distance)
		};

		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
	itsm_graph_close(&reader);
	return (Datum) 0;
}
