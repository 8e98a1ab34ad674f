/*
 * graph_whole.c
 *		itsm.cycles and itsm.components: over all relationships of a type.
 */
#include "core/itsm.h"

#include "cmdb/graph_call.h"
#include "cmdb/graph_structure.h"
#include "funcapi.h"
#include "ledger/tenant_access.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

typedef struct Member
{
	int64		part;			/* smallest record of the part that it belongs to */
	int64		record;
} Member;

static int
compare_members(const void *a, const void *b)
{
	const Member *first = a;
	const Member *second = b;

	if (first->part != second->part)
		return first->part < second->part ? -1 : 1;
	return first->record < second->record ? -1 : first->record > second->record;
}

/* The graph of the arguments (type, at). */
static void
open_whole(FunctionCallInfo fcinfo, GraphReader *reader, GraphList *list, GraphArcs *arcs)
{
	GraphQuery	query = {.sense = SENSE_ALONG, .max_depth = GRAPH_NO_LIMIT};

	query.some_types = !PG_ARGISNULL(0);
	if (query.some_types)
		query.types = list_make1(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	itsm_time_argument(fcinfo, 1, &query);
	itsm_graph_open(reader, GetActiveSnapshot(), &query);
	itsm_graph_list(reader, list);
	graph_arcs_begin(arcs, &reader->memory, list->nodes.count, list->arc_count, list->tails, list->heads, false);
}

/* Rows (part or its number, record), by part; those with one member only are left out where cycles are meant. */
static void
put_members(FunctionCallInfo fcinfo, Member *members, int count, bool cycles)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			cycle = 0;

	qsort(members, count, sizeof(Member), compare_members);
	for (int i = 0; i < count; i++)
	{
		bool		first = i == 0 || members[i].part != members[i - 1].part;
		bool		last = i == count - 1 || members[i].part != members[i + 1].part;
		bool		nulls[2] = {0};
		Datum		row[2];

		if (cycles && first && last)
			continue;
		cycle += first;
		row[0] = cycles ? Int32GetDatum(cycle) : Int64GetDatum(members[i].part);
		row[1] = Int64GetDatum(members[i].record);
		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
}

ITSM_FUNCTION(itsm_cycles);
Datum
itsm_cycles(PG_FUNCTION_ARGS)
{
	GraphReader reader;
	GraphList	list;
	GraphArcs	arcs;
	int		   *components;
	int64	   *smallest;
	Member	   *members;
	int			count;
	int			component_count;

	itsm_require_every_tenant("itsm.cycles");
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	open_whole(fcinfo, &reader, &list, &arcs);
	count = list.nodes.count;
	components = GRAPH_ALLOCATE(&reader.memory, int, count);
	component_count = graph_strong_components(&arcs, &reader.memory, components);
	smallest = GRAPH_ALLOCATE(&reader.memory, int64, component_count);
	members = GRAPH_ALLOCATE(&reader.memory, Member, count);
	for (int i = 0; i < component_count; i++)
		smallest[i] = PG_INT64_MAX;
	for (int node = 0; node < count; node++)
		smallest[components[node]] = Min(smallest[components[node]], list.nodes.ids[node]);
	for (int node = 0; node < count; node++)
		members[node] = (Member) {smallest[components[node]], list.nodes.ids[node]};
	put_members(fcinfo, members, count, true);
	itsm_graph_close(&reader);
	return (Datum) 0;
}

ITSM_FUNCTION(itsm_components);
Datum
itsm_components(PG_FUNCTION_ARGS)
{
	GraphReader reader;
	GraphList	list;
	GraphArcs	arcs;
	int		   *roots;
	int64	   *smallest;
	Member	   *members;
	int			count;

	itsm_require_every_tenant("itsm.components");
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	open_whole(fcinfo, &reader, &list, &arcs);
	count = list.nodes.count;
	roots = GRAPH_ALLOCATE(&reader.memory, int, count);
	smallest = GRAPH_ALLOCATE(&reader.memory, int64, count);
	members = GRAPH_ALLOCATE(&reader.memory, Member, count);
	graph_weak_components(&arcs, &reader.memory, roots);
	for (int node = 0; node < count; node++)
		smallest[node] = PG_INT64_MAX;
	for (int node = 0; node < count; node++)
		smallest[roots[node]] = Min(smallest[roots[node]], list.nodes.ids[node]);
	for (int node = 0; node < count; node++)
		members[node] = (Member) {smallest[roots[node]], list.nodes.ids[node]};
	put_members(fcinfo, members, count, false);
	itsm_graph_close(&reader);
	return (Datum) 0;
}
