/*
 * graph_causes.c
 *		itsm.common_causes, and itsm.single_points_of_failure by dominators.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "cmdb/graph_call.h"
#include "cmdb/graph_structure.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

/* A row of either result. */
typedef struct Cause
{
	int64		record;
	int			weight;			/* the greater the further ahead */
	int			distance;		/* the smaller the further ahead */
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
		common->causes[number].distance += reach.depths[i];
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

/* What a service depends on, with all that leads from one to another of it. */
typedef struct Below
{
	GraphReach	reach;			/* the service first, then by depth */
	GraphArcs	arcs;			/* the ends stand behind the records */
	int			end_count;
} Below;

/* Arcs in any order, before they are sorted. */
typedef struct ArcList
{
	int			count;
	size_t		tail_capacity;
	size_t		head_capacity;
	int		   *tails;
	int		   *heads;
} ArcList;

static void
add_arc(GraphMemory *memory, ArcList *list, int tail, int head)
{
	if (list->count == PG_INT32_MAX - 2)
		memory->exceeded(memory, 0);
	GRAPH_GROW(memory, list->tails, (size_t) list->count, list->tail_capacity);
	GRAPH_GROW(memory, list->heads, (size_t) list->count, list->head_capacity);
	list->tails[list->count] = tail;
	list->heads[list->count++] = head;
}

/*
 * An end is a record that leads to no other, or several that lead to each
 * other only.  It is a node of its own behind them.
 */
static void
add_ends(GraphMemory *memory, Below *below, ArcList *list)
{
	int			count = below->reach.nodes.count;
	int		   *components = GRAPH_ALLOCATE(memory, int, count);
	int		   *ends;			/* by component: -1: one leads on; else its end */
	int			component_count = graph_strong_components(&below->arcs, memory, components);

	ends = GRAPH_ALLOCATE(memory, int, component_count);
	memset(ends, 0, sizeof(int) * component_count);
	for (int i = 0; i < list->count; i++)
		if (components[list->tails[i]] != components[list->heads[i]])
			ends[components[list->tails[i]]] = -1;
	for (int component = 0; component < component_count; component++)
		if (ends[component] == 0)
			ends[component] = count + below->end_count++;
	for (int node = 0; node < count; node++)
		if (ends[components[node]] > 0)
			add_arc(memory, list, node, ends[components[node]]);
	graph_arcs_end(&below->arcs, memory);
	graph_arcs_begin(&below->arcs, memory, count + below->end_count, list->count, list->tails, list->heads, false);
	GRAPH_FREE(memory, components, count);
	GRAPH_FREE(memory, ends, component_count);
}

static void
look_below(GraphReader *reader, int64 service, Below *below)
{
	ArcList		list = {0};

	graph_reach(&reader->graph, true, &service, 1, GRAPH_NO_LIMIT, &below->reach);
	for (int node = 0; node < below->reach.nodes.count; node++)
	{
		const GraphEdge *edges;
		int			count;

		CHECK_FOR_INTERRUPTS();
		count = reader->graph.neighbours(&reader->graph, below->reach.nodes.ids[node], true, &edges);
		for (int i = 0; i < count; i++)
			add_arc(&reader->memory, &list, node, graph_node_find(&below->reach.nodes, edges[i].node));
	}
	graph_arcs_begin(&below->arcs, &reader->memory, below->reach.nodes.count, list.count, list.tails, list.heads,
					 false);
	add_ends(&reader->memory, below, &list);
}

/* How many ends are reached through a record only, by record. */
static int *
count_ends(GraphReader *reader, const Below *below)
{
	int			count = below->arcs.node_count;
	int		   *dominators = GRAPH_ALLOCATE(&reader->memory, int, count);
	int		   *ends = GRAPH_ALLOCATE(&reader->memory, int, count);

	graph_dominators(&below->arcs, &reader->memory, 0, dominators);
	for (int node = 0; node < count; node++)
		ends[node] = node >= below->reach.nodes.count;
	/* a dominator is nearer to the service than what it dominates, and so has a smaller number */
	for (int node = count - 1; node > 0; node--)
		if (dominators[node] >= 0)
			ends[dominators[node]] += ends[node];
	return ends;
}

ITSM_FUNCTION(itsm_single_points_of_failure);
Datum
itsm_single_points_of_failure(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	GraphQuery	query = {.sense = SENSE_IMPACT, .max_depth = GRAPH_NO_LIMIT};
	GraphReader reader;
	Below		below = {0};
	Cause	   *points;
	int		   *ends;
	int			found = 0;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	itsm_graph_permit(PG_GETARG_INT64(0));
	itsm_types_argument(fcinfo, 1, &query);
	itsm_time_argument(fcinfo, 2, &query);
	itsm_graph_open(&reader, GetActiveSnapshot(), &query);
	look_below(&reader, PG_GETARG_INT64(0), &below);
	if (below.reach.nodes.count == 1)
		itsm_graph_require(PG_GETARG_INT64(0));
	ends = count_ends(&reader, &below);
	points = GRAPH_ALLOCATE(&reader.memory, Cause, below.reach.nodes.count);
	for (int node = 1; node < below.reach.nodes.count; node++)
		if (ends[node] > 0)
			points[found++] = (Cause) {below.reach.nodes.ids[node], ends[node], below.reach.depths[node]};
	qsort(points, found, sizeof(Cause), compare_causes);
	for (int i = 0; i < found; i++)
	{
		bool		nulls[4] = {0};
		Datum		row[] = {
			Int64GetDatum(points[i].record), Int32GetDatum(points[i].distance),
			Int64GetDatum(points[i].weight), Int64GetDatum(below.end_count)
		};

		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
	itsm_graph_close(&reader);
	return (Datum) 0;
}
