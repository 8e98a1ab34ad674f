/*
 * graph_points.c
 *		itsm.single_points_of_failure.
 *
 * Where nothing is said of redundancy, two ways to the same are taken for it,
 * and the records that no way goes around are dominators.  Where it is said,
 * it is as itsm.impact has it: those whose failure alone reaches the service.
 */
#include "core/itsm.h"

#include "cmdb/graph_call.h"
#include "cmdb/graph_failure.h"
#include "cmdb/graph_structure.h"
#include "cmdb/graph_suppose.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

/* A row of the result. */
typedef struct Point
{
	int64		record;
	int			depth;
	int			cut_off;
} Point;

static int
compare_points(const void *a, const void *b)
{
	const Point *first = a;
	const Point *second = b;

	if (first->cut_off != second->cut_off)
		return first->cut_off > second->cut_off ? -1 : 1;
	if (first->depth != second->depth)
		return first->depth < second->depth ? -1 : 1;
	return first->record < second->record ? -1 : first->record > second->record;
}

/* Arcs in any order, from what depends to what it depends on. */
typedef struct ArcList
{
	int			count;
	size_t		tail_capacity;
	size_t		head_capacity;
	size_t		group_capacity;
	int		   *tails;
	int		   *heads;
	int		   *groups;			/* of the relationships of which not all are needed; -1: none */
} ArcList;

/* What a service depends on, with all that leads from one to another of it. */
typedef struct Below
{
	GraphReach	reach;			/* the service first, then by depth */
	ArcList		list;
	int			group_count;
	size_t		bears_capacity;
	int		   *bears;			/* by group: how many may fail */
	int			end_count;
} Below;

/* The groups of the relationships of one record, by type. */
typedef struct Grouping
{
	int		   *nodes;			/* by type: the record that it was looked up for last, -1: none */
	int		   *groups;			/* and its group there, -1: none */
} Grouping;

static void
add_arc(GraphMemory *memory, ArcList *list, int tail, int head, int group)
{
	if (list->count == PG_INT32_MAX - 2)
		memory->exceeded(memory, 0);
	GRAPH_GROW(memory, list->tails, (size_t) list->count, list->tail_capacity);
	GRAPH_GROW(memory, list->heads, (size_t) list->count, list->head_capacity);
	GRAPH_GROW(memory, list->groups, (size_t) list->count, list->group_capacity);
	list->tails[list->count] = tail;
	list->heads[list->count] = head;
	list->groups[list->count++] = group;
}

/* The group of a record's relationships of a type; -1: all are needed, as far as is said. */
static int
group_of(GraphReader *reader, Below *below, Grouping *grouping, int node, int type)
{
	int			needs;

	if (grouping->nodes[type] == node)
		return grouping->groups[type];
	needs = itsm_graph_needs(reader, below->reach.nodes.ids[node], type);
	grouping->nodes[type] = node;
	grouping->groups[type] = -1;
	if (needs > 0)
	{
		GRAPH_GROW(&reader->memory, below->bears, (size_t) below->group_count, below->bears_capacity);
		below->bears[below->group_count] = -needs;
		grouping->groups[type] = below->group_count++;
	}
	return grouping->groups[type];
}

static void
list_arcs(GraphReader *reader, Below *below)
{
	int			type_count = reader->types.count;
	Grouping	grouping = {
		.nodes = palloc(sizeof(int) * (type_count + 1)), .groups = palloc(sizeof(int) * (type_count + 1))
	};
	GraphNodes	counted;		/* group and record: with several relationships it is counted once */

	memset(grouping.nodes, -1, sizeof(int) * (type_count + 1));
	graph_nodes_begin(&counted, &reader->memory);
	for (int node = 0; node < below->reach.nodes.count; node++)
	{
		const GraphEdge *edges;
		int			count;

		CHECK_FOR_INTERRUPTS();
		count = reader->graph.neighbours(&reader->graph, below->reach.nodes.ids[node], true, &edges);
		for (int i = 0; i < count; i++)
		{
			int			group = group_of(reader, below, &grouping, node, edges[i].label);
			int			head = graph_node_find(&below->reach.nodes, edges[i].node);
			bool		added = true;

			if (group >= 0)
				(void) graph_node_add(&counted, (int64) group << 32 | head, &added);
			if (!added)
				continue;
			add_arc(&reader->memory, &below->list, node, head, group);
			if (group >= 0)
				below->bears[group]++;
		}
	}
	graph_nodes_end(&counted);
	for (int group = 0; group < below->group_count; group++)
		below->bears[group] = Max(below->bears[group], 0);
}

/*
 * An end is a record that leads to no other, or several that lead to each
 * other only.  It becomes a node of its own behind them.
 */
static void
add_ends(GraphMemory *memory, Below *below)
{
	ArcList    *list = &below->list;
	int			count = below->reach.nodes.count;
	int			arc_count = list->count;
	int		   *components = GRAPH_ALLOCATE(memory, int, count);
	int		   *ends;			/* by component: -1: one leads on; else its end */
	int			component_count;
	GraphArcs	arcs;

	graph_arcs_begin(&arcs, memory, count, arc_count, list->tails, list->heads, false);
	component_count = graph_strong_components(&arcs, memory, components);
	graph_arcs_end(&arcs, memory);
	ends = GRAPH_ALLOCATE(memory, int, component_count);
	memset(ends, 0, sizeof(int) * component_count);
	for (int i = 0; i < arc_count; i++)
		if (components[list->tails[i]] != components[list->heads[i]])
			ends[components[list->tails[i]]] = -1;
	for (int component = 0; component < component_count; component++)
		if (ends[component] == 0)
			ends[component] = count + below->end_count++;
	for (int node = 0; node < count; node++)
		if (ends[components[node]] > 0)
			add_arc(memory, list, node, ends[components[node]], -1);
	GRAPH_FREE(memory, components, count);
	GRAPH_FREE(memory, ends, component_count);
}

/* How many ends are reached through a record only, by record. */
static int *
count_ends(GraphMemory *memory, Below *below)
{
	int			count;
	int		   *dominators;
	int		   *ends;
	GraphArcs	arcs;

	add_ends(memory, below);
	count = below->reach.nodes.count + below->end_count;
	dominators = GRAPH_ALLOCATE(memory, int, count);
	ends = GRAPH_ALLOCATE(memory, int, count);
	graph_arcs_begin(&arcs, memory, count, below->list.count, below->list.tails, below->list.heads, false);
	graph_dominators(&arcs, memory, 0, dominators);
	graph_arcs_end(&arcs, memory);
	for (int node = 0; node < count; node++)
		ends[node] = node >= below->reach.nodes.count;
	/* a dominator is nearer to the service than what it dominates, and so has a smaller number */
	for (int node = count - 1; node > 0; node--)
		if (dominators[node] >= 0)
			ends[dominators[node]] += ends[node];
	GRAPH_FREE(memory, dominators, count);
	return ends;
}

/* By record, whether its failure alone reaches the service; NULL: nothing is said of redundancy. */
static bool *
try_failures(GraphMemory *memory, const Below *below)
{
	/* a failure goes the other way */
	GraphFailures failures = {
		.node_count = below->reach.nodes.count, .arc_count = below->list.count, .tails = below->list.heads,
		.heads = below->list.tails, .groups = below->list.groups, .group_count = below->group_count,
		.tolerates = below->bears
	};
	bool	   *points;

	if (below->group_count == 0)
		return NULL;
	points = GRAPH_ALLOCATE(memory, bool, failures.node_count);
	graph_single_failures(&failures, memory, 0, points);
	return points;
}

static void
look_below(FunctionCallInfo fcinfo, GraphReader *reader, Below *below)
{
	int64		service = PG_GETARG_INT64(0);

	if (!(PG_ARGISNULL(3) && PG_ARGISNULL(4) && PG_ARGISNULL(5)))
		itsm_graph_suppose(reader, fcinfo, 3);
	graph_reach(&reader->graph, true, &service, 1, GRAPH_NO_LIMIT, &below->reach);
	if (below->reach.nodes.count == 1)
		itsm_graph_require(service);
	/* not before: what is redundant belongs to what is below */
	itsm_graph_tolerate(reader);
	list_arcs(reader, below);
}

ITSM_FUNCTION(itsm_single_points_of_failure);
Datum
itsm_single_points_of_failure(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	GraphQuery	query = {.sense = SENSE_IMPACT, .max_depth = GRAPH_NO_LIMIT};
	GraphReader reader;
	Below		below = {0};
	Point	   *points;
	bool	   *fails;
	int		   *ends;
	int			found = 0;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	itsm_graph_permit(PG_GETARG_INT64(0));
	itsm_types_argument(fcinfo, 1, &query);
	itsm_time_argument(fcinfo, 2, &query);
	itsm_graph_open(&reader, GetActiveSnapshot(), &query);
	look_below(fcinfo, &reader, &below);
	fails = try_failures(&reader.memory, &below);
	ends = count_ends(&reader.memory, &below);
	points = GRAPH_ALLOCATE(&reader.memory, Point, below.reach.nodes.count);
	for (int node = 1; node < below.reach.nodes.count; node++)
		if (fails ? fails[node] : ends[node] > 0)
			points[found++] = (Point) {below.reach.nodes.ids[node], below.reach.steps[node].depth, ends[node]};
	qsort(points, found, sizeof(Point), compare_points);
	for (int i = 0; i < found; i++)
	{
		bool		nulls[4] = {0};
		Datum		row[] = {
			Int64GetDatum(points[i].record), Int32GetDatum(points[i].depth), Int64GetDatum(points[i].cut_off),
			Int64GetDatum(below.end_count)
		};

		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
	itsm_graph_close(&reader);
	return (Datum) 0;
}
